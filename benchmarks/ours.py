"""Our own model: the whole command from one run to a hundred thousand, the model alone, its phases, its memory.

python -m benchmarks.ours RUNS WIDTH plays the model alone, in blocks of this width, and prints one line of JSON.
"""

import gc
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from benchmarks.command import PER_MB, ask, partnership
from config import resolve
from experiments.running import WIDTH
from simulation.model import PartnershipModel

ROOT = Path(__file__).resolve().parent.parent
SIZES = (1, 10, 100, 1_000, 10_000, 100_000)
ALONE = SIZES[:-1]
WIDTHS = (256, 512, 1024, 2048, 4096)
QUICK = 100
"""Most runs, and widest block, of a quick look."""

ONCE = 100_000
"""Runs from which one round is enough, with two workers."""


def measure(rounds: int, quick: bool = False) -> dict[str, Any]:
    """The whole command by runs and workers, the model alone by runs, and one block by its width."""
    most = QUICK if quick else SIZES[-1]
    return {
        "command": [
            command(runs, workers, "trajectories", 1 if runs >= ONCE else rounds)
            for runs in SIZES
            if runs <= most
            for workers in ((1, 2) if quick else workers_for(runs))
        ],
        "summary": [command(min(most, ALONE[-1]), 2, "summary", 1)],
        "model": [alone(runs, WIDTH, rounds) for runs in ALONE if runs <= most],
        "blocks": [alone(width, width, rounds) for width in ([QUICK] if quick else WIDTHS)],
    }


def workers_for(runs: int) -> tuple[int, ...]:
    """With how many workers so many runs are measured: a single block is played by one; most runs by all there are."""
    if runs <= WIDTH:
        return (1,)
    return (1, 2) if runs < ONCE else (2,)


def command(runs: int, workers: int, record: str, rounds: int) -> dict[str, Any]:
    """`partnership run`: answer, figures and all. `first`: the first block; `simulated`: the last one saved."""
    ended, disk = [], 0.0
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            question = ask(folder, runs, record)
            ended.append(partnership(folder, "run", question, "--out", "results", "--workers", str(workers)))
            disk = sum(file.stat().st_size for file in folder.rglob("*.parquet")) / 1e6
    return {
        "runs": runs,
        "workers": workers,
        "record": record,
        "seconds": [one.seconds for one in ended],
        "first": {"seconds": [one.blocks[0] for one in ended]},
        "simulated": {"seconds": [one.blocks[-1] for one in ended]},
        "peak_mb": [one.peak_mb for one in ended],
        "disk_mb": disk,
    }


def alone(runs: int, width: int, rounds: int) -> dict[str, Any]:
    """The model alone, tables put together and nothing saved, each round in a fresh process."""
    told = []
    for _ in range(rounds):
        asked = [sys.executable, "-m", "benchmarks.ours", str(runs), str(width)]
        told.append(json.loads(subprocess.run(asked, cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout))
    return {
        "runs": runs,
        "width": width,
        "workers": 1,
        "seconds": [one["seconds"] for one in told],
        "phases": {name: {"seconds": [one["phases"][name] for one in told]} for name in told[0]["phases"]},
        "rest_mb": [one["rest_mb"] for one in told],
        "peak_mb": [one["peak_mb"] for one in told],
    }


def play(runs: int, width: int) -> dict[str, Any]:
    """Play so many runs in blocks, after one quarter of one run that does not count."""
    settings = resolve("outlook", "none")
    PartnershipModel(settings, range(1), 1).step()
    phases: Counter[str] = Counter()
    rest, begun = _peak_mb(), time.perf_counter()
    for first in range(0, runs, width):
        started = time.perf_counter()
        model = PartnershipModel(settings, range(first, min(first + width, runs)), 1)
        ready = time.perf_counter()
        model.run()
        played = time.perf_counter()
        model.tables()
        inside = sum(model.seconds.values())
        phases.update({"set up": ready - started, **model.seconds})
        phases.update({"draws and dates": played - ready - inside, "tables": time.perf_counter() - played})
        del model
        gc.collect()  # as between the blocks of a command
    return {"seconds": time.perf_counter() - begun, "phases": phases, "rest_mb": rest, "peak_mb": _peak_mb()}


def _peak_mb() -> float:
    """Largest resident set of this process so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / PER_MB


if __name__ == "__main__":
    print(json.dumps(play(int(sys.argv[1]), int(sys.argv[2]))))
