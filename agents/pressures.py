"""Pressures from outside: Russia, China, North Korea and American retrenchment."""

from __future__ import annotations

import numpy as np

from agents.rules import pressures as rules
from agents.rules.types import Floats, Mask, Whole
from agents.world import Member, World
from config import PRESSURES, REGIMES

RUSSIA, CHINA, NORTH_KOREA, US_RETRENCHMENT = range(4)


class Pressure(Member):
    """One pressure."""

    @property
    def regime(self) -> Whole:
        """0 calm, 1 tense, 2 crisis, (R,)."""
        regime: Whole = self.model.pressures.regime[self.row]
        return regime

    @property
    def intensity(self) -> Floats:
        """How hard it presses, (R,), 0-1."""
        return self.row_of(self.model.pressures.intensity)


class Pressures:
    """The four pressures, in the order of `PRESSURES`: regime and intensity are (4, R)."""

    def __init__(self, model: World) -> None:
        self.model = model
        self.members = [Pressure(model, row, name) for row, name in enumerate(PRESSURES)]
        start = [getattr(model.settings.table.pressures, name) for name in PRESSURES]
        ones = np.ones(model.width, dtype=np.int64)
        self.regime: Whole = np.stack([REGIMES.index(one.regime) * ones for one in start])
        self.intensity: Floats = np.stack([one.intensity * ones.astype(np.float64) for one in start])
        self.shock: Mask = np.zeros(model.width, dtype=bool)
        self._moves = model.chance.register(f"{name}/regime" for name in PRESSURES)
        self._noise = model.chance.register(f"{name}/noise" for name in PRESSURES)

    @property
    def russia(self) -> Floats:
        """Intensity of Russia's pressure, (R,)."""
        return self.members[RUSSIA].intensity

    @property
    def china(self) -> Floats:
        """Intensity of China's pressure, (R,)."""
        return self.members[CHINA].intensity

    @property
    def retrenchment(self) -> Floats:
        """Intensity of American retrenchment, (R,)."""
        return self.members[US_RETRENCHMENT].intensity

    def press(self) -> None:
        """Escalate or calm down, then press as hard as the regime has it."""
        p, chance, before = self.model.parameters.pressures, self.model.chance, self.regime
        up, down = self._chances()
        regime = rules.next_regime(before, up, down, chance.rows(self._moves))
        for row, pinned in self._pinned():
            regime[row] = pinned
        self.regime = regime
        self.intensity = rules.intensity(self.intensity, regime, chance.rows(self._noise), p)
        self.shock = rules.shock(before, regime)

    def _chances(self) -> tuple[Floats, Floats]:
        """Probabilities of moving up and down, (4, R): in the past those of the record, else from rates and pulls."""
        record = self.model.settings.pressures.drawn.at(self.model.quarter)
        if record is not None:
            return rules.chances_on_record(self.regime, np.array(record))
        p = self.model.parameters.pressures
        pull = rules.pull_up(self.intensity, self.model.partnership.visible_depth, p)
        return rules.chance_up(self.regime, pull, p), rules.chance_down(self.regime, p)

    def _pinned(self) -> list[tuple[int, int]]:
        """Regimes that the scenario dictates in this quarter: (row, regime)."""
        return [
            (PRESSURES.index(pinned.pressure), REGIMES.index(pinned.regime))
            for pinned in self.model.settings.regimes
            if pinned.begins <= self.model.quarter < pinned.ends
        ]
