"""Every block of the how-to pages is written, applied or run, in a copy of what a reader has."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.follow import steps

ROOT = Path(__file__).parents[2]
PAGES = sorted((ROOT / "docs" / "howto").glob("*.md"))


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """The project as a fresh clone has it: a copy of what pages change, links to the rest."""
    for name in ("agents", "config", "docs", "tests"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("pictures", "answers"))
    for name in ("experiments", "simulation", "benchmarks", "pyproject.toml"):
        (tmp_path / name).symlink_to(ROOT / name)
    return tmp_path


@pytest.mark.skipif(sys.platform == "win32", reason="links")
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_does_what_it_says(clone: Path, page: Path) -> None:
    command = [sys.executable, "-m", "tests.docs.follow", str(page)]
    done = subprocess.run(
        command, cwd=clone, env={**os.environ, "PYTHONPATH": str(clone)}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_block_of_a_page_is_of_a_kind_that_is_run(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    found = list(steps(text))
    assert len(found) == text.count("\n```") / 2
    assert all(step.deed or step.language in ("sh", "python") for step in found)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_links_of_a_page_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8"))
    assert links and all((page.parent / link).exists() for link in links if not link.startswith("http"))
