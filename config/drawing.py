"""The value of an uncertain parameter at a quantile of its draw."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from config.schema import Parameter

Floats = NDArray[np.float64]
Function = Callable[[Floats], Floats]


def standard_normal(u: Floats) -> Floats:
    """Quantile of the standard normal distribution."""
    from scipy.special import ndtri  # takes longer to load than everything else here

    return np.asarray(ndtri(u))


def drawn(parameter: Parameter, u: Floats, *, normal: Function = standard_normal, exp: Function = np.exp) -> Floats:
    """Value of an uncertain parameter for uniform numbers in (0, 1), of the same shape.

    `normal` is the quantile function of the standard normal distribution. Rules give functions of their own here, which
    have the same bits on every machine.
    """
    assert parameter.draw is not None and parameter.range is not None
    if parameter.draw.uniform is not None:
        low, high = parameter.draw.uniform
        return low + (high - low) * u
    if parameter.draw.normal is not None:
        mean, spread = parameter.draw.normal
        value = mean + spread * normal(u)
    else:
        assert parameter.draw.lognormal_sd is not None
        value = parameter.value * exp(parameter.draw.lognormal_sd * normal(u))
    least, most = parameter.range
    return np.minimum(most, np.maximum(least, value))
