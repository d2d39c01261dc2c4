"""`python -m tests.mutation [--limit N]`: draw faults, ask both suites about each, write what they caught."""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import ExitStack, contextmanager
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from tests.mutation import report
from tests.mutation.mutants import AT_IMPORT, Mutant, differs, draw, mutants_of

ROOT = Path(__file__).parents[2]
MODEL = ("agents", "simulation")
SUITES = {
    "tests": ("tests/agents", "tests/simulation"),
    "twin": ("tests/twin/test_lanes.py", "tests/twin/test_known.py"),
}
ASKED = (("tests", ("tests",)), ("twin", ("twin",)), ("together", tuple(SUITES)))
QUICK = ("outlook-none", "hindcast-none", "taiwan_crisis-amendment+", "us_withdrawal-none")
"""Cases of the twin that are asked first."""
ONE_LANE = (17,)
"""The twin is asked about this run of each case alone: what it misses there, it is said to miss."""
TIMES_AS_LONG = 4.0
"""A test that takes this many times as long as without a fault, and some seconds, is taken to hang."""
FAVOURITES = 6
"""Tests that are asked first, because they have caught other faults of the file."""
LEFT_BEHIND = (".git", ".venv", "results", "build", "dist", "*.egg-info", "__pycache__", ".*_cache", ".hypothesis",
               ".benchmarks", "docs")  # fmt: skip

Seen = dict[str, Any]


def main(arguments: Sequence[str] | None = None) -> None:
    """From the command line to the page."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("--limit", type=int, default=200, metavar="N", help="number of faults (200)")
    parser.add_argument(
        "--seed", type=int, default=2, help="lot by which they are drawn (2; tests were written for survivors of lot 1)"
    )
    parser.add_argument("--workers", type=int, default=2, metavar="N", help="processes at a time (2)")
    parser.add_argument(
        "--patience", type=float, default=30.0, metavar="SECONDS", help="wait for a fault that hangs (30)"
    )
    parser.add_argument("--only", default="", metavar="TEXT", help="only faults whose file holds this text")
    parser.add_argument("--again", type=Path, metavar="FILE", help="keep what this result has caught, ask of the rest")
    parser.add_argument(
        "--out", type=Path, help="result file; without it benchmarks/mutation.json and docs/mutation.md"
    )
    chosen = parser.parse_args(arguments)
    began = time.monotonic()
    pool, equivalent, stale = possible()
    for one in stale:
        print(f"equivalent.toml: no such fault any more: {one['file']} {one['function']}: {one['mutated']}")
    mutants = draw([one for one in pool if chosen.only in one.file], chosen.limit, chosen.seed)
    earlier = json.loads(chosen.again.read_text())["mutants"] if chosen.again else []
    kept = caught_before(earlier, mutants)
    mutants = [one for one in mutants if one.name not in {answer["name"] for answer in kept}]
    mutants = [one for one in mutants if differs(one, (ROOT / one.file).read_bytes())]
    with tempfile.TemporaryDirectory(prefix="mutation-") as folder, ExitStack() as stack:
        copies = [Path(folder) / str(number) for number in range(chosen.workers)]
        for copy in copies:
            shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(*LEFT_BEHIND))
        seen = seen_lines(copies)
        free: SimpleQueue[Worker] = SimpleQueue()
        for copy in copies:
            free.put(stack.enter_context(worker(copy)))
        check(free)
        answers, begun = list(kept), ROOT / "build" / "mutation.json"
        with ThreadPoolExecutor(chosen.workers) as threads:
            asking = [threads.submit(asked, one, seen, free, chosen.patience, answers) for one in mutants]
            for done in as_completed(asking):
                answers.append(answer := done.result())
                marks = " ".join(f"{suite}: {answer[suite]['by'] or 'SURVIVED'}" for suite in SUITES)
                print(f"{len(answers)} {answer['file']}:{answer['line']} {answer['mutated']}\n    {marks}", flush=True)
                begun.write_text(json.dumps({"mutants": answers}))
    result = {
        "revision": revision(),
        "seed": chosen.seed,
        "pool": len(pool),
        "equivalent": equivalent,
        "workers": chosen.workers,
        "minutes": round((time.monotonic() - began) / 60, 1),
        "earlier": earlier
        and {"faults": len(earlier)} | {suite: report.caught(earlier, *suites) for suite, suites in ASKED},
        "left_out": sorted({test for suite in SUITES for test in seen[suite]["failed"]}),
        "mutants": sorted(answers, key=lambda one: (one["file"], one["line"], one["name"])),
    }
    for _, suites in ASKED:
        print(f"caught by {' and '.join(suites)}: {report.share(answers, *suites)} of {len(answers)}")
    written = chosen.out or ROOT / "benchmarks" / "mutation.json"
    written.parent.mkdir(parents=True, exist_ok=True)
    written.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n")
    if not chosen.out:
        (ROOT / "docs" / "mutation.md").write_text(report.page(result))


# What can be drawn


def possible() -> tuple[list[Mutant], int, list[dict[str, str]]]:
    """All faults but those listed as equivalent, how many these are, and what is listed but no longer there."""
    found: list[Mutant] = []
    for folder in MODEL:
        for path in sorted((ROOT / folder).rglob("*.py")):
            found += mutants_of(str(path.relative_to(ROOT)), path.read_bytes())
    listed = tomllib.loads((Path(__file__).parent / "equivalent.toml").read_text()).get("mutant", [])
    names = {"/".join(one[key] for key in ("file", "function", "original", "mutated")): one for one in listed}
    here = {one.name for one in found}
    stale = [one for name, one in names.items() if name not in here]
    return [one for one in found if one.name not in names], len(names) - len(stale), stale


def caught_before(earlier: list[dict[str, Any]], mutants: list[Mutant]) -> list[dict[str, Any]]:
    """Answers of an earlier result, perhaps an interrupted one, that need not be asked for again."""
    names = {one.name for one in mutants}
    return [one for one in earlier if one["name"] in names and one["tests"]["caught"]]


def revision() -> str:
    """Commit of the tree, with a plus if the model or its tests have changed since."""
    git = ["git", "-C", str(ROOT)]
    commit = subprocess.run([*git, "rev-parse", "--short", "HEAD"], capture_output=True, text=True).stdout.strip()
    changed = subprocess.run([*git, "status", "--porcelain", "--", *MODEL, "tests"], capture_output=True, text=True)
    return commit + "+" * bool(changed.stdout.strip())


# Which tests see what


def seen_lines(copies: Sequence[Path]) -> dict[str, Seen]:
    """Lines that each test of each suite runs: measured once for what the files hold, kept in build/."""
    kept = ROOT / "build" / f"mutation-{_fingerprint()}.json"
    if not kept.exists():
        with ThreadPoolExecutor(len(SUITES)) as threads:
            measured = threads.map(_measured, SUITES, (copies[0], copies[-1]))
            seen = dict(zip(SUITES, measured, strict=True))
        kept.parent.mkdir(exist_ok=True)
        kept.write_text(json.dumps(seen))
    known: dict[str, Seen] = json.loads(kept.read_text())
    for suite, seen in known.items():
        print(f"{suite}: {len(seen['seconds'])} tests, without a fault these fail: {seen['failed'] or 'none'}")
    return known


def _fingerprint() -> str:
    digest = hashlib.blake2b(digest_size=8)
    for folder in (*MODEL, "config", "tests"):
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in (".py", ".toml", ".csv"):
                digest.update(str(path.relative_to(ROOT)).encode() + path.read_bytes())
    return digest.hexdigest()


def _measured(suite: str, copy: Path) -> Seen:
    where = copy / f"seen-{suite}.json"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "tests.mutation.seeing",
               "--hypothesis-seed=0", *SUITES[suite]]  # fmt: skip
    environment = os.environ | {"MUTATION_SEEN": str(where), "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    run = subprocess.run(command, cwd=copy, env=environment, capture_output=True, text=True)
    if not where.exists():
        raise RuntimeError(f"{suite} could not be run:\n{run.stdout}{run.stderr}")
    seen: Seen = json.loads(where.read_text())
    return seen


def selected(mutant: Mutant, seen: Seen) -> list[str]:
    """Tests that run a line of the statement, quick files first; what is run at import is seen by all."""
    working = [test for test in seen["seconds"] if test not in seen["failed"]]
    if mutant.lines != AT_IMPORT:
        lines = seen["lines"].get(mutant.file, {})
        by = {test for line in range(mutant.lines[0], mutant.lines[1] + 1) for test in lines.get(str(line), ())}
        working = [test for test in working if not by.isdisjoint(seen["needs"][test])]
    time_of: dict[str, float] = {}
    for test in working:
        time_of[test.split("::")[0]] = time_of.get(test.split("::")[0], 0.0) + seen["seconds"][test]
    return sorted(working, key=lambda test: time_of[test.split("::")[0]])


# Asking


class Worker:
    """A process that runs tests in a copy."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process

    def ask(self, job: dict[str, Any]) -> dict[str, Any]:
        """Its answer to one job."""
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(json.dumps(job) + "\n")
        self.process.stdin.flush()
        answer: dict[str, Any] = json.loads(self.process.stdout.readline() or '{"error": "the worker ended"}')
        if "error" in answer:
            raise RuntimeError(f"{job['file']}: {answer['error']}")
        return answer


@contextmanager
def worker(copy: Path) -> Iterator[Worker]:
    """A worker in a copy of the tree, ended at last."""
    environment = os.environ | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "PYTHONPATH": str(copy)}
    command = [sys.executable, "-m", "tests.mutation.worker"]
    with subprocess.Popen(
        command, cwd=copy, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield Worker(process)
        finally:
            process.terminate()


def check(free: SimpleQueue[Worker]) -> None:
    """A fault that nobody can miss must be caught by both suites: it is the copy that is imported."""
    one = free.get()
    for suite, test in (("tests", "tests/simulation"), ("twin", SUITES["twin"][0])):
        job = {"file": "agents/__init__.py", "text": "raise RuntimeError('fault')\n", "tests": [test], "lanes": None}
        if not one.ask(job | {"seconds": 120})["caught"]:
            raise RuntimeError(f"{suite} do not import the copy")
    free.put(one)


def asked(
    mutant: Mutant, seen: dict[str, Seen], free: SimpleQueue[Worker], patience: float, before: list[dict[str, Any]]
) -> dict[str, Any]:
    """What both suites say to a fault: first the tests that have caught its neighbours, then all that see it."""
    one = free.get()
    try:
        source = (ROOT / mutant.file).read_bytes()
        answer: dict[str, Any] = {
            "name": mutant.name,
            "file": mutant.file,
            "line": source[: mutant.start].count(b"\n") + 1,
            "function": mutant.function,
            "kind": mutant.kind,
            "original": mutant.original,
            "mutated": mutant.mutated,
        }
        text = mutant.apply(source).decode()
        for suite in SUITES:
            began, tests = time.monotonic(), selected(mutant, seen[suite])
            lanes: Sequence[int] | None = ONE_LANE if suite == "twin" else None
            quick = [test for test in tests if any(case in test for case in QUICK)]
            if suite == "tests":
                quick = neighbours(mutant.file, tests, before)
                tests = [test for test in tests if test not in quick]
            answer[suite] = {"caught": False, "by": ""}
            for some in (quick, tests):
                if some and not answer[suite]["caught"]:
                    seconds = patience + TIMES_AS_LONG * sum(seen[suite]["seconds"][test] for test in some)
                    job = {"file": mutant.file, "text": text, "tests": some, "lanes": lanes, "seconds": seconds}
                    answer[suite] = one.ask(job)
            answer[suite] |= {
                "asked": len(selected(mutant, seen[suite])),
                "seconds": round(time.monotonic() - began, 1),
            }
        return answer
    finally:
        free.put(one)


def neighbours(file: str, tests: Sequence[str], before: Sequence[dict[str, Any]]) -> list[str]:
    """Those of the tests that have caught most faults of this file so far."""
    counts = Counter(one["tests"]["by"] for one in before if one["file"] == file)
    return [test for test, _ in counts.most_common() if test in tests][:FAVOURITES]


if __name__ == "__main__":
    main()
