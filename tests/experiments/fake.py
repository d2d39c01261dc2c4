"""A world small enough to test the machinery on: every number is a plain function of policy, seed, run and quarter."""

import os
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from config.calendar import quarter_index
from config.schema import Experiment
from experiments import provenance, running
from experiments.running import Lanes, Simulated
from experiments.store import Pair

PARTNERS = np.array(["EU", "DEU"], dtype=object)
INSTRUMENTS = np.array(["naval_exercise", "acsa"], dtype=object)
STAGES = np.array(["signed", "in_force"], dtype=object)
REGIMES = np.array(["symbolic", "functional", "strategic"], dtype=object)


@dataclass(frozen=True)
class FakeSettings:
    """As much of the settings as running and the fake need."""

    shift: float
    until: int
    parameters: Mapping[str, Any] = field(default_factory=dict)
    start: int = quarter_index("2026Q3")

    def fingerprint(self) -> str:
        return f"{self.shift} {self.until}"

    def model_dump_json(self, by_alias: bool) -> str:
        return f'{{"shift": {self.shift}}}'


def settings_of(experiment: Experiment, pair: Pair) -> FakeSettings:
    draw = "uniform" if pair.policy == "none" else None
    parameters = {"attention.link": SimpleNamespace(value=0.5, draw=draw)}
    return FakeSettings(float(len(pair.policy)), experiment.until or quarter_index("2027Q4"), parameters)


def use(change: Callable[[object, str, object], None]) -> None:
    """Let `change`, such as setattr, put this world in place of the real one; edits of the real rules do not count."""
    change(running, "settings_of", settings_of)
    change(provenance, "fingerprint_of_rules", lambda: "rules of the small world")


def experiment(**other: Any) -> Experiment:
    content = {
        "name": "small",
        "question": 'What does a "small" world do?',
        "scenarios": ("outlook",),
        "policies": ("none", "dialogue+framework", "framework"),
        "runs": 40,
        "seed": 7,
        "set": {"attention.link": {"low": 0.2, "high": 1.0}},
    }
    return Experiment.model_validate({**content, **other}, strict=False)


def simulate(settings: FakeSettings, lanes: Lanes, seed: int, record: Sequence[str]) -> Simulated:
    """Rows like those of the model; of its tables transitions come unsorted, to see that they are sorted."""
    runs = lanes.runs
    quarters = np.arange(settings.start, settings.until + 1)
    run, quarter = np.repeat(runs, len(quarters)), np.tile(quarters, len(runs))
    depth = np.abs(np.sin(run * 12.9898 + quarter * 78.233 + seed + settings.shift))
    reached = np.flatnonzero(depth > 0.8)[::-1]
    reached = reached[np.lexsort((run[reached], quarter[reached]))]
    link = np.abs(np.cos(runs + seed))
    tables = {
        "trajectories": {"run": run, "quarter": quarter, "operational_depth": depth, "vetoes": run % 3},
        "transitions": {
            "run": run[reached],
            "quarter": quarter[reached].astype(np.int16),
            "partner": PARTNERS[run[reached] % 2],
            "instrument": INSTRUMENTS[quarter[reached] % 2],
            "stage": STAGES[run[reached] % 2],
        },
        "runs": {"run": runs, "regime": REGIMES[(link * 3).astype(int)]}
        | ({"attention.link": link} if settings.parameters["attention.link"].draw else {}),
    }
    order = {"partner": PARTNERS.tolist(), "stage": STAGES.tolist(), "regime": REGIMES.tolist()}
    return {name: tables[name] for name in (*record, "runs")}, order, {"pressures": 0.001}


def divide_by_zero(settings: FakeSettings, lanes: Lanes, seed: int, record: Sequence[str]) -> Simulated:
    np.ones(1) / np.zeros(1)
    return simulate(settings, lanes, seed, record)


def fails_at_7_and_31(settings: FakeSettings, lanes: Lanes, seed: int, record: Sequence[str]) -> Simulated:
    """Run 7 divides by zero, run 31 writes down what is no number."""
    np.ones(len(lanes)) / (lanes.runs != 7)
    tables, order, seconds = simulate(settings, lanes, seed, record)
    rows = tables["trajectories"]
    lost = (rows["run"] == 31) & (rows["quarter"] == quarter_index("2027Q1"))
    vetoes = np.where(lost, np.nan, rows["vetoes"]) if lost.any() else rows["vetoes"]
    return {**tables, "trajectories": {**rows, "vetoes": vetoes}}, order, seconds


def breaks_a_rule(settings: FakeSettings, lanes: Lanes, seed: int, record: Sequence[str]) -> Simulated:
    """A fault of ours, which no run is to blame for."""
    raise LookupError("there is no such rung")


def interrupted_at_20(settings: FakeSettings, lanes: Lanes, seed: int, record: Sequence[str]) -> Simulated:
    """Somebody presses Ctrl-C while the runs from 20 on are computed."""
    if lanes.runs[0] >= 20:
        raise KeyboardInterrupt
    return simulate(settings, lanes, seed, record)


def slowly(settings: FakeSettings, lanes: Lanes, seed: int, record: Sequence[str]) -> Simulated:
    """Takes a while from run 10 on, and says so in a file when it begins."""
    if lanes.runs[0] >= 10:
        Path(os.environ["FAKE_STARTED"]).touch()
        time.sleep(0.2 if len(lanes) > 1 else 0.02)
    return simulate(settings, lanes, seed, record)


def until_told(settings: FakeSettings, lanes: Lanes, seed: int, record: Sequence[str]) -> Simulated:
    """From run 10 on waits for a file, and says so in another when it begins."""
    if lanes.runs[0] >= 10:
        Path(os.environ["FAKE_STARTED"]).touch()
        while not Path(os.environ["FAKE_STARTED"]).with_name("go").exists():
            time.sleep(0.01)
    return simulate(settings, lanes, seed, record)


def killed_once(settings: FakeSettings, lanes: Lanes, seed: int, record: Sequence[str]) -> Simulated:
    """The process is killed while the runs from 20 on are computed, the first time that somebody tries."""
    if lanes.runs[0] >= 20 and not Path(os.environ["FAKE_STARTED"]).exists():
        Path(os.environ["FAKE_STARTED"]).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return simulate(settings, lanes, seed, record)


def killed_always(settings: FakeSettings, lanes: Lanes, seed: int, record: Sequence[str]) -> Simulated:
    """As if the runs from 20 on needed more memory than there is."""
    if lanes.runs[0] >= 20:
        os.kill(os.getpid(), signal.SIGKILL)
    return simulate(settings, lanes, seed, record)


def whatever(settings: Any, lanes: Lanes, seed: int, record: Sequence[str]) -> Simulated:
    """One row per run and table, whatever the settings."""
    return {name: {"run": lanes.runs} for name in (*record, "runs")}, {}, {}
