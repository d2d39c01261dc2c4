"""Chance by name: every draw is a pure function of seed, name, quarter and run.

There is no generator and nothing to advance. Each name has a key, each run a hash; key, quarter and run are mixed into
64 bits, of which 52 make a uniform number. So run 4,711 meets the same luck in any block, on any machine, under every
scenario and policy, and a new name shifts nobody's luck. Plain twin: tests/twin/chance.py.

    key  = first 8 bytes, little endian, of BLAKE2b("seed/name")
    k    = mix(key) for a draw made once per run, mix(key + (quarter + 1) G) for a draw of a quarter
    h    = mix(mix(run G + key of "seed/runs"))
    u    = ((mix(k + h) >> 12) + 1/2) / 2^52            all modulo 2^64

Source: mix and G are those of SplitMix64, Steele, Lea and Flood (2014), "Fast splittable pseudorandom number
generators", OOPSLA.
"""

from collections.abc import Iterable, Sequence
from hashlib import blake2b
from operator import index
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

Uniforms: TypeAlias = NDArray[np.float64]
Hashes: TypeAlias = NDArray[np.uint64]
Places: TypeAlias = NDArray[np.int64]

NAMES_AT_A_TIME: Final = 64
"""Names whose draws are computed together, so that working memory stays in the processor's cache."""

_G: Final = np.uint64(0x9E3779B97F4A7C15)
_STEPS: Final = (
    (np.uint64(30), np.uint64(0xBF58476D1CE4E5B9)),
    (np.uint64(27), np.uint64(0x94D049BB133111EB)),
)
_LAST_SHIFT: Final = np.uint64(31)
_SPARE_BITS: Final = np.uint64(12)
_BITS_OF_ONE: Final = np.uint64(0x3FF0000000000000)
_ONE_LESS_HALF_A_STEP: Final = 1.0 - 2.0**-53
_LARGEST_RUN: Final = 2**63 - 1


def key_of(seed: int, name: str) -> int:
    """The 64-bit key of a name under a seed."""
    return int.from_bytes(blake2b(f"{seed}/{name}".encode()).digest()[:8], "little")


def _mix(z: Hashes, spare: Hashes) -> None:
    """SplitMix64's mixer, in place; `spare` is working memory of the same shape."""
    for shift, factor in _STEPS:
        np.right_shift(z, shift, out=spare)
        np.bitwise_xor(z, spare, out=z)
        np.multiply(z, factor, out=z)
    np.right_shift(z, _LAST_SHIFT, out=spare)
    np.bitwise_xor(z, spare, out=z)


def _to_uniforms(z: Hashes, spare: Hashes, out: Uniforms) -> None:
    """Mix hashes, in place, into uniform numbers; all of the same shape."""
    _mix(z, spare)
    np.right_shift(z, _SPARE_BITS, out=z)
    np.bitwise_or(z, _BITS_OF_ONE, out=z)  # read as a float: 1 + 52 random bits
    np.subtract(z.view(np.float64), _ONE_LESS_HALF_A_STEP, out=out)


def _mixed(z: Hashes) -> Hashes:
    result = z.copy()
    _mix(result, np.empty_like(result))
    return result


class Chance:
    """The luck of a block of runs: uniform numbers between 0 and 1, never 0 and never 1, by name.

    seed  any whole number; another seed is another luck for everybody
    runs  (R,) run numbers, each 0 or more, in any order and with any gaps
    """

    def __init__(self, seed: int, runs: Sequence[int]) -> None:
        whole = [index(run) for run in runs]
        if any(not 0 <= run <= _LARGEST_RUN for run in whole):
            raise ValueError("run numbers are whole numbers from 0 to 2^63 - 1")
        self.seed: Final = index(seed)
        numbers = np.array(whole, dtype=np.uint64)
        self._runs = _mixed(_mixed(numbers * _G + self._keys(["runs"])))
        self._row: dict[str, int] = {}
        self._registered = self._keys([])
        self._seldom_row: dict[str, int] = {}
        self._seldom = self._seldom_now = self._keys([])
        self._table: Uniforms = np.empty((0, len(numbers)))
        self._shown: Uniforms = self._table
        width = (NAMES_AT_A_TIME, len(numbers))
        self._work: Hashes = np.empty(width, dtype=np.uint64)
        self._spare: Hashes = np.empty(width, dtype=np.uint64)
        self._quarter: int | None = None

    def _keys(self, names: Iterable[str]) -> Hashes:
        return np.array([key_of(self.seed, name) for name in names], dtype=np.uint64)

    def _fill(self, table: Uniforms, keys: Hashes) -> None:
        """Write the draws (N, R) of mixed keys (N,) into the table."""
        for start in range(0, len(keys), NAMES_AT_A_TIME):
            some = keys[start : start + NAMES_AT_A_TIME, np.newaxis]
            z, spare = self._work[: len(some)], self._spare[: len(some)]
            np.add(some, self._runs, out=z)
            _to_uniforms(z, spare, table[start : start + len(some)])

    def once_table(self, names: Iterable[str]) -> Uniforms:
        """Draws made once per run, (N, R), a row per name; a new array. Names need no registering."""
        keys = _mixed(self._keys(names))
        table = np.empty((len(keys), len(self._runs)))
        self._fill(table, keys)
        return table

    def once(self, name: str) -> Uniforms:
        """The draw of this name made once per run, (R,), a new array."""
        row: Uniforms = self.once_table([name])[0]
        return row

    def register(self, names: Iterable[str]) -> slice:
        """Announce names that are drawn every quarter, before the first; returns their rows in `rows`."""
        new, where = self._announce(names, self._row)
        self._registered = np.concatenate([self._registered, new])
        return where

    def register_seldom(self, names: Iterable[str]) -> slice:
        """Announce names of which only some draws are looked at, in some runs; returns their rows in `some`."""
        new, where = self._announce(names, self._seldom_row)
        self._seldom = np.concatenate([self._seldom, new])
        return where

    def _announce(self, names: Iterable[str], rows: dict[str, int]) -> tuple[Hashes, slice]:
        """Keys of new names, and the rows that they get."""
        if self._quarter is not None:
            raise RuntimeError("names are registered before the first quarter")
        new, start = list(names), len(rows)
        known = {*self._row, *self._seldom_row}
        for name in new:
            if name in known:
                raise ValueError(f"the name {name!r} is registered twice: two decisions would share their luck")
            known.add(name)
        rows.update((name, start + i) for i, name in enumerate(new))
        return self._keys(new), slice(start, start + len(new))

    def turn(self, quarter: int) -> None:
        """Compute the draws of this quarter for all registered names.

        Quarters may be asked in any order. The same memory serves every quarter, so what `draw` and `rows` gave
        before changes: copy what is to be kept.
        """
        if quarter < 0:
            raise ValueError(f"a quarter is counted from year 0, not {quarter}")
        if self._quarter is None:
            self._table = np.empty((len(self._row), len(self._runs)))
            self._shown = self._table.view()
            self._shown.flags.writeable = False
        self._quarter = quarter
        step = np.full(1, quarter + 1, dtype=np.uint64) * _G
        self._seldom_now = _mixed(self._seldom + step)
        self._fill(self._table, _mixed(self._registered + step))

    def draw(self, name: str) -> Uniforms:
        """This quarter's draw of a registered name, (R,), read only; KeyError for an unknown name."""
        table = self._this_quarter()
        if name in self._seldom_row:
            row = self.some(slice(None), np.array(self._seldom_row[name]), np.arange(len(self._runs)))
            row.flags.writeable = False
            return row
        return table[self._row[name]]

    def rows(self, where: slice) -> Uniforms:
        """This quarter's draws of names registered together, (N, R), a read-only view."""
        return self._this_quarter()[where]

    def some(self, where: slice, rows: Places, lanes: Places) -> Uniforms:
        """This quarter's draws of names registered together as seldom, rows counted from their first, in some lanes.

        rows, lanes: whole numbers, of shapes that broadcast to that of the result, a new array.
        """
        self._this_quarter()
        z: Hashes = self._seldom_now[where][rows] + self._runs[lanes]
        result = np.empty(z.shape)
        _to_uniforms(z, np.empty_like(z), result)
        return result

    def _this_quarter(self) -> Uniforms:
        if self._quarter is None:
            raise RuntimeError("no quarter has begun: call turn(quarter) first")
        return self._shown
