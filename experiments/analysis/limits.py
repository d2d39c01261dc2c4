"""What holds the partnership back: shares of what binds, and of who holds it up, by year and by instrument.

Two questions that must not be mixed: why is a file not yet in force, and why is an agreement in force carried out below
what was agreed? An instrument that nobody has begun to negotiate is in neither.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import product
from math import prod
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from config.calendar import quarter_index
from experiments.analysis.intervals import LEVEL
from experiments.analysis.transitions import numbers

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
CHANGE = ["run", "quarter", "partner", "instrument", "stage"]
COUNTED = ["count", "held", "share", "lower", "upper"]


def held_back(limits: pd.DataFrame, transitions: pd.DataFrame, standing: pd.DataFrame) -> pd.DataFrame:
    """Every row of table `limits` with its question and year; one scenario and policy.

    limits       run quarter partner instrument limit actor
    transitions  run quarter partner instrument stage, rows of a run in the order they happened
    standing     partner instrument in_force: what stands before the first quarter

    Only attention can bind both a file and a deed: it binds the file where one is open in that quarter.
    """
    rows = limits[ROW].reset_index(drop=True)
    deed = rows["limit"].isin(OF_DEEDS_ALONE).to_numpy(copy=True)
    unclear = ((rows["limit"] == "attention") & (rows["partner"] == UNION)).to_numpy()
    deed[unclear] = ~_file_is_open(rows[unclear], transitions, standing)
    year = numbers(rows["quarter"], lambda quarter: int(quarter[:4]))
    return rows.assign(question=pd.Categorical.from_codes(deed.astype(np.int8), pd.Index(QUESTIONS)), year=year)


def _file_is_open(rows: pd.DataFrame, transitions: pd.DataFrame, standing: pd.DataFrame) -> NDArray[np.bool_]:
    """Whether the Union's instrument of each row had a file in talks or mandated in its quarter, (rows,).

    The last stage reached by the end of the quarter says so; a file given up in the quarter was open until then.
    """
    union = standing[standing["partner"] == UNION]
    place = {str(slug): number for number, slug in enumerate(union["instrument"])}
    events = transitions[transitions["partner"] == UNION]
    moments = [numbers(table["quarter"], quarter_index) for table in (rows, events)]
    span = 1 + max(int(each.max(initial=0)) for each in moments)

    def key(table: pd.DataFrame, moment: NDArray[np.int64]) -> NDArray[np.int64]:
        instrument = numbers(table["instrument"], lambda slug: place.get(slug, len(place)))
        return (table["run"].to_numpy(np.int64) * (len(place) + 1) + instrument) * span + moment

    wanted, at = (key(table, moment) for table, moment in zip((rows, events), moments, strict=True))
    standing_at_first = union["in_force"].to_numpy(bool)[wanted // span % (len(place) + 1)]
    if not len(at):
        return ~standing_at_first
    order = np.argsort(at, kind="stable")
    at, stage = at[order], events["stage"].iloc[order]
    opened, given_up = stage.isin(OPENED).to_numpy(), stage.isin(GIVEN_UP).to_numpy()
    last = np.searchsorted(at, wanted, side="right") - 1
    known = (last >= 0) & (at[last] // span == wanted // span)
    return np.where(known, opened[last] | (given_up[last] & (at[last] == wanted)), ~standing_at_first)


def in_step(
    limits: Iterable[pd.DataFrame], transitions: Iterable[pd.DataFrame]
) -> Iterator[tuple[pd.DataFrame, pd.DataFrame]]:
    """Every piece of table `limits` that has rows, with the pieces of `transitions` that its runs may be in.

    Both come in order of runs, every run whole in one piece; a piece of either may be empty or missing.
    """
    changes, near = iter(transitions), list[pd.DataFrame]()
    for rows in limits:
        if rows.empty:
            continue
        first, last = rows["run"].min(), rows["run"].max()
        near = [part for part in near if part["run"].max() >= first]
        while not near or near[-1]["run"].max() < last:
            part = next(changes, None)
            if part is None:
                break
            near += [part] if part["run"].max() >= first else []
        yield rows, pd.concat(near) if near else pd.DataFrame(columns=CHANGE)


# Counting

RUN = "run"
"""A column of tables; in sums it stands beside the names, for each run that has cases in the cell counted once."""

SUMMED: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("limit", ()), ("limit", ("year",)), ("limit", ("instrument",)), ("limit", ("partner",)), ("limit", ("actor",)),
    ("actor", ()), ("actor", ("year",)),
)  # fmt: skip
"""What is counted, and by what besides the question."""
CODED = (RUN, "question", "year", "instrument", "partner", "limit", "actor")

Cell = tuple[Any, ...]
"""Values of the question and of what else cases are counted by, such as a year; without the question where it is given.
"""


class Cases:
    """The rows of `held_back`, counted: a case is one file or deed held back in one quarter of one run.

    Shares with intervals over runs, however names are put together, need no more than two sums over runs for each
    cell, such as a question in a year: of the counts of each name, and of the products of the counts of each two.
    Both are whole numbers, so that they are the same however the runs were cut into pieces.
    """

    def __init__(self, parts: Iterable[pd.DataFrame]) -> None:
        """`parts` are pieces of the rows, every run whole in one piece."""
        self._places = {of: {RUN: 0} for of, _ in SUMMED}
        self._sums = {each: dict[Cell, NDArray[np.float64]]() for each in SUMMED}
        for rows in parts:
            coded = {name: pd.factorize(rows[name]) for name in CODED}
            for of, by in SUMMED if len(rows) else ():
                self._add(coded, of, by)

    def _add(self, coded: Mapping[str, tuple[Any, Any]], of: str, by: tuple[str, ...]) -> None:
        """Add the sums over some runs; of each column the codes, (rows,), and what they stand for."""
        (run, runs), *at, (code, names) = (coded[column] for column in (RUN, "question", *by, of))
        places, sums = self._places[of], self._sums[of, by]
        place = np.array([places.setdefault(str(name), len(places)) for name in names])
        shape = [len(runs), *(len(levels) for _, levels in at), len(places)]
        row = np.ravel_multi_index((run, *(codes for codes, _ in at), place[code]), shape)
        counts = np.bincount(row, minlength=prod(shape)).reshape(len(runs), -1, len(places)).astype(np.float64)
        counts[:, :, 0] = counts.any(axis=2)
        each = np.ascontiguousarray(counts.transpose(1, 0, 2))
        for cell, new in zip(product(*(levels for _, levels in at)), each.transpose(0, 2, 1) @ each, strict=True):
            if new[0, 0]:
                known = sums.get(cell, np.zeros((0, 0)))
                sums[cell] = new + np.pad(known, (0, len(new) - len(known)))

    def sums(self, question: str, of: str, by: Sequence[str] = ()) -> dict[Cell, pd.DataFrame]:
        """Sums of each cell of a question, cells in order of what is in `by`: a row and a column for each name.

        Name against name there is the sum over runs of the product of their counts; against RUN the sum of counts, and
        RUN against RUN how many runs have cases in the cell.
        """
        found, names = self._sums[of, tuple(by)], list(self._places[of])
        cells = {cell: names[: len(found[cell])] for cell in sorted(found) if cell[0] == question}
        return {cell[1:]: pd.DataFrame(found[cell], index=there, columns=there) for cell, there in cells.items()}

    def counts(self, question: str, of: str, by: Sequence[str] = ()) -> dict[Cell, "pd.Series[float]"]:
        """Number of cases of each name that occurs in a cell, for each cell of a question."""
        found = {cell: sums[RUN].drop(RUN) for cell, sums in self.sums(question, of, by).items()}
        return {cell: counts[counts > 0] for cell, counts in found.items()}


def cases(
    limits: Iterable[pd.DataFrame], transitions: Iterable[pd.DataFrame], standing: pd.DataFrame, instrument: str = ""
) -> Cases:
    """The cases that these pieces hold (see `in_step`, `held_back`), of all instruments or of one."""
    chosen = (part[part["instrument"] == instrument] if instrument else part for part in limits)
    return Cases(held_back(rows, changes, standing) for rows, changes in in_step(chosen, transitions))


def limit_shares(held: Cases, by: Sequence[str] = (), level: float = LEVEL) -> pd.DataFrame:
    """Share of each limit in the cases, by question and, within it, by the columns of `by`: one of those in SUMMED.

    Columns: question, those of `by`, limit, and `count held share lower upper`: cases with this limit, all cases of the
    cell, their share and its interval over runs. All limits that occur under a question have a row in each of its
    cells, also with count 0.
    """
    lines = []
    for question in QUESTIONS:
        names = _occurring(held, question)
        for cell, sums in held.sums(question, "limit", by).items():
            lines += _cell({"question": question, **dict(zip(by, cell, strict=True))}, sums, "limit", names, level)
    return pd.DataFrame(lines, columns=["question", *by, "limit", *COUNTED])


def actor_shares(held: Cases, by: Sequence[str] = (), most: int = 8, level: float = LEVEL) -> pd.DataFrame:
    """Share of each actor in what is held back, like `limit_shares`; those after the first `most` are `others`."""
    lines = []
    for question in QUESTIONS:
        names = _first(held, question, most)
        for cell, sums in held.sums(question, "actor", by).items():
            told = _put_together(_put_together(sums, names).T, names)
            lines += _cell({"question": question, **dict(zip(by, cell, strict=True))}, told, "actor", names, level)
    return pd.DataFrame(lines, columns=["question", *by, "actor", *COUNTED])


def who_by_limit(held: Cases, most: int = 8) -> pd.DataFrame:
    """Share of each actor and limit together in all that is held back under a question.

    Columns question, actor, limit, share; every actor with every limit that occurs, also with share 0.
    """
    columns = ["question", "actor", "limit", "share"]
    parts = [pd.DataFrame(columns=columns)]
    for question in QUESTIONS:
        if names := _first(held, question, most):
            found = held.counts(question, "limit", ["actor"])
            counts = pd.DataFrame({actor: number for (actor,), number in found.items()}).T.fillna(0.0)
            told = _put_together(counts, names).loc[names, _occurring(held, question)]
            shares = (told / told.to_numpy().sum()).rename_axis(index="actor", columns="limit").stack()
            parts.append(shares.rename("share").reset_index().assign(question=question)[columns])
    return pd.concat(parts[1:] or parts, ignore_index=True)


def burden(held: Cases, runs: int, quarters: Sequence[str]) -> pd.DataFrame:
    """Mean number of files, and of deeds, held back in a quarter: question year held, every year of `quarters`."""
    years = pd.Series([int(quarter[:4]) for quarter in quarters], dtype=int).value_counts().sort_index()
    lines = []
    for question in QUESTIONS:
        counts = {year: number.sum() for (year,), number in held.counts(question, "limit", ["year"]).items()}
        lines += [(question, year, counts.get(year, 0.0) / (runs * length)) for year, length in years.items()]
    return pd.DataFrame(lines, columns=["question", "year", "held"])


def _occurring(held: Cases, question: str) -> list[str]:
    """The limits that occur under a question, in the order of LIMITS."""
    there = {name for counts in held.counts(question, "limit").values() for name in counts.index}
    return [name for name in LIMITS if name in there]


def _first(held: Cases, question: str, most: int) -> list[str]:
    """The first `most` actors of a question by their number of cases, then `others`; all if that is one more."""
    counts = held.counts(question, "actor").get((), pd.Series(dtype=float))
    ranked = sorted((str(name) for name in counts.index), key=lambda name: (-counts[name], name))
    return ranked if len(ranked) <= most + 1 else [*ranked[:most], OTHERS]


def _put_together(table: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    """The rows of a table summed up under the names that are told: these, RUN, and `others` for the rest."""
    told = [name if name in (RUN, *names) else OTHERS for name in table.index]
    return table.groupby(np.array(told, dtype=object)).sum()


def _cell(
    cell: dict[str, object], sums: pd.DataFrame, of: str, names: Sequence[str], level: float
) -> list[dict[str, object]]:
    """The lines of one cell from its sums. Runs hold different numbers of cases, so that the interval is that of a
    ratio of means.
    """
    square = sums.reindex(index=[RUN, *names], columns=[RUN, *names], fill_value=0.0).to_numpy()
    whole = square.astype(np.int64).astype(object)
    runs, counts, products = int(whole[0, 0]), whole[0, 1:], whole[1:, 1:]
    held = counts.sum()
    share = (counts / held).astype(np.float64)
    half = _half_width(runs, counts, products, level)
    return [
        {**cell, of: name, "count": count, "held": held, "share": one, "lower": max(one - width, 0.0),
         "upper": min(one + width, 1.0)}
        for name, count, one, width in zip(names, counts, share, half, strict=True)
    ]  # fmt: skip


def _half_width(
    runs: int, counts: NDArray[np.object_], products: NDArray[np.object_], level: float
) -> NDArray[np.float64]:
    """Half the interval of a ratio of sums over runs, linearised (Cochran 1977, ch. 6); NaN for one run, (names,).

    counts, (names,), and products, (names, names), are sums over runs, as Python's whole numbers: the squares of
    residuals, counts minus share of all, are small differences of large numbers.
    """
    if runs < 2:
        return np.full(len(counts), np.nan)
    held = counts.sum()
    squares = held**2 * products.diagonal() - 2 * held * counts * products.sum(axis=1) + counts**2 * products.sum()
    error = np.sqrt(runs / (runs - 1) * (squares / held**4).astype(np.float64))
    half: NDArray[np.float64] = float(stats.t.ppf((1 + level) / 2, runs - 1)) * error
    return half
