"""Runs tests against one fault at a time, in a copy of the tree: `python -m tests.mutation.worker` in the copy.

One line of JSON in, one out. What is heavy and cannot be mutated is imported once; each fault is met by a fork of this
process, so that nothing is left of it. A test fails at its first falsifying example: nobody wants it made small.
"""

from __future__ import annotations

import functools
import importlib
import json
import os
import resource
import select
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from hypothesis.errors import HypothesisException

HEAVY = ("numpy", "pandas", "mesa", "pydantic", "hypothesis.strategies", "config")
IMPORTED_ONCE = "ignore::pytest.PytestAssertRewriteWarning"
MEMORY = 6 << 30
"""Bytes that a fault may ask for."""


class FirstFailure:
    """Runs the tests asked for, quick files first, and tells the first that fails."""

    def __init__(self, tests: Sequence[str], report: int, lanes: Sequence[int] | None) -> None:
        self.tests, self.report, self.lanes = set(tests), report, lanes

    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        config.hook.pytest_deselected(items=[item for item in items if item.nodeid not in self.tests])
        items[:] = [item for item in items if item.nodeid in self.tests]
        for item in items:
            function = getattr(item, "obj", None)
            if function is not None and hypothesis.is_hypothesis_test(function):
                function.hypothesis.inner_test = self._at_first(item.nodeid, function.hypothesis.inner_test)
            if self.lanes is not None and hasattr(getattr(item, "module", None), "LANES"):
                item.module.LANES = tuple(self.lanes)  # type: ignore[attr-defined]

    def _at_first(self, nodeid: str, test: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(test)
        def run(*args: Any, **kwargs: Any) -> None:
            try:
                test(*args, **kwargs)
            except HypothesisException:
                raise
            except Exception:
                self._tell(nodeid)
                os._exit(1)

        return run

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self._tell(report.nodeid)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self._tell(report.nodeid)

    def _tell(self, nodeid: str) -> None:
        os.write(self.report, nodeid.encode() + b"\n")


def tested(tests: Sequence[str], report: int, lanes: Sequence[int] | None) -> int:
    """Run tests in this process: pytest's exit code."""
    files = list(dict.fromkeys(test.split("::")[0] for test in tests))
    options = ["-x", "-q", "-p", "no:cacheprovider", "-W", IMPORTED_ONCE, "--hypothesis-seed=0", *files]
    return int(pytest.main(options, plugins=[FirstFailure(tests, report, lanes)]))


def verdict(tests: Sequence[str], seconds: float, lanes: Sequence[int] | None) -> dict[str, Any]:
    """Run tests in a fork: whether the fault is caught, by which test or how."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        code = 70
        try:
            os.setsid()
            resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
            nothing = os.open(os.devnull, os.O_RDWR)
            for stream in range(3):
                os.dup2(nothing, stream)
            code = tested(tests, writing, lanes)
        finally:
            os._exit(code)
    os.close(writing)
    ended = bool(select.select([reading], [], [], seconds)[0])
    told = os.read(reading, 4096).decode().split("\n")[0] if ended else "timeout"
    os.close(reading)
    if told:  # nothing that it still does is of interest
        os.killpg(child, signal.SIGKILL)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if told or code < 0:
        return {"caught": True, "by": told or "crash"}
    return {"caught": False, "by": ""} if code == 0 else {"error": f"pytest ended with {code}, and named no test"}


def with_fault(job: dict[str, Any]) -> dict[str, Any]:
    """Put the fault in, run the tests, take it out."""
    path = Path(job["file"])
    original = path.read_bytes()
    try:
        if job["text"] is not None:
            path.write_text(job["text"], encoding="utf-8")
        for stale in path.parent.glob(f"__pycache__/{path.stem}.*.pyc"):
            stale.unlink()
        return verdict(job["tests"], job["seconds"], job["lanes"])
    finally:
        path.write_bytes(original)


def keep_calm() -> None:
    """Let no test of cases fail for want of time: a fault must not be caught because the machine is busy."""
    checks = list(hypothesis.HealthCheck)
    hypothesis.settings.register_profile("mutation", deadline=None, suppress_health_check=checks, database=None)
    hypothesis.settings.load_profile("mutation")


def main() -> None:
    """Answer until there is nothing more to read."""
    sys.dont_write_bytecode = True
    keep_calm()
    for name in HEAVY:
        importlib.import_module(name)
    imported = Path(importlib.import_module("config").__file__ or "").resolve()
    if not imported.is_relative_to(Path.cwd().resolve()):
        raise RuntimeError(f"the model is imported from {imported}, not from the copy")
    for line in sys.stdin:
        print(json.dumps(with_fault(json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
