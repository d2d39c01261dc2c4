"""What states want over time: all of them side by side, and one with its attention, its vetoes and what moves it."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments.figures.style import FAINT, INK, OPERATIONAL, PAPER, SOFT, sheet, styled, year, year_axis
from experiments.labels import parameter_label, wrapped

COLUMNS = 5
"""Panels beside each other where all states are drawn."""
MOST = 8
"""Quantities that are drawn of those that move a position."""

QUANTITIES = {
    "stance": "its own government",
    "pressure_russia": "Russia's pressure",
    "pressure_china": "China's pressure",
    "pressure_north_korea": "North Korea's pressure",
    "pressure_us_retrenchment": "US retrenchment",
    "attention.link": "one theatre or two",
    "positions.affinity": "weight of affinity",
    "positions.threat": "weight of threat",
    "positions.reciprocity": "weight of reciprocity",
    "positions.retrenchment": "weight of retrenchment",
    "positions.trust": "weight of trust",
}
"""What moves a position, in words; drawn weights are those of 6.4 in docs/ODD.md."""
SUBJECT_LABELS = {"russia": "Russia", "china": "China", "peace_facility": "Peace Facility"}


def quantity_label(name: str) -> str:
    """A quantity's name for readers: "China's pressure", "weight of affinity"."""
    return QUANTITIES.get(name) or parameter_label(name)


def subject_label(name: str) -> str:
    """What a veto is about, for readers."""
    return SUBJECT_LABELS.get(name, name)


@styled
def all_states(positions: pd.DataFrame, names: Mapping[str, str], note: str) -> Figure:
    """A panel per state (`asked.member_state`, table positions, one policy), who wants most at the end first.

    positions  rows of measure "beside_others": actor quarter q05 q25 median q75 q95
    names      states to be drawn, and what they are called
    """
    last = positions[positions["quarter"] == positions["quarter"].iloc[-1]].set_index("actor")["median"]
    order = sorted((state for state in names if state in last), key=lambda state: -last[state])
    rows = -(-len(order) // COLUMNS)
    figure = sheet(1.4 + 1.05 * rows, "What each state wants, beside the others", note)
    panels = figure.subplots(rows, COLUMNS, sharex=True, sharey=True, squeeze=False)
    for axes, state in zip(panels.ravel(), order, strict=False):
        axes.axhline(0.0, color=INK, linewidth=0.9)
        _band(axes, positions[positions["actor"] == state])
        axes.set_title(names[state], fontsize=9)
    for place in range(len(order), rows * COLUMNS):
        panels[place // COLUMNS, place % COLUMNS].set_axis_off()
        panels[max(place // COLUMNS - 1, 0), place % COLUMNS].tick_params(axis="x", labelbottom=True)
    times = [year(str(quarter)) for quarter in positions["quarter"].unique()]
    year_axis(panels[0, 0], min(times), max(times), most=2)
    widest = float(positions[["q05", "q95"]].abs().to_numpy().max())
    panels[0, 0].set_ylim(-1.1 * widest, 1.1 * widest)
    figure.supylabel("position less the mean of all members in the same run", fontsize=9)
    return figure


@styled
def one_state(
    tables: Mapping[str, pd.DataFrame], state: str, name: str, members: Sequence[str], labels: Sequence[str], note: str
) -> Figure:
    """Position and attention over time, what the state stops, and what moves its position.

    tables   of `asked.member_state`, of one scenario and policy
    members  states among which it stands; grey is their middle
    labels   the two quarters of table moves
    """
    figure = sheet(5.6, f"{name} and the partnership with Japan", note)
    panels = figure.subplots(2, 2, height_ratios=[1.0, 1.25])
    for axes, measure in zip(panels[0], ("position", "attention"), strict=True):
        here = tables["positions"][tables["positions"]["measure"] == measure]
        middle = _middle(here, members)
        _band(axes, here[here["actor"] == state])
        axes.plot(middle.index, middle, color=INK, linewidth=1.0, linestyle=(0, (3, 2)))
        axes.set_ylim(0.0, 1.0)
        year_axis(axes, middle.index.min(), middle.index.max(), most=3)
        axes.set_title({"position": "depth that it wants (0–1)", "attention": "attention that it pays (0–1)"}[measure])
    _bars(panels[1, 0], tables["stops"][tables["stops"]["actor"] == state])
    _dots(panels[1, 1], tables["moves"][tables["moves"]["actor"] == state], labels)
    return figure


def _middle(rows: pd.DataFrame, states: Sequence[str]) -> "pd.Series[float]":
    """Median over these states of their medians, by decimal year."""
    middle = rows[rows["actor"].isin(list(states))].groupby("quarter", sort=False)["median"].median()
    return middle.rename(index=year)


def _band(axes: Axes, rows: pd.DataFrame) -> None:
    time = np.array([year(str(quarter)) for quarter in rows["quarter"]])
    axes.fill_between(time, rows["q05"], rows["q95"], color=OPERATIONAL, alpha=0.2, linewidth=0)
    axes.fill_between(time, rows["q25"], rows["q75"], color=OPERATIONAL, alpha=0.4, linewidth=0)
    axes.plot(time, rows["median"], color=OPERATIONAL, linewidth=1.8)
    axes.grid(axis="y", color=FAINT, linewidth=0.5)


def _bars(axes: Axes, stops: pd.DataFrame) -> None:
    """Vetoes in ten years by subject."""
    rows = stops.sort_values("per_decade", kind="stable")
    at = np.arange(len(rows))
    axes.barh(at, rows["per_decade"], 0.6, color=OPERATIONAL)
    axes.set_yticks(at, [subject_label(str(subject)) for subject in rows["subject"]])
    axes.tick_params(axis="y", length=0)
    axes.set_xlim(left=0.0)
    axes.set_ylim(-0.6, max(len(rows), 1) - 0.4)
    axes.set_title("vetoes in ten years")
    axes.locator_params(axis="x", nbins=4)
    if rows.empty:
        axes.text(0.5, 0.5, "none", transform=axes.transAxes, ha="center", va="center", color=SOFT)


def _dots(axes: Axes, moves: pd.DataFrame, quarters: Sequence[str]) -> None:
    """Weights of what moves the position most at the last of the quarters, and at the one before."""
    last = moves[moves["quarter"] == quarters[-1]].head(MOST)
    names = [str(name) for name in last["name"]]
    at = np.arange(len(names))
    before = moves[moves["quarter"] == quarters[0]].set_index("name")["weight"].reindex(names)
    axes.axvline(0.0, color=INK, linewidth=0.9)
    axes.plot(before, at, "o", color=SOFT, markersize=5, markerfacecolor=PAPER, label=quarters[0][:4])
    axes.plot(last["weight"], at, "D", color=OPERATIONAL, markersize=5, label=quarters[-1][:4])
    axes.set_yticks(at, [wrapped(quantity_label(name), 26) for name in names])
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(max(len(names), 1) - 0.5, -0.5)
    axes.grid(axis="y", color=FAINT, linewidth=0.4)
    axes.set_title("what moves it (weight)")
    axes.legend(loc="best", handletextpad=0.2, borderaxespad=0.0)
