"""Every instrument a row: in what share of runs it is in force, quarter by quarter."""

import re
from collections.abc import Sequence

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.transforms import blended_transform_factory

from config.schema import DOMAINS
from experiments.analysis.findings import BILATERAL, World
from experiments.analysis.made import of_all
from experiments.figures.style import HEAT, INK, PAPER, SOFT, sheet, styled, year
from experiments.labels import policy_label, wrapped

COUNTRIES = {
    "DEU": "Germany", "ESP": "Spain", "FRA": "France", "GBR": "United Kingdom", "ITA": "Italy", "NLD": "Netherlands",
    "SWE": "Sweden",
}  # fmt: skip
"""Names of partners for labels; others keep their code."""

BRACKETS = r" *\([^)]*\)"
ROW = 0.215
"""Height of a row in inches."""


@styled
def timeline(shares: pd.DataFrame, world: World, policy: str, made: int) -> Figure:
    """Union instruments by domain, then each bilateral rung as the mean over partners.

    shares  rows of `Findings.shares` for one scenario and policy
    made    how many runs were made, also those that failed
    """
    union: list[tuple[str, Sequence[tuple[str, str]]]] = [
        (title, (("EU", slug),)) for _, slug, title, _ in _union(world)
    ]
    groups = [group for *_, group in _union(world)]
    rungs = world.standing[world.standing["group"] == BILATERAL]
    partners = list(dict.fromkeys(rungs["partner"]))
    for slug, part in rungs.groupby("instrument", sort=False):
        union.append((str(part["title"].iloc[0]), tuple((partner, str(slug)) for partner in part["partner"])))
        groups.append(BILATERAL)
    note = f"{_said(shares, world, policy, made)} Bilateral rungs: mean over {len(partners)} partners."
    return _strips("When instruments come into force", note, union, groups, shares, world)


@styled
def bilateral(shares: pd.DataFrame, world: World, policy: str, made: int) -> Figure:
    """The ladder of single states: a row per rung and partner; `shares` and `made` as for `timeline`."""
    rungs = world.standing[world.standing["group"] == BILATERAL]
    rows = [
        (COUNTRIES.get(partner, partner), ((partner, slug),))
        for partner, slug in zip(rungs["partner"], rungs["instrument"], strict=True)
    ]
    note = _said(shares, world, policy, made)
    return _strips("Japan's ties with single states", note, rows, list(rungs["title"]), shares, world)


def _union(world: World) -> list[tuple[str, str, str, str]]:
    """Union instruments by domain, within a domain in the order of the catalogue."""
    union = world.standing[world.standing["group"] != BILATERAL]
    order = {group: place for place, group in enumerate(dict.fromkeys([*DOMAINS, *union["group"]]))}
    rows = list(union[["partner", "instrument", "title", "group"]].itertuples(index=False, name=None))
    return sorted(rows, key=lambda row: order[row[3]])


def _said(shares: pd.DataFrame, world: World, policy: str, made: int) -> str:
    runs = int(shares["runs"].max()) if len(shares) else 0
    return (
        f"Scenario {world.name}, policy: {policy_label(policy)}, {of_all(runs, made)}. Shade: share of runs in which "
        f"it is in force at the end of the quarter; numbers: per cent at the end of {world.last}. "
        "Black mark: from here on in force in at least half of the runs."
    )


def _short(title: str) -> str:
    """A title without what stands in brackets, in lines that leave room for the strip."""
    return wrapped(re.sub(BRACKETS, "", title), 38)


def _strips(
    title: str,
    note: str,
    rows: Sequence[tuple[str, Sequence[tuple[str, str]]]],
    groups: Sequence[str],
    shares: pd.DataFrame,
    world: World,
) -> Figure:
    """A heat strip per row; a row with several instruments shows their mean."""
    quarters = world.quarters
    cells = {
        (str(partner), str(slug)): part.set_index("quarter")["share"].reindex(quarters).to_numpy(dtype=float)
        for (partner, slug), part in shares.groupby(["partner", "instrument"], sort=False)
    }
    labels = [_short(label) for label, _ in rows]
    places = _places(groups, labels)
    figure = sheet(1.75 + ROW * (max(places, default=0.0) + 1), title, note)
    axes = figure.subplots()
    edges = np.array([year(quarter) for quarter in quarters] + [year(quarters[-1]) + 0.25])
    shade = matplotlib.colormaps[HEAT]
    last = None
    for place, (_, members) in zip(places, rows, strict=True):
        known = [cells[member] for member in members if member in cells]
        if not known:
            continue
        share = np.mean(known, axis=0)
        last = axes.pcolormesh(
            edges, [place - 0.42, place + 0.42], share[None, :], cmap=shade, vmin=0.0, vmax=1.0, rasterized=False,
            edgecolors="face", linewidth=0.2,
        )  # fmt: skip
        _half_tick(axes, edges, share, place)
        end = blended_transform_factory(axes.transAxes, axes.transData)
        axes.text(1.012, place, f"{100 * share[-1]:.0f}", va="center_baseline", ha="left", transform=end)
        axes.hlines([place - 0.42, place + 0.42], edges[0], edges[-1], color=SOFT, linewidth=0.25)
    _frame(axes, edges, places, labels, groups)
    if last is not None:
        bar = figure.colorbar(last, ax=axes, location="top", shrink=0.5, aspect=32, pad=0.012, anchor=(0.0, 0.0))
        bar.set_label("share of runs in force", fontsize=9)
        bar.set_ticks([0.0, 0.25, 0.5, 0.75, 1.0], labels=["0", "25 %", "50 %", "75 %", "100 %"])
        bar.outline.set_linewidth(0.4)
    return figure


def _places(groups: Sequence[str], labels: Sequence[str]) -> list[float]:
    """Vertical place of each row; a group begins with a line for its heading, a label of two lines takes more room."""
    at, places, before, above = -1.0, list[float](), None, 0.0
    for group, label in zip(groups, labels, strict=True):
        extra = 0.24 * label.count("\n")
        at += above + extra + (1.0 if group == before else 2.1)
        places.append(at)
        before, above = group, extra
    return places


def _half_tick(axes: Axes, edges: "np.ndarray[tuple[int], np.dtype[np.float64]]", share: object, place: float) -> None:
    """A tick where the share first reaches one half, unless it begins there."""
    above = np.flatnonzero(np.asarray(share) >= 0.5)
    if len(above) and above[0] > 0:
        axes.vlines(edges[above[0]], place - 0.42, place + 0.42, color=INK, linewidth=1.6)
        axes.vlines(edges[above[0]] + 0.09, place - 0.42, place + 0.42, color=PAPER, linewidth=0.7)


def _frame(
    axes: Axes,
    edges: "np.ndarray[tuple[int], np.dtype[np.float64]]",
    places: Sequence[float],
    labels: Sequence[str],
    groups: Sequence[str],
) -> None:
    axes.set_yticks(list(places), list(labels))
    axes.tick_params(axis="y", length=0)
    axes.set_xlim(edges[0], edges[-1])
    axes.set_ylim(max(places, default=0.0) + 0.7, -0.3)
    step = next(step for step in (1, 2, 5, 10, 20, 1000) if (edges[-1] - edges[0]) / step <= 8)
    axes.set_xticks([at for at in range(0, 3000, step) if edges[0] <= at <= edges[-1]])
    for side in ("left", "bottom"):
        axes.spines[side].set_visible(False)
    left = blended_transform_factory(axes.transAxes, axes.transData)
    before = None
    for place, group in zip(places, groups, strict=True):
        if group != before:
            name = "bilateral ladder" if group == BILATERAL else group
            axes.text(
                0.0, place - 0.93, re.sub(BRACKETS, "", name), ha="left", va="center", fontweight="bold", transform=left
            )
        before = group
