"""Elementary functions and sums with the same bits on every machine, for one run as for a thousand.

numpy's own `exp`, `log` and powers differ in the last bit between processors and from Python's `math`; its sums depend
on width and layout. What is here is built only of operations whose result IEEE 754 fixes to the bit (+ - * /, rounding,
comparison, exponent bits), always in the same order. So a run comes out equal alone and in company, on any machine, and
equal to the plain scalar twin in tests/twin/portable.py. Rules use these functions instead of numpy's.

Arguments are floats or arrays of any shape and layout; results are new float64 arrays of the same (broadcast) shape.
"""

import threading
from collections.abc import Callable
from statistics import NormalDist
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats: TypeAlias = NDArray[np.float64]

EXP_LIMIT: Final = 700.0
"""`exp` takes arguments beyond +-700 for +-700, so that it neither overflows nor leaves the normal numbers."""

_PER_LN2: Final = 1.44269504088896338700
_LN2_HIGH: Final = 6.93147180369123816490e-01  # ln 2 in two parts: the first has few enough bits that k * high is exact
_LN2_LOW: Final = 1.90821492927058770002e-10

# Minimax coefficients of Sun Microsystems' fdlibm 5.3 (e_exp.c, e_log.c), highest power first.
_EXP: Final = (4.13813679705723846039e-08, -1.65339022054652515390e-06, 6.61375632143793436117e-05,
               -2.77777777770155933842e-03, 1.66666666666666019037e-01)  # fmt: skip
_LOG: Final = (1.479819860511658591e-01, 1.531383769920937332e-01, 1.818357216161805012e-01, 2.222219843214978396e-01,
               2.857142874366239149e-01, 3.999999999940941908e-01, 6.666666666666735130e-01)  # fmt: skip
_SQRT_HALF: Final = 0.70710678118654752440

_EXPONENT_BIAS: Final = np.int64(1023)
_MANTISSA_BITS: Final = np.int64(52)

LAST_BITS: Final = 2.0**-50
"""More than what rounding adds to a probability."""

BLOCK: Final = 8192
"""Numbers worked on at a time, so that working memory stays in the processor's cache. Changes no bit."""

KNOTS: Final = 4096
"""Number of intervals of (0, 1) on which `normal` is linear."""


def _as_floats(values: ArrayLike) -> Floats:
    return np.asarray(values, dtype=np.float64)


class _Scratch(threading.local):
    """Working memory that is kept between calls, per thread: fresh memory would cost more time than the arithmetic."""

    def __init__(self) -> None:
        self.floats: Floats = np.empty((5, BLOCK))
        self.whole: NDArray[np.int64] = np.empty(BLOCK, dtype=np.int64)
        self.exponent: NDArray[np.int32] = np.empty(BLOCK, dtype=np.int32)


_SCRATCH: Final = _Scratch()


def _in_blocks(function: Callable[[Floats, Floats], None], x: ArrayLike) -> Floats:
    """Apply an elementwise function (values, where to put the result) to x, BLOCK numbers at a time."""
    values = _as_floats(x)
    result = np.empty(values.shape)
    source, target = values.reshape(-1), result.reshape(-1)
    for start in range(0, values.size, BLOCK):
        function(source[start : start + BLOCK], target[start : start + BLOCK])
    return result


def _horner(x: Floats, coefficients: tuple[float, ...], out: Floats) -> None:
    """Polynomial in x, highest power first."""
    np.multiply(x, coefficients[0], out=out)
    for coefficient in coefficients[1:-1]:
        np.add(out, coefficient, out=out)
        np.multiply(out, x, out=out)
    np.add(out, coefficients[-1], out=out)


def _exp(x: Floats, out: Floats) -> None:
    high, low, whole, square, curve = _SCRATCH.floats[:, : x.size]
    np.maximum(x, -EXP_LIMIT, out=high)
    np.minimum(high, EXP_LIMIT, out=high)
    np.multiply(high, _PER_LN2, out=whole)
    np.rint(whole, out=whole)
    np.multiply(whole, _LN2_HIGH, out=low)
    np.subtract(high, low, out=high)
    np.multiply(whole, _LN2_LOW, out=low)
    rest = np.subtract(high, low, out=out)  # r = high - low

    np.multiply(rest, rest, out=square)
    _horner(square, _EXP, out=curve)
    np.multiply(curve, square, out=curve)
    np.subtract(rest, curve, out=curve)  # c = r - r^2 P(r^2)
    np.multiply(rest, curve, out=rest)
    np.subtract(2.0, curve, out=curve)
    np.divide(rest, curve, out=rest)  # r c / (2 - c)
    np.subtract(low, rest, out=low)
    np.subtract(low, high, out=low)
    np.subtract(1.0, low, out=low)  # e^r = 1 - ((low - r c / (2 - c)) - high)

    bits = _SCRATCH.whole[: x.size]
    np.copyto(bits, whole, casting="unsafe")
    np.add(bits, _EXPONENT_BIAS, out=bits)
    np.left_shift(bits, _MANTISSA_BITS, out=bits)
    np.multiply(low, bits.view(np.float64), out=out)


def _log(x: Floats, out: Floats) -> None:
    if not ((x > 0.0) & (x < np.inf)).all():
        raise ValueError("the logarithm is defined for positive finite numbers")
    f, k, s, square, series = _SCRATCH.floats[:, : x.size]
    exponent = _SCRATCH.exponent[: x.size]
    np.frexp(x, out=(f, exponent))
    np.less(f, _SQRT_HALF, out=s)  # 1 where the mantissa is to be doubled
    np.subtract(exponent, s, out=k)
    np.add(s, 1.0, out=s)
    np.multiply(f, s, out=f)
    np.subtract(f, 1.0, out=f)
    np.add(f, 2.0, out=s)
    np.divide(f, s, out=s)  # s = f / (2 + f)
    np.multiply(s, s, out=square)
    _horner(square, _LOG, out=series)
    np.multiply(series, square, out=series)
    np.multiply(f, f, out=square)
    np.multiply(square, 0.5, out=square)
    np.add(series, square, out=series)
    np.multiply(s, series, out=s)
    np.multiply(k, _LN2_LOW, out=series)
    np.add(s, series, out=s)
    np.subtract(square, s, out=s)
    np.subtract(s, f, out=s)
    np.multiply(k, _LN2_HIGH, out=k)
    np.subtract(k, s, out=out)  # k ln2 - ((f^2/2 - (s (f^2/2 + series) + k ln2_low)) - f)


def _logistic(x: Floats, out: Floats) -> None:
    np.negative(x, out=out)
    _exp(out, out)
    np.add(out, 1.0, out=out)
    np.divide(1.0, out, out=out)


def _probability(hazard: Floats, out: Floats) -> None:
    np.negative(hazard, out=out)
    _exp(out, out)
    np.subtract(1.0, out, out=out)


def _normal(u: Floats, out: Floats) -> None:
    place, below, rise = _SCRATCH.floats[:3, : u.size]
    cell = _SCRATCH.whole[: u.size]
    np.multiply(u, KNOTS, out=place)
    np.copyto(cell, place, casting="unsafe")
    np.subtract(place, cell, out=place)
    np.take(_KNOT, cell, out=below, mode="clip")
    np.take(_RISE, cell, out=rise, mode="clip")
    np.multiply(place, rise, out=rise)
    np.add(below, rise, out=out)


def exp(x: ArrayLike) -> Floats:
    """e to the x, any shape; within 1 unit in the last place. Arguments beyond +-700 count as +-700.

    x = k ln 2 + r with whole k and |r| <= ln 2 / 2; e^r from fdlibm's rational form, 2^k by its exponent bits.
    """
    return _in_blocks(_exp, x)


def log(x: ArrayLike) -> Floats:
    """Natural logarithm of positive finite x, any shape; within 1 unit in the last place.

    Where x may be 0 in runs that do not count, give `np.maximum(x, tiny)`: as with 0 / 0, both sides of a `where`
    are computed. Raises ValueError for anything that is not positive and finite.

    x = 2^k (1 + f) with sqrt(1/2) <= 1 + f < sqrt(2); log(1 + f) from fdlibm's series in f / (2 + f).
    """
    return _in_blocks(_log, x)


def logistic(x: ArrayLike) -> Floats:
    """1 / (1 + e^-x), any shape, from 0 to 1."""
    return _in_blocks(_logistic, x)


def probability(hazard: ArrayLike) -> Floats:
    """Probability that something with this hazard (expected number per quarter, 0 or more) happens: 1 - e^-hazard."""
    return _in_blocks(_probability, hazard)


def may_happen(u: Floats, hazard: ArrayLike) -> NDArray[np.bool_]:
    """Draws at which something with at most this hazard may happen: 1 - e^-h is never more than h, but for rounding."""
    may: NDArray[np.bool_] = u < np.add(hazard, LAST_BITS)
    return may


def happens(u: Floats, hazard: Floats, among: NDArray[np.bool_] | None = None) -> NDArray[np.bool_]:
    """Draws at which something with this hazard happens: u < probability(hazard), all of the same shape.

    Only where it may happen, mostly in few places, is the probability worked out; `among` says where it counts.
    """
    result = may_happen(u, hazard)
    if among is not None:
        result &= among
    where = places(result)
    result[where] = u[where] < probability(hazard[where])
    return result


def places(mask: NDArray[np.bool_]) -> tuple[NDArray[np.int64], ...]:
    """Where a mask holds, one array of indices per axis, as by `np.nonzero`: quick where it holds in few places."""
    (flat,) = mask.reshape(-1).nonzero()
    return np.unravel_index(flat, mask.shape) if mask.ndim > 1 else (flat,)


def number(mask: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """For how many of the first axis, at most 255, a mask holds, (N, R) to (R,): quicker than numpy's own count."""
    count: NDArray[np.uint8] = np.add.reduce(mask.view(np.uint8), axis=0, dtype=np.uint8)
    return count


def _normal_knots() -> Floats:
    """Standard normal quantiles at 0, 1/4096, ..., 1, rounded to 9 decimals so that every machine has the same.

    The outermost two, which would be infinite, are set so that the interpolated variable has variance 1.
    """
    distribution = NormalDist()
    upper = [round(distribution.inv_cdf(i / KNOTS), 9) for i in range(KNOTS // 2, KNOTS)]
    upper.append(_OUTERMOST_KNOT)
    return np.array([-q for q in upper[:0:-1]] + upper)


_OUTERMOST_KNOT: Final = 3.9649
_KNOT: Final = _normal_knots()
_RISE: Final = _KNOT[1:] - _KNOT[:-1]


def normal(u: ArrayLike) -> Floats:
    """Standard normal quantile of u, 0 < u < 1, any shape: linear between 4,096 quantiles.

    Within 0.0012 of the exact quantile up to 3 standard deviations, never beyond 3.9649: right for noise, not for the
    study of far tails. Mean 0, variance 1.
    """
    return _in_blocks(_normal, u)


def total(rows: ArrayLike) -> Floats:
    """Sum over the first axis, (N, R) to (R,), adding one row after another from the first to the last.

    Unlike numpy's sum, the same bits for every number of runs. Without rows it is 0. Where rows of several numbers lie
    one after another in memory, numpy adds row to row by itself, in a third of the time; single numbers it cumulates.
    """
    values = _as_floats(rows)
    wide = values[:1].size
    if wide > 1 and values.flags.c_contiguous:
        summed: Floats = np.add.reduce(values, axis=0, initial=0.0)
        return summed
    if wide == 1:
        last: Floats = np.add.accumulate(values, axis=0)[-1]
        return np.asarray(last + 0.0)  # as if from 0 on: never minus 0
    result = np.zeros(values.shape[1:])
    for row in values:
        np.add(result, row, out=result)
    return result


def weighted_total(rows: ArrayLike, weights: ArrayLike) -> Floats:
    """Sum over the first axis of rows times weights: rows (N, R), weights (N, 1) or (N, R), result (R,).

    Not divided by the sum of the weights. Weights without an axis for runs raise ValueError: (N,) against (N, R) would
    be taken for one weight per run.
    """
    values, factors = _as_floats(rows), _as_floats(weights)
    if values.ndim != factors.ndim or len(values) != len(factors):
        raise ValueError(f"weights of shape {factors.shape} do not fit rows of shape {values.shape}")
    return total(values * factors)


def share(part: ArrayLike, whole: ArrayLike) -> Floats:
    """part / whole, broadcast, and 0 where the whole is not positive; never divides by zero."""
    parts, wholes = _as_floats(part), _as_floats(whole)
    alike = parts.shape == wholes.shape
    result = np.zeros(parts.shape if alike else np.broadcast_shapes(parts.shape, wholes.shape))
    np.divide(parts, wholes, out=result, where=wholes > 0.0)
    return result
