"""What a measure does over time in many runs: quantile bands by scenario, policy and quarter."""

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from experiments.analysis.counting import Counts

QUANTILES = {"q05": 0.05, "q10": 0.10, "q25": 0.25, "median": 0.50, "q75": 0.75, "q90": 0.90, "q95": 0.95}
"""Name of a column and the share of runs that lie below it. q25-q75 is the 50 % band, q05-q95 the 90 % band."""

CELL = ["scenario", "policy", "quarter"]


def bands(parts: Iterable[pd.DataFrame], measures: Sequence[str], by: Sequence[str] = CELL) -> pd.DataFrame:
    """Quantiles of each measure over the runs of each cell of `by` (a quarter, or an actor in a quarter).

    `parts` are pieces of one table, read one after another and not kept; how it is cut changes nothing.
    One row per cell and measure, in the order in which cells first appear, with the columns of `by`, then
    `measure runs mean q05 q10 q25 median q75 q90 q95`. A band holds that share of *runs* quarter by quarter;
    a single run may leave it and come back. Values are rounded to 11 binary digits before, so that mean and quantiles
    are right to 0.05 % (`counting`).
    """
    keys, cells = list(by), dict[tuple[str, ...], int]()
    counts, rows = {measure: Counts(0) for measure in measures}, np.zeros(0, dtype=np.int64)
    for part in parts:
        cell = _cells(part, keys, cells)
        added = np.bincount(cell, minlength=len(cells))
        rows = added + np.pad(rows, (0, len(cells) - len(rows)))
        for measure, count in counts.items():
            values = part[measure].to_numpy(dtype=np.float64)
            known = ~np.isnan(values)
            count.cells = len(cells)
            count.add(cell[known], values[known])
    names = pd.DataFrame(list(cells), columns=keys)
    found = [_bands_of(names, measure, rows, count) for measure, count in counts.items()]
    return pd.concat(found, ignore_index=True) if found else names.assign(measure=[])


def _cells(
    part: pd.DataFrame, keys: list[str], cells: dict[tuple[str, ...], int]
) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
    """The number of each row's cell, (rows,); cells that are new get the next numbers."""
    place = part.groupby(keys, sort=False, observed=True).ngroup().to_numpy(np.int64)
    new = part[keys].drop_duplicates().astype(str).itertuples(index=False, name=None)
    number = np.array([cells.setdefault(cell, len(cells)) for cell in new], dtype=np.int64)
    return number[place]


def _bands_of(
    names: pd.DataFrame, measure: str, rows: "np.ndarray[tuple[int], np.dtype[np.int64]]", counts: Counts
) -> pd.DataFrame:
    """Bands of one measure beside the names of the cells."""
    cuts = pd.DataFrame(counts.quantiles(list(QUANTILES.values())), columns=list(QUANTILES))
    return pd.concat([names.assign(measure=measure, runs=rows, mean=counts.mean()), cuts], axis=1)
