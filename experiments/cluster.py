"""Blocks on a Dask cluster instead of on the cores of this machine.

Dask, which only this needs, is imported when it is used. Every process has to have the same code: docs/cluster.md.
"""

import asyncio
import logging
import math
import pickle
import re
import signal
import sys
import time
import warnings
from collections import deque
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import CancelledError, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import cache
from importlib import import_module
from importlib.metadata import version
from importlib.util import find_spec
from queue import Empty, SimpleQueue
from typing import Any, Generic, TypeVar

from config.errors import UserError, shown
from experiments import provenance

CONNECTING = 10.0
"""Seconds within which a scheduler must answer, also when the connection to it breaks."""
WAITING = 600.0
"""Seconds to wait for a worker when there is none."""
SAYING = 5.0
"""Seconds after which it is said that there is none: a worker that ends is often started again at once."""
LOOKING = 1.0
"""Seconds after which the cluster is looked at again."""
AHEAD = 2
"""Tasks that are sent for each thread of the workers: one at work and one to follow."""

ALLOWED = "tcp://HOST:PORT of a Dask scheduler (also tls, ws), or local:N for N processes here, up to 9999"
SCHEMES = ("tcp", "tls", "ws")
HOST = r"[A-Za-z0-9_.-]+|\[[0-9a-fA-F:.]+\]"
LOCAL = re.compile(r"local:([1-9][0-9]{0,3})")
REMOTE = re.compile(rf"(?:{'|'.join(SCHEMES)})://(?:{HOST}):([0-9]{{1,5}})")
PORT = 8786
"""Where a Dask scheduler listens unless told otherwise."""
LACKING = re.compile("No module named 'experiments|attribute '_do'")
"""What Python says on a worker without the project."""
SAME = "install the same on all machines, and start their workers again"
GOES_ON = "finished blocks are kept, and the same command goes on with them"

T = TypeVar("T")
R = TypeVar("R")


def spread_on(
    address: str,
    work: Callable[[T], R],
    tasks: Sequence[T],
    ready: Callable[[T], None] | None = None,
    called: Callable[[T], str] = shown,
) -> Generator[tuple[T, R]]:
    """Each task with what came of it, as they finish on the workers of the scheduler at this address.

    Before `work` a worker sees that its code is that of this process, and calls `ready`, which may refuse. A task whose
    worker is lost is done again by another. What `work` or `ready` raise is raised here; UserError, naming a task as
    it is `called`, if the cluster cannot be reached, is lost, stays without workers or keeps losing them to one task.
    """
    if not tasks:
        return
    check_address(address)
    with _connected(address, len(tasks)) as client:
        yield from _Flight(client, address, work, tasks, ready, called).results()


# Addresses


def check_address(address: str) -> None:
    """UserError unless a Dask scheduler answers at this address, or it is local:N, which needs none."""
    _check_form(address)
    if find_spec("distributed") is None:
        raise _refused(address, "needs another package", 'pip install "eu-japan-partnership-sim[cluster]"', allowed="")
    if not LOCAL.fullmatch(address):
        _check_answer(address)


def _check_form(address: str) -> None:
    remote = REMOTE.fullmatch(address)
    if not LOCAL.fullmatch(address) and not (remote and _is_port(int(remote[1]))):
        raise _refused(address, "is no address of a cluster", f"did you mean {_right_form(address)!r}?")


def _check_answer(address: str) -> None:
    """UserError unless what answers is a scheduler. Dask's own client may wait for ever for another server."""
    try:
        with _quiet(), ThreadPoolExecutor(1) as pool:  # a thread, for where a loop is running already, as in a notebook
            found = pool.submit(asyncio.run, _identity(address)).result()
    except Exception as error:  # what another kind of server sends may be taken for anything
        raise _refused(address, f"no Dask scheduler answers ({_cause(error)})", "is it running?") from None
    if found.get("type") != "Scheduler":
        near = f"did you mean {found['scheduler']!r}?" if "scheduler" in found else "ask its scheduler"
        raise _refused(address, f"a {found.get('type', 'server')} answers, not a Dask scheduler", near)


async def _identity(address: str) -> Mapping[str, Any]:
    """What the Dask server at this address says of itself."""
    core, security = _dask().core, _dask().Security().get_connection_args("client")
    async with asyncio.timeout(CONNECTING):
        line = await core.connect(address, timeout=0.8 * CONNECTING, **security)
        try:
            found = await core.send_recv(line, op="identity")
        finally:
            line.abort()
    return found if isinstance(found, Mapping) else {}


def _cause(error: BaseException) -> str:
    """Why nobody answered, as the system has it where the system knows."""
    chain = [error]
    while chain[-1].__cause__ is not None:
        chain.append(chain[-1].__cause__)
    known = [one.strerror for one in chain if isinstance(one, OSError) and one.strerror]
    if known:
        return known[-1]
    if isinstance(error, TypeError):
        return "Dask has no certificates for TLS in its configuration"
    return f"nothing within {CONNECTING:.0f} s" if isinstance(error, OSError) else "it speaks another language"


def _refused(address: str, problem: str, suggestion: str, allowed: str = ALLOWED) -> UserError:
    return UserError(problem, key="--cluster", value=shown(address), allowed=allowed, suggestion=suggestion)


def _right_form(address: str) -> str:
    """The address that was probably meant."""
    local = re.match(r"\s*local(?!host)\D*0*(\d{0,4})", address, re.IGNORECASE | re.ASCII)
    if local:
        return f"local:{local[1] or 4}"
    text = address.strip().lower()
    scheme = re.match(r"[a-z]+(?=:?/)|(tcp|tls|ws)(?=:)", text)
    parts = re.match(rf"(?:[^@/]*@)?({HOST})?:?([0-9]{{0,5}})", text[scheme.end() :].lstrip(":/") if scheme else text)
    host, port = (parts[1] or "", parts[2]) if parts else ("", "")
    if host.isdigit():
        host, port = "", host[:5]
    page = scheme and scheme[0] in ("http", "https")  # what a browser shows is not where the scheduler listens
    number = int(port) if port and not page and _is_port(int(port)) else PORT
    return f"{scheme[0] if scheme and scheme[0] in SCHEMES else 'tcp'}://{host or '127.0.0.1'}:{number}"


def _is_port(number: int) -> bool:
    return 0 < number < 2**16


# Connections


@contextmanager
def _connected(address: str, tasks: int) -> Iterator[Any]:
    """A client of the scheduler at this address; for local:N of one that is started here, with its workers."""
    local = LOCAL.fullmatch(address)
    with ExitStack() as stack:
        stack.enter_context(_quiet())
        if local:
            cluster = stack.enter_context(_started_here(min(int(local[1]), tasks)))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of other versions: what matters of them is checked for each worker
            try:
                client = _dask().Client(cluster if local else address, timeout=CONNECTING, set_as_default=False)
            except OSError as error:
                raise _refused(address, f"no Dask scheduler answers ({_cause(error)})", "is it running?") from None
        yield stack.enter_context(client)


def _started_here(workers: int) -> Any:
    """A scheduler and so many worker processes, as with --workers: of one thread, and of memory what they need."""
    config = import_module("dask.config")
    quietly = {
        "distributed.nanny.pre-spawn-environ.DASK_LOGGING__DISTRIBUTED": "critical",
        "distributed.worker.preload": [*config.get("distributed.worker.preload"), __name__],
    }
    no_page = {"dashboard": False, "dashboard_address": "127.0.0.1:0"}
    with config.set(quietly):
        return _dask().LocalCluster(n_workers=workers, threads_per_worker=1, processes=True, memory_limit=None,
                                    scheduler_kwargs=no_page, silence_logs=logging.CRITICAL)  # fmt: skip


def _dask() -> Any:
    """The part of Dask that is asked for only here, and untyped."""
    return import_module("distributed")


@contextmanager
def _quiet() -> Iterator[None]:
    """Nothing of Dask's own logs: what a user must know of them is said here."""
    _dask()  # sets up its logs
    names = [name for name in logging.root.manager.loggerDict if name.split(".")[0] in ("distributed", "tornado")]
    loggers = [logging.getLogger(name) for name in ("asyncio", "distributed", *names)]
    before = [logger.level for logger in loggers]
    try:
        for logger in loggers:
            logger.setLevel(logging.CRITICAL + 1)
        yield
    finally:
        for logger, level in zip(loggers, before, strict=True):
            logger.setLevel(level)


# Tasks on their way


class _Flight(Generic[T, R]):
    """Tasks on their way to workers and back: few at a time, so that neither scheduler nor client fills up.

    When Dask has given a task up because workers died of it, or of another that they held, it is kept until all else is
    done and then sent alone: if that fails again, it is the one.
    """

    def __init__(
        self,
        client: Any,
        address: str,
        work: Callable[[T], R],
        tasks: Sequence[T],
        ready: Callable[[T], None] | None,
        called: Callable[[T], str],
    ) -> None:
        self.client, self.crew = client, _Crew(client, address)
        self.work, self.tasks, self.ready, self.called = work, tasks, ready, called
        self.code = code()
        self.waiting, self.suspects = deque(range(len(tasks))), deque[int]()
        self.flying: dict[Any, int] = {}
        self.landed: SimpleQueue[Any] = SimpleQueue()
        self.deadly: list[int] = []
        self.alone = False

    def results(self) -> Iterator[tuple[T, R]]:
        """Each task with what came of it, as they finish."""
        while self.waiting or self.suspects or self.flying:
            self._send(self.crew.threads())
            try:
                future = self.landed.get(timeout=LOOKING)
            except Empty:
                continue
            number = self.flying.pop(future)
            for result in self._brought_by(future, number):
                yield self.tasks[number], result
        if self.deadly:
            raise self._deadly(self.deadly[0])

    def _send(self, threads: int) -> None:
        while self.waiting and len(self.flying) < AHEAD * threads:
            self._submit(self.waiting.popleft())
        if threads and self.suspects and not self.waiting and not self.flying:
            self.alone = True
            self._submit(self.suspects.popleft())

    def _submit(self, number: int) -> None:
        task = import_module("cloudpickle").dumps((self.work, self.ready, self.tasks[number]))
        self._await(self.client.submit(pickle.loads, pickle.dumps(_Job(task, self.code)), pure=False), number)

    def _await(self, future: Any, number: int) -> None:
        self.flying[future] = number
        future.add_done_callback(self.landed.put)

    def _brought_by(self, future: Any, number: int) -> list[R]:
        """What a task returned; nothing if it is to be done again. What it raised is raised."""
        failed = future.status == "error"
        try:
            return [future.result(timeout=LOOKING)]
        except _dask().KilledWorker:
            (self.deadly if self.alone else self.suspects).append(number)
        except (ImportError, AttributeError) as error:
            if LACKING.search(str(error)):
                raise UserError("a worker has another version of this project, or none", key="--cluster",
                                value=self.crew.address, suggestion=f"{SAME}; {GOES_ON}") from error  # fmt: skip
            raise
        except (CancelledError, OSError):
            if failed:
                raise
            if future.cancelled():  # lost with the connection
                self.waiting.append(number)
            else:  # lost with its worker: Dask does it again
                self._await(future, number)
        return []

    def _deadly(self, number: int) -> UserError:
        return UserError(f"workers die of {self.called(self.tasks[number])} again and again, also of it alone",
                         key="--cluster", value=self.crew.address,
                         suggestion=f"give workers more memory; {GOES_ON}")  # fmt: skip


class _Crew:
    """The workers of a cluster as last seen. UserError when the scheduler is lost or workers stay away."""

    def __init__(self, client: Any, address: str) -> None:
        self.client, self.address = client, address
        self.seen, self.number = -math.inf, 0
        self.none_since: float | None = None
        self.said = False

    def threads(self) -> int:
        """How many threads the workers have, 0 if there are none."""
        if self.client.status == "closed":
            raise UserError("the scheduler was lost", key="--cluster", value=self.address, suggestion=GOES_ON)
        now = time.monotonic()
        if now - self.seen >= LOOKING:
            self.seen, self.number = now, self._look()
            self._wait(now)
        return self.number

    def _look(self) -> int:
        try:
            return sum(self.client.nthreads().values())
        except Exception:  # the connection is lost; Dask tries for a while to connect again, then closes the client
            return 0

    def _wait(self, now: float) -> None:
        if self.number or self.client.status != "running":
            self.none_since = None
            return
        if self.none_since is None:
            self.none_since, self.said = now, False
        if now - self.none_since > SAYING and not self.said:
            self.said = True
            print(f"partnership: {self.address} has no worker, waiting for one", file=sys.stderr)
        if now - self.none_since > WAITING:
            raise UserError(f"no worker came within {WAITING / 60:.0f} minutes", key="--cluster", value=self.address,
                            suggestion=f"start workers; {GOES_ON}")  # fmt: skip


# On the workers


def code() -> dict[str, str]:
    """What must be equal everywhere for blocks to be of one experiment."""
    return {
        "the project": provenance.project_version(),
        "numpy": version("numpy"),
        "the rules of the model": provenance.fingerprint_of_rules(),
    }


_code_of_worker = cache(code)


class _Job:
    """Pickles as a call of `_do`. Dask carries bytes that only the work itself opens, on a worker, and not before."""

    def __init__(self, task: bytes, ours: Mapping[str, str]) -> None:
        self.task, self.ours = task, ours

    def __reduce__(self) -> tuple[Any, ...]:
        return _do, (self.task, self.ours)


def _do(task: bytes, ours: Mapping[str, str]) -> Any:
    """On a worker: one task, unless other code than that of the client would do it."""
    theirs = _code_of_worker()
    other = [name if len(ours[name]) > 40 else f"{name} ({theirs[name]}, not {ours[name]})"
             for name in ours if theirs[name] != ours[name]]  # fmt: skip
    if other:
        where = _dask().get_worker().address
        raise UserError(f"has other code than this process: {', '.join(other)}", key="worker", value=where,
                        suggestion=f"{SAME}; {GOES_ON}")  # fmt: skip
    work, ready, content = pickle.loads(task)
    if ready is not None:
        ready(content)
    return work(content)


def dask_setup(worker: Any) -> None:
    """In a worker of local:N, called by Dask when it starts: leave Ctrl-C to the main process."""
    del worker
    signal.signal(signal.SIGINT, signal.SIG_IGN)
