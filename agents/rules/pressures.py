"""How outside pressures move between calm, tension and crisis (docs/ODD.md, 6.1).

Regimes: 0 calm, 1 tense, 2 crisis.
"""

import numpy as np

from agents.portable import log, logistic, normal
from agents.rules.types import Floats, Mask, Value, Whole
from config.families import Pressures

CALM, TENSE, CRISIS = 0, 1, 2


def pull_up(intensity: Floats, visible: Floats, p: Pressures) -> Floats:
    """What draws a pressure up from outside itself, in log-odds, (4, R), from the four intensities.

    American retrenchment invites a test by China, and so does co-operation that shows; Russia's war frees North Korea.
    `visible` is the visible operational depth, (R,). Source: assumed, all strengths may be zero.
    """
    russia, _, _, retrenchment = intensity
    none = np.zeros_like(russia)
    china = p.us_to_china * retrenchment + p.provocation * visible
    return np.stack([none, china, p.russia_to_north_korea * russia, none])


def chance_up(regime: Whole, pull: Floats, p: Pressures) -> Floats:
    """Probability of moving a regime up in a quarter, same shape as `regime`; meaningless in a crisis."""

    def log_odds(base: Value) -> Floats:
        return log(base / (1 - base))

    base = np.where(regime == CALM, log_odds(p.up_from_calm), log_odds(p.up_from_tense))
    return logistic(base + pull)


def chance_down(regime: Whole, p: Pressures) -> Floats:
    """Probability of moving a regime down in a quarter, same shape as `regime`."""
    return np.where(regime == CRISIS, p.down_from_crisis, p.down_from_tense)


def chances_on_record(regime: Whole, chances: Floats) -> tuple[Floats, Floats]:
    """Probabilities of moving a regime up and down in a quarter of the past, (4, R) each.

    regime   (4, R)     regimes of the quarter before
    chances  (4, 3, 3)  chances of a pressure's regime now (last axis) given the one before

    Source: hidden Markov model of the evidence, docs/pressures.md.
    """
    none = np.zeros((len(chances), 1))
    up = np.hstack([chances[:, (CALM, TENSE), (TENSE, CRISIS)], none])
    down = np.hstack([none, chances[:, (TENSE, CRISIS), (CALM, TENSE)]])
    return np.take_along_axis(up, regime, axis=1), np.take_along_axis(down, regime, axis=1)


def next_regime(regime: Whole, up: Floats, down: Floats, u: Floats) -> Whole:
    """Regime of this quarter: a step up goes before a step down, and there is nothing above crisis or below calm."""
    rises = (u < up) & (regime < CRISIS)
    falls = (u > 1 - down) & (regime > CALM) & ~rises
    return regime + rises.astype(np.int64) - falls.astype(np.int64)


def intensity(last: Floats, regime: Whole, u: Floats, p: Pressures) -> Floats:
    """How hard a pressure presses, 0-1: drawn towards the level of its regime, with noise."""
    level = np.where(regime == CALM, p.level_calm, np.where(regime == TENSE, p.level_tense, p.level_crisis))
    moved: Floats = last + p.pace * (level - last) + p.noise * normal(u)
    return np.minimum(1.0, np.maximum(0.0, moved))


def shock(before: Whole, now: Whole) -> Mask:
    """Whether any of the pressures (first axis) has turned into a crisis this quarter, (R,)."""
    turned: Mask = ((now == CRISIS) & (before < CRISIS)).any(axis=0)
    return turned
