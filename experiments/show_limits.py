"""`partnership show limits`: what holds the partnership back, told in the terminal and drawn beside the results."""

from collections.abc import Callable, Sequence
from typing import IO

import pandas as pd
from rich.console import Console
from rich.table import Table
from rich.text import Text

from experiments.analysis.findings import World
from experiments.analysis.limits import (
    DEED,
    FILE,
    OTHERS,
    QUESTIONS,
    Cases,
    actor_shares,
    burden,
    limit_shares,
    who_by_limit,
)
from experiments.analysis.reading import findings
from experiments.asking import figure_stem, heading, known, policy_asked, require, worlds_asked
from experiments.figures import FOLDER
from experiments.figures.limits import limits
from experiments.figures.style import save
from experiments.files import Place, place
from experiments.labels import actor_label, instrument_label
from experiments.report import console, plain_table, tell_rest

CAVEAT = (
    "An instrument that nobody has begun to negotiate is in neither part. Intervals cover chance in the number of "
    "runs, not what may be wrong with the model."
)
NEEDED = ("transitions", "limits")

ASKED = {
    FILE: "Why not in force? Files on their way into force, also those that deepen what is in force",
    DEED: "Why not carried out? Agreements in force, carried out below 90 % of what was agreed",
}
MEANING = {
    FILE: {
        "attention": "would pass, but talks take their time; the side that attends less",
        "council": "too few member states would agree; the pivotal one",
        "ladder": "Japan may not go that far yet",
        "wish": "one side's principal does not want to go that far",
        "prerequisite": "another instrument has to come first",
        "slot": "no place on the leader's agenda",
        "ratification": "signed, and waiting for a parliament or for the Union",
    },
    DEED: {
        "attention": "too little dialogue to carry it out; the side that attends less",
        "framework": "no framework to carry it out in",
        "money": "too few means",
    },
}
"""What a limit says, as docs/ODD.md, 7, defines it."""

BROKEN = {
    "attention": "atten-\ntion",
    "council": "coun-\ncil",
    "ladder": "lad-\nder",
    "prerequisite": "prere-\nquisite",
    "ratification": "ratifi-\ncation",
    "framework": "frame-\nwork",
}
"""Long heads of narrow columns."""

ACTORS = 8
"""Actors told by name for each question."""


def show_limits(
    folder: Place | str,
    scenario: str | None = None,
    policy: str | None = None,
    instrument: str | None = None,
    file: IO[str] | None = None,
) -> list[Place]:
    """Print what holds the partnership back and draw it into the results' own folder; returns the files drawn.

    All scenarios unless one is named; the baseline unless a policy is named; all instruments unless one is named.
    """
    found = findings(folder)
    require(found, folder, NEEDED)
    worlds, chosen = worlds_asked(found, scenario), policy_asked(found, policy)
    there = dict.fromkeys(slug for world in worlds for slug in world.standing["instrument"])
    one = known("--instrument", instrument, there) if instrument else ""
    out, drawn = console(file), list[Place]()
    out.print(Text("What holds the partnership back?", style="bold"))
    for world in worlds:
        made = found.well(world.name, chosen)
        held = found.held_back(world.name, chosen, one)
        tell(held, world, chosen, len(made.well), out, one)
        if made.failed:
            out.print()
            out.print(found.failure(world.name, chosen), markup=False)
        figure = limits(held, world, chosen, len(made.well), one, made=made.all)
        drawn += save(figure, place(folder) / FOLDER, figure_stem(found, "limits", world, chosen, one))
    tell_rest(found, chosen, CAVEAT, out)
    out.print(f"Figures: {', '.join(path.name for path in drawn)} in {place(folder) / FOLDER}", markup=False)
    return drawn


def tell(held: Cases, world: World, policy: str, runs: int, out: Console, instrument: str = "") -> None:
    """Print shares of limits and actors for one scenario and policy (`Findings.held_back`)."""
    about = f", {instrument_label(instrument)}" if instrument else ""
    out.print()
    out.print(
        f"{heading(world, policy, runs)}{about}. A case is one file or agreement held back in one quarter of one run; "
        "numbers are per cent of cases.",
        markup=False,
    )
    column = "partner" if instrument else "instrument"
    binding, who = limit_shares(held), who_by_limit(held, ACTORS)
    years = limit_shares(held, ["year"]), actor_shares(held, ["year"], 4)
    at_a_time, cells = burden(held, runs, world.quarters), limit_shares(held, [column])
    for question in QUESTIONS:
        out.print()
        out.print(ASKED[question], style="bold")
        if not (binding["question"] == question).any():
            out.print("Nothing was held back.")
            continue
        _tell_limits(_of(binding, question), question, out)
        _tell_years(_of(years[0], question), _of(years[1], question), _of(at_a_time, question), out)
        _tell_actors(_of(who, question), out)
        _tell_cells(_of(cells, question), world, out, column)


def _of(table: pd.DataFrame, question: str) -> pd.DataFrame:
    return table[table["question"] == question]


def _tell_limits(shares: pd.DataFrame, question: str, out: Console) -> None:
    table = plain_table("What binds")
    table.add_column("share, 90 % interval", justify="right", no_wrap=True)
    table.add_column("meaning")
    for line in shares.to_dict("records"):
        share, lower, upper = (100 * float(line[name]) for name in ("share", "lower", "upper"))
        ends = "" if pd.isna(lower) else f" {f'[{lower:.1f}–{upper:.1f}]':>12}"
        table.add_row(str(line["limit"]), f"{share:.1f}{ends}", MEANING[question][str(line["limit"])])
    out.print(table)


def _tell_years(limits: pd.DataFrame, actors: pd.DataFrame, held: pd.DataFrame, out: Console) -> None:
    """Lines per year: how many are held back at a time and by what, then by whom."""
    counts = {str(year): f"{count:.1f}" for year, count in zip(held["year"], held["held"], strict=True)}
    for column, shares, label in (("limit", limits, str), ("actor", actors, actor_label)):
        names = list(dict.fromkeys(shares[column]))
        cells = {(str(line["year"]), str(line[column])): line["share"] for line in shares.to_dict("records")}
        table = plain_table("By year")
        if column == "limit":
            table.add_column("at a\ntime", justify="right")
        for name in names:
            table.add_column(_head(label(name)), justify="right")
        for year, count in counts.items():
            line = [_percent(cells.get((year, name))) for name in names]
            table.add_row(year, *([count] if column == "limit" else []), *line)
        out.print()
        out.print(table)


def _tell_actors(shares: pd.DataFrame, out: Console) -> None:
    """Who holds it up, by what binds: all cells add up to 100."""
    out.print()
    _matrix("Who holds it up", shares, "actor", list(dict.fromkeys(shares["actor"])), actor_label, out, total=True)


def _tell_cells(shares: pd.DataFrame, world: World, out: Console, column: str) -> None:
    """By instrument, or by partner: every line adds up to 100."""
    there = set(shares[column])
    names = [name for name in dict.fromkeys(world.standing[column]) if name in there]
    label = actor_label if column == "partner" else instrument_label
    out.print()
    _matrix(f"By {column}", shares, column, names, label, out)


def _matrix(
    head: str,
    shares: pd.DataFrame,
    column: str,
    names: Sequence[str],
    label: Callable[[str], str],
    out: Console,
    total: bool = False,
) -> None:
    kinds = list(dict.fromkeys(shares["limit"]))
    cells = {(str(line[column]), str(line["limit"])): float(line["share"]) for line in shares.to_dict("records")}
    table: Table = plain_table(head)
    for kind in (*(("all",) if total else ()), *kinds):
        table.add_column(_head(kind), justify="right")
    for name in names:
        line = [cells.get((name, kind), 0.0) for kind in kinds]
        shown = [sum(line), *line] if total else line
        table.add_row(OTHERS if name == OTHERS else label(name), *map(_percent, shown))
    out.print(table)


def _percent(share: float | None) -> str:
    if share is None or share == 0:
        return "·"
    return "<1" if share < 0.005 else f"{100 * share:.0f}"


def _head(name: str) -> str:
    """A column's head in lines of few letters."""
    return BROKEN.get(name) or name.replace(" ", "\n")
