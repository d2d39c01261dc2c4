"""How agreements are carried out, fade and build interoperability (docs/ODD.md, 6.10)."""

import numpy as np

from agents.portable import total
from agents.rules.perception import clip
from agents.rules.types import Floats, Value
from config.families import Delivery


def spare(russia: Floats, lever: Value, p: Delivery) -> Floats:
    """Share of means that Russia's war leaves, (R,), 0-1."""
    return np.minimum(1.0, p.spare_floor + p.spare_peace * (1 - russia) + lever)


def spending_ratio(spending: Floats, p: Delivery) -> Floats:
    """Defence spending (% of GDP) against the pledge, 0-1."""
    return np.minimum(1.0, spending / p.spending_full)


def resources(spare: Floats, lead: Floats, japan: Floats, ships: Value, p: Delivery) -> Floats:
    """Means for operational work, (R,), 0-1: what is spare, by spending of lead states and Japan, less ships lent."""
    return spare * (p.means_floor + (1 - p.means_floor) * (0.5 * lead + 0.5 * japan)) * (1 - ships)


def civil_rate(spare: Floats, dialogue: Floats, p: Delivery) -> Floats:
    """Share of the gap that closes per quarter for political and civil instruments, (R,)."""
    return p.civil_rate * spare * dialogue * p.factor


def delivery_rate(
    resources: Floats, framework: Floats, interoperability: Floats, dialogue: Floats, p: Delivery
) -> Floats:
    """Share of the gap that closes per quarter for operational instruments, (R,)."""
    return p.rate * resources * framework * (p.interoperability_floor + interoperability) * dialogue * p.factor


def carried_out(done: Floats, agreed: Floats, rate: Floats, activity: Floats, p: Delivery) -> Floats:
    """Operational depth, relative: grows towards what is agreed, fades where nothing else is done in the field."""
    moved = done + np.minimum(1.0, rate) * (agreed - done) - p.fade * done * (1 - activity)
    return np.maximum(0.0, np.minimum(agreed, moved))


def interoperability(
    last: Floats, exercise: Floats, missions: Floats, bilateral: Floats, nato: Floats, lever: Value, p: Delivery
) -> Floats:
    """Interoperability, (R,), 0-1: built by exercises and missions, by ties of single states, by NATO's standards."""
    return clip(
        last
        + p.exercise * exercise
        + p.missions * missions
        + p.bilateral * bilateral
        + p.nato * nato
        - p.interoperability_fade * last
        + lever
    )


def receptiveness(claim: Floats, fear: Floats, china: Floats, base: Value) -> Floats:
    """How far Southeast Asia takes help, (R,), 0-1: mean over receivers of claim against fear of China; (N, 1) each."""
    each = clip(base + claim * china - fear * china * china)
    return total(each) / len(claim)
