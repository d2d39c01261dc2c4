"""How cost grows: with member states, instruments, quarters, and histories that step together."""

import math
from collections.abc import Sequence
from time import perf_counter
from typing import Any

from config import Settings, resolve
from experiments.running import WIDTH
from simulation.model import PartnershipModel

LANES = (256, 512, 1024, 2048, 4096, 8192)
COPIES_OF_STATES, COPIES_OF_INSTRUMENTS, LENGTHS = (1, 2, 4), (1, 2), (1, 2)


def measure(rounds: int, quick: bool = False) -> dict[str, Any]:
    """Seconds at some sizes of each kind, and the exponent b of seconds = a size^b with its standard error."""
    settings, width = resolve("outlook", "none"), WIDTH
    lanes: Sequence[int] = LANES
    if quick:
        settings, width, lanes = settings.model_copy(update={"until": settings.start + 3}), 16, (8, 16)
    quarters = settings.until - settings.start + 1
    return {
        "member states": grown([(27 * n, with_states(settings, n), width) for n in COPIES_OF_STATES], rounds),
        "instruments": grown(
            [(len(settings.instruments) * n, with_instruments(settings, n), width) for n in COPIES_OF_INSTRUMENTS],
            rounds,
        ),
        "quarters": grown([(quarters * n, with_quarters(settings, n), width) for n in LENGTHS], rounds),
        "lanes": grown([(some, settings, some) for some in lanes], rounds),
    }


def grown(cases: Sequence[tuple[int, Settings, int]], rounds: int) -> dict[str, Any]:
    """Seconds of one block for each (size, settings, histories); sizes take turns, so that all meet the same day."""
    seconds: dict[int, list[float]] = {size: [] for size, _, _ in cases}
    for _ in range(rounds):
        for size, settings, width in cases:
            model = PartnershipModel(settings, range(width), 1)
            begun = perf_counter()
            model.run()
            seconds[size].append(perf_counter() - begun)
    points = [(size, each) for size, rounds_of in seconds.items() for each in rounds_of]
    return {
        "sizes": [{"size": size, "seconds": each} for size, each in seconds.items()],
        "exponent": dict(zip(("b", "standard_error"), exponent(points), strict=True)),
    }


def exponent(points: Sequence[tuple[float, float]]) -> tuple[float, float | None]:
    """Slope of log seconds on log size by least squares, and its standard error; None with two points."""
    x, y = ([math.log(one[place]) for one in points] for place in (0, 1))
    middle_x, middle_y = sum(x) / len(x), sum(y) / len(y)
    across = sum((one - middle_x) ** 2 for one in x)
    b = sum((one - middle_x) * (other - middle_y) for one, other in zip(x, y, strict=True)) / across
    left = sum((other - middle_y - b * (one - middle_x)) ** 2 for one, other in zip(x, y, strict=True))
    return b, math.sqrt(left / (len(x) - 2) / across) if len(x) > 2 else None


# Larger worlds: copies of what is there, under new names


def with_states(settings: Settings, times: int) -> Settings:
    """A Union in which every member state is there so many times, with its own people, luck and elections."""
    members = [one for one in settings.members if one.has("member", settings.start)]
    copies = [one.model_copy(update={"iso3": f"{one.iso3}{n}"}) for n in range(1, times) for one in members]
    return settings.model_copy(
        update={"members": tuple(sorted((*settings.members, *copies), key=lambda one: one.iso3))}
    )


def with_instruments(settings: Settings, times: int) -> Settings:
    """A catalogue in which every instrument is there so many times, each with its own start, luck and file."""
    table = settings.table
    copies = [
        (one.model_copy(update={"slug": f"{one.slug}_{n}"}), table.of(one.slug))
        for n in range(1, times)
        for one in settings.instruments
    ]
    start = {**table.instruments, **{one.slug: begun for one, begun in copies}}
    return settings.model_copy(
        update={
            "instruments": (*settings.instruments, *(one for one, _ in copies)),
            "table": table.model_copy(update={"instruments": start}),
        }
    )


def with_quarters(settings: Settings, times: int) -> Settings:
    """A horizon so many times as long."""
    return settings.model_copy(update={"until": settings.start + times * (settings.until - settings.start + 1) - 1})
