"""`show vetoes` on invented results: it fits 80 columns, is drawn, says what is missing, and names what was meant."""

from dataclasses import replace
from io import StringIO
from pathlib import Path

import pandas as pd
import pytest

from config.errors import UserError
from experiments import cli, show_vetoes
from experiments.analysis.findings import Findings
from experiments.analysis.made import Numbered
from experiments.figures import pictures
from experiments.figures.style import SMALL, WIDTH, save
from experiments.figures.vetoes import vetoes
from tests.experiments.synthetic import Kept, broken, findings

KINDS = (("russia", "HUN"), ("china", "HUN"), ("peace_facility", "AUT"), ("enlargement", "FRA"), ("csdp_fpa", "IRL"))
RECORDED = {"first": "2010Q1", "last": "2022Q2"}
"""Quarters that the record covers in part."""


def stopped(runs: int = 5, empty: bool = False, **kwargs: object) -> Findings:
    """Findings with a table of vetoes: every kind once in a run."""
    found = findings(runs=runs, **kwargs)  # type: ignore[arg-type]
    quarters = found.worlds["outlook"].quarters
    lines = [
        ("outlook", policy, run, quarters[(3 * run + 7 * place) % len(quarters)], *kind)
        for policy in found.policies
        for run in range(runs)
        for place, kind in enumerate(KINDS)
    ]
    columns = ["scenario", "policy", "run", "quarter", "subject", "actor"]
    table = pd.DataFrame([] if empty else lines, columns=columns)
    assert isinstance(found.results, Kept)
    return replace(found, results=Kept({**found.results.content, "vetoes": table}))


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """Shows the vetoes of findings; what was printed, and the names of the files drawn."""

    def tell(found: Findings, *words: str | None) -> tuple[str, list[str]]:
        monkeypatch.setattr(show_vetoes, "findings", lambda folder: found)
        out = StringIO()
        drawn = show_vetoes.show_vetoes(tmp_path, *words, file=out)
        assert all(file.stat().st_size > 3000 for file in drawn)
        return out.getvalue(), [file.name for file in drawn]

    return tell


def test_years_to_come_are_told_alone_in_eighty_columns(told):
    text, drawn = told(stopped())
    assert max(map(len, text.splitlines())) <= 80
    assert "\x1b" not in text
    assert drawn == ["vetoes_outlook.png", "vetoes_outlook.svg"]
    for word in ("outlook", "no policy", "5 runs", "HUN", "peace facility", "2030", "--policy dialogue", "alone"):
        assert word in text
    assert "on record" not in text.lower()


def test_years_on_record_are_told_beside_it(told):
    text, _ = told(stopped(**RECORDED))
    assert max(map(len, text.splitlines())) <= 80
    plain = " ".join(text.split())
    assert "9 vetoes on foreign policy (CFSP) and 5 on enlargement" in plain
    assert "Later ones are kept for validation" in plain
    assert "On record HUN leads, with 44 %." in plain
    assert "3.8 (4)" in next(line for line in text.splitlines() if line.startswith("HUN "))
    assert "2022, 2 of 4 quarters" in text
    assert "other (not in the model)" in text


def test_what_is_told_does_not_depend_on_how_the_runs_were_cut_into_blocks(told, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(show_vetoes, "save", lambda *picture: [])
    found = broken(stopped(runs=12, **RECORDED), {"none": [0, 4, 5]})
    assert isinstance(found.results, Kept)
    content = found.results.content
    texts = {told(replace(found, results=Kept(content, width)))[0] for width in (1, 5, 100)}
    assert len(texts) == 1
    assert "9 runs" in " ".join(texts.pop().split())


def test_histories_of_a_design_are_counted_like_as_many_runs():
    found = stopped(runs=12)
    assert isinstance(found.results, Kept)
    content = {
        name: rows.assign(point=rows["run"] // 4, run=rows["run"] % 4) for name, rows in found.results.content.items()
    }
    design = replace(found, results=Numbered(Kept(content), 4), per_point=4)
    pd.testing.assert_frame_equal(*(one.vetoes("outlook", "none").by_state() for one in (found, design)))


def test_one_policy(told):
    text, drawn = told(stopped(), "outlook", "dialogue")
    assert drawn[0] == "vetoes_outlook_dialogue.png"
    assert "dialogue, 5 runs" in " ".join(text.split())


@pytest.mark.parametrize(
    "case",
    [
        {"runs": 1},
        {"empty": True},
        {"empty": True, **RECORDED},
        {"first": "2027Q1", "last": "2027Q1"},
        {"first": "2021Q4", "last": "2021Q4"},
    ],
)
def test_thin_results_are_told_and_drawn(told, case: dict[str, object]):
    text, drawn = told(stopped(**case))  # type: ignore[arg-type]
    assert len(drawn) == 2
    assert "nan" not in text
    assert ("Nothing was stopped." in text) == bool(case.get("empty"))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("outlok",), ["--scenario", "did you mean 'outlook'?"]),
        ((None, "dialog"), ["--policy", "did you mean 'dialogue'?"]),
    ],
)
def test_what_is_not_there_is_told_the_nearest(told, words: tuple[str | None, ...], said: list[str]):
    with pytest.raises(UserError) as error:
        told(stopped(), *words)
    assert all(word in str(error.value) for word in said)


def test_results_without_the_table_say_how_to_record_it(told):
    with pytest.raises(UserError) as error:
        told(findings(runs=3))
    assert "has no table vetoes" in str(error.value)
    assert 'record = ["vetoes"]' in str(error.value)


def test_it_is_drawn_with_the_other_figures_where_it_was_recorded():
    assert "vetoes_outlook" in dict(pictures(stopped(runs=3)))
    assert "vetoes_outlook" not in dict(pictures(findings(runs=3)))


@pytest.mark.parametrize("case", [{}, RECORDED])
def test_the_figure_says_what_it_shows_and_comes_out_the_same(tmp_path: Path, case: dict[str, object]):
    found = stopped(**case)  # type: ignore[arg-type]
    counted, world = found.vetoes("outlook", "none"), found.worlds["outlook"]
    figure = vetoes(counted, world, "none", 5, 5)
    note = figure.get_supxlabel().replace("\n", " ")
    assert "Scenario outlook" in note and "no policy" in note and "5 runs" in note
    assert ("Crosses" in note) == bool(case)
    assert figure.get_figwidth() == WIDTH
    figure.draw_without_rendering()
    sizes = [text.get_fontsize() for one in figure.axes for text in (*one.texts, *one.get_yticklabels())]
    assert min(sizes) >= SMALL
    legend = {text.get_text() for one in figure.axes if one.get_legend() for text in one.get_legend().get_texts()}
    assert legend == {"mean", "5 to 95 % of runs", *(["on record"] if case else [])}
    once, again = (save(vetoes(counted, world, "none", 5, 5), tmp_path / name, "vetoes") for name in ("once", "again"))
    assert [file.read_bytes() for file in once] == [file.read_bytes() for file in again]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["vetoes"], ["needs a folder of results", "show vetoes RESULTS"]),
        (["vetoes", "nowhere"], ["nowhere", "no folder of results"]),
        (["vetoes", "nowhere", "--rule", "R4"], ["show council"]),
        (["vetoes", "nowhere", "--instrument", "raa"], ["no --instrument", "show vetoes RESULTS"]),
        (["veto", "nowhere"], ["did you mean 'vetoes'?"]),
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
