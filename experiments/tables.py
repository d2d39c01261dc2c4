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

Order = Mapping[str, Sequence[str]]
"""For a column of names the order in which they are best listed."""

WHO = ("point", "run")
"""Columns that say which history a row is of; only a design has points."""

NAMES = b"names"
"""Key in a file's metadata under which the order of the names of each text column stands."""


def to_parquet(columns: Columns, order: Order, constant: Mapping[str, str]) -> bytes:
    """One table as the bytes of a Parquet file, rows sorted by point and run and otherwise as given.

    `constant` gives columns that are the same in all rows, put first. Whole numbers in a column `quarter` become text.
    """
    rows = len(next(iter(columns.values())))
    by_run = _order_by_run(columns)
    arrays = {name: _encoded(np.zeros(rows), [text]) for name, text in constant.items()}
    for name in [*(key for key in WHO if key in columns), *(name for name in columns if name not in WHO)]:
        arrays[name] = _array(name, columns[name] if by_run is None else columns[name][by_run])
    texts = [name for name, array in arrays.items() if pa.types.is_dictionary(array.type)]
    names = {name: list(order.get(name, ())) for name in texts}
    table = pa.table(arrays).replace_schema_metadata({NAMES: json.dumps(names, ensure_ascii=False)})
    file = BytesIO()
    pq.write_table(table, file, compression="snappy", use_dictionary=texts)
    return file.getvalue()


def _order_by_run(columns: Columns) -> np.ndarray[Any, Any] | None:
    """The order that sorts rows by history and keeps what stands in order within one; None if they are sorted."""
    if "run" not in columns:
        return None
    run = columns["run"]
    if "point" in columns:
        return np.lexsort((run, columns["point"]))
    return None if bool(np.all(run[1:] >= run[:-1])) else np.argsort(run, kind="stable")


def _array(name: str, values: np.ndarray[Any, Any]) -> pa.Array:
    """A column as it is written: quarters and names as dictionary-encoded text, runs in 64 bits."""
    if name == "quarter":
        first, last = (int(values.min()), int(values.max())) if len(values) else (0, -1)
        return _encoded(values - first, [quarter_name(index) for index in range(first, last + 1)])
    if values.dtype.kind in "UO":
        return pa.array(values, pa.string()).dictionary_encode()
    return pa.array(values.astype(np.int64) if name in WHO else values)


def _encoded(codes: np.ndarray[Any, Any], texts: Sequence[str]) -> pa.Array:
    return pa.DictionaryArray.from_arrays(pa.array(codes.astype(np.int32)), pa.array(list(texts), pa.string()))


def from_parquet(
    files: Iterable[bytes | Path], columns: Sequence[str] | None = None, quarters: Sequence[str] | None = None
) -> "pd.DataFrame":
    """The tables in these files, one after another, as pandas shows them; text columns are categories.

    The categories of a column are the same however the rows were spread over files: names in the order given when they
    were written, others after them by the alphabet, quarters in order of time, so that they can be compared.
    `quarters` keeps only rows of these quarters. A column that a file lacks, as one of runs that all failed, is empty.
    """
    parts: list[pa.Table] = []
    names: dict[str, dict[str, None]] = {}
    wanted = None if columns is None else list(dict.fromkeys([*columns, *(["quarter"] if quarters else [])]))
    for file in files:
        source = pq.ParquetFile(file if isinstance(file, Path) else pa.BufferReader(file))
        there = None if wanted is None else [name for name in wanted if name in source.schema_arrow.names]
        part = source.read(columns=there)
        for column, order in json.loads((part.schema.metadata or {}).get(NAMES, b"{}")).items():
            names.setdefault(column, {}).update(dict.fromkeys(order))
        if quarters is not None:
            part = part.filter(pc.is_in(part["quarter"].cast(pa.string()), pa.array(list(quarters))))
        parts.append(part.replace_schema_metadata(None))
    whole = pa.concat_tables(parts, promote_options="default").unify_dictionaries()
    del parts, part
    frame: pd.DataFrame = whole.to_pandas(split_blocks=True, self_destruct=True)
    del whole
    for column in frame.columns.intersection(list(names)):
        texts = _in_order(column, list(names[column]), [str(text) for text in frame[column].cat.categories])
        frame[column] = frame[column].cat.set_categories(texts, ordered=column == "quarter")
    return frame if columns is None else frame.reindex(columns=list(columns))


def _in_order(column: str, order: list[str], found: list[str]) -> list[str]:
    """The categories of a column: every quarter from the first to the last, or names in order, then by the alphabet."""
    if column == "quarter":
        indices = [quarter_index(name) for name in found]
        return [quarter_name(index) for index in range(min(indices, default=1), max(indices, default=0) + 1)]
    return [*order, *sorted(set(found) - set(order))]
