"""How a rival's runs are timed: so many runs, and half as many, so that one sees whether cost per run is the same."""

from collections.abc import Callable
from statistics import median
from time import perf_counter
from typing import Any

QUICK = 4
"""Runs of a quick look."""


def timed(play: Callable[[int], object], runs: int, rounds: int) -> dict[str, Any]:
    """Seconds of each round for so many runs, `half` for half as many, one after the other.

    `runs_per_second` is of the whole, starting processes included. `further_runs_per_second` leaves out what is spent
    once: it is by the difference between whole and half, and what to reckon with for many more runs.
    """
    whole, half = [], []
    for _ in range(rounds):
        half.append(_seconds(play, runs // 2))
        whole.append(_seconds(play, runs))
    more = median(whole) - median(half)
    return {
        "runs": runs,
        "seconds": whole,
        "half": {"of": runs // 2, "seconds": half},
        "runs_per_second": runs / median(whole),
        "further_runs_per_second": (runs - runs // 2) / more if more > 0.0 else None,
    }


def _seconds(play: Callable[[int], object], runs: int) -> float:
    begun = perf_counter()
    play(runs)
    return perf_counter() - begun
