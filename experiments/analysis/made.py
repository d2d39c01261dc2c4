"""Which histories there are, which of them failed, and how every history gets a number of its own.

A run that fails numerically has a row in table `runs` that says where, and none in any other. It cannot be left out in
silence: runs that fail under a policy may be just those in which it matters. So what is told of one policy alone says
of how many runs it is, and comparisons leave a run out of all policies of its scenario (complete cases).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from config.errors import UserError
from experiments.labels import counted, policy_label

Ints = NDArray[np.int64]

NAMED = 5
"""Failed runs that are named."""


class Tables(Protocol):
    """What is needed of `experiments.store.Results`."""

    @property
    def tables(self) -> tuple[str, ...]: ...

    def table(
        self,
        name: str,
        columns: Sequence[str] | None = None,
        *,
        scenarios: Sequence[str] | None = None,
        policies: Sequence[str] | None = None,
        quarters: Sequence[str] | None = None,
    ) -> pd.DataFrame: ...

    def parts(
        self,
        name: str,
        columns: Sequence[str] | None = None,
        *,
        scenarios: Sequence[str] | None = None,
        policies: Sequence[str] | None = None,
        quarters: Sequence[str] | None = None,
    ) -> Iterable[pd.DataFrame]: ...


@dataclass(frozen=True)
class Numbered:
    """Results of a design, read so that `run` numbers histories: point * `runs` + run, with `runs` at each point."""

    results: Tables
    runs: int

    @property
    def tables(self) -> tuple[str, ...]:
        return self.results.tables

    def table(
        self,
        name: str,
        columns: Sequence[str] | None = None,
        *,
        scenarios: Sequence[str] | None = None,
        policies: Sequence[str] | None = None,
        quarters: Sequence[str] | None = None,
    ) -> pd.DataFrame:
        return self._numbered(
            self.results.table(name, _with_point(columns), scenarios=scenarios, policies=policies, quarters=quarters)
        )

    def parts(
        self,
        name: str,
        columns: Sequence[str] | None = None,
        *,
        scenarios: Sequence[str] | None = None,
        policies: Sequence[str] | None = None,
        quarters: Sequence[str] | None = None,
    ) -> Iterator[pd.DataFrame]:
        parts = self.results.parts(
            name, _with_point(columns), scenarios=scenarios, policies=policies, quarters=quarters
        )
        return (self._numbered(part) for part in parts)

    def _numbered(self, rows: pd.DataFrame) -> pd.DataFrame:
        if "run" not in rows or "point" not in rows:
            return rows
        return rows.assign(run=rows["point"].to_numpy(np.int64) * self.runs + rows["run"]).drop(columns="point")


def _with_point(columns: Sequence[str] | None) -> Sequence[str] | None:
    return columns if columns is None or "run" not in columns else ["point", *columns]


@dataclass(frozen=True)
class Made:
    """The histories of one scenario under one policy, by their numbers."""

    well: Ints
    """Those that went well, ascending, (R,)."""
    failed: Mapping[int, str]
    """Those that failed, and where and how."""

    @property
    def all(self) -> int:
        """How many were begun."""
        return len(self.well) + len(self.failed)

    @property
    def said(self) -> str:
        """How many went well: "1,000 runs" or "997 of 1,000 runs"."""
        return of_all(len(self.well), self.all)


def made(results: Tables, scenario: str, policy: str) -> Made:
    """The histories that table `runs` lists of a scenario under a policy."""
    well, failed = [np.empty(0, dtype=np.int64)], dict[int, str]()
    for part in results.parts("runs", ["run", "failed"], scenarios=[scenario], policies=[policy]):
        runs, where = part["run"].to_numpy(np.int64), part["failed"].astype(str).to_numpy()
        fine = where == ""
        well.append(runs[fine])
        failed.update(zip(runs[~fine].tolist(), where[~fine].tolist(), strict=True))
    return Made(np.sort(np.concatenate(well)), failed)


def complete(every: Iterable[Made]) -> Ints:
    """Histories that went well under all policies, ascending."""
    return reduce(np.intersect1d, (one.well for one in every))


def require_well(one: Made, scenario: str, policy: str) -> Made:
    """The same; UserError if not one run went well."""
    if not len(one.well):
        first = next(iter(one.failed.values()), "none was begun")
        raise UserError("has no run that went well", key=f"scenario {scenario}, {policy_label(policy)}",
                        value=f"{counted(one.all)} failed, the first in {first}",
                        suggestion="look at the parameters in table runs that they have in common")  # fmt: skip
    return one


def of_all(some: int, every: int, noun: str = "run") -> str:
    """A number out of how many, if not all: "997 of 1,000 runs"."""
    return counted(every, noun) if some == every else f"{some:,} of {counted(every, noun)}"


def run_name(number: int, per_point: int | None) -> str:
    """A history's name for readers; `per_point` is how many runs each point of a design has."""
    return f"run {number}" if per_point is None else f"point {number // per_point}, run {number % per_point}"


def failures_said(one: Made, policy: str, left_out: str, per_point: int | None = None) -> str:
    """Which runs of a policy failed and where, in a sentence; "" if none did. `left_out` says of what, or nothing."""
    if not one.failed:
        return ""
    names = [f"{run_name(number, per_point)} ({where})" for number, where in sorted(one.failed.items())[:NAMED]]
    more = [f"and {len(one.failed) - NAMED:,} more"] if len(one.failed) > NAMED else []
    some = ("" if len(one.well) else "All ") + of_all(len(one.failed), one.all)
    are = "is" if len(one.failed) == 1 else "are"
    return f"{some} failed with {policy_label(policy)} and {are} left out{left_out}: {', '.join([*names, *more])}."
