"""Adaptive multiple importance sampling of parameters that are standard normal before anything is seen.

Rounds of draws, each from a proposal fitted to all before it; at the end every draw is weighed as one from the mixture
of all proposals (Cornuet, Marin, Mira and Robert 2012, Scandinavian Journal of Statistics 39: 798-812). A draw's
likelihood may itself be a draw whose mean is the likelihood, as here, where each comes from one simulated history: the
weights then target the exact posterior all the same (Andrieu and Roberts 2009, Annals of Statistics 37: 697-725).

Letters for shapes: N draws, D parameters.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp
from scipy.stats import genpareto

Floats = NDArray[np.float64]

FROM_PRIOR = 0.15
"""Share of a proposal that stays with the prior, so that no weight can exceed 1 / 0.15 of the likelihood's own."""
WIDER = 1.1
"""A proposal's standard deviations beside those of what it is fitted to."""
TARGET = 0.1
"""Share of the draws so far that a tempered sample must be worth before a proposal is fitted to it."""
TAIL = 0.2
"""Largest share of the weights to which a Pareto tail is fitted; Vehtari et al. (2024), JMLR 25 (72)."""
ALIKE = 1e-9
"""Share of the largest weight by which weights that count as equal may differ."""

NEAR, GRID = 0.2, 61
"""Kernel by which likelihoods of like draws are averaged: width in prior standard deviations, points of its grid."""


@dataclass(frozen=True)
class Proposal:
    """A normal distribution mixed with the standard normal prior."""

    mean: Floats
    """(D,)"""
    root: Floats
    """(D, D) lower triangular: its product with its transpose is the covariance."""

    @classmethod
    def prior(cls, dimensions: int) -> "Proposal":
        """The prior itself."""
        return cls(np.zeros(dimensions), np.eye(dimensions))

    def draw(self, n: int, seed: Sequence[int]) -> Floats:
        """(N, D) draws, the same for the same seed."""
        generator = np.random.Generator(np.random.Philox(np.random.SeedSequence(list(seed))))
        plain = generator.standard_normal((n, len(self.mean)))
        stays = generator.random(n) < FROM_PRIOR
        return np.where(stays[:, np.newaxis], plain, self.mean + plain @ self.root.T)

    def log_density(self, z: Floats) -> Floats:
        """(N,) logarithm of the density."""
        away = np.asarray(np.linalg.solve(self.root, (z - self.mean).T).T, dtype=np.float64)
        fitted = log_normal(away) - np.log(np.diag(self.root)).sum()
        return np.asarray(np.logaddexp(np.log(FROM_PRIOR) + log_normal(z), np.log1p(-FROM_PRIOR) + fitted))


def log_normal(z: Floats) -> Floats:
    """(N,) logarithm of the standard normal density of rows."""
    density: Floats = -0.5 * (z**2).sum(axis=-1) - 0.5 * z.shape[-1] * np.log(2 * np.pi)
    return density


def log_weights(z: Floats, log_likelihood: Floats, proposals: Sequence[Proposal], sizes: Sequence[int]) -> Floats:
    """(N,) logarithms of the weights of draws from several proposals, `sizes` of each; they add up to 1."""
    shares = np.log(np.array(sizes) / sum(sizes))
    mixture = logsumexp([one.log_density(z) for one in proposals] + shares[:, np.newaxis], axis=0)
    weight = log_normal(z) + log_likelihood - mixture
    normalised: Floats = weight - logsumexp(weight)
    return normalised


def effective(log_weight: Floats) -> float:
    """Effective sample size of weights that add up to 1: one over the sum of their squares (Kish 1965)."""
    return float(np.exp(-logsumexp(2 * (log_weight - logsumexp(log_weight)))))


def tempered(log_weight: Floats, least: float) -> Floats:
    """Weights to the largest power up to 1 at which they are worth `least` draws, normalised."""
    low, high = 0.0, 1.0
    possible = np.isfinite(log_weight)
    flat = np.where(possible, log_weight, 0.0)

    def at(power: float) -> Floats:
        weight = np.where(possible, power * flat, -np.inf)
        normalised: Floats = weight - logsumexp(weight)
        return normalised

    if effective(at(1.0)) >= least:
        return at(1.0)
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if effective(at(middle)) >= least else (low, middle)
    return at(low)


def fitted(z: Floats, log_weight: Floats) -> Proposal:
    """A proposal for the next round: mean and covariance of the draws so far, tempered where few of them count."""
    weight = np.exp(tempered(log_weight, TARGET * len(z)))
    mean = weight @ z
    away = z - mean
    covariance = WIDER**2 * (away * weight[:, np.newaxis]).T @ away + 1e-6 * np.eye(z.shape[1])
    return Proposal(mean, np.asarray(np.linalg.cholesky(covariance), dtype=np.float64))


def tail_index(log_weight: Floats) -> float:
    """Shape of the generalised Pareto distribution of the largest weights: above 0.7 they are not to be trusted.

    0 where they are all alike, infinity where there are too few to tell.
    """
    finite = np.sort(log_weight[np.isfinite(log_weight)])
    n = int(min(TAIL * len(log_weight), 3 * np.sqrt(len(log_weight))))
    if n < 5 or len(finite) <= n:
        return float("inf")
    tail = np.exp(finite[-n:] - finite[-1]) - np.exp(finite[-n - 1] - finite[-1])
    if tail[-1] < ALIKE:
        return 0.0
    shape, _, _ = genpareto.fit(tail, floc=0.0)
    return float(shape)


def resampled(log_weight: Floats, n: int, u: float) -> NDArray[np.int64]:
    """(n,) places of equally likely draws: systematic resampling from one uniform number."""
    weight = np.exp(log_weight - logsumexp(log_weight))
    cumulated = np.cumsum(weight)
    places = np.searchsorted(cumulated, (np.arange(n) + u) / n * cumulated[-1], side="right")
    return np.asarray(np.minimum(places, np.flatnonzero(weight)[-1]), dtype=np.int64)


def averaged(x: Floats, log_likelihood: Floats) -> Floats:
    """(N,) logarithm of the likelihood averaged over draws of like x: normal kernel, on a grid, linear between."""
    grid = np.linspace(x.min(), x.max(), GRID)
    near = -0.5 * ((grid[:, np.newaxis] - x) / NEAR) ** 2
    curve = logsumexp(near + log_likelihood, axis=1) - logsumexp(near, axis=1)
    smooth: Floats = np.interp(x, grid, curve)
    return smooth
