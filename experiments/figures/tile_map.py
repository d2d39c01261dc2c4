"""Member states as equal tiles, roughly where they lie: how deep a partnership each would like."""

from collections.abc import Mapping
from typing import NamedTuple

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Colormap, Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from experiments.figures.style import HEAT, INK, PAPER, SOFT, sheet, styled
from experiments.labels import counted, policy_label

GRID = {
    "SWE": (4, 0), "FIN": (5, 0),
    "EST": (5, 1),
    "IRL": (0, 2), "GBR": (1, 2), "NLD": (2, 2), "DNK": (3, 2), "LVA": (5, 2),
    "BEL": (2, 3), "DEU": (3, 3), "POL": (4, 3), "LTU": (5, 3),
    "FRA": (1, 4), "LUX": (2, 4), "AUT": (3, 4), "CZE": (4, 4), "SVK": (5, 4),
    "PRT": (0, 5), "ESP": (1, 5), "ITA": (2, 5), "SVN": (3, 5), "HUN": (4, 5), "ROU": (5, 5),
    "HRV": (3, 6), "BGR": (5, 6), "JPN": (7, 3),
    "MLT": (2, 7), "GRC": (4, 7), "CYP": (6, 7),
}  # fmt: skip
"""Column and row of every tile."""

OUTSIDE = ("GBR", "JPN")
"""Marked as no member state: dashed edge."""


class Tile(NamedTuple):
    """Position of one state over runs: median and the middle 80 %."""

    median: float
    low: float
    high: float


@styled
def tile_map(actors: pd.DataFrame, scenario: str, policy: str) -> Figure:
    """Positions in the first and the last quarter recorded (`Findings.actors`, one scenario)."""
    quarters = list(dict.fromkeys(actors["quarter"]))
    quarters = [quarters[0], quarters[-1]] if len(quarters) > 1 else quarters
    runs = int(actors["runs"].max()) if len(actors) else 0
    shown = "first and last quarter recorded" if len(quarters) > 1 else "the one quarter recorded"
    note = (
        f"Scenario {scenario}, policy: {policy_label(policy)}, {counted(runs)}; {shown}. Shade and number: median "
        "position, the depth of partnership that a government would like (0–1). Bar in a tile: middle 80 % of runs on "
        "a scale from 0 to 1. Dashed edge: not a member state."
    )
    figure = sheet(5.0, "What the capitals want", note)
    panels = figure.subplots(1, max(len(quarters), 1), squeeze=False).ravel()
    scale, shade = _scale(actors), matplotlib.colormaps[HEAT]
    for axes, quarter in zip(panels, quarters, strict=False):
        tiles = {
            str(row.actor): Tile(float(row.median), float(row.q10), float(row.q90))
            for row in actors[actors["quarter"] == quarter].itertuples(index=False)
        }
        _map(axes, tiles, scale, shade)
        axes.set_title(str(quarter), loc="center")
    if quarters:
        bar = figure.colorbar(
            ScalarMappable(scale, shade), ax=list(panels), location="bottom", shrink=0.5, aspect=32, pad=0.02
        )
        bar.set_label("median position", fontsize=9)
        bar.outline.set_linewidth(0.4)
    else:
        panels[0].set_axis_off()
        panels[0].text(0.0, 0.5, 'Positions need record = ["actors"] in the experiment.', va="center")
    return figure


def _scale(actors: pd.DataFrame) -> Normalize:
    """From a tenth below the lowest to a tenth above the highest median, in tenths, so that differences show."""
    if not len(actors):
        return Normalize(0.0, 1.0)
    low, high = float(actors["median"].min()), float(actors["median"].max())
    return Normalize(max(np.floor(low * 10) / 10, 0.0), min(np.ceil(high * 10 + 1e-9) / 10, 1.0))


def _map(axes: Axes, tiles: Mapping[str, Tile], scale: Normalize, shade: Colormap) -> None:
    for state, (column, row) in GRID.items():
        tile = tiles.get(state)
        colour = shade(float(scale(tile.median))) if tile else PAPER
        dark = tile is not None and float(scale(tile.median)) > 0.62
        ink = PAPER if dark else INK
        outside = state in OUTSIDE
        axes.add_patch(
            Rectangle(
                (column + 0.03, row + 0.03), 0.94, 0.94, facecolor=colour, edgecolor=INK if outside else SOFT,
                linewidth=1.3 if outside else 0.5, linestyle=(0, (2, 1.2)) if outside else "-",
            )
        )  # fmt: skip
        axes.text(column + 0.5, row + 0.27, state, ha="center", va="center", color=ink if tile else SOFT, fontsize=9)
        if tile:
            axes.text(column + 0.5, row + 0.6, f"{tile.median:.2f}".lstrip("0"), ha="center", va="center", color=ink)
            left, right = column + 0.13 + 0.74 * tile.low, column + 0.13 + 0.74 * tile.high
            axes.plot([column + 0.13, column + 0.87], [row + 0.85] * 2, color=ink, linewidth=0.4)
            axes.plot([left, right], [row + 0.85] * 2, color=ink, linewidth=2.6, solid_capstyle="butt")
    axes.set_xlim(-0.02, 8.02)
    axes.set_ylim(8.05, -0.05)
    axes.set_aspect("equal")
    axes.set_axis_off()
