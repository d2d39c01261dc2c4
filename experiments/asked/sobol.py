"""How the variance of depth and gap at the end is shared out among the factors of a Sobol design, chance among them."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from config.design import CHANCE
from experiments.analysis.intervals import Floats
from experiments.analysis.sensitivity import sobol_indices, sum_of_first
from experiments.asked.morris import SEED, by_picture, case_label, cases, chosen, factor_labels, factors, told, until
from experiments.labels import measure_label, policy_label
from experiments.store import Results

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NAMED = 5
"""Factors that a sentence names."""
KNOWN = 0.02
"""Share of variance below which a factor is said to do next to nothing."""


def tables(results: Results) -> dict[str, pd.DataFrame]:
    """Three tables with a row, or rows, for every scenario, policy, choice of levers and measure.

    indices  `sobol_indices`, the greatest total first
    parts    shares of variance: one_by_one, what the factors explain each by itself; together, what only several of
             them do; with chance among them known, what knowing all others would remove, and chance, what would stay
    spread   mean, standard deviation and 5 and 95 % of the outcome, at the two independent points of each base point
    """
    points = results.points()
    assert points is not None
    names = factors(points)
    found: dict[str, list[pd.DataFrame]] = {"indices": [], "parts": [], "spread": []}
    for said, outcome in cases(results):
        indices = sobol_indices(names, outcome, SEED).sort_values("total", ascending=False, kind="stable")
        found["indices"].append(told(said, indices.reset_index(drop=True)))
        found["parts"].append(told(said, _parts(indices, len(names), outcome)))
        found["spread"].append(told(said, _spread(outcome.reshape(-1, len(names) + 2)[:, [0, -1]])))
    return {name: pd.concat(rows, ignore_index=True) for name, rows in found.items()}


def _parts(indices: pd.DataFrame, count: int, outcome: Floats) -> pd.DataFrame:
    one_by_one = sum_of_first(count, outcome, SEED)
    rows: list[tuple[object, ...]] = [
        ("one_by_one", *one_by_one),
        ("together", 1 - one_by_one.estimate, 1 - one_by_one.upper, 1 - one_by_one.lower),
    ]
    for _, luck in indices[indices["factor"] == CHANCE].iterrows():
        rows.append(("known", 1 - luck["total"], 1 - luck["total_upper"], 1 - luck["total_lower"]))
        rows.append(("chance", luck["total"], luck["total_lower"], luck["total_upper"]))
    return pd.DataFrame(rows, columns=["part", "estimate", "lower", "upper"])


def _spread(outcome: Floats) -> pd.DataFrame:
    ends = np.nanquantile(outcome, [0.05, 0.95]) if not np.isnan(outcome).all() else (np.nan, np.nan)
    return pd.DataFrame([{"mean": np.nanmean(outcome), "sd": np.nanstd(outcome), "q05": ends[0], "q95": ends[1]}])


def sentences(tables: Mapping[str, pd.DataFrame], results: Results) -> list[str]:
    """For each case what chance leaves and what matters most; then what the shares rest on."""
    indices = tables["indices"]
    keys = [str(key) for key in indices.columns[: list(indices.columns).index("factor")]]
    others = {name: dict(list(tables[name].groupby(keys, sort=False))) for name in ("parts", "spread")}
    said: list[str] = []
    for key, rows in indices.groupby(keys, sort=False):
        parts = others["parts"][key].set_index("part")
        said += _of_case(rows, parts, others["spread"][key].iloc[0], case_label(rows.iloc[0], results))
    return [*said, *_rests_on(indices, results)]


def _of_case(rows: pd.DataFrame, parts: pd.DataFrame, spread: "pd.Series[float]", case: str) -> list[str]:
    if rows["total"].isna().all():
        return [f"The {case} is the same everywhere."]
    share = {str(part): _share(row) for part, row in parts.iterrows()}
    said = []
    if "chance" in share:
        left = np.sqrt(max(float(parts["estimate"]["chance"]), 0.0)) * spread["sd"]
        said.append(
            f"Of the variance of the {case}, {share['chance']} would stay on average if every other factor were known: "
            f"in so much chance takes part. The standard deviation would fall from {spread['sd']:.3f} to {left:.3f}."
        )
    most = rows[(rows["factor"] != CHANCE) & (rows["total"] >= KNOWN)].head(NAMED)
    labels = factor_labels(list(most["factor"]))
    named = [f"{labels[row['factor']]} {_share(row, 'total')}" for _, row in most.iterrows()]
    said.append(f"The {case} depends most on {'; '.join(named)}, each with all that it does together with others.")
    said.append(
        f"Each by itself, the factors explain {share['one_by_one']} of the variance of the {case}; the rest they do "
        "only together."
    )
    return said


def _share(row: "pd.Series[Any]", name: str = "") -> str:
    """An estimate with its interval, in per cent."""
    keys = (name, f"{name}_lower", f"{name}_upper") if name else ("estimate", "lower", "upper")
    estimate, lower, upper = (100 * float(row[key]) for key in keys)
    return f"{estimate:.0f} % ({lower:.0f} to {upper:.0f})"


def _rests_on(indices: pd.DataFrame, results: Results) -> list[str]:
    design = results.experiment.design
    assert design is not None
    said = ["Factors vary independently of each other, by the ranges of the design: what the record tells of several "
            "parameters at once is not in these shares."]  # fmt: skip
    if design.rest == "fixed":
        said.append("What else is uncertain stands at its value.")
    elif design.chance:
        said.append("What else is uncertain is drawn with chance and counted with it.")
    if indices["dropped"].max():
        said.append(f"Up to {indices['dropped'].max()} base points are left out because a run of theirs failed.")
    return said


def pictures(tables: Mapping[str, pd.DataFrame], results: Results) -> Iterator[tuple[str, "Figure"]]:
    """A picture for every scenario, choice and measure; policies stand side by side."""
    from experiments.figures.sensitivity import shares

    parts = dict(by_picture(tables["parts"], results))
    for stem, rows in by_picture(tables["indices"], results):
        labels = factor_labels(list(dict.fromkeys(rows["factor"])))
        labels |= {policy: policy_label(policy) for policy in dict.fromkeys(rows["policy"])}
        title = f"What {measure_label(str(rows['measure'].iloc[0]))} depends on"
        yield stem, shares(rows, parts[stem], labels, title, _note(rows, results))


def _note(rows: pd.DataFrame, results: Results) -> str:
    first = rows.iloc[0]
    each = first["used"] * (rows["factor"].nunique() + 2)
    return (
        f"Scenario {first['scenario']}, {until(first, results)}{chosen(first, results)}. {first['used']:,} base "
        f"points, {each:,} histories for each policy. Dark: share of variance that would go if this factor alone were "
        "known. Light: share that would stay if all others were known; for chance, what all knowledge of parameters "
        "leaves. Lines: 90 % intervals."
    )
