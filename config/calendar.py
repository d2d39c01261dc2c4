"""Quarters as whole numbers, and back: "2031Q2" is 8125, the number of quarters since the year 0."""

import re

NEVER = 10**6
"""A quarter that no run reaches: an instrument that opens then is switched off."""

START = 0
"""A quarter before every run: what begins then has always been so."""

_QUARTER = re.compile(r"([12][0-9]{3})Q([1-4])")
_DATE = re.compile(r"([12][0-9]{3})(?:-(0[1-9]|1[0-2])(?:-(0[1-9]|[12][0-9]|3[01]))?)?")


def quarter_index(name: str) -> int:
    """Number of the quarter with this name: 4 * year + quarter - 1. Raises ValueError if it is no quarter."""
    match = _QUARTER.fullmatch(name)
    if match is None:
        raise ValueError(f"{name!r} is not a quarter such as '2031Q2'")
    return 4 * int(match[1]) + int(match[2]) - 1


def quarter_name(index: int) -> str:
    """Name of the quarter with this number, such as "2031Q2"; "start" and "never" for the two ends of time."""
    if index == START:
        return "start"
    if index == NEVER:
        return "never"
    year, quarter = divmod(index, 4)
    return f"{year:04d}Q{quarter + 1}"


def moment_index(name: str) -> int:
    """As quarter_index, and also "start" (has always been) and "never"."""
    return {"start": START, "never": NEVER}[name] if name in ("start", "never") else quarter_index(name)


def quarter_of_date(date: str) -> int:
    """Quarter in which a date lies: "2018-07-17", "2013-04", or "2015" (its first quarter)."""
    match = _DATE.fullmatch(date)
    if match is None:
        raise ValueError(f"{date!r} is not a date such as '2018-07-17', '2018-07' or '2018'")
    return 4 * int(match[1]) + (int(match[2] or 1) - 1) // 3
