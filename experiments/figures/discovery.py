"""Where an event happens: its share by scenario and policy, and the box in which it gathers."""

import numpy as np
import pandas as pd
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from experiments.figures.style import (
    DECLARED_LINE,
    FAINT,
    HEAT,
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
from experiments.labels import counted, policy_label, wrapped

LEFT, HIGH, HEAD = 2.35, 0.2, 0.55
"""Inches: from the left edge to the first column, height of a line of a policy's name, height of a panel's heads."""
TITLES = {"strategic": "strategic", "functional": "functional or better"}
SHADE = 0.8
"""Share of the colour map that is used."""
LIMIT, TRADE = 0.46, 2.3
"""Inches: height of a limit's row, height of the panel of coverage and density."""


@styled
def shares(table: pd.DataFrame, last: str) -> Figure:
    """Share of runs that end strategic, and functional or better, by scenario and policy (`discovery.shares`)."""
    policies, scenarios = (list(dict.fromkeys(table[name])) for name in ("policy", "scenario"))
    labels = _short(policies)
    lines = [max(label.count("\n") + 1, 2) for label in labels]
    high = HIGH * sum(lines)
    note = (
        f"{counted(int(table['runs'].min()))} in each field, at {last}, in per cent with 90 % intervals, which cover "
        "chance between runs. Functional: operational depth of 0.25 or more; strategic: 0.60 or more."
    )
    figure = sheet(1.0, "How often the partnership turns strategic", note)
    figure.set_layout_engine("none")
    figure.set_figheight((0.35 + len(TITLES) * (HEAD + high + 0.1) + 0.2 + 0.17 * 2) / 0.97)
    for panel, (event, title) in enumerate(TITLES.items()):
        axes = axes_at(figure, LEFT, 0.3 + HEAD + panel * (HEAD + high + 0.1), WIDTH - LEFT - 0.1, high)
        _shares(axes, table[table["event"] == event], policies, scenarios, lines)
        axes.set_title(title, x=-LEFT / (WIDTH - LEFT - 0.1) + 0.025, fontweight="bold")
        axes.set_yticks(np.cumsum(lines) - np.array(lines) / 2, labels)
    return figure


def _short(policies: list[str]) -> list[str]:
    """Policies in few lines: what one adds to the longest before it that it holds whole."""
    found = []
    for place, policy in enumerate(policies):
        parts = policy.split("+")
        within = [i for i in range(place) if set(policies[i].split("+")) < set(parts) and "+" in policies[i]]
        if within:
            base = max(within, key=lambda i: len(policies[i]))
            added = [part for part in parts if part not in policies[base].split("+")]
            found.append(wrapped(f"the same + {policy_label('+'.join(added))}", 27))
        else:
            found.append(policy_label(policy, 27))
    return found


def _shares(axes: Axes, table: pd.DataFrame, policies: list[str], scenarios: list[str], lines: list[int]) -> None:
    axes.set(xlim=(0, len(scenarios)), ylim=(sum(lines), 0), xticks=[])
    ends = np.cumsum(lines)
    for _, row in table.iterrows():
        x, line = scenarios.index(str(row["scenario"])), policies.index(str(row["policy"]))
        dark = SHADE * float(row["share"])
        y, tall = float(ends[line] - lines[line]), float(lines[line])
        axes.add_patch(Rectangle((x, y), 1, tall, facecolor=colormaps[HEAT](dark), edgecolor=PAPER, linewidth=1.5))
        ink = PAPER if dark > 0.5 else INK
        digits = 1 if row["share"] < 0.095 else 0
        axes.text(x + 0.5, y + tall / 2 - 0.42, f"{100 * row['share']:.{digits}f}", ha="center", va="center", color=ink,
                  fontweight="bold")  # fmt: skip
        said = f"{100 * row['lower']:.{digits}f}–{100 * row['upper']:.{digits}f}"
        axes.text(x + 0.5, y + tall / 2 + 0.5, said, ha="center", va="center", color=ink, fontsize=SMALL)
    for x, scenario in enumerate(scenarios):
        axes.text(x + 0.5, -0.2, wrapped(scenario.replace("_", " "), 10), ha="center", va="bottom")
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)


@styled
def box(limits: pd.DataFrame, regions: pd.DataFrame, trajectory: pd.DataFrame, event: str, last: str) -> Figure:
    """The box in which an event gathers (`discovery.Found`): what it asks for, and what it is worth on unseen runs."""
    held = {str(row["region"]): row for _, row in regions[regions["half"] == "held"].iterrows()}
    found = held["box"]
    note = (
        f"{counted(int(held['all']['runs']))} that were not searched, at {last}, all scenarios and policies alike: "
        f"{100 * found['mass']:.0f} % lie in the box; it holds {100 * found['coverage']:.0f} % of those that end "
        f"{event}; {100 * found['density']:.0f} % of its runs do, against {100 * held['all']['density']:.0f} % of all. "
        "Above: dark is what the box asks for, of all that was drawn. Below: each step of the search gives up coverage "
        "for density."
    )
    figure = sheet(1.0, f"Where runs end {event}", note)
    figure.set_layout_engine("none")
    rows = max(len(limits), 1)
    notes = 0.17 * (figure.get_supxlabel().count("\n") + 1)
    figure.set_figheight((0.55 + LIMIT * rows + 0.65 + TRADE + 0.6 + notes) / 0.97)
    _limits(axes_at(figure, 2.75, 0.45, 3.3, LIMIT * rows), limits)
    _trade(axes_at(figure, 0.75, 0.55 + LIMIT * rows + 0.6, WIDTH - 0.95, TRADE), trajectory, held)
    return figure


def _limits(axes: Axes, limits: pd.DataFrame) -> None:
    """A row per input: its whole range light, what the box asks for dark, with the bound."""
    axes.set(xlim=(0, 1), ylim=(max(len(limits), 1), 0), xticks=[])
    for place, (_, row) in enumerate(limits.reset_index(drop=True).iterrows()):
        y = float(place) + 0.5
        if str(row["side"]) == "among":
            words = str(row["among"]).split("; ")
            said = ", ".join(_short(words) if row["input"] == "policy" else [one.replace("_", " ") for one in words])
            axes.text(0.0, y, wrapped(said.replace("\n", " "), 52), va="center")
        else:
            low, high, bound = (float(row[name]) for name in ("low", "high", "bound"))
            at, above = (bound - low) / (high - low), str(row["side"]) == "above"
            axes.plot([0, 1], [y, y], color=FAINT, linewidth=7, solid_capstyle="butt")
            axes.plot([at, 1] if above else [0, at], [y, y], color=OPERATIONAL, linewidth=7, solid_capstyle="butt")
            axes.text(
                at, y - 0.2, f"{'≥' if above else '≤'} {_number(bound)}", ha="center", va="bottom", fontweight="bold"
            )
            for x, end, side in ((-0.015, low, "right"), (1.015, high, "left")):
                axes.text(x, y, _number(end), ha=side, va="center", color=SOFT)
    axes.set_yticks(np.arange(len(limits)) + 0.5, [wrapped(str(name), 27) for name in limits["label"]])
    axes.tick_params(length=0, pad=26)
    axes.spines[:].set_visible(False)
    if not len(limits):
        axes.text(0.0, 0.5, "No corner stands out.", va="center")


def _number(value: float) -> str:
    return f"{value:.2g}".replace("-", "−")


def _trade(axes: Axes, trajectory: pd.DataFrame, held: "dict[str, pd.Series[float]]") -> None:
    """Coverage against density along the trajectory, in the half that was searched and in the other."""
    axes.grid(color=FAINT, linewidth=0.5)
    axes.plot(trajectory["coverage"], trajectory["density"], color=SOFT, linewidth=1.2, linestyle=(0, (4, 2)))
    axes.plot(trajectory["coverage_hold"], trajectory["density_hold"], color=OPERATIONAL, linewidth=2.0)
    marks = {"box": ("o", OPERATIONAL), "tree": ("^", DECLARED_LINE)}
    for name, (mark, colour) in marks.items():
        row = held[name]
        axes.errorbar(
            row["coverage"], row["density"],
            xerr=[[row["coverage"] - row["coverage_lower"]], [row["coverage_upper"] - row["coverage"]]],
            yerr=[[row["density"] - row["density_lower"]], [row["density_upper"] - row["density"]]],
            marker=mark, markersize=7, color=colour, markeredgecolor=INK, linewidth=1.2, zorder=4,
        )  # fmt: skip
    axes.set(xlim=(0, 1.02), ylim=(0, 1.02))
    axes.set_xlabel("coverage: share of all such runs that lie within")
    axes.set_ylabel("density: share of runs\nwithin that end so")
    handles = [
        Line2D([], [], color=OPERATIONAL, linewidth=2.0, label="search, unseen runs"),
        Line2D([], [], color=SOFT, linewidth=1.2, linestyle=(0, (4, 2)), label="the same, runs searched"),
        Line2D([], [], color=OPERATIONAL, marker="o", markeredgecolor=INK, linestyle="none", label="box above"),
        Line2D([], [], color=DECLARED_LINE, marker="^", markeredgecolor=INK, linestyle="none", label="tree"),
    ]
    axes.legend(handles=handles, loc="lower left", bbox_to_anchor=(-0.02, 1.0), ncols=4, borderaxespad=0.2,
                columnspacing=1.1, handlelength=1.6)  # fmt: skip
