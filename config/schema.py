"""What a valid configuration is: typed, frozen settings, each check beside the value that it guards.

Nothing is coerced: a text is no number, `true` is no 1, `nan` and `inf` are no numbers either.
"""

import datetime
import hashlib
import json
import math
import re
from collections.abc import Mapping
from itertools import pairwise
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    SerializerFunctionWrapHandler,
    field_validator,
    model_serializer,
    model_validator,
)

from config.calendar import (
    CALIBRATED_TO,
    NEVER,
    START,
    days_of_date,
    moment_index,
    quarter_index,
    quarter_name,
    quarter_of_day,
)
from config.errors import CheckError, listed, nearest, shown

DOMAINS = ("political", "civil", "maritime", "information", "industry", "operations")
LADDERS = ("force", "transfers", "secrecy", "missions")
PRESSURES = ("russia", "china", "north_korea", "us_retrenchment")
REGIMES = ("calm", "tense", "crisis")
RULES = ("R0", "R1", "R2", "R3", "R4", "R5", "R6", "R7", "R8", "R9")
STAGES = ("dormant", "mandated", "negotiating", "signed", "provisional", "in_force", "lapsed")
PERIODS = ("member", "neutral", "opt_out", "pesco", "strategy", "stance_mean", "election")
RECORDS = ("trajectories", "ends", "transitions", "actors", "bounds", "limits", "vetoes", "summary")
PARTNERS = ("DEU", "ESP", "FRA", "GBR", "ITA", "NLD", "SWE")
MEMBER_STATES = (
    *("AUT", "BEL", "BGR", "CYP", "CZE", "DEU", "DNK", "ESP", "EST", "FIN", "FRA", "GBR", "GRC", "HRV"),
    *("HUN", "IRL", "ITA", "LTU", "LUX", "LVA", "MLT", "NLD", "POL", "PRT", "ROU", "SVK", "SVN", "SWE"),
)
"""The 27 of today and the United Kingdom, member until 2020; when each belongs is said in actors/periods.csv."""

SAME_IN_ALL_RUNS = ("council.safe_unanimity", "positions.speakers")
"""Parameters that rules read as one number for a whole block; dates, of unit "quarter", are such parameters, too."""

QUARTER_TEXT = 'a quarter such as "2031Q2"'
MOMENT_TEXT = 'a quarter such as "2031Q2", "start" or "never"'


# Values


def number(value: object, allowed: str = "a number") -> float | int:
    """A finite number, neither text nor true or false."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise CheckError("is not a number", allowed=allowed, suggestion=_unquoted(value))
    try:
        finite = math.isfinite(value)
    except OverflowError:
        finite = False
    if not finite:
        raise CheckError("is not a finite number", allowed=allowed)
    return value


def within(value: object, low: float, high: float) -> float | int:
    """A number from low to high."""
    allowed = f"a number from {low:g} to {high:g}"
    found = number(value, allowed)
    if not low <= found <= high:
        edge = low if found < low else high
        raise CheckError("is out of range", allowed=allowed, suggestion=f"the nearest is {edge:g}")
    return found


def _in_order(low: float, high: float, form: str, key: str = "") -> None:
    if low > high:
        swapped = form.format(f"{high:g}", f"{low:g}")
        raise CheckError("low is above high", allowed="low <= high", suggestion=f"did you mean {swapped}?", key=key)


def _unquoted(value: object) -> str:
    if isinstance(value, bool):
        return f"did you mean {int(value)}?"
    try:
        return f"did you mean {float(value):g}, without quotes?" if isinstance(value, str) else ""
    except ValueError:
        return ""


def _near_quarter(text: str) -> str:
    """A hint for what is almost a quarter: "2031-Q2", "2031q2", "Q2 2031", "2031Q5"."""
    digits = "".join(character for character in text if character.isdigit())
    if len(digits) < 4:
        return 'did you mean "never"?' if text.casefold().startswith("n") else "for example 2031Q2"
    year, rest = (digits[1:5], digits[:1]) if text[:1] in "qQ" and len(digits) == 5 else (digits[:4], digits[4:5])
    if not "1000" <= year <= "2999":
        return "for example 2031Q2"
    return f'did you mean "{year}Q{min(max(int(rest or 1), 1), 4)}"?'


def quarter_value(value: object) -> int:
    if not isinstance(value, str):
        raise CheckError("is not a quarter", allowed=QUARTER_TEXT, suggestion=_near_quarter(str(value)))
    try:
        return quarter_index(value)
    except ValueError:
        raise CheckError("is not a quarter", allowed=QUARTER_TEXT, suggestion=_near_quarter(value)) from None


def _moment(value: object) -> int:
    if not isinstance(value, str):
        raise CheckError("is not a quarter", allowed=MOMENT_TEXT, suggestion=_near_quarter(str(value)))
    try:
        return moment_index(value)
    except ValueError:
        raise CheckError("is not a quarter", allowed=MOMENT_TEXT, suggestion=_near_quarter(value)) from None


def _dated(text: str) -> str:
    begin, _, end = text.partition("/")
    try:
        days_of_date(text)
    except ValueError as error:
        turned = f'did you mean "{end}/{begin}"?' if "ends before" in str(error) else ""
        allowed = 'a date such as "2018-07-17", "2018-07", "2018" or, between two, "2018-05/2018-10"'
        raise CheckError("is not a date", allowed=allowed, suggestion=turned) from None
    return text


def _said(text: str) -> str:
    if not text.strip():
        raise CheckError("is empty", allowed="some words")
    return text


Quarter = Annotated[int, BeforeValidator(quarter_value), PlainSerializer(quarter_name, return_type=str)]
"""Written as text, "2031Q2"; held as the number that quarter_index gives."""

Moment = Annotated[int, BeforeValidator(_moment), PlainSerializer(quarter_name, return_type=str)]
"""As Quarter, or "start" or "never"."""

Share = Annotated[float, Field(ge=0.0, le=1.0)]
Positive = Annotated[float, Field(gt=0.0)]
NotNegative = Annotated[float, Field(ge=0.0)]
Flag = Annotated[int, Field(ge=0, le=1)]
Words = Annotated[str, AfterValidator(_said)]
Domain = Literal["political", "civil", "maritime", "information", "industry", "operations"]
Ladder = Literal["force", "transfers", "secrecy", "missions"]
PressureName = Literal["russia", "china", "north_korea", "us_retrenchment"]
RegimeName = Literal["calm", "tense", "crisis"]
Rule = Literal["R0", "R1", "R2", "R3", "R4", "R5", "R6", "R7", "R8", "R9"]
Stage = Literal["dormant", "mandated", "negotiating", "signed", "provisional", "in_force", "lapsed"]
PeriodKind = Literal["member", "neutral", "opt_out", "pesco", "strategy", "stance_mean", "election"]
AnalysisName = Literal[
    "combining", "shapley", "timing", "morris", "sobol", "discovery", "regret", "crossover",
    "lead_states", "spoilers", "member_state",
]  # fmt: skip
ANALYSES: tuple[str, ...] = get_args(AnalysisName)
"""What may be asked of results beyond the usual answer: experiments/asked/ has a module for each."""
DesignKind = Literal["factorial", "grid", "list", "latin_hypercube", "sobol", "morris", "table"]
RecordName = Literal["trajectories", "ends", "transitions", "actors", "bounds", "limits", "vetoes", "summary"]


class Frozen(BaseModel):
    """Base of all settings: nothing unknown, nothing coerced, nothing changed afterwards."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


# Parameters


class Span(Frozen):
    """A range in an override, { low, high }: the value is uniform between them, drawn once per run."""

    low: float
    high: float

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        _in_order(self.low, self.high, "{{ low = {}, high = {} }}")
        return self


class Draw(Frozen):
    """How an uncertain parameter is drawn once per run; exactly one of the three is given. u is uniform on (0, 1).

    uniform       (low, high):  low + (high - low) * u
    normal        (mean, sd):   mean + sd * normal(u), clipped to the parameter's range
    lognormal_sd  sd:           value * exp(sd * normal(u)), clipped to the parameter's range
    """

    uniform: tuple[float, float] | None = None
    normal: tuple[float, float] | None = None
    lognormal_sd: NotNegative | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        given = [name for name in ("uniform", "normal", "lognormal_sd") if getattr(self, name) is not None]
        if len(given) != 1:
            raise CheckError("must say how to draw, in one way", allowed="one of uniform, normal, lognormal_sd")
        if self.uniform is not None:
            _in_order(*self.uniform, "[{}, {}]", key="uniform")
        if self.normal is not None and self.normal[1] < 0:
            raise CheckError("the standard deviation is negative", allowed="[mean, sd] with sd >= 0", key="normal")
        return self


class Parameter(Frozen):
    """A number about the world, with its unit, the range it may take, where it comes from, and its draw if uncertain.

    With unit "quarter" the file gives a date and `value` holds its quarter index; with unit "switch" it is 0 or 1.
    """

    value: float | int
    unit: Words
    range: tuple[float, float] | None = None
    source: Words
    draw: Draw | None = None

    @model_validator(mode="before")
    @classmethod
    def _value(cls, given: Any) -> Any:
        if not isinstance(given, Mapping) or "value" not in given or not isinstance(given.get("unit"), str):
            return given
        try:
            value = _moment(given["value"]) if given["unit"] == "quarter" else number(given["value"])
        except CheckError as fault:
            raise _at("value", given["value"], fault) from None
        extra = {"range": (0.0, 1.0)} if given["unit"] == "switch" and given.get("range") is None else {}
        return {**given, "value": value, **extra}

    @model_validator(mode="after")
    def _within_range(self) -> Self:
        if self.unit == "quarter":
            for name in ("range", "draw"):
                if getattr(self, name) is not None:
                    raise CheckError(f"a quarter has no {name}", allowed="value, unit and source", key=name)
            return self
        if self.range is None:
            raise CheckError("is missing", allowed="[low, high], the values that the parameter may take", key="range")
        _in_order(*self.range, "[{}, {}]", key="range")
        self._checked("value", self.value)
        if self.draw is not None:
            self._check_draw(self.draw)
        return self

    def _check_draw(self, draw: Draw) -> None:
        for edge in draw.uniform or ():
            self._checked("draw.uniform", edge)
        if draw.normal is not None:
            self._checked("draw.normal", draw.normal[0])
        if draw.lognormal_sd is not None and self.value <= 0:
            raise CheckError(
                "only a positive value can be drawn log-normally", allowed="value > 0", key="draw.lognormal_sd"
            )

    def _checked(self, key: str, value: object) -> float | int:
        """`value` if this parameter may take it, else a fault at `key`."""
        assert self.range is not None
        try:
            found = within(value, *self.range)
        except CheckError as fault:
            raise _at(key, value, fault) from None
        if self.unit == "switch" and found not in (0, 1):
            raise _at(key, value, CheckError("is not a switch", allowed="0 or 1"))
        return found

    def overridden(self, value: object) -> "Parameter":
        """This parameter as an override leaves it: fixed by a number or quarter, uniform by a Span."""
        if self.unit == "quarter":
            return self.model_copy(update={"value": _moment(value), "draw": None})
        if isinstance(value, Span):
            if self.unit == "switch" and value.low != value.high:
                raise CheckError("is not a switch", allowed="0 or 1", suggestion="did you mean 0 or 1?")
            low, high = self._checked("low", value.low), self._checked("high", value.high)
            inside = min(max(self.value, low), high)
            return self.model_copy(update={"value": inside, "draw": Draw(uniform=(value.low, value.high))})
        assert self.range is not None
        low, high = self.range
        allowed = f"a number from {low:g} to {high:g}, or {{ low, high }} within it"
        number(value, allowed)
        return self.model_copy(update={"value": self._checked("", value), "draw": None})

    @model_serializer(mode="wrap")
    def _with_quarter(self, plain: SerializerFunctionWrapHandler) -> dict[str, Any]:
        content: dict[str, Any] = plain(self)
        return {**content, "value": quarter_name(int(self.value))} if self.unit == "quarter" else content


def _at(key: str, value: object, fault: CheckError) -> CheckError:
    """The same fault, said about `key` and its value."""
    return CheckError(fault.problem, allowed=fault.allowed, suggestion=fault.suggestion, key=key, value=shown(value))


def set_value(value: object) -> object:
    """A value in a [set] table: number, switch, quarter text, or { low, high }."""
    if isinstance(value, bool | str | Span):
        return value
    if isinstance(value, Mapping):
        unknown = sorted(set(map(str, value)) - {"low", "high"})
        if unknown:
            raise CheckError(f"unknown key {unknown[0]!r}", allowed="{ low = ..., high = ... }",
                        suggestion=nearest(unknown[0], ("low", "high")))  # fmt: skip
        for name in ("low", "high"):
            if name not in value:
                raise CheckError(f"{name} is missing", allowed="{ low = ..., high = ... }")
            try:
                number(value[name])
            except CheckError as fault:
                raise _at(name, value[name], fault) from None
        _in_order(value["low"], value["high"], "{{ low = {}, high = {} }}")
        return Span(low=value["low"], high=value["high"])
    return number(value, "a number, a quarter, or { low = ..., high = ... }")


SetValue = Annotated[Any, BeforeValidator(set_value)]
SetTable = Annotated[dict[str, SetValue], Field(default_factory=dict)]


# Instruments


class Instrument(Frozen):
    """An agreement or activity at EU level. Depths are relative to its full ambition, 0-1.

    `caps` gives for a ladder the deepest relative depth at step 0, 1, ...; beyond the list it is 1.
    `opens` (`from` in the file) is the quarter before which the instrument does not exist.
    """

    slug: str
    title: Words
    domain: Domain
    ambition: Share
    least: Share
    rule: Rule
    defence: bool
    quarters: Positive
    needs: tuple[str, ...] = ()
    helped_by: tuple[str, ...] = ()
    caps: dict[Ladder, tuple[Share, ...]] = Field(default_factory=dict)
    diet: bool = False
    led_by: Literal["high_representative", "commission"] = "high_representative"
    opens: Moment = Field(default=START, alias="from")
    source: Words

    def cap(self, ladder: str, step: int) -> float:
        """Deepest relative depth that Japan's ladder permits at this step, 0-1."""
        caps = {str(name): steps for name, steps in self.caps.items()}.get(ladder, ())
        return caps[step] if step < len(caps) else 1.0


class Rung(Frozen):
    """A rung of the bilateral ladder between Japan and one capable state.

    `caps_soft` names the steps of ladders without which it goes slower, `needs_in_force` those without which it
    cannot enter into force; `quarters` are for talks, `quarters_in_force` from signature to force.
    """

    slug: str
    title: Words
    ambition: Share
    least: Share
    needs: tuple[str, ...] = ()
    helped_by: tuple[str, ...] = ()
    caps_soft: dict[Ladder, Annotated[int, Field(ge=0)]] = Field(default_factory=dict)
    needs_in_force: dict[Ladder, Annotated[int, Field(ge=0)]] = Field(default_factory=dict)
    diet: bool
    quarters: Positive
    quarters_in_force: NotNegative
    source: Words


# Actors


class Period(Frozen):
    """What holds of a state from a quarter (inclusive) until another (exclusive)."""

    iso3: str
    kind: PeriodKind
    begins: Moment = Field(alias="from")
    ends: Moment = Field(alias="until")
    value: float
    source: Words

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.begins >= self.ends:
            raise CheckError("ends before it begins", allowed="a quarter after `from`, or nothing", key="until",
                        value=shown(quarter_name(self.ends)))  # fmt: skip
        return self


class MemberState(Frozen):
    """A member state of some time, as the sources give it; nothing here is scaled or combined yet."""

    iso3: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    name: Words
    population: Annotated[int, Field(gt=0)]
    gdp_usd_bn: Positive
    latitude: Annotated[float, Field(ge=-90, le=90)]
    longitude: Annotated[float, Field(ge=-180, le=180)]
    km_to_moscow: NotNegative
    km_to_tokyo: NotNegative
    border_russia_or_belarus: Flag
    indo_pacific_territory: Flag
    g7: Flag
    nato_year: Annotated[int, Field(ge=0, le=2100)]
    us_troops: Annotated[int, Field(ge=0)]
    trade_china_pct_gdp: NotNegative
    trade_japan_pct_gdp: NotNegative
    un_agreement_japan: Annotated[float, Field(ge=-1, le=1)]
    defence_spending_2010: NotNegative
    defence_spending_2026: NotNegative
    military_expenditure_usd_m: NotNegative
    chambers: Annotated[int, Field(ge=1, le=2)]
    nice_votes: Annotated[int, Field(ge=0)]
    passerelle: Literal["friend", "open", "sceptic"]
    source: Words
    periods: tuple[Period, ...] = ()

    def at(self, kind: str, quarter: int) -> float | None:
        """Value of `kind` in this quarter: that of the latest period begun and not over, None if there is none."""
        held = [period for period in self.periods if period.kind == kind and period.begins <= quarter < period.ends]
        return max(held, key=lambda period: period.begins).value if held else None

    def has(self, kind: str, quarter: int) -> bool:
        """Whether `kind` holds of the state in this quarter, as in has("member", quarter)."""
        return bool(self.at(kind, quarter))


class Exposures(Frozen):
    """How much of each pressure Japan feels, 0-1."""

    russia: Share
    china: Share
    north_korea: Share
    us_retrenchment: Share
    source: Words


class LowerHouse(Frozen):
    """The chamber whose term is fixed at most, and which can be dissolved."""

    title: Words
    seats: Annotated[int, Field(gt=0)]
    term_quarters: Annotated[int, Field(gt=0)]
    treaty_overrides: bool
    source: Words


class UpperHouse(Frozen):
    """The chamber of which half is renewed at fixed dates."""

    title: Words
    seats: Annotated[int, Field(gt=0)]
    half_every_quarters: Annotated[int, Field(gt=0)]
    first_renewal: Quarter
    source: Words


class Chambers(Frozen):
    """The two Houses of the Diet."""

    lower: LowerHouse
    upper: UpperHouse


class Thresholds(Frozen):
    """Shares of seats: majority is to be exceeded, two_thirds to be reached."""

    majority: Share
    two_thirds: Share
    treaty_source: Words
    law_source: Words
    amendment_source: Words


class LadderStep(Frozen):
    """The act that leads to a step of a ladder."""

    name: Words
    act: Literal["cabinet_decision", "law", "amendment"]
    source: Words


class Ladders(Frozen):
    """What Japan may do: the acts that lead to step 1, 2, ... of each ladder."""

    force: tuple[LadderStep, ...]
    transfers: tuple[LadderStep, ...]
    secrecy: tuple[LadderStep, ...]
    missions: tuple[LadderStep, ...]


class DietElection(Frozen):
    """The coalition's share of the seats of a chamber from a quarter on; partner: Komeito sits in the cabinet."""

    quarter: Quarter
    chamber: Literal["lower", "upper"]
    share: Share
    partner: bool
    source: Words


class JapanSettings(Frozen):
    """Japan as data: exposures, chambers, thresholds, ladders, elections on record."""

    exposures: Exposures
    chambers: Chambers
    thresholds: Thresholds
    ladders: Ladders
    elections: tuple[DietElection, ...]


class Framework(Frozen):
    """A rival framework, by its name."""

    title: Words
    source: Words


class Frameworks(Frozen):
    """Rival frameworks, whose depth moves with the model."""

    quad: Framework
    nato: Framework
    australia: Framework


class Receiver(Frozen):
    """A state of Southeast Asia that may be helped; claim and fear towards China, 0-1."""

    title: Words
    claim: Share
    fear: Share
    source: Words


class Partners(Frozen):
    """Japan's other partners and the receivers of capacity building, by iso3."""

    frameworks: Frameworks
    receivers: dict[str, Receiver]


class PressureSettings(Frozen):
    """A pressure from outside and the regimes it moves between."""

    title: Words
    regimes: tuple[RegimeName, ...]
    source: Words


class FourPressures(Frozen):
    """The four pressures, in the order of the model."""

    russia: PressureSettings
    china: PressureSettings
    north_korea: PressureSettings
    us_retrenchment: PressureSettings


Moves = tuple[tuple[float, float, float], tuple[float, float, float], tuple[float, float, float]]
"""Chances of calm, tense and crisis (second place) after calm, tense and crisis (first place)."""

ROUNDING = 1e-4
"""How far from one written chances may add up."""


class RegimeChances(Frozen):
    """Chances of each pressure's regime given the one of the quarter before, quarter by quarter.

    rows[t][p][i][j] is the chance of regime j in quarter `first` + t after regime i, for pressure p; pressures and
    regimes in the orders of `PRESSURES` and `REGIMES`.
    """

    first: Quarter
    rows: Annotated[tuple[tuple[Moves, Moves, Moves, Moves], ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _proper(self) -> Self:
        for quarter, pressures in enumerate(self.rows, start=self.first):
            for pressure, moves in zip(PRESSURES, pressures, strict=True):
                for before, chances in enumerate(moves):
                    try:
                        _check_chances(before, chances)
                    except CheckError as fault:
                        key = f"{quarter_name(quarter)}, {pressure}, from {REGIMES[before]}"
                        raise _at(key, chances, fault) from None
        return self

    def at(self, quarter: int) -> tuple[Moves, Moves, Moves, Moves] | None:
        """The chances of the four pressures in this quarter; None where it has no row."""
        place = quarter - self.first
        return self.rows[place] if 0 <= place < len(self.rows) else None


def _check_chances(before: int, chances: tuple[float, ...]) -> None:
    """Chances of the regimes after regime `before`: shares of one, of this regime and its neighbours only."""
    for after, chance in enumerate(chances):
        within(chance, 0, 1)
        if chance > 0 and abs(after - before) > 1:
            raise CheckError(f"goes from {REGIMES[before]} to {REGIMES[after]} at once", allowed="steps to neighbours")
    if abs(sum(chances) - 1) > ROUNDING:
        raise CheckError("does not add up to one", allowed=f"three chances of sum 1, to {ROUNDING:g}")


class Pressures(Frozen):
    """Pressures, and the chances of their regimes in the quarters of the record (series/regimes.csv)."""

    pressures: FourPressures
    drawn: RegimeChances


class CouncilRule(Frozen):
    """Qualified majority from a quarter on; without_proposal: where nobody entitled has proposed."""

    begins: Quarter = Field(alias="from")
    name: Words
    members_share: Share
    members_more_than: bool
    population_share: Share
    blocking_members: Annotated[int, Field(ge=0)]
    nice_votes: Annotated[int, Field(ge=0)]
    nice_votes_total: Annotated[int, Field(ge=0)]
    without_proposal_members_share: Share
    without_proposal_population_share: Share
    source: Words


class DeclaredAbstentions(Frozen):
    """Shares of members and of population at which declared abstentions stop a decision."""

    members_share: Share
    population_share: Share
    source: Words


class Terms(Frozen):
    """First quarters of each term of office."""

    high_representative: tuple[Quarter, ...]
    commission: tuple[Quarter, ...]
    parliament: tuple[Quarter, ...]
    source: Words


class Summits(Frozen):
    """Quarter of the year, 1-4, of the yearly summit with Japan."""

    quarter: Annotated[int, Field(ge=1, le=4)]
    source: Words


class Ceiling(Frozen):
    """Ceiling of the Peace Facility for 2021-27, EUR million, from a quarter on."""

    begins: Quarter = Field(alias="from")
    eur_m: NotNegative
    source: Words


class Successor(Frozen):
    """What follows the Peace Facility of 2021-27, EUR million a year."""

    begins: Quarter = Field(alias="from")
    eur_m_per_year: NotNegative
    source: Words


class PeaceFacility(Frozen):
    """Money for the Peace Facility over time."""

    ceilings: tuple[Ceiling, ...]
    until: Quarter
    successor: Successor

    @model_validator(mode="after")
    def _in_time(self) -> Self:
        _in_sequence("ceilings", [ceiling.begins for ceiling in self.ceilings])
        return self


class UnionSettings(Frozen):
    """The Union's rules and calendar."""

    council_rules: tuple[CouncilRule, ...]
    declared_abstentions: DeclaredAbstentions
    terms: Terms
    summits: Summits
    peace_facility: PeaceFacility

    @model_validator(mode="after")
    def _in_time(self) -> Self:
        _in_sequence("council_rules", [rule.begins for rule in self.council_rules])
        return self

    def rule_at(self, quarter: int) -> CouncilRule:
        """The voting rule in this quarter: the latest begun, the first one before all of them."""
        begun = [rule for rule in self.council_rules if rule.begins <= quarter]
        return begun[-1] if begun else self.council_rules[0]


def _in_sequence(key: str, quarters: list[int]) -> None:
    """Dated rows stand in order of time, no two in one quarter."""
    if not quarters:
        raise CheckError("is empty", key=key, allowed="at least one dated row")
    for before, after in pairwise(quarters):
        if after <= before:
            raise CheckError("rows are not in order of time", key=key, value=shown(quarter_name(after)),
                             allowed=f"after {quarter_name(before)}")  # fmt: skip


# The state of the world at the start


class StartPressure(Frozen):
    """Regime and intensity (0-1) of a pressure at the start."""

    regime: RegimeName
    intensity: Share


class StartPressures(Frozen):
    """The four pressures at the start."""

    russia: StartPressure
    china: StartPressure
    north_korea: StartPressure
    us_retrenchment: StartPressure


class StartLadders(Frozen):
    """Steps that Japan has reached, counted from 0."""

    force: Annotated[int, Field(ge=0)]
    transfers: Annotated[int, Field(ge=0)]
    secrecy: Annotated[int, Field(ge=0)]
    missions: Annotated[int, Field(ge=0)]


class StartInstrument(Frozen):
    """Stage and relative depths (0-1) of an instrument at the start, and since when it has been at that stage.

    `lapses` is the quarter at whose start it lapses by itself; `stayer` the chance that an open file hardly moves.
    """

    stage: Stage = "dormant"
    agreed: Share = 0.0
    operational: Share = 0.0
    since: Moment = START
    lapses: Moment = NEVER
    stayer: Share | None = None
    stayer_source: str = ""
    note: str = ""

    @model_validator(mode="after")
    def _carried_out_as_agreed(self) -> Self:
        if self.operational > self.agreed:
            raise CheckError("is above what was agreed", key="operational", value=shown(self.operational),
                             allowed=f"a number from 0 to {self.agreed:g}")  # fmt: skip
        return self


class StartJapan(Frozen):
    """Japan's politics at the start: the coalition's seats, and defence spending in per cent of GDP."""

    lower_house_share: Share
    upper_house_share: Share
    partner: bool
    lower_house_elected: Quarter
    defence_spending: NotNegative
    source: Words


class StartRivals(Frozen):
    """Depth of other frameworks with Japan at the start, 0-1."""

    quad: Share
    nato: Share
    australia: Share
    source: Words


class StartPeaceFacility(Frozen):
    """Money not spoken for, and money blocked, EUR million."""

    headroom_eur_m: NotNegative
    blocked_eur_m: NotNegative
    source: Words


class StartTable(Frozen):
    """The world at the start. What `instruments` and `bilateral` leave out is dormant."""

    quarter: Quarter
    trust: Share
    interoperability: Share
    source: Words
    ladders: StartLadders
    pressures: StartPressures
    instruments: dict[str, StartInstrument]
    bilateral: dict[str, dict[str, StartInstrument]] = Field(default_factory=dict)
    japan: StartJapan
    rivals: StartRivals
    peace_facility: StartPeaceFacility

    def of(self, slug: str) -> StartInstrument:
        """State of an instrument at EU level."""
        return self.instruments.get(slug, StartInstrument())

    def rung(self, iso3: str, slug: str) -> StartInstrument:
        """State of a rung of the bilateral ladder with one state."""
        return self.bilateral.get(iso3, {}).get(slug, StartInstrument())


RECORD_STAGES = (*STAGES[1:], "none", "context")
"""Stages on record: `none` says that nothing had begun by the date, `context` that the event is no stage of ours."""


def _record_stage(text: str) -> str:
    if text not in RECORD_STAGES and not re.fullmatch(r"step [1-9]", text):
        raise CheckError(
            "is no stage",
            allowed=f"{', '.join(RECORD_STAGES)}, step 1, step 2, ...",
            suggestion=nearest(text, (*RECORD_STAGES, "step 1")),
        )
    return text


class RecordRow(Frozen):
    """A dated event of the record: what Japan and a partner reached with an instrument, or Japan on a ladder.

    The partner is EU, a state of the bilateral ladder, or JPN for Japan's own ladders. `use` says who may read the row:
    calibration, validation alone, or nobody. What lies after `CALIBRATED_TO` is never for calibration.
    """

    partner: Literal["EU", "DEU", "ESP", "FRA", "GBR", "ITA", "NLD", "SWE", "JPN"]
    instrument: Words
    stage: Annotated[str, AfterValidator(_record_stage)]
    date: Annotated[str, AfterValidator(_dated)]
    use: Literal["calibrate", "validate", "context"]
    note: str
    source: Words

    @model_validator(mode="after")
    def _of_its_kind(self) -> Self:
        ladder = self.partner == "JPN" and self.stage not in ("none", "context")
        if ladder != self.stage.startswith("step"):
            allowed = "step 1, step 2, ..." if ladder else "a stage of an instrument: steps are Japan's (JPN)"
            raise CheckError("is no stage here", allowed=allowed, key="stage", value=shown(self.stage))
        if self.last > CALIBRATED_TO and self.use != "validate":
            raise CheckError(
                f"is not for what happened after {quarter_name(CALIBRATED_TO)}",
                allowed="validate",
                suggestion="did you mean 'validate'?",
                key="use",
                value=shown(self.use),
            )
        return self

    @property
    def days(self) -> tuple[datetime.date, datetime.date]:
        """First and last day on which it may have happened."""
        return days_of_date(self.date)

    @property
    def first(self) -> int:
        """First quarter in which it may have happened."""
        return quarter_of_day(self.days[0])

    @property
    def last(self) -> int:
        """Last quarter in which it may have happened, the first itself where the date is known to the month or day."""
        return quarter_of_day(self.days[1])

    @property
    def rank(self) -> int:
        """Place of the stage on the way of an instrument or ladder: 0 for none and context, rising with each step."""
        if self.stage in ("none", "context"):
            return 0
        return int(self.stage[-1]) if self.stage.startswith("step") else STAGES.index(self.stage)


# Scenarios, policies, questions


class PinnedRegime(Frozen):
    """A regime that a scenario dictates to a pressure, from a quarter until (not including) another."""

    pressure: PressureName
    regime: RegimeName
    begins: Moment = Field(alias="from")
    ends: Moment = Field(default=NEVER, alias="until")

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.begins >= self.ends:
            raise CheckError("ends before it begins", allowed="a quarter after `from`", key="until",
                        value=shown(quarter_name(self.ends)))  # fmt: skip
        return self


class Scenario(Frozen):
    """A possible world: from when to when, and what differs from the base."""

    name: str
    title: Words
    question: Words
    start: Quarter
    until: Quarter
    set: SetTable
    regimes: tuple[PinnedRegime, ...] = ()

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        check_until(self.until, self.start)
        for pressure in PRESSURES:
            pinned = sorted((r for r in self.regimes if r.pressure == pressure), key=lambda r: r.begins)
            for before, after in pairwise(pinned):
                if after.begins < before.ends:
                    raise CheckError(f"two regimes of {pressure} overlap", key="regimes",
                                value=shown(quarter_name(after.begins)),
                                allowed=f"from {quarter_name(before.ends)} on")  # fmt: skip
        return self


class Policy(Frozen):
    """A lever, or a counterfactual, in the form of the values that it sets."""

    name: str
    title: Words
    question: Words
    set: SetTable


class Posterior(Frozen):
    """Draws of the calibrated parameters, equally likely: a row per draw, a column per dotted name."""

    names: tuple[str, ...]
    rows: tuple[tuple[float, ...], ...]

    def without(self, names: set[str]) -> "Posterior | None":
        """The posterior of the other parameters; None if there are none."""
        kept = [place for place, name in enumerate(self.names) if name not in names]
        if not kept:
            return None
        rows = tuple(tuple(row[place] for place in kept) for row in self.rows)
        return Posterior(names=tuple(self.names[place] for place in kept), rows=rows)


class KnownStage(Frozen):
    """A stage that an instrument has reached: at EU level, or a rung with the state that `partner` names.

    `depth` is the relative depth agreed at signature, or at entry into force where nothing is signed; without it what
    both sides would agree on, at least what is worth signing.
    """

    partner: str = "EU"
    instrument: str
    stage: Literal["mandated", "negotiating", "signed", "provisional", "in_force", "lapsed"]
    quarter: Quarter
    depth: Share | None = None

    @property
    def file(self) -> str:
        """Which file it is about: "csdp_fpa", "FRA/raa"."""
        return self.instrument if self.partner == "EU" else f"{self.partner}/{self.instrument}"


class KnownStep(Frozen):
    """A step that Japan has taken on one of its ladders."""

    ladder: Ladder
    step: Annotated[int, Field(ge=1)]
    quarter: Quarter


class KnownGovernment(Frozen):
    """A government that has taken office: of a member state, or of Japan (JPN); without a stance it is drawn."""

    state: str
    quarter: Quarter
    stance: float | None = None


class Status(Frozen):
    """What has happened from the start to a quarter; from the next one on, chance takes over.

    Of instruments, rungs and ladders everything is listed: what is not has not happened. `open` names files
    ("csdp_fpa", "FRA/raa") of which nothing is known after their last stage listed. Governments, seats and
    regimes that are not listed are left to chance.
    """

    title: Words
    until: Quarter
    stages: tuple[KnownStage, ...] = ()
    steps: tuple[KnownStep, ...] = ()
    governments: tuple[KnownGovernment, ...] = ()
    seats: tuple[DietElection, ...] = ()
    regimes: tuple[PinnedRegime, ...] = ()
    open: tuple[str, ...] = ()


def check_until(until: int, start: int) -> None:
    """A run ends in its first quarter at the earliest."""
    if until < start or until >= NEVER:
        raise CheckError("ends before the start", allowed=f"{quarter_name(start)} or later", key="until",
                    value=shown(quarter_name(until)), suggestion=f"the nearest is {quarter_name(start)}")  # fmt: skip


def _some(values: Any) -> Any:
    if isinstance(values, list | tuple) and not values:
        raise CheckError("is empty", allowed="at least one name")
    return values


def _no_pair(values: tuple[str, ...]) -> tuple[str, ...]:
    seen: dict[frozenset[str], str] = {}
    for value in values:
        pieces = frozenset(value.split("+"))
        if pieces in seen:
            same = "" if seen[pieces] == value else f" as {seen[pieces]!r}"
            raise CheckError(f"{value!r} is named twice{same}", allowed="each once")
        seen[pieces] = value
    return values


Names = Annotated[tuple[str, ...], BeforeValidator(_some), AfterValidator(_no_pair)]
Analyses = Annotated[tuple[AnalysisName, ...], AfterValidator(_no_pair)]
Records = Annotated[tuple[RecordName, ...], BeforeValidator(_some), AfterValidator(_no_pair)]


DESIGNS: tuple[str, ...] = get_args(DesignKind)
SAMPLED = ("latin_hypercube", "sobol", "morris")
"""Designs whose points are drawn, from the experiment's seed."""
DRAWN = "drawn"
MOST_POINTS = 10_000_000


def _varied(value: object) -> object:
    """How a name varies: a list of values, { low, high }, or "drawn" as the parameter itself is."""
    if value == DRAWN:
        return value
    if isinstance(value, Mapping | Span):
        return set_value(value)
    return _choices(value, 'a list of values, { low = ..., high = ... } or "drawn"')


def _choices(value: object, allowed: str = "a list of values") -> tuple[object, ...]:
    """A list of different values, each a number, a quarter or a word."""
    if not isinstance(value, tuple | list):
        hint = f"did you mean [{shown(value)}]?" if isinstance(value, int | float | str) else ""
        raise CheckError("is no list", allowed=allowed, suggestion=hint)
    if not value:
        raise CheckError("is empty", allowed=allowed)
    for place, one in enumerate(value):
        if isinstance(one, Mapping | tuple | list | Span):
            raise CheckError(f"value {place + 1} is no number, quarter or word", allowed=allowed)
        set_value(one)
        if one in value[:place]:
            raise CheckError(f"{shown(one)} stands twice", allowed="each value once")
    return tuple(value)


def _point(value: object) -> object:
    if not isinstance(value, Mapping) or not value:
        raise CheckError("is no point", allowed='a table of values, as { "attention.link" = 0.3 }')
    for name, one in value.items():
        if isinstance(one, Mapping | tuple | list | Span):
            raise CheckError("is no number, quarter or word", key=f".{name}", allowed="one value")
        set_value(one)
    return dict(value)


Varied = Annotated[Any, BeforeValidator(_varied)]
Choices = Annotated[tuple[Any, ...], BeforeValidator(_choices)]
DesignPoint = Annotated[dict[str, Any], BeforeValidator(_point)]


class Design(Frozen):
    """Parameter sets, design points, to be simulated side by side.

    kind     how points are made: factorial (every combination; of a range its two ends), grid (every combination, of
             ranges `size` steps), list (as written in `points`), latin_hypercube (`size` points), sobol (`size` base
             samples, a power of two, by Saltelli's scheme), morris (`size` trajectories), table (the rows of a file)
    vary     what is not known: values by dotted name. "*" = "drawn" is all parameters that are uncertain anyway,
             "files.*" = "drawn" those of a family
    levers   what may be chosen: lists of values; every combination of them meets every point of the rest
    chance   luck is one more factor, so that its share can be told; else every point meets the same luck, run by run
    rest     uncertain parameters that do not vary here are "drawn" run by run, or "fixed" at their values
    """

    kind: DesignKind = "table"
    table: Words | None = None
    size: Annotated[int, Field(ge=1, le=MOST_POINTS)] | None = None
    points: Annotated[tuple[DesignPoint, ...], Field(min_length=1)] | None = None
    vary: Annotated[dict[str, Varied], Field(default_factory=dict)]
    levers: Annotated[dict[str, Choices], Field(default_factory=dict)]
    chance: bool = False
    rest: Literal["drawn", "fixed"] = "drawn"

    @model_validator(mode="after")
    def _fits_its_kind(self) -> Self:
        wants = {"table": "table", "list": "points"}.get(self.kind, "vary")
        if self.kind in ("factorial", "grid") and not self.vary and self.levers:
            wants = "levers"
        if not getattr(self, wants):
            raise CheckError("is missing", key=wants, allowed=f"what a design of kind {shown(self.kind)} is made from",
                             suggestion=self._kind_meant())  # fmt: skip
        for name in ("table", "points", "vary"):
            if getattr(self, name) and name != wants:
                raise CheckError("has no place here", key=name, allowed=f"{wants}, for kind {shown(self.kind)}",
                                 suggestion=self._kind_meant())  # fmt: skip
        sized = (*SAMPLED, "grid")
        if self.kind in SAMPLED if self.size is None else self.kind not in sized:
            raise CheckError("is missing" if self.size is None else "has no place here", key="size",
                             allowed=f"a whole number for {listed(sized)}")  # fmt: skip
        if self.kind == "sobol" and self.size is not None and self.size & (self.size - 1):
            near = 2 ** round(math.log2(self.size))
            raise CheckError("is no power of two", key="size", value=str(self.size), allowed="64, 128, 256, ...",
                             suggestion=f"the nearest is {near}")  # fmt: skip
        if self.chance and self.kind not in SAMPLED:
            raise CheckError("has no place here", key="chance", allowed=f"only with {listed(SAMPLED)}")
        self._check_names()
        return self

    @model_serializer(mode="wrap")
    def _what_is_said(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Without what is so anyway."""
        silent = {"kind": "table", "vary": {}, "levers": {}, "chance": False, "rest": "drawn"}
        return {key: value for key, value in handler(self).items() if value is not None and value != silent.get(key)}

    def _kind_meant(self) -> str:
        for name, kind in (("points", "list"), ("table", "table")):
            if getattr(self, name):
                return f"did you mean kind = {shown(kind)}?"
        return f"kind is one of {listed(DESIGNS)}" if self.vary or self.levers else ""

    def _check_names(self) -> None:
        for name, how in self.vary.items():
            if name in self.levers:
                raise CheckError("is varied and a lever", key=f"levers.{name}", allowed="one or the other")
            if name.endswith("*") and how != DRAWN:
                raise CheckError("cannot be given values", key=f"vary.{name}", allowed='"drawn"')
            if self.kind == "factorial" and how == DRAWN:
                raise CheckError("has no levels", key=f"vary.{name}", value=shown(how),
                                 allowed="a list of values or { low = ..., high = ... }")  # fmt: skip
            if self.kind == "grid" and self.size is None and not isinstance(how, tuple):
                raise CheckError("is missing", key="size", allowed="steps of a range in a grid, as size = 5")


class Experiment(Frozen):
    """A question: which scenarios and policies, how many runs of each, and what to keep.

    An entry of `scenarios` or `policies` that ends in .toml is a file beside the experiment's own, in `folder`.
    `status` says what has happened since the start; with `prior` calibrated parameters are drawn from their ranges.
    With a `design`, `runs` are runs of each of its points. `analyses` are asked of the results afterwards.
    """

    name: str
    question: Words
    scenarios: Names
    policies: Names
    runs: Annotated[int, Field(ge=1, lt=2**40)]
    seed: Annotated[int, Field(ge=0, lt=2**63)]
    until: Quarter | None = None
    record: Records = ("trajectories", "transitions")
    set: SetTable
    status: Status | None = None
    prior: bool = False
    design: Design | None = None
    analyses: Analyses = ()
    folder: str = ""

    @field_validator("design", mode="before")
    @classmethod
    def _table_of_its_own(cls, design: Any) -> Any:
        if isinstance(design, str):
            raise CheckError("is not a table", allowed='{ table = "sets.csv" }, or [design] with a kind',
                        suggestion=f"did you mean {{ table = {shown(design)} }}?")  # fmt: skip
        return design

    @field_validator("record")
    @classmethod
    def _summary_alone(cls, record: tuple[str, ...]) -> tuple[str, ...]:
        if "summary" in record and len(record) > 1:
            raise CheckError("'summary' stands alone", allowed=f'["summary"], or of {listed(RECORDS[:-1])}',
                        suggestion='did you mean ["summary"]?')  # fmt: skip
        return record

    @model_validator(mode="after")
    def _fits_its_design(self) -> Self:
        kind = "" if self.design is None else self.design.kind
        for name in ("morris", "sobol"):
            if name in self.analyses and kind != name:
                raise CheckError(f"{name!r} cannot be had of these points", key="analyses",
                                 allowed=f"[design] with kind = {shown(name)}")  # fmt: skip
        if self.design is not None and self.design.chance and self.runs != 1:
            raise CheckError("is too many where chance is a factor", key="runs", value=str(self.runs), allowed="1",
                             suggestion="every point has luck of its own")  # fmt: skip
        return self

    @model_serializer(mode="wrap")
    def _what_is_asked(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Without analyses if there are none."""
        return {key: value for key, value in handler(self).items() if key != "analyses" or value}

    def as_file(self) -> dict[str, Any]:
        """Content of an experiment file that asks this question, every value said."""
        return self.model_dump(mode="json", by_alias=True, exclude={"name", "folder"}, exclude_none=True)


# All together


class Settings(Frozen):
    """Everything that a model needs for one scenario under one policy, every layer applied."""

    scenario: Scenario
    policy: Policy
    until: Quarter
    parameters: dict[str, Parameter]
    instruments: tuple[Instrument, ...]
    rungs: tuple[Rung, ...]
    members: tuple[MemberState, ...]
    japan: JapanSettings
    partners: Partners
    pressures: Pressures
    union: UnionSettings
    table: StartTable
    status: Status | None = None
    posterior: Posterior | None = None

    @property
    def start(self) -> int:
        """Quarter index of the first turn."""
        return self.scenario.start

    @property
    def regimes(self) -> tuple[PinnedRegime, ...]:
        """Regimes that are known, or that the scenario dictates."""
        return self.scenario.regimes + (self.status.regimes if self.status else ())

    def governments_of(self, state: str, quarter: int) -> list[KnownGovernment]:
        """Governments of a state known to take office in a quarter."""
        known = self.status.governments if self.status else ()
        return [one for one in known if (one.state, one.quarter) == (state, quarter)]

    def fingerprint(self) -> str:
        """Hash (SHA-256, hexadecimal) of the resolved content; the same on every machine."""
        content = self.model_dump(mode="json", by_alias=True)
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
