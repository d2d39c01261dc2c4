"""How the effect of a policy depends on the strength of its lever, which was drawn from zero."""

from math import ceil

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments.analysis.made import of_all
from experiments.analysis.remedies import BETTER, effect_by_strength, effect_curve
from experiments.figures.style import FAINT, INK, OPERATIONAL, PAPER, SOFT, sheet, styled
from experiments.labels import measure_label, policy_label


@styled
def break_even(curves: dict[str, pd.DataFrame], table: pd.DataFrame, scenario: str, measure: str, made: int) -> Figure:
    """Paired effect against strength, a panel per policy with one lever.

    curves  by policy the columns strength, difference (`Findings.curves`)
    table   rows of `Findings.break_evens` for the same scenario and measure
    made    how many runs were made under each policy
    """
    policies = list(curves)
    columns = min(3, max(len(policies), 1))
    rows = ceil(len(policies) / columns) or 1
    runs = min((len(curve) for curve in curves.values()), default=0)
    note = (
        f"Scenario {scenario}, {of_all(runs, made, 'pair')} of runs per policy. Line and band: mean effect fitted to "
        "strength, with 90 % interval. Dots: means of eight equal groups of runs, with 90 % intervals. "
        "At zero a policy has only its costs."
    )
    figure = sheet(1.45 + 2.1 * rows, f"How strong a lever must be: effect on {measure_label(measure)}", note)
    panels = figure.subplots(rows, columns, sharey=True, squeeze=False).ravel()
    for axes, policy in zip(panels, policies, strict=False):
        _panel(axes, curves[policy], BETTER[measure])
        found = table[table["policy"] == policy]
        axes.set_title(policy_label(policy, 26) + (f"\n{_verdict(found.iloc[0])}" if len(found) else ""), fontsize=9)
        if len(found) and found["verdict"].iloc[0] == "from":
            axes.axvline(float(found["strength"].iloc[0]), color=INK, linewidth=0.9, linestyle=(0, (2, 2)))
        axes.set_xlabel("strength of the lever")
    for axes in panels[len(policies) :]:
        axes.set_visible(False)
    figure.supylabel("mean change, run by run", fontsize=9)
    return figure


def _panel(axes: Axes, curve: pd.DataFrame, better: int) -> None:
    strength, difference = curve["strength"].to_numpy(dtype=float), curve["difference"].to_numpy(dtype=float)
    axes.axhline(0.0, color=INK, linewidth=0.9)
    axes.grid(axis="y", color=FAINT, linewidth=0.5)
    fitted = effect_curve(strength, difference)
    if fitted is not None:
        axes.fill_between(fitted.strength, fitted.lower, fitted.upper, color=OPERATIONAL, alpha=0.22, linewidth=0)
        axes.plot(fitted.strength, fitted.effect, color=OPERATIONAL, linewidth=1.8)
    groups = effect_by_strength(strength, difference)
    ends = np.abs(groups[["lower", "upper"]].to_numpy(dtype=float).T - groups["mean"].to_numpy(dtype=float))
    axes.errorbar(
        groups["strength"], groups["mean"], yerr=np.nan_to_num(ends), fmt="o", color=SOFT, markerfacecolor=PAPER,
        markersize=4, linewidth=0.9,
    )  # fmt: skip
    axes.margins(x=0.03)
    axes.locator_params(axis="x", nbins=4)


def _verdict(found: "pd.Series[float]") -> str:
    words = {
        "always": "pays at any strength",
        "never": "harms at any strength",
        "from": f"pays from {found['strength']:.2g}\n({found['at_least']:.2g} to {found['surely']:.2g})",
        "fades": "pays at some strengths",
        "unclear": "no clear effect",
        "fixed": "too few runs, or\nstrength not varied",
    }
    return words[str(found["verdict"])]
