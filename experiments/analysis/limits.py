"""What holds the partnership back: shares of what binds, and of who holds it up, by year and by instrument.

Two questions that must not be mixed: why is a file not yet in force, and why is an agreement in force carried out below
what was agreed? An instrument that nobody has begun to negotiate is in neither.
"""

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from config.calendar import quarter_index
from experiments.analysis.intervals import LEVEL

FILE, DEED = "file", "deed"
QUESTIONS = (FILE, DEED)
"""A file on its way into force (also one that deepens what is in force), or an agreement carried out too little."""

LIMITS = ("attention", "council", "ladder", "wish", "prerequisite", "slot", "ratification", "framework", "money")
"""In the order in which they are listed; all but the last two can bind a file, the last two and attention a deed."""

OF_DEEDS_ALONE = ("framework", "money")
OPENED = ("mandated", "reopened", "negotiating", "signed", "provisional")
GIVEN_UP = ("withdrawn", "lapsed")
UNION = "EU"

OTHERS = "others"
"""Stands for all actors that are not among the first."""

ROW = ["run", "quarter", "partner", "instrument", "limit", "actor"]
COUNTED = ["count", "held", "share", "lower", "upper"]


def held_back(limits: pd.DataFrame, transitions: pd.DataFrame, standing: pd.DataFrame) -> pd.DataFrame:
    """Every row of table `limits` with its question and year; one scenario and policy.

    limits       run quarter partner instrument limit actor
    transitions  run quarter partner instrument stage, rows of a run in the order they happened
    standing     partner instrument in_force: what stands before the first quarter

    Only attention can bind both a file and a deed: it binds the file where one is open in that quarter.
    """
    rows = limits[ROW].reset_index(drop=True)
    for name in ROW[1:]:
        rows[name] = rows[name].astype(object)
    deed = rows["limit"].isin(OF_DEEDS_ALONE).to_numpy(copy=True)
    unclear = ((rows["limit"] == "attention") & (rows["partner"] == UNION)).to_numpy()
    deed[unclear] = ~_file_is_open(rows[unclear], transitions, standing)
    rows["question"] = np.where(deed, DEED, FILE)
    rows["year"] = rows["quarter"].str[:4].astype(int)
    return rows


def _file_is_open(rows: pd.DataFrame, transitions: pd.DataFrame, standing: pd.DataFrame) -> NDArray[np.bool_]:
    """Whether the Union's instrument of each row had a file in talks or mandated in its quarter, (rows,).

    The last stage reached by the end of the quarter says so; a file given up in the quarter was open until then.
    """
    union = standing[standing["partner"] == UNION]
    place = {str(slug): number for number, slug in enumerate(union["instrument"])}
    events = transitions[transitions["partner"] == UNION]
    moments = {str(name): quarter_index(str(name)) for part in (rows, events) for name in part["quarter"].unique()}
    first, span = min(moments.values(), default=0), max(moments.values(), default=0) - min(moments.values(), default=0)

    def key(table: pd.DataFrame) -> NDArray[np.int64]:
        number = table["instrument"].astype(object).map(place).to_numpy(dtype=np.int64)
        moment = table["quarter"].astype(object).map(moments).to_numpy(dtype=np.int64) - first
        return (table["run"].to_numpy(dtype=np.int64) * len(place) + number) * (span + 1) + moment

    at, wanted = key(events), key(rows)
    order = np.argsort(at, kind="stable")
    at, stage = at[order], events["stage"].astype(object).to_numpy()[order]
    begun_in_force = rows["instrument"].map(dict(zip(place, union["in_force"], strict=True))).to_numpy(dtype=bool)
    if not len(at):
        return ~begun_in_force
    last = np.searchsorted(at, wanted, side="right") - 1
    known = (last >= 0) & (at[last] // (span + 1) == wanted // (span + 1))
    given_up_now = np.isin(stage[last], GIVEN_UP) & (at[last] == wanted)
    return np.where(known, np.isin(stage[last], OPENED) | given_up_now, ~begun_in_force)


def limit_shares(rows: pd.DataFrame, by: Sequence[str] = (), level: float = LEVEL) -> pd.DataFrame:
    """Share of each limit in the rows of `held_back`, by question and, within it, by the columns of `by`.

    Columns: question, those of `by`, limit, and `count held share lower upper`: rows with this limit, all rows of the
    cell, their share and its interval over runs. All limits that occur under a question have a row in each of its
    cells, also with count 0.
    """
    return _shares(rows, by, "limit", LIMITS, level)


def actor_shares(rows: pd.DataFrame, by: Sequence[str] = (), most: int = 8, level: float = LEVEL) -> pd.DataFrame:
    """Share of each actor in what is held back, like `limit_shares`; those after the first `most` are `others`."""
    parts = [
        _shares(named, by, "actor", list(named["actor"].cat.categories), level) for named in _by_question(rows, most)
    ]
    columns = ["question", *by, "actor", *COUNTED]
    return pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)


def who_by_limit(rows: pd.DataFrame, most: int = 8) -> pd.DataFrame:
    """Share of each actor and limit together in all that is held back under a question.

    Columns question, actor, limit, share; every actor with every limit that occurs, also with share 0.
    """
    parts = []
    for named in _by_question(rows, most):
        limit = pd.Categorical(named["limit"], [name for name in LIMITS if (named["limit"] == name).any()])
        counts = named.assign(limit=limit).groupby(["question", "actor", "limit"], observed=False).size()
        parts.append((counts / len(named)).rename("share").reset_index())
    columns = ["question", "actor", "limit", "share"]
    return pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)


def _by_question(rows: pd.DataFrame, most: int) -> Iterator[pd.DataFrame]:
    """The rows of each question, actors as categories: the first `most` by their number of rows, then `others`."""
    for question in QUESTIONS:
        part = rows[rows["question"] == question]
        if len(part):
            counts = part["actor"].value_counts()
            ranked = sorted(counts.index, key=lambda actor: (-int(counts[actor]), str(actor)))
            kept = ranked if len(ranked) <= most + 1 else [*ranked[:most], OTHERS]
            yield part.assign(actor=pd.Categorical(part["actor"].where(part["actor"].isin(kept), OTHERS), kept))


def burden(rows: pd.DataFrame, runs: int, quarters: Sequence[str]) -> pd.DataFrame:
    """Mean number of files, and of deeds, held back in a quarter: question year held, every year of `quarters`."""
    years = pd.Series([int(quarter[:4]) for quarter in quarters], dtype=int).value_counts().sort_index()
    cells = pd.MultiIndex.from_product([QUESTIONS, years.index], names=["question", "year"])
    counts = rows.groupby(["question", "year"]).size().reindex(cells, fill_value=0)
    held = counts / (runs * years.reindex(cells.get_level_values("year")).to_numpy())
    return held.rename("held").reset_index()


def _shares(rows: pd.DataFrame, by: Sequence[str], of: str, names: Sequence[str], level: float) -> pd.DataFrame:
    parts = []
    for question in QUESTIONS:
        asked = rows[rows["question"] == question]
        occurring = [name for name in names if (asked[of] == name).any()]
        cells = asked.groupby(list(by), sort="year" in by) if by else [((), asked)]
        for cell, part in cells if len(asked) else ():
            for line in _cell(part, of, occurring, level):
                parts.append({"question": question, **dict(zip(by, cell, strict=True)), **line})
    return pd.DataFrame(parts, columns=["question", *by, of, *COUNTED])


def _cell(part: pd.DataFrame, of: str, names: Sequence[str], level: float) -> list[dict[str, object]]:
    """The lines of one cell. Runs hold different numbers of rows, so that the interval is that of a ratio of means."""
    table = pd.crosstab(part["run"], part[of]).reindex(columns=list(names), fill_value=0).to_numpy(dtype=float)
    held = table.sum(axis=1)
    share = table.sum(axis=0) / held.sum()
    half = _half_width(table - share * held[:, None], held, level)
    return [
        {of: name, "count": int(table[:, i].sum()), "held": len(part), "share": share[i],
         "lower": max(share[i] - half[i], 0.0), "upper": min(share[i] + half[i], 1.0)}
        for i, name in enumerate(names)
    ]  # fmt: skip


def _half_width(residual: NDArray[np.float64], held: NDArray[np.float64], level: float) -> NDArray[np.float64]:
    """Half the interval of a ratio of sums over runs, linearised (Cochran 1977, ch. 6); NaN for one run, (names,)."""
    runs = len(held)
    if runs < 2:
        return np.full(residual.shape[1], np.nan)
    error = np.sqrt(runs / (runs - 1) * (residual**2).sum(axis=0)) / held.sum()
    half: NDArray[np.float64] = float(stats.t.ppf((1 + level) / 2, runs - 1)) * error
    return half
