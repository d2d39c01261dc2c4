"""How deep a partnership states, Japan and the Union's bodies want (docs/ODD.md, 6.4). Positions lie in 0-1."""

from dataclasses import dataclass

import numpy as np

from agents.portable import log, logistic
from agents.rules.perception import clip
from agents.rules.types import Floats, Value, Whole
from config.families import Positions


def affinity(trade_japan: Floats, un_agreement: Floats, p: Positions) -> Floats:
    """How near a state is to Japan, around 0: trade (% of GDP) and agreement in UN votes."""
    trade = log(1 + trade_japan) / log(1 + p.affinity_trade_full) - p.affinity_trade_centre
    return trade + p.affinity_votes_scale * (un_agreement - p.affinity_votes_centre)


def dependence(trade_china: Floats, p: Positions) -> Floats:
    """Dependence on China, 0-1, by the log of trade (% of GDP): logs, since hubs inflate the figures."""
    return np.minimum(1.0, log(1 + trade_china) / log(1 + p.dependence_full))


def japan_wants(
    threat: Floats, russia: Floats, russia_felt: Floats, retrenchment: Floats, trust: Floats, stance: Floats,
    link: Value, p: Positions,
) -> Floats:  # fmt: skip
    """Position that Japan's cabinet is drawn to, (R,), 0-1.

    threat, russia_felt, trust: Japan's; russia, retrenchment: intensities of the pressures; stance in log-odds.
    Abandonment by the ally pulls, entrapment in another's war repels: Snyder (1984). Weights assumed.
    """
    return logistic(
        p.japan_constant
        + p.japan_threat * threat
        + p.japan_abandonment * retrenchment
        + p.japan_russia * link * russia
        - p.japan_entrapment * (1 - link) * russia_felt
        + p.japan_trust * (trust - p.trust_centre)
        + stance
    )


def reciprocity(japan_position: Floats, p: Positions) -> Floats:
    """How far Japan's help for Ukraine is there to be returned, 0-1: help comes with Japan's own position."""
    return np.minimum(1.0, p.help_for_ukraine * japan_position)


@dataclass(frozen=True)
class Considerations:
    """What a state weighs, (M, R) each unless said otherwise."""

    affinity: Floats  # (M, 1) or (M, R)
    attention: Floats
    indo_pacific: Floats
    russia: Floats
    stance: Floats
    trust: Floats
    reciprocity: Floats  # (R,)
    retrenchment: Floats  # (R,), intensity
    diversion: Value  # log-odds per unit of Russian threat; cost of the strategy lever


def states_want(of: Considerations, link: Value, p: Positions) -> Floats:
    """Position that each state is drawn to, (M, R), 0-1.

    Interest in Asia counts as far as a state attends to it; Japan's help for Ukraine is returned by those who fear
    Russia. What a step costs with China is charged to the file, not to the position (`fear`). Weights assumed.
    """
    return logistic(
        p.constant
        + p.affinity * of.affinity
        + p.threat * of.attention * of.indo_pacific
        + p.reciprocity * link * of.russia * of.reciprocity
        + p.retrenchment * of.retrenchment
        + p.stance * of.stance
        + p.trust * (of.trust - p.trust_centre)
        - of.diversion * of.russia
    )


def drawn_to(position: Floats, wanted: Floats, p: Positions) -> Floats:
    """Position moved towards what is wanted, 0-1."""
    return position + p.move * (wanted - position)


def heard(position: Floats, listens_to: Whole, confidence: Value) -> Floats:
    """Sum of the differences to those listened to who are near enough to be heard, (V, R).

    listens_to (V, S) holds rows of `position`, S the number each listens to.
    Source: bounded confidence, Deffuant et al. (2000).
    """
    summed, difference, distance = np.zeros_like(position), np.empty_like(position), np.empty_like(position)
    for speakers in listens_to.T:
        np.take(position, speakers, axis=0, out=difference, mode="clip")
        np.subtract(difference, position, out=difference)
        near = np.abs(difference, out=distance) <= confidence
        np.multiply(difference, near, out=difference)
        np.add(summed, difference, out=summed)
    return summed


def fear(dependence: Floats, china: Floats, coercion: Floats, weight: Value, p: Positions) -> Floats:
    """What dependence on China takes from acceptance per unit of what a file costs, (M, R).

    A quarter of the weight in log-odds: the logistic's slope at its middle. `coercion` is retaliation still felt, 0-1.
    """
    return 0.25 * p.dependence * dependence * np.minimum(1.0, china + weight * coercion)


def principal(mean: Floats, ambition: Value, mood: Floats) -> Floats:
    """Position of a body of the Union, (R,), 0-1: the members' mean, what such bodies want more, this term's mood."""
    return clip(mean + ambition + mood)
