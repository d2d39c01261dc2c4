"""Phase 7: what was signed is ratified, applied provisionally, and enters into force (docs/ODD.md, 6.8)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from agents.portable import exp, happens, log, normal
from agents.rules import ratification as rules
from agents.rules.types import Floats, Mask, Value, Whole, in_lanes
from config import Instrument
from simulation.instruments import PROVISIONAL, RATIFIED_BY_MEMBERS, SIGNED, WITH_MANDATE

if TYPE_CHECKING:
    from simulation.model import PartnershipModel


class Ratifications:
    """Brings signed agreements into force: Parliament, the members, the Union's conclusion, Japan's Diet."""

    def __init__(self, model: PartnershipModel) -> None:
        self.model = model
        self.instruments = model.partnership
        signed = [one for one in self.instruments.catalogue if one.rule in WITH_MANDATE]
        for kind in ("diet", "conclusion", "provisional"):
            model.chance.register(f"{one.slug}/{kind}" for one in signed)
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
            self._ratify(k, at.catalogue[k], waiting[k])
        at.age += at.file >= SIGNED

    def _ratify(self, k: int, one: Instrument, waiting: Mask) -> None:
        at = self.instruments
        provisional = waiting & (at.file[k] == PROVISIONAL)
        consent = self._parliament(k, one)
        if one.diet:
            at.japan_ready[k] |= waiting & self._diet(one)
        at.union_ready[k] |= waiting & consent & self._union(k, one, waiting)
        both = at.japan_ready[k] & at.union_ready[k]
        if one.rule in RATIFIED_BY_MEMBERS:
            self._apply_provisionally(k, one, waiting & ~provisional & at.japan_ready[k] & consent)
            both &= provisional
        at.enter_into_force(k, self.model.status.reached(k, "in_force", waiting & both), keep=True)

    def _fires(self, one: Instrument, kind: str, hazard: Value) -> Mask:
        return happens(self.model.chance.draw(f"{one.slug}/{kind}"), np.broadcast_to(hazard, self.model.width))

    def _parliament(self, k: int, one: Instrument) -> Mask:
        """Consent of the European Parliament where the treaty asks for it: Art. 218(6)(a) TFEU."""
        if one.rule not in ("R5", "R8"):
            return np.ones(self.model.width, dtype=bool)
        return self.model.european_parliament.consents(self.instruments.drafted[k] * one.ambition)

    def _diet(self, one: Instrument) -> Mask:
        """Approval of a treaty by the Diet in this quarter; executive agreements need none."""
        diet = self.model.diet
        hazard = rules.diet_hazard(diet.lower, diet.thresholds.majority, self.model.parameters.ratification)
        return self._fires(one, "diet", hazard)

    def _union(self, k: int, one: Instrument, waiting: Mask) -> Mask:
        """Conclusion by the Union in this quarter; mixed agreements wait for every member."""
        p = self.model.parameters.ratification
        if one.rule not in RATIFIED_BY_MEMBERS:
            return self._fires(one, "conclusion", getattr(p, f"conclusion_{one.rule.lower()}"))
        if self.model.levers.on("lift_fragmentation"):
            return self._fires(one, "conclusion", p.conclusion_r8)
        self._members(k, waiting)
        return self.all_ratified(k, waiting) & self._fires(one, "conclusion", p.closing)

    def _members(self, k: int, waiting: Mask) -> None:
        """National procedures move on, each by the shared hazard and the member's weight."""
        states, p, at = self.model.member_states, self.model.parameters.ratification, self.instruments
        rows, lanes = states.rows, np.flatnonzero(waiting)
        p = in_lanes(p, lanes)
        hazard = rules.weibull_hazard(np.maximum(at.age[k, lanes], 1), self.frailty[k][lanes], p)
        here = np.ix_(rows, lanes)
        weight = rules.member_weight(states.stance[here], states.geography.chambers[rows], p)
        done: Floats = at.ratified[k].copy()
        done[here] = done[here] + weight * hazard
        at.ratified[k] = done

    def has_ratified(self, k: int) -> Mask:
        """Which members of this quarter have ratified, (V, R)."""
        return self._has_ratified(k, np.arange(self.model.width))

    def _has_ratified(self, k: int, lanes: Whole) -> Mask:
        here = np.ix_(self.model.member_states.rows, lanes)
        ratified: Mask = self.instruments.ratified[k][here] >= self.needed[k][here]
        return ratified

    def all_ratified(self, k: int, waiting: Mask) -> Mask:
        """Whether every member has ratified, in runs in which a file waits for them, (R,)."""
        everyone, lanes = np.zeros_like(waiting), np.flatnonzero(waiting)
        everyone[lanes] = np.all(self._has_ratified(k, lanes), axis=0)
        return everyone

    def _apply_provisionally(self, k: int, one: Instrument, possible: Mask) -> None:
        at = self.instruments
        fires = self._fires(one, "provisional", self.model.parameters.ratification.provisional)
        applied = self.model.status.reached(k, "provisional", possible & fires)
        at.file[k] = np.where(applied, PROVISIONAL, at.file[k])
        self.model.recorder.transition(k, "provisional", applied & ~at.in_force[k])
