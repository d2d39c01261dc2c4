"""`show limits` on invented results: it fits 80 columns, is drawn, says what is missing, and names what was meant."""

from dataclasses import replace
from io import StringIO
from pathlib import Path

import pandas as pd
import pytest

from config.errors import UserError
from experiments import cli, show_limits
from experiments.analysis.findings import Findings
from experiments.analysis.limits import limit_shares
from experiments.analysis.made import Numbered
from experiments.figures import pictures
from experiments.figures.limits import FILLS, limits
from experiments.figures.style import SMALL, WIDTH, save
from tests.experiments.synthetic import Kept, broken, findings

KINDS = (
    ("EU", "security_of_information", "council", "HUN"),
    ("EU", "security_of_information", "ratification", "AUT"),
    ("EU", "operational_framework", "prerequisite", "security_of_information"),
    ("EU", "operational_framework", "slot", "high_representative"),
    ("EU", "joint_declaration", "attention", "EU"),
    ("EU", "joint_declaration", "money", "EU"),
    ("EU", "joint_declaration", "framework", "EU"),
    ("DEU", "raa", "ladder", "JPN"),
    ("DEU", "raa", "wish", "JPN"),
    ("GBR", "raa", "attention", "JPN"),
)


def held(runs: int = 5, empty: bool = False, **kwargs: object) -> Findings:
    """Findings with a table of limits: every kind once in a while."""
    found = findings(runs=runs, **kwargs)  # type: ignore[arg-type]
    quarters = found.worlds["outlook"].quarters
    lines = [
        ("outlook", policy, run, quarters[(3 * run + 5 * place) % len(quarters)], *kind)
        for policy in found.policies
        for run in range(runs)
        for place, kind in enumerate(KINDS)
    ]
    columns = ["scenario", "policy", "run", "quarter", "partner", "instrument", "limit", "actor"]
    table = pd.DataFrame([] if empty else lines, columns=columns)
    return replace(found, results=Kept({**kept(found).content, "limits": table}))


def kept(found: Findings) -> Kept:
    assert isinstance(found.results, Kept)
    return found.results


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """Shows the limits of findings; what was printed, and the names of the files drawn."""

    def tell(found: Findings, *words: str | None) -> tuple[str, list[str]]:
        monkeypatch.setattr(show_limits, "findings", lambda folder: found)
        out = StringIO()
        drawn = show_limits.show_limits(tmp_path, *words, file=out)
        assert all(file.stat().st_size > 3000 for file in drawn)
        return out.getvalue(), [file.name for file in drawn]

    return tell


def test_both_questions_are_told_plainly_in_eighty_columns(told):
    text, drawn = told(held())
    assert max(map(len, text.splitlines())) <= 80
    assert "\x1b" not in text
    assert text.index("Why not in force?") < text.index("Why not carried out?")
    assert drawn == ["limits_outlook.png", "limits_outlook.svg"]
    for word in ("outlook", "no policy", "5 runs", "HUN", "high representative", "--policy dialogue"):
        assert word in text


def test_what_is_told_does_not_depend_on_how_the_runs_were_cut_into_blocks(told, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(show_limits, "save", lambda *picture: [])
    found = broken(held(runs=12), {"none": [0, 4, 5]})
    content = kept(found).content
    texts = {told(replace(found, results=Kept(content, width)))[0] for width in (1, 5, 100)}
    assert len(texts) == 1
    assert "9 runs" in texts.pop()


def test_histories_of_a_design_are_counted_like_as_many_runs():
    found = held(runs=12)
    content = {
        name: rows.assign(point=rows["run"] // 4, run=rows["run"] % 4) for name, rows in kept(found).content.items()
    }
    design = replace(found, results=Numbered(Kept(content), 4), per_point=4)
    tables = (limit_shares(one.held_back("outlook", "none"), ["year"]) for one in (found, design))
    pd.testing.assert_frame_equal(*tables)


def test_one_policy_and_one_instrument(told):
    text, drawn = told(held(), "outlook", "dialogue", "raa")
    assert drawn[0] == "limits_outlook_dialogue_raa.png"
    assert "By partner" in text
    assert "council" not in text
    assert "Nothing was held back." in text


@pytest.mark.parametrize("case", [{"runs": 1}, {"empty": True}, {"first": "2027Q1", "last": "2027Q1"}])
def test_thin_results_are_told_and_drawn(told, case: dict[str, object]):
    text, drawn = told(held(**case))
    assert len(drawn) == 2
    assert ("Nothing was held back." in text) == bool(case.get("empty"))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("outlok",), ["--scenario", "did you mean 'outlook'?"]),
        ((None, "dialog"), ["--policy", "did you mean 'dialogue'?"]),
        ((None, None, "security_of_informtion"), ["--instrument", "did you mean 'security_of_information'?"]),
    ],
)
def test_what_is_not_there_is_told_the_nearest(told, words: tuple[str | None, ...], said: list[str]):
    with pytest.raises(UserError) as error:
        told(held(), *words)
    assert all(word in str(error.value) for word in said)


@pytest.mark.parametrize("without", ["limits", "transitions"])
def test_results_without_the_tables_say_how_to_record_them(told, without: str):
    found = held()
    results = Kept({name: table for name, table in kept(found).content.items() if name != without})
    with pytest.raises(UserError) as error:
        told(Findings(found.question, found.policies, found.worlds, results))
    assert f"has no table {without}" in str(error.value)
    assert 'record = ["transitions", "limits"]' in str(error.value)


def test_it_is_drawn_with_the_other_figures_where_it_was_recorded():
    assert "limits_outlook" in dict(pictures(held(runs=3)))
    assert "limits_outlook" not in dict(pictures(findings(runs=3)))


def test_the_figure_says_what_it_shows_in_type_that_can_be_read_and_comes_out_the_same(tmp_path: Path):
    found = held()
    cases, world = found.held_back("outlook", "none"), found.worlds["outlook"]
    figure = limits(cases, world, "none", 5, made=5)
    note = figure.get_supxlabel().replace("\n", " ")
    assert "Scenario outlook" in note and "no policy" in note and "5 runs" in note
    assert figure.get_figwidth() == WIDTH
    figure.draw_without_rendering()
    assert min(text.get_fontsize() for one in figure.axes for text in one.texts) >= SMALL
    legends = [{text.get_text() for text in one.get_legend().get_texts()} for one in figure.axes if one.get_legend()]
    assert set(FILLS) in legends, "every limit occurs, so every one is in the legend"
    once, again = (
        save(limits(cases, world, "none", 5, made=5), tmp_path / name, "limits") for name in ("once", "again")
    )
    assert [file.read_bytes() for file in once] == [file.read_bytes() for file in again]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["limits"], ["needs a folder of results", "show limits RESULTS"]),
        (["limits", "nowhere"], ["nowhere", "no folder of results"]),
        (["limits", "nowhere", "--rule", "R4"], ["show council"]),
        (["policy", "none", "--scenario", "outlook"], ["show limits RESULTS"]),
        (["limit", "nowhere"], ["did you mean 'limits'?"]),
    ],
)
def test_the_command_says_what_is_wrong(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    words: list[str],
    said: list[str],
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["partnership", "show", *words])
    with pytest.raises(SystemExit) as end:
        cli.main()
    assert end.value.code == 2
    err = capsys.readouterr().err
    assert all(word in err for word in said)
    assert not list(tmp_path.iterdir())
