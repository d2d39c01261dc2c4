"""The posterior: equally likely draws of the parameters that the record informs, from config/posterior.csv."""

import csv
import io
from collections.abc import Mapping
from pathlib import Path

from config.checking import read_text, said
from config.errors import CheckError, UserError, listed, nearest
from config.schema import Parameter, Posterior, within

LEAST_ROWS = 10


def load_posterior(path: Path, parameters: Mapping[str, Parameter]) -> Posterior | None:
    """The draws in a file, checked against the parameters they are of; None if there is no file."""
    if not path.exists():
        return None
    file = said(path)
    lines = [row for row in csv.reader(io.StringIO(read_text(path), newline="")) if row]
    names, rows = (tuple(lines[0]), lines[1:]) if lines else ((), [])
    drawn = [name for name, one in parameters.items() if one.draw is not None]
    for name in names:
        if name not in drawn or names.count(name) > 1:
            raise UserError("is no uncertain parameter, or stands twice", file=file, key=name, allowed=listed(drawn),
                            suggestion=nearest(name, drawn))  # fmt: skip
    if len(rows) < LEAST_ROWS:
        raise UserError("has too few draws", file=file, value=str(len(rows)), allowed=f"{LEAST_ROWS} or more")
    checked = []
    for number, row in enumerate(rows, start=2):
        if len(row) != len(names):
            raise UserError(f"has {len(row)} values", file=file, key=f"line {number}", allowed=str(len(names)))
        cells = zip(names, row, strict=True)
        checked.append(tuple(_value(parameters[name], name, cell, file, number) for name, cell in cells))
    return Posterior(names=names, rows=tuple(checked))


def _value(parameter: Parameter, name: str, cell: str, file: str, line: int) -> float:
    assert parameter.range is not None
    try:
        return float(within(float(cell), *parameter.range))
    except (ValueError, CheckError):
        low, high = parameter.range
        raise UserError("is not a value that the parameter may take", file=file, key=f"line {line}, {name}",
                        value=cell, allowed=f"a number from {low:g} to {high:g}") from None  # fmt: skip
