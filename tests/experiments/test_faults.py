"""Whatever is pulled out while a batch runs, the same command finishes it, and the tables are those of a quiet day."""

import multiprocessing
import os
import random
import runpy
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from multiprocessing.context import ForkServerProcess
from pathlib import Path

import pandas as pd
import pytest

from config.errors import UserError
from experiments import files, load
from experiments.files import place
from experiments.running import run_experiment
from experiments.store import BLOCKS, PROVENANCE, Question, writing
from tests.experiments import fake

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals, limits and mounts of POSIX")

TABLES = ("trajectories", "transitions", "runs")
KILLS = 20

RUN = """
import functools, os, sys
from experiments import cli, files, running
from tests.experiments import fake
if __name__ == "__main__":
    fake.use(setattr)
    how = {"simulate": getattr(fake, os.environ["FAKE_SIMULATE"]), "width": int(os.environ["FAKE_WIDTH"])}
    running.run_experiment = functools.partial(running.run_experiment, **how)
    cli._answer = lambda folder, analyses: None
    files.BEAT = 0.2
    cli.main()
"""
ASKED = """
question = "What is lost?"
scenarios = ["outlook"]
policies = ["none", "dialogue+framework", "framework"]
runs = 40
seed = 7
set = { "attention.link" = { low = 0.2, high = 1.0 } }
"""


@pytest.fixture(autouse=True)
def small_world(monkeypatch: pytest.MonkeyPatch) -> None:
    fake.use(monkeypatch.setattr)


class Batch:
    """The command `partnership run` in the small world, as a process."""

    def __init__(self, folder: Path, simulate: str = "slowly", width: int = 4) -> None:
        self.script, self.asked, self.started = folder / "batch.py", folder / "small.toml", folder / "started"
        self.script.write_text(RUN)
        self.asked.write_text(ASKED)
        self.environment = {
            **os.environ, "PYTHONPATH": os.getcwd(), "FAKE_STARTED": str(self.started), "FAKE_SIMULATE": simulate,
            "FAKE_WIDTH": str(width),
        }  # fmt: skip

    def start(self, out: str, *options: str, limit: int | None = None) -> "subprocess.Popen[str]":
        self.started.unlink(missing_ok=True)
        command = [sys.executable, str(self.script), "run", str(self.asked), "--out", out, *options]
        if limit is not None:
            command = ["bash", "-c", f'ulimit -f {limit}; exec "$@"', "-", *command]
        return subprocess.Popen(command, env=self.environment, stderr=subprocess.PIPE, text=True)

    def start_warm(self, out: str, *options: str) -> ForkServerProcess:
        """The same from a process that has read the program already, which saves a second."""
        self.started.unlink(missing_ok=True)
        warm = multiprocessing.get_context("forkserver")
        warm.set_forkserver_preload(["experiments.cli", "experiments.running", "tests.experiments.fake"])
        words = [str(self.script), "run", str(self.asked), "--out", out, *options]
        process = warm.Process(target=as_script, args=(words, self.environment))
        process.start()
        return process

    def wait_for_first_block(self, process: "subprocess.Popen[str] | ForkServerProcess") -> bool:
        """False if it has ended before it began one."""
        while not self.started.exists():
            if (process.exitcode if isinstance(process, ForkServerProcess) else process.poll()) is not None:
                return False
            time.sleep(0.005)
        return True


def as_script(words: Sequence[str], environment: Mapping[str, str]) -> None:
    os.environ.update(environment)
    sys.argv = list(words)
    runpy.run_path(words[0], run_name="__main__")


def ended(process: "subprocess.Popen[str]") -> tuple[int, str]:
    """Exit status and what was said."""
    _, said = process.communicate(timeout=120)
    return process.returncode, said


def same(folder: Path | str, whole: Path, tables: tuple[str, ...] = TABLES) -> None:
    for table in tables:
        pd.testing.assert_frame_equal(load(folder).table(table), load(whole).table(table), check_exact=True)


@pytest.fixture
def whole(tmp_path: Path) -> Path:
    """The tables of a quiet day."""
    run_experiment(fake.experiment(), tmp_path / "whole", workers=1, simulate=fake.simulate)
    return tmp_path / "whole"


def test_killed_at_twenty_random_moments_the_same_command_finishes(tmp_path: Path, whole: Path) -> None:
    """kill -9 for the process and, as for a whole machine, at times for its workers in the same instant."""
    batch, chance, kills, out = Batch(tmp_path, "slowly", 1), random.Random(5), 0, str(tmp_path / "r")
    while kills < KILLS:
        process = batch.start_warm(out, "--workers", chance.choice(["1", "1", "1", "1", "2"]))
        if not batch.wait_for_first_block(process):
            break
        time.sleep(chance.uniform(0.0, 0.15))
        process.kill()
        process.join()
        kills += 1
    assert kills == KILLS
    done = len(list((tmp_path / "r" / BLOCKS).glob("*.json")))
    assert 0 < done < 120
    assert ended(batch.start(out, "--workers", "1"))[0] == 0
    same(tmp_path / "r", whole)


def test_a_worker_process_that_is_killed_is_replaced(tmp_path: Path, whole: Path) -> None:
    code, said = ended(Batch(tmp_path, "killed_once", 10).start(str(tmp_path / "r"), "--workers", "2"))
    assert (code, said) == (0, "")
    assert (tmp_path / "started").exists()
    same(tmp_path / "r", whole)


def test_workers_that_are_killed_again_and_again_end_the_batch_with_one_message(tmp_path: Path, whole: Path) -> None:
    code, said = ended(Batch(tmp_path, "killed_always", 10).start(str(tmp_path / "r"), "--workers", "2"))
    assert code == 2
    assert said.startswith("partnership: --workers = 2: worker processes were killed again and again")
    assert said.count("\n") == 1
    run_experiment(fake.experiment(), tmp_path / "r", workers=1, simulate=fake.simulate)
    same(tmp_path / "r", whole)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 200 kB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=200k", "tmpfs", str(folder)]
    if shutil.which("mount") is None or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("file systems cannot be mounted here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_full_disk_is_told_in_one_message_and_what_is_finished_is_kept(
    tmp_path: Path, whole: Path, small_disk: Path, workers: str
) -> None:
    batch, out = Batch(tmp_path, "simulate", 2), small_disk / "r"
    code, said = ended(batch.start(str(out), "--workers", workers))
    assert code == 2
    assert said.startswith("partnership: ")
    assert "the disk is full" in said
    assert "the same command goes on" in said
    assert said.count("\n") == 1
    assert workers == "2" or not list(out.rglob("*.partial")), "a worker that is stopped in the midst may leave one"
    kept = len(list((out / BLOCKS).glob("*.json")))
    assert 0 < kept < 60
    subprocess.run(["mount", "-o", "remount,size=20m", str(small_disk)], check=True)
    assert ended(batch.start(str(out), "--workers", workers)) == (0, "")
    assert not list(out.rglob("*.partial"))
    same(out, whole)


def test_a_limit_on_the_size_of_files_is_told_like_a_full_disk(tmp_path: Path, whole: Path) -> None:
    batch, out = Batch(tmp_path, "simulate", 40), str(tmp_path / "r")
    code, said = ended(batch.start(out, "--workers", "1", limit=4))
    assert (code, said.count("\n")) == (2, 1)
    assert "the disk is full" in said
    assert ended(batch.start(out)) == (0, "")
    same(tmp_path / "r", whole)


@pytest.mark.parametrize("elsewhere", [False, True])
def test_a_second_process_on_the_folder_says_so_and_stops(tmp_path: Path, whole: Path, elsewhere: bool) -> None:
    """Also where there is no lock of the system: file:// is treated as any place that only fsspec knows."""
    batch, folder = Batch(tmp_path, "until_told", 10), tmp_path / "r"
    out = f"file://{folder}" if elsewhere else str(folder)
    first = batch.start(out, "--workers", "1")
    assert batch.wait_for_first_block(first)
    code, said = ended(batch.start(out, "--workers", "1"))
    assert code == 2
    assert "is writing there (choose another folder with --out)" in said
    assert said.count("\n") == 1
    (tmp_path / "go").touch()
    assert ended(first) == (0, "")
    same(out, whole)


def test_a_mark_of_a_process_that_is_no_more_does_not_hold_a_folder(
    tmp_path: Path, whole: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "BEAT", 0.05)
    out = f"file://{tmp_path / 'r'}"
    (tmp_path / "r").mkdir()
    (tmp_path / "r" / ".lock").write_text('{"host": "gone", "process": 1, "token": "x", "beat": 3}')
    run_experiment(fake.experiment(), place(out), workers=1, simulate=fake.simulate)
    same(out, whole)
    assert not (tmp_path / "r" / ".lock").exists()


def test_blocks_of_another_question_are_never_mixed_in(tmp_path: Path, whole: Path) -> None:
    """Somebody copies what another seed has computed into the folder of an interrupted run."""
    other = fake.experiment(seed=8)
    run_experiment(other, tmp_path / "other", workers=1, width=10, simulate=fake.simulate)
    with pytest.raises(KeyboardInterrupt):
        run_experiment(fake.experiment(), tmp_path / "r", workers=1, width=10, simulate=fake.interrupted_at_20)
    for file in (tmp_path / "other").rglob("*"):
        target = tmp_path / "r" / file.relative_to(tmp_path / "other")
        if file.is_file() and not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, target)
    run_experiment(fake.experiment(), tmp_path / "r", workers=1, width=10, simulate=fake.simulate)
    same(tmp_path / "r", whole)


def test_a_manifest_that_was_moved_over_another_costs_both_blocks_and_no_more(tmp_path: Path, whole: Path) -> None:
    run_experiment(fake.experiment(), tmp_path / "r", workers=1, width=10, simulate=fake.simulate)
    first, *_, last = sorted((tmp_path / "r" / BLOCKS).glob("*.json"))
    last.replace(first)
    again = run_experiment(fake.experiment(), tmp_path / "r", workers=1, width=10, simulate=fake.simulate)
    assert again.simulated == 20
    same(tmp_path / "r", whole)


def test_histories_that_two_blocks_hold_count_once(tmp_path: Path, whole: Path) -> None:
    """Two cuts of the same runs in one folder, as a straggler of a lost cluster may leave them."""
    run_experiment(fake.experiment(), tmp_path / "r", workers=1, width=10, simulate=fake.simulate)
    run_experiment(fake.experiment(), tmp_path / "cut", workers=1, width=15, simulate=fake.simulate)
    for file in (tmp_path / "cut").rglob("*0000000015-0000000029*"):
        shutil.copy(file, tmp_path / "r" / file.relative_to(tmp_path / "cut"))
    with pytest.raises(UserError, match="missing or torn"):
        load(tmp_path / "r")
    run_experiment(fake.experiment(), tmp_path / "r", workers=1, width=10, simulate=fake.simulate)
    same(tmp_path / "r", whole)


@pytest.mark.parametrize("content", [b"", b'{"fingerprint": "', None])
def test_a_torn_provenance_is_written_anew_where_blocks_are_whole(
    tmp_path: Path, whole: Path, content: bytes | None
) -> None:
    run_experiment(fake.experiment(), tmp_path / "r", workers=1, width=10, simulate=fake.simulate)
    victim = tmp_path / "r" / PROVENANCE
    victim.unlink() if content is None else victim.write_bytes(content)
    assert run_experiment(fake.experiment(), tmp_path / "r", workers=1, simulate=fake.simulate).simulated == 0
    same(tmp_path / "r", whole)


def test_a_changed_provenance_is_noticed(tmp_path: Path, whole: Path) -> None:
    file = whole / PROVENANCE
    file.write_text(file.read_text().replace('"seed": 7', '"seed": 9'))
    with pytest.raises(UserError, match="torn or was changed"):
        load(whole)


def test_an_interrupted_process_is_found_out_by_its_signal(tmp_path: Path) -> None:
    batch = Batch(tmp_path, "slowly", 1)
    process = batch.start(str(tmp_path / "r"), "--workers", "1")
    assert batch.wait_for_first_block(process)
    process.send_signal(signal.SIGTERM)
    assert ended(process)[0] == -signal.SIGTERM
    question = Question(fake.experiment(), {}, {}, "rules")
    with pytest.raises(UserError, match="another experiment"), writing(tmp_path / "r", question):
        pass
