"""The parameters of a block of runs: fixed ones as numbers, uncertain ones drawn once per run."""

from __future__ import annotations

from dataclasses import fields
from typing import Any, get_type_hints

import numpy as np
from numpy.typing import NDArray

from agents.portable import exp, normal
from config import Parameter, Settings
from config.families import Parameters
from simulation.chance import Chance

Floats = NDArray[np.float64]


def drawn(name: str, parameter: Parameter, chance: Chance) -> Floats:
    """Value of an uncertain parameter in each run, (R,), from the draw named after it."""
    assert parameter.draw is not None and parameter.range is not None
    u = chance.once(f"parameter/{name}")
    if parameter.draw.uniform is not None:
        low, high = parameter.draw.uniform
        return low + (high - low) * u
    if parameter.draw.normal is not None:
        mean, spread = parameter.draw.normal
        value = mean + spread * normal(u)
    else:
        assert parameter.draw.lognormal_sd is not None
        value = parameter.value * exp(parameter.draw.lognormal_sd * normal(u))
    least, most = parameter.range
    return np.minimum(most, np.maximum(least, value))


def draw_parameters(settings: Settings, chance: Chance) -> tuple[Parameters, dict[str, Floats]]:
    """Parameters by family, and by dotted name those that are uncertain."""
    uncertain = {name: drawn(name, one, chance) for name, one in settings.parameters.items() if one.draw is not None}
    values: dict[str, Any] = {
        name: uncertain[name] if name in uncertain else _number(one) for name, one in settings.parameters.items()
    }
    families = get_type_hints(Parameters)
    return (
        Parameters(
            **{
                family: kind(**{field.name: values[f"{family}.{field.name}"] for field in fields(kind)})
                for family, kind in families.items()
            }
        ),
        uncertain,
    )


def _number(parameter: Parameter) -> float | int:
    """A fixed value: quarters stay whole numbers."""
    return int(parameter.value) if parameter.unit == "quarter" else float(parameter.value)
