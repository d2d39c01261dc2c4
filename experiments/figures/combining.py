"""What policies change together, beside the sum of what each changes alone."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments.figures.style import DECLARED_LINE, FAINT, INK, OPERATIONAL, PAPER, SOFT, sheet, styled
from experiments.labels import measure_label, policy_label


@styled
def adding_up(table: pd.DataFrame, scenario: str, measure: str, last: str) -> Figure:
    """Effects of every combination (`combining.combined`) and the sum of single ones; beside it the excess."""
    runs = int(table["runs"].min()) if len(table) else 0
    note = (
        f"Scenario {scenario}, {runs:,} runs under every combination, paired run by run, at {last}. Filled: mean "
        "effect against no policy; open: what it would be if single effects added up. Right: their difference; "
        "grey: a tenth of the sum, within which they are said to add up. Lines: 90 % intervals of the mean."
    )
    figure = sheet(1.55 + 0.36 * len(table), f"Do remedies add up? Change in {measure_label(measure)}", note)
    effect, more = figure.subplots(1, 2, sharey=True, width_ratios=(3, 2))
    _effects(effect, table)
    _excess(more, table)
    effect.set_yticks(range(len(table)), [policy_label(str(policy), 34) for policy in table["policy"]])
    effect.set_ylim(len(table) - 0.4, -0.6)
    return figure


def _effects(axes: Axes, table: pd.DataFrame) -> None:
    axes.axvline(0.0, color=INK, linewidth=0.9)
    axes.grid(axis="x", color=FAINT, linewidth=0.5)
    for row, one in enumerate(table.to_dict("records")):
        if pd.notna(one["sum_alone"]):
            axes.hlines(row, *sorted((one["mean"], one["sum_alone"])), color=SOFT, linewidth=1.0)
            axes.plot(one["sum_alone"], row, "D", markersize=5.5, markerfacecolor=PAPER, markeredgecolor=DECLARED_LINE)
        axes.hlines(row, one["lower"], one["upper"], color=INK, linewidth=2.2)
        axes.plot(one["mean"], row, "o", markersize=6, color=OPERATIONAL)
    axes.set_title("together")
    axes.set_xlabel("mean change")
    _plain(axes)


def _excess(axes: Axes, table: pd.DataFrame) -> None:
    axes.axvline(0.0, color=INK, linewidth=0.9)
    axes.grid(axis="x", color=FAINT, linewidth=0.5)
    for row, one in enumerate(table.to_dict("records")):
        if pd.notna(one["excess_mean"]):
            axes.hlines(row, -one["margin"], one["margin"], color=FAINT, linewidth=9)
            axes.hlines(row, one["excess_lower"], one["excess_upper"], color=INK, linewidth=2.2)
            axes.plot(one["excess_mean"], row, "s", markersize=5, color=DECLARED_LINE)
    axes.set_title("beyond the sum")
    axes.set_xlabel("← hinder      help →")
    axes.margins(x=0.1)
    _plain(axes)


def _plain(axes: Axes) -> None:
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.locator_params(axis="x", nbins=4)
