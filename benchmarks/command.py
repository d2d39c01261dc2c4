"""The command `partnership` as a process of its own: how long it takes, and its memory. Linux and macOS only."""

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PER_MB = 1024 * (1024 if sys.platform == "darwin" else 1)
"""Units of the system's peak memory in a MB."""

POLL = 0.005
"""Seconds between two looks at the results."""

QUESTION = """question = "How does it go?"
scenarios = ["outlook"]
policies = ["none"]
runs = {runs}
seed = 1
record = {record}
"""
RECORDS = {"trajectories": '["trajectories", "transitions"]', "summary": '["summary"]'}


@dataclass(frozen=True)
class Ended:
    """Seconds until the end and until each block was there; peak memory of the largest process in MB."""

    seconds: float
    blocks: list[float]
    peak_mb: float


def ask(folder: Path, runs: int, record: str = "trajectories") -> str:
    """Write the question, `outlook` without a policy; returns the name of its file."""
    (folder / "outlook_alone.toml").write_text(QUESTION.format(runs=runs, record=RECORDS[record]))
    return "outlook_alone.toml"


def partnership(folder: Path, *arguments: str) -> Ended:
    """Run the command in a folder, watching what blocks appear in `results`."""
    program = Path(sys.executable).with_name("partnership")
    started: list[Any] = [str(program)] if program.is_file() else [sys.executable, "-c", _MAIN]
    begun = time.perf_counter()
    with subprocess.Popen(
        [*started, *arguments], cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    ) as process:
        blocks: list[float] = []
        while True:
            ended, status, used = os.wait4(process.pid, os.WNOHANG)
            seconds = time.perf_counter() - begun
            there = _blocks(folder / "results" / "blocks")
            blocks += [seconds] * (there - len(blocks))
            if ended:
                break
            time.sleep(POLL)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            said = process.stderr.read().decode() if process.stderr else ""
            raise RuntimeError(f"partnership {' '.join(arguments)} ended with {process.returncode}: {said}")
    return Ended(seconds, blocks, used.ru_maxrss / PER_MB)


_MAIN = "from experiments.cli import main; main()"


def _blocks(folder: Path) -> int:
    """Number of finished blocks."""
    try:
        return sum(entry.name.endswith(".json") for entry in os.scandir(folder))
    except FileNotFoundError:
        return 0
