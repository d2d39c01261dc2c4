"""Intervals against published figures, and how often they hold the truth."""

import numpy as np
import pytest
from scipy import stats

from experiments.analysis.intervals import jeffreys, mean_interval, paired_proportions


def test_jeffreys_without_cases_starts_at_zero_and_with_nothing_but_cases_ends_at_one():
    lower, upper = jeffreys([0, 10], [10, 10])
    assert lower[0] == 0.0 and upper[1] == 1.0
    assert upper[0] == pytest.approx(1 - lower[1])
    assert 0.1 < upper[0] < 0.25


def test_jeffreys_is_the_middle_of_the_beta_distribution():
    lower, upper = jeffreys([3], [20], level=0.9)
    weight = stats.beta(3.5, 17.5)
    assert weight.cdf(lower[0]) == pytest.approx(0.05)
    assert weight.cdf(upper[0]) == pytest.approx(0.95)


def test_jeffreys_holds_the_true_probability_about_nine_times_in_ten():
    runs, chance = 100, np.random.default_rng(3)
    for true in (0.05, 0.3, 0.5):
        lower, upper = jeffreys(chance.binomial(runs, true, 4000), runs)
        assert 0.86 < np.mean((lower <= true) & (true <= upper)) < 0.95


def test_mean_interval_by_hand():
    """1, 2, 3: mean 2, standard error 1 / sqrt 3, Student's t with 2 degrees of freedom at 95 % is 2.920."""
    mean = mean_interval([1.0, 2.0, 3.0])
    assert mean.estimate == pytest.approx(2.0)
    assert mean.upper - 2.0 == pytest.approx(2.920 / np.sqrt(3), abs=1e-3)
    assert 2.0 - mean.lower == pytest.approx(mean.upper - 2.0)


def test_mean_interval_says_that_one_run_tells_nothing_of_its_spread():
    assert mean_interval([0.4]).estimate == 0.4
    assert np.isnan(mean_interval([0.4]).lower)
    assert np.isnan(mean_interval([]).estimate)


def test_paired_proportions_have_a_width_even_if_no_run_changed_sides():
    none = paired_proportions(0, 0, 100)
    assert none.estimate == 0.0
    assert none.lower < 0 < none.upper < 0.03


def test_paired_proportions_by_hand():
    """12 gained, 2 lost of 50: (12.5 - 2.5) / 52 = 0.1923, variance (15 / 52 - 0.1923^2) / 52."""
    found = paired_proportions(12, 2, 50)
    half = 1.644854 * np.sqrt((15 / 52 - (10 / 52) ** 2) / 52)
    assert found.estimate == pytest.approx(0.2)
    assert found.lower == pytest.approx(10 / 52 - half, abs=1e-6)
    assert found.upper == pytest.approx(10 / 52 + half, abs=1e-6)


def test_paired_proportions_hold_the_true_difference_about_nine_times_in_ten():
    chance = np.random.default_rng(5)
    draws = chance.multinomial(80, [0.1, 0.04, 0.86], 2000)
    held = [found.lower <= 0.06 <= found.upper for found in (paired_proportions(b, c, 80) for b, c, _ in draws)]
    assert 0.87 < np.mean(held) < 0.96


def test_paired_intervals_of_a_mean_hold_the_true_effect_nine_times_in_ten():
    """3,000 experiments of 60 paired runs: luck that both share, and an effect that differs and is skewed."""
    chance, size = np.random.default_rng(7), (3000, 60)
    luck = chance.normal(0.3, 0.15, size)
    difference = (luck + 0.02 * chance.gamma(4, 1, size)) - luck
    intervals = [mean_interval(one) for one in difference]
    held = np.mean([found.lower <= 0.08 <= found.upper for found in intervals])
    assert 0.88 < held < 0.92
    unpaired = 2 * 1.645 * np.sqrt(2 / 60) * 0.15
    assert np.mean([found.upper - found.lower for found in intervals]) < unpaired / 3
