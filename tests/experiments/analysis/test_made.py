"""Failed runs are named, left out of every comparison, and never counted; histories of a design have a number each."""

from dataclasses import replace
from io import StringIO

import numpy as np
import pandas as pd
import pytest

from config.errors import UserError
from experiments.analysis.findings import Findings
from experiments.analysis.made import Numbered, failures_said, made, of_all
from experiments.figures import pictures
from experiments.report import console, tell
from tests.experiments.synthetic import STANDING, WHERE, Kept, broken, findings

RUNS = 20


def kept(found: Findings) -> Kept:
    assert isinstance(found.results, Kept)
    return found.results


def without(found: Findings, runs: list[int]) -> Findings:
    """Findings of results that never had these runs, the others numbered anew."""
    content = {}
    for name, rows in kept(found).content.items():
        left = rows[~rows["run"].isin(runs)]
        content[name] = left.assign(run=np.searchsorted(np.setdiff1d(np.arange(RUNS), runs), left["run"]))
    return replace(found, results=Kept(content))


def told(found: Findings) -> str:
    out = StringIO()
    tell(found, console(out))
    return out.getvalue()


def test_comparisons_are_those_of_runs_that_went_well_under_every_policy():
    found = findings(runs=RUNS)
    torn = broken(found, {"dialogue": [3, 7], "none": [7, 11]})
    fewer = without(found, [3, 7, 11])
    assert list(torn.complete["outlook"]) == sorted({*range(RUNS)} - {3, 7, 11})
    pd.testing.assert_frame_equal(torn.effects, fewer.effects)
    pd.testing.assert_frame_equal(torn.break_evens, fewer.break_evens)
    curves = torn.curves("outlook")
    assert list(curves) == ["dialogue", "indo_pacific_strategy"]
    pd.testing.assert_frame_equal(curves["dialogue"], fewer.curves("outlook")["dialogue"])


def test_what_is_told_of_one_policy_is_of_the_runs_that_went_well_under_it():
    found = findings(runs=RUNS)
    torn, fewer = broken(found, {"dialogue": [3, 7]}), without(found, [3, 7])
    for name in ("bands", "shares"):
        here, there = (getattr(one, name) for one in (torn, fewer))
        pd.testing.assert_frame_equal(
            *(one[one["policy"] == "dialogue"].reset_index(drop=True) for one in (here, there))
        )
        assert set(here.loc[here["policy"] == "none", "runs"]) == {RUNS}
    assert torn.run_count("outlook", "dialogue") == RUNS - 2


def test_positions_at_the_end_leave_failed_runs_out():
    found = findings(runs=4, without=("actors",))
    kept(found).content["runs"]["position_DEU"] = [0.25, 0.5, 0.75, np.nan] * 3
    torn = broken(found, {policy: [3] for policy in found.policies})
    assert list(torn.positions["median"]) == [0.5, 0.5]
    assert set(torn.positions["runs"]) == {3}


def test_the_answer_names_failed_runs_and_where_they_failed():
    text = " ".join(told(broken(findings(runs=RUNS), {"dialogue": [3, 7]})).split())
    assert "18 of 20 runs per policy, paired run by run." in text
    assert (
        "2 of 20 runs failed with dialogue and are left out of every comparison of this scenario: "
        f"run 3 ({WHERE}), run 7 ({WHERE})."
    ) in text
    assert "per cent of runs" in text


def test_under_the_baseline_shares_are_of_the_runs_that_went_well():
    text = " ".join(told(broken(findings(runs=RUNS), {"none": [3]})).split())
    assert "1 of 20 runs failed with no policy and is left out" in text
    assert "per cent of the 19 runs that went well" in text


def test_at_most_five_are_named():
    said = failures_said(made(kept(broken(findings(runs=RUNS), {"none": range(8)})), "outlook", "none"), "none", "")
    assert said.count("run ") == 5
    assert said.endswith("run 4 (2031Q2 negotiate: divide by zero encountered in divide), and 3 more.")


def test_an_answer_in_eighty_columns_says_nothing_of_failures_where_there_are_none():
    assert "failed" not in told(findings(runs=RUNS))
    text = told(broken(findings(runs=RUNS), {"none": range(9)}))
    assert max(map(len, text.splitlines())) <= 80


def test_every_figure_says_how_many_runs_went_well():
    for name, figure in pictures(broken(findings(runs=12), {policy: [2, 5] for policy in ("none", "dialogue")})):
        assert "10 of 12 " in figure.get_supxlabel().replace("\n", " "), name


def test_if_all_runs_failed_that_is_the_message():
    found = broken(findings(runs=3), {policy: range(3) for policy in ("none", "dialogue", "indo_pacific_strategy")})
    with pytest.raises(UserError) as error:
        told(found)
    assert "has no run that went well" in str(error.value) and WHERE in str(error.value)
    with pytest.raises(UserError, match="has no run that went well"):
        dict(pictures(found))


def test_a_policy_under_which_all_runs_failed_leaves_nothing_to_compare():
    found = broken(findings(runs=3), {"dialogue": range(3)})
    assert found.effects.empty and found.break_evens.empty
    text = " ".join(told(found).split())
    assert "0 of 3 runs per policy" in text and "All 3 runs failed with dialogue" in text
    assert len(dict(pictures(found)))


# Designs


def at_points(found: Findings, runs: int) -> Findings:
    """The same histories as those of a design with so many runs at each point."""
    content = {}
    for name, rows in kept(found).content.items():
        place = rows["run"].to_numpy()
        content[name] = rows.assign(point=place // runs, run=place % runs)
    return replace(found, results=Numbered(Kept(content), runs), per_point=runs)


def test_histories_of_a_design_are_told_like_as_many_runs():
    found = findings(runs=RUNS)
    design = at_points(found, 4)
    for name in ("bands", "shares", "effects", "break_evens", "positions"):
        pd.testing.assert_frame_equal(getattr(design, name), getattr(found, name))
    assert design.run_count("outlook", "none") == RUNS
    pooled = "pooled, not a sample of what may come, so intervals are narrower than they should be. "
    said, plain = (" ".join(told(one).split()) for one in (design, found))
    assert pooled in said
    start = said.index("They are ")
    assert said[:start] + said[said.index(pooled) + len(pooled) :] == plain
    assert "point" not in design.results.table("runs")


def test_a_failed_run_of_a_design_is_named_with_its_point():
    text = " ".join(told(at_points(broken(findings(runs=RUNS), {"none": [9]}), 4)).split())
    assert f"point 2, run 1 ({WHERE})" in text


@pytest.mark.parametrize(("some", "said"), [(1000, "1,000 runs"), (997, "997 of 1,000 runs")])
def test_a_number_of_runs_says_of_how_many(some: int, said: str):
    assert of_all(some, 1000) == said


def test_an_instrument_stands_where_runs_failed_too():
    shares = broken(findings(runs=RUNS), {"none": [0, 1]}).shares
    standing = shares[(shares["instrument"] == STANDING["instrument"][0]) & (shares["policy"] == "none")]
    assert set(standing["share"]) == {1.0}
