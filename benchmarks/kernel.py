"""What costs most as fused, compiled loops (numba, one thread): the Council's decisions, the positions of states, the
random draws. Floors for our own rules.

The same arithmetic in the same order as agents/institutions/{council,voting}.py, agents/member_states.py,
agents/portable.py, agents/rules/{bargaining,business,positions}.py and simulation/chance.py, so the same bits
(tests/benchmarks/test_kernel.py); but every number is used as soon as it is there and no array is made on the way.
Histories are worked on a tile at a time, states within it: what a tile needs stays in the processor's cache, and the
inner loops run over neighbouring histories, which the compiler turns into vector instructions. States are ordered by a
sorting network, which knows no branches: faster than numpy's sort and than a loop over the states of one history.

Covered: unanimity with declared abstentions, the double majority, common accord and consensus; not the weighted votes
of Nice, nor the passerelle, which `outlook` without a policy lacks.
"""

from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from agents.institutions.council import CLEARLY
from agents.institutions.voting import PLACES
from agents.portable import _EXP, _LN2_HIGH, _LN2_LOW, _PER_LN2, EXP_LIMIT, KNOTS, normal
from agents.rules.bargaining import GRID
from simulation.chance import key_of

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]
Hashes = NDArray[np.uint64]

TILE = 64
"""Histories worked on at a time."""

RULES = ("consensus", "common accord", "unanimity", "qualified majority")
CONSENSUS, COMMON_ACCORD, UNANIMITY, MAJORITY = range(4)
NOTHING, CHINA, RUSSIA = range(3)
"""What ties a voter's hand on a topic: nothing, dependence on China, fear of Russia."""

_LOW_BITS, _STEP = PLACES - 1, 1 / GRID


def knots() -> Floats:
    """Standard normal quantiles at 0, 1/4096, ..., 1, as `agents.portable.normal` has them."""
    lower = normal(np.arange(KNOTS) / KNOTS)
    return np.append(lower, -lower[0])


def network(voters: int) -> Whole:
    """Pairs of places, (N, 2), which put in order one after another sort so many voters.

    Source: merge exchange, Batcher (1968); Knuth, The Art of Computer Programming, vol. 3, 5.2.2, algorithm M.
    """
    pairs = []
    top = 1 << max(0, (voters - 1).bit_length() - 1)
    p = top
    while p > 0:
        q, r, d = top, 0, p
        while True:
            pairs += [(i, i + d) for i in range(voters - d) if i & p == r]
            if q == p:
                break
            d, q, r = q - p, q >> 1, p
        p >>= 1
    return np.array(pairs, dtype=np.int64).reshape(-1, 2)


@numba.njit(cache=True)
def _on_grid(level: float) -> float:
    rounded: float = np.rint(level * GRID) * _STEP
    return rounded


@numba.njit(cache=True)
def _normal(u: float, knot: Floats) -> float:
    place = u * KNOTS
    cell = int(place)
    quantile: float = knot[cell] + (place - cell) * (knot[cell + 1] - knot[cell])
    return quantile


@numba.njit(cache=True)
def _passing(bits: Whole, persons: Whole, limits: Whole, net: Whole, wide: int, level: Floats) -> None:
    """Level at which a tile's voters stop a draft: in order of their bounds, at the first rank that limits allow.

    bits (n, TILE) the bounds as whole numbers, spoiled here; limits: least rank, persons up to it, rank at the latest.
    Writes level (TILE,), of which the first `wide` count.
    """
    least, quota, latest = limits
    for i in range(len(persons)):
        for t in range(TILE):
            bits[i, t] |= i
    for pair in range(len(net)):
        i, j = net[pair]
        for t in range(TILE):
            one, other = bits[i, t], bits[j, t]
            bits[i, t] = min(one, other)
            bits[j, t] = max(one, other)
    bound = bits.view(np.float64)
    for t in range(wide):
        so_far, rank = persons[bits[0, t] & _LOW_BITS], 0
        while rank < latest and (rank < least or so_far < quota):
            rank += 1
            so_far += persons[bits[rank, t] & _LOW_BITS]
        bits[rank, t] &= ~_LOW_BITS
        level[t] = bound[rank, t]


@numba.njit(cache=True, inline="always")
def _how_far(here: Floats, runs: Floats, dependence: float, reluctant: float, bound: Floats) -> None:
    """How far one voter goes in a tile: bound (3, TILE) is written from here (3, TILE) and runs (8, TILE)."""
    for t in range(TILE):
        fear = runs[1, t] * dependence * runs[0, t]
        accepted = max(0.0, runs[4, t] * (here[0, t] - fear * runs[2, t])) * (1 - runs[5, t] * reluctant)
        bound[0, t] = _on_grid(max(0.0, accepted + here[2, t]))
        bound[1, t] = _on_grid(bound[0, t] + runs[6, t] * (1 - here[1, t]))
        bound[2, t] = _on_grid(bound[0, t] + runs[7, t] * (bound[1, t] - bound[0, t]))


@numba.njit(cache=True)
def decide_file(
    position: Floats, attention: Floats, dependence: Floats, reluctant: Floats, noise: Floats, noisy: bool,
    runs: Floats, cost: Floats, rows: Whole, persons: Whole, limits: Whole, rule: int, lanes: Whole, net: Whole,
    level: Floats, bounds: Floats,
) -> None:  # fmt: skip
    """Level that passes on one file, and how far each voter goes.

    position, attention, noise (M, R); dependence, reluctant (M,); runs (8, R): China's intensity, coercion, weight of
    retaliation, weight of dependence, acceptance, neutral discount, tolerance, declared; cost (R,); rows, persons (n,).
    Writes level (L,) and bounds (3, n, L): accept, veto, declared.
    """
    bits = np.zeros((PLACES, TILE), dtype=np.int64)
    in_order = bits.view(np.float64)
    here, of_run, bound, lowest, passes = (
        np.zeros((3, TILE)), np.zeros((8, TILE)), np.zeros((3, TILE)), np.zeros(TILE), np.zeros(TILE),
    )  # fmt: skip
    lowered_by = 0 if rule == COMMON_ACCORD else 1
    ordered_by = 0 if rule == MAJORITY else 2
    for start in range(0, len(lanes), TILE):
        wide = min(TILE, len(lanes) - start)
        lowest[:] = np.inf
        for t in range(wide):
            r = lanes[start + t]
            of_run[0, t] = min(1.0, runs[0, r] + runs[2, r] * runs[1, r])
            of_run[1, t] = 0.25 * runs[3, r]
            of_run[2, t] = cost[r]
            for k in range(4, 8):
                of_run[k, t] = runs[k, r]
        for i in range(len(rows)):
            row = rows[i]
            for t in range(wide):
                here[0, t] = position[row, lanes[start + t]]
                here[1, t] = attention[row, lanes[start + t]]
            if noisy:
                for t in range(wide):
                    here[2, t] = noise[row, lanes[start + t]]
            _how_far(here, of_run, dependence[row], reluctant[row], bound)
            for t in range(TILE):
                lowest[t] = min(lowest[t], bound[lowered_by, t])
            for t in range(TILE):
                in_order[i, t] = bound[ordered_by, t]
            for kind in range(3):
                for t in range(wide):
                    bounds[kind, i, start + t] = bound[kind, t]
        if rule in (UNANIMITY, MAJORITY):
            _passing(bits[: len(rows)], persons, limits, net, wide, passes)
        for t in range(wide):
            if rule == UNANIMITY:
                level[start + t] = min(lowest[t], passes[t])
            else:
                level[start + t] = passes[t] if rule == MAJORITY else lowest[t]


@numba.njit(cache=True)
def decide_topic(
    stance: Floats, threat: Floats, dependence: Floats, reluctant: Floats, u: Floats, knot: Floats, runs: Floats,
    asked: Floats, lanes: Whole, kept: NDArray[Any], tied: int, rows: Whole, persons: Whole, limits: Whole,
    rule: int, opposed: NDArray[Any], abstained: NDArray[Any], stopped: NDArray[Any],
) -> None:  # fmt: skip
    """How one piece of other business goes in the runs in which it arises, lanes (L,).

    stance, threat, u (M, R); dependence, reluctant (M,); runs (9, R): tolerance, weight of stance, spoiler, weights of
    dependence and of threat, noise, gaps of acceptance and of neutrals, declared; asked (R,); kept (n, R): who goes on
    holding the matter up. Writes opposed, abstained (n, R) and stopped (2, R): blocked, vetoed.
    """
    opposed[:], abstained[:], stopped[:] = False, False, False
    few, persons_enough = limits[0] + 1, limits[1]
    for lane in range(len(lanes)):
        r = lanes[lane]
        members, citizens = 0, 0
        for i in range(len(rows)):
            row = rows[i]
            usual = runs[0, r] + runs[1, r] * min(0.0, stance[row, r] - runs[2, r])
            if tied == CHINA:
                usual += -(runs[3, r] * dependence[row])
            elif tied == RUSSIA:
                usual += runs[4, r] * threat[row, r]
            gaps = runs[6, r] + runs[7, r] * reluctant[row]
            if usual + runs[5, r] * knot[0] - gaps > asked[r] + CLEARLY:
                stopped[0, r] |= kept[i, r]
                continue
            tolerated = max(0.0, usual + runs[5, r] * _normal(u[row, r], knot))
            accept = _on_grid(max(0.0, tolerated - runs[6, r] - runs[7, r] * reluctant[row]))
            veto = _on_grid(tolerated)
            declared = _on_grid(accept + runs[8, r] * (veto - accept))
            against = asked[r] > veto
            opposed[i, r] = against
            abstained[i, r] = declared < asked[r] <= veto
            if declared < asked[r]:
                members += 1
                citizens += persons[i]
            stopped[0, r] |= kept[i, r] or against
            stopped[1, r] |= against and not kept[i, r]
        stopped[0, r] |= rule == UNANIMITY and members >= few and citizens >= persons_enough


@numba.njit(cache=True, inline="always")
def _logistic(x: Floats, power: Whole) -> None:
    """1 / (1 + e^-x) for a tile, in place; `power` is working memory."""
    two_to_the_power = power.view(np.float64)
    for t in range(TILE):
        low = max(-x[t], -EXP_LIMIT)
        high = min(low, EXP_LIMIT)
        whole = np.rint(high * _PER_LN2)
        power[t] = (np.int64(whole) + 1023) << 52
        high = high - whole * _LN2_HIGH
        low = whole * _LN2_LOW
        rest = high - low
        square = rest * rest
        curve = square * _EXP[0]
        curve = (curve + _EXP[1]) * square
        curve = (curve + _EXP[2]) * square
        curve = (curve + _EXP[3]) * square
        curve = rest - (curve + _EXP[4]) * square
        x[t] = 1.0 - ((low - rest * curve / (2.0 - curve)) - high)
    for t in range(TILE):
        x[t] = 1.0 / (x[t] * two_to_the_power[t] + 1.0)


@numba.njit(cache=True)
def take_positions(
    position: Floats, affinity: Floats, attention: Floats, threat: Floats, stance: Floats, trust: Floats, runs: Floats,
    rows: Whole, listens_to: Whole, moved: Floats,
) -> None:  # fmt: skip
    """Where every state moves to: moved (M, R).

    position, attention, stance, trust (M, R); affinity (M,); threat (3, M, R): of China, North Korea, Russia; runs
    (18, R), as listed in captured.py; rows (V,) of members, listens_to (V, S) places among them.
    """
    states, width = position.shape
    wanted, power, heard = np.zeros(TILE), np.zeros(TILE, dtype=np.int64), np.zeros(TILE)
    for start in range(0, width, TILE):
        wide = min(TILE, width - start)
        for row in range(states):
            for t in range(wide):
                r = start + t
                indo_pacific = max(threat[0, row, r], runs[0, r] * threat[1, row, r])
                helped = min(1.0, runs[1, r] * runs[2, r])
                wanted[t] = (
                    runs[3, r]
                    + runs[4, r] * affinity[row]
                    + runs[5, r] * attention[row, r] * indo_pacific
                    + runs[6, r] * runs[7, r] * threat[2, row, r] * helped
                    + runs[8, r] * runs[9, r]
                    + runs[10, r] * stance[row, r]
                    + runs[11, r] * (trust[row, r] - runs[12, r])
                    - runs[13, r] * threat[2, row, r]
                )
            _logistic(wanted, power)
            for t in range(wide):
                here = position[row, start + t]
                moved[row, start + t] = here + runs[14, start + t] * (wanted[t] - here)
        for place in range(len(rows)):
            row = rows[place]
            heard[:] = 0.0
            for speaker in listens_to[place]:
                for t in range(wide):
                    difference = position[rows[speaker], start + t] - position[row, start + t]
                    heard[t] += difference if abs(difference) <= runs[15, start + t] else 0.0
            for t in range(wide):
                moved[row, start + t] += runs[16, start + t] / runs[17, start + t] * heard[t]
        for row in range(states):
            for t in range(wide):
                moved[row, start + t] = min(1.0, max(0.0, moved[row, start + t]))


_G = np.uint64(0x9E3779B97F4A7C15)
_FIRST, _SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_SHIFTS = (np.uint64(30), np.uint64(27), np.uint64(31), np.uint64(12))


@numba.njit(cache=True)
def _mixed(z: np.uint64) -> np.uint64:
    z = (z ^ (z >> _SHIFTS[0])) * _FIRST
    z = (z ^ (z >> _SHIFTS[1])) * _SECOND
    return z ^ (z >> _SHIFTS[2])


@numba.njit(cache=True)
def _hashed(runs: Hashes, key: np.uint64) -> Hashes:
    hashes = np.empty_like(runs)
    for r in range(len(runs)):
        hashes[r] = _mixed(_mixed(runs[r] * _G + key))
    return hashes


@numba.njit(cache=True)
def draw(keys: Hashes, runs: Hashes, step: np.uint64, table: Floats) -> None:
    """Uniforms of a quarter for hashed names (N,) and runs (R,) into a table (N, R): simulation/chance.py, fused."""
    for n in range(len(keys)):
        key = _mixed(keys[n] + step)
        for r in range(len(runs)):
            table[n, r] = (np.float64(_mixed(key + runs[r]) >> _SHIFTS[3]) + 0.5) * 2.0**-52


def step_of(quarter: int) -> np.uint64:
    """What a quarter adds to the keys of names."""
    return np.uint64((quarter + 1) * int(_G) & 2**64 - 1)


def hashes_of(seed: int, names: list[str], runs: int) -> tuple[Hashes, Hashes]:
    """Keys of names (N,) and hashes of the runs from 0 on (R,)."""
    keys = np.array([key_of(seed, name) for name in names], dtype=np.uint64)
    return keys, _hashed(np.arange(runs, dtype=np.uint64), np.uint64(key_of(seed, "runs")))
