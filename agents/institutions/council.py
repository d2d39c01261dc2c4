"""The Council: who votes on what, how far each member goes, and what passes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from agents.institutions import voting
from agents.institutions.voting import Electorate, quota
from agents.portable import normal, number, places
from agents.pressures import RUSSIA
from agents.rules import bargaining, business
from agents.rules.positions import fear
from agents.rules.types import Floats, Mask, Whole, in_lanes, lanes_of
from agents.world import Actor, World
from config import Instrument

MONEY = "peace_facility"
TOPICS = ("russia", "china", "enlargement", MONEY)
"""Other business, in order; decisions on Russia and China have no defence implications."""
UNDER_PASSERELLE = ("russia", "china")
SAFE = "safe_association"
CLEARLY = 1e-9
"""More than what rounding, to the grid and of numbers, adds to a level."""
UNDER_OPT_OUT = ("R1", "R2", "R3")
"""Classes of common security and defence policy, in which a state with an opt-out takes no part: Protocol (No 22)."""


class Bounds(NamedTuple):
    """Levels up to which voters accept, abstain, and abstain without a declaration, (n, R) each, on the grid."""

    accept: Floats
    veto: Floats
    declared: Floats


class Ballot(NamedTuple):
    """Files of like kind put to the vote: voters, their bounds (n, N), and where the files stand on the list, (N,)."""

    by: Electorate
    bounds: Bounds
    places: Whole


class Concerns(NamedTuple):
    """What voters weigh on other business: stance (n, R), what ties their hands, neutrality on arms; they broadcast."""

    stance: Floats
    tie: Floats
    neutral: Floats


@dataclass(frozen=True)
class Topic:
    """How one piece of other business went, in one quarter."""

    name: str
    arises: Mask  # (R,)
    asked: Floats  # (R,)
    rows: Whole  # (n,), who votes: rows of the member states
    opposed: Mask  # (n, R)
    abstained: Mask  # (n, R), with a declaration
    blocked: Mask  # (R,)
    vetoed: Mask  # (R,), blocked now by a state that did not already hold it up


class Council(Actor):
    """Adopts, thins out or blocks, by the rule of the file's legal base."""

    def __init__(self, model: World) -> None:
        super().__init__(model)
        instruments = model.settings.instruments
        codes = [one.iso3 for one in model.settings.members]
        self._persons = np.array([one.population for one in model.settings.members], dtype=np.int64)
        self._nice_votes = np.array([one.nice_votes for one in model.settings.members], dtype=np.int64)
        spread = model.parameters.council.file_noise
        noise = [
            spread * normal(model.chance.once_table(f"{one.slug}/noise/{iso}" for iso in codes)) for one in instruments
        ]
        self._noise = np.stack(noise, axis=1)
        self.noise = [self._noise[:, place] for place in range(len(instruments))]
        self.lowest_noise = self._noise.min(axis=0)
        self._defence = np.array([float(one.defence) for one in instruments])
        costs = [getattr(model.parameters.domains, f"{one.domain}_cost") for one in instruments]
        self._cost = np.stack([np.broadcast_to(cost, model.width) for cost in costs])
        self._coverage = {
            name: model.chance.once(f"{name}/passerelle") < model.parameters.levers.qmv_strength
            for name in [one.slug for one in instruments] + [f"business/{topic}" for topic in UNDER_PASSERELLE]
        }
        model.chance.register(f"business/{topic}" for topic in TOPICS)
        model.chance.register(f"business/{topic}/demand" for topic in TOPICS)
        register = model.chance.register_seldom
        self._tolerance = {topic: register(f"business/{topic}/{iso}" for iso in codes) for topic in TOPICS}
        model.chance.register([f"business/{MONEY}/lift"])
        self.holding: Mask = np.zeros((len(codes), model.width), dtype=bool)
        self.agenda: list[Topic] = []

    # Who votes, and how far each goes

    def convene(self) -> None:
        """Take the seats of this quarter: members, those who vote on defence, participants of PESCO."""
        states = self.model.member_states
        on_defence = states.rows[~states.opted_out[states.rows]]
        in_pesco = states.rows[states.in_pesco[states.rows]]
        self.everyone, self.in_pesco = self._electorate(states.rows), self._electorate(in_pesco)
        self.on_defence = self._electorate(on_defence) if len(on_defence) < len(states.rows) else self.everyone
        p, pressures = self.model.parameters, self.model.pressures
        self._fear = fear(
            states.geography.dependence,
            pressures.china,
            self.model.coercion,
            p.feedback.retaliation_weight,
            p.positions,
        )
        self._slack = bargaining.slack(states.attention, p.council)
        self._kinds = self._by_voters_and_law()
        unanimous = [self.law(one) in ("unanimity", "consensus") for one in self.model.settings.instruments]
        voters = [one.rule != "R0" and self.voters(one).size > 0 for one in self.model.settings.instruments]
        self._stopped_by_one = np.array(unanimous) & np.array(voters)
        self._standings: dict[bytes, tuple[Floats, Floats, Floats]] = {}
        self._least: tuple[Floats, Floats] | None = None

    def _electorate(self, rows: Whole) -> Electorate:
        union = self.model.settings.union
        return Electorate(
            rows=rows,
            persons=self._persons[rows],
            nice_votes=self._nice_votes[rows],
            rule=union.rule_at(self.model.quarter),
            abstentions=union.declared_abstentions,
        )

    def voters(self, instrument: Instrument) -> Electorate:
        """Who votes on a file: participants of PESCO on its projects; on defence policy those without an opt-out.

        The opt-out of Denmark (Protocol (No 22), Art. 5, to 30 June 2022) covers neither treaties nor Union acts.
        """
        if instrument.rule == "R9":
            return self.in_pesco
        return self.on_defence if instrument.defence and instrument.rule in UNDER_OPT_OUT else self.everyone

    def accepted(self, domain: str, defence: bool, by: Electorate) -> Floats:
        """Level that each voter accepts before a file's own noise, (n, R), not yet on the grid."""
        states, p = self.model.member_states, self.model.parameters
        cost = getattr(p.domains, f"{domain}_cost")
        reluctant = states.neutral[by.rows] if defence else np.zeros((by.size, 1))
        return bargaining.accepted(states.position[by.rows], self._fear[by.rows], cost, reluctant, p.council)

    def bounds(self, accepted: Floats, by: Electorate, lanes: Whole | None = None) -> Bounds:
        """Bounds that count in a vote; with fragmentation lifted, all voters have those of the median state."""
        bounds = self.own_bounds(accepted, by, lanes)
        return self._of_median(bounds, by) if self.model.levers.on("lift_fragmentation") and by.size else bounds

    def own_bounds(self, accepted: Floats, by: Electorate, lanes: Whole | None = None) -> Bounds:
        """Each voter's own bounds from what it accepts, (n, R) or (n, lanes)."""
        declared = self.model.parameters.council.declared
        slack = self._standing(by)[2]
        if lanes is not None:
            declared, slack = lanes_of(declared, lanes), slack.take(lanes, axis=1)
        accept = bargaining.on_grid(accepted)
        veto = bargaining.veto_bound(accept, slack)
        return Bounds(accept, veto, bargaining.declared_bound(accept, veto, declared))

    @staticmethod
    def _of_median(bounds: Bounds, by: Electorate) -> Bounds:
        """All voters as the population-weighted median state: fragmentation lifted."""
        median = voting.median_member(bounds.accept, by.persons)[np.newaxis]
        return Bounds(*(np.repeat(np.take_along_axis(bound, median, axis=0), len(bound), axis=0) for bound in bounds))

    # What passes

    def passes_without_noise(self, instrument: Instrument) -> Floats:
        """Level that would pass as far as positions alone tell, (R,): what the High Representative can foresee."""
        place = self.model.settings.instruments.index(instrument)
        everywhere = np.arange(self.model.width)
        return self.vote(np.full_like(everywhere, place), everywhere, noise=False)[0]

    def passes(self, place: int, instrument: Instrument, lanes: Whole) -> tuple[Floats, Bounds]:
        """Level that passes on the file at a place of the catalogue, in some runs, and the voters' bounds."""
        level, (ballot,) = self.vote(np.full_like(lanes, place), lanes)
        return level, ballot.bounds

    def vote(self, places: Whole, lanes: Whole, noise: bool = True) -> tuple[Floats, list[Ballot]]:
        """Level that passes on each of a list of files, (N,), and how the voters stood to those of like kind.

        places, lanes (N,): where a file stands in the catalogue, and its run. Without noise it is what the High
        Representative can foresee.
        """
        level, ballots = np.zeros(len(places)), []
        for by, laws in self._kinds:
            by_law = [(law, some) for law, files in laws if (some := np.flatnonzero(files[places])).size]
            if by_law:
                on_list = np.concatenate([some for _, some in by_law])
                files, here = places[on_list], lanes[on_list]
                bounds = self.bounds(self._accepted_of(files, by, here, noise), by, here)
                counts = [(law, len(some)) for law, some in by_law]
                level[on_list] = self._passes(counts, by, bounds, here, self._by_majority(files, here))
                ballots.append(Ballot(by, bounds, on_list))
        return level, ballots

    def surely_passes(self, places: Whole, lanes: Whole, level: Floats) -> Mask:
        """Files of a list that pass at a level, (N,) each, by a sufficient condition: most that are tabled do.

        Every member is taken as if the file were in the most costly field, had defence implications, and met with the
        least noise that it meets with anywhere. If nobody opposes even then, and too few would declare an abstention
        to matter, then it passes by unanimity or consensus.
        """
        by = self.everyone
        if self.model.levers.on("lift_fragmentation") or not by.size:
            return np.zeros(len(places), dtype=bool)
        tolerated, undeclared = self._at_least
        asked = level + CLEARLY - self.lowest_noise[places, lanes]
        passes: Mask = self._stopped_by_one[places] & (asked <= tolerated[lanes])
        most = np.full(self.model.width, -np.inf)
        np.maximum.at(most, lanes[passes], asked[passes])
        declare = number(undeclared < most)
        return passes & (declare < quota(by.abstentions.members_share, self.on_defence.size))[lanes]

    @property
    def _at_least(self) -> tuple[Floats, Floats]:
        """Least that all members tolerate of any file without noise, (R,), and each without declaring it, (V, R)."""
        if self._least is None:
            rows, p = self.everyone.rows, self.model.parameters.council
            position, feared, slack = self._standing(self.everyone)
            neutral = self.model.member_states.neutral[rows]
            accept = bargaining.accepted(position, feared, self._cost.max(axis=0), neutral, p)
            self._least = (accept + slack).min(axis=0), accept + p.declared * slack
        return self._least

    def _by_voters_and_law(self) -> list[tuple[Electorate, list[tuple[str, Mask]]]]:
        """Who votes, and by each rule on which files, (K,); those without a vote are in none."""
        kinds: dict[int, tuple[Electorate, dict[str, Mask]]] = {}
        for k, one in enumerate(self.model.settings.instruments):
            if one.rule != "R0":
                by, nobody = self.voters(one), np.zeros(len(self.noise), dtype=bool)
                kinds.setdefault(id(by), (by, {}))[1].setdefault(self.law(one), nobody)[k] = True
        return [(by, list(laws.items())) for by, laws in kinds.values()]

    def _accepted_of(self, files: Whole, by: Electorate, lanes: Whole, noise: bool) -> Floats:
        """Level that each voter accepts of a list of files, (n, N), 0 or more: by field and by the file's own noise."""
        states, p = self.model.member_states, in_lanes(self.model.parameters.council, lanes)
        position, feared = (table.take(lanes, axis=1) for table in self._standing(by)[:2])
        reluctant = states.neutral[by.rows] * self._defence[files]
        accepted = bargaining.accepted(position, feared, self._cost[files, lanes], reluctant, p)
        if noise:
            by_file_and_run = self._noise.reshape(len(self._noise), -1)
            accepted += by_file_and_run.take(files * self.model.width + lanes, axis=1)[by.rows]
            np.maximum(0.0, accepted, out=accepted)
        return accepted

    def _standing(self, by: Electorate) -> tuple[Floats, Floats, Floats]:
        """Position, fear and slack of voters, (n, R) each, the same for all files of a quarter."""
        rows, key = by.rows, by.rows.tobytes()
        if key not in self._standings:
            self._standings[key] = self.model.member_states.position[rows], self._fear[rows], self._slack[rows]
        return self._standings[key]

    def _by_majority(self, files: Whole, lanes: Whole) -> Mask:
        """Whether majority voting was agreed for each of a list of files, (N,)."""
        if not self.model.levers.on("qmv"):
            return np.zeros(len(files), dtype=bool)
        agreed: Mask = np.stack([self.under_passerelle(one) for one in self.model.settings.instruments])[files, lanes]
        return agreed

    def _passes(
        self, laws: list[tuple[str, int]], by: Electorate, bounds: Bounds, lanes: Whole, majority: Mask
    ) -> Floats:
        """Level that passes, (lanes,), by each of these rules on so many files, or by the majority that was agreed."""
        if not by.size:
            return np.zeros(len(lanes))
        by_law, start = np.empty(len(lanes)), 0
        for law, files in laws:
            these = slice(start, start + files)
            by_law[these] = self._by_law(law, by, Bounds(*(bound[:, these] for bound in bounds)))
            start += files
        if not majority.any():
            return by_law
        margin = lanes_of(self.model.parameters.council.brake_margin, lanes)
        relaxed = voting.passerelle(by_law, voting.qualified_majority(bounds.accept, by), bounds.veto, margin)
        return np.where(majority, relaxed, by_law)

    @staticmethod
    def _by_law(law: str, by: Electorate, bounds: Bounds) -> Floats:
        """What passes by the rule of a legal base."""
        match law:
            case "unanimity":
                return voting.unanimity(bounds.declared, bounds.veto, by)
            case "qualified majority":
                return voting.qualified_majority(bounds.accept, by)
            case "common accord":
                return voting.common_accord(bounds.accept)
        return voting.consensus(bounds.veto)

    def law(self, instrument: Instrument) -> str:
        """The rule of the file's legal base."""
        if self.is_unanimous(instrument) and instrument.rule in ("R2", "R3", "R5", "R8"):
            return "unanimity"
        if instrument.rule in ("R4", "R8"):
            return "qualified majority"
        return "common accord" if instrument.rule == "R7" else "consensus"

    def is_unanimous(self, instrument: Instrument) -> bool:
        """Whether the legal base asks for unanimity; on SAFE sources differ, hence a switch."""
        if instrument.slug == SAFE and instrument.rule == "R8":
            return bool(self.model.parameters.council.safe_unanimity)
        return instrument.rule not in ("R0", "R4", "R8")

    def under_passerelle(self, instrument: Instrument) -> Mask:
        """Whether majority voting was agreed for this file, (R,): not with defence implications, Art. 31(4) TEU."""
        if instrument.defence or instrument.rule not in ("R1", "R2") or not self.model.levers.on("qmv"):
            return np.zeros(self.model.width, dtype=bool)
        return self.model.european_council.passerelle & self._coverage[instrument.slug]

    # Other business

    def decide_other_business(self) -> None:
        """Vote on what else comes up in foreign policy, with the same governments."""
        self.agenda = [self._decide(topic) for topic in TOPICS]

    def _decide(self, topic: str) -> Topic:
        p, draw = self.model.parameters, self.model.chance.draw
        by = self.on_defence if topic == MONEY else self.everyone
        arises = self._money_at_stake() if topic == MONEY else draw(f"business/{topic}") < getattr(p.business, topic)
        asked = business.demand(draw(f"business/{topic}/demand"), p.business)
        lanes = np.flatnonzero(arises)
        votes = self._votes_on(topic, by, lanes, asked[lanes])
        opposed, abstained, blocked = (self._in_all_runs(some, lanes) for some in votes)
        vetoed = blocked & np.any(opposed, axis=0)
        if topic == MONEY:
            held, vetoed = self._held_up(opposed, by)
            blocked = blocked | (arises & held)
        return Topic(topic, arises, asked, by.rows, opposed, abstained, blocked, vetoed)

    def _in_all_runs(self, some: Mask, lanes: Whole) -> Mask:
        """What holds in some of the runs, (..., lanes), as a mask over all, (..., R)."""
        if len(lanes) == self.model.width:
            return some
        mask = np.zeros((*some.shape[:-1], self.model.width), dtype=bool)
        mask[..., lanes] = some
        return mask

    def _votes_on(self, topic: str, by: Electorate, lanes: Whole, asked: Floats) -> tuple[Mask, Mask, Mask]:
        """Who opposes what is asked on a topic, who abstains with a declaration, (n, lanes) each; what is blocked.

        How far a voter goes is worked out where it might not accept with the worst of luck.
        """
        concerns, here = self._concerns(topic, by, lanes), in_lanes(self.model.parameters.business, lanes)
        spoiler = lanes_of(self.model.parameters.governments.spoiler, lanes)
        at_worst = business.tolerated(concerns.stance, spoiler, concerns.tie, np.zeros(1), here)
        reluctant: Mask = business.accepted(at_worst, concerns.neutral, here) < asked + CLEARLY
        some = places(reluctant)
        bounds, level = self._bounds_on(topic, by, concerns, lanes, some), asked[some[1]]
        opposed, abstained = np.zeros_like(reluctant), np.zeros_like(reluctant)
        opposed[some] = level > bounds.veto
        abstained[some] = (level > bounds.declared) & (level <= bounds.veto)
        blocked = self._stopped_on(topic, opposed, abstained, by)
        if topic in UNDER_PASSERELLE and self.model.levers.on("qmv"):
            agreed = self.model.european_council.passerelle & self._coverage[f"business/{topic}"]
            relaxed = np.flatnonzero(agreed[lanes])
            bounds = self._bounds_on(topic, by, concerns, lanes, (np.arange(by.size)[:, np.newaxis], relaxed))
            blocked[relaxed] = asked[relaxed] > self._relaxed(bounds, by, lanes[relaxed])
        return opposed, abstained, blocked

    @staticmethod
    def _stopped_on(topic: str, opposed: Mask, abstained: Mask, by: Electorate) -> Mask:
        """Whether votes stop a topic, (lanes,): enlargement by consensus, Art. 49 TEU, the rest by Art. 31 TEU."""
        stopped: Mask = np.any(opposed, axis=0)
        return stopped if topic == "enlargement" else stopped | voting.stopped_by_abstention(opposed | abstained, by)

    def _relaxed(self, bounds: Bounds, by: Electorate, lanes: Whole) -> Floats:
        """Level up to which a topic passes where majority voting was agreed, (lanes,)."""
        alone, majority = (
            voting.unanimity(bounds.declared, bounds.veto, by),
            voting.qualified_majority(bounds.accept, by),
        )
        margin = lanes_of(self.model.parameters.council.brake_margin, lanes)
        return voting.passerelle(alone, majority, bounds.veto, margin)

    def _concerns(self, topic: str, by: Electorate, lanes: Whole) -> Concerns:
        """What voters weigh on a topic in some runs."""
        states, rows = self.model.member_states, by.rows
        neutral = states.neutral[rows] if topic == MONEY else np.zeros((by.size, 1))
        tie, stance = np.asarray(self.tie(topic, rows)), states.stance[rows]
        if len(lanes) < self.model.width:
            tie = tie.take(lanes, axis=1) if tie.shape == stance.shape else tie
            stance = stance.take(lanes, axis=1)
        return Concerns(stance, tie, neutral)

    def _bounds_on(
        self, topic: str, by: Electorate, concerns: Concerns, lanes: Whole, some: tuple[Whole, ...]
    ) -> Bounds:
        """How far some voters go on a topic, on the grid, by their places and those of the runs among `lanes`."""
        p, (voter, place) = self.model.parameters, some
        stance, tie, neutral = (np.broadcast_to(one, concerns.stance.shape)[some] for one in concerns)
        run = lanes[place]
        u, here = self.model.chance.some(self._tolerance[topic], by.rows[voter], run), in_lanes(p.business, run)
        veto = business.tolerated(stance, lanes_of(p.governments.spoiler, run), tie, u, here)
        accept, veto = bargaining.on_grid(business.accepted(veto, neutral, here)), bargaining.on_grid(veto)
        return Bounds(accept, veto, bargaining.declared_bound(accept, veto, lanes_of(p.council.declared, run)))

    def _money_at_stake(self) -> Mask:
        """Whether the Peace Facility has anything to decide: a request, or money blocked before, (R,)."""
        facility = self.model.peace_facility
        exists = facility.envelope() > 0
        return exists & ((facility.request > 0) | (facility.blocked_stock > 0))

    def _held_up(self, opposed: Mask, by: Electorate) -> tuple[Mask, Mask]:
        """Whether a state holds the Peace Facility up, and whether by a new veto, (R,) each.

        A state that blocks goes on doing so until it changes its government or a bargain lifts all blocks. Pattern of
        May 2023 to June 2026; the bargain is assumed.
        """
        states, p = self.model.member_states, self.model.parameters.business
        lifted = self.model.chance.draw(f"business/{MONEY}/lift") < p.lift
        kept = (self.holding & ~states.elected & ~lifted)[by.rows]
        holding = np.zeros_like(self.holding)
        holding[by.rows] = kept | opposed
        self.holding = holding
        return np.any(holding, axis=0), np.any(opposed & ~kept, axis=0)

    def tie(self, topic: str, rows: Whole) -> Floats | float:
        """What ties a voter's hand on a topic, (n, R): dependence on China, fear of Russia."""
        p, states = self.model.parameters.business, self.model.member_states
        if topic == "china":
            return -(p.dependence_weight * states.geography.dependence[rows])
        return p.threat_weight * states.threat[RUSSIA][rows] if topic in ("russia", MONEY) else 0.0

    @property
    def topics_vetoed(self) -> Whole:
        """Number of topics that a state has stopped this quarter, (R,)."""
        return np.sum([topic.vetoed for topic in self.agenda], axis=0, dtype=np.int64)
