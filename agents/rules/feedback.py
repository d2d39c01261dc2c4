"""Trust, retaliation and budgets (docs/ODD.md, 6.12)."""

import numpy as np

from agents.portable import happens
from agents.rules.perception import clip
from agents.rules.types import Floats, Mask
from config.families import Feedback


def trust(last: Floats, delivered: Floats, gap: Floats, attention: Floats, p: Feedback) -> Floats:
    """Trust of those who attend, 0-1: follows what is delivered, falls with a gap that is noticed."""
    target = clip(p.trust + p.trust_delivery * delivered - p.trust_gap * gap * attention)
    return last + p.trust_pace * (target - last)


def retaliates(visible: Floats, china: Floats, u: Floats, p: Feedback) -> Mask:
    """Whether China presses dependent states this quarter, (R,): the more co-operation shows."""
    return happens(u, p.retaliation * visible * china)


def coercion(last: Floats, struck: Mask, p: Feedback) -> Floats:
    """Retaliation still felt, (R,), 0-1."""
    return np.where(struck, 1.0, last * p.retaliation_decay)


def spending(last: Floats, wanted: Floats, p: Feedback) -> Floats:
    """Defence spending, % of GDP, moved towards what is wanted."""
    return last + p.spending_pace * (np.minimum(p.spending_cap, np.maximum(p.spending_floor, wanted)) - last)


def spending_wanted(start: Floats, russia: Floats, retrenchment: Floats, p: Feedback) -> Floats:
    """Spending that a state wants, % of GDP, from what the threats have gained since the start."""
    return start + p.spending_russia * russia + p.spending_us * retrenchment
