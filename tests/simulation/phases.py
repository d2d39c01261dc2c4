"""Living quarters phase by phase: what stood before a phase, to hold what it did against docs/ODD.md."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from agents.rules.levers import LeversNow
from agents.rules.types import Floats, Mask, Whole
from config import resolve
from simulation.model import PartnershipModel
from tests.agents.sample import Plain

R = 6
SEED = 23
ALL_LEVERS = "amendment+dialogue+framework+indo_pacific_strategy+interoperability+qmv+reinterpretation"
ALL_LIFTED = "lift_attention+lift_constitution+lift_fragmentation+lift_framework"
CASES = [
    ("outlook", "none", {}),
    ("hindcast", "none", {}),
    ("taiwan_crisis", ALL_LEVERS, {}),
    ("hindcast", ALL_LIFTED, {}),
    ("outlook", "dialogue", {"files.opening": 0.5, "files.patience": 3, "files.lapse": 0.3, "council.tolerance": 0.05}),
]
"""Scenario, policy, overrides: the last one hurries, so that much is opened, blocked, withdrawn and lost."""

Before = TypeVar("Before")


def model_of(scenario: str, policy: str, overrides: dict[str, Any]) -> PartnershipModel:
    return PartnershipModel(resolve(scenario, policy, overrides), range(R), SEED, ("trajectories", "transitions"))


def lived(model: PartnershipModel, phase: str, look: Callable[[], Before]) -> Iterator[Before]:
    """Every quarter to the horizon: what was seen just before a phase, given just after it."""
    while model.quarter <= model.settings.until:
        model.chance.turn(model.quarter)
        model.levers = LeversNow(model.parameters.levers, model.quarter)
        model.member_states.look_up(model.quarter)
        for act in model.phases:
            if act.__name__ == phase:
                seen = look()
                act()
                yield seen
            else:
                act()
        model.quarter += 1


@dataclass(frozen=True)
class Files:
    """Instruments and their files at one moment, (K, R)."""

    file: Whole
    in_force: Mask
    lapsed: Mask
    agreed: Floats
    drafted: Floats
    operational: Floats
    stalled: Whole
    age: Whole
    union_ready: Mask
    japan_ready: Mask
    ratified: dict[int, Floats]
    interoperability: Floats
    effective: Floats


def files(model: PartnershipModel) -> Files:
    """A copy of where they stand."""
    at = model.partnership
    values = {name: np.array(getattr(at, name)) for name in Files.__annotations__ if name != "ratified"}
    return Files(**values, ratified={k: np.array(done) for k, done in at.ratified.items()})


def plain(family: object, lane: int) -> Plain:
    """A family of parameters in one run."""
    return Plain(family, lane)


def luck(model: PartnershipModel, name: str, lane: int) -> float:
    """The draw of this name in this quarter and run."""
    return float(model.chance.draw(name)[lane])


def on(model: PartnershipModel, lever: str, lane: int, effect: str) -> float:
    """What a lever brings in a run while it is pulled."""
    return float(getattr(plain(model.parameters.levers, lane), effect)) if model.levers.on(lever) else 0.0
