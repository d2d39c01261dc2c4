"""Whether remedies add up, from an invented world in which one pair helps each other."""

from pathlib import Path

import pandas as pd
import pytest

from config.errors import UserError
from experiments.asked import combining
from experiments.store import Results
from tests.experiments.asked.invented import TOGETHER, asked

RECORD = ("trajectories",)


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Results:
    return asked("remedies", tmp_path_factory.mktemp("remedies"), record=RECORD)


@pytest.fixture(scope="module")
def tables(results: Results) -> dict[str, pd.DataFrame]:
    return combining.tables(results)


def test_effects_are_of_every_combination_and_measure(tables: dict[str, pd.DataFrame]) -> None:
    effects = tables["effects"]
    assert effects.groupby("measure").size().tolist() == [7, 7, 7]
    depth = effects[effects["measure"] == "operational_depth"].set_index("policy")
    assert depth.loc["dialogue", "mean"] == pytest.approx(0.10, abs=0.001)
    assert depth.loc["dialogue+interoperability", "excess_mean"] == pytest.approx(TOGETHER, abs=0.002)
    assert depth.loc["dialogue+interoperability", "verdict"] == "help each other"
    assert depth.loc["dialogue+indo_pacific_strategy", "verdict"] == "add up"
    assert (depth["narrowing"] > 5).all()


def test_costs_are_of_single_policies_and_prices_come_from_the_settings(tables: dict[str, pd.DataFrame]) -> None:
    assert tables["costs"]["policy"].tolist() == ["dialogue", "interoperability", "indo_pacific_strategy"]
    prices = tables["prices"].set_index("parameter")
    assert prices.loc["levers.dialogue_slots", "value"] == 1.5
    assert "EUR million" in str(prices.loc["levers.indo_pacific_money", "unit"])


def test_sentences_say_it_all_together_first(tables: dict[str, pd.DataFrame], results: Results) -> None:
    first, *others = combining.sentences(tables, results)
    assert first.startswith("Dialogue + interoperability + Indo-Pacific strategy together")
    assert any("dialogue + interoperability together" in one.lower() and "help each other" in one for one in others)
    assert sum("at strength zero" in one for one in others) == 3 and "narrower" in others[-1]


def test_pictures_are_drawn_from_the_tables(tables: dict[str, pd.DataFrame], results: Results) -> None:
    ((stem, figure),) = combining.pictures(tables, results)
    assert stem == "adding_up_outlook" and "30 runs" in figure.get_supxlabel()
    figure.draw_without_rendering()


def test_policies_that_are_no_factorial_are_refused(tmp_path: Path) -> None:
    few = asked("remedies", tmp_path, 4, record=RECORD, policies=("none", "dialogue", "interoperability"))
    with pytest.raises(UserError, match="missing: dialogue\\+interoperability"):
        combining.tables(few)
