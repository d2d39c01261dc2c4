"""The parameters of a block of runs: fixed ones as numbers, uncertain ones drawn once per run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from types import MappingProxyType
from typing import Any, get_type_hints

import numpy as np
from numpy.typing import NDArray

from agents.portable import exp, normal
from config import Parameter, Settings
from config.drawing import drawn
from config.families import Parameters
from config.schema import SAME_IN_ALL_RUNS
from simulation.chance import Chance

Floats = NDArray[np.float64]
NOTHING: Mapping[str, Floats] = MappingProxyType({})


def value_at(parameter: Parameter, u: Floats) -> Floats:
    """Value of an uncertain parameter for uniform draws, of the same shape and with the same bits everywhere."""
    return drawn(parameter, u, normal=normal, exp=exp)


def draw_parameters(
    settings: Settings, chance: Chance, given: Mapping[str, Floats] = NOTHING
) -> tuple[Parameters, dict[str, Floats]]:
    """Parameters by family, and by dotted name those that are uncertain.

    What is given, (R,) by dotted name, goes before everything; else a row of the posterior; else the parameter's draw.
    """
    unknown = sorted(set(given) - set(settings.parameters))
    if unknown:
        raise KeyError(f"no parameters: {', '.join(unknown)}")
    alike = [name for name in given if name in SAME_IN_ALL_RUNS or settings.parameters[name].unit == "quarter"]
    if alike:
        raise ValueError(f"cannot differ between runs: {', '.join(alike)}")
    known = {**_of_posterior(settings, chance), **given}
    uncertain = {
        name: known[name] if name in known else value_at(one, chance.once(f"parameter/{name}"))
        for name, one in settings.parameters.items()
        if one.draw is not None or name in given
    }
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


def _of_posterior(settings: Settings, chance: Chance) -> dict[str, Floats]:
    """Values of the calibrated parameters, (R,) each: every run takes one row, so that they stay together."""
    posterior = settings.posterior
    if posterior is None:
        return {}
    rows = np.array(posterior.rows)
    row = np.floor(chance.once("parameter/posterior") * len(rows)).astype(np.int64)
    return {name: rows[row, column].copy() for column, name in enumerate(posterior.names)}


def _number(parameter: Parameter) -> float | int:
    """A fixed value: quarters stay whole numbers."""
    return int(parameter.value) if parameter.unit == "quarter" else float(parameter.value)
