"""When instruments are in force: shares of runs by quarter, and dated probabilities with intervals.

Only full entry into force counts; an agreement that is signed or provisionally applied is not yet in force.
An agreement that is reopened to be deepened stays in force meanwhile. One that lapsed no longer counts.
"""

from collections.abc import Sequence

import pandas as pd

from config.calendar import quarter_index, quarter_name
from experiments.analysis.intervals import LEVEL, jeffreys

INSTRUMENT = ["partner", "instrument"]
CELL = ["scenario", "policy", *INSTRUMENT]
DATES = ("2030Q4", "2035Q4", "2040Q4")
BEGINS, ENDS = "in_force", "lapsed"


def quarters_between(first: str, last: str) -> list[str]:
    """Names of all quarters from the first to the last, both included."""
    return [quarter_name(index) for index in range(quarter_index(first), quarter_index(last) + 1)]


def in_force_shares(
    transitions: pd.DataFrame, start: pd.DataFrame, runs: pd.DataFrame, quarters: Sequence[str], level: float = LEVEL
) -> pd.DataFrame:
    """Share of runs in which each instrument is in force at the end of each quarter, with a Jeffreys interval.

    transitions  scenario policy run partner instrument stage quarter, rows of a run in the order they happened
    start        scenario partner instrument in_force: what stands before the first quarter. It also says which
                 instruments exist, so that one that never moves has its row of zeros or ones
    runs         scenario policy run: every run that was made, one row each
    quarters     names, ascending and without a hole; transitions before the first count as if in it

    Returns one row per scenario, policy, partner, instrument, quarter with `count runs share lower upper`.
    The interval covers chance in the finite number of runs, not what may be wrong with the model.
    """
    made = runs.groupby(["scenario", "policy"], sort=False, observed=True).size().rename("runs").reset_index()
    cells = made.merge(start.rename(columns={"in_force": "standing"}), on="scenario", how="inner")
    changes = _changes(transitions, start, quarters)
    counts = cells.merge(changes, on=CELL, how="left")
    steps = counts[list(quarters)].astype(float).fillna(0.0)
    standing = steps.cumsum(axis=1).add(counts["standing"].astype(float) * counts["runs"], axis=0)
    wide = pd.concat([counts[[*CELL, "runs"]], standing], axis=1)
    long = wide.melt(id_vars=[*CELL, "runs"], value_vars=list(quarters), var_name="quarter", value_name="count")
    long["place"] = long.groupby("quarter", sort=False).cumcount()
    long["moment"] = long["quarter"].map({name: place for place, name in enumerate(quarters)})
    long = long.sort_values(["place", "moment"], kind="stable", ignore_index=True)
    long["count"] = long["count"].astype(int)
    long["share"] = long["count"] / long["runs"]
    long["lower"], long["upper"] = jeffreys(long["count"], long["runs"], level)
    return long[[*CELL, "quarter", "count", "runs", "share", "lower", "upper"]]


def _changes(transitions: pd.DataFrame, start: pd.DataFrame, quarters: Sequence[str]) -> pd.DataFrame:
    """Net number of runs entering force in each quarter: a row per instrument and policy, a column per quarter."""
    events = transitions[transitions["stage"].isin([BEGINS, ENDS])][[*CELL, "run", "stage", "quarter"]].copy()
    for name in (*CELL, "stage", "quarter"):
        events[name] = events[name].astype(object)
    if events.empty or not len(quarters):
        return pd.DataFrame(columns=[*CELL, *quarters])
    number = {name: quarter_index(name) for name in events["quarter"].unique()}
    events["moment"] = (events["quarter"].map(number) - quarter_index(quarters[0])).clip(lower=0)
    events = events[events["moment"] < len(quarters)].sort_values("moment", kind="stable")
    events = events.drop_duplicates([*CELL, "run", "moment"], keep="last")
    events["after"] = (events["stage"] == BEGINS).astype(int)
    events = events.merge(start[["scenario", *INSTRUMENT, "in_force"]], on=["scenario", *INSTRUMENT], how="inner")
    before = events.groupby([*CELL, "run"], sort=False)["after"].shift()
    events["change"] = events["after"] - before.fillna(events["in_force"].astype(float)).astype(int)
    wide = events.pivot_table(index=CELL, columns="moment", values="change", aggfunc="sum", fill_value=0)
    wide = wide.reindex(columns=range(len(quarters)), fill_value=0)
    wide.columns = pd.Index(list(quarters))
    return wide.reset_index()


def dated_probabilities(shares: pd.DataFrame, dates: Sequence[str] = DATES) -> pd.DataFrame:
    """The rows of `in_force_shares` at the dates asked for; a date outside the runs has no row.

    "In force by 2030" is the share of runs in which the instrument stands in force at the end of 2030Q4.
    """
    return shares[shares["quarter"].isin(list(dates))].reset_index(drop=True)


def halfway(shares: pd.DataFrame) -> pd.DataFrame:
    """First quarter in which an instrument is in force in at least half of the runs; None if never.

    One row per scenario, policy, partner, instrument with the column `quarter`.
    """
    first = shares[shares["share"] >= 0.5].drop_duplicates(CELL)[[*CELL, "quarter"]]
    return shares[CELL].drop_duplicates().merge(first, on=CELL, how="left").reset_index(drop=True)
