"""What an answer rests on, for the page of a report: assumptions, provenance, and how to get the same numbers again."""

import re
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import pandas as pd
from pandas.api.types import is_numeric_dtype

from config.schema import Parameter
from experiments.analysis.findings import LEVER_MEASURE, Findings
from experiments.analysis.intervals import LEVEL
from experiments.analysis.outcomes import inputs, outcomes
from experiments.analysis.ranks import rank_correlations
from experiments.headlines import signed
from experiments.labels import counted, is_strength, parameter_label, policy_label
from experiments.page_parts import Part, Section, Table
from experiments.store import EXPERIMENT, Results

MOST = 12
"""Assumptions that are shown among those that matter most; all others follow at the end."""


# Assumptions


@dataclass(frozen=True)
class Assumed:
    """What is uncertain in the runs of the first scenario under the baseline, and how operational depth follows it."""

    about: str
    """Of which runs."""
    drawn: pd.DataFrame
    """A row per history that went well."""
    parameters: Mapping[str, Parameter]
    ranked: Mapping[str, Mapping[Hashable, Any]]
    """Rows of `rank_correlations` by name, the strongest first; empty where these runs cannot tell."""
    names: Sequence[str]
    """Those that were ranked first."""

    @property
    def clear(self) -> int:
        """How many stand out from chance."""
        return sum(bool(row["clear"]) for row in self.ranked.values())


def assumed(found: Findings, results: Results) -> Assumed | None:
    """What is uncertain; None if nothing is, or no run went well."""
    scenario, policy = next(iter(found.worlds)), found.baseline
    if not found.run_count(scenario, policy):
        return None
    drawn = _drawn(found, results, scenario, policy)
    names = [name for name in inputs(drawn) if not (policy == "none" and is_strength(name))]
    if not names:
        return None
    numbers = [name for name in names if is_numeric_dtype(drawn[name])] if LEVER_MEASURE in drawn else []
    ranked = {str(row["name"]): row for row in rank_correlations(drawn, numbers, LEVER_MEASURE).to_dict("records")}
    about = f"{found.worlds[scenario].title}, {policy_label(policy)}, {counted(len(drawn))}"
    order = [*ranked, *(name for name in names if name not in ranked)]
    return Assumed(about, drawn, results.settings(scenario, policy).parameters, ranked, order)


def _drawn(found: Findings, results: Results, scenario: str, policy: str) -> pd.DataFrame:
    """How histories end beside what was drawn for them; the draws alone where depth was not kept."""
    if found.has("trajectories") or found.has("ends"):
        return outcomes(results, scenario, policy)
    runs = results.table("runs", scenarios=[scenario], policies=[policy])
    known = [name for name in results.settings(scenario, policy).parameters if name in runs]
    return runs.loc[runs["failed"] == "", known].reset_index(drop=True)


def assumptions(one: Assumed) -> Section:
    """Those first that operational depth follows most, where the runs can tell."""
    count = f"{len(one.names)} {'quantity is' if len(one.names) == 1 else 'quantities are'} uncertain"
    title = "Which assumptions matter most"
    if not one.ranked:
        text = f"{count}. These runs are too few or keep too little to rank them; all are listed at the end."
        return Section("assumptions", "What it rests on", [text])
    text = (
        f"{count} ({one.about}), ranked by how closely "
        "operational depth at the end follows: the correlation of ranks is 1 if the deeper of two runs always has "
        f"the greater value, −1 if it always has the smaller. Beyond chance when all are judged together: {one.clear}; "
        "the order of the others says nothing. What was calibrated together varies together, so that one may stand in "
        "for another."
    )
    return Section("assumptions", title, [text], parts=[Part(tables=[_table(one, one.names[:MOST])])])


def other_assumptions(one: Assumed) -> Iterator[Section]:
    """All that `assumptions` does not show."""
    others = one.names[MOST:] if one.ranked else one.names
    if others:
        yield Section("others", "All other uncertain quantities", parts=[Part(tables=[_table(one, others)])])


def _table(one: Assumed, names: Sequence[str]) -> Table:
    """A row per quantity: how depth follows it, what was drawn, in which unit, by which source."""
    rows = []
    for name in names:
        known = one.parameters.get(name)
        unit, source = ("", "varied by the design") if known is None else (known.unit, known.source)
        rank = [_rank(one.ranked.get(name))] if one.ranked else []
        rows.append([f"{parameter_label(name)}\n{name}", *rank, _spread(one.drawn[name]), f"{unit}\n{source}"])
    ranks = [f"rank correlation\nwith {100 * LEVEL:.0f} % interval"] if one.ranked else []
    head = ["Quantity", *ranks, "drawn: median\n5 to 95 %", "unit\nsource"]
    what = "Uncertain quantities and operational depth at the end" if one.ranked else "Uncertain quantities"
    return Table(f"{what}: {one.about}", head, {"": rows}, words=frozenset({0, len(head) - 1}))


def _spread(column: "pd.Series[Any]") -> str:
    """Median and range of numbers, and of anything else what there is."""
    if not is_numeric_dtype(column):
        return ", ".join(map(str, column.unique()))
    low, middle, high = column.astype(float).quantile([0.05, 0.5, 0.95])
    return f"{middle:.3g}\n{low:.3g} to {high:.3g}"


def _rank(row: Mapping[Hashable, Any] | None) -> str:
    if row is None:
        return "–"
    correlation, lower, upper = (signed(row[name], 2) for name in ("correlation", "lower", "upper"))
    return f"{correlation} [{lower}, {upper}]\n{'clear' if row['clear'] else 'may be chance'}"


# Where it comes from


def provenance(found: Findings, results: Results) -> Section:
    """By what and when it was computed, and how many runs of each kind there are."""
    there = results.provenance
    versions = ", ".join(f"{name} {number}" for name, number in there["versions"].items())
    facts = {
        "experiment": there["name"],
        "started": there["started"],
        "finished": there["finished"] or "not finished",
        "seed": str(there["seed"]),
        "commit": there["commit"] or "not known",
        "versions": versions,
        "fingerprint of the question": there["fingerprint"],
        "fingerprint of the rules": there["rules"],
        **({"fingerprint of the design": there["design"]} if there["design"] else {}),
    }
    settings = {pair: there["settings"]["/".join(pair)][:12] for pair in product(found.worlds, found.policies)}
    made = [
        [f"{scenario}, {policy_label(policy)}", f"{one.all:,}", f"{len(one.failed):,}", settings[scenario, policy]]
        for (scenario, policy), one in found.made.items()
    ]
    words = frozenset({0, 1})
    tables = [
        Table("Provenance", ["what", "value"], {"": [list(fact) for fact in facts.items()]}, words=words),
        Table(
            "Number of runs by scenario and policy, and the fingerprint of what was assumed",
            ["scenario, policy", "runs", "failed", "settings"],
            {"": made},
            words=frozenset({0, 3}),
        ),
    ]
    return Section("provenance", "Where it comes from", parts=[Part(tables=tables)])


def again(results: Results) -> Section:
    """The commands and the file that give the same numbers again."""
    there, name = results.provenance, results.provenance["name"]
    commit = str(there["commit"] or "")
    texts = ["Save the second block as experiment.toml (it is in the folder of results, too), then:"]
    if commit.endswith("+"):
        texts.append("Files differed from the commit when this was computed; the fingerprint of the rules tells.")
    if there["design"]:
        texts.append(
            "The table of the design, design.parquet, is in the folder of results and must stand beside the file."
        )
    if any(name.endswith(".toml") for name in (*results.experiment.scenarios, *results.experiment.policies)):
        texts.append("Scenarios and policies that end in .toml are files of their own, which must stand beside it.")
    commands = [
        *([f"git checkout {commit.rstrip('+')}"] if commit else []),
        "python -m venv .venv",
        ".venv/bin/pip install -r requirements.lock",
        ".venv/bin/pip install --no-deps -e .",
        f".venv/bin/partnership run experiment.toml --out results/{re.sub(r'[^A-Za-z0-9_-]', '-', name)}",
        f".venv/bin/partnership report results/{re.sub(r'[^A-Za-z0-9_-]', '-', name)}",
    ]
    asked = (results.folder / EXPERIMENT).read_bytes().decode("utf-8", errors="replace")
    return Section("again", "How to get the same numbers again", texts, code=["\n".join(commands), asked])
