"""The answer in a few sentences, the first that is read: what will be in force, how deep it gets, what moves it."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import pandas as pd

from experiments.analysis.findings import BILATERAL, LEVER_MEASURE, Findings, World
from experiments.analysis.transitions import DATES
from experiments.labels import counted, policy_label
from simulation.recorder import FUNCTIONAL_FROM, REGIMES, STRATEGIC_FROM

NAMED = 2
"""Instruments named at either end."""
BOTH = 2
"""Scenarios that are told in full."""


class Headline(NamedTuple):
    """One answer: what it is about, and what is found."""

    about: str
    text: str


def headlines(found: Findings) -> list[Headline]:
    """A few answers, the most important first; of tables that were not recorded nothing is said.

    Of two scenarios both are told, of more the first, and of the others in one sentence how deep it gets.
    """
    worlds = list(found.worlds.values())
    told = worlds if len(worlds) <= BOTH else worlds[:1]
    every = [
        Headline(f"{world.title}: {about[0].lower()}{about[1:]}" if len(worlds) > 1 else about, text)
        for world in told
        for about, text in (*_dated(found, world), *_depth(found, world), *_policies(found, world))
    ]
    return [*every, *_elsewhere(found, [world for world in worlds if world not in told])]


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
    spread = _spread(found, world)
    if spread is None:
        return
    low, middle, high = spread
    ends = regime_shares(found, world.name, found.baseline)
    yield Headline(
        f"Operational depth, what is carried out, by {world.last} with {policy_label(found.baseline)}",
        f"{middle:.2f} in the median run, {low:.2f} to {high:.2f} in 90\u00a0%, of at most 1. The partnership is "
        f"strategic (from {STRATEGIC_FROM:.2f}) in {percent(ends['strategic'])}, functional (from "
        f"{FUNCTIONAL_FROM:.2f}) in {percent(ends['functional'])}, symbolic in {percent(ends['symbolic'])} of runs.",
    )


def _spread(found: Findings, world: World) -> tuple[float, float, float] | None:
    """5, 50 and 95 % quantiles of operational depth at the end with the baseline; None if it was not kept."""
    bands = found.bands
    rows = bands[
        (bands["scenario"] == world.name) & (bands["policy"] == found.baseline) & (bands["quarter"] == world.last)
        & (bands["measure"] == LEVER_MEASURE)
    ]  # fmt: skip
    if len(rows):
        low, middle, high = rows[["q05", "median", "q95"]].iloc[0]
        return float(low), float(middle), float(high)
    if not found.has("ends") or not found.run_count(world.name, found.baseline):
        return None
    parts = found.results.parts("ends", [LEVER_MEASURE], scenarios=[world.name], policies=[found.baseline])
    low, middle, high = pd.concat(list(parts))[LEVER_MEASURE].quantile([0.05, 0.5, 0.95])
    return float(low), float(middle), float(high)


def _elsewhere(found: Findings, others: Sequence[World]) -> Iterator[Headline]:
    """How deep it gets in other scenarios."""
    spreads = {world.title: spread for world in others if (spread := _spread(found, world)) is not None}
    if spreads:
        yield Headline(
            f"The median in other scenarios, with {policy_label(found.baseline)}",
            f"{'; '.join(f'{title} {middle:.2f}' for title, (_, middle, _) in spreads.items())}.",
        )


def _policies(found: Findings, world: World) -> Iterator[Headline]:
    """Which policy moves operational depth most, and which alone."""
    effects = found.effects
    rows = effects[(effects["scenario"] == world.name) & (effects["measure"] == LEVER_MEASURE)]
    if not len(rows):
        return
    best, alone, worse = _best(found, world), _best(found, world, alone=True), rows[rows["upper"] < 0]
    said = ["none of them more than chance"]
    if best is not None:
        said = [f"most with {_effect(best)}, better in {percent(best['better'])} of runs"]
        if alone is not None and alone["policy"] != best["policy"]:
            said.append(f"alone most with {_effect(alone)}")
    if len(worse):
        said.append(f"less deep it gets with {', '.join(_effect(row) for _, row in worse.iterrows())}")
    about = f"What policies add to operational depth, against {policy_label(found.baseline)}"
    yield Headline(about, f"{'; '.join(said)}.")


def _best(found: Findings, world: World, alone: bool = False) -> "pd.Series[float] | None":
    """Effect on operational depth of the policy, or of the single lever, that adds most; None if none surely does."""
    rows = found.effects
    rows = rows[(rows["scenario"] == world.name) & (rows["measure"] == LEVER_MEASURE) & (rows["lower"] > 0)]
    if alone:
        rows = rows[~rows["policy"].str.contains("+", regex=False)]
    return rows.sort_values("mean", ascending=False, kind="stable").iloc[0] if len(rows) else None


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
