"""`partnership run --status FILE` and `--prior`: what is written, what is refused, and that it can be run again."""

import functools
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from config import Settings
from config.errors import UserError
from config.loading import load_experiment
from config.status import load_status
from experiments import cli, load, running
from experiments.replay import Choice, replay
from experiments.running import Lanes, Simulated, run_experiment, simulate_partnership
from experiments.store import Results

ASKED = """question = "What next?"
scenarios = ["outlook", "detente"]
policies = ["none"]
runs = 6
seed = 1
until = "2028Q2"
"""
KNOWN = """title = "Two years of news"
until = "2027Q2"
open = ["naval_exercise"]
stages = [
  { instrument = "csdp_fpa", stage = "negotiating", quarter = "2026Q4" },
  { instrument = "csdp_fpa", stage = "signed", quarter = "2027Q2", depth = 0.5 },
  { partner = "FRA", instrument = "raa", stage = "signed", quarter = "2026Q3" },
]
steps = [{ ladder = "force", step = 2, quarter = "2027Q1" }]
governments = [{ state = "HUN", quarter = "2026Q4", stance = 0.5 }]
seats = [{ quarter = "2027Q1", chamber = "upper", share = 0.5, partner = false, source = "papers" }]
regimes = [{ pressure = "russia", regime = "tense", from = "2026Q3", until = "2027Q1" }]
"""
TABLES = ("trajectories", "transitions", "runs")

Command = Callable[..., int]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a question and two statuses."""
    there = tmp_path_factory.mktemp("status")
    (there / "asked.toml").write_text(ASKED, encoding="utf-8")
    (there / "known.toml").write_text(KNOWN, encoding="utf-8")
    (there / "other.toml").write_text(KNOWN.replace('"2026Q4"', '"2027Q1"'), encoding="utf-8")
    return there


@pytest.fixture
def partnership(monkeypatch: pytest.MonkeyPatch, folder: Path) -> Command:
    """Runs a command there, in blocks of two runs and without figures; returns its exit status."""
    monkeypatch.chdir(folder)
    monkeypatch.setattr(running, "run_experiment", functools.partial(run_experiment, width=2))
    monkeypatch.setattr(cli, "_answer", lambda folder, analyses: None)

    def command(*words: str) -> int:
        monkeypatch.setattr(sys, "argv", ["partnership", *words])
        with pytest.raises(SystemExit) as end:
            cli.main()
        return int(end.value.code or 0)

    return command


@pytest.fixture
def results(partnership: Command, folder: Path) -> Results:
    """The question with its status, answered."""
    assert partnership("run", "asked.toml", "--status", "known.toml", "--out", "there") == 0
    return load(folder / "there")


def assert_same_tables(found: Results, wanted: Results) -> None:
    for name in TABLES:
        pd.testing.assert_frame_equal(found.table(name), wanted.table(name))


# What is written


def test_results_know_the_status_and_every_run_lives_it(results: Results) -> None:
    assert results.experiment.status == load_status(results.folder.parent / "known.toml")
    for scenario in ("outlook", "detente"):
        assert results.settings(scenario, "none").status == results.experiment.status
    moves = results.table("transitions")
    talks = moves[(moves["instrument"] == "csdp_fpa") & (moves["stage"] == "negotiating")]
    assert talks["quarter"].astype(str).tolist() == ["2026Q4"] * 12
    force = results.table("trajectories", ["quarter", "step_force"])
    assert set(force.loc[force["quarter"] == "2026Q4", "step_force"]) == {1}
    assert set(force.loc[force["quarter"] == "2027Q1", "step_force"]) == {2}


def test_the_question_that_was_written_is_the_same_and_can_be_run_again(
    results: Results, partnership: Command, folder: Path
) -> None:
    again = load_experiment(str(folder / "there" / "experiment.toml"))
    assert again.as_file() == results.experiment.as_file()
    assert partnership("run", str(Path("there", "experiment.toml")), "--out", "again") == 0
    copy = load(folder / "again")
    assert_same_tables(copy, results)
    assert copy.provenance["fingerprint"] == results.provenance["fingerprint"]
    assert (folder / "again" / "experiment.toml").read_text() == (folder / "there" / "experiment.toml").read_text()


def test_the_same_command_finds_everything_done(
    results: Results, partnership: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    assert partnership("run", "asked.toml", "--status", "known.toml", "--out", "there", "--profile") == 0
    assert "Nothing was simulated" in capsys.readouterr().out
    assert partnership("run", str(Path("there", "experiment.toml")), "--out", "there", "--profile") == 0
    assert "Nothing was simulated" in capsys.readouterr().out


def test_an_interrupted_run_goes_on_with_its_status(
    results: Results, partnership: Command, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(settings: Settings, lanes: Lanes, seed: int, record: Sequence[str]) -> Simulated:
        if lanes.runs[0] >= 4:
            raise KeyboardInterrupt
        return simulate_partnership(settings, lanes, seed, record)

    words = ("run", "asked.toml", "--status", "known.toml", "--out", "halfway", "--workers", "1")
    with monkeypatch.context() as short:
        short.setattr(running, "run_experiment", functools.partial(run_experiment, width=2, simulate=interrupted))
        assert partnership(*words) == 130
    assert len(load(folder / "halfway", unfinished=True).table("runs")) == 4
    assert partnership(*words) == 0
    assert_same_tables(load(folder / "halfway"), results)


def test_a_run_that_knew_something_can_be_replayed(results: Results) -> None:
    text = replay(results.folder, Choice(3, False, False), scenario="outlook", instruments=["csdp_fpa"])
    assert "Participation agreement" in text or "participation agreement" in text


@pytest.mark.parametrize("words", [("--status", "other.toml"), ()])
def test_another_status_into_the_same_folder_is_refused(
    results: Results, partnership: Command, capsys: pytest.CaptureFixture[str], words: tuple[str, ...]
) -> None:
    before = content_of(results.folder)
    assert partnership("run", "asked.toml", *words, "--out", "there") == 2
    err = capsys.readouterr().err
    assert "holds results of another experiment" in err
    assert "--out" in err
    assert ("differing: status" in err) == bool(words)
    assert content_of(results.folder) == before


def content_of(folder: Path) -> dict[str, bytes]:
    return {str(file): file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file()}


# What is refused


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("", "", ["nowhere.toml", "cannot be read"]),
        ('"naval_exercise"', '"naval_exercises"', ["open", "naval_exercises", "'naval_exercise'"]),
        ('"csdp_fpa", stage = "negotiating"', '"csdp_fap", stage = "negotiating"', ["csdp_fap", "'csdp_fpa'"]),
        ('stage = "signed", quarter = "2027Q2"', 'stage = "provisional", quarter = "2027Q2"',
         ["csdp_fpa", "provisional", "mandated → negotiating → signed"]),
        ('"2026Q4" },\n  { inst', '"2027Q3" },\n  { inst', ["2027Q3", "2026Q3 to 2027Q2", "the nearest is 2027Q2"]),
        ("2027Q2", "2026Q4", ["stages[1].quarter", "2026Q3 to 2026Q4", "the nearest is 2026Q4"]),
        ('until = "2027Q2"', 'until = "2028Q3"', ["until", "2028Q3", "2026Q3 to 2028Q2", "the nearest is 2028Q2"]),
        ("step = 2", "step = 3", ["steps.force", "step 3 in 2027Q1", "2, 3, one a quarter"]),
        ('"HUN"', '"HUM"', ["governments.state", "HUM", "'HUN'"]),
        ("title", "titel", ["titel", "'title'"]),
        ("open = [", "open = ", ["is not TOML"]),
    ],
)  # fmt: skip
def test_a_mistake_gets_one_message_and_writes_nothing(
    partnership: Command, folder: Path, capsys: pytest.CaptureFixture[str], old: str, new: str, said: list[str]
) -> None:
    name = "wrong.toml" if old else "nowhere.toml"
    if old:
        assert old in KNOWN
        (folder / name).write_text(KNOWN.replace(old, new, 1), encoding="utf-8")
    before = sorted(folder.rglob("*"))
    assert partnership("run", "asked.toml", "--status", name, "--out", "nothing") == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert len(err.splitlines()) == 1
    for word in (name, *said):
        assert word in err
    assert sorted(folder.rglob("*")) == before


def test_a_status_must_fit_every_scenario_of_the_question(folder: Path) -> None:
    """In 2010 Japan stands a step lower."""
    path = folder / "both.toml"
    path.write_text(ASKED.replace('"detente"', '"hindcast"').replace("2028Q2", "2030Q1"), encoding="utf-8")
    with pytest.raises(UserError, match=r"known\.toml: steps\.force = .step 2 in 2027Q1.: .*allowed: 1, 2"):
        load_experiment(str(path), status=folder / "known.toml")


# The prior


def test_the_prior_is_part_of_the_question(
    partnership: Command, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words: Any = ("run", "asked.toml", "--runs", "2", "--until", "2026Q4", "--out", "prior")
    assert partnership(*words, "--prior") == 0
    found = load(folder / "prior")
    assert found.experiment.prior
    assert found.settings("outlook", "none").posterior is None
    assert "prior = true\n" in (folder / "prior" / "experiment.toml").read_text()
    assert partnership(*words) == 2
    assert "differing: prior" in capsys.readouterr().err
    assert partnership("run", str(Path("prior", "experiment.toml")), "--out", "prior", "--profile") == 0
    assert "Nothing was simulated" in capsys.readouterr().out
