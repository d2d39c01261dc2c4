"""What each policy leaves on the table: a row per policy, a column per scenario, then the criteria."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from experiments.analysis.intervals import Floats
from experiments.analysis.regret import CRITERIA
from experiments.figures.style import HEAT, INK, PAPER, WIDTH, axes_at, sheet, styled
from experiments.labels import counted, policy_label

TITLE = "What each policy leaves on the table"
LEFT, ROW, HEAD = 1.95, 0.42, 0.82
"""Inches: from the left edge to the first column, height of a row, height of the columns' heads."""
GAP = 0.35
"""Between scenarios and criteria, in widths of a column."""
SHADE = 0.75
"""Share of the colour map that is used, so that words can be read on it."""
HEADS = {"mean_regret": "mean of all runs", "worst_scenario": "worst scenario", "tail_regret": "nine of ten runs",
         "best_share": "best in, %", "floor": "floor"}  # fmt: skip


@styled
def regrets(scenarios: pd.DataFrame, criteria: pd.DataFrame, last: str) -> Figure:
    """Regret by policy and scenario (`regret.by_scenario`), and the criteria of one measure (`regret.criteria`)."""
    policies, columns = list(dict.fromkeys(scenarios["policy"])), list(dict.fromkeys(scenarios["scenario"]))
    runs = int(scenarios["runs"].min())
    note = (
        f"{counted(runs)} in each scenario, operational depth at {last}, in hundredths. Left: mean of the scenario's "
        "best policy less this one's. Right: mean regret against each run's own best policy; largest regret of a "
        "scenario; regret that nine of ten runs stay below; share of runs in which the policy is best, in per cent; "
        "depth that nine of ten runs reach in the worst scenario. Solid frame: best of all; dashed: best of single "
        "ones, if another."
    )
    high = ROW * len(policies)
    figure = sheet(1.0, TITLE, note)
    figure.set_layout_engine("none")
    figure.set_figheight((0.2 + HEAD + high + 0.22 + 0.17 * (figure.get_supxlabel().count("\n") + 1)) / 0.97)
    axes = axes_at(figure, LEFT, 0.2 + HEAD, WIDTH - LEFT - 0.3, high)
    wide = len(columns) + GAP + len(CRITERIA)
    axes.set(xlim=(0, wide), ylim=(len(policies), 0))
    square = scenarios.pivot(index="policy", columns="scenario", values="regret").loc[policies, columns].to_numpy(float)
    for place, name in enumerate(columns):
        _column(
            axes, place, name, square[:, place], float(square.max()), [f"{100 * one:.1f}" for one in square[:, place]]
        )
        _frames(axes, place, [policies.index(one) for one in _lowest(square[:, place], policies)])
    _criteria(axes, criteria, policies, len(columns) + GAP)
    axes.set_yticks(np.arange(len(policies)) + 0.5, [policy_label(policy, 24) for policy in policies])
    axes.set_xticks([])
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    return figure


def _lowest(values: Floats, policies: Sequence[str]) -> list[str]:
    """The best of all and the best of single policies, by least regret."""
    single = [place for place, policy in enumerate(policies) if "+" not in policy]
    return [policies[int(np.argmin(values))], *([policies[min(single, key=lambda i: values[i])]] if single else [])]


def _criteria(axes: Axes, criteria: pd.DataFrame, policies: Sequence[str], start: float) -> None:
    every, single = (criteria[criteria["group"] == group] for group in ("all", "single"))
    for place, (name, (_, better)) in enumerate(CRITERIA.items()):
        values = every[every["criterion"] == name].set_index("policy")["value"].loc[list(policies)].to_numpy(float)
        bad = values.max() - values if better > 0 else values
        digits = 0 if name == "best_share" else 1
        _column(axes, start + place, HEADS[name], bad, float(bad.max()), [f"{100 * one:.{digits}f}" for one in values])
        first = [part[(part["criterion"] == name) & (part["rank"] == 1)]["policy"] for part in (every, single)]
        _frames(axes, start + place, [list(policies).index(found.iloc[0]) for found in first if len(found)])


def _column(axes: Axes, at: float, head: str, shade: Floats, most: float, said: Sequence[str]) -> None:
    for row, (value, text) in enumerate(zip(shade, said, strict=True)):
        dark = SHADE * value / most if most > 0 else 0.0
        cell = Rectangle((at, row), 1, 1, facecolor=colormaps[HEAT](dark), edgecolor=PAPER, linewidth=1.5)
        axes.add_patch(cell)
        axes.text(at + 0.5, row + 0.5, text, ha="center", va="center", color=PAPER if dark > 0.58 else INK)
    axes.text(at + 0.3, -0.12, head.replace("_", " "), ha="left", va="bottom", rotation=40,
              rotation_mode="anchor")  # fmt: skip


def _frames(axes: Axes, at: float, rows: Sequence[int]) -> None:
    """A solid frame around the first row, a dashed one around the second if it is another."""
    for row, style in zip(dict.fromkeys(rows), ("-", (0, (3, 1.5))), strict=False):
        frame = Rectangle((at + 0.05, row + 0.07), 0.9, 0.86, fill=False, edgecolor=INK, linewidth=1.6, linestyle=style)
        axes.add_patch(frame)
