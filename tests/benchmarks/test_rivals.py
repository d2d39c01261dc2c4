"""What the model is compared with gives the same numbers to the bit, so that only speed differs."""

from collections.abc import Mapping, Sequence
from functools import cache
from gc import collect
from typing import Any
from weakref import ref

import mesa
import numpy as np
import pytest

from benchmarks.rivals import batch
from benchmarks.rivals.one_by_one import OneRun
from benchmarks.rivals.quick.council import ROUNDER
from benchmarks.rivals.scalar import NOTHING, OUTCOMES, ScalarPartnership
from benchmarks.rivals.timing import timed
from config import resolve
from simulation.model import PartnershipModel
from tests.twin.council import on_grid
from tests.twin.test_lanes import TOGETHER

SEED = 1
LANES = (0, 1, 17)
CASES = [
    ("outlook", "none", "2030Q4"),
    ("outlook", "lift_fragmentation", "2028Q4"),
    ("hindcast", "none", "2016Q4"),
    ("taiwan_crisis", TOGETHER, "2030Q4"),
]
GIVEN = {"attention.link": 0.35, "council.acceptance": 1.2}

Quarters = list[dict[str, Any]]


@cache
def block(scenario: str, policy: str, until: str | None, given: tuple[tuple[str, float], ...] = ()) -> dict[str, Any]:
    lanes = {name: np.full(len(LANES), value) for name, value in given}
    model = PartnershipModel(resolve(scenario, policy, until=until), LANES, SEED, given=lanes)
    model.run()
    return model.tables()


def lane(tables: Mapping[str, Any], run: int) -> Quarters:
    """What is compared of one run, quarter by quarter."""
    rows, changes = tables["trajectories"], tables["transitions"]
    columns = [rows[name][rows["run"] == run].tolist() for name in ("quarter", *OUTCOMES[:-1])]
    stages: dict[int, list[tuple[str, str, str]]] = {}
    here = changes["run"] == run
    changed = [changes[name][here].tolist() for name in ("quarter", "partner", "instrument", "stage")]
    for quarter, partner, instrument, stage in zip(*changed, strict=True):
        stages.setdefault(quarter, []).append((partner, instrument, stage))
    return [
        {**dict(zip(OUTCOMES[:-1], values, strict=True)), "stages": tuple(stages.get(quarter, ()))}
        for quarter, *values in zip(*columns, strict=True)
    ]


def collected(model: mesa.Model) -> Quarters:
    """The same of a model that was played to its end."""
    model.run_model()
    found = model.datacollector.model_vars
    return [dict(zip(OUTCOMES, values, strict=True)) for values in zip(*(found[n] for n in OUTCOMES), strict=True)]


def assert_same(found: Sequence[Mapping[str, Any]], wanted: Quarters) -> None:
    assert len(found) == len(wanted)
    for place, (one, other) in enumerate(zip(found, wanted, strict=True)):
        assert {name: one[name] for name in OUTCOMES} == other, f"quarter {place}"


@pytest.mark.parametrize(("scenario", "policy", "until"), CASES)
def test_scalar_model_equals_its_lanes(scenario: str, policy: str, until: str) -> None:
    for run in LANES:
        played = collected(ScalarPartnership(scenario, policy, run, SEED, until))
        assert_same(played, lane(block(scenario, policy, until), run))


def test_scalar_model_equals_its_lane_over_the_whole_horizon() -> None:
    assert_same(collected(ScalarPartnership("outlook", "none", 17, SEED)), lane(block("outlook", "none", None), 17))


def test_parameters_that_are_given_are_not_drawn() -> None:
    tables = block("outlook", "none", "2028Q4", tuple(GIVEN.items()))
    assert_same(collected(ScalarPartnership("outlook", "none", 1, SEED, "2028Q4", GIVEN)), lane(tables, 1))
    assert lane(tables, 1)[0] != lane(block("outlook", "none", "2030Q4"), 1)[0]


def test_a_run_does_not_notice_its_predecessors() -> None:
    """Names and dates are remembered between runs of a process; nothing else may be."""
    first = collected(ScalarPartnership(run=3, until="2029Q4"))
    collected(ScalarPartnership("hindcast", "none", 3, until="2012Q4"))
    collected(ScalarPartnership("outlook", "framework", 4, until="2029Q4", given=GIVEN))
    assert collected(ScalarPartnership(run=3, until="2029Q4")) == first


def test_what_must_be_the_same_in_all_runs_cannot_be_given() -> None:
    with pytest.raises(ValueError, match=r"positions\.speakers"):
        ScalarPartnership(given={**NOTHING, "positions.speakers": 3.0})


def test_a_model_that_has_ended_is_not_kept_in_memory() -> None:
    model = ScalarPartnership(until="2026Q4")
    model.run_model()
    known = ref(model)
    del model
    collect()
    assert known() is None


def test_actors_are_mesa_agents() -> None:
    model = ScalarPartnership()
    kinds = {kind.__name__: len(agents) for kind, agents in model.agents_by_type.items()}
    assert kinds == {"MemberState": 28, "Cabinet": 1, "EuropeanUnion": 1, "Instrument": 23, "Rung": 35,
                     "OutsidePressure": 4}  # fmt: skip


def test_our_model_with_one_run_equals_its_lane() -> None:
    wanted = lane(block("outlook", "none", None), 17)
    model = OneRun("outlook", "none", 17, SEED)
    for quarter in wanted[:12]:
        model.step()
        assert {name: model.datacollector.model_vars[name][-1] for name in OUTCOMES} == quarter


def test_batch_run_gives_every_quarter_of_every_run() -> None:
    rows = batch.play(ScalarPartnership, 2)
    wanted = block("outlook", "none", None)
    for run in (0, 1):
        assert_same([row for row in rows if row["run"] == run], lane(wanted, run))


def test_workbench_gives_what_the_model_gives() -> None:
    pytest.importorskip("ema_workbench")
    from benchmarks.rivals import workbench

    given = {name.replace(".", "_"): value for name, value in GIVEN.items()}
    found = workbench.simulate(17, "dialogue", **given)
    wanted = collected(ScalarPartnership("outlook", "dialogue", 17, SEED, given=GIVEN))
    for name in workbench.SERIES:
        assert found[name].tolist() == [quarter[name] for quarter in wanted]
    changed = [quarter for quarter, one in enumerate(wanted) if one["stages"]]
    rows = found["stages"]
    assert [q for q in range(len(rows)) if (rows[q] != (rows[q - 1] if q else 0)).any()] == changed


def test_workbench_plays_all_experiments() -> None:
    ema = pytest.importorskip("ema_workbench")
    from benchmarks.rivals import workbench

    experiments, outcomes = workbench.play(lambda: ema.SequentialEvaluator(workbench.partnership()), 2)
    assert sorted(experiments["policy"]) == ["dialogue", "none"]
    assert outcomes["operational_depth"].shape == (2, 58)
    assert outcomes["stages"].shape == (2, 58, 23 + 35)


def test_bounds_round_to_the_same_grid() -> None:
    values = [0.0, *np.random.default_rng(SEED).uniform(0.0, 3.0, 1000), *(k * 2.0**-41 for k in range(9))]
    assert [x + ROUNDER - ROUNDER for x in values] == [on_grid(x) for x in values]


def test_half_as_many_runs_are_timed_beside_all() -> None:
    asked: list[int] = []
    told = timed(asked.append, 10, rounds=2)
    assert asked == [5, 10, 5, 10]
    assert told["half"]["of"] == 5
    assert len(told["seconds"]) == len(told["half"]["seconds"]) == 2
