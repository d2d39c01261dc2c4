"""Which levers are pulled in a quarter (docs/ODD.md, 2 and 6). What a lever adds is zero while it is off."""

from dataclasses import dataclass

import numpy as np

from agents.portable import share, total
from agents.rules.types import Floats, Value
from config.families import Levers

LEADERS = ("germany", "spain", "france", "uk", "italy", "netherlands", "sweden")
"""States that can lead naval exercises, as their switches name them, in the order of `config.PARTNERS`."""
FRANCE = LEADERS.index("france")


def worth_of_leaders(military: Floats) -> Floats:
    """What each state is worth as leader of exercises, (7, 1), 0-0.5; two halves make the whole.

    France and the United Kingdom are worth half each by definition of the remedy. Of the others, one that spends as
    much as France is worth as much, one that spends less is worth less in proportion.

    military  (7, 1)  military expenditure of the states in the order of `LEADERS`, USD million
    Source: assumed; that means to lead follow military expenditure as capacity does on the bilateral ladder (6.11).
    """
    return 0.5 * np.minimum(1.0, share(military, military[FRANCE]))


@dataclass(frozen=True)
class LeversNow:
    """The levers in one quarter."""

    p: Levers
    quarter: int

    def on(self, lever: str) -> bool:
        """Whether a lever is pulled: from its quarter on."""
        begins: int = getattr(self.p, f"{lever}_from")
        return self.quarter >= begins

    def if_on(self, lever: str, value: Value) -> Value:
        """`value` while the lever is pulled, else 0."""
        return value if self.on(lever) else 0.0

    @property
    def dialogue(self) -> Value:
        """What regular dialogue adds to the dialogue carried out."""
        return self.if_on("dialogue", self.p.dialogue_strength)

    def exercises(self, military: Floats) -> Value:
        """Interoperability that exercises add per quarter: as much of it as their leaders are worth, at most the whole.

        military  (7, 1)  military expenditure of the states in the order of `LEADERS`, USD million
        """
        worth = zip(worth_of_leaders(military), LEADERS, strict=True)
        parts = np.broadcast_arrays(*(part * getattr(self.p, f"interoperability_{name}") for part, name in worth))
        return self.if_on("interoperability", self.p.interoperability_strength * np.minimum(1.0, total(parts)))

    @property
    def ships(self) -> Value:
        """Share of resources that exercises cost."""
        return self.if_on("interoperability", self.p.interoperability_ships)

    def strategy(self, effect: Value) -> Value:
        """An effect of the Indo-Pacific strategy at the strength drawn."""
        return self.if_on("indo_pacific_strategy", self.p.indo_pacific_strength * effect)

    @property
    def diversion(self) -> Value:
        """Cost of the strategy with states that fear Russia, log-odds per unit of threat."""
        return self.if_on("indo_pacific_strategy", self.p.indo_pacific_diversion)

    @property
    def framework(self) -> Value:
        """Strength of the fast track to an operational framework."""
        return self.if_on("framework", self.p.framework_strength)

    @property
    def on_force(self) -> bool:
        """Whether Japan's use of force is being reinterpreted or amended."""
        return self.on("reinterpretation") or self.on("amendment")

    @property
    def support_cost(self) -> Value:
        """Share of voters that a new line on Article 9 costs."""
        return self.p.force_support if self.on_force else 0.0
