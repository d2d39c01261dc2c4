"""Quarters count up by one and read back as they were written."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.calendar import (
    NEVER,
    START,
    days_of_date,
    last_day,
    moment_index,
    quarter_index,
    quarter_name,
    quarter_of_date,
    quarter_of_day,
)


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


@pytest.mark.parametrize(
    "text", ["2018-13", "2018-00-01", "18", "2018-07-32", "2018-02-30", "May 2018", "2014-05/2014-10"]
)
def test_what_is_no_date_is_refused(text):
    with pytest.raises(ValueError, match="not a date"):
        quarter_of_date(text)


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2018-07-17", "2018-07-17", "2018-07-17"),
        ("2016-02", "2016-02-01", "2016-02-29"),
        ("2015-12", "2015-12-01", "2015-12-31"),
        ("2015", "2015-01-01", "2015-12-31"),
        ("2014-05/2014-10", "2014-05-01", "2014-10-31"),
    ],
)
def test_a_date_means_the_days_of_its_precision(text, first, last):
    assert tuple(day.isoformat() for day in days_of_date(text)) == (first, last)


def test_an_interval_does_not_end_before_it_begins():
    with pytest.raises(ValueError, match="ends before"):
        days_of_date("2014-10/2014-05")


@given(quarter=st.integers(quarter_index("1990Q1"), quarter_index("2050Q4")))
def test_a_quarter_ends_with_its_last_day(quarter):
    end = last_day(quarter)
    assert quarter_of_day(end) == quarter
    assert quarter_of_day(end + timedelta(days=1)) == quarter + 1
