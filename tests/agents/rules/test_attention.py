"""Attention is finite: what one theatre gets another lacks."""

import math
from dataclasses import replace

import numpy as np
import pytest

from agents.rules import attention as rules
from tests.agents.sample import TINY, M, Numbers, R, agree, by_run, first_values, given, numbers, within

P = first_values().attention


def frameworks(n: Numbers) -> rules.Frameworks:
    return rules.Frameworks(n.runs(), n.runs(), n.runs(), n.runs(), n.runs(), n.runs())


@given(numbers)
def test_own_interest_equals_its_scalar_twin(n: Numbers) -> None:
    strategy, guideline, lever, p = np.rint(n.column()), n.mask(R), n.runs(0, 0.3), by_run(n.p.attention)

    def own(member: int, run: int) -> float:
        weight = p[run].own
        if strategy[member, 0]:
            weight = weight + p[run].strategy
        if guideline[run]:
            weight = weight + p[run].guideline
        return float(weight + lever[run])

    agree(rules.own_interest(strategy, guideline, lever, n.p.attention), own)


@given(numbers)
def test_attention_equals_its_scalar_twin(n: Numbers) -> None:
    own, eastern, northern, p = n.members(0, 0.5), n.members(), n.members(), by_run(n.p.attention)

    def attention(member: int, run: int) -> float:
        q, x, y = p[run], float(eastern[member, run]), float(northern[member, run])
        interest, root_x, root_y = float(own[member, run]), math.sqrt(x), math.sqrt(y)
        here = interest + x * root_x + q.russia_link * q.link * y
        everywhere = interest + x * root_x + y * root_y + q.elsewhere
        return min(1.0, here / everywhere)

    agree(rules.attention(own, eastern, northern, n.p.attention), attention)


@given(numbers)
def test_interest_and_threat_in_asia_never_lessen_attention(n: Numbers) -> None:
    own, eastern, northern = n.members(0, 0.5), n.members(), n.members()
    attention = rules.attention(own, eastern, northern, n.p.attention)
    assert within(attention)
    assert (rules.attention(n.more(own), eastern, northern, n.p.attention) >= attention - TINY).all()
    assert (rules.attention(own, n.more(eastern), northern, n.p.attention) >= attention - TINY).all()


@given(numbers)
def test_where_theatres_are_two_russia_only_distracts(n: Numbers) -> None:
    apart = replace(n.p.attention, link=0.0)
    own, eastern, northern = n.members(0, 0.5), n.members(), n.members()
    attention = rules.attention(own, eastern, northern, apart)
    assert (rules.attention(own, eastern, n.more(northern), apart) <= attention + TINY).all()


@given(numbers)
def test_seeing_one_theatre_never_lessens_attention(n: Numbers) -> None:
    apart, together = (replace(n.p.attention, link=link) for link in (0.0, 1.0))
    own, eastern, northern = n.members(0, 0.5), n.members(), n.members()
    attention = rules.attention(own, eastern, northern, apart)
    assert (rules.attention(own, eastern, northern, together) >= attention - TINY).all()


def test_attention_without_threats_and_with_a_strategy() -> None:
    """0.05 of 0.50; with a strategy 0.30 of 0.75; with a threat of 0.25 in Asia (0.125) 0.175 of 0.625."""
    found = rules.attention(np.array([0.05, 0.30, 0.05]), np.array([0.0, 0.0, 0.25]), np.zeros(3), P)
    np.testing.assert_allclose(found, [0.1, 0.4, 0.28])


@given(numbers)
def test_union_attention_equals_its_scalar_twin(n: Numbers) -> None:
    attention, strategy, p = n.members(), np.rint(n.column()), by_run(n.p.attention)
    persons = np.rint(n.column(1, 80e6))

    def union(run: int) -> float:
        attending = weights = 0.0
        for member in range(M):
            weight = float(persons[member, 0])
            if strategy[member, 0]:
                weight = weight * (1 + (p[run].champion - 1))
            attending = attending + float(attention[member, run]) * weight
            weights = weights + weight
        return min(1.0, attending / weights * p[run].factor_eu)

    agree(rules.union_attention(attention, persons, strategy, n.p.attention), union, (R,))


@given(numbers)
def test_union_attention_lies_among_that_of_its_members(n: Numbers) -> None:
    attention, persons, strategy = n.members(), n.column(1, 80), np.rint(n.column())
    union = rules.union_attention(attention, persons, strategy, replace(n.p.attention, factor_eu=1.0))
    assert ((union >= attention.min(axis=0) - TINY) & (union <= attention.max(axis=0) + TINY)).all()
    assert within(rules.union_attention(attention, persons, strategy, n.p.attention))


def test_champions_count_more_than_their_persons() -> None:
    """Two equal states, one attends fully and is a champion: 2.5 of 3.5 instead of 1 of 2."""
    attention, persons = np.array([[1.0], [0.0]]), np.ones((2, 1))
    quiet = rules.union_attention(attention, persons, np.zeros((2, 1)), P)
    keen = rules.union_attention(attention, persons, np.array([[1.0], [0.0]]), P)
    assert (quiet[0], keen[0]) == pytest.approx((0.5, 2.5 / 3.5))


@given(numbers)
def test_japan_attention_equals_its_scalar_twin(n: Numbers) -> None:
    depth, russia, retrenchment, p = frameworks(n), n.runs(), n.runs(), by_run(n.p.attention)

    def japan(run: int) -> float:
        q, x, us = p[run], float(russia[run]), float(retrenchment[run])
        pulls = (
            q.pull_us * (1 - q.pull_us_loss * us),
            q.pull_quad * (0.5 + float(depth.quad[run] + depth.australia[run]) / 2),
            (q.pull_nato + q.pull_nato_russia * q.link * x) * (0.5 + float(depth.nato[run])),
            q.pull_uk * (0.5 + float(depth.united_kingdom[run])),
            q.pull_states * (0.5 + float(depth.single_states[run])),
        )
        union = q.pull_eu + q.pull_eu_russia * q.link * x + q.pull_eu_us * us
        union = union + q.pull_eu_depth * float(depth.partnership[run])
        everything = union
        for pull in pulls:
            everything = everything + pull
        return min(1.0, float(q.japan_scale * (union / everything) * q.factor_japan))

    agree(rules.japan_attention(depth, russia, retrenchment, n.p.attention), japan, (R,))


@given(numbers)
def test_a_deeper_partnership_draws_japan_and_deeper_rivals_draw_it_away(n: Numbers) -> None:
    depth, russia, us = frameworks(n), n.runs(), n.runs()
    attention = rules.japan_attention(depth, russia, us, n.p.attention)
    assert within(attention)
    nearer = replace(depth, partnership=n.more(depth.partnership))
    assert (rules.japan_attention(nearer, russia, us, n.p.attention) >= attention - TINY).all()
    for rival in ("quad", "australia", "nato", "united_kingdom", "single_states"):
        stronger = replace(depth, **{rival: n.more(getattr(depth, rival))})
        assert (rules.japan_attention(stronger, russia, us, n.p.attention) <= attention + TINY).all()


def test_japan_attention_in_a_calm_and_empty_world() -> None:
    """The Union pulls with 0.3, all others with 1 + 0.15 + 0.1 + 0.125 + 0.1; the share is scaled by 1.7."""
    zero = np.zeros(1)
    depth = rules.Frameworks(zero, zero, zero, zero, zero, zero)
    assert rules.japan_attention(depth, zero, zero, P)[0] == pytest.approx(1.7 * 0.3 / 1.775)


def test_american_retrenchment_turns_japan_to_the_union() -> None:
    zero, one = np.zeros(1), np.ones(1)
    depth = rules.Frameworks(zero, zero, zero, zero, zero, zero)
    assert rules.japan_attention(depth, zero, one, P)[0] > rules.japan_attention(depth, zero, zero, P)[0]
