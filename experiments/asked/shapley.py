"""Whose is the distance: the share of each policy in what all of them change, whatever else is pulled."""

from collections.abc import Hashable, Iterator, Mapping
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from config.calendar import quarter_name
from experiments.analysis import shapley
from experiments.analysis.combining import Game, game_of
from experiments.analysis.outcomes import paired
from experiments.figures.shapley import first_and_last, shares
from experiments.labels import impediment_label, measure_label, sentence
from experiments.store import Results

MEASURES = ("operational_depth", "operational_depth_equal")
"""By ambition, and every instrument weighing the same."""

FRONT = ["scenario", "measure", "case"]

Row = Mapping[Hashable, Any]


def tables(results: Results) -> dict[str, pd.DataFrame]:
    """Shapley values, the ranking and how sure it is, effects of all combinations; by scenario, measure and case.

    A case is a point of the design: the same luck meets all of them, so each is judged by its own runs.
    """
    games = list(_games(results))
    values = [shapley.shares(game).assign(**case) for case, game in games]
    totals = [shapley.totals(game).assign(**case) for case, game in games]
    return {
        "shares": _in_front(pd.concat(values, ignore_index=True)),
        "ranking": pd.DataFrame([{**case, **shapley.ranking(game)} for case, game in games]),
        "totals": _in_front(pd.concat(totals, ignore_index=True)),
    }


def _games(results: Results) -> Iterator[tuple[dict[str, str], Game]]:
    """Each scenario, measure and case with the outcomes of all combinations."""
    for scenario in results.experiment.scenarios:
        ends = paired(results, scenario)
        for measure in MEASURES:
            for point, case in _cases(results).items():
                here = {policy: table[table["point"] == point] for policy, table in ends.items()}
                yield {"scenario": scenario, "measure": measure, "case": case}, game_of(here, measure)


def _cases(results: Results) -> dict[int, str]:
    """What is so at each point of the design, in words; "" without one."""
    points = results.points()
    if points is None:
        return {0: ""}
    columns = {name: list(column) for name, column in points.columns().items()}
    return {point: ", ".join(f"{name} = {_said(column[point])}" for name, column in columns.items())
            for point in range(len(points))}  # fmt: skip


def _said(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _in_front(table: pd.DataFrame) -> pd.DataFrame:
    return table[[*FRONT, *(name for name in table if name not in FRONT)]]


def sentences(tables: Mapping[str, pd.DataFrame], results: Results) -> list[str]:
    """Who is first and how sure that is; then the shares by either weight."""
    said = []
    for scenario in results.experiment.scenarios:
        ranked = tables["ranking"][tables["ranking"]["scenario"] == scenario]
        said.append(_first(ranked))
        values = tables["shares"][tables["shares"]["scenario"] == scenario]
        last = quarter_name(results.settings(scenario, "none").until)
        for measure, part in values.groupby("measure", sort=False):
            said.append(_shares(part, f"{measure_label(str(measure))} by {last}"))
        said.append(_alone_and_last(values[values["measure"] == MEASURES[0]]))
    return said


def _first(ranked: pd.DataFrame) -> str:
    """Whether one comes first in all cases and by both weights."""
    firsts = list(dict.fromkeys(ranked["first"]))
    where = "in every case of the design, weighted by ambition or equally"
    least = 100 * ranked["same_first"].min()
    sure = f"so it is in {'all' if least == 100 else f'at least {least:.0f} % of'} bootstrap samples of the runs"
    orders = ranked["order"].nunique()
    order = "the whole order is the same throughout" if orders == 1 else f"{orders} different orders come up"
    if len(firsts) == 1:
        return sentence(f"{_named(firsts[0])} comes first {where}; {sure}, and {order}.")
    return f"What comes first depends on the case or the weights: {', '.join(map(_named, firsts))}; {sure}."


def _named(policy: object) -> str:
    return impediment_label(str(policy))


def _shares(part: pd.DataFrame, where: str) -> str:
    """Values and shares over all cases, with the widest ends of their intervals."""
    totals = part.groupby("case", sort=False)["mean"].sum()
    cases = [str(case) for case in totals.index]
    several = f" ({'; '.join(cases)})" if len(cases) > 1 else ""
    each = [_part(str(player), rows) for player, rows in _ranked(part)]
    return f"Of {where}, all together add {_span(totals, '+.3f')}{several}. Shares: {'; '.join(each)}."


def _ranked(part: pd.DataFrame) -> list[tuple[object, pd.DataFrame]]:
    """The rows of each impediment, the greatest first."""
    return sorted(part.groupby("player", sort=False), key=lambda one: -float(one[1]["mean"].mean()))


def _part(player: str, rows: pd.DataFrame) -> str:
    share, lower, upper = (100 * rows[name] for name in ("share", "share_lower", "share_upper"))
    return (
        f"{_named(player)} {_span(share, '.0f')} % (interval {lower.min():.0f} to {upper.max():.0f}), the greatest in "
        f"{_span(100 * rows['greatest'], '.0f')} % of runs"
    )


def _span(values: "pd.Series[float]", form: str) -> str:
    """One number if all read alike, else the least and the greatest."""
    ends = [f"{end:{form}}" for end in (values.min(), values.max())]
    return " to ".join(dict.fromkeys(ends))


def _alone_and_last(part: pd.DataFrame) -> str:
    """Whether impediments stand in for each other."""
    each = [
        f"{_named(player)} {_span(rows['alone_mean'], '+.3f')} if lifted alone, {_span(rows['last_mean'], '+.3f')} "
        "after all others"
        for player, rows in _ranked(part)
    ]
    return sentence(f"{'; '.join(each)}.")


def pictures(tables: Mapping[str, pd.DataFrame], results: Results) -> Iterator[tuple[str, Figure]]:
    """Values by case and weights; what each adds first and last."""
    for scenario in results.experiment.scenarios:
        part = tables["shares"][tables["shares"]["scenario"] == scenario]
        last = quarter_name(results.settings(scenario, "none").until)
        yield f"shares_{scenario}", shares(part, scenario, last)
        yield f"first_and_last_{scenario}", first_and_last(part[part["measure"] == MEASURES[0]], scenario, last)
