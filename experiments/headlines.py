"""The answer in a few sentences, the first that is read: what will be in force, how deep it gets, what moves it."""

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

import pandas as pd

from experiments.analysis.findings import BILATERAL, LEVER_MEASURE, Findings, World
from experiments.analysis.transitions import DATES
from experiments.labels import counted, policy_label
from simulation.recorder import FUNCTIONAL_FROM, REGIMES, STRATEGIC_FROM

NAMED = 2
"""Instruments named at either end."""


class Headline(NamedTuple):
    """One answer: what it is about, and what is found."""

    about: str
    text: str


def headlines(found: Findings) -> list[Headline]:
    """A few answers per scenario, the most important first; of tables that were not recorded nothing is said."""
    several = len(found.worlds) > 1
    return [
        Headline(f"{world.title}: {about[0].lower()}{about[1:]}" if several else about, text)
        for world in found.worlds.values()
        for about, text in (*_dated(found, world), *_depth(found, world), *_policies(found, world))
    ]


def _dated(found: Findings, world: World) -> Iterator[Headline]:
    """Which instruments of the Union that are not yet in force will be at the last of the dates."""
    dates = [date for date in DATES if date in world.quarters]
    rows = found.dated
    rows = rows[(rows["scenario"] == world.name) & (rows["policy"] == found.baseline)]
    if not dates or not len(rows):
        return
    new = world.standing[(world.standing["group"] != BILATERAL) & ~world.standing["in_force"].astype(bool)]
    rows = rows[rows["quarter"] == dates[-1]].merge(new, on=["partner", "instrument"])
    rows = rows.sort_values("share", ascending=False, kind="stable")
    if not len(rows):
        return
    least = rows.iloc[NAMED:].tail(NAMED)
    rarest = f"; least likely {_named(least)}" if len(least) else ""
    yield Headline(
        f"In force by the end of {dates[-1][:4]} with {policy_label(found.baseline)}",
        f"likeliest {_named(rows.head(NAMED))}{rarest}, "
        f"of {counted(len(rows), 'instrument')} not in force at the start.",
    )


def _named(rows: pd.DataFrame) -> str:
    return ", ".join(f"{row['title']} {percent(row['share'])}" for row in rows.to_dict("records"))


def _depth(found: Findings, world: World) -> Iterator[Headline]:
    """Where operational depth ends, and in which regime."""
    bands = found.bands
    rows = bands[
        (bands["scenario"] == world.name) & (bands["policy"] == found.baseline) & (bands["quarter"] == world.last)
        & (bands["measure"] == LEVER_MEASURE)
    ]  # fmt: skip
    if not len(rows):
        return
    row = rows.iloc[0]
    ends = regime_shares(found, world.name, found.baseline)
    yield Headline(
        f"What is carried out by {world.last}, from 0 (nothing) to 1 (everything)",
        f"{row['median']:.2f} in the median run, {row['q05']:.2f} to {row['q95']:.2f} in 90 %. The partnership is "
        f"strategic (from {STRATEGIC_FROM:.2f}) in {percent(ends['strategic'])}, functional (from "
        f"{FUNCTIONAL_FROM:.2f}) in {percent(ends['functional'])}, symbolic in {percent(ends['symbolic'])} of runs.",
    )


def _policies(found: Findings, world: World) -> Iterator[Headline]:
    """Which policy moves operational depth most, and which alone."""
    effects = found.effects
    rows = effects[(effects["scenario"] == world.name) & (effects["measure"] == LEVER_MEASURE)]
    if not len(rows):
        return
    better = rows[rows["lower"] > 0].sort_values("mean", ascending=False, kind="stable")
    worse = rows[rows["upper"] < 0]
    said = []
    if len(better):
        said.append(f"most with {_effect(better.iloc[0])}, better in {percent(better.iloc[0]['better'])} of runs")
        alone = better[~better["policy"].str.contains("+", regex=False)]
        if "+" in better.iloc[0]["policy"] and len(alone):
            said.append(f"alone most with {_effect(alone.iloc[0])}")
    else:
        said.append("none of them more than chance")
    if len(worse):
        said.append(f"less deep it gets with {', '.join(_effect(row) for _, row in worse.iterrows())}")
    yield Headline(f"What policies add to that, against {policy_label(found.baseline)}", f"{'; '.join(said)}.")


def _effect(row: "pd.Series[float]") -> str:
    return f"{policy_label(str(row['policy']))}: {signed(row['mean'])} [{signed(row['lower'])}, {signed(row['upper'])}]"


def signed(value: float, digits: int = 3) -> str:
    """As "+0.041" or "−0.041"."""
    return f"{round(value, digits) + 0.0:+.{digits}f}".replace("-", "−")


def percent(share: float) -> str:
    """As "38 %"; what is rare but happens is "under 1 %", what is all but certain "over 99 %"."""
    if 0 < share < 0.01:
        return "under 1\u00a0%"
    return "over 99\u00a0%" if 0.99 < share < 1 else f"{100 * share:.0f}\u00a0%"


def regime_shares(found: Findings, scenario: str, policy: str) -> dict[str, float]:
    """Share of the runs that went well in each regime at the end, by `REGIMES`."""
    parts = found.results.parts("runs", ["regime"], scenarios=[scenario], policies=[policy])
    counts = Counter(str(regime) for part in parts for regime in part["regime"])
    return {regime: counts[regime] / found.run_count(scenario, policy) for regime in REGIMES}
