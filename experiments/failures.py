"""Histories that cannot be computed: found within their block, set apart, and kept with the place where they failed."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from config.calendar import quarter_name
from experiments.tables import Columns

if TYPE_CHECKING:
    from experiments.running import Lanes, Simulated
    from simulation.model import PartnershipModel

FAILED = "failed"
"""Column of table `runs`: where and how a run failed, "" if it went well; and the regime of a failed one."""


class RunError(FloatingPointError):
    """A number that cannot be: division by zero, an overflow, something that is not finite.

    where   quarter, phase and problem
    known   columns of table `runs` as far as they are known
    """

    def __init__(self, where: str, known: Columns) -> None:
        self.where, self.known = where, known
        super().__init__(where)


def of_model(model: "PartnershipModel", error: FloatingPointError) -> RunError:
    """What a model says when it fails in a phase."""
    phases = {phase.__name__ for phase in model.phases}
    trace, phase = error.__traceback__, "begin"
    while trace is not None:
        name = trace.tb_frame.f_code.co_name
        phase, trace = (name if name in phases else phase), trace.tb_next
    return RunError(f"{quarter_name(model.quarter)} {phase}: {error}", dict(model.drawn))


def set_apart(simulate: "Callable[[Lanes], Simulated]", lanes: "Lanes") -> "Simulated":
    """What `simulate` makes of these histories; those that fail have only their row in table `runs`.

    A block fails as a whole, so it is halved until those that fail stand alone. Histories do not depend on their
    company: the others are what they would have been.
    """
    try:
        with np.errstate(divide="raise", over="raise", invalid="raise"):
            tables, order, seconds = simulate(lanes)
        _check_finite(tables)
    except FloatingPointError as error:
        if len(lanes) == 1:
            return {"runs": _row(lanes, error)}, {}, {}
        middle = len(lanes) // 2
        return joined([set_apart(simulate, lanes.of(half)) for half in (slice(middle), slice(middle, None))])
    went_well = {FAILED: np.full(len(lanes), "", dtype=object)}
    return {**tables, "runs": _in_order({**tables["runs"], **went_well})}, order, seconds


def _check_finite(tables: Mapping[str, Columns]) -> None:
    """RunError if there is something in the tables that is no number."""
    for table, columns in tables.items():
        for name, values in columns.items():
            if values.dtype.kind == "f" and not np.isfinite(values).all():
                row = int(np.argmin(np.isfinite(values)))
                when = f"{quarter_name(int(columns['quarter'][row]))} " if "quarter" in columns else ""
                raise RunError(f"{when}{table}: {name} is {values[row]}", tables["runs"])


def _row(lanes: "Lanes", error: FloatingPointError) -> Columns:
    """Row of table `runs` of one history that failed."""
    known = error.known if isinstance(error, RunError) else {}
    where = error.where if isinstance(error, RunError) else f"begin: {error}"
    who = {"run": lanes.runs} if lanes.points is None else {"point": lanes.points, "run": lanes.runs}
    said = {"regime": np.array([FAILED], dtype=object), FAILED: np.array([where], dtype=object)}
    return _in_order({**lanes.given, **known, **who, **said})


def _in_order(runs: Columns) -> Columns:
    """Who it is and how it went first."""
    first = [name for name in ("point", "run", "regime", FAILED) if name in runs]
    return {name: runs[name] for name in dict.fromkeys([*first, *runs])}


def joined(parts: "Sequence[Simulated]") -> "Simulated":
    """Tables of several groups of histories, one after another."""
    tables = {
        name: _stacked([part[0][name] for part in parts if name in part[0]])
        for name in dict.fromkeys(name for part in parts for name in part[0])
    }
    order = {column: names for part in parts for column, names in part[1].items()}
    phases = dict.fromkeys(phase for part in parts for phase in part[2])
    return tables, order, {phase: sum(part[2].get(phase, 0.0) for part in parts) for phase in phases}


def _stacked(parts: Sequence[Columns]) -> Columns:
    """Rows of one table below each other; a column that some lack, as a failed run lacks its end, is empty there."""
    columns = max(parts, key=len)
    return {
        name: np.concatenate([part[name] if name in part else _empty(columns[name], part) for part in parts])
        for name in columns
    }


def _empty(like: np.ndarray[Any, Any], part: Columns) -> np.ndarray[Any, Any]:
    rows = len(next(iter(part.values())))
    return np.full(rows, "", dtype=object) if like.dtype.kind in "OU" else np.full(rows, np.nan)
