"""From a results folder on disk to the answer and the figures, with invented histories in place of the model's."""

from collections.abc import Sequence
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from config.loading import load_experiment
from experiments.analysis.reading import findings
from experiments.figures import draw_all
from experiments.report import answer
from experiments.running import Lanes, Simulated, run_experiment


def invented(settings: Any, lanes: Lanes, seed: int, record: Sequence[str]) -> Simulated:
    """Depth grows with the strength of the dialogue; every second run brings the information agreement into force."""
    runs = lanes.runs
    quarters = np.arange(settings.start, settings.until + 1)
    run, quarter = np.repeat(runs, len(quarters)), np.tile(quarters, len(runs))
    strength = np.abs(np.sin(np.array(runs) * 12.9898 + seed)) * 2
    pays = settings.policy.name == "dialogue"
    depth = 0.2 + 0.001 * (quarter - settings.start) + pays * 0.02 * np.repeat(strength - 0.5, len(quarters))
    half = np.array(runs)[np.array(runs) % 2 == 0]
    tables = {
        "trajectories": {
            "run": run, "quarter": quarter, "operational_depth": depth, "declared_depth": depth + 0.2,
            "gap": np.full(len(run), 0.2),
        },
        "transitions": {
            "run": half, "quarter": np.full(len(half), settings.start + 4), "partner": np.full(len(half), "EU"),
            "instrument": np.full(len(half), "security_of_information"), "stage": np.full(len(half), "in_force"),
        },
        "actors": {
            "run": np.repeat(run, 2), "quarter": np.repeat(quarter, 2), "actor": np.tile(["DEU", "JPN"], len(run)),
            "position": np.repeat(depth, 2),
        },
        "runs": {"run": np.array(runs), "regime": np.full(len(runs), "symbolic"), "levers.dialogue_strength": strength},
    }  # fmt: skip
    return {name: tables[name] for name in (*record, "runs")}, {}, {"pressures": 0.001}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("results") / "invented"
    question = load_experiment("remedies", runs=20, until="2031Q4")
    question = question.model_copy(
        update={"policies": ("none", "dialogue"), "record": ("trajectories", "transitions", "actors")}
    )
    run_experiment(question, place, workers=1, width=7, simulate=invented)
    return place


def test_the_answer_is_that_of_the_histories(folder: Path) -> None:
    found = findings(folder)
    agreed = found.dated.query("instrument == 'security_of_information' and policy == 'none'")
    assert list(agreed["share"]) == [0.5]
    even = found.break_evens.iloc[0]
    assert (even["verdict"], even["strength"]) == ("from", pytest.approx(0.5, abs=1e-6))
    out = StringIO()
    answer(folder, out)
    assert "from 0.5 " in out.getvalue()


def test_all_figures_land_in_the_folder_of_results(folder: Path) -> None:
    files = draw_all(folder)
    assert {file.parent for file in files} == {folder / "figures"}
    assert len(files) == 12


def failing(settings: Any, lanes: Lanes, seed: int, record: Sequence[str]) -> Simulated:
    """The same with positions at the end, but that dialogue makes three runs divide by zero."""
    bad = np.isin(lanes.runs, [3, 4, 5]) & (settings.policy.name == "dialogue")
    np.ones(len(bad)) / np.where(bad, 0.0, 1.0)
    tables, order, seconds = invented(settings, lanes, seed, record)
    positions = {"position_DEU": np.full(len(lanes), 0.25)}
    return {**tables, "runs": {**tables["runs"], **positions}}, order, seconds


def test_runs_that_failed_are_left_out_and_named_also_where_they_fill_a_block(tmp_path: Path) -> None:
    question = load_experiment("remedies", runs=20, until="2031Q4")
    question = question.model_copy(update={"policies": ("none", "dialogue")})
    run_experiment(question, tmp_path, workers=1, width=3, simulate=failing)
    found, out = findings(tmp_path), StringIO()
    assert dict(zip(found.positions["policy"], found.positions["runs"], strict=True)) == {"none": 20, "dialogue": 17}
    answer(tmp_path, out)
    text = " ".join(out.getvalue().split())
    assert "17 of 20 runs per policy" in text
    assert "3 of 20 runs failed with dialogue" in text and "run 5 (begin: divide by zero" in text
