"""The page of a report, of invented histories: whole, sound, safe, without anything from outside, and readable."""

import json
import shutil
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from config.errors import UserError
from config.loading import load_experiment
from experiments import cli
from experiments import page as module
from experiments.figures.style import sheet, styled
from experiments.files import toml_of
from experiments.headlines import headlines, percent
from experiments.page import write_page
from experiments.page_parts import picture
from experiments.running import Lanes, Simulated, run_experiment
from experiments.store import PROVENANCE, sealed
from tests.experiments.synthetic import Kept, broken, findings
from tests.experiments.test_answer import invented

HOSTILE = "What if <script>alert(\"1\")</script> & 'so'? {{ 7 * 7 }} {% raw %}"
VOID = {"meta", "img", "br"}


class Page(HTMLParser):
    """What a page holds: tags in balance, attributes, the text of elements, cells per row."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, list[str]] = {}
        self.rows: list[tuple[str, int]] = []
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag == "tr":
            self.rows.append((self.open[-1], 0))
        if tag in ("td", "th"):
            where, cells = self.rows[-1]
            self.rows[-1] = where, cells + int(dict(attrs).get("colspan") or 1)
        if tag not in VOID:
            self.open.append(tag)
            self.texts.setdefault(tag, []).append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        for tag in set(self.open):
            self.texts[tag][-1] += data

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.found if name == tag]


def failing(settings: Any, lanes: Lanes, seed: int, record: Sequence[str]) -> Simulated:
    """Dialogue makes three runs divide by zero, and depth follows one parameter."""
    bad = np.isin(lanes.runs, [3, 4, 5]) & (settings.policy.name == "dialogue")
    np.ones(len(bad)) / np.where(bad, 0.0, 1.0)
    tables, order, seconds = invented(settings, lanes, seed, record)
    link = np.abs(np.cos(np.asarray(lanes.runs) * 3.7 + seed))
    depths = tables["trajectories"]
    depth = depths["operational_depth"] + 0.1 * np.repeat(link, len(depths["run"]) // len(link))
    trajectories = {**depths, "operational_depth": depth, "operational_depth_equal": depth}
    return {**tables, "trajectories": trajectories, "runs": {**tables["runs"], "attention.link": link}}, order, seconds


@styled
def drawn() -> Figure:
    figure = sheet(1.5, "How deep the partnership gets", "Scenario outlook, 24 runs per policy.")
    figure.subplots().plot([0, 1], [0, 1])
    return figure


def one_picture(found: object) -> Iterator[tuple[str, Figure]]:
    yield "depth_outlook", drawn()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("results") / "invented"
    question = load_experiment("remedies", runs=24, until="2031Q4")
    asked = {"question": HOSTILE, "policies": ("none", "dialogue"), "record": ("trajectories", "transitions")}
    question = question.model_copy(update={**asked, "analyses": ()})
    run_experiment(question, place, workers=1, simulate=failing)
    return place


@pytest.fixture(scope="module")
def text(folder: Path) -> str:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "pictures", one_picture)
        return write_page(folder).read_text(encoding="utf-8")


def test_the_page_is_sound_and_needs_nothing_from_outside(text: str) -> None:
    read = Page(text)
    links = [one.get("href") or "" for one in read.of("a")]
    ids = [identity for _, one in read.found if (identity := one.get("id"))]
    assert len(ids) == len(set(ids))
    assert links and {link.removeprefix("#") for link in links} <= set(ids)
    assert all((one["src"] or "").startswith("data:image/png;base64,") and one["alt"] for one in read.of("img"))
    assert read.of("img")
    assert not {"script", "link", "iframe", "object"} & {tag for tag, _ in read.found}
    assert "url(" not in text and "@import" not in text
    assert {"name": "viewport", "content": "width=device-width, initial-scale=1"} in read.of("meta")
    assert "@media print" in text
    assert len(text) < 1_000_000


def test_what_users_write_is_shown_as_they_wrote_it(text: str) -> None:
    read = Page(text)
    assert read.texts["h1"] == [HOSTILE] == read.texts["title"]
    assert "question = " in read.texts["pre"][1]


def test_every_row_has_a_cell_for_every_column(text: str) -> None:
    widths: list[int] = []
    for where, cells in Page(text).rows:
        widths += [cells] if where == "thead" else []
        assert cells == widths[-1]
    assert len(widths) >= 7


def test_the_question_is_answered_before_anything_is_shown(text: str) -> None:
    order = [
        "<h1>",
        "In short",
        "In force by the end of 2030",
        "What policies add",
        "In brackets",
        "<table",
        "Provenance",
    ]
    places = [text.index(words) for words in order]
    assert places == sorted(places)
    assert ">nan" not in text and "None" not in text


def test_failed_runs_are_said_beside_every_table_that_they_touch(text: str) -> None:
    read = Page(text)
    said = [note for note in read.texts["p"] if "3 of 24 runs failed with dialogue" in note]
    assert len(said) == 1 + 3  # on top, and below the three tables that compare policies
    assert any("21 of 24 pairs" in caption for caption in read.texts["p"])


def test_assumptions_are_ranked_with_their_source(text: str) -> None:
    table = text[text.index('id="assumptions"') :]
    assert table.index("attention.link") < table.index('id="provenance"')
    assert "assumed: how far Europe and the Indo-Pacific are seen as one" in table
    assert "levers.dialogue_strength" not in table[: table.index('id="provenance"')]


def test_the_page_says_how_to_get_the_same_numbers(folder: Path, text: str) -> None:
    commands, asked = Page(text).texts["pre"]
    assert "partnership run experiment.toml --out results/remedies" in commands
    assert asked.strip() == (folder / "experiment.toml").read_text(encoding="utf-8").strip()


def test_a_picture_is_packed_small() -> None:
    one = picture(drawn())
    assert (one.title, one.width) == ("How deep the partnership gets", 672)
    assert len(one.base64) < 20_000


@pytest.mark.parametrize(("share", "said"), [(0.0, "0 %"), (0.004, "under 1 %"), (0.996, "over 99 %"), (1.0, "100 %")])
def test_what_is_rare_is_not_called_impossible(share: float, said: str) -> None:
    assert percent(share).replace("\u00a0", " ") == said


def test_headlines_without_a_second_policy_or_without_tables() -> None:
    assert [one.about[:8] for one in headlines(findings(policies=("none",)))] == ["In force", "Operatio"]
    assert headlines(findings(policies=("none",), without=("trajectories", "transitions"))) == []


def test_of_many_scenarios_the_first_is_told_and_the_others_in_a_sentence() -> None:
    one = findings(policies=("none", "dialogue"), runs=12)
    assert isinstance(one.results, Kept)
    names = ["outlook", "taiwan_crisis", "detente"]
    content = {
        table: pd.concat([rows.assign(scenario=name) for name in names], ignore_index=True)
        for table, rows in one.results.content.items()
    }
    worlds = {name: replace(one.worlds["outlook"], name=name, title=name) for name in names}
    told = headlines(replace(one, results=Kept(content), worlds=worlds))
    assert [about.split(":")[0] for about, _ in told[:3]] == ["outlook"] * 3
    assert len(told) == 4
    assert all(name in told[3].text for name in names[1:])


def test_headlines_leave_out_failed_runs() -> None:
    found = headlines(broken(findings(runs=12), {"none": [0, 4, 5]}))
    assert all("nan" not in one.text for one in found)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["{folder}", "--out", "{folder}"], ["--out", "is a folder", "report.html"]),
        (["{folder}", "--out", ""], ["--out", "is empty"]),
        (["{folder}", "--out", "{folder}/experiment.toml/page.html"], ["--out", "cannot be written"]),
        (["{folder}/trajectories"], ["is no folder of results"]),
        (["nowhere"], ["nowhere", "is no folder of results"]),
    ],
)
def test_a_mistake_is_one_message(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, words: list[str], said: list[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["partnership", "report", *(word.format(folder=folder) for word in words)])
    with pytest.raises(SystemExit) as end:
        cli.main()
    assert end.value.code == 2
    message = capsys.readouterr().err
    assert len(message.splitlines()) == 1
    assert all(words in message for words in said)


def test_the_page_goes_wherever_results_can_be(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "pictures", one_picture)
    there = write_page(folder, "memory://reports/page.html")
    assert there.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")


def test_results_that_were_interrupted_have_no_report(folder: Path, tmp_path: Path) -> None:
    copied = tmp_path / "interrupted"
    shutil.copytree(folder, copied)
    there = json.loads((copied / PROVENANCE).read_bytes())
    (copied / PROVENANCE).write_bytes(sealed({**there, "finished": None}))
    with pytest.raises(UserError, match="was interrupted"):
        write_page(copied)


def test_runs_at_points_of_a_design_are_told_as_pooled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "sets.csv").write_text("attention.link\n0.2\n0.5\n0.8\n", encoding="utf-8")
    asked = {"question": "A design?", "scenarios": ["outlook"], "policies": ["none"], "runs": 4, "seed": 1}
    text = toml_of({**asked, "until": "2026Q4", "design": {"table": "sets.csv"}})
    (tmp_path / "design.toml").write_text(text, encoding="utf-8")
    run_experiment(load_experiment(str(tmp_path / "design.toml")), tmp_path / "results", workers=1)
    monkeypatch.setattr(module, "pictures", one_picture)
    read = Page(write_page(tmp_path / "results").read_text(encoding="utf-8"))
    assert any("3 points of a design with 4 runs each, pooled" in text for text in read.texts["p"])
    assert any("12 runs of no policy" in text for text in read.texts["p"])
