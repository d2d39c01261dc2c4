"""How the parameters are calibrated: histories held to the record, weighed by how likely it was in each.

A draw is one history with parameters of its own. Its files are held to the stages on record (docs/ODD.md, 6.13); its
likelihood is the product of the chances that the model gave, quarter by quarter, to what happened and to what did not.
Every draw has its own luck in all that nobody saw, so that weighing draws integrates over it.
"""

import io
import json
import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from config.calendar import quarter_index, quarter_name
from config.checking import tuples, validated
from config.errors import UserError
from config.loading import ROOT, load_record, resolve
from config.panels import load_series
from config.posterior import Calibration, load_calibration
from config.schema import LADDERS, PARTNERS, Posterior, Settings
from experiments.analysis import importance
from experiments.analysis.importance import Proposal
from experiments.analysis.record import known
from experiments.analysis.regimes import chances
from experiments.analysis.vetoes import FIRST
from experiments.files import digest_of, held, pretty, read_json, write_aside
from experiments.provenance import fingerprint_of_rules
from experiments.running import WIDTH, Progress, cores, spread

Floats = NDArray[np.float64]
Evaluate = Callable[[int, Floats], Floats]
"""Number of the first draw, and draws (N, D): the log likelihoods (N, C) of each part of the record."""

TOPICS = ("russia", "china", "enlargement")
"""Other business whose vetoes are counted; the Peace Facility came too late."""
VETOES_FROM = quarter_index(FIRST)
"""Before it the record of vetoes is not complete, so that silence says nothing."""
CALIBRATE = ("calibrate",)
TOLERANCE = "business.tolerance"
EDGE = 1e-12
ASKED, LOCK = "calibration.json", ".lock"
"""Files of a folder of draws: what they are for, and who is writing."""
OTHER = "--out another folder"
GO_ON = "partnership calibrate --out DIR goes on with it"


@dataclass(frozen=True)
class Evidence:
    """What parameters are held against: settings that know the record, and vetoes counted between quarters by topic."""

    settings: Settings
    vetoes: Mapping[str, int]
    vetoes_from: int
    vetoes_until: int
    names: Sequence[str]
    seed: int

    @cached_property
    def parts(self) -> tuple[str, ...]:
        """Parts of the record: EU files, rungs ("FRA/raa"), ladders ("JPN/force"), business ("vetoes/china")."""
        slugs = [one.slug for one in self.settings.instruments]
        rungs = [f"{iso}/{rung.slug}" for iso in PARTNERS for rung in self.settings.rungs]
        ladders = [f"JPN/{ladder}" for ladder in LADDERS]
        return (*slugs, *rungs, *ladders, *(f"vetoes/{topic}" for topic in TOPICS))

    def domain(self, part: str) -> str:
        """What a part belongs to: the field of an instrument, or bilateral, Japan, Council."""
        fields = {one.slug: str(one.domain) for one in self.settings.instruments}
        return fields.get(part) or {"JPN": "Japan", "vetoes": "Council"}.get(part.split("/")[0], "bilateral")

    def total(self, z: Floats, log_likelihood: Floats, without: str = "") -> Floats:
        """Log likelihood of the record in each draw, (N,), from its parts (N, C), perhaps without one domain.

        Vetoes depend on calibrated parameters through `TOLERANCE` alone, and on whose governments happen to be
        spoilers, which hardly touches the files: their likelihood is averaged over draws of like tolerance instead of
        taken from each draw's own governments, whose luck would drown all else.
        """
        kept = np.array([self.domain(part) != without for part in self.parts])
        counted = np.array([part.startswith("vetoes/") for part in self.parts])
        whole: Floats = log_likelihood[:, kept & ~counted].sum(axis=1)
        if TOLERANCE in self.names and (kept & counted).any():
            of_vetoes = log_likelihood[:, kept & counted].sum(axis=1)
            whole = whole + importance.averaged(z[:, list(self.names).index(TOLERANCE)], of_vetoes)
        return whole


def evidence_of(settings: Settings, plan: Calibration, vetoes: Mapping[str, int], vetoes_from: int = 0) -> Evidence:
    """Evidence on these settings, which know the record of one history; its vetoes are counted from a quarter on."""
    until = settings.status.until if settings.status else settings.until
    return Evidence(
        settings.model_copy(update={"until": until, "posterior": None}),
        vetoes, vetoes_from, plan.vetoes_until, plan.parameters, plan.seed,
    )  # fmt: skip


def evidence_on_record(plan: Calibration, root: Path = ROOT) -> Evidence:
    """What the record says to calibration: rows marked `calibrate`, and of the pressures what was known by then."""
    free = resolve(plan.scenario, "none", prior=True, root=root)
    drawn = chances(plan.until, root)
    drawn = drawn.model_copy(update={"rows": drawn.rows[: plan.until + 1 - drawn.first]})
    pressures = free.pressures.model_copy(update={"drawn": drawn})
    held = known(free.model_copy(update={"pressures": pressures}), load_record(root), plan.until, CALIBRATE)
    return evidence_of(held, plan, vetoes_on_record(plan, root), VETOES_FROM)


def vetoes_on_record(plan: Calibration, root: Path = ROOT) -> dict[str, int]:
    """Decisions vetoed by topic: what several states stop on one day is one decision."""
    rows = load_series("vetoes", root / "series")
    counted = [row for row in rows if VETOES_FROM <= quarter_index(row["quarter"]) <= plan.vetoes_until]
    return {topic: len({row["date"] for row in counted if row["topic"] == topic}) for topic in TOPICS}


# Likelihood


def values_of(settings: Settings, names: Sequence[str], z: Floats) -> dict[str, Floats]:
    """Parameters (N,) by name for draws (N, D) that are standard normal under the prior."""
    from simulation.parameters import value_at

    u = np.clip(ndtr(z), EDGE, 1 - EDGE)
    return {name: value_at(settings.parameters[name], u[:, place]) for place, name in enumerate(names)}


def log_likelihoods(evidence: Evidence, first: int, z: Floats) -> Floats:
    """Log likelihood of each part of the record, (N, C), in one history for each draw; the first is run `first`."""
    from simulation.model import PartnershipModel

    runs = range(first, first + len(z))
    given = values_of(evidence.settings, evidence.names, z)
    with np.errstate(divide="raise", over="raise", invalid="raise"):
        model = PartnershipModel(evidence.settings, runs, evidence.seed, (), given)
        model.run()
    found = model.beliefs.log_likelihood()
    for topic in TOPICS:
        expected = sum(
            (one for (what, quarter), one in model.beliefs.expected_vetoes.items()
             if what == topic and evidence.vetoes_from <= quarter <= evidence.vetoes_until), np.zeros(len(z)),
        )  # fmt: skip
        found[f"vetoes/{topic}"] = _poisson(evidence.vetoes[topic], expected)
    nothing = np.zeros(len(z))
    return np.stack([found.get(part, nothing) for part in evidence.parts], axis=1)


def _poisson(count: int, expected: Floats) -> Floats:
    rate = np.maximum(expected, EDGE)
    return count * np.log(rate) - rate - math.lgamma(count + 1)


# Sampling


@dataclass(frozen=True)
class Sample:
    """Weighted draws: z (N, D), log likelihoods of the parts of the record (N, C), and where the draws came from."""

    evidence: Evidence
    z: Floats
    log_likelihood: Floats
    proposals: Sequence[Proposal]
    sizes: Sequence[int]

    def log_weight(self, without: str = "") -> Floats:
        """(N,) logarithms of weights that add up to 1, of the whole record or without one domain of it."""
        whole = self.evidence.total(self.z, self.log_likelihood, without)
        if not np.isfinite(whole).any():
            raise UserError(f"could not have happened in any of {len(whole)} histories", key="the record",
                            allowed="what the model can do", suggestion="more histories (--runs)")  # fmt: skip
        return importance.log_weights(self.z, whole, self.proposals, self.sizes)

    def posterior(self, draws: int, without: str = "") -> Posterior:
        """Equally likely draws of the parameters."""
        u = float(np.random.Generator(np.random.Philox(self.evidence.seed)).random())
        places = importance.resampled(self.log_weight(without), draws, u)
        values = values_of(self.evidence.settings, self.evidence.names, self.z[places])
        rows = np.stack([values[name] for name in self.evidence.names], axis=1)
        rounded = np.array([[float(f"{value:.8g}") for value in row] for row in rows])
        return Posterior(names=tuple(self.evidence.names), rows=tuple(map(tuple, rounded.tolist())))


def sample(evidence: Evidence, rounds: Sequence[int], evaluate: Evaluate) -> Sample:
    """Draw in rounds, each from a proposal fitted to all before."""
    dimensions = len(evidence.names)
    z, found = np.empty((0, dimensions)), np.empty((0, len(evidence.parts)))
    proposals: list[Proposal] = []
    for number, size in enumerate(rounds):
        if number:
            before = Sample(evidence, z, found, tuple(proposals), rounds[:number])
            proposals.append(importance.fitted(z, before.log_weight()))
        else:
            proposals.append(Proposal.prior(dimensions))
        new = proposals[-1].draw(size, (evidence.seed, number))
        found = np.concatenate([found, evaluate(len(z), new)])
        z = np.concatenate([z, new])
    return Sample(evidence, z, found, proposals, rounds)


def sample_here(evidence: Evidence, rounds: Sequence[int]) -> Sample:
    """The same in this process, nothing kept."""

    def evaluate(first: int, z: Floats) -> Floats:
        parts = [log_likelihoods(evidence, first + at, z[at : at + WIDTH]) for at in range(0, len(z), WIDTH)]
        return np.concatenate(parts)

    return sample(evidence, rounds, evaluate)


# Kept in a folder


@dataclass(frozen=True)
class Task:
    """One block of draws."""

    evidence: Evidence
    first: int
    z: Floats
    file: Path


def _work(task: Task) -> int:
    found = log_likelihoods(task.evidence, task.first, task.z)
    stream = io.BytesIO()
    np.savez(stream, z=task.z, log_likelihood=found)
    write_aside(task.file, stream.getvalue())
    return len(task.z)


def calibrate(
    plan: Calibration,
    folder: Path,
    *,
    workers: int | None = None,
    progress: Callable[[Progress], None] = lambda progress: None,
    root: Path = ROOT,
) -> Sample:
    """Sample the posterior into a folder; what is there already is kept, so that an interrupted one goes on.

    UserError, and nothing written, if the folder holds something else or another process is writing there.
    """
    evidence = evidence_on_record(plan, root)
    start, total, done, resumed = time.perf_counter(), sum(plan.rounds), 0, 0

    def evaluate(first: int, z: Floats) -> Floats:
        nonlocal done, resumed
        tasks = _tasks(evidence, folder, first, z)
        missing = [task for task in tasks if _read(task) is None]
        resumed += (there := len(z) - sum(len(task.z) for task in missing))
        done += there
        for _, size in spread(_work, missing, workers or cores()):
            done += size
            progress(Progress(done, total, resumed, time.perf_counter() - start))
        return _gathered(tasks)

    with _claimed(folder, _question(plan, evidence)):
        return sample(evidence, plan.rounds, evaluate)


def sample_in(plan: Calibration, folder: Path, root: Path = ROOT) -> Sample:
    """The finished sample that a folder holds; nothing is computed or written. UserError if any draw is missing."""
    evidence = evidence_on_record(plan, root)
    _is_begun(folder, _question(plan, evidence))
    return sample(evidence, plan.rounds, lambda first, z: _gathered(_tasks(evidence, folder, first, z)))


def _tasks(evidence: Evidence, folder: Path, first: int, z: Floats) -> list[Task]:
    """These draws in blocks, the first one with this number."""
    cuts = range(0, len(z), WIDTH)
    return [Task(evidence, first + at, z[at : at + WIDTH], _block(folder, first + at)) for at in cuts]


def _gathered(tasks: Sequence[Task]) -> Floats:
    """What all these blocks hold."""
    found = []
    for task in tasks:
        one = _read(task)
        if one is None:
            raise UserError("is missing, torn, or of other draws", file=str(task.file), suggestion=GO_ON)
        found.append(one)
    return np.concatenate(found)


def _block(folder: Path, first: int) -> Path:
    return folder / "draws" / f"{first:08d}.npz"


def _read(task: Task) -> Floats | None:
    """What a block holds, None if it is not there, torn, or of other draws."""
    try:
        with np.load(io.BytesIO(task.file.read_bytes())) as content:
            z, found = content["z"], content["log_likelihood"]
    except Exception:  # of torn bytes zipfile and numpy say this and that: BadZipFile, TokenError, NotImplementedError
        return None
    right = z.shape == task.z.shape and bool((z == task.z).all())
    return found if right and found.shape == (len(z), len(task.evidence.parts)) else None


def _question(plan: Calibration, evidence: Evidence) -> dict[str, Any]:
    """What draws depend on."""
    return {
        "plan": json.loads(plan.model_dump_json()),
        "settings": evidence.settings.fingerprint(),
        "vetoes": {"from": quarter_name(evidence.vetoes_from), **evidence.vetoes},
        "rules": fingerprint_of_rules(),
    }


@contextmanager
def _claimed(folder: Path, question: Mapping[str, Any]) -> Iterator[None]:
    """Hold a folder, new or of these draws, for writing; UserError if it is anything else."""
    with ExitStack() as stack:
        try:
            _is_begun(folder, question)
            folder.mkdir(parents=True, exist_ok=True)
            stack.enter_context(held(folder, LOCK))
        except OSError as error:
            raise UserError(f"cannot be written: {error.strerror}", file=str(folder), suggestion=OTHER) from error
        if not _is_begun(folder, question):
            write_aside(folder / ASKED, pretty(question))
        yield


def _is_begun(folder: Path, question: Mapping[str, Any]) -> bool:
    """Whether a folder is for these draws, False if it is new or empty; UserError if it holds something else."""
    if folder.exists() and not folder.is_dir():
        raise UserError("is a file, not a folder", file=str(folder), suggestion=OTHER)
    names = {one.name for one in folder.iterdir()} if folder.exists() else set()
    if all(name == LOCK or name.endswith(".partial") for name in names):
        return False
    there = read_json(folder / ASKED)
    if there is None and ASKED in names:
        raise UserError("is torn or was changed", file=str(folder / ASKED), suggestion=f"{OTHER}, or remove this one")
    if there is None:
        raise UserError("is not empty and holds no calibration", file=str(folder), allowed="a new folder",
                        suggestion=OTHER)  # fmt: skip
    if digest_of(there) != digest_of(question):
        differing = sorted(key for key in {*question, *there} if there.get(key) != question.get(key))
        raise UserError(f"holds a calibration that differs in {', '.join(differing)}", file=str(folder),
                        suggestion=f"{OTHER}, or remove this one")  # fmt: skip
    return True


def plan_in(folder: Path) -> Calibration:
    """The plan by which the draws in a folder were made; UserError unless they are all there."""
    there = read_json(folder / ASKED)
    if there is None:
        raise UserError(
            "holds no calibration", file=str(folder), suggestion="partnership calibrate --out DIR makes one"
        )
    plan = validated(Calibration, tuples(there.get("plan")), str(folder / ASKED), "plan")
    for end, size in zip(accumulate(plan.rounds), plan.rounds, strict=True):
        for first in range(end - size, end, WIDTH):
            if not _block(folder, first).is_file():
                raise UserError("is missing", file=str(_block(folder, first)), suggestion=GO_ON)
    return plan


def plan_of(root: Path = ROOT) -> Calibration:
    """The shipped plan."""
    return load_calibration(root / "calibration.toml", resolve("hindcast", "none", root=root).parameters)


# Prior and posterior


@dataclass(frozen=True)
class Informed:
    """What is believed of a parameter before and after: median, 5 and 95 %; contraction of the standard deviation."""

    name: str
    prior: tuple[float, float, float]
    posterior: tuple[float, float, float]
    contraction: float
    """1 - sd after / sd before, on the scale on which the prior is standard normal; 0 where nothing is learnt."""
    shift: float
    """Mean after, on that scale."""


def informed(found: Sample) -> list[Informed]:
    """Prior against posterior for every parameter."""
    weight = np.exp(found.log_weight())
    before = values_of(found.evidence.settings, found.evidence.names, np.tile(ndtri([[0.5], [0.05], [0.95]]),
                                                                             len(found.evidence.names)))  # fmt: skip
    rows = []
    for place, name in enumerate(found.evidence.names):
        z = found.z[:, place]
        mean = float(weight @ z)
        spread_ = float(np.sqrt(weight @ (z - mean) ** 2))
        order = np.argsort(z)
        cumulated = np.cumsum(weight[order])
        ends = z[order][np.searchsorted(cumulated, [0.5, 0.05, 0.95])]
        after = values_of(found.evidence.settings, [name], ends[:, np.newaxis])[name]
        rows.append(Informed(name, _three(before[name]), _three(after), 1 - spread_, mean))
    return rows


def _three(values: Floats) -> tuple[float, float, float]:
    middle, low, high = (float(value) for value in values)
    return middle, low, high


def title(plan: Calibration) -> str:
    """What was calibrated, in a line."""
    return f"{len(plan.parameters)} parameters, {sum(plan.rounds):,} histories, record to {quarter_name(plan.until)}"


def keep(found: Sample, plan: Calibration, folder: Path, save: bool) -> str:
    """Write the posterior and what was learnt into the folder, with `save` also into config/; what to print of it."""
    weight = found.log_weight()
    posterior = found.posterior(plan.draws)
    lines = [",".join(posterior.names), *(",".join(f"{value:.8g}" for value in row) for row in posterior.rows)]
    content = ("\n".join(lines) + "\n").encode()
    write_aside(folder / "posterior.csv", content)
    if save:
        write_aside(ROOT / "posterior.csv", content)
    width = max(map(len, plan.parameters))
    rows = [
        f"{one.name:<{width}}  {_shown(one.prior):>24}  {_shown(one.posterior):>24}  {one.contraction:>11.0%}"
        for one in informed(found)
    ]
    worth, tail = importance.effective(weight), importance.tail_index(weight)
    return "\n".join(
        [
            title(plan),
            f"worth {worth:,.0f} equally weighted draws; tail of the weights {tail:.2f}, to be trusted below 0.7",
            "",
            f"{'median (5 to 95 %)':<{width}}  {'prior':>24}  {'posterior':>24}  {'contraction':>11}",
            *rows,
            "",
            f"Posterior: {folder / 'posterior.csv'}" + (f", and {ROOT / 'posterior.csv'}" if save else ""),
        ]
    )


def _shown(three: tuple[float, float, float]) -> str:
    return f"{three[0]:.2f} ({three[1]:.2f} to {three[2]:.2f})"
