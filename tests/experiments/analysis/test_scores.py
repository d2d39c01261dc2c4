"""Scores are proper, cut where the record ends, and treat every forecast alike; intervals are what they say."""

from collections import Counter
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from config.calendar import NEVER, quarter_index
from experiments.analysis.scores import (
    KERNEL,
    QUARTER,
    Floats,
    Forecast,
    Observed,
    brier,
    clopper_pearson,
    coverage,
    crps_cut,
    effective_runs,
    from_ensemble,
    gain,
    log_score,
    pit,
    pit_ends,
    skill,
    smoothed,
    squared_errors,
)

ORIGIN = quarter_index("2013Q1")
Q = 9
HORIZON = ORIGIN + Q - 1


def spread(draw: list[float]) -> Floats:
    return np.array(draw) / sum(draw)


Score = Callable[[Forecast, Observed], float]
"""The lower the better."""

pmfs = st.lists(st.floats(0.01, 1.0), min_size=Q + 1, max_size=Q + 1).map(spread)
outcomes = [*(Observed.happened(quarter) for quarter in range(ORIGIN, HORIZON + 1)), Observed.not_by(HORIZON)]
"""All that can happen, in the order of a pmf."""
records = st.one_of(
    st.tuples(st.integers(ORIGIN - 3, HORIZON + 5), st.integers(0, 6))
    .map(lambda pair: Observed.happened(pair[0], pair[0] + pair[1]))
    .filter(lambda record: record.last >= ORIGIN),
    st.integers(ORIGIN, HORIZON + 3).map(Observed.not_by),
)


def point(place: int) -> Forecast:
    return Forecast(ORIGIN, np.eye(Q + 1)[place])


# Forecasts


@given(
    times=st.lists(st.one_of(st.integers(ORIGIN, HORIZON + 4), st.just(NEVER)), min_size=1, max_size=40),
    data=st.data(),
)
def test_an_ensemble_becomes_probabilities_that_sum_to_one_and_are_never_zero(times: list[int], data: st.DataObject):
    weights = data.draw(st.lists(st.floats(0.01, 1.0), min_size=len(times), max_size=len(times)))
    forecast = from_ensemble(times, ORIGIN, HORIZON, weights)
    assert (forecast.origin, forecast.horizon, len(forecast.quarters)) == (ORIGIN, HORIZON, Q)
    assert forecast.pmf.sum() == pytest.approx(1.0)
    least = 1 / (effective_runs(weights) + 1) / (Q + 1)
    assert (forecast.pmf >= least * (1 - 1e-9)).all()


@given(shares=pmfs, runs=st.floats(1.0, 1e4))
def test_smoothing_keeps_the_share_of_later_but_for_the_even_part(shares: Floats, runs: float):
    even = 1 / (runs + 1)
    assert smoothed(ORIGIN, shares, runs).later == pytest.approx((1 - even) * shares[-1] + even / (Q + 1))


def test_smoothing_spreads_one_quarter_over_its_neighbours_and_reflects_at_the_ends():
    def shape(place: int, quarters: int = Q) -> Floats:
        return smoothed(ORIGIN, np.eye(quarters + 1)[place], 1e12).pmf * 9

    np.testing.assert_allclose(shape(4), [0, 0, 1, 2, 3, 2, 1, 0, 0, 0], atol=1e-9)
    np.testing.assert_allclose(shape(0), [5, 3, 1, 0, 0, 0, 0, 0, 0, 0], atol=1e-9)
    np.testing.assert_allclose(shape(Q - 1), [0, 0, 0, 0, 0, 0, 1, 3, 5, 0], atol=1e-9)
    np.testing.assert_allclose(shape(0, quarters=1), [9, 0], atol=1e-9)
    np.testing.assert_allclose(shape(0, quarters=2), [5, 4, 0], atol=1e-9)
    assert KERNEL.sum() == pytest.approx(1)


def test_weights_count_like_repeated_runs_but_for_what_they_tell():
    times = [ORIGIN, ORIGIN + 3, NEVER]
    weighted = from_ensemble(times, ORIGIN, HORIZON, [2, 1, 1])
    repeated = from_ensemble([ORIGIN, *times], ORIGIN, HORIZON)
    assert effective_runs([2, 1, 1]) == pytest.approx(16 / 6)
    np.testing.assert_allclose(
        (weighted.pmf - 1 / (16 / 6 + 1) / (Q + 1)) / (1 - 1 / (16 / 6 + 1)), (repeated.pmf - 1 / 5 / (Q + 1)) / (4 / 5)
    )


@given(pmf=pmfs, level=st.floats(0.0, 1.0))
def test_a_quantile_is_the_first_quarter_with_that_much_probability(pmf: Floats, level: float):
    forecast = Forecast(ORIGIN, pmf)
    quarter = forecast.quantile(level)
    reached = [one for one, share in zip(forecast.quarters, forecast.cdf, strict=True) if share >= level - 1e-12]
    assert quarter == (reached[0] if reached else NEVER)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: from_ensemble([ORIGIN - 1, ORIGIN], ORIGIN, HORIZON),
        lambda: from_ensemble([-1], ORIGIN, HORIZON),
        lambda: from_ensemble([], ORIGIN, HORIZON),
        lambda: from_ensemble([ORIGIN], ORIGIN, ORIGIN - 1),
        lambda: from_ensemble([ORIGIN, ORIGIN], ORIGIN, HORIZON, [1.0]),
        lambda: from_ensemble([ORIGIN, ORIGIN], ORIGIN, HORIZON, [1.0, -1.0]),
        lambda: Forecast(ORIGIN, np.array([0.5, 0.4])),
        lambda: Forecast(ORIGIN, np.array([1.5, -0.5])),
        lambda: Forecast(ORIGIN, np.array([1.0])),
        lambda: Observed.happened(ORIGIN, ORIGIN - 1),
        lambda: Observed.happened(ORIGIN + 2, until=ORIGIN + 1),
        lambda: Observed(ORIGIN + 2, NEVER),
        lambda: log_score(point(0), Observed.happened(ORIGIN - 1)),
        lambda: crps_cut(point(0), Observed.not_by(ORIGIN - 1)),
    ],
)
def test_what_makes_no_sense_is_refused(wrong):
    with pytest.raises(ValueError):
        wrong()


# Single scores, by hand


def test_scores_of_a_small_forecast_by_hand():
    forecast = Forecast(ORIGIN, np.array([0.1, 0.2, 0.3, 0.4]))
    second, never, unseen = Observed.happened(ORIGIN + 1), Observed.not_by(ORIGIN + 2), Observed.not_by(ORIGIN)
    assert log_score(forecast, second) == pytest.approx(np.log(0.2))
    assert log_score(forecast, never) == pytest.approx(np.log(0.4))
    assert log_score(forecast, unseen) == pytest.approx(np.log(0.9))
    assert log_score(forecast, Observed.happened(ORIGIN + 1, ORIGIN + 2)) == pytest.approx(np.log(0.5))
    assert crps_cut(forecast, second) == pytest.approx((0.01 + 0.49 + 0.16) / 4)
    assert crps_cut(forecast, never) == pytest.approx((0.01 + 0.09 + 0.36) / 4)
    assert crps_cut(forecast, unseen) == pytest.approx(0.01 / 4)
    dates = range(ORIGIN - 1, ORIGIN + 4)
    np.testing.assert_allclose(brier(forecast, second, dates), [np.nan, 0.01, 0.49, 0.16, np.nan])
    np.testing.assert_allclose(brier(forecast, unseen, [ORIGIN, ORIGIN + 1]), [0.01, np.nan])
    assert pit_ends(forecast, second) == pytest.approx((0.1, 0.3))
    assert pit_ends(forecast, unseen) == pytest.approx((0.1, 1.0))


@given(pmf=pmfs)
def test_what_happens_after_the_horizon_scores_as_what_had_not_happened_by_then(pmf: Floats):
    forecast, later = Forecast(ORIGIN, pmf), Observed.happened(HORIZON + 2, HORIZON + 3)
    assert log_score(forecast, later) == log_score(forecast, outcomes[-1])
    assert crps_cut(forecast, later) == crps_cut(forecast, outcomes[-1])
    assert pit_ends(forecast, later) == pit_ends(forecast, outcomes[-1])


@given(pmf=pmfs, first=st.integers(ORIGIN, HORIZON), more=st.integers(0, 5))
def test_a_vague_date_costs_the_mean_over_its_quarters_and_has_the_sum_of_their_probabilities(
    pmf: Floats, first: int, more: int
):
    forecast, quarters = Forecast(ORIGIN, pmf), range(first, min(first + more, HORIZON) + 1)
    vague, exact = Observed.happened(quarters[0], quarters[-1]), [Observed.happened(one) for one in quarters]
    errors = [squared_errors(forecast, one) for one in exact]
    np.testing.assert_allclose(squared_errors(forecast, vague), np.mean(errors, axis=0), atol=1e-12)
    assert np.exp(log_score(forecast, vague)) == pytest.approx(sum(np.exp(log_score(forecast, one)) for one in exact))


@given(pmf=pmfs, seen=st.integers(0, Q - 1), place=st.integers(0, Q))
def test_an_event_that_is_watched_for_a_time_scores_as_if_the_horizon_were_there(pmf: Floats, seen: int, place: int):
    """Whether it had happened by then or not."""
    forecast, record = Forecast(ORIGIN, pmf), recorded(place, seen)
    cut = Forecast(ORIGIN, np.append(pmf[: seen + 1], pmf[seen + 1 :].sum()))
    assert crps_cut(forecast, record) == pytest.approx(crps_cut(cut, record))
    assert log_score(forecast, record) == pytest.approx(log_score(cut, record))
    assert np.isnan(squared_errors(forecast, record)).sum() == Q - 1 - seen


@given(pmf=pmfs, record=records)
def test_crps_lies_between_zero_and_the_time_to_the_horizon_and_is_the_integral_of_brier_scores(
    pmf: Floats, record: Observed
):
    forecast = Forecast(ORIGIN, pmf)
    crps = crps_cut(forecast, record)
    assert 0 < crps <= QUARTER * Q
    assert crps == pytest.approx(QUARTER * np.nansum(brier(forecast, record, forecast.quarters)))
    assert log_score(forecast, record) <= 0


def test_crps_is_zero_only_for_a_point_forecast_of_what_happened():
    """Otherwise it is the distance in years, cut at the horizon."""
    for truth, record in enumerate(outcomes):
        for place in range(Q + 1):
            assert crps_cut(point(place), record) == pytest.approx(abs(place - truth) * QUARTER, abs=0)


# Propriety


def negative_log(forecast: Forecast, record: Observed) -> float:
    return -log_score(forecast, record)


def brier_in_the_middle(forecast: Forecast, record: Observed) -> float:
    return float(brier(forecast, record, [ORIGIN + 4])[0])


@pytest.mark.parametrize("score", [negative_log, crps_cut, brier_in_the_middle])
@given(truth=pmfs, other=pmfs)
def test_on_average_no_forecast_beats_the_true_probabilities(score: Score, truth: Floats, other: Floats):
    """Exactly, over all outcomes; and one that is wrong where the score looks is worse."""
    honest, wrong = (np.array([score(Forecast(ORIGIN, pmf), one) for one in outcomes]) @ truth
                     for pmf in (truth, other))  # fmt: skip
    apart = abs(truth - other).max() if score is not brier_in_the_middle else abs((truth - other)[:5].sum())
    assert honest <= wrong + 1e-12
    assert honest < wrong or apart < 0.01


TRUTH = spread([1, 4, 3, 2, 2, 1, 1, 1, 1, 6])
WRONG = {
    "hasty": spread([3, 7, 4, 2, 1, 1, 0.5, 0.5, 0.5, 2]),
    "slow": np.append(np.roll(TRUTH[:-1], 1), TRUTH[-1]),
    "even": np.full(Q + 1, 1 / (Q + 1)),
    "rather never": 0.85 * TRUTH + 0.15 * np.eye(Q + 1)[-1],
    "too sure": TRUTH**1.5 / (TRUTH**1.5).sum(),
    "too unsure": TRUTH**0.6 / (TRUTH**0.6).sum(),
}


def recorded(place: int, end: int) -> Observed:
    """What is seen of an event that happens in this place of the pmf if it can be seen until that one."""
    return Observed.not_by(ORIGIN + end) if place > end else Observed.happened(ORIGIN + place, until=ORIGIN + end)


@pytest.mark.parametrize("score", [negative_log, crps_cut])
@pytest.mark.parametrize("forecast", WRONG)
def test_with_simulated_events_watched_until_different_quarters_the_truth_scores_best(score: Score, forecast: str):
    chance = np.random.default_rng(5)
    happens = chance.choice(Q + 1, p=TRUTH, size=20_000)
    ends = chance.choice([2, 5, Q - 1], size=len(happens))
    cases = Counter(recorded(place, end) for place, end in zip(happens.tolist(), ends.tolist(), strict=True))
    honest, wrong = (
        sum(count * score(Forecast(ORIGIN, pmf), record) for record, count in cases.items())
        for pmf in (TRUTH, WRONG[forecast])
    )
    assert honest < wrong


# Calibration


def test_coverage_of_right_probabilities_is_as_stated_and_pit_is_uniform():
    """Few quarters and much "later", where plain intervals of quarters would hold far too much."""
    chance = np.random.default_rng(2)
    truth = spread([3, 1, 1, 1, 1, 0.5, 0.5, 1, 1, 6])
    happens = chance.choice(Q + 1, p=truth, size=4000)
    forecasts, observed = [Forecast(ORIGIN, truth)] * len(happens), [outcomes[place] for place in happens]
    for found in coverage(forecasts, observed):
        assert found.lower <= found.level <= found.upper
        assert found.share == found.covered / found.events == pytest.approx(found.expected, abs=0.03)
    assert stats.kstest(pit(forecasts, observed), "uniform").pvalue > 0.01


def test_coverage_is_the_same_for_the_same_seed_and_expected_for_all():
    forecasts, observed = [Forecast(ORIGIN, np.full(Q + 1, 0.1))] * 7, outcomes[:7]
    once, again, other = (coverage(forecasts, observed, seed=seed) for seed in (1, 1, 2))
    assert once == again != other
    assert [found.expected for found in once] == [found.expected for found in other]
    draws = [[found.share for found in coverage(forecasts, observed, seed=seed)] for seed in range(150)]
    np.testing.assert_allclose(np.mean(draws, axis=0), [found.expected for found in once], atol=0.05)


def test_a_sure_and_right_forecast_is_covered_half_of_the_time_by_the_middle_half_and_a_sure_wrong_one_never():
    sure, wrong = [point(3)] * 3, [point(8)] * 3
    observed = [Observed.happened(ORIGIN + 3)] * 3
    assert [found.expected for found in coverage(sure, observed)] == pytest.approx([0.5, 0.8, 0.9])
    assert [found.expected for found in coverage(wrong, observed)] == [0.0, 0.0, 0.0]
    assert np.isnan(coverage([], [])[0].share)


@given(events=st.integers(1, 60), data=st.data(), level=st.floats(0.5, 0.99))
def test_clopper_and_pearson_agree_with_the_exact_test(events: int, data: st.DataObject, level: float):
    count = data.draw(st.integers(0, events))
    exact = stats.binomtest(count, events).proportion_ci(level, method="exact")
    assert clopper_pearson(count, events, level) == pytest.approx((exact.low, exact.high), abs=1e-9)
    assert clopper_pearson(0, 0) == (0.0, 1.0)


# Skill

FILES = ["spa", "spa", "acsa", "acsa", "acsa", "sdp", "csdp"]
OURS = [0.2, 0.4, 0.1, 0.3, 0.2, 0.9, 0.5]
THEIRS = [0.4, 0.5, 0.3, 0.2, 0.4, 0.8, 1.4]


def test_skill_and_gain_by_hand():
    assert skill(OURS, THEIRS, FILES).estimate == pytest.approx(1 - 2.6 / 4.0)
    assert gain(OURS, THEIRS, FILES).estimate == pytest.approx(-1.4 / 7)
    assert skill(THEIRS, THEIRS, FILES) == (0.0, 0.0, 0.0)
    assert skill([0.0] * 7, THEIRS, FILES) == (1.0, 1.0, 1.0)
    assert np.isnan(skill(OURS, [0.0] * 7, FILES)).all()


def test_the_bootstrap_gives_the_same_in_any_order_and_again():
    order = [6, 2, 0, 4, 3, 5, 1]
    for judge in (skill, gain):
        once = judge(OURS, THEIRS, FILES)
        assert once.lower < once.estimate < once.upper
        shuffled = judge(*([values[place] for place in order] for values in (OURS, THEIRS)), [FILES[p] for p in order])
        assert once == judge(OURS, THEIRS, FILES) == pytest.approx(shuffled)


def test_an_event_that_one_of_both_cannot_score_is_left_out():
    assert skill([*OURS, np.nan, 0.1], [*THEIRS, 0.2, np.nan], [*FILES, "raa", "raa"]) == skill(OURS, THEIRS, FILES)
    with pytest.raises(ValueError, match="same events"):
        skill(OURS, THEIRS, FILES[1:])


def test_one_cluster_tells_nothing_of_chance():
    alone = skill(OURS, THEIRS, ["spa"] * 7)
    assert alone.estimate == pytest.approx(0.35)
    assert np.isnan(alone[1:]).all()


def test_events_that_move_together_leave_more_open_than_as_many_of_their_own():
    copies = 6
    ours, theirs, files = np.repeat(OURS, copies), np.repeat(THEIRS, copies), np.repeat(FILES, copies)
    together = gain(ours, theirs, list(files))
    apart = gain(ours, theirs, [f"event {number}" for number in range(len(ours))])
    assert together.estimate == pytest.approx(apart.estimate)
    assert together.upper - together.lower > 1.5 * (apart.upper - apart.lower)


def test_the_interval_of_gain_holds_the_truth_about_as_often_as_it_says():
    """30 clusters of three events that share half of their luck."""
    chance = np.random.default_rng(8)
    files = [f"file {number}" for number in range(30) for _ in range(3)]
    held = 0
    for _ in range(100):
        score = 0.3 + np.repeat(chance.normal(size=30), 3) + chance.normal(size=90)
        found = gain(score, np.zeros(90), files)
        held += found.lower <= 0.3 <= found.upper
    assert 80 <= held <= 97


def test_a_better_ensemble_has_skill():
    """From raw times to skill: 50 runs around the right quarter against 50 of any quarter."""
    chance = np.random.default_rng(4)
    when = chance.integers(ORIGIN + 2, ORIGIN + 5, size=12)
    good = [from_ensemble(one + chance.integers(-1, 2, size=50), ORIGIN, HORIZON) for one in when]
    poor = [from_ensemble(chance.integers(ORIGIN, HORIZON + 4, size=50), ORIGIN, HORIZON) for _ in when]
    observed, files = [Observed.happened(int(one)) for one in when], [f"file {place}" for place in range(12)]
    logs, crps = (
        [np.array([score(one, record) for one, record in zip(forecasts, observed, strict=True)])
         for forecasts in (good, poor)]
        for score in (log_score, crps_cut)
    )  # fmt: skip
    assert skill(*crps, files).lower > 0.5
    assert gain(*logs, files).lower > 0.3
    assert skill(-logs[0], -logs[1], files).lower > 0
