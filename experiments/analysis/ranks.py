"""How closely an outcome follows each of many uncertain quantities: rank correlations with intervals."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import stats

from experiments.analysis.intervals import LEVEL

FEWEST = 20
"""Histories below which nothing is ranked."""
RANKS = ["name", "correlation", "lower", "upper", "clear", "histories"]


def rank_correlations(table: pd.DataFrame, names: Sequence[str], outcome: str, level: float = LEVEL) -> pd.DataFrame:
    """Spearman's rank correlation of an outcome with each named column, the strongest first; one row per name.

    table   a row per history (`outcomes.outcomes`)
    Returns name correlation lower upper clear histories, where `clear` says that the correlation would stand out among
    as many quantities that do nothing: its interval excludes zero also at a level shared out among all of them
    (Bonferroni). Intervals by Fisher's transformation with the variance of Bonett and Wright (2000, Psychometrika 65:
    23-28). No rows with fewer than 20 histories or an outcome that does not vary.
    """
    size = len(table)
    if not names or size < FEWEST or table[outcome].nunique() < 2:
        return pd.DataFrame(columns=RANKS)
    ranks = np.apply_along_axis(stats.rankdata, 0, table[[*names, outcome]].to_numpy(np.float64))
    found = np.clip(np.corrcoef(ranks, rowvar=False)[-1, :-1], -0.999999, 0.999999)
    spread = np.sqrt((1 + found**2 / 2) / (size - 3))
    half, wide = (stats.norm.ppf(1 - tail / 2) * spread for tail in (1 - level, (1 - level) / len(names)))
    middle = np.arctanh(found)
    rows = pd.DataFrame(
        {
            "name": list(names),
            "correlation": found,
            "lower": np.tanh(middle - half),
            "upper": np.tanh(middle + half),
            "clear": np.abs(middle) > wide,
            "histories": size,
        }
    )
    return rows.sort_values("correlation", key=lambda values: -values.abs(), kind="stable", ignore_index=True)
