"""What would have to be true for one policy to overtake another, over everything that differs between runs.

The experiment's second policy is held against its third, of two policies the first against the second. Their
difference in operational depth is taken run by run.
"""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from config.calendar import quarter_name
from config.errors import UserError
from config.loading import label
from experiments.analysis.crossover import MOST, NOTICED, Compared, compare
from experiments.analysis.outcomes import inputs, paired
from experiments.asked.discovery import unpulled
from experiments.labels import counted, parameter_label, policy_label
from experiments.store import Results

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MEASURE = "operational_depth"
TABLES = ("overall", "parameters", "curves", "plane", "boundary", "foretold")
LEVELS = (0.25, 0.5, 0.75)
"""Of the height of the plane, where the boundary is told in words."""


def tables(results: Results) -> dict[str, pd.DataFrame]:
    """The tables of `Compared`, each with the columns scenario, policy and against."""
    policy, against = the_two(results)
    found: dict[str, list[pd.DataFrame]] = {name: [] for name in TABLES}
    for scenario in map(label, results.experiment.scenarios):
        one = of_scenario(results, scenario, policy, against)
        for name, parts in found.items():
            part: pd.DataFrame = getattr(one, name)
            parts.append(_labelled(part.assign(scenario=scenario, policy=policy, against=against), one.names))
    return {name: pd.concat([part for part in parts if len(part)] or parts[:1]) for name, parts in found.items()}


def the_two(results: Results) -> tuple[str, str]:
    """The policy that may overtake, and the one that it is held against."""
    policies = [label(policy) for policy in results.experiment.policies]
    if len(policies) < 2:
        raise UserError("has nothing to be compared with", key="policies", value=policies[0],
                        allowed="two policies or more for the analysis crossover")  # fmt: skip
    return (policies[1], policies[2]) if len(policies) > 2 else (policies[0], policies[1])


def of_scenario(results: Results, scenario: str, policy: str, against: str) -> Compared:
    """The comparison in one scenario, over what differs between runs but for strengths that neither policy has."""
    ends = paired(results, scenario, [policy, against])
    one, other = ends[policy], ends[against]
    names = inputs(one)
    idle = set(unpulled(results.settings(scenario, policy), names))
    idle &= set(unpulled(results.settings(scenario, against), names))
    difference = one[MEASURE].to_numpy(float) - other[MEASURE].to_numpy(float)
    return compare(one[[name for name in names if name not in idle]], difference)


def _labelled(table: pd.DataFrame, two: tuple[str, ...]) -> pd.DataFrame:
    """The same with names for readers: of the parameter, or of the plane's two."""
    if "parameter" in table:
        return table.assign(label=table["parameter"].map(parameter_label))
    return table.assign(**{f"{axis}_name": parameter_label(name) for axis, name in zip("xy", two, strict=False)})


def sentences(tables: Mapping[str, pd.DataFrame], results: Results) -> list[str]:
    """Who is ahead on average; where the other overtakes, parameter by parameter; the boundary; how sure it is."""
    said = []
    for scenario in map(label, results.experiment.scenarios):
        own = {name: table[table["scenario"] == scenario] for name, table in tables.items() if "scenario" in table}
        if len(results.experiment.scenarios) > 1:
            said.append(f"{scenario}:")
        said += [_average(own["overall"].iloc[0]), *_crossing(own["parameters"])]
        if len(own["boundary"]):
            said += [_boundary(own["boundary"]), _foretold(own["foretold"].iloc[0], own["boundary"].iloc[0])]
    return said


def _average(row: "pd.Series[float]") -> str:
    one, other = policy_label(str(row["policy"])), policy_label(str(row["against"]))
    more = "more" if row["mean"] >= 0 else "less"
    low, high = sorted(row[end] * (1 if row["mean"] >= 0 else -1) for end in ("lower", "upper"))
    return (
        f"On average {one} reaches {abs(row['mean']):.3f} ({low:.3f} to {high:.3f}) {more} operational depth than "
        f"{other}, and it is ahead in {100 * row['ahead']:.0f} % ({100 * row['ahead_lower']:.0f}–"
        f"{100 * row['ahead_upper']:.0f}) of {counted(int(row['runs']), 'pair')} of runs."
    )


def _crossing(table: pd.DataFrame) -> list[str]:
    """A sentence for each parameter that matters and turns the sign by itself; one for all the others."""
    if not len(table):
        return ["There are too few runs to say what it depends on."]
    one, other = policy_label(str(table["policy"].iloc[0])), policy_label(str(table["against"].iloc[0]))
    matters = table[table["explains"] >= NOTICED]
    turning = matters[matters["at"].notna()]
    said = [
        f"{one} overtakes {other} where {row['label']} is {str(row['verdict']).removeprefix('overtakes ')} "
        f"{row['at']:.2g}{_surely(row['surely_below'], row['surely_above'])}, all else as drawn: there it is ahead in "
        f"{100 * max(row['ahead_below'], row['ahead_above']):.0f} % of runs, on the other side in "
        f"{100 * min(row['ahead_below'], row['ahead_above']):.0f} %."
        for row in turning.to_dict("records")
    ]
    still = matters[matters["at"].isna()]
    if len(still):
        said.append(f"Matters, but turns nothing by itself: {', '.join(still['label'])}.")
    rest = table[table["explains"] < NOTICED]["parameter"].nunique()
    if rest:
        said.append(f"The other {counted(rest, 'parameter')} explain less than {100 * NOTICED:.0f} % of the spread of "
                    "the difference each.")  # fmt: skip
    return [sentence[0].upper() + sentence[1:] for sentence in said]


def _surely(low: float, high: float) -> str:
    if np.isnan(low) and np.isnan(high):
        return ""
    low_said, high_said = ("open" if np.isnan(end) else f"{end:.2g}" for end in (low, high))
    return f" ({low_said} to {high_said})"


def _boundary(table: pd.DataFrame) -> str:
    row = table.iloc[0]
    one, other, x, y = policy_label(str(row["policy"])), policy_label(str(row["against"])), row["x_name"], row["y_name"]
    for sign, who in ((1, one), (-1, other)):
        if (table["sign"] == sign).all():
            return f"Over {x} and {y} together nothing crosses: {who} is ahead everywhere."
    height = table["y"].iloc[[0, -1]].to_numpy(float)
    told = []
    for level in LEVELS:
        y_at = height[0] + level * (height[1] - height[0])
        near = table.iloc[int((table["y"] - y_at).abs().to_numpy().argmin())]
        if near["sign"]:
            told.append(f"with {y} at {near['y']:.2g} {'everywhere' if near['sign'] > 0 else 'nowhere'}")
        else:
            side = "above" if near["rises"] else "below"
            most = "nowhere" if np.isnan(near["nearly_all"]) else f"{side} {near['nearly_all']:.2g}"
            told.append(f"with {y} at {near['y']:.2g} where {x} is {side} {near['at']:.2g}"
                        f"{_surely(near['surely_below'], near['surely_above'])}, in {100 * MOST:.0f} % of runs "
                        f"{most}")  # fmt: skip
    said = f"{one} is ahead of {other} {'; '.join(told)}."
    return said[0].upper() + said[1:]


def _foretold(row: "pd.Series[float]", names: "pd.Series[str]") -> str:
    return (
        f"Foretold from {names['x_name']} and {names['y_name']} alone, who is ahead was right in "
        f"{100 * row['right']:.0f} % "
        f"({100 * row['right_lower']:.0f}–{100 * row['right_upper']:.0f}) of runs that the fit never saw; always "
        f"naming the more frequent winner is right in {100 * row['always']:.0f} %. The rest is luck and other "
        "parameters."
    )


def pictures(tables: Mapping[str, pd.DataFrame], results: Results) -> "Iterator[tuple[str, Figure]]":
    """For each scenario the difference along each parameter that matters, and the boundary on the plane of two."""
    from experiments.figures.crossover import along, plane

    for scenario in map(label, results.experiment.scenarios):
        own = {name: table[table["scenario"] == scenario] for name, table in tables.items() if "scenario" in table}
        last = quarter_name(results.settings(scenario, the_two(results)[0]).until)
        if len(own["curves"]):
            yield f"along_{scenario}", along(own["curves"], own["parameters"], own["overall"], last)
        if len(own["plane"]):
            yield f"plane_{scenario}", plane(own["plane"], own["foretold"], own["overall"], last)
