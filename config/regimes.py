"""Chances of the pressures' regimes in the past (`config/series/regimes.csv`), complete or refused."""

from functools import lru_cache
from itertools import product
from pathlib import Path

from config.calendar import quarter_index, quarter_name
from config.checking import read_csv, read_text, said, validated
from config.errors import UserError
from config.panels import RegimeStep
from config.schema import PRESSURES, REGIMES, RegimeChances

Place = tuple[int, str, str]
"""Quarter, pressure, regime before."""


def load_regimes(path: Path) -> RegimeChances:
    """The rows of the file, in whatever order: each pressure and regime before, in every quarter from first to last.

    Checked once as long as the file stays the same.
    """
    return _checked(path, read_text(path))


@lru_cache(maxsize=4)
def _checked(path: Path, text: str) -> RegimeChances:
    """The rows of the file, which says `text` now."""
    found = _rows(path)
    quarters = range(min(place[0] for place in found), max(place[0] for place in found) + 1)
    for quarter, pressure, before in product(quarters, PRESSURES, REGIMES):
        if (quarter, pressure, before) not in found:
            raise UserError(
                "row is missing",
                file=said(path),
                key=f"{quarter_name(quarter)}, {pressure}, from {before}",
                allowed=f"every pressure and regime in each quarter from {quarter_name(quarters[0])} to "
                f"{quarter_name(quarters[-1])}",
            )
    rows = tuple(
        tuple(tuple(found[quarter, pressure, before] for before in REGIMES) for pressure in PRESSURES)
        for quarter in quarters
    )
    return validated(RegimeChances, {"first": quarter_name(quarters[0]), "rows": rows}, said(path))


def _rows(path: Path) -> dict[Place, tuple[float, ...]]:
    """Chances of calm, tense and crisis by quarter, pressure and regime before."""
    file = said(path)
    found: dict[Place, tuple[float, ...]] = {}
    for place, row in read_csv(path, RegimeStep):
        step = validated(RegimeStep, row, file, f"{place}, column ")
        key = quarter_index(step.quarter), step.pressure, step.before
        if key in found:
            raise UserError(
                "row stands twice",
                file=file,
                key=f"{place}, {step.pressure}, from {step.before}",
                allowed="one row for each quarter, pressure and regime before",
            )
        found[key] = float(step.calm), float(step.tense), float(step.crisis)
    if not found:
        raise UserError("holds no rows", file=file, allowed="the chances of regimes, quarter by quarter")
    return found
