"""Governments, terms and the European Council's consensus (docs/ODD.md, 6.3)."""

from dataclasses import dataclass

import numpy as np

from agents.portable import normal, probability
from agents.rules.perception import clip
from agents.rules.types import Floats, Mask, Value, Whole
from config.families import Governments, Japan


def elected(scripted: Mask, free: Mask, u: Floats, p: Governments) -> Mask:
    """Whether a state changes its government, (M, R): by the record, or by hazard where the record says nothing."""
    return scripted | (free & (u < probability(p.election)))


def new_stance(mean: Floats, u: Floats, p: Governments) -> Floats:
    """Stance of a new government around the usual one of its state; 0 ordinary, below `spoiler` a spoiler."""
    return mean + p.spread * normal(u)


def guideline(left: Whole, shock: Mask, consensus: Mask, u: Floats, p: Governments) -> Whole:
    """Quarters that the European Council's guideline has left, (R,): a new one may follow a shock.

    The European Council decides by consensus, Art. 15(4) TEU; that it reacts to shocks is assumed.
    """
    adopted = shock & (u < p.guideline_chance) & consensus
    return np.where(adopted, np.rint(p.guideline_quarters).astype(np.int64), np.maximum(0, left - 1))


def passerelle(stance: Floats, reserve: Floats, u: Floats, p: Governments) -> Mask:
    """Whether the European Council agrees unanimously to majority voting, (R,), members only: Art. 31(3) TEU."""
    nobody_objects: Mask = np.all(stance >= reserve, axis=0)
    return nobody_objects & (u < p.passerelle_chance)


@dataclass(frozen=True)
class LowerHouse:
    """What a Lower House election decides, each (R,)."""

    share: Floats
    partner: Mask


def lower_house_election(
    share: Floats, partner: Mask, support_lost: Floats, u_seats: Floats, u_partner: Floats, majority: Value, p: Japan
) -> LowerHouse:
    """Seats of the governing coalition (share of all) after an election, and whether a pacifist partner sits in it.

    Seats return towards their usual level. Who loses the majority may take a partner in; who has won may let it go.
    Lost support for the cabinet's line on Article 9 costs seats. Source: assumed; Constitution of Japan, Art. 45, 54.
    """
    loss = p.unpopular_seats * np.maximum(0.0, support_lost)
    held = clip(p.lower_mean + p.lower_persistence * (share - p.lower_mean) + p.seat_spread * normal(u_seats) - loss)
    joins = (held <= majority) & (u_partner < p.partner_joins) & ~partner
    leaves = partner & (held > majority) & (u_partner < p.partner_leaves)
    return LowerHouse(
        share=np.where(joins, np.minimum(1.0, held + p.partner_seats), held), partner=(partner | joins) & ~leaves
    )


def upper_house_renewal(share: Floats, u: Floats, p: Japan) -> Floats:
    """Share of Upper House seats after half of them are renewed: Constitution of Japan, Art. 46."""
    return clip(0.5 * share + 0.5 * (p.upper_mean + p.seat_spread * normal(u)))
