"""What the report of the benchmarks says follows from what was measured."""

import json
import math
from pathlib import Path
from typing import Any

import pytest

from benchmarks import report
from benchmarks.__main__ import machine
from benchmarks.scaling import exponent, with_instruments, with_quarters, with_states
from config import resolve
from simulation.model import PartnershipModel


def command(runs: int, workers: int, seconds: float) -> dict[str, Any]:
    """A command of which a tenth of the time comes after the last block."""
    parts = {"first": {"seconds": [1.0]}, "simulated": {"seconds": [0.9 * seconds]}}
    made = {"runs": runs, "workers": workers, "record": "trajectories", "seconds": [seconds]}
    return {**made, **parts, "peak_mb": [300.0, 310.0], "disk_mb": 7.0}


def block(width: int) -> dict[str, Any]:
    phases = {"negotiate": {"seconds": [0.3, 0.4, 0.2]}, "set up": {"seconds": [0.1, 0.1, 0.1]}}
    memory = {"rest_mb": [150.0], "peak_mb": [190.0]}
    return {"runs": width, "width": width, "workers": 1, "seconds": [0.4, 0.5, 0.6], "phases": phases, **memory}


def results() -> dict[str, Any]:
    """Of everything a little, with round numbers."""
    parts = {name: {"seconds": [0.3]} for name in report.COVERED}
    return {
        "machine": machine(),
        "rounds": 1,
        "ours": {
            "command": [command(10**n, workers, 10**n / 1000 / workers) for n in range(6) for workers in (1, 2)],
            "summary": [command(10_000, 2, 5.0)],
            "model": [block(1), block(1000)],
            "blocks": [block(256), block(1024)],
        },
        "floor": {
            "runs": 1000, "names": 454, "quarters": 58, "model": {"seconds": [2.0]}, "draws": {"seconds": [0.1]},
            "covered": parts, "compiled": {name: {"seconds": [0.2]} for name in parts},
        },
        "scaling": {
            kind: {"sizes": [{"size": 27, "seconds": [1.0]}], "exponent": {"b": b, "standard_error": None}}
            for kind, b in (("member states", 1.05), ("instruments", 1.3))
        },
        "cold": {"partnership --help": {"seconds": [0.2]}, "partnership replay results --run 3": {"seconds": [3.5]}},
        "rivals.batch": [{"runs": 20, "seconds": [1.0, 2.0, 3.0]}, {"runs": 20, "processes": 2, "seconds": [1.0]}],
        "rivals.one_by_one": {"alone": {"runs": 10, "seconds": [2.0]}},
        "rivals.workbench": {"missing": "ema_workbench"},
    }  # fmt: skip


def aims(measured: dict[str, Any]) -> dict[str, tuple[str, bool | None]]:
    return {aim.what: (aim.measured, aim.reached) for aim in report.aims(measured)}


def test_aims_are_held_against_what_was_measured() -> None:
    found = aims(results())
    assert found["as fast as the scalar Mesa model under batch_run, 1 worker"] == ("111 times", True)
    assert found["as fast as the scalar Mesa model under batch_run, 2 workers"] == ("111 times", True)
    speeds = [(aim.aimed, aim.measured, aim.reached) for aim in report.aims(results()) if "10,000" in aim.what]
    assert speeds == [("at least 2,000", "2,222", True), ("3,000", "2,222", False)]
    assert found["time over that of the compiled kernel, where it covers"] == ("1.50", True)
    assert found["share of chance in the model's time"] == ("5.00 %", True)
    assert found["exponent of cost in runs, from 1,000"] == ("1.00", True)
    assert found["exponent of cost in instruments"] == ("1.30", False)
    assert found["`partnership --help`, cold"] == ("0.200 s", True)
    assert found["`partnership replay`, cold"] == ("3.50 s", False)


def test_a_rival_is_taken_at_its_best() -> None:
    measured = results()
    measured["rivals.batch"] = [{"runs": 20, "seconds": [2.0], "further_runs_per_second": 20.0}]
    assert aims(measured)["as fast as the scalar Mesa model under batch_run, 1 worker"] == ("55.6 times", False)


def test_nothing_is_reached_that_was_not_measured() -> None:
    bare = {"machine": machine(), "rounds": 1}
    assert {reached for _, reached in aims(bare).values()} == {None}
    assert report.page(bare).count("Not measured.") == 8


def test_the_page_tells_minimum_median_and_spread_and_what_is_missing(tmp_path: Path) -> None:
    report.write(results(), tmp_path)
    page = (tmp_path / "RESULTS.md").read_text(encoding="utf-8")
    assert "| scalar Mesa model, batch_run | 20 | 1 | 1.00 | 2.00 | 2.00 | 10.0 | 10.0 | 111 × | 100 × |" in page
    assert "EMA Workbench: not measured, ema_workbench is not installed" in page
    assert "| `negotiate` | 293 | 75 % |" in page
    assert "| all that the kernel covers |" in page
    assert (tmp_path / "pictures" / "speed.png").stat().st_size > 10_000


def test_the_report_is_of_what_was_kept(tmp_path: Path) -> None:
    assert report.page(json.loads(json.dumps(results()))) == report.page(results())


def test_an_exponent_is_the_slope_of_logarithms() -> None:
    slope, error = exponent([(size, 3 * size**1.5) for size in (1, 2, 5, 9)])
    assert slope == pytest.approx(1.5) and error == pytest.approx(0.0, abs=1e-9)
    assert exponent([(1, 1.0), (math.e, math.e**2)]) == (pytest.approx(2.0), None)


def test_larger_worlds_have_copies_of_what_is_there() -> None:
    settings = resolve("outlook", "none")
    larger = with_quarters(with_instruments(with_states(settings, 2), 2), 2)
    model = PartnershipModel(larger, range(2), 1)
    model.step()
    assert len(model.member_states.rows) == 54
    assert len(model.partnership.catalogue) == 46
    assert larger.until - larger.start + 1 == 2 * (settings.until - settings.start + 1)
    assert (model.partnership.in_force[:23] == model.partnership.in_force[23:]).mean() > 0.9
