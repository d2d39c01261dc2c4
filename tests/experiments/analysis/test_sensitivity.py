"""Screening and indices of variance against functions whose answer is known on paper, and against SALib."""

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from config.sampling import latin_hypercube, morris, saltelli
from experiments.analysis import sensitivity
from experiments.analysis.sensitivity import elementary_effects, in_unit_cube, sobol_indices, sum_of_first

Floats = NDArray[np.float64]

WEIGHTS = np.array([0.0, 1.0, 4.5, 9.0, 99.0])
ISHIGAMI_FIRST, ISHIGAMI_TOTAL = np.array([0.3139, 0.4424, 0.0]), np.array([0.5576, 0.4424, 0.2437])


def ishigami(x: Floats) -> Floats:
    """Ishigami and Homma (1990) with a = 7, b = 0.1, of points of the unit cube."""
    z = np.pi * (2 * x - 1)
    return np.asarray(np.sin(z[:, 0]) + 7 * np.sin(z[:, 1]) ** 2 + 0.1 * z[:, 2] ** 4 * np.sin(z[:, 0]))


def g_function(x: Floats) -> Floats:
    """Sobol' (1993): the smaller a factor's weight, the more it does."""
    return np.asarray(np.prod((np.abs(4 * x - 2) + WEIGHTS) / (1 + WEIGHTS), axis=1))


def g_indices() -> tuple[Floats, Floats]:
    """First and total indices of the g-function on paper."""
    parts = 1 / 3 / (1 + WEIGHTS) ** 2
    others = np.array([np.prod(1 + np.delete(parts, factor)) for factor in range(len(parts))])
    variance = np.prod(1 + parts) - 1
    return parts / variance, parts * others / variance


def independent(factors: int, size: int, seed: int) -> Floats:
    """Points as those of `saltelli`, of plain random numbers: those that the bootstrap's intervals are made for."""
    pairs = np.random.default_rng(seed).random((size, 2 * factors))
    groups = np.repeat(pairs[:, np.newaxis, :factors], factors + 2, axis=1)
    groups[:, -1] = pairs[:, factors:]
    for factor in range(factors):
        groups[:, 1 + factor, factor] = pairs[:, factors + factor]
    return groups.reshape(-1, factors)


def names(factors: int) -> list[str]:
    return [f"x{number}" for number in range(factors)]


@pytest.mark.parametrize("function, first, total", [
    (ishigami, ISHIGAMI_FIRST, ISHIGAMI_TOTAL), (g_function, *g_indices()),
])  # fmt: skip
def test_indices_are_those_on_paper(function, first: Floats, total: Floats) -> None:  # type: ignore[no-untyped-def]
    found = sobol_indices(names(len(first)), function(saltelli(len(first), 1024, seed=3)), seed=1)
    np.testing.assert_allclose(found["first"], first, atol=0.02)
    np.testing.assert_allclose(found["total"], total, atol=0.02)
    assert (found["first_lower"] <= found["first"]).all() and (found["first"] <= found["first_upper"]).all()
    assert (found["total_lower"] <= found["total"]).all() and (found["total"] <= found["total_upper"]).all()
    share = sum_of_first(len(first), function(saltelli(len(first), 1024, seed=3)), seed=1)
    assert share.estimate == pytest.approx(found["first"].sum())
    assert share.lower < first.sum() < share.upper


def test_indices_are_those_of_salib() -> None:
    from SALib.analyze import sobol

    outcome = ishigami(saltelli(3, 64, seed=5))
    problem = {"num_vars": 3, "names": names(3), "bounds": [[0, 1]] * 3}
    theirs = sobol.analyze(problem, outcome, calc_second_order=False, num_resamples=2, seed=1)
    ours = sobol_indices(names(3), outcome, seed=1)
    np.testing.assert_allclose(ours["total"], theirs["ST"], rtol=1e-9)
    np.testing.assert_allclose(ours["first"], theirs["S1"], atol=0.02)  # theirs is centred by the mean of all rows


def test_intervals_hold_what_is_on_paper_about_as_often_as_they_say(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sensitivity, "SAMPLES", 200)
    studies = 100
    held = np.zeros((2, 3))
    for seed in range(studies):
        found = sobol_indices(names(3), ishigami(independent(3, 128, seed)), seed)
        held[0] += (found["first_lower"] <= ISHIGAMI_FIRST) & (found["first_upper"] >= ISHIGAMI_FIRST)
        held[1] += (found["total_lower"] <= ISHIGAMI_TOTAL) & (found["total_upper"] >= ISHIGAMI_TOTAL)
    assert (held / studies >= 0.80).all() and (held / studies <= 0.98).all(), held
    assert held.mean() / studies == pytest.approx(0.9, abs=0.03)


def test_chance_is_what_stays_when_everything_else_is_known() -> None:
    """Outcome = parameter + parameter · luck: luck has no part of its own, yet half of the variance is never known."""

    def outcome(x: Floats) -> Floats:
        return np.asarray(x[:, 0] + x[:, 0] * np.where(np.sin(1e6 * x[:, 1]) > 0, 1.0, -1.0))

    found = sobol_indices(["parameter", "chance"], outcome(saltelli(2, 2048, seed=1)), seed=1)
    variance = 1 / 12 + 1 / 3
    np.testing.assert_allclose(found["first"], [1 / 12 / variance, 1 / 4 / variance], atol=0.04)
    np.testing.assert_allclose(found["total"], [1 / 6 / variance, 1 / 3 / variance], atol=0.04)


def test_a_base_point_with_a_run_that_failed_is_left_out_whole() -> None:
    outcome = ishigami(saltelli(3, 64, seed=5))
    broken = outcome.copy()
    broken[[7, 8, 203]] = np.nan  # rows of the second and the forty-first group of five
    found = sobol_indices(names(3), broken, seed=1)
    kept = np.delete(outcome.reshape(64, 5), [1, 40], axis=0).ravel()
    expected = sobol_indices(names(3), kept, seed=1)
    np.testing.assert_array_equal(found.drop(columns="dropped"), expected.drop(columns="dropped"))
    assert set(found["used"]) == {62} and set(found["dropped"]) == {2}


def test_nothing_is_said_of_an_outcome_that_does_not_vary_or_of_none() -> None:
    for outcome in (np.full(5 * 8, 0.1), np.full(5 * 8, np.nan)):
        found = sobol_indices(names(3), outcome, seed=1)
        assert found[["first", "first_lower", "total", "total_upper"]].isna().all(axis=None)
        assert np.isnan(sum_of_first(3, outcome, seed=1)).all()
    effects = elementary_effects(names(3), morris(3, 5, seed=1), np.full(20, np.nan), seed=1)
    assert effects[["mu", "mu_star", "sigma", "lower"]].isna().all(axis=None)
    still = elementary_effects(names(3), morris(3, 5, seed=1), np.full(20, 0.3), seed=1)
    assert (still[["mu", "mu_star", "sigma", "upper"]] == 0).all(axis=None)


def test_elementary_effects_of_a_line_are_its_slopes_without_spread() -> None:
    points = morris(3, 10, seed=2)
    found = elementary_effects(names(3), points, points @ np.array([2.0, -3.0, 0.0]), seed=1)
    np.testing.assert_allclose(found["mu"], [2, -3, 0], atol=1e-12)
    np.testing.assert_allclose(found[["mu_star", "lower", "upper"]], [[2] * 3, [3] * 3, [0] * 3], atol=1e-12)
    np.testing.assert_allclose(found["sigma"], 0, atol=1e-12)
    assert list(found["rank"]) == [2, 1, 3]


def test_effects_are_the_same_from_values_in_any_unit_and_none_where_a_step_changes_nothing() -> None:
    points = morris(3, 20, seed=2)
    values = np.column_stack([np.exp(3 * points[:, 0]), 700 - 300 * (1 - points[:, 1]), np.full(len(points), 0.4)])
    outcome = points[:, 0] * points[:, 1]
    assert len(np.unique(in_unit_cube(values))) == 2
    expected = elementary_effects(names(3), points, outcome, seed=1)
    found = elementary_effects(names(3), in_unit_cube(values), outcome, seed=1)
    pd.testing.assert_frame_equal(found, expected)


def test_elementary_effects_rank_the_factors_of_the_g_function_and_see_through_ishigami() -> None:
    points = morris(5, 200, seed=2)
    found = elementary_effects(names(5), points, g_function(points), seed=1)
    assert list(found["rank"]) == [1, 2, 3, 4, 5]
    points = morris(3, 200, seed=2)
    found = elementary_effects(names(3), points, ishigami(points), seed=1)
    assert (found["mu_star"] > 5).all()  # the third has no part of its own and acts through the first
    assert abs(found["mu"][2]) < found["mu_star"][2] / 3 and found["sigma"][2] > found["mu_star"][2]


def test_elementary_effects_are_those_of_salib() -> None:
    from SALib.analyze import morris as analyser

    points = morris(3, 40, seed=2)
    problem = {"num_vars": 3, "names": names(3), "bounds": [[0, 1]] * 3}
    theirs = analyser.analyze(problem, points, ishigami(points), num_resamples=2, num_levels=4, seed=1)
    ours = elementary_effects(names(3), points, ishigami(points), seed=1)
    for column in ("mu", "mu_star", "sigma"):
        np.testing.assert_allclose(ours[column], np.asarray(theirs[column], dtype=float), rtol=1e-9)


def test_intervals_of_elementary_effects_hold_the_mean_about_as_often_as_they_say(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sensitivity, "SAMPLES", 200)
    met = (4 / 3 + WEIGHTS) / (1 + WEIGHTS)  # mean of a factor's term over the four levels
    truth = np.array([2 / (1 + WEIGHTS[i]) * np.prod(np.delete(met, i)) for i in range(5)])
    held = np.zeros(5)
    for seed in range(100):
        points = morris(5, 40, seed)
        found = elementary_effects(names(5), points, g_function(points), seed)
        held += (found["lower"] <= truth) & (truth <= found["upper"])
    assert ((held >= 80) & (held <= 98)).all(), held


def test_a_trajectory_with_a_run_that_failed_is_left_out_whole() -> None:
    points = morris(3, 12, seed=2)
    outcome = ishigami(points)
    broken = outcome.copy()
    broken[[5, 17]] = np.nan  # rows of the second and the fifth group of four
    found = elementary_effects(names(3), points, broken, seed=1)
    rest = np.delete(np.arange(48).reshape(12, 4), [1, 4], axis=0).ravel()
    expected = elementary_effects(names(3), points[rest], outcome[rest], seed=1)
    np.testing.assert_array_equal(found.drop(columns="dropped"), expected.drop(columns="dropped"))
    assert set(found["used"]) == {10} and set(found["dropped"]) == {2}


def test_a_hypercube_is_no_design_for_indices() -> None:
    with pytest.raises(ValueError, match="reshape"):
        sobol_indices(names(3), ishigami(latin_hypercube(3, 11, seed=1)), seed=1)
