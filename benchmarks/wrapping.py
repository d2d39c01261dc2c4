"""Looking on while the model plays, without a change in it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def wrapped(kind: type, **around: Callable[[Any], Any]) -> Iterator[None]:
    """Methods of a class replaced for a while by what is put around them."""
    before = {name: getattr(kind, name) for name in around}
    try:
        for name, wrap in around.items():
            setattr(kind, name, wrap(before[name]))
        yield
    finally:
        for name, method in before.items():
            setattr(kind, name, method)
