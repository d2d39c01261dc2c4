"""`partnership show state`: one member state's page, told in the terminal and drawn beside the results."""

import re
from collections.abc import Hashable, Mapping
from typing import IO, Any

import pandas as pd
from rich.console import Console
from rich.text import Text

from config.errors import UserError, listed, nearest
from experiments.analysis.findings import BILATERAL, World
from experiments.analysis.member_state import places
from experiments.analysis.transitions import DATES
from experiments.asked.member_state import NEEDED, moments, names_of, of_policy, picture_note
from experiments.asking import figure_stem, heading, policy_asked, require, worlds_asked
from experiments.figures import FOLDER
from experiments.figures.member_state import MOST, one_state, quantity_label, subject_label
from experiments.figures.style import save
from experiments.files import Place, place
from experiments.labels import instrument_label
from experiments.report import NARROW, console, plain_table, tell_rest
from experiments.store import load

CAVEAT = (
    "Bands are of single histories. Whose reluctance thinned out a draft that passed is not recorded by state: "
    "partnership replay tells it of one run."
)
FEW = 8
"""Files told by name of those that a state holds up."""

Tables = Mapping[str, pd.DataFrame]


def show_member_state(
    folder: Place | str,
    state: str,
    scenario: str | None = None,
    policy: str | None = None,
    file: IO[str] | None = None,
) -> list[Place]:
    """Print the page of a state, by its code, and draw it into the results' own folder; returns the files drawn.

    The first scenario unless one is named; the baseline unless a policy is named.
    """
    from experiments.analysis.reading import findings

    results = load(folder)
    found = findings(results)
    require(found, folder, NEEDED)
    world, chosen = worlds_asked(found, scenario)[0], policy_asked(found, policy)
    members = names_of(results)
    names = {one.iso3: one.name for one in results.settings(world.name, chosen).members}
    code = _known(state, names)
    made = found.well(world.name, chosen)
    tables = of_policy(results, found, world.name, chosen, [code])
    out = console(file)
    out.print(Text(f"{names[code]} and the partnership with Japan", style="bold"))
    out.print(f"{heading(world, chosen, len(made.well))}.", markup=False)
    if made.failed:
        out.print(found.failure(world.name, chosen), markup=False)
    tell(tables, code, list(members), world, out)
    lines = picture_note(world.name, chosen, len(made.well))
    note = f"{lines} Dashed: the middle of all members. Weight: in a regression of ranks."
    figure = one_state(tables, code, names[code], list(members), moments(world.quarters), note)
    drawn = save(figure, place(folder) / FOLDER, figure_stem(found, "state", world, chosen, code))
    tell_rest(found, chosen, CAVEAT, out)
    out.print(f"Figures: {', '.join(path.name for path in drawn)} in {place(folder) / FOLDER}", markup=False)
    return drawn


def _known(state: str, names: Mapping[str, str]) -> str:
    """The code of a state, given in capitals or not, or by name; UserError with the nearest if there is none."""
    by_name = {name.casefold(): code for code, name in names.items()}
    code = by_name.get(state.casefold(), state.upper())
    if code not in names:
        raise UserError("is no state in these results", key="--actor", value=state, allowed=listed(list(names)),
                        suggestion=nearest(code, names))  # fmt: skip
    return code


def tell(tables: Tables, state: str, members: list[str], world: World, out: Console) -> None:
    """Print what a state wants, stops, holds up, has with Japan, and what moves it (`asked.member_state.of_policy`)."""
    _tell_wants(tables["positions"], state, members, world, out)
    _tell_stops(_own(tables["stops"], state), out)
    _tell_holds(_own(tables["holds"], state), out)
    _tell_ladder(tables["ladder"], state, world, out)
    _tell_moves(tables["moves"], world, out)


def _own(table: pd.DataFrame, state: str) -> pd.DataFrame:
    return table[table["actor"] == state]


def _tell_wants(positions: pd.DataFrame, state: str, members: list[str], world: World, out: Console) -> None:
    """Position and attention, median with the middle 90 % of runs, and the place among the members."""
    table = plain_table("At the end of")
    for head in ("depth it wants", "place", "beside the others", "attention"):
        table.add_column(head, justify="right", no_wrap=True)
    for quarter in dict.fromkeys([world.first, *(date for date in DATES if date in world.quarters), world.last]):
        rows = positions[positions["quarter"] == quarter]
        own = {str(line["measure"]): line for line in _own(rows, state).to_dict("records")}
        medians = rows[(rows["measure"] == "position") & rows["actor"].isin(members)].set_index("actor")["median"]
        rank = f"{places(medians)[state]} of {len(medians)}" if state in medians else "no member"
        table.add_row(quarter, _band(own["position"]), rank, _band(own["beside_others"], "+.2f"),
                      _band(own["attention"]))  # fmt: skip
    out.print()
    out.print("What it wants: median [5–95 % of runs]; place by median, 1 the deepest", style="bold", markup=False)
    out.print(table)


def _band(row: Mapping[Hashable, float], form: str = ".2f") -> str:
    return f"{row['median']:{form}} [{row['q05']:{form}}–{row['q95']:{form}}]"


def _tell_stops(stops: pd.DataFrame, out: Console) -> None:
    out.print()
    if stops.empty:
        out.print("It stops nothing in the Council.")
        return
    table = plain_table("Stops in the Council")
    for head in ("vetoes in ten years", "in runs", "of all states' vetoes"):
        table.add_column(head, justify="right", no_wrap=True)
    for line in stops.to_dict("records"):
        table.add_row(subject_label(str(line["subject"])), f"{line['per_decade']:.2f}", _percent(line["runs"]),
                      _percent(line["share"]))  # fmt: skip
    out.print(table)


def _tell_holds(holds: pd.DataFrame, out: Console) -> None:
    out.print()
    if holds.empty:
        out.print("It holds up no file.")
        return
    shown = holds.sort_values("quarters", ascending=False, kind="stable").head(FEW)
    table = plain_table("Holds up")
    table.add_column("by")
    for head in ("quarters a run", "in runs", "of all who do"):
        table.add_column(head, justify="right", no_wrap=True)
    for line in shown.to_dict("records"):
        with_whom = "" if line["partner"] == "EU" else ", its own"
        table.add_row(f"{instrument_label(str(line['instrument']))}{with_whom}", str(line["limit"]),
                      f"{line['quarters']:.2f}", _percent(line["runs"]), _percent(line["share"]))  # fmt: skip
    out.print(table)
    if (holds["limit"] == "ratification").any():
        out.print("Of several that have not ratified only the first by the alphabet is counted.", style="dim")


def _tell_ladder(ladder: pd.DataFrame, state: str, world: World, out: Console) -> None:
    """Share of runs in which each rung of its own ladder is in force."""
    own = ladder[ladder["partner"] == state]
    if own.empty:
        return
    dates = [date for date in DATES if date in world.quarters] or [world.last]
    titles = world.standing[world.standing["group"] == BILATERAL].set_index(["partner", "instrument"])["title"]
    table = plain_table("Its own ties with Japan")
    for date in dates:
        table.add_column(date[:4], justify="right", no_wrap=True)
    cells: dict[tuple[str, str], dict[Hashable, Any]] = {
        (str(line["instrument"]), str(line["quarter"])): line for line in own.to_dict("records")
    }
    for slug in dict.fromkeys(slug for slug, _ in cells):
        title = re.sub(r" *\([^)]*\)", "", str(titles[state, slug]))
        table.add_row(title, *(_share(cells[slug, date]) for date in dates))
    out.print()
    out.print("In force at the end of the year: per cent of runs, with 90 % interval", style="bold", markup=False)
    out.print(table)


def _share(line: Mapping[Hashable, float]) -> str:
    """As "82 [78–85]", in per cent."""
    return f"{100 * line['share']:.0f} [{100 * line['lower']:.0f}–{100 * line['upper']:.0f}]"


def _tell_moves(moves: pd.DataFrame, world: World, out: Console) -> None:
    """Weights and rank correlations of what moves its position most, half-way and at the end."""
    out.print()
    if moves.empty:
        out.print("Too few runs to say what moves its position.")
        return
    middle, last = (moves[moves["quarter"] == quarter] for quarter in moments(world.quarters))
    before = {str(line["name"]): float(line["weight"]) for line in middle.to_dict("records")}
    table = plain_table("What moves its position")
    for head in ("weight", "half-way", "alone [90 %]"):
        table.add_column(head, justify="right", no_wrap=True)
    for line in last.head(MOST).to_dict("records"):
        name = str(line["name"])
        half = f"{before[name]:+.2f}" if name in before else "–"
        alone = f"{line['correlation']:+.2f} [{line['lower']:+.2f}, {line['upper']:+.2f}]"
        table.add_row(quantity_label(name), f"{line['weight']:+.2f}", half, f"{alone}{' ' if line['clear'] else '?'}")
    out.print(table)
    out.print(
        f"Weight: in one regression of ranks on {len(last)} quantities at {world.last}, which explains "
        f"{100 * last['explained'].iloc[0]:.0f} %; half-way is {moments(world.quarters)[0]}. Alone: Spearman's rank "
        "correlation; a question mark: would not stand out among as many that do nothing.",
        style="dim", width=NARROW, markup=False,
    )  # fmt: skip


def _percent(share: float) -> str:
    """As "12 %", "< 1 %"."""
    return "< 1 %" if 0 < share < 0.005 else f"{100 * share:.0f} %"
