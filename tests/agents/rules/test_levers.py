"""What a lever adds is zero before its quarter and its strength from then on."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import strategies as st

from agents.rules.levers import LEADERS, LeversNow
from config import NEVER, PARTNERS, START
from tests.agents.sample import Numbers, R, agree, by_run, first_values, given, numbers

P = first_values().levers
SPENT = np.array([[106946.0], [31614], [62133], [81140], [45322], [27841], [14891]])
"""Military expenditure of the capable states, config/actors/member_states.csv."""
LEVERS = [name.removesuffix("_from") for name in P.__dataclass_fields__ if name.endswith("_from")]


def all_from(quarter: int) -> dict[str, int]:
    return {f"{lever}_from": quarter for lever in LEVERS}


def effects(now: LeversNow) -> list[object]:
    return [
        now.dialogue,
        now.exercises(SPENT),
        now.ships,
        now.strategy(1.0),
        now.diversion,
        now.framework,
        now.support_cost,
    ]


@pytest.mark.parametrize("lever", LEVERS)
@given(begins=st.integers(8000, 8100), quarter=st.integers(7990, 8110))
def test_a_lever_is_on_from_its_quarter(lever: str, begins: int, quarter: int) -> None:
    now = LeversNow(replace(P, **{**all_from(NEVER), f"{lever}_from": begins}), quarter)
    assert now.on(lever) == (quarter >= begins)
    assert not any(now.on(other) for other in LEVERS if other != lever)


@pytest.mark.parametrize("lever", LEVERS)
def test_start_is_always_and_never_is_never(lever: str) -> None:
    for quarter in (0, 8104, NEVER - 1):
        assert LeversNow(replace(P, **all_from(START)), quarter).on(lever)
        assert not LeversNow(replace(P, **all_from(NEVER)), quarter).on(lever)


@given(numbers)
def test_levers_that_are_off_add_nothing_at_any_strength(n: Numbers) -> None:
    assert effects(LeversNow(replace(n.p.levers, **all_from(NEVER)), 8104)) == [0.0] * 7


@given(numbers)
def test_levers_at_strength_zero_add_nothing_but_still_cost(n: Numbers) -> None:
    weak = replace(n.p.levers, **all_from(START), dialogue_strength=0.0, interoperability_strength=0.0,
                   indo_pacific_strength=0.0, framework_strength=0.0)  # fmt: skip
    now = LeversNow(weak, 8104)
    assert (now.dialogue, now.exercises(SPENT), now.strategy(1.0), now.framework) == (0.0, 0.0, 0.0, 0.0)
    assert (now.ships, now.diversion, now.support_cost) == (0.1, 0.15, 0.1)


@given(numbers)
def test_the_strategy_multiplies_each_of_its_effects_by_its_strength(n: Numbers) -> None:
    effect, p = n.runs(), by_run(n.p.levers)
    found = LeversNow(replace(n.p.levers, **all_from(START)), 8104).strategy(effect)
    agree(np.asarray(found), lambda run: p[run].indo_pacific_strength * float(effect[run]), (R,))


@pytest.mark.parametrize(("france", "uk", "part"), [(1, 1, 1.0), (1, 0, 0.5), (0, 1, 0.5), (0, 0, 0.0)])
def test_exercises_are_half_without_one_of_the_two_lead_states(france: int, uk: int, part: float) -> None:
    p = replace(P, **all_from(START), interoperability_france=france, interoperability_uk=uk)
    assert LeversNow(p, 8104).exercises(SPENT) == pytest.approx(part * 0.03)


def led_by(*names: str) -> float:
    """What exercises under these leaders are worth."""
    leads = {f"interoperability_{name}": int(name in names) for name in LEADERS}
    return np.asarray(LeversNow(replace(P, **all_from(START), **leads), 8104).exercises(SPENT)).item() / 0.03


def test_switches_of_leaders_stand_in_the_order_of_the_capable_states() -> None:
    assert dict(zip(PARTNERS, LEADERS, strict=True)) == {
        "DEU": "germany", "ESP": "spain", "FRA": "france", "GBR": "uk", "ITA": "italy", "NLD": "netherlands",
        "SWE": "sweden"}  # fmt: skip
    names = [name.removeprefix("interoperability_") for name in P.__dataclass_fields__]
    assert set(LEADERS) < set(names)


def test_a_leader_is_worth_what_it_spends_against_france_and_never_more_than_half() -> None:
    assert led_by("france", "uk") == 1.0
    assert led_by("germany") == pytest.approx(0.5)
    assert led_by("italy") == pytest.approx(0.5 * 45322 / 62133)
    assert led_by("italy", "sweden") == pytest.approx(0.5 * (45322 + 14891) / 62133)


@given(st.sets(st.sampled_from(LEADERS)), st.sampled_from(LEADERS))
def test_one_more_leader_never_takes_away_and_all_together_are_worth_the_whole(names: set[str], more: str) -> None:
    assert 0 <= led_by(*names) <= led_by(*names, more) <= led_by(*LEADERS) == 1


def test_leaders_may_differ_by_run() -> None:
    p = replace(
        P, **all_from(START), interoperability_uk=np.array([1, 0, 0]), interoperability_spain=np.array([0, 0, 1])
    )
    spain = 0.5 * 31614 / 62133
    np.testing.assert_allclose(LeversNow(p, 8104).exercises(SPENT), 0.03 * np.array([1, 0.5, 0.5 + spain]))


@pytest.mark.parametrize("pulled", [("reinterpretation",), ("amendment",), ("reinterpretation", "amendment")])
def test_a_new_line_on_force_costs_support_once(pulled: tuple[str, ...]) -> None:
    now = LeversNow(replace(P, **{**all_from(NEVER), **{f"{lever}_from": START for lever in pulled}}), 8104)
    assert now.on_force
    assert now.support_cost == pytest.approx(0.1)
