"""The shipped experiments in an invented world, in which it is known what every policy changes."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from config import load_experiment
from config.calendar import quarter_index
from experiments import load
from experiments.running import Lanes, Simulated, run_experiment
from experiments.store import Results

WORTH = {
    "dialogue": 0.10, "interoperability": 0.04, "indo_pacific_strategy": 0.06,
    "lift_attention": 0.12, "lift_framework": 0.05, "lift_fragmentation": 0.03, "lift_constitution": 0.01,
}  # fmt: skip
"""What each policy adds to operational depth by the end."""

TOGETHER = 0.02
"""What attention and framework, or dialogue and interoperability, add beyond their sum."""

PAIRS = ({"lift_attention", "lift_framework"}, {"dialogue", "interoperability"})
YEARLY = 0.01
"""What a remedy adds for every year since it began, where its date is given."""


def asked(name: str, folder: Path, runs: int = 30, **changes: Any) -> Results:
    """The results of a shipped experiment in this world."""
    question = load_experiment(name, runs=runs, until="2035Q4").model_copy(update=changes)
    run_experiment(question, folder, workers=1, simulate=simulate)
    return load(folder)


def simulate(settings: Any, lanes: Lanes, seed: int, record: Sequence[str]) -> Simulated:
    """Ends, and trajectories if asked for, that follow from luck, policy and dates of beginning."""
    pulled = set(settings.policy.name.split("+")) & set(WORTH)
    last, luck = settings.until, 0.3 + 0.1 * np.sin(7.0 * lanes.runs)
    own = 0.002 * np.sin(11.0 * lanes.runs + sum(map(len, pulled)) ** 2)
    worth = sum(WORTH[one] for one in pulled) + TOGETHER * sum(pair <= pulled for pair in PAIRS)
    quarters = np.arange(settings.start if "trajectories" in record else last, last + 1)
    begun = [quarter_index(date) for date in map(str, lanes.changes.values()) if date != "never"]
    years = sum(np.maximum(0, quarters + 1 - date) / 4 for date in begun) + np.zeros(len(quarters))
    depth = (luck + own + worth)[:, np.newaxis] + YEARLY * years * (1 + 0.1 * np.cos(5.0 * lanes.runs))[:, np.newaxis]
    who = {"run": lanes.runs} if lanes.points is None else {"point": lanes.points, "run": lanes.runs}
    rows = {name: np.repeat(numbers, len(quarters)) for name, numbers in who.items()}
    table = {
        **rows, "quarter": np.tile(quarters, len(lanes)), "declared_depth": depth.ravel() + 0.2,
        "operational_depth": depth.ravel(), "operational_depth_equal": depth.ravel() * 0.9,
        "gap": np.full(depth.size, 0.2),
    }  # fmt: skip
    drawn = {name: 1 + np.cos(3.0 * lanes.runs) for name, one in settings.parameters.items() if one.draw is not None}
    runs = {**who, "regime": np.full(len(lanes), "functional", dtype=object), **drawn, **lanes.given}
    tables = {name: table for name in ("trajectories", "ends") if name in record}
    return {**tables, "runs": runs}, {"regime": ["symbolic", "functional", "strategic"]}, {"pressures": 0.001}
