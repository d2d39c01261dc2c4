"""What is asked of a folder of results: names that it has, tables that were recorded, a name for what is drawn."""

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from config.errors import UserError, listed, nearest
from experiments.labels import counted, policy_label

if TYPE_CHECKING:
    from experiments.analysis.findings import Findings, World
    from experiments.files import Place


def known(option: str, name: str | None, names: Iterable[str]) -> str:
    """`name` if it is one of these, without a name the first; UserError with the nearest if it is not there."""
    there = list(names)
    if name is None:
        return there[0]
    if name not in there:
        raise UserError("is not in these results", key=option, value=name, allowed=listed(there),
                        suggestion=nearest(name, there))  # fmt: skip
    return name


def require(found: "Findings", folder: "Place | str", tables: Sequence[str]) -> None:
    """UserError, with what to write into the experiment file, unless all these tables were recorded."""
    missing = [table for table in tables if not found.has(table)]
    if missing:
        wanted = ", ".join(f'"{table}"' for table in tables)
        raise UserError(
            f"has no table {' and no table '.join(missing)}",
            file=str(folder),
            suggestion=f"write record = [{wanted}] in the experiment file and run it into another folder",
        )


def worlds_asked(found: "Findings", scenario: str | None) -> "list[World]":
    """The scenario that was named, else all."""
    return [found.worlds[known("--scenario", scenario, found.worlds)]] if scenario else list(found.worlds.values())


def policy_asked(found: "Findings", policy: str | None) -> str:
    """The policy that was named, else the baseline."""
    return known("--policy", policy, found.policies) if policy else found.baseline


def heading(world: "World", policy: str, runs: int) -> str:
    """What a page of numbers is about: "Outlook (scenario outlook, 2026Q3 to 2040Q4), no policy, 300 runs"."""
    return (
        f"{world.title} (scenario {world.name}, {world.first} to {world.last}), {policy_label(policy)}, {counted(runs)}"
    )


def other_policies(found: "Findings", chosen: str) -> str:
    """What else can be asked for, "" if nothing."""
    others = [policy for policy in found.policies if policy != chosen]
    return f"Also with --policy {', '.join(others)}." if others else ""


def figure_stem(found: "Findings", kind: str, world: "World", policy: str, about: str = "") -> str:
    """Name of a figure's files: kind and scenario, then the policy if it is not the baseline, and what it is about."""
    stem = "_".join([kind, world.name, *([policy] if policy != found.baseline else []), *filter(None, [about])])
    return re.sub(r"[^A-Za-z0-9+_-]", "-", stem)
