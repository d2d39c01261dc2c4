"""Panels of other agreements (`config/series/`): what is read, and refused with file, row and column named.

A date is a day, `2019-02-01`, or the first and last day of the time it is known to lie in, `2019-02-01/2019-02-28`;
empty where it has not happened or is not known.
"""

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

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


PANELS: Mapping[str, type[_Row]] = MappingProxyType(
    {"agreements": Agreement, "ratifications": Ratification, "japan_agreements": JapanAgreement}
)


def load_panel(path: Path, model: type[_Row]) -> list[dict[str, str]]:
    """Rows of a panel by column name, checked."""
    rows = read_csv(path, model)
    return [
        validated(model, row, said(path), f"{place}, column ").model_dump(mode="json", by_alias=True)
        for place, row in rows
    ]


def load_series(name: str, folder: Path = FOLDER) -> list[dict[str, str]]:
    """Rows of `agreements`, `ratifications` or `japan_agreements`, in the order of the file."""
    return load_panel(folder / f"{name}.csv", PANELS[name])
