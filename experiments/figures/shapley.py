"""How much of the distance is due to which impediment."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments.figures.style import DECLARED_LINE, FAINT, INK, OPERATIONAL, PAPER, SOFT, sheet, styled
from experiments.labels import impediment_label, measure_label

MARKS = (("o", PAPER, OPERATIONAL), ("s", "#8fb0d4", OPERATIONAL), ("^", OPERATIONAL, OPERATIONAL))
"""Mark, face and edge by case, from light to dark."""


@styled
def shares(table: pd.DataFrame, scenario: str, last: str) -> Figure:
    """Shapley values (`shapley.shares`) of every impediment, a panel per measure, a mark per case of the design.

    table  also has the columns measure and case, "" without a design
    """
    measures, cases = list(table["measure"].unique()), list(table["case"].unique())
    names = _by_value(table)
    note = (
        f"Scenario {scenario}, {int(table['runs'].min()):,} paired runs of every combination in each case, at {last}. "
        "What lifting an impediment adds on average over all orders in which all of them may be lifted; the marks of "
        "one case add up to what lifting all adds. Lines: 90 % intervals of the mean."
    )
    figure = sheet(1.75 + 0.2 * len(names) * (1 + len(cases)), "What holds the partnership back most", note)
    panels = figure.subplots(1, len(measures), sharey=True, squeeze=False).ravel()
    for axes, measure in zip(panels, measures, strict=True):
        _panel(axes, table[table["measure"] == measure], names, cases)
        axes.set_title(measure_label(measure))
        axes.set_xlabel("gain if lifted")
    panels[0].set_yticks(range(len(names)), [impediment_label(name, 18) for name in names])
    panels[0].set_ylim(len(names) - 0.5, -0.5)
    if cases != [""]:
        panels[-1].legend(loc="lower right", borderaxespad=0.2)
    return figure


def _by_value(table: pd.DataFrame) -> list[str]:
    """Impediments, the one of greatest mean value over all cases first."""
    mean = table.groupby("player", sort=False)["mean"].mean()
    return [str(name) for name in mean.sort_values(ascending=False, kind="stable").index]


def _panel(axes: Axes, table: pd.DataFrame, names: list[str], cases: list[str]) -> None:
    axes.axvline(0.0, color=INK, linewidth=0.9)
    axes.grid(axis="x", color=FAINT, linewidth=0.5)
    for place, case in enumerate(cases):
        part = table[table["case"] == case].set_index("player").loc[names]
        rows = [row + 0.22 * (place - (len(cases) - 1) / 2) for row in range(len(names))]
        mark, face, edge = MARKS[place % len(MARKS)]
        axes.hlines(rows, part["lower"], part["upper"], color=INK, linewidth=1.8)
        axes.plot(part["mean"], rows, mark, markersize=6, markerfacecolor=face, markeredgecolor=edge, label=case)
    _plain(axes)


@styled
def first_and_last(table: pd.DataFrame, scenario: str, last: str) -> Figure:
    """What each impediment adds if it is lifted first and if it is lifted last, a panel per case, of one measure."""
    cases, names = list(table["case"].unique()), _by_value(table)
    note = (
        f"Scenario {scenario}, {int(table['runs'].min()):,} paired runs of every combination in each case, at {last}. "
        "Open: lifted alone; filled: lifted after all others; line: Shapley's value, the mean over all orders. Where "
        "filled lies right of open, the impediment is worth more once the others are gone."
    )
    title = f"Lifted first or lifted last: gain in {measure_label(str(table['measure'].iloc[0]))}"
    figure = sheet(1.85 + 0.34 * len(names), title, note)
    panels = figure.subplots(1, len(cases), sharex=True, sharey=True, squeeze=False).ravel()
    for axes, case in zip(panels, cases, strict=True):
        _span(axes, table[table["case"] == case].set_index("player").loc[names])
        axes.set_title(case)
        axes.set_xlabel("gain if lifted")
    panels[0].set_yticks(range(len(names)), [impediment_label(name, 18) for name in names])
    panels[0].set_ylim(len(names) - 0.5, -0.5)
    return figure


def _span(axes: Axes, part: pd.DataFrame) -> None:
    axes.axvline(0.0, color=INK, linewidth=0.9)
    axes.grid(axis="x", color=FAINT, linewidth=0.5)
    rows = range(len(part))
    axes.hlines(rows, part["alone_mean"], part["last_mean"], color=SOFT, linewidth=1.2)
    axes.plot(part["mean"], rows, "|", markersize=11, markeredgewidth=1.8, color=INK)
    axes.plot(part["alone_mean"], rows, "o", markersize=6, markerfacecolor=PAPER, markeredgecolor=DECLARED_LINE)
    axes.plot(part["last_mean"], rows, "o", markersize=6, color=OPERATIONAL)
    _plain(axes)


def _plain(axes: Axes) -> None:
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.locator_params(axis="x", nbins=3)
