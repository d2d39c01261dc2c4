"""The project holds together: one way down, no parameter unread, nothing left out of the package, no private path."""

import ast
import re
import sys
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import fields
from fnmatch import fnmatch
from functools import cache
from pathlib import Path
from typing import Any, get_type_hints

import pytest

from config import Settings, resolve
from config.families import Parameters
from simulation.chance import Chance
from simulation.model import PartnershipModel
from simulation.parameters import Floats, draw_parameters

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("config", "agents", "simulation", "experiments")
"""Each imports only itself and those before it."""

FAMILIES = get_type_hints(Parameters)
IN_FAMILIES = sorted(f"{family}.{field.name}" for family, kind in FAMILIES.items() for field in fields(kind))


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def modules(package: str) -> list[Path]:
    return sorted((ROOT / package).rglob("*.py"))


def imported(path: Path) -> set[str]:
    """Top-level packages that a module imports, anywhere in it."""
    found = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            found |= {name.name.split(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import"
            found.add((node.module or "").split(".")[0])
    return found


# One way down


@pytest.mark.parametrize("package", PACKAGES)
def test_a_folder_imports_only_from_those_before_it(package: str) -> None:
    later = {*PACKAGES[PACKAGES.index(package) + 1 :], "tests", "benchmarks"}
    assert modules(package)
    for path in modules(package):
        assert not imported(path) & later, path


def test_rules_import_neither_actors_nor_chance_nor_files() -> None:
    """A rule is a function of its arguments: docs/ODD.md and the rules' own tests depend on it."""
    for path in (ROOT / "agents" / "rules").glob("*.py"):
        names = {node.module or "" for node in ast.walk(tree(path)) if isinstance(node, ast.ImportFrom)}
        assert not imported(path) & {"mesa", "random", "pathlib", "tomllib", "csv", "os", "time"}, path
        assert all(not name.startswith("agents.") or name.startswith(("agents.rules", "agents.portable"))
                   for name in names), path  # fmt: skip


def path_of(module: str) -> Path | None:
    """File of a module of the project."""
    stem = ROOT.joinpath(*module.split("."))
    candidates = (stem.with_suffix(".py"), stem / "__init__.py")
    return next((path for path in candidates if path.is_file()), None)


def reached_from(module: str) -> set[Path]:
    """Every file of the project that importing a module brings in."""
    found: set[Path] = set()
    waiting = [module]
    while waiting:
        path = path_of(waiting.pop())
        if path is None or path in found:
            continue
        found.add(path)
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.ImportFrom) and node.module:
                waiting += [node.module, *(f"{node.module}.{name.name}" for name in node.names)]
            elif isinstance(node, ast.Import):
                waiting += [name.name for name in node.names]
    return found


def test_all_chance_in_the_model_is_named() -> None:
    """No generator of numpy's or Python's own: draws are pure functions of seed, name, quarter and run.

    Samples of a design are drawn before there is a model, by libraries, from the experiment's seed.
    """
    files = reached_from("simulation.model") - {ROOT / "config" / "sampling.py"}
    assert len(files) > 40
    for path in files:
        assert not imported(path) & {"random", "secrets"}, path
        attributes = {node.attr for node in ast.walk(tree(path)) if isinstance(node, ast.Attribute)}
        assert not attributes & {"random", "default_rng", "RandomState", "Generator"}, path


def test_what_is_imported_is_declared() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared = {re.split(r"[<>=!~ \[]", line)[0] for line in project["dependencies"]}
    assert "pydantic" in declared
    declared |= set(project["optional-dependencies"]["notebook"][0].split(">")[:1])
    declared |= {"pydantic_core", "upath"}  # come with pydantic, which pins it, and with universal-pathlib
    declared |= {"PIL", "sklearn"}  # of pillow and scikit-learn
    for package in PACKAGES:
        for path in modules(package):
            outside = imported(path) - set(sys.stdlib_module_names) - set(PACKAGES)
            assert outside <= declared, path


# Parameters


def in_files() -> list[str]:
    found = []
    for path in (ROOT / "config" / "parameters").glob("*.toml"):
        found += [f"{path.stem}.{name}" for name in tomllib.loads(path.read_text(encoding="utf-8"))]
    return sorted(found)


def test_every_parameter_in_a_file_is_a_field_of_its_family_and_the_other_way_round() -> None:
    assert in_files() == IN_FAMILIES


BY_PATTERN = {
    "levers": (r"(.+)_from", r"interoperability_(france|germany|italy|netherlands|spain|sweden|uk)"),
    "domains": (r"(political|civil|maritime|information|industry|operations)_(eu|japan|cost)",),
    "governments": (r"passerelle_(friend|open|sceptic)",),
    "business": (r"(russia|china|enlargement)",),
    "japan": (r"(force|transfers|secrecy|missions)",),
    "ratification": (r"conclusion_(r2|r8|r9)",),
}
"""Parameters whose name is put together where they are read, by getattr, and so may be no attribute in any line."""


def attributes() -> set[str]:
    """Every attribute that the model's code reads."""
    nodes = (node for package in ("agents", "simulation") for path in modules(package) for node in ast.walk(tree(path)))
    return {node.attr for node in nodes if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load)}


def test_every_parameter_is_named_somewhere() -> None:
    seen = attributes()
    for family, kind in FAMILIES.items():
        for name in (field.name for field in fields(kind)):
            put_together = any(re.fullmatch(pattern, name) for pattern in BY_PATTERN.get(family, ()))
            assert name in seen or put_together, f"nobody reads {family}.{name}"


def read_in(scenario: str, policy: str, until: str) -> set[str]:
    """The parameters that are looked at while the model plays, by dotted name."""
    read: set[str] = set()

    def watched(family: str, values: Any) -> Any:
        kind = type(values)
        names = {field.name for field in fields(kind)}

        def look(self: Any, name: str) -> Any:
            if name in names:
                read.add(f"{family}.{name}")
            return object.__getattribute__(self, name)

        return type(kind.__name__, (kind,), {"__getattribute__": look})(**vars(values))

    def draw(settings: Settings, chance: Chance, given: Mapping[str, Floats]) -> tuple[Parameters, dict[str, Any]]:
        plain, drawn = draw_parameters(settings, chance, given)
        families = {family: watched(family, getattr(plain, family)) for family in FAMILIES}
        return Parameters(**families), drawn

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("simulation.model.draw_parameters", draw)
        model = PartnershipModel(resolve(scenario, policy, until=until), runs=range(12), seed=1)
        model.run()
    return read


def test_every_parameter_is_read_when_the_model_plays() -> None:
    """Between them, three plays, with all remedies, with counterfactuals and of the past, look at every parameter."""
    remedies = "amendment+dialogue+framework+indo_pacific_strategy+interoperability+qmv+reinterpretation"
    read = read_in("outlook", remedies, "2031Q4") | read_in("outlook", "lift_attention", "2027Q1")
    read |= read_in("hindcast", "none", "2021Q4")
    assert read - set(IN_FAMILIES) == set()
    assert sorted(set(IN_FAMILIES) - read) == []


# Package and files


def data_files() -> Iterator[str]:
    for path in sorted((ROOT / "config").rglob("*")):
        if path.is_file() and path.suffix != ".py" and "__pycache__" not in path.parts:
            yield path.relative_to(ROOT / "config").as_posix()


def test_every_data_file_is_shipped() -> None:
    setuptools = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]
    patterns = setuptools["package-data"]["config"]
    found = list(data_files())
    assert len(found) > 30
    for name in found:
        assert any(fnmatch(name, pattern.removeprefix("**/")) for pattern in patterns), name


def test_every_folder_with_code_is_a_package() -> None:
    include = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]["packages"]
    assert include["find"]["include"] == [f"{package}*" for package in PACKAGES]
    for package in PACKAGES:
        for path in modules(package):
            folders = [parent for parent in path.parents if ROOT in parent.parents]
            assert all((folder / "__init__.py").is_file() for folder in folders), path


def project_files() -> list[Path]:
    """What belongs to the project: no caches, no environment, no results."""
    kinds = (".py", ".toml", ".csv", ".md", ".cff", ".lock", ".txt", ".yml", ".yaml", "")
    aside = {"results", "build", "dist", "__pycache__"}
    found = []
    for path in sorted(ROOT.rglob("*")):
        parts = path.relative_to(ROOT).parts
        hidden = any(part.startswith(".") and part != ".ci" for part in parts)
        if path.is_file() and not hidden and not aside & set(parts) and not parts[0].endswith(".egg-info"):
            found += [path] if path.suffix in kinds else []
    return found


def test_no_file_mentions_a_home_directory() -> None:
    private = re.compile(r"(/home/\w|/Users/\w|/root/|[A-Z]:\\\\?Users)")
    files = project_files()
    assert len(files) > 100
    for path in files:
        found = private.search(path.read_text(encoding="utf-8"))
        assert found is None or path == Path(__file__).resolve(), f"{path}: {found and found.group()}"
