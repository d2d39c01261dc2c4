"""Named chance of one run, all draws computed together: the quick counterpart of tests/twin/chance.py."""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from tests.twin.chance import MASK, G, key, mix

Hashes = NDArray[np.uint64]


def mixed(z: Hashes) -> Hashes:
    """SplitMix64's mixer, for an array."""
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def draws(keys: Hashes, run: int, runs_key: int) -> NDArray[np.float64]:
    """Uniform numbers of mixed keys in a run, of the same shape."""
    h = mix(mix((run * G + runs_key) & MASK))
    return ((mixed(keys + np.uint64(h)) >> np.uint64(12)).astype(np.float64) + 0.5) * 2.0**-52


class Names:
    """The names met so far by any run of this process, (N,), and their mixed keys, (N, steps).

    steps  what is added to a key: 0 for draws made once per run, (quarter + 1) G for those of a quarter
    """

    def __init__(self, seed: int, steps: list[int]) -> None:
        self.seed = seed
        self.runs_key = key(seed, "runs")
        self.steps = np.array(steps, dtype=np.uint64)
        self.names: list[str] = []
        self._keys = np.empty((0, len(steps)), dtype=np.uint64)
        self._new: list[Hashes] = []

    def add(self, name: str) -> Hashes:
        """Meet a name; returns its mixed keys."""
        keys = mixed(np.uint64(key(self.seed, name)) + self.steps)
        self.names.append(name)
        self._new.append(keys)
        return keys

    def keys(self) -> Hashes:
        """Mixed keys of all names met, (N, steps)."""
        if self._new:
            self._keys = np.vstack([self._keys, *self._new])
            self._new = []
        return self._keys


@cache
def names_of(seed: int, first: int, last: int) -> tuple[Names, Names]:
    """Names of draws made once per run and of draws of a quarter, from the first to the last."""
    return Names(seed, [0]), Names(seed, [(quarter + 1) * G & MASK for quarter in range(first, last + 1)])


class Luck(dict[str, list[float]]):
    """Draws of one run by name, a list over steps: for names met before all at once, for a new one when it is asked."""

    def __init__(self, names: Names, run: int) -> None:
        super().__init__(zip(names.names, draws(names.keys(), run, names.runs_key).tolist(), strict=True))
        self.names, self.run = names, run

    def __missing__(self, name: str) -> list[float]:
        row: list[float] = draws(self.names.add(name), self.run, self.names.runs_key).tolist()
        self[name] = row
        return row
