"""One run of saved results, played again and told as a dated story (simulation/chronicle.py)."""

import json
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING, Any

import numpy as np

from config.calendar import quarter_name
from config.errors import UserError, listed, nearest
from config.schema import PRESSURES, Settings
from experiments.asking import known
from experiments.files import Place
from experiments.labels import counted, policy_label
from experiments.store import Results, load

if TYPE_CHECKING:
    from simulation.chronicle import Chronicle, Event
    from simulation.sentences import Names

FORMAT = 1
"""Raised when the layout of the JSON changes."""
WIDTH = 100
"""Columns of the text."""
DEPTHS = ("declared_depth", "operational_depth")
ROUTINE = ("money_ukraine", "money_blocked", "money_south_east_asia", "lethal_aid_abstained")
"""Kinds that text and Markdown sum up over a year; JSON has every quarter."""
SUMMED = ("paid", "requested", "released", "lethal")


@dataclass(frozen=True)
class Choice:
    """Which run of the results is wanted: a number, the most typical or the most extreme."""

    run: int | None = None
    typical: bool = False
    extreme: bool = False


@dataclass(frozen=True)
class Ending:
    """How a run ended, and the median of all runs of its scenario and policy if that was kept."""

    declared_depth: float
    operational_depth: float
    regime: str
    agreements: int
    """Agreements and rungs that entered into force."""
    stopped: int
    """Decisions that a state stopped."""
    runs: int
    median: Mapping[str, float] | None


@dataclass(frozen=True)
class Story:
    """A replayed run."""

    experiment: str
    scenario: str
    policy: str
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
        which = (
            f"Run {self.run}{self.chosen} of {counted(self.ending.runs)}, scenario {self.scenario}, "
            f"{policy_label(self.policy)}, {first} to {last}"
        )
        regime = f"the partnership ends {self.ending.regime}"
        declared, operational = (
            f"{name.replace('_', ' ')} {getattr(self.ending, name):.3f}{self._compared(name)}" for name in DEPTHS
        )
        counts = (
            f"{counted(self.ending.agreements, 'agreement')} entered into force, "
            f"{counted(self.ending.stopped, 'decision')} "
            f"{'was' if self.ending.stopped == 1 else 'were'} stopped by a state"
        )
        return f"{which}: {regime}, {declared}, {operational}. {counts}."

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
    runs = results.experiment.runs
    if choice.run is not None and choice.run >= runs:
        raise UserError("is not among the runs", key="--run", value=str(choice.run), allowed=f"0 to {runs - 1}",
                        suggestion=f"the nearest is {runs - 1}")  # fmt: skip
    paths = _paths(results, scenario, policy)
    run, chosen = _chosen(results, choice, paths)
    chronicle = played(results, settings, scenario, policy, run)
    events = (
        event
        for event in chronicle.events
        if (not codes or set(codes) & set(event.actors)) and (not slugs or set(slugs) & set(event.instruments))
    )
    trajectories, end = chronicle.tables()["trajectories"], chronicle.tables()["runs"]
    depths = [trajectories[name] for name in DEPTHS]
    quarters = trajectories["quarter"].tolist()
    return Story(
        experiment=results.experiment.name,
        scenario=scenario,
        policy=policy,
        run=run,
        seed=results.experiment.seed,
        quarters=(quarters[0], quarters[-1]),
        chosen=chosen,
        events=tuple(events),
        ending=Ending(
            declared_depth=float(depths[0][-1]),
            operational_depth=float(depths[1][-1]),
            regime=str(end["regime"][0]),
            agreements=sum(event.kind == "in_force" for event in chronicle.events),
            stopped=int(trajectories["vetoes"].sum()),
            runs=runs,
            median=_median(results, scenario, policy, paths),
        ),
        years={quarter // 4: (float(depths[0][i]), float(depths[1][i])) for i, quarter in enumerate(quarters)},
        filters={"actors": codes, "instruments": slugs},
        names=chronicle.names,
    )


# Which run


def _check_choice(choice: Choice) -> None:
    given = [choice.run is not None, choice.typical, choice.extreme].count(True)
    if given != 1:
        problem = "say which run" if given == 0 else "say only one"
        raise UserError(problem, key="replay", allowed="--run N, --typical or --extreme")


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


Paths = tuple[np.ndarray[Any, np.dtype[np.int64]], np.ndarray[Any, np.dtype[np.float64]]]
"""Run numbers (runs,) and both depths (2, runs, quarters)."""


def _paths(results: Results, scenario: str, policy: str) -> Paths | None:
    """Depths of all runs of a scenario and policy, if they were kept run by run."""
    if "trajectories" not in results.tables:
        return None
    rows = results.table("trajectories", ["run", *DEPTHS], scenarios=[scenario], policies=[policy])
    runs = rows["run"].to_numpy(np.int64)
    numbers = np.unique(runs)
    shape = (len(numbers), len(runs) // len(numbers))
    return numbers, np.stack([rows[name].to_numpy(np.float64).reshape(shape) for name in DEPTHS])


def _chosen(results: Results, choice: Choice, paths: Paths | None) -> tuple[int, str]:
    """The number of the run that was asked for, and what makes it special."""
    if choice.run is not None:
        return choice.run, ""
    if paths is None:
        raise UserError("keeps only a summary, in which no run is typical", file=str(results.folder),
                        allowed="--run N")  # fmt: skip
    numbers, depths = paths
    away = distances(depths)
    if choice.typical:
        return int(numbers[np.argmin(away)]), ", the most typical"
    return int(numbers[np.argmax(away)]), ", the most extreme"


def distances(depths: np.ndarray[Any, np.dtype[np.float64]]) -> np.ndarray[Any, np.dtype[np.float64]]:
    """How far each run is from the median path, (2, runs, T) to (runs,): squares summed over depths and quarters."""
    away = depths - np.median(depths, axis=1, keepdims=True)
    squares: np.ndarray[Any, np.dtype[np.float64]] = np.sum(away * away, axis=(0, 2))
    return squares


def _median(results: Results, scenario: str, policy: str, paths: Paths | None) -> dict[str, float] | None:
    """Median over runs at the end, from the runs or from the summary that was kept of them."""
    if paths is not None:
        return {name: float(np.median(paths[1][i, :, -1])) for i, name in enumerate(DEPTHS)}
    if "summary" not in results.tables:
        return None
    rows = results.table("summary", scenarios=[scenario], policies=[policy])
    last = rows[rows["quarter"] == rows["quarter"].max()].set_index("measure")["median"]
    return {name: float(last[name]) for name in DEPTHS}


# Playing it again


def _settings(results: Results, scenario: str, policy: str) -> Settings:
    """What was assumed; settings that this version cannot read are those of another one."""
    try:
        return results.settings(scenario, policy)
    except UserError as error:
        if _other_rules(results):
            raise _of_another_version(results) from error
        raise


def played(results: Results, settings: Settings, scenario: str, policy: str, run: int) -> "Chronicle":
    """The run, played again and equal to the recorded one; UserError if the rules are no longer the same."""
    from simulation.chronicle import Chronicle

    try:
        chronicle = Chronicle(settings, run, results.experiment.seed)
        chronicle.run()
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        if _other_rules(results):
            raise _of_another_version(results) from error
        raise
    parted = parting(results, scenario, policy, run, chronicle.tables())
    if parted:
        raise _of_another_version(results, parted)
    return chronicle


def parting(
    results: Results, scenario: str, policy: str, run: int, tables: Mapping[str, Mapping[str, np.ndarray[Any, Any]]]
) -> str:
    """Where a replayed run parts from the recorded one, "" if it does not: compared to the last bit."""
    for name in ("trajectories", "transitions", "runs"):
        if name not in results.tables:
            continue
        recorded = results.table(name, scenarios=[scenario], policies=[policy], run=run)
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
    parts = [f"# Run {told.run}: {told.scenario}, {policy_label(told.policy)}", told.headline]
    for year, events in _by_year(told):
        parts += [f"## {_year(told, year)}", "\n".join(f"- **{when}** {text}" for when, text in events)]
    return "\n\n".join(parts if len(parts) > 2 else [*parts, NOTHING])


FIXED = "\u00a0"
"""A space at which no line ends."""
NOTHING = "Nothing in this run concerns what was asked for."
STYLES: dict[str, Callable[[Story], str]] = {"text": as_text, "markdown": as_markdown, "json": as_json}


def _year(told: Story, year: int) -> str:
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
