"""Names for the arrays that rules take and return. Runs are always the last axis, R; members come before, M."""

from typing import TypeAlias, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

Family = TypeVar("Family")

Floats: TypeAlias = NDArray[np.float64]
"""Numbers, (R,), (M, R) or any shape that broadcasts with them."""

Mask: TypeAlias = NDArray[np.bool_]
"""Facts that hold or not, per run."""

Whole: TypeAlias = NDArray[np.int64]
"""Whole numbers: steps, counts, persons, places in a list."""

Stages: TypeAlias = NDArray[np.int8]
"""Stages on a path, by number: small, so that looking for those at a stage is quick."""

Small: TypeAlias = NDArray[np.uint8]
"""Counts up to 255."""

Value: TypeAlias = float | Floats
"""A parameter: one number for all runs, or (R,) where it is uncertain."""


def lanes_of(value: Value, lanes: Whole) -> Value:
    """A parameter for some of the runs."""
    return value[lanes] if isinstance(value, np.ndarray) and value.ndim else value


class _InLanes:
    """A family of parameters in some of the runs, picked out when they are asked for."""

    def __init__(self, family: object, lanes: Whole) -> None:
        self._family, self._lanes = family, lanes

    def __getattr__(self, name: str) -> Value:
        value = lanes_of(getattr(self._family, name), self._lanes)
        setattr(self, name, value)
        return value


def in_lanes(family: Family, lanes: Whole) -> Family:
    """A family of parameters in some of the runs, each of which may be named more than once."""
    return cast(Family, _InLanes(family, lanes))
