"""How histories end, a row each, beside everything in which they differ: what most analyses start from."""

from collections.abc import Sequence
from functools import reduce

import numpy as np
import pandas as pd

from config.calendar import quarter_name
from config.design import CHANCE
from experiments.analysis.findings import POSITION, plain
from experiments.analysis.remedies import REGIMES
from experiments.analysis.remedies import regimes as at_least
from experiments.store import Results

DEPTHS = ("declared_depth", "operational_depth", "operational_depth_equal", "gap")
WHO = ["point", "run"]


def outcomes(results: Results, scenario: str, policy: str, at: str | None = None) -> pd.DataFrame:
    """One row per history that went well, in order of point and run.

    Columns: point (0 without a design) and run; with a design `sample`, by which points with different choices of its
    levers are compared, and every name that it varies; every parameter that was drawn; the depths and the gap in
    quarter `at` (default: the last); functional and strategic, 1 if the regime at the end is at least that.
    """
    runs = plain(results.table("runs", scenarios=[scenario], policies=[policy]))
    runs = runs[runs["failed"] == ""]
    if "point" not in runs:
        runs = runs.assign(point=0)
    settings, points = results.settings(scenario, policy), results.points()
    known = [] if points is None else [name for name in points.columns() if name in runs]
    drawn = [name for name in settings.parameters if name in runs and name not in known]
    told = {name: values.astype(np.int8) for name, values in at_least(runs["regime"]).items()}
    found = runs[[*WHO, *dict.fromkeys([*known, *drawn])]].assign(**told)
    if points is not None:
        found.insert(2, "sample", found["point"].to_numpy() % points.samples)
    found = found.merge(
        _depths(results, scenario, policy, quarter_name(settings.until), at), on=WHO, how="left", validate="one_to_one"
    )
    return found.sort_values(WHO, kind="stable", ignore_index=True)


def _depths(results: Results, scenario: str, policy: str, last: str, at: str | None) -> pd.DataFrame:
    table = "ends" if "ends" in results.tables and at in (None, last) else "trajectories"
    who = [name for name in WHO if results.experiment.design is not None or name == "run"]
    rows = plain(results.table(table, [*who, *DEPTHS], scenarios=[scenario], policies=[policy], quarters=[at or last]))
    return rows if "point" in rows else rows.assign(point=0)


def paired(
    results: Results, scenario: str, policies: Sequence[str] | None = None, at: str | None = None
) -> dict[str, pd.DataFrame]:
    """`outcomes` under each policy, of the histories that went well under all of them, row by row the same history."""
    found = {policy: outcomes(results, scenario, policy, at) for policy in policies or results.experiment.policies}
    keys = {policy: pd.MultiIndex.from_frame(table[WHO]) for policy, table in found.items()}
    complete = reduce(pd.MultiIndex.intersection, keys.values())
    return {policy: table[keys[policy].isin(complete)].reset_index(drop=True) for policy, table in found.items()}


def by_choice(
    results: Results, scenario: str, policy: str, at: str | None = None
) -> dict[tuple[object, ...], pd.DataFrame]:
    """`outcomes` at each combination of the design's levers, of the samples and runs that went well at all of them.

    Row by row the same sample and run. Keys hold the values of the levers in the order of the design.
    """
    table, points = outcomes(results, scenario, policy, at), results.points()
    assert points is not None and points.levers
    found = {tuple(key): part for key, part in table.groupby(list(points.levers), sort=False)}
    keys = {key: pd.MultiIndex.from_frame(part[["sample", "run"]]) for key, part in found.items()}
    complete = reduce(pd.MultiIndex.intersection, keys.values())
    return {key: part[keys[key].isin(complete)].reset_index(drop=True) for key, part in found.items()}


def inputs(table: pd.DataFrame) -> list[str]:
    """Columns of `outcomes` in which histories differ, luck apart."""
    others = {*WHO, "sample", CHANCE, *DEPTHS, *REGIMES}
    names = (name for name in table if name not in others and not str(name).startswith(POSITION))
    return [str(name) for name in names if table[name].nunique() > 1]
