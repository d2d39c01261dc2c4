"""What is kept of a block of runs: trajectories, transitions, the drawn parameters and, on demand, more.

Everything recorded is copied. Tables are columns of equal length, rows in the order of the lanes (run, or point and
run), quarter, then as listed, so that they do not depend on how runs were cut into blocks. Meanings and units:
docs/data_dictionary.md.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from agents.portable import total
from agents.rules.types import Floats, Mask
from config import DOMAINS, LADDERS, NEVER, PARTNERS, PRESSURES
from simulation.instruments import CIVIL

if TYPE_CHECKING:
    from simulation.model import PartnershipModel

Table = dict[str, NDArray[Any]]

TRAJECTORIES = (
    *("declared_depth", "operational_depth", "operational_depth_equal", "gap", "fragmentation"),
    *("attention_eu", "attention_japan", "dilution", "vetoes", "files_open", "files_stalled"),
    *("interoperability", "trust"),
    *(f"step_{ladder}" for ladder in LADDERS),
    *("defence_spending_japan", "defence_spending_eu", "peace_facility_ukraine", "peace_facility_indo_pacific"),
    *(f"pressure_{pressure}" for pressure in PRESSURES),
    "share_outside_eu",
)
COUNTS = ("vetoes", "files_open", "files_stalled", *(f"step_{ladder}" for ladder in LADDERS))
ACTORS = (*(f"threat_{p}" for p in PRESSURES), "attention", "stance", "position", "trust", "defence_spending")
STAGES = (
    *("mandated", "reopened", "negotiating", "signed", "provisional", "in_force", "deepened", "withdrawn", "lapsed"),
)
REGIMES = ("symbolic", "functional", "strategic")
FUNCTIONAL_FROM, STRATEGIC_FROM = 0.25, 0.60
"""Operational depth from which a partnership is called functional, strategic (definition)."""


class Recorder:
    """Keeps what the caller asked for."""

    def __init__(self, model: PartnershipModel, record: Collection[str]) -> None:
        self.model = model
        self.record = frozenset(record)
        self._quarters: list[int] = []
        self._trajectories: list[Floats] = []
        self._ends: Floats | None = None
        self._actors: list[Floats] = []
        self._bounds: list[Floats] = []
        self._events: list[tuple[int, int, str, str, NDArray[np.int64]]] = []
        self._vetoes: list[tuple[int, int, tuple[str, ...], NDArray[np.int64]]] = []
        self._limits: list[tuple[int, int, str, str, str, str, NDArray[np.int64]]] = []

    def wants(self, table: str) -> bool:
        """Whether a table is recorded: what costs time is not looked at unless asked."""
        return table in self.record

    # Transitions, as they happen

    def transition(self, k: int, stage: str, mask: Mask) -> None:
        """Note that an EU-level instrument has reached a stage in the runs of the mask."""
        self._note(k, "EU", self.model.partnership.catalogue[k].slug, stage, mask)

    def transitions(self, stage: str, mask: Mask) -> None:
        """Note of all EU-level instruments in which runs they have reached a stage, (K, R)."""
        for k in np.flatnonzero(mask.any(axis=1)).tolist():
            self.transition(k, stage, mask[k])

    def rung_transitions(self, stage: str, mask: Mask) -> None:
        """Note of all rungs in which runs they have reached a stage, (P, rungs, R)."""
        first, rungs = len(self.model.partnership.catalogue), self.model.settings.rungs
        for partner, place in np.argwhere(mask.any(axis=2)).tolist():
            rank = first + partner * len(rungs) + place
            self._note(rank, PARTNERS[partner], rungs[place].slug, stage, mask[partner, place])

    def _note(self, rank: int, partner: str, instrument: str, stage: str, mask: Mask) -> None:
        if "transitions" in self.record:
            (lanes,) = mask.nonzero()
            if lanes.size:
                self._events.append((self.model.quarter, rank, partner, f"{instrument} {stage}", lanes))

    def limit(self, rank: int, partner: str, instrument: str, limit: str, actor: str, lanes: NDArray[np.int64]) -> None:
        """Note what holds an instrument back this quarter, and whose doing it is, in some runs."""
        if lanes.size:
            self._limits.append((self.model.quarter, rank, partner, instrument, limit, actor, lanes))

    def veto(self, rank: int, subject: str, row: int, lanes: NDArray[np.int64]) -> None:
        """Note that the state in a row of the member states has vetoed a file or a topic, in some runs."""
        actor = self.model.settings.members[row].iso3
        self._vetoes.append((self.model.quarter, rank, (subject, actor), lanes))

    def _veto_topics(self) -> None:
        """Note who has stopped other business this quarter."""
        for place, topic in enumerate(self.model.council.agenda):
            cast = topic.opposed & topic.vetoed
            for voter in np.flatnonzero(cast.any(axis=1)):
                rank = len(self.model.partnership.catalogue) + place
                self.veto(rank, topic.name, int(topic.rows[voter]), np.flatnonzero(cast[voter]))

    # At the end of a quarter

    def keep(self) -> None:
        """Copy the state at the end of a quarter."""
        self._quarters.append(self.model.quarter)
        if "trajectories" in self.record:
            self._trajectories.append(self._trajectory())
        if "ends" in self.record and self.model.quarter == self.model.settings.until:
            self._ends = self._trajectory()
        if "actors" in self.record:
            self._actors.append(self._of_actors())
        if "bounds" in self.record:
            self._bounds.append(self._of_bounds())
        if "vetoes" in self.record:
            self._veto_topics()

    def _trajectory(self) -> Floats:
        """The columns of `TRAJECTORIES`, (columns, R)."""
        m = self.model
        at, states, facility = m.partnership, m.member_states, m.peace_facility
        gdp = states.geography.gdp[states.rows]
        declared, operational = at.declared_depth, at.operational_depth
        return np.stack(
            [
                declared,
                operational,
                self.operational_depth_equal(),
                declared - operational,
                self.fragmentation(),
                m.attention_eu,
                m.attention_japan,
                m.negotiation.dilution,
                m.negotiation.vetoes + m.council.topics_vetoed,
                at.in_talks.sum(axis=0),
                (at.in_talks & (at.stalled > 0)).sum(axis=0),
                at.interoperability,
                states.mean(states.trust),
                *m.constitution.step,
                m.cabinet.spending,
                total(gdp * states.spending[states.rows]) / total(gdp),
                facility.paid_ukraine,
                facility.paid_indo_pacific,
                *m.pressures.intensity,
                m.share_outside(),
            ]
        )

    def operational_depth_equal(self) -> Floats:
        """Mean over instruments of what is carried out of each, every one weighing the same, (R,), 0-1."""
        at = self.model.partnership
        counted = [k for k, one in enumerate(at.catalogue) if one.opens < NEVER]
        return total(at.operational[counted]) / len(counted)

    def fragmentation(self) -> Floats:
        """Standard deviation over members of the level that they accept, (R,)."""
        states = self.model.member_states
        accepted = self.model.parameters.council.acceptance * states.position[states.rows]
        mean = total(accepted) / len(accepted)
        away = accepted - mean
        return np.sqrt(total(away * away) / len(accepted))

    def _of_actors(self) -> Floats:
        """The columns of `ACTORS` for every state and Japan, (columns, states + 1, R)."""
        m, s = self.model, self.model.member_states
        states = np.stack([*s.threat, s.attention, s.stance, s.position, s.trust, s.spending])
        c = m.cabinet
        japan = np.stack([*c.threat, m.attention_japan, c.stance, c.position, c.trust, c.spending])
        return np.concatenate([states, japan[:, np.newaxis]], axis=1)

    def _of_bounds(self) -> Floats:
        """Acceptance and veto bounds of each member by field, (2, V, domains, R), flattened to (2, V * domains, R)."""
        council = self.model.council
        by = council.everyone
        both = []
        for domain in DOMAINS:
            own = council.own_bounds(council.accepted(domain, domain not in CIVIL, by), by)
            both.append(np.stack([own.accept, own.veto]))
        stacked = np.stack(both, axis=2)
        return stacked.reshape(2, -1, self.model.width)

    # Tables

    def tables(self) -> dict[str, Table]:
        """All tables recorded, by name."""
        tables = {"runs": self._runs()}
        if "trajectories" in self.record:
            tables["trajectories"] = self._trajectory_table()
        if self._ends is not None:
            tables["ends"] = self._end_table(self._ends)
        if "transitions" in self.record:
            tables["transitions"] = self._transition_table()
        if "actors" in self.record:
            tables["actors"] = self._actor_table()
        if "bounds" in self.record:
            tables["bounds"] = self._bound_table()
        if "limits" in self.record:
            tables["limits"] = self._limit_table()
        if "vetoes" in self.record:
            tables["vetoes"] = self._sorted(self._vetoes, ("subject", "actor"))
        return tables

    def _runs(self) -> Table:
        m = self.model
        depth = m.partnership.operational_depth
        regime = np.where(depth < FUNCTIONAL_FROM, 0, np.where(depth < STRATEGIC_FROM, 1, 2))
        positions = {f"position_{one.name}": one.position.copy() for one in m.member_states.members}
        return {**self._lanes(), "regime": np.array(REGIMES, dtype=object)[regime], **m.drawn, **positions}

    def _lanes(self) -> Table:
        """Who each lane is, (R,): a run, at a point if there is a design."""
        points = {} if self.model.points is None else {"point": self.model.points}
        return {**points, "run": self.model.runs}

    def _by_run(self, rows: list[Floats]) -> Floats:
        """From a list over quarters of (columns, rows..., R) to (columns, R * quarters * rows...)."""
        found = np.empty((len(rows[0]), len(rows) * rows[0][0].size))
        for column, out in enumerate(found):  # one by one, as much as the processor's cache holds
            stacked = np.stack([row[column] for row in rows])  # quarters, rows..., R
            out[:] = np.moveaxis(stacked, -1, 0).reshape(-1)
        return found

    def _keys(self, rows: int) -> Table:
        """Who a row is of and its quarter, in a table with so many rows a quarter."""
        quarters = np.array(self._quarters, dtype=np.int64)
        lanes = {name: np.repeat(numbers, len(quarters) * rows) for name, numbers in self._lanes().items()}
        return {**lanes, "quarter": np.tile(np.repeat(quarters, rows), self.model.width)}

    def _trajectory_table(self) -> Table:
        columns = dict(zip(TRAJECTORIES, self._by_run(self._trajectories), strict=True))
        counted = {name: columns[name].astype(np.int64) for name in COUNTS}
        return {**self._keys(1), **columns, **counted}

    def _end_table(self, ends: Floats) -> Table:
        """The last row of each history's trajectory."""
        quarter = np.full(self.model.width, self._quarters[-1], dtype=np.int64)
        columns = dict(zip(TRAJECTORIES, ends, strict=True))
        return {
            **self._lanes(),
            "quarter": quarter,
            **columns,
            **{name: columns[name].astype(np.int64) for name in COUNTS},
        }

    def _actor_table(self) -> Table:
        names = [one.name for one in self.model.member_states.members] + ["JPN"]
        actor = np.tile(np.array(names, dtype=object), len(self._quarters) * self.model.width)
        columns = dict(zip(ACTORS, self._by_run(self._actors), strict=True))
        return {**self._keys(len(names)), "actor": actor, **columns}

    def _bound_table(self) -> Table:
        """Members may change between quarters, so runs are put together quarter by quarter."""
        states = self.model.settings.members
        parts = []
        for quarter, bounds in zip(self._quarters, self._bounds, strict=True):
            rows = [one.iso3 for one in states if one.has("member", quarter)]
            actor = np.repeat(np.array(rows, dtype=object), len(DOMAINS))
            domain = np.tile(np.array(DOMAINS, dtype=object), len(rows))
            parts.append((quarter, actor, domain, bounds))
        lanes = self._lanes()
        columns: dict[str, list[NDArray[Any]]] = {
            name: [] for name in (*lanes, "quarter", "actor", "domain", "accept_bound", "veto_bound")
        }
        for lane in range(self.model.width):
            for quarter, actor, domain, bounds in parts:
                for name, numbers in lanes.items():
                    columns[name].append(np.full(len(actor), numbers[lane]))
                columns["quarter"].append(np.full(len(actor), quarter))
                columns["actor"].append(actor)
                columns["domain"].append(domain)
                columns["accept_bound"].append(bounds[0, :, lane])
                columns["veto_bound"].append(bounds[1, :, lane])
        return {name: np.concatenate(values) for name, values in columns.items()}

    def _transition_table(self) -> Table:
        events = [
            (quarter, rank, (partner, *what.split(" ")), lanes) for quarter, rank, partner, what, lanes in self._events
        ]
        return self._sorted(events, ("partner", "instrument", "stage"))

    def _limit_table(self) -> Table:
        events = [
            (quarter, rank, (partner, instrument, limit, actor), lanes)
            for quarter, rank, partner, instrument, limit, actor, lanes in self._limits
        ]
        return self._sorted(events, ("partner", "instrument", "limit", "actor"))

    def _sorted(
        self, events: Sequence[tuple[int, int, tuple[str, ...], NDArray[np.int64]]], names: tuple[str, ...]
    ) -> Table:
        """Events as columns, ordered by lane, quarter, place in the catalogue, then as they happened."""
        counts = np.array([len(lanes) for *_, lanes in events], dtype=np.int64)
        lane = np.concatenate([lanes for *_, lanes in events]) if events else np.zeros(0, dtype=np.int64)
        quarter = np.repeat(np.array([event[0] for event in events], dtype=np.int64), counts)
        rank = np.repeat(np.array([event[1] for event in events], dtype=np.int64), counts)
        which = np.repeat(np.arange(len(events)), counts)
        order = np.lexsort((which, rank, quarter, lane))
        table: Table = {name: numbers[lane[order]] for name, numbers in self._lanes().items()}
        table["quarter"] = quarter[order]
        for column, name in enumerate(names):
            words = np.array([event[2][column] for event in events], dtype=object)
            table[name] = words[which[order]]
        return table
