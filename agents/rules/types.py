"""Names for the arrays that rules take and return. Runs are always the last axis, R; members come before, M."""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
"""Numbers, (R,), (M, R) or any shape that broadcasts with them."""

Mask: TypeAlias = NDArray[np.bool_]
"""Facts that hold or not, per run."""

Whole: TypeAlias = NDArray[np.int64]
"""Whole numbers: steps, counts, persons, places in a list."""

Value: TypeAlias = float | Floats
"""A parameter: one number for all runs, or (R,) where it is uncertain."""
