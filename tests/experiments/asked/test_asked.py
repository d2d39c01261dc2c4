"""What may be asked is there, and what is shipped asks for it."""

import inspect
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

import pandas as pd
import pytest

import experiments.asked as asked
from config.loading import available, load_experiment
from config.schema import ANALYSES
from experiments.asked import Answer, keep
from experiments.running import run_experiment
from experiments.store import load

ANSWERS = Path(__file__).parents[3] / "docs" / "answers"
UNANSWERED = ("hindcast", "limits", "smoke", "screening")
"""Shipped experiments that serve another page."""


def test_every_analysis_that_may_be_named_is_there_and_no_other() -> None:
    assert {one.name for one in iter_modules(asked.__path__)} == set(ANALYSES)
    for name in ANALYSES:
        module = import_module(f"experiments.asked.{name}")
        assert list(inspect.signature(module.tables).parameters) == ["results"]
        for function in (module.sentences, module.pictures):
            assert list(inspect.signature(function).parameters) == ["tables", "results"]


@pytest.mark.parametrize("name", [name for name in available("experiments") if name not in UNANSWERED])
def test_every_shipped_question_has_an_analysis_and_a_page_that_answers_it(name: str) -> None:
    question = load_experiment(name)
    assert question.analyses
    page = (ANSWERS / f"{name}.md").read_text(encoding="utf-8")
    assert question.question.split("?")[0] in page and f"partnership run {name}" in page
    for line in page.splitlines():
        for picture in (part.split(")")[0] for part in line.split("](")[1:] if ".png" in part):
            assert (ANSWERS / picture).is_file(), picture


def test_tables_and_pictures_are_kept_beside_the_results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    question = load_experiment("smoke", ["attention.link=0.5"], runs=2, until="2027Q1")
    run_experiment(question, tmp_path / "r", workers=1)
    rows = pd.DataFrame({"state": ["HUN"], "effect": [0.25]})
    monkeypatch.setattr("experiments.asked.timing.pictures", lambda tables, results: iter(()))
    assert keep(Answer("timing", {"effects": rows}, ["So it is."], load(tmp_path / "r"))) == []
    assert pd.read_csv(tmp_path / "r" / "analysis" / "timing.effects.csv").equals(rows)
