"""Phases 8 and 9: money is paid, agreements are carried out, idle ones fade or lapse (docs/ODD.md, 6.9 and 6.10)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from agents.partners import NATO
from agents.portable import happens, may_happen, places, share, total
from agents.rules import bargaining
from agents.rules import delivery as rules
from agents.rules.types import Floats, Mask, lanes_of
from config import DOMAINS, PARTNERS
from simulation.instruments import CIVIL, EXERCISE, FRAMEWORK, MARITIME, MISSIONS, OSA, PARTICIPATION, SEA
from simulation.tracks import UK

if TYPE_CHECKING:
    from simulation.model import PartnershipModel

CAN_LAPSE = ("R0", "R1", "R3")


@dataclass(frozen=True)
class Means:
    """What carrying out depends on in a quarter, each (R,)."""

    spare: Floats
    resources: Floats
    framework: Floats
    dialogue: Floats


class Delivery:
    """Turns agreements into activity."""

    def __init__(self, model: PartnershipModel) -> None:
        self.model = model
        self.instruments = model.partnership
        self._lapse = model.chance.register_seldom(f"{one.slug}/lapse" for one in self.instruments.catalogue)
        self._can_lapse: Mask = np.array([[one.rule in CAN_LAPSE] for one in self.instruments.catalogue])
        codes = [one.iso3 for one in model.settings.members]
        self.lead = np.array([codes.index(iso) for iso in PARTNERS if iso != UK])

    # Phase 8

    def pay(self) -> None:
        """Pay from the Peace Facility: Ukraine, then Southeast Asia if the Council agrees once more."""
        at, p, levers = self.instruments, self.model.parameters, self.model.levers
        k = at.place[SEA]
        asked = p.money.south_east_asia * at.agreed[k] + levers.strategy(p.levers.indo_pacific_money)
        wanted = np.where(at.in_force[k], asked, 0.0)
        agreed = np.zeros(self.model.width, dtype=bool)
        lanes = np.flatnonzero(at.in_force[k])
        if lanes.size:
            passes, _ = self.model.council.passes(k, at.catalogue[k], lanes)
            agreed[lanes] = at.agreed[k, lanes] * at.catalogue[k].ambition <= passes
        self.model.peace_facility.pay(wanted, agreed)

    # Phase 9

    def carry_out(self) -> None:
        """Carry out what is agreed; let idle instruments fade and lapse; build interoperability."""
        at, p = self.instruments, self.model.parameters.delivery
        self.means = Means(self.spare, self.resources, self.framework, self.model.negotiation.dialogue)
        rates = self._rates(self.means)
        effective, carried_out = at.effective, np.empty_like(at.operational)
        for domain in DOMAINS:
            rows = at.in_domain[domain]
            done, agreed = at.operational[rows], effective[rows]
            activity = share(total(done), total(agreed))
            carried_out[rows] = rules.carried_out(done, agreed, rates[domain], activity, p)
        at.operational = carried_out
        self._lapse_idle()
        self._interoperate()
        at.settle()
        at.show()

    @property
    def spare(self) -> Floats:
        """Share of means that is spare, (R,)."""
        lever = self.model.levers.strategy(self.model.levers.p.indo_pacific_means)
        return rules.spare(self.model.pressures.russia, lever, self.model.parameters.delivery)

    @property
    def resources(self) -> Floats:
        """Means for operational work, (R,)."""
        states, p = self.model.member_states, self.model.parameters.delivery
        gdp = states.geography.gdp[self.lead]
        lead = rules.spending_ratio(total(gdp * states.spending[self.lead]) / total(gdp), p)
        return rules.resources(self.spare, lead, self.japan_arms, self.model.levers.ships, p)

    @property
    def japan_arms(self) -> Floats:
        """Japan's defence spending against the pledge, (R,), 0-1."""
        return rules.spending_ratio(self.model.cabinet.spending, self.model.parameters.delivery)

    @property
    def framework(self) -> Floats:
        """Framework factor, (R,)."""
        at = self.instruments
        lifted = np.full(self.model.width, self.model.levers.on("lift_framework"))
        halfway = at.is_in_force(PARTICIPATION) | at.is_in_force(MARITIME)
        return bargaining.framework_factor(at.is_in_force(FRAMEWORK) | lifted, halfway, self.model.parameters.delivery)

    def _rates(self, means: Means) -> dict[str, Floats]:
        """Share of the gap that closes this quarter, by field: (R,), or by instrument (n, R)."""
        at, p = self.instruments, self.model.parameters.delivery
        civil = rules.civil_rate(means.spare, means.dialogue, p)
        operational = rules.delivery_rate(means.resources, means.framework, at.interoperability, means.dialogue, p)
        rates = {domain: civil if domain in CIVIL else operational for domain in DOMAINS}
        receptive = self.model.asean.receptiveness
        for slug, funded in ((SEA, self.model.peace_facility.funding()), (OSA, 1.0)):
            k = at.place[slug]
            domain = at.catalogue[k].domain
            rows = at.in_domain[domain]
            rates[domain] = np.broadcast_to(rates[domain], (len(rows), self.model.width)).copy()
            rates[domain][rows.index(k)] = rates[domain][rows.index(k)] * funded * receptive
        return rates

    def _lapse_idle(self) -> None:
        at, status, scheduled = self.instruments, self.model.status, self.instruments.lapses == self.model.quarter
        fires = self._idle()
        for k in np.flatnonzero(fires.any(axis=1) | scheduled[:, 0] | status.active).tolist():
            lapsed = at.in_force[k] & (status.lapsing(k, fires[k]) | scheduled[k])
            if lapsed.any():
                at.lapse(k, lapsed)
                if status.holds(at.catalogue[k].slug):
                    self.model.beliefs.of_lapse(at.catalogue[k].slug)

    def _idle(self) -> Mask:
        """Instruments in force that would lapse by chance, the more so the idler they are, (K, R)."""
        at, rate = self.instruments, self.model.parameters.files.lapse
        fires, (files, lanes) = np.zeros_like(at.in_force), places(at.in_force & self._can_lapse)
        u = self.model.chance.some(self._lapse, files, lanes)
        likely = may_happen(u, lanes_of(rate, lanes))
        some = files[likely], lanes[likely]
        idle = 1 - share(at.operational[some], at.agreed[some])
        fires[some] = happens(u[likely], lanes_of(rate, some[1]) * np.maximum(0.0, idle))
        return fires

    def _interoperate(self) -> None:
        at, tracks = self.instruments, self.model.tracks
        at.interoperability = rules.interoperability(
            at.interoperability,
            at.carried_out(EXERCISE),
            at.carried_out(MISSIONS),
            tracks.mean_depth,
            self.model.rivals.depth[NATO],
            self.model.levers.exercises(self.model.member_states.geography.military_expenditure[tracks.rows]),
            self.model.parameters.delivery,
        )
