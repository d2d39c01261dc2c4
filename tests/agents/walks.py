"""Models for the tests of actors: stopped in one quarter, or walked through a scenario."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from agents.institutions.council import Topic
from agents.rules.types import Floats, Mask, Whole
from config import quarter_index, resolve
from simulation.model import PartnershipModel
from tests.agents.sample import R

SEED = 5


def model_of(
    scenario: str = "outlook", policy: str = "none", overrides: dict[str, Any] | None = None, runs: int = R
) -> PartnershipModel:
    """A model before its first quarter, which records nothing."""
    return PartnershipModel(resolve(scenario, policy, overrides or {}), runs=range(runs), seed=SEED, record=())


def walk(model: PartnershipModel, quarters: int) -> Iterator[int]:
    """Live that many quarters, and give each after it was lived."""
    for _ in range(quarters):
        model.step()
        yield model.quarter - 1


def convened(model: PartnershipModel, quarter: str) -> PartnershipModel:
    """The same model with the Council in session in a quarter, without living until then."""
    model.quarter = quarter_index(quarter)
    model.member_states.look_up(model.quarter)
    model.council.convene()
    return model


def met(model: PartnershipModel) -> PartnershipModel:
    """The model after one quarter, so that chance and levers are those of a quarter."""
    model.step()
    return model


@dataclass(frozen=True)
class Seen:
    """What actors show at the end of a quarter of the hindcast."""

    quarter: int
    # the Diet, the cabinet, the Constitution
    lower: Floats
    upper: Floats
    partner: Mask
    majority: Mask
    quarters_sat: Whole
    cabinet_stance: Floats
    ladders: Whole
    # the states
    members: frozenset[str]
    elected: Mask
    stance: Floats
    attention: Floats
    position: Floats
    trust: Floats
    spending: Floats
    threat: Floats
    ambition: Floats
    # European Council and Council
    shock: Mask
    consensus: Mask
    guideline_left: Whole
    agenda: tuple[Topic, ...]
    holding: Mask
    lifted: Mask
    # the Peace Facility
    envelope: float
    russia: Floats
    request: Floats
    headroom: Floats
    blocked_stock: Floats
    paid_ukraine: Floats
    paid_indo_pacific: Floats
    contributed: Floats
    contributed_lethal: Floats


def seen(model: PartnershipModel, quarter: int) -> Seen:
    states, diet, facility = model.member_states, model.diet, model.peace_facility
    reserve = model.parameters.governments.guideline_reserve
    model.quarter = quarter
    envelope = facility.envelope()
    model.quarter = quarter + 1
    return Seen(
        quarter=quarter,
        lower=diet.lower,
        upper=diet.upper,
        partner=diet.partner,
        majority=diet.lower > diet.thresholds.majority,
        quarters_sat=diet.quarters_sat,
        cabinet_stance=model.cabinet.stance,
        ladders=model.constitution.step,
        members=frozenset(states.facts[row].iso3 for row in states.rows),
        elected=states.elected,
        stance=states.stance,
        attention=states.attention,
        position=states.position,
        trust=states.trust,
        spending=states.spending,
        threat=states.threat,
        ambition=model.high_representative.ambition,
        shock=model.pressures.shock,
        consensus=np.all(states.stance[states.rows] >= reserve, axis=0),
        guideline_left=model.european_council.guideline_left,
        agenda=tuple(model.council.agenda),
        holding=model.council.holding,
        lifted=model.chance.draw("business/peace_facility/lift") < model.parameters.business.lift,
        envelope=envelope,
        russia=model.pressures.russia,
        request=facility.request,
        headroom=facility.headroom,
        blocked_stock=facility.blocked_stock,
        paid_ukraine=facility.paid_ukraine,
        paid_indo_pacific=facility.paid_indo_pacific,
        contributed=facility.contributed,
        contributed_lethal=facility.contributed_lethal,
    )


@cache
def hindcast() -> tuple[Seen, ...]:
    """Every quarter from 2010 to mid-2026, as the model lives it in R runs."""
    model = model_of("hindcast")
    return tuple(seen(model, quarter) for quarter in walk(model, model.settings.until - model.settings.start + 1))


def at(quarter: str) -> Seen:
    """The hindcast in a quarter."""
    return hindcast()[quarter_index(quarter) - hindcast()[0].quarter]
