"""Whatever is wrong in what a user gives: exit status 2, one message that names it, and nothing written."""

import functools
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from config.errors import UserError
from experiments import calibrating, cli, cluster, store
from experiments.calibrating import plan_in, plan_of, sample_in
from experiments.validating import check_page

Command = Callable[..., int]
Output = pytest.CaptureFixture[str]

ASKED = """question = "What?"
scenarios = ["outlook"]
policies = ["none", "dialogue"]
runs = 2
seed = 1
until = "2026Q4"
record = ["trajectories", "transitions", "limits", "vetoes"]
"""
WORLD = """title = "Two crises"
question = "What if?"
start = "2026Q3"
until = "2030Q4"
[[regimes]]
pressure = "china"
regime = "crisis"
from = "2028Q1"
until = "2030Q1"
"""
LEVER = """title = "More talks"
question = "What if they talked?"
[set]
"attention.link" = 0.5
"""
KNOWN = """title = "News"
until = "2026Q4"
stages = [{ partner = "FRA", instrument = "raa", stage = "signed", quarter = "2026Q3" }]
"""


def asked(old: str, new: str) -> str:
    """The experiment file with `new` for `old`."""
    assert old in ASKED
    return ASKED.replace(old, new, 1)


def world(old: str, new: str) -> str:
    assert old in WORLD
    return WORLD.replace(old, new, 1)


def lever(old: str, new: str) -> str:
    assert old in LEVER
    return LEVER.replace(old, new, 1)


def known(old: str, new: str) -> str:
    assert old in KNOWN
    return KNOWN.replace(old, new, 1)


FILES: dict[str, str | bytes] = {
    "asked.toml": ASKED,
    "world.toml": WORLD,
    "lever.toml": LEVER,
    "known.toml": KNOWN,
    "notes.txt": "mine",
    "taken/thesis.docx": "two years of work",
}


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with files of every kind, results, interrupted results and a calibration."""
    folder = tmp_path_factory.mktemp("desk")
    for name, text in FILES.items():
        write(folder / name, text)
    (folder / "empty").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setattr(cli, "_answer", lambda folder, analyses: None)
        assert status("run", "asked.toml", "--out", "there", "--workers", "1") == 0
        summary = asked('"trajectories", "transitions", "limits", "vetoes"', '"summary"')
        write(folder / "short.toml", summary)
        assert status("run", "short.toml", "--out", "short", "--workers", "1") == 0
        with patch.context() as stopped:
            stopped.setattr(store.Store, "finish", interrupt)
            assert status("run", "asked.toml", "--out", "half", "--workers", "1") == cli.INTERRUPTED
        patch.setattr(calibrating, "log_likelihoods", improbable)
        calibrating.calibrate(plan_of().resized(1000, 3), folder / "draws", workers=1)
    return folder


def interrupt(store: object) -> None:
    raise KeyboardInterrupt


def improbable(evidence: calibrating.Evidence, first: int, z: calibrating.Floats) -> calibrating.Floats:
    """In place of the model: every draw is as likely as any other."""
    return np.zeros((len(z), len(evidence.parts)))


chances = functools.cache(calibrating.chances)


@pytest.fixture
def here(desk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of it, in which one stands; nobody waits long, and regimes of the past are estimated once."""
    shutil.copytree(desk, tmp_path / "desk")
    monkeypatch.chdir(tmp_path / "desk")
    monkeypatch.setattr(cluster, "CONNECTING", 0.5)
    monkeypatch.setattr(calibrating, "chances", chances)
    return tmp_path / "desk"


def status(*words: str) -> int:
    """Exit status of a command in this process."""
    with pytest.MonkeyPatch.context() as patch, pytest.raises(SystemExit) as end:
        patch.setattr(sys, "argv", ["partnership", *words])
        cli.main()
    return int(end.value.code or 0)


def write(file: Path, content: str | bytes) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content.encode() if isinstance(content, str) else content)


def rewrite(file: Path, **other: object) -> None:
    """Other values in a JSON file."""
    file.write_text(json.dumps({**json.loads(file.read_text(encoding="utf-8")), **other}), encoding="utf-8")


def contents(folder: Path) -> dict[str, bytes | None]:
    """Every file of a folder with its bytes; folders with None."""
    return {str(one.relative_to(folder)): one.read_bytes() if one.is_file() else None for one in folder.rglob("*")}


def messages(err: str) -> list[str]:
    """What was said, without typer's two lines on how to use a command."""
    return [line for line in err.splitlines() if line.strip() and not line.startswith(("Usage:", "Try "))]


def refused(output: Output, folder: Path, words: tuple[str, ...], said: tuple[str, ...], begun: bool = False) -> None:
    """That a command ends with status 2 and one message, and leaves all as it was; it may have `begun` to tell."""
    before = contents(folder)
    output.readouterr()
    assert status(*words) == 2
    out, err = output.readouterr()
    assert begun or out == ""
    (message,) = messages(err)
    assert message.startswith(("partnership: ", "Error: ")) and "Traceback" not in err, err
    for word in said:
        assert word in err, err
    assert contents(folder) == before


# The words of a command

RUN = ("run", "asked.toml", "--out", "new")
LONG = "x" * 300


WORDS: list[tuple[tuple[str, ...], tuple[str, ...]]] = [
    # commands and options
    (("run",), ("EXPERIMENT",)),
    (("run", "smoke", "limits"), ("limits",)),
    (("run", "smoke", "--runs"), ("--runs",)),
    (("run", "smoke", "-runs", "3"), ("-r",)),
    (("runs", "smoke"), ("runs", "'run'")),
    (("run", f"{LONG}.toml"), (LONG[:50], "is no experiment")),
    (("run", "a\0.toml"), ("a\\x00.toml", "is no experiment")),
    (("--verbose",), ("--verbose",)),
    (("check",), ("FILE",)),
    (("show",), ("KIND",)),
    (("replay",), ("RESULTS",)),
    (("calibrate", "remedies"), ("remedies",)),
    (("hindcast", "remedies"), ("remedies",)),
    (("list", "policies", "scenarios"), ("scenarios",)),
    # numbers
    ((*RUN, "--runs", "1e3"), ("--runs = 1e3", "is not a whole number; allowed: 1 or more")),
    ((*RUN, "--runs", "2.5"), ("--runs = 2.5", "is not a whole number")),
    ((*RUN, "--runs", ""), ("--runs", "is not a whole number")),
    ((*RUN, "--runs", "nan"), ("--runs = nan",)),
    ((*RUN, "--runs", "-5"), ("--runs = -5", "(the nearest is 1)")),
    ((*RUN, "--runs", "9999999999999999"), ("--runs", "9999999999999999", "less than")),
    ((*RUN, "--seed", "1.0"), ("--seed = 1.0", "is not a whole number; allowed: 0 or more")),
    ((*RUN, "--seed", "0x1"), ("--seed = 0x1",)),
    ((*RUN, "--seed", str(2**63)), ("--seed", str(2**63))),
    ((*RUN, "--workers", "-1"), ("--workers = -1", "(the nearest is 1)")),
    ((*RUN, "--workers", "x"), ("--workers = x", "is not a whole number")),
    ((*RUN, "--workers", "1e3"), ("--workers = 1e3", "is not a whole number")),
    ((*RUN, "--workers", "2", "--cluster", "local:2"), ("--workers", "--cluster")),
    ((*RUN, "--cluster", ""), ("--cluster",)),
    ((*RUN, "--cluster", "nonsense"), ("--cluster", "nonsense")),
    ((*RUN, "--cluster", "tcp://"), ("--cluster", "tcp://")),
    ((*RUN, "--cluster", "tcp://127.0.0.1"), ("--cluster", "tcp://127.0.0.1")),
    ((*RUN, "--cluster", "tcp://127.0.0.1:port"), ("--cluster", "tcp://127.0.0.1:port")),
    ((*RUN, "--cluster", "tcp://127.0.0.1:99999"), ("--cluster", "tcp://127.0.0.1:99999")),
    ((*RUN, "--cluster", "local:"), ("--cluster", "local:")),
    ((*RUN, "--cluster", "local:0"), ("--cluster", "local:0")),
    ((*RUN, "--cluster", "local:-1"), ("--cluster", "local:-1")),
    ((*RUN, "--cluster", "local:x"), ("--cluster", "local:x")),
    ((*RUN, "--cluster", "tcp://127.0.0.1:1"), ("--cluster", "tcp://127.0.0.1:1")),
    # quarters
    ((*RUN, "--until", ""), ("--until", "is not a quarter")),
    ((*RUN, "--until", "never"), ("--until", "never")),
    ((*RUN, "--until", "start"), ("--until", "start")),
    ((*RUN, "--until", "2030"), ("--until", '(did you mean "2030Q1"?)')),
    ((*RUN, "--until", "Q2 2030"), ("--until", '(did you mean "2030Q2"?)')),
    ((*RUN, "--until", "2026Q2"), ("--until", "(the nearest is 2026Q3)")),
    ((*RUN, "--until", "12030Q1"), ("--until", "12030Q1")),
    # places
    ((*RUN[:3], "notes.txt"), ("notes.txt", "is a file, not a folder", "--out")),
    ((*RUN[:3], "notes.txt/in"), ("notes.txt/in", "cannot be written", "--out")),
    ((*RUN[:3], "taken"), ("taken", "something else", "--out")),
    ((*RUN[:3], "."), ("something else", "--out")),
    ((*RUN[:3], ""), ("--out",)),
    ((*RUN[:3], LONG), (LONG, "cannot be written", "--out")),
    ((*RUN[:3], "a\0b"), ("cannot be written", "--out")),
    ((*RUN[:3], "nofs://bucket/folder"), ("nofs://bucket/folder", "s3://bucket/folder")),
    ((*RUN[:3], "://"), ("is no kind of place",)),
    ((*RUN[:3], "hdfss://x/y"), ("(did you mean 'hdfs'?)",)),
    ((*RUN[:3], "/proc/partnership"), ("/proc/partnership", "cannot be written", "--out")),
    ((*RUN[:3], "draws"), ("draws", "something else", "--out")),
    ((*RUN, "--status", "nowhere.toml"), ("nowhere.toml", "cannot be read")),
    ((*RUN, "--status", "taken"), ("taken", "cannot be read")),
    ((*RUN, "--status", ""), ("cannot be read",)),
    ((*RUN, "--status", "known.toml\0"), ("--status",)),
    ((*RUN, "--status", "asked.toml"), ("asked.toml", "is an unknown key")),
    ((*RUN, "--status", "notes.txt"), ("notes.txt", "is not TOML")),
    # values
    ((*RUN, "--set", ""), ("--set", "is not of the form key=value")),
    ((*RUN, "--set", "="), ("--set", "is not of the form key=value")),
    ((*RUN, "--set", "0.5"), ("--set", "0.5", "is not of the form key=value")),
    ((*RUN, "--set", "attention.link:0.5"), ("attention.link:0.5", "is not of the form key=value")),
    ((*RUN, "--set", "attention.link==0.5"), ("attention.link", "=0.5", "is no value")),
    ((*RUN, "--set", "attention.link=0,5"), ("attention.link", "0,5", "is no value")),
    ((*RUN, "--set", "attention.link=50%"), ("attention.link", "50%", "is no value")),
    ((*RUN, "--set", "attention.link=-0.1"), ("attention.link", "-0.1", "(the nearest is 0)")),
    ((*RUN, "--set", "attention.link=nan"), ("attention.link", "nan", "is not a finite number")),
    ((*RUN, "--set", "attention.link=-inf"), ("attention.link", "-inf", "is not a finite number")),
    ((*RUN, "--set", "attention.link=1e999"), ("attention.link", "inf", "is not a finite number")),
    ((*RUN, "--set", "attention.link=true"), ("attention.link", "true", "(did you mean 1?)")),
    ((*RUN, "--set", "attention.link='0.5'"), ("attention.link", "(did you mean 0.5, without quotes?)")),
    ((*RUN, "--set", "attention.link=[0.2, 0.5]"), ("attention.link", "[0.2, 0.5]")),
    ((*RUN, "--set", "attention.link=2030-01-01"), ("attention.link", "2030-01-01")),
    ((*RUN, "--set", "attention.link={}"), ("attention.link", "{  }")),
    ((*RUN, "--set", "attention.link={ low = 0.1 }"), ("attention.link", "low = 0.1")),
    ((*RUN, "--set", "attention.link={ low = 0.1, hi = 0.2 }"), ("attention.link", "hi", "'high'")),
    ((*RUN, "--set", "attention.link={ low = 0.1, high = nan }"), ("attention.link", "nan")),
    ((*RUN, "--set", "attention.link={ low = 0.1, high = 7 }"), ("attention.link.high", "7", "0 to 1")),
    ((*RUN, "--set", "attention.link=0.1", "--set", "attention.link=0.2"), ("attention.link", "is set twice")),
    ((*RUN, "--set", "attention=0.5"), ("attention", "is an unknown key")),
    ((*RUN, "--set", "attention.=0.5"), ("attention.", "is an unknown key")),
    ((*RUN, "--set", ".link=0.5"), (".link", "(did you mean 'attention.link'?)")),
    ((*RUN, "--set", "attention.link.value=0.5"), ("attention.link.value", "'attention.link'")),
    ((*RUN, "--set", "Attention.Link=0.5"), ("Attention.Link", "(did you mean 'attention.link'?)")),
    ((*RUN, "--set", "attention.link\n=0.5\n0.6"), ("attention.link = 0.5\\n0.6", "is no value")),
    ((*RUN, "--set", "levers.qmv_from=2031"), ("levers.qmv_from", "2031", "is not a quarter")),
    ((*RUN, "--set", "levers.qmv_from=nevr"), ("levers.qmv_from", "nevr", '(did you mean "never"?)')),
    ((*RUN, "--set", "instruments=1"), ("instruments", "''", "is no instrument")),
    ((*RUN, "--set", "instruments.raa=1"), ("raa", "'' is no property of this instrument")),
    ((*RUN, "--set", "instruments.csdp_fpa.rule=R99"), ("csdp_fpa.rule", "R99")),
    ((*RUN, "--set", "instruments.csdp_fpa.quarters=-1"), ("csdp_fpa.quarters", "-1", "is out of range")),
    ((*RUN, "--set", "instruments.csdp_fpa.needs=raa"), ("csdp_fpa.needs", "'needs' is no property")),
    ((*RUN, "--set", "instruments.raa.rule=R2"), ("raa.rule", "'rule' is no property of this instrument")),
    ((*RUN, "--set", "actors.DEU=1"), ("actors.DEU", "is no numeric column")),
    ((*RUN, "--set", "actors.Japan.population=1"), ("actors.Japan", "is no actor")),
    ((*RUN, "--set", "actors.FRA.population=-1"), ("actors.FRA.population", "-1", "is out of range")),
    # lists
    (("list", ""), ("list", "cannot be listed")),
    (("list", "parameter"), ("parameter", "(did you mean 'parameters'?)")),
    # one thing
    (("show", "", "none"), ("cannot be shown",)),
    (("show", "policies", "none"), ("policies", "(did you mean 'policy'?)")),
    (("show", "policy"), ("policy", "needs a name")),
    (("show", "policy", ""), ("is no policy",)),
    (("show", "policy", "dialogue+"), ("is no policy",)),
    (("show", "policy", "dialogue qmv"), ("dialogue qmv", "is no policy")),
    (("show", "scenario", "../scenarios/outlook"), ("../scenarios/outlook", "is no scenario")),
    (("show", "scenario", "world.toml"), ("world.toml", "is no scenario")),
    (("show", "parameter", "attention"), ("attention", "is no parameter")),
    (("show", "parameter", "attention.Link"), ("attention.Link", "(did you mean 'attention.link'?)")),
    (("show", "instrument", "csdp-fpa"), ("csdp-fpa", "(did you mean 'csdp_fpa'?)")),
    (("show", "actor", "Hungry"), ("Hungry", "is no actor")),
    (("show", "actor", "\0"), ("is no actor",)),
    (("show", "policy", "none", "qmv"), ("qmv",)),
    (("show", "policy", "none", "--every"), ("policy", "show council --date DAY --rule RULE")),
    (("show", "scenario", "outlook", "--date", "2024-01-01"), ("scenario", "has neither date nor rule")),
    (("show", "council", "2024-01-01"), ("2024-01-01", "(did you mean --date 2024-01-01?)")),
    (("show", "council", "--instrument", "raa"), ("council", "show limits RESULTS")),
    (("show", "council", "--rule", ""), ("--rule", "is no rule of the Council")),
    (("show", "council", "--rule", "R6"), ("--rule = R6", "is no rule of the Council")),
    (("show", "council", "--rule", "4"), ("--rule = 4", "is no rule of the Council")),
    (("show", "council", "--date", ""), ("--date", "is not a date")),
    (("show", "council", "--date", "0000-00-00"), ("--date = 0000-00-00", "(the nearest is 2010-01-01)")),
    (("show", "council", "--date", "2024-02-30"), ("--date = 2024-02-30", "(the nearest is 2024-02-29)")),
    (("show", "council", "--date", "1" * 5000), ("--date", "is not a date")),
    (("show", "council", "--date", "2024-01-01T00:00"), ("--date", "2024-01-01T00:00")),
    # results
    (("show", "limits", "notes.txt"), ("notes.txt", "is no folder of results")),
    (("show", "limits", ""), ("is no folder of results",)),
    (("show", "limits", "a\0b"), ("is no folder of results",)),
    (("show", "limits", LONG), (LONG, "is no folder of results")),
    (("show", "limits", "taken"), ("taken", "is no folder of results")),
    (("show", "limits", "draws"), ("draws", "is no folder of results")),
    (("show", "limits", "half"), ("half", "was interrupted")),
    (("show", "limits", "short"), ("short", 'write record = ["transitions", "limits"]')),
    (("show", "limits", "there", "--policy", "dialog"), ("--policy = dialog", "(did you mean 'dialogue'?)")),
    (("show", "limits", "there", "--scenario", "detente"), ("--scenario = detente", "outlook")),
    (("show", "limits", "there", "--instrument", "rraa"), ("--instrument = rraa", "(did you mean 'raa'?)")),
    (("show", "vetoes", "empty"), ("empty", "is no folder of results")),
    (("show", "vetoes", "half"), ("half", "was interrupted")),
    (("show", "vetoes", "short"), ("short", 'write record = ["vetoes"]')),
    (("show", "vetoes", "there", "--policy", "qmv"), ("--policy = qmv", "none, dialogue")),
    (("show", "vetoes", "there", "--every"), ("vetoes", "show council")),
    # replay
    (("replay", "there"), ("say which run",)),
    (("replay", "there", "--run", "0", "--extreme"), ("say only one",)),
    (("replay", "there", "--run", "2"), ("--run = 2", "(the nearest is 1)")),
    (("replay", "there", "--run", "0.5"), ("--run = 0.5", "is not a whole number")),
    (("replay", "there", "--run", "0", "--format", "html"), ("--format = html", "text, markdown, json")),
    (("replay", "there", "--run", "0", "--format", ""), ("--format", "is no format")),
    (("replay", "there", "--run", "0", "--point", "0"), ("--point = 0", "has no design")),
    (("replay", "there", "--run", "0", "--point", "x"), ("--point = x", "is not a whole number")),
    (("replay", "there", "--run", "0", "--scenario", "hindcast"), ("--scenario = hindcast", "outlook")),
    (("replay", "there", "--run", "0", "--policy", ""), ("--policy", "none, dialogue")),
    (("replay", "there", "--run", "0", "--actor", "USA"), ("--actor = USA", "is no actor")),
    (("replay", "there", "--run", "0", "--instrument", "nato"), ("--instrument = nato",)),
    (("replay", "nowhere", "--run", "0"), ("nowhere", "is no folder of results")),
    (("replay", "notes.txt", "--run", "0"), ("notes.txt", "is no folder of results")),
    (("replay", "half", "--typical"), ("half", "was interrupted")),
    (("replay", "short", "--extreme"), ("short", "keeps only a summary")),
    # calibrate
    (("calibrate", "--runs", "1e4"), ("--runs = 1e4", "is not a whole number; allowed: 1000 or more")),
    (("calibrate", "--runs", "0"), ("--runs = 0", "(the nearest is 1000)")),
    (("calibrate", "--seed", "x"), ("--seed = x", "is not a whole number")),
    (("calibrate", "--seed", str(2**63)), ("seed", str(2**63), "is out of range")),
    (("calibrate", "--runs", "1" * 400), ("rounds", "is out of range")),
    (("calibrate", "--workers", "0"), ("--workers = 0", "(the nearest is 1)")),
    (("calibrate", "--set", "attention.link=1"), ("--set",)),
    (("calibrate", "--out", "there"), ("there", "holds no calibration", "--out")),
    (("calibrate", "--out", "notes.txt/in"), ("notes.txt/in", "cannot be written", "--out")),
    (("calibrate", "--out", LONG), (LONG, "cannot be written", "--out")),
    (("calibrate", "--out", "a\0b"), ("--out",)),
    (("calibrate", "--out", "/proc/partnership"), ("/proc/partnership", "cannot be written", "--out")),
    (("calibrate", "--runs", "1000", "--seed", "4", "--out", "draws"), ("draws", "differs in plan", "--out")),
    (("calibrate", "--runs", "2000", "--seed", "3", "--out", "draws"), ("draws", "differs in plan", "--out")),
    # hindcast
    (("hindcast", "--runs", "1e3"), ("--runs = 1e3", "is not a whole number; allowed: 20 or more")),
    (("hindcast", "--seed", "1"), ("--seed",)),
    (("hindcast", "--workers", "-2"), ("--workers = -2", "(the nearest is 1)")),
    (("hindcast", "--calibration", "there"), ("there", "holds no calibration", "partnership calibrate")),
    (("hindcast", "--calibration", ""), ("holds no calibration", "partnership calibrate")),
    (("hindcast", "--page", "there"), ("there", "--page")),
    (("hindcast", "--page", "/proc/partnership/page.md"), ("/proc/partnership/page.md", "--page")),
    (("hindcast", "--out", "notes.txt/in"), ("notes.txt/in", "cannot be written", "--out")),
    (("hindcast", "--out", "/proc/partnership"), ("/proc/partnership", "cannot be written", "--out")),
]  # fmt: skip


@pytest.mark.parametrize(("words", "said"), WORDS, ids=[" ".join(words)[:60] for words, _ in WORDS])
def test_wrong_words(here: Path, capsys: Output, words: tuple[str, ...], said: tuple[str, ...]) -> None:
    refused(capsys, here, words, said)


# Files

EXPERIMENTS: list[tuple[str | bytes, tuple[str, ...]]] = [
    ("", ("wrong.toml",)),
    ("\0" * 40, ("wrong.toml", "is not TOML")),
    (b"\xff\xfe" + ASKED.encode("utf-16-le"), ("wrong.toml", "is not UTF-8 (line 1, bytes ff fe")),
    (b"\xef\xbb\xbf\xef\xbb\xbf" + ASKED.encode(), ("wrong.toml", "is not TOML")),
    (ASKED.replace("\n", "\r"), ("wrong.toml", "is not TOML")),
    (asked("[", "[" * 5000), ("wrong.toml", "is not TOML: too deeply nested")),
    (asked("runs = 2", "runs = 2\nruns = 3"), ("wrong.toml", "is not TOML")),
    (asked("runs = 2", "runs: 2"), ("wrong.toml", "is not TOML", "line 4")),
    (asked("runs = 2\n", ""), ("runs", "is missing")),
    (asked("scenarios", "scenario"), ("scenario", "(did you mean 'scenarios'?)")),
    (asked("runs = 2", "runs = 2e3"), ("runs = 2000.0", "(the nearest is 2000)")),
    (asked("runs = 2", "runs = inf"), ("runs = inf", "is not a whole number")),
    (asked("runs = 2", "runs = 0x10000000000"), ("runs = 1099511627776", "is out of range")),
    (asked("runs = 2", "runs = { low = 1, high = 2 }"), ("runs = { low = 1, high = 2 }", "is not a whole number")),
    (asked("seed = 1", 'seed = "one"'), ('seed = "one"', "is not a whole number")),
    (asked("seed = 1", "seed = 1979-05-27"), ("seed = 1979-05-27", "is not a whole number")),
    (asked('"What?"', '""'), ("question", "is empty; allowed: some words")),
    (asked('"What?"', '["What?"]'), ("question", "is not a text in quotes")),
    (asked('["outlook"]', '[["outlook"]]'), ("scenarios[0]", "is not a text in quotes")),
    (asked('["outlook"]', '{ first = "outlook" }'), ("scenarios", "is not a list in square brackets")),
    (asked('["outlook"]', '["outlook+detente"]'), ("scenarios", "outlook+detente", "is no scenario")),
    (asked('["outlook"]', '["dialogue"]'), ("scenarios", "dialogue", "is no scenario")),
    (asked('["outlook"]', '["lever.toml"]'), ("lever.toml", "start", "is missing")),
    (asked('["outlook"]', '["wrld.toml"]'), ("wrld.toml", "no such file", "(did you mean 'world.toml'?)")),
    (asked('["outlook"]', '["taken/none.toml"]'), ("taken/none.toml", "no such file")),
    (asked('"dialogue"]', '"outlook"]'), ("policies", "outlook", "is no policy")),
    (asked('"dialogue"]', '"world.toml"]'), ("world.toml", "is an unknown key")),
    (asked('"dialogue"]', '"notes.txt"]'), ("notes.txt", "is no policy")),
    (asked('"dialogue"]', '"+"]'), ("policies", "is no policy")),
    (asked('"dialogue"]', '"dia\\u0000logue.toml"]'), ("policies", "no such file")),
    (asked('"dialogue"]', f'"{LONG}.toml"]'), (LONG[:50], "no such file")),
    (asked('"dialogue"]', f'"{LONG}/other.toml"]'), (LONG[:50], "no such file")),
    (asked('"2026Q4"', '"2026Q0"'), ("until", '(did you mean "2026Q1"?)')),
    (asked('"2026Q4"', '"\u0662\u0660\u0663\u0660Q1"'), ("until", "is not a quarter")),
    (asked('"2026Q4"', "2026-10-01"), ("until", "2026-10-01", "is not a quarter")),
    (asked('"vetoes"]', '"vetos"]'), ("record[3]", "(did you mean 'vetoes'?)")),
    (asked('"vetoes"]', '"runs"]'), ("record[3]", "runs", "is unknown")),
    (ASKED + 'prior = "yes"\n', ("prior", "is not true or false")),
    (ASKED + "status = 3\n", ("status = 3", "is not a table")),
    (ASKED + "workers = 3\n", ("workers", "is an unknown key")),
    (ASKED + '[status]\ntitle = "t"\nuntil = "2030Q1"\n', ("until", "2030Q1", "(the nearest is 2026Q4)")),
    (ASKED + '[set]\nattention = { link = 0.5 }\n', ("attention.link", "in quotes?")),
    (ASKED + '[set]\n"attention.link" = { low = -1, high = 0.5 }\n', ('"attention.link".low', "(the nearest is 0)")),
    (ASKED + '[set]\n"attention.link" = { low = inf, high = inf }\n', ('"attention.link"', "inf")),
    (ASKED + '[set]\n"" = 1\n', ("set", "is an unknown key")),
    (ASKED + '[set]\n"attention\\nlink" = 1\n', ("attention\\nlink", "(did you mean 'attention.link'?)")),
    (ASKED + '[sets]\n"attention.link" = 1\n', ("sets", "(did you mean 'set'?)")),
]  # fmt: skip


@pytest.mark.parametrize("command", [("run", "wrong.toml", "--out", "new"), ("check", "wrong.toml")])
@pytest.mark.parametrize(("text", "said"), EXPERIMENTS, ids=[" ".join(said)[:60] for _, said in EXPERIMENTS])
def test_a_wrong_experiment(
    here: Path, capsys: Output, command: tuple[str, ...], text: str | bytes, said: tuple[str, ...]
) -> None:
    write(here / "wrong.toml", text)
    if command[0] == "check" and not text:
        said = ("wrong.toml", "is not recognised")
    refused(capsys, here, command, said)


BESIDE: list[tuple[str, str, tuple[str, ...]]] = [
    ("world.toml", world('"crisis"', '"crises"'), ("world.toml", "regimes[0].regime", "(did you mean 'crisis'?)")),
    ("world.toml", world('"china"', '"japan"'), ("world.toml", "regimes[0].pressure", "japan")),
    ("world.toml", world('"2026Q3"', '"2025Q1"'), ("start", "2025Q1", "has no start table")),
    ("world.toml", world('"2030Q4"', '"2026Q1"'), ("world.toml", "until", "(the nearest is 2026Q3)")),
    ("world.toml", world('"2030Q1"', '"2027Q4"'), ("world.toml", "regimes[0].until", "ends before it begins")),
    ("world.toml", world("[[regimes]]", "[regimes]"), ("world.toml", "regimes", "is not a list")),
    ("world.toml", WORLD + '[set]\n"levers.qmv_from" = 1e3\n', ("world.toml", "levers.qmv_from", "is not a quarter")),
    ("world.toml", "name = 1\n" + WORLD, ("world.toml", "name", "is an unknown key")),
    ("world.toml", "question = [", ("world.toml", "is not TOML")),
    ("lever.toml", lever("attention.link", "attention.lnik"), ("lever.toml", "(did you mean 'attention.link'?)")),
    ("lever.toml", lever("= 0.5", "= [0.5]"), ("lever.toml", "attention.link", "[0.5]")),
    ("lever.toml", lever("= 0.5", "= 0.5\n'attention.link' = 0.5"), ("lever.toml", "is not TOML")),
    ("lever.toml", lever('"More talks"', '" "'), ("lever.toml", "title", "is empty")),
    ("lever.toml", lever("title", "titles"), ("lever.toml", "titles", "(did you mean 'title'?)")),
    ("lever.toml", lever("[set]", "[[set]]"), ("lever.toml", "set", "is not a table")),
]  # fmt: skip


@pytest.mark.parametrize("check", [False, True])
@pytest.mark.parametrize(("name", "text", "said"), BESIDE, ids=[" ".join(said)[:60] for _, _, said in BESIDE])
def test_a_wrong_file_beside_the_experiment(
    here: Path, capsys: Output, check: bool, name: str, text: str, said: tuple[str, ...]
) -> None:
    names = asked('"outlook"', '"world.toml"').replace('"dialogue"', '"lever.toml"')
    write(here / "asked.toml", names)
    assert status("check", "asked.toml") == 0
    write(here / name, text)
    refused(capsys, here, ("check", name) if check and "[" not in text[-3:] else RUN, said)


STATUSES: list[tuple[str, tuple[str, ...]]] = [
    (known('until = "2026Q4"\n', ""), ("until", "is missing")),
    (known('until = "2026Q4"', 'until = "never"'), ("until", "never")),
    (known('"FRA"', '"FRE"'), ("stages.partner", "FRE", "(did you mean 'FRA'?)")),
    (known('"raa"', '"csdp_fpa"'), ("stages.instrument", "csdp_fpa", "is no rung")),
    (known('"signed"', '"in_force"'), ("FRA/raa", "in_force in 2026Q3", "add the stage before it")),
    (known('"signed"', '"singed"'), ("stages[0].stage", "(did you mean 'signed'?)")),
    (known('"2026Q3" }', '"2026Q3", depth = 1.5 }'), ("stages[0].depth", "1.5", "(the nearest is 1)")),
    (known('"2026Q3" }', '"2026Q3", depth = nan }'), ("stages[0].depth", "nan")),
    (known('"2026Q3"', '"2025Q3"'), ("stages[0].quarter", "(the nearest is 2026Q3)")),
    (known('"2026Q3"', "20263"), ("stages[0].quarter", "20263", "is not a quarter")),
    (KNOWN + "open = [3]\n", ("open[0]", "is not a text in quotes")),
    (KNOWN + "open = 'raa'\n", ("open", "is not a list")),
    (KNOWN + '[[steps]]\nladder = "force"\nstep = -1\nquarter = "2026Q4"\n', ("steps[0].step", "-1")),
    (KNOWN + '[[seats]]\nquarter = "2026Q4"\n', ("seats[0]", "is missing")),
    (KNOWN + '[[regimes]]\npressure = "russia"\nregime = "calm"\nfrom = "2026Q4"\n', ("regimes[0].until", "never")),
]  # fmt: skip


@pytest.mark.parametrize(("text", "said"), STATUSES, ids=[" ".join(said)[:60] for _, said in STATUSES])
def test_a_wrong_status(here: Path, capsys: Output, text: str, said: tuple[str, ...]) -> None:
    write(here / "known.toml", text)
    refused(capsys, here, (*RUN, "--status", "known.toml"), said)


CHECKED: list[tuple[str, str | bytes, tuple[str, ...]]] = [
    ("a.txt", "mine", ("a.txt", "allowed: a file ending in .toml or .csv")),
    ("a", ASKED, ("a", "allowed: a file ending in .toml or .csv")),
    ("a.toml", "colour = 1", ("a.toml", "colour", "is not recognised")),
    ("a.toml", "[link]\nvalue = 2\nunit = 'share'\nrange = [0, 1]\nsource = 'a'\n", ("link.value", "2", "0 to 1")),
    ("a.toml", "[eu]\n[bilateral]\n[union]\n", ("a.toml", "union", "is an unknown key")),
    ("a.toml", "parameters = []\nrounds = [1]\ndraws = 1\nvetoes_until = 1\n", ("a.toml",)),
    ("a.csv", "", ("a.csv", "is not recognised")),
    ("a.csv", b"iso3,name\n\xe9", ("a.csv", "is not UTF-8 (line 2")),
    ("a.csv", "iso3,name,population,gdp_usd_bn\n", ("a.csv", "iso3")),
    ("posterior.csv", "attention.link\n0.5\n", ("posterior.csv", "has too few draws", "10 or more")),
    ("posterior.csv", "attention.link\n" + "nan\n" * 20, ("posterior.csv", "line 2, attention.link = nan")),
    ("posterior.csv", "attention.link,attention.lnk\n" + "0.5,0.5\n" * 20, ("attention.lnk", "'attention.link'")),
    ("record.csv", "partner,instrument,stage,date,use,note,source\nEU\n", ("line 2 (EU)", "has 1 values")),
    ("record.csv", 'partner,instrument,stage,date,use,note,source\n"EU', ("record.csv", "is not CSV")),
    ("vetoes.csv", "quarter,date,actor,topic,cfsp,source\n2020Q1,2020-13-01,HUN,russia,1,a\n", ("date", "2020-13-01")),
    ("regimes.csv", "quarter,pressure,from,calm,tense,crisis\n", ("regimes.csv", "holds no rows")),
]  # fmt: skip


@pytest.mark.parametrize(("name", "text", "said"), CHECKED, ids=[" ".join(said)[:60] for _, _, said in CHECKED])
def test_a_wrong_file_is_not_taken_for_right(
    here: Path, capsys: Output, name: str, text: str | bytes, said: tuple[str, ...]
) -> None:
    write(here / name, text)
    refused(capsys, here, ("check", name, "asked.toml"), said)


@pytest.mark.parametrize(
    "name", ["taken", "nowhere.toml", "empty/nowhere.csv", "notes.txt/in.toml", "", LONG + ".toml"]
)
def test_what_is_no_file_is_not_taken_for_right(here: Path, capsys: Output, name: str) -> None:
    refused(capsys, here, ("check", name), (name,))


# Folders of results

Hurt = Callable[[Path], object]


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-20])


def swap(file: Path, other: Path) -> None:
    """Put another file in place of this one."""
    file.write_bytes(other.read_bytes())


def each(hurt: Hurt, folder: Path, *tables: str) -> None:
    """Hurt the first file of each table."""
    for table in tables:
        hurt(first(folder, f"{table}/*.parquet"))


def to_folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


def first(folder: Path, pattern: str) -> Path:
    return sorted(folder.glob(pattern))[0]


def last(folder: Path, pattern: str) -> Path:
    return sorted(folder.glob(pattern))[-1]


REPLAY, LIMITS, VETOES = ("replay", "there", "--run", "0"), ("show", "limits", "there"), ("show", "vetoes", "there")
FOLDERS: dict[str, tuple[Hurt, dict[tuple[str, ...], tuple[str, ...]]]] = {
    "provenance torn": (
        lambda there: cut(there / "provenance.json"),
        {REPLAY: ("there",), LIMITS: ("there",), VETOES: ("there",)},
    ),
    "provenance missing": (
        lambda there: (there / "provenance.json").unlink(),
        {REPLAY: ("is no folder of results",), LIMITS: ("is no folder of results",)},
    ),
    "provenance a list": (
        lambda there: write(there / "provenance.json", "[]"),
        {REPLAY: ("is no folder of results",), VETOES: ("is no folder of results",)},
    ),
    "provenance a folder": (
        lambda there: to_folder(there / "provenance.json"),
        {REPLAY: ("is no folder of results",)},
    ),
    "another format": (
        lambda there: rewrite(there / "provenance.json", format=0),
        {REPLAY: ("format 0",), LIMITS: ("format 0",), VETOES: ("format 0",)},
    ),
    "another question": (
        lambda there: rewrite(there / "provenance.json", fingerprint="0" * 64),
        {REPLAY: ("is torn or was changed",), LIMITS: ("is torn or was changed",)},
    ),
    "manifest torn": (
        lambda there: cut(first(there, "blocks/*.json")),
        {REPLAY: ("blocks are missing or torn",), LIMITS: ("blocks are missing or torn",)},
    ),
    "manifest missing": (
        lambda there: last(there, "blocks/*.json").unlink(),
        {REPLAY: ("blocks are missing or torn",), VETOES: ("blocks are missing or torn",)},
    ),
    "manifest of another block": (
        lambda there: swap(first(there, "blocks/*.json"), last(there, "blocks/*.json")),
        {REPLAY: ("blocks are missing or torn",)},
    ),
    "no blocks": (
        lambda there: shutil.rmtree(there / "blocks"),
        {REPLAY: ("blocks are missing or torn",), LIMITS: ("blocks are missing or torn",)},
    ),
    "table torn": (
        lambda there: each(cut, there, "trajectories", "limits", "vetoes"),
        {REPLAY: ("trajectories", "is torn or was changed"), LIMITS: ("limits", "is torn or was changed"),
         VETOES: ("vetoes", "is torn or was changed")},
    ),
    "table missing": (
        lambda there: each(Path.unlink, there, "transitions", "limits", "vetoes"),
        {REPLAY: ("transitions", "is torn or was changed"), VETOES: ("vetoes", "is torn or was changed")},
    ),
    "table of another kind": (
        lambda there: swap(first(there, "limits/*.parquet"), first(there, "vetoes/*.parquet")),
        {LIMITS: ("limits", "is torn or was changed")},
    ),
    "table of another policy": (
        lambda there: swap(first(there, "trajectories/*.parquet"), last(there, "trajectories/*.parquet")),
        {REPLAY: ("trajectories", "is torn or was changed")},
    ),
    "settings torn": (
        lambda there: cut(first(there, "settings/*.json")),
        {REPLAY: ("settings", "is missing or torn"), LIMITS: ("settings", "is missing or torn")},
    ),
    "settings missing": (
        lambda there: shutil.rmtree(there / "settings"),
        {REPLAY: ("settings", "is missing or torn"), VETOES: ("settings", "is missing or torn")},
    ),
    "settings changed": (
        lambda there: swap(first(there, "settings/*.json"), last(there, "settings/*.json")),
        {REPLAY: ("settings", "was changed"), LIMITS: ("settings", "was changed")},
    ),
    "settings of nothing": (
        lambda there: write(first(there, "settings/*.json"), "{}"),
        {REPLAY: ("settings", "is missing or torn")},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FOLDERS)
def test_a_wrong_folder_of_results(here: Path, capsys: Output, name: str) -> None:
    hurt, commands = FOLDERS[name]
    hurt(here / "there")
    for words, said in commands.items():
        refused(capsys, here, words, said, begun=name.startswith("table"))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--runs", "3"), "runs"),
        (("--seed", "2"), "seed"),
        (("--until", "2027Q1"), "until"),
        (("--set", "attention.link=0.5"), "set"),
        (("--status", "known.toml"), "status"),
        (("--prior",), "prior"),
    ],
)
def test_results_of_another_experiment(here: Path, capsys: Output, words: tuple[str, ...], said: str) -> None:
    wanted = ("there", f"holds results of another experiment (differing: {said})", "--out")
    refused(capsys, here, ("run", "asked.toml", "--out", "there", *words), wanted)


# Folders of draws


CALIBRATE = ("calibrate", "--runs", "1000", "--seed", "3", "--out", "draws")
HINDCAST = ("hindcast", "--runs", "20", "--calibration", "draws", "--out", "new")
DRAWS: dict[str, tuple[Hurt, dict[tuple[str, ...], tuple[str, ...]]]] = {
    "plan torn": (
        lambda draws: cut(draws / "calibration.json"),
        {CALIBRATE: ("draws/calibration.json", "is torn", "--out"), HINDCAST: ("draws", "holds no calibration")},
    ),
    "plan missing": (
        lambda draws: (draws / "calibration.json").unlink(),
        {CALIBRATE: ("draws", "is not empty and holds no calibration"), HINDCAST: ("draws", "holds no calibration")},
    ),
    "plan of nothing": (
        lambda draws: write(draws / "calibration.json", "{}"),
        {CALIBRATE: ("draws", "differs in"), HINDCAST: ("draws/calibration.json", "plan")},
    ),
    "plan of wrong values": (
        lambda draws: rewrite(draws / "calibration.json", plan={"rounds": ["many"]}),
        {CALIBRATE: ("draws", "differs in plan"), HINDCAST: ("draws/calibration.json", "plan")},
    ),
    "other rules": (
        lambda draws: rewrite(draws / "calibration.json", rules="0" * 64),
        {CALIBRATE: ("draws", "differs in rules", "--out"), HINDCAST: ("draws", "differs in rules")},
    ),
    "draws missing": (
        lambda draws: last(draws, "draws/*.npz").unlink(),
        {HINDCAST: ("draws/draws/00000", "is missing", "partnership calibrate")},
    ),
    "no draws": (
        lambda draws: shutil.rmtree(draws / "draws"),
        {HINDCAST: ("draws/draws/00000000.npz", "is missing", "partnership calibrate")},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", DRAWS)
def test_a_wrong_folder_of_draws(here: Path, capsys: Output, name: str) -> None:
    hurt, commands = DRAWS[name]
    hurt(here / "draws")
    for words, said in commands.items():
        refused(capsys, here, words, said)


def test_torn_draws_are_not_read(here: Path) -> None:
    plan = plan_in(here / "draws")
    assert len(sample_in(plan, here / "draws").z) == sum(plan.rounds)
    cut(first(here, "draws/draws/*.npz"))
    before = contents(here)
    with pytest.raises(UserError, match=r"00000000\.npz: is missing, torn, or of other draws .partnership calibrate"):
        sample_in(plan, here / "draws")
    assert contents(here) == before


def test_draws_have_one_writer_at_a_time(here: Path, capsys: Output) -> None:
    """Another process holds the folder; its death frees it."""
    script = "import sys; from pathlib import Path; from experiments.files import held\n"
    script += "with held(Path('draws'), '.lock'): print('held', flush=True); sys.stdin.read()\n"
    other = subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert other.stdout is not None and other.stdout.readline().strip() == b"held"
    refused(capsys, here, CALIBRATE, ("draws", "another process is writing there", "--out"))
    other.kill()
    other.communicate()
    assert status(*CALIBRATE) == 0


@pytest.mark.parametrize("place", ["taken", "notes.txt/page.md", "/proc/partnership/page.md", LONG + "/page.md", LONG])
def test_a_page_that_cannot_be_written(here: Path, place: str) -> None:
    before = contents(here)
    with pytest.raises(UserError, match="--page"):
        check_page(Path(place))
    check_page(Path("new/folder/page.md"))
    assert contents(here) == before


# As processes of their own


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("run", "remedys"), "(did you mean 'remedies'?)"),
        (("run", "asked.toml", "--out", "notes.txt"), "is a file, not a folder"),
        (("run", "asked.toml", "--set", "attention.link=7"), "(the nearest is 1)"),
        (("check", "notes.txt"), "allowed: a file ending in .toml or .csv"),
        (("replay", "taken", "--run", "0"), "is no folder of results"),
        (("calibrate", "--out", "taken"), "holds no calibration"),
    ],
)
def test_the_same_from_a_shell(here: Path, words: tuple[str, ...], said: str) -> None:
    before = contents(here)
    script = "from experiments.cli import main; main()"
    done = subprocess.run([sys.executable, "-c", script, *words], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert len(messages(done.stderr)) == 1 and said in done.stderr and "Traceback" not in done.stderr
    assert contents(here) == before
