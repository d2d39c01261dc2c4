"""Who stops what: vetoes of states in the model, by state, year and subject, beside those on record.

A veto is one state that stops one decision in one quarter; a decision that three states stop counts three vetoes.
Foreign policy is everything but enlargement: files with Japan, Russia, China and the Peace Facility. It stands beside
the vetoes on record that concern the common foreign and security policy. Enlargement has a record of its own.

The record is `config/series/vetoes.csv`, gathered by the EU Veto Tracker from the press and incomplete by its own
account. It ends with 2021: later rows are kept for validation and are not in the file.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

import config
from config.calendar import quarter_index
from experiments.analysis.counting import Counts

Floats = NDArray[np.float64]

RECORD = Path(config.__file__).parent / "series" / "vetoes.csv"
FIRST, LAST = "2011Q3", "2021Q4"
"""First and last quarter that the record covers in full."""

FOREIGN, ENLARGEMENT = "foreign policy", "enlargement"
SCOPES = (FOREIGN, ENLARGEMENT)
"""What is compared with what: see above."""

FILES, ELSEWHERE = "files with Japan", "other"
SUBJECTS = (FILES, "russia", "china", "peace_facility", ENLARGEMENT, ELSEWHERE)
"""`other` is on record alone: the Middle East, Belarus; the model has no such business."""

ENDS, FEW = (0.05, 0.95), 12
"""Quantiles of the bands over runs; states told by name, besides those on record."""
OTHERS = "others"
"""Stands for all states that are not told by name."""

DECADE = 40
"""Quarters in ten years."""

RECORD_COLUMNS = ["quarter", "date", "actor", "topic", "cfsp", "source"]
ROW = ["run", "quarter", "subject", "actor"]
BAND = ["mean", "lower", "upper"]


def record(file: Path = RECORD) -> pd.DataFrame:
    """Vetoes on record that the model could have too: scope quarter actor subject, a row for each state."""
    rows = pd.read_csv(file, dtype={"cfsp": int}, keep_default_na=False)[RECORD_COLUMNS]
    scope = np.select([rows["cfsp"] == 1, rows["topic"] == ENLARGEMENT], SCOPES, "")
    named = rows.assign(scope=scope).rename(columns={"topic": "subject"})
    kept = named.loc[named["scope"] != "", ["scope", "quarter", "actor", "subject"]]
    return kept.astype(object).reset_index(drop=True)


def covered(quarters: Sequence[str]) -> list[str]:
    """Those of these quarters that the record covers."""
    return [quarter for quarter in quarters if quarter_index(FIRST) <= quarter_index(quarter) <= quarter_index(LAST)]


@dataclass(frozen=True)
class Beside:
    """What of a scenario is compared with the record."""

    quarters: list[str]
    """Those on record too, or all of the scenario where there are none."""
    seen: pd.DataFrame | None
    """Rows of `record` in these quarters, None where it covers none of them."""


def beside(quarters: Sequence[str]) -> Beside:
    """The quarters of a scenario that the record covers, with the record; all quarters where it covers none."""
    both = covered(quarters)
    return Beside(both, _within(record(), both)) if both else Beside(list(quarters), None)


def cast(vetoes: pd.DataFrame) -> pd.DataFrame:
    """Rows of table `vetoes`, one scenario and policy, with their scope: scope run quarter actor subject.

    vetoes  run quarter subject actor; a subject that is no other business is a file with Japan
    """
    rows = vetoes[ROW].reset_index(drop=True)
    for name in ROW[1:]:
        rows[name] = rows[name].astype(object)
    rows["subject"] = rows["subject"].where(rows["subject"].isin(SUBJECTS), FILES)
    rows["scope"] = np.where(rows["subject"] == ENLARGEMENT, ENLARGEMENT, FOREIGN)
    return rows[["scope", *ROW]]


class Stopped:
    """The vetoes of one scenario and policy, counted over runs, beside those on record.

    Only how many runs have how many vetoes is kept, of each state, subject and year: memory does not grow with runs.
    Who is told by name depends on all runs, so that the vetoes are read twice.
    """

    def __init__(
        self,
        parts: Callable[[], Iterable[pd.DataFrame]],
        runs: int,
        quarters: Sequence[str],
        place: Beside,
        most: int = FEW,
    ) -> None:
        """Count vetoes.

        parts     gives the rows of `cast` in pieces, every run whole in one piece, as often as it is called
        runs      that went well, with vetoes or without
        quarters  of the scenario; of years all are counted, of all else those of `place`
        most      states after so many that are not on record are `others` together
        """
        self.place, self.quarters = place, list(quarters)
        self.cast: Counter[tuple[str, str]] = Counter()
        """By scope and state, in the quarters of `place`."""
        self.none = True
        """Whether nothing was stopped in any quarter."""
        for rows in parts():
            self.none &= rows.empty
            here = _within(rows, place.quarters)
            self.cast.update(zip(here["scope"], here["actor"], strict=True))
        self.names = _told(self.cast, place.seen, most)
        self.leader = next(iter(_ranked(_of_scope(self.cast, FOREIGN))), "")
        years = sorted({int(quarter[:4]) for quarter in self.quarters})
        self._states, self._years, self._all = (
            {scope: _PerRun(names, runs) for scope in SCOPES} for names in (self.names, years, ["all"])
        )
        self._subjects = _PerRun(SUBJECTS, runs)
        self._leading: tuple[Counter[float], Counter[float]] = (Counter(), Counter())
        """In how many runs the leader, and the first of the run whoever it is, has each share."""
        for rows in parts():
            self._add(rows)

    def _add(self, rows: pd.DataFrame) -> None:
        here, inside = _within(rows, self.place.quarters), _within(rows, self.quarters)
        for scope in SCOPES:
            part, ever = _of(here, scope), _of(inside, scope)
            self._states[scope].add(part["actor"].where(part["actor"].isin(self.names), OTHERS), part["run"])
            self._all[scope].add(pd.Series("all", part.index, dtype=object), part["run"])
            self._years[scope].add(ever["quarter"].str[:4].astype(int), ever["run"])
        decisions = here.drop_duplicates(["run", "quarter", "subject"])
        self._subjects.add(decisions["subject"], decisions["run"])
        foreign = _of(here, FOREIGN)
        counts = pd.crosstab(foreign["run"], foreign["actor"])
        for shares, own in zip(self._leading, (counts.get(self.leader, 0), counts.max(axis=1)), strict=True):
            shares.update((own / counts.sum(axis=1)).tolist())

    def by_state(self) -> pd.DataFrame:
        """Vetoes per ten years of each state: scope actor mean lower upper count rate.

        `lower` and `upper` are the 5 and 95 % quantiles over runs; `count` are the vetoes on record in these quarters,
        `rate` the same per ten years, NaN without a record. Every state has a row for each scope; those with most
        vetoes on foreign policy come first.
        """
        parts = [
            self._per_decade(self._states[scope], self._seen(scope), "actor").assign(scope=scope) for scope in SCOPES
        ]
        return pd.concat(parts, ignore_index=True)[["scope", "actor", *BAND, "count", "rate"]]

    def by_year(self) -> pd.DataFrame:
        """All states' vetoes in each calendar year: scope year quarters mean lower upper count.

        `quarters` is how many of the year are simulated; `count` is NaN in years that run or record do not cover whole.
        """
        there, whole = ([int(name[:4]) for name in some] for some in (self.quarters, covered(self.quarters)))
        parts = []
        for scope in SCOPES:
            table, seen = self._years[scope].band(), self._seen(scope)
            years = self._years[scope].names
            theirs = None if seen is None else seen.assign(year=seen["quarter"].str[:4].astype(int))
            count = np.where([whole.count(year) == 4 for year in years], _on_record(theirs, "year", years), np.nan)
            quarters = [there.count(year) for year in years]
            parts.append(table.assign(scope=scope, year=years, quarters=quarters, count=count))
        return pd.concat(parts, ignore_index=True)[["scope", "year", "quarters", *BAND, "count"]]

    def by_subject(self) -> pd.DataFrame:
        """Decisions stopped per ten years, whoever stopped them: subject mean lower upper count rate.

        A decision is a subject in a quarter. Subjects that are stopped neither in the model nor on record are left out.
        """
        seen = None if self.place.seen is None else self.place.seen.drop_duplicates(["quarter", "subject"])
        table = self._per_decade(self._subjects, seen, "subject")
        kept: pd.DataFrame = table.loc[(table["mean"] > 0) | (table["count"] > 0)]
        return kept[["subject", *BAND, "count", "rate"]].reset_index(drop=True)

    def totals(self) -> pd.DataFrame:
        """All states' vetoes per ten years: scope mean lower upper count rate, as in `by_state`."""
        parts = []
        for scope in SCOPES:
            seen = self._seen(scope)
            theirs = None if seen is None else seen.assign(all="all")
            parts.append(self._per_decade(self._all[scope], theirs, "all").assign(scope=scope))
        return pd.concat(parts, ignore_index=True)[["scope", *BAND, "count", "rate"]]

    def leading(self) -> pd.DataFrame:
        """How much of the vetoes on foreign policy comes from one state: of actor share lower upper.

        of = model     the state with most vetoes in all runs, and its share in them
             each run  the state with most in each run, whoever it is, and its share there, mean over runs
             record    the state with most on record, and its share there

        One history always has a leader: the record is to be compared with `each run`. `lower` and `upper` are 5 and
        95 % quantiles over runs in which there is a veto at all; without vetoes a line is left out.
        """
        lines: list[dict[str, Any]] = []
        if foreign := _of_scope(self.cast, FOREIGN):
            own, top = self._leading
            pooled = foreign[self.leader] / sum(foreign.values())
            each = sum(share * runs for share, runs in top.items()) / sum(top.values())
            for of, actor, share, over in (("model", self.leader, pooled, own), ("each run", "", each, top)):
                lower, upper = _quantiles(over)
                lines.append({"of": of, "actor": actor, "share": share, "lower": float(lower), "upper": float(upper)})
        theirs = self._seen(FOREIGN)
        if theirs is not None and len(theirs):
            name = _ranked(Counter(theirs["actor"]))[0]
            lines.append({"of": "record", "actor": name, "share": float((theirs["actor"] == name).mean())})
        return pd.DataFrame(lines, columns=["of", "actor", "share", "lower", "upper"])

    def _seen(self, scope: str) -> pd.DataFrame | None:
        """The record of a scope in the quarters that are compared, None if there is none."""
        return None if self.place.seen is None else _of(self.place.seen, scope)

    def _per_decade(self, counts: "_PerRun", seen: pd.DataFrame | None, column: str) -> pd.DataFrame:
        """Counts of the model and of the record per ten years, a row for each name."""
        per = DECADE / max(len(self.place.quarters), 1)
        table, on_record = counts.band() * per, _on_record(seen, column, counts.names)
        table[column], table["count"], table["rate"] = counts.names, on_record, on_record * per
        return table


class _PerRun:
    """In how many runs each name occurs how often."""

    def __init__(self, names: Sequence[Any], runs: int) -> None:
        self.names, self.runs = list(names), runs
        self._counts = Counts(len(self.names))

    def add(self, names: "pd.Series[Any]", run: "pd.Series[Any]") -> None:
        """Count the names of rows, run by run; every run whole."""
        place = names.map({name: number for number, name in enumerate(self.names)}).to_numpy(dtype=np.int64)
        number, runs = pd.factorize(run)
        cell, times = np.unique(place * max(len(runs), 1) + number, return_counts=True)
        self._counts.add(cell // max(len(runs), 1), times)

    def band(self) -> pd.DataFrame:
        """Mean and 5 and 95 % quantiles over runs, a row for each name."""
        rest = self.runs - self._counts.size()
        self._counts.merge(np.arange(len(self.names)), np.zeros(len(self.names)), rest)
        lower, upper = self._counts.quantiles(ENDS).T
        return pd.DataFrame({"mean": self._counts.mean(), "lower": lower, "upper": upper})


def _quantiles(runs: Mapping[float, int]) -> Floats:
    """The ENDS of values, each in so many runs, as `numpy.quantile` has them of all runs."""
    value = np.array(sorted(runs))
    number = np.array([runs[one] for one in value.tolist()])
    after = np.cumsum(number)
    places = np.stack([after - number, after - 1], axis=1).ravel()
    ends: Floats = np.interp(np.array(ENDS) * (after[-1] - 1), places, np.repeat(value, 2))
    return ends


def _within(rows: pd.DataFrame, quarters: Sequence[str]) -> pd.DataFrame:
    return rows[rows["quarter"].isin(list(quarters))]


def _of(rows: pd.DataFrame, scope: str) -> pd.DataFrame:
    return rows[rows["scope"] == scope]


def _of_scope(cast: Mapping[tuple[str, str], int], scope: str) -> Counter[str]:
    """Vetoes by state."""
    return Counter({actor: count for (where, actor), count in cast.items() if where == scope})


def _ranked(counts: Mapping[str, int]) -> list[str]:
    """Names by how often they occur, then by the alphabet."""
    return sorted(counts, key=lambda name: (-counts[name], name))


def _told(cast: Mapping[tuple[str, str], int], seen: pd.DataFrame | None, most: int) -> list[str]:
    """States told by name in order of their vetoes on foreign policy; `others` at the end if there are any."""
    foreign, enlargement = (_of_scope(cast, scope) for scope in SCOPES)
    on_record = [] if seen is None else _ranked(Counter(seen["actor"]))
    everyone = list(dict.fromkeys([*_ranked(foreign), *_ranked(foreign + enlargement), *on_record]))
    if len(everyone) <= most + 1:
        return everyone
    named = [name for place, name in enumerate(everyone) if place < most or name in on_record]
    return named if len(named) == len(everyone) else [*named, OTHERS]


def _on_record(seen: pd.DataFrame | None, column: str, names: Sequence[Any]) -> Floats:
    """Rows on record for each name, NaN without a record, (names,)."""
    if seen is None:
        return np.full(len(names), np.nan)
    return np.array([int((seen[column] == name).sum()) for name in names], dtype=np.float64)
