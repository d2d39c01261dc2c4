"""Numbers for the tests of rules: some members in some runs, read-only, so that a rule that changes them fails."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, TypeVar

import hypothesis
import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from agents.rules.types import Floats, Mask, Value, Whole
from config import resolve
from config.families import Parameters
from simulation.chance import Chance
from simulation.parameters import draw_parameters

M, R = 5, 7  # unlike any other size in the tests, so that a shape slip cannot pass unseen
DRAWN = 12
"""How many sets of uncertain parameters the tests go through."""
TINY = 1e-12
"""What rounding may take from an inequality that holds exactly for real numbers."""

EXAMPLES = 40
"""Generated cases of a test; each holds dozens of members, files or runs."""

Kind = TypeVar("Kind", bound=np.generic)
Test = Callable[..., None]


def given(
    *cases: st.SearchStrategy[Any], examples: int = EXAMPLES, **named: st.SearchStrategy[Any]
) -> Callable[[Test], Test]:
    """Hypothesis's `given`, for so many cases, however long one takes on a busy machine."""

    def decorate(test: Test) -> Test:
        return hypothesis.settings(deadline=None, max_examples=examples)(hypothesis.given(*cases, **named)(test))

    return decorate


@cache
def parameters(seed: int) -> Parameters:
    """Parameters of R runs, the uncertain ones drawn, (R,)."""
    return draw_parameters(resolve("outlook", "none"), Chance(seed, range(R)))[0]


@cache
def first_values() -> Parameters:
    """Parameters as the files give them, each one number: for examples by hand."""
    settings = resolve("outlook", "none")
    certain = {name: one.model_copy(update={"draw": None}) for name, one in settings.parameters.items()}
    return draw_parameters(settings.model_copy(update={"parameters": certain}), Chance(1, [0]))[0]


def fixed(values: NDArray[Kind]) -> NDArray[Kind]:
    """The array, which nobody can change from now on."""
    values.setflags(write=False)
    return values


class Numbers:
    """Reproducible numbers; three in ten lie on eighths of their range, so that equalities and both ends occur."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.p = parameters(seed % DRAWN)
        self._random = np.random.default_rng(seed)

    def __repr__(self) -> str:
        return f"Numbers({self.seed})"

    def table(self, shape: tuple[int, ...], low: float = 0.0, high: float = 1.0) -> Floats:
        """Numbers from low to high."""
        part = self._random.random(shape)
        coarse = self._random.random(shape) < 0.3
        return fixed(low + (high - low) * np.where(coarse, np.rint(8 * part) / 8, part))

    def members(self, low: float = 0.0, high: float = 1.0) -> Floats:
        """(M, R)."""
        return self.table((M, R), low, high)

    def runs(self, low: float = 0.0, high: float = 1.0) -> Floats:
        """(R,)."""
        return self.table((R,), low, high)

    def column(self, low: float = 0.0, high: float = 1.0) -> Floats:
        """(M, 1)."""
        return self.table((M, 1), low, high)

    def one(self, low: float = 0.0, high: float = 1.0) -> float:
        """A single number."""
        return float(self.table((1,), low, high)[0])

    def luck(self, *shape: int) -> Floats:
        """Uniform draws as the model has them: never 0, never 1."""
        return fixed((self._random.integers(0, 2**30, shape) + 0.5) / 2**30)

    def mask(self, *shape: int) -> Mask:
        """Facts that hold in about half of the places."""
        return fixed(self._random.random(shape) < 0.5)

    def whole(self, low: int, high: int, *shape: int) -> Whole:
        """Whole numbers from low to high, both included."""
        return fixed(self._random.integers(low, high, shape, dtype=np.int64, endpoint=True))

    def more(self, values: Floats, most: float = 1.0) -> Floats:
        """Values at least as large, up to `most`."""
        return fixed(np.minimum(most, values + self.table(values.shape)))


numbers = st.builds(Numbers, st.integers(0, 2**32 - 1))


class Plain:
    """A family of parameters in one run: attributes are plain numbers."""

    def __init__(self, family: object, run: int) -> None:
        self._family = family
        self._run = run

    def __getattr__(self, name: str) -> float:
        value = getattr(self._family, name)
        return float(value[self._run] if isinstance(value, np.ndarray) and value.ndim else value)


def by_run(family: object) -> list[Plain]:
    """A family of parameters in each of the R runs."""
    return [Plain(family, run) for run in range(R)]


def agree(found: NDArray[Any], expected: Callable[..., Any], shape: tuple[int, ...] = (M, R)) -> None:
    """Every place of the array, of this shape, equals to the last bit what the twin says for its indices."""
    assert found.shape == shape
    for place in np.ndindex(shape):
        twin = expected(*place)
        assert found[place] == twin, f"at {place}: {found[place]!r} is not {twin!r}"


def within(values: Value, low: float = 0.0, high: float = 1.0) -> bool:
    """Whether all values lie between two numbers."""
    return bool(np.all((np.asarray(values) >= low) & (np.asarray(values) <= high)))
