"""The whole state of one history, in plain numbers. Names follow docs/ODD.md, section 2."""

from __future__ import annotations

from dataclasses import dataclass, field

from config.schema import DOMAINS, LADDERS, PRESSURES, Instrument, MemberState, Rung, Settings
from tests.twin import chance

__all__ = ["DOMAINS", "LADDERS", "PRESSURES"]

RUSSIA, CHINA, NORTH_KOREA, US_RETRENCHMENT = range(4)
"""Places of the pressures in every list of four."""

RIVALS = ("quad", "nato", "australia")
WITH_MANDATE = ("R2", "R5", "R7", "R8", "R9")
"""Classes whose files begin with a mandate of the Council."""


@dataclass
class Pressure:
    """A pressure from outside: regime 0 calm, 1 tense, 2 crisis, and intensity, 0-1."""

    name: str
    regime: int
    intensity: float


@dataclass
class Member:
    """A member state of today, or the United Kingdom."""

    facts: MemberState
    exposure: list[float]
    affinity: float
    dependence: float
    threats: list[float]
    first_threats: list[float]
    attention: float
    stance: float
    position: float
    trust: float
    spending: float
    first_spending: float
    scripted_elections: frozenset[int]
    # what the periods say of this quarter
    in_union: bool = False
    neutral: bool = False
    opted_out: bool = False
    in_pesco: bool = False
    has_strategy: bool = False
    stance_mean: float = 0.0
    elected: bool = False
    """Whether there was an election this quarter."""
    # money of this quarter, EUR million
    contribution: float = 0.0
    contribution_lethal: float = 0.0

    @property
    def iso3(self) -> str:
        """Code of the state."""
        return self.facts.iso3

    @property
    def persons(self) -> int:
        """Population."""
        return self.facts.population

    @property
    def gdp(self) -> float:
        """Gross domestic product, USD billion."""
        return self.facts.gdp_usd_bn

    def turn_to(self, quarter: int) -> None:
        """Take what holds of the state in this quarter from its periods."""
        self.in_union = self.facts.has("member", quarter)
        self.neutral = self.facts.has("neutral", quarter)
        self.opted_out = self.facts.has("opt_out", quarter)
        self.in_pesco = self.facts.has("pesco", quarter)
        self.has_strategy = self.facts.has("strategy", quarter)
        mean = self.facts.at("stance_mean", quarter)
        self.stance_mean = 0.0 if mean is None else float(mean)


@dataclass
class Japan:
    """Cabinet, Diet, public and constitution."""

    exposure: list[float]
    threats: list[float]
    first_threats: list[float]
    attention: float
    stance: float
    position: float
    trust: float
    spending: float
    first_spending: float
    lower_share: float
    upper_share: float
    partner: bool
    since_lower: int
    support: float
    steps: dict[str, int]


@dataclass
class Union:
    """High Representative, Commission, Parliament and European Council."""

    attention: float = 0.0
    ambition_high_representative: float = 0.0
    ambition_commission: float = 0.0
    mood_parliament: float = 0.0
    position_high_representative: float = 0.0
    position_commission: float = 0.0
    position_parliament: float = 0.0
    guideline_left: float = 0.0
    passerelle: bool = False

    @property
    def guideline(self) -> bool:
        """Whether a guideline of the European Council is in force."""
        return self.guideline_left > 0.0


@dataclass
class File:
    """What is under way on an instrument; stage is mandated, negotiating, signed or provisional."""

    stage: str
    drafted: float = 0.0
    stalled: int = 0
    age: int = 0
    japan_ready: bool = False
    union_ready: bool = False
    hazard: dict[str, float] = field(default_factory=dict)
    """Summed hazard of ratification, by state."""


@dataclass
class Bargain:
    """What a quarter's phases 5 and 6 found about an instrument; for limits, dilution, vetoes and beliefs alone."""

    drawn_open: bool = False
    missing: str = ""
    asked: bool = False
    denied: bool = False
    mandated: bool = False
    in_talks: bool = False
    passing: bool = False
    concluded: bool = False
    withdrawn: bool = False
    council: float = 0.0
    pivotal: str = ""
    cap: float = 0.0
    wish: float = 0.0
    middle: float = 0.0
    dilution: float = 0.0
    push: float = 0.0
    free: float = 0.0
    """Slots of its leader that are free at the start of phase 5."""
    vetoed: list[str] = field(default_factory=list)
    """States whose vetoes stopped the file this quarter."""


@dataclass
class Belief:
    """How far a held file may have come, by what is known: a mass for each stage and each point of its will."""

    points: list[float]
    masses: list[list[float]]
    """Of none, mandated, talks, concluded, for each point."""
    first: int
    """Place of the stage at which it stood at the start or, later, when its instrument lapsed."""
    log_likelihood: float = 0.0
    lapsed: int = 0
    """Quarter in which the instrument lapsed while held; stages listed up to it no longer count."""


@dataclass
class Agreement:
    """An instrument at EU level; status is dormant, in_force or lapsed; depths are relative to its ambition."""

    facts: Instrument
    status: str
    agreed: float
    operational: float
    file: File | None
    lapses: int
    will: float
    noise: dict[str, float]
    """What each state adds to its acceptance of this file, by state."""
    covered: bool
    """Whether the decision on majority voting would cover it."""
    bargain: Bargain = field(default_factory=Bargain)

    @property
    def slug(self) -> str:
        """Name."""
        return self.facts.slug

    @property
    def ambition(self) -> float:
        """Absolute level of full depth."""
        return self.facts.ambition

    @property
    def in_force(self) -> bool:
        """Whether it is in force."""
        return self.status == "in_force"

    @property
    def stage(self) -> str:
        """Stage of the file, or empty."""
        return self.file.stage if self.file is not None else ""

    @property
    def fast_track(self) -> bool:
        """Whether the lever `framework` speeds it up."""
        return self.slug in ("csdp_fpa", "operational_framework")


@dataclass
class Tie:
    """A rung of the bilateral ladder with one partner; stage is dormant, negotiating, signed, in_force or lapsed."""

    partner: str
    facts: Rung
    stage: str
    agreed: float
    operational: float

    @property
    def slug(self) -> str:
        """Name."""
        return self.facts.slug

    @property
    def in_force(self) -> bool:
        """Whether it is in force."""
        return self.stage == "in_force"


@dataclass
class Facility:
    """The European Peace Facility, EUR million."""

    headroom: float
    blocked_stock: float
    vote_blocked: bool = False
    abstainers: frozenset[str] = frozenset()
    holding: frozenset[str] = frozenset()
    """Members that hold a block."""
    paid_ukraine: float = 0.0
    paid_indo_pacific: float = 0.0
    funding: float = 0.0
    """What epf_sea gets of the money it needs, 0-1 (F_sea)."""


@dataclass
class World:
    """One history at one moment."""

    settings: Settings
    seed: int
    run: int
    quarter: int
    parameters: dict[str, float]
    pressures: list[Pressure]
    members: list[Member]
    japan: Japan
    union: Union
    agreements: list[Agreement]
    ties: dict[str, list[Tie]]
    rivals: dict[str, float]
    facility: Facility
    interoperability: float
    listened: dict[frozenset[str], dict[str, list[str]]] = field(default_factory=dict)
    """Who listens to whom, by the set of members (only remembered, never changed)."""
    shock: bool = False
    coercion: float = 0.0
    declared_depth: float = 0.0
    operational_depth: float = 0.0
    visible_depth: float = 0.0
    share_outside: float = 0.0
    topics_blocked: list[str] = field(default_factory=list)
    blamed: dict[str, list[str]] = field(default_factory=dict)
    """States that opposed a topic of other business, by topic."""
    spare: float = 0.0
    resources: float = 0.0
    dialogue: float = 1.0
    framework: float = 0.0
    beliefs: dict[str, Belief] = field(default_factory=dict)
    """By file, of all that are ever held."""
    ladder_likelihood: dict[str, float] = field(default_factory=dict)
    """Logarithm of the likelihood of the steps known, by ladder."""
    events: list[tuple[str, str, str]] = field(default_factory=list)
    """Transitions of this quarter as they happened: partner, instrument, stage."""

    def p(self, name: str) -> float:
        """Value of a parameter in this history."""
        return self.parameters[name]

    def u(self, name: str) -> float:
        """This quarter's draw."""
        return chance.uniform(self.seed, name, self.run, self.quarter)

    def once(self, name: str) -> float:
        """The draw made once per run."""
        return chance.uniform(self.seed, name, self.run)

    def on(self, lever: str) -> bool:
        """Whether a lever is on in this quarter."""
        return self.quarter >= self.parameters[f"levers.{lever}_from"]

    def indo_pacific(self, what: str) -> float:
        """on_ips (s_ips levers.indo_pacific_what)."""
        return float(self.on("indo_pacific_strategy")) * (
            self.p("levers.indo_pacific_strength") * self.p(f"levers.indo_pacific_{what}")
        )

    def intensity(self, pressure: int) -> float:
        """Intensity of a pressure."""
        return self.pressures[pressure].intensity

    def union_members(self) -> list[Member]:
        """V, the members of this quarter."""
        return [member for member in self.members if member.in_union]

    def member(self, iso3: str) -> Member:
        """A state by its code."""
        return next(member for member in self.members if member.iso3 == iso3)

    def agreement(self, slug: str) -> Agreement:
        """An instrument at EU level by its name."""
        return next(agreement for agreement in self.agreements if agreement.slug == slug)

    def note(self, partner: str, instrument: str, stage: str) -> None:
        """Record a transition."""
        self.events.append((partner, instrument, stage))

    def note_on_the_way(self, agreement: Agreement, stage: str) -> None:
        """Record a stage of a first file; a file that deepens records only its beginning and its end."""
        if not agreement.in_force:
            self.note("EU", agreement.slug, stage)


def clip(x: float) -> float:
    """x between 0 and 1."""
    return min(1.0, max(0.0, x))
