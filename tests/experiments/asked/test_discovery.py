"""Scenario discovery from an invented world in which nothing turns strategic and everything functional."""

import pandas as pd
import pytest

from config import resolve
from experiments.asked import discovery
from experiments.asked.discovery import limit_said, unpulled
from experiments.labels import parameter_label
from experiments.store import Results
from tests.experiments.asked.invented import asked

POLICIES = ("none", "dialogue+indo_pacific_strategy")


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Results:
    world = {"scenarios": ("outlook", "detente"), "policies": POLICIES}
    return asked("when_does_it_turn_strategic", tmp_path_factory.mktemp("discovery"), runs=200, **world)


@pytest.fixture(scope="module")
def tables(results: Results) -> dict[str, pd.DataFrame]:
    return discovery.tables(results)


def test_all_histories_stand_together_and_idle_levers_have_no_strength(results: Results) -> None:
    ends, names = discovery.together(results)
    assert len(ends) == 200 * 2 * 2 and {"scenario", "policy", "attention.link"} <= set(names)
    strength = ends.groupby("policy")["levers.dialogue_strength"].max()
    assert strength["none"] == 0.0 < strength[POLICIES[1]]
    assert "levers.qmv_strength" not in names


def test_levers_that_a_policy_does_not_pull() -> None:
    columns = ["levers.dialogue_strength", "levers.indo_pacific_strength", "levers.qmv_strength", "money.ceiling"]
    assert unpulled(resolve("outlook", "indo_pacific_strategy"), columns) == [columns[0], columns[2]]


def test_what_never_happens_gives_way_to_the_deepest_tenth_and_the_answer_says_so(
    tables: dict[str, pd.DataFrame], results: Results
) -> None:
    assert tables["events"]["searched"].tolist() == ["deepest tenth", "not functional"]
    said = discovery.sentences(tables, results)
    assert said[0].startswith("0.0 % (0.0–") and "too seldom to search for" in said[1]
    assert any("Runs end in the deepest tenth above all where" in one for one in said)
    assert "No corner stands out in which runs end symbolic (less than functional)." in said
    box = tables["regions"].set_index(["event", "region", "half"]).loc[("deepest tenth", "box", "held")]
    assert box["coverage"] > 0.9 and box["density"] == pytest.approx(0.2, abs=0.05)


def test_pictures_are_drawn_within_the_sheet(tables: dict[str, pd.DataFrame], results: Results) -> None:
    drawn = dict(discovery.pictures(tables, results))
    assert list(drawn) == ["shares", "box_deepest_tenth", "box_not_functional"]
    for figure in drawn.values():
        figure.draw_without_rendering()
        for axes in figure.axes:
            box = axes.get_tightbbox()
            assert box is not None and box.x0 >= 0 and box.x1 <= figure.bbox.x1 and box.y0 >= 0


def test_limits_in_words() -> None:
    row = {"input": "policy", "label": "policy", "side": "among", "among": "dialogue; none", "bound": float("nan")}
    assert limit_said(pd.Series(row)) == "the policy is dialogue or none"
    row |= {"label": "scenario", "among": "detente"}
    assert limit_said(pd.Series(row)) == "the scenario is detente"
    row |= {"label": parameter_label("levers.dialogue_strength"), "side": "below", "bound": 0.4321}
    assert limit_said(pd.Series(row)) == "strength of dialogue is at most 0.43"
    assert parameter_label("files.forecast") == "hopeless files in the drawer"
