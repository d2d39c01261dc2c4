"""Two sets of histories side by side: where they part, how differently they end, and which dates move.

Histories that have the same number and seed have the same luck, so that they are compared one by one; others are
strangers and compared as two samples. Differences are always B less A.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from config.calendar import quarter_index, quarter_name
from experiments.analysis.intervals import LEVEL, Floats, Interval, mean_interval, paired_proportions
from experiments.analysis.remedies import unpaired_width
from experiments.analysis.transitions import BEGINS, ENDS, INSTRUMENT, numbers

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

POINT = 2**40
"""More than any number of runs at a point of a design."""


def numbered(rows: pd.DataFrame) -> Ints:
    """The number of the history that each row is of: its run, and with a design its point before that, (rows,)."""
    run = rows["run"].to_numpy(np.int64)
    return rows["point"].to_numpy(np.int64) * POINT + run if "point" in rows else run


# Where histories part


@dataclass
class Parting:
    """How many histories are equal to the bit, and where the others part."""

    histories: int = 0
    equal: int = 0
    first: Counter[str] = field(default_factory=Counter)
    """Histories by the first quarter in which anything differs."""
    columns: Counter[str] = field(default_factory=Counter)
    """Histories by what differs in that quarter; one may differ in several columns."""


def parting(a: Iterable[pd.DataFrame], b: Iterable[pd.DataFrame], columns: Sequence[str]) -> Parting:
    """Where histories part, from pieces of both tables with a row per history and quarter, in order.

    Only histories and quarters that both have are compared.
    """
    found = Parting()
    for left, right in _side_by_side(a, b):
        _add(found, left, right, columns)
    return found


def _side_by_side(a: Iterable[pd.DataFrame], b: Iterable[pd.DataFrame]) -> Iterator[tuple[pd.DataFrame, pd.DataFrame]]:
    """Pieces of both tables that hold the same histories, however each was cut into pieces."""
    rests, nothing = [iter(a), iter(b)], pd.DataFrame()
    held = [next(rest, nothing) for rest in rests]
    while len(held[0]) and len(held[1]):
        keys = [numbered(one) for one in held]
        last = min(int(key[-1]) for key in keys)
        common = np.intersect1d(keys[0][keys[0] <= last], keys[1][keys[1] <= last])
        yield held[0][np.isin(keys[0], common)], held[1][np.isin(keys[1], common)]
        held = [one[key > last] for one, key in zip(held, keys, strict=True)]
        held = [one if len(one) else next(rest, nothing) for one, rest in zip(held, rests, strict=True)]


def _add(found: Parting, left: pd.DataFrame, right: pd.DataFrame, columns: Sequence[str]) -> None:
    """Add what a piece with the same histories on both sides shows."""
    times = [numbers(one["quarter"], quarter_index) for one in (left, right)]
    if not len(left):
        return
    first, last = max(int(time.min()) for time in times), min(int(time.max()) for time in times)
    histories, quarters = len(np.unique(numbered(left))), last - first + 1
    if quarters < 1:
        return
    sides = [one[(time >= first) & (time <= last)] for one, time in zip((left, right), times, strict=True)]
    differs: Bools = np.stack([_bits(sides[0], name) != _bits(sides[1], name) for name in columns])
    differs = differs.reshape(len(columns), histories, quarters)
    any_column = np.any(differs, axis=0)
    parted = any_column.any(axis=1)
    at = any_column.argmax(axis=1)
    found.histories += histories
    found.equal += int((~parted).sum())
    found.first.update(quarter_name(first + int(quarter)) for quarter in at[parted])
    there = differs[:, np.flatnonzero(parted), at[parted]].sum(axis=1)
    found.columns.update({name: int(count) for name, count in zip(columns, there, strict=True) if count})


def _bits(rows: pd.DataFrame, name: str) -> Ints:
    """A column of numbers as bits, so that -0 is not 0 and one nan is like another."""
    return np.ascontiguousarray(rows[name].to_numpy(np.float64)).view(np.int64)


# How they end


def difference(a: Floats, b: Floats, paired: bool, level: float = LEVEL) -> Interval:
    """Mean of b less that of a with its interval: Student's of the pairs, or Welch's of two samples."""
    if paired:
        return mean_interval(b - a, level)
    middle = float(b.mean() - a.mean()) if len(a) and len(b) else float("nan")
    half = unpaired_width(b, a, level) / 2
    return Interval(middle, middle - half, middle + half)


def share_difference(a: Bools, b: Bools, paired: bool, level: float = LEVEL) -> Interval:
    """Share of b less that of a: by pairs (Agresti and Min 2005), or of two samples (Agresti and Caffo 2000).

    Agresti and Caffo, The American Statistician 54: 280-288: Wald's interval after adding two cases to each sample, one
    of either kind.
    """
    if paired:
        return paired_proportions(int((b & ~a).sum()), int((a & ~b).sum()), len(a), level)
    if not len(a) or not len(b):
        return Interval(float("nan"), float("nan"), float("nan"))
    sizes = len(a) + 2, len(b) + 2
    shares = (a.sum() + 1) / sizes[0], (b.sum() + 1) / sizes[1]
    spread = np.sqrt(sum(share * (1 - share) / size for share, size in zip(shares, sizes, strict=True)))
    half, middle = float(stats.norm.ppf((1 + level) / 2) * spread), float(shares[1] - shares[0])
    return Interval(float(b.mean() - a.mean()), max(middle - half, -1.0), min(middle + half, 1.0))


# Which dates move

MOVED = ["partner", "instrument", "title", "date", "a", "b", "difference", "lower", "upper"]


@dataclass(frozen=True)
class Side:
    """What one folder knows of instruments in force: histories that went well, and what entered or left force."""

    histories: Ints
    """Ascending."""
    changes: pd.DataFrame
    """Table transitions: (point) run partner instrument stage quarter, in the order in which things happened."""
    standing: pd.DataFrame
    """partner instrument title in_force: before the first quarter (`findings.standing`)."""

    def in_force(self, date: str) -> Mapping[tuple[str, str], Bools]:
        """By partner and instrument, in which histories it is in force at the end of a quarter, (histories,)."""
        known = self.changes[self.changes["stage"].isin([BEGINS, ENDS])]
        known = known[numbers(known["quarter"], quarter_index) <= quarter_index(date)]
        last = known.assign(history=numbered(known)).drop_duplicates(["history", *INSTRUMENT], keep="last")
        place = np.searchsorted(self.histories, last["history"])
        ours = np.append(self.histories, -1)[place] == last["history"].to_numpy()
        begun = pd.DataFrame({"place": place, "begun": (last["stage"] == BEGINS).to_numpy()})[ours]
        by_key = dict(list(begun.groupby([last.loc[ours, name].astype(str).to_numpy() for name in INSTRUMENT])))
        found = {}
        for partner, instrument, before in self.standing[[*INSTRUMENT, "in_force"]].itertuples(index=False, name=None):
            found[partner, instrument] = np.full(len(self.histories), bool(before))
            if (partner, instrument) in by_key:
                changed = by_key[partner, instrument]
                found[partner, instrument][changed["place"].to_numpy()] = changed["begun"].to_numpy()
        return found


def moved(a: Side, b: Side, dates: Sequence[str], paired: bool, level: float = LEVEL) -> tuple[pd.DataFrame, int]:
    """Dated probabilities that differ by more than chance, and how many were compared.

    The level is shared out among all of them (Bonferroni), so that in one comparison in ten a single row is chance.
    """
    titles = {(row["partner"], row["instrument"]): row["title"] for row in b.standing.to_dict("records")}
    sides = {date: (a.in_force(date), b.in_force(date)) for date in dates}
    cases = [(key, date) for date, (ours, theirs) in sides.items() for key in ours if key in theirs]
    shared = 1 - (1 - level) / max(len(cases), 1)
    rows = []
    for key, date in cases:
        one, other = (side[key] for side in sides[date])
        found = share_difference(one, other, paired, shared)
        if found.lower > 0 or found.upper < 0:
            rows.append((*key, titles[key], date, one.mean(), other.mean(), *found))
    table = pd.DataFrame(rows, columns=MOVED)
    table = table.sort_values("difference", key=lambda values: -values.abs(), kind="stable", ignore_index=True)
    return table, len(cases)
