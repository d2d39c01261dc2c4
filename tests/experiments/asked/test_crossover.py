"""Where one policy overtakes another, from an invented world in which dialogue is ahead throughout."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from config.errors import UserError
from experiments.asked import crossover
from experiments.store import Results
from tests.experiments.asked.invented import WORTH, asked

RUNS = 80


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Results:
    return asked("what_would_have_to_be_true", tmp_path_factory.mktemp("crossover"), runs=RUNS)


@pytest.fixture(scope="module")
def tables(results: Results) -> dict[str, pd.DataFrame]:
    return crossover.tables(results)


def test_the_second_policy_is_held_against_the_third(tables: dict[str, pd.DataFrame], results: Results) -> None:
    assert crossover.the_two(results) == ("dialogue", "indo_pacific_strategy")
    overall = tables["overall"].iloc[0]
    ahead = WORTH["dialogue"] - WORTH["indo_pacific_strategy"]
    assert overall["runs"] == RUNS and overall["mean"] == pytest.approx(ahead, abs=0.005) and overall["ahead"] == 1.0
    assert set(tables["parameters"]["verdict"]) == {"ahead"}


def test_strengths_of_levers_that_neither_pulls_are_no_answer(tables: dict[str, pd.DataFrame]) -> None:
    told = set(tables["parameters"]["parameter"])
    assert {"levers.dialogue_strength", "levers.indo_pacific_strength", "attention.link"} <= told
    assert not {"levers.qmv_strength", "levers.framework_strength", "levers.interoperability_strength"} & told


def test_the_answer_says_that_nothing_crosses(tables: dict[str, pd.DataFrame], results: Results) -> None:
    said = crossover.sentences(tables, results)
    assert "more operational depth than Indo-Pacific strategy" in said[0] and "100 %" in said[0]
    assert any("nothing crosses: dialogue is ahead everywhere" in one for one in said)


def test_a_crossing_is_told_and_drawn_with_its_place(tables: dict[str, pd.DataFrame], results: Results) -> None:
    """The same tables with a difference that turns at a strength of 0.8, and a boundary through the plane."""
    turned = {name: table.copy() for name, table in tables.items()}
    row = {"verdict": "overtakes above", "explains": 0.4, "at": 0.8, "surely_below": 0.7, "surely_above": 0.9,
           "ahead_below": 0.2, "ahead_above": 0.7}  # fmt: skip
    turned["parameters"] = turned["parameters"].assign(
        **{name: [value] * len(turned["parameters"]) for name, value in row.items()}
    )
    turned["boundary"] = turned["boundary"].assign(sign=0.0, rises=True, at=0.8, surely_below=np.nan, surely_above=0.9,
                                                     nearly_all=1.5)  # fmt: skip
    plane = turned["plane"]
    turned["plane"] = plane.assign(mean=plane["x"] - 0.8, lower=plane["x"] - 0.9, upper=plane["x"] - 0.7,
                                   ahead=plane["x"].to_numpy() / 2)  # fmt: skip
    said = " ".join(crossover.sentences(turned, results))
    assert "is above 0.8 (0.7 to 0.9)" in said and "ahead in 70 % of runs, on the other side in 20 %" in said
    assert "(open to 0.9)" in said and "in 90 % of runs above 1.5" in said
    turned["boundary"]["nearly_all"] = np.nan
    assert "in 90 % of runs nowhere" in " ".join(crossover.sentences(turned, results))
    drawn = dict(crossover.pictures(turned, results))
    assert list(drawn) == ["along_outlook", "plane_outlook"]
    for figure in drawn.values():
        figure.draw_without_rendering()
        assert "2035Q4" in figure.get_supxlabel()
    assert any(text.get_text() == "0.8" for text in drawn["along_outlook"].axes[0].texts)


def test_one_policy_alone_overtakes_nothing(tmp_path: Path) -> None:
    alone = asked("what_would_have_to_be_true", tmp_path, runs=2, policies=("none",))
    with pytest.raises(UserError, match="nothing to be compared with"):
        crossover.tables(alone)
