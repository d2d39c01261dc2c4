"""Memory and speed of `partnership run` as batches grow: python -m benchmarks.scale [runs ...].

Runs the command itself, answer and figures included, on `outlook` without a policy, with one and two processes, as
trajectories and as summary; prints a line of JSON for each. Linux and macOS only.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SIZES = (1_000, 10_000, 100_000)
QUESTION = """
question = "How does it go?"
scenarios = ["outlook"]
policies = ["none"]
runs = {runs}
seed = 1
record = {record}
"""
RECORDS = {"trajectories": '["trajectories", "transitions"]', "summary": '["summary"]'}


def measured(runs: int, record: str, workers: int) -> dict[str, object]:
    """Peak memory of the largest process in MB, seconds and runs per second of one command."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "outlook_alone.toml").write_text(QUESTION.format(runs=runs, record=RECORDS[record]))
        program = Path(sys.executable).with_name("partnership")
        command = [str(program), "run", "outlook_alone.toml", "--out", "results"]
        begun = time.perf_counter()
        process = subprocess.Popen([*command, "--workers", str(workers)], cwd=folder, stdout=subprocess.DEVNULL)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.perf_counter() - begun
        if process.returncode:
            raise RuntimeError(f"ended with {process.returncode}")
        kept = sum(file.stat().st_size for file in folder.rglob("*.parquet"))
    per_mb = 1024 * (1024 if sys.platform == "darwin" else 1)
    return {
        "runs": runs,
        "record": record,
        "workers": workers,
        "seconds": round(seconds, 1),
        "runs per second": round(runs / seconds),
        "peak MB of a process": round(used.ru_maxrss / per_mb),
        "MB on disk": round(kept / 1e6, 1),
    }


def main(sizes: tuple[int, ...]) -> None:
    """A line for each size, record and number of processes."""
    for runs in sizes:
        for record in RECORDS:
            for workers in (1, 2):
                print(json.dumps(measured(runs, record, workers)), flush=True)


if __name__ == "__main__":
    main(tuple(int(number) for number in sys.argv[1:]) or SIZES)
