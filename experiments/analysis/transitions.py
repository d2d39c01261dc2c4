"""When instruments are in force: shares of runs by quarter, and dated probabilities with intervals.

Only full entry into force counts; an agreement that is signed or provisionally applied is not yet in force.
An agreement that is reopened to be deepened stays in force meanwhile. One that lapsed no longer counts.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from config.calendar import quarter_index, quarter_name
from experiments.analysis.intervals import LEVEL, jeffreys

INSTRUMENT = ["partner", "instrument"]
CELL = ["scenario", "policy", *INSTRUMENT]
Ints = NDArray[np.int64]

DATES = ("2030Q4", "2035Q4", "2040Q4")
BEGINS, ENDS = "in_force", "lapsed"


def quarters_between(first: str, last: str) -> list[str]:
    """Names of all quarters from the first to the last, both included."""
    return [quarter_name(index) for index in range(quarter_index(first), quarter_index(last) + 1)]


def in_force_shares(
    parts: Iterable[pd.DataFrame], start: pd.DataFrame, runs: int, quarters: Sequence[str], level: float = LEVEL
) -> pd.DataFrame:
    """Share of runs in which each instrument is in force at the end of each quarter, with a Jeffreys interval.

    parts     pieces of table transitions of one scenario and policy, run partner instrument stage quarter: every run
              whole in one piece, its rows in the order they happened
    start     partner instrument in_force: what stands before the first quarter. It also says which instruments exist,
              so that one that never moves has its row of zeros or ones
    runs      number of runs that went well, with transitions or without
    quarters  names, ascending and without a hole; transitions before the first count as if in it

    Returns one row per partner, instrument, quarter with `count runs share lower upper`.
    The interval covers chance in the finite number of runs, not what may be wrong with the model.
    """
    standing = start["in_force"].to_numpy(dtype=np.int64)
    changes = np.zeros((len(start), len(quarters)), dtype=np.int64)
    for part in parts:
        _add_changes(changes, part, start, quarters)
    count = (changes.cumsum(axis=1) + standing[:, None] * runs).ravel()
    rows = {name: np.repeat(start[name].to_numpy(dtype=object), len(quarters)) for name in INSTRUMENT}
    lower, upper = jeffreys(count, runs, level)
    share = count / runs if runs else np.full(len(count), np.nan)
    numbers = {"count": count, "runs": runs, "share": share, "lower": lower, "upper": upper}
    return pd.DataFrame({**rows, "quarter": np.tile(np.array(quarters, dtype=object), len(start)), **numbers})


def _add_changes(changes: Ints, part: pd.DataFrame, start: pd.DataFrame, quarters: Sequence[str]) -> None:
    """Add to `changes`, (instruments, quarters), the net number of runs of this piece that enter force then."""
    events = part[part["stage"].isin([BEGINS, ENDS])]
    place, moment = _places(events, start), numbers(events["quarter"], quarter_index) - quarter_index(quarters[0])
    after = (events["stage"] == BEGINS).to_numpy(np.int64)
    rows = np.stack([events["run"].to_numpy(np.int64), place, np.maximum(moment, 0), after])
    rows = rows[:, (place >= 0) & (moment < len(quarters))]
    rows = rows[:, np.lexsort((rows[2], rows[1], rows[0]))]
    again = (rows[:3, 1:] == rows[:3, :-1]).all(axis=0)
    run, place, moment, after = rows[:, np.append(~again, True)[: rows.shape[1]]]
    later = np.flatnonzero((run[1:] == run[:-1]) & (place[1:] == place[:-1])) + 1
    before = start["in_force"].to_numpy(dtype=np.int64)[place]
    before[later] = after[later - 1]
    np.add.at(changes, (place, moment), after - before)


def _places(events: pd.DataFrame, start: pd.DataFrame) -> Ints:
    """The row of `start` that each event is about, -1 for an instrument that it does not have, (events,)."""
    rows = {name: {key: place for place, key in enumerate(dict.fromkeys(start[name]))} for name in INSTRUMENT}
    table = np.full(tuple(len(each) + 1 for each in rows.values()), -1, dtype=np.int64)
    for place, (partner, instrument) in enumerate(zip(start["partner"], start["instrument"], strict=True)):
        table[rows["partner"][partner], rows["instrument"][instrument]] = place
    partner, instrument = (numbers(events[name], partial(_row, to)) for name, to in rows.items())
    return np.asarray(table[partner, instrument], dtype=np.int64)


def _row(rows: Mapping[str, int], name: str) -> int:
    return rows.get(name, -1)


def numbers(names: "pd.Series[Any]", number: Callable[[str], int]) -> Ints:
    """The number of each name in a column of text, (rows,); asked once for each different name."""
    column = names.astype("category")
    table = np.array([number(str(name)) for name in column.cat.categories], dtype=np.int64)
    codes = column.cat.codes.to_numpy(np.int64)
    return table[codes] if len(table) else np.zeros(len(codes), dtype=np.int64)


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
