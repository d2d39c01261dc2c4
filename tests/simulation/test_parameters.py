"""What an uncertain parameter is worth for a draw, by the three ways of drawing, by hand."""

import numpy as np
import pytest

from config import Parameter, resolve
from config.schema import Draw
from simulation.chance import Chance
from simulation.parameters import draw_parameters, value_at
from tests.twin.portable import exp, normal

RARE, COMMON = 1e-4, 0.3
"""Draws beyond three and a half and within one standard deviation."""


@pytest.mark.parametrize(
    ("draw", "u", "value"),
    [
        (Draw(uniform=(2.0, 6.0)), 0.25, 3.0),
        (Draw(uniform=(2.0, 6.0)), 0.75, 5.0),
        (Draw(normal=(3.0, 0.5)), COMMON, 3.0 + 0.5 * normal(COMMON)),
        (Draw(normal=(3.0, 0.5)), RARE, 2.0),
        (Draw(normal=(3.0, 0.5)), 1 - RARE, 4.0),
        (Draw(lognormal_sd=0.2), COMMON, 2.5 * exp(0.2 * normal(COMMON))),
        (Draw(lognormal_sd=0.2), 0.5, 2.5),
        (Draw(lognormal_sd=0.2), RARE, 2.0),
        (Draw(lognormal_sd=0.2), 1 - RARE, 4.0),
    ],
    ids=str,
)
def test_values_follow_from_draws_within_the_range(draw: Draw, u: float, value: float) -> None:
    parameter = Parameter(value=2.5, unit="share", range=(2.0, 4.0), source="assumed")
    found = value_at(parameter.model_copy(update={"draw": draw}), np.array([u, 0.5]))
    assert found.shape == (2,) and found[0] == pytest.approx(value, rel=1e-15)


def test_every_parameter_reaches_its_family_and_dates_stay_whole() -> None:
    settings = resolve("outlook", "dialogue", prior=True)
    families, uncertain = draw_parameters(settings, Chance(7, range(3)))
    for name, one in settings.parameters.items():
        family, _, field = name.partition(".")
        found = getattr(getattr(families, family), field)
        if one.draw is None:
            assert (found, type(found)) == (one.value, int if one.unit == "quarter" else float), name
        else:
            expected = value_at(one, Chance(7, range(3)).once(f"parameter/{name}"))
            np.testing.assert_array_equal(found, expected)
            np.testing.assert_array_equal(uncertain[name], expected)
