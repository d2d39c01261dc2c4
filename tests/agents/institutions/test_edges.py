"""Edges that decide: sums however small, and nothing at all."""

import numpy as np
import pytest

from agents.institutions.council import MONEY
from tests.agents.sample import R
from tests.agents.walks import met, model_of


@pytest.mark.parametrize(
    ("request_eur_m", "blocked_eur_m", "arises"), [(0.5, 0.0, True), (0.0, 0.5, True), (0, 0, False)]
)
def test_the_council_is_asked_for_any_sum_however_small(
    request_eur_m: float, blocked_eur_m: float, arises: bool
) -> None:
    model = met(model_of("outlook"))
    model.peace_facility.request = np.full(R, float(request_eur_m))
    model.peace_facility.blocked_stock = np.full(R, float(blocked_eur_m))
    model.council.decide_other_business()
    topic = next(one for one in model.council.agenda if one.name == MONEY)
    assert (topic.arises == arises).all()
