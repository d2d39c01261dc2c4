"""What the Council and the states were asked in a real block of runs, and their answers, for the compiled kernel."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from math import ceil, floor
from typing import Any

import numpy as np

from agents.institutions.council import MONEY, Ballot, Council, Topic
from agents.institutions.voting import Electorate, exact
from agents.member_states import MemberStates
from agents.pressures import CHINA, NORTH_KOREA, RUSSIA
from agents.rules.types import Floats, Mask, Whole
from benchmarks import kernel
from benchmarks.wrapping import wrapped
from config import Instrument, Settings
from simulation.model import PartnershipModel


@dataclass(frozen=True)
class Voters:
    """Who votes, and the limits of a rule: least rank, persons up to it, rank at the latest."""

    rows: Whole
    persons: Whole
    limits: Whole
    net: Whole


@dataclass(frozen=True)
class Standing:
    """Where states stand in a quarter: (M, R), (M,) and, of parameters and pressures, (8, R)."""

    position: Floats
    attention: Floats
    dependence: Floats
    neutral: Floats
    runs: Floats


@dataclass(frozen=True)
class File:
    """One file put to the Council, and what passed."""

    standing: Standing
    voters: Voters
    rule: int
    cost: Floats
    reluctant: Floats
    noise: Floats | None
    lanes: Whole
    level: Floats
    bounds: tuple[Floats, ...]

    def decide(self, level: Floats, bounds: Floats) -> None:
        """The kernel's answer: level (L,) and bounds (3, n, L)."""
        at, by, noisy = self.standing, self.voters, self.noise is not None
        noise = at.position if self.noise is None else self.noise
        kernel.decide_file(
            at.position, at.attention, at.dependence, self.reluctant, noise, noisy, at.runs, self.cost, by.rows,
            by.persons, by.limits, self.rule, self.lanes, by.net, level, bounds,
        )  # fmt: skip


@dataclass(frozen=True)
class Business:
    """One piece of other business, and how it went."""

    stance: Floats
    threat: Floats
    dependence: Floats
    neutral: Floats
    u: Floats
    runs: Floats
    kept: Mask
    voters: Voters
    lanes: Whole
    answer: Topic

    def decide(self, opposed: Mask, abstained: Mask, stopped: Mask) -> None:
        """The kernel's answer: who opposed and abstained, (n, R) each; blocked and vetoed, (2, R)."""
        name, by = self.answer.name, self.voters
        tied = {"china": kernel.CHINA, "russia": kernel.RUSSIA, MONEY: kernel.RUSSIA}.get(name, kernel.NOTHING)
        rule = kernel.CONSENSUS if name == "enlargement" else kernel.UNANIMITY
        reluctant = self.neutral if name == MONEY else np.zeros_like(self.neutral)
        kernel.decide_topic(
            self.stance, self.threat, self.dependence, reluctant, self.u, KNOTS, self.runs, self.answer.asked,
            self.lanes, self.kept, tied, by.rows, by.persons, by.limits, rule, opposed, abstained, stopped,
        )  # fmt: skip


@dataclass(frozen=True)
class Positions:
    """What all states weigh in a quarter, and where they moved."""

    position: Floats
    affinity: Floats
    attention: Floats
    threat: Floats
    stance: Floats
    trust: Floats
    runs: Floats
    rows: Whole
    listens_to: Whole
    answer: Floats

    def decide(self, moved: Floats) -> None:
        """The kernel's answer, (M, R)."""
        kernel.take_positions(
            self.position, self.affinity, self.attention, self.threat, self.stance, self.trust, self.runs, self.rows,
            self.listens_to, moved,
        )  # fmt: skip


KNOTS = kernel.knots()


@dataclass
class Asked:
    """All that one block of runs put to the Council and the states."""

    files: list[File] = field(default_factory=list)
    business: list[Business] = field(default_factory=list)
    positions: list[Positions] = field(default_factory=list)


def captured(settings: Settings, runs: int) -> Asked:
    """Play a block and keep what its Council was asked and answered."""
    asked = Asked()

    def voted(method: Callable[..., Any]) -> Callable[..., Any]:
        def vote(self: Council, places: Whole, lanes: Whole, noise: bool = True) -> Any:
            level, ballots = method(self, places, lanes, noise)
            for k in np.unique(places):
                one, here = settings.instruments[k], np.flatnonzero(places == k)
                told = _bounds(ballots, here)
                asked.files.append(_file(self, one, self.noise[k] if noise else None, lanes[here], level[here], told))
            return level, ballots

        return vote

    def other(method: Callable[[Council], None]) -> Callable[[Council], None]:
        def decide_other_business(self: Council) -> None:
            holding = self.holding.copy()
            method(self)
            asked.business.extend(_business(self, topic, holding) for topic in self.agenda)

        return decide_other_business

    def moved(method: Callable[[MemberStates], None]) -> Callable[[MemberStates], None]:
        def take_positions(self: MemberStates) -> None:
            before = _positions(self)
            method(self)
            asked.positions.append(replace(before, answer=self.position.copy()))

        return take_positions

    model = PartnershipModel(settings, range(runs), 1)
    if model.levers.on("qmv") or model.levers.on("lift_fragmentation"):
        raise ValueError("the kernel knows neither the passerelle nor a Council without fragmentation")
    with wrapped(Council, vote=voted, decide_other_business=other), wrapped(MemberStates, take_positions=moved):
        model.run()
    return asked


def _file(
    council: Council, one: Instrument, noise: Floats | None, lanes: Whole, level: Floats, bounds: tuple[Floats, ...]
) -> File:
    model = council.model
    cost = per_run(model, getattr(model.parameters.domains, f"{one.domain}_cost"))
    rule = kernel.RULES.index(council.law(one))
    standing = _standing(council)
    reluctant = standing.neutral if one.defence else np.zeros_like(standing.neutral)
    return File(
        standing, _voters(council.voters(one), rule), rule, cost, reluctant, noise, lanes.astype(np.int64),
        level.copy(), bounds,
    )  # fmt: skip


def _bounds(ballots: Sequence[Ballot], here: Whole) -> tuple[Floats, ...]:
    """The bounds of voters, (n, lanes) each, on the files that stand here on the list."""
    chosen = ((ballot, np.isin(ballot.places, here)) for ballot in ballots)
    return next(tuple(bound[:, mine] for bound in ballot.bounds) for ballot, mine in chosen if mine.any())


def _voters(by: Electorate, rule: int) -> Voters:
    """Voters with the rank at which a unanimous decision, or a double majority proposed by those entitled, is lost."""
    everyone = int(by.persons.sum())
    if rule == kernel.MAJORITY:
        if by.rule.nice_votes:
            raise ValueError("the kernel does not know the votes of Nice")
        minority = floor((1 - exact(by.rule.population_share)) * everyone) + 1
        latest = by.size - ceil(exact(by.rule.members_share) * by.size)
        limits = (by.rule.blocking_members - 1, minority, latest)
    else:
        declared = by.abstentions
        members, persons = exact(declared.members_share), exact(declared.population_share)
        limits = (ceil(members * by.size) - 1, ceil(persons * everyone), by.size - 1)
    return Voters(by.rows, by.persons, np.array(limits, dtype=np.int64), kernel.network(by.size))


def _standing(council: Council) -> Standing:
    """Copies of what states bring to this quarter's Council."""
    model = council.model
    p, states = model.parameters, model.member_states
    values = (
        model.pressures.china, model.coercion, p.feedback.retaliation_weight, p.positions.dependence,
        p.council.acceptance, p.council.neutral_discount, p.council.tolerance, p.council.declared,
    )  # fmt: skip
    return Standing(
        states.position.copy(), states.attention.copy(), _column(states.geography.dependence), _column(states.neutral),
        np.stack([per_run(model, value) for value in values]),
    )  # fmt: skip


def _business(council: Council, topic: Topic, holding: Mask) -> Business:
    model = council.model
    p, states, draw = model.parameters.business, model.member_states, model.chance.draw
    by = council.on_defence if topic.name == MONEY else council.everyone
    kept = np.zeros((by.size, model.width), dtype=bool)
    if topic.name == MONEY:
        kept = (holding & ~states.elected & ~(draw(f"business/{MONEY}/lift") < p.lift))[by.rows]
    values = (
        p.tolerance, p.stance_weight, model.parameters.governments.spoiler, p.dependence_weight, p.threat_weight,
        p.noise, p.acceptance_gap, p.neutral_gap, model.parameters.council.declared,
    )  # fmt: skip
    return Business(
        states.stance.copy(), states.threat[RUSSIA].copy(), _column(states.geography.dependence),
        _column(states.neutral), np.stack([draw(f"business/{topic.name}/{one.iso3}") for one in states.facts]),
        np.stack([per_run(model, value) for value in values]), kept,
        _voters(by, kernel.UNANIMITY), np.flatnonzero(topic.arises), topic,
    )  # fmt: skip


def _positions(states: MemberStates) -> Positions:
    """What states weigh before they move."""
    model = states.model
    p, levers = model.parameters.positions, model.levers
    values = (
        model.parameters.threat.north_korea_weight, p.help_for_ukraine, model.cabinet.position, p.constant, p.affinity,
        p.threat, p.reciprocity, model.parameters.attention.link, p.retrenchment, model.pressures.retrenchment,
        p.stance, p.trust, p.trust_centre, levers.diversion, p.move,
        p.confidence + p.confidence_guideline * model.european_council.in_force,
        p.listen + levers.strategy(levers.p.indo_pacific_listening), states.listens_to.shape[1],
    )  # fmt: skip
    return Positions(
        states.position.copy(), _column(states.geography.affinity), states.attention.copy(),
        states.threat[[CHINA, NORTH_KOREA, RUSSIA]], states.stance.copy(), states.trust.copy(),
        np.stack([per_run(model, value) for value in values]), states.rows, states.listens_to, states.position,
    )  # fmt: skip


def _column(values: Floats) -> Floats:
    return np.array(values[:, 0], dtype=np.float64)


def per_run(model: Any, value: Any) -> Floats:
    """A parameter as one number for every run, (R,)."""
    return np.array(np.broadcast_to(value, model.width), dtype=np.float64)
