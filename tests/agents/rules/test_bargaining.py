"""Files are opened, bargained over and concluded."""

from dataclasses import replace

import numpy as np
import pytest

from agents.rules import bargaining as rules
from agents.rules.types import Floats
from tests.agents.sample import TINY, M, Numbers, R, agree, by_run, first_values, given, numbers, within
from tests.twin import portable as twin

P = first_values()
GRID = 2.0**40


def rounded(level: float) -> float:
    return round(level * GRID) / GRID


@given(numbers)
def test_a_level_on_the_grid_is_the_nearest_multiple_of_it(n: Numbers) -> None:
    level = n.members(0, 3)
    found = rules.on_grid(level)
    agree(found, lambda member, run: rounded(float(level[member, run])))
    assert (np.abs(found - level) <= 0.5 / GRID).all()
    np.testing.assert_array_equal(rules.on_grid(found), found)


@given(numbers)
def test_a_level_on_the_grid_leaves_room_for_a_place(n: Numbers) -> None:
    bits = rules.on_grid(n.members(0, 3)).view(np.int64)
    assert (bits & 127 == 0).all()


@given(numbers)
def test_what_a_state_accepts_equals_its_scalar_twin(n: Numbers) -> None:
    position, fear, cost, neutral = n.members(), n.members(0, 0.3), n.one(), np.rint(n.column())
    p = by_run(n.p.council)

    def accepts(member: int, run: int) -> float:
        wanted = p[run].acceptance * (float(position[member, run]) - float(fear[member, run]) * cost)
        wanted = wanted if wanted > 0 else 0.0
        return wanted * (1 - p[run].neutral_discount) if neutral[member, 0] else wanted

    agree(rules.accepted(position, fear, cost, neutral, n.p.council), accepts)


@given(numbers)
def test_a_willing_state_accepts_more_and_a_fearful_or_neutral_one_less(n: Numbers) -> None:
    position, fear, cost, ally = n.members(), n.members(0, 0.3), n.one(), np.zeros((M, 1))
    accepts = rules.accepted(position, fear, cost, ally, n.p.council)
    assert (accepts >= 0).all()
    assert (rules.accepted(n.more(position), fear, cost, ally, n.p.council) >= accepts).all()
    assert (rules.accepted(position, n.more(fear), cost, ally, n.p.council) <= accepts).all()
    assert (rules.accepted(position, fear, cost, ally + 1, n.p.council) <= accepts).all()


def test_what_a_state_half_way_accepts() -> None:
    """1.65 of 0.5, less what fear of 0.2 costs at 0.5; a neutral state 35 % less."""
    found = rules.accepted(np.full(3, 0.5), np.array([0.0, 0.2, 0.0]), 0.5, np.array([0.0, 0.0, 1.0]), P.council)
    np.testing.assert_allclose(found, [0.825, 0.66, 0.53625])


@given(numbers)
def test_bounds_stand_in_order_and_equal_their_scalar_twins(n: Numbers) -> None:
    acceptance, attention, p = rules.on_grid(n.members(0, 2)), n.members(), by_run(n.p.council)
    slack = rules.slack(attention, n.p.council)
    veto = rules.veto_bound(acceptance, slack)
    declared = rules.declared_bound(acceptance, veto, n.p.council.declared)
    assert (acceptance <= declared).all()
    assert (declared <= veto).all()

    def furthest(member: int, run: int) -> float:
        return rounded(float(acceptance[member, run]) + p[run].tolerance * (1 - float(attention[member, run])))

    def quiet(member: int, run: int) -> float:
        low, high = float(acceptance[member, run]), float(veto[member, run])
        return rounded(low + p[run].declared * (high - low))

    agree(veto, furthest)
    agree(declared, quiet)


def test_who_attends_fully_opposes_what_it_does_not_accept() -> None:
    slack = rules.slack(np.array([1.0, 0.2]), P.council)
    np.testing.assert_allclose(slack, [0.0, 0.3])
    assert rules.veto_bound(np.array([0.5]), slack[:1])[0] == 0.5


@given(numbers)
def test_the_dialogue_factor_equals_its_scalar_twin_and_is_1_without_dialogue(n: Numbers) -> None:
    done, lever, p = n.runs(), n.runs(0, 2), by_run(n.p.files)

    def factor(run: int) -> float:
        return 1 + p[run].dialogue * (p[run].dialogue_record * float(done[run]) + float(lever[run]))

    agree(rules.dialogue_factor(done, lever, n.p.files), factor, (R,))
    assert (rules.dialogue_factor(np.zeros(R), 0.0, n.p.files) == 1).all()


@given(numbers)
def test_the_forecast_equals_its_scalar_twin_and_grows_with_what_passes(n: Numbers) -> None:
    passes, least, p = n.members(), n.column(), by_run(n.p.files)

    def chance(member: int, run: int) -> float:
        return twin.logistic((float(passes[member, run]) - float(least[member, 0])) / p[run].forecast_width)

    found = rules.forecast(passes, least, n.p.files)
    agree(found, chance)
    assert within(found)
    assert (rules.forecast(n.more(passes), least, n.p.files) >= found).all()
    assert rules.forecast(np.array([0.5]), np.array([0.5]), P.files)[0] == 0.5


@given(numbers)
def test_each_missing_soft_prerequisite_costs_its_factor(n: Numbers) -> None:
    helped, missing = [n.mask(R) for _ in range(3)], n.one()

    def factor(run: int) -> float:
        product = 1.0
        for in_force in helped:
            product = product * (1.0 if in_force[run] else missing)
        return product

    agree(rules.soft_factor(helped, missing, R), factor, (R,))
    assert (rules.soft_factor([], missing, R) == 1).all()


@given(numbers)
def test_the_opening_hazard_equals_its_scalar_twin(n: Numbers) -> None:
    union, japan, dialogue, talks = n.runs(), n.runs(), n.runs(1, 2), np.rint(n.runs(0, 8))
    wants_eu, wants_japan, soft, track = n.members(0, 2), n.members(0, 2), n.members(), n.members(0, 2)
    chance, p = n.members(0.01, 1), by_run(n.p.files)

    def hazard(member: int, run: int) -> float:
        q, here = p[run], (member, run)
        tabled = twin.exp(q.forecast * twin.log(float(chance[here])))
        wanted = q.opening * float(union[run]) * float(japan[run]) * float(wants_eu[here]) * float(wants_japan[here])
        wanted = wanted * float(soft[here]) * tabled * float(dialogue[run]) / (1 + q.crowding * float(talks[run]))
        return wanted * q.opening_factor + float(track[here])

    found = rules.opening_hazard(
        (union, japan), (wants_eu, wants_japan), soft, chance, dialogue, talks, track, n.p.files
    )
    agree(found, hazard)


@given(numbers)
def test_attention_hastens_the_opening_of_a_file_and_a_crowd_slows_it(n: Numbers) -> None:
    union, japan, chance, one, none = n.runs(), n.runs(), n.members(0.01, 1), np.ones((M, R)), np.zeros((M, R))
    quiet, busy = np.zeros(R), np.full(R, 6.0)

    def hazard(talks: Floats, union: Floats) -> Floats:
        return rules.opening_hazard((union, japan), (one, one), one, chance, np.ones(R), talks, none, n.p.files)

    assert (hazard(quiet, union) >= 0).all()
    assert (hazard(quiet, n.more(union)) >= hazard(quiet, union)).all()
    assert (hazard(busy, union) <= hazard(quiet, union)).all()
    hopeful = rules.opening_hazard((union, japan), (one, one), one, one, np.ones(R), quiet, none, n.p.files)
    assert (hopeful >= hazard(quiet, union) - TINY).all()


def test_a_file_that_all_want_and_nobody_else_crowds() -> None:
    """1.4 by both attentions of one half; two files in talks make it 1.3 times slower."""
    one, half = np.ones((1, 1)), np.full(1, 0.5)
    found = [
        rules.opening_hazard((half, half), (one, one), one, one, half + 0.5, np.full(1, talks), 0 * one, P.files)[0, 0]
        for talks in (0.0, 2.0)
    ]
    assert found == pytest.approx([0.35, 0.35 / 1.3])


@given(numbers)
def test_talks_and_conclusions_equal_their_scalar_twins(n: Numbers) -> None:
    union, japan, will, dialogue, track = n.runs(), n.runs(), n.members(0, 2), n.runs(1, 2), n.members(0, 2)
    quarters, p = n.column(1, 16), by_run(n.p.files)

    def pace(run: int) -> float:
        q = p[run]
        return q.pace_floor + q.pace_eu * float(union[run]) + q.pace_japan * float(japan[run])

    def talks(member: int, run: int) -> float:
        hazard = p[run].concluding * pace(run) / p[run].talks_quarters * float(will[member, run])
        return hazard * float(dialogue[run]) + float(track[member, run])

    def concluding(member: int, run: int) -> float:
        hazard = p[run].concluding * pace(run) / float(quarters[member, 0]) * float(will[member, run])
        return hazard * float(dialogue[run]) * p[run].summit * p[run].concluding_factor

    found = rules.pace_of_talks(union, japan, n.p.files)
    agree(found, pace, (R,))
    agree(rules.talks_hazard(found, will, dialogue, track, n.p.files), talks)
    agree(rules.concluding_hazard(found, quarters, will, dialogue, True, n.p.files), concluding)


@given(numbers)
def test_a_summit_doubles_the_hazard_of_concluding_and_complex_files_take_longer(n: Numbers) -> None:
    """1.6 in the quarter of the summit, 0.8 in the others."""
    pace, quarters, will, dialogue = n.runs(0.4, 3), n.column(1, 16), n.members(0, 2), n.runs(1, 2)
    off = rules.concluding_hazard(pace, quarters, will, dialogue, False, n.p.files)
    np.testing.assert_allclose(rules.concluding_hazard(pace, quarters, will, dialogue, True, n.p.files), 2 * off)
    assert (rules.concluding_hazard(pace, quarters + 1, will, dialogue, False, n.p.files) <= off).all()


@given(numbers)
def test_principals_meet_between_what_they_want_and_never_beyond_the_whole(n: Numbers) -> None:
    union, japan, weight, ambition = n.runs(0, 1.6), n.runs(0, 1.6), n.runs(), n.one(0.2, 1)
    found = rules.midpoint(union, japan, ambition, weight)
    assert within(found)
    assert (found >= np.minimum(1, np.minimum(union, japan) / ambition) - TINY).all()
    assert (found <= np.minimum(1, np.maximum(union, japan) / ambition) + TINY).all()
    assert rules.midpoint(np.array([0.4]), np.array([0.2]), 0.5, 0.5)[0] == pytest.approx(0.6)


@given(numbers)
def test_slots_go_by_push_then_by_tie_then_by_the_list(n: Numbers) -> None:
    asks, free = n.mask(M, R), n.whole(-2, M, R)
    push, tie = np.rint(3 * n.members()) / 3, np.rint(2 * n.members()) / 2

    def granted(member: int, run: int) -> bool:
        if not asks[member, run]:
            return False
        ahead = 0
        for other in range(M):
            mine = (-push[member, run], tie[member, run], member)
            if asks[other, run] and (-push[other, run], tie[other, run], other) < mine:
                ahead += 1
        return bool(ahead < free[run])

    agree(rules.slots_granted(asks, push, tie, free), granted)


@given(numbers)
def test_no_more_slots_are_granted_than_are_free_and_none_is_left_while_somebody_asks(n: Numbers) -> None:
    asks, free = n.mask(M, R), n.whole(-2, M, R)
    granted = rules.slots_granted(asks, n.members(), n.luck(M, R), free)
    assert not (granted & ~asks).any()
    np.testing.assert_array_equal(granted.sum(axis=0), np.clip(free, 0, asks.sum(axis=0)))


@given(numbers)
def test_a_framework_counts_fully_and_what_comes_before_it_half(n: Numbers) -> None:
    framework, halfway, p = n.mask(R), n.mask(R), by_run(n.p.delivery)

    def factor(run: int) -> float:
        if framework[run]:
            return 1.0
        return p[run].framework_half if halfway[run] else p[run].framework_none

    agree(rules.framework_factor(framework, halfway, n.p.delivery), factor, (R,))


def test_who_foresees_failure_still_tables_where_forecasts_do_not_count() -> None:
    one, hopeless = np.ones((1, 1)), np.full((1, 1), 0.01)
    deaf = replace(P.files, forecast=0.0)
    arguments = ((np.ones(1), np.ones(1)), (one, one), one)
    rest = (np.ones(1), np.zeros(1), 0 * one)
    tabled = rules.opening_hazard(*arguments, hopeless, *rest, deaf)
    assert tabled[0, 0] == rules.opening_hazard(*arguments, one, *rest, deaf)[0, 0]
    assert rules.opening_hazard(*arguments, hopeless, *rest, P.files)[0, 0] == pytest.approx(0.1 * 1.4)
