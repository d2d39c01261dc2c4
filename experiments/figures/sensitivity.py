"""What an outcome depends on: elementary effects of many factors, and the variance shared out among a few."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from config.design import CHANCE
from experiments.figures.style import (
    DECLARED_LINE,
    FAINT,
    INK,
    OPERATIONAL,
    PAPER,
    SMALL,
    SOFT,
    WIDTH,
    axes_at,
    sheet,
    styled,
)
from experiments.labels import wrapped

ROW = 0.215
"""Height of a factor's row in inches."""
LETTERS = 36
"""Letters of a factor's name in one line."""
LEFT = 2.55
"""Inches from the left edge to the first panel of shares."""
LOOKS = (("D", OPERATIONAL, PAPER), ("o", DECLARED_LINE, DECLARED_LINE), ("s", INK, PAPER), ("^", SOFT, SOFT))
"""Mark, colour and inside of each policy: apart in form and filling, not in hue alone."""
DODGE = 0.30
"""How far marks of one factor stand apart, in rows."""
LIGHT, CHANCE_DARK, CHANCE_LIGHT = "#b9d0ea", DECLARED_LINE, "#f3d3a4"
"""Totals lighter than firsts, chance in orange with a hatch."""


@styled
def effects(table: pd.DataFrame, labels: Mapping[str, str], threshold: float, unit: str, note: str) -> Figure:
    """Elementary effects (`sensitivity.elementary_effects` with a column policy), a row per factor, greatest first.

    labels     of factors and of policies, for readers; policies are drawn in their order in the table
    threshold  of mu_star: drawn as a line; factors that stay below half of it everywhere are left out
    unit       of the effects, in words
    """
    policies = list(dict.fromkeys(table["policy"]))
    greatest = table.groupby("factor", sort=False)["mu_star"].max().sort_values(ascending=False, kind="stable")
    rows = [factor for factor in greatest.index if greatest[factor] >= threshold / 2]
    said = [_with_way(table, factor, labels) for factor in rows]
    high = _row_height(said) * max(len(rows), 4)
    figure = sheet(1.95 + high + 0.2 * len(policies), "Which factors do anything at all", note)
    grid = figure.add_gridspec(2, 2, height_ratios=[0.22 * len(policies), high], width_ratios=[1.7, 1.0])
    _legend(figure.add_subplot(grid[0, :]), policies, labels)
    strength, spread = figure.add_subplot(grid[1, 0]), figure.add_subplot(grid[1, 1])
    apart = DODGE * (np.arange(len(policies)) - (len(policies) - 1) / 2)
    for (mark, colour, inside), policy, above in zip(LOOKS, policies, apart, strict=False):
        own = table[table["policy"] == policy].set_index("factor").reindex(rows)
        at = np.arange(len(rows)) + above
        look: dict[str, Any] = {"color": colour, "markerfacecolor": inside, "markersize": 5.0, "zorder": 3}
        strength.hlines(at, own["lower"], own["upper"], color=colour, linewidth=1.6)
        strength.plot(own["mu_star"], at, mark, **look)
        spread.plot(own["sigma"], at, mark, **look)
    strength.axvline(threshold, color=SOFT, linewidth=0.9, linestyle=(0, (4, 3)))
    strength.set_title("size of the effect (μ*)")
    spread.set_title("how it differs (σ)")
    strength.set_yticks(np.arange(len(rows)), said)
    spread.set_yticks(np.arange(len(rows)), [""] * len(rows))
    for axes in (strength, spread):
        _frame(axes, len(rows))
    strength.set_xlabel(unit, color=SOFT)
    return figure


def _row_height(labels: Sequence[str]) -> float:
    """Inches for a factor's row, more if any name has a second line."""
    return ROW * (1 + 0.65 * max((label.count("\n") for label in labels), default=0))


def _with_way(table: pd.DataFrame, factor: str, labels: Mapping[str, str]) -> str:
    """A factor's name and which way the outcome goes with it."""
    own = table[table["factor"] == factor]
    row = own.iloc[int(own["mu_star"].to_numpy().argmax())]
    one_way = abs(row["mu"]) > 0.5 * row["mu_star"]
    way = ("+" if row["mu"] > 0 else "−") if one_way else "±"
    return f"{wrapped(labels.get(factor, factor), LETTERS)}  {way}"


def _legend(axes: Axes, policies: Sequence[str], labels: Mapping[str, str]) -> None:
    axes.set_axis_off()
    handles = [
        Line2D([], [], color=colour, marker=mark, markerfacecolor=inside, markersize=5.0, linewidth=1.6,
               label=labels.get(policy, policy))
        for (mark, colour, inside), policy in zip(LOOKS, policies, strict=False)
    ]  # fmt: skip
    axes.legend(handles=handles, loc="center left", borderaxespad=0.0, borderpad=0.0)


def _frame(axes: Axes, rows: int) -> None:
    axes.set_ylim(rows - 0.4, -0.6)
    axes.set_xlim(left=min(0.0, axes.get_xlim()[0]))
    axes.grid(axis="x", color=FAINT, linewidth=0.5)
    axes.grid(axis="y", color=FAINT, linewidth=0.4)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)


SUMS = {"one_by_one": "all, each by itself", "together": "only together"}
"""Parts of the variance that stand below the factors."""


@styled
def shares(indices: pd.DataFrame, parts: pd.DataFrame, labels: Mapping[str, str], title: str, note: str) -> Figure:
    """First and total indices (`sensitivity.sobol_indices` with a column policy), a row per factor, a panel per policy.

    parts   rows by policy with part (those of `SUMS`), estimate, lower, upper; drawn below the factors
    labels  of factors and of policies, for readers
    """
    policies = list(dict.fromkeys(indices["policy"]))
    greatest = indices.groupby("factor", sort=False)["total"].max().sort_values(ascending=False, kind="stable")
    rows = list(greatest.index)
    names = {policy: wrapped(labels.get(policy, policy), 64 // (1 + len(policies))) for policy in policies}
    head = 0.7 + 0.17 * max(name.count("\n") for name in names.values())
    said = [wrapped(labels.get(factor, factor), LETTERS) for factor in rows]
    high = _row_height(said) * (len(rows) + 1 + len(SUMS))
    figure = sheet(1.0, title, note)
    figure.set_layout_engine("none")
    figure.set_figheight((head + high + 0.85 + 0.165 * figure.get_supxlabel().count("\n")) / 0.97)
    _key(axes_at(figure, 0.12, 0.34, WIDTH - 0.24, 0.25))
    wide = (WIDTH - LEFT - 0.1) / len(policies)
    panels = [axes_at(figure, LEFT + place * wide, head + 0.1, wide - 0.15, high) for place in range(len(policies))]
    for axes, policy in zip(panels, policies, strict=True):
        _factors(axes, indices[indices["policy"] == policy].set_index("factor").reindex(rows))
        own = parts[parts["policy"] == policy].set_index("part")
        for place, part in enumerate(SUMS):
            _told(axes, len(rows) + 0.7 + place, own.loc[part])
        axes.axhline(len(rows) + 0.05, color=SOFT, linewidth=0.7)
        axes.set_title(names[policy])
        axes.set_xlabel("share of variance", color=SOFT)
        _frame(axes, len(rows) + 1 + len(SUMS))
        axes.locator_params(axis="x", nbins=5)
    ticks = [*range(len(rows)), *(len(rows) + 0.7 + place for place in range(len(SUMS)))]
    right = max(axes.get_xlim()[1] for axes in panels)
    for axes in panels:
        axes.set_yticks(ticks, [*said, *SUMS.values()] if axes is panels[0] else [""] * len(ticks))
        axes.set_xlim(min(axes.get_xlim()[0] for axes in panels), right)
    return figure


def _factors(axes: Axes, rows: pd.DataFrame) -> None:
    """Total light and wide, first dark and narrow in front of it, each with its interval; chance in colours of its own.

    The lines of the two intervals stand apart, one above the middle of the row, one below.
    """
    for place, (factor, row) in enumerate(rows.iterrows()):
        chance = factor == CHANCE
        light, dark = (CHANCE_LIGHT, CHANCE_DARK) if chance else (LIGHT, OPERATIONAL)
        axes.barh(place, row["total"], 0.78, color=light, edgecolor=dark, linewidth=0.6, hatch="////" if chance else "")
        axes.barh(place, row["first"], 0.36, color=dark)
        axes.hlines(place - 0.28, row["total_lower"], row["total_upper"], color=INK, linewidth=1.0, zorder=3)
        axes.hlines(place, row["first_lower"], row["first_upper"], color=INK, linewidth=1.0, zorder=3)


def _told(axes: Axes, at: float, row: "pd.Series[Any]") -> None:
    """A share with its interval in figures."""
    estimate, lower, upper = (100 * float(row[name]) for name in ("estimate", "lower", "upper"))
    said = f"{estimate:.0f} % ({lower:.0f} to {upper:.0f} %)".replace(" %", "\u00a0%").replace("-", "−")
    axes.text(0.0, at, said, va="center_baseline", fontsize=SMALL, color=INK,
              bbox={"facecolor": PAPER, "edgecolor": "none", "pad": 1.0})  # fmt: skip


def _key(axes: Axes) -> None:
    axes.set_axis_off()
    handles = [
        Patch(facecolor=OPERATIONAL, label="by itself"),
        Patch(facecolor=LIGHT, edgecolor=OPERATIONAL, linewidth=0.6, label="with all it does together with others"),
        Patch(facecolor=CHANCE_LIGHT, edgecolor=CHANCE_DARK, linewidth=0.6, hatch="////",
              label="chance: no knowledge removes it"),
    ]  # fmt: skip
    axes.legend(handles=handles, loc="center left", ncols=3, borderaxespad=0.0, columnspacing=1.4)
