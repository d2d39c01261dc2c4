"""What one state wants, stops and holds up, where the truth is known."""

import numpy as np
import pandas as pd
import pytest

from experiments.analysis.member_state import holds, moves, places, stops

RUNS = 300


def drawn() -> pd.DataFrame:
    chance = np.random.default_rng(5)
    return pd.DataFrame({name: chance.normal(size=RUNS) for name in ("a", "b", "c")}).assign(fixed=1.0)


def test_vetoes_are_counted_by_state_and_subject():
    rows = [(0, "2030Q1", "russia", "HUN"), (0, "2030Q2", "russia", "HUN"), (1, "2030Q1", "russia", "AUT"),
            (1, "2030Q1", "csdp_fpa", "HUN"), (1, "2030Q1", "spa_framework", "HUN")]  # fmt: skip
    table = stops(pd.DataFrame(rows, columns=["run", "quarter", "subject", "actor"]), runs=4, quarters=20)
    found = table.set_index(["actor", "subject"])
    assert tuple(found.loc[("HUN", "russia")]) == pytest.approx((2 / 4 * 2, 1 / 4, 2 / 3))
    assert tuple(found.loc[("HUN", "files with Japan")]) == pytest.approx((2 / 4 * 2, 1 / 4, 1))


def test_a_state_holds_up_as_much_as_binds_through_it():
    rows = [(0, "EU", "csdp_fpa", "council", "MLT"), (0, "EU", "csdp_fpa", "council", "MLT"),
            (1, "EU", "csdp_fpa", "council", "IRL"), (1, "EU", "csdp_fpa", "attention", "EU"),
            (1, "ITA", "raa", "wish", "JPN")]  # fmt: skip
    table = holds(pd.DataFrame(rows, columns=["run", "partner", "instrument", "limit", "actor"]), runs=2)
    found = table.set_index(["actor", "instrument"])
    assert tuple(found.loc[("MLT", "csdp_fpa"), ["quarters", "runs", "share"]]) == pytest.approx((1.0, 0.5, 2 / 3))
    assert set(table["limit"]) == {"council", "wish"}


def test_places_are_by_depth_wanted():
    assert places(pd.Series({"HUN": 0.2, "FRA": 0.5, "DEU": 0.5})).to_dict() == {"HUN": 3, "FRA": 1, "DEU": 1}


def test_what_moves_a_position_comes_first_and_what_does_not_is_not_clear():
    inputs = drawn()
    table = moves(inputs, np.exp(inputs["a"] - 0.3 * inputs["b"]).to_numpy())
    assert list(table["name"])[:2] == ["a", "b"]
    assert "fixed" not in set(table["name"])
    assert table.set_index("name")["weight"]["b"] < 0 < table["weight"][0]
    assert table.set_index("name")["clear"].to_dict() == {"a": True, "b": True, "c": False}
    assert table["explained"][0] > 0.95


def test_of_two_that_go_together_the_regression_names_the_one_that_moves():
    inputs = drawn()
    shadow = inputs["a"] + np.random.default_rng(6).normal(0, 0.5, RUNS)
    table = moves(inputs.assign(shadow=shadow), inputs["a"].to_numpy()).set_index("name")
    assert table.loc["shadow", "correlation"] > 0.8
    assert abs(table.loc["shadow", "weight"]) < 0.05


@pytest.mark.parametrize("runs", [3, 25])
def test_nothing_is_ranked_that_cannot_be(runs: int):
    inputs = drawn().head(runs)
    assert moves(inputs, np.full(runs, 0.5)).empty
    assert moves(inputs.head(3), np.arange(3.0)).empty
