"""A design point is a lane: each lives as a model does whose settings have its parameters fixed at its values."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from agents.rules.types import Floats
from config import Settings, resolve
from config.schema import SAME_IN_ALL_RUNS, Parameter, Posterior
from config.status import with_status
from simulation.model import PartnershipModel
from tests.simulation.playing import EVERYTHING, SEED, Table, Tables, assert_same, where
from tests.simulation.test_status import rich

LEVERS = "dialogue+framework+indo_pacific_strategy+interoperability+qmv+reinterpretation+amendment"
AT_ONCE = {f"levers.{lever}_from": "start" for lever in LEVERS.split("+")}
RECORD = (*EVERYTHING, "vetoes")
RUNS = (3, 4, 17)
POINTS = (8, 9, 40)


def fixed(settings: Settings, values: Mapping[str, float]) -> Settings:
    """Settings with these parameters fixed."""
    changed = {name: settings.parameters[name].overridden(value) for name, value in values.items()}
    return settings.model_copy(update={"parameters": {**settings.parameters, **changed}})


@cache
def certain(scenario: str, policy: str, until: str) -> Settings:
    """Settings in which nothing is drawn, levers pulled from the start."""
    settings = resolve(scenario, policy, AT_ONCE if policy == LEVERS else {}, until=until, prior=True)
    return fixed(settings, {name: one.value for name, one in settings.parameters.items() if one.draw})


def played(
    settings: Settings, points: Sequence[int], given: Mapping[str, Floats], runs: Sequence[int] = RUNS
) -> PartnershipModel:
    """A block of these points, each with all the runs; `given` by point."""
    lanes = [lane for lane in range(len(points)) for _ in runs]
    values = {name: values[lanes] for name, values in given.items()}
    model = PartnershipModel(settings, list(runs) * len(points), SEED, RECORD, values, [points[lane] for lane in lanes])
    model.run()
    return model


def plain(settings: Settings, runs: Sequence[int] = RUNS) -> PartnershipModel:
    """The runs without a design."""
    model = PartnershipModel(settings, runs, SEED, RECORD)
    model.run()
    return model


def at_point(tables: Tables, point: int, given: Collection[str]) -> Tables:
    """The tables of one point as those of a block without a design, in which its parameters are fixed."""
    own = {name: where(table, table["point"] == point) for name, table in tables.items()}
    return {name: {c: v for c, v in table.items() if c != "point" and c not in given} for name, table in own.items()}


def state(model: PartnershipModel) -> Iterator[tuple[str, NDArray[Any]]]:
    """Every array that an actor or a part of the model holds, by its name."""
    for part, holder in vars(model).items():
        if type(holder).__module__.startswith(("agents", "simulation")) and part not in ("chance", "recorder"):
            for name, value in vars(holder).items():
                if isinstance(value, np.ndarray):
                    yield f"{part}.{name}", value


def assert_lane(block: PartnershipModel, point: int, given: Collection[str], alone: PartnershipModel) -> None:
    """The lanes at a point hold and record what a model does that has its values fixed."""
    assert_same(at_point(block.tables(), point, given), alone.tables())
    lanes, held = np.flatnonzero(block.points == point), dict(state(block))
    for name, wanted in state(alone):
        own = held[name] if held[name].shape == wanted.shape else held[name][..., lanes]
        np.testing.assert_array_equal(np.broadcast_to(wanted, own.shape), own, err_msg=name)


# Every parameter


def moved(parameter: Parameter) -> float:
    """Another value: half-way to the farther end of the range, the other one of a switch."""
    assert parameter.range is not None
    if parameter.unit == "switch":
        return 1.0 - parameter.value
    low, high = parameter.range
    return (parameter.value + (high if high - parameter.value > parameter.value - low else low)) / 2


def by_family() -> dict[str, list[str]]:
    """Names of the parameters in which runs may differ."""
    found: dict[str, list[str]] = {}
    for name, one in certain("outlook", LEVERS, "2027Q1").parameters.items():
        if one.unit != "quarter" and name not in SAME_IN_ALL_RUNS:
            found.setdefault(name.partition(".")[0], []).append(name)
    return found


@cache
def as_configured() -> PartnershipModel:
    return plain(certain("outlook", LEVERS, "2027Q1"))


@pytest.mark.parametrize("family", by_family())
def test_lanes_may_differ_in_any_parameter(family: str) -> None:
    """Two values of every parameter side by side, each as in a model that has the value fixed."""
    settings, names = certain("outlook", LEVERS, "2027Q1"), by_family()[family]
    usual = np.array([settings.parameters[name].value for name in names], dtype=np.float64)
    values = np.vstack([usual, np.where(np.eye(len(names)) > 0, [moved(settings.parameters[n]) for n in names], usual)])
    given = dict(zip(names, values.T, strict=True))
    block = played(settings, range(len(names) + 1), given)
    assert_lane(block, 0, given, as_configured())
    for point, name in enumerate(names, start=1):
        assert_lane(block, point, given, plain(fixed(settings, {name: values[point, point - 1]})))


def of_case(case: str) -> Settings:
    """Settings under which other rules are at work than above, and for longer."""
    if case == "known past":
        return with_status(certain("hindcast", "none", "2016Q4"), rich(), "known.toml")
    until = {"outlook": "2031Q4", "hindcast": "2016Q4", "taiwan_crisis": "2030Q4"}
    scenario, policy = case.split(", ")
    return certain(scenario, LEVERS if policy == "levers" else policy, until[scenario])


@pytest.mark.parametrize("case", ["outlook, levers", "hindcast, none", "taiwan_crisis, lift_attention", "known past"])
def test_lanes_may_differ_in_all_parameters_at_once(case: str) -> None:
    settings = of_case(case)
    names = [name for names in by_family().values() for name in names]
    given = {}
    for factors, name in zip(np.random.default_rng(SEED).uniform(0.7, 1.3, (len(names), 3)), names, strict=True):
        one = settings.parameters[name]
        assert one.range is not None
        given[name] = np.array([0.0, 1.0, 0.0]) if one.unit == "switch" else np.clip(one.value * factors, *one.range)
    block = played(settings, POINTS, given)
    for place, point in enumerate(POINTS):
        assert_lane(block, point, given, plain(fixed(settings, {name: v[place] for name, v in given.items()})))


@pytest.mark.parametrize("name", [*SAME_IN_ALL_RUNS, "levers.lift_framework_from"])
def test_what_rules_read_as_one_number_is_not_to_differ(name: str) -> None:
    with pytest.raises(ValueError, match=f"cannot differ between runs: {name}"):
        played(certain("outlook", LEVERS, "2027Q1"), POINTS, {name: np.array([1.0, 1.0, 2.0])})


# Points and runs


def differing(points: int) -> dict[str, Floats]:
    return {"attention.link": np.linspace(0.1, 0.9, points), "files.slots_high_representative": np.full(points, 3.0)}


def test_points_with_equal_values_have_equal_histories() -> None:
    """The same run meets the same luck at every point, and may stand several times in a block."""
    settings = resolve("outlook", "framework", until="2029Q4")
    given = {"levers.framework_strength": np.array([1.5, 0.5, 1.5])}
    tables = played(settings, [4, 5, 6], given).tables()
    one, other, same = (at_point(tables, point, ()) for point in (4, 5, 6))
    assert_same(one, same)
    assert (one["trajectories"]["operational_depth"] != other["trajectories"]["operational_depth"]).any()
    for name in settings.parameters:
        if name in one["runs"] and name not in given:
            np.testing.assert_array_equal(one["runs"][name], other["runs"][name], err_msg=f"{name} is drawn by run")


def test_rows_stand_in_the_order_of_points_runs_and_quarters() -> None:
    settings = resolve("outlook", "none", until="2027Q2")
    tables = played(settings, [2, 0, 7], differing(3)).tables()
    for name, table in tables.items():
        assert list(table)[: 2 if name == "runs" else 3] == ["point", "run", "quarter"][: 2 if name == "runs" else 3]
        lanes = list(dict.fromkeys(zip(table["point"].tolist(), table["run"].tolist(), strict=True)))
        every = [(point, run) for point in (2, 0, 7) for run in RUNS]
        assert lanes == [lane for lane in every if lane in lanes or name not in ("transitions", "vetoes")], name
        assert all(len(column) == len(table["run"]) for column in table.values())
        if name != "runs":
            assert_in_order(table)


def assert_in_order(table: Table) -> None:
    lane = np.cumsum(np.r_[0, np.diff(table["run"]) + np.diff(table["point"]) * 1000 != 0])
    assert (np.diff(lane * 100_000 + table["quarter"]) >= 0).all()


def test_how_a_design_is_cut_into_blocks_changes_nothing() -> None:
    settings, given = resolve("outlook", "none", until="2028Q4"), differing(4)
    together = played(settings, range(4), given).tables()
    for point in range(4):
        values = {name: each[[point]] for name, each in given.items()}
        apart = played(settings, [point], values).tables()
        assert_same(apart, {name: where(table, table["point"] == point) for name, table in together.items()})


def test_without_points_no_table_has_them() -> None:
    assert not any("point" in table for table in as_configured().tables().values())


def test_a_point_goes_before_the_posterior_and_leaves_the_rest_of_the_row() -> None:
    names = ("attention.link", "files.opening_factor")
    rows = tuple((0.05 * row, 0.5 + 0.05 * row) for row in range(17))
    settings = resolve("outlook", "none", until="2026Q4", prior=True)
    settings = settings.model_copy(update={"posterior": Posterior(names=names, rows=rows)})
    without = plain(settings).tables()["runs"]
    runs = played(settings, [0, 1], {"attention.link": np.array([0.25, 0.75])}).tables()["runs"]
    assert runs["attention.link"].tolist() == [0.25] * len(RUNS) + [0.75] * len(RUNS)
    np.testing.assert_array_equal(runs["files.opening_factor"], np.tile(without["files.opening_factor"], 2))


def test_the_strength_of_a_lever_counts_where_a_policy_pulls_it() -> None:
    given = {"levers.framework_strength": np.array([0.0, 2.0])}
    weak, strong = (
        at_point(played(resolve("outlook", "none", until="2029Q4"), [0, 1], given).tables(), point, given)
        for point in (0, 1)
    )
    assert_same(weak, strong)
    pulled = played(resolve("outlook", "framework", until="2029Q4"), [0, 1], given).tables()
    depths = [at_point(pulled, point, given)["trajectories"]["declared_depth"] for point in (0, 1)]
    assert (depths[0] != depths[1]).any()
