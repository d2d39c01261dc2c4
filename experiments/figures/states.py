"""One state after another is changed: a row per state, a panel per measure, a mark per change with its interval."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from experiments.figures.style import DECLARED_LINE, FAINT, INK, OPERATIONAL, PAPER, SOFT, sheet, styled

ROW = 0.205
"""Height of a state's row in inches, more where several marks stand one below the other."""
DODGE = 0.12
"""How far marks of one state stand apart, in rows."""


class Look(NamedTuple):
    """How a change is drawn: what it is called, mark and colour."""

    label: str
    marker: str
    colour: str
    size: float = 5.0


FIRST, SECOND = ("D", OPERATIONAL), ("o", DECLARED_LINE)
"""Mark and colour of the two main changes: dark and pointed, light and round."""


@styled
def by_state(
    table: pd.DataFrame,
    looks: Mapping[str, Look],
    measures: Mapping[str, str],
    names: Mapping[str, str],
    title: str,
    note: str,
) -> Figure:
    """Effects with intervals (`states.effects`), states in order of the first change's effect on the first measure.

    looks     the changes to be drawn
    measures  the panels and their titles
    names     of states, for readers
    """
    order = _order(table, next(iter(looks)), next(iter(measures)))
    apart = DODGE * (np.arange(len(looks)) - (len(looks) - 1) / 2)
    high = ROW * max(len(order), 3) * (1 + len(looks) * DODGE)
    figure = sheet(1.95 + high, title, note)
    grid = figure.add_gridspec(2, len(measures), height_ratios=[0.25, high])
    _legend(figure.add_subplot(grid[0, :]), looks)
    panels = [figure.add_subplot(grid[1, place]) for place in range(len(measures))]
    for axes, (measure, said) in zip(panels, measures.items(), strict=True):
        axes.axvline(0.0, color=INK, linewidth=0.9)
        for (change, look), above in zip(looks.items(), apart, strict=True):
            here = table[(table["change"] == change) & (table["measure"] == measure)]
            _marks(axes, here.set_index("state").reindex(order), look, float(above))
        axes.set_title(said)
        axes.grid(axis="y", color=FAINT, linewidth=0.4)
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        axes.margins(x=0.08)
        axes.locator_params(axis="x", nbins=4)
        axes.set_yticks(np.arange(len(order)), [names.get(one, one) if axes is panels[0] else "" for one in order])
        axes.set_ylim(max(len(order), 1) - 0.5, -0.5)
    return figure


def _order(table: pd.DataFrame, change: str, measure: str) -> list[str]:
    """States by size of effect, the largest first; those without this change at the end."""
    first = table[(table["change"] == change) & (table["measure"] == measure)]
    ranked = first.iloc[np.argsort(-first["mean"].abs().to_numpy(), kind="stable")]
    return list(dict.fromkeys([*map(str, ranked["state"]), *map(str, table["state"])]))


def _marks(axes: Axes, rows: pd.DataFrame, look: Look, above: float) -> None:
    """Mean and interval of every state, so far off its line; hollow where it may be chance."""
    at = np.arange(len(rows), dtype=float) + above
    mean, lower, upper = (rows[name].to_numpy(dtype=float) for name in ("mean", "lower", "upper"))
    axes.hlines(at, lower, upper, color=look.colour, linewidth=1.8)
    sure = rows["sure"].eq(True).to_numpy(dtype=bool)
    for chosen, face in ((sure, look.colour), (~sure, PAPER)):
        axes.plot(
            mean[chosen], at[chosen], look.marker, color=look.colour, markersize=look.size,
            markerfacecolor=face, markeredgewidth=1.2, zorder=3,
        )  # fmt: skip


def _legend(axes: Axes, looks: Mapping[str, Look]) -> None:
    axes.set_axis_off()
    handles = [
        Line2D([], [], linewidth=1.8, marker=look.marker, color=look.colour, markersize=look.size, label=look.label)
        for look in looks.values()
    ]
    handles.append(
        Line2D([], [], linestyle="none", marker="o", color=SOFT, markerfacecolor=PAPER, label="may be chance")
    )
    axes.legend(handles=handles, loc="center left", ncols=len(handles), borderaxespad=0.0, columnspacing=1.4)
