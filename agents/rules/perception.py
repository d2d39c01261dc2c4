"""How far states are exposed to pressures and what they feel (docs/ODD.md, 6.2)."""

import numpy as np

from agents.portable import log
from agents.rules.types import Floats, Value
from config.families import Threat


def clip(x: Floats) -> Floats:
    """x kept within 0 and 1."""
    return np.minimum(1.0, np.maximum(0.0, x))


def exposure_to_russia(km_to_moscow: Floats, border: Floats, p: Threat) -> Floats:
    """Exposure to Russia by distance and border, (M, 1) to (M, 1) or (M, R), 0-1.

    Source: nearness as part of threat, Walt (1987); border states react most, Kruger and Neugart (2025). Slope assumed.
    """
    near = clip((p.russia_far - km_to_moscow) / (p.russia_far - p.russia_near))
    return np.minimum(1.0, p.russia_floor + (1 - p.russia_floor) * near + p.russia_border * border)


def stake(trade_china: Floats, trade_japan: Floats, territory: Floats, g7: Floats, p: Threat) -> Floats:
    """Stake in the Indo-Pacific, 0-1, which is also the exposure to China: trade (% of GDP), territory, G7. Assumed."""
    trade = log(1 + (trade_china + trade_japan)) / log(1 + p.stake_trade_full)
    return np.minimum(1.0, p.stake_floor + p.stake_trade * trade + p.stake_territory * territory + p.stake_g7 * g7)


def exposure_to_retrenchment(troops: Floats, spending: Floats, in_nato: Floats, p: Threat) -> Floats:
    """Exposure to American retrenchment, 0-1: reliance on US troops (persons) and on others' spending (% of GDP)."""
    shortfall = np.maximum(0.0, 1 - spending / p.us_pledge)
    reliance = log(1 + troops) / log(1 + p.us_troops_full)
    exposure = np.minimum(1.0, p.us_floor + p.us_troops * reliance + p.us_shortfall * shortfall)
    return exposure * np.where(in_nato, 1.0, p.us_outside_nato)


def felt_threat(last: Floats, pressure: Floats, exposure: Floats, p: Threat) -> Floats:
    """Threat that states feel from a pressure, from 0 (none) to 1 (attack expected).

    A state sees a pressure as far as it is exposed to it. Feeling follows what is seen: fast when it grows, slowly
    when it fades. Broadcasts over members and pressures.

    Source: threat as power, nearness and intent in the eye of the state, Walt (1987), ch. 2; pace assumed.
    """
    gap = exposure * pressure - last
    moved = p.alarm_rate * np.maximum(0.0, gap)
    moved += p.calm_rate * np.minimum(0.0, gap)
    return np.add(last, moved, out=moved)


def indo_pacific_threat(china: Floats, north_korea: Floats, north_korea_weight: Value) -> Floats:
    """Threat felt from the Indo-Pacific, 0-1: the greater of China's and a share of North Korea's."""
    return np.maximum(china, north_korea_weight * north_korea)
