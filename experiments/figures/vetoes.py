"""Who stops what: dots with bars by state, totals by year, and crosses where there is a record."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from experiments.analysis.findings import World
from experiments.analysis.made import of_all
from experiments.analysis.vetoes import FIRST, FOREIGN, LAST, OTHERS, SCOPES, Beside, Stopped
from experiments.figures.style import (
    FAINT,
    INK,
    OPERATIONAL,
    SOFT,
    WIDTH,
    axes_at,
    sheet,
    styled,
    year_axis,
)
from experiments.labels import actor_label, policy_label

TITLE = "Who stops what in the Council"
ROW = 0.2
"""Height of a state's row in inches."""
LEFT, WIDE, GAP = 0.75, (3.85, 1.75), 0.4
"""Inches: left edge, widths of the panels for foreign policy and enlargement, and between them."""
HIGH = 1.1
"""Height of the panels by year in inches."""
CROSS: Mapping[str, Any] = {"marker": "x", "color": INK, "markersize": 7.0, "markeredgewidth": 2.0, "linestyle": "none"}
DOT: Mapping[str, Any] = {"marker": "o", "color": OPERATIONAL, "markersize": 5.0, "linestyle": "none"}
BAND = "#9cc3e6"
"""Light blue: apart from dots and lines in grey too."""


@styled
def vetoes(stopped: Stopped, world: World, policy: str, runs: int, made: int) -> Figure:
    """Vetoes per ten years by state, below them the totals of every year: foreign policy left, enlargement right.

    stopped  by `Findings.vetoes` in one scenario and policy
    runs     that went well, of `made` in all
    """
    place, states, years = stopped.place, stopped.by_state(), stopped.by_year()
    states = states[states["actor"] != OTHERS]
    names = list(dict.fromkeys(str(name) for name in states["actor"]))
    figure = sheet(1.0, TITLE, _note(world, policy, of_all(runs, made), place))
    rows_high, note_high = ROW * max(len(names), 1), 0.16 * (figure.get_supxlabel().count("\n") + 1)
    figure.set_layout_engine("none")
    figure.set_figheight((0.6 + rows_high + 1.15 + HIGH + 0.45 + note_high) / 0.97)
    left = (LEFT, LEFT + WIDE[0] + GAP)
    for scope, at, wide in zip(SCOPES, left, WIDE, strict=True):
        labels = [actor_label(name) if scope == FOREIGN else "" for name in names]
        panel = axes_at(figure, at, 0.6, wide, rows_high)
        panel.set_title(scope, fontweight="bold")
        _by_state(panel, states[states["scope"] == scope], labels)
        below = axes_at(figure, at, 0.6 + rows_high + 1.15, wide, HIGH)
        _by_year(below, years[years["scope"] == scope], most=6 if scope == FOREIGN else 3)
        below.set_ylabel("vetoes a year" if scope == FOREIGN else "")
    _legend(axes_at(figure, LEFT, 0.6 + rows_high + 0.6, WIDTH - LEFT - 0.25, 0.3), place.seen is not None)
    return figure


def _note(world: World, policy: str, runs: str, place: Beside) -> str:
    seen = (
        f"Crosses: on record, from the press and incomplete; by state {place.quarters[0]} to {place.quarters[-1]} in "
        "model and record alike, by year where the year is on record as a whole. Foreign policy on record: the common "
        "foreign and security policy."
        if place.seen is not None
        else f"The record ({FIRST} to {LAST}) covers none of these years."
    )
    none = "" if place.seen is None else " and none on record"
    return (
        f"Scenario {world.name}, policy: {policy_label(policy)}, {runs}. Vetoes: one for each state that "
        "stops a decision in a quarter. Dots and lines: mean of runs; bars and bands: 5 to 95 % of runs. Foreign "
        f"policy in the model: files with Japan, Russia, China, the Peace Facility. States with few vetoes{none} are "
        f"left out. {seen}"
    )


def _by_state(axes: Axes, states: pd.DataFrame, labels: Sequence[str]) -> None:
    """A row per state: mean as a dot, 5 to 95 % of runs as a bar, the record as a cross."""
    at = np.arange(len(states), dtype=float)
    mean, lower, upper, rate = (states[name].to_numpy(dtype=float) for name in ("mean", "lower", "upper", "rate"))
    axes.hlines(at, lower, upper, color=BAND, linewidth=4.5)
    drawn = mean > 0
    axes.plot(mean[drawn], at[drawn], clip_on=False, zorder=3, **DOT)
    known = rate > 0
    axes.plot(rate[known], at[known], zorder=4, **CROSS)
    axes.set_yticks(at, list(labels))
    axes.set_ylim(max(len(states), 1) - 0.5, -0.5)
    axes.set_xlim(0.0, max(1.0, 1.06 * _greatest(upper, mean, rate)))
    axes.grid(axis="y", color=FAINT, linewidth=0.4)
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel("vetoes per ten years")
    if not drawn.any():
        axes.text(0.5, 0.5, "nothing stopped", transform=axes.transAxes, ha="center", va="center", color=SOFT)


def _by_year(axes: Axes, years: pd.DataFrame, most: int) -> None:
    """Totals of the years that are simulated whole."""
    whole = years[years["quarters"] == 4]
    at = whole["year"].to_numpy(dtype=float) + 0.5
    mean, lower, upper, count = (whole[name].to_numpy(dtype=float) for name in ("mean", "lower", "upper", "count"))
    axes.bar(at, upper - lower, 0.8, bottom=lower, color=BAND)
    axes.hlines(mean, at - 0.4, at + 0.4, color=OPERATIONAL, linewidth=2.0)
    axes.plot(at, count, clip_on=False, zorder=3, **CROSS)
    first, last = (int(years["year"].min()), int(years["year"].max())) if len(years) else (0, 1)
    year_axis(axes, first, last + 1, most)
    ticks = [tick for tick in axes.get_xticks() if tick <= last]
    axes.set_xticks([tick + 0.5 for tick in ticks], [f"{tick:.0f}" for tick in ticks])
    axes.set_ylim(0.0, max(1.0, 1.1 * _greatest(upper, mean, count)))
    axes.yaxis.set_major_locator(MaxNLocator(5, integer=True))


def _greatest(*values: NDArray[np.float64]) -> float:
    """The greatest of all that there is, 0 if there is nothing."""
    return float(np.nan_to_num(np.concatenate(values)).max(initial=0.0))


def _legend(axes: Axes, seen: bool) -> None:
    axes.set_axis_off()
    handles: list[Line2D | Patch] = [
        Line2D([], [], label="mean", **DOT),
        Patch(facecolor=BAND, label="5 to 95 % of runs"),
        *([Line2D([], [], label="on record", **CROSS)] if seen else []),
    ]
    axes.legend(handles=handles, loc="center", ncols=3, borderaxespad=0.0, columnspacing=2.0)
