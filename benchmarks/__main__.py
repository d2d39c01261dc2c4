"""Measure everything, or what is named, and write it down: python -m benchmarks [--quick] [--rounds N] [NAME ...].

Each module of measurements runs in a fresh process. Writes results.json and, from it, RESULTS.md and a picture.
"""

import argparse
import datetime
import importlib
import inspect
import json
import os
import platform
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
MODULES = ("cold", "ours", "floor", "scaling", "rivals.one_by_one", "rivals.batch", "rivals.workbench")
PACKAGES = ("eu-japan-partnership-sim", "numpy", "mesa", "numba", "ema-workbench")
ROUNDS = 3
QUICK = ROOT / "build" / "benchmarks"
"""Where a quick look is written, so that it never stands for a measurement."""


def main() -> None:
    """What is asked for on the command line."""
    asked = _arguments()
    if asked.inside:
        print(json.dumps(measured(asked.names[0], asked.rounds, asked.quick)))
        return
    out = asked.out or (QUICK if asked.quick else ROOT / "benchmarks")
    out.mkdir(parents=True, exist_ok=True)
    file = out / "results.json"
    results = json.loads(file.read_text()) if file.exists() else {}
    for name in () if asked.report else asked.names or MODULES:
        print(f"{name} ...", flush=True)
        about = {"machine": machine(), "rounds": asked.rounds, "quick": asked.quick}
        results.update({**about, name: in_fresh_process(name, asked)})
        file.write_text(json.dumps(results, indent=1) + "\n")

    from benchmarks.report import write

    print(write(results, out))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(MODULES)}; all, if none is named")
    parser.add_argument("--quick", action="store_true", help="tiny sizes, to see that everything works")
    parser.add_argument("--rounds", type=int, help=f"how often each is measured ({ROUNDS}; 1 for a quick look)")
    parser.add_argument("--out", type=Path, help="folder; without it benchmarks/, of a quick look build/benchmarks/")
    parser.add_argument("--report", action="store_true", help="measure nothing, write RESULTS.md from results.json")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    unknown = [name for name in asked.names if name not in MODULES]
    if unknown:
        parser.error(f"unknown: {', '.join(unknown)}; there are {', '.join(MODULES)}")
    asked.rounds = asked.rounds or (1 if asked.quick else ROUNDS)
    return asked


def in_fresh_process(name: str, asked: argparse.Namespace) -> Any:
    """What a module measures in a process of its own."""
    command = [sys.executable, "-m", "benchmarks", name, "--inside", "--rounds", str(asked.rounds)]
    done = subprocess.run(
        [*command, *(["--quick"] if asked.quick else [])], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True
    )
    return json.loads(done.stdout.splitlines()[-1])


def measured(name: str, rounds: int, quick: bool) -> dict[str, Any]:
    """What a module measures here; which package it misses, if it does."""
    try:
        measure = importlib.import_module(f"benchmarks.{name}").measure
        takes_quick = "quick" in inspect.signature(measure).parameters
        found: dict[str, Any] = measure(rounds, quick=True) if quick and takes_quick else measure(rounds)
    except ModuleNotFoundError as error:
        return {"missing": error.name}
    return found


def machine() -> dict[str, Any]:
    """What the figures depend on. No names of hosts, users or folders."""
    return {
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "system": platform.system(),
        "python": platform.python_version(),
        "packages": {name: _version(name) for name in PACKAGES},
        "load_before": round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None,
        "date": datetime.date.today().isoformat(),
    }


def _processor() -> str:
    """Its model, as the system calls it."""
    about = Path("/proc/cpuinfo")
    lines = about.read_text().splitlines() if about.exists() else []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.processor() or platform.machine())


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


if __name__ == "__main__":
    main()
