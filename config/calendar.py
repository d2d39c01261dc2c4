"""Quarters as whole numbers, and back: "2031Q2" is 8125, the number of quarters since the year 0."""

import re
from datetime import date, timedelta

NEVER = 10**6
"""A quarter that no run reaches: an instrument that opens then is switched off."""

START = 0
"""A quarter before every run: what begins then has always been so."""

CALIBRATED_TO = 4 * 2024 + 2
"""2024Q3, the last quarter from which anything may be estimated: what happened later is kept for validation."""

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


def quarter_of_day(day: date) -> int:
    """Number of the quarter in which a day lies."""
    return 4 * day.year + (day.month - 1) // 3


def last_day(quarter: int) -> date:
    """Last day of a quarter."""
    year, place = divmod(quarter + 1, 4)
    return date(year, 3 * place + 1, 1) - timedelta(days=1)


def quarter_of_date(text: str) -> int:
    """Quarter in which a date lies: "2018-07-17", "2013-04", or "2015" (its first quarter)."""
    return quarter_of_day(_days(text)[0])


def days_of_date(text: str) -> tuple[date, date]:
    """First and last day that a date may mean: "2018-07-17", "2018-07", "2015", or between two, "2014-05/2014-10".

    Raises ValueError if it is no date, or an interval that ends before it begins.
    """
    begin, slash, end = text.partition("/")
    first, last = _days(begin)[0], _days(end if slash else begin)[1]
    if first > last:
        raise ValueError(f"{text!r} ends before it begins")
    return first, last


def _days(text: str) -> tuple[date, date]:
    match = _DATE.fullmatch(text)
    try:
        if match is None:
            raise ValueError
        year, month, day = int(match[1]), int(match[2] or 1), int(match[3] or 1)
        first = date(year, month, day)
    except ValueError:
        raise ValueError(f"{text!r} is not a date such as '2018-07-17', '2018-07' or '2018'") from None
    if match[3]:
        return first, first
    following = date(year + month // 12, month % 12 + 1, 1) if match[2] else date(year + 1, 1, 1)
    return first, following - timedelta(days=1)
