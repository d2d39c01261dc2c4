"""Do policies add up, help or hinder each other, and what do they cost?"""

from collections.abc import Hashable, Iterator, Mapping
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from config.calendar import quarter_name
from experiments.analysis import combining
from experiments.analysis.outcomes import paired
from experiments.analysis.remedies import lever_of
from experiments.figures.combining import adding_up
from experiments.labels import measure_label, policy_label, sentence, with_interval
from experiments.store import Results

MEASURES = ("operational_depth", "operational_depth_equal", "declared_depth")
FIRST = MEASURES[0]

PRICES = {
    "dialogue": ("dialogue_slots", "dialogue_attention"),
    "interoperability": ("interoperability_ships", "interoperability_visible"),
    "indo_pacific_strategy": ("indo_pacific_money", "indo_pacific_diversion"),
    "framework": ("framework_slots",),
    "qmv": ("qmv_slots",),
    "reinterpretation": ("force_support", "force_visible"),
    "amendment": ("force_support", "force_visible"),
}
"""Parameters of family `levers` that say what a policy takes: slots, attention, money, ships, good will."""

Row = Mapping[Hashable, Any]


def tables(results: Results) -> dict[str, pd.DataFrame]:
    """Effects of every combination by scenario and measure; what strength zero costs; the prices assumed."""
    effects, costs = [], []
    for scenario in results.experiment.scenarios:
        ends = paired(results, scenario)
        for measure in MEASURES:
            found = combining.combined(combining.game_of(ends, measure))
            effects.append(found.assign(scenario=scenario, measure=measure))
        curves = {policy: curve for policy in ends if (curve := _curve(ends, policy)) is not None}
        costs.append(combining.costs(curves, FIRST).assign(scenario=scenario))
    return {"effects": _first(effects), "costs": _first(costs), "prices": _prices(results)}


def _first(parts: list[pd.DataFrame]) -> pd.DataFrame:
    """One table, scenario and measure in front."""
    whole = pd.concat(parts, ignore_index=True)
    front = [name for name in ("scenario", "measure") if name in whole]
    return whole[[*front, *(name for name in whole if name not in front)]]


def _curve(ends: Mapping[str, pd.DataFrame], policy: str) -> pd.DataFrame | None:
    """Strength of the one lever of a policy and what it changed, run by run; None if it has several or none."""
    table = ends[policy]
    lever = None if "+" in policy else lever_of(policy, table.columns)
    if lever is None:
        return None
    return pd.DataFrame({"strength": table[lever], "difference": table[FIRST] - ends["none"][FIRST]})


def _prices(results: Results) -> pd.DataFrame:
    """What single policies take by assumption, whatever their strength: policy parameter value unit."""
    alone = [policy for policy in results.experiment.policies if policy in PRICES]
    parameters = {policy: results.settings(results.experiment.scenarios[0], policy).parameters for policy in alone}
    rows = [
        {
            "policy": policy,
            "parameter": name,
            "value": parameters[policy][name].value,
            "unit": parameters[policy][name].unit,
        }
        for policy in alone
        for name in (f"levers.{price}" for price in PRICES[policy])
    ]
    return pd.DataFrame(rows, columns=["policy", "parameter", "value", "unit"])


def sentences(tables: Mapping[str, pd.DataFrame], results: Results) -> list[str]:
    """Whether effects add up, all together first; what policies cost; what pairing is worth."""
    said = []
    for scenario in results.experiment.scenarios:
        effects = tables["effects"][tables["effects"]["scenario"] == scenario]
        depth = effects[effects["measure"] == FIRST]
        last = quarter_name(results.settings(scenario, "none").until)
        where = f" in scenario {scenario}" if len(results.experiment.scenarios) > 1 else ""
        several = depth[depth["size"] > 1].sort_values("size", ascending=False, kind="stable")
        said += [_together(row, f"by {last}{where}") for row in several.to_dict("records")]
        costs = tables["costs"][tables["costs"]["scenario"] == scenario]
        said += [_cost(row, tables["prices"]) for row in costs.to_dict("records")]
        narrow = effects["narrowing"]
        said.append(
            f"Pairing makes the intervals of these effects {narrow.median():.1f} times narrower "
            f"(median; {narrow.min():.1f} to {narrow.max():.1f})."
        )
    return said


def _together(row: Row, where: str) -> str:
    mean, more = (with_interval(*(float(row[f"{what}{end}"]) for end in ("mean", "lower", "upper")))
                  for what in ("", "excess_"))  # fmt: skip
    verdict = str(row["verdict"])
    outcome = {"cannot be told": "whether they add up cannot be told", "add up": "they add up, to within a tenth"}
    return sentence(
        f"{policy_label(str(row['policy']))} together change {measure_label(FIRST)} by {mean} {where}; one by one it "
        f"would be {float(row['sum_alone']):+.3f}. Beyond the sum: {more}, {100 * float(row['of_sum']):+.0f} %: "
        f"{outcome.get(verdict, f'they {verdict}')}."
    )


def _cost(row: Row, prices: pd.DataFrame) -> str:
    policy = str(row["policy"])
    zero = with_interval(*(float(row[f"zero_{end}"]) for end in ("estimate", "lower", "upper")))
    takes = ", ".join(
        f"{float(one['value']):g} {one['unit']}" for one in prices[prices["policy"] == policy].to_dict("records")
    )
    return sentence(
        f"{policy_label(policy)} at strength zero, with nothing but its costs ({takes}), changes it by {zero}."
    )


def pictures(tables: Mapping[str, pd.DataFrame], results: Results) -> Iterator[tuple[str, Figure]]:
    """Effects together and their sum, by scenario."""
    for scenario in results.experiment.scenarios:
        effects = tables["effects"]
        part = effects[(effects["scenario"] == scenario) & (effects["measure"] == FIRST)]
        last = quarter_name(results.settings(scenario, "none").until)
        yield f"adding_up_{scenario}", adding_up(part, scenario, FIRST, last)
