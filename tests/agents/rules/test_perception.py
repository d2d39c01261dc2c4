"""Who is exposed to what, and how threats are felt."""

import numpy as np
import pytest

from agents.rules import perception as rules
from tests.agents.sample import TINY, M, Numbers, R, agree, by_run, first_values, given, numbers, within
from tests.twin import portable as twin

P = first_values().threat


@given(numbers)
def test_clip_keeps_what_lies_within_and_moves_the_rest_to_the_nearest_end(n: Numbers) -> None:
    x = n.members(-2, 3)
    agree(rules.clip(x), lambda member, run: min(1.0, max(0.0, x[member, run])))


@given(numbers)
def test_felt_threat_lies_between_what_was_felt_and_what_is_seen(n: Numbers) -> None:
    last, pressure, exposure = n.members(), n.runs(), n.column()
    threat, seen = rules.felt_threat(last, pressure, exposure, n.p.threat), exposure * pressure
    assert threat.shape == (M, R)
    assert ((threat >= np.minimum(last, seen) - TINY) & (threat <= np.maximum(last, seen) + TINY)).all()


@given(numbers)
def test_felt_threat_equals_its_scalar_twin(n: Numbers) -> None:
    last, pressure, exposure, p = n.members(), n.runs(), n.column(), by_run(n.p.threat)

    def felt(member: int, run: int) -> float:
        before, seen = last[member, run], exposure[member, 0] * pressure[run]
        if seen > before:
            return float(before + p[run].alarm_rate * (seen - before))
        return float(before + p[run].calm_rate * (seen - before))

    agree(rules.felt_threat(last, pressure, exposure, n.p.threat), felt)


@given(numbers)
def test_more_pressure_or_exposure_never_lessens_the_threat_felt(n: Numbers) -> None:
    last, pressure, exposure = n.members(), n.runs(), n.column()
    threat = rules.felt_threat(last, pressure, exposure, n.p.threat)
    assert (rules.felt_threat(last, n.more(pressure), exposure, n.p.threat) >= threat - TINY).all()
    assert (rules.felt_threat(last, pressure, n.more(exposure), n.p.threat) >= threat - TINY).all()


def test_alarm_rises_faster_than_calm_returns() -> None:
    """Half of the way up from 0.2 to 0.6, a tenth of the way back."""
    felt = rules.felt_threat(np.array([0.2, 0.6]), np.array([0.6, 0.2]), np.ones(2), P)
    np.testing.assert_allclose(felt, [0.4, 0.56])


@given(numbers)
def test_exposure_to_russia_equals_its_scalar_twin(n: Numbers) -> None:
    km, border, p = n.column(0, 6000), np.rint(n.column()), by_run(n.p.threat)[0]

    def exposure(member: int, _: int) -> float:
        near = (p.russia_far - float(km[member, 0])) / (p.russia_far - p.russia_near)
        near = 0.0 if near < 0 else min(1.0, near)
        return min(1.0, p.russia_floor + (1 - p.russia_floor) * near + p.russia_border * float(border[member, 0]))

    agree(rules.exposure_to_russia(km, border, n.p.threat), exposure, (M, 1))


@given(numbers)
def test_exposure_to_russia_grows_with_nearness_and_a_border(n: Numbers) -> None:
    km, border = n.column(0, 6000), np.rint(n.column())
    exposure = rules.exposure_to_russia(km, border, n.p.threat)
    assert within(exposure)
    assert (rules.exposure_to_russia(n.more(km, most=9000), border, n.p.threat) <= exposure + TINY).all()
    assert (rules.exposure_to_russia(km, np.ones((M, 1)), n.p.threat) >= exposure).all()


def test_exposure_to_russia_at_the_ends_and_in_the_middle() -> None:
    """A quarter from 4,000 km on, all within 800 km, half of the rest at 2,400 km; a border adds 0.15, up to 1."""
    km = np.array([5000.0, 4000.0, 2400.0, 2400.0, 800.0, 800.0])
    border = np.array([0.0, 0.0, 0.0, 1.0, 0.0, 1.0])
    np.testing.assert_allclose(rules.exposure_to_russia(km, border, P), [0.25, 0.25, 0.625, 0.775, 1.0, 1.0])


@given(numbers)
def test_stake_in_the_indo_pacific_equals_its_scalar_twin(n: Numbers) -> None:
    china, japan, p = n.column(0, 20), n.column(0, 3), by_run(n.p.threat)[0]
    territory, g7 = np.rint(n.column()), np.rint(n.column())

    def stake(member: int, _: int) -> float:
        trade = twin.log(1 + float(china[member, 0] + japan[member, 0])) / twin.log(1 + float(p.stake_trade_full))
        stake = p.stake_floor + p.stake_trade * trade
        stake = stake + p.stake_territory * float(territory[member, 0]) + p.stake_g7 * float(g7[member, 0])
        return min(1.0, float(stake))

    agree(rules.stake(china, japan, territory, g7, n.p.threat), stake, (M, 1))


@given(numbers)
def test_trade_territory_and_rank_never_lessen_the_stake(n: Numbers) -> None:
    china, japan, none = n.column(0, 20), n.column(0, 3), np.zeros((M, 1))
    stake = rules.stake(china, japan, none, none, n.p.threat)
    assert within(stake)
    for larger in (
        rules.stake(n.more(china, most=40), japan, none, none, n.p.threat),
        rules.stake(china, n.more(japan, most=40), none, none, n.p.threat),
        rules.stake(china, japan, none + 1, none, n.p.threat),
        rules.stake(china, japan, none, none + 1, n.p.threat),
    ):
        assert (larger >= stake - TINY).all()


def test_stake_of_a_state_without_trade_and_of_one_with_everything() -> None:
    """Floor 0.25; with territory and G7 0.25 + 0.20 + 0.15; trade of 20 % of GDP adds 0.45, which makes it full."""
    trade, flags = np.array([0.0, 0.0, 20.0, 20.0]), np.array([0.0, 1.0, 0.0, 1.0])
    np.testing.assert_allclose(rules.stake(trade, np.zeros(4), flags, flags, P), [0.25, 0.6, 0.7, 1.0])


@given(numbers)
def test_exposure_to_retrenchment_equals_its_scalar_twin(n: Numbers) -> None:
    troops, spending, p = n.column(0, 60_000), n.column(0, 4), by_run(n.p.threat)[0]
    in_nato = np.rint(n.column())

    def exposure(member: int, _: int) -> float:
        shortfall = 1 - float(spending[member, 0]) / p.us_pledge
        if shortfall < 0:
            shortfall = 0.0
        reliance = twin.log(1 + float(troops[member, 0])) / twin.log(1 + float(p.us_troops_full))
        exposed = min(1.0, float(p.us_floor + p.us_troops * reliance + p.us_shortfall * shortfall))
        return exposed * (1.0 if in_nato[member, 0] else float(p.us_outside_nato))

    agree(rules.exposure_to_retrenchment(troops, spending, in_nato, n.p.threat), exposure, (M, 1))


@given(numbers)
def test_who_spends_more_or_hosts_less_depends_less_on_the_united_states(n: Numbers) -> None:
    troops, spending, in_nato = n.column(0, 60_000), n.column(0, 4), np.rint(n.column())
    exposure = rules.exposure_to_retrenchment(troops, spending, in_nato, n.p.threat)
    assert within(exposure)
    assert (rules.exposure_to_retrenchment(n.more(troops, 9e9), spending, in_nato, n.p.threat) >= exposure - TINY).all()
    assert (rules.exposure_to_retrenchment(troops, n.more(spending, 9), in_nato, n.p.threat) <= exposure + TINY).all()


def test_half_a_pledge_leaves_half_a_shortfall_and_outside_nato_it_counts_half() -> None:
    """0.2 + 0.4 of a half; with 40,000 troops and no spending 0.2 + 0.4 + 0.4."""
    troops, spending = np.array([0.0, 0.0, 40_000.0]), np.array([1.0, 1.0, 0.0])
    exposure = rules.exposure_to_retrenchment(troops, spending, np.array([1.0, 0.0, 1.0]), P)
    np.testing.assert_allclose(exposure, [0.4, 0.2, 1.0])


@given(numbers)
def test_the_indo_pacific_threat_is_the_greater_of_two(n: Numbers) -> None:
    china, korea, weight = n.members(), n.members(), n.one()

    def greater(member: int, run: int) -> float:
        lesser = weight * korea[member, run]
        return float(china[member, run]) if china[member, run] > lesser else float(lesser)

    agree(rules.indo_pacific_threat(china, korea, weight), greater)


def test_north_korea_counts_by_its_weight() -> None:
    threat = rules.indo_pacific_threat(np.array([0.5, 0.5]), np.array([0.6, 0.9]), P.north_korea_weight)
    assert threat.tolist() == pytest.approx([0.5, 0.63])
