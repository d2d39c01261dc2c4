"""Everything that the report and the figures tell, computed once from saved results when it is asked for."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product

import numpy as np
import pandas as pd

from config.calendar import NEVER, quarter_name
from config.schema import PARTNERS, Settings
from experiments.analysis import remedies
from experiments.analysis.intervals import Floats
from experiments.analysis.limits import CHANGE, Cases, cases
from experiments.analysis.limits import ROW as HELD
from experiments.analysis.made import Ints, Made, Tables, complete, failures_said, made, require_well
from experiments.analysis.trajectories import CELL, bands
from experiments.analysis.transitions import INSTRUMENT, dated_probabilities, in_force_shares, quarters_between
from experiments.analysis.vetoes import ROW, Stopped, beside, cast

DEPTH_MEASURES = ("declared_depth", "operational_depth")
LEVER_MEASURE = "operational_depth"
"""What the strength of a lever is judged by."""
BILATERAL = "bilateral"
POSITION = "position_"
"""Begins the columns of table `runs` that hold a state's position at the end."""

POSITION_CELL = ["scenario", "policy", "quarter", "actor"]
STANDING = ["partner", "instrument", "title", "group", "in_force"]


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
    """The answers of one folder of results. Tables that were not recorded give empty answers.

    Nothing is read whole: tables are gone through in pieces of few runs, so that any number of runs takes the same
    memory, but for a few numbers per run where runs are compared one by one.
    """

    question: str
    policies: tuple[str, ...]
    worlds: Mapping[str, World]
    """By scenario, in the order of the experiment."""
    results: Tables
    per_point: int | None = None
    """Runs of each point where the experiment has a design; then `results` are `Numbered`."""

    @property
    def baseline(self) -> str:
        """The policy that the others are compared with."""
        return remedies.reference(self.policies)

    def has(self, table: str) -> bool:
        """Whether a table was recorded."""
        return table in self.results.tables

    # Which runs

    @cached_property
    def made(self) -> Mapping[tuple[str, str], Made]:
        """By scenario and policy, which runs went well and which failed."""
        return {pair: made(self.results, *pair) for pair in product(self.worlds, self.policies)}

    @cached_property
    def complete(self) -> Mapping[str, Ints]:
        """By scenario, the runs that went well under every policy, ascending: those that are compared."""
        return {name: complete(self.made[name, policy] for policy in self.policies) for name in self.worlds}

    def well(self, scenario: str, policy: str) -> Made:
        """The runs of a scenario under a policy; UserError if not one went well."""
        return require_well(self.made[scenario, policy], scenario, policy)

    def run_count(self, scenario: str, policy: str) -> int:
        """Number of runs that went well."""
        return len(self.made[scenario, policy].well)

    def failure(self, scenario: str, policy: str, left_out: str = "") -> str:
        """Which runs failed under a policy and where, in a sentence; "" if none did. `left_out` says of what."""
        return failures_said(self.made[scenario, policy], policy, left_out, self.per_point)

    def failures(self, scenario: str) -> list[str]:
        """A sentence for each policy under which runs failed."""
        left_out = " of every comparison of this scenario" if len(self.policies) > 1 else ""
        return [said for policy in self.policies if (said := self.failure(scenario, policy, left_out))]

    def _parts(
        self,
        table: str,
        columns: Sequence[str] | None,
        scenario: str,
        policy: str,
        quarters: Sequence[str] | None = None,
    ) -> Iterable[pd.DataFrame]:
        """Columns of a table of one scenario and policy, piece by piece; nothing if all its runs failed."""
        if not self.run_count(scenario, policy):
            return []
        return self.results.parts(table, columns, scenarios=[scenario], policies=[policy], quarters=quarters)

    # Depths and instruments

    @cached_property
    def bands(self) -> pd.DataFrame:
        """Quantile bands of declared and operational depth (`trajectories.bands`)."""
        columns = [*CELL, *DEPTH_MEASURES]
        if self.has("trajectories"):
            every = [bands(self._parts("trajectories", columns, *pair), DEPTH_MEASURES) for pair in self.made]
            return _by(pd.concat(every, ignore_index=True), "measure", DEPTH_MEASURES)
        if not self.has("summary"):
            return bands([], DEPTH_MEASURES)
        runs = [(*pair, len(one.well)) for pair, one in self.made.items()]
        kept = plain(self.results.table("summary"))
        kept = kept[kept["measure"].isin(DEPTH_MEASURES)]
        return kept.merge(pd.DataFrame(runs, columns=["scenario", "policy", "runs"]), on=["scenario", "policy"])

    @cached_property
    def shares(self) -> pd.DataFrame:
        """Share of runs in force by quarter (`transitions.in_force_shares`), all scenarios and policies."""
        if not self.has("transitions"):
            return pd.DataFrame(columns=SHARES)
        return pd.concat([self._shares(*pair) for pair in self.made], ignore_index=True)

    def _shares(self, scenario: str, policy: str) -> pd.DataFrame:
        place, columns = self.worlds[scenario], ["run", *INSTRUMENT, "stage", "quarter"]
        changes = self._parts("transitions", columns, scenario, policy)
        found = in_force_shares(changes, place.standing, self.run_count(scenario, policy), place.quarters)
        return found.assign(scenario=scenario, policy=policy)[SHARES]

    @cached_property
    def dated(self) -> pd.DataFrame:
        """Probabilities in force by 2030, 2035 and 2040 (`transitions.dated_probabilities`)."""
        return dated_probabilities(self.shares)

    # Policies, run by run

    @cached_property
    def effects(self) -> pd.DataFrame:
        """Paired effect of each policy (`remedies.effects`) at each scenario's last quarter."""
        return self._compared[0]

    @cached_property
    def break_evens(self) -> pd.DataFrame:
        """Strength from which each policy's lever pays in operational depth (`remedies.break_even_row`)."""
        return self._compared[1]

    @cached_property
    def _compared(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Effects and break-evens: one policy after another, so that the runs of two are held at a time."""
        found, rows = [], []
        for scenario in self.worlds:
            without = self._ends(scenario, self.baseline)
            for policy in (one for one in self.policies if one != self.baseline):
                ends = self._ends(scenario, policy)
                found.append(remedies.effects(ends, without).assign(scenario=scenario, policy=policy))
                curve = self._curve(scenario, policy, ends, without)
                if len(curve):
                    pair = {"scenario": scenario, "policy": policy}
                    rows.append({**pair, **remedies.break_even_row(curve, LEVER_MEASURE)})
        columns = ["scenario", "policy", "measure", *remedies.EFFECT_COLUMNS]
        effects = pd.concat(found, ignore_index=True)[columns] if found else pd.DataFrame(columns=columns)
        return effects, pd.DataFrame(rows, columns=["scenario", "policy", *remedies.BREAK_EVEN_COLUMNS])

    def curves(self, scenario: str) -> dict[str, pd.DataFrame]:
        """By policy with a single lever, the strength that it had and what it changed in operational depth.

        Columns strength difference, a row per complete run; empty if depth was not recorded.
        """
        without = self._ends(scenario, self.baseline)
        others = [policy for policy in self.policies if policy != self.baseline]
        found = {policy: self._curve(scenario, policy, self._ends(scenario, policy), without) for policy in others}
        return {policy: curve for policy, curve in found.items() if len(curve)}

    def _curve(self, scenario: str, policy: str, ends: remedies.Ends, without: remedies.Ends) -> pd.DataFrame:
        lever = remedies.lever_of(policy, self._columns_of_runs)
        if lever is None or LEVER_MEASURE not in ends:
            return pd.DataFrame(columns=["strength", "difference"])
        strength = self._per_run(self._parts("runs", ["run", lever], scenario, policy), [lever], scenario)[lever]
        return pd.DataFrame({"strength": strength, "difference": ends[LEVER_MEASURE] - without[LEVER_MEASURE]})

    def _ends(self, scenario: str, policy: str) -> remedies.Ends:
        """How the complete runs end under a policy: depths and gap in the last quarter if recorded, and regimes."""
        parts = self._parts("runs", ["run", "regime"], scenario, policy)
        told = ({"run": part["run"], **remedies.regimes(part["regime"])} for part in parts)
        ends = self._per_run((pd.DataFrame(columns) for columns in told), list(remedies.REGIMES), scenario)
        table = "ends" if self.has("ends") else "trajectories"
        if not self.has(table):
            return ends
        last, columns = [self.worlds[scenario].last], ["run", *remedies.DEPTHS]
        depths = self._parts(table, columns, scenario, policy, last)
        return {**self._per_run(depths, list(remedies.DEPTHS), scenario), **ends}

    def _per_run(self, parts: Iterable[pd.DataFrame], columns: Sequence[str], scenario: str) -> dict[str, Floats]:
        """Columns of tables with a row per run, (R,) each, of the complete runs in order of their numbers."""
        runs = self.complete[scenario]
        found = {name: np.full(len(runs), np.nan) for name in columns}
        for part in parts:
            run = part["run"].to_numpy(np.int64)
            place = np.searchsorted(runs, run)
            known = np.append(runs, -1)[place] == run
            for name, values in found.items():
                values[place[known]] = part[name].to_numpy(np.float64)[known]
        return found

    @cached_property
    def _columns_of_runs(self) -> list[str]:
        """Columns of table `runs`, as a piece with a run that went well has them."""
        pieces = self.results.parts("runs")
        return [str(name) for name in next((part for part in pieces if (part["failed"] == "").any()), pd.DataFrame())]

    # Positions

    @cached_property
    def positions(self) -> pd.DataFrame:
        """Bands of every actor's position (`trajectories.bands` by actor).

        With table `actors` in the first and the last quarter recorded, under the baseline; else, from the positions at
        the end that table `runs` holds, under the baseline and under the last policy. Empty if there is neither.
        """
        if self.has("actors"):
            every = [self._recorded_positions(name) for name in self.worlds]
        else:
            policies = dict.fromkeys([self.baseline, self.policies[-1]])
            every = [self._positions_at_end(*pair) for pair in product(self.worlds, policies)]
        return pd.concat(every, ignore_index=True)

    def _positions_at_end(self, scenario: str, policy: str) -> pd.DataFrame:
        columns = [name for name in self._columns_of_runs if name.startswith(POSITION)]
        parts = self._parts("runs", None, scenario, policy) if columns else []
        long = (
            part[part["failed"] == ""].melt(value_vars=columns, var_name="actor", value_name="position")
            for part in parts
            if (part["failed"] == "").any()
        )
        found = bands(long, ["position"], ["actor"])
        named = found.assign(actor=found["actor"].str.removeprefix(POSITION), scenario=scenario, policy=policy)
        return _led_by(named.assign(quarter=self.worlds[scenario].last), POSITION_CELL)

    def _recorded_positions(self, scenario: str) -> pd.DataFrame:
        one = next(iter(self._parts("actors", ["quarter"], scenario, self.baseline)), None)
        recorded = [] if one is None else sorted(str(quarter) for quarter in one["quarter"].unique())
        ends = list(dict.fromkeys([recorded[0], recorded[-1]])) if recorded else []
        rows = self._parts("actors", [*POSITION_CELL, "position"], scenario, self.baseline, ends)
        return bands(rows, ["position"], POSITION_CELL)

    # Limits and vetoes

    def held_back(self, scenario: str, policy: str, instrument: str = "") -> Cases:
        """What holds files and deeds back, of all instruments or of one; it needs tables `limits` and `transitions`."""
        held, changes = (self._parts(*table, scenario, policy) for table in (("limits", HELD), ("transitions", CHANGE)))
        return cases(held, changes, self.worlds[scenario].standing, instrument)

    def vetoes(self, scenario: str, policy: str) -> Stopped:
        """Who has stopped what, beside the record; it needs table `vetoes`."""
        quarters = self.worlds[scenario].quarters

        def parts() -> Iterable[pd.DataFrame]:
            return map(cast, self._parts("vetoes", ROW, scenario, policy))

        return Stopped(parts, self.run_count(scenario, policy), quarters, beside(quarters))


SHARES = ["scenario", "policy", "partner", "instrument", "quarter", "count", "runs", "share", "lower", "upper"]


def _by(table: pd.DataFrame, column: str, order: Sequence[str]) -> pd.DataFrame:
    """The rows in this order of names in a column, else as they were."""
    return table.sort_values(column, key=lambda names: names.map(order.index), kind="stable", ignore_index=True)


def _led_by(table: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    """The same table with these columns first."""
    return table[[*columns, *(name for name in table if name not in columns)]]


def plain(table: pd.DataFrame) -> pd.DataFrame:
    """The same table with names as text instead of categories, so that tables of different origin can be joined."""
    names = [column for column in table.columns if isinstance(table[column].dtype, pd.CategoricalDtype)]
    return table.astype(dict.fromkeys(names, object))
