"""Which policy is robust, from an invented world in which it is known what every policy adds."""

from pathlib import Path

import pandas as pd
import pytest

from config.errors import UserError
from experiments.asked import regret
from experiments.store import Results
from tests.experiments.asked.invented import TOGETHER, WORTH, asked

POLICIES = ("none", "dialogue", "interoperability", "qmv", "dialogue+interoperability")


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Results:
    world = {"scenarios": ("outlook", "detente"), "policies": POLICIES}
    return asked("robust_policy", tmp_path_factory.mktemp("robust"), **world)


@pytest.fixture(scope="module")
def tables(results: Results) -> dict[str, pd.DataFrame]:
    return regret.tables(results)


def test_regret_is_what_the_best_policy_adds_beyond(tables: dict[str, pd.DataFrame]) -> None:
    mean = tables["scenarios"].set_index(["scenario", "policy"])["regret"]
    assert mean["detente", "dialogue+interoperability"] == 0.0
    assert mean["outlook", "dialogue"] == pytest.approx(WORTH["interoperability"] + TOGETHER, abs=0.005)
    judged = tables["criteria"].set_index(["measure", "group", "criterion", "policy"])["rank"]
    for measure in regret.MEASURES:
        for name in regret.SAID:
            assert judged[measure, "all", name, "dialogue+interoperability"] == 1
            assert judged[measure, "single", name, "dialogue"] == 1


def test_the_answer_names_the_robust_policies(tables: dict[str, pd.DataFrame], results: Results) -> None:
    said = regret.sentences(tables, results)
    assert said[0].startswith("Of all policies dialogue + interoperability is the robust one by every criterion")
    assert said[2].startswith("Of single ones dialogue is the robust one by every criterion")
    assert sum("every criterion names the same policy" in one for one in said) == 2


def test_the_picture_frames_the_best_of_all_and_the_best_single_one(
    tables: dict[str, pd.DataFrame], results: Results
) -> None:
    ((stem, figure),) = regret.pictures(tables, results)
    (axes,) = figure.axes
    frames = [patch for patch in axes.patches if not patch.get_fill()]
    columns = 2 + len(regret.SAID)
    assert stem == "table" and len(frames) == 2 * columns
    assert "2035Q4" in figure.get_supxlabel() and "30 runs" in figure.get_supxlabel()
    figure.draw_without_rendering()
    for text in axes.texts:
        assert text.get_window_extent().x1 <= figure.bbox.x1, text.get_text()


def test_one_policy_alone_has_nothing_to_regret(tmp_path: Path) -> None:
    alone = asked("robust_policy", tmp_path, runs=2, scenarios=("outlook",), policies=("none",))
    with pytest.raises(UserError, match="nothing to be compared with"):
        regret.tables(alone)
