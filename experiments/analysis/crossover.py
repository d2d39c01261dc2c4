"""What would have to be true for one policy to overtake another: where their difference changes sign.

D is what the one policy reaches less what the other reaches in the same run, with the same luck and parameters. For
each parameter that differs between runs, the mean of D given that parameter is fitted locally and its crossings of
zero are found; then the same on the plane of the two parameters that explain most of D, where the crossing is a line.

Local quadratic least squares with tricube weights over the nearest runs (Cleveland and Devlin 1988, Journal of the
American Statistical Association 83: 596-610), intervals robust to a spread that differs from place to place (White
1980, as `remedies.effect_curve`). Intervals are pointwise and cover chance between runs. A fit on one half of the runs
says how well a sign on the plane foretells the sign of D in the other half.

Letters for shapes: N runs, K parameters of a fit, G places at which it is wanted.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats
from scipy.interpolate import RegularGridInterpolator

from experiments.analysis.intervals import LEVEL, Floats, Interval, jeffreys, mean_interval
from experiments.analysis.remedies import TOLERANCE

SPAN = 0.5
"""Share of the runs, the nearest, that count at a place along one parameter; on a plane the square of it."""
GRID, PLANE = 41, 21
"""Places along one parameter, and along each side of a plane."""
EDGE = 0.01
"""Share of runs beyond either end of a grid: what lies there is too thin to tell."""
FEWEST = 60
"""Runs without which nothing is fitted."""
MOST = 0.9
"""Share of runs from which one policy is said to be ahead whatever else: assumed."""
NOTICED = 0.01
"""Share of the variance of D from which a parameter is called one that matters: assumed."""


class Fit(NamedTuple):
    """Fitted mean of D at G places with the ends of its interval, (G,) each."""

    mean: Floats
    lower: Floats
    upper: Floats


def local_fit(x: Floats, d: Floats, at: Floats, level: float = LEVEL) -> Fit:
    """Mean of d (N,) given x (N, K) at the places `at` (G, K)."""
    scale = np.where(x.std(axis=0) > 0, x.std(axis=0), 1.0)
    x, at = x / scale, at / scale
    near = min(max(int(np.ceil(SPAN ** x.shape[1] * len(x))), FEWEST), len(x))
    mean, error = np.empty(len(at)), np.empty(len(at))
    for place, centre in enumerate(at):
        away = x - centre
        distance = np.sqrt((away**2).sum(axis=1))
        reach = float(np.partition(distance, near - 1)[near - 1]) * (1 + 1e-9) + 1e-12
        own = distance < reach
        weight = (1 - (distance[own] / reach) ** 3) ** 3
        design = _quadratic(away[own])
        weighted = (design * weight[:, np.newaxis]).T
        pull = np.linalg.pinv(weighted @ design) @ weighted
        solution = pull @ d[own]
        leverage = np.minimum((pull * design.T).sum(axis=0), 0.99)
        residual = d[own] - design @ solution
        mean[place] = solution[0]
        error[place] = np.sqrt((pull[0] ** 2 * residual**2 / (1 - leverage)).sum())
    half = float(stats.norm.ppf((1 + level) / 2)) * error
    return Fit(mean, mean - half, mean + half)


def _quadratic(away: Floats) -> Floats:
    """(N, columns) one, the distances along each parameter, their squares and products."""
    squares = [away[:, i] * away[:, j] for i in range(away.shape[1]) for j in range(i + 1)]
    return np.column_stack([np.ones(len(away)), away, *squares])


def grid_of(values: Floats, places: int = GRID) -> Floats:
    """Places from one end of what was drawn to the other, without the thin ends."""
    low, high = np.quantile(values, [EDGE, 1 - EDGE])
    return np.linspace(low, high, places)


class Crossing(NamedTuple):
    """Where a fitted mean changes sign; NaN at an end where it is not sure of its sign up to the end of the grid."""

    at: float
    surely_below: float
    """Up to here the sign before the crossing is sure."""
    surely_above: float
    """From here the sign after the crossing is sure."""
    rises: bool
    """Whether D turns positive."""


def crossings(grid: Floats, fit: Fit) -> list[Crossing]:
    """Every place on a grid (G,) where the fitted mean changes sign, between grid points by a line."""
    positive = fit.mean > 0
    found = []
    for i in np.flatnonzero(positive[:-1] != positive[1:]):
        before, after = (fit.upper, fit.lower) if positive[i + 1] else (fit.lower, fit.upper)
        sign = -1.0 if positive[i + 1] else 1.0
        found.append(
            Crossing(
                _zero(grid, fit.mean, int(i)),
                _last_sure(grid[: i + 2], sign * before[: i + 2]),
                -_last_sure(-grid[i:][::-1], -sign * after[i:][::-1]),
                bool(positive[i + 1]),
            )
        )
    return found


def _zero(x: Floats, y: Floats, i: int) -> float:
    """Where the line from place i to the next crosses zero."""
    return float(x[i] + (x[i + 1] - x[i]) * y[i] / (y[i] - y[i + 1]))


def _last_sure(x: Floats, y: Floats) -> float:
    """Where y, which is not positive at the end, was positive last, between places by a line; NaN if it never was."""
    sure = np.flatnonzero(y[:-1] > TOLERANCE)
    return _zero(x, y, int(sure[-1])) if len(sure) else float("nan")


# What is told

PARAMETER_COLUMNS = ["parameter", "explains", "verdict", "at", "surely_below", "surely_above", "ahead_below",
                     "ahead_above", "at_low", "at_high"]  # fmt: skip


@dataclass(frozen=True)
class Compared:
    """Where one policy overtakes the other; the tables have a row per ...

    overall     one row: runs, mean lower upper of D, ahead (share of runs with D above zero) with its interval
    parameters  parameter and crossing (one row without crossing), those that explain most first:
                explains   share of the variance of D that the fitted mean accounts for (first-order index)
                verdict    "overtakes above", "overtakes below", "ahead", "behind": the sign of the fitted mean
                at surely_below surely_above      the crossing
                ahead_below ahead_above           shares of runs with D above zero on its two sides
                at_low at_high                    fitted mean at the ends of the grid
    curves      place on the grid of the parameters that matter: parameter x mean lower upper
    plane       place on the grid of the two that explain most, x and y: x y mean lower upper, and ahead, the fitted
                share of runs with D above zero
    boundary    place of y: y, then the crossing along x: at surely_below surely_above rises, NaN without one; sign is
                1 if D is positive on average along the whole of x, -1 if negative, 0 with a crossing; nearly_all is
                the last place along x where the share of runs with D above zero reaches `MOST`, NaN without one
    foretold    half that was not fitted: runs, ahead, always (share right by always telling the sign that prevails),
                right (share of signs told right) with interval, ahead_told and behind_told (shares of runs with D above
                zero where it was told so, and where not), told (share of runs that were told ahead)
    """

    overall: pd.DataFrame
    parameters: pd.DataFrame
    curves: pd.DataFrame
    plane: pd.DataFrame
    boundary: pd.DataFrame
    foretold: pd.DataFrame
    names: tuple[str, ...]
    """The parameters x and y of the plane."""


def compare(table: pd.DataFrame, d: Floats) -> Compared:
    """Where D (N,) changes sign over the parameters in `table`, a row per run."""
    varied = [str(name) for name in table if table[name].nunique() > 2] if len(table) >= FEWEST else []
    columns = {name: table[name].to_numpy(np.float64) for name in varied}
    grids = {name: grid_of(values) for name, values in columns.items()}
    fits = {name: local_fit(columns[name][:, np.newaxis], d, grids[name][:, np.newaxis]) for name in varied}
    explains = {name: explained(columns[name], d, grids[name], fits[name]) for name in varied}
    order = sorted(varied, key=lambda name: -explains[name])
    rows = [row for name in order for row in _parameter(name, columns[name], d, grids[name], fits[name])]
    parameters = pd.DataFrame(rows, columns=[name for name in PARAMETER_COLUMNS if name != "explains"])
    parameters.insert(1, "explains", parameters["parameter"].map(explains).astype(float))
    shown = [name for name in order if explains[name] >= NOTICED] or order[:2]
    curves = [pd.DataFrame({"parameter": name, "x": grids[name], **fits[name]._asdict()}) for name in shown]
    two = tuple(order[:2])
    on_plane = len(two) == 2
    x = np.column_stack([columns[name] for name in two]) if on_plane else np.empty((len(d), 2))
    plane = plane_of(x, d) if on_plane else pd.DataFrame(columns=["x", "y", *Fit._fields, "ahead"])
    return Compared(
        _overall(d),
        parameters,
        pd.concat(curves, ignore_index=True) if curves else pd.DataFrame(columns=["parameter", "x", *Fit._fields]),
        plane,
        boundary(plane),
        foretold(x, d) if on_plane else pd.DataFrame(),
        two,
    )


def explained(x: Floats, d: Floats, grid: Floats, fit: Fit) -> float:
    """Share of the variance of D that its fitted mean given one parameter accounts for: the first-order index."""
    variance = float(d.var())
    return float(np.interp(x, grid, fit.mean).var()) / variance if variance > TOLERANCE**2 else 0.0


def _overall(d: Floats) -> pd.DataFrame:
    mean, ahead = mean_interval(d), _share(d > TOLERANCE)
    told = {name: getattr(ahead, part) for name, part in zip(AHEAD, Interval._fields, strict=True)}
    row = {"runs": len(d), "mean": mean.estimate, "lower": mean.lower, "upper": mean.upper, **told}
    return pd.DataFrame([row])


AHEAD = ("ahead", "ahead_lower", "ahead_upper")


def _share(mask: NDArray[np.bool_]) -> Interval:
    lower, upper = jeffreys(int(mask.sum()), len(mask))
    return Interval(float(mask.mean()) if len(mask) else float("nan"), float(lower), float(upper))


def _parameter(name: str, x: Floats, d: Floats, grid: Floats, fit: Fit) -> list[dict[str, Any]]:
    """Rows of `Compared.parameters` for one parameter, without what it explains."""
    ends = {"parameter": name, "at_low": float(fit.mean[0]), "at_high": float(fit.mean[-1])}
    found = crossings(grid, fit)
    if not found:
        return [{**ends, "verdict": "ahead" if fit.mean[0] > 0 else "behind"}]
    return [
        {
            **ends,
            "verdict": f"overtakes {'above' if one.rises else 'below'}",
            "at": one.at,
            "surely_below": one.surely_below,
            "surely_above": one.surely_above,
            "ahead_below": _share(d[x < one.at] > TOLERANCE).estimate,
            "ahead_above": _share(d[x >= one.at] > TOLERANCE).estimate,
        }
        for one in found
    ]


def plane_of(x: Floats, d: Floats) -> pd.DataFrame:
    """The fitted mean of D on the grid of two parameters, x (N, 2): `Compared.plane`, x running fastest."""
    one, other = (grid_of(x[:, column], PLANE) for column in (0, 1))
    at = np.array([(a, b) for b in other for a in one])
    ahead = np.clip(local_fit(x, (d > TOLERANCE).astype(np.float64), at).mean, 0.0, 1.0)
    return pd.DataFrame({"x": at[:, 0], "y": at[:, 1], **local_fit(x, d, at)._asdict(), "ahead": ahead})


def boundary(plane: pd.DataFrame) -> pd.DataFrame:
    """Where the mean of D changes sign along x, for every y of a plane: `Compared.boundary`, the last crossing."""
    rows: list[dict[str, float]] = []
    for y in plane["y"].unique():
        part = plane[plane["y"] == y]
        grid, fit = part["x"].to_numpy(np.float64), Fit(*(part[name].to_numpy(np.float64) for name in Fit._fields))
        found = crossings(grid, fit)
        last = found[-1] if found else Crossing(*(float("nan"),) * 3, rises=False)
        share = part["ahead"].to_numpy(np.float64) - MOST
        most = crossings(grid, Fit(share, share, share))
        rows.append(
            {
                "y": float(y),
                **last._asdict(),
                "sign": 0.0 if found else 1.0 if fit.mean[0] > 0 else -1.0,
                "nearly_all": most[-1].at if most else float("nan"),
            }
        )
    return pd.DataFrame(rows, columns=["y", *Crossing._fields, "sign", "nearly_all"])


def foretold(x: Floats, d: Floats) -> pd.DataFrame:
    """How well the sign of a plane fitted to every second run foretells the sign of D in the others."""
    fitted, held = np.arange(len(d)) % 2 == 0, np.arange(len(d)) % 2 == 1
    plane = plane_of(x[fitted], d[fitted])
    told = on_plane(plane, x[held]) > 0
    is_ahead, prevails = d[held] > TOLERANCE, float((d[fitted] > TOLERANCE).mean()) > 0.5
    right = _share(told == is_ahead)
    row = {
        "runs": int(held.sum()),
        "ahead": float(is_ahead.mean()),
        "always": float((is_ahead == prevails).mean()),
        "right": right.estimate,
        "right_lower": right.lower,
        "right_upper": right.upper,
        "told": float(told.mean()),
        "ahead_told": _share(is_ahead[told]).estimate,
        "behind_told": _share(is_ahead[~told]).estimate,
    }
    return pd.DataFrame([row])


def on_plane(plane: pd.DataFrame, x: Floats) -> Floats:
    """(N,) fitted mean at x (N, 2), by lines between the places of a plane; beyond its edges that of the edge."""
    one, other = plane["x"].unique(), plane["y"].unique()
    mean = plane["mean"].to_numpy(np.float64).reshape(len(other), len(one))
    inside = np.column_stack([np.clip(x[:, 1], other[0], other[-1]), np.clip(x[:, 0], one[0], one[-1])])
    return np.asarray(RegularGridInterpolator((other, one), mean)(inside), dtype=np.float64)
