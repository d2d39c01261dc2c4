"""Counts of rounded values: how far rounding goes, and that pieces and their order leave no trace."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.analysis.counting import Counts, keys, value_of

CELLS = 3
LEVELS = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)

finite = st.floats(-1e300, 1e300)
short = st.sampled_from([0.0, -0.0, 0.25, 0.3, 0.3001, -1.0, 7.0])
entries = st.lists(st.tuples(st.integers(0, CELLS - 1), st.one_of(short, st.floats(-9.0, 9.0))), max_size=60)


def counts_of(pieces):
    counts = Counts(CELLS)
    for piece in pieces:
        counts.add([cell for cell, _ in piece], [value for _, value in piece])
    return counts


def same(one, other):
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


@given(finite)
def test_a_rounded_value_lies_within_a_two_thousandth_of_the_value(value):
    error = abs(float(value_of(keys(value))) - value)
    assert error <= max(2.0**-11 * abs(value), 2.0**-1033)


def test_the_error_comes_as_near_to_its_bound_as_eleven_digits_let_it():
    half_way = 1.0 + 2.0**-11
    assert value_of(keys(half_way)) == 1.0 + 2.0**-10
    assert value_of(keys(np.nextafter(half_way, 0))) == 1.0


@given(st.integers(-2048, 2048), st.integers(-900, 900))
def test_whole_numbers_to_2048_over_powers_of_two_are_exact(number, power):
    value = np.ldexp(float(number), power)
    assert value_of(keys(value)) == value


@given(finite, finite)
def test_keys_are_in_the_order_of_values(one, other):
    low, high = sorted([one, other])
    assert keys(low) <= keys(high)
    assert (keys(low) == keys(high)) == (value_of(keys(low)) == value_of(keys(high)))


@given(finite)
def test_what_is_rounded_stays_and_turns_with_the_sign(value):
    key = keys(value)
    assert keys(value_of(key)) == key
    assert keys(-value) == -key


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, np.finfo(float).max, -np.nan])
def test_what_is_no_number_or_would_be_rounded_to_none_is_refused(value):
    counts = Counts(1)
    with pytest.raises(ValueError, match="finite"):
        counts.add([0, 0], [1.0, value])
    assert counts.size() == 0


@pytest.mark.parametrize("cell", [-1, CELLS])
def test_a_cell_that_is_not_there_is_refused(cell):
    with pytest.raises(IndexError, match="from 0 to 2"):
        Counts(CELLS).add([0, cell], [1.0, 2.0])


@given(entries)
def test_quantiles_are_those_of_the_rounded_values(given_entries):
    counts = counts_of([given_entries])
    found = counts.quantiles(LEVELS)
    for cell in range(CELLS):
        values = [float(value_of(keys(value))) for place, value in given_entries if place == cell]
        assert counts.size()[cell] == len(values)
        if values:
            np.testing.assert_array_equal(found[cell], np.quantile(values, LEVELS))
            assert counts.mean()[cell] == pytest.approx(np.mean(values), rel=1e-12, abs=1e-12)
        else:
            assert np.isnan(found[cell]).all() and np.isnan(counts.mean()[cell])


@given(entries, st.lists(st.integers(0, 60), max_size=4), st.randoms())
def test_pieces_and_their_order_leave_no_trace(given_entries, cuts, random):
    ends = [0, *sorted(cuts), len(given_entries)]
    pieces = [given_entries[start:end] for start, end in pairwise(ends)]
    random.shuffle(pieces)
    whole, parts = counts_of([given_entries]), counts_of(pieces)
    merged = Counts(CELLS)
    for piece in pieces:
        merged.merge(*counts_of([piece]).rows())
    for other in (parts, merged):
        assert same(whole.rows(), other.rows())
        np.testing.assert_array_equal(whole.quantiles(LEVELS), other.quantiles(LEVELS))
        np.testing.assert_array_equal(whole.mean(), other.mean())


@given(entries)
def test_rows_are_sorted_and_hold_every_value_once(given_entries):
    cell, key, count = counts_of([given_entries]).rows()
    places = list(zip(cell.tolist(), key.tolist(), strict=True))
    assert places == sorted(set(places))
    assert count.sum() == len(given_entries) and (count > 0).all()


def test_cells_and_values_are_broadcast():
    counts = Counts(6)
    counts.add(np.arange(2)[:, None, None] * 3 + np.arange(3), np.full((2, 5, 3), 0.5))
    np.testing.assert_array_equal(counts.size(), [5] * 6)
    np.testing.assert_array_equal(counts.mean(), [0.5] * 6)


def test_many_pieces_are_kept_as_few_rows():
    chance, counts = np.random.default_rng(5), Counts(2)
    for _ in range(50):
        counts.add([[0], [1]], chance.uniform(0.5, 1.0, (2, 20_000)))
    assert len(counts.rows()[0]) <= 2 * 1025
    assert counts.size().sum() == 2_000_000
