"""The tool itself: which faults it finds, how it draws them, and that it tells a survivor from what is caught."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from tests.mutation import report
from tests.mutation.mutants import AT_IMPORT, Mutant, differs, draw, mutants_of

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent

RULE = dedent('''
    """A rule with 1 number in its words."""

    HALF = 0.5


    class Rule:
        """Has a state."""

        def __init__(self, n: int = 2) -> None:
            self.n = n

        def __repr__(self) -> str:
            return f"Rule({self.n + 1})"

        def move(self, x: "Floats") -> "Floats":
            """Moves by 1."""
            if x is None:
                raise ValueError(f"{self.n - 1} and " + "more")
            self.n = len(x)
            return -(x[0] * HALF)
    ''')


def faults(source: str) -> set[tuple[str, str]]:
    """Original and mutated line of each."""
    return {(one.original, one.mutated) for one in mutants_of("agents/rule.py", source.encode())}


def test_faults_leave_words_annotations_and_messages_alone() -> None:
    assert faults(RULE) == {
        ("HALF = 0.5", "HALF = 0.505"),
        ("def __init__(self, n: int = 2) -> None:", "def __init__(self, n: int = 3) -> None:"),
        ("if x is None:", "if x is not None:"),
        ("self.n = len(x)", "pass"),
        ("return -(x[0] * HALF)", "return (x[0] * HALF)"),
        ("return -(x[0] * HALF)", "return -(x[1] * HALF)"),
        ("return -(x[0] * HALF)", "return -(x[0] / HALF)"),
    }


@pytest.mark.parametrize(
    ("line", "mutated"),
    [
        ("a < b", {"a <= b", "a > b"}),
        ("a + b - c", {"a - b - c", "a + b + c"}),
        ("a & ~b", {"a | ~b", "a & b"}),
        ("a and not b", {"a or not b", "a and b"}),
        ("np.where(a, b, c)", {"np.where(a, c, b)"}),
        ("np.minimum(a, max(b, c))", {"np.maximum(a, max(b, c))", "np.minimum(a, min(b, c))"}),
        ("b if a else c", {"b if not (a) else c"}),
        ("f(a, axis=0)", {"pass"}),
        ("a not in b", {"a in b"}),
        ("x[1:]", {"x[2:]"}),
        ("x.y += a", {"x.y -= a", "pass"}),
        ("del x", set()),
    ],
)
def test_faults_of_a_line(line: str, mutated: set[str]) -> None:
    whole = line if "=" in line or line.startswith("del") or line.startswith("f(") else f"y = {line}"
    found = {changed.removeprefix("y = ") for _, changed in faults(f"def f():\n    {whole}\n    return None\n")}
    assert found == mutated


def test_return_values_change_sign_or_truth() -> None:
    source = "def f(x) -> {}:\n    return g(x)\n"
    assert faults(source.format("Floats")) == {("return g(x)", "return -(g(x))")}
    assert faults(source.format("Mask")) == {("return g(x)", "return ~(g(x))")}
    assert faults(source.format("str")) == set()


def test_lines_are_those_of_the_statement_and_none_at_import() -> None:
    lines = {one.mutated: one.lines for one in mutants_of("agents/rule.py", RULE.encode())}
    assert lines["HALF = 0.505"] == AT_IMPORT
    number = RULE.splitlines().index("        return -(x[0] * HALF)") + 1
    assert lines["return -(x[0] / HALF)"] == (number, number)


def test_every_fault_of_a_module_of_the_model_can_be_read() -> None:
    source = (ROOT / "agents" / "rules" / "attention.py").read_bytes()
    found = mutants_of("agents/rules/attention.py", source)
    assert len(found) > 30 and all(differs(one, source) for one in found)


def pool_of(sizes: dict[str, int]) -> list[Mutant]:
    return [
        Mutant(file, "f", "constant", 0, 1, "2", (1, 1), "x = 1", f"x = {number}")
        for file, size in sizes.items()
        for number in range(size)
    ]


def test_files_are_drawn_from_in_proportion_and_the_same_by_one_seed() -> None:
    pool = pool_of({"a": 60, "b": 30, "c": 9, "d": 1})
    drawn = draw(pool, 20, seed=1)
    counts = {file: sum(one.file == file for one in drawn) for file in "abcd"}
    assert counts == {"a": 11, "b": 6, "c": 2, "d": 1} or counts == {"a": 12, "b": 6, "c": 1, "d": 1}
    assert draw(pool[::-1], 20, seed=1) == drawn != draw(pool, 20, seed=2)
    assert len(draw(pool, 3, seed=1)) == 3 and len(draw(pool, 100, seed=1)) == 100


# From end to end, on a model of one file


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """What became of each fault of a small tree, by its mutated line."""
    tree = tmp_path_factory.mktemp("tree")
    files = {
        "pytest.ini": "[pytest]\n",
        "config/__init__.py": "",
        "simulation/__init__.py": "",
        "agents/__init__.py": "",
        "agents/rule.py": """
            def both(x):
                return x + 1

            def by_example(x):
                return x + 2

            def by_twin(x):
                return x + 3

            def unseen(x):
                return x + 4

            def countdown(n):
                while n != 0:
                    n -= 1
                return n

            def held(x):
                return x - 7
            """,
        "tests/__init__.py": "",
        "tests/agents/test_rule.py": """
            from functools import cache
            from agents.rule import both, by_example, countdown, held
            from hypothesis import given, strategies as st

            @cache
            def remembered():
                return both(1)

            def test_first(): assert remembered() > 0
            def test_second(): assert remembered() == 2
            @given(st.integers())
            def test_property(x): assert by_example(x) == x + 2
            def test_ends(): assert countdown(3) == 0
            def test_broken(): assert held(1) == 0
            """,
        "tests/simulation/test_nothing.py": "import agents.rule\ndef test_nothing(): assert agents.rule\n",
        "tests/twin/test_lanes.py": """
            from agents.rule import both, by_twin
            LANES = (0, 1)
            def test_lane(): assert (both(1), by_twin(1)) == (2, 4)
            """,
        "tests/twin/test_known.py": "import agents.rule\ndef test_known(): assert agents.rule\n",
    }
    for name, text in files.items():
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_text(dedent(text))
    (tree / "tests" / "mutation").mkdir()
    for path in HERE.glob("*.py"):
        if not path.name.startswith("test_"):
            shutil.copy(path, tree / "tests" / "mutation")
    (tree / "tests" / "mutation" / "equivalent.toml").write_text(
        '[[mutant]]\nfile = "agents/rule.py"\nfunction = "unseen"\noriginal = "return x + 4"\n'
        'mutated = "return x - 4"\nwhy = "for the test"\n'
    )
    command = [sys.executable, "-m", "tests.mutation", "--limit", "99", "--patience", "2", "--workers", "1"]
    ran = subprocess.run([*command, "--out", "result.json"], cwd=tree, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    found = json.loads((tree / "result.json").read_text())
    assert found["left_out"] == ["tests/agents/test_rule.py::test_broken"] and found["equivalent"] == 1
    assert (tree / "agents" / "rule.py").read_text() == dedent(files["agents/rule.py"])
    assert report.page(found).count("+return x + 5") == 1
    return {one["mutated"]: one for one in found["mutants"]}


def caught(result: dict[str, dict[str, Any]], mutated: str) -> tuple[bool, bool]:
    return result[mutated]["tests"]["caught"], result[mutated]["twin"]["caught"]


def test_each_suite_is_asked_alone(result: dict[str, dict[str, Any]]) -> None:
    assert caught(result, "return x - 1") == (True, True)
    assert caught(result, "return x - 2") == (True, False)
    assert caught(result, "return x - 3") == (False, True)


def test_what_no_test_sees_survives_and_what_is_equivalent_is_not_drawn(result: dict[str, dict[str, Any]]) -> None:
    assert caught(result, "return x + 5") == (False, False)
    assert "return x - 4" not in result


def test_what_a_failing_test_would_catch_survives(result: dict[str, dict[str, Any]]) -> None:
    assert caught(result, "return x - 8") == (False, False)


def test_what_hangs_is_caught(result: dict[str, dict[str, Any]]) -> None:
    assert result["n += 1"]["tests"] | {"seconds": 0} == {"caught": True, "by": "timeout", "asked": 1, "seconds": 0}


def test_whoever_uses_what_is_remembered_sees_it(result: dict[str, dict[str, Any]]) -> None:
    assert result["return x + 2"]["tests"]["by"] == "tests/agents/test_rule.py::test_second"
