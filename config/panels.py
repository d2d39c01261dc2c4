"""Tables of the past (`config/series/`): what is read, and refused with file, row and column named.

A date is a day, `2019-02-01`, or the first and last day of the time it is known to lie in, `2019-02-01/2019-02-28`;
empty where it has not happened or is not known.
"""

from collections.abc import Mapping
from datetime import date
from math import isfinite
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from config.calendar import quarter_index
from config.checking import read_csv, said, validated
from config.errors import CheckError

FOLDER = Path(__file__).resolve().parent / "series"

Class = Literal[
    "framework_mixed",
    "trade_mixed",
    "trade_eu_only",
    "csdp_fpa",
    "security_of_information",
    "security_defence_partnership",
    "pesco_project",
    "safe_association",
]
Confidence = Literal["high", "medium", "low"]


def _days(text: str) -> str:
    first, slash, last = text.partition("/")
    try:
        in_order = not text or date.fromisoformat(first) <= date.fromisoformat(last if slash else first)
    except ValueError:
        in_order = False
    if not in_order:
        raise CheckError("is no day and no interval", allowed='"2019-02-01", "2019-02-01/2019-02-28" or nothing')
    return text


def _day(text: str) -> str:
    if not text or "/" in _days(text):
        raise CheckError("is no day", allowed='a day such as "2019-02-01"')
    return text


def _named(text: str) -> str:
    if not text.strip():
        raise CheckError("is empty", allowed="some words")
    return text


def _number(text: str) -> str:
    try:
        finite = isfinite(float(text))
    except ValueError:
        finite = False
    if not finite:
        raise CheckError("is not a number", allowed="a number")
    return text


def _quarter(text: str) -> str:
    try:
        quarter_index(text)
    except ValueError:
        raise CheckError("is not a quarter", allowed='a quarter such as "2031Q2"') from None
    return text


Number = Annotated[str, AfterValidator(_number)]
Quarter = Annotated[str, AfterValidator(_quarter)]
Pressure = Literal["russia", "china", "north_korea", "us_retrenchment"]
Regime = Literal["calm", "tense", "crisis"]
Days = Annotated[str, AfterValidator(_days)]
Day = Annotated[str, AfterValidator(_day)]
Name = Annotated[str, AfterValidator(_named)]


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Agreement(_Row):
    """An agreement of the Union with a partner other than Japan; `status_date` is the last day of which it is known."""

    partner: Name
    agreement: Name
    kind: Class = Field(alias="class")
    mixed: Literal["0", "1"]
    mandate: Days
    negotiation_opened: Days
    signed: Days
    in_force: Days
    status: Literal["mandated", "negotiating", "signed", "in_force", "force_unknown", "lapsed"]
    status_date: Day
    source: Name
    confidence: Confidence


class Ratification(_Row):
    """A member's ratification of a mixed agreement, LAST: of the last member; or a day on which it was `pending_on`."""

    agreement: Name
    kind: Literal["framework_mixed", "trade_mixed", "air_mixed"] = Field(alias="class")
    signed: Day
    member: Name
    date: Days
    pending_on: Days
    source: Name
    confidence: Confidence


class JapanAgreement(_Row):
    """An agreement of Japan with a partner other than the Union."""

    partner: Name
    instrument: Literal["information_protection", "equipment_transfer", "acsa", "raa"]
    negotiation_opened: Days
    signed: Days
    in_force: Days
    status: Literal["negotiating", "in_force", "force_unknown"]
    status_date: Day
    source: Name
    confidence: Confidence


class Veto(_Row):
    """A veto on record, by a state, on a topic of the Council; `cfsp` where it concerns foreign and security policy."""

    quarter: Quarter
    date: Day
    actor: Name
    topic: Literal["russia", "china", "enlargement", "peace_facility", "other"]
    cfsp: Literal["0", "1"]
    source: Name


class Evidence(_Row):
    """A value of a series that is evidence on a pressure, over so many quarters up to this one."""

    quarter: Quarter
    pressure: Pressure
    series: Name
    value: Number
    quarters: Number
    unit: Name
    source: Name


class Reading(_Row):
    """How a series is read: its scale, its sign, and the levels expected in each regime."""

    pressure: Pressure
    series: Name
    scale: Name
    sign: Number
    calm: Number
    tense: Number
    crisis: Number
    spread: Number
    source: Name


class Shock(_Row):
    """A dated event that speaks for a regime, from a quarter until (not including) another."""

    pressure: Pressure
    label: Name
    event: Name
    quarter: Quarter
    until: str
    direction: Literal["up", "down"]
    regime: Regime
    factor: Number
    source: Name


class RegimeStep(_Row):
    """Chances of the next regime from one regime, given the evidence up to the quarter; written by the analysis."""

    quarter: Quarter
    pressure: Pressure
    before: Regime = Field(alias="from")
    calm: Number
    tense: Number
    crisis: Number


PANELS: Mapping[str, type[_Row]] = MappingProxyType(
    {
        "agreements": Agreement,
        "ratifications": Ratification,
        "japan_agreements": JapanAgreement,
        "vetoes": Veto,
        "pressures": Evidence,
        "readings": Reading,
        "shocks": Shock,
        "regimes": RegimeStep,
    }
)


def load_panel(path: Path, model: type[_Row]) -> list[dict[str, str]]:
    """Rows of a panel by column name, checked."""
    rows = read_csv(path, model)
    return [
        validated(model, row, said(path), f"{place}, column ").model_dump(mode="json", by_alias=True)
        for place, row in rows
    ]


def load_series(name: str, folder: Path = FOLDER) -> list[dict[str, str]]:
    """Rows of a table of `PANELS`, in the order of the file."""
    return load_panel(folder / f"{name}.csv", PANELS[name])
