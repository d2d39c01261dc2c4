"""What waiting costs where the truth is known."""

import numpy as np
import pytest

from config.calendar import quarter_index, quarter_name
from experiments.analysis.intervals import Floats
from experiments.analysis.timing import effects, same_age, waiting, years_since

FIRST, LAST = quarter_index("2026Q3"), quarter_index("2040Q4")
QUARTERS = [quarter_name(q) for q in range(FIRST, LAST + 1)]
DATES = ("2027Q1", "2030Q1", "2033Q1")
R = 6


def rising(begun: str, per_year: float = 0.02) -> Floats:
    """A world with luck of its own per run, plus so much a year from the date on, (R, Q)."""
    years = np.array([max(0.0, years_since(begun, quarter)) for quarter in QUARTERS])
    return none() + per_year * years * np.linspace(0.9, 1.1, R)[:, None]


def none() -> Floats:
    return np.linspace(0.1, 0.6, R)[:, None] + np.linspace(0, 0.1, len(QUARTERS))


PATHS = {begun: rising(begun) for begun in DATES}


def test_years_count_from_the_beginning_to_the_end_of_the_quarter() -> None:
    assert years_since("2027Q1", "2027Q1") == 0.25
    assert years_since("2027Q1", "2026Q4") == 0.0
    assert years_since("2033Q1", "2040Q4") == 8.0


def test_effects_begin_with_the_remedy() -> None:
    found = effects(PATHS, none(), QUARTERS)
    assert len(found) == 3 * len(QUARTERS)
    assert (found.loc[found["years"] <= 0, "mean"].abs() < 1e-12).all()
    at = found[(found["begun"] == "2030Q1") & (found["quarter"] == "2040Q4")].iloc[0]
    assert at["years"] == 11.0 and at["mean"] == pytest.approx(0.22) and at["runs"] == R
    assert at["lower"] < 0.22 < at["upper"]


def test_a_year_of_waiting_costs_what_a_year_adds() -> None:
    found = waiting(PATHS, QUARTERS)
    spans = found[["earlier", "later"]].agg(" ".join, axis=1).tolist()
    assert spans == ["2027Q1 2030Q1", "2030Q1 2033Q1", "2027Q1 2033Q1"]
    assert found["years"].tolist() == [3.0, 3.0, 6.0]
    np.testing.assert_allclose(found["mean"], 0.02)
    assert ((found["lower"] < 0.02) & (found["upper"] > 0.02)).all()


def test_what_is_lost_until_the_end_is_the_area_between_two_dates() -> None:
    """By 0.02 a year between 2030 and 2033, 8 years at their distance of 0.06: 0.09 + 0.48 of full-depth years."""
    row = waiting(PATHS, QUARTERS).iloc[1]
    assert row["lost_mean"] * 3 == pytest.approx(0.09 + 0.48, rel=0.02)


def test_two_dates_have_one_span() -> None:
    assert len(waiting({begun: PATHS[begun] for begun in DATES[:2]}, QUARTERS)) == 1


def test_at_the_same_age_a_remedy_that_only_began_later_misses_nothing() -> None:
    found = same_age(PATHS, none(), QUARTERS).set_index("begun")
    assert (found["years"] == 8.0).all()
    np.testing.assert_allclose(found["mean"], 0.16)
    np.testing.assert_allclose(found["more_mean"].iloc[1:], 0.0, atol=1e-12)
    assert found["more_mean"].isna().tolist() == [True, False, False]


def test_a_closing_window_shows_at_the_same_age() -> None:
    weaker = {**PATHS, "2033Q1": rising("2033Q1", 0.01)}
    row = same_age(weaker, none(), QUARTERS).set_index("begun").loc["2033Q1"]
    assert row["more_mean"] == pytest.approx(-0.08) and row["more_upper"] < 0
