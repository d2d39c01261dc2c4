"""Replaying a run of saved results from the command line: the story, its formats, and what is refused."""

import json
import re
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from config.calendar import quarter_name
from config.errors import UserError
from config.loading import load_experiment
from experiments import cli, load
from experiments.replay import Choice, distances, replay, summed
from experiments.running import run_experiment
from experiments.store import sealed
from simulation.chronicle import Event
from simulation.model import PartnershipModel
from simulation.sentences import Names

RUNS = 6
DEPTHS = ("declared_depth", "operational_depth")


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small experiment of the real model, in blocks of four runs."""
    return computed(tmp_path_factory.mktemp("replay") / "small", ("trajectories", "transitions"))


@pytest.fixture(scope="module")
def summary(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same, of which only a summary is kept."""
    return computed(tmp_path_factory.mktemp("replay") / "summary", ("summary",))


def computed(folder: Path, record: tuple[str, ...]) -> Path:
    question = load_experiment("smoke", runs=RUNS, until="2031Q4")
    question = question.model_copy(update={"policies": ("none", "dialogue+qmv"), "record": record})
    run_experiment(question, folder, workers=1, width=4)
    return folder


@pytest.fixture
def partnership(monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    def command(*words: str) -> int:
        monkeypatch.setattr(sys, "argv", ["partnership", *words])
        with pytest.raises(SystemExit) as end:
            cli.main()
        return int(end.value.code or 0)

    return command


def as_json(folder: Path, choice: Choice, **asked: object) -> dict[str, object]:
    content = json.loads(replay(folder, choice, style="json", **asked))  # type: ignore[arg-type]
    assert isinstance(content, dict)
    return content


# The story is that of the recorded run


@pytest.mark.parametrize("policy", ["none", "dialogue+qmv"])
@pytest.mark.parametrize("run", [0, 5])
def test_the_story_has_the_transitions_and_the_money_of_the_tables(results: Path, policy: str, run: int) -> None:
    events = as_json(results, Choice(run), policy=policy)["events"]
    assert isinstance(events, list)
    kept = load(results)
    rows = kept.table("transitions", policies=[policy], run=run)
    recorded = Counter(
        rows[["quarter", "partner", "instrument", "stage"]].astype(str).itertuples(index=False, name=None)
    )
    stages = set(kept.table("transitions")["stage"].cat.categories)
    told = Counter(
        (e["quarter"], e["details"]["partner"][0], e["instruments"][0], e["kind"])
        for e in events
        if e["kind"] in stages
    )
    assert told == recorded
    paths = kept.table("trajectories", policies=[policy], run=run)
    paid = sum(e["numbers"]["paid"] for e in events if e["kind"] in ("money_ukraine", "money_released"))
    assert paid == pytest.approx(paths["peace_facility_ukraine"].sum(), rel=1e-12)


def test_json_has_the_described_schema(results: Path) -> None:
    content = as_json(results, Choice(2))
    described = re.findall(r"^\| `([a-z_.]+)`", page(), flags=re.MULTILINE)
    ending, events = content["ending"], content["events"]
    assert isinstance(ending, dict)
    assert isinstance(events, list)
    keys = [*content, *(f"ending.{key}" for key in ending), *(f"events.{key}" for key in events[0])]
    assert set(keys) <= set(described)
    assert list(content) == [
        "format", "experiment", "scenario", "policy", "run", "seed", "from", "until", "headline", "ending", "filters",
        "events",
    ]  # fmt: skip
    assert content["format"] == 1
    assert (content["run"], content["policy"], content["until"]) == (2, "none", "2031Q4")
    assert {tuple(event) for event in events} == {tuple(events[0])}


def page() -> str:
    return (Path(__file__).parents[2] / "docs" / "replay.md").read_text(encoding="utf-8")


def test_the_page_names_every_kind_of_event() -> None:
    from simulation.sentences import SENTENCES

    assert set(SENTENCES) <= set(re.findall(r"`([a-z_]+)`", page()))


def test_the_headline_compares_with_the_median(results: Path) -> None:
    content = as_json(results, Choice(3))
    ending = content["ending"]
    assert isinstance(ending, dict)
    last = load(results).table("trajectories", policies=["none"], quarters=["2031Q4"])
    for name in DEPTHS:
        assert ending[name] == last.loc[last["run"] == 3, name].item()
        assert ending["median"][name] == last[name].median()
        assert f"(median {last[name].median():.3f})" in str(content["headline"])


def test_text_and_markdown_group_by_year(results: Path) -> None:
    text = replay(results, Choice(1))
    years = [str(year) for year in range(2026, 2032)]
    assert re.findall(r"^(\d{4}) \(at its end", text, flags=re.MULTILINE) == years
    assert max(map(len, text.splitlines())) <= 100
    markdown = replay(results, Choice(1), style="markdown")
    assert markdown.startswith("# Run 1: outlook, no policy\n")
    assert re.findall(r"^## (\d{4})", markdown, flags=re.MULTILINE) == years
    assert all(re.match(r"(#|- \*\*Q[1-4](–[1-4])?\*\* [A-Z]|Run |$)", line) for line in markdown.splitlines())


def test_filters_keep_what_concerns_an_actor_or_an_instrument(results: Path) -> None:
    everything = as_json(results, Choice(1))["events"]
    assert isinstance(everything, list)
    for code, name in (("HUN", "Hungary"), ("JPN", "japan"), ("russia", "Russia")):
        some = as_json(results, Choice(1), actors=[name])["events"]
        assert some == [event for event in everything if code in event["actors"]]
    slugs = ["csdp_fpa", "raa"]
    some = as_json(results, Choice(1), instruments=slugs)["events"]
    assert some == [event for event in everything if set(slugs) & set(event["instruments"])]
    both = as_json(results, Choice(1), instruments=slugs, actors=["JPN"])["events"]
    assert both == [
        event for event in everything if set(slugs) & set(event["instruments"]) and "JPN" in event["actors"]
    ]


def test_a_filter_that_leaves_nothing_says_so(results: Path) -> None:
    text = replay(results, Choice(1), instruments=["mutual_assistance"], actors=["MLT"])
    assert text.splitlines()[-1] == "Nothing in this run concerns what was asked for."


# Typical and extreme


def test_typical_and_extreme_are_nearest_and_furthest(results: Path) -> None:
    rows = load(results).table("trajectories", policies=["dialogue+qmv"])
    away = []
    for name in DEPTHS:
        table = rows.pivot(index="run", columns="quarter", values=name)
        away.append(((table - table.median()) ** 2).sum(axis=1))
    total = away[0] + away[1]
    assert as_json(results, Choice(typical=True), policy="dialogue+qmv")["run"] == total.idxmin()
    assert as_json(results, Choice(extreme=True), policy="dialogue+qmv")["run"] == total.idxmax()
    assert "the most typical of 6 runs" in replay(results, Choice(typical=True))


def test_distance_sums_squares_over_depths_and_quarters() -> None:
    by_quarter = [[0.0, 1.0, 3.0], [0.0, 1.0, 1.0], [0.0, 0.0, 0.0], [0.0, 0.0, 2.0]]
    np.testing.assert_array_equal(distances(np.array(each) for each in by_quarter), [2.0, 0.0, 8.0])


def test_a_summary_can_be_replayed_and_gives_the_median(summary: Path, results: Path) -> None:
    content, full = as_json(summary, Choice(4)), as_json(results, Choice(4))
    assert content["events"] == full["events"]
    here, there = content["ending"], full["ending"]
    assert isinstance(here, dict) and isinstance(there, dict)
    assert here.pop("median") == pytest.approx(there.pop("median"), rel=2.0**-10)
    assert here == there


def test_money_of_a_year_is_summed_up() -> None:
    names = Names({}, {})
    quarters = [8105, 8106, 8107]
    events = [
        Event(q, "money_ukraine", ("EU",), (), {"paid": 10.5, "requested": 10.5, "released": 0.0}) for q in quarters
    ]
    other = Event(8106, "governments", ("HUN",), (), {}, {}, "A new government in Hungary.")
    found = summed([events[0], other, *events[1:]], names)
    assert [event.kind for event in found] == ["governments", "money_ukraine"]
    assert found[1].text == "The Peace Facility pays EUR 32 million for Ukraine over 3 quarters."
    assert found[1].numbers["paid"] == 31.5
    assert found[1].numbers["first_quarter"] == 2


# Runs that failed


def break_runs(patch: pytest.MonkeyPatch) -> None:
    """Let runs 2 and 4 divide by zero in 2028Q2, and run 1 before it begins."""
    plain, begin = PartnershipModel.respond, PartnershipModel._begin

    def respond(model: PartnershipModel) -> None:
        plain(model)
        if quarter_name(model.quarter) == "2028Q2":
            model.coercion = model.coercion / np.where(np.isin(model.runs, [2, 4]), 0.0, 1.0)

    def beginning(model: PartnershipModel) -> None:
        begin(model)
        model.coercion = model.coercion / np.where(model.runs == 1, 0.0, 1.0)

    patch.setattr(PartnershipModel, "respond", respond)
    patch.setattr(PartnershipModel, "_begin", beginning)


@pytest.fixture(scope="module")
def computed_broken(tmp_path_factory: pytest.TempPathFactory) -> Path:
    with pytest.MonkeyPatch.context() as patch:
        break_runs(patch)
        return computed(tmp_path_factory.mktemp("replay") / "broken", ("trajectories", "transitions"))


@pytest.fixture
def broken(computed_broken: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The same experiment, of which some runs fail."""
    break_runs(monkeypatch)
    return computed_broken


@pytest.fixture(scope="module")
def unbroken(results: Path) -> dict[int, list[dict[str, object]]]:
    """Events of some runs as they go where nothing fails."""
    return {run: as_json(results, Choice(run))["events"] for run in (2, 3)}  # type: ignore[misc]


def test_a_run_that_failed_is_told_up_to_there(
    broken: Path, results: Path, unbroken: dict[int, list[dict[str, object]]]
) -> None:
    content = as_json(broken, Choice(2))
    ending, events = content["ending"], content["events"]
    assert isinstance(ending, dict) and isinstance(events, list)
    assert ending["regime"] == "failed"
    assert ending["failed"].startswith("2028Q2 respond: ")
    assert (events[-1]["kind"], events[-1]["quarter"]) == ("failed", "2028Q2")
    before = [event for event in unbroken[2] if str(event["quarter"]) < "2028Q2"]
    assert events[: len(before)] == before
    row = load(results).table("trajectories", policies=["none"], quarters=["2028Q1"], run=2)
    assert {name: ending[name] for name in DEPTHS} == {name: row[name].item() for name in DEPTHS}


def test_what_is_told_of_a_failed_run_says_so(broken: Path) -> None:
    text = " ".join(replay(broken, Choice(2), instruments=["mutual_assistance"]).split())
    assert "Run 2 of 6 runs" in text and "it failed (2028Q2 respond: " in text
    assert "Here the run fails and is left out of all comparisons" in text
    assert "2028 Q2 Here" in text


def test_a_run_that_failed_before_it_began_has_no_depths(broken: Path) -> None:
    content = as_json(broken, Choice(1))
    ending, events = content["ending"], content["events"]
    assert isinstance(ending, dict) and isinstance(events, list)
    assert ending["declared_depth"] is None
    assert [event["kind"] for event in events] == ["failed"]
    assert "failed (begin: " in str(content["headline"])


def test_no_run_that_failed_is_typical_or_extreme(broken: Path) -> None:
    chosen = {as_json(broken, choice)["run"] for choice in (Choice(typical=True), Choice(extreme=True))}
    assert chosen <= {0, 3, 5}
    assert "the most typical of 3 runs that went well" in replay(broken, Choice(typical=True))


def test_the_others_are_told_as_if_none_had_failed(broken: Path, unbroken: dict[int, list[dict[str, object]]]) -> None:
    assert as_json(broken, Choice(3))["events"] == unbroken[3]


# Runs of a design


@pytest.fixture(scope="module")
def design(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three parameter sets, two runs each."""
    place = tmp_path_factory.mktemp("design")
    (place / "sets.csv").write_text("attention.link,council.acceptance\n0.0,0.5\n0.5,0.6\n1.0,0.7\n")
    (place / "asked.toml").write_text(
        'question = "What?"\nscenarios = ["outlook"]\npolicies = ["none"]\nruns = 2\nseed = 1\nuntil = "2029Q4"\n'
        'design = { table = "sets.csv" }\n'
    )
    run_experiment(load_experiment(str(place / "asked.toml")), place / "results", workers=1, width=4)
    return place / "results"


@pytest.mark.parametrize("point", [0, 2])
def test_a_run_of_a_design_is_played_with_the_parameters_of_its_point(design: Path, point: int) -> None:
    content = as_json(design, Choice(1, point=point))
    ending = content["ending"]
    assert isinstance(ending, dict)
    assert (content["point"], content["run"]) == (point, 1)
    assert f"Run 1 of 2 runs at point {point}" in str(content["headline"])
    last = load(design).table("trajectories", quarters=["2029Q4"])
    here = last[last["point"] == point]
    for name in DEPTHS:
        assert ending[name] == here.loc[here["run"] == 1, name].item()
        assert ending["median"][name] == here[name].median()


def test_the_typical_run_of_a_point_is_one_of_its_own(design: Path) -> None:
    assert as_json(design, Choice(typical=True, point=1))["run"] in (0, 1)


@pytest.mark.parametrize(
    ("choice", "said"),
    [
        (Choice(1), "say at which point of the design (allowed: --point 0 to 2"),
        (Choice(1, point=3), "allowed: 0 to 2"),
        (Choice(2, point=1), "allowed: 0 to 1"),
        (Choice(typical=True), "say at which point"),
    ],
)
def test_a_point_is_asked_for_and_must_be_there(design: Path, choice: Choice, said: str) -> None:
    with pytest.raises(UserError) as error:
        replay(design, choice)
    assert said.split(" (")[0] in str(error.value)
    assert said.split("(")[-1] in str(error.value)


def test_results_without_a_design_have_no_points(results: Path) -> None:
    with pytest.raises(UserError, match="has no design"):
        replay(results, Choice(1, point=0))


# What is refused


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "--run N, --typical or --extreme"),
        (["--run", "1", "--typical"], "say only one"),
        (["--run", "6"], "allowed: 0 to 5"),
        (["--run", "-1"], "allowed: 0 or more"),
        (["--run", "first"], "is not a whole number"),
        (["--run", "1", "--policy", "dialog+qmv"], "did you mean 'dialogue+qmv'?"),
        (["--run", "1", "--scenario", "outlok"], "did you mean 'outlook'?"),
        (["--run", "1", "--actor", "HNU"], "did you mean 'HUN'?"),
        (["--run", "1", "--actor", "Hungry"], "did you mean 'Hungary'?"),
        (["--run", "1", "--instrument", "csdp_fap"], "did you mean 'csdp_fpa'?"),
        (["--run", "1", "--format", "jsn"], "did you mean 'json'?"),
    ],
)
def test_bad_input_is_one_message(
    partnership: Callable[..., int], results: Path, words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert partnership("replay", str(results), *words) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert said in err
    assert len(err.splitlines()) == 1


def test_a_folder_without_results(
    partnership: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert partnership("replay", str(tmp_path), "--run", "1") == 2
    assert "is no folder of results" in capsys.readouterr().err
    assert partnership("replay", str(tmp_path / "nothing"), "--run", "1") == 2


def test_a_summary_knows_no_typical_run(summary: Path) -> None:
    with pytest.raises(UserError, match="only a summary"):
        replay(summary, Choice(typical=True))


def test_results_of_other_rules_are_refused(
    results: Path, monkeypatch: pytest.MonkeyPatch, partnership: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    plain = PartnershipModel.respond

    def distrust(model: PartnershipModel) -> None:
        plain(model)
        if quarter_name(model.quarter) == "2028Q2":
            model.member_states.trust = model.member_states.trust * 0.9

    monkeypatch.setattr(PartnershipModel, "respond", distrust)
    assert partnership("replay", str(results), "--run", "1") == 2
    err = capsys.readouterr().err
    assert "results of another version of the model" in err
    assert "(trajectories: another trust in 2028Q2)" in err


def claim(folder: Path, other: dict[str, str]) -> None:
    """Let a folder say something else of how it was computed."""
    provenance = json.loads((folder / "provenance.json").read_text())
    content = {name: value for name, value in provenance.items() if name != "sha256"}
    (folder / "provenance.json").write_bytes(sealed({**content, **other}))


def test_results_with_settings_that_cannot_be_read_are_of_another_version(results: Path, tmp_path: Path) -> None:
    old = shutil.copytree(results, tmp_path / "old")
    file = next((old / "settings").glob("*none.json"))
    file.write_text(file.read_text().replace('"capacity"', '"strength"').replace('"population"', '"people"'))
    with pytest.raises(UserError, match="missing or torn"):
        replay(old, Choice(1))
    claim(old, {"rules": "older", "commit": "0123456789abcdef"})
    with pytest.raises(UserError, match=r"another version of the model.*commit 012345678"):
        replay(old, Choice(1))


def test_other_comments_in_the_rules_do_not_stop_a_replay(results: Path, tmp_path: Path) -> None:
    same = shutil.copytree(results, tmp_path / "same")
    claim(same, {"rules": "differ in a comment"})
    assert replay(same, Choice(1)) == replay(results, Choice(1))


def test_replaying_from_a_cold_start_takes_few_seconds(results: Path) -> None:
    command = [sys.executable, "-c", "from experiments.cli import main; main()", "replay", str(results), "--run", "1"]
    start = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert done.stderr == ""
    assert time.perf_counter() - start < 20  # 1.5 s on an idle machine; here others may be at work


def test_a_table_can_be_read_for_one_run(results: Path) -> None:
    kept = load(results)
    whole = kept.table("trajectories", policies=["none"])
    some = kept.table("trajectories", ["quarter", "trust"], policies=["none"], run=5)
    assert list(some.columns) == ["quarter", "trust"]
    np.testing.assert_array_equal(some["trust"], whole.loc[whole["run"] == 5, "trust"])
