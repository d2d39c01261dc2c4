"""How good forecasts of dated events were: scores against the record, and skill against a reference forecast.

A forecast says how likely an event is in each quarter from its origin to its horizon, and how likely "later" is. Scores
take any such forecast, so that an ensemble of runs and a formula are treated alike; `experiments.analysis.references`
has formulas. The record says in which quarter, or between which quarters, the event happened, or up to when it had not.

Quarters are numbers as in `config.calendar`; NEVER stands for what does not happen within the horizon.

Which score tells what. `crps_cut` is in years and forgives a near miss; `brier` asks whether it has happened by a date.
Both hardly depend on how runs are made into probabilities. `log_score` asks for the quarter itself and punishes
what was held to be impossible: there it depends on the smoothing (see `smoothed`), which is the same for all forecasts
that are compared. All three are proper: whoever knows the true probabilities cannot do better on average.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from config.calendar import NEVER
from experiments.analysis.intervals import LEVEL, Interval

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]

QUARTER = 0.25
"""Years."""
KERNEL = np.array([1.0, 2.0, 3.0, 2.0, 1.0]) / 9.0
"""Triangle of two quarters to either side, standard deviation 1.15 quarters; assumed: agendas slip by that much."""
CENTRAL = (0.50, 0.80, 0.90)
"""Probability that the central intervals of `coverage` hold."""
RESAMPLES = 2000
SEED = 1


# Forecast and record


@dataclass(frozen=True)
class Observed:
    """What the record says: it happened in one of the quarters `first` to `last`, both included.

    If `last` is NEVER, it had not happened before `first`, and what came then is not known: censored.

    until  last quarter in which it would have been seen; NEVER if it could be seen throughout
    """

    first: int
    last: int
    until: int = NEVER

    def __post_init__(self) -> None:
        seen = self.until == self.first - 1 if self.censored else self.last <= self.until
        if not (self.first <= self.last <= NEVER and seen):
            raise ValueError(f"quarters {self.first} to {self.last}, watched until {self.until}, are no record")

    @classmethod
    def happened(cls, first: int, last: int | None = None, until: int = NEVER) -> Observed:
        """In this quarter, or in one of the quarters from this to that."""
        return cls(first, first if last is None else last, until)

    @classmethod
    def not_by(cls, quarter: int) -> Observed:
        """Not by the end of this quarter, the last one in which it would have been seen."""
        return cls(quarter + 1, NEVER, quarter)

    @property
    def censored(self) -> bool:
        """Whether it had not happened when last seen."""
        return self.last == NEVER


@dataclass(frozen=True, eq=False)
class Forecast:
    """Probabilities of an event that has not happened before the quarter `origin`.

    pmf  (Q + 1,)  for each of Q quarters from the origin to the horizon, and for "later, or never"
    """

    origin: int
    pmf: Floats

    def __post_init__(self) -> None:
        if self.pmf.ndim != 1 or len(self.pmf) < 2:
            raise ValueError("a forecast needs at least one quarter, and one entry for later")
        if not (self.pmf >= 0).all() or abs(self.pmf.sum() - 1.0) > 1e-9:
            raise ValueError("probabilities must not be negative and must sum to 1")

    @property
    def quarters(self) -> Whole:
        """Quarters of the forecast, (Q,)."""
        return np.arange(self.origin, self.origin + len(self.pmf) - 1)

    @property
    def horizon(self) -> int:
        """Last quarter of the forecast."""
        return self.origin + len(self.pmf) - 2

    @property
    def later(self) -> float:
        """Probability that it does not happen by the end of the horizon."""
        return float(self.pmf[-1])

    @property
    def cdf(self) -> Floats:
        """Probability that it has happened by the end of each quarter, (Q,)."""
        return np.minimum(np.cumsum(self.pmf[:-1]), 1.0)

    def quantile(self, level: float) -> int:
        """First quarter by whose end it has happened with at least this probability; NEVER if beyond the horizon."""
        place = int(np.searchsorted(self.cdf, level - 1e-12))
        return NEVER if place == len(self.cdf) else self.origin + place


def smoothed(origin: int, shares: ArrayLike, runs: float) -> Forecast:
    """Forecast from raw shares, (Q + 1,): jagged shares are evened out and no probability is zero.

    The only way into a `Forecast` for ensembles and references alike, in two steps:
    1. Shares of quarters are spread over two quarters to either side (KERNEL), reflected at origin and horizon. What
       an ensemble says of one quarter alone is mostly luck of the draw. Reflection leaves the share of "later", the
       one entry that stands for many quarters, as the ensemble has it.
    2. The result has weight 1 - e, and an even spread over all Q + 1 entries has e = 1 / (runs + 1): the posterior mean
       under one run's worth of prior knowledge (the prior of Perks 1947, Journal of the Institute of Actuaries 73:
       285-334). Half a run per entry (Krichevsky and Trofimov 1981) would take a seventh from 200 runs over 16 years.

    runs  effective number of runs; for a reference that of the ensemble it is compared with

    The worst log score is -log((runs + 1)(Q + 1)). More runs make a larger penalty for what was ruled out.
    """
    raw = np.asarray(shares, dtype=float)
    quarters, reach = len(raw) - 1, len(KERNEL) // 2
    even = np.zeros(quarters + 1)
    even[-1] = raw[-1]
    for shift, weight in zip(range(-reach, reach + 1), KERNEL, strict=True):
        place = (np.arange(quarters) + shift) % (2 * quarters)
        np.add.at(even, np.minimum(place, 2 * quarters - 1 - place), weight * raw[:-1])
    e = 1.0 / (runs + 1.0)
    return Forecast(origin, (1.0 - e) * even + e / len(even))


def effective_runs(weights: ArrayLike) -> float:
    """Number of equally weighted runs that would tell as much: (Σ w)² / Σ w² (Kish 1965, Survey Sampling)."""
    w = np.asarray(weights, dtype=float)
    return float(w.sum() ** 2 / (w**2).sum())


def from_ensemble(times: ArrayLike, origin: int, horizon: int, weights: ArrayLike | None = None) -> Forecast:
    """Smoothed forecast from the quarters in which an event happens in each run.

    times    (N,)  quarter from `origin` on; later than `horizon`, such as NEVER, if not within the horizon
    weights  (N,)  not negative, need not sum to 1; all the same if not given
    """
    when = np.asarray(times, dtype=np.int64)
    w = np.ones(len(when)) if weights is None else np.asarray(weights, dtype=float)
    if (when < origin).any():
        raise ValueError(f"in some runs the event happens before the origin, quarter {origin}; never is {NEVER}")
    if horizon < origin or w.shape != when.shape or (w < 0).any() or not w.sum() > 0:
        raise ValueError("a forecast needs a quarter, and weights that are not negative, one for each run")
    places = np.minimum(when, horizon + 1) - origin
    shares = np.bincount(places, weights=w, minlength=horizon - origin + 2) / w.sum()
    return smoothed(origin, shares, effective_runs(w))


# Scores of one event


def _agreeing(forecast: Forecast, observed: Observed) -> tuple[int, int]:
    """First and last entry of the pmf that agree with the record."""
    says_nothing = observed.censored and observed.first <= forecast.origin
    if observed.last < forecast.origin or says_nothing:
        raise ValueError(f"the record, {observed}, says nothing from the origin on, quarter {forecast.origin}")
    later = len(forecast.pmf) - 1
    first, last = np.clip([observed.first - forecast.origin, observed.last - forecast.origin], 0, later)
    return int(first), int(last)


def log_score(forecast: Forecast, observed: Observed) -> float:
    """Logarithm, in nats, of the probability of what the record says; at most 0, the higher the better.

    P(first ≤ T ≤ last) if it happened, P(T > censoring) if it had not: the censored likelihood score of Diks,
    Panchenko and van Dijk (2011, Journal of Econometrics 163: 215-230).
    """
    first, last = _agreeing(forecast, observed)
    return float(np.log(min(forecast.pmf[first : last + 1].sum(), 1.0)))


def squared_errors(forecast: Forecast, observed: Observed) -> Floats:
    """Square of P(has happened by the end of the quarter) less what was the case, (Q,); NaN after `observed.until`.

    What could not have been seen is left out also when the event had happened before: if only those that had not were
    cut off there, early events would count more than late ones, and a forecast that hurries would win.

    Where the record leaves several quarters, each is taken as equally likely and the mean is returned, so that a vague
    date costs every forecast the same.
    """
    _agreeing(forecast, observed)
    quarters, first = forecast.quarters, max(observed.first, forecast.origin)
    state = np.clip((quarters - first + 1) / (observed.last - first + 1), 0.0, 1.0)
    errors = (forecast.cdf - state) ** 2 + state * (1.0 - state)
    return np.where(quarters > observed.until, np.nan, errors)


def crps_cut(forecast: Forecast, observed: Observed) -> float:
    """Continuous ranked probability score of the event's time, in years, cut at the horizon; the lower the better.

    ∫ (F(q) - [T ≤ q])² dq from the origin to the horizon, or to `observed.until` if that is earlier, with F and the
    state at the end of each quarter. What is beyond has weight 0, which keeps the score proper (Gneiting and
    Ranjan 2011, Journal of Business and Economic Statistics 29: 411-422). For a date known to the quarter it is 0 only
    if all probability is on that quarter.
    """
    return float(QUARTER * np.nansum(squared_errors(forecast, observed)))


def brier(forecast: Forecast, observed: Observed, dates: ArrayLike) -> Floats:
    """Brier score of the state "has happened by the end of this quarter", 0 to 1, the lower the better.

    dates  (D,)  quarters
    Returns (D,), NaN where a date lies outside of the forecast or the record does not know the state.
    """
    place = np.asarray(dates, dtype=np.int64) - forecast.origin
    errors = squared_errors(forecast, observed)
    inside = (place >= 0) & (place < len(errors))
    return np.where(inside, errors[np.clip(place, 0, len(errors) - 1)], np.nan)


# Calibration


class Coverage(NamedTuple):
    """How often central intervals of probability `level` held what happened."""

    level: float
    covered: int
    events: int
    share: float
    lower: float
    upper: float
    expected: float
    """Mean of `share` over all draws of the randomisation: what does not depend on the seed."""


def pit_ends(forecast: Forecast, observed: Observed) -> tuple[float, float]:
    """Probability of all that is earlier than what the record says, and of all that is not later."""
    first, last = _agreeing(forecast, observed)
    steps = np.minimum(np.concatenate([[0.0], np.cumsum(forecast.pmf)]), 1.0)
    return float(steps[first]), float(steps[last + 1])


def pit(forecasts: Sequence[Forecast], observed: Sequence[Observed], seed: int = SEED) -> Floats:
    """Probability integral transform of each event, (n,), 0-1; uniform if probabilities are right.

    Time comes in quarters, vague dates and "later", so each value is drawn evenly between its two ends (Czado,
    Gneiting and Held 2009, Biometrics 65: 1254-1261), with a fixed seed.
    """
    lower, upper = _ends(forecasts, observed)
    return np.asarray(lower + np.random.default_rng(seed).random(len(lower)) * (upper - lower))


def _ends(forecasts: Sequence[Forecast], observed: Sequence[Observed]) -> Floats:
    """Both ends for each event, (2, n)."""
    pairs = [pit_ends(forecast, record) for forecast, record in zip(forecasts, observed, strict=True)]
    return np.array(pairs, dtype=float).reshape(-1, 2).T


def coverage(
    forecasts: Sequence[Forecast], observed: Sequence[Observed], seed: int = SEED, levels: Sequence[float] = CENTRAL
) -> list[Coverage]:
    """Share of events that central intervals hold, with the 90 % interval of Clopper and Pearson.

    An event is held if its randomised `pit` lies within (1 ∓ level) / 2: with "later" as a value beyond the horizon,
    an interval of quarters alone would hold too much. The interval takes events as independent: of an event that was
    forecast from several origins use one. With few events `share` moves with the seed; `expected` does not.
    """
    ends, values = _ends(forecasts, observed), pit(forecasts, observed, seed)
    return [_covered(ends, values, level) for level in levels]


def _covered(ends: Floats, values: Floats, level: float) -> Coverage:
    low, high = (1.0 - level) / 2.0, (1.0 + level) / 2.0
    held = (values >= low) & (values <= high)
    width = ends[1] - ends[0]
    overlap = np.maximum(np.minimum(ends[1], high) - np.maximum(ends[0], low), 0.0)
    chance = np.where(width > 0, overlap / np.where(width > 0, width, 1.0), held)
    count, events = int(held.sum()), len(values)
    lower, upper = clopper_pearson(count, events)
    mean = (count / events, float(chance.mean())) if events else (float("nan"), float("nan"))
    return Coverage(level, count, events, mean[0], lower, upper, mean[1])


def clopper_pearson(count: int, events: int, level: float = LEVEL) -> tuple[float, float]:
    """Exact interval for a probability seen `count` times in `events` (Clopper and Pearson 1934, Biometrika 26).

    Holds the true value with at least this level; without events from 0 to 1.
    """
    tail = (1.0 - level) / 2.0
    lower = 0.0 if count == 0 else float(stats.beta.ppf(tail, count, events - count + 1))
    upper = 1.0 if count == events else float(stats.beta.ppf(1.0 - tail, count + 1, events - count))
    return lower, upper


# Skill


def skill(model: ArrayLike, reference: ArrayLike, clusters: Sequence[str], seed: int = SEED) -> Interval:
    """1 - Σ model / Σ reference over events: 1 is perfect, 0 as good as the reference, below 0 worse.

    model, reference  (n,)  scores of the same events, the lower the better: `crps_cut`, `brier`, or minus `log_score`
    clusters          (n,)  see `gain`

    An event for which either is NaN is left out. NaN if the reference was perfect.
    """
    ours, theirs, names = _paired(model, reference, clusters)
    ratio = _ratio_of_sums(ours, theirs, names, seed)
    return Interval(1.0 - ratio.estimate, 1.0 - ratio.upper, 1.0 - ratio.lower)


def gain(model: ArrayLike, reference: ArrayLike, clusters: Sequence[str], seed: int = SEED) -> Interval:
    """Mean difference of two scores per event: for `log_score` nats by which the model is better, if above 0.

    clusters  (n,)  name of what an event belongs to, a file or a partner: whatever moves together, and one event at
                    several origins. Whole clusters are drawn with replacement, RESAMPLES times, with a fixed seed;
                    ends are percentiles that hold 90 % (Field and Welsh 2007, JRSS B 69: 369-390).

    With few clusters such intervals are too narrow: in simulations 90 % meant 78 % with 8 clusters, 85 % with 12 to 20,
    89 % with 30. With one the ends are NaN.
    """
    ours, theirs, names = _paired(model, reference, clusters)
    return _ratio_of_sums(ours - theirs, np.ones(len(ours)), names, seed)


def _paired(model: ArrayLike, reference: ArrayLike, clusters: Sequence[str]) -> tuple[Floats, Floats, NDArray[np.str_]]:
    """Scores and clusters of the events for which both scores are known."""
    ours, theirs = np.asarray(model, dtype=float), np.asarray(reference, dtype=float)
    names = np.asarray(clusters, dtype=np.str_)
    if not ours.shape == theirs.shape == names.shape:
        raise ValueError("model, reference and clusters must be of the same events")
    known = ~(np.isnan(ours) | np.isnan(theirs))
    return ours[known], theirs[known], names[known]


def _ratio_of_sums(above: Floats, below: Floats, clusters: NDArray[np.str_], seed: int) -> Interval:
    """Σ above / Σ below with its cluster bootstrap; in which order events come makes no difference."""
    names, place = np.unique(clusters, return_inverse=True)
    order = np.lexsort((below, above, place))
    sums = np.array([np.bincount(place[order], weights=x[order], minlength=len(names)) for x in (above, below)])
    estimate = float(_ratio(sums.sum(axis=1)))
    if len(names) < 2:
        return Interval(estimate, float("nan"), float("nan"))
    chance = np.random.default_rng(seed)
    times = chance.multinomial(len(names), np.full(len(names), 1.0 / len(names)), size=RESAMPLES)
    drawn = _ratio(sums @ times.T)
    drawn = drawn[~np.isnan(drawn)]
    tail = (1.0 - LEVEL) / 2.0
    lower, upper = np.quantile(drawn, [tail, 1.0 - tail]) if len(drawn) else (np.nan, np.nan)
    return Interval(estimate, float(lower), float(upper))


def _ratio(sums: Floats) -> Floats:
    """First row by second, NaN by 0; (2, ...) to (...)."""
    above, below = sums
    return np.asarray(np.where(below != 0, above / np.where(below != 0, below, 1.0), np.nan))
