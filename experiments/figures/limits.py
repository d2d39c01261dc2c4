"""What holds the partnership back: stacked shares by year of what binds and of who, and a table by instrument."""

from collections.abc import Sequence
from math import ceil
from typing import NamedTuple

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from experiments.analysis.findings import World
from experiments.analysis.limits import (
    DEED,
    FILE,
    LIMITS,
    OTHERS,
    QUESTIONS,
    UNION,
    Cases,
    actor_shares,
    limit_shares,
)
from experiments.analysis.made import of_all
from experiments.figures.style import HEAT, INK, PAPER, SOFT, WIDTH, axes_at, sheet, styled, year_axis
from experiments.figures.timeline import COUNTRIES
from experiments.labels import actor_label, instrument_label, policy_label, wrapped

TITLE = "What holds the partnership back"
ASKED = {FILE: "on the way into force", DEED: "in force, not carried out as agreed"}
"""What a panel is about."""


class Fill(NamedTuple):
    """Colour and hatch of an area; neighbours differ in lightness, and hatches tell light ones apart."""

    colour: str
    hatch: str = ""


FILLS = {
    "attention": Fill("#08488a"),
    "council": Fill("#ffffff", "xxx"),
    "ladder": Fill("#f0b35a", "///"),
    "wish": Fill("#6e6e6e"),
    "prerequisite": Fill("#d4d4d4"),
    "slot": Fill("#1a1a1a"),
    "ratification": Fill("#9cc3e6"),
    "framework": Fill("#ffffff", "\\\\\\"),
    "money": Fill("#e58a00"),
}
RANKED = (
    Fill("#08488a"), Fill("#e58a00"), Fill("#1a1a1a"), Fill("#9cc3e6"), Fill("#ffffff", "///"), Fill("#6e6e6e"),
    Fill("#ffffff", "xxx"), Fill("#f0b35a", "\\\\\\"),
)  # fmt: skip
"""Of actors, the most frequent first."""
REST = Fill("#d4d4d4", "...")
MOST = 3
"""Actors drawn by name for each question."""
ROW = 0.2
"""Height of a row of the table in inches."""
TABLE_TOP = 4.8
"""Inches from the title to the first row."""
COLUMNS = 9.35
"""Least width of the table in columns, so that few columns are not drawn wide."""


@styled
def limits(held: Cases, world: World, policy: str, runs: int, instrument: str = "", *, made: int) -> Figure:
    """Shares of limits and of actors by year, and of limits by instrument, for files and for deeds side by side.

    held  by `Findings.held_back` in one scenario and policy; with `instrument`, its own, then by partner
    runs  that went well, of `made` in all
    """
    column = "partner" if instrument else "instrument"
    table = limit_shares(held, [column])
    names = _in_order(table[column], world, column)
    about = f", {_title(instrument, world, 'instrument')}" if instrument else ""
    note = (
        f"Scenario {world.name}{about}, policy: {policy_label(policy)}, {of_all(runs, made)}. A case is a file, or an "
        "agreement, that is held back in one quarter of one run. Left: files not yet in force, also those that deepen "
        "what is; attention binds where a text would pass but talks take their time. Right: agreements in force "
        "carried out below 90 % of what was agreed; the scarcest of attention, money and framework binds. Table: per "
        f"cent of cases of all years, by {column}; each block of a row adds up to 100. What was never begun is not "
        "counted."
    )
    title = f"What holds back: {_title(instrument, world, 'instrument')}" if instrument else TITLE
    figure = sheet(1.0, title, note)
    rows_high, note_high = ROW * max(len(names), 1), 0.16 * (figure.get_supxlabel().count("\n") + 1)
    figure.set_layout_engine("none")
    figure.set_figheight((TABLE_TOP + rows_high + 0.55 + note_high) / 0.97)
    _over_time(figure, held, world)
    labels = [_title(name, world, column) for name in names]
    left = 0.3 + 0.064 * max(map(len, labels), default=0)
    _table(axes_at(figure, left, TABLE_TOP, WIDTH - 0.25 - left, rows_high), table, names, labels, column)
    return figure


def _over_time(figure: Figure, held: Cases, world: World) -> None:
    """What binds and who holds it up, year by year."""
    left, wide = (0.8, 4.1), 2.7
    panels = {
        **{place: axes_at(figure, at, 0.55, wide, 0.95) for place, at in zip("ab", left, strict=True)},
        "what": axes_at(figure, left[0], 1.8, WIDTH - 1.0, 0.42),
        **{place: axes_at(figure, at, 2.4, wide, 0.95) for place, at in zip("cd", left, strict=True)},
        "who": axes_at(figure, left[0], 3.65, WIDTH - 1.0, 0.22),
    }
    by_year, who = limit_shares(held, ["year"]), actor_shares(held, ["year"], MOST)
    fills = _actor_fills(actor_shares(held, (), MOST))
    for upper, lower, question in zip("ab", "cd", QUESTIONS, strict=True):
        panels[upper].set_title(ASKED[question], fontweight="bold")
        _stack(panels[upper], by_year[by_year["question"] == question], "limit", FILLS, world)
        _stack(panels[lower], who[who["question"] == question], "actor", fills, world)
    panels["a"].set_ylabel("what binds")
    panels["c"].set_ylabel("who holds it up")
    present = set(by_year["limit"])
    _legend(panels["what"], {name: fill for name, fill in FILLS.items() if name in present})
    _legend(panels["who"], {actor_label(name): fill for name, fill in fills.items()})


def _in_order(found: "pd.Series[str]", world: World, column: str) -> list[str]:
    """Instruments or partners that occur, in the order of the catalogue."""
    there = set(found)
    return [name for name in dict.fromkeys(world.standing[column]) if name in there]


def _title(name: str, world: World, column: str) -> str:
    """The short name of an instrument, or a partner's."""
    if column == "partner":
        return "Union" if name == UNION else COUNTRIES.get(name, name)
    of_union = world.standing.loc[world.standing["partner"] == UNION, "instrument"]
    return instrument_label(name) if name in set(of_union) else f"{instrument_label(name)} (single states)"


def _actor_fills(actors: pd.DataFrame) -> dict[str, Fill]:
    """One fill for each actor drawn, the same in both panels."""
    totals = actors.groupby("actor")["count"].sum()
    named = sorted((str(name) for name in totals.index if name != OTHERS), key=lambda name: (-totals[name], name))
    fills = {name: RANKED[place % len(RANKED)] for place, name in enumerate(named)}
    return {**fills, OTHERS: REST} if OTHERS in totals.index else fills


def _stack(axes: Axes, shares: pd.DataFrame, of: str, fills: dict[str, Fill], world: World) -> None:
    """A bar per year, cut by share."""
    first, last = int(world.first[:4]), int(world.last[:4])
    bottom = np.zeros(last - first + 1)
    for name in [name for name in fills if name in set(shares[of])]:
        part = shares[shares[of] == name].set_index("year")["share"]
        height = part.reindex(range(first, last + 1), fill_value=0.0).to_numpy(dtype=float)
        axes.bar(
            np.arange(first, last + 1) + 0.5, height, 0.94, bottom=bottom, color=fills[name].colour,
            hatch=fills[name].hatch, edgecolor=SOFT, linewidth=0.25, label=name,
        )  # fmt: skip
        bottom = bottom + height
    year_axis(axes, first, last + 1, most=4)
    years = [at for at in axes.get_xticks() if at <= last]
    axes.set_xticks([at + 0.5 for at in years], [f"{at:.0f}" for at in years])
    axes.set_ylim(0.0, 1.0)
    axes.set_yticks([0.0, 0.5, 1.0], ["0", "50 %", "100 %"])
    if shares.empty:
        axes.text(0.5, 0.5, "nothing held back", transform=axes.transAxes, ha="center", va="center", color=SOFT)


def _legend(axes: Axes, fills: dict[str, Fill]) -> None:
    axes.set_axis_off()
    patches = [
        Patch(facecolor=fill.colour, hatch=fill.hatch, edgecolor=SOFT, linewidth=0.4, label=name)
        for name, fill in fills.items()
    ]
    if patches:
        lines = ceil(len(patches) / 6)
        axes.legend(
            handles=patches, loc="center", ncols=ceil(len(patches) / lines), borderaxespad=0.0, handlelength=1.8,
            handleheight=1.1, columnspacing=1.4,
        )  # fmt: skip


def _table(axes: Axes, table: pd.DataFrame, names: Sequence[str], labels: Sequence[str], column: str) -> None:
    """Per cent of each limit in what holds an instrument back, files left of deeds."""
    shade = matplotlib.colormaps[HEAT]
    at, ticks, heads = 0.0, list[float](), list[str]()
    for question in QUESTIONS:
        part, begin = table[table["question"] == question], at
        for limit in [limit for limit in LIMITS if limit in set(part["limit"])]:
            share = part[part["limit"] == limit].set_index(column)["share"]
            for row, name in enumerate(names):
                if name in share.index:
                    _cell(axes, at, row, float(share[name]), shade(0.85 * float(share[name])))
            ticks.append(at + 0.5)
            heads.append(limit)
            at += 1.0
        if at > begin:
            axes.text(begin, len(names) + 0.12, wrapped(ASKED[question], 23), va="top", fontweight="bold")
            at += 0.35
    axes.set_xlim(0.0, max(at - 0.35, COLUMNS))
    axes.set_ylim(max(len(names), 1), 0.0)
    axes.set_xticks(ticks, heads, rotation=38, ha="left", rotation_mode="anchor")
    axes.set_yticks([row + 0.5 for row in range(len(labels))], list(labels))
    axes.tick_params(length=0, top=False, labeltop=True, bottom=False, labelbottom=False)
    for side in axes.spines.values():
        side.set_visible(False)


def _cell(axes: Axes, left: float, row: int, share: float, colour: tuple[float, float, float, float]) -> None:
    axes.fill_between([left, left + 1], row + 0.03, row + 0.97, color=colour, linewidth=0)
    text = "" if share == 0 else "<1" if share < 0.005 else f"{100 * share:.0f}"
    axes.text(
        left + 0.5, row + 0.5, text, ha="center", va="center_baseline", color=PAPER if share > 0.6 else INK, fontsize=9
    )
