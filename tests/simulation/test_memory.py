"""The C library is told once to keep what is freed: by the names and numbers of glibc's malloc.h."""

import ctypes
import gc
import sys
import weakref
from types import SimpleNamespace

import pytest

from config import resolve
from simulation import memory, model
from simulation.model import PartnershipModel

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3


def told(platform: str, library: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setattr(ctypes, "CDLL", lambda name: library)
    memory.keep_freed_memory.__wrapped__()


def test_freed_arrays_up_to_32_mebibytes_and_256_in_all_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[tuple[int, int]] = []
    glibc = SimpleNamespace(mallopt=lambda *option: said.append(option))
    told("linux", glibc, monkeypatch)
    assert said == [(M_MMAP_THRESHOLD, 32 * 2**20), (M_TRIM_THRESHOLD, 256 * 2**20)]
    told("darwin", glibc, monkeypatch)
    told("linux", SimpleNamespace(), monkeypatch)  # another C library, which has no such option
    assert len(said) == 2


def test_every_model_asks_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bool] = []
    monkeypatch.setattr(model, "keep_freed_memory", lambda: asked.append(True))
    model.PartnershipModel(resolve("outlook", "none"), [0])
    assert asked == [True]


def test_a_model_that_nobody_holds_is_forgotten() -> None:
    """A batch plays thousands of blocks in one process."""
    model = PartnershipModel(resolve("outlook", "none", until="2026Q4"), range(3), 1)
    model.run()
    gone = weakref.ref(model)
    del model
    gc.collect()
    assert gone() is None
