"""What an outcome depends on: elementary effects for screening, indices of variance for shares, luck among the factors.

Both take outcomes at the points of config/sampling.py, in the order of its rows. Letters for shapes: K factors,
T trajectories, N base points.

Intervals are percentiles of a bootstrap over whole trajectories, or whole base points, which are drawn independently.
They say what a design of another seed might have shown. With the points of a Sobol' sequence, which fill the cube more
evenly than independent ones, they are rather too wide than too narrow.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from experiments.analysis.intervals import LEVEL, Floats, Interval

SAMPLES = 1000
"""Bootstrap samples."""
FEWEST = 2
"""Trajectories, or base points, below which nothing is said: NaN."""


def in_unit_cube(values: Floats) -> Floats:
    """Trajectories of K factors in units of their steps: from values (T · (K + 1), K), whatever they are measured in.

    In a trajectory a factor has two values; the smaller one is put at 0, the greater one at 2/3. Where a step changed
    nothing, because both levels of a factor have the same value, it is that of a factor which nothing else changed.
    """
    factors = values.shape[1]
    groups = values.reshape(-1, factors + 1, factors)
    points = np.where(groups > groups.min(axis=1, keepdims=True), 2 / 3, 0.0)
    moved = np.diff(points, axis=1) != 0
    for at in np.flatnonzero(~moved.any(axis=1).all(axis=1)):
        steps, still = np.flatnonzero(~moved[at].any(axis=1)), np.flatnonzero(~moved[at].any(axis=0))
        for step, factor in zip(steps, still, strict=True):
            points[at, step + 1 :, factor] = 2 / 3
    return points.reshape(-1, factors)


def elementary_effects(
    names: Sequence[str], points: Floats, outcome: Floats, seed: int, level: float = LEVEL
) -> pd.DataFrame:
    """Elementary effects of K factors from T trajectories, a row per factor in the order of `names`.

    points    (T · (K + 1), K) of the unit cube, as `config.sampling.morris` has them
    outcome   (T · (K + 1),); a trajectory with a NaN is left out
    seed      of the bootstrap

    An effect is how much the outcome changes along a step of one factor, per length of the unit cube, all other factors
    being what they are there; each trajectory gives one of each factor.

    mu        mean: which way the outcome goes
    mu_star   mean of absolute effects: whether the factor does anything, also if it goes both ways; with its interval
              `lower` to `upper`
    sigma     standard deviation: 0 for a factor with the same effect everywhere
    rank      place by mu_star, greatest first
    used dropped  trajectories that count and that were left out

    Source: Morris (1991), Technometrics 33(2) 161-174; mu_star: Campolongo, Cariboni and Saltelli (2007),
    Environmental Modelling & Software 22(10) 1509-1518.
    """
    effects = _effects(points, outcome, len(names))
    whole = ~np.isnan(effects).any(axis=1)
    found = effects[whole]
    if len(found) < FEWEST:
        found = np.full((FEWEST, len(names)), np.nan)
    size = np.abs(found)
    mu_star = size.mean(axis=0)
    lower, upper = _ends(_resampled(len(found), seed) @ size, level)
    return pd.DataFrame({
        "factor": list(names), "mu": found.mean(axis=0), "mu_star": mu_star, "sigma": found.std(axis=0, ddof=1),
        "lower": lower, "upper": upper, "rank": _ranks(mu_star), "used": int(whole.sum()),
        "dropped": int((~whole).sum()),
    })  # fmt: skip


def _effects(points: Floats, outcome: Floats, factors: int) -> Floats:
    """(T, K) effect of each factor in each trajectory, NaN throughout where an outcome of the trajectory is NaN."""
    steps = np.diff(points.reshape(-1, factors + 1, factors), axis=1)
    changes = np.diff(outcome.reshape(-1, factors + 1), axis=1)
    moved = np.abs(steps).argmax(axis=2)
    lengths = np.take_along_axis(steps, moved[..., np.newaxis], axis=2)[..., 0]
    effects = np.empty_like(changes)
    np.put_along_axis(effects, moved, changes / lengths, axis=1)
    effects[np.isnan(changes).any(axis=1)] = np.nan
    return effects


def _ranks(values: Floats) -> NDArray[np.int64]:
    return np.argsort(np.argsort(-values, kind="stable"), kind="stable") + 1


def sobol_indices(names: Sequence[str], outcome: Floats, seed: int, level: float = LEVEL) -> pd.DataFrame:
    """First and total indices of K factors, a row per factor in the order of `names`, with bootstrap intervals.

    outcome   (N · (K + 2),) at the points of `config.sampling.saltelli`; a base point with a NaN is left out with all
              its rows
    seed      of the bootstrap

    first     share of the outcome's variance that would go, on average, if this factor alone were known
    total     share that would stay, on average, if all other factors were known: first, and whatever the factor does
              together with others
    used dropped  base points that count and that were left out

    Estimates of indices near 0 may fall below 0. NaN where the outcome does not vary.

    Source: first by table 2 (b) of Saltelli et al. (2010), Computer Physics Communications 181(2) 259-270, total by
    its (f), which is that of Jansen (1999), Computer Physics Communications 117 35-43.
    """
    groups, dropped = _base_points(outcome, len(names))
    (first, firsts), (total, totals) = _estimates(groups, seed)
    (first_lower, first_upper), (total_lower, total_upper) = _ends(firsts, level), _ends(totals, level)
    return pd.DataFrame({
        "factor": list(names), "first": first, "first_lower": first_lower, "first_upper": first_upper,
        "total": total, "total_lower": total_lower, "total_upper": total_upper,
        "used": len(groups), "dropped": dropped,
    })  # fmt: skip


def sum_of_first(factors: int, outcome: Floats, seed: int, level: float = LEVEL) -> Interval:
    """Share of variance that K factors explain one by one; what is missing to 1 they do only together.

    `outcome` and `seed` as for `sobol_indices`.
    """
    (first, firsts), _ = _estimates(_base_points(outcome, factors)[0], seed)
    lower, upper = _ends(firsts.sum(axis=1), level)
    return Interval(float(first.sum()), float(lower), float(upper))


def _base_points(outcome: Floats, factors: int) -> tuple[Floats, int]:
    """(N, K + 2) outcomes of base points without any NaN, and how many others there were."""
    groups = outcome.reshape(-1, factors + 2)
    whole = ~np.isnan(groups).any(axis=1)
    return groups[whole], int((~whole).sum())


def _estimates(groups: Floats, seed: int) -> tuple[tuple[Floats, Floats], tuple[Floats, Floats]]:
    """First and total indices, each (K,) with its bootstrap samples (SAMPLES, K)."""
    alike = np.full((1, len(groups)), 1.0 / max(len(groups), 1))
    first, total = _indices(groups, alike)
    firsts, totals = _indices(groups, _resampled(len(groups), seed))
    return (first[0], firsts), (total[0], totals)


def _indices(groups: Floats, weights: Floats) -> tuple[Floats, Floats]:
    """(B, K) first and total indices, of each of B samples of base points with weights (B, N) that sum to 1."""
    factors = groups.shape[1] - 2
    if len(groups) < FEWEST:
        return np.full((len(weights), factors), np.nan), np.full((len(weights), factors), np.nan)
    centred = groups - groups.mean()  # changes no index, and keeps digits
    a, mixed, b = centred[:, :1], centred[:, 1:-1], centred[:, -1:]
    mean = weights @ (a + b) / 2
    variance = weights @ (a**2 + b**2) / 2 - mean**2
    varies = variance > 1e-12 * max(float(np.square(groups).mean()), 1e-300)
    first = weights @ (b * (mixed - a)) - mean * (weights @ (mixed - a))
    total = weights @ (a - mixed) ** 2 / 2
    nothing = np.full(first.shape, np.nan)
    return (np.divide(first, variance, out=nothing.copy(), where=varies),
            np.divide(total, variance, out=nothing, where=varies))  # fmt: skip


def _resampled(size: int, seed: int) -> Floats:
    """(SAMPLES, size) weights of bootstrap samples, each row sums to 1."""
    if size == 0:
        return np.empty((SAMPLES, 0))
    return np.random.default_rng(seed).multinomial(size, np.full(size, 1.0 / size), size=SAMPLES) / size


def _ends(samples: Floats, level: float) -> Floats:
    """(2, ...) ends of intervals over the first axis; NaN where a sample is."""
    return np.asarray(np.quantile(samples, [(1 - level) / 2, (1 + level) / 2], axis=0), dtype=np.float64)
