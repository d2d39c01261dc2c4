"""The world of a run with everything that is asked often at hand, and its Mesa agents."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache

import mesa

from benchmarks.rivals.quick.luck import Luck, names_of
from config import resolve
from config.calendar import NEVER
from config.schema import SAME_IN_ALL_RUNS, Settings
from tests.twin import money, start
from tests.twin.business import TOPICS
from tests.twin.delivery import declared_depth, operational_depth
from tests.twin.perception import bilateral_depth
from tests.twin.portable import total
from tests.twin.positions import listened_to
from tests.twin.pressures import REGIMES
from tests.twin.state import LADDERS, PRESSURES, RIVALS, Agreement, Facility, Japan, Member, Pressure, Tie, Union, World

Holds = tuple[bool, bool, bool, bool, bool, float]
"""What holds of a state in a quarter: member, neutral, opt-out, PESCO, strategy of its own, mean stance."""


@dataclass
class Bounds:
    """How far the voters go in a field, each a list over voters; what no rule has asked for yet is empty."""

    voters: list[MemberState]
    accept: list[float]
    veto: list[float] = field(default_factory=list)
    declared: list[float] = field(default_factory=list)


# The same in all runs


class Script:
    """What is the same in all runs of a scenario under a policy, computed once per process."""

    def __init__(self, settings: Settings) -> None:
        if settings.status is not None:
            raise ValueError("the scalar model plays from the start of a scenario, without a status")
        self.settings = settings
        self.fixed = {name: float(one.value) for name, one in settings.parameters.items()}
        self.drawn = {name: one for name, one in settings.parameters.items() if one.draw is not None}
        self.levers = [
            (name.removeprefix("levers.").removesuffix("_from"), value)
            for name, value in self.fixed.items()
            if name.startswith("levers.") and name.endswith("_from")
        ]
        self.listened: dict[frozenset[str], dict[str, list[str]]] = {}
        counted = [one.opens != NEVER for one in settings.instruments]
        whole = total(one.ambition for one, counts in zip(settings.instruments, counted, strict=True) if counts)
        self.weights = {
            one.slug: one.ambition / whole if counts else 0.0
            for one, counts in zip(settings.instruments, counted, strict=True)
        }
        spent = {one.iso3: one.military_expenditure_usd_m for one in settings.members}
        largest = max(spent[partner] for partner in start.PARTNERS)
        self.capacities = {partner: spent[partner] / largest for partner in start.PARTNERS}
        self.ambition_of_rungs = total(one.ambition for one in settings.rungs)
        order = [("EU", one.slug) for one in settings.instruments]
        order += [(partner, one.slug) for partner in start.PARTNERS for one in settings.rungs]
        self.rank = {key: place for place, key in enumerate(order)}
        self._standings: dict[int, tuple[Holds, ...]] = {}
        self._envelopes: dict[int, float] = {}
        self._caps: dict[tuple[str, tuple[int, ...]], float] = {}

    def standing(self, quarter: int) -> tuple[Holds, ...]:
        """What holds of each state; the very same object in quarters in which nothing has changed."""
        if quarter not in self._standings:
            found = tuple(
                (one.has("member", quarter), one.has("neutral", quarter), one.has("opt_out", quarter),
                 one.has("pesco", quarter), one.has("strategy", quarter), one.at("stance_mean", quarter) or 0.0)
                for one in self.settings.members
            )  # fmt: skip
            self._standings[quarter] = next((old for old in self._standings.values() if old == found), found)
        return self._standings[quarter]

    def envelope(self, world: World) -> float:
        """What the Peace Facility gets in this quarter, EUR million."""
        if world.quarter not in self._envelopes:
            self._envelopes[world.quarter] = money.envelope(world)
        return self._envelopes[world.quarter]

    def cap(self, agreement: Agreement, steps: tuple[int, ...]) -> float:
        """What Japan's ladders allow of an instrument at these steps."""
        key = (agreement.slug, steps)
        if key not in self._caps:
            facts = agreement.facts
            self._caps[key] = min(1.0, *(facts.cap(ladder, step) for ladder, step in zip(LADDERS, steps, strict=True)))
        return self._caps[key]


@cache
def script(scenario: str, policy: str) -> Script:
    """The script of a scenario under a policy."""
    return Script(resolve(scenario, policy))


# Agents


class MemberState(mesa.Agent, Member):  # type: ignore[misc]
    """A member state; its numbers are those of the twin, with what the phases ask often as plain attributes."""

    __eq__, __hash__ = object.__eq__, object.__hash__
    iso3, persons, gdp = "", 0, 0.0

    def __init__(self, model: mesa.Model, member: Member, world: QuickWorld) -> None:
        super().__init__(model, **vars(member))
        p, facts = world.p, member.facts
        self.iso3, self.persons, self.gdp = facts.iso3, facts.population, facts.gdp_usd_bn
        self.base_argument = p("positions.constant") + p("positions.affinity") * member.affinity
        self.most_feared = 0.25 * p("positions.dependence") * member.dependence
        self.last_on_record = max(member.scripted_elections, default=world.settings.start - 1)
        self.election_draws = world.luck[f"{facts.iso3}/election"]
        self.business_draws = {topic: world.luck[f"business/{topic}/{facts.iso3}"] for topic in TOPICS}
        self.indo_pacific_threat = self.fear = self.leeway = self.drawn_to = 0.0
        self.listens_to: list[Member] = []


class Cabinet(mesa.Agent, Japan):  # type: ignore[misc]
    """Japan: cabinet, Diet, public and Constitution."""

    __eq__, __hash__ = object.__eq__, object.__hash__


class EuropeanUnion(mesa.Agent, Union):  # type: ignore[misc]
    """The bodies of the Union."""

    __eq__, __hash__ = object.__eq__, object.__hash__


class Instrument(mesa.Agent, Agreement):  # type: ignore[misc]
    """An instrument at EU level."""

    __eq__, __hash__ = object.__eq__, object.__hash__
    slug, ambition = "", 0.0

    def __init__(self, model: mesa.Model, agreement: Agreement) -> None:
        super().__init__(model, **vars(agreement))
        self.slug, self.ambition = agreement.facts.slug, agreement.facts.ambition


class Rung(mesa.Agent, Tie):  # type: ignore[misc]
    """A rung of the bilateral ladder with one partner."""

    __eq__, __hash__ = object.__eq__, object.__hash__
    slug = ""

    def __init__(self, model: mesa.Model, tie: Tie) -> None:
        super().__init__(model, **vars(tie))
        self.slug = tie.facts.slug
        self.name = f"{tie.partner}/{tie.facts.slug}"


class OutsidePressure(mesa.Agent, Pressure):  # type: ignore[misc]
    """A pressure from outside."""

    __eq__, __hash__ = object.__eq__, object.__hash__


# The world


@dataclass(eq=False)
class QuickWorld(World):
    """A history at one moment; the twin's functions find in it what they look for, quicker."""

    script: Script = field(kw_only=True)

    def __post_init__(self) -> None:
        once, quarterly = names_of(self.seed, self.settings.start, self.settings.until)
        self.lots, self.luck = Luck(once, self.run), Luck(quarterly, self.run)
        self.turn = 0
        self.steps: tuple[int, ...] = ()
        self.p = self.parameters.__getitem__  # type: ignore[method-assign, assignment]
        self.listened = self.script.listened
        self.active: frozenset[str] = frozenset()
        self.states: list[MemberState] = []
        self.union_states: list[MemberState] = []
        self.attention_weights: list[float] = []
        self.weight_of_attention = 0.0
        self.opted_out = False
        self.by_slug: dict[str, Agreement] = {}
        self.by_iso3: dict[str, Member] = {}
        self.demand: dict[str, float] = {}
        self.crowding = 1.0
        self.vetoed: dict[str, list[str]] = {}
        self.bilateral: dict[str, float] = {}
        self.bounds: dict[tuple[str, bool, str], Bounds] = {}
        self.levels: dict[tuple[str, bool], list[float]] = {}
        self.rule = self.settings.union.rule_at(self.quarter)
        self._standing: tuple[Holds, ...] = ()

    def turn_to(self, quarter: int) -> None:
        """Begin a quarter."""
        self.quarter, self.turn = quarter, quarter - self.settings.start
        self.events = []
        self.rule = self.settings.union.rule_at(quarter)
        self.active = frozenset(lever for lever, begins in self.script.levers if quarter >= begins)
        standing = self.script.standing(quarter)
        if standing is not self._standing:
            self._standing = standing
            for one, holds in zip(self.states, standing, strict=True):
                (one.in_union, one.neutral, one.opted_out, one.in_pesco, one.has_strategy, one.stance_mean) = holds
            self._regroup()

    def _regroup(self) -> None:
        """Who is in the Union, how they weigh."""
        self.union_states = [one for one in self.states if one.in_union]
        self.opted_out = any(one.opted_out for one in self.union_states)
        listened = listened_to(self)
        for one in self.union_states:
            one.listens_to = [self.by_iso3[iso3] for iso3 in listened[one.iso3]]
        more = self.p("attention.champion") - 1.0
        self.attention_weights = [one.persons * (1.0 + more * float(one.has_strategy)) for one in self.union_states]
        self.weight_of_attention = total(self.attention_weights)

    def u(self, name: str) -> float:
        """This quarter's draw."""
        return self.luck[name][self.turn]

    def once(self, name: str) -> float:
        """The draw made once per run."""
        return self.lots[name][0]

    def on(self, lever: str) -> bool:
        """Whether a lever is on in this quarter."""
        return lever in self.active

    def indo_pacific(self, what: str) -> float:
        """on_ips (s_ips levers.indo_pacific_what)."""
        if "indo_pacific_strategy" not in self.active:
            return 0.0
        return self.p("levers.indo_pacific_strength") * self.p(f"levers.indo_pacific_{what}")

    def union_members(self) -> list[Member]:
        """V, the members of this quarter."""
        return list(self.union_states)

    def member(self, iso3: str) -> Member:
        """A state by its code."""
        return self.by_iso3[iso3]

    def agreement(self, slug: str) -> Agreement:
        """An instrument at EU level by its name."""
        return self.by_slug[slug]


# The start


def first_world(model: mesa.Model, scene: Script, seed: int, run: int, given: Mapping[str, float]) -> QuickWorld:
    """The world before the first quarter (docs/ODD.md, 5), as in tests/twin/start.py, with agents of the model."""
    settings = scene.settings
    world = QuickWorld(
        settings=settings,
        seed=seed,
        run=run,
        quarter=settings.start,
        parameters=dict(scene.fixed),
        pressures=[],
        members=[],
        japan=Cabinet(model, **vars(start._japan(settings))),
        union=EuropeanUnion(model),
        agreements=[],
        ties={},
        rivals={rival: float(getattr(settings.table.rivals, rival)) for rival in RIVALS},
        facility=Facility(
            headroom=float(settings.table.peace_facility.headroom_eur_m),
            blocked_stock=float(settings.table.peace_facility.blocked_eur_m),
        ),
        interoperability=float(settings.table.interoperability),
        script=scene,
    )
    _draw_parameters(world, given)
    for name in PRESSURES:
        row = getattr(settings.table.pressures, name)
        pressure = Pressure(name, REGIMES.index(row.regime), float(row.intensity))
        world.pressures.append(OutsidePressure(model, **vars(pressure)))
    start._set_japan(world)
    world.states = [MemberState(model, start._member(world, row), world) for row in range(len(settings.members))]
    world.members = list(world.states)
    world.by_iso3 = {one.iso3: one for one in world.states}
    start._set_union(world)
    start._set_positions(world)
    world.agreements = [Instrument(model, start._agreement(world, row)) for row in range(len(settings.instruments))]
    world.by_slug = {one.slug: one for one in world.agreements}
    world.ties = {partner: [Rung(model, tie) for tie in start._ties(world, partner)] for partner in start.PARTNERS}
    world.bilateral = {partner: bilateral_depth(world, partner) for partner in world.ties}
    world.declared_depth, world.operational_depth = declared_depth(world), operational_depth(world)
    return world


def _draw_parameters(world: QuickWorld, given: Mapping[str, float]) -> None:
    """What is given, else a row of the posterior, else the parameter's own draw."""
    if alike := sorted(set(SAME_IN_ALL_RUNS) & set(given)):
        raise ValueError(f"cannot differ between runs: {', '.join(alike)}")
    together = {**start.calibrated(world.settings, world.seed, world.run), **given}
    for name, parameter in world.script.drawn.items():
        if name not in together:
            world.parameters[name] = start.drawn(parameter, world.once(f"parameter/{name}"))
    world.parameters.update(together)
