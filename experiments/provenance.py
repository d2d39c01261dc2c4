"""By what results were computed: versions, the source of the rules, the commit."""

import hashlib
import platform
import subprocess
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

import agents
import config
import simulation
from config.schema import Experiment
from experiments.store import Question

if TYPE_CHECKING:
    from config.design import Points

PROJECT = "eu-japan-partnership-sim"
TELLING = ("chronicle.py", "sentences.py", "watchers")
"""Parts of simulation that tell what happened and change no number."""
LIBRARIES = ("numpy", "mesa", "pandas", "pyarrow", "pydantic")


def question_of(experiment: Experiment, settings: Mapping[str, str], points: "Points | None" = None) -> Question:
    """The experiment, the fingerprints of its settings, the points of its design, and the program that answers it."""
    return Question(experiment, settings, versions(), fingerprint_of_rules(), commit(), points)


def versions() -> dict[str, str]:
    """Versions of the project, of Python and of the libraries that numbers go through."""
    return {"project": project_version(), "python": platform.python_version(), **{n: version(n) for n in LIBRARIES}}


def project_version() -> str:
    """Version of the project as installed."""
    try:
        return version(PROJECT)
    except PackageNotFoundError:
        return "unknown"


def fingerprint_of_rules() -> str:
    """SHA-256 over the Python source of config, agents and simulation: results of other rules are other results.

    What only tells a history is left out: another wording changes no result.
    """
    digest = hashlib.sha256()
    for package in (config, agents, simulation):
        root = Path(package.__path__[0])
        files = [file for file in root.rglob("*.py") if file.relative_to(root).parts[0] not in TELLING]
        for file in sorted(files, key=lambda file: file.relative_to(root).as_posix()):
            lines = file.read_text(encoding="utf-8")  # line ends alike on every system
            digest.update(f"{package.__name__}/{file.relative_to(root).as_posix()}\0{lines}\0".encode())
    return digest.hexdigest()


def commit() -> str | None:
    """The commit that is checked out, with "+" if files differ from it; None outside a repository."""
    root = Path(__file__).parents[1]
    if not (root / ".git").exists():
        return None
    head, changes = _git(root, "rev-parse", "HEAD"), _git(root, "status", "--porcelain", "--untracked-files=no")
    return f"{head}{'+' if changes else ''}" if head else None


def _git(root: Path, *command: str) -> str:
    try:
        done = subprocess.run(["git", *command], cwd=root, capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
