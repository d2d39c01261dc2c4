"""The same bits on a cluster of real processes, whatever is lost on the way; and nothing begun on a wrong address."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dask.config
import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.errors import UserError
from experiments import cluster
from experiments.cluster import check_address, spread_on
from experiments.running import run_experiment
from tests.experiments import fake
from tests.experiments.test_running import same

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals")

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 120.0
"""Seconds after which a test gives up waiting."""
SMALL_WORLD = "from tests.experiments import fake\nfake.use(setattr)\n"
"""What a worker runs at first, to live in the small world."""
WITHOUT_PROJECT = """
import sys

class Without:
    def find_spec(self, name, path=None, target=None):
        if name == "experiments":
            raise ModuleNotFoundError(f"No module named {name!r}")

sys.meta_path.insert(0, Without())
"""
"""What makes a worker one of a machine on which this project is not installed."""


class Machines:
    """A scheduler and workers as processes of their own, on this machine."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self.folder, self.environment = folder, environment
        self.started = folder / "started"
        self.processes: list[subprocess.Popen[bytes]] = []
        self.address = f"tcp://127.0.0.1:{free_port()}"
        self.scheduler = self._start("scheduler", "--host", "127.0.0.1", "--port", self.address.rsplit(":", 1)[1])

    def worker(self, *options: str, first: str = SMALL_WORLD) -> subprocess.Popen[bytes]:
        preload = self.folder / f"first{len(self.processes)}.py"
        preload.write_text(first)
        place = ("--host", "127.0.0.1", "--nthreads", "1")
        return self._start("worker", self.address, *place, "--preload", str(preload), *options)

    def _start(self, kind: str, *options: str) -> subprocess.Popen[bytes]:
        own = {"PYTHONPATH": str(ROOT), "FAKE_STARTED": str(self.started), "DASK_TEMPORARY_DIRECTORY": str(self.folder)}
        own |= self.environment
        process = subprocess.Popen(
            [sys.executable, "-m", f"distributed.cli.dask_{kind}", "--no-dashboard", *options],
            cwd=self.folder, env={**os.environ, **own}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        self.processes.append(process)
        return process

    def end(self) -> None:
        for process in self.processes:
            process.kill()
        for process in self.processes:
            process.wait()


@pytest.fixture(autouse=True)
def small_world(monkeypatch: pytest.MonkeyPatch) -> None:
    fake.use(monkeypatch.setattr)


@pytest.fixture(scope="module")
def two_workers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machines]:
    """A cluster to which nothing happens."""
    machines = Machines(tmp_path_factory.mktemp("cluster"))
    for _ in range(2):
        machines.worker("--no-nanny")
    with cluster._connected(machines.address, 1) as client:
        wait_until(lambda: len(client.nthreads()) == 2)
    yield machines
    machines.end()


@pytest.fixture
def machines(tmp_path: Path) -> Iterator[Machines]:
    """A scheduler, still without workers, that gives a task up after the first worker that it kills."""
    machines = Machines(tmp_path, DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES="0")
    yield machines
    machines.end()


@pytest.fixture
def whole(tmp_path: Path) -> Path:
    """Results of the small experiment, computed without interruption in this process."""
    run_experiment(fake.experiment(), tmp_path / "whole", workers=1, simulate=fake.simulate)
    return tmp_path / "whole"


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def wait_until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)


def once_started(machines: Machines, act: Callable[[], object]) -> threading.Thread:
    """Act as soon as a worker is in the midst of a block."""

    def wait_and_act() -> None:
        wait_until(machines.started.exists)
        act()

    thread = threading.Thread(target=wait_and_act)
    thread.start()
    return thread


def blocks(folder: Path) -> list[str]:
    return sorted(file.name for file in (folder / "blocks").glob("*.json"))


# The same results


def test_a_cluster_changes_no_bit(tmp_path: Path, whole: Path, two_workers: Machines) -> None:
    outcome = run_experiment(
        fake.experiment(), tmp_path / "r", cluster=two_workers.address, width=7, simulate=fake.simulate
    )
    assert (outcome.simulated, outcome.total) == (120, 120)
    same(whole, tmp_path / "r")


def test_processes_of_a_cluster_here_change_no_bit(
    tmp_path: Path, whole: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "preload.py").write_text(SMALL_WORLD)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    with dask.config.set({"distributed.worker.preload": [str(tmp_path / "preload.py")]}):
        run_experiment(fake.experiment(), tmp_path / "r", cluster="local:2", width=13, simulate=fake.simulate)
    same(whole, tmp_path / "r")
    assert capfd.readouterr().err == ""


def test_work_comes_back_as_it_finishes(two_workers: Machines) -> None:
    found = list(spread_on(two_workers.address, slow_if_first, range(5)))
    assert sorted(found) == [(number, number * number) for number in range(5)]
    assert found[0][0] != 0


def test_nothing_to_do_needs_no_cluster() -> None:
    assert list(spread_on("tcp://127.0.0.1:9", slow_if_first, [])) == []


def test_few_tasks_are_sent_at_a_time(two_workers: Machines, monkeypatch: pytest.MonkeyPatch) -> None:
    at_once: list[int] = []
    submit = cluster._Flight._submit

    def counted(flight: Any, number: int) -> None:
        submit(flight, number)
        at_once.append(len(flight.flying))

    monkeypatch.setattr(cluster._Flight, "_submit", counted)
    assert len(list(spread_on(two_workers.address, square, range(60)))) == 60
    assert 1 <= max(at_once) <= 2 * cluster.AHEAD


def slow_if_first(number: int) -> int:
    time.sleep(0.5 if number == 0 else 0)
    return square(number)


def square(number: int) -> int:
    return number * number


# What goes wrong in the work itself


def refuse(number: int) -> None:
    if number == 3:
        raise UserError("is three", key="number", value="3", allowed="others", suggestion="take 4")


def divide(number: int) -> float:
    return 1 / (number - 3)


def time_out(number: int) -> None:
    raise TimeoutError("of a store, say")


def find_nothing(number: int) -> None:
    raise AttributeError("of the work")


@pytest.mark.parametrize(
    ("work", "fault"), [(divide, ZeroDivisionError), (time_out, TimeoutError), (find_nothing, AttributeError)]
)
def test_a_fault_on_a_worker_arrives_as_itself(two_workers: Machines, work: Any, fault: type[Exception]) -> None:
    with pytest.raises(fault) as found:
        list(spread_on(two_workers.address, work, range(5)))
    assert found.traceback[-1].name == work.__name__, "the traceback leads to the worker's line"


def test_a_user_error_on_a_worker_arrives_as_itself(two_workers: Machines) -> None:
    with pytest.raises(UserError, match=r"^number = 3: is three; allowed: others \(take 4\)$"):
        list(spread_on(two_workers.address, square, range(5), ready=refuse))


def test_what_is_interrupted_leaves_nothing_at_the_scheduler(tmp_path: Path, two_workers: Machines) -> None:
    def interrupt(progress: Any) -> None:
        if progress.done >= 20:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_experiment(fake.experiment(), tmp_path / "r", cluster=two_workers.address, width=1, progress=interrupt,
                       simulate=fake.simulate)  # fmt: skip
    with cluster._connected(two_workers.address, 1) as client:
        wait_until(lambda: client.run_on_scheduler(tasks_at_scheduler) == 0)
    assert 20 <= len(blocks(tmp_path / "r")) < 40


def tasks_at_scheduler(dask_scheduler: Any) -> int:
    return len(dask_scheduler.tasks)


# What is lost on the way


def test_blocks_of_a_killed_worker_are_done_by_others(tmp_path: Path, whole: Path, machines: Machines) -> None:
    both = [machines.worker("--no-nanny") for _ in range(2)]
    killing = once_started(machines, both[0].kill)
    run_experiment(fake.experiment(), tmp_path / "r", cluster=machines.address, width=10, simulate=fake.slowly)
    killing.join()
    assert both[0].wait() == -signal.SIGKILL
    same(whole, tmp_path / "r")


def test_a_worker_that_is_started_again_goes_on(tmp_path: Path, whole: Path, machines: Machines) -> None:
    """A nanny starts a worker again that was killed in the midst of a block."""
    machines.worker("--nanny")
    run_experiment(fake.experiment(), tmp_path / "r", cluster=machines.address, width=10, simulate=fake.killed_once)
    assert machines.started.exists()
    same(whole, tmp_path / "r")


def test_without_workers_it_waits_and_goes_on_with_a_new_one(
    tmp_path: Path, whole: Path, machines: Machines, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(cluster, "SAYING", 0.0)
    last = machines.worker("--no-nanny")
    said: list[str] = []

    def replace() -> None:
        last.kill()
        wait_until(lambda: bool(said.append(capfd.readouterr().err)) or "waiting" in "".join(said))
        machines.worker("--no-nanny")

    replacing = once_started(machines, replace)
    run_experiment(fake.experiment(), tmp_path / "r", cluster=machines.address, width=10, simulate=fake.slowly)
    replacing.join()
    same(whole, tmp_path / "r")
    told = ("".join(said) + capfd.readouterr().err).splitlines()
    assert set(told) == {f"partnership: {machines.address} has no worker, waiting for one"}


def test_when_no_worker_comes_it_ends(tmp_path: Path, machines: Machines, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "WAITING", 1.0)
    with pytest.raises(UserError, match=f"--cluster = {machines.address}: no worker came within .* the same command"):
        run_experiment(fake.experiment(), tmp_path / "r", cluster=machines.address, simulate=fake.simulate)


def test_what_is_finished_needs_no_cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake.use(monkeypatch.setattr)
    run_experiment(fake.experiment(), tmp_path / "r", workers=1, simulate=fake.simulate)
    gone = f"tcp://127.0.0.1:{free_port()}"
    assert run_experiment(fake.experiment(), tmp_path / "r", cluster=gone, simulate=fake.simulate).simulated == 0


def test_a_lost_scheduler_keeps_what_is_finished(
    tmp_path: Path,
    whole: Path,
    machines: Machines,
    two_workers: Machines,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    machines.worker("--no-nanny")
    check_address(machines.address)
    monkeypatch.setattr(cluster, "CONNECTING", 1.0)
    killing = once_started(machines, machines.scheduler.kill)
    with pytest.raises(UserError, match=f"--cluster = {machines.address}: the scheduler was lost .*the same command"):
        run_experiment(fake.experiment(), tmp_path / "r", cluster=machines.address, width=10, simulate=fake.slowly)
    killing.join()
    assert capfd.readouterr().err == ""
    kept = len(blocks(tmp_path / "r"))
    assert 1 <= kept < 12
    monkeypatch.setattr(cluster, "CONNECTING", PATIENCE)
    outcome = run_experiment(
        fake.experiment(), tmp_path / "r", cluster=two_workers.address, width=10, simulate=fake.simulate
    )
    assert outcome.simulated <= 120 - 10 * kept
    same(whole, tmp_path / "r")


def test_what_kills_its_workers_is_named_after_all_else_is_done(machines: Machines) -> None:
    machines.worker("--nanny")
    done = []
    with pytest.raises(
        UserError, match=r"--cluster = tcp:.*: workers die of number 1 again .*give workers more memory"
    ):
        for task, _ in spread_on(machines.address, die_of_one, range(4), called=lambda number: f"number {number}"):
            done.append(task)
    assert sorted(done) == [0, 2, 3]


def die_of_one(number: int) -> None:
    if number == 1:
        os.kill(os.getpid(), signal.SIGKILL)


# Workers of other code


def test_a_worker_with_other_rules_is_given_no_work(tmp_path: Path, machines: Machines) -> None:
    machines.worker("--no-nanny", first="")
    with pytest.raises(UserError, match=r"worker = tcp://127.0.0.1:\d+: has other code .*: the rules of the model"):
        run_experiment(fake.experiment(), tmp_path / "r", cluster=machines.address, simulate=fake.simulate)
    assert blocks(tmp_path / "r") == []


def test_a_worker_without_the_project_is_told(machines: Machines) -> None:
    machines.worker("--no-nanny", first=WITHOUT_PROJECT)
    with pytest.raises(UserError, match="a worker has another version of this project, or none"):
        list(spread_on(machines.address, square, range(3)))


def test_other_code_is_told_by_what_differs(two_workers: Machines, monkeypatch: pytest.MonkeyPatch) -> None:
    ours = cluster.code()
    monkeypatch.setattr(cluster, "code", lambda: {**ours, "numpy": "1.0"})
    with pytest.raises(UserError, match=rf"other code than this process: numpy \({ours['numpy']}, not 1.0\) \("):
        list(spread_on(two_workers.address, square, range(3)))


# Addresses

WRONG = {
    "": "tcp://127.0.0.1:8786",
    " ": "tcp://127.0.0.1:8786",
    "8786": "tcp://127.0.0.1:8786",
    "local": "local:4",
    "local:": "local:4",
    "local:0": "local:4",
    "local:-2": "local:2",
    "local:2.5": "local:2",
    "local:two": "local:4",
    "local:2 ": "local:2",
    "LOCAL:3": "local:3",
    "local4": "local:4",
    "local:100000": "local:1000",
    "localhost:8786": "tcp://localhost:8786",
    "10.0.0.1": "tcp://10.0.0.1:8786",
    "10.0.0.1:9000": "tcp://10.0.0.1:9000",
    "tcp:10.0.0.1:9000": "tcp://10.0.0.1:9000",
    "tcp:/node:9000": "tcp://node:9000",
    "tcp//node:9000": "tcp://node:9000",
    "tcp://node": "tcp://node:8786",
    "tcp://node:": "tcp://node:8786",
    "tcp://node:0": "tcp://node:8786",
    "tcp://node:99999": "tcp://node:8786",
    "tcp://node:port": "tcp://node:8786",
    "tcp://node:9000/": "tcp://node:9000",
    "tcp://me@node:9000": "tcp://node:9000",
    "tcp://:9000": "tcp://127.0.0.1:9000",
    "tcp://[::1]": "tcp://[::1]:8786",
    "TCP://node:9000": "tcp://node:9000",
    "tls://node": "tls://node:8786",
    "ucx://node:9000": "tcp://node:9000",
    "http://node:8787/status": "tcp://node:8786",
    "tcp://node:9000\n": "tcp://node:9000",
    "tcp://knötchen:9000": "tcp://kn:8786",
}


@pytest.mark.parametrize(("address", "meant"), WRONG.items())
def test_what_is_no_address_is_answered_with_the_nearest_that_is(tmp_path: Path, address: str, meant: str) -> None:
    with pytest.raises(UserError) as fault:
        run_experiment(fake.experiment(), tmp_path / "r", cluster=address, simulate=fake.simulate)
    assert "--cluster" in str(fault.value) and cluster.ALLOWED in str(fault.value)
    assert f"did you mean {meant!r}?" in str(fault.value)
    assert not (tmp_path / "r").exists()


@given(st.one_of(st.text(), st.from_regex(r"(tcp|http|local|[a-z]*):?/*[\w.@\[\]:]*:?\d*")))
def test_the_nearest_address_is_one(address: str) -> None:
    cluster._check_form(cluster._right_form(address))


def silent(line: socket.socket) -> None:
    time.sleep(PATIENCE)


def closing(line: socket.socket) -> None:
    line.close()


def secure_shell(line: socket.socket) -> None:
    line.sendall(b"SSH-2.0-OpenSSH_9.6\r\n")
    time.sleep(PATIENCE)


def chatting(line: socket.socket) -> None:
    try:
        while True:
            line.sendall(b"\xff" * 1000)
    except OSError:
        return


@pytest.fixture
def serve() -> Iterator[Callable[[Callable[[socket.socket], None]], str]]:
    """Starts a server that treats each connection so, and tells its address."""
    listening: list[socket.socket] = []

    def start(treat: Callable[[socket.socket], None]) -> str:
        server = socket.create_server(("127.0.0.1", 0))
        listening.append(server)

        def accept() -> None:
            while True:
                try:
                    line, _ = server.accept()
                except OSError:
                    return
                threading.Thread(target=treat, args=[line], daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        return f"tcp://127.0.0.1:{server.getsockname()[1]}"

    yield start
    for server in listening:
        server.close()


@pytest.mark.parametrize("treat", [silent, closing, secure_shell, chatting])
def test_another_kind_of_server_is_no_scheduler(
    tmp_path: Path, serve: Any, treat: Any, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(cluster, "CONNECTING", 0.5)
    with pytest.raises(UserError, match="no Dask scheduler answers"):
        run_experiment(fake.experiment(), tmp_path / "r", cluster=serve(treat), simulate=fake.simulate)
    assert not (tmp_path / "r").exists()
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("scheme", ["tcp", "ws", "tls"])
def test_where_nobody_listens_no_scheduler_answers(scheme: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "CONNECTING", 1.0)
    with pytest.raises(UserError, match=r"no Dask scheduler answers \((Connection refused|nothing within|.* for TLS)"):
        check_address(f"{scheme}://127.0.0.1:{free_port()}")


def test_the_address_of_a_worker_leads_to_its_scheduler(two_workers: Machines) -> None:
    with cluster._connected(two_workers.address, 1) as client:
        wait_until(lambda: bool(client.nthreads()))
        worker = next(iter(client.nthreads()))
    with pytest.raises(UserError, match=f"a Worker answers.*did you mean '{two_workers.address}'"):
        check_address(worker)


def test_without_dask_it_is_said_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "find_spec", lambda name: None)
    with pytest.raises(UserError, match=r'needs another package \(pip install "eu-japan-partnership-sim\[cluster\]"\)'):
        check_address("local:2")


def test_the_command_says_one_line_and_writes_nothing(tmp_path: Path, serve: Any) -> None:
    command = "import sys; from experiments.cli import main; sys.argv[0] = 'partnership'; main()"
    arguments = ["run", "smoke", "--cluster", serve(closing), "--out", str(tmp_path / "r")]
    done = subprocess.run([sys.executable, "-c", command, *arguments], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stdout == "" and len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "r").exists()
