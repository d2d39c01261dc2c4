"""What a policy changes, run by run, and the strength of its lever from which it pays.

Runs are paired: run 17 with a policy has the same luck and the same uncertain parameters as run 17 without it. So the
difference is taken within a run, and most of what makes histories differ drops out of it.
Intervals cover chance in the finite number of runs, not what may be wrong with the model (`intervals.py`).
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import stats

from experiments.analysis.intervals import LEVEL, Floats, Interval, mean_interval, paired_proportions
from experiments.labels import LEVER, STRENGTH, is_strength

DEPTHS = {"operational_depth": 1, "declared_depth": 1, "gap": -1}
"""Measures at the horizon and the direction that counts as better."""

REGIMES = {"strategic": 1, "functional": 1}
"""Share of runs that end strategic; that end functional or better."""

BETTER = {**DEPTHS, **REGIMES}
TOLERANCE = 1e-12
"""Differences smaller than this are none: they come from the order of a sum."""

Ends = Mapping[str, Floats]
"""How runs end: by measure of `BETTER`, (R,) each. The same runs in the same order under every policy."""


def reference(policies: Sequence[str]) -> str:
    """The policy that others are compared with: "none", or else the first."""
    return "none" if "none" in policies else policies[0]


def regimes(regime: "pd.Series[str]") -> Ends:
    """Whether each run ends strategic, and functional or better, 0 or 1: a strategic partnership is functional too."""
    strategic, functional = ((regime == name).to_numpy().astype(np.float64) for name in ("strategic", "functional"))
    return {"strategic": strategic, "functional": strategic + functional}


def effects(with_policy: Ends, without: Ends, level: float = LEVEL) -> pd.DataFrame:
    """Effect of a policy on each measure, from the ends of the same runs with it and without; one row per measure.

    runs                 pairs of runs
    mean lower upper     mean difference and its interval: Student's for depths, Agresti and Min's for regimes
    median q05 q25 q75 q95   spread of the difference over runs: what one history may expect, not how sure the mean is
    better same worse    shares of runs; a smaller gap is better
    unpaired narrowing   width of the interval had runs not been paired; how many times narrower pairing makes it
    """
    measures = [name for name in BETTER if name in with_policy and len(with_policy[name])]
    rows = [{"measure": name, **_effect(name, with_policy[name], without[name], level)} for name in measures]
    return pd.DataFrame(rows, columns=["measure", *EFFECT_COLUMNS])


SPREAD = {"q05": 0.05, "q25": 0.25, "median": 0.5, "q75": 0.75, "q95": 0.95}
EFFECT_COLUMNS = ["runs", "mean", "lower", "upper", *SPREAD, "better", "same", "worse", "unpaired", "narrowing"]


def _effect(measure: str, with_policy: Floats, without: Floats, level: float) -> dict[str, float]:
    difference = with_policy - without
    gain = BETTER[measure] * difference
    better, worse = float((gain > TOLERANCE).mean()), float((gain < -TOLERANCE).mean())
    size = len(difference)
    if measure in REGIMES:
        mean = paired_proportions(int((difference > 0).sum()), int((difference < 0).sum()), size, level)
    else:
        mean = mean_interval(difference, level)
    unpaired = unpaired_width(with_policy, without, level)
    width = mean.upper - mean.lower
    return {
        "runs": size,
        **mean_columns(mean),
        **dict(zip(SPREAD, np.quantile(difference, list(SPREAD.values())).tolist(), strict=True)),
        "better": better,
        "same": 1.0 - better - worse,
        "worse": worse,
        "unpaired": unpaired,
        "narrowing": unpaired / width if width > 0 else float("nan"),
    }


def mean_columns(mean: Interval) -> dict[str, float]:
    """An interval of a mean as columns."""
    return {"mean": mean.estimate, "lower": mean.lower, "upper": mean.upper}


def unpaired_width(with_policy: Floats, without: Floats, level: float = LEVEL) -> float:
    """Width of Welch's interval for the difference of two means, as if the two sets of runs were strangers."""
    a, b = len(with_policy), len(without)
    if min(a, b) < 2:
        return float("nan")
    part_a, part_b = float(with_policy.var(ddof=1)) / a, float(without.var(ddof=1)) / b
    if part_a + part_b <= 0:
        return 0.0
    freedom = (part_a + part_b) ** 2 / (part_a**2 / (a - 1) + part_b**2 / (b - 1))
    return float(2 * stats.t.ppf((1 + level) / 2, freedom) * np.sqrt(part_a + part_b))


# --- the strength from which a lever pays -----------------------------------------------------------------------------


class Curve(NamedTuple):
    """Mean paired effect as a function of a lever's strength, with a pointwise interval; arrays of one length."""

    strength: Floats
    effect: Floats
    lower: Floats
    upper: Floats


class BreakEven(NamedTuple):
    """Where the mean effect of a lever turns from harm to help; all in units of strength, better is positive.

    verdict    "always"     surely better at every strength, zero included
               "never"      surely worse at every strength
               "from"       surely better from `surely` on
               "fades"      surely better at some strength, not at the greatest
               "unclear"    nowhere surely better, nor worse throughout: more runs, or nothing there
               "fixed"      strength was not varied, or there are fewer than 8 runs
    strength   where the fitted mean crosses zero upwards for the last time; 0 if it starts above, NaN if it never does
    at_least   surely worse below this
    surely     surely better above this; NaN if not within the range
    at_zero    effect at strength zero: what the policy costs, with interval
    at_top     effect at the greatest strength drawn, with interval
    """

    verdict: str
    strength: float
    at_least: float
    surely: float
    greatest: float
    at_zero: Interval
    at_top: Interval


GRID = 401


def effect_curve(strength: Floats, difference: Floats, level: float = LEVEL) -> Curve | None:
    """Least-squares fit of the paired effect on strength, from zero to the greatest strength drawn.

    A cubic; a parabola with fewer than 100 runs, a straight line with fewer than 40. Effects rise steeply and level
    off, so that a stiffer curve would misjudge what a policy costs at strength zero. The interval is robust to a spread
    that grows with strength (White 1980, with the factor n / (n - k)). None if there are fewer than 8 runs or strength
    does not vary.
    """
    greatest = float(strength.max()) if len(strength) else 0.0
    if len(strength) < 8 or float(np.ptp(strength)) <= 1e-9 * max(abs(greatest), 1e-9) or greatest <= 0:
        return None
    degree = 3 if len(strength) >= 100 else 2 if len(strength) >= 40 else 1
    scaled = strength / greatest
    design = np.vander(scaled, degree + 1, increasing=True)
    inverse = np.linalg.pinv(design.T @ design)
    weights = inverse @ design.T @ difference
    residual = difference - design @ weights
    freedom = len(strength) - degree - 1
    meat = design.T @ (design * (residual**2)[:, None]) * (len(strength) / freedom)
    covariance = inverse @ meat @ inverse
    grid = np.linspace(0.0, 1.0, GRID)
    at = np.vander(grid, degree + 1, increasing=True)
    fitted = at @ weights
    error = np.sqrt(np.maximum(np.einsum("gi,ij,gj->g", at, covariance, at), 0.0))
    half = float(stats.t.ppf((1 + level) / 2, freedom)) * error
    return Curve(grid * greatest, fitted, fitted - half, fitted + half)


def break_even(strength: Floats, difference: Floats, better: int = 1, level: float = LEVEL) -> BreakEven:
    """Where the mean effect crosses zero; `better` is -1 for a measure of which less is better. See BreakEven."""
    curve = effect_curve(strength, better * difference, level)
    if curve is None:
        none = Interval(float("nan"), float("nan"), float("nan"))
        top = float(strength.max()) if len(strength) else float("nan")
        return BreakEven("fixed", float("nan"), float("nan"), float("nan"), top, none, none)
    surely_better, surely_worse = curve.lower > TOLERANCE, curve.upper < -TOLERANCE
    if surely_better.all():
        verdict = "always"
    elif surely_worse.all():
        verdict = "never"
    elif surely_better[-1]:
        verdict = "from"
    elif surely_better.any():
        verdict = "fades"
    else:
        verdict = "unclear"
    return BreakEven(
        verdict,
        _last_rise(curve),
        0.0 if not surely_worse[0] else float(curve.strength[_leading(surely_worse) - 1]),
        float(curve.strength[GRID - _leading(surely_better[::-1])]) if surely_better[-1] else float("nan"),
        float(curve.strength[-1]),
        Interval(float(curve.effect[0]), float(curve.lower[0]), float(curve.upper[0])),
        Interval(float(curve.effect[-1]), float(curve.lower[-1]), float(curve.upper[-1])),
    )


def _leading(mask: "np.ndarray[tuple[int], np.dtype[np.bool_]]") -> int:
    """Number of True at the beginning."""
    return len(mask) if mask.all() else int(np.argmin(mask))


def _last_rise(curve: Curve) -> float:
    """Strength at which the fitted effect crosses zero upwards for the last time, between grid points by a line."""
    above = curve.effect >= 0
    rises = np.flatnonzero(~above[:-1] & above[1:])
    if len(rises):
        i = int(rises[-1])
        low, high = curve.effect[i], curve.effect[i + 1]
        return float(curve.strength[i] + (curve.strength[i + 1] - curve.strength[i]) * -low / (high - low))
    return 0.0 if above[0] else float("nan")


def lever_of(policy: str, columns: Iterable[str]) -> str | None:
    """Column of `runs` with the strength of the one lever a policy pulls; None if it pulls several or none.

    The column is named for the policy or for its first words: "levers.dialogue_strength" for `dialogue`,
    "levers.indo_pacific_strength" for `indo_pacific_strategy`.
    """
    levers = {name: name.removeprefix(LEVER).removesuffix(STRENGTH) for name in columns if is_strength(name)}
    fitting = [name for name, lever in levers.items() if policy == lever or policy.startswith(f"{lever}_")]
    return max(fitting, key=len, default=None)


BREAK_EVEN_COLUMNS = [
    *("measure", "verdict", "strength", "at_least", "surely", "greatest"),
    *(f"{where}_{part}" for where in ("zero", "top") for part in Interval._fields),
]


def break_even_row(curve: pd.DataFrame, measure: str, level: float = LEVEL) -> dict[str, object]:
    """Break-even of a lever as `BREAK_EVEN_COLUMNS`, from its `strength` and the `difference` it made in each run.

    The effect, better being positive, is also given at strength zero and at the greatest strength, with intervals.
    """
    strength, difference = (curve[name].to_numpy(dtype=float) for name in ("strength", "difference"))
    found = break_even(strength, difference, BETTER[measure], level)
    return {
        "measure": measure,
        **{k: v for k, v in found._asdict().items() if not isinstance(v, Interval)},
        **{f"zero_{k}": v for k, v in found.at_zero._asdict().items()},
        **{f"top_{k}": v for k, v in found.at_top._asdict().items()},
    }


def effect_by_strength(strength: Floats, difference: Floats, bins: int = 8, level: float = LEVEL) -> pd.DataFrame:
    """Mean paired effect in `bins` equally filled classes of strength: strength runs mean lower upper."""
    order = np.argsort(strength, kind="stable")
    parts = [part for part in np.array_split(order, bins) if len(part)]
    rows = [
        {
            "strength": float(strength[part].mean()),
            "runs": len(part),
            **mean_columns(mean_interval(difference[part], level)),
        }
        for part in parts
    ]
    return pd.DataFrame(rows, columns=["strength", "runs", "mean", "lower", "upper"])
