"""How much each policy leaves on the table in every scenario, and which is robust by which criterion.

Histories count that went well under every policy of every scenario. Judged by operational depth; the criteria are
repeated for depth with all instruments counting alike and for declared depth.
"""

from collections.abc import Iterator, Mapping
from functools import reduce
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from config.calendar import quarter_name
from config.errors import UserError
from config.loading import label
from experiments.analysis.intervals import Floats
from experiments.analysis.outcomes import WHO, paired
from experiments.analysis.regret import CRITERIA, by_scenario, criteria, winners
from experiments.labels import counted, measure_label, policy_label
from experiments.store import Results, pairs

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MEASURES = ("operational_depth", "operational_depth_equal", "declared_depth")
"""The first is what policies are judged by, the others say whether the answer hangs on that."""
SURE = 0.99
"""Share of resamples below which it is said how sure the winner is."""
SAID = {
    "mean_regret": "mean regret",
    "worst_scenario": "regret in the worst scenario",
    "tail_regret": "the regret that nine of ten runs stay below",
    "best_share": "the share of runs in which it is best",
    "floor": "the depth that nine of ten runs reach in the worst scenario",
}


def tables(results: Results) -> dict[str, pd.DataFrame]:
    """`scenarios`, operational depth by scenario and policy, and `criteria` for every measure."""
    policies = [label(policy) for policy in results.experiment.policies]
    scenarios = [label(scenario) for scenario in results.experiment.scenarios]
    if len(policies) < 2:
        raise UserError("has nothing to be compared with", key="policies", value=policies[0],
                        allowed="two policies or more for the analysis regret")  # fmt: skip
    found = measured(results, scenarios, policies)
    every = [criteria(outcomes, policies).assign(measure=measure) for measure, outcomes in found.items()]
    return {"scenarios": by_scenario(found[MEASURES[0]], scenarios, policies), "criteria": pd.concat(every)}


def measured(results: Results, scenarios: list[str], policies: list[str]) -> dict[str, Floats]:
    """By measure (scenarios, histories, policies), of the histories that went well everywhere."""
    ends = {scenario: paired(results, scenario, policies) for scenario in scenarios}
    keys = {scenario: pd.MultiIndex.from_frame(ends[scenario][policies[0]][WHO]) for scenario in scenarios}
    complete = reduce(pd.MultiIndex.intersection, keys.values())
    if not len(complete):
        raise UserError("no history went well under every policy", key="policies", allowed="settings that can be run")
    well = {scenario: keys[scenario].isin(complete) for scenario in scenarios}
    return {
        measure: np.array(
            [
                np.column_stack([ends[scenario][policy].loc[well[scenario], measure] for policy in policies])
                for scenario in scenarios
            ]
        )
        for measure in MEASURES
    }


def sentences(tables: Mapping[str, pd.DataFrame], results: Results) -> list[str]:
    """Which policy is robust by which criterion, of all and of single ones; regret by scenario; other measures."""
    del results
    table, said = tables["criteria"], []
    judged = table[table["measure"] == MEASURES[0]]
    for group in judged["group"].unique():
        said += _of_group(judged[judged["group"] == group], "Of all policies" if group == "all" else "Of single ones")
    said.append(_worst(tables["scenarios"]))
    for measure in MEASURES[1:]:
        said.append(_by_other_measure(winners(judged), winners(table[table["measure"] == measure]), measure))
    return said


def _of_group(table: pd.DataFrame, whose: str) -> list[str]:
    first = winners(table)
    by = [(str(policy), list(part["criterion"])) for policy, part in first.groupby("policy", sort=False)]
    by.sort(key=lambda one: -len(one[1]))
    (best, won), *others = by
    more = "".join(f"; {policy_label(policy)} by {_listed(names)}" for policy, names in others)
    least = first.sort_values("chosen", kind="stable").iloc[0]
    said = [f"{whose} {policy_label(best)} is the robust one by {_listed(won) if others else 'every criterion'}{more}."]
    if float(least["chosen"]) < SURE:
        said[0] += (
            f" Least sure is {SAID[str(least['criterion'])]}: {policy_label(str(least['policy']))} in "
            f"{100 * float(least['chosen']):.0f} % of resamples."
        )
    own = table[table["policy"] == best]
    mean, share = (own[own["criterion"] == name].iloc[0] for name in ("mean_regret", "best_share"))
    second = table[(table["criterion"] == "mean_regret") & (table["policy"] != best)].sort_values("value").iloc[0]
    said.append(
        f"It is the best in {100 * share['value']:.0f} % of runs ({100 * share['lower']:.0f}–"
        f"{100 * share['upper']:.0f}) and falls {mean['value']:.3f} ({mean['lower']:.3f}–{mean['upper']:.3f}) behind "
        f"the best one on average; next comes {policy_label(str(second['policy']))} with {second['value']:.3f}."
    )
    return said


def _listed(criteria: list[str]) -> str:
    return ", ".join(SAID[one] for one in CRITERIA if one in criteria)


def _worst(table: pd.DataFrame) -> str:
    row = table.sort_values("regret").iloc[-1]
    one = table[table["policy"] == "none"]
    text = (
        f"Most is left by {policy_label(str(row['policy']))} in {row['scenario']}: {row['regret']:.3f} "
        f"({row['lower']:.3f}–{row['upper']:.3f}) of operational depth"
    )
    if len(one):
        text += f"; doing nothing is the best policy in {100 * one['best'].mean():.1f} % of runs"
    return f"{text}. {counted(int(row['runs']))} in each scenario."


def _by_other_measure(first: pd.DataFrame, other: pd.DataFrame, measure: str) -> str:
    both = first.merge(other, on=["group", "criterion"], suffixes=("", "_other"))
    changed = both[both["policy"] != both["policy_other"]]
    name = "operational depth, all instruments alike," if measure.endswith("_equal") else measure_label(measure)
    if not len(changed):
        return f"Judged by {name} instead, every criterion names the same policy."
    told = [
        f"to {policy_label(str(policy))} of {'all' if group == 'all' else 'single ones'} by "
        f"{_listed(list(part['criterion']))}"
        for (group, policy), part in changed.groupby(["group", "policy_other"], sort=False)
    ]
    return f"Judged by {name} instead, the answer changes {'; '.join(told)}."


def pictures(tables: Mapping[str, pd.DataFrame], results: Results) -> "Iterator[tuple[str, Figure]]":
    """Regret by policy and scenario beside the criteria."""
    from experiments.figures.regret import regrets

    judged = tables["criteria"]
    first = pairs(results.experiment)[0]
    last = quarter_name(results.settings(first.scenario, first.policy).until)
    yield "table", regrets(tables["scenarios"], judged[judged["measure"] == MEASURES[0]], last)
