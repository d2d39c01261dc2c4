"""Three plain forecasts that a model of dated events has to beat, made from how often such events happened.

`constant_hazard`: each class of events at its own unchanging rate. `nothing_changes`: no event ever. `recent_pace`: as
fast as in the last five years. Each gives a `Forecast` as an ensemble does, smoothed alike: like is compared with like.

Time runs in quarters from the beginning of a quarter, numbered as in `config.calendar`: 8052.5 is the middle of 2013Q1.
Rates are per quarter.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np
from scipy.special import betaincc, gammaincc

from config.calendar import NEVER, START
from experiments.analysis.scores import Floats, Forecast, Observed, smoothed

SHAPE = 0.5
"""Shape of the Gamma prior of rates, assumed: half an event's worth, so that one event of a class weighs more."""
RECENT = 20
"""Quarters that `recent_pace` looks back."""
STEPS = 8
"""Parts of a quarter in which waiting times are added up; errors of probabilities stay below 1e-4."""


@dataclass(frozen=True)
class Spell:
    """One stage of one file that could happen, and whether it did: what rates are estimated from.

    begin  since when it could happen: 2013Q2 for the beginning of that quarter, 2013Q2 + 0.5 for its middle, as after
           an earlier stage that happened in it
    """

    kind: str
    begin: float
    observed: Observed


@dataclass(frozen=True)
class Target:
    """An event to forecast: the classes of all stages still to come, itself the last, and when the first can happen.

    opens  first quarter in which the rules allow it, such as that in which a fund was founded
    """

    stages: tuple[str, ...]
    opens: int = START


def at_risk(spell: Spell, since: int, before: int) -> tuple[float, int]:
    """Quarters that a spell was at risk from the quarter `since` to the end of the one before `before`, and its events.

    An event lies in the middle of its quarter, or of the quarters between which it is known to lie: for a constant
    hazard λ that gives the likelihood of the quarter to within λ²/24 of it. One that is not known to lie before
    `before` counts as not seen.
    """
    seen = spell.observed.last < before
    middle = (spell.observed.first + spell.observed.last + 1) / 2
    end = max(middle, spell.begin) if seen else float(min(spell.observed.first, before))
    return max(0.0, end - max(spell.begin, since)), int(seen and end >= since)


def _totals(spells: Sequence[Spell], since: int, before: int) -> dict[str, tuple[float, int]]:
    """Quarters at risk and events by class."""
    found: dict[str, tuple[float, int]] = {}
    for spell in spells:
        quarters, events = found.get(spell.kind, (0.0, 0))
        more, happened = at_risk(spell, since, before)
        found[spell.kind] = (quarters + more, events + happened)
    if sum(quarters for quarters, _ in found.values()) <= 0:
        raise ValueError(f"nothing was at risk from quarter {since} until before quarter {before}")
    return found


def _all(totals: dict[str, tuple[float, int]]) -> tuple[float, int]:
    return sum(quarters for quarters, _ in totals.values()), sum(events for _, events in totals.values())


def gamma_rate(totals: dict[str, tuple[float, int]], kind: str) -> tuple[float, float]:
    """Shape and rate of the Gamma posterior of a class's hazard, from quarters at risk and events by class.

    The prior has shape SHAPE and the rate of all classes together as its mean (half an event if there was none). A
    class without data keeps the prior.
    """
    all_quarters, all_events = _all(totals)
    pooled = (all_events or 0.5) / all_quarters
    quarters, events = totals.get(kind, (0.0, 0))
    return SHAPE + events, SHAPE / pooled + quarters


def constant_hazard(
    spells: Sequence[Spell], target: Target, origin: int, horizon: int, runs: float, strict: bool = False
) -> Forecast:
    """Every class at its own constant rate, uncertain as the data leave it: the waiting time of one stage is Lomax.

    Spells are those that the model was fitted to, over their whole window; with `strict` only what had been seen
    before the origin. With a rate that is Gamma (α, β), k stages of one class, which share it, together wait β times a
    beta prime (k, α): Lomax (α, β) for k = 1. Stages of different classes add independently.
    """
    totals = _totals(spells, START, origin if strict else NEVER)

    def waits(kind: str, stages: int) -> Callable[[Floats], Floats]:
        shape, rate = gamma_rate(totals, kind)
        return lambda time: np.asarray(betaincc(stages, shape, time / (time + rate)))

    return _waited(target, origin, horizon, runs, waits)


def recent_pace(spells: Sequence[Spell], target: Target, origin: int, horizon: int, runs: float) -> Forecast:
    """Every class at its rate of the RECENT quarters before the origin, taken as certain: waits are exponential.

    A class without an event then has the rate of all classes together; without any event nothing changes.
    """
    totals = _totals(spells, origin - RECENT, origin)

    def waits(kind: str, stages: int) -> Callable[[Floats], Floats]:
        quarters, events = totals.get(kind, (0.0, 0))
        quarters, events = (quarters, events) if events and quarters > 0 else _all(totals)
        return lambda time: np.asarray(gammaincc(stages, time * events / quarters))

    return _waited(target, origin, horizon, runs, waits)


def nothing_changes(origin: int, horizon: int, runs: float) -> Forecast:
    """No event ever, but for the even spread of 1 / (runs + 1) that every forecast has (`scores.smoothed`).

    Its log score for what did happen is hence a matter of `runs`: judge it by CRPS and Brier score.
    """
    shares = np.zeros(horizon - origin + 2)
    shares[-1] = 1.0
    return smoothed(origin, shares, runs)


def _waited(
    target: Target, origin: int, horizon: int, runs: float, waits: Callable[[str, int], Callable[[Floats], Floats]]
) -> Forecast:
    """Forecast from the laws of waiting of the classes: `waits(kind, stages)` gives P(longer than so many quarters)."""
    first = max(origin, target.opens)
    shares = np.zeros(horizon - origin + 2)
    if first <= horizon:
        edges = np.arange((horizon - first + 1) * STEPS + 1) / STEPS
        parts = [-np.diff(waits(kind, stages)(edges)) for kind, stages in sorted(Counter(target.stages).items())]
        shares[first - origin : -1] = np.add.reduceat(reduce(_added, parts), np.arange(0, len(edges) - 1, STEPS))
    shares[-1] = max(0.0, 1.0 - shares.sum())
    return smoothed(origin, shares, runs)


def _added(one: Floats, other: Floats) -> Floats:
    """Probabilities of the sum of two waiting times on a grid, cut at its end.

    Two times that lie evenly in cells i and j add up to one in cell i + j or i + j + 1, as often the one as the other.
    """
    sums = np.convolve(one, other)[: len(one)]
    return np.asarray((sums + np.concatenate([[0.0], sums[:-1]])) / 2)
