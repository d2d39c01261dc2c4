"""Commands from a standing start, each a fresh process."""

import tempfile
from pathlib import Path
from typing import Any

from benchmarks.command import ask, partnership

RUNS = 8
"""Of the results that are replayed."""


def measure(rounds: int) -> dict[str, Any]:
    """Seconds of each command until it has ended."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        question = ask(folder, RUNS)
        partnership(folder, "run", question, "--out", "results", "--workers", "1")
        commands = (
            ("--help",),
            ("list",),
            ("check", question),
            ("replay", "results", "--run", "3"),
        )
        return {
            " ".join(("partnership", *arguments)): {
                "seconds": [partnership(folder, *arguments).seconds for _ in range(rounds)]
            }
            for arguments in commands
        }
