"""A copy of the configuration that a test may spoil."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from config.loading import ROOT


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The shipped configuration, copied."""
    return Path(shutil.copytree(ROOT, tmp_path / "config", ignore=shutil.ignore_patterns("*.py", "__pycache__")))


Change = Callable[[str, str, str], Path]


@pytest.fixture
def change(root: Path) -> Change:
    """change(file, old, new): put `new` in place of the first `old` in a file of the copy."""

    def in_place(file: str, old: str, new: str) -> Path:
        path = root / file
        text = path.read_text(encoding="utf-8")
        assert old in text, f"{old!r} is not in {file}"
        path.write_text(text.replace(old, new, 1), encoding="utf-8")
        return path

    return in_place
