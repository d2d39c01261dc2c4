"""What agents may ask of the model they live in, and the base of cohorts.

Every number that may differ between runs is an array whose last axis is the run. Like actors form a cohort, which holds
their numbers as (members, R) and acts for all of them at once; each member is a Mesa agent that shows its own row.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Protocol

import mesa

from agents.rules.levers import LeversNow
from agents.rules.types import Floats, Mask, Whole
from config import Settings
from config.families import Parameters

if TYPE_CHECKING:
    from agents.institutions.commission import Commission
    from agents.institutions.council import Council
    from agents.institutions.european_council import EuropeanCouncil
    from agents.institutions.european_parliament import EuropeanParliament
    from agents.institutions.high_representative import HighRepresentative
    from agents.institutions.peace_facility import PeaceFacility
    from agents.japan import Cabinet, Constitution, Diet, Public
    from agents.member_states import MemberStates
    from agents.partners import Asean, Rivals
    from agents.pressures import Pressures


class Draws(Protocol):
    """Named chance: see simulation/chance.py."""

    def once(self, name: str) -> Floats: ...
    def once_table(self, names: Iterable[str]) -> Floats: ...
    def register(self, names: Iterable[str]) -> slice: ...
    def register_seldom(self, names: Iterable[str]) -> slice: ...
    def draw(self, name: str) -> Floats: ...
    def rows(self, where: slice) -> Floats: ...
    def some(self, where: slice, rows: Whole, lanes: Whole) -> Floats: ...


class Partnership(Protocol):
    """What the partnership itself shows to the actors, each (R,)."""

    operational_depth: Floats
    gap: Floats
    visible_depth: Floats
    interoperability: Floats


class Known(Protocol):
    """What is known to have happened: see simulation/status.py."""

    def step(self, ladder: str, below: Whole) -> Mask | None: ...


class World(Protocol):
    """The model as agents know it."""

    settings: Settings
    parameters: Parameters
    chance: Draws
    levers: LeversNow
    status: Known
    quarter: int
    width: int
    partnership: Partnership
    coercion: Floats

    pressures: Pressures
    member_states: MemberStates
    high_representative: HighRepresentative
    commission: Commission
    european_council: EuropeanCouncil
    european_parliament: EuropeanParliament
    council: Council
    peace_facility: PeaceFacility
    cabinet: Cabinet
    diet: Diet
    public: Public
    constitution: Constitution
    rivals: Rivals
    asean: Asean


class Actor(mesa.Agent):
    """A single actor; its numbers are (R,)."""

    model: World


class Member(mesa.Agent):
    """One member of a cohort; its numbers are rows of the cohort's."""

    model: World

    def __init__(self, model: World, row: int, name: str) -> None:
        super().__init__(model)
        self.row = row
        self.name = name

    def row_of(self, table: Floats) -> Floats:
        """This member's row, (R,), of a table of its cohort, (M, R)."""
        row: Floats = table[self.row]
        return row

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name})"
