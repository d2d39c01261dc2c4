"""Every lane of the model equals its scalar twin exactly: each column, each transition, no tolerance."""

from collections.abc import Collection, Sequence
from functools import cache
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from config import resolve
from config.schema import PinnedRegime, Settings
from simulation.model import PartnershipModel
from tests.twin.history import TwinHistory

SEED = 1
RUNS = range(19)
LANES = (0, 1, 17, 18)
EVERYTHING = ("trajectories", "transitions", "actors", "bounds", "limits", "vetoes")
ALONE = ("actors", "bounds", "limits", "vetoes")
SCENARIOS = ("detente", "hindcast", "outlook", "russian_victory", "taiwan_crisis", "us_withdrawal")
POLICIES = ("amendment", "dialogue", "framework", "indo_pacific_strategy", "interoperability", "lift_attention",
            "lift_constitution", "lift_fragmentation", "lift_framework", "qmv", "reinterpretation")  # fmt: skip
TOGETHER = "amendment+dialogue+framework+indo_pacific_strategy+interoperability+qmv+reinterpretation"

CASES = [
    *((scenario, "none") for scenario in SCENARIOS),
    *(("outlook", policy) for policy in POLICIES),
    ("taiwan_crisis", TOGETHER),
    ("hindcast", "lift_attention+lift_constitution+lift_fragmentation+lift_framework"),
]
WITH_EVERYTHING = {("outlook", "none"), ("hindcast", "none"), ("taiwan_crisis", TOGETHER),
                   ("outlook", "lift_fragmentation")}  # fmt: skip
"""Where the tables on demand are compared too."""

Tables = dict[str, dict[str, NDArray[Any]]]


@cache
def settings(scenario: str, policy: str) -> Settings:
    return resolve(scenario, policy)


def block(facts: Settings, runs: Sequence[int], record: Collection[str]) -> Tables:
    model = PartnershipModel(facts, runs=runs, seed=SEED, record=record)
    model.run()
    tables: Tables = model.tables()
    return tables


def twin(facts: Settings, run: int, record: Collection[str]) -> TwinHistory:
    history = TwinHistory(facts, SEED, run, record)
    history.run()
    return history


def lane(table: dict[str, NDArray[Any]], run: int) -> dict[str, list[Any]]:
    """The columns of one run as plain Python values."""
    here = table["run"] == run
    return {name: column[here].tolist() for name, column in table.items() if name != "run"}


def columns(rows: list[dict[str, Any]]) -> dict[str, list[Any]]:
    return {name: [row[name] for row in rows] for name in rows[0]} if rows else {}


def assert_equal(name: str, found: dict[str, list[Any]], wanted: dict[str, list[Any]]) -> None:
    """The same values in every column, told by the first that differs."""
    for column, values in wanted.items():
        assert len(found[column]) == len(values), f"{name}: {len(found[column])} rows, the twin has {len(values)}"
    order = range(len(next(iter(wanted.values()), [])))
    for place in order:
        here = {column: values[place] for column, values in wanted.items()}
        there = {column: found[column][place] for column in wanted}
        differing = {column: (there[column], here[column]) for column in here if there[column] != here[column]}
        assert not differing, f"{name}, row {place} {_where(here)}: (model, twin) {differing}"


def _where(row: dict[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in ("quarter", "partner", "actor", "instrument", "domain") if name in row}


def assert_lane_equals_twin(tables: Tables, history: TwinHistory, run: int, record: Collection[str]) -> None:
    assert_equal("trajectories", lane(tables["trajectories"], run), columns(history.trajectories))
    names = ("quarter", "partner", "instrument", "stage")
    wanted = {name: [change[place] for change in history.transitions] for place, name in enumerate(names)}
    assert_equal("transitions", lane(tables["transitions"], run), wanted)
    for name in ALONE:
        if name in record:
            rows: list[dict[str, Any]] = getattr(history, name)
            assert_equal(name, lane(tables[name], run), columns(rows) or _empty(tables[name]))
    drawn = {name: history.parameters[name] for name in tables["runs"] if name in history.parameters}
    assert_equal("runs", lane(tables["runs"], run), {name: [value] for name, value in drawn.items()})


def _empty(table: dict[str, NDArray[Any]]) -> dict[str, list[Any]]:
    return {name: [] for name in table if name != "run"}


def drawn_names(facts: Settings) -> set[str]:
    return {name for name, parameter in facts.parameters.items() if parameter.draw is not None}


@pytest.mark.parametrize(("scenario", "policy"), CASES)
def test_lanes_equal_their_twins(scenario: str, policy: str) -> None:
    facts = settings(scenario, policy)
    record = EVERYTHING if (scenario, policy) in WITH_EVERYTHING else EVERYTHING[:2]
    tables = block(facts, RUNS, record)
    assert drawn_names(facts) <= set(tables["runs"])
    for run in LANES:
        assert_lane_equals_twin(tables, twin(facts, run, record), run, record)


def test_one_run_alone_equals_its_twin() -> None:
    facts = settings("outlook", "none")
    tables = block(facts, [4711], EVERYTHING)
    assert_lane_equals_twin(tables, twin(facts, 4711, EVERYTHING), 4711, EVERYTHING)


def test_a_scenario_goes_before_the_record_of_pressures() -> None:
    facts = settings("hindcast", "none")
    dates = {"from": "2011Q1", "until": "2012Q1"}
    crisis = PinnedRegime.model_validate({"pressure": "russia", "regime": "crisis", **dates})
    scenario = facts.scenario.model_copy(update={"regimes": (crisis,)})
    dictated = facts.model_copy(update={"scenario": scenario, "until": crisis.ends})
    tables = block(dictated, RUNS, EVERYTHING[:2])
    assert_lane_equals_twin(tables, twin(dictated, 17, EVERYTHING[:2]), 17, EVERYTHING[:2])
    shown = tables["trajectories"]["quarter"] == crisis.ends - 1
    assert (tables["trajectories"]["pressure_russia"][shown] > 0.5).all()
    assert (tables["trajectories"]["pressure_china"][shown] < 0.5).all()


def test_regimes_at_the_end_follow_operational_depth() -> None:
    tables = block(settings("outlook", "none"), RUNS, EVERYTHING[:2])
    last = tables["trajectories"]["quarter"] == settings("outlook", "none").until
    depth = tables["trajectories"]["operational_depth"][last]
    named = np.where(depth < 0.25, "symbolic", np.where(depth < 0.6, "functional", "strategic"))
    assert tables["runs"]["regime"].tolist() == named.tolist()
