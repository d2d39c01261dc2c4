"""One state after another is changed: what each change does, against the same runs without it, and who comes first.

A change is a point of a design, compared with a reference point run by run: run 17 has the same luck at both. Many such
comparisons are made at once, so that some look sure by chance alone. That share is given beside what was seen, and
the p values are adjusted so that among changes called sure one in ten is expected to be none (Benjamini and
Hochberg 1995, JRSS B 57: 289-300).
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from config.schema import MEMBER_STATES
from experiments.analysis.intervals import LEVEL, Floats, Interval, mean_interval, paired_proportions

SWITCHES = {
    "france": "FRA", "germany": "DEU", "italy": "ITA", "netherlands": "NLD", "spain": "ESP", "sweden": "SWE",
    "uk": "GBR",
}  # fmt: skip
"""States as the switches of those who lead naval exercises name them."""

LEADS = "levers.interoperability_"
REDRAWN, SEED = 500, 1
"""Times that runs are drawn again for the uncertainty of ranks, and the seed of these draws."""

EFFECT = ["runs", "without", "mean", "lower", "upper", "p", "adjusted", "sure", "rank", "rank_low", "rank_high"]


def state_of(name: str) -> str | None:
    """The state that a dotted name is about: "FRA" of actors.FRA.strategy and of levers.interoperability_france."""
    family, _, rest = name.partition(".")
    if family == "actors" and rest.partition(".")[0] in MEMBER_STATES:
        return rest.partition(".")[0]
    return SWITCHES.get(name.removeprefix(LEADS)) if name.startswith(LEADS) else None


def changed(points: pd.DataFrame, reference: int = 0) -> dict[int, dict[str, Any]]:
    """By point, the values that differ from those of the reference point, by dotted name.

    points  a row for each point, a column for each dotted name; rows are numbered from 0
    """
    rows = [{str(name): value for name, value in row.items()} for row in points.to_dict("records")]
    base = rows[reference]
    return {
        point: {name: value for name, value in row.items() if value != base[name]}
        for point, row in enumerate(rows)
        if point != reference
    }


def states_changed(points: pd.DataFrame, reference: int = 0) -> dict[int, str]:
    """By point, the one state whose names differ from those of the reference point; points of several are left out."""
    found = {point: {state_of(name) for name in names} for point, names in changed(points, reference).items()}
    return {point: state for point, states in found.items() if len(states) == 1 for state in states if state}


def effects(
    outcomes: pd.DataFrame, labels: pd.DataFrame, measures: Sequence[str], reference: int = 0, level: float = LEVEL
) -> pd.DataFrame:
    """Paired effect of each change on each measure: a row per change, state and measure.

    outcomes   point run and the measures, a row for each history that went well
    labels     point state change: what each point changes; in order of what is to be shown
    reference  the point that all are compared with

    Columns change state measure point, then
    runs without            pairs of runs; mean of the measure at the reference
    mean lower upper        mean difference and its interval: Student's, or Agresti and Min's for what is 0 or 1
    p adjusted sure         chance of a difference as large if there were none (t test; McNemar's exact test for what is
                            0 or 1), adjusted for all rows together, and whether that is below 1 - level
    rank rank_low rank_high place of the state by size of effect among those with this change, 1 the largest, and the
                            places that it takes in 90 % of samples drawn anew from the same runs
    """
    tables = {
        int(point): outcomes[outcomes["point"] == point].set_index("run")[list(measures)]
        for point in outcomes["point"].unique()
    }
    base = tables[reference]
    rows = []
    for measure in measures:
        for change, part in labels.groupby("change", sort=False):
            there = part[part["point"].isin(list(tables))]
            pairs = [_pair(tables[int(point)][measure], base[measure]) for point in there["point"]]
            ranks = _ranks([with_it - without for with_it, without in pairs], level)
            for (_, one), pair, rank in zip(there.iterrows(), pairs, ranks, strict=True):
                of = {"change": change, "state": one["state"], "measure": measure, "point": int(one["point"])}
                rows.append({**of, **_effect(*pair, level), **rank})
    table = pd.DataFrame(rows, columns=["change", "state", "measure", "point", *EFFECT])
    if len(table):
        table["adjusted"] = stats.false_discovery_control(table["p"].to_numpy(dtype=np.float64))
        table["sure"] = table["adjusted"] < 1 - level
    return table


def _pair(with_it: "pd.Series[float]", without: "pd.Series[float]") -> tuple[Floats, Floats]:
    """The measure in the runs that went well at both points, in the order of runs."""
    both = with_it.index.intersection(without.index)
    return np.asarray(with_it.loc[both], dtype=np.float64), np.asarray(without.loc[both], dtype=np.float64)


def _effect(with_it: Floats, without: Floats, level: float) -> dict[str, float]:
    difference = with_it - without
    gained, lost = int((difference > 0).sum()), int((difference < 0).sum())
    if np.isin(with_it, (0.0, 1.0)).all() and np.isin(without, (0.0, 1.0)).all():
        mean = paired_proportions(gained, lost, len(difference), level)
        p = float(stats.binomtest(gained, gained + lost, 0.5).pvalue) if gained + lost else 1.0
    else:
        mean = mean_interval(difference, level)
        p = _t_test(difference)
    whole = float(without.mean()) if len(without) else float("nan")
    return {"runs": len(difference), "without": whole, **_ends(mean), "p": p}


def _ends(mean: Interval) -> dict[str, float]:
    return {"mean": mean.estimate, "lower": mean.lower, "upper": mean.upper}


def _t_test(difference: Floats) -> float:
    """Two-sided p value of Student's t test that the mean is zero; 1 where nothing differs."""
    if len(difference) < 2 or not difference.any():
        return 1.0
    if np.ptp(difference) == 0:
        return 0.0
    return float(stats.ttest_1samp(difference, 0.0).pvalue)


def _ranks(differences: Sequence[Floats], level: float) -> list[dict[str, float]]:
    """Rank by size of each mean difference, with the ranks that it takes when runs are drawn anew."""
    runs = min(map(len, differences), default=0)
    if not runs:
        return [dict.fromkeys(("rank", "rank_low", "rank_high"), float("nan")) for _ in differences]
    table = np.stack([difference[:runs] for difference in differences])
    drawn = np.random.default_rng(SEED).multinomial(runs, np.full(runs, 1 / runs), REDRAWN)
    means = np.column_stack([table.mean(axis=1), table @ drawn.T / runs])
    places = stats.rankdata(-np.abs(means), method="min", axis=0)
    tail = (1 - level) / 2
    low, high = np.quantile(places[:, 1:], [tail, 1 - tail], axis=1, method="nearest")
    return [
        {"rank": float(rank), "rank_low": float(least), "rank_high": float(most)}
        for rank, least, most in zip(places[:, 0], low, high, strict=True)
    ]


def by_chance(table: pd.DataFrame, level: float = LEVEL) -> pd.DataFrame:
    """How much of `effects` would look sure by chance: of comparisons seen expected kept, a row per measure and "all".

    seen      intervals that leave out zero, one by one (p below 1 - level)
    expected  of so many comparisons if no change did anything
    kept      still sure when all comparisons are taken together
    """
    parts: Mapping[str, pd.DataFrame] = {
        **{str(measure): part for measure, part in table.groupby("measure", sort=False)}, "all": table
    }  # fmt: skip
    rows = [
        {
            "of": name,
            "comparisons": len(part),
            "seen": int((part["p"] < 1 - level).sum()),
            "expected": (1 - level) * len(part),
            "kept": int(part["sure"].sum()),
        }
        for name, part in parts.items()
    ]
    return pd.DataFrame(rows, columns=["of", "comparisons", "seen", "expected", "kept"])


def in_force_by(transitions: pd.DataFrame, histories: pd.DataFrame, date: str, standing: bool) -> Floats:
    """Whether an instrument is in force at the end of a quarter in each history, 0 or 1, (histories,).

    transitions  point run stage quarter of this one instrument, rows of a history in the order they happened
    histories    point run, in any order
    standing     whether it is in force before the first quarter
    """
    told = transitions[transitions["stage"].isin(["in_force", "lapsed"])]
    told = told[told["quarter"].astype(str) <= date]
    last = told.drop_duplicates(["point", "run"], keep="last")
    now = histories[["point", "run"]].merge(last, on=["point", "run"], how="left")["stage"].astype(object)
    known = now.where(now.notna(), "in_force" if standing else "lapsed")
    return np.asarray(known == "in_force", dtype=np.float64)


def per_year(counts: pd.DataFrame, histories: pd.DataFrame, quarters: int) -> Floats:
    """Mean per year of a column `vetoes` of rows by point, run and quarter, in each history, (histories,)."""
    totals = counts.groupby(["point", "run"], as_index=False)["vetoes"].sum()
    found = histories[["point", "run"]].merge(totals, on=["point", "run"], how="left")["vetoes"].fillna(0.0)
    return np.asarray(found, dtype=np.float64) / (quarters / 4)
