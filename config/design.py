"""Designs: parameter sets to be simulated side by side, each a design point.

A table has one row per point, its columns are dotted names, the file is CSV or Parquet. Cells hold what an override in
TOML may hold, one value each. Every mistake becomes one UserError that names the line of the file, or the row of a
Parquet table. Points that are made by a scheme: config/scheme.py.
"""

import csv
import hashlib
import io
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from config.checking import read_text, said
from config.errors import CheckError, UserError, nearest, shown
from config.loading import Base, Layer, known_keys, with_layer
from config.schema import SAME_IN_ALL_RUNS, Parameter, within

if TYPE_CHECKING:
    import pyarrow as pa

ENDINGS = (".csv", ".parquet")
SEPARATORS = {";": "semicolons", "\t": "tabs"}
CHANCE = "chance"
"""Column with the number of the history whose luck a point has."""
MOST_LUCK = 2**53
KEPT = b"design"
"""Key in a file's metadata under which stands what its columns are."""

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def in_lanes(parameters: Mapping[str, Parameter], name: str) -> bool:
    """Whether histories of one block may differ in what has this name: dates, actors and instruments may not."""
    return name in parameters and parameters[name].unit != "quarter" and name not in SAME_IN_ALL_RUNS


@dataclass(frozen=True, eq=False)
class Variants:
    """What a model has as one value: dates, attributes of actors, properties of instruments.

    names  dotted names, one per column of `rows`
    rows   the different combinations that come up, numbers, texts and switches
    of     (points,): which of them each point has
    """

    names: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    of: Ints

    def row(self, number: int) -> dict[str, Any]:
        """A combination by dotted name, as an override has it."""
        return dict(zip(self.names, self.rows[number], strict=True))

    def column(self, name: str) -> list[Any]:
        """Value of a name at every point."""
        place = self.names.index(name)
        return [self.rows[number][place] for number in self.of.tolist()]


@dataclass(frozen=True, eq=False)
class Points:
    """Parameter sets: a row of `values`, float64 (points, parameters), per design point, a column per dotted name.

    variants  what only differs between models; None if there is nothing of the kind
    luck      (points,): number of the history whose luck each point has; None where run 17 has its own at all points
    levers    which of all names are choices; points with the same choice stand together, in the same order
    choices   how many combinations of choices there are
    """

    names: tuple[str, ...]
    values: Floats
    variants: Variants | None = None
    luck: Ints | None = None
    levers: tuple[str, ...] = ()
    choices: int = 1

    def __len__(self) -> int:
        """Number of design points."""
        return len(self.values)

    @property
    def samples(self) -> int:
        """Points of each combination of choices: sample i of one is compared with sample i of another."""
        return len(self) // self.choices

    def columns(self) -> dict[str, list[Any] | Floats | Ints]:
        """Everything by name, a value per point."""
        columns: dict[str, list[Any] | Floats | Ints] = dict(zip(self.names, self.values.T, strict=True))
        if self.variants is not None:
            columns |= {name: self.variants.column(name) for name in self.variants.names}
        return columns if self.luck is None else {**columns, CHANCE: self.luck}

    @property
    def digest(self) -> str:
        """SHA-256 of what the points say, whatever the format of the file and the order of its columns."""
        order = sorted(range(len(self.names)), key=lambda column: self.names[column])
        said_of: list[Any] = [len(self), *(self.names[column] for column in order)]
        if self.variants is not None:
            said_of += [[name, self.variants.column(name)] for name in sorted(self.variants.names)]
        if self.luck is not None:
            said_of.append(self.luck.tolist())
        values = np.ascontiguousarray(self.values[:, order] + 0.0, dtype="<f8")  # -0 says what 0 does
        return hashlib.sha256(json.dumps(said_of).encode() + values.tobytes()).hexdigest()

    def given(self, points: Ints) -> dict[str, Floats]:
        """Values of the parameters in lanes of these points, (R,) each, as the model takes them."""
        return {name: self.values[points, column] for column, name in enumerate(self.names)}


def points_from(columns: Mapping[str, Sequence[Any] | Floats], base: Base, **choices: Any) -> Points:
    """Points from their columns, a value each per point; `choices` are `levers` and `choices` of the points."""
    columns = dict(columns)
    luck = columns.pop(CHANCE, None)
    rows = len(next(iter(columns.values()))) if columns else len(luck if luck is not None else ())
    lanes = tuple(name for name in columns if in_lanes(base.parameters, name))
    values = [np.asarray(columns[name], dtype=np.float64) for name in lanes]
    others = {name: list(column) for name, column in columns.items() if name not in lanes}
    return Points(
        lanes,
        np.stack(values, axis=1) if values else np.empty((rows, 0)),
        _variants(others) if others else None,
        None if luck is None else np.asarray(luck, dtype=np.int64),
        **choices,
    )


def _variants(columns: Mapping[str, Sequence[Any]]) -> Variants:
    """The different rows of these columns, in the order in which they come up first."""
    columns = {name: _alike(column) for name, column in columns.items()}
    numbers: dict[tuple[Any, ...], int] = {}
    of = [numbers.setdefault(row, len(numbers)) for row in zip(*columns.values(), strict=True)]
    return Variants(tuple(columns), tuple(numbers), np.array(of, dtype=np.int64))


def _alike(column: Sequence[Any]) -> Sequence[Any]:
    """Whole numbers as floats where others are."""
    kinds = {type(value) for value in column}
    return [float(value) for value in column] if kinds == {int, float} else column


def check_variants(points: Points, base: Base, file: str, place: Callable[[int], str]) -> None:
    """Each combination of what only models have, tried on `base`; `place` is what stands before a point's names."""
    for number in range(0 if points.variants is None else len(points.variants.rows)):
        assert points.variants is not None
        try:
            with_layer(base, Layer("", "", points.variants.row(number)))
        except UserError as error:
            key = f"{place(int(np.argmax(points.variants.of == number)))}{error.key}"
            raise UserError(error.problem, file=file, key=key, value=error.value, allowed=error.allowed,
                            suggestion=error.suggestion) from None  # fmt: skip


def read_points(path: Path, base: Base) -> Points:
    """The design points in a table, known to be values that what `base` has may take."""
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
    checks = _Checks(file, base)
    return _of_csv(path, checks) if kind == ".csv" else _of_parquet(path, checks)


# Reading


def _of_csv(path: Path, checks: "_Checks") -> Points:
    rows = csv.reader(io.StringIO(read_text(path), newline=""), strict=True)
    found, places = list[list[str]](), list[str]()
    try:
        names = checks.names(next(rows, []))
        for row in filter(None, rows):
            places.append(f"line {rows.line_num}")
            checks.width(row, names, places[-1])
            found.append(row)
    except csv.Error as error:
        raise UserError(f"is not CSV: {error}", file=checks.file, allowed="values separated by commas") from None
    cells = list(zip(*found, strict=True)) if found else [()] * len(names)
    columns = {name: _read(name, column, places, checks) for name, column in zip(names, cells, strict=True)}
    return checks.points(columns, places)


def _read(name: str, cells: Sequence[str], places: Sequence[str], checks: "_Checks") -> Sequence[Any] | Floats:
    """A column of a CSV file: numbers, or what an override may hold."""
    if not checks.holds_numbers(name):
        return [_value(cell) for cell in cells]
    try:
        return np.array(list(map(float, cells)), dtype=np.float64)
    except ValueError:
        return checks.numbers(name, [_numeral(cell) for cell in cells], places)


def _of_parquet(path: Path, checks: "_Checks") -> Points:
    try:
        table = _parquet(path.read_bytes())
    except (OSError, ValueError) as error:
        problem = f"cannot be read as Parquet: {_on_one_line(str(error))[:120]}"
        raise UserError(problem, file=checks.file, allowed="a table as pandas or R writes it") from None
    names = checks.names(table.column_names)
    places = [f"row {row}" for row in range(1, table.num_rows + 1)]
    columns = {
        name: _numbers(column, name, places, checks) if checks.holds_numbers(name) else column.to_pylist()
        for name, column in zip(names, table.columns, strict=True)
    }
    return checks.points(columns, places)


def _parquet(raw: bytes) -> "pa.Table":
    """A table as it stands in a file; ValueError if it is none."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return pq.ParquetFile(pa.BufferReader(raw)).read()
    except (OSError, LookupError, MemoryError, NotImplementedError) as error:
        raise ValueError(str(error)) from error


def _numbers(column: "pa.ChunkedArray", name: str, places: Sequence[str], checks: "_Checks") -> Floats:
    """A column as float64; a UserError for the first cell that holds no number."""
    import pyarrow as pa

    kind = column.type
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        column = column.cast(pa.float64(), safe=False)
        if not column.null_count:
            return np.asarray(column.to_numpy())
    return checks.numbers(name, column.to_pylist(), places)


def _numeral(text: str) -> float | str | None:
    """The number in a cell, None if it is empty, the text itself if it holds something else."""
    try:
        return float(text)
    except ValueError:
        return _on_one_line(text) or None


def _value(text: str) -> Any:
    """What a cell holds of a date, an actor or an instrument: a whole number, another one, a switch, a word."""
    found = _numeral(text)
    if isinstance(found, str):
        return {"true": True, "false": False}.get(found.casefold(), found)
    return int(found) if found is not None and found.is_integer() else found


def _on_one_line(text: str) -> str:
    return " ".join(text.split())


# Checking


@dataclass(frozen=True)
class _Checks:
    """What a table must be; each check raises a UserError that names the place."""

    file: str
    base: Base

    def holds_numbers(self, name: str) -> bool:
        """Whether a column is one of numbers only."""
        return name == CHANCE or in_lanes(self.base.parameters, name)

    def names(self, header: Sequence[str]) -> tuple[str, ...]:
        """The columns of a table, each the name of something that may differ between points."""
        if not header:
            raise UserError("has no columns", file=self.file, allowed="one column for each parameter, named in line 1")
        for mark, word in SEPARATORS.items():
            if len(header) == 1 and mark in header[0]:
                raise UserError(f"is separated by {word}", file=self.file, allowed="commas, and a decimal point")
        names = tuple(map(_on_one_line, header))
        for place, name in enumerate(names, start=1):
            try:
                if not name or name.startswith("__index_level_"):
                    raise CheckError("is no name", allowed="the name of a parameter", suggestion="pandas: index=False")
                if name != CHANCE:
                    check_name(name, self.base)
                if names.count(name) > 1:
                    raise CheckError("stands twice", allowed="each column once")
            except CheckError as fault:
                raise UserError(fault.problem, file=self.file, key=f"column {place}", value=shown(name),
                                allowed=fault.allowed, suggestion=fault.suggestion) from None  # fmt: skip
        return names

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

    def numbers(self, name: str, cells: Iterable[Any], places: Sequence[str]) -> Floats:
        """Cells that should hold numbers; a UserError for the first that does not."""
        found = list(cells)
        for place, cell in zip(places, found, strict=True):
            self.cell(cell, place, name)
        return np.array(found, dtype=np.float64)

    def cell(self, value: Any, place: str, name: str) -> None:
        """A cell holds a number that its parameter may take."""
        key = f"{place}, {name}"
        low, high = self._range(name)
        if value is None:
            raise UserError("is empty", file=self.file, key=key, allowed=f"a number from {low:g} to {high:g}")
        try:
            found = within(value, low, high)
            if self._is_switch(name) and found not in (0, 1):
                raise CheckError("is not a switch", allowed="0 or 1")
            if name == CHANCE and found != int(found):
                raise CheckError("is no whole number", allowed="the number of a run")
        except CheckError as fault:
            raise UserError(fault.problem, file=self.file, key=key, value=shown(value), allowed=fault.allowed,
                            suggestion=fault.suggestion) from None  # fmt: skip

    def _range(self, name: str) -> tuple[float, float]:
        if name == CHANCE:
            return 0, MOST_LUCK
        found = self.base.parameters[name].range
        assert found is not None
        return found

    def _is_switch(self, name: str) -> bool:
        return name != CHANCE and self.base.parameters[name].unit == "switch"

    def points(self, columns: Mapping[str, Sequence[Any] | Floats], places: Sequence[str]) -> Points:
        """The points of a table, all that they say checked."""
        if not places:
            raise UserError("has no rows", file=self.file, allowed="one row for each parameter set")
        numbers = [name for name in columns if self.holds_numbers(name)]
        if numbers:
            self._check_numbers(numbers, np.stack([np.asarray(columns[name]) for name in numbers], axis=1), places)
        for name in (name for name in columns if name not in numbers):
            for place, value in zip(places, columns[name], strict=True):
                if value is None:
                    raise UserError("is empty", file=self.file, key=f"{place}, {name}", allowed="one value")
        points = points_from(columns, self.base)
        check_variants(points, self.base, self.file, lambda point: f"{places[point]}, ")
        return points

    def _check_numbers(self, names: Sequence[str], values: Floats, places: Sequence[str]) -> None:
        ranges = np.array([self._range(name) for name in names], dtype=np.float64)
        whole = (values == 0) | (values == 1)
        right = (values >= ranges[:, 0]) & (values <= ranges[:, 1])
        right &= whole | ~np.array([self._is_switch(name) for name in names])
        for column, name in enumerate(names):
            if name == CHANCE:
                right[:, column] &= values[:, column] == np.rint(values[:, column])
        for row, column in np.argwhere(~right)[:1]:
            self.cell(values[row, column].item(), places[row], names[column])


def check_name(name: str, base: Base) -> None:
    """CheckError unless this is the name of something that may differ between points."""
    known = known_keys(base)
    if name not in known:
        families = sorted({one.partition(".")[0] for one in known})
        allowed = f"<family>.<parameter> with a family of {', '.join(families)}"
        raise CheckError("is no parameter", allowed=allowed, suggestion=nearest(name[:80], known))


# Keeping


def write_points(points: Points) -> bytes:
    """The points as the content of a Parquet file, which `kept_points` and `read_points` read to the last bit."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    others = [] if points.variants is None else list(points.variants.names)
    what = {"others": others, "levers": points.levers, "choices": points.choices}
    sink = io.BytesIO()
    pq.write_table(pa.table(points.columns()).replace_schema_metadata({KEPT: json.dumps(what)}), sink)
    return sink.getvalue()


def kept_points(raw: bytes) -> Points:
    """What `write_points` wrote; ValueError if it did not."""
    table = _parquet(raw)
    try:
        what = json.loads((table.schema.metadata or {})[KEPT])
        others, levers, choices = list(what["others"]), tuple(what["levers"]), int(what["choices"])
        lanes = [name for name in table.column_names if name not in (*others, CHANCE)]
        values = [np.asarray(table[name].to_numpy(), dtype=np.float64) for name in lanes]
        columns = {name: table[name].to_pylist() for name in others}
        luck = np.asarray(table[CHANCE].to_numpy(), dtype=np.int64) if CHANCE in table.column_names else None
    except (KeyError, TypeError) as error:
        raise ValueError(f"was not kept: {error}") from error
    return Points(
        tuple(lanes),
        np.stack(values, axis=1) if values else np.empty((table.num_rows, 0)),
        _variants(columns) if columns else None, luck, levers, choices,
    )  # fmt: skip
