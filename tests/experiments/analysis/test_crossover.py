"""Differences made by hand whose change of sign is known, and what must hold of any fit."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from experiments.analysis.crossover import (
    FEWEST,
    Fit,
    boundary,
    compare,
    crossings,
    grid_of,
    local_fit,
    on_plane,
    plane_of,
)

Floats = NDArray[np.float64]
N = 800


def drawn(seed: int, n: int = N) -> pd.DataFrame:
    chance = np.random.default_rng(seed)
    columns = {"a": chance.uniform(0, 2, n), "b": chance.uniform(0, 2, n), "c": chance.lognormal(0, 0.3, n)}
    return pd.DataFrame({**columns, "fixed": np.ones(n)})


def noise(seed: int, scale: float, n: int = N) -> Floats:
    return np.random.default_rng(seed + 99).normal(0.0, scale, n)


@settings(max_examples=10, deadline=None)
@given(st.tuples(*[st.floats(-2, 2)] * 6), st.integers(0, 1000))
def test_a_surface_of_second_degree_is_fitted_exactly(w: tuple[float, ...], seed: int) -> None:
    def surface(x: Floats) -> Floats:
        a, b = x.T
        return w[0] + w[1] * a + w[2] * b + w[3] * a * a + w[4] * a * b + w[5] * b * b

    x = drawn(seed, 300)[["a", "b"]].to_numpy()
    at = x[:7] * 0.9 + 0.1
    fit = local_fit(x, surface(x), at)
    np.testing.assert_allclose(fit.mean, surface(at), atol=1e-8)
    np.testing.assert_allclose(fit.lower, fit.upper, atol=1e-6)


@settings(max_examples=3, deadline=None)
@given(seed=st.integers(0, 10**6), bound=st.floats(0.5, 1.5))
def test_a_known_crossing_is_found_with_its_direction(seed: int, bound: float) -> None:
    table = drawn(seed)
    found = compare(table, (table["a"] - bound).to_numpy() + noise(seed, 0.3))
    first = found.parameters.iloc[0]
    assert first["parameter"] == "a" and first["verdict"] == "overtakes above"
    assert first["at"] == pytest.approx(bound, abs=0.1)
    assert first["surely_below"] < first["at"] < first["surely_above"]
    assert first["ahead_above"] > 0.7 and first["ahead_below"] < 0.3
    assert first["explains"] == pytest.approx((1 / 3) / (1 / 3 + 0.09), abs=0.08)
    assert "fixed" not in set(found.parameters["parameter"])
    mirrored = compare(table[["a"]], -(table["a"] - bound).to_numpy() + noise(seed, 0.3))
    assert mirrored.parameters.iloc[0]["verdict"] == "overtakes below"


def test_the_boundary_of_two_parameters_is_found_and_foretells_the_sign() -> None:
    """D = a - 0.6 b - 0.3: the one must beat 0.3 and six tenths of the other."""
    table = drawn(1, 3000)
    found = compare(table, (table["a"] - 0.6 * table["b"] - 0.3).to_numpy() + noise(1, 0.2, 3000))
    assert found.names == ("a", "b")
    np.testing.assert_allclose(found.boundary["at"], 0.3 + 0.6 * found.boundary["y"], atol=0.08)
    # a normal spread of 0.2 is nine times in ten less than 0.256
    np.testing.assert_allclose(found.boundary["nearly_all"] - found.boundary["at"], 0.256, atol=0.12)
    assert found.boundary["rises"].all() and (found.boundary["sign"] == 0).all()
    told = found.foretold.iloc[0]
    assert told["right"] > 0.85 > 0.6 > told["always"] and told["right_lower"] < told["right"] < told["right_upper"]
    assert told["ahead_told"] > 0.85 and told["behind_told"] < 0.15
    assert set(found.curves["parameter"]) == {"a", "b"}


def test_where_one_is_ahead_everywhere_nothing_crosses() -> None:
    table = drawn(2)
    found = compare(table, 0.5 + 0.1 * table["a"].to_numpy() + noise(2, 0.1))
    assert set(found.parameters["verdict"]) == {"ahead"} and found.parameters["at"].isna().all()
    assert (found.boundary["sign"] == 1).all() and found.boundary["at"].isna().all()
    assert found.overall["mean"].iloc[0] == pytest.approx(0.6, abs=0.02) and found.overall["ahead"].iloc[0] > 0.99
    behind = compare(table[["a", "b"]], -0.5 + noise(2, 0.1))
    assert set(behind.parameters["verdict"]) == {"behind"} and (behind.boundary["sign"] == -1).all()


def test_what_does_nothing_explains_nothing() -> None:
    found = compare(drawn(3), noise(3, 1.0))
    assert (found.parameters["explains"] < 0.02).all()
    told = found.foretold.iloc[0]
    assert told["right"] == pytest.approx(0.5, abs=0.06)


def test_a_mean_that_turns_twice_crosses_twice() -> None:
    grid = np.linspace(0, 4, 41)
    mean = (grid - 1.02) * (3.02 - grid)
    up, down = crossings(grid, Fit(mean, mean - 0.3, mean + 0.3))
    assert (up.rises, down.rises) == (True, False)
    assert up.at == pytest.approx(1.02, abs=0.01) and down.at == pytest.approx(3.02, abs=0.01)
    assert up.surely_below < up.at < up.surely_above < down.surely_below < down.at < down.surely_above


def test_an_end_that_is_never_sure_is_open() -> None:
    grid = np.linspace(0, 1, 11)
    mean = grid - 0.55
    (found,) = crossings(grid, Fit(mean, mean - 0.5, mean + 0.5))
    assert found.at == pytest.approx(0.55) and found.surely_below == pytest.approx(0.05)
    assert np.isnan(found.surely_above)


def test_the_interval_holds_the_mean_as_often_as_it_says_where_spread_differs() -> None:
    held = 0
    for seed in range(60):
        a = drawn(seed, 400)["a"].to_numpy()
        fit = local_fit(a[:, np.newaxis], 0.2 * a + noise(seed, 1.0, 400) * (0.1 + a), np.array([[0.3], [1.0], [1.8]]))
        truth = np.array([0.06, 0.2, 0.36])
        held += int(((fit.lower <= truth) & (truth <= fit.upper)).sum())
    assert 0.83 <= held / 180 <= 0.96


def test_a_plane_is_read_between_its_places_and_at_its_edge_beyond() -> None:
    x = drawn(4)[["a", "b"]].to_numpy()
    plane = plane_of(x, x[:, 0] - x[:, 1])
    assert len(boundary(plane)) == plane["y"].nunique()
    read = on_plane(plane, np.array([[1.0, 0.4], [9.0, 1.0]]))
    assert read[0] == pytest.approx(0.6) and read[1] == pytest.approx(grid_of(x[:, 0]).max() - 1.0)


@pytest.mark.parametrize("n", [1, FEWEST - 1])
def test_too_few_runs_are_told_without_a_fit(n: int) -> None:
    found = compare(drawn(5, n), noise(5, 1.0, n))
    assert found.overall["runs"].iloc[0] == n and found.names == ()
    for table in (found.parameters, found.curves, found.plane, found.boundary, found.foretold):
        assert not len(table)
