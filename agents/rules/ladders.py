"""The steps of what Japan may do (docs/ODD.md, 6.4): threat, the cabinet's wish, its coalition, a lawful act."""

import numpy as np

from agents.portable import exp, logistic, normal
from agents.rules.perception import clip
from agents.rules.types import Floats, Mask, Value
from config.families import Japan
from config.schema import Thresholds


def step_hazard(base: Value, partner: Mask, threat: Floats, stance: Floats, p: Japan) -> Floats:
    """Hazard per quarter of one step, (R,): grows with threat and the cabinet's stance; a pacifist partner brakes."""
    brake = np.where(partner, p.brake, 1.0)
    return base * p.factor * brake * logistic(p.threat_slope * (threat - p.threat_middle)) * exp(p.wish * stance)


def law_passes(lower: Floats, upper: Floats, by: Thresholds) -> Mask:
    """Whether the coalition can pass a law: both Houses, or two thirds of the Lower. Constitution of Japan, Art. 59."""
    return (lower > by.majority) & ((upper > by.majority) | (lower >= by.two_thirds))


def amendment_passes(lower: Floats, upper: Floats, support: Floats, u: Floats, by: Thresholds, p: Japan) -> Mask:
    """Whether the Constitution can be amended: two thirds of each House and a referendum. Art. 96.

    `support` is the share of voters for amendment; campaigns add noise.
    """
    houses = (lower + p.amenders >= by.two_thirds) & (upper + p.amenders >= by.two_thirds)
    return houses & (support + p.referendum_noise * normal(u) > 0.5)


def support_target(threat: Floats, cost: Value, p: Japan) -> Floats:
    """Share of voters for amendment that threat brings about, less what a lever costs; NHK polls for the level."""
    return clip(p.support + p.support_threat * threat - cost)


def public_support(last: Floats, target: Floats, u: Floats, p: Japan) -> Floats:
    """Support for amendment, 0-1, moved towards its target, with noise."""
    return clip(last + p.support_pace * (target - last) + p.support_noise * normal(u))
