"""Governments change, guidelines follow shocks, the Diet is elected."""

from dataclasses import replace

import numpy as np
import pytest

from agents.rules import elections as rules
from tests.agents.sample import TINY, M, Numbers, R, agree, by_run, first_values, given, numbers, within
from tests.twin import portable as twin

P = first_values().governments
JAPAN = first_values().japan
MAJORITY = 0.5


@given(numbers)
def test_elections_equal_their_scalar_twin(n: Numbers) -> None:
    scripted, free, u, p = n.mask(M, 1), n.mask(M, 1), n.luck(M, R), by_run(n.p.governments)

    def elected(member: int, run: int) -> bool:
        if scripted[member, 0]:
            return True
        if not free[member, 0]:
            return False
        return bool(u[member, run] < twin.probability(p[run].election))

    agree(rules.elected(scripted, free, u, n.p.governments), elected)


def test_who_follows_the_record_votes_then_and_only_then() -> None:
    scripted, bound = np.array([[True], [False]]), np.zeros((2, 1), dtype=bool)
    elected = rules.elected(scripted, bound, np.full((2, R), 1e-9), P)
    assert elected[0].all()
    assert not elected[1].any()


@given(numbers)
def test_a_new_stance_equals_its_scalar_twin_and_grows_with_luck(n: Numbers) -> None:
    mean, u, p = n.column(-2, 1), n.luck(M, R), by_run(n.p.governments)

    def stance(member: int, run: int) -> float:
        return float(mean[member, 0]) + p[run].spread * twin.normal(float(u[member, run]))

    found = rules.new_stance(mean, u, n.p.governments)
    agree(found, stance)
    assert (rules.new_stance(mean, n.more(u, most=1 - 2**-31), n.p.governments) >= found).all()


def test_the_middle_draw_brings_the_usual_stance() -> None:
    assert rules.new_stance(np.array([-1.2, 0.0]), np.full(2, 0.5), P).tolist() == [-1.2, 0.0]


@given(numbers)
def test_a_guideline_equals_its_scalar_twin(n: Numbers) -> None:
    left, shock, consensus, u, p = n.whole(0, 9, R), n.mask(R), n.mask(R), n.luck(R), by_run(n.p.governments)

    def after(run: int) -> int:
        if shock[run] and consensus[run] and u[run] < p[run].guideline_chance:
            return round(p[run].guideline_quarters)
        return int(left[run]) - 1 if left[run] > 0 else 0

    agree(rules.guideline(left, shock, consensus, u, n.p.governments), after, (R,))


def test_a_guideline_lasts_its_quarters_and_a_new_shock_renews_it() -> None:
    yes, no, u = np.ones(1, dtype=bool), np.zeros(1, dtype=bool), np.full(1, 0.1)
    left = rules.guideline(np.zeros(1, dtype=np.int64), yes, yes, u, P)
    lasted = 0
    while left[0] > 0:
        lasted += 1
        left = rules.guideline(left, no, yes, u, P)
    assert lasted == P.guideline_quarters == 8
    assert rules.guideline(np.array([3]), yes, yes, u, P)[0] == 8


@given(numbers)
def test_no_guideline_without_both_a_shock_and_consensus(n: Numbers) -> None:
    shock, consensus = n.mask(R), n.mask(R)
    left = rules.guideline(np.zeros(R, dtype=np.int64), shock, consensus, n.luck(R), n.p.governments)
    assert (left[~(shock & consensus)] == 0).all()


@given(numbers)
def test_the_passerelle_equals_its_scalar_twin(n: Numbers) -> None:
    stance, reserve, u, p = n.members(-1, 3), n.table((M, R), -2, 0), n.luck(R), by_run(n.p.governments)

    def agreed(run: int) -> bool:
        for member in range(M):
            if stance[member, run] < reserve[member, run]:
                return False
        return bool(u[run] < p[run].passerelle_chance)

    agree(rules.passerelle(stance, reserve, u, n.p.governments), agreed, (R,))


@pytest.mark.parametrize("objector", range(M))
def test_one_objection_is_enough_against_the_passerelle(objector: int) -> None:
    stance, reserve, u = np.zeros((M, 1)), np.full((M, 1), -0.4), np.full(1, 0.1)
    assert rules.passerelle(stance, reserve, u, P).all()
    stance[objector] = -0.5
    assert not rules.passerelle(stance, reserve, u, P).any()


@given(numbers)
def test_a_lower_house_election_equals_its_scalar_twin(n: Numbers) -> None:
    share, lost, partner, p = n.runs(0.2, 0.9), n.runs(-0.3, 0.3), n.mask(R), by_run(n.p.japan)
    u_seats, u_partner = n.luck(R), n.luck(R)

    def held(run: int) -> tuple[float, bool]:
        q, loss = p[run], float(lost[run])
        loss = q.unpopular_seats * (loss if loss > 0 else 0.0)
        seats = q.lower_mean + q.lower_persistence * (float(share[run]) - q.lower_mean)
        seats = min(1.0, max(0.0, seats + q.seat_spread * twin.normal(float(u_seats[run])) - loss))
        if partner[run]:
            stays = seats <= MAJORITY or u_partner[run] >= q.partner_leaves
            return seats, bool(stays)
        if seats <= MAJORITY and u_partner[run] < q.partner_joins:
            return min(1.0, seats + q.partner_seats), True
        return seats, False

    found = rules.lower_house_election(share, partner, lost, u_seats, u_partner, MAJORITY, n.p.japan)
    agree(found.share, lambda run: held(run)[0], (R,))
    agree(found.partner, lambda run: held(run)[1], (R,))


@given(numbers)
def test_seats_are_a_share_that_unpopularity_and_bad_luck_never_raise(n: Numbers) -> None:
    share, none, lost, u = n.runs(), np.zeros(R, dtype=bool), n.runs(-0.5, 0.5), n.luck(R)
    never = replace(n.p.japan, partner_joins=0.0)
    seats = rules.lower_house_election(share, none, lost, u, n.luck(R), MAJORITY, never).share
    assert within(seats)
    assert (rules.lower_house_election(share, none, n.more(lost), u, u, MAJORITY, never).share <= seats + TINY).all()
    lucky = rules.lower_house_election(share, none, lost, n.more(u, most=1 - 2**-31), u, MAJORITY, never).share
    assert (lucky >= seats - TINY).all()


def test_who_falls_short_takes_a_partner_in_and_who_has_won_lets_it_go() -> None:
    """From 0.40 seats return half-way to 0.56, which is 0.48; a partner brings 0.06. From 0.60 they reach 0.58."""
    share, partner, middle = np.array([0.4, 0.4, 0.6, 0.6]), np.array([False, True, False, True]), np.full(4, 0.5)
    found = rules.lower_house_election(share, partner, np.zeros(4), middle, np.full(4, 0.1), MAJORITY, JAPAN)
    np.testing.assert_allclose(found.share, [0.54, 0.48, 0.58, 0.58])
    assert found.partner.tolist() == [True, True, False, False]


def test_half_of_the_seats_is_no_majority() -> None:
    """Who has just that takes a partner in, and keeps the one it has."""
    usual, half, middle = replace(JAPAN, lower_mean=0.5), np.full(2, 0.5), np.full(2, 0.5)
    partner = np.array([False, True])
    found = rules.lower_house_election(half, partner, np.zeros(2), middle, np.full(2, 0.1), MAJORITY, usual)
    assert found.partner.tolist() == [True, True]
    np.testing.assert_allclose(found.share, [0.56, 0.5])


def test_ten_points_of_lost_support_cost_three_points_of_seats() -> None:
    share, nobody, middle = np.full(2, 0.56), np.zeros(2, dtype=bool), np.full(2, 0.5)
    found = rules.lower_house_election(share, nobody, np.array([0.1, -0.1]), middle, middle, MAJORITY, JAPAN)
    np.testing.assert_allclose(found.share, [0.53, 0.56])


@given(numbers)
def test_an_upper_house_renewal_equals_its_scalar_twin(n: Numbers) -> None:
    share, u, p = n.runs(), n.luck(R), by_run(n.p.japan)

    def renewed(run: int) -> float:
        new = p[run].upper_mean + p[run].seat_spread * twin.normal(float(u[run]))
        return min(1.0, max(0.0, 0.5 * float(share[run]) + 0.5 * new))

    found = rules.upper_house_renewal(share, u, n.p.japan)
    agree(found, renewed, (R,))
    assert within(found)


def test_half_of_the_upper_house_stays() -> None:
    assert rules.upper_house_renewal(np.array([0.6]), np.array([0.5]), JAPAN)[0] == pytest.approx(0.55)
