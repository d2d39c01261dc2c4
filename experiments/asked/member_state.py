"""What each member state wants, stops and holds up, and what moves it, in the first scenario under each policy."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from experiments.analysis import member_state
from experiments.analysis.findings import Findings
from experiments.analysis.outcomes import inputs, outcomes
from experiments.analysis.reading import findings
from experiments.analysis.remedies import lever_of
from experiments.analysis.trajectories import bands
from experiments.asking import require
from experiments.figures.member_state import all_states, quantity_label
from experiments.labels import counted, policy_label
from experiments.store import Results

NEEDED = ("trajectories", "transitions", "actors", "vetoes", "limits")
BESIDE = "beside_others"
MEASURES = ("position", "attention", BESIDE)
"""What is told over time: `beside_others` is the position less the mean of all members in the same run."""
PRESSURES = ("pressure_russia", "pressure_china", "pressure_north_korea", "pressure_us_retrenchment")
JAPAN = "position of Japan"


def tables(results: Results) -> dict[str, pd.DataFrame]:
    """Tables positions, stops, holds, ladder and moves: every state under every policy of the first scenario."""
    found = findings(results)
    require(found, str(results.folder), NEEDED)
    scenario = next(iter(found.worlds))
    every = [
        of_policy(results, found, scenario, policy) for policy in found.policies if found.run_count(scenario, policy)
    ]
    return {name: pd.concat([one[name] for one in every], ignore_index=True) for name in every[0]}


def of_policy(
    results: Results, found: Findings, scenario: str, policy: str, states: Sequence[str] | None = None
) -> dict[str, pd.DataFrame]:
    """The tables of one scenario and policy; what moves positions only of these states (default: all)."""
    world, runs = found.worlds[scenario], found.run_count(scenario, policy)
    there = {"scenario": scenario, "policy": policy}

    def read(table: str, columns: Sequence[str]) -> pd.DataFrame:
        return found.results.table(table, columns, scenarios=[scenario], policies=[policy])

    quarters, actors = len(world.quarters), read("actors", ["run", "actor", "quarter", "position", "attention"])
    shares = found.dated[(found.dated["scenario"] == scenario) & (found.dated["policy"] == policy)]
    told = {
        "positions": bands([_beside(actors, list(names_of(results)))], MEASURES, ["actor", "quarter"]),
        "stops": member_state.stops(read("vetoes", ["run", "quarter", "subject", "actor"]), runs, quarters),
        "holds": member_state.holds(read("limits", ["run", "partner", "instrument", "limit", "actor"]), runs),
        "ladder": shares[shares["partner"] != "EU"].drop(columns=["scenario", "policy"]),
        "moves": _moves(found, _drawn(results, found, scenario, policy), scenario, policy, states),
    }
    return {name: table.assign(**there) for name, table in told.items()}


def _beside(actors: pd.DataFrame, members: Sequence[str]) -> pd.DataFrame:
    """Rows of table `actors` with how far each position is from the mean of these states in its run and quarter."""
    own = actors[actors["actor"].isin(members)]
    mean = own.groupby(["run", "quarter"], observed=True)["position"].mean()
    place = pd.MultiIndex.from_frame(actors[["run", "quarter"]])
    return actors.assign(**{BESIDE: actors["position"].to_numpy() - mean.reindex(place).to_numpy()})


def moments(quarters: Sequence[str]) -> tuple[str, str]:
    """The quarter half-way and the last."""
    return quarters[(len(quarters) - 1) // 2], quarters[-1]


def _moves(
    found: Findings, drawn: pd.DataFrame, scenario: str, policy: str, states: Sequence[str] | None
) -> pd.DataFrame:
    """`member_state.moves` of each state half-way and at the end: quarter actor and its columns."""
    at = moments(found.worlds[scenario].quarters)
    actors = found.results.table(
        "actors", ["run", "quarter", "actor", "position", "stance"],
        scenarios=[scenario], policies=[policy], quarters=at,
    )  # fmt: skip
    pressures = found.results.table(
        "trajectories", ["run", "quarter", *PRESSURES], scenarios=[scenario], policies=[policy], quarters=at
    )
    parts = [pd.DataFrame(columns=["quarter", "actor", *member_state.MOVES])]
    for quarter in dict.fromkeys(at):
        here = actors[actors["quarter"] == quarter]
        common = pressures[pressures["quarter"] == quarter].set_index("run")[list(PRESSURES)]
        japan = here[here["actor"] == "JPN"].set_index("run")["position"].rename(JAPAN)
        everybody = pd.concat([common, japan, drawn], axis=1, join="inner")
        for actor in states or [str(name) for name in here["actor"].unique() if name != "JPN"]:
            own = here[here["actor"] == actor].set_index("run").loc[everybody.index]
            moved = member_state.moves(everybody.assign(stance=own["stance"]), own["position"].to_numpy(np.float64))
            parts.append(moved.assign(quarter=quarter, actor=actor))
    return pd.concat([part for part in parts if len(part)] or parts, ignore_index=True)


def _drawn(results: Results, found: Findings, scenario: str, policy: str) -> pd.DataFrame:
    """What was drawn for each run, by run; strengths of levers only where the policy pulls them."""
    runs = outcomes(results, scenario, policy)
    names = inputs(runs)
    pulled = {lever_of(piece, names) for piece in policy.split("+")}
    number = runs["point"] * (found.per_point or 0) + runs["run"]
    return runs.set_index(number)[[name for name in names if not name.startswith("levers.") or name in pulled]]


# Telling


def sentences(tables: Mapping[str, pd.DataFrame], results: Results) -> list[str]:
    """Who wants most and least, who stops and holds up most, what moves positions; under the first policy."""
    policy, names = results.experiment.policies[0], names_of(results)
    own = {name: table[(table["policy"] == policy) & _of(table, names)] for name, table in tables.items()}
    return [
        _wanted(own["positions"], names),
        _stopped(own["stops"], names),
        _held(own["holds"], names),
        _moved(own["moves"]),
    ]


def names_of(results: Results) -> dict[str, str]:
    """Members at the end of the runs, and what they are called."""
    settings = results.settings(results.experiment.scenarios[0], results.experiment.policies[0])
    return {one.iso3: one.name for one in settings.members if one.has("member", settings.until)}


def _of(table: pd.DataFrame, names: Mapping[str, str]) -> "pd.Series[bool]":
    """Rows about these states; those of the bilateral ladder are about its partner."""
    return table["actor" if "actor" in table else "partner"].isin(list(names))


def _wanted(positions: pd.DataFrame, names: Mapping[str, str]) -> str:
    rows = positions[positions["measure"] == "position"]
    last = rows[rows["quarter"] == rows["quarter"].iloc[-1]].sort_values("median", ascending=False, kind="stable")
    first, least = ({**row, "name": names[str(row["actor"])]} for row in (last.iloc[0], last.iloc[-1]))
    form = "{name} ({median:.2f}, 90 % of runs {q05:.2f} to {q95:.2f})"
    return (
        f"At the end {form.format(**first)} wants the deepest partnership, {form.format(**least)} the least deep: "
        "states differ less from one another than one state does from run to run."
    )


def _stopped(stops: pd.DataFrame, names: Mapping[str, str]) -> str:
    if stops.empty:
        return "No state stops anything."
    total = stops.groupby("actor")["per_decade"].sum().sort_values(ascending=False, kind="stable")
    most = ", ".join(f"{names[str(state)]} {count:.2f}" for state, count in total.head(3).items())
    return f"Most vetoes in ten years: {most}; all states together {total.sum():.1f}."


def _held(holds: pd.DataFrame, names: Mapping[str, str]) -> str:
    council = holds[(holds["limit"] == "council") & (holds["partner"] == "EU")]
    if council.empty:
        return "No file of the Union waits for a state in the Council."
    total = council.groupby("actor")["quarters"].sum().sort_values(ascending=False, kind="stable")
    most = ", ".join(
        f"{names[str(state)]} ({100 * count / total.sum():.0f} %)" for state, count in total.head(3).items()
    )
    return f"Where the Council is what holds a file, it is most often through {most}."


def _moved(moves: pd.DataFrame) -> str:
    last = moves[moves["quarter"] == moves["quarter"].iloc[-1]] if len(moves) else moves
    if last.empty:
        return "Too few runs to say what moves positions."
    weight = last.groupby("name")["weight"].median().sort_values(key=lambda one: -one.abs(), kind="stable")
    most = ", ".join(f"{quantity_label(str(name))} ({size:+.2f})" for name, size in weight.head(5).items())
    return (
        f"What moves positions at the end, as weight in a regression of ranks (median of states): {most}; all "
        f"quantities together explain {100 * last['explained'].median():.0f} % of it."
    )


# Pictures


def pictures(tables: Mapping[str, pd.DataFrame], results: Results) -> Iterator[tuple[str, Figure]]:
    """Positions of all members beside the others, under the first policy."""
    scenario, policy = results.experiment.scenarios[0], results.experiment.policies[0]
    rows = tables["positions"]
    chosen = rows[(rows["policy"] == policy) & (rows["measure"] == BESIDE)]
    note = (
        f"{picture_note(scenario, policy, int(chosen['runs'].min()))} Above zero: it wants a deeper partnership than "
        "the others do in the same run."
    )
    yield "positions", all_states(chosen[chosen["actor"].isin(list(names_of(results)))], names_of(results), note)


def picture_note(scenario: str, policy: str, runs: int) -> str:
    """What lines and bands are."""
    return (
        f"Scenario {scenario}, policy: {policy_label(policy)}, {counted(runs)}. Line: median over runs; dark band: "
        "middle 50 % of runs, light band: middle 90 %."
    )
