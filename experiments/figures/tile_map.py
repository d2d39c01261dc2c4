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

from experiments.analysis.made import of_all
from experiments.figures.style import HEAT, INK, PAPER, SOFT, sheet, styled
from experiments.labels import policy_label

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
def tile_map(positions: pd.DataFrame, scenario: str, made: int) -> Figure:
    """Positions of the capitals (`Findings.positions`, one scenario): a map per policy and quarter, two at most.

    `made` is how many runs were made under each policy.
    """
    cells = list(dict.fromkeys(zip(positions["policy"], positions["quarter"], strict=True)))
    cells = [cells[0], cells[-1]] if len(cells) > 1 else cells
    policies, quarters = ({cell[place] for cell in cells} for place in (0, 1))
    runs = int(positions["runs"].min())
    same = f", policy: {policy_label(str(cells[0][0]))}" if len(policies) == 1 else ""
    homeless = sorted({str(state) for state in positions["actor"]} - set(GRID))
    note = (
        f"Scenario {scenario}{same}, {of_all(runs, made)} per policy. Shade and number: median position, the depth of "
        "partnership that a government would like (0–1). Bar in a tile: middle 80 % of runs on a scale from 0 to 1. "
        "Dashed edge: not a member state." + (f" Without a tile: {', '.join(homeless)}." if homeless else "")
    )
    figure = sheet(5.1, f"What the capitals want{f' in {cells[0][1]}' if len(quarters) == 1 else ''}", note)
    panels = figure.subplots(1, len(cells), squeeze=False).ravel()
    scale, shade = _scale(positions), matplotlib.colormaps[HEAT]
    for axes, (policy, quarter) in zip(panels, cells, strict=True):
        here = positions[(positions["policy"] == policy) & (positions["quarter"] == quarter)]
        tiles = {
            str(row["actor"]): Tile(float(row["median"]), float(row["q10"]), float(row["q90"]))
            for row in here.to_dict("records")
        }
        _map(axes, tiles, scale, shade)
        axes.set_title(str(quarter) if len(policies) == 1 else policy_label(str(policy), 40), loc="center")
    bar = figure.colorbar(
        ScalarMappable(scale, shade), ax=list(panels), location="bottom", shrink=0.5, aspect=32, pad=0.02
    )
    bar.set_label("median position", fontsize=9)
    bar.outline.set_linewidth(0.4)
    return figure


def _scale(positions: pd.DataFrame) -> Normalize:
    """From a tenth below the lowest to a tenth above the highest median, in tenths, so that differences show."""
    low, high = float(positions["median"].min()), float(positions["median"].max())
    return Normalize(max(np.floor(low * 10) / 10, 0.0), min(np.ceil(high * 10 + 1e-9) / 10, 1.0))


def _map(axes: Axes, tiles: Mapping[str, Tile], scale: Normalize, shade: Colormap) -> None:
    for state, (column, row) in GRID.items():
        tile = tiles.get(state)
        if tile is None and state in OUTSIDE:
            continue
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
