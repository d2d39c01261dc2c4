"""Where the partnership turns strategic, or functional: scenario discovery over everything that differs between runs.

All scenarios and policies of the experiment are searched together, each run counting once in each of them. Scenario and
policy are inputs like any other. The strength of a lever that a policy does not pull counts as zero.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

import pandas as pd

from config.calendar import NEVER, quarter_name
from config.schema import Settings
from experiments.analysis.discovery import DEEPEST, discover, events, shares
from experiments.analysis.intervals import Interval
from experiments.analysis.outcomes import inputs, outcomes
from experiments.analysis.remedies import lever_of
from experiments.labels import LEVER, counted, parameter_label, policy_label
from experiments.store import Results, pairs

if TYPE_CHECKING:
    from matplotlib.figure import Figure

BEGINS = "_from"
"""Begins the names of what belongs to a lever; ends the names of when it is pulled and of how strong it is."""
CERTAIN = 0.001
"""Quasi-p-value below which a limit is said to stand on its own."""


def tables(results: Results) -> dict[str, pd.DataFrame]:
    """`shares` and `events`, and what `discover` found for each event: `limits regions trajectory leaves`."""
    ends, names = together(results)
    whose = ends["run"] if results.experiment.design is None else ends["point"]
    cluster = whose.to_numpy()
    told, searched = events(ends, cluster)
    found: dict[str, list[pd.DataFrame]] = {"limits": [], "regions": [], "trajectory": [], "leaves": []}
    for event, happened in searched.items():
        one = discover(ends[names], happened, cluster)
        for name, rows in found.items():
            part: pd.DataFrame = getattr(one, name)
            part.insert(0, "event", event)
            if name == "limits":
                part.insert(2, "label", part["input"].map(parameter_label))
            rows.append(part)
    return {
        "shares": shares(ends, cluster),
        "events": told,
        **{name: pd.concat([part for part in rows if len(part)] or rows[:1]) for name, rows in found.items()},
    }


def together(results: Results) -> tuple[pd.DataFrame, list[str]]:
    """How all histories end (`outcomes`) with their scenario and policy, and the columns in which they differ."""
    parts = []
    for pair in pairs(results.experiment):
        part = outcomes(results, pair.scenario, pair.policy)
        idle = unpulled(results.settings(pair.scenario, pair.policy), map(str, part))
        parts.append(part.assign(scenario=pair.scenario, policy=pair.policy, **dict.fromkeys(idle, 0.0)))
    ends = pd.concat(parts, ignore_index=True)
    words = [name for name in ("scenario", "policy") if ends[name].nunique() > 1]
    return ends, [*words, *inputs(ends.drop(columns=["scenario", "policy"]))]


def unpulled(settings: Settings, columns: Iterable[str]) -> list[str]:
    """Columns with the strength of a lever that is never pulled in these settings."""
    known, found = list(columns), []
    for name, parameter in settings.parameters.items():
        if name.startswith(LEVER) and name.endswith(BEGINS) and parameter.value == NEVER and name not in known:
            strength = lever_of(name.removeprefix(LEVER).removesuffix(BEGINS), known)
            found += [strength] if strength is not None else []
    return found


def sentences(tables: Mapping[str, pd.DataFrame], results: Results) -> list[str]:
    """How often, from where to where; then for each event the box, what it is worth on unseen runs, and the tree."""
    del results
    said = []
    for row in tables["events"].to_dict("records"):
        event = str(row["event"])
        share = Interval(row["share"], row["lower"], row["upper"])
        said.append(f"{_percent(share)} of all runs end {_ends(event)}; {_from_to(tables['shares'], event)}.")
        if row["searched"] == DEEPEST:
            said.append(f"That is too seldom to search for: instead, the tenth of runs with an operational depth of "
                        f"{row['from']:.2f} or more.")  # fmt: skip
    said.append(_by_policy(tables["shares"]))
    for event in dict.fromkeys(tables["regions"]["event"]):
        said += _of_event(tables, str(event))
    return said


def _by_policy(table: pd.DataFrame) -> str:
    """The share of strategic runs by policy, all scenarios alike."""
    mean = table[table["event"] == "strategic"].groupby("policy", sort=False)["share"].mean()
    told = [f"{100 * share:.1f} % with {policy_label(str(policy))}" for policy, share in mean.items()]
    return f"All scenarios alike, strategic end {'; '.join(told)}."


def _of_event(tables: Mapping[str, pd.DataFrame], event: str) -> list[str]:
    limits, regions = (tables[name][tables[name]["event"] == event] for name in ("limits", "regions"))
    held = {str(row["region"]): row for _, row in regions[regions["half"] == "held"].iterrows()}
    box, tree, every = held["box"], held["tree"], held["all"]
    if not len(limits):
        return [f"No corner stands out in which runs end {_ends(event)}."]
    each = [limit_said(row) for _, row in limits.iterrows()]
    where = " and ".join(each)
    worth = (
        f"of the {counted(int(every['runs']))} that were not searched, {100 * box['mass']:.0f} % lie there, and they "
        f"hold {_percent(_part(box, 'coverage'))} of those that end so; {_percent(_part(box, 'density'))} of them do, "
        f"against {100 * every['density']:.0f} % of all"
    )
    way = tables["trajectory"]
    tightest = way[way["event"] == event].iloc[-1]
    weak = [one for one, p in zip(each, limits["quasi_p"], strict=True) if p >= CERTAIN]
    alone = (
        f"Of its limits, {' and '.join(weak)} may be chance"
        if weak
        else f"{'Its limit' if len(each) == 1 else 'Each of its limits'} stands on its own (quasi-p below {CERTAIN:g})"
    )
    leaf = tables["leaves"][tables["leaves"]["event"] == event].iloc[0]
    return [
        f"Runs end {_ends(event)} above all where {where}: {worth}.",
        f"{alone}. A tree of the same runs: coverage {100 * tree['coverage']:.0f} %, density "
        f"{100 * tree['density']:.0f} %; its densest leaf, {leaf['rule']}: {_percent(_part(leaf, 'density'))}.",
        f"Even the tightest box of the search, with {100 * tightest['mass_hold']:.1f} % of the unseen runs, has a "
        f"density of {100 * tightest['density_hold']:.0f} % there, after {100 * tightest['density']:.0f} % where it "
        "was searched: the rest is luck, or hangs on more than a box can say.",
    ]


def _part(row: "pd.Series[float]", name: str) -> Interval:
    return Interval(row[name], row[f"{name}_lower"], row[f"{name}_upper"])


def _percent(share: Interval) -> str:
    """As "12 % (11–13)", with a decimal below 10 %."""
    digits = 1 if share.estimate < 0.1 else 0
    return f"{100 * share.estimate:.{digits}f} % ({100 * share.lower:.{digits}f}–{100 * share.upper:.{digits}f})"


def _ends(event: str) -> str:
    return {
        "functional": "functional or better",
        "not functional": "symbolic (less than functional)",
        "not strategic": "less than strategic",
        DEEPEST: "in the deepest tenth",
    }.get(event, event)


def _from_to(table: pd.DataFrame, event: str) -> str:
    rows = table[table["event"] == event].sort_values("share", kind="stable")
    low, high = (
        f"{_percent(Interval(row['share'], row['lower'], row['upper']))} in {row['scenario']} with "
        f"{policy_label(str(row['policy']))}"
        for _, row in rows.iloc[[0, -1]].iterrows()
    )
    return f"from {low} to {high}"


def limit_said(row: "pd.Series[float]") -> str:
    """One row of `limits` in words: "strength of dialogue is at least 0.92"."""
    side = str(row["side"])
    if side == "among":
        words = str(row["among"]).split("; ")
        if str(row["label"]) == "policy":
            return f"the policy is {' or '.join('none' if word == 'none' else policy_label(word) for word in words)}"
        return f"the {row['label']} is {' or '.join(words)}"
    return f"{row['label']} is at {'least' if side == 'above' else 'most'} {row['bound']:.2g}"


def pictures(tables: Mapping[str, pd.DataFrame], results: Results) -> "Iterator[tuple[str, Figure]]":
    """Shares by scenario and policy; for each event the box and how coverage is traded for density."""
    from experiments.figures.discovery import box, shares

    first = pairs(results.experiment)[0]
    last = quarter_name(results.settings(first.scenario, first.policy).until)
    yield "shares", shares(tables["shares"], last)
    for event in dict.fromkeys(tables["regions"]["event"]):
        own = {name: tables[name][tables[name]["event"] == event] for name in ("limits", "regions", "trajectory")}
        yield f"box_{str(event).replace(' ', '_')}", box(**own, event=_ends(str(event)), last=last)
