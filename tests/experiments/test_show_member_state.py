"""`show state` and the analysis behind it on a few quarters of the model itself."""

from io import StringIO
from pathlib import Path

import pandas as pd
import pytest

from config import load_experiment
from config.errors import UserError
from experiments import cli, load
from experiments.analysis.reading import findings
from experiments.asked import member_state
from experiments.figures.style import WIDTH
from experiments.running import run_experiment
from experiments.show_member_state import show_member_state
from experiments.store import Results

RUNS = 60


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Results:
    question = load_experiment("member_state", runs=RUNS, until="2026Q4")
    folder = tmp_path_factory.mktemp("member_state")
    run_experiment(question, folder, workers=1)
    return load(folder)


@pytest.fixture(scope="module")
def tables(results: Results) -> dict[str, pd.DataFrame]:
    return member_state.tables(results)


def told(results: Results, *words: str | None) -> tuple[str, list[str]]:
    out = StringIO()
    drawn = show_member_state(results.folder, *words, file=out)  # type: ignore[arg-type]
    return out.getvalue(), [file.name for file in drawn]


def test_every_state_has_its_position_in_every_quarter(tables: dict[str, pd.DataFrame], results: Results) -> None:
    rows = tables["positions"]
    here = rows[(rows["policy"] == "none") & (rows["quarter"] == "2026Q4")]
    assert here["actor"].nunique() == 29
    position = results.table("actors", ["actor", "position"], policies=["none"], quarters=["2026Q4"])
    france = position[position["actor"] == "FRA"]["position"]
    found = here[(here["actor"] == "FRA") & (here["measure"] == "position")].iloc[0]
    assert found["mean"] == pytest.approx(france.mean(), rel=1e-3)
    assert found["runs"] == RUNS


def test_beside_the_others_members_add_up_to_nothing(tables: dict[str, pd.DataFrame], results: Results) -> None:
    rows = tables["positions"]
    here = rows[(rows["policy"] == "none") & (rows["quarter"] == "2026Q4") & (rows["measure"] == "beside_others")]
    members = list(member_state.names_of(results))
    assert len(members) == 27 and "GBR" not in members
    assert here[here["actor"].isin(members)]["mean"].sum() == pytest.approx(0, abs=1e-3)


def test_a_government_moves_the_position_of_its_own_state(tables: dict[str, pd.DataFrame]) -> None:
    rows = tables["moves"]
    weights = rows[(rows["name"] == "stance") & (rows["quarter"] == "2026Q4")]
    assert len(weights) == 2 * 28 and weights["weight"].median() > 0.2
    none = set(rows[rows["policy"] == "none"]["name"])
    assert not any(name.startswith("levers.") for name in none), "no lever is pulled, so its strength moves nothing"
    assert "levers.dialogue_strength" in set(rows["name"])


def test_of_one_state_alone_only_that_is_computed(results: Results) -> None:
    tables = member_state.of_policy(results, findings(results), "outlook", "none", ["HUN"])
    assert set(tables["moves"]["actor"]) == {"HUN"}


def test_the_answer_is_told_and_drawn(tables: dict[str, pd.DataFrame], results: Results) -> None:
    said = member_state.sentences(tables, results)
    assert "wants the deepest partnership" in said[0] and len(said) == 4
    figures = dict(member_state.pictures(tables, results))
    assert figures["positions"].get_figwidth() == WIDTH
    assert {axes.get_title(loc="left") for axes in figures["positions"].axes} >= {"Hungary", "Malta"}


def test_a_page_fits_eighty_columns_and_is_drawn(results: Results) -> None:
    text, drawn = told(results, "hungary")
    assert max(map(len, text.splitlines())) <= 80
    assert drawn == ["state_outlook_HUN.png", "state_outlook_HUN.svg"]
    for word in ("Hungary", "60 runs", "of 27", "its own government", "--policy dialogue", "2026Q4"):
        assert word in text
    assert "nan" not in text


def test_a_capable_state_outside_the_union_has_a_page_too(results: Results) -> None:
    text, drawn = told(results, "GBR", "outlook", "dialogue+interoperability+indo_pacific_strategy")
    assert "no member" in text and "GBR" in drawn[0]


def test_a_state_that_is_misspelt_is_named(results: Results) -> None:
    with pytest.raises(UserError, match="did you mean 'HUN'"):
        told(results, "HUX")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["state", "RESULTS"], "show state RESULTS --actor HUN"),
        (["state"], "needs a folder of results and a state"),
        (["limits", "RESULTS", "--actor", "HUN"], "has no --actor"),
        (["state", "RESULTS", "--actor", "HUN", "--instrument", "raa"], "has no --instrument"),
    ],
)
def test_what_the_command_needs_is_said(
    words: list[str], said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["partnership", "show", *words])
    with pytest.raises(SystemExit) as left:
        cli.main()
    assert left.value.code == 2
    assert said in capsys.readouterr().err
