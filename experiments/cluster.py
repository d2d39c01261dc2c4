"""Blocks on a Dask cluster instead of on the cores of this machine."""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from distributed import Client, as_completed

T = TypeVar("T")
R = TypeVar("R")


def spread_on(address: str, work: Callable[[T], R], tasks: Sequence[T]) -> Iterator[tuple[T, R]]:
    """Each task with what came of it, as they finish on the workers of the scheduler at this address."""
    with Client(address) as client:
        running = {client.submit(work, task, pure=False): task for task in tasks}
        for future in as_completed(running):
            yield running[future], future.result()
