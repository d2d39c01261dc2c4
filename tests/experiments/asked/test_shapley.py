"""Shares of impediments from an invented world in which two of them help each other."""

import pandas as pd
import pytest

from config import load_experiment
from experiments.analysis.combining import game_of, players
from experiments.asked import shapley
from experiments.store import Results
from tests.experiments.asked.invented import TOGETHER, WORTH, asked

POLICIES = ("none", "lift_attention", "lift_framework", "lift_attention+lift_framework")
CASES = ["files.forecast = 0", "files.forecast = 0.5", "files.forecast = 1"]


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Results:
    return asked("impediments", tmp_path_factory.mktemp("impediments"), 12, policies=POLICIES)


@pytest.fixture(scope="module")
def tables(results: Results) -> dict[str, pd.DataFrame]:
    return shapley.tables(results)


def test_shares_are_given_by_case_and_weights(tables: dict[str, pd.DataFrame]) -> None:
    shares = tables["shares"]
    assert list(dict.fromkeys(shares["case"])) == CASES and len(shares) == 3 * 2 * 2
    assert (shares["runs"] == 12).all()
    one = shares[(shares["measure"] == "operational_depth") & (shares["case"] == CASES[1])].set_index("player")
    for player in POLICIES[1:3]:
        assert one.loc[player, "mean"] == pytest.approx(WORTH[player] + TOGETHER / 2, abs=0.001)
    assert one["share"].sum() == pytest.approx(1.0)


def test_ranking_and_totals_are_those_of_the_world(tables: dict[str, pd.DataFrame]) -> None:
    ranking = tables["ranking"]
    assert set(ranking["order"]) == {"lift_attention > lift_framework"} and (ranking["same_first"] == 1).all()
    assert len(tables["totals"]) == 3 * 2 * 3


def test_the_experiment_lifts_every_combination_of_the_four() -> None:
    policies = load_experiment("impediments").policies
    found = game_of({policy: pd.DataFrame({"depth": [0.0]}) for policy in policies}, "depth")
    assert len(found) == 16 and all(one.startswith("lift_") for one in players(found))


def test_sentences_name_impediments_and_say_how_sure_the_first_place_is(
    tables: dict[str, pd.DataFrame], results: Results
) -> None:
    first, *others = shapley.sentences(tables, results)
    assert first.startswith("Scarce attention comes first in every case") and "all bootstrap samples" in first
    assert "equal weights" in others[1] and "if lifted alone" in others[-1]


def test_where_cases_differ_the_sentence_names_all_that_come_first(
    tables: dict[str, pd.DataFrame], results: Results
) -> None:
    ranking = tables["ranking"].assign(first=["lift_attention"] * 3 + ["lift_framework"] * 3, same_first=0.8)
    said = shapley.sentences({**tables, "ranking": ranking}, results)[0]
    assert "depends on" in said and "no operational framework" in said and "at least 80 %" in said


def test_pictures_are_drawn_from_the_tables(tables: dict[str, pd.DataFrame], results: Results) -> None:
    drawn = dict(shapley.pictures(tables, results))
    assert list(drawn) == ["shares_outlook", "first_and_last_outlook"]
    for figure in drawn.values():
        figure.draw_without_rendering()
        assert "12 paired runs" in figure.get_supxlabel()
