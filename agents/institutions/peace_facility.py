"""The European Peace Facility: a ceiling (dated, as decided), Ukraine first, then others; unanimity on each.

Decision (CFSP) 2021/509; outside the budget because Art. 41(2) TEU bars it for military operations. EUR million.
"""

from __future__ import annotations

import numpy as np

from agents.portable import share, total
from agents.rules.types import Floats, Mask, Value, Whole
from agents.world import Actor, World


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
        self._payers: Whole = np.zeros(0, dtype=np.int64)
        self._abstained: Mask = np.zeros((0, r), dtype=bool)
        self._lethal: Floats = np.zeros(r)

    def envelope(self) -> float:
        """Money of one quarter, 0 before the Facility exists: what is left of the ceiling over what is left of time.

        So the whole of each ceiling is granted by the end of its period, whenever it was raised.
        """
        plan, quarter = self.model.settings.union.peace_facility, self.model.quarter
        if quarter >= plan.successor.begins:
            return plan.successor.eur_m_per_year / 4
        granted = share = 0.0
        for each in range(plan.ceilings[0].begins, min(quarter, plan.until) + 1):
            ceiling = [row.eur_m for row in plan.ceilings if row.begins <= each][-1]
            share = (ceiling - granted) / (plan.until - each + 1)
            granted = granted + share
        return share if plan.ceilings[0].begins <= quarter <= plan.until else 0.0

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
        self._payers, self._abstained = vote.rows, vote.abstained
        self._lethal = self.model.parameters.money.lethal_share * self.paid_ukraine

    @property
    def contributed(self) -> Floats:
        """Contributions of members to what was paid this quarter, (M, R), by GDP."""
        gdp = self.model.member_states.geography.gdp[self._payers]
        return self._of_all(gdp / total(gdp) * (self.paid_ukraine + self.paid_indo_pacific))

    @property
    def contributed_lethal(self) -> Floats:
        """Contributions to lethal aid, (M, R): a declared abstainer pays none of it but more of the rest.

        Decision (CFSP) 2021/509, Art. 5(3) and 27: the abstainer's share goes to other measures.
        """
        payers = np.where(self._abstained, 0.0, self.model.member_states.geography.gdp[self._payers])
        return self._of_all(share(payers, total(payers)) * self._lethal)

    def _of_all(self, paid: Floats) -> Floats:
        """What payers paid, (n, R), as rows of all states, (M, R)."""
        contributions = np.zeros((len(self.model.settings.members), self.model.width))
        contributions[self._payers] = paid
        return contributions

    def funding(self) -> Floats:
        """How far a full programme in Southeast Asia is paid for this quarter, (R,), 0-1."""
        full: Value = self.model.parameters.money.south_east_asia_full
        return np.minimum(1.0, self.paid_indo_pacific / full)
