"""Japan's other partners: rival frameworks, the United Kingdom, and receivers of capacity building."""

from __future__ import annotations

import numpy as np

from agents.rules import delivery, tracks
from agents.rules.types import Floats
from agents.world import Actor, Member, World

RIVALS = ("quad", "nato", "australia")
QUAD, NATO, AUSTRALIA = range(3)


class Rival(Member):
    """A framework or partner that draws on Japan's attention."""

    @property
    def depth(self) -> Floats:
        """Depth of its ties with Japan, (R,), 0-1."""
        return self.row_of(self.model.rivals.depth)


class Quad(Rival):
    """Australia, India, Japan and the United States."""


class Nato(Rival):
    """NATO's partnership with Japan."""


class Australia(Rival):
    """Japan's nearest partner after the United States."""


class Rivals:
    """The rival frameworks in the order of `RIVALS`: depth is (3, R)."""

    def __init__(self, model: World) -> None:
        self.model = model
        self.members = [kind(model, row, RIVALS[row]) for row, kind in enumerate((Quad, Nato, Australia))]
        start = model.settings.table.rivals
        self.depth: Floats = np.stack([np.full(model.width, getattr(start, name)) for name in RIVALS])
        self._noise = model.chance.register(f"{name}/noise" for name in RIVALS)

    def develop(self) -> None:
        """Deepen or fade as threats and the United States have it."""
        p, pressures = self.model.parameters, self.model.pressures
        target = np.stack(
            [
                tracks.quad_target(pressures.china, pressures.retrenchment, p.tracks),
                tracks.nato_target(pressures.russia, pressures.retrenchment, p.attention.link, p.tracks),
                tracks.australia_target(self.model.cabinet.indo_pacific, p.tracks),
            ]
        )
        self.depth = tracks.framework_depth(self.depth, target, self.model.chance.rows(self._noise), p.tracks)


class UnitedKingdom(Member):
    """A member state to January 2020 and a capable partner of Japan throughout: its numbers are the row of GBR."""

    @property
    def position(self) -> Floats:
        """Ideal depth of its own ties with Japan, (R,), 0-1."""
        return self.row_of(self.model.member_states.position)


class Asean(Actor):
    """Receivers of capacity building in Southeast Asia, with claims against China and fear of it."""

    def __init__(self, model: World) -> None:
        super().__init__(model)
        receivers = model.settings.partners.receivers.values()
        self.claim = np.array([[one.claim] for one in receivers])
        self.fear = np.array([[one.fear] for one in receivers])

    @property
    def receptiveness(self) -> Floats:
        """How far help is taken, (R,), 0-1."""
        china, base = self.model.pressures.china, self.model.parameters.tracks.receptive
        return delivery.receptiveness(self.claim, self.fear, china, base)
