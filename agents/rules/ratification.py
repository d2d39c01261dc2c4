"""From signature to entry into force (docs/ODD.md, 6.8)."""

import numpy as np

from agents.portable import exp, log
from agents.rules.types import Floats, Mask, Value, Whole
from config.families import Ratification


def weibull_hazard(age: Whole, frailty: Floats, p: Ratification) -> Floats:
    """Hazard of one quarter of national ratification, `age` quarters after signature (1 or more), (R,).

    A Weibull hazard with a frailty shared by all members: the speed of ratification belongs to the agreement more than
    to the member. Source: panel of ratifications of mixed agreements, shape by agreement 0.9 to 1.9.
    """

    def cumulated(quarters: Floats) -> Floats:
        some = np.maximum(quarters, 1.0)
        return np.where(quarters > 0, exp(p.shape * log(some / (p.scale * frailty))), 0.0)

    elapsed = age.astype(np.float64)
    return cumulated(elapsed) - cumulated(elapsed - 1.0)


def member_weight(stance: Floats, chambers: Floats, p: Ratification) -> Floats:
    """Factor of a member on the hazard, (V, R): weak effects of its government and of a second chamber."""
    return exp(p.stance * stance + p.chambers * (chambers - 1))


def parliament_consents(level: Floats, parliament: Floats, acceptance: Value, p: Ratification) -> Mask:
    """Whether the European Parliament consents, Art. 218(6)(a) TFEU: its majority accepts the level."""
    return level <= p.parliament * (acceptance * parliament)


def diet_hazard(lower_house: Floats, majority: float, p: Ratification) -> Floats:
    """Hazard of the Diet's approval, (R,): the Lower House decides. Constitution of Japan, Art. 61, 60(2)."""
    return p.diet * np.where(lower_house > majority, 1.0, p.diet_minority)
