"""Quarters count up by one and read back as they were written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.calendar import NEVER, START, moment_index, quarter_index, quarter_name, quarter_of_date


def test_quarters_are_numbered_from_the_year_zero():
    assert quarter_index("2031Q2") == 4 * 2031 + 1
    assert quarter_index("2040Q4") - quarter_index("2026Q3") + 1 == 58


@given(year=st.integers(1000, 2998), quarter=st.integers(1, 4))
def test_a_quarter_reads_back_as_it_was_written(year, quarter):
    name = f"{year}Q{quarter}"
    assert quarter_name(quarter_index(name)) == name
    assert quarter_index(name) + 1 == quarter_index(quarter_name(quarter_index(name) + 1))


@pytest.mark.parametrize(
    "text", ["2031Q5", "2031Q0", "2031q2", "31Q2", " 2031Q2", "2031Q2\n", "2031", "never", "", "٢٠٣١Q2"]
)
def test_what_is_no_quarter_is_refused(text):
    with pytest.raises(ValueError, match="not a quarter"):
        quarter_index(text)


def test_the_two_ends_of_time():
    assert moment_index("start") == START < quarter_index("1991Q3") < NEVER == moment_index("never")
    assert (quarter_name(START), quarter_name(NEVER)) == ("start", "never")
    assert moment_index("2031Q2") == quarter_index("2031Q2")


@pytest.mark.parametrize(
    ("date", "quarter"),
    [
        ("2018-07-17", "2018Q3"),
        ("2013-04", "2013Q2"),
        ("2015", "2015Q1"),
        ("2012-12-31", "2012Q4"),
        ("2013-01-01", "2013Q1"),
    ],
)
def test_a_date_lies_in_its_quarter(date, quarter):
    assert quarter_of_date(date) == quarter_index(quarter)


@pytest.mark.parametrize("text", ["2018-13", "2018-00-01", "18", "2018-07-32", "July 2018"])
def test_what_is_no_date_is_refused(text):
    with pytest.raises(ValueError, match="not a date"):
        quarter_of_date(text)
