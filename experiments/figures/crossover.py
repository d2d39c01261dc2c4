"""Where one policy overtakes another: along each parameter that matters, and on the plane of the two foremost."""

from math import ceil

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from experiments.analysis.crossover import MOST
from experiments.figures.style import FAINT, HEAT, INK, OPERATIONAL, PAPER, SMALL, SOFT, sheet, styled
from experiments.labels import counted, policy_label, wrapped

COLUMNS, SHOWN = 2, 6
"""Panels beside each other, and the most of them."""
DOTTED, DASHED = (0, (1.2, 1.6)), (0, (5, 2))


@styled
def along(curves: pd.DataFrame, parameters: pd.DataFrame, overall: pd.DataFrame, last: str) -> Figure:
    """The mean difference along each parameter that matters: `Compared.curves`, a panel each, best explained first."""
    names = list(dict.fromkeys(curves["parameter"]))[:SHOWN]
    row = overall.iloc[0]
    one, other = policy_label(str(row["policy"])), policy_label(str(row["against"]))
    note = (
        f"Scenario {row['scenario']}, {counted(int(row['runs']), 'pair')} of runs, at {last}; all else as drawn. Line "
        f"and band: mean difference in operational depth, local fit with 90 % interval. Above zero {one} is ahead, "
        f"below zero {other}. Dotted: where the mean changes sign."
    )
    columns = min(COLUMNS, len(names))
    rows = ceil(len(names) / columns)
    figure = sheet(1.35 + 2.2 * rows, f"Where {one} overtakes {other}", note)
    panels = figure.subplots(rows, columns, sharey=True, squeeze=False).ravel()
    for axes, name in zip(panels, names, strict=False):
        _curve(axes, curves[curves["parameter"] == name], parameters[parameters["parameter"] == name])
    for axes in panels[len(names) :]:
        axes.set_visible(False)
    figure.supylabel("mean difference, run by run", fontsize=SMALL)
    return figure


def _curve(axes: Axes, curve: pd.DataFrame, found: pd.DataFrame) -> None:
    x = curve["x"].to_numpy(dtype=float)
    axes.axhline(0.0, color=INK, linewidth=0.9)
    axes.grid(axis="y", color=FAINT, linewidth=0.5)
    axes.fill_between(x, curve["lower"], curve["upper"], color=OPERATIONAL, alpha=0.3, linewidth=0)
    axes.plot(x, curve["mean"], color=OPERATIONAL, linewidth=1.8)
    for at in found["at"].dropna():
        axes.axvline(at, color=INK, linewidth=1.0, linestyle=DOTTED)
        axes.annotate(f"{at:.2g}", (at, 1.0), (3, -2), xycoords=("data", "axes fraction"), textcoords="offset points",
                      va="top", fontsize=SMALL)  # fmt: skip
    axes.set_title(f"explains {100 * float(found['explains'].iloc[0]):.0f} % of the spread", fontsize=SMALL)
    axes.set_xlabel(str(curve["label"].iloc[0]))
    axes.margins(x=0.0)
    axes.locator_params(axis="both", nbins=5)


@styled
def plane(places: pd.DataFrame, foretold: pd.DataFrame, overall: pd.DataFrame, last: str) -> Figure:
    """Who is ahead on the plane of two parameters: `Compared.plane`, with the line where the mean changes sign."""
    row, told = overall.iloc[0], foretold.iloc[0]
    one, other = policy_label(str(row["policy"])), policy_label(str(row["against"]))
    note = (
        f"Scenario {row['scenario']}, {counted(int(row['runs']), 'pair')} of runs, operational depth at {last}; all "
        f"else as drawn. Shade: share of runs in which {one} is ahead. The line foretells who is ahead right in "
        f"{100 * told['right']:.0f} % of runs that its fit never saw."
    )
    figure = sheet(5.6, f"Who is ahead: {one} or {other}?", note)
    axes = figure.subplots()
    x, y = (np.unique(places[name].to_numpy(dtype=float)) for name in "xy")
    square = {
        name: places[name].to_numpy(dtype=float).reshape(len(y), len(x)) for name in ("mean", "lower", "upper", "ahead")
    }
    shade = axes.pcolormesh(x, y, square["ahead"], cmap=HEAT, vmin=0.0, vmax=1.0, shading="gouraud", rasterized=True)
    axes.contour(x, y, square["mean"], [0.0], colors=[INK], linewidths=2.2)
    for end in ("lower", "upper"):
        axes.contour(x, y, square[end], [0.0], colors=[INK], linewidths=0.9, linestyles=[DOTTED])
    for share in (1 - MOST, MOST):
        axes.contour(
            x, y, square["ahead"], [share], colors=[INK if share < 0.5 else PAPER], linewidths=1.3, linestyles=[DASHED]
        )
    bar = figure.colorbar(shade, ax=axes, pad=0.02, fraction=0.05, ticks=[0.0, 0.1, 0.5, 0.9, 1.0])
    bar.ax.set_yticklabels([f"{100 * tick:.0f} %" for tick in (0.0, 0.1, 0.5, 0.9, 1.0)])
    bar.set_label(f"runs in which {one} is ahead", color=INK)
    bar.outline.set_visible(False)
    for who, ink, inside in ((one, PAPER, square["ahead"] >= MOST), (other, INK, square["ahead"] <= 1 - MOST)):
        if inside.any():
            row_at, column_at = (float(place.mean()) for place in np.nonzero(inside))
            at = (float(np.interp(column_at, range(len(x)), x)), float(np.interp(row_at, range(len(y)), y)))
            axes.text(*at, wrapped(f"{who} ahead", 16), color=ink, ha="center", va="center", fontweight="bold")
    axes.set_xlabel(str(places["x_name"].iloc[0]))
    axes.set_ylabel(str(places["y_name"].iloc[0]))
    handles = [
        Line2D([], [], color=INK, linewidth=2.2, label="as good on average"),
        Line2D([], [], color=INK, linewidth=0.9, linestyle=DOTTED, label="its 90 % interval"),
        Line2D([], [], color=SOFT, linewidth=1.3, linestyle=DASHED, label=f"one ahead in {100 * MOST:.0f} % of runs"),
    ]
    axes.legend(
        handles=handles, loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=3, borderaxespad=0.2, columnspacing=1.2
    )
    return figure
