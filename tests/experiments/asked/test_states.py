"""Lead states and spoilers in an invented world, in which it is known what every state is worth."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from config import load_experiment
from config.calendar import quarter_index
from experiments import load
from experiments.analysis.states import state_of
from experiments.asked import lead_states, spoilers
from experiments.figures.style import WIDTH
from experiments.running import Lanes, Simulated, run_experiment
from experiments.store import Results

WORTH = {"DEU": 0.02, "FRA": 0.03, "MLT": 0.04}
"""What a unit of stance is worth in each state; 0.001 elsewhere."""
EXERCISES, STRATEGY = 0.005, 0.002
RUNS = 25


def simulate(settings: Any, lanes: Lanes, seed: int, record: Any) -> Simulated:
    """Depth from luck and what is changed; a spoiler stops something in every run; a framework where depth is high."""
    assert lanes.points is not None
    values = {**lanes.changes, **lanes.given}
    weight = {"stance_mean": 0.0, "strategy": STRATEGY}
    depth = 0.4 + 0.1 * np.sin(7.0 * lanes.runs) + 0.0001 * np.sin(5.0 * lanes.runs + lanes.points)
    for name, value in values.items():
        unit = weight.get(name.split(".")[-1], EXERCISES)
        depth = depth + (WORTH.get(str(state_of(name)), 0.001) if unit == 0 else unit) * value
    who = {"run": lanes.runs, "point": lanes.points}
    last = np.full(len(lanes), settings.until)
    ends = {**who, "quarter": last, "operational_depth": depth, "declared_depth": depth + 0.2,
            "operational_depth_equal": depth, "gap": np.full(len(lanes), 0.2)}  # fmt: skip
    spoils = np.repeat([min(0.0, *map(float, lanes.changes.values())) < 0], len(lanes))
    vetoes = {**{name: of[spoils] for name, of in who.items()}, "quarter": last[spoils],
              "subject": np.full(spoils.sum(), "russia", dtype=object),
              "actor": np.full(spoils.sum(), "MLT", dtype=object)}  # fmt: skip
    deep = depth > 0.45
    what = {"partner": "EU", "instrument": "operational_framework", "stage": "in_force"}
    changes = {**{name: of[deep] for name, of in who.items()}, "quarter": last[deep],
               **{name: np.full(deep.sum(), value, dtype=object) for name, value in what.items()}}  # fmt: skip
    runs = {**who, "regime": np.full(len(lanes), "functional", dtype=object), **lanes.given}
    tables = {"ends": ends, "vetoes": vetoes, "transitions": changes, "runs": runs}
    return {name: tables[name] for name in (*record, "runs")}, {}, {"pressures": 0.001}


def asked(name: str, folder: Path) -> Results:
    run_experiment(load_experiment(name, runs=RUNS), folder, workers=1, simulate=simulate)
    return load(folder)


@pytest.fixture(scope="module")
def leading(tmp_path_factory: pytest.TempPathFactory) -> Results:
    return asked("lead_states", tmp_path_factory.mktemp("lead_states"))


@pytest.fixture(scope="module")
def spoiling(tmp_path_factory: pytest.TempPathFactory) -> Results:
    return asked("spoilers", tmp_path_factory.mktemp("spoilers"))


def of(table: pd.DataFrame, change: str, measure: str = "operational_depth") -> pd.DataFrame:
    return table[(table["change"] == change) & (table["measure"] == measure)].set_index("state")


def test_every_state_leads_leaves_and_does_each_part_that_it_does_not_do_anyway(leading: Results) -> None:
    effects = lead_states.tables(leading)["effects"]
    states = {change: set(part["state"]) for change, part in effects.groupby("change")}
    every = {"DEU", "ESP", "FRA", "ITA", "NLD", "SWE"}
    assert states == {"leads": every, "leaves": every, "government": every, "exercises": every,
                      "strategy": {"ESP", "ITA", "SWE"}}  # fmt: skip


def test_leading_is_worth_what_its_parts_are(leading: Results) -> None:
    effects = lead_states.tables(leading)["effects"]
    leads, leaves = of(effects, "leads"), of(effects, "leaves")
    assert leads["mean"]["FRA"] == pytest.approx(1.2 * WORTH["FRA"] + EXERCISES, abs=1e-4)
    assert leads["mean"]["ITA"] == pytest.approx(1.2 * 0.001 + EXERCISES + STRATEGY, abs=1e-4)
    assert leaves["mean"]["DEU"] == pytest.approx(-1.2 * WORTH["DEU"] - STRATEGY, abs=1e-4)
    assert (leads["rank"]["FRA"], leads["rank"]["DEU"]) == (1, 2)
    assert leads["sure"].all()
    assert of(effects, "strategy")["mean"]["ESP"] == pytest.approx(STRATEGY, abs=1e-4)


def test_spoilers_and_friends_of_all_members_are_told_apart(spoiling: Results) -> None:
    effects = spoilers.tables(spoiling)["effects"]
    worse, better = of(effects, "spoiler"), of(effects, "friend")
    assert len(worse) == len(better) == 27
    assert worse["mean"]["MLT"] == pytest.approx(-1.2 * WORTH["MLT"], abs=1e-4)
    assert better["mean"]["MLT"] == pytest.approx(1.2 * WORTH["MLT"], abs=1e-4)
    years = (quarter_index("2040Q4") - quarter_index("2026Q3") + 1) / 4
    assert of(effects, "spoiler", "vetoes_per_year")["mean"].to_numpy() == pytest.approx(1 / years)
    assert (of(effects, "friend", "vetoes_per_year")["mean"] == 0).all()
    assert of(effects, "spoiler", "operational_framework")["mean"]["MLT"] < 0


@pytest.mark.parametrize("name", ["lead_states", "spoilers"])
def test_the_answer_is_told_and_drawn(name: str, leading: Results, spoiling: Results) -> None:
    module, results = (lead_states, leading) if name == "lead_states" else (spoilers, spoiling)
    tables = module.tables(results)  # type: ignore[attr-defined]
    said = module.sentences(tables, results)  # type: ignore[attr-defined]
    first = "France" if name == "lead_states" else "Malta"
    assert first in said[0] and "place 1" in said[0]
    assert "chance alone would give" in " ".join(said[-1].split())
    figures = dict(module.pictures(tables, results))  # type: ignore[attr-defined]
    assert all(figure.get_figwidth() == WIDTH for figure in figures.values())
    names = [label.get_text() for label in figures["states"].axes[1].get_yticklabels()]
    assert names[0] == first
