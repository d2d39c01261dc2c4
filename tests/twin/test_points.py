"""Design points, far from what is configured, equal their scalar twins with the same values fixed."""

import numpy as np
import pytest

from config import resolve
from config.schema import SAME_IN_ALL_RUNS, Settings
from simulation.model import PartnershipModel
from tests.twin.test_lanes import EVERYTHING, SEED, TOGETHER, assert_lane_equals_twin, twin

RECORD = EVERYTHING
POINTS = (3, 8)
RUNS = (5, 17)
CASES = [("outlook", TOGETHER, "2031Q4"), ("hindcast", "none", "2016Q4"), ("us_withdrawal", "lift_attention", "2030Q4")]


def with_values(facts: Settings, values: dict[str, float]) -> Settings:
    changed = {name: facts.parameters[name].overridden(value) for name, value in values.items()}
    return facts.model_copy(update={"parameters": {**facts.parameters, **changed}, "posterior": None})


@pytest.mark.parametrize(("scenario", "policy", "until"), CASES)
def test_points_equal_their_twins(scenario: str, policy: str, until: str) -> None:
    """All parameters in which lanes may differ, each up to 30 % away from its value."""
    facts = resolve(scenario, policy, until=until)
    random, given = np.random.default_rng(SEED), {}
    for name, one in facts.parameters.items():
        if one.range is not None and name not in SAME_IN_ALL_RUNS:
            moved = np.clip(one.value * random.uniform(0.7, 1.3, len(POINTS)), *one.range)
            given[name] = np.rint(moved) if one.unit == "switch" else moved
    lanes = {name: np.repeat(values, len(RUNS)) for name, values in given.items()}
    points = np.repeat(POINTS, len(RUNS)).tolist()
    model = PartnershipModel(facts, RUNS * len(POINTS), SEED, RECORD, lanes, points)
    model.run()
    tables = model.tables()
    for place, point in enumerate(POINTS):
        fixed = with_values(facts, {name: float(values[place]) for name, values in given.items()})
        here = {
            name: {column: values[table["point"] == point] for column, values in table.items() if column != "point"}
            for name, table in tables.items()
        }
        for run in RUNS:
            assert_lane_equals_twin(here, twin(fixed, run, RECORD), run, RECORD)
