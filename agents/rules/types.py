"""Names for the arrays that rules take and return. Runs are always the last axis, R; members come before, M."""

from copy import copy
from typing import TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

Family = TypeVar("Family")

Floats: TypeAlias = NDArray[np.float64]
"""Numbers, (R,), (M, R) or any shape that broadcasts with them."""

Mask: TypeAlias = NDArray[np.bool_]
"""Facts that hold or not, per run."""

Whole: TypeAlias = NDArray[np.int64]
"""Whole numbers: steps, counts, persons, places in a list."""

Value: TypeAlias = float | Floats
"""A parameter: one number for all runs, or (R,) where it is uncertain."""


def in_lanes(family: Family, lanes: Whole) -> Family:
    """A family of parameters in some of the runs, each of which may be named more than once."""
    some = copy(family)
    vars(some).update({name: value[lanes] for name, value in vars(family).items() if isinstance(value, np.ndarray)})
    return some
