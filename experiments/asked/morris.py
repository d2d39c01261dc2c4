"""Which factors of a Morris design do anything at all: how deep the partnership is at the end, and how wide the gap."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from config.calendar import quarter_name
from config.design import CHANCE, Points
from config.loading import label
from experiments.analysis.intervals import Floats
from experiments.analysis.outcomes import outcomes
from experiments.analysis.sensitivity import elementary_effects, in_unit_cube
from experiments.labels import counted, measure_label, parameter_label, policy_label
from experiments.store import Results

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MEASURES = ("operational_depth", "gap")
THRESHOLD = 0.05
"""Mean absolute effect from which a factor is said to matter, in depth (0 to 1) over the whole of its range."""
SEED = 1
"""Of the bootstrap."""


class Case(NamedTuple):
    """An outcome at all points of a design that have the same choice of its levers, in the order of the scheme.

    said     scenario, policy, values of the levers and measure
    outcome  mean over the runs of each point; NaN where one of them failed
    """

    said: dict[str, object]
    outcome: Floats


def cases(results: Results) -> Iterator[Case]:
    """Every scenario, policy and choice with each of `MEASURES`."""
    points = results.points()
    assert points is not None
    columns = points.columns()
    choices = [
        {name: columns[name][first] for name in points.levers} for first in range(0, len(points), points.samples)
    ]
    for scenario in map(label, results.experiment.scenarios):
        for policy in map(label, results.experiment.policies):
            ends = outcomes(results, scenario, policy).groupby("point")[list(MEASURES)].agg(["mean", "size"])
            for number, choice in enumerate(choices):
                at = range(number * points.samples, (number + 1) * points.samples)
                for measure in MEASURES:
                    own = ends[measure].reindex(at)
                    outcome = own["mean"].where(own["size"] == results.experiment.runs).to_numpy(float)
                    yield Case({"scenario": scenario, "policy": policy, **choice, "measure": measure}, outcome)


def told(said: Mapping[str, object], rows: pd.DataFrame) -> pd.DataFrame:
    """Rows with what is said of all of them in their first columns."""
    return pd.concat([pd.DataFrame(dict(said), index=rows.index), rows], axis=1)


def factors(points: Points) -> list[str]:
    """Names of what varies, chance among them, choices apart."""
    return [name for name in points.columns() if name not in points.levers]


def factor_labels(names: list[str]) -> dict[str, str]:
    """Names for readers."""
    return {name: CHANCE if name == CHANCE else parameter_label(name) for name in names}


def tables(results: Results) -> dict[str, pd.DataFrame]:
    """Table effects: `elementary_effects` of every case, the greatest first."""
    points = results.points()
    assert points is not None
    names, columns = factors(points), points.columns()
    ordered = [np.unique(np.asarray(columns[name][: points.samples]), return_inverse=True)[1] for name in names]
    cube = in_unit_cube(np.stack(ordered, axis=1).astype(np.float64))
    found = []
    for said, outcome in cases(results):
        found.append(told(said, elementary_effects(names, cube, outcome, SEED).sort_values("rank")))
    return {"effects": pd.concat(found, ignore_index=True)}


def sentences(tables: Mapping[str, pd.DataFrame], results: Results) -> list[str]:
    """For each case what matters, in order, and where chance stands; then what was left out."""
    points, table = results.points(), tables["effects"]
    assert points is not None
    names = [*dict.fromkeys(table["factor"])]
    keys = [str(key) for key in table.columns[: list(table.columns).index("factor")]]
    said = [_matter(rows, case_label(rows.iloc[0], results)) for _, rows in table.groupby(keys, sort=False)]
    idle = [name for name in names if table.loc[table["factor"] == name, "mu_star"].max() == 0]
    if idle:
        said.append(f"Nothing at all changes with {_listed(idle)}.")
    if table["dropped"].max():
        left = table.iloc[int(table["dropped"].to_numpy().argmax())]
        said.append(f"Up to {left['dropped']} of {left['used'] + left['dropped']} trajectories are left out because "
                    "a run of theirs failed.")  # fmt: skip
    return said


def case_label(row: "pd.Series[float]", results: Results) -> str:
    """A case in words: "operational depth in 2040Q4 under no policy", with its scenario if there are several."""
    world = f" in {row['scenario']}" if len(results.experiment.scenarios) > 1 else ""
    measure, policy = measure_label(str(row["measure"])), policy_label(str(row["policy"]))
    return f"{measure} in {until(row, results)} under {policy}{world}{chosen(row, results)}"


def until(row: "pd.Series[float]", results: Results) -> str:
    """The quarter in which a case ends."""
    return quarter_name(results.settings(str(row["scenario"]), str(row["policy"])).until)


def chosen(row: "pd.Series[float]", results: Results) -> str:
    """The values of a case's levers, as the end of a phrase."""
    points = results.points()
    return "".join(f", {name} = {row[name]}" for name in (points.levers if points is not None else ()))


def _matter(rows: pd.DataFrame, case: str) -> str:
    matters = rows[rows["mu_star"] >= THRESHOLD]
    if not len(matters):
        return f"On the {case} no factor has an effect of {THRESHOLD:g} or more."
    chance = rows[rows["factor"] == CHANCE]
    luck = ""
    if len(chance):
        luck = f"; chance, {chance['mu_star'].iloc[0]:.3f}, has place {chance['rank'].iloc[0]}"
    return (
        f"Of {counted(len(rows), 'factor')} {len(matters)} have a mean effect of {THRESHOLD:g} or more on the {case}: "
        f"{_listed(list(matters['factor']), list(matters['mu_star']))}{luck}."
    )


def _listed(names: list[str], sizes: list[float] | None = None) -> str:
    labels = factor_labels(names)
    said = (
        [f"{labels[name]} {size:.3f}" for name, size in zip(names, sizes, strict=True)] if sizes else [*labels.values()]
    )
    return ", ".join(said[:-1]) + (f" and {said[-1]}" if len(said) > 1 else said[0])


def pictures(tables: Mapping[str, pd.DataFrame], results: Results) -> Iterator[tuple[str, "Figure"]]:
    """A picture for every scenario, choice and measure; policies stand side by side."""
    from experiments.figures.sensitivity import effects

    for stem, rows in by_picture(tables["effects"], results):
        labels = factor_labels(list(dict.fromkeys(rows["factor"])))
        labels |= {policy: policy_label(policy) for policy in dict.fromkeys(rows["policy"])}
        measure = measure_label(str(rows["measure"].iloc[0]))
        yield stem, effects(rows, labels, THRESHOLD, f"change of {measure}", _note(rows, results))


def by_picture(table: pd.DataFrame, results: Results) -> Iterator[tuple[str, pd.DataFrame]]:
    """Name and rows of each picture: measure, with scenario and number of the choice where there are several."""
    points = results.points()
    levers = [] if points is None else list(points.levers)
    for number, (_, rows) in enumerate(table.groupby(["scenario", *levers, "measure"], sort=False)):
        scenario = [str(rows["scenario"].iloc[0])] if len(results.experiment.scenarios) > 1 else []
        choice = [str(number // len(MEASURES) % points.choices)] if points is not None and levers else []
        yield "_".join([str(rows["measure"].iloc[0]), *scenario, *choice]), rows


def _note(rows: pd.DataFrame, results: Results) -> str:
    first = rows.iloc[0]
    return (
        f"Scenario {first['scenario']}, {measure_label(str(first['measure']))} in {until(first, results)}"
        f"{chosen(first, results)}. "
        f"{rows['used'].min():,} trajectories, in each of which every factor "
        "changes once by two thirds of its range, all others being what they are there. Marks: mean size of its "
        "effect, per whole range, lines: 90 % intervals; σ: its standard deviation. + up, − down, ± both ways. "
        f"Dashed: {THRESHOLD:g}; factors below half of it are not shown."
    )
