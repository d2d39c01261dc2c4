"""Effects of combinations where it is known whether they add up."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from config.errors import UserError
from experiments.analysis.combining import (
    Game,
    combined,
    costs,
    excess,
    game_of,
    interaction,
    joined,
    members_of,
    outermost,
    players,
    subsets,
    verdict,
)

RUNS = 40
A, B, C = (frozenset([name]) for name in "abc")
NONE = frozenset[str]()
OUTCOMES = st.lists(st.floats(-1, 1), min_size=8 * 3, max_size=8 * 3).map(lambda x: np.array(x).reshape(8, 3))


def game(single: dict[str, float], together: float = 0.0, noise: float = 0.002, runs: int = RUNS) -> Game:
    """Every combination: luck that all share, what each member adds alone, `together` for each pair, own noise."""
    chance = np.random.default_rng(4)
    luck = chance.normal(0.3, 0.1, runs)
    return {
        held: luck + sum(single[one] for one in held) + together * (len(held) * (len(held) - 1) / 2)
        + chance.normal(0, noise, runs)
        for held in subsets(single)
    }  # fmt: skip


def test_names_of_policies_are_read_and_written_in_any_order() -> None:
    assert members_of("b+a") == A | B and members_of("none") == NONE
    assert joined(A | B, "abc") == "a+b" and joined(NONE, "abc") == "none"


def test_outermost_are_single_policies_and_what_is_part_of_no_other() -> None:
    assert outermost(["none", "a", "b", "a+b", "b+c+a", "c+d"]) == ("none", "a", "b", "b+c+a", "c+d")
    assert outermost(["none", "a", "a+b"]) == ("none", "a", "a+b")


def test_a_factorial_has_every_combination_and_nothing_else() -> None:
    every = game({"a": 0.1, "b": 0.1, "c": 0.1})
    ends = {joined(held, "abc"): pd.DataFrame({"depth": depth}) for held, depth in every.items()}
    found = game_of(ends, "depth")
    assert players(found) == ("a", "b", "c") and set(found) == set(every)
    np.testing.assert_array_equal(found[A | C], every[A | C])
    with pytest.raises(UserError, match="missing: a\\+c"):
        game_of({policy: table for policy, table in ends.items() if policy != "a+c"}, "depth")
    for wrong in ({**ends, "a+d": ends["a"]}, {"none": ends["none"], "a": ends["a"]}):
        with pytest.raises(UserError, match="every combination"):
            game_of(wrong, "depth")


@given(OUTCOMES)
def test_what_appears_together_sums_to_the_effect_over_all_subsets(values: NDArray[np.float64]) -> None:
    every = dict(zip(subsets("abc"), values, strict=True))
    for held in (A | B, A | B | C):
        parts = [interaction(every, some) for some in subsets(sorted(held))[1:]]
        np.testing.assert_allclose(np.sum(parts, axis=0), every[held] - every[NONE], atol=1e-12)
    np.testing.assert_allclose(interaction(every, A | B), excess(every, A | B), atol=1e-12)


def test_combinations_by_hand() -> None:
    ends = {NONE: [0.1, 0.2], A: [0.2, 0.2], B: [0.1, 0.4], A | B: [0.5, 0.4]}
    row = combined({held: np.array(values) for held, values in ends.items()}).set_index("policy").loc["a+b"]
    assert row["mean"] == pytest.approx(0.3) and row["sum_alone"] == pytest.approx(0.15)
    assert row["excess_mean"] == pytest.approx((0.3 + 0.0) / 2) and row["of_sum"] == pytest.approx(1.0)
    assert row["better"] == 1.0 and row["runs"] == 2


def test_effects_that_add_up_help_or_hinder_are_named_so() -> None:
    for together, expected in ((0.0, "add up"), (0.05, "help each other"), (-0.05, "hinder each other")):
        found = combined(game({"a": 0.1, "b": 0.2, "c": 0.05}, together)).set_index("policy")
        pairs = found[found["size"] == 2]
        assert list(found.index) == ["a", "b", "c", "a+b", "a+c", "b+c", "a+b+c"]
        assert set(pairs["verdict"]) == {expected}
        assert ((pairs["excess_lower"] < together) & (together < pairs["excess_upper"])).all()
        assert found.loc["a+b+c", "excess_mean"] == pytest.approx(3 * together, abs=0.003)
        assert found.loc["a+b+c", "interaction_mean"] == pytest.approx(0.0, abs=0.004)


def test_few_noisy_runs_cannot_tell() -> None:
    assert set(combined(game({"a": 0.1, "b": 0.2}, noise=0.2, runs=5))["verdict"].dropna()) == {"cannot be told"}
    assert verdict(0.02, -0.001, 0.03) == "cannot be told" and verdict(0.02, 0.001, 0.019) == "add up"
    assert verdict(0.0, float("nan"), float("nan")) == "cannot be told"


def test_pairing_narrows_as_far_as_luck_is_shared() -> None:
    narrowing = combined(game({"a": 0.1, "b": 0.2}))["narrowing"]
    assert (narrowing > 10).all()


def test_excess_of_paired_runs_is_held_nine_times_in_ten() -> None:
    """400 experiments of 25 runs in which two help each other by 0.5, with noise that is skewed."""
    chance, size = np.random.default_rng(6), (400, 25)
    luck = chance.normal(0, 1, size)
    ends = {held: luck + len(held) + 0.5 * (len(held) == 2) + 0.3 * chance.gamma(4, 1, size) for held in subsets("ab")}
    several = [combined({held: values[i] for held, values in ends.items()}).iloc[-1] for i in range(size[0])]
    held = [row["excess_lower"] <= 0.5 <= row["excess_upper"] for row in several]
    assert 0.85 < np.mean(held) < 0.95


def test_a_policy_costs_what_it_changes_at_strength_zero() -> None:
    strength = np.linspace(0, 2, 200)
    curve = pd.DataFrame({"strength": strength, "difference": 0.1 * strength - 0.02})
    (row,) = costs({"a": curve}, "operational_depth").to_dict("records")
    assert row["policy"] == "a" and row["verdict"] == "from"
    assert row["zero_estimate"] == pytest.approx(-0.02, abs=1e-6) and row["strength"] == pytest.approx(0.2, abs=1e-3)
