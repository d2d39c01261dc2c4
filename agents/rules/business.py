"""Other business before the same Council (docs/ODD.md, 6.6), so that vetoes can be held against the record."""

import numpy as np

from agents.portable import normal
from agents.rules.types import Floats, Mask, Value, Whole
from config.families import Business
from config.schema import CouncilRule


def demand(u: Floats, p: Business) -> Floats:
    """Level that a decision asks for, (R,)."""
    return p.demand_low + (p.demand_high - p.demand_low) * u


def tolerated(stance: Floats, spoiler: Value, tie: Floats | float, u: Floats, p: Business) -> Floats:
    """Level up to which each member does not oppose, (V, R): only spoiler governments go below the usual."""
    return p.tolerance + p.stance_weight * np.minimum(0.0, stance - spoiler) + tie + p.noise * normal(u)


def declares_abstention(asked: Floats, tolerated: Floats, declared: Value, p: Business) -> Mask:
    """Which members abstain and declare it, (V, R): they need not pay for lethal aid, Decision (CFSP) 2021/509."""
    bound = (tolerated - p.acceptance_gap) + declared * p.acceptance_gap
    return (asked > bound) & (asked <= tolerated)


def majority_blocked(
    asked: Floats, tolerated: Floats, persons: Whole, rule: CouncilRule, margin: Value, p: Business
) -> Mask:
    """Whether a decision fails under a passerelle, (R,): by the emergency brake, or for want of a double majority.

    Art. 31(2) TEU and 16(4) TEU. asked (R,), tolerated (V, R), persons (V,).
    """
    outside = asked > tolerated - p.acceptance_gap
    members, population = round(100 * rule.members_share), round(100 * rule.population_share)
    count = outside.sum(axis=0)
    against = np.where(outside, persons[:, np.newaxis], 0).sum(axis=0)
    everyone = persons.sum()
    enough_members = 100 * (len(persons) - count) >= members * len(persons)
    enough_persons = (100 * (everyone - against) >= population * everyone) | (count < rule.blocking_members)
    braked = np.any(asked > tolerated + margin, axis=0)
    blocked: Mask = braked | ~(enough_members & enough_persons)
    return blocked
