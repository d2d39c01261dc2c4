"""What it costs to begin later: the same remedy from different dates on."""

from collections.abc import Hashable, Iterator, Mapping
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from config.errors import UserError
from experiments.analysis import timing
from experiments.analysis.intervals import Floats
from experiments.figures.timing import begun
from experiments.labels import measure_label, policy_label, sentence, with_interval
from experiments.store import Results

MEASURE = "operational_depth"
FRONT = ["scenario", "policy", "remedy"]

Row = Mapping[Hashable, Any]


def tables(results: Results) -> dict[str, pd.DataFrame]:
    """Effects by quarter, what waiting costs, and effects at the same age; by scenario, policy and remedy."""
    effects, waiting, ages = [], [], []
    dates, without = _dates(results)
    for scenario in results.experiment.scenarios:
        for policy in results.experiment.policies:
            paths, quarters = _paths(results, scenario, policy)
            for remedy, points in dates.items():
                who = {"scenario": scenario, "policy": policy, "remedy": remedy}
                begun_at = {date: paths[point] for date, point in points.items()}
                effects.append(timing.effects(begun_at, paths[without], quarters).assign(**who))
                waiting.append(timing.waiting(begun_at, quarters).assign(**who))
                ages.append(timing.same_age(begun_at, paths[without], quarters).assign(**who))
    return {"effects": _whole(effects), "waiting": _whole(waiting), "same_age": _whole(ages)}


def _whole(parts: list[pd.DataFrame]) -> pd.DataFrame:
    table = pd.concat(parts, ignore_index=True)
    return table[[*FRONT, *(name for name in table if name not in FRONT)]]


def _dates(results: Results) -> tuple[dict[str, dict[str, int]], int]:
    """By remedy, the points at which it alone begins, by date; and the point at which nothing does."""
    points = results.points()
    columns = {} if points is None else {name: list(map(str, column)) for name, column in points.columns().items()}
    found: dict[str, dict[str, int]] = {}
    without = []
    for point in range(0 if points is None else len(points)):
        begun = {name: column[point] for name, column in columns.items() if column[point] != "never"}
        if not begun:
            without.append(point)
        elif len(begun) == 1:
            ((name, date),) = begun.items()
            found.setdefault(name.removeprefix("levers.").removesuffix("_from"), {})[date] = point
    if not without or not any(len(dates) > 1 for dates in found.values()):
        raise UserError(
            "has no dates to compare",
            file=str(results.folder),
            key="design",
            allowed="points that differ in when one lever begins, as levers.dialogue_from, and one with all at 'never'",
        )
    return {remedy: dates for remedy, dates in found.items() if len(dates) > 1}, without[0]


def _paths(results: Results, scenario: str, policy: str) -> tuple[dict[int, Floats], list[str]]:
    """Operational depth by point, (R, Q) over the runs that went well at all points, and the quarters."""
    columns = ["point", "run", "quarter", MEASURE]
    rows = results.table("trajectories", columns, scenarios=[scenario], policies=[policy])
    wide = rows.pivot(index=["point", "run"], columns="quarter", values=MEASURE)
    quarters = [str(name) for name in wide.columns]
    by_point = {point: wide.xs(point, level="point") for point in wide.index.unique("point").tolist()}
    complete = sorted(set.intersection(*(set(part.index) for part in by_point.values())))
    return {point: part.loc[complete].to_numpy() for point, part in by_point.items()}, quarters


def sentences(tables: Mapping[str, pd.DataFrame], results: Results) -> list[str]:
    """What waiting costs each remedy, and whether the later one is as good at the same age."""
    said = []
    for who, waited in tables["waiting"].groupby(FRONT, sort=False):
        here = dict(zip(FRONT, map(str, who), strict=True))
        of = {name: _of(table, here) for name, table in tables.items()}
        said += [_waiting(waited, of["effects"], here["remedy"]), _age(of["same_age"], here["remedy"])]
    return said


def _of(table: pd.DataFrame, who: Mapping[str, str]) -> pd.DataFrame:
    for name, value in who.items():
        table = table[table[name] == value]
    return table


def _waiting(waited: pd.DataFrame, effects: pd.DataFrame, remedy: str) -> str:
    last = str(effects["quarter"].iloc[-1])
    ends = effects[effects["quarter"] == last]
    each = ", ".join(f"begun {row['begun']} {_interval(row)}" for row in ends.to_dict("records"))
    whole = waited.to_dict("records")[-1]
    return sentence(
        f"{policy_label(remedy)} changes {measure_label(MEASURE)} by {last}: {each}. A year of waiting costs "
        f"{_amount(whole)} of it then, and {_amount(whole, 'lost_')} years of full depth until then."
    )


def _age(ages: pd.DataFrame, remedy: str) -> str:
    first, *_, last = ages.to_dict("records")
    return sentence(
        f"{policy_label(remedy)} {first['years']:g} years after it began: {_interval(first)} if begun "
        f"{first['begun']}, "
        f"{_interval(last)} if begun {last['begun']}, a difference of {_interval(last, 'more_')}."
    )


def _interval(row: Row, of: str = "") -> str:
    return with_interval(*(float(row[f"{of}{end}"]) for end in ("mean", "lower", "upper")))


def _amount(row: Row, of: str = "") -> str:
    """What is lost, so without a sign where it is."""
    mean, lower, upper = (float(row[f"{of}{end}"]) for end in ("mean", "lower", "upper"))
    return f"{mean:.3f} [{lower:.3f}, {upper:.3f}]"


def pictures(tables: Mapping[str, pd.DataFrame], results: Results) -> Iterator[tuple[str, Figure]]:
    """Effects by date of beginning, by scenario and policy."""
    for who, part in tables["effects"].groupby(FRONT[:2], sort=False):
        scenario, policy = map(str, who)
        stem = f"begun_{scenario}" if policy == "none" else f"begun_{scenario}_{policy}"
        yield stem, begun(part, scenario, MEASURE)
