"""Who stops what: vetoes of states in the model, by state, year and subject, beside those on record.

A veto is one state that stops one decision in one quarter; a decision that three states stop counts three vetoes.
Foreign policy is everything but enlargement: files with Japan, Russia, China and the Peace Facility. It stands beside
the vetoes on record that concern the common foreign and security policy. Enlargement has a record of its own.

The record is `config/series/vetoes.csv`, gathered by the EU Veto Tracker from the press and incomplete by its own
account. It ends with 2021: later rows are kept for validation and are not in the file.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

import config
from config.calendar import quarter_index

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


def by_state(
    rows: pd.DataFrame, runs: int, quarters: Sequence[str], seen: pd.DataFrame | None = None, most: int = FEW
) -> pd.DataFrame:
    """Vetoes per ten years of each state: scope actor mean lower upper count rate.

    rows      of `cast`; runs are numbered from 0 to `runs` - 1
    quarters  that are counted, in both
    seen      of `record`; None leaves `count` (vetoes on record in these quarters) and `rate` (per ten years) NaN

    `lower` and `upper` are the 5 and 95 % quantiles over runs. Every state has a row for each scope; those with most
    vetoes on foreign policy come first. States after the first `most` that are not on record are `others` together.
    """
    here, there = _within(rows, quarters), None if seen is None else _within(seen, quarters)
    names = _told(here, there, most)
    parts = []
    for scope in SCOPES:
        part, theirs = _of(here, scope), None if there is None else _of(there, scope)
        states = part["actor"].where(part["actor"].isin(names), OTHERS)
        table = _per_decade(_counts(states, part["run"], names, runs), quarters, _on_record(theirs, "actor", names))
        parts.append(table.assign(scope=scope, actor=names))
    return pd.concat(parts, ignore_index=True)[["scope", "actor", *BAND, "count", "rate"]]


def by_year(rows: pd.DataFrame, runs: int, quarters: Sequence[str], seen: pd.DataFrame | None = None) -> pd.DataFrame:
    """All states' vetoes in each calendar year: scope year quarters mean lower upper count.

    `quarters` is how many of the year are simulated; `count` is NaN in years that run or record do not cover whole.
    """
    there = [int(quarter[:4]) for quarter in quarters]
    years = sorted(set(there))
    whole = [int(quarter[:4]) for quarter in covered(quarters)]
    parts = []
    for scope in SCOPES:
        part = _of(_within(rows, quarters), scope)
        table = _band(_counts(part["quarter"].str[:4].astype(int), part["run"], years, runs))
        table = table.assign(scope=scope, year=years, quarters=[there.count(year) for year in years])
        theirs = None if seen is None else _of(seen, scope).assign(year=lambda one: one["quarter"].str[:4].astype(int))
        count = _on_record(theirs, "year", years)
        table["count"] = np.where([whole.count(year) == 4 for year in years], count, np.nan)
        parts.append(table)
    return pd.concat(parts, ignore_index=True)[["scope", "year", "quarters", *BAND, "count"]]


def by_subject(
    rows: pd.DataFrame, runs: int, quarters: Sequence[str], seen: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Decisions stopped per ten years, whoever stopped them: subject mean lower upper count rate.

    A decision is a subject in a quarter. Subjects that are stopped neither in the model nor on record are left out.
    """
    here = _within(rows, quarters).drop_duplicates(["run", "quarter", "subject"])
    there = None if seen is None else _within(seen, quarters).drop_duplicates(["quarter", "subject"])
    counts = _counts(here["subject"], here["run"], SUBJECTS, runs)
    table = _per_decade(counts, quarters, _on_record(there, "subject", SUBJECTS)).assign(subject=SUBJECTS)
    some = (counts.sum(axis=1) > 0) | (table["count"].to_numpy() > 0)
    kept: pd.DataFrame = table.loc[some, ["subject", *BAND, "count", "rate"]]
    return kept.reset_index(drop=True)


def totals(rows: pd.DataFrame, runs: int, quarters: Sequence[str], seen: pd.DataFrame | None = None) -> pd.DataFrame:
    """All states' vetoes per ten years: scope mean lower upper count rate, as in `by_state`."""
    parts = []
    for scope in SCOPES:
        part = _of(_within(rows, quarters), scope)
        theirs = None if seen is None else _of(_within(seen, quarters), scope)
        counts = _counts(part["scope"], part["run"], [scope], runs)
        parts.append(_per_decade(counts, quarters, _on_record(theirs, "scope", [scope])).assign(scope=scope))
    return pd.concat(parts, ignore_index=True)[["scope", *BAND, "count", "rate"]]


def leading(rows: pd.DataFrame, runs: int, quarters: Sequence[str], seen: pd.DataFrame | None = None) -> pd.DataFrame:
    """How much of the vetoes on foreign policy comes from one state: of actor share lower upper.

    of = model     the state with most vetoes in all runs, and its share in them
         each run  the state with most in each run, whoever it is, and its share there, mean over runs
         record    the state with most on record, and its share there

    One history always has a leader: the record is to be compared with `each run`. `lower` and `upper` are 5 and 95 %
    quantiles over runs in which there is a veto at all; without vetoes a line is left out.
    """
    lines: list[dict[str, Any]] = []
    here = _of(_within(rows, quarters), FOREIGN)
    if len(here):
        names = _ranked(here["actor"])
        counts = _counts(here["actor"], here["run"], names, runs)
        in_runs = counts[:, counts.sum(axis=0) > 0]
        shares = in_runs / in_runs.sum(axis=0)
        first, top = shares[0], shares.max(axis=0)
        pooled = float(counts[0].sum() / counts.sum())
        for of, actor, share, over in (("model", names[0], pooled, first), ("each run", "", float(top.mean()), top)):
            lower, upper = np.quantile(over, ENDS)
            lines.append({"of": of, "actor": actor, "share": share, "lower": float(lower), "upper": float(upper)})
    theirs = None if seen is None else _of(_within(seen, quarters), FOREIGN)
    if theirs is not None and len(theirs):
        name = _ranked(theirs["actor"])[0]
        lines.append({"of": "record", "actor": name, "share": float((theirs["actor"] == name).mean())})
    return pd.DataFrame(lines, columns=["of", "actor", "share", "lower", "upper"])


def _within(rows: pd.DataFrame, quarters: Sequence[str]) -> pd.DataFrame:
    return rows[rows["quarter"].isin(list(quarters))]


def _of(rows: pd.DataFrame, scope: str) -> pd.DataFrame:
    return rows[rows["scope"] == scope]


def _ranked(actors: "pd.Series[Any]") -> list[str]:
    """Names by how often they occur, then by the alphabet."""
    counts = actors.value_counts()
    return sorted((str(name) for name in counts.index), key=lambda name: (-int(counts[name]), name))


def _told(rows: pd.DataFrame, seen: pd.DataFrame | None, most: int) -> list[str]:
    """States told by name in order of their vetoes on foreign policy; `others` at the end if there are any."""
    foreign = _ranked(_of(rows, FOREIGN)["actor"])
    on_record = [] if seen is None else _ranked(seen["actor"])
    everyone = list(dict.fromkeys([*foreign, *_ranked(rows["actor"]), *on_record]))
    if len(everyone) <= most + 1:
        return everyone
    named = [name for place, name in enumerate(everyone) if place < most or name in on_record]
    return named if len(named) == len(everyone) else [*named, OTHERS]


def _counts(keys: "pd.Series[Any]", run: "pd.Series[Any]", names: Sequence[Any], runs: int) -> Floats:
    """How often each name occurs in each run, (names, runs)."""
    place = keys.map({name: number for number, name in enumerate(names)}).to_numpy(dtype=np.int64)
    cell = place * runs + run.to_numpy(dtype=np.int64)
    return np.bincount(cell, minlength=len(names) * runs).reshape(len(names), runs).astype(np.float64)


def _band(values: Floats) -> pd.DataFrame:
    """Mean and 5 and 95 % quantiles over runs, (names, runs) to a row for each name."""
    lower, upper = np.quantile(values, ENDS, axis=1) if len(values) else (np.empty(0), np.empty(0))
    return pd.DataFrame({"mean": values.mean(axis=1), "lower": lower, "upper": upper})


def _per_decade(counts: Floats, quarters: Sequence[str], seen: Floats) -> pd.DataFrame:
    """Counts of the model, (names, runs), and of the record, (names,), per ten years of these quarters."""
    per = DECADE / max(len(quarters), 1)
    return _band(counts * per).assign(count=seen, rate=seen * per)


def _on_record(seen: pd.DataFrame | None, column: str, names: Sequence[Any]) -> Floats:
    """Rows on record for each name, NaN without a record, (names,)."""
    if seen is None:
        return np.full(len(names), np.nan)
    return np.array([int((seen[column] == name).sum()) for name in names], dtype=np.float64)
