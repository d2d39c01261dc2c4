"""One run of saved results, played again and told as a dated story (simulation/chronicle.py)."""

import json
import re
import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from config.calendar import quarter_index, quarter_name
from config.errors import UserError, listed, nearest
from config.loading import varied
from config.schema import PRESSURES, Settings
from experiments.asking import known
from experiments.files import Place
from experiments.labels import counted, policy_label
from experiments.store import Results, load

if TYPE_CHECKING:
    from simulation.chronicle import Chronicle, Event
    from simulation.sentences import Names

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

FORMAT = 1
"""Raised when the layout of the JSON changes."""
WIDTH = 100
"""Columns of the text."""
DEPTHS = ("declared_depth", "operational_depth")
ROUTINE = ("money_ukraine", "money_blocked", "money_south_east_asia", "lethal_aid_abstained")
"""Kinds that text and Markdown sum up over a year; JSON has every quarter."""
FAILED = "failed"
"""Kind of the last event of a run that failed, and its regime."""
SUMMED = ("paid", "requested", "released", "lethal")


@dataclass(frozen=True)
class Choice:
    """Which run of the results is wanted: a number, the most typical or the most extreme; with a design at a point."""

    run: int | None = None
    typical: bool = False
    extreme: bool = False
    point: int | None = None


@dataclass(frozen=True)
class Ending:
    """How a run ended, and the median of all runs of its scenario and policy if that was kept.

    Of a run that failed: where, and how far it had come a quarter before; None if it failed in the first.
    """

    declared_depth: float | None
    operational_depth: float | None
    regime: str
    agreements: int
    """Agreements and rungs that entered into force."""
    stopped: int
    """Decisions that a state stopped."""
    company: str
    """The runs among which it is one, as "1,000 runs"."""
    median: Mapping[str, float] | None
    failed: str = ""


@dataclass(frozen=True)
class Story:
    """A replayed run."""

    experiment: str
    scenario: str
    policy: str
    point: int | None
    run: int
    seed: int
    quarters: tuple[int, int]
    chosen: str
    events: tuple["Event", ...]
    ending: Ending
    years: Mapping[int, tuple[float, float]]
    """Declared and operational depth at the end of each year."""
    filters: Mapping[str, Sequence[str]]
    names: "Names"

    @property
    def headline(self) -> str:
        """How the run ended, in a few sentences."""
        first, last = map(quarter_name, self.quarters)
        where = "" if self.point is None else f" at point {self.point}"
        which = (
            f"Run {self.run}{self.chosen} of {self.ending.company}{where}, scenario {self.scenario}, "
            f"{policy_label(self.policy)}, {first} to {last}"
        )
        regime = f"the partnership ends {self.ending.regime}"
        if self.ending.failed:
            regime = f"it failed ({self.ending.failed}) and is left out of all comparisons; until then"
        counts = (
            f"{counted(self.ending.agreements, 'agreement')} entered into force, "
            f"{counted(self.ending.stopped, 'decision')} "
            f"{'was' if self.ending.stopped == 1 else 'were'} stopped by a state"
        )
        depths = [text for text in map(self._depth, DEPTHS) if text]
        if self.ending.failed:
            return f"{which}: {regime} {', '.join([*depths, counts])}."
        return f"{which}: {', '.join([regime, *depths])}. {counts}."

    def _depth(self, name: str) -> str:
        depth = getattr(self.ending, name)
        return "" if depth is None else f"{name.replace('_', ' ')} {depth:.3f}{self._compared(name)}"

    def _compared(self, name: str) -> str:
        if self.ending.median is None:
            return ""
        return f" (median {self.ending.median[name]:.3f})"


def replay(
    folder: Place | str,
    choice: Choice,
    *,
    scenario: str | None = None,
    policy: str | None = None,
    actors: Sequence[str] = (),
    instruments: Sequence[str] = (),
    style: str = "text",
) -> str:
    """The story of one run of a folder of results; UserError for whatever is wrong in what was asked."""
    if style not in STYLES:
        raise UserError("is no format", key="--format", value=style, allowed=listed(STYLES),
                        suggestion=nearest(style, STYLES))  # fmt: skip
    _check_choice(choice)
    results = load(folder)
    scenario = known("--scenario", scenario, results.experiment.scenarios)
    policy = known("--policy", policy, results.experiment.policies)
    told = story(results, scenario, policy, choice, actors, instruments)
    return STYLES[style](told)


def story(
    results: Results,
    scenario: str,
    policy: str,
    choice: Choice,
    actors: Sequence[str] = (),
    instruments: Sequence[str] = (),
) -> Story:
    """Play a run again, check it against what was recorded, and keep the events that were asked for."""
    settings = _settings(results, scenario, policy)
    codes = [_actor(name, settings) for name in actors]
    slugs = [known("--instrument", name, instruments_of(settings)) for name in instruments]
    _check_number(results, choice)
    group = Group(results, scenario, policy, choice.point)
    run, chosen, company = _chosen(group, choice)
    play = played(group, settings, run)
    events = (
        event
        for event in play.events
        if event.kind == FAILED
        or ((not codes or set(codes) & set(event.actors)) and (not slugs or set(slugs) & set(event.instruments)))
    )
    last = play.kept[-1] if play.kept else None
    return Story(
        experiment=results.experiment.name,
        scenario=scenario,
        policy=policy,
        point=choice.point,
        run=run,
        seed=results.experiment.seed,
        quarters=(settings.start, settings.until),
        chosen=chosen,
        events=tuple(events),
        ending=Ending(
            declared_depth=None if last is None else last.declared_depth,
            operational_depth=None if last is None else last.operational_depth,
            regime=play.regime,
            agreements=sum(event.kind == "in_force" for event in play.events),
            stopped=sum(quarter.stopped for quarter in play.kept),
            company=company,
            median=_median(group, settings),
            failed=play.failed,
        ),
        years={one.quarter // 4: (one.declared_depth, one.operational_depth) for one in play.whole_years()},
        filters={"actors": codes, "instruments": slugs},
        names=play.names,
    )


# Which run


def _check_choice(choice: Choice) -> None:
    given = [choice.run is not None, choice.typical, choice.extreme].count(True)
    if given != 1:
        problem = "say which run" if given == 0 else "say only one"
        raise UserError(problem, key="replay", allowed="--run N, --typical or --extreme")


def _check_number(results: Results, choice: Choice) -> None:
    """UserError unless there are such a run and, if and only if the experiment has a design, such a point."""
    points = results.points()
    if points is None and choice.point is not None:
        raise UserError("has no design", key="--point", value=str(choice.point), file=str(results.folder),
                        suggestion="leave --point out")  # fmt: skip
    if points is not None and choice.point is None:
        raise UserError("say at which point of the design", key="replay", allowed=f"--point 0 to {len(points) - 1}")
    asked = [("--run", "the runs", choice.run, results.experiment.runs)]
    if points is not None:
        asked.insert(0, ("--point", "the points of the design", choice.point, len(points)))
    for key, those, number, count in asked:
        if number is not None and not 0 <= number < count:
            raise UserError(f"is not among {those}", key=key, value=str(number), allowed=f"0 to {count - 1}",
                            suggestion=f"the nearest is {max(min(number, count - 1), 0)}")  # fmt: skip


def actors_of(settings: Settings) -> dict[str, str]:
    """Everybody who may act in a story: codes with the names that also find them."""
    from simulation.sentences import BODIES

    states = {one.iso3: one.name for one in settings.members}
    return states | {name: name for name in (*BODIES, *PRESSURES)} | {"JPN": "Japan"}


def instruments_of(settings: Settings) -> list[str]:
    """Everything that may be signed in a story."""
    return [*(one.slug for one in settings.instruments), *(one.slug for one in settings.rungs)]


def _actor(name: str, settings: Settings) -> str:
    there = actors_of(settings)
    for code, title in there.items():
        if name.casefold() in (code.casefold(), title.casefold()):
            return code
    raise UserError("is no actor in these results", key="--actor", value=name, allowed=listed(there),
                    suggestion=_nearest_actor(name, there))  # fmt: skip


def _nearest_actor(name: str, there: Mapping[str, str]) -> str:
    return nearest(name, there.values()) if len(name) > 3 else nearest(name.upper(), there)


@dataclass(frozen=True)
class Group:
    """The runs of a scenario under a policy, with a design those at one point."""

    results: Results
    scenario: str
    policy: str
    point: int | None

    @property
    def has_paths(self) -> bool:
        """Whether trajectories were kept run by run."""
        return "trajectories" in self.results.tables

    def parts(self, table: str, columns: Sequence[str], quarters: Sequence[str] | None = None) -> Iterator[Any]:
        """Columns of a table, block by block."""
        who = [] if self.point is None else ["point"]
        for part in self.results.parts(table, [*who, *columns], scenarios=[self.scenario], policies=[self.policy],
                                       quarters=quarters):  # fmt: skip
            yield part if self.point is None else part[part["point"] == self.point]

    def one(self, table: str, run: int) -> Any:
        """The rows of one run."""
        chosen = {"scenarios": [self.scenario], "policies": [self.policy]}
        return self.results.table(table, **chosen, run=run, point=self.point)

    def well(self) -> Ints:
        """Numbers of the runs that went well, in their order."""
        parts = [part.loc[part["failed"] == "", "run"] for part in self.parts("runs", ["run", "failed"])]
        return np.concatenate([part.to_numpy(np.int64) for part in parts])

    def course(self, measure: str, quarters: int) -> Iterator[Floats]:
        """A measure of trajectories in all runs that went well, (R,), quarter by quarter."""
        values = (part[measure].to_numpy(np.float64) for part in self.parts("trajectories", ["run", measure]))
        blocks = [np.ascontiguousarray(block.reshape(-1, quarters).T) for block in values]
        return (np.concatenate([block[quarter] for block in blocks]) for quarter in range(quarters))


def _chosen(group: Group, choice: Choice) -> tuple[int, str, str]:
    """The number of the run that was asked for, what makes it special, and of how many runs it is one."""
    runs = group.results.experiment.runs
    if choice.run is not None:
        return choice.run, "", counted(runs)
    if not group.has_paths:
        raise UserError("keeps only a summary, in which no run is typical", file=str(group.results.folder),
                        allowed="--run N")  # fmt: skip
    well = group.well()
    if not len(well):
        raise UserError("has no run that went well", file=str(group.results.folder), allowed="--run N")
    quarters = _quarters(group.results.settings(group.scenario, group.policy))
    away = distances(values for measure in DEPTHS for values in group.course(measure, quarters))
    company = counted(runs) if len(well) == runs else f"{counted(len(well))} that went well"
    if choice.typical:
        return int(well[np.argmin(away)]), ", the most typical", company
    return int(well[np.argmax(away)]), ", the most extreme", company


def _quarters(settings: Settings) -> int:
    return settings.until - settings.start + 1


def distances(values: Iterable[Floats]) -> Floats:
    """How far each run is from the median path, (R,): squares summed over `values`, (R,) for each depth and quarter."""
    squares: Floats = np.zeros(0)
    for each in values:
        away = each - np.median(each)
        squares = away * away + (squares if len(squares) else 0.0)
    return squares


def _median(group: Group, settings: Settings) -> dict[str, float] | None:
    """Median over runs at the end, from the runs or from the summary that was kept of them; None if neither was.

    A summary of a design is one of all its points.
    """
    if group.has_paths:
        last = list(group.parts("trajectories", DEPTHS, [quarter_name(settings.until)]))
        return {name: float(np.median(np.concatenate([part[name] for part in last]))) for name in DEPTHS}
    if "summary" not in group.results.tables or group.point is not None:
        return None
    rows = group.results.table("summary", scenarios=[group.scenario], policies=[group.policy])
    last_rows = rows[rows["quarter"] == rows["quarter"].max()].set_index("measure")["median"]
    return {name: float(last_rows[name]) for name in DEPTHS}


# Playing it again


def _settings(results: Results, scenario: str, policy: str) -> Settings:
    """What was assumed; settings that this version cannot read are those of another one."""
    try:
        return results.settings(scenario, policy)
    except UserError as error:
        if _other_rules(results):
            raise _of_another_version(results) from error
        raise


@dataclass(frozen=True)
class Quarter:
    """How far the partnership was at the end of a quarter, and how many decisions a state stopped in it."""

    quarter: int
    declared_depth: float
    operational_depth: float
    stopped: int


@dataclass(frozen=True)
class Play:
    """A run played again: what happened, its whole quarters, how it ended and, if it did, where it failed."""

    events: Sequence["Event"]
    kept: Sequence[Quarter]
    regime: str
    names: "Names"
    failed: str = ""

    def whole_years(self) -> list[Quarter]:
        """Quarters to show the years by: of a year in which the run failed none."""
        if not self.failed:
            return list(self.kept)
        return [one for one in self.kept if one.quarter // 4 < (self.kept[-1].quarter + 1) // 4]


def played(group: Group, settings: Settings, run: int) -> Play:
    """The run, played again and equal to the recorded one; UserError if the rules are no longer the same."""
    from simulation.chronicle import Chronicle

    where = str(group.one("runs", run)["failed"].iloc[0])
    seed, (settings, given, luck) = group.results.experiment.seed, _at_point(group, settings)

    def begin() -> Chronicle:
        return Chronicle(settings, run, seed, given, luck)

    try:
        if where:
            return _until_failure(group.results, begin, settings, where)
        chronicle = begin()
        chronicle.run()
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        if _other_rules(group.results):
            raise _of_another_version(group.results) from error
        raise
    tables = chronicle.tables()
    parted = parting(group, run, tables)
    if parted:
        raise _of_another_version(group.results, parted)
    columns = (tables["trajectories"][name].tolist() for name in ("quarter", *DEPTHS, "vetoes"))
    kept = [Quarter(quarter, declared, operational, int(stopped))
            for quarter, declared, operational, stopped in zip(*columns, strict=True)]  # fmt: skip
    return Play(chronicle.events, kept, str(tables["runs"]["regime"][0]), chronicle.names)


def _at_point(group: Group, settings: Settings) -> tuple[Settings, Mapping[str, Floats], int | None]:
    """Settings, parameters, (1,) each, and luck as the design has them at the group's point."""
    points = group.results.points()
    if points is None or group.point is None:
        return settings, {}, None
    if points.variants is not None:
        settings = varied(settings, points.variants.row(int(points.variants.of[group.point])))
    luck = None if points.luck is None else int(points.luck[group.point])
    return settings, points.given(np.array([group.point])), luck


def _until_failure(results: Results, begin: "Callable[[], Chronicle]", settings: Settings, where: str) -> Play:
    """A run that failed, up to where it did."""
    from experiments.failures import of_model
    from simulation.chronicle import Event
    from simulation.sentences import Names

    chronicle, kept, found = None, list[Quarter](), where
    try:
        with np.errstate(divide="raise", over="raise", invalid="raise"):
            chronicle = begin()
            while chronicle.quarter <= settings.until:
                chronicle.step()
                kept.append(_quarter(chronicle))
    except FloatingPointError as error:
        found = f"begin: {error}" if chronicle is None else of_model(chronicle, error).where
    except (ArithmeticError, ValueError):  # a sentence about something that is no number
        found = where
    if found != where and _other_rules(results):
        raise _of_another_version(results, f"it failed in {found} instead of {where}")
    named = where.split(" ")[0]
    end = quarter_index(named) if re.fullmatch(r"\d{4}Q[1-4]", named) else settings.start
    text = f"Here the run fails and is left out of all comparisons: {where}."
    events = [event for event in (chronicle.events if chronicle else []) if event.quarter <= end]
    last = Event(end, FAILED, details={"where": (where,)}, text=text)
    kept = [quarter for quarter in kept if quarter.quarter < end]
    return Play([*events, last], kept, FAILED, Names.of(settings), where)


def _quarter(model: "Chronicle") -> Quarter:
    """What has just been played."""
    at, stopped = model.partnership, model.negotiation.vetoes + model.council.topics_vetoed
    return Quarter(model.quarter - 1, float(at.declared_depth[0]), float(at.operational_depth[0]), int(stopped[0]))


def parting(group: Group, run: int, tables: Mapping[str, Mapping[str, np.ndarray[Any, Any]]]) -> str:
    """Where a replayed run parts from the recorded one, "" if it does not: compared to the last bit."""
    for name in ("trajectories", "transitions", "runs"):
        if name not in group.results.tables:
            continue
        recorded = group.one(name, run)
        found = tables[name]
        columns = [column for column in recorded.columns if column in found and column not in ("run", "quarter")]
        if len(recorded) != len(next(iter(found.values()))):
            return f"{name}: {len(next(iter(found.values())))} rows instead of {len(recorded)}"
        quarters = [quarter_name(int(index)) for index in found["quarter"]] if "quarter" in found else []
        theirs = {column: recorded[column].to_numpy() for column in columns}
        if quarters and quarters != [str(quarter) for quarter in recorded["quarter"]]:
            return f"{name}: other quarters"
        first = {
            column: other[0] for column in columns if (other := np.flatnonzero(found[column] != theirs[column])).size
        }
        if first:
            column = min(first, key=lambda name: first[name])
            return f"{name}: another {column}" + (f" in {quarters[first[column]]}" if quarters else "")
    return ""


def _other_rules(results: Results) -> bool:
    from experiments.provenance import fingerprint_of_rules

    return results.provenance.get("rules") != fingerprint_of_rules()


def _of_another_version(results: Results, parted: str = "") -> UserError:
    """Results that cannot be replayed, because they are of another version of the rules."""
    provenance = results.provenance
    version, commit = provenance.get("versions", {}).get("project", "unknown"), provenance.get("commit")
    which = f"version {version}" + (f", commit {commit[:9]}" if commit else "")
    why = f" ({parted})" if parted else ""
    return UserError(
        f"holds results of another version of the model{why}: its histories cannot be played again by this one",
        file=str(results.folder),
        allowed=f"results of this version; these are of {which}",
        suggestion="run the experiment once more into another folder",
    )


# Telling it


def as_json(told: Story) -> str:
    """The story as one JSON object; every quarter by itself."""
    content = {
        "format": FORMAT,
        "experiment": told.experiment,
        "scenario": told.scenario,
        "policy": told.policy,
        **({} if told.point is None else {"point": told.point}),
        "run": told.run,
        "seed": told.seed,
        "from": quarter_name(told.quarters[0]),
        "until": quarter_name(told.quarters[1]),
        "headline": told.headline,
        "ending": {
            "declared_depth": told.ending.declared_depth,
            "operational_depth": told.ending.operational_depth,
            "regime": told.ending.regime,
            "agreements": told.ending.agreements,
            "stopped": told.ending.stopped,
            **({"failed": told.ending.failed} if told.ending.failed else {}),
            "median": None if told.ending.median is None else dict(told.ending.median),
        },
        "filters": {name: list(names) for name, names in told.filters.items()},
        "events": [event.as_json() for event in told.events],
    }
    return json.dumps(content, indent=1, ensure_ascii=False)


def as_text(told: Story) -> str:
    """The story in lines for a terminal, grouped by year."""
    parts = [_wrapped(told.headline, "")]
    for year, events in _by_year(told):
        parts.append("\n".join([_year(told, year), *(_wrapped(text, f"  {when:<5} ") for when, text in events)]))
    return "\n\n".join(parts if len(parts) > 1 else [*parts, NOTHING])


def as_markdown(told: Story) -> str:
    """The story in Markdown, a section for each year."""
    point = "" if told.point is None else f", point {told.point}"
    parts = [f"# Run {told.run}{point}: {told.scenario}, {policy_label(told.policy)}", told.headline]
    for year, events in _by_year(told):
        parts += [f"## {_year(told, year)}", "\n".join(f"- **{when}** {text}" for when, text in events)]
    return "\n\n".join(parts if len(parts) > 2 else [*parts, NOTHING])


FIXED = "\u00a0"
"""A space at which no line ends."""
NOTHING = "Nothing in this run concerns what was asked for."
STYLES: dict[str, Callable[[Story], str]] = {"text": as_text, "markdown": as_markdown, "json": as_json}


def _year(told: Story, year: int) -> str:
    if year not in told.years:
        return str(year)
    declared, operational = told.years[year]
    return f"{year} (at its end declared depth {declared:.2f}, operational {operational:.2f})"


def _wrapped(text: str, indent: str) -> str:
    """Text in lines of at most `WIDTH` letters, those after the first set in; a number keeps its %."""
    kept = text.replace(" %", f"{FIXED}%")
    lines = textwrap.fill(kept, WIDTH, initial_indent=indent, subsequent_indent=" " * len(indent),
                          break_long_words=False, break_on_hyphens=False)  # fmt: skip
    return lines.replace(FIXED, " ")


def _by_year(told: Story) -> Iterator[tuple[int, list[tuple[str, str]]]]:
    """Years in order, each with quarters and sentences."""
    for year, events in groupby(told.events, key=lambda event: event.quarter // 4):
        yield year, [(_when(event), event.text) for event in summed(list(events), told.names)]


def _when(event: "Event") -> str:
    last = event.quarter % 4 + 1
    first = int(event.numbers.get("first_quarter", last))
    return f"Q{last}" if first == last else f"Q{first}–{last}"


def summed(events: Sequence["Event"], names: "Names") -> list["Event"]:
    """The events of a year, those of a routine kind and the same actors put together, in the last of their quarters."""
    kept: list[Event] = []
    place: dict[tuple[str, tuple[str, ...]], int] = {}
    for event in events:
        key = (event.kind, event.actors)
        if event.kind in ROUTINE and key in place:
            kept[place[key]] = _together(kept[place[key]], event, names)
        else:
            place[key] = len(kept)
            kept.append(event)
    return sorted(kept, key=lambda event: event.quarter)


def _together(first: "Event", then: "Event", names: "Names") -> "Event":
    """Two events of a kind as one: money is added up, what stands at the end is that of the later one."""
    from simulation.sentences import sentence

    added = {name: first.numbers[name] + then.numbers[name] for name in SUMMED if name in then.numbers}
    span = {
        "quarters": first.numbers.get("quarters", 1) + 1,
        "first_quarter": first.numbers.get("first_quarter", first.quarter % 4 + 1),
    }
    both = replace(then, numbers={**then.numbers, **added, **span})
    return replace(both, text=sentence(both, names))
