"""Valid files, changed at random: what comes of them is right, or one UserError, and never any other exception."""

import io
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from config.errors import UserError
from config.loading import ROOT, Layer, check_file, load_base, load_experiment, load_record, parse_sets, resolve
from config.loading import with_layer as laid_over
from config.panels import PANELS, load_series
from config.posterior import load_calibration
from config.status import load_status
from experiments import calibrating, load, show_limits
from experiments.calibrating import Evidence, Sample, plan_in, plan_of, sample_in
from experiments.replay import Choice, replay
from experiments.report import answer
from experiments.running import run_experiment
from tests.experiments import fake
from tests.experiments.test_wrong_inputs import ASKED, KNOWN, LEVER, WORLD, contents, improbable, write

T = TypeVar("T")
Mutate = Callable[[bytes], bytes]

JUNK = (
    *(b"", b"\0", b"\n", b"\r", b'"', b"[", b"]", b"{", b"}", b"=", b",", b"#", b"'", b"-", b"nan", b"inf", b"1e999"),
    *(
        b"true",
        b"null",
        b"[]",
        b"{}",
        b'""',
        b"9" * 30,
        "\u0661".encode(),
        "\U0001f5fe".encode(),
        b"\xff",
        b"\xed\xa0\x80",
    ),
)


def few(examples: int) -> settings:
    """So many examples, the same ones every time."""
    checks = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
    return settings(max_examples=examples, deadline=None, derandomize=True, suppress_health_check=checks)


# What is done to a file


@st.composite
def mutations(draw: st.DrawFn) -> Mutate:
    """One to three changes to the bytes, lines, numbers or names of a file, wherever it is long enough."""
    changes = draw(st.lists(st.one_of(of_bytes(), of_lines(), of_words()), min_size=1, max_size=3))

    def mutate(content: bytes) -> bytes:
        for change in changes:
            content = change(content)
        return content

    return mutate


@st.composite
def of_bytes(draw: st.DrawFn) -> Mutate:
    """Drop, repeat or replace a few bytes, or all that follows them."""
    where, length, junk = draw(st.floats(0, 1)), draw(st.integers(0, 20)), draw(st.sampled_from(JUNK))
    kind = draw(st.sampled_from(["drop", "repeat", "replace", "cut", "flip"]))

    def mutate(content: bytes) -> bytes:
        at = int(where * len(content))
        before, here, after = content[:at], content[at : at + length], content[at + length :]
        flipped = bytes(byte ^ 4 for byte in here)
        middle = {"drop": b"", "repeat": here + here, "replace": junk, "cut": b"", "flip": flipped}[kind]
        return before + middle + (b"" if kind == "cut" else after)

    return mutate


@st.composite
def of_lines(draw: st.DrawFn) -> Mutate:
    """Drop or repeat a line, or let two change places."""
    one, other = draw(st.floats(0, 1, exclude_max=True)), draw(st.floats(0, 1, exclude_max=True))
    kind = draw(st.sampled_from(["drop", "repeat", "swap"]))

    def mutate(content: bytes) -> bytes:
        lines = content.split(b"\n")
        i, j = int(one * len(lines)), int(other * len(lines))
        if kind == "swap":
            lines[i], lines[j] = lines[j], lines[i]
        else:
            lines[i : i + 1] = [] if kind == "drop" else [lines[i], lines[i]]
        return b"\n".join(lines)

    return mutate


@st.composite
def of_words(draw: st.DrawFn) -> Mutate:
    """Another number, name or quarter for one that is there: of this file, or out of the blue."""
    one, other = draw(st.floats(0, 1, exclude_max=True)), draw(st.floats(0, 1, exclude_max=True))
    new = draw(st.one_of(st.none(), st.sampled_from(JUNK), st.integers().map(lambda n: str(n).encode())))

    def mutate(content: bytes) -> bytes:
        words = list(re.finditer(rb"[\w.+-]+", content))
        if not words:
            return content
        old, taken = words[int(one * len(words))], words[int(other * len(words))]
        return content[: old.start()] + (taken.group() if new is None else new) + content[old.end() :]

    return mutate


def outcome(ask: Callable[[], T]) -> T | None:
    """What comes of asking, None after a UserError that says something on one line."""
    try:
        return ask()
    except UserError as error:
        assert str(error) and "\n" not in str(error)
        return None


# Configuration


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped configuration, copied."""
    folder = tmp_path_factory.mktemp("mutated") / "config"
    return Path(shutil.copytree(ROOT, folder, ignore=shutil.ignore_patterns("*.py", "__pycache__")))


def ask_all(file: Path, root: Path) -> None:
    """Whatever reads this file of a configuration."""
    outcome(lambda: check_file(file, root=root))
    if file.parent.name == "experiments":
        outcome(lambda: load_experiment(file.stem, root=root))
    elif file.name == "record.csv":
        outcome(lambda: load_record(root))
    elif file.name == "calibration.toml":
        outcome(lambda: load_calibration(file, load_base().parameters))
    elif file.parent.name == "series" and file.stem != "regimes":
        outcome(lambda: load_series(file.stem, file.parent))
    else:
        scenario = file.stem if file.parent.name == "scenarios" else "hindcast" if "2010" in file.stem else "outlook"
        policy = file.stem if file.parent.name == "policies" else "dialogue"
        outcome(lambda: resolve(scenario, policy, root=root))


FILES = sorted(
    file.relative_to(ROOT).as_posix() for file in ROOT.rglob("*") if file.suffix in (".toml", ".csv")
)  # fmt: skip


def test_there_are_files_of_every_kind() -> None:
    assert len(FILES) > 50
    assert {f"series/{name}.csv" for name in PANELS} <= set(FILES)


@few(50)
@given(st.sampled_from(FILES), mutations())
def test_a_mutated_configuration(root: Path, name: str, mutate: Mutate) -> None:
    whole = (ROOT / name).read_bytes()
    (root / name).write_bytes(mutate(whole))
    try:
        ask_all(root / name, root)
    finally:
        (root / name).write_bytes(whole)


OWN = {
    "asked.toml": ASKED.replace('"outlook"', '"world.toml"').replace('"dialogue"', '"lever.toml"'),
    "world.toml": WORLD,
    "lever.toml": LEVER,
    "known.toml": KNOWN,
}


@few(40)
@given(st.sampled_from(sorted(OWN)), mutations())
def test_a_mutated_question_of_ones_own(tmp_path: Path, name: str, mutate: Mutate) -> None:
    for file, text in OWN.items():
        write(tmp_path / file, mutate(text.encode()) if file == name else text)
    outcome(lambda: check_file(tmp_path / name))
    outcome(lambda: load_status(tmp_path / name))
    outcome(lambda: load_experiment(str(tmp_path / "asked.toml"), status=tmp_path / "known.toml"))


BASE = load_base()
SETS = (
    "attention.link=0.5",
    "attention.link={ low = 0.2, high = 0.8 }",
    "levers.qmv_from=2031Q2",
    "levers.qmv_from=never",
    "instruments.csdp_fpa.rule=R2",
    "instruments.raa.ambition=0.5",
    "actors.DEU.population=83000000",
)


@few(300)
@given(st.sampled_from(SETS), mutations())
def test_a_mutated_value_on_the_command_line(text: str, mutate: Mutate) -> None:
    assert outcome(lambda: laid_over(BASE, Layer("--set", "", parse_sets([text])))) is not None
    changed = mutate(text.encode()).decode(errors="surrogateescape")
    outcome(lambda: laid_over(BASE, Layer("--set", "", parse_sets([text, changed]))))
    outcome(lambda: laid_over(BASE, Layer("--set", "", parse_sets([changed]))))


# Folders


@dataclass(frozen=True)
class Harm:
    """What befalls one file of a folder; `other` is another file of it."""

    one: float
    other: float
    kind: str
    mutate: Mutate

    def do(self, folder: Path) -> None:
        files = sorted(file for file in folder.rglob("*") if file.is_file() and file.name != ".lock")
        one, other = (files[int(place * len(files))] for place in (self.one, self.other))
        if self.kind == "remove":
            one.unlink()
        elif self.kind == "empty":
            one.write_bytes(b"")
        elif self.kind == "replace":
            one.write_bytes(other.read_bytes())
        elif self.kind == "move":
            other.write_bytes(one.read_bytes())
            one.unlink()
        else:
            one.write_bytes(self.mutate(one.read_bytes()))


places = st.floats(0, 1, exclude_max=True)
harms = st.builds(
    Harm, places, places, st.sampled_from(["mutate", "mutate", "remove", "empty", "replace", "move"]), mutations()
)


def tables(folder: Path) -> dict[str, pd.DataFrame]:
    found = load(folder)
    return {name: found.table(name) for name in found.tables}


def assert_same(found: dict[str, pd.DataFrame], wanted: dict[str, pd.DataFrame]) -> None:
    assert set(found) == set(wanted)
    for name, table in wanted.items():
        pd.testing.assert_frame_equal(found[name], table, check_exact=True)


def kept(folder: Path) -> dict[str, bytes | None]:
    return {name: content for name, content in contents(folder).items() if name != ".lock"}


RECORDS = {"rows": ("trajectories", "transitions"), "summary": ("summary",)}


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Results of the small world, run by run and summed up."""
    folder = tmp_path_factory.mktemp("small")
    with pytest.MonkeyPatch.context() as patch:
        fake.use(patch.setattr)
        for name in RECORDS:
            resume(folder / name, name)
    return folder


def resume(folder: Path, name: str) -> object:
    asked = fake.experiment(record=RECORDS[name], runs=12)
    return run_experiment(asked, folder, workers=1, width=5, simulate=fake.simulate)


@few(30)
@given(st.sampled_from(sorted(RECORDS)), harms)
def test_results_that_befell_something_are_refused_or_right_and_can_be_mended(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, harm: Harm
) -> None:
    """Read, they are as they were or refused. The same command mends them, or says why not and leaves all as it was."""
    fake.use(monkeypatch.setattr)
    folder, wanted = tmp_path / "r", tables(small / name)
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(small / name, folder)
    harm.do(folder)
    found = outcome(lambda: tables(folder))
    if found is not None:
        assert_same(found, wanted)
    before = kept(folder)
    if outcome(lambda: resume(folder, name)) is None:
        assert kept(folder) == before
    else:
        assert_same(tables(folder), wanted)


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Results of the model with all that is asked of them below."""
    folder = tmp_path_factory.mktemp("real")
    write(folder / "asked.toml", ASKED)
    run_experiment(load_experiment(str(folder / "asked.toml")), folder / "r", workers=1)
    return folder / "r"


def told(folder: Path) -> list[str | None]:
    """What is said of a folder of results: its answer, what binds, the story of a run; None where it is refused."""

    def printed(tell: Callable[..., object]) -> str:
        text = io.StringIO()
        tell(folder, file=text)
        return text.getvalue()

    return [
        outcome(lambda: printed(answer)),
        outcome(lambda: printed(show_limits.show_limits)),
        outcome(lambda: replay(folder, Choice(run=0))),
    ]


@pytest.fixture
def right(real: Path, monkeypatch: pytest.MonkeyPatch) -> list[str | None]:
    """What is said of them as they are; nothing is drawn."""
    monkeypatch.setattr(show_limits, "limits", lambda *arguments, **options: None)
    monkeypatch.setattr(show_limits, "save", lambda *arguments: [])
    monkeypatch.chdir(real.parent)
    return told(Path("r"))


@few(12)
@given(harms)
def test_whatever_is_told_of_results_is_right_or_refused(real: Path, right: list[str | None], harm: Harm) -> None:
    assert None not in right
    whole = contents(real)
    harm.do(real)
    found = told(Path("r"))
    for name, content in whole.items():
        if content is not None:
            (real / name).write_bytes(content)
    assert all(one in (None, other) for one, other in zip(found, right, strict=True))


# Draws


@pytest.fixture(scope="module")
def evidence() -> Evidence:
    return calibrating.evidence_on_record(plan_of().resized(1000, 3))


@pytest.fixture
def draws(evidence: Evidence, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of draws, each as likely as any other."""
    monkeypatch.setattr(calibrating, "log_likelihoods", improbable)
    monkeypatch.setattr(calibrating, "evidence_on_record", lambda plan, root: evidence)
    calibrating.calibrate(plan_of().resized(1000, 3), tmp_path / "draws", workers=1)
    return tmp_path / "draws"


def read(folder: Path) -> Sample:
    return sample_in(plan_in(folder), folder)


@few(40)
@given(harms)
def test_draws_that_befell_something_are_refused_or_right_and_can_be_mended(
    draws: Path, tmp_path: Path, harm: Harm
) -> None:
    folder, plan, wanted = tmp_path / "d", plan_in(draws), read(draws)
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(draws, folder)
    harm.do(folder)
    found = outcome(lambda: read(folder))
    if found is not None:
        np.testing.assert_array_equal(found.z, wanted.z)
    before = kept(folder)
    if outcome(lambda: calibrating.calibrate(plan, folder, workers=1)) is None:
        assert kept(folder) == before
    else:
        np.testing.assert_array_equal(read(folder).log_likelihood, wanted.log_likelihood)


@pytest.mark.parametrize(("mark", "after"), [(b"PK\1\2", 6), (b"PK\1\2", 8), (b"PK\1\2", 10), (b"'shape': ", 9)])
def test_a_block_of_draws_that_numpy_cannot_open_is_done_again(draws: Path, mark: bytes, after: int) -> None:
    """Of a version to come, encrypted, compressed in an unknown way; a shape without an end."""
    file = draws / "draws" / "00000000.npz"
    whole = file.read_bytes()
    at = whole.index(mark) + after
    file.write_bytes(whole[:at] + b"c" + whole[at + 1 :])
    assert outcome(lambda: read(draws)) is None
    calibrating.calibrate(plan_in(draws), draws, workers=1)
    assert outcome(lambda: read(draws)) is not None
