"""Phase 7: what was signed is ratified, applied provisionally, and enters into force (docs/ODD.md, 6.8)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from agents.portable import exp, happens, log, normal, places
from agents.rules import ratification as rules
from agents.rules.types import Floats, Mask, Whole, in_lanes, lanes_of
from simulation.instruments import PROVISIONAL, RATIFIED_BY_MEMBERS, SIGNED, WITH_MANDATE

if TYPE_CHECKING:
    from simulation.model import PartnershipModel


class Ratifications:
    """Brings signed agreements into force: Parliament, the members, the Union's conclusion, Japan's Diet."""

    def __init__(self, model: PartnershipModel) -> None:
        self.model = model
        self.instruments = model.partnership
        catalogue = self.instruments.catalogue
        signed = [k for k, one in enumerate(catalogue) if one.rule in WITH_MANDATE]
        self._draws = {
            kind: model.chance.register_seldom(f"{catalogue[k].slug}/{kind}" for k in signed)
            for kind in ("diet", "conclusion", "provisional")
        }
        self._row = np.zeros(len(catalogue), dtype=np.int64)
        self._row[signed] = np.arange(len(signed))
        self._by_members = np.array([one.rule in RATIFIED_BY_MEMBERS for one in catalogue])
        self._asks_parliament = np.array([one.rule in ("R5", "R8") for one in catalogue])
        self._asks_diet = np.array([one.diet for one in catalogue])
        codes = [one.iso3 for one in model.settings.members]
        once, spread = model.chance.once_table, model.parameters.ratification.frailty
        self.needed = {
            k: -log(once(f"{catalogue[k].slug}/ratification/{iso}" for iso in codes)) for k in self.instruments.ratified
        }
        self.frailty = {
            k: exp(spread * normal(model.chance.once(f"{catalogue[k].slug}/ratification frailty")))
            for k in self.instruments.ratified
        }

    def ratify(self) -> None:
        """Take every signed file a quarter further."""
        at, status = self.instruments, self.model.status
        some = files, lanes = places((at.file >= SIGNED) & (at.age >= 1))
        provisional = at.file[some] == PROVISIONAL
        consent = self._parliament(files, lanes)
        at.japan_ready[some] |= self._diet(files, lanes)
        at.union_ready[some] |= consent & self._union(files, lanes)
        japan, by_members = at.japan_ready[some], self._by_members[files]
        applied = self._applied(files, lanes, by_members & ~provisional & japan & consent)
        ready = japan & at.union_ready[some] & (provisional | ~by_members)
        for k in np.unique(files).tolist():
            self._apply_provisionally(k, status.reached(k, "provisional", self._lanes_of(k, files, lanes, applied)))
            in_force = status.reached(k, "in_force", self._lanes_of(k, files, lanes, ready))
            at.enter_into_force(k, in_force, keep=True)
        at.age += at.file >= SIGNED

    def _lanes_of(self, k: int, files: Whole, lanes: Whole, chosen: Mask) -> Mask:
        """The chosen runs of a file of a list, as a mask (R,)."""
        mask = np.zeros(self.model.width, dtype=bool)
        mask[lanes[chosen & (files == k)]] = True
        return mask

    def _fires(self, kind: str, files: Whole, lanes: Whole, hazard: Floats) -> Mask:
        return happens(self.model.chance.some(self._draws[kind], self._row[files], lanes), hazard)

    def _parliament(self, files: Whole, lanes: Whole) -> Mask:
        """Consent of the European Parliament where the treaty asks for it: Art. 218(6)(a) TFEU, (N,)."""
        at, p, parliament = self.instruments, self.model.parameters, self.model.european_parliament
        level = at.drafted[files, lanes] * at.ambition[files, 0]
        acceptance, p_here = lanes_of(p.council.acceptance, lanes), in_lanes(p.ratification, lanes)
        consents = rules.parliament_consents(level, parliament.position[lanes], acceptance, p_here)
        return ~self._asks_parliament[files] | consents

    def _diet(self, files: Whole, lanes: Whole) -> Mask:
        """Approval of a treaty by the Diet in this quarter, (N,); executive agreements need none."""
        diet, p = self.model.diet, in_lanes(self.model.parameters.ratification, lanes)
        hazard = rules.diet_hazard(diet.lower[lanes], diet.thresholds.majority, p)
        return self._asks_diet[files] & self._fires("diet", files, lanes, hazard)

    def _union(self, files: Whole, lanes: Whole) -> Mask:
        """Conclusion by the Union in this quarter, (N,); mixed agreements wait for every member."""
        p, lifted = self.model.parameters.ratification, self.model.levers.on("lift_fragmentation")
        ready, hazard = np.ones(len(files), dtype=bool), np.empty(len(files))
        for k in np.unique(files).tolist():
            here, rule = files == k, self.instruments.catalogue[k].rule
            rate = p.conclusion_r8 if lifted else p.closing
            if rule not in RATIFIED_BY_MEMBERS:
                rate = getattr(p, f"conclusion_{rule.lower()}")
            elif not lifted:
                self._members(k, lanes[here])
                ready[here] = self._has_ratified(k, lanes[here]).all(axis=0)
            hazard[here] = lanes_of(rate, lanes[here])
        return ready & self._fires("conclusion", files, lanes, hazard)

    def _applied(self, files: Whole, lanes: Whole, possible: Mask) -> Mask:
        """Mixed agreements that the Union applies provisionally from now on, (N,)."""
        hazard = np.broadcast_to(lanes_of(self.model.parameters.ratification.provisional, lanes), lanes.shape)
        return possible & self._fires("provisional", files, lanes, hazard)

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

    def _apply_provisionally(self, k: int, applied: Mask) -> None:
        at = self.instruments
        at.file[k][applied] = PROVISIONAL
        self.model.recorder.transition(k, "provisional", applied & ~at.in_force[k])
