"""Intervals for what a finite number of runs can tell. They cover chance between runs and nothing else.

A model that is wrong is wrong with a narrow interval too: with 10,000 runs these intervals nearly vanish,
while what the parameters and the theory leave open stays where it was. That is in the spread over runs.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

LEVEL = 0.90
"""Share of cases in which an interval is to hold the true value."""

Floats = NDArray[np.float64]


class Interval(NamedTuple):
    """An estimate with the ends of its interval."""

    estimate: float
    lower: float
    upper: float


def jeffreys(count: ArrayLike, runs: ArrayLike, level: float = LEVEL) -> tuple[Floats, Floats]:
    """Lower and upper end for a probability of which `count` of `runs` runs showed the event.

    Equal tails of the Beta(count + 1/2, runs - count + 1/2) distribution; with no case the lower end is 0, with
    nothing but cases the upper end is 1 (Brown, Cai and DasGupta 2001, Statistical Science 16: 101-133).
    Without any run: from 0 to 1.
    """
    hits, total = np.broadcast_arrays(np.asarray(count, dtype=float), np.asarray(runs, dtype=float))
    tail = (1.0 - level) / 2.0
    lower = stats.beta.ppf(tail, hits + 0.5, total - hits + 0.5)
    upper = stats.beta.ppf(1.0 - tail, hits + 0.5, total - hits + 0.5)
    return np.where(hits <= 0, 0.0, lower), np.where(hits >= total, 1.0, upper)


def mean_interval(values: ArrayLike, level: float = LEVEL) -> Interval:
    """Mean of independent values with Student's interval; the ends are NaN for fewer than two values."""
    sample = np.asarray(values, dtype=float)
    if sample.size == 0:
        return Interval(float("nan"), float("nan"), float("nan"))
    mean = float(sample.mean())
    if sample.size == 1:
        return Interval(mean, float("nan"), float("nan"))
    half = float(stats.t.ppf((1.0 + level) / 2.0, sample.size - 1) * sample.std(ddof=1) / np.sqrt(sample.size))
    return Interval(mean, mean - half, mean + half)


def paired_proportions(gained: int, lost: int, runs: int, level: float = LEVEL) -> Interval:
    """Difference of two probabilities seen in the same runs: `gained` only with, `lost` only without the policy.

    Wald's interval after adding half a case to each of the four cells (Agresti and Min 2005, Statistics in
    Medicine 24: 729-740), which keeps its level with few cases and has a width even if no run changed sides.
    The estimate is the plain difference; NaN without runs.
    """
    if runs == 0:
        return Interval(float("nan"), float("nan"), float("nan"))
    b, c, n = gained + 0.5, lost + 0.5, runs + 2.0
    centre = (b - c) / n
    half = float(stats.norm.ppf((1.0 + level) / 2.0) * np.sqrt((b + c) / n - centre**2) / np.sqrt(n))
    return Interval((gained - lost) / runs, max(centre - half, -1.0), min(centre + half, 1.0))
