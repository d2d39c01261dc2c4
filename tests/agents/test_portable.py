"""The same bits everywhere: arrays equal the scalar twin, whatever their shape, layout and company."""

import math
from collections.abc import Callable
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from agents import portable
from agents.portable import Floats
from tests.twin import portable as twin

N, R = 5, 7  # unlike any other size in the tests, so that a shape slip cannot pass unseen

Function = Callable[[Floats], Floats]
Scalar = Callable[[float], float]

any_number = st.floats(allow_nan=False, allow_infinity=False)
moderate = st.floats(min_value=-745.0, max_value=745.0)
positive = st.floats(min_value=0.0, exclude_min=True, allow_infinity=False)
inside_unit = st.floats(min_value=2.0**-53, max_value=1.0 - 2.0**-53)

FUNCTIONS = [
    pytest.param(portable.exp, twin.exp, (-40.0, 40.0), id="exp"),
    pytest.param(portable.log, twin.log, (1e-9, 50.0), id="log"),
    pytest.param(portable.logistic, twin.logistic, (-40.0, 40.0), id="logistic"),
    pytest.param(portable.probability, twin.probability, (0.0, 5.0), id="probability"),
    pytest.param(portable.normal, twin.normal, (0.0, 1.0), id="normal"),
]


def numbers(low: float, high: float, shape: tuple[int, ...]) -> Floats:
    return np.random.default_rng(3).uniform(low, high, shape)


def assert_same_bits(ours: Floats, theirs: Floats) -> None:
    """Equal in every bit: signs of zeros too."""
    assert ours.dtype == theirs.dtype == np.float64
    assert ours.shape == theirs.shape
    assert np.ascontiguousarray(ours).tobytes() == np.ascontiguousarray(theirs).tobytes()


def assert_equals_twin(ours: Floats, theirs: float) -> None:
    assert_same_bits(ours, np.array(theirs))


@given(x=st.one_of(moderate, any_number))
@example(x=0.0)
@example(x=-0.0)
@example(x=700.0)
@example(x=-1e300)
@example(x=0.5 * math.log(2.0))
def test_exp_logistic_and_probability_equal_the_twin(x: float) -> None:
    assert_equals_twin(portable.exp(x), twin.exp(x))
    assert_equals_twin(portable.logistic(x), twin.logistic(x))
    assert_equals_twin(portable.probability(x), twin.probability(x))


@given(x=positive)
@example(x=1.0)
@example(x=5e-324)
@example(x=math.sqrt(0.5))
@example(x=math.nextafter(1.0, 0.0))
def test_log_equals_the_twin(x: float) -> None:
    assert_equals_twin(portable.log(x), twin.log(x))


@given(u=inside_unit)
@example(u=0.5)
@example(u=2.0**-53)
@example(u=1.0 - 2.0**-53)
@example(u=4095 / 4096)
def test_normal_equals_the_twin(u: float) -> None:
    assert_equals_twin(portable.normal(u), twin.normal(u))


@pytest.mark.parametrize(("ours", "theirs", "span"), FUNCTIONS)
def test_long_arrays_equal_the_twin_number_by_number(ours: Function, theirs: Scalar, span: tuple[float, float]) -> None:
    x = numbers(*span, (portable.BLOCK + 1_001,))
    assert_same_bits(ours(x), np.array([theirs(value) for value in x.tolist()]))


@pytest.mark.parametrize(("ours", "theirs", "span"), FUNCTIONS)
def test_shape_layout_and_position_change_no_bit(ours: Function, theirs: Scalar, span: tuple[float, float]) -> None:
    x = numbers(*span, (N, 3, R))
    whole = ours(x)
    assert whole.shape == x.shape
    assert whole.flags.c_contiguous
    assert_same_bits(ours(x[::-1, :, ::-2]), whole[::-1, :, ::-2])
    assert_same_bits(ours(x.T), whole.T)
    assert_same_bits(ours(np.asfortranarray(x)), whole)
    assert_same_bits(ours(np.broadcast_to(x[:1], x.shape)), np.broadcast_to(whole[:1], x.shape))
    assert_same_bits(ours(x[:0]), whole[:0])
    for i in range(N):
        assert_same_bits(ours(x[i, 1, 2:]), whole[i, 1, 2:])
        assert_equals_twin(ours(x[i, 2, 4]), theirs(float(x[i, 2, 4])))


@pytest.mark.parametrize(("ours", "theirs", "span"), FUNCTIONS)
def test_what_is_given_stays_and_what_is_returned_is_new(
    ours: Function, theirs: Scalar, span: tuple[float, float]
) -> None:
    x = numbers(*span, (N, R))
    before = x.copy()
    x.flags.writeable = False
    first = ours(x)
    kept = first.copy()
    ours(x[::-1])
    assert_same_bits(x, before)
    assert_same_bits(first, kept)
    assert not np.shares_memory(x, first)


@given(x=st.floats(min_value=-700.0, max_value=700.0))
def test_exp_is_within_an_ulp_or_so_of_the_truth(x: float) -> None:
    assert abs(float(portable.exp(x)) - math.exp(x)) <= 2 * math.ulp(math.exp(x))


@given(x=positive)
def test_log_is_within_an_ulp_or_so_of_the_truth(x: float) -> None:
    assert abs(float(portable.log(x)) - math.log(x)) <= 2 * math.ulp(math.log(x))


@given(x=moderate)
def test_logistic_lies_between_0_and_1_and_its_halves_add_up(x: float) -> None:
    up, down = float(portable.logistic(x)), float(portable.logistic(-x))
    assert 0.0 < up <= 1.0
    assert up + down == pytest.approx(1.0, abs=3e-16)


def test_known_values() -> None:
    assert float(portable.exp(0.0)) == 1.0
    assert float(portable.log(1.0)) == 0.0
    assert float(portable.logistic(0.0)) == 0.5
    assert float(portable.probability(0.0)) == 0.0
    assert float(portable.normal(0.5)) == 0.0


@pytest.mark.parametrize("x", [0.0, -0.0, -1.0, math.inf, math.nan])
def test_log_of_what_has_none_is_an_error(x: float) -> None:
    with pytest.raises(ValueError, match="positive"):
        portable.log([1.0, x])


def test_normal_keeps_to_its_error_bound_up_to_three_standard_deviations() -> None:
    exact = NormalDist()
    u = np.linspace(exact.cdf(-3.0), exact.cdf(3.0), 20_011)
    error = portable.normal(u) - np.array([exact.inv_cdf(value) for value in u.tolist()])
    assert np.abs(error).max() <= 0.0012


def test_normal_is_odd_and_rises() -> None:
    u = (np.arange(2**14) + 0.5) / 2**14
    quantiles = portable.normal(u)
    np.testing.assert_allclose(-quantiles[::-1], quantiles, rtol=0, atol=1e-15)
    assert (np.diff(quantiles) > 0).all()


def test_normal_has_the_moments_of_a_normal() -> None:
    x = portable.normal((np.arange(2**18) + 0.5) / 2**18)
    assert np.mean(x) == pytest.approx(0.0, abs=1e-12)
    assert np.mean(x * x) == pytest.approx(1.0, abs=1e-5)
    assert np.mean(x * x * x * x) == pytest.approx(3.0, abs=0.01)


@given(rows=st.lists(st.lists(any_number.map(lambda x: x * 1e-3), min_size=3, max_size=3), max_size=30))
def test_total_adds_rows_in_order(rows: list[list[float]]) -> None:
    by_hand = [twin.total(row[run] for row in rows) for run in range(3)]
    array = np.array(rows).reshape(-1, 3)
    assert_same_bits(portable.total(array), np.array(by_hand))
    assert_same_bits(portable.total(np.asfortranarray(array)), np.array(by_hand))


@pytest.mark.parametrize("runs", [1, 2, R, 64])
def test_a_total_does_not_notice_its_companions(runs: int) -> None:
    rows = numbers(-1.0, 1.0, (27, 64))
    weights = numbers(0.0, 9.0, (27, 1))
    assert_same_bits(portable.total(rows[:, :runs]), portable.total(rows)[:runs])
    alone = [twin.weighted_total(rows[:, run].tolist(), weights[:, 0].tolist()) for run in range(runs)]
    assert_same_bits(portable.weighted_total(rows[:, :runs], weights), np.array(alone))


def test_weights_may_differ_by_run_but_must_have_the_axis() -> None:
    rows, weights = numbers(0.0, 1.0, (N, R)), numbers(0.0, 1.0, (N, R))
    assert_same_bits(portable.weighted_total(rows, weights), portable.total(rows * weights))
    with pytest.raises(ValueError, match="do not fit"):
        portable.weighted_total(numbers(0.0, 1.0, (R, R)), weights[0])
    with pytest.raises(ValueError, match="do not fit"):
        portable.weighted_total(rows, weights[:1])


@given(part=st.floats(-1e100, 1e100), whole=st.one_of(st.floats(-1e100, 0.0), st.floats(1e-100, 1e100)))
@example(part=0.0, whole=0.0)
@example(part=1.0, whole=-0.0)
def test_share_equals_the_twin(part: float, whole: float) -> None:
    assert_equals_twin(portable.share(part, whole), twin.share(part, whole))


def test_share_broadcasts_and_is_0_of_nothing() -> None:
    part, whole = numbers(0.0, 1.0, (N, R)), np.array([0.0, 1.0, 2.0, 0.0, -1.0, 4.0, 0.5])
    result = portable.share(part, whole)
    assert result.shape == (N, R)
    assert (result[:, [0, 3, 4]] == 0.0).all()
    assert_same_bits(result[:, 5], part[:, 5] / 4.0)
    assert portable.share(part[:, :1], whole).shape == (N, R)


def test_what_happens_is_what_is_drawn_below_its_probability() -> None:
    """Also for hazards of nothing, of certainty, and next to what was drawn."""
    u = numbers(0.0, 1.0, (N, R))
    for hazard in (numbers(0.0, 2.0, (N, R)), np.zeros((N, R)), np.full((N, R), np.inf), u, -np.log1p(-u)):
        happens = u < portable.probability(hazard)
        np.testing.assert_array_equal(portable.happens(u, hazard), happens)
        assert (portable.may_happen(u, hazard) | ~happens).all()
        among = numbers(0.0, 1.0, (N, R)) < 0.5
        np.testing.assert_array_equal(portable.happens(u, hazard, among), happens & among)


@given(st.floats(min_value=2.0**-53, max_value=1.0))
def test_nothing_is_likelier_than_its_hazard_but_for_the_last_bits(hazard: float) -> None:
    assert portable.probability(hazard) < hazard + portable.LAST_BITS


@pytest.mark.parametrize("shape", [(0,), (R,), (N, R), (2, N, R)])
def test_places_are_where_a_mask_holds(shape: tuple[int, ...]) -> None:
    mask = numbers(0.0, 1.0, shape) < 0.3
    for ours, theirs in zip(portable.places(mask), np.nonzero(mask), strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("shape", [(255, 1), (N, R), (2, N, R)])
def test_a_number_is_how_many_a_mask_holds_for(shape: tuple[int, ...]) -> None:
    mask = numbers(0.0, 1.0, shape) < 0.8
    np.testing.assert_array_equal(portable.number(mask), mask.sum(axis=0))


@pytest.mark.parametrize("runs", [1, 2, R])
def test_a_total_of_nothing_but_minus_0_is_0(runs: int) -> None:
    assert not np.signbit(portable.total(np.full((N, runs), -0.0))).any()
