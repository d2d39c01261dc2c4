"""Saved results as labelled arrays and tables that know their units, for a notebook.

results = load("results/remedies")
results_as = to_xarray(results)                   # an xarray.Dataset: scenario, policy, run, quarter
frame = labelled(results, "transitions")          # a pandas.DataFrame with attrs["units"]
"""

import json
from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from config.errors import UserError, listed
from experiments.store import Results
from experiments.units import Column, column

if TYPE_CHECKING:
    import xarray as xr

RUNS = ("scenario", "policy", "point", "run")
GRIDS: dict[str, tuple[str, ...]] = {
    "trajectories": (*RUNS, "quarter"),
    "ends": RUNS,
    "runs": RUNS,
    "actors": (*RUNS, "quarter", "actor"),
    "bounds": (*RUNS, "quarter", "actor", "domain"),
    "summary": ("scenario", "policy", "measure", "quarter"),
}
"""Dimensions of the tables that have a value for every combination; the others are lists of what happened."""


def labelled(
    results: Results,
    table: str,
    columns: Sequence[str] | None = None,
    *,
    scenarios: Sequence[str] | None = None,
    policies: Sequence[str] | None = None,
    quarters: Sequence[str] | None = None,
) -> pd.DataFrame:
    """`Results.table` with the unit and the meaning of every column in attrs["units"] and attrs["descriptions"]."""
    rows = results.table(table, columns, scenarios=scenarios, policies=policies, quarters=quarters)
    known = _columns(results, table, [str(name) for name in rows])
    rows.attrs["units"] = {name: one.unit for name, one in known.items()}
    rows.attrs["descriptions"] = {name: one.description for name, one in known.items()}
    return rows


def to_xarray(
    results: Results,
    table: str = "trajectories",
    columns: Sequence[str] | None = None,
    *,
    scenarios: Sequence[str] | None = None,
    policies: Sequence[str] | None = None,
    quarters: Sequence[str] | None = None,
) -> "xr.Dataset":
    """A table as labelled arrays over scenario, policy, run and quarter, and what else it has.

    With a design also over point; what a point stands for are coordinates along it. A run that failed, a quarter that a
    scenario does not reach, a state that is no member are nan, and "" in columns of text. Every variable has attributes
    `units` and `description`, the whole has where it comes from. All values are held at once, 8 bytes each: choose
    columns, policies or quarters of large experiments.
    """
    if table in results.tables and table not in GRIDS:
        raise UserError("is a list of what happened, not a grid", key="table", value=table, allowed=listed(GRIDS),
                        suggestion=f"labelled(results, {table!r}) is a pandas table")  # fmt: skip
    xarray = _xarray()
    keys = [name for name in GRIDS.get(table, RUNS) if name != "point" or results.experiment.design is not None]
    wanted = None if columns is None else [*dict.fromkeys([*keys, *columns])]
    rows = results.table(table, wanted, scenarios=scenarios, policies=policies, quarters=quarters)
    coordinates = {name: _coordinate(results, rows, name) for name in keys}
    shape = tuple(len(values) for values in coordinates.values())
    places = tuple(_places(rows[name], values) for name, values in coordinates.items())
    names = [str(name) for name in rows if name not in keys and not (table == "ends" and name == "quarter")]
    data = {name: (keys, _dense(rows[name], shape, places)) for name in names}
    found: xr.Dataset = xarray.Dataset(data, coordinates, _attributes(results, table))
    for name, one in _columns(results, table, [*keys, *names]).items():
        found[name].attrs.update(units=one.unit, description=one.description)
    return _with_points(_with_dates(found), results)


def _xarray() -> Any:
    """The library; UserError, with what to type, if it is not installed."""
    if find_spec("xarray") is None:
        raise UserError("xarray is not installed", suggestion='pip install "eu-japan-partnership-sim[notebook]"')
    return import_module("xarray")


def _columns(results: Results, table: str, names: Sequence[str]) -> dict[str, Column]:
    """Unit and meaning of these columns of a table."""
    first = results.experiment.scenarios[0], results.experiment.policies[0]
    parameters = results.settings(*first).parameters if table == "runs" else None
    return {name: column(table, name, parameters) for name in names}


def _coordinate(results: Results, rows: pd.DataFrame, name: str) -> NDArray[Any]:
    """The labels along a dimension: all runs and points that were asked for, else what the table has, in its order."""
    if name == "run":
        return np.arange(results.experiment.runs)
    if name == "point":
        points = results.points()
        return np.arange(0 if points is None else len(points))
    there = rows[name].cat.remove_unused_categories().cat.categories
    return there.to_numpy(dtype=str)


def _places(labels: "pd.Series[Any]", coordinate: NDArray[Any]) -> NDArray[np.int64]:
    """Where along a dimension each row belongs, (rows,)."""
    if not isinstance(labels.dtype, pd.CategoricalDtype):
        return labels.to_numpy(np.int64)
    where = {str(label): place for place, label in enumerate(coordinate)}
    table = np.array([where.get(str(label), -1) for label in labels.cat.categories], dtype=np.int64)
    return np.asarray(table[labels.cat.codes.to_numpy(np.int64)])


def _dense(values: "pd.Series[Any]", shape: tuple[int, ...], places: tuple[NDArray[np.int64], ...]) -> NDArray[Any]:
    """A column spread over the grid; whole numbers stay whole where none is missing."""
    if not pd.api.types.is_numeric_dtype(values.dtype):
        texts: NDArray[Any] = values.astype(str).to_numpy(dtype=str)
        empty = np.full(shape, "", dtype=texts.dtype if len(texts) else "<U1")
        empty[places] = texts
        return empty
    whole = len(values) == np.prod(shape) and not values.isna().any()
    dense = np.full(shape, np.nan) if not whole else np.empty(shape, dtype=values.to_numpy().dtype)
    dense[places] = values.to_numpy()
    return dense


def _with_dates(found: "xr.Dataset") -> "xr.Dataset":
    """The same with the last day of every quarter as a coordinate `date`, to draw against."""
    if "quarter" not in found.dims:
        return found
    days = pd.PeriodIndex(found["quarter"].to_numpy(), freq="Q").end_time.normalize()
    return found.assign_coords(date=("quarter", days.to_numpy(), {"description": "last day of the quarter"}))


def _with_points(found: "xr.Dataset", results: Results) -> "xr.Dataset":
    """The same with what a design varies as coordinates along its points."""
    points = results.points()
    if points is None or "point" not in found.dims:
        return found
    values = {name: ("point", np.asarray(list(column))) for name, column in points.columns().items()}
    return found.assign_coords({name: value for name, value in values.items() if name not in found})


def _attributes(results: Results, table: str) -> dict[str, str | int]:
    """Where it comes from, as text and numbers, so that it can be written to a netCDF file."""
    there = results.provenance
    return {
        "question": results.experiment.question,
        "experiment": there["name"],
        "table": table,
        "seed": there["seed"],
        "runs": results.experiment.runs,
        "commit": there["commit"] or "",
        "rules": there["rules"],
        "fingerprint": there["fingerprint"],
        "versions": json.dumps(there["versions"]),
        "finished": there["finished"] or "",
    }
