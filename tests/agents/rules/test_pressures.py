"""Pressures step between calm, tension and crisis, and press accordingly."""

import numpy as np
import pytest

from agents.rules import pressures as rules
from tests.agents.sample import TINY, Numbers, R, agree, by_run, first_values, given, numbers, within
from tests.twin import portable as twin

P = first_values().pressures
FOUR = 4


@given(numbers)
def test_only_china_and_north_korea_are_pulled_up_by_others(n: Numbers) -> None:
    pull = rules.pull_up(n.table((FOUR, R)), n.runs(), n.p.pressures)
    assert pull.shape == (FOUR, R)
    assert (pull[[0, 3]] == 0).all()
    assert (pull >= 0).all()


@given(numbers)
def test_pull_equals_its_scalar_twin(n: Numbers) -> None:
    pressing, visible, p = n.table((FOUR, R)), n.runs(), by_run(n.p.pressures)

    def pull(pressure: int, run: int) -> float:
        if pressure == 1:
            return p[run].us_to_china * float(pressing[3, run]) + p[run].provocation * float(visible[run])
        if pressure == 2:
            return p[run].russia_to_north_korea * float(pressing[0, run])
        return 0.0

    agree(rules.pull_up(pressing, visible, n.p.pressures), pull, (FOUR, R))


@given(numbers)
def test_visible_co_operation_never_calms_china(n: Numbers) -> None:
    pressing, visible = n.table((FOUR, R)), n.runs()
    bolder = rules.pull_up(pressing, n.more(visible), n.p.pressures)
    assert (bolder >= rules.pull_up(pressing, visible, n.p.pressures)).all()


@given(numbers)
def test_chance_up_equals_its_scalar_twin(n: Numbers) -> None:
    regime, pull, p = n.whole(0, 2, FOUR, R), n.table((FOUR, R), -2, 6), by_run(n.p.pressures)

    def chance(pressure: int, run: int) -> float:
        base = p[run].up_from_calm if regime[pressure, run] == 0 else p[run].up_from_tense
        return twin.logistic(twin.log(float(base / (1 - base))) + float(pull[pressure, run]))

    agree(rules.chance_up(regime, pull, n.p.pressures), chance, (FOUR, R))


@given(numbers)
def test_chance_up_is_a_probability_that_grows_with_the_pull(n: Numbers) -> None:
    regime, pull = n.whole(0, 1, FOUR, R), n.table((FOUR, R), -2, 6)
    chance = rules.chance_up(regime, pull, n.p.pressures)
    assert within(chance)
    assert (rules.chance_up(regime, n.more(pull, most=9), n.p.pressures) >= chance - TINY).all()


def test_without_a_pull_the_chance_up_is_that_of_the_regime() -> None:
    chance = rules.chance_up(np.array([0, 1]), np.zeros(2), P)
    assert chance.tolist() == pytest.approx([0.067, 0.045], rel=1e-14)


def test_a_pull_of_log_two_doubles_the_odds() -> None:
    """67 to 933 becomes 134 to 933."""
    chance = rules.chance_up(np.array([0]), np.array([np.log(2)]), P)
    assert chance[0] == pytest.approx(134 / 1067)


def test_chance_down_is_greater_from_crisis_than_from_tension() -> None:
    np.testing.assert_array_equal(rules.chance_down(np.array([1, 2]), P), [0.039, 0.077])


@given(numbers)
def test_chances_on_record_are_those_of_the_neighbours_of_the_regime(n: Numbers) -> None:
    regime, chances = n.whole(0, 2, FOUR, R), n.table((FOUR, 3, 3))
    up, down = rules.chances_on_record(regime, chances)

    def rising(pressure: int, run: int) -> float:
        before = int(regime[pressure, run])
        return float(chances[pressure, before, before + 1]) if before < 2 else 0.0

    def falling(pressure: int, run: int) -> float:
        before = int(regime[pressure, run])
        return float(chances[pressure, before, before - 1]) if before > 0 else 0.0

    agree(up, rising, (FOUR, R))
    agree(down, falling, (FOUR, R))


def test_regimes_drawn_from_the_record_come_as_often_as_it_says() -> None:
    """Ten thousand evenly spaced draws, after each regime."""
    chances = np.array([[[0.7, 0.3, 0], [0.25, 0.4, 0.35], [0, 0.9, 0.1]]])
    u = (np.arange(10_000)[None] + 0.5) / 10_000
    for before in range(3):
        regime = np.full_like(u, before, dtype=np.int64)
        after = rules.next_regime(regime, *rules.chances_on_record(regime, chances), u)
        assert [(after == one).mean() for one in range(3)] == pytest.approx(chances[0, before], abs=1e-4)


def test_what_the_record_is_sure_of_happens() -> None:
    """From calm to tension, from tension to crisis, from crisis to tension, and calm that stays."""
    sure = np.array([[[0, 1, 0], [0, 0, 1], [0, 1, 0]]] * 3 + [[[1, 0, 0]] * 3], dtype=float)
    regime = np.array([[0], [1], [2], [0]])
    for u in (1e-12, 0.5, 1 - 1e-12):
        after = rules.next_regime(regime, *rules.chances_on_record(regime, sure), np.full((4, 1), u))
        assert after[:, 0].tolist() == [1, 2, 1, 0]


@given(numbers)
def test_next_regime_equals_its_scalar_twin(n: Numbers) -> None:
    regime, u = n.whole(0, 2, FOUR, R), n.luck(FOUR, R)
    up, down = n.table((FOUR, R)), n.table((FOUR, R))

    def after(pressure: int, run: int) -> int:
        now, chance = regime[pressure, run], u[pressure, run]
        if now < 2 and chance < up[pressure, run]:
            return int(now) + 1
        if now > 0 and chance > 1 - down[pressure, run]:
            return int(now) - 1
        return int(now)

    agree(rules.next_regime(regime, up, down, u), after, (FOUR, R))


@given(numbers)
def test_a_regime_moves_one_step_at_most_and_stays_a_regime(n: Numbers) -> None:
    regime = n.whole(0, 2, FOUR, R)
    after = rules.next_regime(regime, n.table((FOUR, R)), n.table((FOUR, R)), n.luck(FOUR, R))
    assert within(after.astype(float), 0, 2)
    assert (np.abs(after - regime) <= 1).all()


def test_a_move_up_goes_before_a_move_down() -> None:
    both = np.ones(3)
    after = rules.next_regime(np.array([0, 1, 2]), both, both, np.full(3, 0.5))
    np.testing.assert_array_equal(after, [1, 2, 1])


@given(numbers)
def test_intensity_equals_its_scalar_twin_and_stays_within_0_and_1(n: Numbers) -> None:
    last, regime, u, p = n.table((FOUR, R)), n.whole(0, 2, FOUR, R), n.luck(FOUR, R), by_run(n.p.pressures)

    def intensity(pressure: int, run: int) -> float:
        q = p[run]
        level = (q.level_calm, q.level_tense, q.level_crisis)[regime[pressure, run]]
        before = float(last[pressure, run])
        moved = before + q.pace * (level - before) + q.noise * twin.normal(float(u[pressure, run]))
        if moved < 0:
            return 0.0
        return float(moved) if moved < 1 else 1.0

    found = rules.intensity(last, regime, u, n.p.pressures)
    agree(found, intensity, (FOUR, R))
    assert within(found)


def test_intensity_closes_a_part_of_the_distance_to_its_regime() -> None:
    """From 0.05 in calm (0.15): 0.05 + 0.35 of 0.10; from 0.45 in a crisis (0.85): 0.45 + 0.35 of 0.40."""
    found = rules.intensity(np.array([0.05, 0.45]), np.array([0, 2]), np.full(2, 0.5), P)
    np.testing.assert_allclose(found, [0.085, 0.59])


@given(numbers)
def test_a_shock_is_a_crisis_that_was_none_before(n: Numbers) -> None:
    before, now = n.whole(0, 2, FOUR, R), n.whole(0, 2, FOUR, R)

    def shocked(run: int) -> bool:
        turned = False
        for pressure in range(FOUR):
            if now[pressure, run] == 2 and before[pressure, run] != 2:
                turned = True
        return turned

    agree(rules.shock(before, now), shocked, (R,))
