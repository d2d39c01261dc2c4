"""Invented results with the columns of real ones, to test statistics and pictures without a model."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from config.calendar import quarter_index
from experiments.analysis.findings import Findings, World
from experiments.analysis.transitions import quarters_between

FIRST, LAST = "2026Q3", "2040Q4"
THREE = ("none", "dialogue", "indo_pacific_strategy")

STANDING = pd.DataFrame(
    [
        ("EU", "joint_declaration", "Joint Declaration and yearly summits", "political", True),
        ("EU", "security_of_information", "Security of Information Agreement", "information", False),
        ("EU", "operational_framework", "Operational framework", "operations", False),
        ("DEU", "raa", "Reciprocal access agreement", "bilateral", False),
        ("GBR", "raa", "Reciprocal access agreement", "bilateral", True),
    ],
    columns=["partner", "instrument", "title", "group", "in_force"],
)


@dataclass(frozen=True)
class Kept:
    """Tables in memory, read as `experiments.store.Results` are."""

    content: dict[str, pd.DataFrame]
    width: int = 16
    """Runs of a block."""

    @property
    def tables(self) -> tuple[str, ...]:
        return tuple(self.content)

    def table(
        self,
        name: str,
        columns: Sequence[str] | None = None,
        *,
        scenarios: Sequence[str] | None = None,
        policies: Sequence[str] | None = None,
        quarters: Sequence[str] | None = None,
    ) -> pd.DataFrame:
        rows = self.content[name]
        for column, chosen in (("scenario", scenarios), ("policy", policies), ("quarter", quarters)):
            if chosen is not None:
                rows = rows[rows[column].isin(list(chosen))]
        rows = rows if columns is None else rows[list(columns)]
        names = [column for column in ("scenario", "policy", "quarter", "stage", "actor", "failed") if column in rows]
        return rows.astype(dict.fromkeys(names, "category")).reset_index(drop=True)

    def parts(
        self,
        name: str,
        columns: Sequence[str] | None = None,
        *,
        scenarios: Sequence[str] | None = None,
        policies: Sequence[str] | None = None,
        quarters: Sequence[str] | None = None,
    ) -> Iterator[pd.DataFrame]:
        """The same rows, a piece for each scenario, policy and so many runs."""
        rows = self.content[name]
        keys = ["scenario", "policy", *(["point"] if "point" in rows else [])]
        blocks = [rows["run"] // self.width] if "run" in rows else []
        for _, part in rows.groupby([*(rows[key] for key in keys), *blocks], sort=False):
            found = Kept({name: part}).table(name, columns, scenarios=scenarios, policies=policies, quarters=quarters)
            if len(found):
                yield found


def findings(
    policies: Sequence[str] = THREE,
    runs: int = 40,
    standing: pd.DataFrame = STANDING,
    first: str = FIRST,
    last: str = LAST,
    moves: bool = True,
    without: Sequence[str] = (),
) -> Findings:
    """Findings of one invented scenario; `moves` False leaves the transitions empty, `without` leaves out tables."""
    content = tables(policies, runs, standing, first, last, moves)
    kept = Kept({name: table for name, table in content.items() if name not in without})
    place = World("outlook", "Outlook from mid-2026", first, last, standing)
    return Findings("Which remedy moves the partnership, and by how much?", tuple(policies), {"outlook": place}, kept)


def broken(found: Findings, failed: Mapping[str, Sequence[int]]) -> Findings:
    """The same findings, but that these runs of a policy failed: they have a row in table `runs` alone."""
    assert isinstance(found.results, Kept)
    content = {}
    for name, rows in found.results.content.items():
        gone = np.array(
            [run in failed.get(policy, ()) for policy, run in zip(rows["policy"], rows["run"], strict=True)]
        )
        if name == "runs":
            said = {"failed": np.where(gone, WHERE, ""), "regime": rows["regime"].where(~gone, "failed")}
            content[name] = rows.assign(**said)
        else:
            content[name] = rows[~gone]
    return replace(found, results=Kept(content))


WHERE = "2031Q2 negotiate: divide by zero encountered in divide"


def tables(
    policies: Sequence[str] = THREE,
    runs: int = 40,
    standing: pd.DataFrame = STANDING,
    first: str = FIRST,
    last: str = LAST,
    moves: bool = True,
) -> dict[str, pd.DataFrame]:
    """Tables trajectories, transitions, runs and actors: depths drift, policies add to them by their strength."""
    chance = np.random.default_rng(1)
    quarters = quarters_between(first, last)
    luck, steps = chance.normal(0, 1, runs), chance.normal(0, 0.012, (runs, len(quarters))).cumsum(axis=1)
    strength = {policy: chance.uniform(0, 2, runs) for policy in policies}
    due = chance.exponential(30, (len(standing), runs))
    parts: dict[str, list[pd.DataFrame]] = {"trajectories": [], "transitions": [], "runs": [], "actors": []}
    for number, policy in enumerate(policies):
        keys = {"scenario": "outlook", "policy": policy}
        pull = 0.0 if policy == "none" else 0.02 * number
        time = np.linspace(0, 1, len(quarters))
        effect = pull * (strength[policy] - 0.4) + (0.0 if number == 0 else 0.01 * chance.normal(0, 1, runs))
        operational = 0.15 + time * (0.08 + 0.05 * luck[:, None] + effect[:, None]) + steps
        declared = operational + 0.15 + 0.1 * time + 0.02 * luck[:, None] + 0 * steps
        operational, declared = np.clip(operational, 0, 1), np.clip(declared, 0, 1)
        parts["trajectories"].append(
            pd.DataFrame(
                {
                    **keys,
                    "run": np.repeat(np.arange(runs), len(quarters)),
                    "quarter": np.tile(quarters, runs),
                    "declared_depth": declared.ravel(),
                    "operational_depth": operational.ravel(),
                    "gap": (declared - operational).ravel(),
                }
            )
        )
        end = operational[:, -1]
        parts["runs"].append(
            pd.DataFrame(
                {
                    **keys,
                    "run": np.arange(runs),
                    "failed": "",
                    "regime": np.select([end < 0.25, end < 0.6], ["symbolic", "functional"], "strategic"),
                    "levers.dialogue_strength": strength[policy],
                    "levers.indo_pacific_strength": strength[policy],
                }
            )
        )
        parts["transitions"].append(_transitions(keys, standing, due * (1 - pull), quarters, moves))
        parts["actors"].append(_actors(keys, quarters, runs, chance))
    return {name: pd.concat(frames, ignore_index=True) for name, frames in parts.items()}


def _transitions(
    keys: dict[str, str], standing: pd.DataFrame, due: np.ndarray, quarters: Sequence[str], moves: bool
) -> pd.DataFrame:
    rows = [
        {**keys, "run": run, "partner": partner, "instrument": slug, "stage": stage, "quarter": quarters[int(at)]}
        for (partner, slug, in_force), times in zip(
            standing[["partner", "instrument", "in_force"]].itertuples(index=False), due, strict=True
        )
        for run, when in enumerate(times)
        for stage, at in ((("deepened", when),) if in_force else (("negotiating", when / 2), ("in_force", when)))
        if moves and at < len(quarters)
    ]
    columns = ["scenario", "policy", "run", "partner", "instrument", "stage", "quarter"]
    return pd.DataFrame(rows, columns=columns).sort_values(["run", "quarter"], kind="stable", ignore_index=True)


def _actors(keys: dict[str, str], quarters: Sequence[str], runs: int, chance: np.random.Generator) -> pd.DataFrame:
    states = ["DEU", "FRA", "GBR", "HUN", "JPN", "POL"]
    frames = [
        pd.DataFrame({**keys, "run": np.arange(runs), "quarter": quarter, "actor": state,
                      "position": np.clip(0.2 + 0.1 * place + chance.normal(0, 0.05, runs), 0, 1)})
        for quarter in dict.fromkeys((quarters[0], quarters[-1]))
        for place, state in enumerate(states)
    ]  # fmt: skip
    return pd.concat(frames, ignore_index=True)


def index(quarter: str) -> int:
    """Shorthand for tests."""
    return quarter_index(quarter)
