"""`partnership compare A B`: what two folders of results differ in, from the question to single histories."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import IO, Any

import numpy as np
import pandas as pd
from pydantic import ValidationError
from rich.console import Console
from rich.text import Text

from config.calendar import quarter_index
from config.checking import tuples
from config.errors import UserError, shown
from config.schema import Settings
from experiments.analysis.findings import standing
from experiments.analysis.intervals import LEVEL, Floats, Interval
from experiments.analysis.made import made
from experiments.analysis.remedies import DEPTHS
from experiments.analysis.remedies import regimes as at_least
from experiments.analysis.side_by_side import (
    MOVED,
    Ints,
    Parting,
    Side,
    difference,
    moved,
    numbered,
    parting,
    share_difference,
)
from experiments.analysis.transitions import DATES, INSTRUMENT
from experiments.files import Place, digest_of
from experiments.headlines import signed
from experiments.labels import counted, instrument_label, measure_label, policy_label
from experiments.report import console, plain_table
from experiments.store import AGAIN, SETTINGS, Results, load, pairs

MISSING = "–"
"""What stands for what one of the two lacks."""
ABOUT_PARAMETERS, ABOUT = "about", ("unit", "range", "source")
"""What else there is to a parameter."""
GIVEN = "override"
"""The source of what a question gives."""
MOST = 40
"""Rows of a table that are printed."""
KEYS = ("slug", "name", "pressure", "instrument", "chamber")
"""What an entry of a list of settings is called by."""
RANGE = {"low", "high"}
ENDS = ("functional", "strategic")

Raw = Mapping[str, Any]


# What differs before anything was computed


@dataclass(frozen=True)
class Change:
    """One thing that is otherwise: how it is called, what it is in A and in B, and where, if not everywhere."""

    name: str
    a: str
    b: str
    where: str = ""


def changes(a: Raw, b: Raw) -> list[Change]:
    """Everything in which two contents differ, by dotted name."""
    left, right = dict(_flat(a)), dict(_flat(b))
    names = (name for name in dict.fromkeys([*left, *right]) if left.get(name) != right.get(name))
    return [Change(name, left.get(name, MISSING), right.get(name, MISSING)) for name in names]


def _flat(content: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Every single value of nested content by its dotted name, as a user would write it."""
    if isinstance(content, Mapping) and set(content) != RANGE:
        for key, value in content.items():
            yield from _flat(value, f"{name}.{key}" if name else str(key))
    elif isinstance(content, list) and any(isinstance(item, Mapping) for item in content):
        for place, item in enumerate(content):
            yield from _flat(item, f"{name}.{_called(item, place)}")
    else:
        yield name, content if isinstance(content, str) else shown(content)


def _called(item: Any, place: int) -> str:
    """What an entry of a list is called: by its own name, else by its place."""
    names = (item[key] for key in KEYS if isinstance(item, Mapping) and isinstance(item.get(key), str))
    return str(next(names, place))


def asked(a: Results, b: Results) -> list[Change]:
    """What the experiments ask otherwise."""
    return changes(*({"name": one.provenance["name"], **one.provenance["experiment"]} for one in (a, b)))


def code(a: Results, b: Results) -> list[Change]:
    """By what they were computed otherwise."""
    keys = ("rules", "design", "commit", "versions")
    return changes(*({key: one.provenance.get(key) for key in keys} for one in (a, b)))


def assumed(a: Results, b: Results) -> list[Change]:
    """What was assumed otherwise under scenarios and policies that both have, each thing once."""
    where: dict[Change, list[str]] = {}
    both = common_pairs(a, b)
    for pair in both:
        if _fingerprint(a, pair) != _fingerprint(b, pair):
            for change in _known(changes(_told(settings(a, pair)), _told(settings(b, pair)))):
                where.setdefault(change, []).append("/".join(pair))
    return [
        Change(one.name, one.a, one.b, "" if len(places) == len(both) else ", ".join(places))
        for one, places in where.items()
    ]


def _known(found: Sequence[Change]) -> Iterator[Change]:
    """The same without unit, range and source of what only one side has, or of what was given in the question."""
    for one in found:
        name = one.name.removeprefix(f"{ABOUT_PARAMETERS}.")
        if name == one.name or not {MISSING, GIVEN} & {one.a, one.b}:
            yield replace(one, name=name)


def settings(results: Results, pair: tuple[str, str]) -> Raw:
    """Everything that was assumed for a scenario and policy, as it is in the file, whatever wrote it."""
    name = next(one.name for one in pairs(results.experiment) if (one.scenario, one.policy) == pair)
    file = results.folder / SETTINGS / f"{name}.json"
    try:
        content: Raw = json.loads(file.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise UserError("is missing or torn", file=str(file), suggestion=AGAIN) from error
    if digest_of(content) != _fingerprint(results, pair):
        raise UserError("was changed", file=str(file), suggestion=AGAIN)
    return content


def _fingerprint(results: Results, pair: tuple[str, str]) -> str:
    return str(results.provenance["settings"]["/".join(pair)])


def _told(content: Raw) -> Raw:
    """Settings by the names that a user writes, parameters in a line each, draws of the posterior as a digest.

    What a scenario or a policy sets shows in the values themselves.
    """
    parameters, members = content["parameters"], content["members"]
    about = {name: {key: one[key] for key in ABOUT} for name, one in parameters.items()}
    sources = {f"actors.{one['iso3']}": _by_kind(one, lambda period: period["source"]) for one in members}
    kept = {key: value for key, value in content.items() if key not in ("parameters", "members", "policy")}
    draws = content.get("posterior")
    return {
        **{name: _parameter(one) for name, one in parameters.items()},
        "actors": {one["iso3"]: {**one, "periods": None, **_by_kind(one, _held)} for one in members},
        **kept,
        "scenario": {key: value for key, value in content["scenario"].items() if key in ("start", "until", "regimes")},
        "posterior": draws and f"{len(draws['rows']):,} draws, {digest_of(draws)[:12]}",
        ABOUT_PARAMETERS: {**about, **sources},
    }


def _by_kind(member: Raw, told: Callable[[Raw], str]) -> dict[str, str]:
    """What is told of a state's periods of each kind, one after another."""
    kinds: dict[str, list[str]] = {}
    for period in member["periods"]:
        kinds.setdefault(period["kind"], []).append(told(period))
    return {kind: ", ".join(periods) for kind, periods in kinds.items()}


def _held(period: Raw) -> str:
    """As "-1.2 (2010Q2 to 2026Q2)", or "0" for what holds from the start to the end."""
    always = (period["from"], period["until"]) == ("start", "never")
    return f"{period['value']:g}" if always else f"{period['value']:g} ({period['from']} to {period['until']})"


def _parameter(one: Raw) -> str:
    """A parameter as it is drawn: 0.6, or 0.6, uniform [0.2, 1]."""
    draw = {kind: value for kind, value in (one.get("draw") or {}).items() if value is not None}
    return "".join([str(one["value"]), *(f", {kind} {shown(value)}" for kind, value in draw.items())])


# What came out


@dataclass(frozen=True)
class Outcome:
    """One scenario under one policy, which both folders have."""

    scenario: str
    policy: str
    paired: bool
    sizes: tuple[int, int]
    """Histories that are compared: where they are paired, those that went well in both."""
    failed: tuple[int, int]
    parted: Parting | None
    """None where histories are not the same, or no table was kept in both from which it can be told."""
    quarter: str
    """At whose end depths are compared: the last that both have."""
    depths: Mapping[str, tuple[float, float, Interval]]
    """By measure the means of A and B and the difference."""
    ends: Mapping[str, tuple[float, float, Interval]]
    """The same of the shares that end functional or better, and strategic; nothing if they end in other quarters."""
    moved: pd.DataFrame
    compared: int | None
    """How many dated probabilities were compared; None if they could not be."""


@dataclass(frozen=True)
class Comparison:
    """Everything that two folders of results differ in."""

    a: Results
    b: Results
    asked: Sequence[Change]
    assumed: Sequence[Change]
    code: Sequence[Change]
    outcomes: Sequence[Outcome]
    unlike: str
    """Why histories of the same number are not the same luck; "" if they are."""


def compare(a: Place | str, b: Place | str) -> Comparison:
    """What two folders of results differ in."""
    one, other = load(a), load(b)
    unlike = _unlike(one, other)
    outcomes = [_outcome(one, other, pair, not unlike) for pair in common_pairs(one, other)]
    return Comparison(one, other, asked(one, other), assumed(one, other), code(one, other), outcomes, unlike)


def common_pairs(a: Results, b: Results) -> list[tuple[str, str]]:
    """Scenarios and policies that both have, in the order of A."""
    ours, theirs = (list(product(one.experiment.scenarios, one.experiment.policies)) for one in (a, b))
    return [pair for pair in ours if pair in theirs]


def _unlike(a: Results, b: Results) -> str:
    seeds, designs = ([one.provenance[key] for one in (a, b)] for key in ("seed", "design"))
    if seeds[0] != seeds[1]:
        return f"The seeds differ ({seeds[0]} and {seeds[1]}): a run of A has not the luck of the same run of B."
    if designs[0] != designs[1]:
        return "The designs differ: a point of A is not the same point of B."
    return ""


def _outcome(a: Results, b: Results, pair: tuple[str, str], paired: bool) -> Outcome:
    every = [made(_Keyed(one), *pair) for one in (a, b)]
    well = [one.well for one in every]
    if paired:
        well = [np.intersect1d(well[0], well[1])] * 2
    contents = [settings(one, pair) for one in (a, b)]
    lasts = [str(content["until"]) for content in contents]
    quarter = min(lasts, key=quarter_index)
    ends = [
        _regimes(one, pair, runs) if last == quarter else {}
        for one, runs, last in zip((a, b), well, lasts, strict=True)
    ]
    depths = [_depths(one, pair, runs, quarter) for one, runs in zip((a, b), well, strict=True)]
    if not any(depths):
        depths = [_means(one, pair, quarter) for one in (a, b)]
    table, compared = _moved(a, b, pair, well, contents, quarter, paired)
    return Outcome(
        *pair,
        paired=paired,
        sizes=(len(well[0]), len(well[1])),
        failed=(len(every[0].failed), len(every[1].failed)),
        parted=_parting(a, b, pair) if paired else None,
        quarter=quarter,
        depths=_compared(depths[0], depths[1], lambda one, other: difference(one, other, paired)),
        ends=_compared(ends[0], ends[1], lambda one, other: share_difference(one > 0, other > 0, paired)),
        moved=table,
        compared=compared,
    )


def _compared(
    a: Mapping[str, Floats], b: Mapping[str, Floats], how: Callable[[Floats, Floats], Interval]
) -> dict[str, tuple[float, float, Interval]]:
    """By name of what both have, both means and the difference; nothing without histories."""
    both = [name for name in a if name in b and len(a[name]) and len(b[name])]
    return {name: (float(a[name].mean()), float(b[name].mean()), how(a[name], b[name])) for name in both}


@dataclass(frozen=True)
class _Keyed:
    """Results in which `run` is the number of the history (`side_by_side.numbered`)."""

    results: Results

    @property
    def tables(self) -> tuple[str, ...]:
        return self.results.tables

    def table(self, name: str, columns: Sequence[str] | None = None, **chosen: Any) -> pd.DataFrame:
        return self._keyed(self.results.table(name, self._with(columns), **chosen))

    def parts(self, name: str, columns: Sequence[str] | None = None, **chosen: Any) -> Iterator[pd.DataFrame]:
        return (self._keyed(part) for part in self.results.parts(name, self._with(columns), **chosen))

    def _with(self, columns: Sequence[str] | None) -> Sequence[str] | None:
        design = self.results.experiment.design is not None
        return ["point", *columns] if design and columns is not None else columns

    def _keyed(self, rows: pd.DataFrame) -> pd.DataFrame:
        return rows.assign(run=numbered(rows)).drop(columns="point", errors="ignore")


def _parting(a: Results, b: Results, pair: tuple[str, str]) -> Parting | None:
    """Where the histories of both part, told from every column that both recorded."""
    for table in ("trajectories", "ends"):
        if table in a.tables and table in b.tables:
            theirs = _columns(b, table, pair)
            both = [name for name in _columns(a, table, pair) if name in theirs]
            wanted = ["run", "quarter", *both]
            return parting(_parts(a, table, pair, wanted), _parts(b, table, pair, wanted), both) if both else None
    return None


def _columns(results: Results, table: str, pair: tuple[str, str]) -> list[str]:
    """Columns of numbers of a table, none if no run went well."""
    first = next(iter(_parts(results, table, pair)), pd.DataFrame())
    return [str(name) for name in first.select_dtypes("number") if name != "run"]


def _parts(
    results: Results, table: str, pair: tuple[str, str], columns: Sequence[str] | None = None, **chosen: Any
) -> Iterator[pd.DataFrame]:
    """A table of one scenario and policy, piece by piece; nothing where it was not kept or no run went well."""
    there = _Keyed(results)
    if table in results.tables and len(made(there, *pair).well):
        yield from there.parts(table, columns, scenarios=[pair[0]], policies=[pair[1]], **chosen)


def _per_history(parts: Iterator[pd.DataFrame], names: Sequence[str], runs: Ints) -> dict[str, Floats]:
    """Columns of these histories in the order of `runs`, (R,) each; nan for a history without a row."""
    rows = pd.concat([pd.DataFrame(columns=["run", *names]), *parts], ignore_index=True).set_index("run")
    return {name: rows[name].reindex(runs).to_numpy(np.float64) for name in names}


def _regimes(results: Results, pair: tuple[str, str], runs: Ints) -> dict[str, Floats]:
    parts = _parts(results, "runs", pair, ["run", "regime"])
    return _per_history((part[["run"]].assign(**at_least(part["regime"])) for part in parts), ENDS, runs)


def _depths(results: Results, pair: tuple[str, str], runs: Ints, quarter: str) -> dict[str, Floats]:
    """Depths and gap at the end of a quarter; nothing if they were not kept."""
    for table in ("trajectories", "ends"):
        parts = list(_parts(results, table, pair, ["run", *DEPTHS], quarters=[quarter]))
        if any(len(part) for part in parts):
            return _per_history(iter(parts), list(DEPTHS), runs)
    return {}


def _means(results: Results, pair: tuple[str, str], quarter: str) -> dict[str, Floats]:
    """Means of depths and gap over all runs, (1,) each, where only a summary was kept."""
    if "summary" not in results.tables:
        return {}
    rows = results.table("summary", scenarios=[pair[0]], policies=[pair[1]], quarters=[quarter])
    return {name: rows.loc[rows["measure"] == name, "mean"].to_numpy(np.float64) for name in DEPTHS}


def _moved(
    a: Results,
    b: Results,
    pair: tuple[str, str],
    well: Sequence[Ints],
    contents: Sequence[Raw],
    last: str,
    paired: bool,
) -> tuple[pd.DataFrame, int | None]:
    """Dated probabilities that differ by more than chance, and how many were compared."""
    sides = []
    for one, runs, content in zip((a, b), well, contents, strict=True):
        try:
            start = standing(Settings.model_validate(tuples(content)))
        except ValidationError:  # written by rules that knew other settings
            return pd.DataFrame(columns=MOVED), None
        parts = list(_parts(one, "transitions", pair, ["run", *INSTRUMENT, "stage", "quarter"]))
        if not parts:
            return pd.DataFrame(columns=MOVED), None
        sides.append(Side(runs, pd.concat(parts, ignore_index=True), start))
    begin = max(quarter_index(str(content["scenario"]["start"])) for content in contents)
    dates = [date for date in DATES if begin <= quarter_index(date) <= quarter_index(last)]
    return moved(sides[0], sides[1], dates or [last], paired)


# Telling


def show_comparison(a: Place | str, b: Place | str, file: IO[str] | None = None) -> Comparison:
    """Print what two folders of results differ in."""
    found = compare(a, b)
    tell(found, console(file))
    return found


def tell(found: Comparison, out: Console) -> None:
    """Print a comparison: what is otherwise in a few words, then one after another what it is."""
    for name, one in (("A", found.a), ("B", found.b)):
        there = one.provenance
        begun = f"{there['name']}, {counted(there['histories'])} of each scenario and policy, {there['finished']}"
        out.print(Text(f"{name}: {one.folder} ({begun})"))
    out.print()
    out.print(Text(" ".join(verdict(found)), style="bold"))
    _tell_changes("What was asked", found.asked, out)
    _tell_changes("What was assumed", found.assumed, out)
    _tell_changes("What computed it", found.code, out)
    if found.outcomes:
        _tell_outcomes(found, out)


def verdict(found: Comparison) -> Iterator[str]:
    """What differs, and whether the histories do, in a sentence or two."""
    kinds = [
        *(["what was asked"] if any(one.name not in ("name", "question") for one in found.asked) else []),
        *(["what was assumed"] if found.assumed else []),
        *(["the rules of the model"] if any(one.name == "rules" for one in found.code) else []),
    ]
    yield (
        f"They differ in {listed_in_words(kinds)}."
        if kinds
        else "The same question, the same assumptions, the same rules."
    )
    if not found.outcomes:
        ours, theirs = (_have(one) for one in (found.a, found.b))
        yield f"No scenario and policy is in both, so no outcome can be compared: A has {ours}; B has {theirs}."
        return
    if found.unlike:
        yield f"{found.unlike} They are compared as two samples."
        return
    parted = [one.parted for one in found.outcomes if one.parted is not None]
    both, equal = sum(one.histories for one in parted), sum(one.equal for one in parted)
    if not parted:
        yield "No table was kept in both from which to tell where histories part; how they end is compared run by run."
    elif not both:
        yield "They have no history in common."
    else:
        every = f"All {both:,}" if equal == both else f"{equal:,} of {both:,}"
        yield f"{every} histories that both have are equal to the bit."


def listed_in_words(words: Sequence[str]) -> str:
    return " and ".join([*([", ".join(words[:-1])] if words[1:] else []), *words[-1:]])


def _have(results: Results) -> str:
    asked = results.experiment
    return f"{', '.join(asked.scenarios)} with {', '.join(map(policy_label, asked.policies))}"


def _tell_changes(title: str, rows: Sequence[Change], out: Console) -> None:
    if not rows:
        return
    table = plain_table(title)
    for head in ("A", "B"):
        table.add_column(head, overflow="fold")
    for one in rows[:MOST]:
        name = f"{one.name}\n({one.where})" if one.where else one.name
        table.add_row(Text(name), *(Text(_short(value)) for value in (one.a, one.b)))
    out.print()
    out.print(table)
    if len(rows) > MOST:
        out.print(f"and {len(rows) - MOST:,} more.")


def _short(value: str) -> str:
    """A fingerprint or commit cut short, anything else as it is."""
    plain = value.removesuffix("+")
    return f"{plain[:12]}{value[len(plain) :]}" if len(plain) >= 40 and plain.isalnum() else value


def _tell_outcomes(found: Comparison, out: Console) -> None:
    if any(one.depths for one in found.outcomes):
        _tell_depths(found, out)
    if any(one.ends for one in found.outcomes):
        _tell_ends(found, out)
    _tell_parting(found, out)
    _tell_moved(found, out)
    out.print()
    out.print(
        f"Intervals of {100 * LEVEL:.0f} % cover chance in the number of runs, not what may be wrong with the model.",
        style="dim",
    )


def _tell_depths(found: Comparison, out: Console) -> None:
    table = plain_table("Mean at the end, B less A")
    for head in ("operational depth", "declared depth"):
        table.add_column(head, justify="right", no_wrap=True)
    for one in found.outcomes:
        names = ("operational_depth", "declared_depth")
        cells = [_cell(one.depths[name]) if name in one.depths else MISSING for name in names]
        table.add_row(Text(_who(one, found)), *cells)
    out.print()
    out.print(table)


def _tell_ends(found: Comparison, out: Console) -> None:
    table = plain_table("Share that ends so, percentage points, B less A")
    for name in ENDS:
        table.add_column("functional or better" if name == ENDS[0] else name, justify="right", no_wrap=True)
    for one in found.outcomes:
        cells = [_cell(one.ends[name], 100, 1) if name in one.ends else MISSING for name in ENDS]
        table.add_row(Text(_who(one, found)), *cells)
    out.print()
    out.print(table)


def _name(one: Outcome, found: Comparison) -> str:
    several = len({other.scenario for other in found.outcomes}) > 1
    return f"{one.scenario}, {policy_label(one.policy)}" if several else policy_label(one.policy)


def _who(one: Outcome, found: Comparison) -> str:
    runs = counted(one.sizes[0], "pair") if one.paired else f"{one.sizes[0]:,} and {one.sizes[1]:,} runs"
    failed = f"; failed: {one.failed[0]:,} and {one.failed[1]:,}" if any(one.failed) else ""
    return f"{_name(one, found)}\n({one.quarter}, {runs}{failed})"


def _cell(row: tuple[float, float, Interval], scale: float = 1, digits: int = 3) -> str:
    """The difference with its interval, and below it both means."""
    a, b, (middle, lower, upper) = row
    form = f".{digits}f"
    ends = "" if np.isnan(lower) else f" [{signed(scale * lower, digits)}, {signed(scale * upper, digits)}]"
    return f"{signed(scale * middle, digits)}{ends}\n{scale * a:{form}} to {scale * b:{form}}"


def _tell_parting(found: Comparison, out: Console) -> None:
    parted = [(one, one.parted) for one in found.outcomes if one.parted is not None and one.parted.histories]
    if not parted:
        return
    table = plain_table("Where histories part")
    for head in ("equal", "first", "half by", "last"):
        table.add_column(head, justify="right", no_wrap=True)
    table.add_column("first to differ")
    for outcome, one in parted:
        order = sorted(one.first, key=quarter_index)
        times, most = [MISSING] * 3, MISSING
        if order:
            shares = np.cumsum([one.first[quarter] for quarter in order]) / one.first.total()
            times = [order[0], order[int(np.searchsorted(shares, 0.5))], order[-1]]
            most = ", ".join(measure_label(name) for name, _ in one.columns.most_common(2))
        table.add_row(Text(_name(outcome, found)), f"{one.equal:,} of {one.histories:,}", *times, most)
    out.print()
    out.print(table)


def _tell_moved(found: Comparison, out: Console) -> None:
    for one in (one for one in found.outcomes if len(one.moved)):
        table = plain_table(f"{_name(one, found)}: in force, per cent of runs")
        for head in ("A", "B", "B less A"):
            table.add_column(head, justify="right", no_wrap=True)
        for row in one.moved.head(MOST // 2).to_dict("records"):
            side = "" if row["partner"] == "EU" else f" with {row['partner']}"
            name = f"{instrument_label(str(row['instrument']))}{side}, {str(row['date'])[:4]}"
            middle, lower, upper = (signed(100 * row[key], 0) for key in ("difference", "lower", "upper"))
            shares = (f"{100 * row[key]:.0f}" for key in ("a", "b"))
            table.add_row(Text(name), *shares, f"{middle} [{lower}, {upper}]")
        out.print()
        out.print(table)
        if len(one.moved) > MOST // 2:
            out.print(f"and {len(one.moved) - MOST // 2} more that differ less.")
    counts = [(len(one.moved), one.compared) for one in found.outcomes if one.compared is not None]
    out.print()
    if not counts:
        out.print("Dated probabilities cannot be compared: transitions were not kept, or other settings were known.")
        return
    moved_count, compared = (sum(count) for count in zip(*counts, strict=True))
    out.print(
        f"{moved_count:,} of {compared:,} dated probabilities differ by more than chance; those of a scenario and "
        "policy are judged together, and their intervals hold together."
    )
