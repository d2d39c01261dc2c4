"""Which tests see which lines: a plugin for one run of the suites as they are (`pytest -p tests.mutation.seeing`).

Line coverage with a context for each test, and for each thing that tests share: what a fixture of a module, or a cached
function of the tests, runs for the first that asks is seen by all that ask.
"""

from __future__ import annotations

import json
import os
import sys
from collections import defaultdict
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import coverage
import pytest

from tests.mutation.worker import keep_calm

WHERE = "MUTATION_SEEN"
"""Environment variable: the file to write."""


class Seeing:
    """Measures lines by context, which contexts each test needs, and how long it takes."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.seconds: dict[str, float] = defaultdict(float)
        self.failed: list[str] = []
        self.used: dict[str, set[str]] = defaultdict(set)
        self.contexts = ["import"]
        self.coverage = coverage.Coverage(data_file=None, source=["agents", "simulation"], config_file=False)
        self.coverage.start()

    @contextmanager
    def within(self, context: str) -> Iterator[None]:
        """Lines run here belong to the context, which the one around it needs."""
        self.used[self.contexts[-1]].add(context)
        self.contexts.append(context)
        self.coverage.switch_context(context)
        try:
            yield
        finally:
            self.contexts.pop()
            self.coverage.switch_context(self.contexts[-1])

    def pytest_collection_finish(self) -> None:
        known: dict[int, Cached] = {}
        folder = str(Path.cwd() / "tests")
        for module in list(sys.modules.values()):
            if str(getattr(module, "__file__", "")).startswith(folder):
                for attribute, value in list(vars(module).items()):
                    if hasattr(value, "cache_info"):
                        setattr(module, attribute, known.setdefault(id(value), Cached(value, self)))

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        for name in getattr(item, "fixturenames", ()):
            self.used[item.nodeid] |= {_shared(item.nodeid, name), _shared("", name)}
        with self.within(item.nodeid):
            return (yield)

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: Any, request: Any) -> Generator[None, object, object]:
        if fixturedef.scope == "function":
            return (yield)
        with self.within(_shared(request.node.nodeid, fixturedef.argname)):
            return (yield)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.seconds[report.nodeid] += report.duration
        if report.failed and report.nodeid not in self.failed:
            self.failed.append(report.nodeid)

    def pytest_sessionfinish(self) -> None:
        self.coverage.stop()
        data, root = self.coverage.get_data(), Path.cwd()
        lines: dict[str, dict[int, list[str]]] = {}
        for file in data.measured_files():
            lines[str(Path(file).relative_to(root))] = data.contexts_by_lineno(file)
        needs = {test: sorted(self._needs(test)) for test in self.seconds}
        seen = {"seconds": self.seconds, "failed": self.failed, "needs": needs, "lines": lines}
        self.path.write_text(json.dumps(seen))

    def _needs(self, context: str) -> set[str]:
        found, new = {context}, {context}
        while new:
            new = {other for one in new for other in self.used[one]} - found
            found |= new
        return found


class Cached:
    """A cached function of the tests: what it runs for one is seen by all that call it with the same."""

    def __init__(self, function: Any, seeing: Seeing) -> None:
        self.function, self.seeing = function, seeing
        self.known: set[str] = set()

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        context = f"{self.function.__module__}.{self.function.__name__}{args}{kwargs}"
        if context in self.known:
            self.seeing.used[self.seeing.contexts[-1]].add(context)
            return self.function(*args, **kwargs)
        self.known.add(context)
        with self.seeing.within(context):
            return self.function(*args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.function, name)


def _shared(nodeid: str, fixture: str) -> str:
    """Context of a fixture of a module, or of the session (whose node has no name)."""
    return f"{nodeid.split('::')[0]} shares {fixture}"


def pytest_configure(config: pytest.Config) -> None:
    keep_calm()
    config.pluginmanager.register(Seeing(Path(os.environ[WHERE])), "seeing")
