"""What the faults told, as a page to read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

HEAD = """# Mutation testing

How much would the tests notice? `make mutation` puts small faults into copies of the model, one at a time, and asks two
suites, each alone: the **tests** of properties, examples and invariants (`tests/agents`, `tests/simulation`), and the
**twin**, the second implementation from `docs/ODD.md` that each lane must equal (`test_lanes.py` and `test_known.py` in
`tests/twin`). This page and `benchmarks/mutation.json` are written by it.

Faults: comparisons (`<` to `<=` or `>`), `+ -` and `* /`, `and or`, `& |`, constants (whole ones by one, decimals by
1 %), `min max`, `any all`, the branches of `where`, negated conditions, signs of what is returned, statements left out
that change state. They are drawn by lot with a fixed seed, from each file of `agents/` and `simulation/` in proportion
to how many it can have. A fault meets only the tests that run its line; it is caught by the first that fails, by a
crash, or by a test that does not end. The twin is asked about one run of each case (all lanes in the test itself): what
it misses there it is said to miss. Faults that change nothing that anybody could see are reviewed by hand, listed with
the reason in `tests/mutation/equivalent.toml`, and not drawn.
"""
SUITES = ("tests", "twin")


def page(result: dict[str, Any]) -> str:
    """docs/mutation.md."""
    faults = result["mutants"]
    parts = [
        HEAD,
        f"## Result\n\nRevision {result['revision']}, seed {result['seed']}: {len(faults)} faults"
        f" of {result['pool']} possible ones, {result['equivalent']} more are listed as equivalent,"
        f" {result['minutes']:.0f} minutes on {result['workers']} processes.\n",
        _summary(faults),
        "## By file\n",
        _by_file(faults),
        "## By kind\n",
        _by_kind(faults),
        "## Survivors\n",
    ]
    if result.get("earlier"):
        parts.insert(3, _at_first(result["earlier"]))
    if result["left_out"]:
        parts.insert(
            2, "Tests that failed without any fault, and were left out: " + ", ".join(result["left_out"]) + ".\n"
        )
    both = [one for one in faults if not _caught(one, "tests") and not _caught(one, "twin")]
    twin_only = [one for one in faults if not _caught(one, "tests") and _caught(one, "twin")]
    parts += ["### Caught by neither\n", _diffs(both), "### Caught by the twin alone\n", _diffs(twin_only)]
    return "\n".join(parts).rstrip() + "\n"


def _caught(fault: dict[str, Any], *suites: str) -> bool:
    return any(fault[suite]["caught"] for suite in suites)


def caught(faults: Sequence[dict[str, Any]], *suites: str) -> int:
    """Faults caught by any of the suites."""
    return sum(_caught(one, *suites) for one in faults)


def share(faults: Sequence[dict[str, Any]], *suites: str) -> str:
    """Faults caught by any of the suites, with the share."""
    number = caught(faults, *suites)
    return f"{number} ({100 * number / len(faults):.1f} %)" if faults else "0"


def _summary(faults: list[dict[str, Any]]) -> str:
    return (
        "| asked | caught |\n| --- | --- |\n"
        f"| tests alone | {share(faults, 'tests')} |\n| twin alone | {share(faults, 'twin')} |\n"
        f"| together | {share(faults, *SUITES)} |\n"
    )


def _at_first(earlier: dict[str, int]) -> str:
    return (
        f"When this lot was asked first, {earlier['tests']} of {earlier['faults']} were caught by the tests alone,"
        f" {earlier['twin']} by the twin, {earlier['together']} together; since then tests were added for survivors and"
        " equivalent faults were taken out. The first numbers are the unbiased ones.\n"
    )


def _table(name: str, rows: dict[str, list[dict[str, Any]]]) -> str:
    lines = [f"| {name} | faults | caught by tests | by twin | together |", "| --- | --- | --- | --- | --- |"]
    for row, faults in sorted(rows.items()):
        counts = [sum(_caught(one, *suites) for one in faults) for suites in (("tests",), ("twin",), SUITES)]
        lines.append(f"| {row} | {len(faults)} | {counts[0]} | {counts[1]} | {counts[2]} |")
    return "\n".join(lines) + "\n"


def _by_file(faults: list[dict[str, Any]]) -> str:
    files = Counter(one["file"] for one in faults)
    return _table("file", {f"`{file}`": [one for one in faults if one["file"] == file] for file in files})


def _by_kind(faults: list[dict[str, Any]]) -> str:
    kinds = Counter(one["kind"] for one in faults)
    return _table("kind", {kind: [one for one in faults if one["kind"] == kind] for kind in kinds})


def _diffs(faults: list[dict[str, Any]]) -> str:
    if not faults:
        return "None.\n"
    lines = ["```diff"]
    for one in sorted(faults, key=lambda fault: (fault["file"], fault["line"])):
        where = f"@@ {one['file']}:{one['line']} {one['function']}".rstrip()
        lines += [where, f"-{one['original']}", f"+{one['mutated']}"]
    return "\n".join([*lines, "```"]) + "\n"
