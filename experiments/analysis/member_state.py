"""One member state: what it wants over time, what it stops and holds up, and what moves it.

Positions are told over runs as quantile bands (`trajectories.bands`). What is held up is counted in quarters of runs.
What moves a position is told twice: by rank correlation with each quantity alone, and by its weight when all of them
are taken together in one regression of ranks (Saltelli et al. 2008, Global Sensitivity Analysis, ch. 1).
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import stats

from experiments.analysis.intervals import LEVEL, Floats
from experiments.analysis.ranks import rank_correlations
from experiments.analysis.vetoes import DECADE, FILES, SUBJECTS

STOPS = ["actor", "subject", "per_decade", "runs", "share"]
HOLDS = ["actor", "partner", "instrument", "limit", "quarters", "runs", "share"]
MOVES = ["name", "correlation", "lower", "upper", "clear", "weight", "explained"]

HELD_BY_STATES = ("council", "ratification", "wish")
"""Limits of which a state may be the actor: pivotal in the Council, late to ratify, not wanting a rung of its own."""


def stops(vetoes: pd.DataFrame, runs: int, quarters: int) -> pd.DataFrame:
    """What each state stops in the Council: actor subject per_decade runs share.

    vetoes    run quarter subject actor, of runs of so many quarters that went well
    per_decade  mean vetoes in ten years;  runs  share of runs with any;  share  of all states' vetoes on the subject
    """
    rows = vetoes[["run", "subject", "actor"]].astype({"subject": object, "actor": object})
    rows["subject"] = rows["subject"].where(rows["subject"].isin(SUBJECTS), FILES)
    return _counted(rows, ["subject"], runs).assign(per_decade=lambda one: one["mean"] * DECADE / quarters)[STOPS]


def holds(limits: pd.DataFrame, runs: int) -> pd.DataFrame:
    """What each state holds up: actor partner instrument limit quarters runs share.

    limits    run partner instrument limit actor, of runs that went well: one thing that binds per file and quarter
    quarters  mean per run in which it is this state that binds;  runs  share of runs in which it ever is
    share     of all such quarters of the same file, whoever binds

    Of several that have not ratified the first by the alphabet is the actor.
    """
    rows = limits[limits["limit"].isin(HELD_BY_STATES)][["run", "partner", "instrument", "limit", "actor"]]
    plain = rows.astype({name: object for name in rows if name != "run"})
    counted = _counted(plain, ["partner", "instrument", "limit"], runs)
    return counted.rename(columns={"mean": "quarters"})[HOLDS]


def _counted(rows: pd.DataFrame, by: Sequence[str], runs: int) -> pd.DataFrame:
    """Rows by actor and what else: mean per run, share of runs that have one, share of all actors' rows there."""
    keys = ["actor", *by]
    found = rows.groupby(keys, as_index=False).agg(count=("run", "size"), runs=("run", "nunique"))
    whole = found.groupby(list(by))["count"].transform("sum")
    found = found.assign(mean=found["count"] / runs, share=found["count"] / whole, runs=found["runs"] / runs)
    return found.sort_values(["actor", "mean"], ascending=[True, False], kind="stable", ignore_index=True)


def places(medians: "pd.Series[float]") -> "pd.Series[int]":
    """Place of each state by its median position, 1 the deepest; ties share the better place."""
    return medians.rank(ascending=False, method="min").astype(int)


def moves(inputs: pd.DataFrame, position: Floats, level: float = LEVEL) -> pd.DataFrame:
    """What a position goes with over runs, largest weight first; one row per quantity that differs between runs.

    inputs    a row per run, a column for each quantity
    position  (runs,)

    name correlation lower upper clear   `ranks.rank_correlations`: with each quantity alone
    weight     standardised coefficient of the regression of ranks on all quantities together
    explained  share of the variance of ranks that this regression explains, adjusted for the number of quantities
    """
    differ = np.ptp(inputs.to_numpy(dtype=np.float64), axis=0) > 0
    names = [str(name) for name in inputs.columns[differ]]
    alone = rank_correlations(inputs.assign(position=position), names, "position", level).drop(columns="histories")
    runs, number = len(inputs), len(names)
    if alone.empty or runs <= number + 1:
        return pd.DataFrame(columns=MOVES)
    x = _standardised(stats.rankdata(inputs[names].to_numpy(dtype=np.float64), axis=0))
    y = _standardised(stats.rankdata(position)[:, np.newaxis])[:, 0]
    weight = np.linalg.pinv(x.T @ x, hermitian=True) @ (x.T @ y)
    left = float(((y - x @ weight) ** 2).sum()) / runs
    table = alone.assign(
        weight=alone["name"].map(dict(zip(names, weight.tolist(), strict=True))),
        explained=1 - left * (runs - 1) / (runs - number - 1),
    )
    return table.sort_values("weight", key=lambda one: -one.abs(), kind="stable", ignore_index=True)[MOVES]


def _standardised(values: Floats) -> Floats:
    """Columns of mean zero and spread one."""
    return np.asarray((values - values.mean(axis=0)) / values.std(axis=0), dtype=np.float64)
