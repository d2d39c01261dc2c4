"""What each policy changes: the difference run by run, its spread and its mean."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments.analysis.made import of_all
from experiments.analysis.remedies import DEPTHS
from experiments.figures.style import FAINT, INK, OPERATIONAL, PAPER, SOFT, sheet, styled
from experiments.labels import measure_label, policy_label


@styled
def effects(table: pd.DataFrame, scenario: str, baseline: str, last: str, made: int) -> Figure:
    """Paired effects (`Findings.effects`, one scenario) on depths and gap, a row per policy, a panel per measure.

    `made` is how many runs were made under each policy.
    """
    measures = [measure for measure in DEPTHS if measure in set(table["measure"])]
    policies = list(table["policy"].unique())
    runs = int(table["runs"].min()) if len(table) else 0
    note = (
        f"Scenario {scenario}, {of_all(runs, made, 'pair')} of runs: the same run with the policy and with "
        f"{policy_label(baseline)}, at {last}. Thick bar: middle 50 % of runs, thin: middle 90 %. "
        "Diamond: mean over runs; black line: its 90 % interval (hidden where narrower than the mark)."
    )
    height = 1.25 + sum(0.22 + 0.16 * _lines(policy) for policy in policies)
    figure = sheet(max(height, 2.4), "What each policy changes, run by run", note)
    panels = figure.subplots(1, max(len(measures), 1), sharex=True, sharey=True, squeeze=False).ravel()
    for axes, measure in zip(panels, measures, strict=False):
        _panel(axes, table[table["measure"] == measure], policies)
        arrow = "← better" if DEPTHS[measure] < 0 else "better →"
        axes.set_title(measure_label(measure))
        axes.set_xlabel(arrow, color=SOFT)
    if measures and policies:
        panels[0].set_yticks(_rows(policies), [_label(policy) for policy in policies])
        panels[0].set_ylim(max(_rows(policies)) + 0.6, -0.6)
    else:
        panels[0].set_axis_off()
        panels[0].text(0.0, 0.5, "No second policy to compare, or no trajectories recorded.", va="center")
    return figure


def _label(policy: object) -> str:
    return policy_label(str(policy), 22)


def _lines(policy: object) -> int:
    return _label(policy).count("\n") + 1


def _rows(policies: list[object]) -> list[float]:
    """Height of each policy's row: more room for a name of several lines."""
    at, rows = 0.0, []
    for before, policy in zip([None, *policies], policies, strict=False):
        at += 0.0 if before is None else 0.5 + 0.25 * (_lines(before) + _lines(policy))
        rows.append(at)
    return rows


def _panel(axes: Axes, table: pd.DataFrame, policies: list[object]) -> None:
    axes.axvline(0.0, color=INK, linewidth=0.9)
    axes.grid(axis="x", color=FAINT, linewidth=0.5)
    for row, policy in zip(_rows(policies), policies, strict=True):
        for _, effect in table[table["policy"] == policy].iterrows():
            axes.hlines(row, effect["q05"], effect["q95"], color=OPERATIONAL, linewidth=1.6, alpha=0.55)
            axes.hlines(row, effect["q25"], effect["q75"], color=OPERATIONAL, linewidth=7.0, alpha=0.55)
            axes.hlines(row, effect["lower"], effect["upper"], color=INK, linewidth=2.4, zorder=3)
            axes.plot(
                effect["mean"], row, marker="D", markersize=3.6, markerfacecolor=PAPER, markeredgecolor=INK, zorder=4
            )
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.margins(x=0.08)
    axes.locator_params(axis="x", nbins=3)
