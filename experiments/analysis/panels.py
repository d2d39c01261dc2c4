"""What other agreements tell about speed: talks, ratification, conclusion, and Japan's own approval.

Everything is estimated from `config/series/` as it was known on 30 September 2024, `KNOWN`, and without what the record
keeps for validation: see `as_known`, through which every row passes. Time is counted in quarters; a spell that had not
ended when it was last seen is censored there.

Estimates are medians of the posterior, intervals its equal tails. Priors are wide (see each estimator) and classes are
shrunk towards what is common to them as far as the data ask for it: scales of spread are estimated too. Draws come from
the affine-invariant sampler of Goodman and Weare (2010, CAMCoS 5: 65-80) with a fixed seed, so tables are reproducible.

`python -m experiments.analysis.panels` prints the tables of docs/panels.md.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit

from config.calendar import CALIBRATED_TO, last_day, quarter_of_day
from config.loading import load_record
from config.panels import load_series
from experiments.analysis.intervals import LEVEL

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]
LogDensity = Callable[[Floats], Floats]
"""From points, (W, D), to log posterior densities up to a constant, (W,)."""

QUARTER = 365.25 / 4
"""Days."""
MONTHS = 3.0
"""Months in a quarter."""
SINCE = date(2009, 1, 1)
"""Talks are watched from here on: older ones are known only if they lasted until then."""
KNOWN = last_day(CALIBRATED_TO)
"""What happened later is kept for validation: no estimate knows of it."""
MEMBERS = 27
LONGEST = 80
"""Quarters that a mixed agreement is followed."""

TALKS = (
    "framework_mixed",
    "trade_mixed",
    "trade_eu_only",
    "csdp_fpa",
    "security_of_information",
    "security_defence_partnership",
    "pesco_project",
)
"""Classes of which something is known by `KNOWN`; talks on SAFE association opened in 2025."""
FROM_MANDATE = ("csdp_fpa", "security_of_information")
"""Classes whose talks are counted from the mandate; the others from the opening of talks (PESCO: from the request)."""
UNION_ALONE = ("trade_eu_only", "csdp_fpa", "security_of_information")
JAPAN = ("information_protection", "equipment_transfer", "acsa", "raa")
DIET_APPROVES = ("acsa", "raa")
"""Treaties among Japan's instruments; the others are executive agreements."""

ENDS = ("signed", "in_force", "date")
DATES = ("mandate", "negotiation_opened", *ENDS)
"""Columns with dates of events, those that end a spell apart."""

COLUMNS = ["what", "of", "unit", "estimate", "lower", "upper", "se", "log_se", "n", "censored"]
"""`se` is the standard deviation of the posterior, `log_se` that of the logarithm, NaN where 0 is possible."""


# Reading


@dataclass(frozen=True)
class Span:
    """A date known to lie between two days, both included."""

    first: date
    last: date


def span(text: str) -> Span | None:
    """`2019-02-01`, or `2019-02-01/2019-02-28` where only that much is known; None where empty."""
    if not text:
        return None
    first, _, last = text.partition("/")
    return Span(date.fromisoformat(first), date.fromisoformat(last or first))


def as_known(rows: Iterable[Mapping[str, str]]) -> list[dict[str, str]]:
    """Rows of a panel as they stood on `KNOWN`, without those that the record keeps for validation.

    What happened later had not happened: it was pending on `KNOWN`. Of a date that lies somewhere from before to after
    `KNOWN` only the beginning was known, that is, until when it had not happened.
    """
    kept = {(row.partner, row.instrument) for row in load_record() if row.use == "validate"}
    return [_known(row) for row in rows if not _kept(row, kept)]


def _kept(row: Mapping[str, str], kept: Collection[tuple[str, str]]) -> bool:
    """Whether a row is about the Union and Japan, or about a rung of which the record keeps something back."""
    own = row.get("partner") == "JPN" or "Japan" in row.get("agreement", "")
    return own or (row.get("partner", ""), row.get("instrument", "")) in kept


def _known(row: Mapping[str, str]) -> dict[str, str]:
    dates = {name: span(row[name]) for name in DATES if name in row}
    later = {name: when for name, when in dates.items() if when and when.last > KNOWN}
    seen = "pending_on" if "date" in row else "status_date"
    days = [date.fromisoformat(row[seen])] if row[seen] else []
    days += [when.first - timedelta(days=1) for name, when in later.items() if name in ENDS]
    pending = min([KNOWN, *days]).isoformat() if days else ""
    return {**row, **dict.fromkeys(later, ""), seen: pending}


def quarters(first: date, last: date) -> float:
    """Time between two days in quarters."""
    return (last - first).days / QUARTER


# Sampling


def sample(
    log_density: LogDensity, start: Sequence[float], steps: int = 1500, walkers: int = 64, seed: int = 1
) -> Floats:
    """Draws from a density, (draws, D), by the stretch move: of the second half of the steps every fifth."""
    rng = np.random.default_rng(seed)
    points = np.asarray(start, dtype=float) + 0.1 * rng.standard_normal((walkers, len(start)))
    heights = log_density(points)
    half, kept = walkers // 2, []
    for step in range(steps):
        for moving, still in ((slice(0, half), slice(half, None)), (slice(half, None), slice(0, half))):
            others = points[still][rng.integers(0, walkers - half, half)]
            stretch = (1.0 + rng.random(half)) ** 2 / 2.0
            proposed = others + stretch[:, np.newaxis] * (points[moving] - others)
            height = log_density(proposed)
            gain = (len(start) - 1) * np.log(stretch) + height - heights[moving]
            taken = np.log(rng.random(half)) < gain
            points[moving] = np.where(taken[:, np.newaxis], proposed, points[moving])
            heights[moving] = np.where(taken, height, heights[moving])
        if step >= steps // 2 and step % 5 == 0:
            kept.append(points.copy())
    return np.concatenate(kept)


def described(what: str, of: str, unit: str, draws: Floats, n: int, censored: int) -> dict[str, object]:
    """One row of a table of estimates."""
    tail = (1.0 - LEVEL) / 2.0
    lower, middle, upper = (float(x) for x in np.quantile(draws, [tail, 0.5, 1.0 - tail]))
    log_se = float(np.log(draws).std()) if draws.min() > 0 else float("nan")
    return dict(
        zip(COLUMNS, (what, of, unit, middle, lower, upper, float(draws.std()), log_se, n, censored), strict=True)
    )


def _normal(x: Floats, mean: float, sd: float) -> Floats:
    return -0.5 * ((x - mean) / sd) ** 2


def _half_normal_of_log(log_x: Floats, sd: float) -> Floats:
    """Log density of log x when x is half normal."""
    return -0.5 * (np.exp(log_x) / sd) ** 2 + log_x


def _nodes(count: int = 41, reach: float = 4.0) -> tuple[Floats, Floats]:
    """Points and weights that average over a standard normal frailty."""
    z = np.linspace(-reach, reach, count)
    weights = np.exp(-0.5 * z**2)
    return z, weights / weights.sum()


# (a) Talks


@dataclass(frozen=True)
class Spells:
    """Spells of talks in quarters, one entry each.

    An event lies after `low` and not after `high`; a censored spell lasted at least `low`. `entry` is how long the
    spell had lasted when watching began.
    """

    kind: Whole
    low: Floats
    high: Floats
    entry: Floats
    event: NDArray[np.bool_]


def talks_spells(rows: Sequence[Mapping[str, str]], classes: Sequence[str] = TALKS) -> Spells:
    """Talks on agreements with partners but Japan, from mandate or opening to signature.

    Talks that began before 2009 count from 2009 on, given that they had lasted so long; the first agreements on
    security of information are known from their common mandate of 2003 on. Talks called off or overtaken are censored
    then.
    """
    found: list[tuple[int, float, float, float, bool]] = []
    for row in rows:
        mandate, opened, signed = (span(row[name]) for name in ("mandate", "negotiation_opened", "signed"))
        from_mandate = row["class"] in FROM_MANDATE
        origin = (mandate or opened) if from_mandate else opened
        if origin is None or row["class"] not in classes:
            continue
        entry = 0.0 if from_mandate else max(0.0, quarters(origin.last, SINCE))
        if signed:
            low = max(quarters(origin.last, signed.first) - 1 / QUARTER, entry)
            high = quarters(origin.first, signed.last)
        else:
            low = high = quarters(origin.last, date.fromisoformat(row["status_date"]))
        if high > entry or (signed and high == entry):
            found.append(
                (classes.index(row["class"]), max(low, 0.0), max(high, 1 / QUARTER), entry, signed is not None)
            )
    kind, lows, highs, entries, event = zip(*found, strict=True)
    return Spells(np.array(kind), np.array(lows), np.array(highs), np.array(entries), np.array(event))


@dataclass(frozen=True)
class TalksDraws:
    """Draws of the parameters of talks: medians (draws, classes) of movers in quarters, the rest (draws,)."""

    medians: Floats
    shape: Floats
    frailty: Floats
    stayers: Floats


def fit_talks(spells: Spells, classes: int, shape: float | None = None, steps: int = 1500, seed: int = 1) -> TalksDraws:
    """Movers and stayers: a share of files never moves, the others follow a Weibull law with a log-normal frailty.

    S(t) = p + (1 - p)·E_z exp(-log 2·(t / (m_c·exp(σ z)))^k), with p, k, σ common to all classes and log m_c normal
    around a common mean. `shape` fixes k; at 1 a file moves at a constant hazard given its will, as in the model.
    Priors: mean of log m_c normal (log 12 quarters, 1), its spread half normal (1), log k normal (0, 0.5), σ half
    normal (0.7), p uniform.
    """
    z, weights = _nodes(21)

    def parts(points: Floats) -> tuple[Floats, Floats, Floats, Floats]:
        log_m = points[:, [0]] + np.exp(points[:, [1]]) * points[:, 5:]
        k = np.exp(points[:, 2]) if shape is None else np.full(len(points), shape)
        return log_m, k, np.exp(points[:, 3]), np.asarray(expit(points[:, 4]), dtype=float)

    def log_density(points: Floats) -> Floats:
        log_m, k, sigma, p = parts(points)
        prior = _normal(points[:, 0], np.log(12.0), 1.0) + _half_normal_of_log(points[:, 1], 1.0)
        prior = prior + _normal(points[:, 2], 0.0, 0.5) + _half_normal_of_log(points[:, 3], 0.7)
        prior = prior + np.log(np.maximum(p * (1 - p), 1e-300)) + _normal(points[:, 5:], 0.0, 1.0).sum(axis=1)
        scale = log_m[:, spells.kind, np.newaxis] + sigma[:, np.newaxis, np.newaxis] * z

        def surviving(time: Floats) -> Floats:
            log_time = np.log(np.maximum(time, 1e-12))[np.newaxis, :, np.newaxis]
            power = np.minimum(k[:, np.newaxis, np.newaxis] * (log_time - scale), 50.0)
            movers = np.exp(-np.log(2.0) * np.exp(power)) @ weights
            return np.asarray(p[:, np.newaxis] + (1 - p[:, np.newaxis]) * movers, dtype=float)

        low = surviving(spells.low)
        seen = np.where(spells.event, low - surviving(spells.high), low)
        likelihood = np.log(np.maximum(seen, 1e-300)) - np.log(surviving(spells.entry))
        return np.asarray(prior + likelihood.sum(axis=1), dtype=float)

    with np.errstate(over="ignore"):
        draws = sample(log_density, [2.3, -0.7, 0.2, -0.7, -1.0] + [0.0] * classes, steps=steps, seed=seed)
        log_m, k, sigma, p = parts(draws)
    return TalksDraws(np.exp(log_m) * _median_of_mixture(k, sigma)[:, np.newaxis], k, sigma, p)


def _median_of_mixture(shape: Floats, sigma: Floats) -> Floats:
    """Median time of movers over that of a mover of ordinary will: the law is not quite symmetric on the log scale."""
    z, weights = _nodes(21)
    low, high = np.full(len(shape), -5.0), np.full(len(shape), 5.0)
    for _ in range(40):
        middle = (low + high) / 2
        power = shape[:, np.newaxis] * (middle[:, np.newaxis] - sigma[:, np.newaxis] * z)
        early = np.exp(-np.log(2.0) * np.exp(np.minimum(power, 50.0))) @ weights > 0.5
        low, high = np.where(early, middle, low), np.where(early, high, middle)
    return np.asarray(np.exp(low), dtype=float)


def talks(
    rows: Sequence[Mapping[str, str]] | None = None, shape: float | None = None, steps: int = 1500
) -> pd.DataFrame:
    """Median length of talks of movers by class, in months, and what is common to all classes."""
    spells = talks_spells(as_known(load_series("agreements") if rows is None else rows))
    fit = fit_talks(spells, len(TALKS), shape, steps)
    table = []
    for c, name in enumerate(TALKS):
        here = spells.kind == c
        row = described("median of movers", name, "months", MONTHS * fit.medians[:, c], *_counts(spells.event[here]))
        table.append(row)
    for what, unit, draws in (
        ("shape", "Weibull shape", fit.shape),
        ("frailty", "log standard deviation", fit.frailty),
        ("stayers", "share of files", fit.stayers),
    ):
        table.append(described(what, "all classes", unit, draws, *_counts(spells.event)))
    return pd.DataFrame(table, columns=COLUMNS)


def _counts(event: NDArray[np.bool_]) -> tuple[int, int]:
    return int(event.size), int((~event).sum())


# (b) Ratification of mixed agreements


@dataclass(frozen=True)
class Ratifications:
    """What is known of mixed agreements, in quarters since signature as the model counts them.

    A member's ratification falls in quarter `first` to `last` (pending through `first`: `last` = LONGEST); rows are
    distinct cases with their number. `all_by` marks those that speak of the last of 27 members. `force` is the quarter
    of entry into force of agreements of which nothing else is known, or the number of quarters without it. `lag` is the
    time from the last member to force, or (`lag_last` = LONGEST) the number of quarters without it.
    """

    agreement: Whole
    first: Whole
    last: Whole
    number: Whole
    all_by: NDArray[np.bool_]
    trade: NDArray[np.bool_]
    force: Whole
    in_force: NDArray[np.bool_]
    lag_first: Whole
    lag_last: Whole


def _elapsed(signed: date, day: date) -> int:
    """Quarters from signature to a day; as in the model, what happens in that of signature counts in the next."""
    return max(quarter_of_day(day) - quarter_of_day(signed), 1)


def _lasted(signed: date, day: date) -> int:
    """Whole quarters after that of signature through which something pending on a day was pending, 0 or more."""
    return max(quarter_of_day(day + timedelta(days=1)) - 1 - quarter_of_day(signed), 0)


def ratification_data(
    agreements: Sequence[Mapping[str, str]], members: Sequence[Mapping[str, str]]
) -> tuple[Ratifications, tuple[int, int]]:
    """The panel of mixed agreements, and the number of members in it with the number pending.

    Left out: members whose agreement left its mark only through them (chosen because late), twins signed on one day and
    ratified together, and agreements called off before all had ratified.
    """
    names = list(dict.fromkeys(row["agreement"] for row in members))
    cases: dict[tuple[int, int, int, bool], int] = {}
    last_known: dict[str, tuple[date, date]] = {}
    pending = 0
    for row in members:
        signed, when = date.fromisoformat(row["signed"]), span(row["date"])
        if when:
            first, last = _elapsed(signed, when.first), _elapsed(signed, when.last)
            old = last_known.get(row["agreement"], (when.first, when.last))
            last_known[row["agreement"]] = (max(old[0], when.first), max(old[1], when.last))
        else:
            first, last = _lasted(signed, date.fromisoformat(row["pending_on"])), LONGEST
            pending += 1
        key = (names.index(row["agreement"]), first, last, row["member"] == "LAST")
        cases[key] = cases.get(key, 0) + 1
    incomplete = {row["agreement"] for row in members if not row["date"]}
    force, in_force, lags = [], [], []
    for row in agreements:
        signed_span, force_span = span(row["signed"]), span(row["in_force"])
        if row["mixed"] != "1" or signed_span is None:
            continue
        signed = signed_span.first
        if row["agreement"] in last_known and row["agreement"] not in incomplete:
            early, late = (quarter_of_day(day) for day in last_known[row["agreement"]])
            if force_span and late - early <= 4:
                begin, end = quarter_of_day(force_span.first), quarter_of_day(force_span.last)
                lags.append((max(begin - late, 0), max(end - early, 0)))
            elif not force_span:
                seen = quarter_of_day(date.fromisoformat(row["status_date"]) + timedelta(days=1))
                lags.append((max(seen - late, 0), LONGEST))
        twin = row["partner"] == "MDA"
        if row["class"] == "framework_mixed" and row["agreement"] not in names and not twin:
            pending_on = date.fromisoformat(row["status_date"])
            force.append(_elapsed(signed, force_span.first) if force_span else _lasted(signed, pending_on))
            in_force.append(force_span is not None)
    trade = {row["agreement"]: row["class"] != "framework_mixed" for row in members}
    keys = list(cases)
    data = Ratifications(
        agreement=np.array([key[0] for key in keys]),
        first=np.array([key[1] for key in keys]),
        last=np.array([key[2] for key in keys]),
        number=np.array([cases[key] for key in keys]),
        all_by=np.array([key[3] for key in keys]),
        trade=np.array([trade[name] for name in names]),
        force=np.array(force, dtype=np.int64),
        in_force=np.array(in_force, dtype=bool),
        lag_first=np.array([lag[0] for lag in lags], dtype=np.int64),
        lag_last=np.array([lag[1] for lag in lags], dtype=np.int64),
    )
    return data, (sum(1 for row in members if row["member"] != "LAST"), pending)


def fit_ratification(data: Ratifications, steps: int = 800, seed: int = 1) -> dict[str, Floats]:
    """Draws of scale (quarters), shape, frailty (log standard deviation), closing (hazard per quarter), trade (factor).

    Members ratify independently given the frailty of their agreement, on the model's clock: by the n-th quarter with
    probability 1 - exp(-Λ(n)), Λ(n) = exp(shape·log(n / (scale·frailty))). After the last the agreement enters into
    force with probability 1 - exp(-closing) each quarter, that of the last member included. Trade and air agreements
    have their own scale, `trade` times the other. Priors: log scale normal (log 8, 1), log shape normal (0, 0.5),
    frailty half normal (0.7), log closing normal (log 0.5, 1), log trade normal (0, 0.7).
    """
    z, weights = _nodes()
    known = len(data.trade)

    def log_density(points: Floats) -> Floats:
        log_scale, shape, sigma = points[:, 0], np.exp(points[:, 1]), np.exp(points[:, 2])
        prior = _normal(log_scale, np.log(8.0), 1.0) + _normal(points[:, 1], 0.0, 0.5)
        prior = prior + _half_normal_of_log(points[:, 2], 0.7)
        prior = prior + _normal(points[:, 3], np.log(0.5), 1.0) + _normal(points[:, 4], 0.0, 0.7)

        def pending(count: Whole, extra: Floats) -> Floats:
            """Probability that a member has not ratified after so many quarters, (W, len(count), Z)."""
            log_count = np.log(np.maximum(count, 1))[np.newaxis, :, np.newaxis]
            log_time = log_count - log_scale[:, np.newaxis, np.newaxis] - extra[:, :, np.newaxis]
            power = shape[:, np.newaxis, np.newaxis] * (log_time - sigma[:, np.newaxis, np.newaxis] * z)
            some = (count > 0)[np.newaxis, :, np.newaxis]
            return np.where(some, np.exp(-np.exp(np.minimum(power, 50.0))), 1.0)

        extra = points[:, [4]] * data.trade[data.agreement]
        late = np.where((data.last >= LONGEST)[np.newaxis, :, np.newaxis], 0.0, pending(data.last, extra))
        # Pending at the end of the quarter `first` is all that is known of those who have not ratified
        open_ended = data.last >= LONGEST
        early = pending(np.where(open_ended, data.first, data.first - 1), extra)
        every = data.all_by[np.newaxis, :, np.newaxis]
        chance = np.where(every, (1 - late) ** MEMBERS - (1 - early) ** MEMBERS, early - late)
        logs = data.number[np.newaxis, :, np.newaxis] * np.log(np.maximum(chance, 1e-300))
        of_agreement = np.zeros((len(points), known, len(z)))
        for row, place in enumerate(data.agreement):
            of_agreement[:, place] += logs[:, row]
        likelihood = _averaged(of_agreement, weights).sum(axis=1)
        stop = 1.0 - np.exp(-np.exp(points[:, 3]))
        likelihood = likelihood + _lags(stop, data.lag_first, data.lag_last)
        if data.force.size:
            none = np.zeros((len(points), LONGEST + 1))
            finished = (1 - pending(np.arange(LONGEST + 1), none)) ** MEMBERS
            now, after = _entering(finished, stop[:, np.newaxis])
            chance = np.where(data.in_force[np.newaxis, :, np.newaxis], now[:, data.force], after[:, data.force])
            likelihood = likelihood + np.log(np.maximum(chance @ weights, 1e-300)).sum(axis=1)
        return np.asarray(prior + likelihood, dtype=float)

    with np.errstate(over="ignore"):
        draws = sample(log_density, [2.0, 0.2, -0.7, -0.7, 0.3], steps=steps, walkers=32, seed=seed)
    return dict(zip(("scale", "shape", "frailty", "closing", "trade"), np.exp(draws).T, strict=True))


def _averaged(logs: Floats, weights: Floats) -> Floats:
    """Log of the weighted mean of exponentials along the last axis."""
    top = logs.max(axis=-1, keepdims=True)
    return np.asarray(np.log(np.exp(logs - top) @ weights) + top[..., 0], dtype=float)


def _lags(stop: Floats, first: Whole, last: Whole) -> Floats:
    """Log likelihood of waits of `first` to `last` quarters, each ended with probability `stop` per quarter, (W,)."""
    go = np.log(np.maximum(1.0 - stop, 1e-300))[:, np.newaxis]
    chance = np.exp(go * first) - np.exp(go * (last + 1))
    return np.asarray(np.log(np.maximum(chance, 1e-300)).sum(axis=1), dtype=float)


def _entering(finished: Floats, stop: Floats) -> tuple[Floats, Floats]:
    """Probability of entry into force in each quarter, and after it, from that of all members by it, (W, N, Z)."""
    waiting = np.zeros_like(finished[:, 0])
    now, done = np.zeros_like(finished), np.zeros_like(finished)
    for n in range(1, finished.shape[1]):
        ready = waiting + finished[:, n] - finished[:, n - 1]
        now[:, n] = stop * ready
        waiting = ready - now[:, n]
        done[:, n] = done[:, n - 1] + now[:, n]
    return now, 1.0 - done


def ratification(
    agreements: Sequence[Mapping[str, str]] | None = None,
    members: Sequence[Mapping[str, str]] | None = None,
    steps: int = 800,
) -> pd.DataFrame:
    """Scale, shape, frailty of members' ratification, the hazard of closing, and what they mean for the last member."""
    data, (n, open_members) = ratification_data(
        as_known(load_series("agreements") if agreements is None else agreements),
        as_known(load_series("ratifications") if members is None else members),
    )
    fit = fit_ratification(data, steps)
    units = {
        "scale": "quarters",
        "shape": "Weibull shape",
        "frailty": "log standard deviation",
        "closing": "hazard per quarter",
        "trade": "factor on scale",
    }
    table = [described(name, "mixed agreements", units[name], fit[name], n, open_members) for name in units]
    table[3] |= {"n": int(data.lag_first.size), "censored": int((data.lag_last >= LONGEST).sum())}
    last = fit["scale"] * (-np.log1p(-(0.5 ** (1 / MEMBERS)))) ** (1 / fit["shape"])
    whole = (int(len(data.trade) + data.force.size), int((~data.in_force).sum()) + _pending_agreements(data))
    table.append(described("median of the last of 27", "framework agreement", "months", MONTHS * last, *whole))
    return pd.DataFrame(table, columns=COLUMNS)


def _pending_agreements(data: Ratifications) -> int:
    return len(set(data.agreement[data.last >= LONGEST].tolist()))


# (c) and (d) From signature to force without members


@dataclass(frozen=True)
class Waits:
    """Quarters from signature to force on the model's clock, `first` to `last`; pending ones have lasted `first`."""

    kind: Whole
    first: Whole
    last: Whole
    event: NDArray[np.bool_]


def waits(rows: Sequence[Mapping[str, str]], column: str, classes: Sequence[str]) -> Waits:
    """Agreements signed since 2009 whose entry into force, or its absence for a quarter or more, is known."""
    found: list[tuple[int, int, int, bool]] = []
    for row in rows:
        signed, force = span(row["signed"]), span(row["in_force"])
        if row[column] not in classes or signed is None or signed.first < SINCE or row["status"] == "force_unknown":
            continue
        if force is None:
            lasted = _lasted(signed.last, date.fromisoformat(row["status_date"]))
            if lasted:
                found.append((classes.index(row[column]), lasted, LONGEST, False))
        else:
            first, last = _elapsed(signed.last, force.first), _elapsed(signed.first, force.last)
            found.append((classes.index(row[column]), first, last, True))
    kind, first_, last_, event = zip(*found, strict=True)
    return Waits(np.array(kind), np.array(first_), np.array(last_), np.array(event))


def fit_waits(data: Waits, classes: int, steps: int = 1500, seed: int = 1) -> Floats:
    """Draws of hazards per quarter by class, (draws, classes).

    In force in each quarter after that of signature with probability 1 - exp(-h_c), as in the model; log h_c is normal
    around a common mean. Priors: mean normal (log 0.5, 1), spread half normal (0.7).
    """

    def hazards(points: Floats) -> Floats:
        return np.asarray(np.exp(points[:, [0]] + np.exp(points[:, [1]]) * points[:, 2:]), dtype=float)

    def log_density(points: Floats) -> Floats:
        prior = _normal(points[:, 0], np.log(0.5), 1.0) + _half_normal_of_log(points[:, 1], 0.7)
        prior = prior + _normal(points[:, 2:], 0.0, 1.0).sum(axis=1)
        hazard = np.minimum(hazards(points), 1e6)[:, data.kind]
        after = np.where(data.event, np.exp(-hazard * data.last), 0.0)
        before = np.exp(-hazard * np.where(data.event, data.first - 1, data.first))
        return np.asarray(prior + np.log(np.maximum(before - after, 1e-300)).sum(axis=1), dtype=float)

    with np.errstate(over="ignore"):
        draws = sample(log_density, [-0.7, -1.0] + [0.0] * classes, steps=steps, seed=seed)
        return hazards(draws)


def _hazard_rows(data: Waits, classes: Sequence[str], draws: Floats) -> list[dict[str, object]]:
    rows = []
    for c, name in enumerate(classes):
        rows.append(described("hazard", name, "per quarter", draws[:, c], *_counts(data.event[data.kind == c])))
    return rows


def conclusion(rows: Sequence[Mapping[str, str]] | None = None, steps: int = 1500) -> pd.DataFrame:
    """Hazard from signature to force of agreements of the Union alone, by class; R2 pools its two classes.

    Third states in PESCO projects have no second step on record: theirs is from request to the decision of those let in
    (Turkey, blocked, counts among the stayers of `talks`).
    """
    agreements = as_known(load_series("agreements") if rows is None else rows)
    data = waits(agreements, "class", UNION_ALONE)
    asked = [dict(row, signed=row["negotiation_opened"], in_force=row["signed"]) for row in agreements if row["signed"]]
    pesco = waits(asked, "class", ("pesco_project",))
    second = Waits(
        np.concatenate([data.kind, pesco.kind + len(UNION_ALONE)]),
        np.concatenate([data.first, pesco.first]),
        np.concatenate([data.last, pesco.last]),
        np.concatenate([data.event, pesco.event]),
    )
    classes = (*UNION_ALONE, "pesco_project")
    table = _hazard_rows(second, classes, fit_waits(second, len(classes), steps))
    rules = {"trade_eu_only": 0, "csdp_fpa": 1, "security_of_information": 1, "pesco_project": 2}
    by_rule = Waits(np.array([rules[classes[k]] for k in second.kind]), second.first, second.last, second.event)
    table += _hazard_rows(by_rule, ("R8", "R2", "R9"), fit_waits(by_rule, 3, steps))
    return pd.DataFrame(table, columns=COLUMNS)


def japan(rows: Sequence[Mapping[str, str]] | None = None, steps: int = 1500) -> pd.DataFrame:
    """Hazard from signature to force of Japan's agreements by instrument, and of those that the Diet approves."""
    agreements = as_known(load_series("japan_agreements") if rows is None else rows)
    data = waits(agreements, "instrument", JAPAN)
    table = _hazard_rows(data, JAPAN, fit_waits(data, len(JAPAN), steps))
    treaties = np.isin(data.kind, [JAPAN.index(name) for name in DIET_APPROVES])
    kinds = ("executive agreements", "treaties with Diet approval")
    pooled = Waits(treaties.astype(np.int64), data.first, data.last, data.event)
    table += _hazard_rows(pooled, kinds, fit_waits(pooled, 2, steps))
    return pd.DataFrame(table, columns=COLUMNS)


def main() -> None:
    """Print all tables."""
    tables = {
        "talks": talks(),
        "talks, constant hazard given the will of a file": talks(shape=1.0),
        "ratification": ratification(),
        "conclusion": conclusion(),
        "japan": japan(),
    }
    for name, table in tables.items():
        print(f"\n{name}\n{table.round(3).to_string(index=False)}")


if __name__ == "__main__":
    main()
