"""Ties of single states and the United Kingdom, and rival frameworks (docs/ODD.md, 6.11)."""

import numpy as np

from agents.portable import normal
from agents.rules.perception import clip
from agents.rules.types import Floats, Value
from config.families import Tracks


def rung_hazard(capacity: Floats, position: Floats, japan: Floats, soft: Floats, steps: Floats, p: Tracks) -> Floats:
    """Hazard per quarter of opening talks on a rung, (R,): by military capacity and what both want."""
    return p.opening * capacity * position * japan * soft * steps


def agreed_bilaterally(state: Floats, japan: Floats, ambition: Floats) -> Floats:
    """Relative depth that a state and Japan agree on, 0-1: what the less willing accepts."""
    return np.minimum(np.minimum(1.0, state / ambition), japan / ambition)


def rung_carried_out(done: Floats, agreed: Floats, japan: Floats, activity: Floats, p: Tracks) -> Floats:
    """Operational depth of a rung: grows by Japan's spending (0-1), fades where a tie is idle."""
    return done + p.rate * (0.5 + 0.5 * japan) * (agreed - done) - p.fade * done * (1 - activity)


def quad_target(china: Floats, retrenchment: Floats, p: Tracks) -> Floats:
    """Depth to which the Quad is drawn."""
    return (p.quad + p.quad_china * china) * (1 - p.quad_us * retrenchment)


def nato_target(russia: Floats, retrenchment: Floats, link: Value, p: Tracks) -> Floats:
    """Depth to which NATO's partnership with Japan is drawn."""
    return (p.nato_depth + p.nato_russia * link * russia) * (1 - p.nato_us * retrenchment)


def australia_target(threat: Floats, p: Tracks) -> Floats:
    """Depth to which Australia's ties with Japan are drawn; `threat` is Japan's from the Indo-Pacific."""
    return p.australia + p.australia_threat * threat


def framework_depth(last: Floats, target: Floats, u: Floats, p: Tracks) -> Floats:
    """Depth of a rival framework, (R,), 0-1."""
    return clip(last + p.pace * (target - last) + p.noise * normal(u))
