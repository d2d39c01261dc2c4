"""The scalar Mesa model under the EMA Workbench: two uncertain parameters, two policies, outcomes as time series."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from ema_workbench import (
    ArrayOutcome,
    IntegerParameter,
    Model,
    MultiprocessingEvaluator,
    Policy,
    RealParameter,
    SequentialEvaluator,
    TimeSeriesOutcome,
)
from numpy.typing import NDArray

from benchmarks.rivals.quick.world import script
from benchmarks.rivals.scalar import OUTCOMES, ScalarPartnership
from benchmarks.rivals.timing import QUICK, timed
from simulation.recorder import STAGES

RUNS = 400
MOST = 1_000_000
SEED = 1
POLICIES = ("none", "dialogue")
UNCERTAIN = ("attention.link", "council.acceptance")
SERIES = OUTCOMES[:-1]


def measure(rounds: int, quick: bool = False) -> dict[str, Any]:
    """Runs of `outlook`, half of them without a policy, half with dialogue, whole horizon; results stay in memory."""
    evaluators: dict[int, Callable[[], Any]] = {
        1: lambda: SequentialEvaluator(partnership()),
        2: lambda: MultiprocessingEvaluator(partnership(), n_processes=2),
    }
    play(evaluators[1], 2 * len(POLICIES))  # what is read once does not count; new processes read it again
    return {
        "name": "scalar Mesa model, EMA Workbench",
        "records": [*OUTCOMES, "by quarter"],
        "policies": POLICIES,
        "uncertain": UNCERTAIN,
        "measured": [
            {"processes": n, **timed(partial(play, evaluator), QUICK if quick else RUNS, rounds)}
            for n, evaluator in evaluators.items()
        ],
    }


def play(evaluator: Callable[[], Any], runs: int) -> tuple[Any, dict[str, NDArray[Any]]]:
    """Experiments and outcomes of so many runs, an even number, by Latin hypercube."""
    policies = [Policy(name, remedy=name) for name in POLICIES]
    with evaluator() as ready:
        found: tuple[Any, dict[str, NDArray[Any]]] = ready.perform_experiments(runs // len(policies), policies)
    return found


def partnership() -> Model:
    """The model as the workbench wants it: a function, what is uncertain (chance too, as a run), what comes out."""
    model = Model("partnership", function=simulate)
    model.uncertainties = [IntegerParameter("run", 0, MOST), *(uncertain_parameter(name) for name in UNCERTAIN)]
    model.outcomes = [*(TimeSeriesOutcome(name) for name in SERIES), ArrayOutcome("stages")]
    return model


def uncertain_parameter(name: str) -> RealParameter:
    """A parameter within the range it has in config/."""
    within = script("outlook", "none").settings.parameters[name].range
    assert within is not None
    return RealParameter(name.replace(".", "_"), *within)


def simulate(run: int, remedy: str, **uncertain: float) -> dict[str, NDArray[Any]]:
    """One history: the series, and the stage that each file has reached in each quarter, 0 for none yet."""
    given = {name: uncertain[name.replace(".", "_")] for name in UNCERTAIN}
    model = ScalarPartnership("outlook", remedy, run, SEED, given=given)
    model.run_model()
    found = {name: np.array(model.datacollector.model_vars[name]) for name in SERIES}
    rank = model.world.script.rank
    reached = np.zeros((model.steps, len(rank)), dtype=np.int8)
    for quarter, stages in enumerate(model.datacollector.model_vars["stages"]):
        for partner, instrument, stage in stages:
            reached[quarter:, rank[partner, instrument]] = 1 + STAGES.index(stage)
    return {**found, "stages": reached}
