"""A hidden Markov model with three ordered regimes, of which only neighbours follow one another.

Regimes are 0 calm, 1 tense, 2 crisis, as in agents/rules/pressures.py. What is seen in a quarter depends on the regime
of that quarter alone: series on a scale where they are about normal, with means that rise from calm to crisis and one
spread; counts as Poisson; and dated events, which multiply the likelihood of a regime by a stated factor. Rates of
moving have Beta priors, means and spreads weak ones around what was assumed. Sources: Rabiner (1989), Proceedings of
the IEEE 77: 257-286; paths drawn backwards, Chib (1996), Journal of Econometrics 75: 79-97. Own code: a library brings
neither ordered means, nor moves to neighbours only, nor these priors, nor dated events.

Letters for shapes: S series, T quarters, B fits side by side (windows of time, or chains). All loops go over quarters,
so many fits cost little more than one, and none of them sees another.
"""

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaln, gammainc, gammaincinv, gammaln, ndtr, ndtri

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]

RATES = ("up_from_calm", "up_from_tense", "down_from_tense", "down_from_crisis")
"""Chances per quarter, in this order wherever there are four."""

TINY = 1e-9
STEPS = 80
"""Steps of a fit; after half of them the posterior rises by less than a thousandth."""


@dataclass(frozen=True)
class Evidence:
    """What is known of one pressure."""

    first: int
    """Index of the first quarter."""
    values: Floats
    """(S, T) on the scale of each series, larger for more pressure; NaN where nothing is known."""
    spans: Floats
    """(S, T) number of quarters that a value is the mean of, and counts for; 0 where nothing is known."""
    counted: NDArray[np.bool_]
    """(S,) whether a series is a count (Poisson) and not normal."""
    anchors: Floats
    """(S, 3) means assumed for calm, tense and crisis, on the same scale, rising."""
    spreads: Floats
    """(S,) standard deviations assumed, on the same scale."""
    dated: Floats
    """(T, 3) logarithm of the factors of dated events."""

    @property
    def quarters(self) -> int:
        """T, number of quarters."""
        return int(self.values.shape[1])


@dataclass(frozen=True)
class Prior:
    """What is assumed before looking, and how many quarters of evidence it is worth."""

    rates: Floats
    """(4,) centres of the four rates, as in `RATES`."""
    weight: float = 20.0
    """A rate is assumed as firmly as this many quarters at risk would show it."""
    means: float = 12.0
    """A regime's mean as firmly as this many quarters in it: what to call a crisis is our word, not a finding."""
    spread: float = 8.0
    """The spread as firmly as this many quarters."""


class Emission(NamedTuple):
    """How each series looks in each regime."""

    means: Floats
    """(B, S, 3), rising from calm to crisis."""
    spreads: Floats
    """(B, S)."""


class Fit(NamedTuple):
    """The most probable parameters given evidence and prior."""

    rates: Floats
    """(B, 4) as in `RATES`."""
    emission: Emission
    objective: Floats
    """(steps, B) log posterior, up to a constant, before each step; it never falls."""


# Chances


def transition(rates: Floats) -> Floats:
    """(..., 4) rates to (..., 3, 3): chance of the column's regime next, given the row's now."""
    matrix = np.zeros((*rates.shape[:-1], 3, 3))
    matrix[..., 0, 1], matrix[..., 1, 2] = rates[..., 0], rates[..., 1]
    matrix[..., 1, 0], matrix[..., 2, 1] = rates[..., 2], rates[..., 3]
    for regime in range(3):
        matrix[..., regime, regime] = 1.0 - matrix[..., regime, :].sum(-1)
    return matrix


def conditional(rates: Floats) -> Floats:
    """The same with down_from_tense among the quarters that do not go up: four rates free of one another."""
    free = np.array(rates, dtype=float)
    free[..., 2] /= 1.0 - free[..., 1]
    return free


def unconditional(free: Floats) -> Floats:
    """Back from `conditional`."""
    rates = np.array(free, dtype=float)
    rates[..., 2] *= 1.0 - rates[..., 1]
    return rates


def long_run(rates: Floats) -> Floats:
    """(4,) rates to (3,): share of time in each regime in the long run."""
    weights = np.array([1.0, rates[0] / rates[2], rates[0] * rates[1] / (rates[2] * rates[3])])
    shares: Floats = weights / weights.sum()
    return shares


def log_likelihood(evidence: Evidence, emission: Emission) -> Floats:
    """(B, T, 3) logarithm of the likelihood of each quarter's evidence in each regime; 0 where nothing is known."""
    known = ~np.isnan(evidence.values)[:, :, None]
    x = np.where(known, evidence.values[:, :, None], 0.0)
    counted = evidence.counted[:, None, None]
    means, spreads = emission.means[:, :, None, :], emission.spreads[:, :, None, None]
    normal = -0.5 * ((x - means) / spreads) ** 2 - np.log(spreads) - 0.5 * np.log(2 * np.pi)
    rate = np.where(counted, means, 1.0)
    poisson = x * np.log(rate) - rate - gammaln(np.where(counted, x, 0.0) + 1.0)
    seen = np.where(known, np.where(counted, poisson, normal), 0.0) * evidence.spans[:, :, None]
    result: Floats = seen.sum(axis=1) + evidence.dated
    return result


# Regimes


def forward(start: Floats, matrix: Floats, loglik: Floats) -> tuple[Floats, Floats]:
    """Chances of regimes given the evidence up to each quarter, (B, T, 3), and the evidence's log likelihood, (B, T).

    start   (3,)       chances in the first quarter before its evidence
    matrix  (B, 3, 3)  `transition`
    loglik  (B, T, 3)  `log_likelihood`
    """
    filtered, log_evidence = np.empty_like(loglik), np.empty(loglik.shape[:-1])
    for t in range(loglik.shape[1]):
        before = filtered[:, t - 1, :, None] * matrix if t else np.broadcast_to(start / 3, (len(loglik), 3, 3))
        height = loglik[:, t].max(-1)
        weights = before.sum(1) * np.exp(loglik[:, t] - height[:, None])
        total = weights.sum(-1)
        filtered[:, t], log_evidence[:, t] = weights / total[:, None], np.log(total) + height
    return filtered, log_evidence


def backward(filtered: Floats, matrix: Floats, t: int) -> Floats:
    """(B, 3, 3): chance of the row's regime in quarter t, given the column's in t + 1 and the evidence up to t."""
    joint = filtered[:, t, :, None] * matrix
    ways: Floats = joint / np.maximum(joint.sum(1, keepdims=True), 1e-300)
    return ways


def smooth(filtered: Floats, matrix: Floats) -> tuple[Floats, Floats]:
    """Chances of regimes given all evidence, (B, T, 3), and of moves from each quarter to the next, (B, T-1, 3, 3)."""
    smoothed = filtered.copy()
    moves = np.empty((*filtered[:, 1:].shape, 3))
    for t in range(filtered.shape[1] - 2, -1, -1):
        moves[:, t] = backward(filtered, matrix, t) * smoothed[:, t + 1, None, :]
        smoothed[:, t] = moves[:, t].sum(-1)
    return smoothed, moves


def towards(matrix: Floats, loglik: Floats) -> tuple[Floats, Floats]:
    """Chances of a regime given the one before and what speaks for it, and how likely that is after each.

    matrix  (..., 3, 3)  `transition`
    loglik  (..., 3)     logarithm of the likelihood, in each regime, of what is seen in the quarter, and later if known
    Returns (..., 3, 3) chances of the column's regime after the row's, adding up to one also after a regime that all
    evidence speaks against; and (..., 3) the logarithm of the likelihood after each regime.
    """
    with np.errstate(divide="ignore"):
        joint = np.log(matrix) + loglik[..., None, :]
    height = joint.max(-1, keepdims=True)
    weights = np.exp(joint - height)
    total = weights.sum(-1, keepdims=True)
    return weights / total, (np.log(total) + height)[..., 0]


def onward(matrix: Floats, loglik: Floats) -> Floats:
    """(B, T, 3, 3): chance of the column's regime in each quarter, given the row's before it and all evidence.

    Played forward, these rows give the chances of `smooth` in every quarter (Rabiner 1989, 265).
    """
    rows, later = np.empty((*loglik.shape, 3)), np.zeros((len(loglik), 3))
    for t in range(loglik.shape[1] - 1, -1, -1):
        rows[:, t], later = towards(matrix, loglik[:, t] + later)
    return rows


def path(filtered: Floats, matrix: Floats, u: Floats) -> Whole:
    """Regimes drawn given all evidence, (B, T), from uniform draws of the same shape."""
    drawn = np.empty(u.shape, dtype=np.int64)
    rows = np.arange(len(u))
    for t in range(u.shape[1] - 1, -1, -1):
        last = t == u.shape[1] - 1
        chances = filtered[:, t] if last else backward(filtered, matrix, t)[rows, :, drawn[:, t + 1]]
        drawn[:, t] = (u[:, t, None] > np.cumsum(chances, -1)[:, :2]).sum(-1)
    return drawn


# The most probable parameters


def rising(means: Floats, weights: Floats) -> Floats:
    """The rising (..., 3) nearest to these means, by weighted squares; for Poisson counts too (Barlow et al. 1972)."""

    def pooled(first: int, last: int) -> Floats:
        part = slice(first, last + 1)
        average: Floats = (means * weights)[..., part].sum(-1) / weights[..., part].sum(-1)
        return average

    lows = [[pooled(i, j) for j in range(i, 3)] for i in range(3)]
    return np.stack(
        [np.max([np.min(lows[i][k - i :], axis=0) for i in range(k + 1)], axis=0) for k in range(3)], axis=-1
    )


def assumed(evidence: Evidence, copies: int) -> Emission:
    """The emission before looking at any evidence."""
    return Emission(
        np.broadcast_to(evidence.anchors, (copies, *evidence.anchors.shape)).copy(),
        np.broadcast_to(evidence.spreads, (copies, *evidence.spreads.shape)).copy(),
    )


def fit(evidence: Evidence, prior: Prior, seen: Whole | None = None, steps: int = STEPS) -> Fit:
    """Most probable rates and emissions by expectation and maximisation, once for each window of time.

    seen   (B,)  number of quarters each fit may look at; all of them if not given
    steps        always as many, so that no fit depends on how fast another one settles

    The posterior is on the scale of log-odds and logarithms, where a Beta prior centred on a rate has its peak there.
    """
    ends = np.array([evidence.quarters]) if seen is None else seen
    open_ = np.arange(evidence.quarters) < ends[:, None]
    start, centre = long_run(prior.rates), conditional(prior.rates)
    rates, emission = np.tile(prior.rates, (len(ends), 1)), assumed(evidence, len(ends))
    objective = np.empty((steps, len(ends)))
    for step in range(steps):
        matrix = transition(rates)
        loglik = np.where(open_[:, :, None], log_likelihood(evidence, emission), 0.0)
        filtered, log_evidence = forward(start, matrix, loglik)
        objective[step] = log_evidence.sum(1) + log_prior(evidence, prior, rates, emission)
        smoothed, moves = smooth(filtered, matrix)
        counts = (moves * open_[:, 1:, None, None]).sum(1)
        made, tried = _moves(counts)
        rates = unconditional((made + prior.weight * centre) / (tried + prior.weight))
        emission = _emission(evidence, prior, smoothed * open_[:, :, None])
    return Fit(rates, emission, objective)


def _moves(counts: Floats) -> tuple[Floats, Floats]:
    """From counts of moves (B, 3, 3): how often each of `conditional` happened and could have, (B, 4) each."""
    made = np.stack([counts[:, 0, 1], counts[:, 1, 2], counts[:, 1, 0], counts[:, 2, 1]], -1)
    stays = np.stack([counts[:, 0].sum(-1), counts[:, 1].sum(-1), counts[:, 1, :2].sum(-1), counts[:, 2].sum(-1)], -1)
    return made, stays


def _sums(evidence: Evidence, prior: Prior, regimes: Floats) -> tuple[Floats, Floats]:
    """Weights and weighted means with what the prior adds, (B, S, 3) each; `regimes` (B, T, 3) are chances or 0-1."""
    known = ~np.isnan(evidence.values)
    x = np.where(known, evidence.values, 0.0)
    weights = np.einsum("btk,st->bsk", regimes, evidence.spans) + prior.means
    return weights, (np.einsum("btk,st->bsk", regimes, x * evidence.spans) + prior.means * evidence.anchors) / weights


def _squares(evidence: Evidence, prior: Prior, regimes: Floats, means: Floats) -> tuple[Floats, Floats]:
    """Number and sum of squared distances from the means with what the prior adds, (B, S) each."""
    known = ~np.isnan(evidence.values)
    x = np.where(known, evidence.values, 0.0)
    far = np.where(known[:, :, None], (x[:, :, None] - means[:, :, None, :]) ** 2, 0.0)
    far = far * evidence.spans[:, :, None]
    number = np.einsum("btk,st->bs", regimes, evidence.spans) + prior.spread + 3
    around = prior.means * ((means - evidence.anchors) ** 2).sum(-1) + prior.spread * evidence.spreads**2
    return number, np.einsum("btk,bstk->bs", regimes, far) + around


def _emission(evidence: Evidence, prior: Prior, regimes: Floats) -> Emission:
    weights, means = _sums(evidence, prior, regimes)
    means = rising(means, weights)
    number, squares = _squares(evidence, prior, regimes, means)
    return Emission(means, np.where(evidence.counted, evidence.spreads, np.sqrt(squares / number)))


def log_prior(evidence: Evidence, prior: Prior, rates: Floats, emission: Emission) -> Floats:
    """(B,) logarithm of the prior, up to a constant, on the scale of log-odds of rates and logarithms of spreads."""
    free, centre = conditional(rates), conditional(prior.rates)
    moving = prior.weight * (centre * np.log(free) + (1 - centre) * np.log1p(-free)).sum(-1)
    means, spreads = emission
    rate = np.where(evidence.counted[:, None], means, 1.0)
    counts = prior.means * (evidence.anchors * np.log(rate) - rate).sum(-1)
    squares = prior.means * ((means - evidence.anchors) ** 2).sum(-1) + prior.spread * evidence.spreads**2
    normal = -(prior.spread + 3) * np.log(spreads) - squares / (2 * spreads**2)
    result: Floats = moving + np.where(evidence.counted, counts, normal).sum(-1)
    return result


class Live(NamedTuple):
    """What could be said in each quarter from a first one on, with no value used before its time."""

    rows: Floats
    """(quarters, 3, 3) chance of the column's regime given the row's before and the evidence so far."""
    weights: Floats
    """(quarters, 3) how likely the quarter's evidence is after each regime before, up to a factor."""
    filtered: Floats
    """(quarters, 3) chance of each regime given the evidence so far."""


def live(evidence: Evidence, prior: Prior, first: int, steps: int = STEPS) -> Live:
    """Chances in each quarter from `first` on, from a fit of its own to the evidence up to that quarter.

    A row is transition times likelihood of the quarter's evidence, divided by their sum. As each quarter has its own
    fit, a value says nothing before its time, not even through the parameters.
    """
    places = np.arange(first - evidence.first, evidence.quarters)
    each = np.arange(len(places))
    fitted = fit(evidence, prior, places + 1, steps)
    matrix, loglik = transition(fitted.rates), log_likelihood(evidence, fitted.emission)
    filtered, _ = forward(long_run(prior.rates), matrix, loglik)
    rows, likely = towards(matrix, loglik[each, places])
    return Live(rows, np.exp(likely - likely.max(-1, keepdims=True)), filtered[each, places])


def hindsight(evidence: Evidence, prior: Prior, first: int, known: int, steps: int = STEPS) -> Floats:
    """Chances in each quarter from `first` to `known`, (quarters, 3, 3), given the one before and the evidence so far.

    Unlike `live`, every row knows all evidence up to quarter `known`, by one fit to it, and nothing after it.
    """
    seen = known + 1 - evidence.first
    fitted = fit(evidence, prior, np.array([seen]), steps)
    loglik = log_likelihood(evidence, fitted.emission)[:, :seen]
    return onward(transition(fitted.rates), loglik)[0, first - evidence.first :]


# Draws from the posterior


class Draws(NamedTuple):
    """Draws from the posterior of several pressures together: N draws, C chains, P pressures."""

    pooled: Floats
    """(N, C, 4) the mean over all pressures there could be, of each rate."""
    rates: Floats
    """(N, C, P, 4)."""
    regimes: Floats
    """(P, T, 3) chances of regimes over draws, with all that is uncertain in rates and emissions."""


LIKENESS = np.array([10.0, 20.0, 40.0, 80.0, 160.0, 320.0])
"""How alike pressures may be: rates vary between them as between samples of so many quarters."""
POOLED = np.exp(np.linspace(np.log(0.002), np.log(0.6), 60))
"""Values of the pooled rates that are tried."""


def draws(
    evidences: list[Evidence], prior: Prior, seed: int, chains: int = 32, warm: int = 300, keep: int = 1500
) -> Draws:
    """Sample regimes, emissions and rates of all pressures, the rates partially pooled, by Gibbs's sampler.

    The four free rates (`conditional`) of a pressure are Beta around a pooled rate, alike by `LIKENESS`; the pooled
    rates are Beta around those of the prior, worth `prior.weight` quarters.
    """
    chance = np.random.default_rng(seed)
    centre, start = conditional(prior.rates), long_run(prior.rates)
    table = _likely_moves(max(one.quarters for one in evidences))
    hyper = (prior.weight * centre[:, None] - 1) * np.log(POOLED) + (prior.weight * (1 - centre[:, None]) - 1) * np.log(
        1 - POOLED
    )
    hyper = (hyper + np.log(POOLED))[:, :, None]  # the grid is even in logarithms
    free = np.tile(centre, (len(evidences), chains, 1))
    emissions = [assumed(one, chains) for one in evidences]
    kept: list[Floats] = []
    kept_pooled: list[Floats] = []
    regimes = np.zeros((len(evidences), evidences[0].quarters, 3))
    for sweep in range(warm + keep):
        made, tried = np.empty(free.shape, dtype=np.int64), np.empty(free.shape, dtype=np.int64)
        for p, evidence in enumerate(evidences):
            matrix = transition(unconditional(free[p]))
            filtered, _ = forward(start, matrix, log_likelihood(evidence, emissions[p]))
            drawn = path(filtered, matrix, chance.random((chains, evidence.quarters)))
            is_in = (drawn[:, :, None] == np.arange(3)).astype(float)
            counts = np.einsum("bti,btj->bij", is_in[:, :-1], is_in[:, 1:])
            made[p], tried[p] = (np.rint(part).astype(np.int64) for part in _moves(counts))
            emissions[p] = _drawn_emission(evidence, prior, is_in, emissions[p], chance)
            regimes[p] += is_in.mean(0) / keep if sweep >= warm else 0.0
        score = hyper + table[made, tried].sum(0)  # (C, 4, pooled, likeness)
        flat = score.reshape(chains, 4, -1)
        place = (flat + chance.gumbel(size=flat.shape)).argmax(-1)
        pooled, alike = POOLED[place // len(LIKENESS)], LIKENESS[place % len(LIKENESS)]
        free = chance.beta(alike * pooled + made, alike * (1 - pooled) + tried - made)
        free = np.clip(free, TINY, 1 - TINY)
        if sweep >= warm:
            kept.append(np.moveaxis(unconditional(free), 0, 1))
            kept_pooled.append(unconditional(pooled))
    return Draws(np.stack(kept_pooled), np.stack(kept), regimes)


def _likely_moves(quarters: int) -> Floats:
    """(made, tried, pooled, likeness): log likelihood of so many moves, the pressure's own rate averaged out."""
    made, tried = np.arange(quarters)[:, None, None, None], np.arange(quarters)[None, :, None, None]
    up, down = POOLED[:, None] * LIKENESS, (1 - POOLED)[:, None] * LIKENESS
    left = np.maximum(tried - made, 0)
    table: Floats = betaln(made + up, left + down) - betaln(up, down)
    return table


def _drawn_emission(
    evidence: Evidence, prior: Prior, regimes: Floats, last: Emission, chance: np.random.Generator
) -> Emission:
    """Means one after another between their neighbours, then spreads, all given the regimes."""
    weights, centres = _sums(evidence, prior, regimes)
    means = last.means.copy()
    lowest = np.where(evidence.counted, TINY, -np.inf)
    for k in range(3):
        below = means[:, :, k - 1] if k else np.broadcast_to(lowest, means.shape[:2])
        above = means[:, :, k + 1] if k < 2 else np.full(means.shape[:2], np.inf)
        u = chance.random(means.shape[:2])
        sd = last.spreads / np.sqrt(weights[:, :, k])
        low, high = ndtr((below - centres[:, :, k]) / sd), ndtr((above - centres[:, :, k]) / sd)
        normal = centres[:, :, k] + sd * ndtri(np.clip(low + u * (high - low), TINY, 1 - TINY))
        shape, rate = np.maximum(weights * centres, TINY)[:, :, k], weights[:, :, k]
        low, high = gammainc(shape, rate * np.maximum(below, 0)), gammainc(shape, rate * np.maximum(above, 0))
        poisson = gammaincinv(shape, np.clip(low + u * (high - low), TINY, 1 - TINY)) / rate
        means[:, :, k] = np.clip(np.where(evidence.counted, poisson, normal), below, above)
    number, squares = _squares(evidence, prior, regimes, means)
    spreads = np.sqrt(squares / 2 / chance.gamma(number / 2))
    return Emission(means, np.where(evidence.counted, evidence.spreads, spreads))


def mixing(sampled: Floats) -> float:
    """Gelman and Rubin's ratio of (N, C) draws in C chains: near 1 where all chains say the same."""
    within = sampled.var(axis=0, ddof=1).mean()
    between = sampled.mean(axis=0).var(ddof=1)
    return float(np.sqrt((len(sampled) - 1) / len(sampled) + between / within))


def tempered(evidence: Evidence, share: float) -> Evidence:
    """The same evidence with all dated events told by the power `share` of their factors."""
    return replace(evidence, dated=evidence.dated * share)
