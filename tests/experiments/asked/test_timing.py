"""What waiting costs in an invented world in which every year since a remedy began adds the same."""

from pathlib import Path

import pandas as pd
import pytest

from config.errors import UserError
from experiments.asked import timing
from experiments.store import Results
from tests.experiments.asked.invented import YEARLY, asked

REMEDIES = ["dialogue", "interoperability", "indo_pacific_strategy"]


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Results:
    return asked("timing", tmp_path_factory.mktemp("timing"), 12)


@pytest.fixture(scope="module")
def tables(results: Results) -> dict[str, pd.DataFrame]:
    return timing.tables(results)


def test_effects_follow_the_years_since_each_date(tables: dict[str, pd.DataFrame]) -> None:
    effects = tables["effects"]
    assert list(dict.fromkeys(effects["remedy"])) == REMEDIES
    ends = effects[effects["quarter"] == "2035Q4"].set_index(["remedy", "begun"])
    assert ends.loc[("dialogue", "2030Q1"), "years"] == 6.0
    assert ends["mean"].to_numpy() == pytest.approx(YEARLY * ends["years"].to_numpy(), rel=0.05)


def test_a_year_of_waiting_costs_what_a_year_adds(tables: dict[str, pd.DataFrame]) -> None:
    waiting = tables["waiting"]
    assert len(waiting) == 9 and waiting["mean"].to_numpy() == pytest.approx(YEARLY, rel=0.05)


def test_sentences_tell_every_remedy_and_its_age(tables: dict[str, pd.DataFrame], results: Results) -> None:
    said = timing.sentences(tables, results)
    assert [one.split()[0] for one in said] == ["Dialogue"] * 2 + ["Interoperability"] * 2 + ["Indo-Pacific"] * 2
    assert "A year of waiting costs 0.010" in said[0] and "3 years after it began" in said[1]


def test_pictures_are_drawn_from_the_tables(tables: dict[str, pd.DataFrame], results: Results) -> None:
    ((stem, figure),) = timing.pictures(tables, results)
    assert stem == "begun_outlook" and "12 runs" in figure.get_supxlabel()
    figure.draw_without_rendering()


def test_points_without_dates_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="has no dates to compare"):
        timing.tables(asked("timing", tmp_path, 2, design=None))
