"""The posterior, equally likely draws of the parameters that the record informs, and the plan by which it is found."""

import csv
import io
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Annotated

from pydantic import Field

from config.checking import read_text, read_toml, said, validated
from config.errors import CheckError, UserError, listed, nearest, shown
from config.schema import Frozen, Parameter, Posterior, Quarter, Words, within

LEAST_ROWS = 10
MOST = 10_000_000
"""Histories of a round: more would fill the memory of any machine."""


def load_posterior(path: Path, parameters: Mapping[str, Parameter]) -> Posterior | None:
    """The draws in a file, checked against the parameters they are of; None if there is no file."""
    if not path.exists():
        return None
    file = said(path)
    try:
        lines = [(line, row) for line, row in enumerate(csv.reader(io.StringIO(read_text(path), newline="")), 1) if row]
    except csv.Error as error:
        raise UserError(f"is not CSV: {error}", file=file, allowed="values separated by commas") from None
    names, rows = (tuple(lines[0][1]), lines[1:]) if lines else ((), [])
    drawn = [name for name, one in parameters.items() if one.draw is not None]
    for name in names:
        if name not in drawn or names.count(name) > 1:
            raise UserError("is no uncertain parameter, or stands twice", file=file, key=name, allowed=listed(drawn),
                            suggestion=nearest(name, drawn))  # fmt: skip
    if len(rows) < LEAST_ROWS:
        raise UserError("has too few draws", file=file, value=str(len(rows)), allowed=f"{LEAST_ROWS} or more")
    checked = []
    for number, row in rows:
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


class Calibration(Frozen):
    """What is calibrated, on what, and how hard: config/calibration.toml."""

    parameters: Annotated[tuple[str, ...], Field(min_length=1)]
    scenario: Words
    until: Quarter
    vetoes_until: Quarter
    rounds: Annotated[tuple[Annotated[int, Field(ge=100, le=MOST)], ...], Field(min_length=1)]
    draws: Annotated[int, Field(ge=LEAST_ROWS)]
    seed: Annotated[int, Field(ge=0, lt=2**63)]

    def resized(self, histories: int | None, seed: int | None) -> "Calibration":
        """The same with so many histories in all, rounds in proportion, and another seed."""
        whole = sum(self.rounds)
        asked = whole if histories is None else histories
        rounds = tuple(max(100, round(Fraction(size * asked, whole))) for size in self.rounds)
        changed = {"rounds": rounds, "seed": self.seed if seed is None else seed}
        return validated(Calibration, {**self.model_dump(), **changed}, "calibrate")


def load_calibration(path: Path, parameters: Mapping[str, Parameter]) -> Calibration:
    """The plan in a file, its parameters known and uncertain."""
    found = validated(Calibration, read_toml(path), said(path))
    drawn = [name for name, one in parameters.items() if one.draw is not None]
    for name in found.parameters:
        if name not in drawn or found.parameters.count(name) > 1:
            raise UserError("is no uncertain parameter, or stands twice", file=said(path), key="parameters",
                            value=shown(name), allowed=listed(drawn), suggestion=nearest(name, drawn))  # fmt: skip
    return found
