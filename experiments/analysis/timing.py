"""What waiting costs: the same remedy begun at different dates, against none, in paired runs."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
import pandas as pd

from config.calendar import quarter_index
from experiments.analysis.intervals import LEVEL, Floats, mean_interval
from experiments.analysis.remedies import mean_columns

Paths = Mapping[str, Floats]
"""A measure in every run and quarter, (R, Q), by the quarter in which the remedy begins, "2027Q1". The same runs and
quarters in the same order."""


def effects(paths: Paths, without: Floats, quarters: Sequence[str], level: float = LEVEL) -> pd.DataFrame:
    """Mean paired effect in every quarter by the date of beginning: begun quarter years runs mean lower upper.

    `years` counts from the beginning to the end of the quarter, in which measures are taken; it is negative before.
    """
    rows = [
        {
            "begun": begun,
            "quarter": quarter,
            "years": years_since(begun, quarter),
            "runs": len(without),
            **mean_columns(mean_interval(path[:, q] - without[:, q], level)),
        }
        for begun, path in paths.items()
        for q, quarter in enumerate(quarters)
    ]
    return pd.DataFrame(rows, columns=["begun", "quarter", "years", "runs", "mean", "lower", "upper"])


def years_since(begun: str, quarter: str) -> float:
    """Years from the beginning of one quarter to the end of another."""
    return (quarter_index(quarter) + 1 - quarter_index(begun)) / 4


def waiting(paths: Paths, quarters: Sequence[str], level: float = LEVEL) -> pd.DataFrame:
    """What a year of waiting costs, between neighbouring dates and between the first and the last, run by run.

    earlier later years    the two dates and the years between them
    mean lower upper       what one of these years takes off the measure in the last quarter
    lost_...               what it takes off the sum over all quarters, in years of full depth
    """
    dates = sorted(paths, key=quarter_index)
    spans = [*pairwise(dates), *([(dates[0], dates[-1])] if len(dates) > 2 else [])]
    return pd.DataFrame([_waited(paths, quarters, *span, level) for span in spans], columns=WAITING)


WAITING = ["earlier", "later", "years", "runs", "mean", "lower", "upper", "lost_mean", "lost_lower", "lost_upper"]


def _waited(paths: Paths, quarters: Sequence[str], earlier: str, later: str, level: float) -> dict[str, object]:
    years = (quarter_index(later) - quarter_index(earlier)) / 4
    lost = paths[earlier] - paths[later]
    counted = np.array([quarter_index(quarter) >= quarter_index(earlier) for quarter in quarters])
    summed = mean_interval(lost[:, counted].sum(axis=1) / 4 / years, level)
    return {
        "earlier": earlier,
        "later": later,
        "years": years,
        "runs": len(lost),
        **mean_columns(mean_interval(lost[:, -1] / years, level)),
        **{f"lost_{name}": value for name, value in mean_columns(summed).items()},
    }


def same_age(paths: Paths, without: Floats, quarters: Sequence[str], level: float = LEVEL) -> pd.DataFrame:
    """Effect of each date when all are as old as the last can become, and its difference from the first date's.

    begun years runs mean lower upper, and more_... what it has more than the first: is a remedy that begins later as
    good at the same age? NaN for the first date itself.
    """
    dates = sorted(paths, key=quarter_index)
    place = {quarter: q for q, quarter in enumerate(quarters)}
    age = len(quarters) - 1 - place[dates[-1]]
    gains = {begun: _at(paths[begun], without, place[begun] + age) for begun in dates}
    rows = []
    for begun, gain in gains.items():
        more = mean_columns(mean_interval(gain - gains[dates[0]], level))
        rows.append({
            "begun": begun, "years": (age + 1) / 4, "runs": len(gain), **mean_columns(mean_interval(gain, level)),
            **{f"more_{name}": value if begun != dates[0] else float("nan") for name, value in more.items()},
        })  # fmt: skip
    return pd.DataFrame(rows, columns=SAME_AGE)


SAME_AGE = ["begun", "years", "runs", "mean", "lower", "upper", "more_mean", "more_lower", "more_upper"]


def _at(path: Floats, without: Floats, q: int) -> Floats:
    return path[:, q] - without[:, q]
