"""Declared and operational depth over time, a row of panels per policy."""

from typing import Literal, NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments.analysis.intervals import Floats
from experiments.analysis.made import of_all
from experiments.figures.style import DECLARED, DECLARED_LINE, FAINT, OPERATIONAL, SOFT, sheet, styled, year, year_axis
from experiments.labels import policy_label

Line = Literal["-"] | tuple[float, tuple[float, ...]]


class Look(NamedTuple):
    """How a measure is drawn: a line, and bands in a colour that may be lighter."""

    label: str
    colour: str
    band: str
    line: Line


LOOK = {
    "operational_depth": Look("operational depth", OPERATIONAL, OPERATIONAL, "-"),
    "declared_depth": Look("declared depth", DECLARED_LINE, DECLARED, (0, (4, 1.6))),
}
"""Declared is light and dashed, operational dark and drawn through."""


@styled
def depth(bands: pd.DataFrame, scenario: str, baseline: str, made: int) -> Figure:
    """Medians with 50 and 90 % bands of both depths (`Findings.bands`, one scenario), a row per policy.

    The baseline stands in grey behind every other policy. `made` is how many runs were made under each.
    """
    policies = [str(policy) for policy in bands["policy"].unique()]
    runs = int(bands["runs"].min()) if len(bands) else 0
    least = "at least " if len(bands) and runs < int(bands["runs"].max()) else ""
    grey = f" Grey: {policy_label(baseline)}, median and 90 % band." if len(policies) > 1 else ""
    note = (
        f"Scenario {scenario}, {least}{of_all(runs, made)} per policy. Lines: medians over runs. Dark bands: middle "
        f"50 % of runs, light bands: middle 90 %, quarter by quarter.{grey}"
    )
    figure = sheet(1.35 + 1.5 * max(len(policies), 1), "How deep the partnership gets", note)
    panels = figure.subplots(max(len(policies), 1), len(LOOK), sharex=True, sharey=True, squeeze=False)
    for row, policy in zip(panels, policies, strict=False):
        for axes, measure in zip(row, LOOK, strict=True):
            if policy != baseline:
                _grey(axes, bands[bands["policy"] == baseline], measure)
            _coloured(axes, bands[bands["policy"] == policy], measure)
            axes.grid(axis="y", color=FAINT, linewidth=0.5)
        row[0].set_title(policy_label(policy, 60))
    for axes, look in zip(panels[0], LOOK.values(), strict=True):
        axes.set_title(look.label, loc="right", color=look.colour, fontweight="bold")
    _frame(panels[0, 0], bands)
    figure.supylabel("depth (0–1)", fontsize=9)
    return figure


def _series(bands: pd.DataFrame, measure: str) -> tuple[Floats, pd.DataFrame]:
    rows = bands[bands["measure"] == measure]
    return np.array([year(str(quarter)) for quarter in rows["quarter"]]), rows


def _coloured(axes: Axes, bands: pd.DataFrame, measure: str) -> None:
    look = LOOK[measure]
    time, rows = _series(bands, measure)
    axes.fill_between(time, rows["q05"], rows["q95"], color=look.band, alpha=0.2, linewidth=0)
    axes.fill_between(time, rows["q25"], rows["q75"], color=look.band, alpha=0.4, linewidth=0)
    axes.plot(time, rows["median"], color=look.colour, linestyle=look.line, linewidth=1.9)


def _grey(axes: Axes, bands: pd.DataFrame, measure: str) -> None:
    time, rows = _series(bands, measure)
    axes.fill_between(time, rows["q05"], rows["q95"], color=FAINT, alpha=0.75, linewidth=0)
    for edge in ("q05", "q95"):
        axes.plot(time, rows[edge], color=SOFT, linestyle=":", linewidth=0.9)
    axes.plot(time, rows["median"], color=SOFT, linewidth=1.1)


def _frame(axes: Axes, bands: pd.DataFrame) -> None:
    if len(bands):
        times = [year(str(quarter)) for quarter in bands["quarter"].unique()]
        year_axis(axes, min(times), max(max(times), min(times) + 0.25))
        axes.set_ylim(0.0, min(1.0, max(0.1, 1.08 * float(bands["q95"].max()))))
