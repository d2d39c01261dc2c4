"""Phases 5 and 6: files are opened, negotiated, decided on in the Council and signed (docs/ODD.md, 6.5 and 6.6)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from agents.institutions.council import Ballot
from agents.portable import happens, may_happen, number, places, probability
from agents.rules import bargaining as rules
from agents.rules.types import Floats, Mask, Small, Whole, in_lanes, lanes_of
from config import Instrument
from config.families import Files
from simulation.instruments import DIALOGUE, FAST_TRACK, MANDATED, NEGOTIATING, NO_FILE

if TYPE_CHECKING:
    from agents.institutions.commission import Commission
    from agents.institutions.high_representative import HighRepresentative
    from simulation.model import PartnershipModel


@dataclass(frozen=True)
class Terms:
    """What the two sides would agree to this quarter, relative depths (K, R)."""

    cap: Floats
    wish: Floats
    mid: Floats
    least: Floats

    @property
    def draft(self) -> Floats:
        """Draft of the two principals, within what Japan may and wishes to do."""
        return np.minimum(np.minimum(self.mid, self.cap), self.wish)

    def draft_of(self, files: Whole, lanes: Whole) -> Floats:
        """The draft of each of a list of files, (N,)."""
        mid, cap, wish = (term[files, lanes] for term in (self.mid, self.cap, self.wish))
        return np.minimum(np.minimum(mid, cap), wish)


@dataclass(frozen=True)
class Motives:
    """What the hazard of opening a file depends on beside the forecast: (R,) or, by file, (K, R)."""

    attention: tuple[Floats, Floats]  # of the Union and of Japan, (R,)
    demand: tuple[Floats, Floats]  # likewise, (K, R)
    soft: Floats  # (K, R)
    dialogue: Floats  # (R,)
    in_talks: Small  # (R,)
    track: Floats  # (K, R)

    def of(self, files: Whole, lanes: Whole) -> Motives:
        """The same for a list of files, (N,) each."""
        (union, japan), (for_union, for_japan) = self.attention, self.demand
        return Motives(
            (union[lanes], japan[lanes]), (for_union[files, lanes], for_japan[files, lanes]), self.soft[files, lanes],
            self.dialogue[lanes], self.in_talks[lanes], self.track[files, lanes],
        )  # fmt: skip


class Negotiation:
    """Opens and concludes files; keeps what the quarter's tables ask about."""

    def __init__(self, model: PartnershipModel) -> None:
        self.model = model
        self.instruments = model.partnership
        slugs = [one.slug for one in self.instruments.catalogue]
        self._open = model.chance.register(f"{slug}/open" for slug in slugs)
        self._some_draws = {
            kind: model.chance.register_seldom(f"{slug}/{kind}" for slug in slugs)
            for kind in ("tie", "talks", "conclude")
        }
        self._operations = np.array([[one.domain == "operations"] for one in self.instruments.catalogue])
        self._voted: Mask = np.array([one.rule != "R0" for one in self.instruments.catalogue])
        shape = self.instruments.file.shape
        self.dilution: Floats = np.zeros(model.width)
        self.vetoes: Whole = np.zeros(model.width, dtype=np.int64)
        self.concluded: Mask = np.zeros(shape, dtype=bool)
        self.blocked_prerequisite: Mask = np.zeros(shape, dtype=bool)
        self.denied_slot: Mask = np.zeros(shape, dtype=bool)
        self.free: Mask = np.ones(shape, dtype=bool)

    def _u_of(self, kind: str, files: Whole, lanes: Whole) -> Floats:
        """Draws for a list of files, (N,)."""
        return self.model.chance.some(self._some_draws[kind], files, lanes)

    @cached_property
    def _led(self) -> tuple[tuple[HighRepresentative | Commission, Whole], ...]:
        """Who leads, and which files."""
        by_commission = self.instruments.led_by_commission[:, 0]
        leaders = self.model.high_representative, self.model.commission
        return tuple(zip(leaders, (np.flatnonzero(~by_commission), np.flatnonzero(by_commission)), strict=True))

    # What both sides bring; `terms` are those of this quarter

    def _terms(self) -> Terms:
        """Ceilings, wish and the principals' midpoint for every instrument."""
        model, at = self.model, self.instruments
        p = model.parameters
        japan = p.council.acceptance_japan * model.cabinet.position
        mid = np.empty(at.file.shape)
        for leader, rows in self._led:
            wanted = p.council.acceptance * leader.position
            mid[rows] = rules.midpoint(wanted, japan, at.ambition[rows], p.files.weight_union)
        least = np.maximum(np.minimum(1.0, at.least * p.files.least_factor), at.agreed * at.in_force)
        return Terms(cap=at.cap, wish=np.minimum(1.0, japan / at.ambition), mid=mid, least=least)

    @property
    def dialogue(self) -> Floats:
        """Dialogue factor, (R,)."""
        carried_out = self.instruments.carried_out(DIALOGUE)
        return rules.dialogue_factor(carried_out, self.model.levers.dialogue, self.model.parameters.files)

    @property
    def pace(self) -> Floats:
        """Pace of talks, (R,)."""
        return rules.pace_of_talks(self.model.attention_eu, self.model.attention_japan, self.model.parameters.files)

    def will(self) -> Floats:
        """Will of each file to move, (K, R): a fast track lends its own."""
        will = self.instruments.will
        if not self.model.levers.on("framework"):
            return will
        will = will.copy()
        for slug in FAST_TRACK:
            k = self.instruments.place[slug]
            will[k] = np.maximum(will[k], self.model.levers.framework)
        return will

    def _track(self) -> Floats:
        """What the fast track adds to hazards, (K, R)."""
        if not self.model.levers.on("framework"):
            return np.broadcast_to(np.zeros(1), self.instruments.file.shape)
        track = np.zeros(self.instruments.file.shape)
        for slug in FAST_TRACK:
            track[self.instruments.place[slug]] = self.model.levers.framework * self.model.levers.p.framework_track
        return track

    # Phase 5

    def open_files(self) -> None:
        """Table the files whose time has come, and give slots to those pushed hardest.

        What would pass is foreseen only where it can count: for files whose draw lies below their hazard if they were
        sure to pass, for mandates that ask for a slot, and for what is known.
        """
        at, status = self.instruments, self.model.status
        terms, motives = self._terms(), self._motives()
        self.terms, self.needed = terms, self._needs_met()
        by_chance = ~status.first_files()
        to_talks, could = by_chance & self._to_talks(), by_chance & self._could_open(terms, motives)
        files, lanes = places(to_talks | could | (status.held if status.active else False))
        foreseen = self._foreseen(files, lanes)
        push = self._push(files, lanes, foreseen, motives)
        ready = could[files, lanes] & self._worthwhile(foreseen, files, lanes)
        drawn = self._mask(files, lanes, ready & happens(self.model.chance.rows(self._open)[files, lanes], push))
        self.push = np.zeros(at.file.shape)
        self.push[files, lanes] = push
        opened = drawn & self.needed
        self.blocked_prerequisite = drawn & ~self.needed
        asks = (opened & ~at.with_mandate) | to_talks
        granted = self._granted(asks, self.push)
        self.denied_slot = asks & ~granted
        self._begin_files(*status.opening(opened & at.with_mandate, granted, opened))

    def _motives(self) -> Motives:
        """What the hazard of opening depends on beside the forecast."""
        model, at = self.model, self.instruments
        soft, missing = np.ones(at.file.shape), model.parameters.files.soft_missing
        for k, one in enumerate(at.catalogue):
            if one.helped_by:
                soft[k] = rules.soft_factor([at.is_in_force(slug) for slug in one.helped_by], missing, model.width)
        return Motives(
            (model.attention_eu, model.attention_japan), self._demand(), soft, self.dialogue, number(at.in_talks),
            self._track(),
        )  # fmt: skip

    def _demand(self) -> tuple[Floats, Floats]:
        """Demand of the Union and of Japan, (K, R) each."""
        union, japan = self._wanted
        if self.model.levers.on("framework"):
            union = union * np.where(self._operations, 1 + self.model.levers.framework, 1.0)
        return union, japan

    @cached_property
    def _wanted(self) -> tuple[Floats, Floats]:
        """Demand of both sides by field, (K, R) each."""
        domains, width = self.model.parameters.domains, self.model.width
        fields = [one.domain for one in self.instruments.catalogue]
        union, japan = (
            np.stack([np.broadcast_to(getattr(domains, f"{field}_{side}"), width) for field in fields])
            for side in ("eu", "japan")
        )
        return union, japan

    def _could_open(self, terms: Terms, motives: Motives) -> Mask:
        """Instruments without a file that may be opened, or deepened by a margin, if all were sure to pass, (K, R)."""
        at, p = self.instruments, self.model.parameters.files
        alike, none = (np.ones(1), np.ones(1)), np.zeros(1)
        of_run = rules.opening_hazard(
            motives.attention, alike, np.ones(1), np.ones(1), motives.dialogue, motives.in_talks, none, p
        )
        most = motives.demand[0] * motives.demand[1] * motives.soft * of_run + motives.track
        there = at.exists(self.model.quarter) & (at.file == NO_FILE)
        could = there & may_happen(self.model.chance.rows(self._open), most)
        some = files, lanes = places(could & at.in_force)
        could[some] = terms.draft_of(files, lanes) - at.agreed[some] > lanes_of(p.margin, lanes)
        return could

    def _foreseen(self, files: Whole, lanes: Whole) -> Floats:
        """Relative depth that would pass as far as positions tell, (N,)."""
        return self._put_to_vote(files, lanes, noise=False)[0]

    def _push(self, files: Whole, lanes: Whole, foreseen: Floats, motives: Motives) -> Floats:
        """Hazard of opening each file of a list, (N,)."""
        p, some = in_lanes(self.model.parameters.files, lanes), motives.of(files, lanes)
        chance = rules.forecast(foreseen, self.terms.least[files, lanes], p)
        return rules.opening_hazard(
            some.attention, some.demand, some.soft, chance, some.dialogue, some.in_talks, some.track, p
        )

    def _worthwhile(self, foreseen: Floats, files: Whole, lanes: Whole) -> Mask:
        """Files of a list that are new or would deepen what is in force by a margin, (N,)."""
        at, margin = self.instruments, lanes_of(self.model.parameters.files.margin, lanes)
        potential = np.minimum(foreseen, self.terms.draft_of(files, lanes))
        return ~at.in_force[files, lanes] | (potential - at.agreed[files, lanes] > margin)

    def _needs_met(self) -> Mask:
        """Whether all hard prerequisites are in force or applied, (K, R)."""
        at = self.instruments
        met = np.ones(at.file.shape, dtype=bool)
        self.prerequisites = {slug: at.in_effect(slug) for one in at.catalogue for slug in one.needs}
        for k, one in enumerate(at.catalogue):
            for slug in one.needs:
                met[k] &= self.prerequisites[slug]
        return met

    def _to_talks(self) -> Mask:
        """Mandates that turn into talks if there is a slot, (K, R)."""
        files, lanes = places(self.instruments.file == MANDATED)
        will, track, p = self.will()[files, lanes], self._track()[files, lanes], self.model.parameters.files
        hazard = rules.talks_hazard(self.pace[lanes], will, self.dialogue[lanes], track, in_lanes(p, lanes))
        return self._mask(files, lanes, happens(self._u_of("talks", files, lanes), hazard))

    def _granted(self, asks: Mask, push: Floats) -> Mask:
        """Who gets a slot, (K, R): the High Representative and the Commission have their own."""
        granted, in_talks = asks.copy(), self.instruments.in_talks
        for leader, rows in self._led:
            free = leader.slots() - number(in_talks[rows])
            self.free[rows] = free > 0
            crowded = np.flatnonzero(number(asks[rows]) > free)
            here = rows[:, np.newaxis], crowded
            tie = self._u_of("tie", *here)
            granted[here] = rules.slots_granted(asks[here], push[here], tie, free[crowded])
        return granted

    def _begin_files(self, mandated: Mask, granted: Mask, opened: Mask) -> None:
        at, record = self.instruments, self.model.recorder.transitions
        at.file = np.where(granted, NEGOTIATING, np.where(mandated, MANDATED, at.file))
        begun = mandated | (granted & opened)
        at.stalled[begun] = 0
        record("mandated", mandated & ~at.in_force)
        record("reopened", begun & at.in_force)
        record("negotiating", granted & ~at.in_force)

    # Chances of one file, for who wants to know how likely what happened was

    def chance_of_opening(self, k: int) -> Floats:
        """Chance that a first file is opened this quarter, (R,)."""
        at = self.instruments
        possible = at.exists(self.model.quarter)[k] & self.needed[k] & (at.with_mandate[k] | self.free[k])
        return np.where(possible, probability(self.push[k]), 0.0)

    def chance_of_talks(self, k: int, will: Floats) -> Floats:
        """Chance that a mandate turns into talks this quarter at these wills, as `will` in shape, (J, R)."""
        files = self.model.parameters.files
        hazard = rules.talks_hazard(self.pace, will, self.dialogue, self._track()[k], files)
        return np.where(self.free[k], probability(hazard), 0.0)

    def chance_of_concluding(self, k: int, will: Floats) -> Floats:
        """Chance that talks are concluded this quarter at these wills, as `will` in shape, (J, R)."""
        one, least = self.instruments.catalogue[k], self.terms.least[k]
        passes, _ = self._council(k, one, np.arange(self.model.width), least)
        acceptable = np.minimum(self.terms.draft[k], passes) >= least
        quarters, p = self.instruments.quarters[k], self.model.parameters.files
        hazard = self._ripening(self.pace, quarters, will, self.dialogue, p)
        return np.where(acceptable, probability(hazard), 0.0)

    def _ripening(self, pace: Floats, quarters: Floats, will: Floats, dialogue: Floats, p: Files) -> Floats:
        """Hazard that talks are ripe, as `will` in shape."""
        at_summit = self.model.quarter % 4 + 1 == self.model.settings.union.summits.quarter
        return rules.concluding_hazard(pace, quarters, will, dialogue, at_summit, p)

    # Phase 6

    def conclude_files(self) -> None:
        """Decide on every file in talks: conclude, thin out, block, stall, withdraw.

        What passes is worked out for files that are ripe, and for those that might not pass at the least worth signing.
        """
        at = self.instruments
        files, lanes = places(at.in_talks)
        draft, least = self.terms.draft_of(files, lanes), self.terms.least[files, lanes]
        ripe = self._ripe(files, lanes)
        passes, ballots = self._decided(files, lanes, least, ripe)
        agreed = np.minimum(draft, passes)
        acceptable = agreed >= least
        agreed, concluded = self._as_known(files, lanes, agreed, least, ripe & acceptable)
        at.drafted[files[concluded], lanes[concluded]] = agreed[concluded]
        thinned = np.maximum(0.0, draft - passes) * at.ambition[files, 0]
        self.dilution = np.zeros(self.model.width)
        np.add.at(self.dilution, lanes[concluded], thinned[concluded])
        self._blame(files, lanes, ballots, least, ripe & ~acceptable & ~concluded)
        stalled = np.where(acceptable, 0, at.stalled[files, lanes] + 1)
        at.stalled[files, lanes] = stalled
        self.concluded = self._mask(files, lanes, concluded)
        patience = lanes_of(self.model.parameters.files.patience, lanes)
        self._settle(self._mask(files, lanes, ~acceptable & (stalled >= patience)))

    def _mask(self, files: Whole, lanes: Whole, chosen: Mask) -> Mask:
        """The chosen ones of a list of files as a mask, (K, R)."""
        mask = np.zeros(self.instruments.file.shape, dtype=bool)
        mask[files[chosen], lanes[chosen]] = True
        return mask

    def ripe(self) -> Mask:
        """Talks that could be concluded this quarter, (K, R)."""
        files, lanes = places(self.instruments.in_talks)
        return self._mask(files, lanes, self._ripe(files, lanes))

    def _ripe(self, files: Whole, lanes: Whole) -> Mask:
        """Which of a list of files could be concluded this quarter, (N,)."""
        will, p = self.will()[files, lanes], in_lanes(self.model.parameters.files, lanes)
        quarters = self.instruments.quarters[files, 0]
        hazard = self._ripening(self.pace[lanes], quarters, will, self.dialogue[lanes], p)
        return happens(self._u_of("conclude", files, lanes), hazard)

    def _decided(self, files: Whole, lanes: Whole, least: Floats, ripe: Mask) -> tuple[Floats, list[Ballot]]:
        """Relative depth that passes on each of a list of files, (N,), 1 where all that counts is that enough does."""
        passes, ambition = np.ones(len(files)), self.instruments.ambition[files, 0]
        enough = self.model.council.surely_passes(files, lanes, least * ambition) & (not self.model.status.active)
        asked = np.flatnonzero(ripe | ~enough)
        passes[asked], ballots = self._put_to_vote(files[asked], lanes[asked])
        return passes, [ballot._replace(places=asked[ballot.places]) for ballot in ballots]

    def _council(self, k: int, one: Instrument, lanes: Whole, least: Floats) -> tuple[Floats, Mask]:
        """Relative depth that passes, and which voters' vetoes keep it below the least worth signing, (n, lanes)."""
        nobody = np.zeros((0, len(lanes)), dtype=bool)
        if one.rule == "R0":
            return np.ones(len(lanes)), nobody
        council = self.model.council
        level, bounds = council.passes(k, one, lanes)
        relative = np.minimum(1.0, level / one.ambition)
        if not council.is_unanimous(one):
            return relative, nobody
        furthest = bounds.accept if one.rule == "R7" else bounds.veto
        return relative, (furthest < least * one.ambition) & ~council.under_passerelle(one)[lanes]

    def _put_to_vote(self, files: Whole, lanes: Whole, noise: bool = True) -> tuple[Floats, list[Ballot]]:
        """Relative depth that passes on each of a list of files, (N,), 1 where services agree without a vote."""
        passes, voted = np.ones(len(files)), self._voted[files]
        level, ballots = self.model.council.vote(files[voted], lanes[voted], noise)
        passes[voted] = np.minimum(1.0, level / self.instruments.ambition[files[voted], 0])
        on_list = np.flatnonzero(voted)
        return passes, [ballot._replace(places=on_list[ballot.places]) for ballot in ballots]

    def _as_known(
        self, files: Whole, lanes: Whole, agreed: Floats, least: Floats, concluded: Mask
    ) -> tuple[Floats, Mask]:
        """Depth agreed on each of a list of files and whether it is concluded, (N,) each: as known where it is."""
        if self.model.status.active:
            for k in np.unique(files):
                here = files == k
                agreed[here], concluded[here] = self.model.status.concluding(
                    k, lanes[here], agreed[here], least[here], concluded[here]
                )
        return agreed, concluded

    def _blame(self, files: Whole, lanes: Whole, ballots: list[Ballot], least: Floats, stopped: Mask) -> None:
        """Count the vetoes of this quarter on files that were stopped, and book them on those who cast them."""
        council, catalogue, vetoed = self.model.council, self.instruments.catalogue, np.zeros_like(stopped)
        for ballot in ballots:
            chosen = np.flatnonzero(stopped[ballot.places])
            places = ballot.places[chosen]
            for k in np.unique(files[places]):
                one, here = catalogue[k], files[places] == k
                furthest = ballot.bounds.accept if one.rule == "R7" else ballot.bounds.veto
                lane = lanes[places[here]]
                opposed = furthest[:, chosen[here]] < least[places[here]] * one.ambition
                opposed &= council.is_unanimous(one) & ~council.under_passerelle(one)[lane]
                vetoed[places[here]] = opposed.any(axis=0)
                if self.model.recorder.wants("vetoes"):
                    for voter in np.flatnonzero(opposed.any(axis=1)):
                        row = int(ballot.by.rows[voter])
                        self.model.recorder.veto(k, one.slug, row, lane[opposed[voter]])
        self.vetoes = np.bincount(lanes[vetoed], minlength=self.model.width)

    def _settle(self, withdrawn: Mask) -> None:
        """Sign what was concluded or bring it into force, and take away what is given up; masks (K, R)."""
        at, status = self.instruments, self.model.status
        for k in np.flatnonzero((self.concluded | withdrawn).any(axis=1)).tolist():
            if at.with_mandate[k, 0]:
                at.sign(k, self.concluded[k])
            else:
                at.enter_into_force(k, self.concluded[k])
            gone = status.free(k, withdrawn[k])
            at.file[k] = np.where(gone, NO_FILE, at.file[k])
            self.model.recorder.transition(k, "withdrawn", gone)
