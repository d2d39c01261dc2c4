"""Two folders of results side by side: what differs is said, what is equal is equal to the bit, strangers are told."""

import sys
from collections.abc import Sequence
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.loading import load_experiment
from experiments import cli
from experiments.analysis.side_by_side import Side, difference, moved, parting, share_difference
from experiments.comparing import Change, changes, compare, show_comparison
from experiments.running import Lanes, Simulate, Simulated, run_experiment
from tests.experiments.test_answer import invented

# --- the statistics ---------------------------------------------------------------------------------------------------


def trajectories(runs: int, quarters: Sequence[str] = ("2029Q4", "2030Q1", "2030Q2")) -> pd.DataFrame:
    """Three quarters of each run; every value is a number of its own."""
    size = runs * len(quarters)
    names = {"run": np.repeat(np.arange(runs), len(quarters)), "quarter": list(quarters) * runs}
    return pd.DataFrame({**names, "depth": np.arange(size) / 7, "files": np.arange(size)})


def cut(rows: pd.DataFrame, widths: Sequence[int]) -> list[pd.DataFrame]:
    """The same rows in pieces of so many runs."""
    edges = np.searchsorted(rows["run"], np.cumsum([0, *widths]))
    parts = [rows[low:high] for low, high in zip(edges, [*edges[1:], len(rows)], strict=True)]
    return [part for part in parts if len(part)]


@settings(max_examples=30, deadline=None)
@given(a=st.lists(st.integers(1, 5), max_size=5), b=st.lists(st.integers(1, 5), max_size=5), runs=st.integers(1, 12))
def test_where_histories_part_does_not_depend_on_how_tables_were_cut(a: list[int], b: list[int], runs: int) -> None:
    one, other = trajectories(9), trajectories(runs, ("2030Q1", "2030Q2", "2030Q3"))
    found = parting(cut(one, a), cut(other, b), ["depth", "files"])
    assert found == parting([one], [other], ["depth", "files"])
    assert found.histories == min(9, runs)


def test_histories_part_where_the_first_bit_differs() -> None:
    one, other = trajectories(4), trajectories(4)
    depth = other["depth"].to_numpy(copy=True)
    depth[4] = np.nextafter(depth[4], 1)  # run 1 in the second quarter
    depth[0] = -depth[0]  # minus nothing
    other = other.assign(depth=depth)
    other.loc[[5, 6], "files"] += 1  # the same run later, run 2 in the first quarter
    found = parting([one], [other], ["depth", "files"])
    assert (found.histories, found.equal) == (4, 1)
    assert found.first == {"2029Q4": 2, "2030Q1": 1}
    assert found.columns == {"depth": 2, "files": 1}


def test_points_of_a_design_are_histories_of_their_own() -> None:
    one = pd.concat([trajectories(3).assign(point=point) for point in (0, 1)], ignore_index=True)
    other = one[(one["point"] == 1) & (one["run"] > 0)]
    assert parting([one], [other], ["depth"]).histories == 2


def test_pairs_tell_more_than_samples() -> None:
    luck = np.random.default_rng(1).normal(size=100)
    pairs, samples = (difference(luck, luck + 0.1, paired) for paired in (True, False))
    assert pairs.estimate == pytest.approx(samples.estimate) == pytest.approx(0.1)
    assert pairs.lower > 0.09 > 0 > samples.lower


def test_shares_of_two_samples_by_agresti_and_caffo() -> None:
    """Worked by hand: 41/82 less 57/82, plus or minus 1.96 times 0.0751."""
    a, b = np.arange(80) < 56, np.arange(80) < 40
    found = share_difference(a, b, paired=False, level=0.95)
    assert found.estimate == pytest.approx(-0.2)
    assert found.lower == pytest.approx(-0.3422, abs=1e-4)
    assert found.upper == pytest.approx(-0.0480, abs=1e-4)


def side(entering: Sequence[int], runs: int = 40) -> Side:
    """An agreement that these runs bring into force in 2029, and one that is in force all the time."""
    standing = pd.DataFrame(
        [("EU", "acsa", "Logistics", False), ("DEU", "raa", "Access", True)],
        columns=["partner", "instrument", "title", "in_force"],
    )
    rows = [(run, "2029Q2", "EU", "acsa", stage) for run in entering for stage in ("signed", "in_force")]
    table = pd.DataFrame(rows, columns=["run", "quarter", "partner", "instrument", "stage"])
    return Side(np.arange(runs), table, standing)


def test_only_dates_that_move_more_than_chance_are_told() -> None:
    few, many = side(range(0, 40, 4)), side(range(0, 40, 2))
    found, compared = moved(few, many, ["2028Q4", "2030Q4"], paired=True)
    assert compared == 4
    assert found[["partner", "instrument", "date", "a", "b"]].values.tolist() == [["EU", "acsa", "2030Q4", 0.25, 0.5]]
    assert not len(moved(few, few, ["2030Q4"], paired=False)[0])


def test_what_lapsed_is_in_force_no_more() -> None:
    one = side([3])
    after = pd.DataFrame([(3, "2031Q1", "EU", "acsa", "lapsed")], columns=one.changes.columns)
    lapsing = replace(one, changes=pd.concat([one.changes, after], ignore_index=True))
    assert [int(lapsing.in_force(date)["EU", "acsa"].sum()) for date in ("2028Q4", "2030Q4", "2031Q4")] == [0, 1, 0]


def test_a_change_is_named_as_a_user_would_write_it() -> None:
    one, other = ([{"slug": "acsa", "rule": rule}, {"slug": "raa", "rule": "R2"}] for rule in ("R2", "R4"))
    found = changes({"instruments": one, "runs": 5}, {"instruments": other[::-1]})
    assert found == [Change("instruments.acsa.rule", "R2", "R4"), Change("runs", "5", "–")]
    assert changes({"set": {"x": {"low": 0, "high": 1}}}, {}) == [Change("set.x", "{ low = 0, high = 1 }", "–")]


# --- two folders ------------------------------------------------------------------------------------------------------


def shifted(resolved: Any, lanes: Lanes, seed: int, record: Sequence[str]) -> Simulated:
    """The invented histories, but that odd runs go deeper from 2029 on; run 4 cannot be computed."""
    np.ones(len(lanes)) / (lanes.runs != 4)
    tables, order, seconds = invented(resolved, lanes, seed, record)
    rows = tables["trajectories"]
    deeper = 0.1 * ((rows["run"] % 2 == 1) & (rows["quarter"] >= resolved.start + 10))
    return {**tables, "trajectories": {**rows, "operational_depth": rows["operational_depth"] + deeper}}, order, seconds


Folders = dict[str, Path]


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Folders:
    """Results of one question, and others: computed otherwise, of another seed, with nothing in common."""
    root = tmp_path_factory.mktemp("results")

    def run(name: str, simulate: Simulate = invented, sets: Sequence[str] = (), **other: Any) -> Path:
        asked = {"policies": ("none", "dialogue"), "record": ("trajectories", "transitions"), "analyses": ()}
        question = load_experiment("remedies", sets, runs=12, until="2031Q4").model_copy(update={**asked, **other})
        run_experiment(question, root / name, workers=1, width=5, simulate=simulate)
        return root / name

    return {
        "one": run("one"),
        "deeper": run("deeper", shifted, sets=["attention.link=0.8", "actors.HUN.stance_mean=0"], runs=10),
        "seed": run("seed", seed=2),
        "other": run("other", policies=("framework",)),
    }


def told(folders: Folders, a: str, b: str) -> str:
    out = StringIO()
    show_comparison(folders[a], folders[b], out)
    assert max(map(len, out.getvalue().splitlines())) <= 80 or str(folders[a]) in out.getvalue()
    assert "nan" not in out.getvalue() and "\x1b" not in out.getvalue()
    return " ".join(out.getvalue().split())


def test_the_same_results_are_equal_to_the_bit(folders: Folders) -> None:
    said = told(folders, "one", "one")
    assert "The same question, the same assumptions, the same rules." in said
    assert "All 24 histories that both have are equal to the bit." in said


def test_settings_histories_and_ends_that_differ_are_named(folders: Folders) -> None:
    found = compare(folders["one"], folders["deeper"])
    assert {one.name for one in found.asked} == {"runs", "set.attention.link", "set.actors.HUN.stance_mean"}
    assert found.assumed == [
        Change("attention.link", "0.6, uniform [0.2, 1.0]", "0.8"),
        Change("actors.HUN.stance_mean", "-1.2 (2010Q2 to 2026Q2)", "0"),
    ]
    assert found.code == []
    none = found.outcomes[0]
    assert (none.sizes, none.failed) == ((9, 9), (0, 1))
    assert none.parted is not None
    assert (none.parted.histories, none.parted.equal) == (9, 4)
    assert dict(none.parted.first) == {"2029Q1": 5}
    assert none.depths["operational_depth"][2].estimate == pytest.approx(0.1 * 5 / 9)
    said = told(folders, "one", "deeper")
    assert "They differ in what was asked and what was assumed. 8 of 18 histories" in said
    assert "failed: 0 and 1" in said


def test_histories_of_another_seed_are_strangers(folders: Folders) -> None:
    found = compare(folders["one"], folders["seed"])
    assert all(not one.paired and one.parted is None for one in found.outcomes)
    said = told(folders, "one", "seed")
    assert "The seeds differ (1 and 2): a run of A has not the luck of the same run of B." in said
    assert "12 and 12 runs" in said


def test_nothing_in_common_is_said(folders: Folders) -> None:
    said = told(folders, "one", "other")
    assert "No scenario and policy is in both" in said
    assert "B has outlook with framework" in said


def test_a_folder_without_results_is_one_message(
    folders: Folders, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["partnership", "compare", str(folders["one"]), "nowhere"])
    with pytest.raises(SystemExit) as end:
        cli.main()
    assert end.value.code == 2
    assert capsys.readouterr().err == (
        "partnership: nowhere: is no folder of results; allowed: what `partnership run` wrote\n"
    )
