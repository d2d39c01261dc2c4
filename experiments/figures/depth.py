"""Declared and operational depth over time, a panel per policy."""

from math import ceil
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from experiments.analysis.intervals import Floats
from experiments.figures.style import DECLARED, DECLARED_LINE, FAINT, OPERATIONAL, SOFT, sheet, styled, year, year_axis
from experiments.labels import counted, policy_label

Line = Literal["-"] | tuple[float, tuple[float, ...]]


class Look(NamedTuple):
    """How a measure is drawn: a line, and bands in a colour that may be lighter."""

    label: str
    colour: str
    band: str
    line: Line


LOOK = {
    "declared_depth": Look("declared", DECLARED_LINE, DECLARED, (0, (4, 1.6))),
    "operational_depth": Look("operational", OPERATIONAL, OPERATIONAL, "-"),
}
"""Declared is light and dashed, operational dark and drawn through."""


@styled
def depth(bands: pd.DataFrame, scenario: str, baseline: str) -> Figure:
    """Medians with 50 and 90 % bands of both depths (`Findings.bands`, one scenario); the baseline in grey behind."""
    policies = list(bands["policy"].unique())
    runs = int(bands["runs"].min()) if len(bands) else 0
    columns = min(2, max(len(policies), 1))
    rows = ceil(len(policies) / columns) or 1
    grey = (
        f" Grey, for comparison: {policy_label(baseline)}, median and edges of the 90 % band."
        if len(policies) > 1
        else ""
    )
    note = (
        f"Scenario {scenario}, {counted(runs)} per policy. Lines: medians over runs. Dark bands: middle 50 % of runs, "
        f"light bands: middle 90 %, quarter by quarter.{grey}"
    )
    figure = sheet(1.45 + 2.15 * rows, "How deep the partnership gets: declared and operational", note)
    panels = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False).ravel()
    for axes, policy in zip(panels, policies, strict=False):
        if policy != baseline:
            _grey(axes, bands[bands["policy"] == baseline])
        _coloured(axes, bands[bands["policy"] == policy])
        axes.set_title(policy_label(str(policy), 44))
        axes.grid(axis="y", color=FAINT, linewidth=0.5)
    for axes in panels[len(policies) :]:
        axes.set_visible(False)
    for axes in panels[max(len(policies) - columns, 0) : len(policies)]:
        axes.xaxis.set_tick_params(labelbottom=True)
    _frame(panels[0], bands)
    figure.supylabel("depth (0–1)", fontsize=9)
    panels[0].legend(handles=_keys(), loc="upper left", handlelength=2.4, borderaxespad=0.1, labelspacing=0.3)
    return figure


def _series(bands: pd.DataFrame, measure: str) -> tuple[Floats, pd.DataFrame]:
    rows = bands[bands["measure"] == measure]
    return np.array([year(str(quarter)) for quarter in rows["quarter"]]), rows


def _coloured(axes: Axes, bands: pd.DataFrame) -> None:
    for measure, look in LOOK.items():
        time, rows = _series(bands, measure)
        axes.fill_between(time, rows["q05"], rows["q95"], color=look.band, alpha=0.16, linewidth=0)
        axes.fill_between(time, rows["q25"], rows["q75"], color=look.band, alpha=0.36, linewidth=0)
        axes.plot(time, rows["median"], color=look.colour, linestyle=look.line, linewidth=1.9)


def _grey(axes: Axes, bands: pd.DataFrame) -> None:
    for measure, look in LOOK.items():
        time, rows = _series(bands, measure)
        axes.plot(time, rows["median"], color=SOFT, linestyle=look.line, linewidth=1.1, zorder=1.5)
        for edge in ("q05", "q95"):
            axes.plot(time, rows[edge], color=SOFT, linestyle=":", linewidth=0.8, zorder=1.5)


def _frame(axes: Axes, bands: pd.DataFrame) -> None:
    if len(bands):
        times = [year(str(quarter)) for quarter in bands["quarter"].unique()]
        year_axis(axes, min(times), max(max(times), min(times) + 0.25))
        axes.set_ylim(0.0, min(1.0, max(0.1, 1.08 * float(bands["q95"].max()))))


def _keys() -> list[Line2D]:
    return [
        Line2D([], [], color=look.colour, linestyle=look.line, linewidth=1.9, label=look.label)
        for look in LOOK.values()
    ]
