"""How near the model is to what the machine can do: the draws alone, and what costs most against a compiled kernel."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from importlib.util import find_spec
from time import perf_counter
from typing import Any

import numpy as np

from agents.institutions.council import Council
from agents.member_states import MemberStates
from benchmarks.wrapping import wrapped
from config import Settings, resolve
from experiments.running import WIDTH
from simulation.chance import Chance
from simulation.model import PartnershipModel

SEED = 1
COVERED = {Council: ("convene", "surely_passes", "vote", "decide_other_business"), MemberStates: ("take_positions",)}
"""Methods whose work the kernel does: who votes and how far they go, what would pass on files, other business; how
states move."""

COMPILED = find_spec("numba") is not None
"""Whether the compiler is installed; without it there is only our own side."""

if COMPILED:
    from benchmarks import captured, kernel


def measure(rounds: int, quick: bool = False) -> dict[str, Any]:
    """Seconds for one block of `outlook`, whole horizon: the model, its draws, what the kernel does, and the kernel."""
    settings, width = resolve("outlook", "none", until="2027Q4" if quick else None), 64 if quick else WIDTH
    names = registered(settings)
    found: dict[str, Any] = {"runs": width, "names": len(names), "quarters": settings.until - settings.start + 1}
    played = [time_model(settings, width) for _ in range(rounds)]
    found["model"] = {"seconds": [seconds["model"] for seconds in played]}
    found["covered"] = {
        name: {"seconds": [seconds[name] for seconds in played]} for names in COVERED.values() for name in names
    }
    found["draws"] = {"seconds": timed(draws(settings, names, width), rounds)}
    if not COMPILED:
        return found
    found["compiled draws"] = {"seconds": timed(compiled_draws(settings, names, width), rounds)}
    found["compiled"] = {name: {"seconds": timed(work, rounds)} for name, work in compiled(settings, width).items()}
    return found


def timed(work: Callable[[], None], rounds: int) -> list[float]:
    """Seconds of each round, after one that does not count."""
    work()
    seconds = []
    for _ in range(rounds):
        begun = perf_counter()
        work()
        seconds.append(perf_counter() - begun)
    return seconds


# The draws


def registered(settings: Settings) -> list[str]:
    """Names that the model draws for every run every quarter; others it draws only where somebody looks."""
    names: list[str] = []

    def noted(register: Callable[..., slice]) -> Callable[..., slice]:
        def noting(self: Chance, new: Sequence[str]) -> slice:
            new = list(new)
            names.extend(new)
            return register(self, new)

        return noting

    with wrapped(Chance, register=noted):
        PartnershipModel(settings, range(1), SEED)
    return names


def draws(settings: Settings, names: list[str], width: int) -> Callable[[], None]:
    """All draws of all quarters, by simulation/chance.py."""
    chance = Chance(SEED, range(width))
    chance.register(names)

    def work() -> None:
        for quarter in range(settings.start, settings.until + 1):
            chance.turn(quarter)

    return work


def compiled_draws(settings: Settings, names: list[str], width: int) -> Callable[[], None]:
    """The same by the kernel."""
    keys, runs = kernel.hashes_of(SEED, names, width)
    table = np.empty((len(names), width))

    def work() -> None:
        for quarter in range(settings.start, settings.until + 1):
            kernel.draw(keys, runs, kernel.step_of(quarter), table)

    return work


# The Council and the states


def time_model(settings: Settings, width: int) -> dict[str, float]:
    """Seconds of a whole block, as "model", and in those of its methods that the kernel does."""
    spent: defaultdict[str, float] = defaultdict(float)

    def clocked(method: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **named: Any) -> Any:
            begun = perf_counter()
            answer = method(*args, **named)
            spent[method.__name__] += perf_counter() - begun
            return answer

        return call

    model = PartnershipModel(settings, range(width), SEED)
    with ExitStack() as stack:
        for kind, names in COVERED.items():
            stack.enter_context(wrapped(kind, **dict.fromkeys(names, clocked)))
        begun = perf_counter()
        model.run()
        return {"model": perf_counter() - begun, **spent}


def compiled(settings: Settings, width: int) -> dict[str, Callable[[], None]]:
    """The kernel's work on all that was asked in a block, by the method of ours that does it."""
    asked = captured.captured(settings, width)
    states = len(settings.members)
    level, bounds, moved = np.empty(width), np.empty((3, states, width)), np.empty((states, width))
    votes, stopped = np.empty((2, states, width), dtype=bool), np.empty((2, width), dtype=bool)

    def files() -> None:
        for one in asked.files:
            lanes = len(one.lanes)
            one.decide(level[:lanes], bounds[:, : len(one.voters.rows), :lanes])

    def business() -> None:
        for one in asked.business:
            opposed, abstained = votes[:, : len(one.voters.rows)]
            one.decide(opposed, abstained, stopped)

    def positions() -> None:
        for one in asked.positions:
            one.decide(moved)

    return {"vote": files, "decide_other_business": business, "take_positions": positions}
