"""The scalar Mesa model under Mesa's own batch_run, with one process and with two."""

from functools import partial
from typing import Any

import mesa
from mesa.batchrunner import batch_run

from benchmarks.rivals.scalar import OUTCOMES, ScalarPartnership
from benchmarks.rivals.timing import QUICK, timed

RUNS = 400
SEED = 1


def measure(rounds: int, quick: bool = False) -> dict[str, Any]:
    """Runs of `outlook` without a policy, whole horizon; results stay in memory."""
    return measure_model(ScalarPartnership, "scalar Mesa model, batch_run", QUICK if quick else RUNS, rounds)


def measure_model(model: type[mesa.Model], name: str, runs: int, rounds: int) -> dict[str, Any]:
    """A model that takes a scenario, a policy, a run and a seed, with one process and with two."""
    play(model, 2)  # what is read once does not count; new processes read it again
    return {
        "name": name,
        "records": [*OUTCOMES, "by quarter"],
        "measured": [
            {"processes": processes, **timed(partial(play, model, processes=processes), runs, rounds)}
            for processes in (1, 2)
        ],
    }


def play(model: type[mesa.Model], runs: int, processes: int = 1) -> list[dict[str, Any]]:
    """The first so many runs: a row for each quarter of each run."""
    rows: list[dict[str, Any]] = batch_run(
        model,
        parameters={"scenario": "outlook", "policy": "none", "run": range(runs), "seed": SEED},
        number_processes=processes,
        iterations=1,
        data_collection_period=1,
        display_progress=False,
    )
    return rows
