"""Columns of numbers to Parquet and back: names as dictionary-encoded text, runs in order, one file read whole."""

import json
from collections.abc import Iterable, Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from config.calendar import quarter_index, quarter_name

if TYPE_CHECKING:
    import pandas as pd

Columns = Mapping[str, np.ndarray[Any, Any]]
"""Columns of one table, each (rows,)."""

Categories = Mapping[str, Sequence[str]]
"""For a column of small whole numbers the names that they stand for."""

NAMES = b"categories"
"""Key in a file's metadata under which the names of each text column stand, in their order."""


def to_parquet(columns: Columns, categories: Categories, constant: Mapping[str, tuple[int, Sequence[str]]]) -> bytes:
    """One table as the bytes of a Parquet file, rows sorted by run and otherwise as given.

    `constant` gives columns that are the same in all rows, put first: (number, names), as (0, ["outlook"]).
    Whole numbers in a column named `quarter`, or in one that `categories` knows, become text.
    """
    rows = len(next(iter(columns.values())))
    order = _order_by_run(columns.get("run"))
    arrays: dict[str, pa.Array] = {}
    names: dict[str, list[str]] = {}
    for name, (code, labels) in constant.items():
        arrays[name], names[name] = _encoded(np.full(rows, code), labels), list(labels)
    for name in sorted(columns, key=lambda column: column != "run"):
        values = columns[name] if order is None else columns[name][order]
        codes, texts = _codes(name, values, categories)
        if texts is None:
            arrays[name] = pa.array(values.astype(np.int64) if name == "run" else values)
        else:
            arrays[name] = _encoded(codes, texts)
            names[name] = list(texts) if name in categories or name == "quarter" else []
    table = pa.table(arrays).replace_schema_metadata({NAMES: json.dumps(names, ensure_ascii=False)})
    file = BytesIO()
    pq.write_table(table, file, compression="zstd", use_dictionary=list(names))
    return file.getvalue()


def _order_by_run(run: np.ndarray[Any, Any] | None) -> np.ndarray[Any, Any] | None:
    """The order that sorts rows by run and keeps what stands in order within a run; None if they are sorted."""
    if run is None or bool(np.all(run[1:] >= run[:-1])):
        return None
    return np.argsort(run, kind="stable")


def _codes(
    name: str, values: np.ndarray[Any, Any], categories: Categories
) -> tuple[np.ndarray[Any, Any], Sequence[str] | None]:
    """A column as numbers and, if it is text, the names that they stand for."""
    whole = np.issubdtype(values.dtype, np.integer)
    if whole and name == "quarter":
        first, last = (int(values.min()), int(values.max())) if len(values) else (0, -1)
        return values - first, [quarter_name(index) for index in range(first, last + 1)]
    if whole and name in categories:
        return values, categories[name]
    if values.dtype.kind in "UO":
        texts, codes = np.unique(values.astype(str), return_inverse=True)
        return codes, [str(text) for text in texts]
    return values, None


def _encoded(codes: np.ndarray[Any, Any], texts: Sequence[str]) -> pa.Array:
    return pa.DictionaryArray.from_arrays(pa.array(codes.astype(np.int32)), pa.array(list(texts), pa.string()))


def from_parquet(
    files: Iterable[bytes | Path], columns: Sequence[str] | None = None, quarters: Sequence[str] | None = None
) -> "pd.DataFrame":
    """The tables in these files, one after another, as pandas shows them; text columns are categories.

    The categories of a column are the same however the rows were spread over files: names in the order of the first
    file that has them, quarters in order of time, so that they can be compared. `quarters` keeps only rows
    of these quarters.
    """
    parts: list[pa.Table] = []
    names: dict[str, dict[str, None]] = {}
    wanted = None if columns is None else list(dict.fromkeys([*columns, *(["quarter"] if quarters else [])]))
    for file in files:
        part = pq.read_table(file if isinstance(file, Path) else pa.BufferReader(file), columns=wanted)
        for column, texts in json.loads((part.schema.metadata or {}).get(NAMES, b"{}")).items():
            names.setdefault(column, {}).update(dict.fromkeys(texts))
        if quarters is not None:
            part = part.filter(pc.is_in(part["quarter"].cast(pa.string()), pa.array(list(quarters))))
        parts.append(part.replace_schema_metadata(None))
    whole = pa.concat_tables(parts, promote_options="default").unify_dictionaries()
    del parts, part
    frame: pd.DataFrame = whole.to_pandas(split_blocks=True, self_destruct=True)
    del whole
    for column in frame.columns.intersection(list(names)):
        texts = _in_order(column, list(names[column]), frame[column])
        frame[column] = frame[column].cat.set_categories(texts, ordered=column == "quarter")
    return frame if columns is None else frame[list(columns)]


def _in_order(column: str, names: list[str], values: "pd.Series[Any]") -> list[str]:
    """The categories of a column: every quarter from the first to the last, names as given, else the alphabet."""
    if column == "quarter":
        indices = [quarter_index(name) for name in names]
        return [quarter_name(index) for index in range(min(indices, default=1), max(indices, default=0) + 1)]
    return names or sorted(map(str, values.cat.categories))
