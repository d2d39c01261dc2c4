"""Peak memory and time of a recorded experiment, in a process of its own: python -m benchmarks.memory [runs] [workers].

Prints one line of JSON. Peak memory is that of the largest process (resident set), in MB; Linux and macOS only.
"""

import json
import resource
import sys
import tempfile
import time
from pathlib import Path

from config import load_experiment
from experiments.running import WIDTH, run_experiment

RUNS = 10_000


def peak_mb(who: int) -> float:
    """Largest resident set so far, in MB."""
    kilobytes = resource.getrusage(who).ru_maxrss / (1024 if sys.platform == "darwin" else 1)
    return round(kilobytes / 1024, 1)


def main(runs: int = RUNS, workers: int = 1) -> None:
    """Play the outlook without a policy, record the usual tables, say what it took."""
    experiment = load_experiment("remedies", runs=runs).model_copy(update={"policies": ("none",)})
    begun = time.perf_counter()
    at_rest = peak_mb(resource.RUSAGE_SELF)
    with tempfile.TemporaryDirectory() as folder:
        outcome = run_experiment(experiment, Path(folder) / "results", workers=workers)
        disk = sum(path.stat().st_size for path in Path(folder).rglob("*") if path.is_file())
    spent = time.perf_counter() - begun
    told = {
        "runs": outcome.simulated,
        "width": WIDTH,
        "workers": workers,
        "seconds": round(spent, 1),
        "runs per second": round(outcome.simulated / spent),
        "peak MB before": at_rest,
        "peak MB": peak_mb(resource.RUSAGE_SELF),
        "peak MB of a worker": peak_mb(resource.RUSAGE_CHILDREN),
        "MB on disk": round(disk / 1e6, 1),
        "microseconds per run": {name: round(s * 1e6 / outcome.simulated, 1) for name, s in outcome.phases.items()},
    }
    print(json.dumps(told))


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:3]))
