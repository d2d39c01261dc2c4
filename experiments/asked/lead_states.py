"""Whose lead moves the partnership most: one state after another leads, leaves, or does one part of leading alone."""

from collections.abc import Iterator, Mapping

import pandas as pd
from matplotlib.figure import Figure

from config.calendar import quarter_name
from experiments.analysis import states
from experiments.analysis.findings import standing
from experiments.analysis.outcomes import WHO, outcomes
from experiments.figures.states import FIRST, SECOND, Look, by_state
from experiments.labels import counted, policy_label
from experiments.store import Results

DATED = {"security_of_information": "2030Q4", "csdp_fpa": "2035Q4", "operational_framework": "2040Q4"}
"""Instruments whose probability of being in force at the end of a quarter is compared."""

MEASURES = ("operational_depth", "operational_depth_equal", "declared_depth", "vetoes_per_year", "functional", *DATED)
LEADS, LEAVES = "leads", "leaves"
PARTS = {"government": (1, None, 0), "strategy": (0, 1, 0), "exercises": (0, None, 1)}
"""Parts of leading alone: sign of the usual stance, strategy (None: as it is), whether it leads exercises."""


def tables(results: Results) -> dict[str, pd.DataFrame]:
    """Effects of every change against point 0, and how much of them chance alone would show."""
    points = results.points()
    assert points is not None
    columns = pd.DataFrame(points.columns())
    labels = pd.DataFrame(
        [
            (point, state, _change(columns.iloc[point], columns.iloc[0], state))
            for point, state in states.states_changed(columns).items()
        ],
        columns=["point", "state", "change"],
    )
    return compared(results, labels)


def _change(there: "pd.Series[float]", base: "pd.Series[float]", state: str) -> str:
    """What a point changes in one state: "leads", "leaves", a part of leading, or else "other"."""
    lever = next(name for name in map(str, there.index) if states.state_of(name) == state and name.startswith("levers"))
    stance, strategy = f"actors.{state}.stance_mean", f"actors.{state}.strategy"
    usual = int(base[strategy])
    known = {(1, 1, 1): LEADS, (-1, 0, 0): LEAVES}
    known |= {(sign, usual if has is None else has, led): part for part, (sign, has, led) in PARTS.items()}
    return known.get((_sign(there[stance]), int(there[strategy]), int(there[lever])), "other")


def _sign(value: float) -> int:
    return int(value > 0) - int(value < 0)


def compared(results: Results, labels: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Tables `effects` and `chance` of what points of a design change in single states; labels: point state change."""
    found = states.effects(measured(results), labels, MEASURES)
    found["name"] = found["state"].map(names(results))
    return {"effects": found, "chance": states.by_chance(found)}


def measured(results: Results) -> pd.DataFrame:
    """`outcomes` of the first scenario and policy, with vetoes per year and what is in force by its date."""
    scenario, policy = where(results)
    settings, table = results.settings(scenario, policy), outcomes(results, scenario, policy)
    vetoes = results.table("vetoes", WHO, scenarios=[scenario], policies=[policy]).assign(vetoes=1)
    table["vetoes_per_year"] = states.per_year(vetoes, table, settings.until - settings.start + 1)
    columns = [*WHO, "partner", "instrument", "stage", "quarter"]
    changes = results.table("transitions", columns, scenarios=[scenario], policies=[policy])
    changes = changes[changes["partner"] == "EU"]
    start = standing(settings).query("partner == 'EU'").set_index("instrument")["in_force"]
    for instrument, date in DATED.items():
        own = changes[changes["instrument"] == instrument]
        table[instrument] = states.in_force_by(own, table, date, bool(start[instrument]))
    return table


def where(results: Results) -> tuple[str, str]:
    """The scenario and the policy that are looked at: the first of each."""
    return results.experiment.scenarios[0], results.experiment.policies[0]


def names(results: Results) -> dict[str, str]:
    """Names of states for readers."""
    return {one.iso3: one.name for one in results.settings(*where(results)).members}


# Telling


def sentences(tables: Mapping[str, pd.DataFrame], results: Results) -> list[str]:
    """Who comes first by leading and by leaving, which part of leading does it, and what chance would show."""
    effects = tables["effects"]
    depth = effects[effects["measure"] == "operational_depth"]
    return [
        told(depth, LEADS, "Leading moves operational depth most by"),
        told(depth, LEAVES, "Leaving costs most operational depth in"),
        _parts(depth),
        _vetoes(effects, LEAVES),
        chance_said(tables["chance"]),
    ]


def told(rows: pd.DataFrame, change: str, what: str, most: int = 3) -> str:
    """The states with the largest effect of a change, with intervals and places."""
    here = rows[rows["change"] == change].sort_values("rank", kind="stable").head(most)
    one = [f"{row['name']} {signed(row)}{_place(row['rank_low'], row['rank_high'])}" for row in here.to_dict("records")]
    return f"{what} {'; '.join(one)}, from {here['without'].iloc[0]:.3f}." if one else ""


def _place(low: float, high: float) -> str:
    return f" (place {low:.0f})" if low == high else f" (place {low:.0f} to {high:.0f})"


def signed(row: Mapping[object, float]) -> str:
    """As "+0.013 [+0.012, +0.014]"."""
    return f"{row['mean']:+.4f} [{row['lower']:+.4f}, {row['upper']:+.4f}]"


def _parts(depth: pd.DataFrame) -> str:
    """Which part of leading moves depth, over states."""
    said = []
    for part in PARTS:
        here = depth[depth["change"] == part]
        if len(here):
            low, high = here["mean"].min(), here["mean"].max()
            said.append(f"the {part} alone {low:+.4f} to {high:+.4f}")
    return f"Of the parts of leading, by state: {'; '.join(said)}." if said else ""


def _vetoes(effects: pd.DataFrame, change: str) -> str:
    here = effects[(effects["change"] == change) & (effects["measure"] == "vetoes_per_year")]
    if here.empty:
        return ""
    return (
        f"A state that {change} brings {here['mean'].min():+.2f} to {here['mean'].max():+.2f} vetoes a year "
        f"(without it {here['without'].iloc[0]:.2f})."
    )


def chance_said(chance: pd.DataFrame) -> str:
    """What many comparisons show by chance alone."""
    row = chance[chance["of"] == "all"].iloc[0]
    return (
        f"Of {row['comparisons']} comparisons {row['seen']} look sure one by one (p below 0.10), where chance alone "
        f"would give {row['expected']:.0f}; {row['kept']} stay sure with all taken together (Benjamini and Hochberg)."
    )


# Pictures

PANELS = {
    "operational_depth": "operational depth",
    "vetoes_per_year": "vetoes a year",
    "operational_framework": "framework by 2040",
}

MEANING = (
    "The UK leads exercises throughout. To lead: a friendly government, a strategy, exercises; to leave: a government "
    "as Hungary's to 2026, no strategy. Right: share of runs with an operational framework in force."
)
PART_LOOKS = {
    LEADS: Look("all three", "D", "#08488a"),
    "exercises": Look("exercises", "s", "#3f8fd2"),
    "strategy": Look("strategy", "^", "#c06c00"),
    "government": Look("government", "o", "#6e6e6e"),
}
"""Apart by mark, and dark to light."""


def pictures(tables: Mapping[str, pd.DataFrame], results: Results) -> Iterator[tuple[str, Figure]]:
    """Leading and leaving by state; the parts of leading by state."""
    effects = tables["effects"]
    main = effects[effects["change"].isin([LEADS, LEAVES])]
    looks = {LEADS: Look("leads", *FIRST), LEAVES: Look("leaves", *SECOND)}
    yield "states", by_state(main, looks, PANELS, names(results), "Whose lead, whose leaving", note(results, MEANING))
    parts = effects[effects["change"].isin(list(PART_LOOKS))]
    panels = {measure: PANELS[measure] for measure in ("operational_depth", "vetoes_per_year")}
    more = "A state that has a strategy anyway, as France, Germany and the Netherlands, has no mark for it."
    yield (
        "parts",
        by_state(parts, PART_LOOKS, panels, names(results), "Which part of leading does it", note(results, more)),
    )


def note(results: Results, more: str) -> str:
    """What a figure shows: scenario, runs, what is compared, and when a mark is hollow."""
    scenario, policy = where(results)
    last, runs = quarter_name(results.settings(scenario, policy).until), counted(results.experiment.runs)
    return (
        f"Scenario {scenario}, policy: {policy_label(policy)}, {runs} of each point, at {last}: difference from the "
        f"same runs without the change, with 90 % interval. {more} Hollow: not sure when all comparisons are taken "
        "together."
    )
