"""`partnership report`: one page of HTML that holds everything, written from saved results alone.

The question and the answer come first, then what it rests on and how to get it again. The page needs nothing but
itself: no scripts, no other files. Everything that comes from a user's files is escaped by the template.
"""

import re
import tempfile
from collections.abc import Hashable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import Environment, StrictUndefined

from config.errors import UserError
from config.schema import DOMAINS
from experiments.analysis.findings import BILATERAL, Findings, World
from experiments.analysis.intervals import LEVEL
from experiments.analysis.made import of_all
from experiments.analysis.reading import findings
from experiments.analysis.remedies import DEPTHS, REGIMES
from experiments.analysis.transitions import DATES
from experiments.asked import FOLDER as ANALYSES
from experiments.asked import Answer, ask
from experiments.basis import again, assumed, assumptions, other_assumptions, provenance
from experiments.figures import pictures
from experiments.files import Place, place, write_aside
from experiments.headlines import Headline, headlines, signed
from experiments.labels import counted, measure_label, policy_label
from experiments.page_parts import Part, Picture, Section, Table, picture
from experiments.report import pays
from experiments.store import Results, load

PAGES = Path(__file__).parent / "pages"
NAME = "report.html"
CAVEAT = (
    f"In brackets intervals of {100 * LEVEL:.0f} %: they cover chance in the number of runs, not what may be wrong "
    "with the model. Read everything as what follows from the assumptions."
)
POLICY_PICTURES = ("effects", "break_even")
DATED_PICTURES = ("depth", "timeline", "bilateral")

Drawn = Mapping[str, Mapping[str, Picture]]
"""By scenario, the pictures by their stem."""


def write_page(results_dir: Place | str, file: Place | str | None = None) -> Place:
    """Write the page of a folder of results, as report.html in it or as `file`; where it is now."""
    target = place(results_dir) / NAME if file is None else _target(file)
    results = load(results_dir)
    write_aside(target, page(results).encode())
    return target


def _target(file: Place | str) -> Place:
    """The file to write; UserError, before anything is computed, if a page cannot be written there."""
    if str(file) == "":
        raise UserError("is empty", key="--out", allowed="a file", suggestion=f"leave it out for RESULTS/{NAME}")
    found = place(file)
    try:
        if found.is_dir():
            raise UserError("is a folder, not a file", key="--out", value=str(file), allowed="a file to write",
                            suggestion=f"did you mean {found / NAME}?")  # fmt: skip
        if isinstance(found, Path):
            with tempfile.TemporaryFile(dir=next(one for one in found.absolute().parents if one.exists())):
                pass
    except OSError as error:
        raise UserError(f"cannot be written: {error.strerror}", key="--out", value=str(file)) from error
    return found


def page(results: Results) -> str:
    """The whole page as HTML."""
    found = findings(results)
    drawn: dict[str, dict[str, Picture]] = {name: {} for name in found.worlds}
    for stem, figure in pictures(found):
        scenario = next(name for name in found.worlds if stem.endswith(_ending(name)))
        drawn[scenario][stem.removesuffix(_ending(scenario))] = picture(figure)
    answers, rests = list(ask(results)), assumed(found, results)
    sections = [
        *_dated_section(found, drawn),
        *_policies_section(found, drawn),
        *(_analysis(answer) for answer in answers),
        *_other_pictures(found, drawn),
        *([] if rests is None else [assumptions(rests)]),
        provenance(found, results),
        again(results),
        *([] if rests is None else other_assumptions(rests)),
    ]
    template = Environment(autoescape=True, undefined=StrictUndefined).from_string(_text("report.html"))
    return template.render(
        question=found.question,
        scope=_scope(found, results),
        short=[*headlines(found), *(Headline(_title(one), one.sentences[0]) for one in answers if one.sentences)],
        caveat=CAVEAT,
        warnings=[*_pooled(found, results), *(said for name in found.worlds for said in found.failures(name))],
        sections=sections,
        style=_text("report.css"),
    )


def _text(name: str) -> str:
    return (PAGES / name).read_text(encoding="utf-8")


def _ending(scenario: str) -> str:
    """How the name of a figure of this scenario ends (`figures.pictures`)."""
    return f"_{re.sub(r'[^A-Za-z0-9+_-]', '-', scenario)}"


def _scope(found: Findings, results: Results) -> str:
    """What was run, in a line: scenarios, quarters, runs, policies."""
    worlds, policies = list(found.worlds.values()), len(found.policies)
    titles = ", ".join(world.title for world in worlds)
    runs = counted(results.provenance["histories"])
    of = f"of each of {policies} policies, paired run by run" if policies > 1 else f"of {policy_label(found.baseline)}"
    return (
        f"{titles}; {worlds[0].first} to {max(world.last for world in worlds)}; {runs} {of}. "
        "A simulation of the EU-Japan security partnership."
    )


def _pooled(found: Findings, results: Results) -> list[str]:
    """What is to be known of runs at the points of a design, which are told together."""
    if found.per_point is None:
        return []
    points = results.provenance["histories"] // found.per_point
    return [
        f"The runs are {points:,} points of a design with {counted(found.per_point)} each, pooled, not a sample of "
        "what may come, so intervals in the tables are narrower than they should be."
    ]


def _parts(
    found: Findings, tables: Mapping[str, Sequence[Table]], shown: Mapping[str, Sequence[Picture]]
) -> list[Part]:
    """A part for each scenario that has something to show."""
    several = len(found.worlds) > 1
    return [
        Part(f"{world.title} (scenario {name})" if several else "", tables.get(name, ()), shown.get(name, ()))
        for name, world in found.worlds.items()
        if tables.get(name) or shown.get(name)
    ]


def _kept(drawn: Drawn, stems: Sequence[str]) -> dict[str, list[Picture]]:
    return {name: [some[stem] for stem in stems if stem in some] for name, some in drawn.items()}


# Dated probabilities


def _dated_section(found: Findings, drawn: Drawn) -> Iterator[Section]:
    recorded = found.has("transitions")
    tables = {name: _dated_tables(found, world) for name, world in found.worlds.items()} if recorded else {}
    parts = _parts(found, tables, _kept(drawn, DATED_PICTURES))
    if parts:
        yield Section("dated", "What will be in force, and when" if recorded else "How deep it gets", parts=parts)


def _dated_tables(found: Findings, world: World) -> list[Table]:
    rows = found.dated[(found.dated["scenario"] == world.name) & (found.dated["policy"] == found.baseline)]
    dates = [date for date in DATES if date in world.quarters]
    if not dates:
        return []
    cells = {(row["partner"], row["instrument"], row["quarter"]): row for row in rows.to_dict("records")}
    with_policy = policy_label(found.baseline)
    notes = [said] if (said := found.failure(world.name, found.baseline)) else []
    of = found.made[world.name, found.baseline].said
    years = [date[:4] for date in dates]
    union, single = (world.standing[(world.standing["group"] == BILATERAL) == is_single] for is_single in (False, True))
    names = union[["partner", "instrument", "title", "group"]].itertuples(index=False, name=None)
    groups: dict[str, list[list[str]]] = {group: [] for group in DOMAINS if group in set(union["group"])}
    for partner, slug, title, group in names:
        shares = [_percent(cells[partner, slug, date]) for date in dates]
        groups.setdefault(group, []).append([re.sub(r" *\([^)]*\)", "", title), *shares])
    caption = f"In force at the end of the year with {with_policy}: per cent of {of}"
    tables = [
        Table(
            f"Union and Japan. {caption}, with {100 * LEVEL:.0f} % interval", ["", *years], groups, notes, inline=True
        )
    ]
    if len(single):
        partners = list(dict.fromkeys(single["partner"]))
        rungs = single.drop_duplicates("instrument")
        by_rung = {
            str(rung["title"]): [
                [date[:4], *(_plain_percent(cells.get((partner, rung["instrument"], date))) for partner in partners)]
                for date in dates
            ]
            for rung in rungs.to_dict("records")
        }
        widest = 50 * max(float(row["upper"] - row["lower"]) for row in cells.values())
        tables.append(Table(f"Single states and Japan. {caption}; interval at most ±{widest:.0f}", ["", *partners],
                            by_rung, notes))  # fmt: skip
    return tables


def _percent(row: Mapping[Hashable, Any]) -> str:
    share, lower, upper = (100 * float(row[name]) for name in ("share", "lower", "upper"))
    return f"{share:.0f}\n[{lower:.0f}–{upper:.0f}]"


def _plain_percent(row: Mapping[Hashable, Any] | None) -> str:
    return "–" if row is None else f"{100 * row['share']:.0f}"


# Policies


def _policies_section(found: Findings, drawn: Drawn) -> Iterator[Section]:
    if len(found.policies) < 2:
        return
    tables = {name: _policy_tables(found, world) for name, world in found.worlds.items()}
    parts = _parts(found, tables, _kept(drawn, POLICY_PICTURES))
    yield Section("policies", "What policies change", parts=parts)


def _policy_tables(found: Findings, world: World) -> list[Table]:
    effects = found.effects[found.effects["scenario"] == world.name]
    if not len(effects):
        return []
    notes = found.failures(world.name)
    pairs = of_all(len(found.complete[world.name]), found.made[world.name, found.baseline].all, "pair")
    against = f"by {world.last} against {policy_label(found.baseline)}, run by run, {pairs} of runs"
    level = f"with {100 * LEVEL:.0f} % interval"
    depths = [measure for measure in DEPTHS if measure in set(effects["measure"])]
    tables = []
    if depths:
        head = ["Policy", *(measure_label(measure) for measure in depths)]
        caption = f"Mean change {against}: depth from 0 to 1, {level}"
        tables.append(Table(caption, head, {"": _effect_rows(effects, depths, 1, 3)}, notes))
    head = ["Policy", "functional or better", "strategic"]
    caption = f"Change in the share of runs that end so {against}: percentage points, {level}"
    tables.append(Table(caption, head, {"": _effect_rows(effects, ["functional", "strategic"], 100, 1)}, notes))
    evens = found.break_evens[found.break_evens["scenario"] == world.name]
    if len(evens):
        rows = [[policy_label(str(row["policy"])), *(_end(row, at) for at in ("zero", "top")), pays(row)]
                for _, row in evens.iterrows()]  # fmt: skip
        caption = f"From which strength a lever pays: change in operational depth, {level}"
        head = ["Policy", "at zero: its cost", "at full strength", "pays"]
        tables.append(Table(caption, head, {"": rows}, notes, frozenset({0, 3})))
    return tables


def _effect_rows(effects: pd.DataFrame, measures: Sequence[str], scale: float, digits: int) -> list[list[str]]:
    """A row per policy: the mean change, its interval, and for depths in how many runs it is better."""
    rows = []
    for policy, part in effects.groupby("policy", sort=False):
        cells = []
        for measure in measures:
            row = part[part["measure"] == measure].iloc[0]
            mean, lower, upper = (signed(scale * float(row[name]), digits) for name in ("mean", "lower", "upper"))
            better = "" if measure in REGIMES else f"\nbetter in {100 * row['better']:.0f} %"
            cells.append(f"{mean} [{lower}, {upper}]{better}")
        rows.append([policy_label(str(policy)), *cells])
    return rows


def _end(row: "pd.Series[float]", where: str) -> str:
    estimate, lower, upper = (float(row[f"{where}_{name}"]) for name in ("estimate", "lower", "upper"))
    return "–" if pd.isna(estimate) else f"{signed(estimate)} [{signed(lower)}, {signed(upper)}]"


def _other_pictures(found: Findings, drawn: Drawn) -> Iterator[Section]:
    """What else was drawn: member states, limits, vetoes."""
    shown = {name: [one for stem, one in some.items() if stem not in (*DATED_PICTURES, *POLICY_PICTURES)]
             for name, some in drawn.items()}  # fmt: skip
    parts = _parts(found, {}, shown)
    if parts:
        yield Section("why", "Who wants what, and what holds it back", parts=parts)


def _title(answer: Answer) -> str:
    """The name of an analysis for readers."""
    return answer.name.replace("_", " ").capitalize()


def _analysis(answer: Answer) -> Section:
    """What an analysis says and draws; its tables are files beside the results."""
    shown = [picture(figure) for _, figure in answer.pictures()]
    files = [f"{answer.name}.{table}.csv" for table in answer.tables]
    part = Part(pictures=shown, note=f"Tables: {', '.join(files)} in {ANALYSES}/ of the results." if files else "")
    return Section(f"analysis-{answer.name}", _title(answer), sentences=answer.sentences, parts=[part])
