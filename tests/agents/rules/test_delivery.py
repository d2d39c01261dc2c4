"""How agreements are carried out, fade and build interoperability."""

from typing import Any

import numpy as np
import pytest

from agents.rules import delivery as rules
from agents.rules.types import Floats
from tests.agents.sample import TINY, M, Numbers, R, agree, by_run, first_values, given, numbers, within

P = first_values().delivery


def clipped(x: Any) -> float:
    return min(1.0, max(0.0, float(x)))


@given(numbers)
def test_spare_means_equal_their_scalar_twin_and_shrink_with_war(n: Numbers) -> None:
    russia, lever, p = n.runs(), n.runs(0, 0.4), by_run(n.p.delivery)

    def spare(run: int) -> float:
        return min(1.0, p[run].spare_floor + p[run].spare_peace * (1 - float(russia[run])) + float(lever[run]))

    found = rules.spare(russia, lever, n.p.delivery)
    agree(found, spare, (R,))
    assert within(found)
    assert (rules.spare(n.more(russia), lever, n.p.delivery) <= found).all()


def test_war_leaves_the_floor_and_peace_half_more() -> None:
    np.testing.assert_allclose(rules.spare(np.array([1.0, 0.5, 0.0]), 0.0, P), [0.35, 0.6, 0.85])


def test_spending_counts_up_to_the_pledge() -> None:
    assert rules.spending_ratio(np.array([0.0, 1.0, 2.0, 3.0]), P).tolist() == [0.0, 0.5, 1.0, 1.0]


@given(numbers)
def test_resources_equal_their_scalar_twin(n: Numbers) -> None:
    spare, lead, japan, ships, p = n.runs(), n.runs(), n.runs(), n.one(), by_run(n.p.delivery)

    def resources(run: int) -> float:
        armed = 0.5 * float(lead[run]) + 0.5 * float(japan[run])
        return float(spare[run]) * (p[run].means_floor + (1 - p[run].means_floor) * armed) * (1 - ships)

    agree(rules.resources(spare, lead, japan, ships, n.p.delivery), resources, (R,))


@given(numbers)
def test_resources_are_a_share_that_grows_with_spending_and_shrinks_with_ships_lent(n: Numbers) -> None:
    spare, lead, japan, ships = n.runs(), n.runs(), n.runs(), n.runs()
    found = rules.resources(spare, lead, japan, ships, P)
    assert within(found)
    for larger in (
        rules.resources(n.more(spare), lead, japan, ships, P),
        rules.resources(spare, n.more(lead), japan, ships, P),
        rules.resources(spare, lead, n.more(japan), ships, P),
    ):
        assert (larger >= found - TINY).all()
    assert (rules.resources(spare, lead, japan, n.more(ships), P) <= found + TINY).all()


def test_resources_at_half_the_pledge_on_one_side() -> None:
    """0.6 spare, of which (0.5 + 0.5 (0.5 0.5 + 0.5 1)) = 0.875, less a tenth of ships."""
    found = rules.resources(np.array([0.6]), np.array([0.5]), np.array([1.0]), 0.1, P)
    assert found[0] == pytest.approx(0.6 * 0.875 * 0.9)


@given(numbers)
def test_rates_equal_their_scalar_twins(n: Numbers) -> None:
    means, framework, interoperability, dialogue = n.runs(), n.runs(), n.runs(), n.runs(1, 2)
    p = by_run(n.p.delivery)

    def civil(run: int) -> float:
        return p[run].civil_rate * float(means[run]) * float(dialogue[run]) * p[run].factor

    def operational(run: int) -> float:
        together = p[run].interoperability_floor + float(interoperability[run])
        rate = p[run].rate * float(means[run]) * float(framework[run]) * together
        return rate * float(dialogue[run]) * p[run].factor

    agree(rules.civil_rate(means, dialogue, n.p.delivery), civil, (R,))
    agree(rules.delivery_rate(means, framework, interoperability, dialogue, n.p.delivery), operational, (R,))


def test_without_a_framework_an_operational_agreement_is_carried_out_four_times_slower() -> None:
    full, half, none = (
        rules.delivery_rate(np.array([0.8]), np.array([factor]), np.array([0.3]), np.ones(1), P)[0]
        for factor in (1.0, P.framework_half, P.framework_none)
    )
    assert (full, full / none, full / half) == pytest.approx((0.1 * 0.8 * 0.65, 4.0, 1.6))


@given(numbers)
def test_what_is_carried_out_equals_its_scalar_twin(n: Numbers) -> None:
    agreed, part, rate, activity = n.members(), n.members(), n.members(0, 1.5), n.members()
    done, p = agreed * part, by_run(n.p.delivery)

    def after(member: int, run: int) -> float:
        before, most = float(done[member, run]), float(agreed[member, run])
        pace = float(rate[member, run]) if rate[member, run] < 1 else 1.0
        moved = before + pace * (most - before) - p[run].fade * before * (1 - float(activity[member, run]))
        if moved > most:
            moved = most
        return moved if moved > 0 else 0.0

    agree(rules.carried_out(done, agreed, rate, activity, n.p.delivery), after)


@given(numbers)
def test_nothing_is_carried_out_beyond_what_is_agreed_and_all_fades_where_nothing_is(n: Numbers) -> None:
    agreed, done, rate, activity = n.members(), n.members(), n.members(), n.members()
    found = rules.carried_out(done, agreed, rate, activity, n.p.delivery)
    assert within(found)
    assert (found <= agreed).all()
    assert (rules.carried_out(done, agreed, n.more(rate), activity, n.p.delivery)[done <= agreed]
            >= found[done <= agreed] - TINY).all()  # fmt: skip
    assert (rules.carried_out(done, 0 * agreed, rate, activity, n.p.delivery) == 0).all()


def test_a_tenth_of_the_gap_closes_and_an_idle_field_fades() -> None:
    """0.5 of 1 at a rate of 0.1: 0.55, less 0.035 of 0.5 where nothing else is done."""
    found = rules.carried_out(np.full(2, 0.5), np.ones(2), np.full(2, 0.1), np.array([1.0, 0.0]), P)
    np.testing.assert_allclose(found, [0.55, 0.5325])


@given(numbers)
def test_interoperability_equals_its_scalar_twin(n: Numbers) -> None:
    last, exercise, missions, bilateral, nato, lever = (n.runs() for _ in range(6))
    p = by_run(n.p.delivery)

    def after(run: int) -> float:
        q, before = p[run], float(last[run])
        built = before + q.exercise * float(exercise[run]) + q.missions * float(missions[run])
        built = built + q.bilateral * float(bilateral[run]) + q.nato * float(nato[run])
        return clipped(built - q.interoperability_fade * before + float(lever[run]))

    found = rules.interoperability(last, exercise, missions, bilateral, nato, lever, n.p.delivery)
    agree(found, after, (R,))
    assert within(found)


@given(numbers)
def test_everything_done_together_builds_interoperability(n: Numbers) -> None:
    last = n.runs()
    built_by = {name: n.runs() for name in ("exercise", "missions", "bilateral", "nato", "lever")}

    def after(**changed: Floats) -> Floats:
        return rules.interoperability(last, p=n.p.delivery, **{**built_by, **changed})

    for name, one in built_by.items():
        assert (after(**{name: n.more(one)}) >= after() - TINY).all()


def test_interoperability_fades_by_a_fiftieth_where_nothing_is_done() -> None:
    zero = np.zeros(1)
    assert rules.interoperability(np.array([0.5]), zero, zero, zero, zero, 0.0, P)[0] == pytest.approx(0.49)


@given(numbers)
def test_receptiveness_equals_its_scalar_twin(n: Numbers) -> None:
    claim, fear, china, base = n.column(), n.column(), n.runs(), n.one()

    def received(run: int) -> float:
        summed, x = 0.0, float(china[run])
        for receiver in range(M):
            summed = summed + clipped(base + float(claim[receiver, 0]) * x - float(fear[receiver, 0]) * x * x)
        return summed / M

    found = rules.receptiveness(claim, fear, china, base)
    agree(found, received, (R,))
    assert within(found)


def test_claims_open_doors_until_fear_closes_them() -> None:
    """Claim 0.8, fear 1.0, base 0.3: 0.3 in calm, 0.3 + 0.4 - 0.25 half-way, 0.1 at full pressure."""
    found = rules.receptiveness(np.array([[0.8]]), np.array([[1.0]]), np.array([0.0, 0.5, 1.0]), 0.3)
    np.testing.assert_allclose(found, [0.3, 0.45, 0.1])
