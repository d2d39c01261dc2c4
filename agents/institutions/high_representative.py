"""The High Representative and the European External Action Service."""

from __future__ import annotations

import numpy as np

from agents.portable import normal
from agents.rules.positions import principal
from agents.rules.types import Floats, Whole
from agents.world import Actor, World


class UnionBody(Actor):
    """A body of the Union whose ambition is redrawn with every term."""

    name: str
    drawn: str
    terms: str

    def __init__(self, model: World) -> None:
        super().__init__(model)
        model.chance.register([f"{self.name}/{self.drawn}"])
        self.ambition: Floats = self._ambition(model.chance.once(f"{self.name}/first {self.drawn}"))
        self.position: Floats = np.zeros(model.width)

    def _ambition(self, u: Floats) -> Floats:
        return self.model.parameters.governments.ambition_spread * normal(u)

    def begin_term(self) -> None:
        """Redraw ambition in the first quarter of a term: Art. 14(3) and 17(3) TEU."""
        if self.model.quarter in getattr(self.model.settings.union.terms, self.terms):
            self.ambition = self._ambition(self.model.chance.draw(f"{self.name}/{self.drawn}"))

    def take_position(self) -> None:
        """Want what the members want on average, and somewhat more."""
        states, p = self.model.member_states, self.model.parameters.governments
        more = p.parliament_ambition if self.name == "european_parliament" else p.ambition
        self.position = principal(states.mean_position, more, self.ambition)


class HighRepresentative(UnionBody):
    """Leads files on foreign and security policy, as long as there are slots: Art. 18, 27 TEU."""

    name, drawn, terms = "high_representative", "ambition", "high_representative"

    def slots(self) -> Whole:
        """Files that can be in talks at once, (R,): levers cost slots."""
        p, levers = self.model.parameters, self.model.levers
        sought = levers.on("qmv") * (~self.model.european_council.passerelle) * p.levers.qmv_slots
        costs = (
            levers.if_on("dialogue", p.levers.dialogue_slots)
            + levers.if_on("framework", p.levers.framework_slots)
            + sought
        )
        return np.floor(p.files.slots_high_representative - costs).astype(np.int64)
