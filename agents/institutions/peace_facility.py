"""The European Peace Facility: a ceiling, Ukraine first, then others; unanimity at every step.

Decision (CFSP) 2021/509; outside the budget because Art. 41(2) TEU bars it for military operations. EUR million.
"""

from __future__ import annotations

import numpy as np

from agents.portable import share, total
from agents.rules.types import Floats, Mask, Value
from agents.world import Actor, World

QUARTERS_OF_PERIOD = 28
"""The ceiling is for seven years, 2021-27."""


class PeaceFacility(Actor):
    """Holds the headroom and the stock of blocked money, and pays."""

    def __init__(self, model: World) -> None:
        super().__init__(model)
        table, r = model.settings.table.peace_facility, model.width
        self.headroom: Floats = np.full(r, float(table.headroom_eur_m))
        self.blocked_stock: Floats = np.full(r, float(table.blocked_eur_m))
        self.request: Floats = np.zeros(r)
        self.paid_ukraine: Floats = np.zeros(r)
        self.paid_indo_pacific: Floats = np.zeros(r)
        self.contributed: Floats = np.zeros((len(model.settings.members), r))
        self.contributed_lethal: Floats = np.zeros((len(model.settings.members), r))

    def envelope(self) -> float:
        """Money of one quarter: its share of the ceiling in force, 0 before the Facility exists."""
        plan, quarter = self.model.settings.union.peace_facility, self.model.quarter
        if quarter >= plan.successor.begins:
            return plan.successor.eur_m_per_year / 4
        begun = [ceiling.eur_m for ceiling in plan.ceilings if ceiling.begins <= quarter]
        return begun[-1] / QUARTERS_OF_PERIOD if begun else 0.0

    def prepare(self) -> None:
        """Add this quarter's money, and form the request for Ukraine that the Council will vote on."""
        p, envelope = self.model.parameters.money, self.envelope()
        self.headroom = np.minimum(self.headroom + envelope, p.carry_over * envelope)
        self.request = np.minimum(self.headroom, p.ukraine_request * self.model.pressures.russia)

    def pay(self, wanted_indo_pacific: Floats, agreed_indo_pacific: Mask) -> None:
        """Pay for Ukraine unless blocked, then for Southeast Asia what is left, if nobody objects.

        A blocked request stays committed and is paid once no state holds it up, as after a change of government.
        """
        vote = next(topic for topic in self.model.council.agenda if topic.name == "peace_facility")
        self.paid_ukraine = np.where(vote.blocked, 0.0, self.request + self.blocked_stock)
        self.blocked_stock = np.where(vote.blocked, self.blocked_stock + self.request, 0.0)
        left = self.headroom - self.request
        self.paid_indo_pacific = np.where(agreed_indo_pacific, np.minimum(left, wanted_indo_pacific), 0.0)
        self.headroom = left - self.paid_indo_pacific
        self._charge(vote.abstained)

    def _charge(self, abstained: Mask) -> None:
        """Contributions of members, (M, R), by GDP: a declared abstainer pays no lethal aid but more of the rest.

        Decision (CFSP) 2021/509, Art. 5(3) and 27: the abstainer's share goes to other measures.
        """
        states = self.model.member_states
        gdp = states.geography.gdp[states.rows]
        lethal = self.model.parameters.money.lethal_share * self.paid_ukraine
        payers = np.where(abstained, 0.0, gdp)
        self.contributed = np.zeros_like(self.contributed)
        self.contributed_lethal = np.zeros_like(self.contributed)
        self.contributed[states.rows] = gdp / total(gdp) * (self.paid_ukraine + self.paid_indo_pacific)
        self.contributed_lethal[states.rows] = share(payers, total(payers)) * lethal

    def funding(self) -> Floats:
        """How far a full programme in Southeast Asia is paid for this quarter, (R,), 0-1."""
        full: Value = self.model.parameters.money.south_east_asia_full
        return np.minimum(1.0, self.paid_indo_pacific / full)
