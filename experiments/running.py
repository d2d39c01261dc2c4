"""How a question is computed: runs cut into blocks, blocks spread over processes, what is there already left alone."""

import gc
import multiprocessing
import multiprocessing.process
import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from config import loading
from config.design import CHANCE
from config.errors import UserError
from config.schema import DOMAINS, PARTNERS, Experiment
from experiments import failures
from experiments.files import Place, from_anywhere
from experiments.provenance import question_of
from experiments.store import PROVENANCE, Block, Pair, Store, is_finished, pairs, write_block, writing
from experiments.tables import Columns, Order

if TYPE_CHECKING:
    from config.design import Points

WIDTH = 3072
"""Histories of a block at most. Twice as wide a block is a tenth faster and takes twice the memory
(benchmarks/RESULTS.md).
"""

EVEN = 4
"""Processes that are to share the blocks of an experiment evenly."""

ENOUGH = 2048
"""Histories from which it pays to start worker processes."""

LOSSES = 3
"""Times that worker processes may be lost one after another before any block is finished."""

Ints = np.ndarray[Any, np.dtype[np.int64]]
T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True)
class Lanes:
    """Histories of one block, (R,) each: numbers of runs and, with a design, of points and what is so at each.

    given    parameters by dotted name
    luck     numbers of the histories whose luck they have; None if each has its own run's
    variant  which of the `variants`, values by dotted name that a model has one of, each has; None if there are none
    """

    runs: Ints
    points: Ints | None = None
    given: Columns = field(default_factory=dict)
    luck: Ints | None = None
    variant: Ints | None = None
    variants: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.runs)

    def of(self, chosen: slice | Ints) -> "Lanes":
        """Some of them."""
        given = {name: values[chosen] for name, values in self.given.items()}
        points, luck, variant = (None if one is None else one[chosen] for one in (self.points, self.luck, self.variant))
        return Lanes(self.runs[chosen], points, given, luck, variant, self.variants)

    def alike(self) -> "Iterator[Lanes]":
        """Those of one variant after another: what one model can hold."""
        if self.variant is None:
            yield self
            return
        for number in dict.fromkeys(self.variant.tolist()):
            yield self.of(np.flatnonzero(self.variant == number))

    @property
    def changes(self) -> Mapping[str, Any]:
        """What is so in all of them, by dotted name; they are of one variant."""
        return {} if self.variant is None else self.variants[int(self.variant[0])]

    def said(self) -> Columns:
        """What table `runs` says of them that no model knows: luck, and what is so of their variant."""
        found: dict[str, np.ndarray[Any, Any]] = {} if self.luck is None else {CHANCE: self.luck}
        if self.variant is None:
            return found
        rows = [self.variants[number] for number in self.variant.tolist()]
        return found | {name: _column([row[name] for row in rows]) for name in (rows[0] if rows else {})}


def _column(values: Sequence[Any]) -> np.ndarray[Any, Any]:
    """Numbers, or texts."""
    texts = any(isinstance(value, str) for value in values)
    return np.array(values, dtype=object if texts else np.float64)


Simulated = tuple[Mapping[str, Columns], Order, Mapping[str, float]]
"""Tables of a block, the order in which names in them are best listed, and seconds by phase."""

Simulate = Callable[[Any, Lanes, int, Sequence[str]], Simulated]
"""Settings, histories, seed and the tables to record in; what happened in them out."""


@dataclass(frozen=True)
class Progress:
    """How far a computation is. `done` of `total` runs, `resumed` of them were there before."""

    done: int
    total: int
    resumed: int
    seconds: float

    @property
    def runs_per_second(self) -> float:
        return (self.done - self.resumed) / self.seconds if self.seconds > 0 else 0.0

    @property
    def seconds_left(self) -> float | None:
        """None before anything can be said."""
        return (self.total - self.done) / self.runs_per_second if self.runs_per_second > 0 else None


@dataclass(frozen=True)
class Outcome:
    """What a computation did: runs simulated now, of how many; time by phase, summed over processes."""

    simulated: int
    total: int
    seconds: float
    phases: Mapping[str, float]
    mended: Sequence[str]


@dataclass(frozen=True)
class Task:
    """All that a worker needs for one block."""

    block: Block
    lanes: Lanes
    settings: Any
    experiment: Experiment
    folder: Place
    question: str
    """Fingerprint of what is asked."""
    simulate: Simulate
    drawn: Sequence[str] = ()
    """Parameters that differ between histories under some scenario and policy of the experiment."""


def simulate_partnership(settings: Any, lanes: Lanes, seed: int, record: Sequence[str]) -> Simulated:
    """These histories of the model, all of one variant; `failures.RunError` if one of them cannot be computed."""
    from simulation.model import PartnershipModel
    from simulation.recorder import REGIMES, STAGES

    _leave_what_is_loaded()
    points = None if lanes.points is None else lanes.points.tolist()
    luck = None if lanes.luck is None else lanes.luck.tolist()
    changed = loading.varied(settings, lanes.changes) if lanes.changes else settings
    model = PartnershipModel(changed, lanes.runs.tolist(), seed, record, lanes.given, points=points, luck=luck)
    try:
        model.run()
    except FloatingPointError as error:
        raise failures.of_model(model, error) from error
    order = {
        "partner": ["EU", *PARTNERS],
        "instrument": [one.slug for one in (*settings.instruments, *settings.rungs)],
        "stage": STAGES,
        "domain": DOMAINS,
        "regime": REGIMES,
    }
    return model.tables(), order, model.seconds


@cache
def _leave_what_is_loaded() -> None:
    """In a process of our own: what is loaded for good is not searched for garbage after each block."""
    if multiprocessing.parent_process() is not None:
        gc.freeze()


def run_experiment(
    experiment: Experiment,
    folder: Place,
    *,
    workers: int | None = None,
    cluster: str | None = None,
    width: int | None = None,
    progress: Callable[[Progress], None] = lambda progress: None,
    simulate: Simulate = simulate_partnership,
) -> Outcome:
    """Compute what is still missing of an experiment into a results folder.

    The same rows whatever `workers` (default: all cores, unless there is little to do), `cluster` (the address of a
    Dask scheduler, or "local:4"; then `workers` does not count) and `width`, histories of a block. An interrupted
    computation keeps its finished blocks and goes on from them when called again. UserError, and nothing written,
    if the folder holds something else.
    """
    settings = {pair: settings_of(experiment, pair) for pair in pairs(experiment)}
    points = loading.points_of(experiment)
    experiment = _with_horizon(experiment, settings)
    fingerprints = {f"{pair.scenario}/{pair.policy}": each.fingerprint() for pair, each in settings.items()}
    question = question_of(experiment, fingerprints, points)
    if cluster is not None and not is_finished(folder, question):
        from experiments.cluster import check_address

        check_address(cluster)
    with writing(folder, question) as store:
        for pair, each in settings.items():
            store.keep_settings(pair, each.model_dump_json(by_alias=True))
        drawn = drawn_parameters(list(settings.values()), points)
        tasks = [
            Task(block, lanes_of(block, experiment.runs, points), settings[block.pair], experiment,
                 folder if cluster is None else from_anywhere(folder), question.fingerprint(), simulate, drawn)
            for block in store.missing(width or sensible_width(question.histories, len(settings)))
        ]  # fmt: skip
        with closing(_spread_over(cluster, tasks, workers)) as done:
            outcome = _compute(done, tasks, question.histories * len(settings), progress, store)
        if store.summary:
            from experiments.summary import summarise

            for pair in store.unsummed():
                summarise(store, pair)
            store.mend()
        store.finish()
    return outcome


def sensible_width(histories: int, pairs: int) -> int:
    """Histories of a block: as few blocks as `WIDTH` allows, or a few more, so that processes share them evenly."""
    blocks = -(-histories // WIDTH)
    while blocks > 1 and blocks * pairs % EVEN:
        blocks += 1
    return -(-histories // blocks)


def lanes_of(block: Block, runs: int, points: "Points | None" = None) -> Lanes:
    """The histories of a block; with a design each point has so many `runs`."""
    places = np.arange(block.runs.start, block.runs.stop, dtype=np.int64)
    if points is None:
        return Lanes(places)
    at = places // runs
    luck = None if points.luck is None else points.luck[at]
    lanes = Lanes(places % runs, at, points.given(at), luck)
    if points.variants is None:
        return lanes
    variant = points.variants.of[at]
    variants = {number: points.variants.row(number) for number in dict.fromkeys(variant.tolist())}
    return replace(lanes, variant=variant, variants=variants)


def settings_of(experiment: Experiment, pair: Pair) -> Any:
    """The resolved settings of one scenario under one policy."""
    scenario, policy = experiment.scenarios[pair.scenario_number], experiment.policies[pair.policy_number]
    return loading.settings_of(experiment, scenario, policy)


def drawn_parameters(settings: Sequence[Any], points: "Points | None" = None) -> list[str]:
    """Names of the parameters that are uncertain in any of these settings, or differ between points."""
    drawn = (name for each in settings for name, p in each.parameters.items() if p.draw is not None)
    return list(dict.fromkeys([*(() if points is None else points.names), *drawn]))


def with_fixed(columns: Columns, drawn: Sequence[str], settings: Any) -> Columns:
    """The table `runs` with a column for every one of these parameters, also for those that are fixed here.

    One that is drawn but not in the table, as of runs that failed before anything was drawn, is not a number.
    """
    rows = len(columns["run"])
    first = {name: values for name, values in columns.items() if name not in drawn}
    ours = {name: settings.parameters[name] for name in drawn if name not in columns}
    fixed = {name: np.full(rows, np.nan if p.draw else float(p.value)) for name, p in ours.items()}
    return {**first, **{name: fixed[name] if name in fixed else columns[name] for name in drawn}}


def _told(columns: Columns, lanes: Lanes, task: Task) -> Columns:
    """The table `runs` of lanes of one variant with everything that may differ between histories of the experiment."""
    return {**with_fixed(columns, task.drawn, task.settings), **lanes.said()}


def _with_horizon(experiment: Experiment, settings: Mapping[Pair, Any]) -> Experiment:
    """The experiment saying until when, if all its scenarios end alike."""
    ends = {each.until for each in settings.values()}
    return experiment.model_copy(update={"until": ends.pop()}) if len(ends) == 1 else experiment


def _spread_over(
    cluster: str | None, tasks: Sequence[Task], workers: int | None
) -> Generator[tuple[Task, Mapping[str, float]]]:
    """Each block with its seconds by phase, as they finish, computed by whom the user has asked."""
    if cluster is None:
        return spread(run_block, tasks, workers or _sensible_workers(tasks))
    from experiments.cluster import spread_on

    return spread_on(cluster, run_block, tasks, see_folder, lambda task: f"block {task.block.name}")


def see_folder(task: Task) -> None:
    """UserError unless the results folder is there where this runs."""
    if not (task.folder / PROVENANCE).exists():
        shared = "choose a folder that all of them share, or a store as s3://bucket/folder"
        raise UserError("is not seen by the workers of the cluster", file=str(task.folder), suggestion=shared)


def _compute(
    finished: Iterator[tuple[Task, Mapping[str, float]]],
    tasks: Sequence[Task],
    total: int,
    progress: Callable[[Progress], None],
    store: Store,
) -> Outcome:
    resumed = total - sum(len(task.block.runs) for task in tasks)
    phases: Counter[str] = Counter()
    start, done = time.perf_counter(), resumed
    progress(Progress(done, total, resumed, 0.0))
    for task, seconds in finished:
        phases.update(seconds)
        done += len(task.block.runs)
        progress(Progress(done, total, resumed, time.perf_counter() - start))
    return Outcome(done - resumed, total, time.perf_counter() - start, dict(phases), store.mended)


def _sensible_workers(tasks: Sequence[Task]) -> int:
    """All cores; one, which is ready at once, where starting more would take longer than the work."""
    return min(cores(), len(tasks)) if sum(len(task.block.runs) for task in tasks) > ENOUGH else 1


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def run_block(task: Task) -> Mapping[str, float]:
    """Simulate and keep one block; seconds by phase. Histories that cannot be computed are kept as failed."""
    record = [name for name in task.experiment.record if name != "summary"] or ["trajectories", "transitions"]
    alike = list(task.lanes.alike())
    parts = [
        failures.set_apart(lambda lanes: task.simulate(task.settings, lanes, task.experiment.seed, record), lanes)
        for lanes in alike
    ]
    start = time.perf_counter()
    parts = [({**tables, "runs": _told(tables["runs"], lanes, task)}, order, seconds)
             for lanes, (tables, order, seconds) in zip(alike, parts, strict=True)]  # fmt: skip
    tables, order, seconds = parts[0] if len(parts) == 1 else failures.joined(parts)
    if "summary" in task.experiment.record:
        from experiments.summary import counted

        tables, order = counted(tables, order)
    write_block(task.folder, task.block, tables, order, task.question, task.experiment)
    gc.collect()  # a model and its agents hold each other, so that it would linger, and the next be built beside it
    return {**seconds, "saving": time.perf_counter() - start}


def spread(work: Callable[[T], R], tasks: Sequence[T], workers: int) -> Generator[tuple[T, R]]:
    """Each task with what came of it, as they finish; in this process if one worker is enough.

    What a worker process was doing when it was killed is done again by another. UserError if that goes on and on.
    """
    if workers <= 1 or len(tasks) <= 1:
        for task in tasks:
            yield task, work(task)
        return
    left, losses = dict(enumerate(tasks)), 0
    while left:
        try:
            for number, result in _spread_once(work, left, workers):
                losses = 0
                yield left.pop(number), result
        except BrokenProcessPool as error:
            losses += 1
            if losses > LOSSES:
                raise UserError("worker processes were killed again and again, perhaps because memory ran out",
                                key="--workers", value=str(workers), allowed=f"1 to {workers}",
                                suggestion="fewer of them, and the same command goes on") from error  # fmt: skip


def _spread_once(work: Callable[[T], R], tasks: Mapping[int, T], workers: int) -> Iterator[tuple[int, R]]:
    """Number of each task with what came of it, as they finish; BrokenProcessPool when a worker is lost."""
    with _pool(min(workers, len(tasks))) as pool:
        running = {pool.submit(work, task): number for number, task in tasks.items()}
        while running:
            finished, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in finished:
                yield running.pop(future), future.result()


@contextmanager
def _pool(workers: int) -> Iterator[ProcessPoolExecutor]:
    """Worker processes that end when this one does, and at once when something goes wrong here."""
    before = set(multiprocessing.active_children())
    pool = ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), _start_worker)
    try:
        yield pool
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        for worker in set(multiprocessing.active_children()) - before:
            worker.terminate()
        raise
    finally:
        pool.shutdown(wait=True)


def _start_worker() -> None:
    """Leave Ctrl-C to the main process, and end with it even if it is killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=[parent], daemon=True).start()


def _end_with(parent: multiprocessing.process.BaseProcess) -> None:
    parent.join()
    os._exit(1)
