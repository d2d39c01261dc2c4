"""Samples of the unit cube: shapes, what each is made of, and the same numbers for the same seed."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from config.sampling import latin_hypercube, morris, saltelli

SAMPLES = [(latin_hypercube, lambda k, n: n), (saltelli, lambda k, n: n * (k + 2)), (morris, lambda k, n: n * (k + 1))]


@pytest.mark.parametrize("sample, rows", SAMPLES)
@settings(max_examples=15, deadline=None)
@given(factors=st.integers(1, 9), power=st.integers(1, 5), seed=st.integers(0, 2**31))
def test_samples_are_points_of_the_unit_cube_and_follow_from_their_seed(
    sample: Callable[[int, int, int], NDArray[np.float64]],
    rows: Callable[[int, int], int],
    factors: int,
    power: int,
    seed: int,
) -> None:
    points = sample(factors, 2**power, seed)
    assert points.shape == (rows(factors, 2**power), factors) and points.dtype == np.float64
    assert points.min() >= 0 and points.max() <= 1
    np.testing.assert_array_equal(sample(factors, 2**power, seed), points)
    assert not np.array_equal(sample(factors, 2**power, seed + 1), points) or sample is morris


def test_a_latin_hypercube_has_one_point_in_each_slice_of_each_factor() -> None:
    slices = np.sort(np.floor(latin_hypercube(5, 13, seed=7) * 13), axis=0)
    np.testing.assert_array_equal(slices, np.repeat(np.arange(13.0)[:, None], 5, axis=1))


def test_saltelli_rows_are_a_point_then_it_with_one_factor_of_another_then_the_other() -> None:
    groups = saltelli(5, 16, seed=7).reshape(16, 7, 5)
    first, last = groups[:, 0], groups[:, -1]
    for factor in range(5):
        expected = first.copy()
        expected[:, factor] = last[:, factor]
        np.testing.assert_array_equal(groups[:, 1 + factor], expected)
    halves = np.floor(np.hstack([first, last]) * 2).mean(axis=0)
    np.testing.assert_array_equal(halves, 0.5)  # a power of two points of a Sobol' sequence is balanced


def test_a_morris_trajectory_changes_each_factor_once_by_two_thirds() -> None:
    groups = morris(7, 20, seed=7).reshape(20, 8, 7)
    np.testing.assert_allclose(np.unique(np.round(groups * 3, 12)), [0, 1, 2, 3])
    steps = np.abs(np.diff(groups, axis=1))
    np.testing.assert_allclose(np.sort(steps, axis=2)[:, :, -1], 2 / 3)
    assert ((steps > 0).sum(axis=2) == 1).all() and ((steps > 0).sum(axis=1) == 1).all()
    orders = {tuple(order) for order in steps.argmax(axis=2)}
    assert len(orders) > 15


def test_drawing_a_sample_leaves_the_random_numbers_of_others_alone() -> None:
    np.random.seed(3)  # noqa: NPY002
    expected = np.random.random(4)  # noqa: NPY002
    np.random.seed(3)  # noqa: NPY002
    for sample, _ in SAMPLES:
        sample(3, 4, 1)
    np.testing.assert_array_equal(np.random.random(4), expected)  # noqa: NPY002
