"""How files are opened, bargained over and concluded, and how far states go with them (docs/ODD.md, 6.5)."""

import numpy as np

from agents.portable import exp, log, logistic
from agents.rules.types import Floats, Mask, Small, Value, Whole
from config.families import Council, Delivery, Files

GRID, STEP = 2.0**40, 2.0**-40


def on_grid(level: Floats) -> Floats:
    """Level rounded to a multiple of 2^-40, which leaves the low bits of its number free for a member's place."""
    scaled = level * GRID
    np.rint(scaled, out=scaled)
    return np.multiply(scaled, STEP, out=scaled)


def accepted(position: Floats, fear: Floats, cost: Value, reluctant: Floats, p: Council) -> Floats:
    """Level that a state accepts before a file's own noise, (V, R), 0 or more, not yet on the grid.

    position, fear (V, R); cost of the field with China; reluctant (V, 1): 1 for neutral states on files with defence
    implications, who accept less. Source: ideal points in spatial bargaining, Thomson et al. (2006); form assumed.
    """
    return np.maximum(0.0, p.acceptance * (position - fear * cost)) * (1 - p.neutral_discount * reluctant)


def slack(attention: Floats, p: Council) -> Floats:
    """Level between accepting and opposing, (M, R): few oppose, because few care."""
    return p.tolerance * (1 - attention)


def veto_bound(acceptance: Floats, slack: Floats) -> Floats:
    """Level up to which a state abstains rather than opposes."""
    return on_grid(acceptance + slack)


def declared_bound(acceptance: Floats, veto: Floats, declared: Value) -> Floats:
    """Level beyond which an abstention is declared, Art. 31(1) TEU, second subparagraph."""
    return on_grid(acceptance + declared * (veto - acceptance))


def dialogue_factor(carried_out: Floats, lever: Value, p: Files) -> Floats:
    """How far regular dialogue speeds opening, concluding and carrying out; 1 without any."""
    return 1 + p.dialogue * (p.dialogue_record * carried_out + lever)


def forecast(passes: Floats, least: Floats, p: Files) -> Floats:
    """The High Representative's chance, 0-1, that what passes reaches the least worth signing."""
    return logistic((passes - least) / p.forecast_width)


def soft_factor(helped: list[Mask], missing: Value, runs: int) -> Floats:
    """Product over soft prerequisites, (R,): 1 for each in force, `missing` for each that is not."""
    factor = np.ones(runs)
    for in_force in helped:
        factor = factor * np.where(in_force, 1.0, missing)
    return factor


def opening_hazard(
    attention: tuple[Floats, Floats], demand: tuple[Floats, Floats], soft: Floats, chance: Floats, dialogue: Floats,
    in_talks: Floats | Small, track: Floats, p: Files,
) -> Floats:  # fmt: skip
    """Hazard per quarter of opening a file, which is also its push, (K, R).

    attention and demand of the Union and of Japan; chance the forecast, whose exponent says how far hopeless files are
    left in the drawer; in_talks the number of files already open, (R,); track what a fast track adds.
    """
    tabled = exp(p.forecast * log(chance))
    crowded = 1 + p.crowding * in_talks
    wanted = p.opening * attention[0] * attention[1] * demand[0] * demand[1]
    return wanted * soft * tabled * dialogue / crowded * p.opening_factor + track


def pace_of_talks(union: Floats, japan: Floats, p: Files) -> Floats:
    """Pace of negotiations by the attention of both sides, (R,)."""
    return p.pace_floor + p.pace_eu * union + p.pace_japan * japan


def talks_hazard(pace: Floats, will: Floats, dialogue: Floats, track: Floats, p: Files) -> Floats:
    """Hazard per quarter that a mandate turns into talks, (K, R)."""
    return p.concluding * pace / p.talks_quarters * will * dialogue + track


def concluding_hazard(
    pace: Floats, quarters: Floats, will: Floats, dialogue: Floats, at_summit: bool, p: Files
) -> Floats:
    """Hazard per quarter that talks are ripe, (K, R); `quarters` (K, 1) is how complex a file is."""
    summit = p.summit if at_summit else p.off_summit
    return p.concluding * pace / quarters * will * dialogue * summit * p.concluding_factor


def midpoint(union: Floats, japan: Floats, ambition: Floats, weight_union: Value) -> Floats:
    """Relative depth on which the two principals would meet, 0-1: weighted mean of what they want, over ambition."""
    return np.minimum(1.0, (weight_union * union + (1 - weight_union) * japan) / ambition)


def slots_granted(asks: Mask, push: Floats, tie: Floats, free: Whole) -> Mask:
    """Which files get one of the slots that are free, (K, R): by push, ties by a named draw, then by the list.

    asks (K, R), push and tie (K, R), free (R,).
    """
    order = np.lexsort((tie, np.where(asks, -push, np.inf)), axis=0)
    rank = np.empty_like(order)
    np.put_along_axis(rank, order, np.arange(len(asks))[:, np.newaxis], axis=0)
    granted: Mask = asks & (rank < free)
    return granted


def framework_factor(framework: Mask, halfway: Mask, p: Delivery) -> Floats:
    """How far operational agreements turn into activity, (R,): fully only within an operational framework."""
    return np.where(framework, 1.0, np.where(halfway, p.framework_half, p.framework_none))
