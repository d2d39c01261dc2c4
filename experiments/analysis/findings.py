"""Everything that the report and the figures tell, computed once from saved results when it is asked for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import pandas as pd

from config.calendar import NEVER, quarter_name
from config.schema import PARTNERS, Settings
from experiments.analysis import remedies
from experiments.analysis.limits import held_back
from experiments.analysis.trajectories import bands
from experiments.analysis.transitions import dated_probabilities, in_force_shares, quarters_between
from experiments.analysis.vetoes import ROW, cast

DEPTH_MEASURES = ("declared_depth", "operational_depth")
BILATERAL = "bilateral"
POSITION = "position_"
"""Begins the columns of table `runs` that hold a state's position at the end."""

POSITION_CELL = ["scenario", "policy", "quarter", "actor"]
STANDING = ["partner", "instrument", "title", "group", "in_force"]


class Tables(Protocol):
    """What is needed of `experiments.store.Results`."""

    @property
    def tables(self) -> tuple[str, ...]: ...

    def table(
        self,
        name: str,
        columns: Sequence[str] | None = None,
        *,
        scenarios: Sequence[str] | None = None,
        policies: Sequence[str] | None = None,
        quarters: Sequence[str] | None = None,
    ) -> pd.DataFrame: ...


@dataclass(frozen=True)
class World:
    """One scenario as it was run."""

    name: str
    title: str
    first: str
    """First quarter of the runs."""
    last: str
    standing: pd.DataFrame
    """Every instrument that exists, in the order of the catalogue: partner instrument title group in_force, where
    group is the domain, or "bilateral", and in_force says whether it is so before the first quarter."""

    @property
    def quarters(self) -> list[str]:
        return quarters_between(self.first, self.last)


def world(settings: Settings, name: str) -> World:
    """What a scenario starts from; `name` is how the tables call it."""
    first, last = quarter_name(settings.start), quarter_name(settings.until)
    return World(name, settings.scenario.title, first, last, standing(settings))


def standing(settings: Settings) -> pd.DataFrame:
    """Every instrument and rung that exists in these settings, and whether it is in force at the start."""
    start = settings.table
    rows: list[tuple[str, str, str, str, bool]] = [
        ("EU", instrument.slug, instrument.title, instrument.domain, start.of(instrument.slug).stage == "in_force")
        for instrument in settings.instruments
        if instrument.opens != NEVER
    ]
    rows += [
        (partner, rung.slug, rung.title, BILATERAL, start.rung(partner, rung.slug).stage == "in_force")
        for rung in settings.rungs
        for partner in PARTNERS
    ]
    return pd.DataFrame(rows, columns=STANDING)


@dataclass(frozen=True)
class Findings:
    """The answers of one folder of results. Tables that were not recorded give empty answers."""

    question: str
    policies: tuple[str, ...]
    worlds: Mapping[str, World]
    """By scenario, in the order of the experiment."""
    results: Tables

    @property
    def baseline(self) -> str:
        """The policy that the others are compared with."""
        return remedies.reference(self.policies)

    def has(self, table: str) -> bool:
        """Whether a table was recorded."""
        return table in self.results.tables

    @cached_property
    def runs(self) -> pd.DataFrame:
        """Table `runs`: regime and drawn parameters."""
        return _plain(self.results.table("runs"))

    def run_count(self, scenario: str, policy: str) -> int:
        """Number of runs made."""
        return int(((self.runs["scenario"] == scenario) & (self.runs["policy"] == policy)).sum())

    @cached_property
    def bands(self) -> pd.DataFrame:
        """Quantile bands of declared and operational depth (`trajectories.bands`)."""
        columns = ["scenario", "policy", "quarter", *DEPTH_MEASURES]
        if self.has("trajectories"):
            return _plain(bands(self.results.table("trajectories", columns), DEPTH_MEASURES))
        if not self.has("summary"):
            return bands(pd.DataFrame(columns=columns), DEPTH_MEASURES)
        made = self.runs.groupby(["scenario", "policy"], sort=False).size().rename("runs").reset_index()
        kept = _plain(self.results.table("summary"))
        return kept[kept["measure"].isin(DEPTH_MEASURES)].merge(made, on=["scenario", "policy"])

    @cached_property
    def shares(self) -> pd.DataFrame:
        """Share of runs in force by quarter (`transitions.in_force_shares`), all scenarios and policies."""
        columns = ["scenario", "policy", "run", "partner", "instrument", "stage", "quarter"]
        if not self.has("transitions"):
            return _no_shares()
        changes = self.results.table("transitions", columns)
        parts = []
        for name, place in self.worlds.items():
            here, made = changes[changes["scenario"] == name], self.runs[self.runs["scenario"] == name]
            start = place.standing.assign(scenario=name)[["scenario", "partner", "instrument", "in_force"]]
            parts.append(in_force_shares(here, start, made, place.quarters))
        return pd.concat(parts, ignore_index=True) if parts else _no_shares()

    @cached_property
    def dated(self) -> pd.DataFrame:
        """Probabilities in force by 2030, 2035 and 2040 (`transitions.dated_probabilities`)."""
        return dated_probabilities(self.shares)

    @cached_property
    def pairs(self) -> pd.DataFrame:
        """Differences run by run at each scenario's last quarter (`remedies.differences`)."""
        parts = []
        for name, place in self.worlds.items():
            made = self.runs[self.runs["scenario"] == name]
            ends = None
            if self.has("trajectories"):
                columns = [*remedies.KEYS, "quarter", *remedies.DEPTHS]
                ends = _plain(self.results.table("trajectories", columns, scenarios=[name], quarters=[place.last]))
            parts.append(remedies.differences(remedies.outcomes(made, ends, place.last), self.baseline))
        return pd.concat(parts, ignore_index=True)

    @cached_property
    def effects(self) -> pd.DataFrame:
        """Paired effect of each policy (`remedies.effects`)."""
        return remedies.effects(self.pairs)

    @cached_property
    def break_evens(self) -> pd.DataFrame:
        """Strength from which each policy's lever pays in operational depth (`remedies.break_evens`)."""
        return remedies.break_evens(self.pairs, self.runs)

    @cached_property
    def positions(self) -> pd.DataFrame:
        """Bands of every actor's position (`trajectories.bands` by actor).

        With table `actors` in the first and the last quarter recorded, under the baseline; else, from the positions at
        the end that table `runs` holds, under the baseline and under the last policy. Empty if there is neither.
        """
        if self.has("actors"):
            return pd.concat([self._recorded_positions(name) for name in self.worlds], ignore_index=True)
        columns = [name for name in self.runs if str(name).startswith(POSITION)]
        chosen = self.runs[self.runs["policy"].isin([self.baseline, self.policies[-1]])]
        long = chosen.melt(id_vars=remedies.KEYS, value_vars=columns, var_name="actor", value_name="position")
        long["actor"] = long["actor"].str.removeprefix(POSITION)
        long["quarter"] = long["scenario"].map({name: place.last for name, place in self.worlds.items()})
        return bands(long, ["position"], POSITION_CELL)

    def _recorded_positions(self, scenario: str) -> pd.DataFrame:
        chosen = {"scenarios": [scenario], "policies": [self.baseline]}
        quarters = self.results.table("actors", ["quarter"], **chosen)["quarter"]
        recorded = sorted(str(quarter) for quarter in quarters.unique())
        ends = list(dict.fromkeys([recorded[0], recorded[-1]])) if recorded else []
        rows = self.results.table("actors", [*POSITION_CELL, "position"], **chosen, quarters=ends)
        return _plain(bands(rows, ["position"], POSITION_CELL))

    def held_back(self, scenario: str, policy: str) -> pd.DataFrame:
        """What holds each file and deed back (`limits.held_back`); it needs tables `limits` and `transitions`."""
        chosen = {"scenarios": [scenario], "policies": [policy]}
        found, changes = (self.results.table(name, **chosen) for name in ("limits", "transitions"))
        return held_back(found, changes, self.worlds[scenario].standing)

    def vetoes(self, scenario: str, policy: str) -> pd.DataFrame:
        """Who has stopped what (`vetoes.cast`); it needs table `vetoes`."""
        return cast(self.results.table("vetoes", ROW, scenarios=[scenario], policies=[policy]))


def _no_shares() -> pd.DataFrame:
    return pd.DataFrame(
        columns=["scenario", "policy", "partner", "instrument", "quarter", "count", "runs", "share", "lower", "upper"]
    )


def _plain(table: pd.DataFrame) -> pd.DataFrame:
    """The same table with names as text instead of categories, so that tables of different origin can be joined."""
    names = [column for column in table.columns if isinstance(table[column].dtype, pd.CategoricalDtype)]
    return table.astype(dict.fromkeys(names, object))
