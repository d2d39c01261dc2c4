"""Phase 10: single states and the United Kingdom climb the bilateral ladder with Japan (docs/ODD.md, 6.11)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from agents.portable import happens, may_happen, places, probability, share, total, weighted_total
from agents.rules import tracks as rules
from agents.rules.types import Floats, Mask, Stages, Whole, in_lanes, lanes_of
from config import LADDERS, PARTNERS, Rung

if TYPE_CHECKING:
    from simulation.model import PartnershipModel

DORMANT, IN_TALKS, SIGNED, IN_FORCE, LAPSED = range(5)
RUNG_STAGES = ("dormant", "negotiating", "signed", "in_force", "lapsed")
UK = "GBR"
AT_ONCE = np.inf
"""Hazard of what happens in the quarter in which it may."""


class Tracks:
    """The bilateral ladder of every capable state: stage, agreed and operational depth are (P, rungs, R)."""

    def __init__(self, model: PartnershipModel) -> None:
        self.model = model
        self.rungs: tuple[Rung, ...] = model.settings.rungs
        self.slugs = [rung.slug for rung in self.rungs]
        codes = [one.iso3 for one in model.settings.members]
        self.rows = np.array([codes.index(iso) for iso in PARTNERS])
        self.ambition = np.array([[rung.ambition] for rung in self.rungs])
        self.least = np.array([[rung.least] for rung in self.rungs])
        self.quarters = np.array([[rung.quarters] for rung in self.rungs])
        spent = model.member_states.geography.military_expenditure[self.rows]
        self.capacity: Floats = spent / spent.max()
        self._begin()
        names = [f"{iso}/{rung.slug}" for iso in PARTNERS for rung in self.rungs]
        self._opens = model.chance.register(f"{name}/open" for name in names)
        self._draws = {
            kind: model.chance.register_seldom(f"{name}/{kind}" for name in names) for kind in ("conclude", "force")
        }

    def _begin(self) -> None:
        table = self.model.settings.table
        start = [[table.rung(iso, slug) for slug in self.slugs] for iso in PARTNERS]
        shape = (len(PARTNERS), len(self.rungs), self.model.width)

        def spread(values: list[list[float]]) -> Floats:
            return np.broadcast_to(np.array(values)[..., np.newaxis], shape).copy()

        stage = [[float(RUNG_STAGES.index(one.stage)) for one in row] for row in start]
        self.stage: Stages = spread(stage).astype(np.int8)
        self.agreed = spread([[one.agreed for one in row] for row in start])
        self.operational = spread([[one.operational for one in row] for row in start])
        self.settle()

    def _happens(self, kind: str, hazard: Floats, among: Mask) -> Mask:
        """Where something of this hazard, which broadcasts, happens among some of the rungs, (P, rungs, R)."""
        happened, where = np.zeros_like(among), places(among)
        partner, place, lanes = where
        u = self.model.chance.some(self._draws[kind], partner * len(self.rungs) + place, lanes)
        happened[where] = happens(u, np.broadcast_to(hazard, among.shape)[where])
        return happened

    # Depth

    def depth(self, partner: int) -> Floats:
        """Depth of one partner's ties with Japan as carried out, (R,), 0-1."""
        depth: Floats = self._depths[partner]
        return depth

    @property
    def _depths(self) -> Floats:
        """Depth of each partner's ties, (P, R)."""
        return self._levels / total(self.ambition)

    def settle(self) -> None:
        """Settle how much the rungs of each partner carry out, in levels, (P, R)."""
        self._levels: Floats = weighted_total(np.moveaxis(self.operational, 1, 0), self.ambition[:, np.newaxis])

    @property
    def mean_depth(self) -> Floats:
        """Mean depth over all partners, (R,)."""
        return total(self._depths) / len(PARTNERS)

    @property
    def uk_depth(self) -> Floats:
        """Depth of the United Kingdom's ties, (R,)."""
        return self.depth(PARTNERS.index(UK))

    @property
    def states_depth(self) -> Floats:
        """Mean depth over the capable member states, (R,)."""
        others = [partner for partner, iso in enumerate(PARTNERS) if iso != UK]
        return total(self._depths[others]) / len(others)

    @property
    def operational_level(self) -> Floats:
        """Sum of what all rungs carry out, in levels, (R,)."""
        return total(self._levels)

    # Phase 10

    def climb(self) -> None:
        """Open, conclude, bring into force and carry out rungs; all act on what stood at the start."""
        stage, waiting, known, draft = self.stage, self._waiting(), self.model.status, self.draft()
        acceptable = (stage == IN_TALKS) & (draft >= self.least)
        signed = self._happens("conclude", self._concluding, acceptable)
        opened = self._opened(waiting)
        if known.active:
            concluding = np.where(draft >= self.least, probability(self._concluding), 0.0)
            hazard = self._hazard(*np.indices(stage.shape))
            self.model.beliefs.of_rungs(np.where(waiting, probability(hazard), 0.0), concluding)
        signed = known.rungs("signed", signed)
        forced = known.rungs("in_force", self._forced())
        opened = known.rungs("negotiating", opened)
        draft = known.rung_depth(draft, self.least)
        self.operational = self._carried_out(stage == IN_FORCE)
        self.settle()
        self.agreed[signed] = draft[signed]
        self.stage = stage.copy()
        for mask, reached in ((opened, IN_TALKS), (signed, SIGNED), (forced, IN_FORCE)):
            self.stage[mask] = reached
        for mask, name in ((opened, "negotiating"), (signed, "signed"), (forced, "in_force")):
            self.model.recorder.rung_transitions(name, mask)

    @property
    def _concluding(self) -> Floats:
        """Hazard that talks are ripe, (rungs, 1) or (rungs, R)."""
        return self.model.parameters.tracks.concluding / self.quarters

    def _there(self, slug: str) -> Mask:
        """Which partners have a rung in force, (P, R)."""
        there: Mask = self.stage[:, self.slugs.index(slug)] == IN_FORCE
        return there

    def _waiting(self) -> Mask:
        """Rungs that could be opened: dormant or lapsed, and what they need in force, (P, rungs, R)."""
        waiting: Mask = (self.stage == DORMANT) | (self.stage == LAPSED)
        for place, rung in enumerate(self.rungs):
            for slug in rung.needs:
                waiting[:, place] &= self._there(slug)
        return waiting

    def _opened(self, waiting: Mask) -> Mask:
        """Which waiting rungs are opened, (P, rungs, R): looked at where nothing but capacity stood in the way."""
        u, opened = self.model.chance.rows(self._opens).reshape(waiting.shape), np.zeros_like(waiting)
        most = self.model.parameters.tracks.opening * self.capacity[:, np.newaxis]
        some = places(waiting & may_happen(u, most))
        opened[some] = happens(u[some], self._hazard(*some))
        return opened

    def _hazard(self, partners: Whole, rungs: Whole, lanes: Whole) -> Floats:
        """Hazard of opening talks on a list of rungs, by their places, and as these in shape."""
        model = self.model
        position, japan = model.member_states.position[self.rows[partners], lanes], model.cabinet.position[lanes]
        soft, steps = self._factors(partners, rungs, lanes)
        p = in_lanes(model.parameters.tracks, lanes)
        return rules.rung_hazard(self.capacity[partners, 0], position, japan, soft, steps, p)

    def _factors(self, partners: Whole, rungs: Whole, lanes: Whole) -> tuple[Floats, Floats]:
        """What soft prerequisites and steps of Japan's ladders leave of the hazard of each of a list."""
        missing = lanes_of(self.model.parameters.files.soft_missing, lanes)
        soft, steps = np.ones(rungs.shape), np.ones(rungs.shape)
        for place, rung in enumerate(self.rungs):
            here = rungs == place
            for slug in rung.helped_by:
                soft *= np.where(self._there(slug)[partners, lanes] | ~here, 1.0, missing)
            for ladder, step in rung.caps_soft.items():
                steps *= np.where(self._reached(ladder, step)[lanes] | ~here, 1.0, missing)
        return soft, steps

    def _reached(self, ladder: str, step: int) -> Mask:
        """Whether Japan stands at a step of a ladder, or its limits are lifted, (R,)."""
        if self.model.levers.on("lift_constitution"):
            return np.ones(self.model.width, dtype=bool)
        reached: Mask = self.model.constitution.step[LADDERS.index(ladder)] >= step
        return reached

    def permitted(self, rung: Rung) -> Mask:
        """Whether Japan's ladders let a rung enter into force, (R,)."""
        permitted = np.ones(self.model.width, dtype=bool)
        for ladder, step in rung.needs_in_force.items():
            permitted = permitted & self._reached(ladder, step)
        return permitted

    def draft(self) -> Floats:
        """Relative depth that each state and Japan would agree on, (P, rungs, R)."""
        p = self.model.parameters.council
        state = p.acceptance * self.model.member_states.position[self.rows]
        japan = p.acceptance_japan * self.model.cabinet.position
        return rules.agreed_bilaterally(state[:, np.newaxis], japan, self.ambition)

    def _forced(self) -> Mask:
        """Which signed rungs would enter into force, (P, rungs, R): Japan's Diet approves some, its ladders permit."""
        diet, p = self.model.diet, self.model.parameters.ratification
        forced, hazard = self.stage == SIGNED, np.full(self.stage.shape[1:], AT_ONCE)
        for place, rung in enumerate(self.rungs):
            forced[:, place] &= self.permitted(rung)
            if rung.quarters_in_force:
                pace = np.where(diet.passes_laws, 1.0, p.diet_minority) if rung.diet else np.ones(self.model.width)
                hazard[place] = 1 / rung.quarters_in_force * pace
        return self._happens("force", hazard, forced)

    def _carried_out(self, in_force: Mask) -> Floats:
        """Operational depth of all rungs after this quarter: those that were in force at its start."""
        japan, p = self.model.delivery.japan_arms, self.model.parameters.tracks
        done, agreed = self.operational * in_force, self.agreed * in_force
        by_rung = np.moveaxis(done, 1, 0), np.moveaxis(agreed, 1, 0)
        activity = share(total(by_rung[0]), total(by_rung[1]))[:, np.newaxis]
        return rules.rung_carried_out(done, agreed, japan, activity, p) * in_force
