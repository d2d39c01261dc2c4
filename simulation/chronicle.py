"""The chronicle: one run told as a dated story of what happened, who did it and why then.

A chronicle is the model of a single run that looks at itself before and after each phase. It draws nothing and changes
nothing, so its history is that of the same run in any block; a model without a chronicle pays nothing for it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import wraps
from types import MappingProxyType
from typing import Any

import numpy as np

from agents.rules.types import Floats, Mask
from config import Settings, quarter_name
from simulation import sentences
from simulation.model import PartnershipModel
from simulation.recorder import STAGES
from simulation.watchers import WATCHERS

ROLES = (
    *("pivotal", "vetoed_by", "blocked_by", "opposed", "abstained_declared", "abstained"),
    *("ratified_by", "still_missing", "spoilers"),
)
"""Details that name actors; they count among the actors of an event."""

NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True)
class Event:
    """One thing that happened in one quarter of the run.

    kind         machine-readable; the kinds in `recorder.STAGES` are the recorded transitions, each told once
    actors       who did it or was concerned: iso3, "JPN", "EU", a body of the Union, or a pressure
    instruments  what it was about: names of instruments at EU level or of rungs
    numbers      depths relative to an instrument's full ambition unless they say otherwise, money in EUR million
    details      names by role, such as pivotal, opposed, missing
    text         the same as one short sentence
    """

    quarter: int
    kind: str
    actors: tuple[str, ...] = ()
    instruments: tuple[str, ...] = ()
    numbers: Mapping[str, float] = field(default_factory=dict)
    details: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    text: str = ""

    @property
    def transition(self) -> tuple[int, str, str, str] | None:
        """The recorded transition that this tells, (quarter, partner, instrument, stage), or None."""
        if self.kind not in STAGES:
            return None
        return self.quarter, self.details["partner"][0], self.instruments[0], self.kind

    def as_json(self) -> dict[str, Any]:
        """The event in plain types; the keys are those of docs/replay.md."""
        return {
            "quarter": quarter_name(self.quarter),
            "kind": self.kind,
            "actors": list(self.actors),
            "instruments": list(self.instruments),
            "numbers": dict(self.numbers),
            "details": {name: list(names) for name, names in self.details.items()},
            "text": self.text,
        }


class Chronicle(PartnershipModel):
    """The model of one run that tells its story: play it with `run()`, then read `events`.

    given  parameters by dotted name that are not drawn, (1,) each: those of a point of a design
    """

    def __init__(
        self,
        settings: Settings,
        run: int = 0,
        seed: int = 1,
        given: Mapping[str, Floats] = NOTHING,
        luck: int | None = None,
    ) -> None:
        self.events: list[Event] = []
        self.names = sentences.Names.of(settings)
        self.codes = [one.iso3 for one in settings.members]
        self.told: dict[Any, Any] = {}
        super().__init__(settings, runs=[run], seed=seed, given=given, luck=None if luck is None else [luck])

    @property
    def phases(self) -> tuple[Callable[[], None], ...]:
        """The twelve phases, those that have a story watched."""
        phases = super().phases
        return tuple(self._watched(phase) for phase in phases)

    def _watched(self, phase: Callable[[], None]) -> Callable[[], None]:
        watcher = WATCHERS.get(phase.__name__)
        if watcher is None:
            return phase

        @wraps(phase)
        def watched() -> None:
            with watcher(self):
                phase()

        return watched

    # For watchers

    def note(
        self,
        kind: str,
        actors: Sequence[str] = (),
        instruments: Sequence[str] = (),
        numbers: Mapping[str, Any] = NOTHING,
        **details: Sequence[str],
    ) -> None:
        """Write down an event of this quarter; details that are empty are left out."""
        named = {name: tuple(names) for name, names in details.items() if names}
        concerned = dict.fromkeys([*actors, *(name for role in ROLES for name in named.get(role, ()))])
        plain = {name: _plain(value) for name, value in numbers.items()}
        event = Event(self.quarter, kind, tuple(concerned), tuple(instruments), plain, named)
        self.events.append(replace(event, text=sentences.sentence(event, self.names)))

    def once(self, key: object, value: object = True) -> bool:
        """Whether this has not been told yet with this value; from now on it has."""
        news = self.told.get(key) != value
        self.told[key] = value
        return news

    def forget(self, key: object) -> None:
        """Let something be told again."""
        self.told.pop(key, None)

    def members(self, mask: Mask, rows: Sequence[int] | np.ndarray[Any, Any] | None = None) -> list[str]:
        """Codes of the states of a mask, (V,) over `rows`, by default the members of this quarter."""
        places = self.member_states.rows if rows is None else rows
        return [self.codes[row] for row, here in zip(places, mask, strict=True) if here]


def _plain(value: Any) -> float | int:
    """A number of the run as Python has it, from a number or from the only entry of an array."""
    entry = np.ravel(value)[0]
    return int(entry) if isinstance(entry, int | np.integer | np.bool_) else float(entry)
