"""`partnership show vetoes`: who stops what, beside the record, told in the terminal and drawn beside the results."""

from collections.abc import Hashable, Mapping
from typing import IO

import pandas as pd
from rich.console import Console
from rich.text import Text

from experiments.analysis.findings import World
from experiments.analysis.reading import findings
from experiments.analysis.vetoes import (
    ELSEWHERE,
    ENLARGEMENT,
    FIRST,
    FOREIGN,
    LAST,
    OTHERS,
    SCOPES,
    Beside,
    Stopped,
)
from experiments.asking import figure_stem, heading, policy_asked, require, worlds_asked
from experiments.figures import FOLDER
from experiments.figures.style import save
from experiments.figures.vetoes import vetoes
from experiments.files import Place, place
from experiments.labels import actor_label
from experiments.report import console, plain_table, tell_rest

CAVEAT = (
    "Bands are of single histories: from run to run, not what may be wrong with the model. The record holds what "
    "the press told, on all of foreign policy; the model's business is less wide and nothing in it stays unseen."
)
NEEDED = ("vetoes",)
MEANING = (
    "A veto is one state that stops one decision in one quarter. Foreign policy is all but enlargement: files with "
    "Japan, Russia, China, the Peace Facility."
)
LEADERS = {
    "model": "{actor} casts {share} of the vetoes on foreign policy{ends}.",
    "each run": "The state that casts most in its run, whichever it is: {share}{ends}.",
    "record": "On record {actor} leads, with {share}.",
}


def show_vetoes(
    folder: Place | str, scenario: str | None = None, policy: str | None = None, file: IO[str] | None = None
) -> list[Place]:
    """Print vetoes by state, subject and year and draw them into the results' own folder; returns the files drawn.

    All scenarios unless one is named; the baseline unless a policy is named.
    """
    found = findings(folder)
    require(found, folder, NEEDED)
    worlds, chosen = worlds_asked(found, scenario), policy_asked(found, policy)
    out, drawn = console(file), list[Place]()
    out.print(Text("Who stops what in the Council?", style="bold"))
    for world in worlds:
        made = found.well(world.name, chosen)
        stopped, runs = found.vetoes(world.name, chosen), len(made.well)
        tell(stopped, world, chosen, runs, out)
        if made.failed:
            out.print()
            out.print(found.failure(world.name, chosen), markup=False)
        figure = vetoes(stopped, world, chosen, runs, made.all)
        drawn += save(figure, place(folder) / FOLDER, figure_stem(found, "vetoes", world, chosen))
    tell_rest(found, chosen, CAVEAT, out)
    out.print(f"Figures: {', '.join(path.name for path in drawn)} in {place(folder) / FOLDER}", markup=False)
    return drawn


def tell(stopped: Stopped, world: World, policy: str, runs: int, out: Console) -> None:
    """Print the vetoes of one scenario and policy (`Findings.vetoes`), beside the record where it covers the years."""
    place, beside = stopped.place, stopped.place.seen is not None
    out.print()
    out.print(f"{heading(world, policy, runs)}. {MEANING} {_compared(place)}", markup=False)
    if stopped.none:
        out.print("Nothing was stopped.")
    if stopped.none and not beside:
        return
    _tell_states(stopped.by_state(), stopped.totals(), beside, out)
    _tell_leaders(stopped.leading(), out)
    _tell_subjects(stopped.by_subject(), beside, out)
    _tell_years(stopped.by_year(), beside, out)


def _compared(place: Beside) -> str:
    """What of the record stands beside these quarters."""
    if place.seen is None:
        return f"The record ({FIRST} to {LAST}) covers none of these years: the model alone."
    seen = [int((place.seen["scope"] == scope).sum()) for scope in SCOPES]
    return (
        f"By state and subject the years on record alone are counted, {place.quarters[0]} to {place.quarters[-1]}: "
        f"{seen[0]} vetoes on foreign policy (CFSP) and {seen[1]} on enlargement, gathered from the press and "
        "incomplete. Later ones are kept for validation."
    )


def _tell_states(states: pd.DataFrame, every: pd.DataFrame, beside: bool, out: Console) -> None:
    """A line per state, for both scopes the model's vetoes and those on record; a last line for all states."""
    cells = {(str(line["actor"]), str(line["scope"])): line for line in states.to_dict("records")}
    whole = {("all", str(line["scope"])): line for line in every.to_dict("records")}
    table = plain_table("Per ten years")
    for head in ("foreign policy\nmean, 5–95 %", "enlargement\nmean, 5–95 %"):
        table.add_column(head, justify="right", no_wrap=True)
        if beside:
            table.add_column("\non record", justify="right", no_wrap=True)
    lines = {**cells, **whole}
    for name in dict.fromkeys(name for name, _ in lines):
        shown = list[str]()
        for scope in SCOPES:
            line = lines[name, scope]
            shown += [_band(line), *([_rate(line)] if beside else [])]
        table.add_row(name if name in (OTHERS, "all") else actor_label(name), *shown)
    out.print()
    out.print(table)
    if beside:
        out.print("On record: per ten years, in brackets how many.", style="dim")


def _tell_leaders(lines: pd.DataFrame, out: Console) -> None:
    out.print()
    for line in lines.to_dict("records"):
        lower, upper = line["lower"], line["upper"]
        ends = "" if pd.isna(lower) else f" (5–95 % of runs: {100 * lower:.0f}–{100 * upper:.0f} %)"
        text = LEADERS[str(line["of"])]
        out.print(text.format(actor=actor_label(str(line["actor"])), share=f"{100 * line['share']:.0f} %", ends=ends))


def _tell_subjects(subjects: pd.DataFrame, beside: bool, out: Console) -> None:
    table = plain_table("Decisions stopped, per ten years")
    table.add_column("mean, 5–95 %", justify="right", no_wrap=True)
    if beside:
        table.add_column("on record", justify="right", no_wrap=True)
    for line in subjects.to_dict("records"):
        name = str(line["subject"]).replace("_", " ")
        table.add_row(
            f"{name} (not in the model)" if name == ELSEWHERE else name,
            _band(line),
            *([_rate(line)] if beside else []),
        )
    out.print()
    out.print(table)


def _tell_years(years: pd.DataFrame, beside: bool, out: Console) -> None:
    lines = {(int(line["year"]), str(line["scope"])): line for line in years.to_dict("records")}
    table = plain_table("By year")
    for head in (FOREIGN, ENLARGEMENT):
        table.add_column(f"{head}\nmean, 5–95 %", justify="right", no_wrap=True)
        if beside:
            table.add_column("\non record", justify="right", no_wrap=True)
    for year in dict.fromkeys(years["year"]):
        shown = list[str]()
        for scope in SCOPES:
            line = lines[int(year), scope]
            count = line["count"]
            shown += [_band(line), *([_count(count)] if beside else [])]
        quarters = int(lines[int(year), FOREIGN]["quarters"])
        table.add_row(f"{year}" if quarters == 4 else f"{year}, {quarters} of 4 quarters", *shown)
    out.print()
    out.print(table)


def _band(line: Mapping[Hashable, float]) -> str:
    """As "8.1 [3.8–13.3]", lined up; a point for what never happens."""
    mean, lower, upper = (float(line[name]) for name in ("mean", "lower", "upper"))
    return f"· {'':>11}" if mean == 0 else f"{mean:.1f} {f'[{lower:.1f}–{upper:.1f}]':>11}"


def _rate(line: Mapping[Hashable, float]) -> str:
    """As "3.8 (4)"."""
    return "·" if line["count"] == 0 else f"{line['rate']:.1f} ({line['count']:.0f})"


def _count(count: float) -> str:
    return "" if pd.isna(count) else "·" if count == 0 else f"{count:.0f}"
