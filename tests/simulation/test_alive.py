"""The model is alive: histories differ, chance matters beside assumptions, nothing is certain, levers are not free.

Bands are wide on purpose: they tell a dead or runaway model from a living one, and no more.
"""

import numpy as np
import pytest
from numpy.typing import NDArray

from config import NEVER, Settings, quarter_index, resolve
from tests.simulation.playing import Tables, assert_same, play, where

R = 400
SEED = 1

STRENGTHS = {
    "amendment": "amendment",
    "dialogue": "dialogue",
    "framework": "framework",
    "indo_pacific_strategy": "indo_pacific",
    "interoperability": "interoperability",
    "qmv": "qmv",
    "reinterpretation": "reinterpretation",
}
"""Policies, and the lever whose strength they draw."""

COSTS = {
    "amendment": ("force_support", "force_visible"),
    "dialogue": ("dialogue_attention", "dialogue_slots"),
    "framework": ("framework_slots",),
    "indo_pacific_strategy": ("indo_pacific_diversion",),
    "interoperability": ("interoperability_ships", "interoperability_visible"),
    "qmv": ("qmv_slots",),
    "reinterpretation": ("force_support", "force_visible"),
}
"""What each policy costs at any strength: docs/ODD.md, 1."""


@pytest.fixture(scope="module")
def outlook() -> Tables:
    return play(resolve("outlook", "none"), range(R), seed=SEED)


@pytest.fixture(scope="module")
def hindcast() -> Tables:
    return play(resolve("hindcast", "none"), range(R), seed=SEED)


def final_depth(tables: Tables) -> NDArray[np.float64]:
    """Operational depth at the horizon, by run."""
    table = tables["trajectories"]
    depth: NDArray[np.float64] = table["operational_depth"][table["quarter"] == table["quarter"].max()]
    return depth


def first(tables: Tables, instrument: str, stage: str) -> NDArray[np.int64]:
    """Quarter in which an EU-level instrument first reached a stage, by run; NEVER where it did not."""
    table = tables["transitions"]
    here = (table["partner"] == "EU") & (table["instrument"] == instrument) & (table["stage"] == stage)
    quarters = np.full(R, NEVER, dtype=np.int64)
    np.minimum.at(quarters, table["run"][here], table["quarter"][here])
    return quarters


def test_histories_differ(outlook: Tables) -> None:
    low, high = np.quantile(final_depth(outlook), [0.1, 0.9])
    assert high - low >= 0.1


def test_chance_matters_beside_what_is_uncertain(outlook: Tables) -> None:
    """At least a quarter of the variance stays when every drawn parameter stands at its value."""
    settings = resolve("outlook", "none")
    known = {name: one.model_copy(update={"draw": None}) for name, one in settings.parameters.items()}
    certain = final_depth(play(settings.model_copy(update={"parameters": known}), range(R), seed=SEED))
    assert certain.var() >= 0.25 * final_depth(outlook).var()
    assert certain.var() < final_depth(outlook).var()


def test_nothing_new_is_as_good_as_certain_by_2030(outlook: Tables) -> None:
    settings, by = resolve("outlook", "none"), quarter_index("2030Q4")
    dormant = [one.slug for one in settings.instruments if settings.table.of(one.slug).stage == "dormant"]
    shares = {slug: float((first(outlook, slug, "in_force") <= by).mean()) for slug in dormant}
    assert len(dormant) >= 8
    assert all(share <= 0.9 for share in shares.values()), shares
    assert any(share >= 0.1 for share in shares.values()), shares


def test_nobody_promises_to_defend_the_other(outlook: Tables, hindcast: Tables) -> None:
    for tables in (outlook, hindcast):
        assert (first(tables, "mutual_assistance", "in_force") == NEVER).all()


def test_the_strategic_partnership_is_signed_in_about_its_time(hindcast: Tables) -> None:
    """On record 2018Q3. Runs in which it is not signed count as later."""
    signed = np.sort(first(hindcast, "spa_framework", "signed"))
    assert quarter_index("2014Q1") <= signed[R // 2] <= quarter_index("2023Q4")


def test_some_agreements_are_thinned_out_and_some_votes_lost(outlook: Tables) -> None:
    table = outlook["trajectories"]
    assert (table["dilution"] > 0).any() and (table["vetoes"] > 0).any() and (table["files_stalled"] > 0).any()
    assert {"withdrawn", "lapsed", "deepened"} <= set(outlook["transitions"]["stage"])


# Levers: nothing for nothing


def under(policy: str, fixed: dict[str, float], runs: int) -> Tables:
    """The outlook under a policy with parameters of levers fixed."""
    settings: Settings = resolve("outlook", policy, {f"levers.{name}": value for name, value in fixed.items()})
    return play(settings, range(runs), seed=SEED)


@pytest.mark.parametrize("policy", STRENGTHS)
def test_a_policy_of_no_strength_has_only_its_costs(outlook: Tables, policy: str) -> None:
    """Paired by run, its effect on depth in 2040 is not above zero by more than three standard errors, nor 0.002."""
    runs = 200
    costs = under(policy, {f"{STRENGTHS[policy]}_strength": 0.0}, runs)
    effect = final_depth(costs) - final_depth(outlook)[:runs]
    noise = float(effect.std()) / runs**0.5
    assert effect.mean() <= min(3 * noise, 0.002), (effect.mean(), noise)
    assert (effect != 0).any(), "its costs bind nowhere"


@pytest.mark.parametrize("policy", STRENGTHS)
def test_a_policy_of_no_strength_and_no_cost_changes_nothing(outlook: Tables, policy: str) -> None:
    runs = 12
    free = under(policy, {f"{STRENGTHS[policy]}_strength": 0.0, **dict.fromkeys(COSTS[policy], 0.0)}, runs)
    for name in ("trajectories", "transitions"):
        same = where(outlook[name], outlook[name]["run"] < runs)
        assert_same({name: free[name]}, {name: same})


def test_strength_and_cost_of_every_policy_are_known() -> None:
    parameters = {
        name.removeprefix("levers."): one
        for name, one in resolve("outlook", "none").parameters.items()
        if name.startswith("levers.")
    }
    strengths = {name for name, one in parameters.items() if one.draw is not None}
    assert strengths == {f"{name}_strength" for name in STRENGTHS.values()}
    draws = [one.draw.uniform for one in parameters.values() if one.draw is not None]
    assert all(uniform is not None and uniform[0] == 0 for uniform in draws)
    costs = {name for name, one in parameters.items() if "cost" in one.source}
    assert costs == {cost for costs in COSTS.values() for cost in costs}
    assert all(parameters[cost].value > 0 for cost in costs)


@pytest.mark.parametrize("lifted", ["lift_attention", "lift_framework"])
def test_lifting_what_holds_back_deeds_brings_more_of_them(outlook: Tables, lifted: str) -> None:
    runs = 100
    effect = final_depth(play(resolve("outlook", lifted), range(runs), seed=SEED)) - final_depth(outlook)[:runs]
    assert effect.mean() > 0
