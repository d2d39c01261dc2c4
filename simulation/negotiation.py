"""Phases 5 and 6: files are opened, negotiated, decided on in the Council and signed (docs/ODD.md, 6.5 and 6.6)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from agents.portable import probability
from agents.rules import bargaining as rules
from agents.rules.types import Floats, Mask, Value, Whole
from config import Instrument
from simulation.instruments import DIALOGUE, FAST_TRACK, MANDATED, NEGOTIATING, NO_FILE

if TYPE_CHECKING:
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


class Negotiation:
    """Opens and concludes files; keeps what the quarter's tables ask about."""

    def __init__(self, model: PartnershipModel) -> None:
        self.model = model
        self.instruments = model.partnership
        slugs = [one.slug for one in self.instruments.catalogue]
        self._draws = {
            kind: model.chance.register(f"{slug}/{kind}" for slug in slugs)
            for kind in ("open", "talks", "tie", "conclude")
        }
        shape = self.instruments.file.shape
        self.dilution: Floats = np.zeros(model.width)
        self.vetoes: Whole = np.zeros(model.width, dtype=np.int64)
        self.concluded: Mask = np.zeros(shape, dtype=bool)
        self.blocked_prerequisite: Mask = np.zeros(shape, dtype=bool)
        self.denied_slot: Mask = np.zeros(shape, dtype=bool)
        self.free: Mask = np.ones(shape, dtype=bool)

    def _u(self, kind: str) -> Floats:
        return self.model.chance.rows(self._draws[kind])

    # What both sides bring; `terms` are those of this quarter

    def _terms(self) -> Terms:
        """Ceilings, wish and the principals' midpoint for every instrument."""
        model, at = self.model, self.instruments
        p = model.parameters
        japan = p.council.acceptance_japan * model.cabinet.position
        wanted = np.where(at.led_by_commission, model.commission.position, model.high_representative.position)
        mid = rules.midpoint(p.council.acceptance * wanted, japan, at.ambition, p.files.weight_union)
        worth = np.broadcast_to(np.minimum(1.0, at.least * p.files.least_factor), mid.shape)
        least = np.where(at.in_force, np.maximum(worth, at.agreed), worth)
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
        will = self.instruments.will.copy()
        for slug in FAST_TRACK:
            k = self.instruments.place[slug]
            will[k] = np.maximum(will[k], self.model.levers.framework)
        return will

    def _track(self) -> Floats:
        """What the fast track adds to hazards, (K, R)."""
        track = np.zeros(self.instruments.file.shape)
        for slug in FAST_TRACK:
            track[self.instruments.place[slug]] = self.model.levers.framework * self.model.levers.p.framework_track
        return track

    # Phase 5

    def open_files(self) -> None:
        """Table the files whose time has come, and give slots to those pushed hardest."""
        at = self.instruments
        terms = self.terms = self._terms()
        foreseen = self._foreseen()
        push = self.push = self._push(foreseen, terms)
        ready = self._ready(np.minimum(np.minimum(np.minimum(foreseen, terms.cap), terms.wish), terms.mid))
        needed = self.needed = self._needs_met()
        by_chance = ~self.model.status.first_files()
        drawn = by_chance & ready & (self._u("open") < probability(push))
        opened = drawn & needed
        self.blocked_prerequisite = drawn & ~needed
        asks = (opened & ~at.with_mandate) | (by_chance & self._to_talks())
        granted = self._granted(asks, push)
        self.denied_slot = asks & ~granted
        self._begin_files(*self.model.status.opening(opened & at.with_mandate, granted, opened))

    def _foreseen(self) -> Floats:
        """Relative depth that would pass as far as positions tell, (K, R)."""
        council, seen = self.model.council, {}
        rows = []
        for one in self.instruments.catalogue:
            if one.rule == "R0":
                rows.append(np.ones(self.model.width))
                continue
            unanimous = council.is_unanimous(one)
            slug = one.slug if council.under_passerelle(one).any() else ""
            key = (
                one.domain,
                one.defence,
                one.rule == "R7",
                one.rule in ("R1", "R9"),
                one.rule == "R9",
                unanimous,
                slug,
            )
            if key not in seen:
                seen[key] = council.passes_without_noise(one)
            rows.append(np.minimum(1.0, seen[key] / one.ambition))
        return np.stack(rows)

    def _push(self, foreseen: Floats, terms: Terms) -> Floats:
        """Hazard of opening each file, (K, R)."""
        model, at = self.model, self.instruments
        chance = rules.forecast(foreseen, terms.least, model.parameters.files)
        soft = np.stack(
            [
                rules.soft_factor(
                    [at.is_in_force(slug) for slug in one.helped_by], model.parameters.files.soft_missing, model.width
                )
                for one in at.catalogue
            ]
        )
        return rules.opening_hazard(
            (model.attention_eu, model.attention_japan), self._demand(), soft, chance, self.dialogue,
            at.in_talks.sum(axis=0), self._track(), model.parameters.files,
        )  # fmt: skip

    def _demand(self) -> tuple[Floats, Floats]:
        """Demand of the Union and of Japan, (K, R) each."""
        domains, levers = self.model.parameters.domains, self.model.levers
        width = self.model.width

        def union(one: Instrument) -> Floats:
            demand: Value = getattr(domains, f"{one.domain}_eu")
            return np.broadcast_to(demand * (1 + levers.framework) if one.domain == "operations" else demand, width)

        japan = [np.broadcast_to(getattr(domains, f"{one.domain}_japan"), width) for one in self.instruments.catalogue]
        return np.stack([union(one) for one in self.instruments.catalogue]), np.stack(japan)

    def _ready(self, potential: Floats) -> Mask:
        """Instruments without a file that could be opened or, in force, deepened by a margin, (K, R)."""
        at, margin = self.instruments, self.model.parameters.files.margin
        worthwhile = ~at.in_force | (potential - at.agreed > margin)
        return at.exists(self.model.quarter) & (at.file == NO_FILE) & worthwhile

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
        hazard = rules.talks_hazard(self.pace, self.will(), self.dialogue, self._track(), self.model.parameters.files)
        return (self.instruments.file == MANDATED) & (self._u("talks") < probability(hazard))

    def _granted(self, asks: Mask, push: Floats) -> Mask:
        """Who gets a slot, (K, R): the High Representative and the Commission have their own."""
        at, granted = self.instruments, np.zeros_like(asks)
        for leader, mine in (
            (self.model.high_representative, ~at.led_by_commission[:, 0]),
            (self.model.commission, at.led_by_commission[:, 0]),
        ):
            free = leader.slots() - at.in_talks[mine].sum(axis=0)
            self.free[mine] = free > 0
            granted[mine] = rules.slots_granted(asks[mine], push[mine], self._u("tie")[mine], free)
        return granted

    def _begin_files(self, mandated: Mask, granted: Mask, opened: Mask) -> None:
        at, record = self.instruments, self.model.recorder.transition
        at.file = np.where(granted, NEGOTIATING, np.where(mandated, MANDATED, at.file))
        begun = mandated | (granted & opened)
        at.stalled = np.where(begun, 0, at.stalled)
        for k in np.flatnonzero((mandated | granted).any(axis=1)).tolist():
            record(k, "mandated", mandated[k] & ~at.in_force[k])
            record(k, "reopened", begun[k] & at.in_force[k])
            record(k, "negotiating", granted[k] & ~at.in_force[k])

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
        return np.where(acceptable, probability(self._ripening(self.instruments.quarters[k], will)), 0.0)

    def _ripening(self, quarters: Floats, will: Floats) -> Floats:
        """Hazard that talks are ripe, as `will` in shape."""
        at_summit = self.model.quarter % 4 + 1 == self.model.settings.union.summits.quarter
        return rules.concluding_hazard(self.pace, quarters, will, self.dialogue, at_summit, self.model.parameters.files)

    # Phase 6

    def conclude_files(self) -> None:
        """Decide on every file in talks: conclude, thin out, block, stall, withdraw."""
        self.dilution, self.vetoes = np.zeros(self.model.width), np.zeros(self.model.width, dtype=np.int64)
        self.concluded = np.zeros_like(self.concluded)
        in_talks, draft, ripe = self.instruments.in_talks, self.terms.draft, self.ripe()
        for k in np.flatnonzero(in_talks.any(axis=1)).tolist():
            lanes = np.flatnonzero(in_talks[k])
            one = self.instruments.catalogue[k]
            self._decide(k, one, lanes, draft[k, lanes], self.terms.least[k, lanes], ripe[k, lanes])

    def ripe(self) -> Mask:
        """Talks that could be concluded this quarter, (K, R)."""
        return self._u("conclude") < probability(self._ripening(self.instruments.quarters, self.will()))

    def _decide(self, k: int, one: Instrument, lanes: Whole, draft: Floats, least: Floats, ripe: Mask) -> None:
        at = self.instruments
        passes, opposed = self._council(k, one, lanes, least)
        agreed = np.minimum(draft, passes)
        acceptable = agreed >= least
        agreed, concluded = self.model.status.concluding(k, lanes, agreed, least, ripe & acceptable)
        at.drafted[k, lanes[concluded]] = agreed[concluded]
        thinned = np.maximum(0.0, draft - passes) * one.ambition
        self.dilution[lanes] = self.dilution[lanes] + np.where(concluded, thinned, 0.0)
        self._blame(k, one, lanes, opposed & ripe & ~acceptable & ~concluded)
        stalled = np.where(acceptable, 0, at.stalled[k, lanes] + 1)
        at.stalled[k, lanes] = stalled
        self.concluded[k, lanes] = concluded
        if at.with_mandate[k, 0]:
            at.sign(k, self.concluded[k])
        else:
            at.enter_into_force(k, self.concluded[k])
        self._withdraw(k, lanes, ~acceptable & (stalled >= self._patience(lanes)))

    def _patience(self, lanes: Whole) -> Value:
        patience = self.model.parameters.files.patience
        return patience[lanes] if isinstance(patience, np.ndarray) else patience

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

    def _blame(self, k: int, one: Instrument, lanes: Whole, opposed: Mask) -> None:
        """Count the vetoes of this quarter on a file, and book them on those who cast them."""
        self.vetoes[lanes] = self.vetoes[lanes] + opposed.any(axis=0)
        if self.model.recorder.wants("vetoes"):
            rows = self.model.council.voters(one).rows
            for place in np.flatnonzero(opposed.any(axis=1)):
                self.model.recorder.veto(k, one.slug, int(rows[place]), lanes[opposed[place]])

    def _withdraw(self, k: int, lanes: Whole, withdrawn: Mask) -> None:
        at = self.instruments
        gone = np.zeros(self.model.width, dtype=bool)
        gone[lanes] = withdrawn
        gone = self.model.status.free(k, gone)
        at.file[k] = np.where(gone, NO_FILE, at.file[k])
        self.model.recorder.transition(k, "withdrawn", gone)
