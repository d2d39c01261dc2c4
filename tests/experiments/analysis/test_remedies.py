"""Paired effects and break-even strengths where the truth is known."""

import numpy as np
import pandas as pd
import pytest

from experiments.analysis.intervals import mean_interval
from experiments.analysis.remedies import (
    break_even,
    break_evens,
    differences,
    effect_by_strength,
    effect_curve,
    effects,
    lever_of,
    outcomes,
    reference,
    with_strength,
)

RUNS = 200


def ends(none: list[float], policy: list[float]) -> pd.DataFrame:
    """Outcomes at the horizon of as many runs, gap being half of the depth."""
    frames = [
        pd.DataFrame(
            {
                "scenario": "s", "policy": name, "run": range(len(depth)), "operational_depth": depth,
                "declared_depth": depth, "gap": np.array(depth) / 2,
                "functional": (np.array(depth) >= 0.25).astype(float), "strategic": 0.0,
            }
        )
        for name, depth in (("none", none), ("dialogue", policy))
    ]  # fmt: skip
    return pd.concat(frames, ignore_index=True)


def test_effect_by_hand():
    pairs = differences(ends([0.1, 0.2, 0.3, 0.4], [0.2, 0.2, 0.6, 0.4]), "none")
    row = effects(pairs).set_index("measure").loc["operational_depth"]
    expected = mean_interval([0.1, 0.0, 0.3, 0.0])
    assert (row["mean"], row["lower"], row["upper"]) == pytest.approx(tuple(expected))
    assert (row["runs"], row["median"]) == (4, pytest.approx(0.05))
    assert (row["better"], row["same"], row["worse"]) == pytest.approx((0.5, 0.5, 0.0))


def test_a_smaller_gap_is_better():
    row = effects(differences(ends([0.4, 0.4], [0.2, 0.6]), "none")).set_index("measure").loc["gap"]
    assert (row["better"], row["worse"]) == (0.5, 0.5)


def test_regimes_are_compared_run_by_run():
    row = effects(differences(ends([0.1, 0.3, 0.1], [0.3, 0.3, 0.3]), "none")).set_index("measure").loc["functional"]
    assert row["mean"] == pytest.approx(2 / 3)
    assert row["lower"] < row["mean"]


def test_runs_that_only_one_policy_has_made_are_left_out():
    both = ends([0.1, 0.2, 0.3], [0.2, 0.3, 0.4])
    torn = both[~((both["policy"] == "none") & (both["run"] == 2))]
    assert set(differences(torn, "none")["run"]) == {0, 1}


def test_pairing_narrows_the_interval_as_far_as_runs_share_their_luck():
    chance = np.random.default_rng(2)
    luck = chance.normal(0.3, 0.1, RUNS)
    noise = chance.normal(0, 0.01, RUNS)
    row = effects(differences(ends(list(luck), list(luck + 0.02 + noise)), "none")).iloc[0]
    by_hand = np.sqrt(luck.var(ddof=1) + (luck + noise).var(ddof=1)) / noise.std(ddof=1)
    assert row["narrowing"] == pytest.approx(by_hand, rel=0.01)
    assert row["lower"] < 0.02 < row["upper"]


def test_paired_intervals_hold_the_true_effect_about_nine_times_in_ten():
    chance = np.random.default_rng(4)
    held = []
    for _ in range(400):
        luck = chance.normal(0.3, 0.1, 30)
        pairs = differences(ends(list(luck), list(luck + chance.normal(0.02, 0.03, 30))), "none")
        row = effects(pairs[pairs["measure"] == "operational_depth"]).iloc[0]
        held.append(row["lower"] <= 0.02 <= row["upper"])
    assert 0.86 < np.mean(held) < 0.94


def test_a_policy_without_effect_has_none():
    row = effects(differences(ends([0.1, 0.2, 0.3], [0.1, 0.2, 0.3]), "none")).iloc[0]
    assert (row["mean"], row["lower"], row["upper"], row["same"]) == (0.0, 0.0, 0.0, 1.0)
    assert np.isnan(row["narrowing"])


def test_one_run_has_an_effect_but_no_interval():
    row = effects(differences(ends([0.1], [0.2]), "none")).iloc[0]
    assert row["mean"] == pytest.approx(0.1)
    assert np.isnan(row["lower"])


def test_nothing_to_compare_gives_an_empty_table():
    alone = ends([0.1], [0.2]).query("policy == 'none'")
    assert effects(differences(alone, "none")).empty


def test_the_reference_is_no_policy_or_else_the_first():
    assert reference(["dialogue", "none"]) == "none"
    assert reference(["qmv", "dialogue"]) == "qmv"


def test_outcomes_take_the_last_quarter_and_the_regime():
    runs = pd.DataFrame({"scenario": "s", "policy": "none", "run": [0, 1], "regime": ["strategic", "symbolic"]})
    path = pd.DataFrame(
        {
            "scenario": "s", "policy": "none", "run": [0, 0, 1, 1], "quarter": ["2030Q1", "2030Q2"] * 2,
            "operational_depth": [0.1, 0.7, 0.1, 0.2], "declared_depth": 0.8, "gap": 0.1,
        }
    )  # fmt: skip
    found = outcomes(runs, path)
    assert list(found["operational_depth"]) == [0.7, 0.2]
    assert list(found["strategic"]) == list(found["functional"]) == [1.0, 0.0]
    assert "gap" not in outcomes(runs, None)


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


def test_break_evens_of_a_table():
    strength = strengths(runs=60)
    table = ends([0.3] * 60, list(0.3 - 0.03 + 0.05 * strength))
    runs = table[["scenario", "policy", "run"]].assign(**{"levers.dialogue_strength": np.tile(strength, 2)})
    pairs = differences(table, "none")
    found = break_evens(pairs, runs).iloc[0]
    assert (found["policy"], found["verdict"], found["strength"]) == ("dialogue", "from", pytest.approx(0.6))
    assert found["zero_estimate"] == pytest.approx(-0.03)
    assert with_strength(pairs, runs, "qmv", "gap").empty


def test_groups_of_strength_hold_equally_many_runs():
    strength = strengths(runs=81)
    groups = effect_by_strength(strength, strength, bins=8)
    assert groups["runs"].sum() == 81
    assert groups["strength"].is_monotonic_increasing
    np.testing.assert_allclose(groups["mean"], groups["strength"])
