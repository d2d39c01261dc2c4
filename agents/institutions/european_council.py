"""The European Council: guidelines after shocks, and the passerelle."""

from __future__ import annotations

import numpy as np

from agents.rules import elections
from agents.rules.types import Floats, Mask, Whole
from agents.world import Actor, World


class EuropeanCouncil(Actor):
    """Heads of state or government, who decide by consensus: Art. 15(4) TEU."""

    def __init__(self, model: World) -> None:
        super().__init__(model)
        self.guideline_left: Whole = np.zeros(model.width, dtype=np.int64)
        self.passerelle: Mask = np.zeros(model.width, dtype=bool)
        model.chance.register(["european_council/guideline", "european_council/passerelle"])

    @property
    def in_force(self) -> Mask:
        """Whether a guideline on the Indo-Pacific is in force, (R,)."""
        return self.guideline_left > 0

    def meet(self) -> None:
        """Answer a shock with a guideline; agree to majority voting if that is asked and nobody objects."""
        p, draw, states = self.model.parameters.governments, self.model.chance.draw, self.model.member_states
        stance = states.stance[states.rows]
        consensus = np.all(stance >= p.guideline_reserve, axis=0)
        self.guideline_left = elections.guideline(
            self.guideline_left, self.model.pressures.shock, consensus, draw("european_council/guideline"), p
        )
        if self.model.levers.on("qmv"):
            agreed = elections.passerelle(stance, self._reserve(), draw("european_council/passerelle"), p)
            self.passerelle = self.passerelle | agreed

    def _reserve(self) -> Floats:
        """Least stance at which each member gives up its veto, (V, 1) or (V, R)."""
        p, states = self.model.parameters.governments, self.model.member_states
        by_camp = [getattr(p, f"passerelle_{states.facts[row].passerelle}") for row in states.rows]
        return np.stack([np.broadcast_to(value, self.model.width) for value in by_camp])
