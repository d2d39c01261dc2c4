"""What a measure does over time in many runs: quantile bands by scenario, policy and quarter."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

QUANTILES = {"q05": 0.05, "q10": 0.10, "q25": 0.25, "median": 0.50, "q75": 0.75, "q90": 0.90, "q95": 0.95}
"""Name of a column and the share of runs that lie below it. q25-q75 is the 50 % band, q05-q95 the 90 % band."""

CELL = ["scenario", "policy", "quarter"]


def bands(table: pd.DataFrame, measures: Sequence[str], by: Sequence[str] = CELL) -> pd.DataFrame:
    """Quantiles of each measure over the runs of each cell of `by` (a quarter, or an actor in a quarter).

    One row per cell and measure, in the order in which cells first appear, with the columns of `by`, then
    `measure runs mean q05 q10 q25 median q75 q90 q95`. A band holds that share of *runs* quarter by quarter;
    a single run may leave it and come back.
    """
    keys = list(by)
    if table.empty or not measures:
        return pd.DataFrame(columns=[*keys, "measure", "runs", "mean", *QUANTILES])
    groups = table.groupby(keys, sort=False, observed=True)
    runs = groups.size().rename("runs")
    return pd.concat([_bands_of(groups[measure], measure, runs) for measure in measures], ignore_index=True)


def _bands_of(values: Any, measure: str, runs: "pd.Series[int]") -> pd.DataFrame:
    """Bands of one measure, `values` being its column grouped by cell."""
    cuts = values.quantile(list(QUANTILES.values())).unstack().reindex(runs.index)
    cuts.columns = pd.Index(list(QUANTILES))
    stacked: pd.DataFrame = pd.concat([runs, values.mean().rename("mean"), cuts], axis=1).reset_index()
    stacked.insert(len(runs.index.names), "measure", measure)
    return stacked


def at_quarter(table: pd.DataFrame, quarter: str) -> pd.DataFrame:
    """The rows of one quarter."""
    return table[table["quarter"] == quarter]
