"""Exact counts of rounded values: quantiles and means of any number of runs in memory that stays the same.

Values are rounded to 11 significant binary digits. Counts of rounded values can be added up in any order and in any
pieces, and give the same quantiles and means to the last bit however the runs were cut into blocks.

A rounded value lies within half a unit of its last digit, that is within 2^-11 (0.05 %) of the value: of
v = f * 2^e with 1 <= f < 2 eleven digits keep multiples of 2^(e-10), so the error is 2^(e-11) at most. Whole numbers up
to 2048, zero, and every quotient of such a number and a power of two are kept exactly. (Below 2^-1022, where the
computer itself has fewer digits, the error is 2^-1033 at most.)
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

DIGITS = 11
"""Significant binary digits that are kept, the leading one included."""

DROPPED = 53 - DIGITS
"""Binary digits of a 64-bit number that are not."""

HALF = np.uint64(1 << (DROPPED - 1))
BEYOND = 0x7FF << (DIGITS - 1)
"""First key that is no number: infinity."""

WIDTH = 22
"""Binary digits of a key with its sign."""

FEW = 1 << 18
"""Rows that may always wait to be added up."""

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def keys(values: ArrayLike) -> NDArray[np.int32]:
    """A whole number for each value, the same for values that round alike, greater for greater rounded values.

    Halves are rounded away from zero. ValueError if a value is NaN, infinite, or would be rounded to infinity.
    """
    numbers = np.asarray(values, dtype=np.float64)
    size = (np.abs(numbers).view(np.uint64) + HALF) >> np.uint64(DROPPED)
    if np.any(size >= BEYOND):
        raise ValueError("values must be finite to be counted")
    found = np.asarray(size, dtype=np.int32)
    return np.asarray(np.where(np.signbit(numbers), -found, found), dtype=np.int32)


def value_of(key: ArrayLike) -> Floats:
    """The rounded value of each key."""
    numbers = np.asarray(key, dtype=np.int64)
    size = (np.abs(numbers) << DROPPED).view(np.float64)
    return np.asarray(np.where(numbers < 0, -size, size), dtype=np.float64)


class Counts:
    """How often each rounded value was seen in each of `cells` cells, such as one measure in one quarter.

    Memory grows with the number of different values per cell, which is what is kept, and not with that of values.
    """

    def __init__(self, cells: int) -> None:
        self.cells = cells
        self._code, self._count = np.empty(0, np.int64), np.empty(0, np.int64)
        self._waiting: list[tuple[Ints, Ints]] = []

    def add(self, cells: ArrayLike, values: ArrayLike) -> None:
        """Count values, each in its cell; the arrays are broadcast together."""
        code = (np.asarray(cells, dtype=np.int64) << WIDTH) + (keys(values) + (1 << (WIDTH - 1)))
        self._keep(*_summed(code.ravel(), None))

    def merge(self, cell: ArrayLike, key: ArrayLike, count: ArrayLike) -> None:
        """Add rows of other counts of the same cells, as `rows` gives them."""
        code = (np.asarray(cell, dtype=np.int64) << WIDTH) + (np.asarray(key, dtype=np.int64) + (1 << (WIDTH - 1)))
        self._keep(*_summed(code, np.asarray(count, dtype=np.int64)))

    def rows(self) -> tuple[Ints, NDArray[np.int32], Ints]:
        """Cell, key and count of every different value, sorted by cell and value."""
        code, count = self._all()
        key = (code & ((1 << WIDTH) - 1)) - (1 << (WIDTH - 1))
        return code >> WIDTH, key.astype(np.int32), count

    def size(self) -> Ints:
        """Number of values in each cell, (C,)."""
        cell, _, count = self.rows()
        _, number = self._per_cell(cell, count)
        return number

    def mean(self) -> Floats:
        """Mean of the rounded values of each cell, (C,); NaN for an empty one."""
        cell, key, count = self.rows()
        _, number = self._per_cell(cell, count)
        total = np.bincount(cell, weights=value_of(key) * count, minlength=self.cells)
        return np.where(number > 0, total / np.maximum(number, 1), np.nan)

    def quantiles(self, levels: Sequence[float]) -> Floats:
        """Quantiles of the rounded values of each cell as `numpy.quantile` has them, (C, levels); NaN without values.

        Between two values they are interpolated on a straight line (type 7 of Hyndman and Fan 1996, The American
        Statistician 50: 361-365).
        """
        cell, key, count = self.rows()
        before, number = self._per_cell(cell, count)
        if not len(cell):
            return np.full((self.cells, len(levels)), np.nan)
        value, upto = value_of(key), np.cumsum(count)
        place = (number[:, None] - 1) * np.asarray(levels, dtype=np.float64)
        low = np.clip(np.floor(place), 0, None)
        part, first = place - low, before[:, None] + low.astype(np.int64)
        second = np.minimum(first + 1, (before + number)[:, None] - 1)
        start, end = (value[np.searchsorted(upto, at, side="right").clip(max=len(value) - 1)] for at in (first, second))
        return np.where(number[:, None] > 0, _between(start, end, part), np.nan)

    def _per_cell(self, cell: Ints, count: Ints) -> tuple[Ints, Ints]:
        """Number of values before each cell and in it, (C,) each."""
        first = np.searchsorted(cell, np.arange(self.cells + 1))
        upto = np.concatenate([np.zeros(1, np.int64), np.cumsum(count)])[first]
        return upto[:-1], np.diff(upto)

    def _keep(self, code: Ints, count: Ints) -> None:
        """Take in sorted counts; they wait until there are many, so that sums are rare."""
        if len(code) and not 0 <= code[0] >> WIDTH <= code[-1] >> WIDTH < self.cells:
            raise IndexError(f"cells are numbered from 0 to {self.cells - 1}")
        self._waiting.append((code, count))
        if sum(len(each) for each, _ in self._waiting) > max(FEW, len(self._code) // 2):
            self._all()

    def _all(self) -> tuple[Ints, Ints]:
        """Everything counted, nothing waiting."""
        if self._waiting:
            code, count = _summed(*(np.concatenate(each) for each in zip(*self._waiting, strict=True)))
            self._waiting = []
            place = np.searchsorted(self._code, code)
            known = np.append(self._code, -1)[place] == code
            self._count[place[known]] += count[known]
            self._code = np.insert(self._code, place[~known], code[~known])
            self._count = np.insert(self._count, place[~known], count[~known])
        return self._code, self._count


def _summed(code: Ints, count: Ints | None) -> tuple[Ints, Ints]:
    """Different codes, sorted, with the sum of their counts; without counts each entry counts once."""
    if not len(code):
        return code, np.empty(0, np.int64)
    if count is None:
        code = np.sort(code)
    else:
        order = np.argsort(code, kind="stable")
        code, count = code[order], count[order]
    first = np.flatnonzero(np.concatenate([[True], code[1:] != code[:-1]]))
    number = np.diff(first, append=len(code)) if count is None else np.add.reduceat(count, first)
    return code[first], number


def _between(start: Floats, end: Floats, part: Floats) -> Floats:
    """The point a part of the way from start to end, computed from the nearer end, as `numpy.quantile` does."""
    way = end - start
    return np.where(part < 0.5, start + way * part, end - way * (1.0 - part))
