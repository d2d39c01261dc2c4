"""The same rows and bits whatever the cut, the processes and the interruptions."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

from experiments import load
from experiments.running import EVEN, WIDTH, Progress, run_experiment, sensible_width
from tests.experiments import fake

TABLES = ("trajectories", "transitions", "runs")


@pytest.fixture(autouse=True)
def small_world(monkeypatch: pytest.MonkeyPatch) -> None:
    fake.use(monkeypatch.setattr)


def same(one: Path, other: Path, tables: tuple[str, ...] = TABLES) -> None:
    for table in tables:
        pd.testing.assert_frame_equal(load(one).table(table), load(other).table(table), check_exact=True)


@pytest.mark.parametrize(("workers", "width"), [(1, 7), (2, 13), (1, 1), (3, 40)])
def test_workers_and_width_of_block_change_no_bit(tmp_path: Path, workers: int, width: int) -> None:
    run_experiment(fake.experiment(), tmp_path / "whole", workers=1, simulate=fake.simulate)
    run_experiment(fake.experiment(), tmp_path / "cut", workers=workers, width=width, simulate=fake.simulate)
    same(tmp_path / "whole", tmp_path / "cut")


@pytest.mark.parametrize(
    ("histories", "pairs", "width"),
    [
        (1, 1, 1),
        (3072, 1, 3072),
        (3073, 1, 769),
        (10_000, 1, 2500),
        (10_000, 2, 2500),
        (8_000, 4, 2667),
        (100_000, 1, 2778),
    ],
)
def test_blocks_are_as_many_as_four_processes_share_evenly(histories: int, pairs: int, width: int) -> None:
    assert sensible_width(histories, pairs) == width <= WIDTH
    blocks = -(-histories // width)
    assert blocks == 1 or blocks * pairs % EVEN == 0


def test_rows_come_in_the_order_of_the_experiment(tmp_path: Path) -> None:
    asked = fake.experiment(policies=("framework", "none"))
    run_experiment(asked, tmp_path / "r", workers=2, width=11, simulate=fake.simulate)
    for table in ("trajectories", "transitions"):
        rows = load(tmp_path / "r").table(table)
        assert list(rows.columns[:3]) == ["scenario", "policy", "run"]
        assert list(rows["policy"].cat.categories) == ["framework", "none"]
        keys = rows.assign(policy=rows["policy"].cat.codes)[["policy", "run", "quarter"]]
        assert keys.equals(keys.sort_values(["policy", "run", "quarter"], kind="stable"))


def test_pandas_reads_a_table_as_it_stands(tmp_path: Path) -> None:
    run_experiment(fake.experiment(), tmp_path / "r", workers=1, width=9, simulate=fake.simulate)
    plain = pd.read_parquet(tmp_path / "r" / "trajectories")
    ours = load(tmp_path / "r").table("trajectories")
    assert plain.astype({"policy": str, "quarter": str}).equals(
        ours.astype({"policy": str, "quarter": str}).assign(scenario=plain["scenario"])
    )


def test_a_run_alone_equals_the_same_run_in_company(tmp_path: Path) -> None:
    run_experiment(fake.experiment(runs=18), tmp_path / "few", workers=1, width=1, simulate=fake.simulate)
    run_experiment(fake.experiment(runs=40), tmp_path / "many", workers=1, simulate=fake.simulate)
    few, many = (load(tmp_path / name).table("trajectories") for name in ("few", "many"))
    pd.testing.assert_frame_equal(few, many[many["run"] < 18].reset_index(drop=True), check_exact=True)


def test_a_parameter_fixed_by_one_policy_has_its_value_in_the_table_of_runs(tmp_path: Path) -> None:
    run_experiment(fake.experiment(), tmp_path / "r", workers=1, simulate=fake.simulate)
    runs = load(tmp_path / "r").table("runs")
    assert (runs.loc[runs["policy"] == "framework", "attention.link"] == 0.5).all()
    assert runs.loc[runs["policy"] == "none", "attention.link"].nunique() == 40


@pytest.mark.parametrize("workers", [1, 2])
def test_interrupted_and_resumed_equals_uninterrupted(tmp_path: Path, workers: int) -> None:
    run_experiment(fake.experiment(), tmp_path / "whole", workers=1, simulate=fake.simulate)
    with pytest.raises(KeyboardInterrupt):
        run_experiment(fake.experiment(), tmp_path / "r", workers=workers, width=10, simulate=fake.interrupted_at_20)
    assert len(list((tmp_path / "r" / "blocks").iterdir())) >= (2 if workers == 1 else 1)
    seen: list[Progress] = []
    outcome = run_experiment(
        fake.experiment(), tmp_path / "r", workers=workers, width=13, progress=seen.append, simulate=fake.simulate
    )
    assert outcome.simulated < outcome.total == 120
    assert seen[0].done == seen[0].resumed == 120 - outcome.simulated
    assert seen[-1].done == 120
    same(tmp_path / "whole", tmp_path / "r")


def test_what_is_there_is_not_computed_again(tmp_path: Path) -> None:
    run_experiment(fake.experiment(), tmp_path / "r", workers=1, simulate=fake.simulate)
    before = {file: file.stat().st_mtime_ns for file in (tmp_path / "r").rglob("*.parquet")}
    assert run_experiment(fake.experiment(), tmp_path / "r", workers=1, simulate=fake.simulate).simulated == 0
    assert before == {file: file.stat().st_mtime_ns for file in (tmp_path / "r").rglob("*.parquet")}


@pytest.mark.parametrize(("workers", "width"), [(1, 64), (2, 20), (1, 1)])
def test_runs_that_cannot_be_computed_are_kept_as_failed_and_named(tmp_path: Path, workers: int, width: int) -> None:
    """Their block is computed without them, and every other run is what it would have been."""
    run_experiment(fake.experiment(), tmp_path / "whole", workers=1, simulate=fake.simulate)
    run_experiment(fake.experiment(), tmp_path / "r", workers=workers, width=width, simulate=fake.fails_at_7_and_31)
    runs = load(tmp_path / "r").table("runs")
    failed = runs[runs["failed"] != ""]
    assert failed["run"].tolist() == [7, 31] * 3
    assert set(failed["regime"]) == {"failed"}
    assert set(failed["failed"]) == {
        "begin: divide by zero encountered in divide",
        "2027Q1 trajectories: vetoes is nan",
    }
    assert len(runs) == 120
    for table in ("trajectories", "transitions"):
        whole = load(tmp_path / "whole").table(table)
        others = whole[~whole["run"].isin([7, 31])].reset_index(drop=True)
        pd.testing.assert_frame_equal(load(tmp_path / "r").table(table), others, check_exact=True)


def test_where_all_runs_fail_each_says_so(tmp_path: Path) -> None:
    outcome = run_experiment(fake.experiment(runs=5), tmp_path / "r", workers=1, simulate=fake.divide_by_zero)
    results = load(tmp_path / "r")
    assert outcome.simulated == len(results.table("runs")) == 15
    assert results.tables == ("runs",)
    assert "" not in set(results.table("runs")["failed"])


def test_a_summary_does_not_depend_on_blocks(tmp_path: Path) -> None:
    asked = fake.experiment(record=("summary",))
    run_experiment(asked, tmp_path / "whole", workers=1, simulate=fake.simulate)
    with pytest.raises(KeyboardInterrupt):
        run_experiment(asked, tmp_path / "cut", workers=1, width=10, simulate=fake.interrupted_at_20)
    run_experiment(asked, tmp_path / "cut", workers=2, width=7, simulate=fake.simulate)
    same(tmp_path / "whole", tmp_path / "cut", ("summary", "transition_counts", "runs"))
    assert load(tmp_path / "cut").tables == ("runs", "summary", "transition_counts")
    assert not (tmp_path / "cut" / ".working").exists()
    assert run_experiment(asked, tmp_path / "cut", workers=1, simulate=fake.simulate).simulated == 0


def test_a_summary_is_that_of_the_rows(tmp_path: Path) -> None:
    run_experiment(fake.experiment(), tmp_path / "rows", workers=1, simulate=fake.simulate)
    run_experiment(fake.experiment(record=("summary",)), tmp_path / "summary", workers=1, simulate=fake.simulate)
    rows, summary = load(tmp_path / "rows"), load(tmp_path / "summary")
    here = summary.table("summary", policies=["framework"], quarters=["2027Q2"]).set_index("measure")
    depth = rows.table("trajectories", policies=["framework"], quarters=["2027Q2"])["operational_depth"]
    rounding = 2.0**-11
    assert here.loc["operational_depth", "mean"] == pytest.approx(depth.mean(), rel=rounding)
    for name, level in {"q05": 0.05, "q25": 0.25, "median": 0.5, "q75": 0.75, "q95": 0.95}.items():
        assert here.loc["operational_depth", name] == pytest.approx(depth.quantile(level), rel=rounding)
    counts = summary.table("transition_counts")
    by = ["scenario", "policy", "partner", "instrument", "stage", "quarter"]
    expected = rows.table("transitions").groupby(by, observed=True)["run"].nunique()
    assert counts.set_index(by)["runs"].to_dict() == expected.to_dict()


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_a_stopped_process_keeps_its_finished_blocks(tmp_path: Path, how: signal.Signals) -> None:
    """Stopped by Ctrl-C or killed, in the midst of several processes; then the folder is free at once."""
    script = (
        "import signal, sys; from pathlib import Path\n"
        "from experiments import running; from tests.experiments import fake\n"
        "if __name__ == '__main__':\n"
        "    signal.signal(signal.SIGINT, signal.default_int_handler)  # what runs in the background ignores Ctrl-C\n"
        "    fake.use(setattr)\n"
        "    running.run_experiment(fake.experiment(), Path(sys.argv[1]), workers=2, width=10, simulate=fake.slowly)\n"
    )
    (tmp_path / "script.py").write_text(script)
    started = tmp_path / "started"
    environment = {**os.environ, "FAKE_STARTED": str(started), "PYTHONPATH": os.pathsep.join(["."])}
    process = subprocess.Popen(
        [sys.executable, str(tmp_path / "script.py"), str(tmp_path / "r")], env=environment, stderr=subprocess.DEVNULL
    )
    while not started.exists():
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(how)
    assert process.wait(timeout=30) != 0
    run_experiment(fake.experiment(), tmp_path / "r", workers=1, simulate=fake.simulate)
    run_experiment(fake.experiment(), tmp_path / "whole", workers=1, simulate=fake.simulate)
    same(tmp_path / "whole", tmp_path / "r")


def test_a_block_in_which_all_runs_failed_can_be_read_beside_others(tmp_path: Path) -> None:
    """Its rows lack what is only known at the end; what was drawn is not known of runs that never began."""
    run_experiment(fake.experiment(), tmp_path / "r", workers=1, width=1, simulate=fake.fails_at_7_and_31)
    runs = load(tmp_path / "r").table("runs", ["policy", "run", "attention.link"])
    seventh = runs[runs["run"] == 7].set_index("policy")["attention.link"]
    assert seventh["framework"] == 0.5, "fixed by the policy"
    assert pd.isna(seventh["none"])
    parts = list(load(tmp_path / "r").parts("runs", ["run", "attention.link"], policies=["none"]))
    assert [list(part.columns) for part in parts] == [["run", "attention.link"]] * 40
