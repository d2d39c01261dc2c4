"""Shapley values against their axioms and a published game."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from experiments.analysis.combining import Game, Members, subsets
from experiments.analysis.shapley import ranking, shares, totals, values

NAMES = ("a", "b", "c", "d")
R = 3
NONE, ALL = frozenset[str](), frozenset(NAMES)
OUTCOMES = st.lists(st.floats(-1, 1), min_size=16 * R, max_size=16 * R).map(lambda x: np.array(x).reshape(16, R))


def game(outcomes: NDArray[np.float64]) -> dict[Members, NDArray[np.float64]]:
    return dict(zip(subsets(NAMES), outcomes, strict=True))


def noisy(worth: dict[str, float], runs: int = 60) -> Game:
    chance = np.random.default_rng(8)
    luck = chance.normal(0.3, 0.1, runs)
    return {
        held: luck + sum(worth[one] for one in held) + chance.normal(0, 0.05, runs)
        for held in subsets(worth)
    }  # fmt: skip


@given(OUTCOMES)
def test_values_sum_to_what_all_add_together_in_every_run(outcomes: NDArray[np.float64]) -> None:
    every = game(outcomes)
    np.testing.assert_allclose(values(every).sum(axis=0), every[ALL] - every[NONE], atol=1e-12)


@given(OUTCOMES)
def test_values_are_means_over_all_orders(outcomes: NDArray[np.float64]) -> None:
    every, found = game(outcomes), np.zeros((4, R))
    for order in permutations(range(4)):
        before = NONE
        for place in order:
            after = before | {NAMES[place]}
            found[place] += (every[after] - every[before]) / 24
            before = after
    np.testing.assert_allclose(values(every), found, atol=1e-12)


@given(OUTCOMES)
def test_who_adds_nothing_has_no_value_and_equals_have_the_same(outcomes: NDArray[np.float64]) -> None:
    """ "d" never matters; "a" and "b" are made alike."""
    every = game(outcomes)
    alike = {held: every[frozenset(sorted(held - {"d"}))] for held in every}
    swapped = {"a": "b", "b": "a"}
    alike = {held: ends + alike[frozenset(swapped.get(one, one) for one in held)] for held, ends in alike.items()}
    found = values(alike)
    np.testing.assert_allclose(found[3], 0.0, atol=1e-12)
    np.testing.assert_allclose(found[0], found[1], atol=1e-12)


def test_the_glove_game() -> None:
    """Two left gloves and a right one, a pair is worth 1: 1/6, 1/6, 2/3."""
    gloves = {held: np.array([float("r" in held and len(held) > 1)]) for held in subsets(("l1", "l2", "r"))}
    assert values(gloves)[:, 0] == pytest.approx([1 / 6, 1 / 6, 2 / 3])


def test_shares_say_who_is_first_and_how_sure_that_is() -> None:
    every = noisy({"a": 0.1, "b": 0.3, "c": 0.1, "d": 0.0})
    found = shares(every).set_index("player")
    assert found["share"].sum() == pytest.approx(1.0) and found["mean"].sum() == pytest.approx(
        float((every[ALL] - every[NONE]).mean())
    )
    assert found["rank"].tolist()[1] == 1 and found.loc["d", "rank"] == 4
    assert found.loc["b", "first"] == 1.0 and found["greatest"].sum() == pytest.approx(1.0)
    assert ((found["share_lower"] < found["share"]) & (found["share"] < found["share_upper"])).all()
    assert found.loc["b", "alone_mean"] == pytest.approx(float((every[frozenset("b")] - every[NONE]).mean()))
    assert found.loc["b", "last_mean"] == pytest.approx(float((every[ALL] - every[ALL - {"b"}]).mean()))
    said = ranking(every)
    assert said["first"] == "b" and said["same_first"] == 1.0 and 0.2 < float(str(said["same_order"])) < 0.9


def test_a_ranking_by_chance_is_not_sure() -> None:
    """Four that add the same: whoever comes first does so in few more than a quarter of samples, or by luck in most."""
    chance = np.random.default_rng(0)
    every = {held: len(held) + chance.normal(0, 1.0, 400) for held in subsets(NAMES)}
    assert float(str(ranking(every)["same_order"])) < 0.7


def test_where_nothing_changes_shares_are_unknown() -> None:
    found = shares(dict.fromkeys(subsets("ab"), np.full(5, 0.3)))
    assert (found["mean"] == 0).all() and found["share"].isna().all()


def test_totals_hold_every_combination() -> None:
    found = totals(noisy({"a": 0.1, "b": 0.3}))
    assert found["policy"].tolist() == ["a", "b", "a+b"] and found["size"].tolist() == [1, 1, 2]
    assert ((found["lower"] < found["mean"]) & (found["mean"] < found["upper"])).all()


def test_value_of_paired_runs_is_held_nine_times_in_ten() -> None:
    """400 experiments of 25 runs in which two players help each other by 0.4, half of it the first one's."""
    chance, size = np.random.default_rng(9), (400, 25)
    luck = chance.normal(0, 1, size)
    ends = {held: luck + len(held) + 0.4 * (len(held) == 2) + 0.3 * chance.gamma(4, 1, size) for held in subsets("ab")}
    each = values(ends)[0]
    half = 1.711 * each.std(axis=1, ddof=1) / 5  # Student's t with 24 degrees of freedom at 95 %
    assert 0.86 < np.mean(np.abs(each.mean(axis=1) - 1.2) <= half) < 0.94
