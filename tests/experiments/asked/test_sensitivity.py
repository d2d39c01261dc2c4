"""Screening and shares of variance of the shipped experiments, in an invented world whose answer is known."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from config import load_experiment
from config.schema import Experiment
from experiments import load
from experiments.asked import morris, sobol
from experiments.running import Lanes, Simulated, run_experiment
from experiments.store import Results

PACE, LINK, DIALOGUE = "delivery.factor", "attention.link", "levers.dialogue_strength"


def simulate(settings: Any, lanes: Lanes, seed: int, record: Sequence[str]) -> Simulated:
    """Depth grows with the pace, with the link only for some luck, with the dialogue only where there is one."""
    assert lanes.luck is not None
    lucky = np.where(np.sin(1e3 * lanes.luck) > 0, 1.0, -1.0)
    depth = 0.2 * lanes.given[PACE] + 0.25 * lucky * (lanes.given[LINK] - 0.6) + 0.05 * lucky
    if "dialogue" in settings.policy.name:
        depth = depth + 0.1 * lanes.given[DIALOGUE]
    who = {"point": lanes.points, "run": lanes.runs}
    ends = {
        **who, "quarter": np.full(len(lanes), settings.until), "declared_depth": depth + 0.2,
        "operational_depth": depth, "operational_depth_equal": depth, "gap": np.full(len(lanes), 0.2),
    }  # fmt: skip
    runs = {**who, "regime": np.full(len(lanes), "functional", dtype=object), **lanes.given}
    return {"ends": ends, "runs": runs}, {"regime": ["symbolic", "functional", "strategic"]}, {"pressures": 0.001}  # type: ignore[dict-item]


def fails_at_point_30(settings: Any, lanes: Lanes, seed: int, record: Sequence[str]) -> Simulated:
    np.ones(len(lanes)) / (np.asarray(lanes.points) != 30)
    return simulate(settings, lanes, seed, record)


def results_of(name: str, size: int, folder: Path, world: Any = simulate, levers: Mapping[str, Any] = {}) -> Results:
    """A shipped experiment with a smaller design, in the invented world."""
    question = load_experiment(name).as_file()
    question["design"] = {**question["design"], "size": size, "levers": dict(levers)}
    for lever in levers:
        del question["design"]["vary"][lever]
    smaller = Experiment.model_validate({**question, "name": name}, strict=False)
    run_experiment(smaller, folder, workers=1, simulate=world)
    return load(folder)


@pytest.fixture(scope="module")
def screened(tmp_path_factory: pytest.TempPathFactory) -> Results:
    return results_of("screening", 12, tmp_path_factory.mktemp("screening"))


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Results:
    return results_of("what_drives_depth", 64, tmp_path_factory.mktemp("shared"))


def depth_of(table: pd.DataFrame, policy: str) -> pd.DataFrame:
    return table[(table["policy"] == policy) & (table["measure"] == "operational_depth")].set_index("factor")


def test_screening_finds_what_acts_and_what_does_not(screened: Results) -> None:
    effects = morris.tables(screened)["effects"]
    for policy, acting in (("none", 3), (screened.experiment.policies[1], 4)):
        own = depth_of(effects, policy)
        assert len(own) == 56 and (own["mu_star"] > 1e-9).sum() == acting
        assert {PACE, LINK, "chance"} <= set(own.index[:acting])
        assert own["mu"][PACE] == own["mu_star"][PACE] and abs(own["mu"][LINK]) < own["mu_star"][LINK]
    assert own["mu_star"][DIALOGUE] == pytest.approx(0.2) and own["sigma"][DIALOGUE] == pytest.approx(0, abs=1e-9)
    assert (effects.loc[effects["measure"] == "gap", "mu_star"] == 0).all()


def test_sentences_on_screening_count_the_factors_and_place_chance(screened: Results) -> None:
    said = morris.sentences(morris.tables(screened), screened)
    assert said[0].startswith("Of 56 factors 3 have a mean effect of 0.05 or more on the operational depth in 2040Q4")
    assert "; chance, 0." in said[0] and "under no policy" in said[0] and "strength of dialogue" in said[2]
    assert "no factor has an effect" in said[1] and said[-1].startswith("Nothing at all changes with ")


def test_shares_are_those_of_the_invented_world(shared: Results) -> None:
    tables = sobol.tables(shared)
    own = depth_of(tables["indices"], "none")
    assert len(own) == 15 and (own["total"] > 1e-9).sum() == 3
    assert own["first"][PACE] == pytest.approx(own["total"][PACE], abs=0.15)
    assert own["first"][LINK] < 0.15 < own["total"][LINK] < own["total"]["chance"]
    parts = (
        tables["parts"].set_index(["policy", "measure", "part"])["estimate"].sort_index()["none", "operational_depth"]
    )
    assert parts["chance"] == own["total"]["chance"] and parts["known"] == pytest.approx(1 - parts["chance"])
    assert parts["one_by_one"] == pytest.approx(own["first"].sum()) and parts["one_by_one"] < 0.95
    assert tables["indices"].loc[tables["indices"]["measure"] == "gap", "total"].isna().all()


def test_sentences_on_shares_say_first_what_chance_leaves(shared: Results) -> None:
    said = sobol.sentences(sobol.tables(shared), shared)
    assert "would stay on average if every other factor were known" in said[0] and "2040Q4 under no policy" in said[0]
    assert any(one == "The gap in 2040Q4 under no policy is the same everywhere." for one in said)
    assert said[-1] == "What else is uncertain stands at its value."


def test_a_point_that_failed_takes_its_trajectory_and_its_base_point_with_it(tmp_path: Path) -> None:
    broken = results_of("screening", 3, tmp_path / "screening", fails_at_point_30)
    effects = morris.tables(broken)["effects"]
    assert set(effects["used"]) == {2} and set(effects["dropped"]) == {1}
    assert morris.sentences({"effects": effects}, broken)[-1].startswith("Up to 1 of 3 trajectories are left out")
    broken = results_of("what_drives_depth", 8, tmp_path / "shared", fails_at_point_30)
    tables = sobol.tables(broken)
    assert set(tables["indices"]["used"]) == {7} and np.isfinite(tables["spread"]["mean"]).all()
    assert sobol.sentences(tables, broken)[-1].startswith("Up to 1 base points are left out")


def test_each_choice_of_a_lever_is_a_case_of_its_own(tmp_path: Path) -> None:
    chosen = results_of("what_drives_depth", 8, tmp_path, levers={PACE: [0.5, 1.5]})
    tables = sobol.tables(chosen)
    assert list(dict.fromkeys(tables["indices"][PACE])) == [0.5, 1.5] and PACE not in set(tables["indices"]["factor"])
    means = tables["spread"].set_index(["policy", "measure", PACE])["mean"].sort_index()["none", "operational_depth"]
    assert means[1.5] - means[0.5] == pytest.approx(0.2)
    assert [stem for stem, _ in sobol.pictures(tables, chosen)] == [
        f"{measure}_{choice}" for choice in (0, 1) for measure in ("operational_depth", "gap")
    ]


def test_pictures_are_drawn_from_the_tables(screened: Results, shared: Results) -> None:
    for analysis, results in ((morris, screened), (sobol, shared)):
        found = dict(analysis.pictures(analysis.tables(results), results))
        assert list(found) == ["operational_depth", "gap"]
        for figure in found.values():
            figure.draw_without_rendering()
