"""Phase 10: single states and the United Kingdom climb the bilateral ladder with Japan (docs/ODD.md, 6.11)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from agents.portable import probability, share, total, weighted_total
from agents.rules import tracks as rules
from agents.rules.types import Floats, Mask, Whole
from config import LADDERS, PARTNERS, Rung

if TYPE_CHECKING:
    from simulation.model import PartnershipModel

DORMANT, IN_TALKS, SIGNED, IN_FORCE, LAPSED = range(5)
RUNG_STAGES = ("dormant", "negotiating", "signed", "in_force", "lapsed")
UK = "GBR"


class Tracks:
    """The bilateral ladder of every capable state: stage, agreed and operational depth are (P, rungs, R)."""

    def __init__(self, model: PartnershipModel) -> None:
        self.model = model
        self.rungs: tuple[Rung, ...] = model.settings.rungs
        self.slugs = [rung.slug for rung in self.rungs]
        codes = [one.iso3 for one in model.settings.members]
        self.rows = np.array([codes.index(iso) for iso in PARTNERS])
        self.ambition = np.array([[rung.ambition] for rung in self.rungs])
        spent = model.member_states.geography.military_expenditure[self.rows]
        self.capacity: Floats = np.sqrt(spent / spent.max())
        self._begin()
        names = [f"{iso}/{rung.slug}" for iso in PARTNERS for rung in self.rungs]
        self._draws = {
            kind: model.chance.register(f"{name}/{kind}" for name in names) for kind in ("open", "conclude", "force")
        }

    def _begin(self) -> None:
        table = self.model.settings.table
        start = [[table.rung(iso, slug) for slug in self.slugs] for iso in PARTNERS]
        shape = (len(PARTNERS), len(self.rungs), self.model.width)

        def spread(values: list[list[float]]) -> Floats:
            return np.broadcast_to(np.array(values)[..., np.newaxis], shape).copy()

        stage = [[float(RUNG_STAGES.index(one.stage)) for one in row] for row in start]
        self.stage: Whole = spread(stage).astype(np.int64)
        self.agreed = spread([[one.agreed for one in row] for row in start])
        self.operational = spread([[one.operational for one in row] for row in start])

    def _u(self, kind: str) -> Floats:
        return self.model.chance.rows(self._draws[kind]).reshape(self.stage.shape)

    # Depth

    def depth(self, partner: int) -> Floats:
        """Depth of one partner's ties with Japan as carried out, (R,), 0-1."""
        return weighted_total(self.operational[partner], self.ambition) / total(self.ambition)

    @property
    def mean_depth(self) -> Floats:
        """Mean depth over all partners, (R,)."""
        return total(np.stack([self.depth(partner) for partner in range(len(PARTNERS))])) / len(PARTNERS)

    @property
    def uk_depth(self) -> Floats:
        """Depth of the United Kingdom's ties, (R,)."""
        return self.depth(PARTNERS.index(UK))

    @property
    def states_depth(self) -> Floats:
        """Mean depth over the capable member states, (R,)."""
        others = [self.depth(partner) for partner, iso in enumerate(PARTNERS) if iso != UK]
        return total(np.stack(others)) / len(others)

    @property
    def operational_level(self) -> Floats:
        """Sum of what all rungs carry out, in levels, (R,)."""
        return total(np.stack([weighted_total(done, self.ambition) for done in self.operational]))

    # Phase 10

    def climb(self) -> None:
        """Open, conclude, bring into force and carry out rungs; all act on what stood at the start."""
        stage, operational = self.stage, self.operational
        self._draws_now = {kind: self._u(kind) for kind in self._draws}
        after = stage.copy()
        for partner, iso in enumerate(PARTNERS):
            for place, rung in enumerate(self.rungs):
                at = stage[partner, place]
                opened = self._opened(partner, place, rung, stage)
                signed = (at == IN_TALKS) & self._signed(partner, place, rung)
                forced = (at == SIGNED) & self._forced(partner, place, rung)
                moved = np.where(opened, IN_TALKS, np.where(signed, SIGNED, np.where(forced, IN_FORCE, at)))
                after[partner, place] = moved
                for mask, name in ((opened, "negotiating"), (signed, "signed"), (forced, "in_force")):
                    self.model.recorder.rung_transition(iso, place, name, mask)
        self.operational = self._carried_out(stage, operational)
        self.stage = after

    def _opened(self, partner: int, place: int, rung: Rung, stage: Whole) -> Mask:
        model, row = self.model, self.rows[partner]
        hazard = rules.rung_hazard(
            self.capacity[partner],
            model.member_states.position[row],
            model.cabinet.position,
            self._soft(partner, rung, stage),
            self._steps(rung),
            model.parameters.tracks,
        )
        waiting = (stage[partner, place] == DORMANT) | (stage[partner, place] == LAPSED)
        for slug in rung.needs:
            waiting = waiting & (stage[partner, self.slugs.index(slug)] == IN_FORCE)
        return waiting & (self._draws_now["open"][partner, place] < probability(hazard))

    def _soft(self, partner: int, rung: Rung, stage: Whole) -> Floats:
        missing, factor = self.model.parameters.files.soft_missing, np.ones(self.model.width)
        for slug in rung.helped_by:
            factor = factor * np.where(stage[partner, self.slugs.index(slug)] == IN_FORCE, 1.0, missing)
        return factor

    def _reached(self, ladder: str, step: int) -> Mask:
        """Whether Japan stands at a step of a ladder, or its limits are lifted, (R,)."""
        if self.model.levers.on("lift_constitution"):
            return np.ones(self.model.width, dtype=bool)
        reached: Mask = self.model.constitution.step[LADDERS.index(ladder)] >= step
        return reached

    def _steps(self, rung: Rung) -> Floats:
        missing, factor = self.model.parameters.files.soft_missing, np.ones(self.model.width)
        for ladder, step in rung.caps_soft.items():
            factor = factor * np.where(self._reached(ladder, step), 1.0, missing)
        return factor

    def permitted(self, rung: Rung) -> Mask:
        """Whether Japan's ladders let a rung enter into force, (R,)."""
        permitted = np.ones(self.model.width, dtype=bool)
        for ladder, step in rung.needs_in_force.items():
            permitted = permitted & self._reached(ladder, step)
        return permitted

    def draft(self, partner: int, rung: Rung) -> Floats:
        """Relative depth that a state and Japan would agree on, (R,)."""
        p, row = self.model.parameters.council, self.rows[partner]
        state = p.acceptance * self.model.member_states.position[row]
        japan = p.acceptance_japan * self.model.cabinet.position
        return rules.agreed_bilaterally(state, japan, rung.ambition)

    def _signed(self, partner: int, place: int, rung: Rung) -> Mask:
        """Which talks would be signed, (R,); books the depth agreed."""
        draft, p = self.draft(partner, rung), self.model.parameters.tracks
        ripe = self._draws_now["conclude"][partner, place] < probability(p.concluding / rung.quarters)
        signed = (draft >= rung.least) & ripe
        booked = signed & (self.stage[partner, place] == IN_TALKS)
        self.agreed[partner, place] = np.where(booked, draft, self.agreed[partner, place])
        return signed

    def _forced(self, partner: int, place: int, rung: Rung) -> Mask:
        """Which signed rungs would enter into force, (R,)."""
        diet, p = self.model.diet, self.model.parameters.ratification
        permitted = self.permitted(rung)
        if not rung.quarters_in_force:
            return permitted
        pace = np.where(diet.has_majority, 1.0, p.diet_minority) if rung.diet else np.ones(self.model.width)
        hazard = 1 / rung.quarters_in_force * pace
        return permitted & (self._draws_now["force"][partner, place] < probability(hazard))

    def _carried_out(self, stage: Whole, operational: Floats) -> Floats:
        """Operational depth of all rungs after this quarter: those that were in force at its start."""
        japan, p = self.model.delivery.japan_arms, self.model.parameters.tracks
        in_force = stage == IN_FORCE
        done = np.where(in_force, operational, 0.0)
        agreed = np.where(in_force, self.agreed, 0.0)
        result = []
        for partner in range(len(PARTNERS)):
            activity = share(total(done[partner]), total(agreed[partner]))
            result.append(rules.rung_carried_out(done[partner], agreed[partner], japan, activity, p))
        return np.where(in_force, np.stack(result), 0.0)
