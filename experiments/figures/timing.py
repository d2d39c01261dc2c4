"""What the same remedy changes when it begins sooner or later."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments.figures.style import FAINT, INK, OPERATIONAL, sheet, styled, year, year_axis
from experiments.labels import measure_label, policy_label

LOOKS = ((OPERATIONAL, "-"), ("#4a86c5", (0, (5, 1.5))), ("#e58a00", (0, (1.5, 1.2))))
"""Colour and line by date of beginning, the earliest first."""


@styled
def begun(table: pd.DataFrame, scenario: str, measure: str) -> Figure:
    """Paired effects (`timing.effects`) of each remedy by date of beginning: over the years, and by age.

    table  also has the column remedy
    """
    remedies, last = list(table["remedy"].unique()), str(table["quarter"].iloc[-1])
    note = (
        f"Scenario {scenario}, {int(table['runs'].min()):,} runs with each date, paired run by run with no policy, to "
        f"{last}. Lines: mean change in {measure_label(measure)}; bands: its 90 % interval. Below, the same by the age "
        "of the remedy: lines that lie on each other say that only time was lost."
    )
    figure = sheet(5.0, f"When a remedy begins: change in {measure_label(measure)}", note)
    panels = figure.subplots(2, len(remedies), sharey=True, squeeze=False)
    for (above, below), remedy in zip(panels.T, remedies, strict=True):
        part = table[table["remedy"] == remedy]
        ages = part.assign(at=part["years"])[part["years"] >= 0]
        _lines(above, part.assign(at=[year(str(quarter)) + 0.25 for quarter in part["quarter"]]))
        _lines(below, ages)
        year_axis(above, year(str(part["quarter"].iloc[0])), year(last) + 0.25, most=3)
        below.set_xlim(0, ages["at"].max())
        below.set_xlabel("years since it began")
        above.set_title(policy_label(remedy, 20), loc="left")
    panels[0, -1 if len(remedies) == 1 else 1].legend(loc="upper left", borderaxespad=0.2, handlelength=1.8)
    figure.supylabel("mean change, run by run", fontsize=9)
    return figure


def _lines(axes: Axes, table: pd.DataFrame) -> None:
    axes.axhline(0.0, color=INK, linewidth=0.9)
    axes.grid(axis="y", color=FAINT, linewidth=0.5)
    for place, (date, part) in enumerate(table.groupby("begun", sort=True)):
        colour, line = LOOKS[place % len(LOOKS)]
        axes.fill_between(part["at"], part["lower"], part["upper"], color=colour, alpha=0.25, linewidth=0)
        axes.plot(part["at"], part["mean"], color=colour, linestyle=line, linewidth=1.9, label=f"begun {date}")
