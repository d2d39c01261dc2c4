"""The answer in the terminal: dated probabilities, then what each policy changes and from which strength it pays."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import IO

import pandas as pd
from rich import box
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from config.schema import DOMAINS
from experiments.analysis.findings import BILATERAL, Findings, World
from experiments.analysis.intervals import LEVEL, Interval
from experiments.analysis.made import Made, of_all
from experiments.analysis.remedies import DEPTHS
from experiments.analysis.transitions import DATES
from experiments.asked import Answer
from experiments.asking import other_policies
from experiments.files import Place
from experiments.labels import counted, measure_label, policy_label
from experiments.store import Results

NARROW = 80
"""Columns that the answer needs."""


def answer(results_dir: Place | str, file: IO[str] | None = None) -> None:
    """Print the answer of a folder of results; plain text where the output is not a terminal."""
    from experiments.analysis.reading import findings

    tell(findings(results_dir), console(file))


def tell_question(results: Results, out: Console) -> None:
    """Print what was asked, and of how many points of a design."""
    experiment, points = results.experiment, results.points()
    out.print(Text(experiment.question, style="bold"))
    out.print()
    some = f"{0 if points is None else len(points):,} points of a design with {counted(experiment.runs)} each"
    out.print(f"{', '.join(experiment.scenarios)}: {some}, per policy.", markup=False)


def tell_analysis(one: Answer, found: Findings, out: Console) -> None:
    """Print what an analysis says, a paragraph per sentence, and which failed runs it leaves out."""
    out.print()
    out.print(Text(one.name.replace("_", " ").capitalize(), style="bold"))
    left_out = [said for scenario in found.worlds for said in found.failures(scenario)]
    for sentence in [*one.sentences, *left_out]:
        out.print(sentence, markup=False)


def console(file: IO[str] | None = None) -> Console:
    """A terminal at least 80 and at most 100 columns wide, without guesses at what to colour."""
    out = Console(file=file, highlight=False, soft_wrap=False)
    out.width = min(max(out.width, NARROW), 100) if out.is_terminal else NARROW
    return out


def tell(found: Findings, out: Console) -> None:
    """Print everything that these findings hold, scenario by scenario."""
    out.print(Text(found.question, style="bold"))
    for scenario, world in found.worlds.items():
        made = found.well(scenario, found.baseline).all
        out.print()
        out.print(
            f"{world.title} (scenario {scenario}, {world.first} to {world.last}), "
            f"{of_all(len(found.complete[scenario]), made)} per policy, paired run by run.",
            markup=False,
        )
        if found.per_point is not None:
            out.print(
                f"They are {made // found.per_point:,} points of a design with {counted(found.per_point)} each, "
                "pooled, not a sample of what may come, so intervals are narrower than they should be.",
            )
        for sentence in found.failures(scenario):
            out.print(sentence, markup=False)
        dated = found.dated
        dated = dated[(dated["scenario"] == scenario) & (dated["policy"] == found.baseline)]
        if found.has("transitions"):
            _tell_dates(dated, world, found.baseline, found.made[scenario, found.baseline], out)
        if len(found.policies) > 1:
            _tell_effects(found, scenario, world, out)
    out.print()
    out.print(
        f"Intervals of {100 * LEVEL:.0f} % cover chance in the number of runs, not what may be wrong with the model.",
        style="dim",
    )


# --- dated probabilities ----------------------------------------------------------------------------------------------


def _tell_dates(dated: pd.DataFrame, world: World, policy: str, made: Made, out: Console) -> None:
    dates = [date for date in DATES if date in world.quarters] or [world.last]
    if not len(dated):
        out.print("No date of 2030, 2035 and 2040 lies within these runs.")
        return
    cells = {
        (str(row["partner"]), str(row["instrument"]), str(row["quarter"])): Interval(
            row["share"], row["lower"], row["upper"]
        )
        for row in dated.to_dict("records")
    }
    table = plain_table("Union and Japan")
    for date in dates:
        table.add_column(date[:4], justify="right", no_wrap=True)
    for group, rows in _groups(world):
        table.add_row(Text(group, style="bold"))
        for partner, slug, title in rows:
            shown = [_share(cells.get((partner, slug, date))) for date in dates]
            table.add_row(Padding(re.sub(r" *\([^)]*\)", "", title), (0, 0, 0, 2)), *shown)
    out.print()
    out.print(
        f"In force at the end of the year with {policy_label(policy)}: per cent of {_runs(made)}, with 90 % interval",
        style="bold",
        markup=False,
    )
    out.print(table)
    _tell_ladder(cells, world, dates, out)


def _runs(made: Made) -> str:
    return f"the {counted(len(made.well))} that went well" if made.failed else "runs"


def _groups(world: World) -> Iterator[tuple[str, list[tuple[str, str, str]]]]:
    union = world.standing[world.standing["group"] != BILATERAL]
    for group in dict.fromkeys([*DOMAINS, *union["group"]]):
        rows = union[union["group"] == group]
        if len(rows):
            yield group, list(rows[["partner", "instrument", "title"]].itertuples(index=False, name=None))


def _share(cell: Interval | None) -> str:
    """As "38 [36–41]", in per cent."""
    if cell is None:
        return "–"
    share, lower, upper = (100 * end for end in cell)
    return f"{share:.0f} {f'[{lower:.0f}–{upper:.0f}]':>8}"


def _tell_ladder(
    cells: Mapping[tuple[str, str, str], Interval], world: World, dates: Sequence[str], out: Console
) -> None:
    """A line per rung, a column per partner with the shares at all dates."""
    rungs = world.standing[world.standing["group"] == BILATERAL]
    if not len(rungs):
        return
    partners = list(dict.fromkeys(rungs["partner"]))
    table = plain_table("Japan and single states")
    for partner in partners:
        table.add_column(partner, justify="right")
    widest = 0.0
    for slug in dict.fromkeys(rungs["instrument"]):
        line = []
        for partner in partners:
            found = [cells.get((partner, slug, date)) for date in dates]
            widest = max([widest, *((cell.upper - cell.lower) / 2 for cell in found if cell is not None)])
            line.append("\n".join("–" if cell is None else f"{100 * cell.estimate:.0f}" for cell in found))
        table.add_row(str(slug).replace("_", " "), *line)
    years = ", ".join(date[:4] for date in dates)
    out.print()
    out.print(
        f"The same for single states at the end of {years} (one below the other); interval at most ±{100 * widest:.0f}",
        style="bold",
        markup=False,
    )
    out.print(table)


# --- effects ----------------------------------------------------------------------------------------------------------


def _tell_effects(found: Findings, scenario: str, world: World, out: Console) -> None:
    effects = found.effects[found.effects["scenario"] == scenario]
    if not len(effects):
        return
    out.print()
    out.print(
        f"What a policy changes by {world.last}, against {policy_label(found.baseline)}: mean difference run by run, "
        "with 90 % interval",
        style="bold",
        markup=False,
    )
    measures = [measure for measure in DEPTHS if measure in set(effects["measure"])]
    out.print(_effects_table(effects, measures))
    out.print()
    out.print("Change in the share of runs that end so, in percentage points", style="bold")
    out.print(_regimes_table(effects))
    narrowing = effects.loc[effects["measure"].isin(measures), "narrowing"].median()
    if pd.notna(narrowing):
        out.print(f"Pairing makes the intervals of depth {narrowing:.1f} times narrower (median).", style="dim")
    evens = found.break_evens[found.break_evens["scenario"] == scenario]
    if len(evens):
        out.print()
        out.print("Operational depth by strength of the lever, which was drawn from zero", style="bold")
        out.print(_break_even_table(evens))


def _effects_table(effects: pd.DataFrame, measures: Sequence[str]) -> Table:
    table = plain_table("Policy")
    for measure in measures:
        table.add_column(measure_label(measure), justify="right", no_wrap=True)
    for policy, part in effects.groupby("policy", sort=False):
        table.add_row(policy_label(str(policy)), *(_mean(_row(part, measure)) for measure in measures))
    return table


def _mean(row: "pd.Series[float]") -> str:
    """As "+.041 [+.035,+.047]", and below it the share of runs that are better."""
    ends = "" if pd.isna(row["lower"]) else f" [{_signed(row['lower'])},{_signed(row['upper'])}]"
    return f"{_signed(row['mean'])}{ends}\nbetter in {100 * row['better']:.0f} %"


def _regimes_table(effects: pd.DataFrame) -> Table:
    table = plain_table("Policy")
    for title in ("functional or better", "strategic"):
        table.add_column(title, justify="right", no_wrap=True)
    for policy, part in effects.groupby("policy", sort=False):
        ends = (_points(_row(part, measure)) for measure in ("functional", "strategic"))
        table.add_row(policy_label(str(policy)), *ends)
    return table


def _row(effects: pd.DataFrame, measure: str) -> "pd.Series[float]":
    """The one row of a policy's effects on a measure."""
    row: pd.Series[float] = effects[effects["measure"] == measure].iloc[0]
    return row


def _points(row: "pd.Series[float]") -> str:
    mean, lower, upper = (100 * float(row[name]) for name in ("mean", "lower", "upper"))
    return f"{mean:+.1f} [{lower:+.1f},{upper:+.1f}]"


def _break_even_table(evens: pd.DataFrame) -> Table:
    table = plain_table("Policy")
    for title in ("at zero: its cost", "at full strength"):
        table.add_column(title, justify="right", no_wrap=True)
    table.add_column("pays", min_width=16)
    for _, row in evens.iterrows():
        table.add_row(policy_label(str(row["policy"])), _end(row, "zero"), _end(row, "top"), pays(row))
    return table


def _end(row: "pd.Series[float]", where: str) -> str:
    estimate, lower, upper = (row[f"{where}_{name}"] for name in ("estimate", "lower", "upper"))
    return "–" if pd.isna(estimate) else f"{_signed(estimate)} [{_signed(lower)},{_signed(upper)}]"


def pays(row: "pd.Series[float]") -> str:
    words = {
        "always": "at any strength",
        "never": "at no strength up to {greatest:.2g}",
        "from": "from {strength:.2g} ({at_least:.2g} to {surely:.2g}) of {greatest:.2g}",
        "fades": "at some strengths, not surely at full strength",
        "unclear": "not clear from these runs",
        "fixed": "too few runs, or strength not varied",
    }
    names = ("strength", "at_least", "surely", "greatest")
    return words[str(row["verdict"])].format(**{name: row[name] for name in names})


def tell_rest(found: Findings, chosen: str, caveat: str, out: Console) -> None:
    """Print what else there is to ask, and what the numbers above cannot say."""
    others = other_policies(found, chosen)
    out.print()
    if others:
        out.print(others, markup=False)
    out.print(caveat, style="dim", width=NARROW)


# --- small things -----------------------------------------------------------------------------------------------------


def _signed(value: float, digits: int = 3) -> str:
    """As "+.041": depths lie between 0 and 1, so that a leading zero says nothing."""
    text = f"{round(value, digits) + 0.0:+.{digits}f}"
    return text if abs(value) >= 1 else text.replace("0.", ".", 1)


def plain_table(first: str) -> Table:
    """An empty table with this first column and no lines but one below the head."""
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False, show_edge=False)
    table.add_column(first, overflow="fold")
    return table
