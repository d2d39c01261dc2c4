"""The record among the runs: a row for every number of every pattern, all on the scale of the runs' own spread."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from experiments.analysis.patterns import FIRST, LAST, TITLES
from experiments.figures.style import FAINT, INK, OPERATIONAL, SMALL, SOFT, WIDTH, axes_at, sheet, styled
from experiments.labels import counted, policy_label

TITLE = "The patterns of the record among the runs"
ROW, HEAD, TOP = 0.2, 0.27, 1.1
"""Heights in inches: of a row, of a pattern's title above its rows, and from the figure's title to the first."""
LEFT, WIDE = 3.0, 1.7
"""Inches from the left edge to the panel, and its width; figures in words stand right of it."""
RECORD_AT, RUNS_AT = LEFT + WIDE + 0.6, WIDTH - 0.12
"""Inches from the left edge to the right ends of the two columns of numbers."""
REACH = 0.75
"""How far the panel goes beyond the runs' 5 and 95 %, in lengths between the two; what lies farther is an arrow."""
UNITS = {"quarters": "quarters", "EUR million": "EUR m"}
"""Told beside the name; the others go without saying."""
NUMBERS = ("record", "record_low", "record_high", "median", "low", "high")
BAND = "#9cc3e6"
"""Light blue: apart from dots and crosses in grey too."""
DOT: Mapping[str, Any] = {"marker": "o", "color": OPERATIONAL, "markersize": 5.0, "linestyle": "none"}
CROSS: Mapping[str, Any] = {"marker": "x", "color": INK, "markersize": 6.5, "markeredgewidth": 2.0, "linestyle": "none"}
SPAN: Mapping[str, Any] = {"color": INK, "linewidth": 1.1}


@styled
def patterns(table: pd.DataFrame, scenario: str, policy: str, runs: int) -> Figure:
    """Every number of `experiments.analysis.patterns.patterns`: where the record lies among these runs."""
    places, heads, depth = _places(table)
    figure = sheet(1.0, TITLE, _note(scenario, policy, runs))
    note_high = 0.16 * (figure.get_supxlabel().count("\n") + 1)
    figure.set_layout_engine("none")
    figure.set_figheight((TOP + depth + 0.5 + note_high) / 0.97)
    axes = axes_at(figure, LEFT, TOP, WIDE, depth)
    axes.set_ylim(depth, 0.0)
    axes.set_xlim(-REACH, 1.0 + REACH)
    for pattern, at in heads.items():
        _text(axes, 0.12, at, f"{pattern}  {TITLES[pattern]}", fontweight="bold")
        axes.axhline(at - HEAD / 2, color=FAINT, linewidth=0.6, xmin=(0.12 - LEFT) / WIDE, xmax=(RUNS_AT - LEFT) / WIDE,
                     clip_on=False)  # fmt: skip
    for row, at in zip(table.to_dict("records"), places, strict=True):
        _row(axes, {str(name): value for name, value in row.items()}, at)
    _frame(axes)
    _legend(axes_at(figure, 0.12, 0.5, WIDTH - 0.24, 0.3))
    return figure


def _note(scenario: str, policy: str, runs: int) -> str:
    return (
        f"Scenario {scenario}, policy: {policy_label(policy)}, {counted(runs)}, {FIRST} to {LAST}. Each row has its "
        "own scale, on which the bar goes from 5 to 95 % of the runs that have the number; an arrow: the record lies "
        "farther out than the panel goes. Lines: how far another history of the same world might have come out, or "
        "what the reading leaves open. Depths on record are an expert reading; vetoes on record are from the press, "
        "incomplete, and end with 2021. A dash: no number on record."
    )


def _places(table: pd.DataFrame) -> tuple[list[float], dict[str, float], float]:
    """Middles of rows and of patterns' titles, and the depth of the panel, all in inches from its top."""
    places, heads, at = list[float](), dict[str, float](), 0.0
    for pattern in table["pattern"]:
        if pattern not in heads:
            heads[str(pattern)] = at + HEAD / 2
            at += HEAD
        places.append(at + ROW / 2)
        at += ROW
    return places, heads, max(at, ROW)


def _row(axes: Axes, row: Mapping[str, Any], at: float) -> None:
    """One number: the runs' bar and median, the record's cross and line, and both in figures."""
    record, record_low, record_high, median, low, high = (float(row[name]) for name in NUMBERS)
    unit = f" ({UNITS[row['unit']]})" if row["unit"] in UNITS else ""
    _text(axes, 0.3, at, f"{row['number']}{unit}")
    told = shown([record, median, low, high])
    _text(axes, RECORD_AT, at, told[0], ha="right")
    if np.isnan(median):
        why = "not recorded" if "not recorded" in row["reading"] else "in no run"
        axes.text(0.5, at, why, ha="center", va="center_baseline", color=SOFT)
        return
    _text(axes, RUNS_AT, at, f"{told[1]}  [{told[2]}, {told[3]}]", ha="right")
    axes.hlines(at, 0.0, 1.0, color=BAND, linewidth=6.0)
    axes.plot(placed(median, low, high), at, zorder=3, **DOT)
    if not np.isnan(record):
        _record(axes, placed(record, low, high), (placed(record_low, low, high), placed(record_high, low, high)), at)


def _record(axes: Axes, record: float, span: tuple[float, float], at: float) -> None:
    """The record on the panel's scale, with its interval as far as the panel goes."""
    first, last = -REACH, 1.0 + REACH
    if not np.isnan(span[0]):
        axes.hlines(at, *np.clip(span, first, last), zorder=2, **SPAN)
    if first <= record <= last:
        axes.plot(record, at, zorder=4, clip_on=False, **CROSS)
    else:
        place, marker = (first, "<") if record < first else (last, ">")
        axes.plot(place, at, marker=marker, color=INK, markersize=6.5, zorder=4, clip_on=False)


def placed(value: float, low: float, high: float) -> float:
    """A value on the scale on which the runs' 5 % is 0 and their 95 % is 1; out of reach where all runs are alike."""
    if high > low:
        return (value - low) / (high - low)
    return 0.5 if value == low or np.isnan(value) else float(np.copysign(np.inf, value - low))


def shown(values: Sequence[float]) -> list[str]:
    """Numbers of one row, all in as many digits as the largest needs: "4,600", "1.5", "0.04"; a dash for none."""
    there = [value for value in values if not np.isnan(value)]
    size = max(map(abs, there), default=0.0)
    digits = 0 if size >= 99.5 or all(value == round(value) for value in there) else 1 if size >= 9.95 else 2
    return ["–" if np.isnan(value) else f"{value:,.{digits}f}".replace("-", "−") for value in values]


def _text(axes: Axes, at_inches: float, row: float, text: str, **style: Any) -> None:
    """Text beside the panel, at a distance from the figure's left edge."""
    axes.text((at_inches - LEFT) / WIDE, row, text, transform=axes.get_yaxis_transform(), va="center_baseline",
              fontsize=SMALL, clip_on=False, **style)  # fmt: skip


def _frame(axes: Axes) -> None:
    for edge in (0.0, 1.0):
        axes.axvline(edge, color=FAINT, linewidth=0.6, zorder=0)
    axes.set_xticks([0.0, 1.0], ["5 %", "95 %"])
    axes.set_xlabel("of runs", labelpad=1.0)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    for at, head in ((RECORD_AT, "record"), (RUNS_AT, "median [5, 95 %]")):
        axes.text((at - LEFT) / WIDE, 1.0, head, transform=axes.transAxes, ha="right", va="bottom", color=SOFT)


def _legend(axes: Axes) -> None:
    axes.set_axis_off()
    handles: list[Line2D | Patch] = [
        Line2D([], [], label="median of runs", **DOT),
        Patch(facecolor=BAND, label="5 to 95 % of runs"),
        Line2D([], [], label="on record", **CROSS),
        Line2D([], [], label="left open on record", **SPAN),
    ]
    axes.legend(handles=handles, loc="center", ncols=4, borderaxespad=0.0, columnspacing=1.8)
