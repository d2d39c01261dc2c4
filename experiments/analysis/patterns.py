"""The patterns of the record as numbers: what many runs of the hindcast give, beside what happened once.

The patterns that docs/ODD.md, section 1, calls outputs are numbered P1, P2 and P5 to P9: a function each, whose
docstring says where its definition comes from. P3 and P4 (how long ratification takes) and P10 (opinion is flat) are
inputs.

The record is one history. It is read by the same functions as a run (`recorded` makes a run of it), and runs are
compared with it as histories: `share_beyond` says how many lie as far out as the record. Its own interval, where a
count allows one, says how else the same world might have come out. Depths on record are an expert reading
(config/start/2026Q3.toml), not a measurement. Events kept for validation are read too: these numbers are to be looked
at, not fitted to.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from config.calendar import NEVER, quarter_index
from config.errors import UserError, listed
from config.loading import load_base, load_record, load_start
from config.schema import LADDERS, PARTNERS, STAGES, Instrument, Settings, StartTable
from experiments.analysis.intervals import LEVEL
from experiments.analysis.made import Ints, Tables, made, require_well
from experiments.analysis.reading import numbered
from experiments.analysis.remedies import reference
from experiments.analysis.transitions import BEGINS, ENDS, INSTRUMENT, quarters_between
from experiments.analysis.vetoes import FOREIGN, ROW, beside, cast
from experiments.asking import known
from experiments.files import Place
from experiments.store import Results, load

Floats = NDArray[np.float64]
Key = tuple[int, str, str]
"""Run, partner, instrument."""

FIRST, LAST, AFTER = "2010Q1", "2026Q2", "2026Q3"
"""The years that are compared, both quarters included, and the quarter that the reading of mid-2026 is for."""
QUARTERS = tuple(quarters_between(FIRST, LAST))
START, WAR, END = (quarter_index(quarter) for quarter in (FIRST, "2022Q1", LAST))
UNION = "EU"
TAIL = (1.0 - LEVEL) / 2.0
NAN = float("nan")
DEPTHS, CHANGES, VETOES = ("trajectories",), ("transitions",), ("vetoes",)
"""Tables."""

TITLES = {
    "P1": "Word and deed",
    "P2": "Files wait for years",
    "P5": "Japan's steps cluster",
    "P6": "Deeper, not more frequent",
    "P7": "The war raises and absorbs",
    "P8": "Single states go deeper",
    "P9": "Vetoes are few, most by one",
}
COLUMNS = [
    *("pattern", "number", "unit", "record", "record_low", "record_high", "basis"),
    *("median", "low", "high", "runs", "share_beyond", "reading"),
]

# What a number on record rests on
COUNT = f"count; exact {100 * LEVEL:.0f} % interval"
ONE = "one history"
EXPERT = "expert reading"
PRESS = f"{COUNT}; press, incomplete"
NONE = "no number on record"


@dataclass(frozen=True)
class Seen:
    """A number on record with the ends of its interval, NaN where there is none, and what it rests on."""

    value: float
    low: float = NAN
    high: float = NAN
    basis: str = ONE


@dataclass(frozen=True)
class Number:
    """One number of a pattern: on record, and how to take it from runs.

    tables   that have to be recorded
    of_runs  gives one value for each run, (R,), NaN where a run has none
    asks     which way the pattern goes where the record has no number: 1 up, -1 down
    """

    name: str
    unit: str
    tables: tuple[str, ...]
    record: Seen
    of_runs: "Callable[[Histories], Floats]"
    asks: int = 0


# Runs and record


@dataclass(frozen=True)
class Histories:
    """The runs of one scenario under one policy that went well, to the last quarter that is compared."""

    results: Tables
    scenario: str
    policy: str
    well: Ints
    """Their numbers in the results, ascending; here they are numbered from 0."""
    settings: Settings

    @property
    def runs(self) -> int:
        """How many there are."""
        return len(self.well)

    def table(self, name: str, columns: Sequence[str], quarters: Sequence[str] = QUARTERS) -> pd.DataFrame:
        """Columns of a table in these quarters, `run` among them, names as plain text."""
        chosen = {"scenarios": [self.scenario], "policies": [self.policy]}
        rows = self.results.table(name, columns, **chosen, quarters=list(quarters))
        names = [column for column in rows if isinstance(rows[column].dtype, pd.CategoricalDtype)]
        return rows.astype(dict.fromkeys(names, object)).assign(run=np.searchsorted(self.well, rows["run"]))

    def course(self, columns: Sequence[str], quarters: Sequence[str] = QUARTERS) -> Floats:
        """The sum of columns of trajectories, (R, quarters)."""
        rows = self.table("trajectories", ["run", "quarter", *columns], quarters)
        rows["sum"] = rows[list(columns)].sum(axis=1)
        wide = rows.pivot(index="run", columns="quarter", values="sum")
        return wide.reindex(index=range(self.runs), columns=list(quarters)).to_numpy(dtype=float)

    @cached_property
    def changes(self) -> pd.DataFrame:
        """Changes of stage in the order they happened: run partner instrument stage moment."""
        rows = self.table("transitions", ["run", *INSTRUMENT, "stage", "quarter"])
        rows["moment"] = rows["quarter"].map({name: quarter_index(name) for name in QUARTERS}).astype(int)
        return rows.drop(columns="quarter")

    def per_run(self, values: "pd.Series[Any]") -> Floats:
        """A value for each run from a column indexed by run, NaN where it has none, (R,)."""
        return values.reindex(range(self.runs)).to_numpy(dtype=float)


def mean_of(measure: str, quarters: Sequence[str]) -> Callable[[Histories], Floats]:
    """Mean of a measure of trajectories over these quarters, to be taken from runs."""
    return lambda runs: np.asarray(runs.course([measure], quarters).mean(axis=1))


@dataclass(frozen=True)
class Past:
    """What happened, in the terms of a run."""

    changes: pd.DataFrame
    """Changes of stage with the Union and single states, as `Histories.changes`, of one run."""
    dated: frozenset[str]
    """Instruments at EU level, without those that came into force at a date but began at none."""
    steps: Floats
    """Steps taken on Japan's ladders in each quarter, (1, quarters)."""
    then: StartTable
    """How 2010 began."""
    now: StartTable
    """How far everything had come in mid-2026, and how deep it was by the expert reading."""
    settings: Settings
    """Those of the runs: both are weighed alike."""


def recorded(settings: Settings) -> Past:
    """The record, its instruments weighed as in these settings."""
    rows = load_record()
    within = [row for row in rows if START <= row.first <= END]
    changes = [(0, row.partner, row.instrument, row.stage, row.first) for row in within if row.stage in STAGES]
    steps = counted([(0, row.first, 1.0) for row in within if row.stage.startswith("step")], 1)
    began, entered = (
        {row.instrument for row in rows if row.partner == UNION and row.stage in stages}
        for stages in (OPENED, (BEGINS,))
    )
    dated = frozenset(one.slug for one in settings.instruments) - (entered - began)
    base = load_base()
    then, now = (load_start(name, base) for name in (FIRST, AFTER))
    columns = ["run", *INSTRUMENT, "stage", "moment"]
    return Past(pd.DataFrame(changes, columns=columns), dated, steps, then, now, settings)


def instruments(settings: Settings) -> list[Instrument]:
    """Instruments at EU level that are not switched off."""
    return [one for one in settings.instruments if one.opens != NEVER]


def whole(settings: Settings) -> float:
    """Sum of the levels of all instruments at EU level at full ambition."""
    return sum(one.ambition for one in instruments(settings))


# Intervals of what was counted once


def exact_rate(count: int, years: float) -> Seen:
    """Events per year with the exact Poisson interval (Garwood 1936, Biometrika 28: 437-442)."""
    low = float(stats.chi2.ppf(TAIL, 2 * count)) / 2 if count else 0.0
    high = float(stats.chi2.ppf(1.0 - TAIL, 2 * count + 2)) / 2
    return Seen(count / years, low / years, high / years, COUNT)


def exact_share(count: int, of: int) -> Seen:
    """A share with the exact binomial interval (Clopper and Pearson 1934, Biometrika 26: 404-413)."""
    if of == 0:
        return Seen(NAN, basis=NONE)
    low = float(stats.beta.ppf(TAIL, count, of - count + 1)) if count else 0.0
    high = float(stats.beta.ppf(1.0 - TAIL, count + 1, of - count)) if count < of else 1.0
    return Seen(count / of, low, high, COUNT)


def rate_change(before: Seen, after: Seen) -> Seen:
    """Second rate less the first, its interval from theirs (Zou and Donner 2008, Statistics in Medicine 27: 1693)."""
    change = after.value - before.value
    low = change - np.hypot(after.value - after.low, before.high - before.value)
    high = change + np.hypot(after.high - after.value, before.value - before.low)
    return Seen(change, float(low), float(high), COUNT)


# P1


def gap(past: Past) -> list[Number]:
    """P1: declared less operational depth late in 2014, late in 2019 and in mid-2026 (docs/ODD.md, 6.10).

    On record: depths of config/start/2026Q3.toml, an expert reading. It is of 2026 alone. For the years before,
    whatever was in force then is taken to have been agreed as deep as it is now, and carried out from nothing at its
    entry into force to what it is now in a straight line; one end of the interval has all of it carried out from the
    first day, the other nothing. The Joint Declaration goes in a straight line from what 2010Q1.toml says.
    """
    return [
        Number(f"gap in {quarter}", "depth", DEPTHS, _gap_on_record(past, quarter), mean_of("gap", [quarter]))
        for quarter in ("2014Q4", "2019Q4", LAST)
    ]


def _gap_on_record(past: Past, quarter: str) -> Seen:
    moment = quarter_index(quarter)
    at_once = _gap(past, moment, lambda begun: 1.0)
    if moment == END:
        return Seen(at_once, basis=EXPERT)
    line = _gap(past, moment, lambda begun: (moment - begun) / (END - begun))
    return Seen(line, at_once, _gap(past, moment, lambda begun: 0.0), f"{EXPERT} of 2026, spread over time")


def _gap(past: Past, moment: int, done: Callable[[int], float]) -> float:
    """Declared less operational depth; `done` is the share of today's deeds reached, by the quarter of entry."""
    total = 0.0
    for one in instruments(past.settings):
        then, now = past.then.of(one.slug), past.now.of(one.slug)
        applied = _applied(past, one.slug)
        if now.stage != BEGINS or min(now.since, applied) > moment:
            continue
        if now.since < START:
            agreed = then.agreed + (moment - START) / (END - START) * (now.agreed - then.agreed)
            carried_out = then.operational + done(START) * (now.operational - then.operational)
        else:
            agreed = now.agreed * (1.0 if now.since <= moment else provisional_share(past.settings))
            carried_out = now.operational * done(min(now.since, applied))
        total += one.ambition * (agreed - carried_out)
    return total / whole(past.settings)


def _applied(past: Past, slug: str) -> int:
    """Quarter from which an agreement with the Union was applied provisionally, NEVER if it was not."""
    rows = _files(past.changes, {slug})
    return (
        int(rows.loc[rows["stage"] == "provisional", "moment"].min()) if "provisional" in set(rows["stage"]) else NEVER
    )


def provisional_share(settings: Settings) -> float:
    """Share of the agreed depth that provisional application gives."""
    return float(settings.parameters["ratification.provisional_share"].value)


# P2

LONG = 12
"""Quarters: three years, the least that "years" can mean."""
EARLY = quarter_index("2020Q1")
"""Files begun before then had more than six years to be concluded."""
OPENED, CONCLUDED = ("mandated", "negotiating"), ("signed", BEGINS)


def waits(past: Past) -> list[Number]:
    """P2: how long files at EU level wait, for a push and for their end (files as in docs/ODD.md, 6.5).

    A file begins with its mandate or, without one, its talks, and is concluded when it is signed or, without signature,
    in force; one that is withdrawn is not. Files that deepen an agreement are left out: the record knows none. So are
    instruments of which the record knows the entry into force but no beginning (dialogues launched at a summit): how
    long those waited is unknown.
    Medians are those of Kaplan and Meier (1958), with what is still open or was withdrawn censored; one that is not
    reached counts as long as the whole history. From signature to force is no pattern but an input (P3, P4).
    """

    def slow(changes: pd.DataFrame) -> pd.DataFrame:
        found = spells(_files(changes, past.dated), OPENED, CONCLUDED)
        found = found[found["begun"] < EARLY]
        return found.assign(slow=~found["ended"] | (found["waited"] > LONG))

    seen = slow(past.changes)["slow"]
    name = f"files begun before 2020, open after {LONG // 4} years"
    return [
        Number(name, "share", CHANGES, exact_share(int(seen.sum()), len(seen)),
               lambda runs: runs.per_run(slow(runs.changes).groupby("run")["slow"].mean())),
        _median("mandate to talks, median", past, ("mandated",), ("negotiating",)),
        _median("talks to conclusion, median", past, ("negotiating",), CONCLUDED),
    ]  # fmt: skip


def _median(name: str, past: Past, begins: Collection[str], ends: Collection[str]) -> Number:
    """Median quarters from one stage to another."""

    def medians(runs: Histories) -> Floats:
        found = spells(_files(runs.changes, past.dated), begins, ends)
        return runs.per_run(pd.Series({run: halfway(part) for run, part in found.groupby("run")}, dtype=float))

    seen = spells(_files(past.changes, past.dated), begins, ends)
    return Number(name, "quarters", CHANGES, Seen(halfway(seen), basis=f"{ONE}, {len(seen)} files"), medians)


def _files(changes: pd.DataFrame, among: Collection[str]) -> pd.DataFrame:
    """Changes of stage of these instruments at EU level."""
    return changes[(changes["partner"] == UNION) & changes["instrument"].isin(among)]


def spells(changes: pd.DataFrame, begins: Collection[str], ends: Collection[str]) -> pd.DataFrame:
    """Times from a stage of `begins` to one of `ends`: run begun waited ended, one row each, in quarters.

    A file that is withdrawn, or is still open in the last quarter, is censored there.
    """
    since: dict[Key, int] = {}
    found: list[tuple[int, int, int, bool]] = []
    for key, stage, moment in _told(changes):
        if key in since and (stage in ends or stage == "withdrawn"):
            begun = since.pop(key)
            found.append((key[0], begun, moment - begun, stage in ends))
        elif key not in since and stage in begins:
            since[key] = moment
    found += [(key[0], begun, END - begun, False) for key, begun in since.items()]
    return pd.DataFrame(found, columns=["run", "begun", "waited", "ended"]).astype({"ended": bool})


def _told(changes: pd.DataFrame) -> Iterator[tuple[Key, str, int]]:
    """Run, partner and instrument, stage, and quarter of every change."""
    columns = [changes[column].tolist() for column in ("run", *INSTRUMENT, "stage", "moment")]
    return (((run, partner, slug), stage, moment) for run, partner, slug, stage, moment in zip(*columns, strict=True))


def halfway(found: pd.DataFrame) -> float:
    """Median of `waited` by Kaplan and Meier (1958); the whole history if half never ended, NaN without any spell."""
    waited, ended = found["waited"].to_numpy(dtype=float), found["ended"].to_numpy(dtype=bool)
    if not len(waited):
        return NAN
    still = 1.0
    for time in np.unique(waited[ended]):
        still *= 1.0 - (ended & (waited == time)).sum() / (waited >= time).sum()
        if still <= 0.5 + 1e-12:
            return float(time)
    return float(len(QUARTERS))


# P5

BURSTS = {*quarters_between("2013Q1", "2016Q4"), *quarters_between("2022Q1", LAST)}


def bursts(past: Past) -> list[Number]:
    """P5: steps on Japan's four ladders (docs/ODD.md, 6.7), and how they cluster.

    The two windows were chosen with the record in view, which lies inside them by construction: steps at an even pace
    would have 52 %. Index of dispersion: variance by mean of the steps in the whole calendar years 2010 to 2025; 1 for
    steps that come at random with an even chance, more where they cluster.
    """
    inside = np.array([quarter in BURSTS for quarter in QUARTERS])

    def share(taken: Floats) -> Floats:
        return ratio(taken[:, inside].sum(axis=1), taken.sum(axis=1))

    def dispersion(taken: Floats) -> Floats:
        years = len(QUARTERS) // 4
        yearly = taken[:, : 4 * years].reshape(len(taken), years, 4).sum(axis=2)
        return ratio(yearly.var(axis=1, ddof=1), yearly.mean(axis=1))

    count, hits = int(past.steps.sum()), int(past.steps[:, inside].sum())
    name, even = "steps in 2013-16 and 2022-26", Seen(float(dispersion(past.steps)[0]))
    return [
        Number("steps", "count", DEPTHS, exact_rate(count, 1.0), lambda runs: np.asarray(steps(runs).sum(axis=1))),
        Number(name, "share", DEPTHS, exact_share(hits, count), lambda runs: share(steps(runs))),
        Number("dispersion of steps by year", "index", DEPTHS, even, lambda runs: dispersion(steps(runs))),
    ]


def steps(runs: Histories) -> Floats:
    """Steps taken on Japan's ladders in each quarter, (R, quarters)."""
    start = sum(getattr(runs.settings.table.ladders, ladder) for ladder in LADDERS)
    taken: Floats = np.diff(runs.course([f"step_{ladder}" for ladder in LADDERS]), axis=1, prepend=start)
    return taken


def ratio(part: Floats, total: Floats) -> Floats:
    """Quotient, NaN where the total is 0."""
    quotient: Floats = np.divide(part, total, out=np.full(total.shape, NAN), where=total > 0)
    return quotient


# P6

BEFORE, SINCE = slice(None, WAR - START), slice(WAR - START, None)
YEARS = ((WAR - START) / 4, (END + 1 - WAR) / 4)
"""Places of the quarters before and from 2022, and years in each."""


def deeper(past: Past) -> list[Number]:
    """P6: new agreements of the Union before and from 2022: how many a year, and how deep.

    An agreement is new when it is signed or, without signature, in force; deepening an old one makes none. Its level is
    ambition times agreed depth (docs/ODD.md, 2). No table of runs has agreed depths, but declared depth rises by just
    that when an agreement takes effect, and is read there: mean rise per agreement, where provisional application is
    the part of an agreement that it gives. Quarters in which something lapsed or was deepened as well are left out. On
    record: an expert reading of the depths, at the dates of config/record.csv.
    """

    def numbers(changes: pd.DataFrame, runs: int) -> Floats:
        """New agreements in each quarter, (runs, quarters)."""
        return counted([(run, moment, 1.0) for run, moment in new_agreements(changes)], runs)

    def more_often(runs: Histories) -> Floats:
        signed = numbers(runs.changes, runs.runs)
        return np.asarray(signed[:, SINCE].sum(axis=1) / YEARS[1] - signed[:, BEFORE].sum(axis=1) / YEARS[0])

    seen = numbers(past.changes, 1)
    rates = [exact_rate(int(seen[0, part].sum()), years) for part, years in zip((BEFORE, SINCE), YEARS, strict=True)]
    level = Seen(float(_change_of_level(*effects_on_record(past))[0]), basis=f"{EXPERT}, dated")
    return [
        Number("new agreements", "count", CHANGES, exact_rate(int(seen.sum()), 1.0),
               lambda runs: np.asarray(numbers(runs.changes, runs.runs).sum(axis=1))),
        Number("new agreements a year, change in 2022", "per year", CHANGES, rate_change(*rates), more_often),
        Number("level of new agreements, change in 2022", "level", (*CHANGES, *DEPTHS), level,
               lambda runs: _change_of_level(*effects(runs))),
    ]  # fmt: skip


def new_agreements(changes: pd.DataFrame) -> Iterator[tuple[int, int]]:
    """Run and quarter of every agreement of the Union that is signed or, without signature, in force."""
    signed: set[Key] = set()
    for key, stage, moment in _told(changes[changes["partner"] == UNION]):
        if stage == "signed" or (stage == BEGINS and key not in signed):
            yield key[0], moment
        if stage == "signed":
            signed.add(key)
        elif stage == BEGINS:
            signed.discard(key)


def taking_effect(changes: pd.DataFrame, provisional: float) -> Iterator[tuple[Key, int, float]]:
    """Every agreement of the Union that takes effect, the quarter, and the part of it that does."""
    applied: set[Key] = set()
    for key, stage, moment in _told(changes[changes["partner"] == UNION]):
        if stage == "provisional":
            applied.add(key)
            yield key, moment, provisional
        elif stage == BEGINS:
            yield key, moment, 1.0 - provisional if key in applied else 1.0
            applied.discard(key)


def counted(events: Iterable[tuple[int, int, float]], runs: int) -> Floats:
    """Sum of the values of events, each with its run and quarter, (runs, quarters)."""
    table = np.zeros((runs, len(QUARTERS)))
    for run, moment, value in events:
        table[run, moment - START] += value
    return table


def effects(runs: Histories) -> tuple[Floats, Floats]:
    """Agreements that took effect in each quarter and the rise of declared depth that came with them, (R, quarters)."""
    table = runs.settings.table
    start = sum(one.ambition * table.of(one.slug).agreed for one in instruments(runs.settings)
                if table.of(one.slug).stage == BEGINS)  # fmt: skip
    rise = np.diff(runs.course(["declared_depth"]) * whole(runs.settings), axis=1, prepend=start)
    events = taking_effect(runs.changes, provisional_share(runs.settings))
    number = counted(((key[0], moment, part) for key, moment, part in events), runs.runs)
    other = runs.changes[(runs.changes["partner"] == UNION) & runs.changes["stage"].isin([ENDS, "deepened"])]
    number[other["run"], other["moment"] - START] = 0.0
    return number, np.where(number > 0, rise, 0.0)


def effects_on_record(past: Past) -> tuple[Floats, Floats]:
    """The same of the record, (1, quarters)."""
    levels = {one.slug: one.ambition * past.now.of(one.slug).agreed for one in instruments(past.settings)}
    events = list(taking_effect(past.changes, provisional_share(past.settings)))
    number = counted([(0, moment, part) for _, moment, part in events], 1)
    return number, counted([(0, moment, part * levels[key[2]]) for key, moment, part in events], 1)


def _change_of_level(number: Floats, rise: Floats) -> Floats:
    """Mean level of what took effect from 2022 on less that of what did before, (R,)."""
    before, since = (ratio(rise[:, part].sum(axis=1), number[:, part].sum(axis=1)) for part in (BEFORE, SINCE))
    return since - before


# P7

IN_2021, IN_2023 = quarters_between("2021Q1", "2021Q4"), quarters_between("2023Q1", "2023Q4")
TWO_YEARS = quarters_between("2022Q1", "2023Q4")
SPENT = Seen(4600.0, 4600.0, 5600.0, "press; spent by June 2023, committed by December")
"""Peace Facility for Ukraine, EUR million: about 4,600 "already spent" (European Pravda, 21 June 2023), 5,600 committed
by the end of 2023 (general knowledge, high); from May 2023 on further tranches were blocked."""


def war(past: Past) -> list[Number]:
    """P7: from 2021 to 2023 states want more, and attend less; money for Ukraine in the two years after the invasion.

    Position and attention as in docs/ODD.md, 6.2 and 6.4, means over a year, position by persons of the members of
    2023. Nobody has measured either in Europe: the record has a direction only. That spare means fall is no result but
    a straight line in Russia's pressure (6.10).
    """
    del past
    unknown, attention = Seen(NAN, basis=NONE), "attention_eu"
    return [
        Number("position of member states, 2023 less 2021", "depth", ("actors",), unknown,
               lambda runs: _position(runs, IN_2023) - _position(runs, IN_2021), asks=1),
        Number("attention of the Union, 2023 less 2021", "share", DEPTHS, unknown,
               lambda runs: mean_of(attention, IN_2023)(runs) - mean_of(attention, IN_2021)(runs), asks=-1),
        Number("Peace Facility to Ukraine, 2022-23", "EUR million", DEPTHS, SPENT,
               lambda runs: len(TWO_YEARS) * mean_of("peace_facility_ukraine", TWO_YEARS)(runs)),
    ]  # fmt: skip


def _position(runs: Histories, quarters: Sequence[str]) -> Floats:
    """Mean position of the member states of 2023, (R,)."""
    there = quarter_index(IN_2023[0])
    persons = {one.iso3: one.population for one in runs.settings.members if one.has("member", there)}
    rows = runs.table("actors", ["run", "actor", "position"], quarters)
    rows = rows[rows["actor"].isin(persons)]
    weight = rows["actor"].map(persons).astype(float)
    return runs.per_run((rows["position"] * weight).groupby(rows["run"]).sum() / weight.groupby(rows["run"]).sum())


# P8

TALK = ("political", "civil")
"""Fields in which agreements are carried out by civil means (docs/ODD.md, 6.10); the others are operational."""


def single_states(past: Past) -> list[Number]:
    """P8: how much runs through single states and the United Kingdom in mid-2026 instead of through the Union.

    Share of operational depth as column `share_outside_eu` (docs/ODD.md, 6.11); rungs of the bilateral ladder in force
    with seven states; instruments of the Union in force in the operational fields. On record: config/start/2026Q3.toml,
    stages facts (one of them assumed), depths an expert reading. That talks with single states are short is an input:
    their panel says so.
    """
    deeds = {(UNION, one.slug) for one in instruments(past.settings) if one.domain not in TALK}
    rungs = {(partner, rung.slug) for rung in past.settings.rungs for partner in PARTNERS}
    return [
        Number("share of deeds outside the Union", "share", DEPTHS, Seen(_share_outside(past), basis=EXPERT),
               mean_of("share_outside_eu", [LAST])),
        _standing("bilateral agreements in force", past, rungs),
        _standing("operational agreements with the Union", past, deeds),
    ]  # fmt: skip


def _standing(name: str, past: Past, among: set[tuple[str, str]]) -> Number:
    """How many of some instruments, by partner and name, are in force in mid-2026."""
    start, seen = (sum(_stage(table, *key) == BEGINS for key in among) for table in (past.then, past.now))
    before = {key for key in among if _stage(past.then, *key) == BEGINS}

    def count(runs: Histories) -> Floats:
        moves = runs.changes[runs.changes["stage"].isin([BEGINS, ENDS])]
        number = np.full(runs.runs, float(start))
        for (run, *key), stage, _ in _told(moves.drop_duplicates(["run", *INSTRUMENT], keep="last")):
            if tuple(key) in among:
                number[run] += float(stage == BEGINS) - float(tuple(key) in before)
        return number

    return Number(name, "count", CHANGES, Seen(float(seen)), count)


def _stage(table: StartTable, partner: str, slug: str) -> str:
    return (table.of(slug) if partner == UNION else table.rung(partner, slug)).stage


def _share_outside(past: Past) -> float:
    outside = sum(
        rung.ambition * past.now.rung(partner, rung.slug).operational
        for partner in PARTNERS
        for rung in past.settings.rungs
    )
    inside = sum(one.ambition * past.now.of(one.slug).operational for one in instruments(past.settings))
    return outside / (outside + inside)


# P9

MONEY = "peace_facility"
FACILITY = quarters_between("2021Q2", LAST)


def few_vetoes(past: Past) -> list[Number]:
    """P9: vetoes on foreign policy a year, the part of the state that casts most, and the part on money.

    Counted as in `experiments.analysis.vetoes`, over the quarters that the record covers; every history has its own
    leader. The record comes from the press and is incomplete by its own account; it ends with 2021, and so can say
    nothing of vetoes on the Peace Facility, which began that year. That these end when governments change is a rule of
    the model (docs/ODD.md, 6.6), not a result.
    """
    del past
    place = beside(QUARTERS)
    assert place.seen is not None, "the record of vetoes lies within these years"
    seen = place.seen.loc[place.seen["scope"] == FOREIGN, "actor"].value_counts()
    years, span = len(place.quarters) / 4, f"{place.quarters[0][:4]}-{place.quarters[-1][2:4]}"
    few, one = exact_rate(int(seen.sum()), years), exact_share(int(seen.max()), int(seen.sum()))

    def share(counts: Floats) -> Floats:
        return ratio(counts.max(axis=1, initial=0.0), counts.sum(axis=1))

    return [
        Number(f"vetoes on foreign policy a year, {span}", "per year", VETOES, replace(few, basis=PRESS),
               lambda runs: _by_state(runs, place.quarters).sum(axis=1) / years),
        Number(f"share of the state with most, {span}", "share", VETOES, replace(one, basis=PRESS),
               lambda runs: share(_by_state(runs, place.quarters))),
        Number(f"share on money, from {FACILITY[0]}", "share", VETOES, Seen(NAN, basis=NONE), _on_money),
    ]  # fmt: skip


def _foreign(runs: Histories, quarters: Sequence[str]) -> pd.DataFrame:
    rows = cast(runs.table("vetoes", ROW, quarters))
    return rows[rows["scope"] == FOREIGN]


def _by_state(runs: Histories, quarters: Sequence[str]) -> Floats:
    """Vetoes on foreign policy, (R, states)."""
    rows = _foreign(runs, quarters)
    return pd.crosstab(rows["run"], rows["actor"]).reindex(range(runs.runs), fill_value=0).to_numpy(dtype=float)


def _on_money(runs: Histories) -> Floats:
    rows = _foreign(runs, FACILITY)
    return runs.per_run((rows["subject"] == MONEY).groupby(rows["run"]).mean())


# All together

PATTERNS: Mapping[str, Callable[[Past], list[Number]]] = {
    "P1": gap,
    "P2": waits,
    "P5": bursts,
    "P6": deeper,
    "P7": war,
    "P8": single_states,
    "P9": few_vetoes,
}


def patterns(results: Results | Place | str, scenario: str | None = None, policy: str | None = None) -> pd.DataFrame:
    """Every number of every pattern, a row each, in one scenario that runs from 2010Q1 to mid-2026.

    The first such scenario unless one is named, under no policy unless one is named. Columns:

        pattern number unit            as in `PATTERNS`
        record record_low record_high  what happened, with an interval where there is one, else NaN
        basis                          what the record's number rests on
        median low high                of the runs, 5 to 95 %; runs without the number are left out
        runs                           how many have it
        share_beyond                   share of runs as extreme as the record, two-sided (`beyond`)
        reading                        a sentence by rule

    A number whose table was not recorded has a row of NaN that says so.
    """
    loaded = results if isinstance(results, Results) else load(results)
    name = known("--scenario", scenario, _covering(loaded))
    chosen = known("--policy", policy, loaded.experiment.policies) if policy else reference(loaded.experiment.policies)
    results_by_number, _ = numbered(loaded)
    runs = require_well(made(results_by_number, name, chosen), name, chosen)
    return compare(Histories(results_by_number, name, chosen, runs.well, loaded.settings(name, chosen)))


def _covering(results: Results) -> list[str]:
    """Scenarios that run through all years of the record."""
    policy = results.experiment.policies[0]
    found = {name: results.settings(name, policy) for name in results.experiment.scenarios}
    there = [name for name, one in found.items() if one.start == START and one.until >= END]
    if not there:
        raise UserError(
            f"has no scenario from {FIRST} to {LAST}",
            file=str(results.folder),
            value=listed(found),
            allowed="hindcast, to its end",
            suggestion='write scenarios = ["hindcast"] in the experiment file and run it into another folder',
        )
    return there


def compare(runs: Histories) -> pd.DataFrame:
    """The table of `patterns` for these runs."""
    past = recorded(runs.settings)
    rows = [
        {"pattern": pattern, **_row(number, runs)} for pattern, define in PATTERNS.items() for number in define(past)
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


def _row(number: Number, runs: Histories) -> dict[str, Any]:
    seen = number.record
    said = {
        **{"number": number.name, "unit": number.unit, "record": seen.value, "record_low": seen.low},
        **{"record_high": seen.high, "basis": seen.basis},
    }
    missing = [table for table in number.tables if table not in runs.results.tables]
    if missing:
        return {**said, "runs": 0, "reading": f"not recorded: needs table {' and '.join(missing)}"}
    values = number.of_runs(runs)
    values = values[np.isfinite(values)]
    if not len(values):
        return {**said, "runs": 0, "reading": "no run has it"}
    low, median, high = (float(cut) for cut in np.quantile(values, [TAIL, 0.5, 1.0 - TAIL]))
    row = {**said, "median": median, "low": low, "high": high, "runs": len(values)}
    return {**row, "share_beyond": beyond(values, seen.value), "reading": reading(number, values, low, high)}


def beyond(values: Floats, record: float) -> float:
    """Twice the share of runs that are at the record or beyond it, on the side where there are fewer; 1 at most."""
    if np.isnan(record):
        return NAN
    return min(1.0, 2.0 * min(float((values <= record).mean()), float((values >= record).mean())))


def reading(number: Number, values: Floats, low: float, high: float) -> str:
    """What the comparison says, in a sentence."""
    seen = number.record
    if np.isnan(seen.value):
        if not number.asks:
            return "no number on record to compare with"
        way, share = "rises" if number.asks > 0 else "falls", (values * number.asks > 0).mean()
        return f"{way}, as the pattern asks, in {100 * share:.0f} % of runs"
    if low <= seen.value <= high:
        return f"the record lies inside the runs' {100 * LEVEL:.0f} %"
    outside = f"outside: the model has {'more' if seen.value < low else 'less'}"
    reaches = seen.high >= low if seen.value < low else seen.low <= high
    return f"{outside}, though the record's own interval reaches in" if reaches else outside
