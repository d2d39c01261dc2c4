"""What all tests share, so that each is quick: the shipped configuration as read once, and a heap seldom searched."""

import gc
from collections.abc import Iterator

import pytest

from config import loading


def pytest_collection_finish() -> None:
    """What was imported by now stays: the search for garbage after every block of runs need not go through it."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def shipped() -> Iterator[None]:
    """The shipped configuration is read from its files once, any other each time."""
    read, once = loading.load_base, loading.load_base()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loading, "load_base", lambda root=loading.ROOT: once if root == loading.ROOT else read(root))
        yield
