"""Regret by hand, and what must hold of it whatever the outcomes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from experiments.analysis.regret import (
    CRITERIA,
    best,
    by_scenario,
    criteria,
    run_regret,
    scenario_regret,
    winners,
)

Floats = NDArray[np.float64]
S, R, P = 2, 7, 3
some = arrays(float, (S, R, P), elements=st.floats(0, 1, width=16))


def toy() -> Floats:
    """Steady is middling everywhere, bold splendid in peace and poor in war, idle never good."""
    peace, war = np.array([0.2, 0.5, 0.9]), np.array([0.2, 0.5, 0.1])
    spread = np.linspace(-0.01, 0.01, 21)[:, np.newaxis]
    return np.stack([peace + spread, war + spread])


@given(outcomes=some)
def test_regret_is_never_negative_and_somebody_has_none(outcomes: Floats) -> None:
    for regret in (run_regret(outcomes), scenario_regret(outcomes)):
        assert (regret >= 0).all() and (regret.min(axis=-1) == 0).all()
    np.testing.assert_allclose(best(outcomes).sum(axis=-1), 1.0)


@given(outcomes=some, shift=arrays(float, (S, R, 1), elements=st.floats(-1, 1, width=16)))
def test_what_befalls_all_policies_alike_is_no_regret(outcomes: Floats, shift: Floats) -> None:
    np.testing.assert_allclose(run_regret(outcomes + shift), run_regret(outcomes), atol=1e-12)


@settings(max_examples=5, deadline=None)
@given(outcomes=some)
def test_mean_regret_ranks_as_the_mean_does(outcomes: Floats) -> None:
    regret, mean = CRITERIA["mean_regret"][0](outcomes), outcomes.mean(axis=(0, 1))
    np.testing.assert_allclose(regret - regret.min(), mean.max() - mean, atol=1e-12)


def test_which_policy_is_robust_hangs_on_the_criterion() -> None:
    found = criteria(toy(), ["none", "steady", "bold"])
    first = winners(found).set_index("criterion")["policy"]
    # bold: regrets 0 and 0.4, steady: 0.4 and 0; means 0.5 and 0.5; on the floor of war steady has 0.49, bold 0.09
    assert first["floor"] == "steady"
    row = found.set_index(["criterion", "policy"])
    assert row.loc[("worst_scenario", "bold"), "value"] == pytest.approx(0.4)
    assert row.loc[("worst_scenario", "none"), "value"] == pytest.approx(0.7)
    assert row.loc[("best_share", "bold"), "value"] == row.loc[("best_share", "steady"), "value"] == 0.5
    assert row.loc[("floor", "steady"), "value"] == pytest.approx(0.5 - 0.008)
    assert row.loc[("floor", "steady"), "chosen"] == 1.0
    assert set(found["group"]) == {"all"}


def test_single_policies_are_judged_among_themselves() -> None:
    outcomes = np.concatenate([toy(), toy().max(axis=-1, keepdims=True) + 0.05], axis=-1)
    found = winners(criteria(outcomes, ["none", "steady", "bold", "steady+bold"])).set_index(["group", "criterion"])
    assert (found.loc["all", "policy"] == "steady+bold").all()
    assert found.loc[("single", "floor"), "policy"] == "steady"


def test_equals_share_the_first_place() -> None:
    outcomes = np.full((S, R, P), 0.3)
    np.testing.assert_allclose(best(outcomes), 1 / P)
    found = criteria(outcomes, ["a", "b", "c"])
    assert (found["rank"] == 1).all()
    np.testing.assert_allclose(found["chosen"], 1 / P)


def test_intervals_hold_the_estimate_and_narrow_with_runs() -> None:
    chance = np.random.default_rng(4)
    few, many = (chance.normal([0.3, 0.35], 0.1, (S, n, 2)) for n in (20, 2000))
    widths = []
    for outcomes in (few, many):
        found = by_scenario(outcomes, ["peace", "war"], ["none", "some"])
        assert len(found) == 4 and (found["runs"] == outcomes.shape[1]).all()
        worse = found[found["policy"] == "none"]
        assert ((worse["lower"] <= worse["regret"]) & (worse["regret"] <= worse["upper"])).all()
        widths.append(float((worse["upper"] - worse["lower"]).mean()))
        np.testing.assert_allclose(found.groupby("scenario")["best"].sum(), 1.0)
    assert widths[1] < widths[0] / 5
