"""Other business before the same Council (docs/ODD.md, 6.6), so that vetoes can be held against the record."""

import numpy as np

from agents.portable import normal
from agents.rules.types import Floats, Value
from config.families import Business


def demand(u: Floats, p: Business) -> Floats:
    """Level that a decision asks for, (R,)."""
    return p.demand_low + (p.demand_high - p.demand_low) * u


def tolerated(stance: Floats, spoiler: Value, tie: Floats | float, u: Floats, p: Business) -> Floats:
    """Level up to which each voter does not oppose, (n, R), 0 or more: only spoiler governments go below the usual.

    stance (n, R); spoiler the stance below which a government is one; tie what the topic adds; u uniform. Assumed.
    """
    level = p.tolerance + p.stance_weight * np.minimum(0.0, stance - spoiler) + tie + p.noise * normal(u)
    return np.maximum(0.0, level)


def accepted(tolerated: Floats, neutral: Floats, p: Business) -> Floats:
    """Level up to which each voter is in favour, (n, R), 0 or more; neutral states (n, 1) sooner abstain on arms.

    Austria, Ireland and Malta abstained on lethal aid to Ukraine with a declaration from February 2022.
    """
    return np.maximum(0.0, tolerated - p.acceptance_gap - p.neutral_gap * neutral)
