"""Peak memory of 10,000 recorded runs, measured in a process of its own."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not tell peak memory this way")
@pytest.mark.parametrize("workers", [1, 2])
def test_ten_thousand_recorded_runs(benchmark: Any, workers: int) -> None:
    command = [sys.executable, "-m", "benchmarks.memory", "10000", str(workers)]

    def measure() -> dict[str, object]:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
        told: dict[str, object] = json.loads(done.stdout)
        return told

    benchmark.extra_info.update(benchmark.pedantic(measure, rounds=1))
