"""What a benchmark notes beside its time is printed with the table."""

from typing import Any

import pytest


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """One line for each figure noted."""
    session = getattr(config, "_benchmarksession", None)
    for bench in getattr(session, "benchmarks", []):
        if bench.extra_info:
            terminalreporter.write_line(bench.name)
            for name, figure in bench.extra_info.items():
                terminalreporter.write_line(f"    {name}: {figure}")
