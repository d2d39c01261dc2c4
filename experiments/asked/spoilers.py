"""One spoiler more in the Council, or one less: one state after another has unfriendly or friendly governments."""

from collections.abc import Iterator, Mapping

import pandas as pd
from matplotlib.figure import Figure

from experiments.analysis import states
from experiments.asked.lead_states import PANELS, chance_said, compared, names, note, told
from experiments.figures.states import FIRST, SECOND, Look, by_state
from experiments.store import Results

SPOILER, FRIEND = "spoiler", "friend"


def tables(results: Results) -> dict[str, pd.DataFrame]:
    """Effects of every state's change against point 0, and how much of them chance alone would show."""
    points = results.points()
    assert points is not None
    columns = pd.DataFrame(points.columns())
    found = states.changed(columns)
    labels = [
        (point, state, SPOILER if min(found[point].values()) < 0 else FRIEND)
        for point, state in states.states_changed(columns).items()
    ]
    return compared(results, pd.DataFrame(labels, columns=["point", "state", "change"]))


def sentences(tables: Mapping[str, pd.DataFrame], results: Results) -> list[str]:
    """Where a spoiler more costs most, what it does to vetoes, what one less brings, what chance would show."""
    effects = tables["effects"]
    depth = effects[effects["measure"] == "operational_depth"]
    return [
        told(depth, SPOILER, "A spoiler more costs most operational depth in"),
        _range(effects, SPOILER, "With one spoiler more"),
        _range(effects, FRIEND, "With a state that has hardly ever a spoiler"),
        chance_said(tables["chance"]),
    ]


def _range(effects: pd.DataFrame, change: str, what: str) -> str:
    """Depth and vetoes under a change, from the least to the most of the states."""
    here = effects[effects["change"] == change]
    depth, vetoes = (here[here["measure"] == name] for name in ("operational_depth", "vetoes_per_year"))
    if depth.empty:
        return ""
    return (
        f"{what}, by state, operational depth changes by {depth['mean'].min():+.4f} to {depth['mean'].max():+.4f}, "
        f"vetoes a year by {vetoes['mean'].min():+.2f} to {vetoes['mean'].max():+.2f} (from "
        f"{vetoes['without'].iloc[0]:.2f})."
    )


def pictures(tables: Mapping[str, pd.DataFrame], results: Results) -> Iterator[tuple[str, Figure]]:
    """Every state as spoiler and as friend."""
    looks = {SPOILER: Look("unfriendly governments", *FIRST), FRIEND: Look("friendly governments", *SECOND)}
    more = (
        "Unfriendly: as Hungary's to 2026 in the mean, six in ten of them spoilers; friendly: as far above ordinary "
        "ones, hardly ever a spoiler; ordinary: one in thirteen. Right: share of runs with an operational framework "
        "in force."
    )
    yield (
        "states",
        by_state(
            tables["effects"], looks, PANELS, names(results), "One spoiler more, or one less", note(results, more)
        ),
    )
