"""Phase 7: what was signed is ratified, applied provisionally, and enters into force (docs/ODD.md, 6.8)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from agents.portable import exp, happens, log, normal
from agents.rules import ratification as rules
from agents.rules.types import Mask, Value, Whole, in_lanes, lanes_of
from config import Instrument
from simulation.instruments import PROVISIONAL, RATIFIED_BY_MEMBERS, SIGNED, WITH_MANDATE

if TYPE_CHECKING:
    from simulation.model import PartnershipModel


class Ratifications:
    """Brings signed agreements into force: Parliament, the members, the Union's conclusion, Japan's Diet."""

    def __init__(self, model: PartnershipModel) -> None:
        self.model = model
        self.instruments = model.partnership
        self._signed = [k for k, one in enumerate(self.instruments.catalogue) if one.rule in WITH_MANDATE]
        slugs = [self.instruments.catalogue[k].slug for k in self._signed]
        self._draws = {
            kind: model.chance.register_seldom(f"{slug}/{kind}" for slug in slugs)
            for kind in ("diet", "conclusion", "provisional")
        }
        codes = [one.iso3 for one in model.settings.members]
        once, spread = model.chance.once_table, model.parameters.ratification.frailty
        self.needed = {
            k: -log(once(f"{self.instruments.catalogue[k].slug}/ratification/{iso}" for iso in codes))
            for k in self.instruments.ratified
        }
        self.frailty = {
            k: exp(spread * normal(model.chance.once(f"{self.instruments.catalogue[k].slug}/ratification frailty")))
            for k in self.instruments.ratified
        }

    def ratify(self) -> None:
        """Take every signed file a quarter further."""
        at = self.instruments
        waiting = (at.file >= SIGNED) & (at.age >= 1)
        for k in np.flatnonzero(waiting.any(axis=1)).tolist():
            self._ratify(k, at.catalogue[k], np.flatnonzero(waiting[k]))
        at.age += at.file >= SIGNED

    def _ratify(self, k: int, one: Instrument, lanes: Whole) -> None:
        """Take a file a quarter further in the runs in which it waits; masks (lanes,)."""
        at = self.instruments
        provisional = at.file[k, lanes] == PROVISIONAL
        consent = self._parliament(k, one, lanes)
        if one.diet:
            at.japan_ready[k, lanes] |= self._diet(k, lanes)
        at.union_ready[k, lanes] |= consent & self._union(k, one, lanes)
        japan, union = at.japan_ready[k, lanes], at.union_ready[k, lanes]
        both = japan & union
        if one.rule in RATIFIED_BY_MEMBERS:
            self._apply_provisionally(k, lanes, ~provisional & japan & consent)
            both &= provisional
        at.enter_into_force(k, self.model.status.reached(k, "in_force", self._everywhere(lanes, both)), keep=True)

    def _everywhere(self, lanes: Whole, some: Mask) -> Mask:
        """What holds in some of the runs, (lanes,), as a mask over all, (R,)."""
        mask = np.zeros(self.model.width, dtype=bool)
        mask[lanes] = some
        return mask

    def _fires(self, k: int, kind: str, lanes: Whole, hazard: Value) -> Mask:
        u = self.model.chance.some(self._draws[kind], np.array(self._signed.index(k)), lanes)
        return happens(u, np.broadcast_to(hazard, lanes.shape))

    def _parliament(self, k: int, one: Instrument, lanes: Whole) -> Mask:
        """Consent of the European Parliament where the treaty asks for it: Art. 218(6)(a) TFEU."""
        if one.rule not in ("R5", "R8"):
            return np.ones(len(lanes), dtype=bool)
        return self.model.european_parliament.consents(self.instruments.drafted[k] * one.ambition)[lanes]

    def _diet(self, k: int, lanes: Whole) -> Mask:
        """Approval of a treaty by the Diet in this quarter; executive agreements need none."""
        diet, p = self.model.diet, in_lanes(self.model.parameters.ratification, lanes)
        return self._fires(k, "diet", lanes, rules.diet_hazard(diet.lower[lanes], diet.thresholds.majority, p))

    def _union(self, k: int, one: Instrument, lanes: Whole) -> Mask:
        """Conclusion by the Union in this quarter; mixed agreements wait for every member."""
        p = in_lanes(self.model.parameters.ratification, lanes)
        if one.rule not in RATIFIED_BY_MEMBERS:
            return self._fires(k, "conclusion", lanes, getattr(p, f"conclusion_{one.rule.lower()}"))
        if self.model.levers.on("lift_fragmentation"):
            return self._fires(k, "conclusion", lanes, p.conclusion_r8)
        self._members(k, lanes)
        return self._has_ratified(k, lanes).all(axis=0) & self._fires(k, "conclusion", lanes, p.closing)

    def _members(self, k: int, lanes: Whole) -> None:
        """National procedures move on, each by the shared hazard and the member's weight."""
        states, at, p = self.model.member_states, self.instruments, in_lanes(self.model.parameters.ratification, lanes)
        hazard = rules.weibull_hazard(np.maximum(at.age[k, lanes], 1), self.frailty[k][lanes], p)
        here = np.ix_(states.rows, lanes)
        weight = rules.member_weight(states.stance[here], states.geography.chambers[states.rows], p)
        at.ratified[k][here] += weight * hazard

    def has_ratified(self, k: int) -> Mask:
        """Which members of this quarter have ratified, (V, R)."""
        return self._has_ratified(k, np.arange(self.model.width))

    def _has_ratified(self, k: int, lanes: Whole) -> Mask:
        here = np.ix_(self.model.member_states.rows, lanes)
        ratified: Mask = self.instruments.ratified[k][here] >= self.needed[k][here]
        return ratified

    def _apply_provisionally(self, k: int, lanes: Whole, possible: Mask) -> None:
        at = self.instruments
        fires = self._fires(k, "provisional", lanes, lanes_of(self.model.parameters.ratification.provisional, lanes))
        applied = self.model.status.reached(k, "provisional", self._everywhere(lanes, possible & fires))
        at.file[k][applied] = PROVISIONAL
        self.model.recorder.transition(k, "provisional", applied & ~at.in_force[k])
