"""Trust follows delivery, China may retaliate, budgets follow threats."""

import numpy as np
import pytest

from agents.rules import feedback as rules
from tests.agents.sample import TINY, Numbers, R, agree, by_run, first_values, given, numbers, within
from tests.twin import portable as twin

P = first_values().feedback


@given(numbers)
def test_trust_equals_its_scalar_twin(n: Numbers) -> None:
    last, delivered, gap, attention, p = n.members(), n.runs(), n.runs(), n.members(), by_run(n.p.feedback)

    def trust(member: int, run: int) -> float:
        q, before = p[run], float(last[member, run])
        target = q.trust + q.trust_delivery * float(delivered[run])
        target = target - q.trust_gap * float(gap[run]) * float(attention[member, run])
        target = min(1.0, max(0.0, target))
        return before + q.trust_pace * (target - before)

    agree(rules.trust(last, delivered, gap, attention, n.p.feedback), trust)


@given(numbers)
def test_trust_stays_a_share_grows_with_delivery_and_falls_with_a_gap_that_is_noticed(n: Numbers) -> None:
    last, delivered, gap, attention = n.members(), n.runs(), n.runs(), n.members()
    trust = rules.trust(last, delivered, gap, attention, n.p.feedback)
    assert within(trust)
    assert (rules.trust(last, n.more(delivered), gap, attention, n.p.feedback) >= trust - TINY).all()
    assert (rules.trust(last, delivered, n.more(gap), attention, n.p.feedback) <= trust + TINY).all()
    assert (rules.trust(last, delivered, gap, n.more(attention), n.p.feedback) <= trust + TINY).all()


def test_who_does_not_attend_does_not_notice_the_gap() -> None:
    """Target 0.25 + 1.2 of 0.25, less 0.6 of a gap of one half by attention; a twentieth of the way from 0.35."""
    found = rules.trust(np.full(2, 0.35), np.full(2, 0.25), np.full(2, 0.5), np.array([0.0, 1.0]), P)
    np.testing.assert_allclose(found, [0.36, 0.345])


@given(numbers)
def test_retaliation_equals_its_scalar_twin(n: Numbers) -> None:
    visible, china, u, p = n.runs(0, 0.4), n.runs(), n.luck(R), by_run(n.p.feedback)

    def struck(run: int) -> bool:
        return float(u[run]) < twin.probability(p[run].retaliation * float(visible[run]) * float(china[run]))

    found = rules.retaliates(visible, china, u, n.p.feedback)
    agree(found, struck, (R,))
    assert (rules.retaliates(n.more(visible), china, u, n.p.feedback) >= found).all()
    assert not rules.retaliates(0 * visible, china, u, n.p.feedback).any()


@given(numbers)
def test_coercion_is_full_when_china_strikes_and_fades_until_it_strikes_again(n: Numbers) -> None:
    last, struck, p = n.runs(), n.mask(R), by_run(n.p.feedback)
    found = rules.coercion(last, struck, n.p.feedback)
    agree(found, lambda run: 1.0 if struck[run] else float(last[run]) * p[run].retaliation_decay, (R,))
    assert within(found)
    assert rules.coercion(np.ones(1), np.zeros(1, dtype=bool), P)[0] == 0.8


@given(numbers)
def test_spending_equals_its_scalar_twin(n: Numbers) -> None:
    last, wanted, p = n.members(0.2, 5), n.members(-1, 8), by_run(n.p.feedback)

    def spending(member: int, run: int) -> float:
        q, before, target = p[run], float(last[member, run]), float(wanted[member, run])
        if target < q.spending_floor:
            target = q.spending_floor
        if target > q.spending_cap:
            target = q.spending_cap
        return before + q.spending_pace * (target - before)

    found = rules.spending(last, wanted, n.p.feedback)
    agree(found, spending)
    assert within(found, 0.2, 5)


def test_budgets_close_a_twentieth_of_the_way_to_what_is_wanted_within_bounds() -> None:
    found = rules.spending(np.full(3, 2.0), np.array([3.0, 9.0, -1.0]), P)
    np.testing.assert_allclose(found, [2.05, 2.15, 1.91])


@given(numbers)
def test_the_spending_wanted_follows_what_threats_have_gained(n: Numbers) -> None:
    start, russia, us, p = n.column(0.2, 4), n.members(-0.5, 0.5), n.members(-0.5, 0.5), by_run(n.p.feedback)

    def wanted(member: int, run: int) -> float:
        grown = float(start[member, 0]) + p[run].spending_russia * float(russia[member, run])
        return grown + p[run].spending_us * float(us[member, run])

    found = rules.spending_wanted(start, russia, us, n.p.feedback)
    agree(found, wanted)
    assert (rules.spending_wanted(start, n.more(russia), us, n.p.feedback) >= found).all()


def test_half_a_threat_more_from_russia_is_half_a_percent_of_gdp() -> None:
    assert rules.spending_wanted(np.array([1.5]), np.array([0.5]), np.array([0.2]), P)[0] == pytest.approx(2.1)
