"""Paired effects and break-even strengths where the truth is known."""

import numpy as np
import pandas as pd
import pytest

from experiments.analysis.intervals import mean_interval
from experiments.analysis.remedies import (
    BREAK_EVEN_COLUMNS,
    break_even,
    break_even_row,
    effect_by_strength,
    effect_curve,
    effects,
    lever_of,
    reference,
    regimes,
)

RUNS = 200


def ends(depth: list[float]) -> dict[str, np.ndarray]:
    """Outcomes at the horizon of as many runs, gap being half of the depth."""
    values = np.array(depth)
    return {
        "operational_depth": values, "declared_depth": values, "gap": values / 2,
        "functional": (values >= 0.25).astype(float), "strategic": np.zeros(len(values)),
    }  # fmt: skip


def effect(none: list[float], policy: list[float], measure: str = "operational_depth") -> "pd.Series[float]":
    """The effect of a policy on one measure, from the depths that runs end with."""
    return effects(ends(policy), ends(none)).set_index("measure").loc[measure]


def test_effect_by_hand():
    row = effect([0.1, 0.2, 0.3, 0.4], [0.2, 0.2, 0.6, 0.4])
    expected = mean_interval([0.1, 0.0, 0.3, 0.0])
    assert (row["mean"], row["lower"], row["upper"]) == pytest.approx(tuple(expected))
    assert (row["runs"], row["median"]) == (4, pytest.approx(0.05))
    assert (row["better"], row["same"], row["worse"]) == pytest.approx((0.5, 0.5, 0.0))


def test_a_smaller_gap_is_better():
    row = effect([0.4, 0.4], [0.2, 0.6], "gap")
    assert (row["better"], row["worse"]) == (0.5, 0.5)


def test_regimes_are_compared_run_by_run():
    row = effect([0.1, 0.3, 0.1], [0.3, 0.3, 0.3], "functional")
    assert row["mean"] == pytest.approx(2 / 3)
    assert row["lower"] < row["mean"]


def test_pairing_narrows_the_interval_as_far_as_runs_share_their_luck():
    chance = np.random.default_rng(2)
    luck = chance.normal(0.3, 0.1, RUNS)
    noise = chance.normal(0, 0.01, RUNS)
    row = effect(list(luck), list(luck + 0.02 + noise))
    by_hand = np.sqrt(luck.var(ddof=1) + (luck + noise).var(ddof=1)) / noise.std(ddof=1)
    assert row["narrowing"] == pytest.approx(by_hand, rel=0.01)
    assert row["lower"] < 0.02 < row["upper"]


def test_paired_intervals_hold_the_true_effect_about_nine_times_in_ten():
    chance = np.random.default_rng(4)
    held = []
    for _ in range(400):
        luck = chance.normal(0.3, 0.1, 30)
        row = effect(list(luck), list(luck + chance.normal(0.02, 0.03, 30)))
        held.append(row["lower"] <= 0.02 <= row["upper"])
    assert 0.86 < np.mean(held) < 0.94


def test_a_policy_without_effect_has_none():
    row = effect([0.1, 0.2, 0.3], [0.1, 0.2, 0.3])
    assert (row["mean"], row["lower"], row["upper"], row["same"]) == (0.0, 0.0, 0.0, 1.0)
    assert np.isnan(row["narrowing"])


def test_one_run_has_an_effect_but_no_interval():
    row = effect([0.1], [0.2])
    assert row["mean"] == pytest.approx(0.1)
    assert np.isnan(row["lower"])


def test_nothing_to_compare_gives_an_empty_table():
    assert effects(ends([]), ends([])).empty


def test_the_reference_is_no_policy_or_else_the_first():
    assert reference(["dialogue", "none"]) == "none"
    assert reference(["qmv", "dialogue"]) == "qmv"


def test_a_strategic_partnership_is_functional_too():
    found = regimes(pd.Series(["strategic", "symbolic", "functional"], dtype="category"))
    assert list(found["strategic"]) == [1.0, 0.0, 0.0]
    assert list(found["functional"]) == [1.0, 0.0, 1.0]


# --- break-even -------------------------------------------------------------------------------------------------------


def strengths(seed: int = 1, runs: int = RUNS, greatest: float = 2.0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(0, greatest, runs)


def test_a_straight_line_is_found_exactly():
    strength = strengths()
    found = break_even(strength, -0.03 + 0.05 * strength)
    assert found.verdict == "from"
    assert found.strength == pytest.approx(0.6)
    assert found.at_zero.estimate == pytest.approx(-0.03)
    assert found.greatest == strength.max()
    assert found.at_least == pytest.approx(0.6, abs=0.01) == found.surely


def test_a_bent_effect_is_found_exactly():
    strength = strengths()
    found = break_even(strength, (strength - 0.5) * (3.0 - strength) / 100)
    assert found.strength == pytest.approx(0.5, abs=1e-4)


def test_the_break_even_lies_within_its_interval_about_as_often_as_it_says():
    chance, held = np.random.default_rng(6), []
    for seed in range(300):
        strength = strengths(seed)
        found = break_even(strength, -0.03 + 0.05 * strength + chance.normal(0, 0.05 * (0.2 + strength)))
        held.append(found.at_least <= 0.6 and not found.surely < 0.6)
    assert 0.85 < np.mean(held) < 0.95


def test_verdicts():
    strength, noise = strengths(), np.random.default_rng(7).normal(0, 0.01, RUNS)
    assert break_even(strength, 0.05 + 0.02 * strength + noise).verdict == "always"
    assert break_even(strength, -0.05 - 0.02 * strength + noise).verdict == "never"
    assert break_even(strength, noise - noise.mean()).verdict == "unclear"
    assert break_even(strength, 0.05 - 0.05 * strength + noise).verdict == "fades"
    assert break_even(np.full(RUNS, 1.0), noise).verdict == "fixed"


def test_less_is_better_where_it_is_so():
    strength = strengths()
    assert break_even(strength, 0.03 - 0.05 * strength, better=-1).strength == pytest.approx(0.6)
    assert break_even(strength, 0.03 - 0.05 * strength, better=-1).at_zero.estimate == pytest.approx(-0.03)


def test_an_effect_that_starts_good_breaks_even_at_zero_and_a_bad_one_never():
    strength = strengths()
    assert break_even(strength, 0.01 + 0.02 * strength).strength == 0.0
    assert np.isnan(break_even(strength, -0.01 - 0.02 * strength).strength)


def test_too_few_runs_have_no_curve():
    assert effect_curve(np.array([0.0, 1.0]), np.array([0.0, 1.0])) is None
    assert break_even(np.array([]), np.array([])).verdict == "fixed"


def test_a_dozen_runs_are_given_a_straight_line():
    strength = np.linspace(0, 2, 12)
    curve = effect_curve(strength, 0.1 * strength)
    assert curve is not None
    np.testing.assert_allclose(curve.effect, 0.1 * curve.strength, atol=1e-12)


def test_levers_belong_to_policies_by_name():
    columns = ["attention.link", "levers.dialogue_strength", "levers.indo_pacific_strength", "levers.dialogue_slots"]
    assert lever_of("dialogue", columns) == "levers.dialogue_strength"
    assert lever_of("indo_pacific_strategy", columns) == "levers.indo_pacific_strength"
    assert lever_of("dialogue+indo_pacific_strategy", columns) is None
    assert lever_of("lift_attention", columns) is None


def test_the_break_even_of_a_curve_has_the_ends_with_their_intervals():
    strength = strengths()
    found = break_even_row(
        pd.DataFrame({"strength": strength, "difference": -0.03 + 0.05 * strength}), "declared_depth"
    )
    assert list(found) == BREAK_EVEN_COLUMNS
    assert (found["verdict"], found["strength"]) == ("from", pytest.approx(0.6))
    assert found["zero_estimate"] == pytest.approx(-0.03)


def test_of_a_gap_less_is_better():
    strength = strengths()
    curve = pd.DataFrame({"strength": strength, "difference": 0.03 - 0.05 * strength})
    assert break_even_row(curve, "gap")["zero_estimate"] == pytest.approx(-0.03)


def test_groups_of_strength_hold_equally_many_runs():
    strength = strengths(runs=81)
    groups = effect_by_strength(strength, strength, bins=8)
    assert groups["runs"].sum() == 81
    assert groups["strength"].is_monotonic_increasing
    np.testing.assert_allclose(groups["mean"], groups["strength"])
