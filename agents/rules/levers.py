"""Which levers are pulled in a quarter (docs/ODD.md, 2 and 6). What a lever adds is zero while it is off."""

from dataclasses import dataclass

from agents.rules.types import Value
from config.families import Levers


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

    @property
    def exercises(self) -> Value:
        """Interoperability that exercises add per quarter: half of it without one of the two lead states."""
        lead = 0.5 * self.p.interoperability_france + 0.5 * self.p.interoperability_uk
        return self.if_on("interoperability", self.p.interoperability_strength * lead)

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
