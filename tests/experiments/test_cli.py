"""Commands, exit statuses and messages."""

import functools
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from experiments import cli, load, running
from experiments.running import Simulate
from tests.experiments import fake

Command = Callable[..., int]


@pytest.fixture
def partnership(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Command:
    """Runs a command in an empty folder; returns its exit status."""
    monkeypatch.chdir(tmp_path)

    def command(*words: str) -> int:
        monkeypatch.setattr(sys, "argv", ["partnership", *words])
        with pytest.raises(SystemExit) as end:
            cli.main()
        return int(end.value.code or 0)

    return command


@pytest.fixture
def small_world(monkeypatch: pytest.MonkeyPatch) -> Callable[[Simulate], None]:
    """Puts the small world in place of the real one, here without answer and figures."""

    def use(simulate: Simulate) -> None:
        small = functools.partial(running.run_experiment, simulate=simulate, width=10)
        monkeypatch.setattr(running, "run_experiment", small)
        monkeypatch.setattr(cli, "_answer", lambda folder, analyses: print(f"the answer from {folder}"))
        fake.use(monkeypatch.setattr)

    return use


def test_help_shows_everything_on_one_screen(partnership: Command, capsys: pytest.CaptureFixture[str]) -> None:
    assert partnership("--help") == 0
    text = capsys.readouterr().out
    assert len(text.splitlines()) <= 40
    assert max(map(len, text.splitlines())) <= 110
    for word in ("run", "check", "show", "list", "--runs", "--seed", "--until", "--set", "--workers", "--out", "130"):
        assert word in text


def test_help_comes_without_loading_the_libraries_that_take_time() -> None:
    script = (
        "import sys; from experiments import cli; sys.argv = ['partnership', '--help']\n"
        "try: cli.main()\n"
        "except SystemExit: pass\n"
        "slow = {'numpy', 'pandas', 'mesa', 'matplotlib', 'pyarrow', 'pydantic'}\n"
        "print(sorted(slow & set(sys.modules)))"
    )
    start = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
    assert time.perf_counter() - start < 5


def test_version(partnership: Command, capsys: pytest.CaptureFixture[str]) -> None:
    assert partnership("--version") == 0
    assert re.fullmatch(r"partnership \d+\.\d+\.\d+\S*\n", capsys.readouterr().out)


def test_an_unknown_command_is_told_the_nearest(partnership: Command, capsys: pytest.CaptureFixture[str]) -> None:
    assert partnership("rnu", "smoke") == 2
    assert "Did you mean 'run'?" in capsys.readouterr().err


EXPERIMENT = """
question = "What?"
scenarios = ["outlook"]
policies = ["none", "{policy}"]
runs = 2
seed = 1
until = "2027Q4"
"""


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["run", "remedys"], ["remedys", "remedies"]),
        (["run", "missing.toml"], ["missing.toml"]),
        (["run", "smoke", "--runs", "0"], ["--runs", "0"]),
        (["run", "smoke", "--runs", "many"], ["--runs", "many"]),
        (["run", "smoke", "--seed", "-1"], ["--seed", "-1"]),
        (["run", "smoke", "--workers", "0"], ["--workers", "0"]),
        (["run", "smoke", "--until", "2031Q7"], ["2031Q7", "2031Q4"]),
        (["run", "smoke", "--until", "2020Q1"], ["2020Q1", "2026Q3"]),
        (["run", "smoke", "--set", "attention.lnk=0.5"], ["attention.lnk", "attention.link"]),
        (["run", "smoke", "--set", "attention.link=7"], ["attention.link", "7", "0 to 1"]),
        (["run", "smoke", "--set", "attention.link=much"], ["attention.link", "much"]),
        (["run", "smoke", "--set", "attention.link"], ["attention.link", "key=value"]),
        (["run", "smoke", "--set", "instruments.aksa.least=0.2"], ["aksa", "acsa"]),
        (["run", "smoke", "--set", "actors.FRX.population=3"], ["FRX", "FRA"]),
        (["run", "smoke", "--oot", "x"], ["--oot", "--out"]),
        (["run", "own.toml"], ["own.toml", "dialog", "dialogue"]),
        (["run", "latin1.toml"], ["latin1.toml", "UTF-8"]),
        (["run", "smoke", "--out", "occupied"], ["occupied", "something else", "--out"]),
        (["run", "smoke", "--out", "own.toml"], ["own.toml", "not a folder", "--out"]),
        (["check", "own.toml"], ["own.toml", "dialog", "dialogue"]),
        (["check", "nowhere.toml"], ["nowhere.toml"]),
        (["show", "polcy", "none"], ["polcy", "policy"]),
        (["show", "policy", "dialog"], ["dialog", "dialogue"]),
        (["show", "policy", "none+dialog"], ["dialog", "dialogue"]),
        (["show", "scenario", "outlok"], ["outlok", "outlook"]),
        (["show", "parameter", "link"], ["link", "attention.link"]),
        (["show", "instrument", "aksa"], ["aksa", "acsa"]),
        (["show", "actor", "FRX"], ["FRX", "FRA"]),
        (["list", "polices"], ["polices", "policies"]),
    ],
)
def test_a_users_mistake_gets_one_message_and_writes_nothing(
    partnership: Command, capsys: pytest.CaptureFixture[str], tmp_path: Path, words: list[str], said: list[str]
) -> None:
    (tmp_path / "own.toml").write_text(EXPERIMENT.format(policy="dialog"))
    (tmp_path / "latin1.toml").write_bytes(EXPERIMENT.format(policy="dialogue").replace("What", "Où").encode("latin1"))
    (tmp_path / "occupied").mkdir()
    (tmp_path / "occupied" / "thesis.docx").touch()
    before = sorted(tmp_path.rglob("*"))
    assert partnership(*words) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "Traceback" not in err
    assert len([line for line in err.splitlines() if not line.startswith(("Usage:", "Try ")) and line]) == 1
    for word in said:
        assert word in err
    assert sorted(tmp_path.rglob("*")) == before


def test_check_says_what_is_right(partnership: Command, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text(EXPERIMENT.format(policy="dialogue+qmv"))
    assert partnership("check", "own.toml") == 0
    assert capsys.readouterr().out == "own.toml: experiment\n"


def test_everything_listed_can_be_shown(partnership: Command, capsys: pytest.CaptureFixture[str]) -> None:
    for kind, one in (
        ("scenarios", "scenario"),
        ("policies", "policy"),
        ("instruments", "instrument"),
        ("actors", "actor"),
    ):
        assert partnership("list", kind) == 0
        names = [line.split()[0] for line in capsys.readouterr().out.splitlines()]
        assert len(names) >= 4
        for name in names:
            assert partnership("show", one, name) == 0
            assert len(capsys.readouterr().out.splitlines()) >= 2
    assert partnership("show", "parameter", "attention.link") == 0
    text = capsys.readouterr().out
    assert all(word in text for word in ("value", "unit", "range", "source"))
    assert partnership("list") == 0
    text = capsys.readouterr().out
    assert all(f"{kind}:" in text for kind in ("scenarios", "policies", "experiments", "parameters", "actors"))


def test_run_puts_results_where_asked_and_prints_the_answer(
    partnership: Command, small_world: Callable[[Simulate], None], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    small_world(fake.simulate)
    (tmp_path / "asked.toml").write_text(EXPERIMENT.format(policy="dialogue"))
    options = ["--runs", "23", "--seed", "5", "--until", "2028Q1", "--set", "attention.link=0.25", "--profile"]
    assert partnership("run", "asked.toml", *options) == 0
    out, err = capsys.readouterr()
    assert err == "", "nobody watches, so no progress is shown"
    assert "the answer from results/asked" in out.replace("\\", "/")
    assert re.search(r"pressures +\d+\.\d\n", out)
    assert re.search(r"saving +\d+\.\d\n", out)
    results = load("results/asked")
    assert results.experiment.runs == 23
    assert results.experiment.seed == 5
    assert results.experiment.set == {"attention.link": 0.25}
    assert len(results.table("runs")) == 46
    assert results.table("trajectories")["quarter"].max() == "2028Q1"


def test_progress_is_shown_to_those_who_watch(
    partnership: Command,
    small_world: Callable[[Simulate], None],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    small_world(fake.simulate)
    (tmp_path / "asked.toml").write_text(EXPERIMENT.format(policy="dialogue"))
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    assert partnership("run", "asked.toml") == 0
    assert "4/4" in capsys.readouterr().err


def test_ctrl_c_keeps_what_is_finished_and_the_same_command_goes_on(
    partnership: Command, small_world: Callable[[Simulate], None], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "asked.toml").write_text(EXPERIMENT.format(policy="dialogue").replace("runs = 2", "runs = 30"))
    small_world(fake.interrupted_at_20)
    assert partnership("run", "asked.toml", "--out", "there", "--workers", "1") == 130
    out, err = capsys.readouterr()
    assert "the answer" not in out
    assert "kept in there" in err
    assert len(load("there", unfinished=True).table("runs")) == 20


def test_the_same_command_goes_on(
    partnership: Command, small_world: Callable[[Simulate], None], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "asked.toml").write_text(EXPERIMENT.format(policy="dialogue").replace("runs = 2", "runs = 30"))
    small_world(fake.simulate)
    for simulated in ("60 runs", "Nothing was simulated"):
        assert partnership("run", "asked.toml", "--out", "there", "--profile") == 0
        assert simulated in capsys.readouterr().out


def test_a_fault_of_ours_shows_its_traceback(
    partnership: Command, small_world: Callable[[Simulate], None], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "asked.toml").write_text(EXPERIMENT.format(policy="dialogue"))
    small_world(fake.breaks_a_rule)
    monkeypatch.setattr(sys, "argv", ["partnership", "run", "asked.toml"])
    with pytest.raises(LookupError):
        cli.main()
