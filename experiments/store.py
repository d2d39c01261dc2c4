"""A folder of results: what was asked, by what it was computed, and the tables, safe against torn and foreign files.

    experiment.toml     the question with everything that was given at the command line
    provenance.json     versions, seed, fingerprints of settings and rules, when started and finished
    settings/*.json     everything that was assumed, for each scenario under each policy
    design.parquet      the parameter sets of a design
    trajectories/ ...   one Parquet file per block of runs; file names sort in the order of the experiment
    blocks/*.json       for each block the SHA-256 of its files, written last: without it a block counts as not done

Files are written aside and renamed. One process at a time may write. A history is counted by its place: the number of
the run, or with a design point * runs + run.
"""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from config.checking import tuples
from config.errors import UserError, listed, nearest
from config.loading import label
from config.schema import Experiment, Settings
from experiments.files import (
    Place,
    digest_of,
    held,
    intact,
    is_full,
    no_room,
    now,
    place,
    pretty,
    read_json,
    remove_empty,
    toml_of,
    write_aside,
)

if TYPE_CHECKING:
    import pandas as pd

    from config.design import Points
    from experiments.tables import Columns, Order

EXPERIMENT, PROVENANCE, LOCK = "experiment.toml", "provenance.json", ".lock"
SETTINGS, BLOCKS, WORKING, DESIGN = "settings", "blocks", ".working", "design.parquet"
FORMAT = 2
"""Raised when the layout of the folder or the meaning of a column changes."""

TOLD = ("question", "design", "analyses")
"""Keys of an experiment that change no number, or whose doing is seen otherwise, as a design's is in its points."""

RUN_TABLES = ("trajectories", "ends", "transitions", "runs", "actors", "bounds", "limits", "vetoes")
SUMMARY_TABLES = ("summary", "transition_counts")
WORKING_TABLES = ("counted", "counted_transitions")
"""What blocks keep aside until it is summed up."""
TABLES = (*RUN_TABLES, *SUMMARY_TABLES, *WORKING_TABLES)


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
    """Consecutive histories of one pair, kept in one file per table."""

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
    points: "Points | None" = None
    """Parameter sets of the design, if there is one."""

    @property
    def histories(self) -> int:
        """Of each scenario under each policy: runs, or runs of each parameter set."""
        return self.experiment.runs * (1 if self.points is None else len(self.points.values))

    def content(self) -> dict[str, Any]:
        """The experiment as it stands in its TOML file, without its name."""
        content = self.experiment.model_dump(mode="json", exclude_none=True, exclude={"name", "folder"}, by_alias=True)
        return {**{key: value for key, value in content.items() if key != "set"}, "set": content.get("set", {})}

    def fingerprint(self) -> str:
        """Equal for questions that have the same answer, whatever they are called and however they are worded."""
        asked = {key: value for key, value in self.content().items() if key not in TOLD}
        design = None if self.points is None else self.points.digest
        return digest_of(
            {
                "format": FORMAT,
                "experiment": asked,
                "design": design,
                "settings": dict(self.settings),
                "rules": self.rules,
            }
        )

    def differences(self, provenance: Mapping[str, Any]) -> str:
        """What a folder's question has otherwise, in a few words."""
        theirs, ours = provenance.get("experiment", {}), self.content()
        keys = [key for key in ours if key not in TOLD and theirs.get(key) != ours[key]]
        other = [] if keys or provenance.get("settings") == dict(self.settings) else ["values in config/"]
        design = None if self.points is None else self.points.digest
        other += ["the table of the design"] if provenance.get("design") != design else []
        code = [] if keys or provenance.get("rules") == self.rules else ["the rules of the model"]
        return ", ".join([*keys, *other, *code]) or "the layout of the folder"


# Writing


@dataclass
class Store:
    """A results folder that this process holds for writing. Get it from `writing`."""

    folder: Place
    question: Question
    mended: list[str] = field(default_factory=list)
    """Names of blocks that were torn or changed, and are to be done again."""

    @property
    def summary(self) -> bool:
        """Whether only a summary over runs is kept."""
        return "summary" in self.question.experiment.record

    def missing(self, width: int) -> list[Block]:
        """The blocks of at most `width` histories that are still to be done, in the order of the experiment."""
        done: dict[tuple[str, str], list[range]] = {}
        for manifest in _manifests(self.folder, self.question.fingerprint()).values():
            done.setdefault(_pair_of(manifest), []).append(range(*manifest["runs"]))
        everything = pairs(self.question.experiment)
        return [
            Block(pair, span)
            for pair in everything
            for span in _gaps(done.get((pair.scenario, pair.policy), []), self.question.histories, width)
        ]

    def files(self, pair: Pair, table: str) -> dict[Place, str]:
        """Files of a table, perhaps kept aside, that finished blocks of a pair hold, in order of runs, with SHA-256."""
        of_pair = (m for m in _manifests(self.folder).values() if _pair_of(m) == (pair.scenario, pair.policy))
        return {self.folder / n: sha for m in of_pair for n, sha in m["files"].items() if n.startswith(f"{table}/")}

    def unsummed(self) -> list[Pair]:
        """Pairs of which no summary is kept."""
        summed = {_pair_of(m) for m in _manifests(self.folder).values() if m["kind"] == "summary"}
        return [pair for pair in pairs(self.question.experiment) if (pair.scenario, pair.policy) not in summed]

    def mend(self) -> None:
        """Drop blocks that are torn, changed, of another question or done twice, and what no finished block owns."""
        kept = _manifests(self.folder, self.question.fingerprint())
        for file in _files(self.folder / BLOCKS, "*.json"):
            if file not in kept or not _holds(self.folder, kept[file]):
                self.mended.append(file.stem)
                file.unlink()
                kept.pop(file, None)
        self._drop_repeated(kept)
        owned = {name for manifest in kept.values() for name in manifest["files"]}
        for base in (self.folder, self.folder / WORKING):
            for table in TABLES:
                for file in [*_files(base / table, "*.parquet"), *_files(base / table, "*.partial")]:
                    if _name_in(self.folder, file) not in owned:
                        file.unlink(missing_ok=True)
        for folder in (self.folder, self.folder / BLOCKS, self.folder / SETTINGS):
            for file in _files(folder, "*.partial"):
                file.unlink(missing_ok=True)
        remove_empty(self.folder / WORKING)

    def _drop_repeated(self, kept: dict[Place, dict[str, Any]]) -> None:
        """Forget blocks whose pair is summed up, and those that hold a history which an earlier block holds."""
        summed = {_pair_of(m) for m in kept.values() if m["kind"] == "summary"}
        reached: dict[tuple[str, str], int] = {}
        for file, manifest in [(f, m) for f, m in kept.items() if m["kind"] == "block"]:
            pair, (start, stop) = _pair_of(manifest), manifest["runs"]
            if pair in summed or start < reached.get(pair, 0):
                file.unlink()
                del kept[file]
            else:
                reached[pair] = stop

    def keep_settings(self, pair: Pair, text: str) -> None:
        """Keep the resolved settings of a pair, as JSON."""
        write_aside(self.folder / SETTINGS / f"{pair.name}.json", text.encode())

    def finish(self) -> None:
        """Say that everything asked is there."""
        provenance = _whole(self.folder / PROVENANCE) or {}
        if not provenance.get("finished"):
            write_aside(self.folder / PROVENANCE, sealed({**provenance, "finished": now()}))


def _gaps(done: Sequence[range], histories: int, width: int) -> Iterator[range]:
    """What is not done of so many histories, in pieces of at most `width`."""
    spans = sorted(done, key=lambda span: span.start)
    for start in range(0, histories, width):
        stop = min(start + width, histories)
        for span in spans:
            if start < span.stop and span.start < stop:
                if start < span.start:
                    yield range(start, span.start)
                start = span.stop
        if start < stop:
            yield range(start, stop)


@contextmanager
def writing(folder: Place, question: Question) -> Iterator[Store]:
    """Hold a results folder, new or of the same question, for writing; UserError if it is anything else."""
    with ExitStack() as stack:
        try:
            _check_ours(folder, question)
            folder.mkdir(parents=True, exist_ok=True)
            stack.enter_context(held(folder, LOCK))
        except (OSError, ValueError) as error:  # ValueError: a name with a zero byte
            if is_full(error):
                raise no_room(folder) from error
            why = getattr(error, "strerror", None) or error
            raise UserError(f"cannot be written: {why}", file=str(folder), suggestion=OTHER) from error
        _check_ours(folder, question)
        store = Store(folder, question)
        store.mend()
        there = _whole(folder / PROVENANCE)
        if there is None:
            write_aside(folder / PROVENANCE, sealed(_provenance(question)))
        else:
            finished = None if store.mended else there["finished"]
            now_asked = {**there, "experiment": question.content(), "finished": finished}
            if now_asked != there:
                write_aside(folder / PROVENANCE, sealed(now_asked))
        content = question.content()
        if question.points is not None:
            from config.design import write_points

            write_aside(folder / DESIGN, write_points(question.points))
            if question.experiment.design is not None and question.experiment.design.table is not None:
                content["design"] = {"table": DESIGN}
        write_aside(folder / EXPERIMENT, toml_of(content).encode())
        yield store


def is_finished(folder: Place, question: Question) -> bool:
    """Whether a folder says that everything asked by this question is there."""
    there = _whole(folder / PROVENANCE) or {}
    return there.get("fingerprint") == question.fingerprint() and bool(there.get("finished"))


OTHER = "choose another folder with --out"
AGAIN = "the command that began it completes it"


def _check_ours(folder: Place, question: Question) -> None:
    """UserError unless the folder is absent, empty, or holds results of this very question.

    A torn provenance is written anew if there is a finished block of this question.
    """
    if folder.exists() and not folder.is_dir():
        raise UserError("is a file, not a folder", file=str(folder), suggestion=OTHER)
    there = {file.name for file in folder.iterdir()} if folder.exists() else set()
    if all(name == LOCK or name.endswith(".partial") for name in there):
        return
    provenance = _whole(folder / PROVENANCE)
    if provenance is None:
        if not (folder / PROVENANCE).is_dir() and _manifests(folder, question.fingerprint()):
            return
        kind = "torn results" if PROVENANCE in there else "something else than results"
        raise UserError(f"holds {kind}", file=str(folder), suggestion=OTHER)
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
        "histories": question.histories,
        "seed": question.experiment.seed,
        "versions": dict(question.versions),
        "settings": dict(question.settings),
        "design": None if question.points is None else question.points.digest,
        "rules": question.rules,
        "commit": question.commit,
        "started": now(),
        "finished": None,
    }


def write_block(
    folder: Place, block: Block, tables: Mapping[str, "Columns"], order: "Order", question: str, experiment: Experiment
) -> None:
    """Keep the tables of one block, its checksums last; `question` is its fingerprint. Tables that only serve a
    summary are kept aside.
    """
    from experiments.tables import to_parquet

    order = {**order, **names_in_order(experiment)}
    files = {}
    for table, columns in tables.items():
        base = f"{WORKING}/{table}" if table in WORKING_TABLES else table
        files[f"{base}/{block.name}.parquet"] = to_parquet(columns, order, block.pair.columns)
    write_files(folder, block.pair, block.runs, "block", files, question)


def names_in_order(experiment: Experiment) -> dict[str, list[str]]:
    """Scenarios and policies by their labels, in the order of the experiment."""
    return {
        "scenario": [label(name) for name in experiment.scenarios],
        "policy": [label(name) for name in experiment.policies],
    }


def write_files(
    folder: Place,
    pair: Pair,
    runs: range,
    kind: str,
    files: Mapping[str, bytes],
    question: str,
    also: Mapping[str, str] = MappingProxyType({}),
) -> None:
    """Write files and then, as `kind` "block" or "summary", their checksums; `also` are files already written.

    `question` is the fingerprint of what they answer.
    """
    for name, content in files.items():
        write_aside(folder / name, content)
    stem = Block(pair, runs).name if kind == "block" else f"{pair.name}.summary"
    body = {
        "name": stem,
        "kind": kind,
        "scenario": pair.scenario,
        "policy": pair.policy,
        "runs": [runs.start, runs.stop],
        "question": question,
        "files": {**{name: hashlib.sha256(content).hexdigest() for name, content in files.items()}, **also},
    }
    write_aside(folder / BLOCKS / f"{stem}.json", sealed(body))


# Manifests


Manifest = dict[str, Any]


def _manifests(folder: Place, question: str | None = None) -> dict[Place, Manifest]:
    """The manifests of a folder that are whole, in their place and of this question, in the order of the experiment."""
    found = {file: _whole(file) for file in _files(folder / BLOCKS, "*.json")}
    return {
        file: manifest
        for file, manifest in found.items()
        if manifest is not None and manifest.get("name") == file.stem and question in (None, manifest.get("question"))
    }


def sealed(content: Mapping[str, Any]) -> bytes:
    """A JSON file with its own SHA-256 as last entry."""
    body = {key: value for key, value in content.items() if key != "sha256"}
    return pretty({**body, "sha256": digest_of(body)})


def _whole(file: Place) -> dict[str, Any] | None:
    """Content of a JSON file if it is as it was sealed."""
    content = read_json(file)
    if content is None or digest_of({k: v for k, v in content.items() if k != "sha256"}) != content.get("sha256"):
        return None
    return content


def _provenance_of(folder: Place) -> dict[str, Any]:
    """By what the results in a folder were computed; UserError if it does not hold results that can be read."""
    there = read_json(folder / PROVENANCE)
    if there is None or "fingerprint" not in there:
        raise UserError("is no folder of results", file=str(folder), allowed="what `partnership run` wrote")
    if there.get("format") != FORMAT:
        raise UserError(f"is a folder of format {there.get('format')}", file=str(folder), allowed=str(FORMAT),
                        suggestion="run the experiment once more into another folder")  # fmt: skip
    if _whole(folder / PROVENANCE) is None:
        raise UserError("is torn or was changed", file=str(folder / PROVENANCE), suggestion=AGAIN)
    return there


def _files(folder: Place, pattern: str) -> list[Place]:
    """Files of a folder in the order of their names, none if there is no folder."""
    if not isinstance(folder, Path):
        folder.fs.invalidate_cache()
        return sorted(folder.glob(pattern), key=lambda file: file.name) if folder.exists() else []
    return list[Place](sorted(folder.glob(pattern)))


def _name_in(folder: Place, file: Place) -> str:
    """Name of a file of a table as manifests have it."""
    parts = (file.parent.name, file.name)
    return "/".join(parts if file.parent.parent.name != WORKING else (WORKING, *parts))


def _pair_of(manifest: Manifest) -> tuple[str, str]:
    return manifest["scenario"], manifest["policy"]


def _holds(folder: Place, manifest: Manifest) -> bool:
    """Whether every file of the block is there as it was written."""
    return all(intact(folder / name, digest) is not None for name, digest in manifest["files"].items())


# Reading


@dataclass(frozen=True)
class Results:
    """Saved results. `experiment` is the question, with scenarios and policies called as in the tables."""

    folder: Place
    experiment: Experiment
    provenance: dict[str, Any]

    @cached_property
    def _manifests(self) -> list[Manifest]:
        """Of whole blocks of this question."""
        return list(_manifests(self.folder, self.provenance["fingerprint"]).values())

    @property
    def tables(self) -> tuple[str, ...]:
        """Names of the tables that were kept."""
        there = {name.split("/")[0] for manifest in self._manifests for name in manifest["files"]}
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
        except (OSError, ValueError, RecursionError) as error:
            raise UserError("is missing or torn", file=str(file), suggestion=AGAIN) from error
        if settings.fingerprint() != self.provenance["settings"][f"{scenario}/{policy}"]:
            raise UserError("was changed", file=str(file), suggestion=AGAIN)
        return settings

    def points(self) -> "Points | None":
        """Parameter sets of the design, None without one."""
        if self.experiment.design is None:
            return None
        from config.design import kept_points

        file = self.folder / DESIGN
        try:
            points = kept_points(file.read_bytes())
        except (OSError, ValueError) as error:
            raise UserError("is missing or torn", file=str(file), suggestion=AGAIN) from error
        if points.digest != self.provenance["design"]:
            raise UserError("was changed", file=str(file), suggestion=AGAIN)
        return points

    def table(
        self,
        name: str,
        columns: Sequence[str] | None = None,
        *,
        scenarios: Sequence[str] | None = None,
        policies: Sequence[str] | None = None,
        quarters: Sequence[str] | None = None,
        run: int | None = None,
        point: int | None = None,
    ) -> "pd.DataFrame":
        """A table, or of it only some columns, scenarios, policies, quarters and one run; text columns are categories.

        Rows by scenario, policy, run and quarter, in the order of the experiment; with a design by point before run.
        docs/data_dictionary.md says what the columns mean. A million runs are better read part by part (`parts`).
        """
        from experiments.tables import from_parquet

        files = self._files(name, scenarios, policies, None if run is None else self._place(run, point))
        contents = (checked(file, digest) for file, digest in files.items())
        if run is None:
            return from_parquet(contents, columns, quarters)
        who = {"run": run} if point is None else {"point": point, "run": run}
        rows = from_parquet(contents, None if columns is None else [*dict.fromkeys([*columns, *who])], quarters)
        for key, number in who.items():
            rows = rows[rows[key] == number]
        rows = rows.reset_index(drop=True)
        return rows if columns is None else rows[list(columns)]

    def parts(
        self,
        name: str,
        columns: Sequence[str] | None = None,
        *,
        scenarios: Sequence[str] | None = None,
        policies: Sequence[str] | None = None,
        quarters: Sequence[str] | None = None,
    ) -> "Iterator[pd.DataFrame]":
        """The rows of `table`, block by block: what is read of them at a time does not grow with the number of runs."""
        from experiments.tables import from_parquet

        for file, digest in self._files(name, scenarios, policies).items():
            yield from_parquet([checked(file, digest)], columns, quarters)

    def _files(
        self, name: str, scenarios: Sequence[str] | None, policies: Sequence[str] | None, place: int | None = None
    ) -> dict[Place, str]:
        """Files of a table with their SHA-256; with a `place` only the one that holds this history."""
        if name not in self.tables:
            raise UserError(f"has no table {name!r}", file=str(self.folder), allowed=listed(self.tables),
                            suggestion=nearest(name, self.tables))  # fmt: skip
        files = {
            self.folder / file: digest
            for manifest in self._manifests
            if (scenarios is None or manifest["scenario"] in scenarios)
            and (policies is None or manifest["policy"] in policies)
            and (place is None or place in range(*manifest["runs"]))
            for file, digest in manifest["files"].items()
            if file.startswith(f"{name}/")
        }
        if not files:
            chosen = listed([*(scenarios or ()), *(policies or ())])
            raise UserError(f"{name} has nothing for {chosen}", file=str(self.folder),
                            allowed=listed([*self.experiment.scenarios, *self.experiment.policies]))  # fmt: skip
        return files

    def _place(self, run: int, point: int | None) -> int:
        return run if point is None else point * self.experiment.runs + run


def load(folder: str | Place, *, unfinished: bool = False) -> Results:
    """Results saved in a folder; those of an interrupted experiment only if `unfinished`."""
    folder = place(folder)
    provenance = _provenance_of(folder)
    if not provenance["finished"] and not unfinished:
        raise UserError("was interrupted", file=str(folder), suggestion=AGAIN)
    content = {**provenance["experiment"], "name": provenance["name"]}
    asked = Experiment.model_validate(tuples(content))
    called = names_in_order(asked)
    renamed = {"scenarios": tuple(called["scenario"]), "policies": tuple(called["policy"])}
    results = Results(folder, asked.model_copy(update=renamed), provenance)
    there = Counter({(pair.scenario, pair.policy): 0 for pair in pairs(results.experiment)})
    for manifest in results._manifests:
        there[_pair_of(manifest)] += len(range(*manifest["runs"]))
    if not unfinished and set(there.values()) != {provenance["histories"]}:
        raise UserError("blocks are missing or torn", file=str(folder / BLOCKS), suggestion=AGAIN)
    return results


def checked(file: Place, digest: str) -> bytes:
    """Content of a file that is as it was written; UserError if it is not."""
    content = intact(file, digest)
    if content is None:
        raise UserError("is torn or was changed", file=str(file), suggestion=AGAIN)
    return content
