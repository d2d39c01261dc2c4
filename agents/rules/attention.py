"""Who attends to the partnership (docs/ODD.md, 6.2). Attention is finite: what one theatre gets another lacks."""

from dataclasses import dataclass

import numpy as np

from agents.portable import total, weighted_total
from agents.rules.types import Floats, Mask, Value
from config.families import Attention


def own_interest(has_strategy: Floats, guideline: Mask, lever: Value, p: Attention) -> Floats:
    """Attention weight that a state brings by itself, (M, R): a published strategy, a guideline, the strategy lever."""
    return p.own + p.strategy * has_strategy + p.guideline * guideline + lever


def attention(own: Floats, indo_pacific: Floats, russia: Floats, p: Attention) -> Floats:
    """Share of a state's attention that the partnership gets, (M, R), 0-1.

    Threats draw attention more than in proportion; Russia's theatre competes, except as far as both are seen as one.

    Source: attention as a finite resource, Jones and Baumgartner (2005); form and weights assumed.
    """
    eastern = indo_pacific * np.sqrt(indo_pacific)
    northern = russia * np.sqrt(russia)
    here = own + eastern + p.russia_link * p.link * russia
    everywhere = own + eastern + northern + p.elsewhere
    return np.minimum(1.0, here / everywhere)


def union_attention(attention: Floats, persons: Floats, has_strategy: Floats, p: Attention) -> Floats:
    """Attention of the Union, (R,), 0-1: of its members by population, champions counting more.

    Arrays hold the members of the quarter only: attention (V, R), persons and has_strategy (V, 1).
    """
    weight = persons * (1 + (p.champion - 1) * has_strategy)
    return np.minimum(1.0, weighted_total(attention, weight) / total(weight) * p.factor_eu)


@dataclass(frozen=True)
class Frameworks:
    """Depth of what else draws on Japan, each (R,), 0-1, and the operational depth of the partnership itself."""

    quad: Floats
    australia: Floats
    nato: Floats
    united_kingdom: Floats
    single_states: Floats
    partnership: Floats


def japan_attention(depth: Frameworks, russia: Floats, retrenchment: Floats, p: Attention) -> Floats:
    """Attention of Japan, (R,), 0-1: the Union's share in all that pulls, from depth and what the threats call for.

    `russia` and `retrenchment` are intensities, 0-1. Source: form and weights assumed.
    """
    us = p.pull_us * (1 - p.pull_us_loss * retrenchment)
    quad = p.pull_quad * (0.5 + (depth.quad + depth.australia) / 2)
    nato = (p.pull_nato + p.pull_nato_russia * p.link * russia) * (0.5 + depth.nato)
    uk = p.pull_uk * (0.5 + depth.united_kingdom)
    states = p.pull_states * (0.5 + depth.single_states)
    union = (
        p.pull_eu
        + p.pull_eu_russia * p.link * russia
        + p.pull_eu_us * retrenchment
        + p.pull_eu_depth * depth.partnership
    )
    share = union / (union + us + quad + nato + uk + states)
    return np.minimum(1.0, p.japan_scale * share * p.factor_japan)
