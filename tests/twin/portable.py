"""The scalar twin of agents/portable.py: the same operations in the same order, for one Python float at a time."""

import math
from collections.abc import Iterable
from statistics import NormalDist

LN2_HIGH = 6.93147180369123816490e-01
LN2_LOW = 1.90821492927058770002e-10
PER_LN2 = 1.44269504088896338700
SQRT_HALF = 0.70710678118654752440
CELLS = 4096
OUTERMOST_KNOT = 3.9649


def exp(x: float) -> float:
    """e to the x; beyond +-700 as at +-700."""
    if x < -700.0:
        x = -700.0
    if x > 700.0:
        x = 700.0
    k = float(round(x * PER_LN2))
    high = x - k * LN2_HIGH
    low = k * LN2_LOW
    r = high - low
    t = r * r
    p = 4.13813679705723846039e-08 * t
    p = (p + -1.65339022054652515390e-06) * t
    p = (p + 6.61375632143793436117e-05) * t
    p = (p + -2.77777777770155933842e-03) * t
    p = (p + 1.66666666666666019037e-01) * t
    c = r - p
    return math.ldexp(1.0 - ((low - r * c / (2.0 - c)) - high), int(k))


def log(x: float) -> float:
    """Natural logarithm of a positive finite number."""
    if not 0.0 < x < math.inf:
        raise ValueError(x)
    mantissa, k = math.frexp(x)
    if mantissa < SQRT_HALF:
        mantissa = 2.0 * mantissa
        k = k - 1
    f = mantissa - 1.0
    s = f / (f + 2.0)
    z = s * s
    p = 1.479819860511658591e-01 * z
    p = (p + 1.531383769920937332e-01) * z
    p = (p + 1.818357216161805012e-01) * z
    p = (p + 2.222219843214978396e-01) * z
    p = (p + 2.857142874366239149e-01) * z
    p = (p + 3.999999999940941908e-01) * z
    p = (p + 6.666666666666735130e-01) * z
    half_square = f * f * 0.5
    return k * LN2_HIGH - ((half_square - (s * (p + half_square) + k * LN2_LOW)) - f)


def log_of(likelihood: float) -> float:
    """Logarithm of a likelihood, minus infinity where it is 0."""
    return log(likelihood) if likelihood > 0.0 else -math.inf


def logistic(x: float) -> float:
    """1 / (1 + e^-x)."""
    return 1.0 / (exp(-x) + 1.0)


def probability(hazard: float) -> float:
    """1 - e^-hazard."""
    return 1.0 - exp(-hazard)


def _knot(i: int) -> float:
    if i < CELLS // 2:
        return -_knot(CELLS - i)
    if i == CELLS:
        return OUTERMOST_KNOT
    return round(NormalDist().inv_cdf(i / CELLS), 9)


KNOTS = [_knot(i) for i in range(CELLS + 1)]


def normal(u: float) -> float:
    """Standard normal quantile of u, linear between 4,096 quantiles."""
    place = u * CELLS
    i = int(place)
    return KNOTS[i] + (place - i) * (KNOTS[i + 1] - KNOTS[i])


def total(values: Iterable[float]) -> float:
    """Sum, one after another from the first to the last (Python's own `sum` compensates from 3.12 on)."""
    result = 0.0
    for value in values:
        result = result + value
    return result


def weighted_total(values: Iterable[float], weights: Iterable[float]) -> float:
    """Sum of values times weights, not divided by the sum of the weights."""
    return total(value * weight for value, weight in zip(values, weights, strict=True))


def share(part: float, whole: float) -> float:
    """part / whole, and 0 where the whole is not positive."""
    if whole > 0.0:
        return part / whole
    return 0.0
