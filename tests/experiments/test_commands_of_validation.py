"""`partnership calibrate` and `partnership hindcast`, from the command line to files; few histories and one origin."""

import re
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from config.loading import ROOT, load_experiment
from config.posterior import load_posterior
from experiments import calibrating, cli, load, validating
from experiments.calibrating import plan_in, plan_of
from experiments.hindcasting import FORECASTERS, record_of
from experiments.validation_page import NOT_MADE
from experiments.validation_page import page as page_of

RUNS = 20
ORIGINS = ("2022Q1",)
KEPT = {"scores", "skill", "skill_of_prior", "coverage", "patterns", "answers"}
Command = Callable[..., int]


def status(*words: str) -> int:
    """Exit status of a command."""
    with pytest.MonkeyPatch.context() as patch, pytest.raises(SystemExit) as end:
        patch.setattr(sys, "argv", ["partnership", *words])
        cli.main()
    return int(end.value.code or 0)


def few(name: str, **other: Any) -> Any:
    """Shipped experiments with two policies and fewer years."""
    found = load_experiment(name, **other)
    if name == "hindcast":
        return found
    return found.model_copy(update={"policies": found.policies[:2], "until": 4 * 2028})


@dataclass(frozen=True)
class Done:
    """Folders of what was calibrated and forecast, the page, and what was there in config/ before."""

    calibration: Path
    config: Path
    out: Path
    page: Path
    shipped: bytes | None


def shipped() -> bytes | None:
    file = ROOT / "posterior.csv"
    return file.read_bytes() if file.exists() else None


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Done]:
    """Both commands, one after the other, as one would."""
    folder = tmp_path_factory.mktemp("validation")
    made = Done(folder / "draws", folder / "config", folder / "out", folder / "docs" / "validation.md", shipped())
    shutil.copytree(ROOT, made.config, ignore=shutil.ignore_patterns("*.py", "__pycache__", "posterior.csv"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(calibrating, "ROOT", made.config)
        patch.setattr(validating, "ORIGINS", ORIGINS)
        patch.setattr(validating, "load_experiment", few)
        asked = ("--runs", "1000", "--seed", "3", "--save", "--workers", "1", "--out", str(made.calibration))
        assert status("calibrate", *asked) == 0
        assert status("hindcast", *options(made), "--calibration", str(made.calibration), "--page", str(made.page)) == 0
        yield made


def options(done: Done) -> tuple[str, ...]:
    return ("--runs", str(RUNS), "--workers", "1", "--out", str(done.out))


# Calibrate


def test_calibrate_keeps_draws_plan_and_posterior(done: Done) -> None:
    plan = plan_in(done.calibration)
    assert plan == plan_of().resized(1000, 3) and plan.seed == 3
    assert len(list((done.calibration / "draws").iterdir())) == len(plan.rounds)
    parameters = record_of(plan).settings.parameters
    found = load_posterior(done.calibration / "posterior.csv", parameters)
    assert found is not None and found.names == plan.parameters and len(found.rows) == plan.draws


def test_save_puts_the_posterior_into_the_configuration_and_nowhere_else(done: Done) -> None:
    assert (done.config / "posterior.csv").read_bytes() == (done.calibration / "posterior.csv").read_bytes()
    assert shipped() == done.shipped
    others = {file.relative_to(done.config) for file in done.config.rglob("*") if file.is_file()}
    assert all((ROOT / file).exists() for file in others - {Path("posterior.csv")})


def test_calibrate_goes_on_where_it_was_and_says_what_was_learnt(
    done: Done, capsys: pytest.CaptureFixture[str]
) -> None:
    before = {file: file.stat().st_mtime_ns for file in (done.calibration / "draws").iterdir()}
    assert status("calibrate", "--runs", "1000", "--seed", "3", "--out", str(done.calibration)) == 0
    out, err = capsys.readouterr()
    assert err == "" and {file: file.stat().st_mtime_ns for file in before} == before
    assert all(name in out for name in plan_of().parameters)
    assert "1,033 histories, record to 2024Q3" in out and "and " + str(done.config) not in out, "nothing was saved"


# Hindcast


def test_hindcast_keeps_every_table_figure_and_result(done: Done) -> None:
    assert {file.stem for file in done.out.glob("*.csv")} == {*KEPT, "informed", "left_out"}
    assert {one.name for one in done.out.iterdir() if one.is_dir()} == {
        "figures",
        "hindcast",
        "impediments",
        "remedies",
    }
    figures = {file.name for file in (done.out / "figures").iterdir()}
    stems = ("informed", "patterns", "hindcast_2022Q1_calibrate", "hindcast_2022Q1_validate")
    assert figures == {f"{stem}.{kind}" for stem in stems for kind in ("png", "svg")}
    for name in ("hindcast", *validating.QUESTIONS):
        assert load(done.out / name).experiment.runs == RUNS


def test_every_event_was_forecast_by_everybody(done: Done) -> None:
    table, record = pd.read_csv(done.out / "scores.csv"), record_of(plan_of())
    expected = {(ORIGINS[0], event.name, name) for event in record.events(4 * 2022) for name in FORECASTERS}
    found = list(table[["origin", "event", "forecaster"]].itertuples(index=False, name=None))
    assert set(found) == expected and len(found) == len(expected)
    assert table[["log", "crps", "later"]].notna().to_numpy().all()
    left = pd.read_csv(done.out / "left_out.csv")
    assert set(left["domain"]) == set(table["domain"]) and left.notna().to_numpy().all()


def test_the_page_is_what_the_saved_tables_say(done: Done) -> None:
    """Written again from the tables, copied elsewhere, it is the same to the byte."""
    text = done.page.read_text(encoding="utf-8")
    assert text == (done.out / "validation.md").read_text(encoding="utf-8")
    assert text == page_of(done.out, plan_in(done.calibration), validating.SYNTHETIC)
    assert "$" not in text and NOT_MADE not in text
    assert not re.search(r"\bnan\b", text, re.IGNORECASE)
    assert "reached" in text or "missed" in text
    shown = set(re.findall(r"\(pictures/(\w+\.png)\)", text))
    assert shown == {f"{name}.png" for name in validating.PICTURES}
    there = {file.name for file in (done.page.parent / "pictures").iterdir()}
    assert {"informed.png", "patterns.png"} <= there <= shown, "forecasts of origins that were left out are not drawn"


def test_without_calibration_the_page_says_so_and_the_same_runs_are_not_made_again(
    done: Done, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    out = tmp_path / "again"
    shutil.copytree(done.out, out)
    blocks = {file: file.stat().st_mtime_ns for file in out.rglob("*.parquet")}
    assert status("hindcast", "--runs", str(RUNS), "--workers", "1", "--out", str(out)) == 0
    said, err = capsys.readouterr()
    assert err == "" and said.startswith("## Skill") and said.endswith(f"Page: {out / 'validation.md'}\n")
    assert blocks and {file: file.stat().st_mtime_ns for file in blocks} == blocks
    assert {file.stem for file in out.glob("*.csv")} == KEPT
    text = (out / "validation.md").read_text(encoding="utf-8")
    assert text.count(NOT_MADE) == 2 and not re.search(r"\bnan\b", text, re.IGNORECASE)
    for name in ("scores", "skill", "coverage", "patterns", "answers"):
        assert (out / f"{name}.csv").read_bytes() == (done.out / f"{name}.csv").read_bytes()


def test_other_numbers_of_runs_want_another_folder(done: Done, capsys: pytest.CaptureFixture[str]) -> None:
    before = contents(done.out)
    assert status("hindcast", "--runs", str(RUNS + 1), "--workers", "1", "--out", str(done.out)) == 2
    out, err = capsys.readouterr()
    assert out == "" and len(err.splitlines()) == 1 and "runs" in err
    assert contents(done.out) == before


# Mistakes


def contents(folder: Path) -> dict[Path, bytes]:
    return {file: file.read_bytes() for file in folder.rglob("*") if file.is_file() and file.name != ".lock"}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["hindcast", "--runs", "5"], ["--runs", "5", "20 or more"]),
        (["hindcast", "--runs", "many"], ["--runs", "many"]),
        (["hindcast", "--workers", "0"], ["--workers", "0"]),
        (["hindcast", "--runs", "20", "--calibration", "empty"], ["empty", "no calibration", "partnership calibrate"]),
        (["hindcast", "--runs", "20", "--calibration", "nowhere"], ["nowhere", "holds no calibration"]),
        (["hindcast", "--runs", "20", "--calibration", "notes.txt"], ["notes.txt", "holds no calibration"]),
        (["hindcast", "--runs", "20", "--out", "notes.txt"], ["notes.txt", "not a folder", "--out"]),
        (["hindcast", "--runs", "20", "--out", "taken"], ["taken", "something else"]),
        (["hindcast", "--rnus", "20"], ["--rnus", "--runs"]),
        (["calibrate", "--runs", "999"], ["--runs", "999", "1000 or more"]),
        (["calibrate", "--seed", "-1"], ["--seed", "-1"]),
        (["calibrate", "--out", "notes.txt"], ["notes.txt", "not a folder", "--out"]),
        (["calibrate", "--out", "taken"], ["taken", "is not empty", "--out"]),
    ],
)  # fmt: skip
def test_a_users_mistake_gets_one_message_and_writes_nothing(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    said: list[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "notes.txt").write_text("mine")
    (tmp_path / "empty").mkdir()
    (tmp_path / "taken" / "hindcast").mkdir(parents=True)
    (tmp_path / "taken" / "hindcast" / "thesis.docx").write_text("mine")
    before = sorted(tmp_path.rglob("*"))
    assert status(*words) == 2
    out, err = capsys.readouterr()
    assert out == "" and "Traceback" not in err
    assert len([line for line in err.splitlines() if not line.startswith(("Usage:", "Try ")) and line]) == 1
    for word in said:
        assert word in err
    assert sorted(tmp_path.rglob("*")) == before and (tmp_path / "notes.txt").read_text() == "mine"
