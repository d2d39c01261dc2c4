"""A folder of results: what was asked, by what it was computed, and the tables, safe against torn and foreign files.

    experiment.toml     the question with everything that was given at the command line
    provenance.json     versions, seed, fingerprints of settings and rules, when started and finished
    settings/*.json     everything that was assumed, for each scenario under each policy
    trajectories/ ...   one Parquet file per block of runs; file names sort in the order of the experiment
    blocks/*.json       for each block the SHA-256 of its files, written last: without it a block counts as not done

Files are written aside and renamed. One process at a time may write.
"""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from config.checking import tuples
from config.errors import UserError, listed, nearest
from config.loading import label
from config.schema import Experiment, Settings
from experiments.files import (
    digest_of,
    intact,
    locked,
    now,
    pretty,
    read_json,
    remove_empty,
    toml_of,
    write_aside,
)

if TYPE_CHECKING:
    import pandas as pd

    from experiments.tables import Columns, Order

EXPERIMENT, PROVENANCE, LOCK = "experiment.toml", "provenance.json", ".lock"
SETTINGS, BLOCKS, WORKING = "settings", "blocks", ".working"
FORMAT = 1
"""Raised when the layout of the folder or the meaning of a column changes."""

RUN_TABLES = ("trajectories", "transitions", "runs", "actors", "bounds", "limits", "vetoes")
SUMMARY_TABLES = ("summary", "transition_counts")
TABLES = (*RUN_TABLES, *SUMMARY_TABLES)


# Blocks


@dataclass(frozen=True)
class Pair:
    """One scenario under one policy, by their labels, and where they stand in the experiment."""

    scenario: str
    policy: str
    scenario_number: int
    policy_number: int

    @property
    def name(self) -> str:
        """Start of the names of its files; it sorts in the order of the experiment."""
        return f"{self.scenario_number:02d}.{_plain(self.scenario)}.{self.policy_number:02d}.{_plain(self.policy)}"

    @property
    def columns(self) -> dict[str, str]:
        """What its tables say in all rows."""
        return {"scenario": self.scenario, "policy": self.policy}


@dataclass(frozen=True)
class Block:
    """Consecutive runs of one pair, kept in one file per table."""

    pair: Pair
    runs: range

    @property
    def name(self) -> str:
        return f"{self.pair.name}.{self.runs.start:010d}-{self.runs.stop - 1:010d}"


def pairs(experiment: Experiment) -> list[Pair]:
    """Every scenario under every policy, in the order of the experiment."""
    return [
        Pair(label(scenario), label(policy), i, j)
        for i, scenario in enumerate(experiment.scenarios)
        for j, policy in enumerate(experiment.policies)
    ]


def _plain(name: str) -> str:
    """A name as part of a file name: letters, digits and + - _ only, a digest instead of what is too long."""
    plain = re.sub(r"[^A-Za-z0-9+_-]", "-", name)
    return plain if len(plain) <= 80 else f"{plain[:67]}-{hashlib.sha256(name.encode()).hexdigest()[:12]}"


# What is asked


@dataclass(frozen=True)
class Question:
    """An experiment with what its answer depends on besides: the settings of every pair and the rules themselves."""

    experiment: Experiment
    settings: Mapping[str, str]
    """Fingerprint of the resolved settings by "scenario/policy"."""
    versions: Mapping[str, str]
    """Versions of python, numpy, mesa, ..., and of the project."""
    rules: str
    """Fingerprint of the source of config, agents and simulation."""
    commit: str | None = None

    def content(self) -> dict[str, Any]:
        """The experiment as it stands in its TOML file, without its name."""
        content = self.experiment.model_dump(mode="json", exclude_none=True, exclude={"name", "folder"}, by_alias=True)
        return {**{key: value for key, value in content.items() if key != "set"}, "set": content.get("set", {})}

    def fingerprint(self) -> str:
        """Equal for questions that have the same answer, whatever they are called and however they are worded."""
        asked = {key: value for key, value in self.content().items() if key != "question"}
        return digest_of({"format": FORMAT, "experiment": asked, "settings": dict(self.settings), "rules": self.rules})

    def differences(self, provenance: Mapping[str, Any]) -> str:
        """What a folder's question has otherwise, in a few words."""
        theirs, ours = provenance.get("experiment", {}), self.content()
        keys = [key for key in ours if key != "question" and theirs.get(key) != ours[key]]
        other = [] if keys or provenance.get("settings") == dict(self.settings) else ["values in config/"]
        code = [] if keys or provenance.get("rules") == self.rules else ["the rules of the model"]
        return ", ".join([*keys, *other, *code]) or "the layout of the folder"


# Writing


@dataclass
class Store:
    """A results folder that this process holds for writing. Get it from `writing`."""

    folder: Path
    question: Question
    mended: list[str] = field(default_factory=list)
    """Names of blocks that were torn or changed, and are to be done again."""

    @property
    def summary(self) -> bool:
        """Whether only a summary over runs is kept."""
        return "summary" in self.question.experiment.record

    def missing(self, pair: Pair, width: int) -> list[Block]:
        """The blocks of at most `width` runs that are still to be done for this pair."""
        runs, done = self.question.experiment.runs, self.done(pair)
        blocks = []
        for start in range(0, runs, width):
            stop = min(start + width, runs)
            for span in sorted(done, key=lambda span: span.start):
                if start < span.stop and span.start < stop:
                    blocks += [Block(pair, range(start, span.start))] if start < span.start else []
                    start = span.stop
            blocks += [Block(pair, range(start, stop))] if start < stop else []
        return blocks

    def done(self, pair: Pair) -> list[range]:
        """The runs of this pair that finished blocks hold."""
        return [range(*manifest["runs"]) for _, manifest in _manifests(self.folder) if _is_of(manifest, pair)]

    def files(self, pair: Pair, table: str) -> list[Path]:
        """Files of a table that finished blocks of this pair hold, also those kept aside, in order of runs."""
        return [self.folder / name for name in self.checksums(pair, table)] or [
            self.folder / name for name in self.checksums(pair, f"{WORKING}/{table}")
        ]

    def checksums(self, pair: Pair, table: str) -> dict[str, str]:
        """Name within the folder and SHA-256 of each file of a table that finished blocks of this pair hold."""
        manifests = [manifest for _, manifest in _manifests(self.folder) if _is_of(manifest, pair)]
        return {n: sha for m in manifests for n, sha in m["files"].items() if n.startswith(f"{table}/")}

    def summarised(self, pair: Pair) -> bool:
        """Whether the summary of this pair is kept."""
        return any(m["kind"] == "summary" and _is_of(m, pair) for _, m in _manifests(self.folder))

    def mend(self) -> None:
        """Drop blocks with a torn, changed or missing file, and what no finished block owns."""
        for file, manifest in _manifests(self.folder, valid_only=False):
            if manifest is None or not _holds(self.folder, manifest):
                self.mended.append(file.stem)
                file.unlink()
        summed = {(m["scenario"], m["policy"]) for _, m in _manifests(self.folder) if m["kind"] == "summary"}
        for file, manifest in _manifests(self.folder):
            if manifest["kind"] == "block" and (manifest["scenario"], manifest["policy"]) in summed:
                file.unlink()
        owned = {name for _, manifest in _manifests(self.folder) for name in manifest["files"]}
        for base in (self.folder, self.folder / WORKING):
            for table in TABLES:
                for file in [*(base / table).glob("*.parquet"), *(base / table).glob("*.partial")]:
                    if file.relative_to(self.folder).as_posix() not in owned:
                        file.unlink()
        for file in (self.folder / BLOCKS).glob("*.partial"):
            file.unlink()
        remove_empty(self.folder / WORKING)

    def keep_settings(self, pair: Pair, text: str) -> None:
        """Keep the resolved settings of a pair, as JSON."""
        write_aside(self.folder / SETTINGS / f"{pair.name}.json", text.encode())

    def finish(self) -> None:
        """Say that everything asked is there."""
        provenance = read_json(self.folder / PROVENANCE) or {}
        if not provenance.get("finished"):
            write_aside(self.folder / PROVENANCE, pretty({**provenance, "finished": now()}))


@contextmanager
def writing(folder: Path, question: Question) -> Iterator[Store]:
    """Hold a results folder, new or of the same question, for writing; UserError if it is anything else."""
    try:
        _check_ours(folder, question)
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / LOCK).open("a+b")
    except OSError as error:
        raise UserError(f"cannot be written: {error.strerror}", file=str(folder), suggestion=OTHER) from error
    with lock:
        if not locked(lock):
            raise UserError("another process is writing there", file=str(folder), suggestion=OTHER)
        _check_ours(folder, question)
        if not (folder / PROVENANCE).exists():
            write_aside(folder / PROVENANCE, pretty(_provenance(question)))
        write_aside(folder / EXPERIMENT, toml_of(question.content()).encode())
        store = Store(folder, question)
        store.mend()
        if store.mended:
            provenance = read_json(folder / PROVENANCE) or {}
            write_aside(folder / PROVENANCE, pretty({**provenance, "finished": None}))
        yield store


OTHER = "choose another folder with --out"
AGAIN = "the command that began it completes it"


def _check_ours(folder: Path, question: Question) -> None:
    """UserError unless the folder is absent, empty, or holds results of this very question."""
    if folder.exists() and not folder.is_dir():
        raise UserError("is a file, not a folder", file=str(folder), suggestion=OTHER)
    if not folder.exists() or not {file.name for file in folder.iterdir()} - {LOCK, f"{PROVENANCE}.partial"}:
        return
    provenance = read_json(folder / PROVENANCE)
    if provenance is None or "fingerprint" not in provenance:
        raise UserError("holds something else than results", file=str(folder), suggestion=OTHER)
    if provenance["fingerprint"] != question.fingerprint():
        differing = question.differences(provenance)
        raise UserError(f"holds results of another experiment (differing: {differing})", file=str(folder),
                        suggestion=f"{OTHER}, or delete this one")  # fmt: skip


def _provenance(question: Question) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "fingerprint": question.fingerprint(),
        "name": question.experiment.name,
        "experiment": question.content(),
        "seed": question.experiment.seed,
        "versions": dict(question.versions),
        "settings": dict(question.settings),
        "rules": question.rules,
        "commit": question.commit,
        "started": now(),
        "finished": None,
    }


def write_block(
    folder: Path, block: Block, tables: Mapping[str, "Columns"], order: "Order", experiment: Experiment
) -> None:
    """Keep the tables of one block, its checksums last. With record = ["summary"] all but `runs` are kept aside."""
    from experiments.tables import to_parquet

    order = {**order, **names_in_order(experiment)}
    files = {}
    for table, columns in tables.items():
        aside = "summary" in experiment.record and table != "runs"
        name = f"{WORKING}/{table}/{block.name}.parquet" if aside else f"{table}/{block.name}.parquet"
        files[name] = to_parquet(columns, order, block.pair.columns)
    write_files(folder, block.pair, block.runs, "block", files)


def names_in_order(experiment: Experiment) -> dict[str, list[str]]:
    """Scenarios and policies by their labels, in the order of the experiment."""
    return {
        "scenario": [label(name) for name in experiment.scenarios],
        "policy": [label(name) for name in experiment.policies],
    }


def write_files(
    folder: Path,
    pair: Pair,
    runs: range,
    kind: str,
    files: Mapping[str, bytes],
    also: Mapping[str, str] = MappingProxyType({}),
) -> None:
    """Write files and then, as `kind` "block" or "summary", their checksums; `also` are files already written."""
    for name, content in files.items():
        write_aside(folder / name, content)
    body = {
        "kind": kind,
        "scenario": pair.scenario,
        "policy": pair.policy,
        "runs": [runs.start, runs.stop],
        "files": {**{name: hashlib.sha256(content).hexdigest() for name, content in files.items()}, **also},
    }
    stem = Block(pair, runs).name if kind == "block" else f"{pair.name}.summary"
    write_aside(folder / BLOCKS / f"{stem}.json", pretty({**body, "sha256": digest_of(body)}))


# Manifests


def _manifests(folder: Path, *, valid_only: bool = True) -> list[tuple[Path, Any]]:
    """The manifests of a folder in the order of the experiment, each with its content; None for a torn one."""
    found = [(file, _manifest(file)) for file in sorted((folder / BLOCKS).glob("*.json"))]
    return [(file, manifest) for file, manifest in found if manifest is not None or not valid_only]


def _manifest(file: Path) -> dict[str, Any] | None:
    content = read_json(file)
    if content is None or digest_of({k: v for k, v in content.items() if k != "sha256"}) != content.get("sha256"):
        return None
    return content


def _is_of(manifest: Mapping[str, Any], pair: Pair) -> bool:
    return (manifest["scenario"], manifest["policy"]) == (pair.scenario, pair.policy)


def _holds(folder: Path, manifest: Mapping[str, Any]) -> bool:
    """Whether every file of the block is there as it was written."""
    return all(intact(folder / name, digest) is not None for name, digest in manifest["files"].items())


# Reading


@dataclass(frozen=True)
class Results:
    """Saved results. `experiment` is the question, with scenarios and policies called as in the tables."""

    folder: Path
    experiment: Experiment
    provenance: dict[str, Any]

    @property
    def tables(self) -> tuple[str, ...]:
        """Names of the tables that were kept."""
        there = {name.split("/")[0] for _, manifest in _manifests(self.folder) for name in manifest["files"]}
        return tuple(table for table in TABLES if table in there)

    def settings(self, scenario: str, policy: str) -> Settings:
        """Everything that was assumed for a scenario under a policy, as it was when the runs were computed."""
        there = {(pair.scenario, pair.policy): pair for pair in pairs(self.experiment)}
        if (scenario, policy) not in there:
            known = [f"{one}/{other}" for one, other in there]
            raise UserError(f"has no {scenario}/{policy}", file=str(self.folder), allowed=listed(known),
                            suggestion=nearest(f"{scenario}/{policy}", known))  # fmt: skip
        file = self.folder / SETTINGS / f"{there[scenario, policy].name}.json"
        try:
            settings = Settings.model_validate(tuples(json.loads(file.read_bytes())))
        except (OSError, ValueError) as error:
            raise UserError("is missing or torn", file=str(file), suggestion=AGAIN) from error
        if settings.fingerprint() != self.provenance["settings"][f"{scenario}/{policy}"]:
            raise UserError("was changed", file=str(file), suggestion=AGAIN)
        return settings

    def table(
        self,
        name: str,
        columns: Sequence[str] | None = None,
        *,
        scenarios: Sequence[str] | None = None,
        policies: Sequence[str] | None = None,
        quarters: Sequence[str] | None = None,
        run: int | None = None,
    ) -> "pd.DataFrame":
        """A table, or of it only some columns, scenarios, policies, quarters and one run; text columns are categories.

        Rows by scenario, policy, run and quarter, in the order of the experiment. docs/data_dictionary.md
        says what the columns mean.
        """
        from experiments.tables import from_parquet

        if name not in self.tables:
            raise UserError(f"has no table {name!r}", file=str(self.folder), allowed=listed(self.tables),
                            suggestion=nearest(name, self.tables))  # fmt: skip
        files = {
            self.folder / file: digest
            for _, manifest in _manifests(self.folder)
            if (scenarios is None or manifest["scenario"] in scenarios)
            and (policies is None or manifest["policy"] in policies)
            and (run is None or run in range(*manifest["runs"]))
            for file, digest in manifest["files"].items()
            if file.startswith(f"{name}/")
        }
        if not files:
            chosen = listed([*(scenarios or ()), *(policies or ())])
            raise UserError(f"{name} has nothing for {chosen}", file=str(self.folder),
                            allowed=listed([*self.experiment.scenarios, *self.experiment.policies]))  # fmt: skip
        contents = (_checked(file, digest) for file, digest in files.items())
        if run is None:
            return from_parquet(contents, columns, quarters)
        rows = from_parquet(contents, None if columns is None else [*dict.fromkeys([*columns, "run"])], quarters)
        rows = rows[rows["run"] == run].reset_index(drop=True)
        return rows if columns is None else rows[list(columns)]


def load(folder: str | Path, *, unfinished: bool = False) -> Results:
    """Results saved in a folder; those of an interrupted experiment only if `unfinished`."""
    folder = Path(folder)
    provenance = read_json(folder / PROVENANCE)
    if provenance is None or "fingerprint" not in provenance:
        raise UserError("is no folder of results", file=str(folder), allowed="what `partnership run` wrote")
    if not provenance["finished"] and not unfinished:
        raise UserError("was interrupted", file=str(folder), suggestion=AGAIN)
    content = {**provenance["experiment"], "name": provenance["name"]}
    asked = Experiment.model_validate(tuples(content))
    called = names_in_order(asked)
    renamed = {"scenarios": tuple(called["scenario"]), "policies": tuple(called["policy"])}
    results = Results(folder, asked.model_copy(update=renamed), provenance)
    there = Counter({pair: 0 for pair in pairs(results.experiment)})
    for _, manifest in _manifests(folder):
        there.update({pair: len(range(*manifest["runs"])) for pair in there if _is_of(manifest, pair)})
    if not unfinished and set(there.values()) != {results.experiment.runs}:
        raise UserError("blocks are missing or torn", file=str(folder / BLOCKS), suggestion=AGAIN)
    return results


def _checked(file: Path, digest: str) -> bytes:
    content = intact(file, digest)
    if content is None:
        raise UserError("is torn or was changed", file=str(file), suggestion=AGAIN)
    return content
