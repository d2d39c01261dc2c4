"""Every scenario under every policy that ships: one lane equals its twin, for three years."""

from itertools import product

import pytest

from tests.twin.test_lanes import CASES, POLICIES, SCENARIOS, assert_lane_equals_twin, block, settings, twin

RUN = 17
QUARTERS = 12
TABLES = ("trajectories", "transitions")
PAIRS = [pair for pair in product(SCENARIOS, POLICIES) if pair not in CASES]


@pytest.mark.parametrize(("scenario", "policy"), PAIRS)
def test_a_lane_of_every_pair_equals_its_twin(scenario: str, policy: str) -> None:
    facts = settings(scenario, policy)
    short = facts.model_copy(update={"until": facts.start + QUARTERS - 1})
    assert_lane_equals_twin(block(short, [RUN], TABLES), twin(short, RUN, TABLES), RUN, TABLES)
