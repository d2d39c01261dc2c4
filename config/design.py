"""Designs: parameter sets to be simulated side by side, each a design point, from a table of one row per point.

The columns are parameters by dotted name, the file is CSV or Parquet. Cells hold what an override in TOML may hold,
one number each. Every mistake becomes one UserError that names the line of the file, or the row of a Parquet table.
"""

import csv
import hashlib
import io
import json
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from config.checking import read_text, said
from config.errors import CheckError, UserError, nearest, shown
from config.schema import SAME_IN_ALL_RUNS, Parameter, within

if TYPE_CHECKING:
    import pyarrow as pa

ENDINGS = (".csv", ".parquet")
SEPARATORS = {";": "semicolons", "\t": "tabs"}


@dataclass(frozen=True, eq=False)
class Points:
    """Parameter sets: a row of `values`, float64 (points, parameters), per design point, a column per dotted name."""

    names: tuple[str, ...]
    values: NDArray[np.float64]

    def __len__(self) -> int:
        """Number of design points."""
        return len(self.values)

    @property
    def digest(self) -> str:
        """SHA-256 of what the points say, whatever the format of the file and the order of its columns."""
        order = sorted(range(len(self.names)), key=lambda column: self.names[column])
        said_of = json.dumps([len(self), *(self.names[column] for column in order)]).encode()
        values = np.ascontiguousarray(self.values[:, order] + 0.0, dtype="<f8")  # -0 says what 0 does
        return hashlib.sha256(said_of + values.tobytes()).hexdigest()

    def given(self, points: NDArray[np.int64]) -> dict[str, NDArray[np.float64]]:
        """Values of the parameters in lanes of these points, (R,) each, as the model takes them."""
        return {name: self.values[points, column] for column, name in enumerate(self.names)}


def read_points(path: Path, parameters: Mapping[str, Parameter]) -> Points:
    """The design points in a table, known to be values that these parameters may take and runs may differ in."""
    file = said(path)
    kind = path.suffix.lower()
    if kind not in ENDINGS:
        raise UserError("is neither CSV nor Parquet", file=file, allowed=f"a file ending in {' or '.join(ENDINGS)}")
    if not path.exists():
        near = [other.name for other in path.parent.glob("*") if other.suffix.lower() in ENDINGS]
        raise UserError(
            "no such file",
            file=file,
            allowed="a table of parameter sets, its path as seen from the experiment's folder",
            suggestion=nearest(path.name, near),
        )
    checks = _Checks(file, parameters)
    return _of_csv(path, checks) if kind == ".csv" else _of_parquet(path, checks)


# Reading


def _of_csv(path: Path, checks: "_Checks") -> Points:
    rows = csv.reader(io.StringIO(read_text(path), newline=""), strict=True)
    cells, places = array("d"), []
    try:
        names = checks.names(next(rows, []))
        for row in filter(None, rows):
            places.append(f"line {rows.line_num}")
            checks.width(row, names, places[-1])
            try:
                cells.extend(map(float, row))
            except ValueError:
                for name, cell in zip(names, row, strict=True):
                    checks.cell(_numeral(cell), places[-1], name)
    except csv.Error as error:
        raise UserError(f"is not CSV: {error}", file=checks.file, allowed="values separated by commas") from None
    return checks.points(names, np.array(cells).reshape(-1, len(names)), places)


def _of_parquet(path: Path, checks: "_Checks") -> Points:
    try:
        table = _parquet(path.read_bytes())
    except (OSError, ValueError) as error:
        problem = f"cannot be read as Parquet: {_on_one_line(str(error))[:120]}"
        raise UserError(problem, file=checks.file, allowed="a table as pandas or R writes it") from None
    names = checks.names(table.column_names)
    places = [f"row {row}" for row in range(1, table.num_rows + 1)]
    columns = [_numbers(column, name, places, checks) for name, column in zip(names, table.columns, strict=True)]
    return checks.points(names, np.stack(columns, axis=1), places)


def _parquet(raw: bytes) -> "pa.Table":
    """A table as it stands in a file; ValueError if it is none."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return pq.ParquetFile(pa.BufferReader(raw)).read()
    except (OSError, LookupError, MemoryError, NotImplementedError) as error:
        raise ValueError(str(error)) from error


def _numbers(column: "pa.ChunkedArray", name: str, places: Sequence[str], checks: "_Checks") -> NDArray[np.float64]:
    """A column as float64; a UserError for the first cell that holds no number."""
    import pyarrow as pa

    kind = column.type
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        column = column.cast(pa.float64(), safe=False)
        if not column.null_count:
            return np.asarray(column.to_numpy())
    cells = column.to_pylist()
    for place, cell in zip(places, cells, strict=True):
        checks.cell(cell, place, name)
    return np.array(cells, dtype=np.float64)


def _numeral(text: str) -> float | str | None:
    """The number in a cell, None if it is empty, the text itself if it holds something else."""
    try:
        return float(text)
    except ValueError:
        return _on_one_line(text) or None


def _on_one_line(text: str) -> str:
    return " ".join(text.split())


# Checking


@dataclass(frozen=True)
class _Checks:
    """What a table must be; each check raises a UserError that names the place."""

    file: str
    parameters: Mapping[str, Parameter]

    def names(self, header: Sequence[str]) -> tuple[str, ...]:
        """The columns of a table, each a parameter in which runs may differ."""
        if not header:
            raise UserError("has no columns", file=self.file, allowed="one column for each parameter, named in line 1")
        for mark, word in SEPARATORS.items():
            if len(header) == 1 and mark in header[0]:
                raise UserError(f"is separated by {word}", file=self.file, allowed="commas, and a decimal point")
        names = tuple(map(_on_one_line, header))
        for place, name in enumerate(names, start=1):
            try:
                self._check_name(name)
                if names.count(name) > 1:
                    raise CheckError("stands twice", allowed="each column once")
            except CheckError as fault:
                raise UserError(fault.problem, file=self.file, key=f"column {place}", value=shown(name),
                                allowed=fault.allowed, suggestion=fault.suggestion) from None  # fmt: skip
        return names

    def _check_name(self, name: str) -> None:
        if not name or name.startswith("__index_level_"):
            raise CheckError("is no name", allowed="the name of a parameter", suggestion="pandas: index=False")
        if name not in self.parameters:
            families = sorted({known.partition(".")[0] for known in self.parameters})
            allowed = f"<family>.<parameter> with a family of {', '.join(families)}"
            raise CheckError("is no parameter", allowed=allowed, suggestion=nearest(name[:80], self.parameters))
        if self.parameters[name].unit == "quarter":
            raise CheckError("is a date, which cannot differ between points", allowed="a policy for each date")
        if name in SAME_IN_ALL_RUNS:
            raise CheckError("cannot differ between points", allowed="one value for all of them, in [set]")

    def width(self, row: Sequence[str], names: Sequence[str], place: str) -> None:
        """A row has a cell for each column."""
        if len(row) != len(names):
            raise UserError(
                f"has {len(row)} values",
                file=self.file,
                key=place,
                allowed=f"{len(names)}, one for each column",
                suggestion="decimals have a point, not a comma" if len(row) > len(names) else "",
            )

    def cell(self, value: Any, place: str, name: str) -> None:
        """A cell holds a number that its parameter may take."""
        parameter, key = self.parameters[name], f"{place}, {name}"
        assert parameter.range is not None
        low, high = parameter.range
        if value is None:
            raise UserError("is empty", file=self.file, key=key, allowed=f"a number from {low:g} to {high:g}")
        try:
            found = within(value, low, high)
            if parameter.unit == "switch" and found not in (0, 1):
                raise CheckError("is not a switch", allowed="0 or 1")
        except CheckError as fault:
            raise UserError(fault.problem, file=self.file, key=key, value=shown(value), allowed=fault.allowed,
                            suggestion=fault.suggestion) from None  # fmt: skip

    def points(self, names: tuple[str, ...], values: NDArray[np.float64], places: Sequence[str]) -> Points:
        """The points of a table, all its numbers checked."""
        if not places:
            raise UserError("has no rows", file=self.file, allowed="one row for each parameter set")
        ranges = np.array([self.parameters[name].range for name in names], dtype=np.float64)
        switch = np.array([self.parameters[name].unit == "switch" for name in names])
        right = (values >= ranges[:, 0]) & (values <= ranges[:, 1]) & (~switch | (values == 0) | (values == 1))
        for row, column in np.argwhere(~right)[:1]:
            self.cell(values[row, column].item(), places[row], names[column])
        return Points(names, values)


# Keeping


def write_points(points: Points) -> bytes:
    """The points as the content of a Parquet file, which `kept_points` and `read_points` read to the last bit."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    sink = io.BytesIO()
    pq.write_table(pa.table(dict(zip(points.names, points.values.T, strict=True))), sink)
    return sink.getvalue()


def kept_points(raw: bytes) -> Points:
    """What `write_points` wrote; ValueError if it did not."""
    table = _parquet(raw)
    columns = [np.asarray(column.to_numpy(), dtype=np.float64) for column in table.columns]
    return Points(tuple(table.column_names), np.stack(columns, axis=1))
