"""Samples of the unit cube, for designs: rows are points, columns are factors, every number lies in [0, 1].

Each is a pure function of its arguments, the same on every machine for the same seed. What a number means is said
elsewhere: it is the quantile of an uncertain parameter, a place in a range, or the luck of a run.

| sample          | rows                     | size                           | meant for                             |
| --------------- | ------------------------ | ------------------------------ | ------------------------------------- |
| latin_hypercube | size                     | points, at least 1             | maps of outcomes, scenario discovery  |
| saltelli        | size · (factors + 2)     | base points, a power of two    | first and total indices of variance   |
| morris          | size · (factors + 1)     | trajectories, at least 2       | screening: which factors do something |
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

MORRIS_LEVELS = 4  # 0, 1/3, 2/3 and 1; a step is 2/3, so that all levels are met equally often: Morris (1991), sec. 3


def latin_hypercube(factors: int, size: int, seed: int) -> NDArray[np.float64]:
    """A Latin hypercube, (size, factors): each of `size` equal slices of each factor holds one point.

    Source: McKay, Beckman and Conover (1979), Technometrics 21(2) 239-245; as scipy draws it.
    """
    from scipy.stats import qmc

    return np.asarray(qmc.LatinHypercube(d=factors, seed=seed).random(size), dtype=np.float64)


def saltelli(factors: int, size: int, seed: int) -> NDArray[np.float64]:
    """Points for first and total indices, (size · (factors + 2), factors), from a scrambled Sobol' sequence.

    Rows come in groups of factors + 2, one for each base point: a point A, then A with its first factor taken from
    a second point B, then A with its second factor from B, and so on; last B itself. Any size will do, but only a
    power of two keeps the balance of the sequence, so callers ask for one.

    Source: Saltelli et al. (2010), Computer Physics Communications 181(2) 259-270, radial from A; as SALib draws it.
    """
    from SALib.sample import sobol

    return np.asarray(sobol.sample(_unit(factors), size, calc_second_order=False, seed=seed), dtype=np.float64)


def morris(factors: int, size: int, seed: int) -> NDArray[np.float64]:
    """Trajectories for elementary effects, (size · (factors + 1), factors), on a grid of four levels.

    Rows come in groups of factors + 1, one for each trajectory: it begins at a point of the grid, and each further
    row changes one factor by 2/3, up or down, each factor once, in an order of its own.

    Source: Morris (1991), Technometrics 33(2) 161-174; as SALib draws it, without choosing among trajectories.
    """
    from SALib.sample.morris import sample

    trajectories = sample(_unit(factors), size, num_levels=MORRIS_LEVELS, seed=seed)
    return np.clip(np.asarray(trajectories, dtype=np.float64), 0.0, 1.0)  # sums of thirds may miss 1 by a bit


def _unit(factors: int) -> dict[str, Any]:
    """The unit cube, as SALib describes a problem."""
    names = [f"factor {column}" for column in range(factors)]
    return {"num_vars": factors, "names": names, "bounds": [[0.0, 1.0]] * factors}
