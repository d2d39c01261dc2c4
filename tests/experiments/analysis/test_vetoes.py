"""Vetoes counted by hand on a few rows, and the record as it is kept."""

import re

import numpy as np
import pandas as pd
import pytest

from config.calendar import quarter_name, quarter_of_date
from config.loading import load_base
from config.schema import MEMBER_STATES
from experiments.analysis.transitions import quarters_between
from experiments.analysis.vetoes import (
    ENLARGEMENT,
    FILES,
    FOREIGN,
    LAST,
    OTHERS,
    RECORD,
    RECORD_COLUMNS,
    beside,
    by_state,
    by_subject,
    by_year,
    cast,
    covered,
    leading,
    record,
    totals,
)

ROWS = (
    (0, "2012Q1", "russia", "HUN"),
    (0, "2012Q1", "russia", "GRC"),
    (0, "2012Q2", "russia", "HUN"),
    (0, "2013Q1", "csdp_fpa", "HUN"),
    (0, "2013Q2", "enlargement", "FRA"),
    (1, "2013Q4", "peace_facility", "AUT"),
    (1, "2014Q1", "china", "AUT"),
)
"""None in run 2. In 2012 and 2013, on foreign policy: four vetoes on three decisions in run 0, one in run 1."""

QUARTERS = quarters_between("2012Q1", "2013Q4")
"""Two years: a veto in them is five in ten years."""
RUNS = 3
SEEN = pd.DataFrame(
    [
        (FOREIGN, "2012Q1", "HUN", "other"),
        (FOREIGN, "2012Q1", "ROU", "other"),
        (FOREIGN, "2013Q4", "HUN", "china"),
        (FOREIGN, "2014Q1", "HUN", "china"),
        (ENLARGEMENT, "2013Q4", "FRA", "enlargement"),
        (ENLARGEMENT, "2013Q4", "FRA", "enlargement"),
    ],
    columns=["scope", "quarter", "actor", "subject"],
)


def rows(*which: tuple[int, str, str, str]) -> pd.DataFrame:
    table = pd.DataFrame(which, columns=["run", "quarter", "subject", "actor"])
    return cast(table.astype(dict.fromkeys(["quarter", "subject", "actor"], "category")))


def line(table: pd.DataFrame, **cell: object) -> dict[str, float]:
    for column, value in cell.items():
        table = table[table[column] == value]
    assert len(table) == 1
    return {str(name): value for name, value in table.iloc[0].items()}


def test_a_subject_that_is_no_other_business_is_a_file_with_japan():
    found = rows(*ROWS)
    assert list(found["subject"].unique()) == ["russia", FILES, "enlargement", "peace_facility", "china"]
    assert list(found.loc[found["scope"] == ENLARGEMENT, "actor"]) == ["FRA"]


def test_vetoes_per_ten_years_of_each_state():
    found = by_state(rows(*ROWS), RUNS, QUARTERS)
    assert list(found.loc[found["scope"] == FOREIGN, "actor"]) == ["HUN", "AUT", "GRC", "FRA"]
    hungary = line(found, scope=FOREIGN, actor="HUN")
    assert hungary["mean"] == pytest.approx(5 * (3 + 0 + 0) / 3)
    assert hungary["lower"] == 0.0
    assert hungary["upper"] == pytest.approx(5 * np.quantile([0, 0, 3], 0.95)) == pytest.approx(13.5)
    assert line(found, scope=FOREIGN, actor="AUT")["mean"] == pytest.approx(5 / 3), "that of 2014 is outside"
    assert line(found, scope=FOREIGN, actor="FRA")["mean"] == 0.0
    assert line(found, scope=ENLARGEMENT, actor="FRA")["mean"] == pytest.approx(5 / 3)
    assert found[["count", "rate"]].isna().all(axis=None)


def test_the_record_stands_beside_in_the_same_unit_also_of_states_that_the_model_does_not_have():
    found = by_state(rows(*ROWS), RUNS, QUARTERS, SEEN)
    counts = {
        name: (line(found, scope=FOREIGN, actor=name)["count"], line(found, scope=FOREIGN, actor=name)["rate"])
        for name in ("HUN", "ROU", "AUT")
    }
    assert counts == {"HUN": (2, 10.0), "ROU": (1, 5.0), "AUT": (0, 0.0)}
    assert line(found, scope=FOREIGN, actor="ROU")["mean"] == 0.0
    assert line(found, scope=ENLARGEMENT, actor="FRA")["count"] == 2


def test_states_with_few_vetoes_are_others_together_unless_they_are_on_record():
    alone = by_state(rows(*ROWS), RUNS, QUARTERS, most=1)
    assert list(alone.loc[alone["scope"] == FOREIGN, "actor"]) == ["HUN", OTHERS]
    assert line(alone, scope=FOREIGN, actor=OTHERS)["mean"] == pytest.approx(5 * 2 / 3)
    assert line(alone, scope=FOREIGN, actor=OTHERS)["upper"] == pytest.approx(5.0), "one in run 0, one in run 1"
    both = by_state(rows(*ROWS), RUNS, QUARTERS, SEEN, most=1)
    assert list(both.loc[both["scope"] == FOREIGN, "actor"]) == ["HUN", "FRA", "ROU", OTHERS]
    for scope in (FOREIGN, ENLARGEMENT):
        parts, whole = both[both["scope"] == scope], line(totals(rows(*ROWS), RUNS, QUARTERS, SEEN), scope=scope)
        assert parts["mean"].sum() == pytest.approx(whole["mean"])
        assert parts["rate"].sum() == pytest.approx(whole["rate"])


def test_totals_are_of_runs_and_not_sums_of_bands():
    found = line(totals(rows(*ROWS), RUNS, QUARTERS, SEEN), scope=FOREIGN)
    assert found["mean"] == pytest.approx(5 * (4 + 1 + 0) / 3)
    assert found["upper"] == pytest.approx(5 * np.quantile([4, 1, 0], 0.95))
    assert (found["count"], found["rate"]) == (3, 15.0)


def test_totals_by_year():
    found = by_year(rows(*ROWS), RUNS, quarters_between("2011Q3", "2014Q1"), SEEN)
    means = found[found["scope"] == FOREIGN].set_index("year")
    assert list(means.index) == [2011, 2012, 2013, 2014]
    assert list(means["quarters"]) == [2, 4, 4, 1]
    assert list(means["mean"]) == pytest.approx([0, 3 / 3, 2 / 3, 1 / 3])
    assert means.loc[2012, "upper"] == pytest.approx(np.quantile([3, 0, 0], 0.95))
    assert list(means["count"].fillna(-1)) == [-1, 2, 1, -1], "only of years that both cover whole"


def test_a_year_that_the_record_does_not_cover_has_no_count():
    found = by_year(rows(*ROWS), RUNS, quarters_between("2021Q1", "2022Q4"), SEEN)
    assert list(found.loc[found["scope"] == FOREIGN, "count"].fillna(-1)) == [0, -1]


def test_a_decision_stopped_by_two_states_counts_once():
    found = by_subject(rows(*ROWS), RUNS, QUARTERS, SEEN)
    assert list(found["subject"]) == [FILES, "russia", "china", "peace_facility", "enlargement", "other"]
    assert line(found, subject="russia")["mean"] == pytest.approx(5 * 2 / 3)
    assert line(found, subject="other")["count"] == 1
    assert line(found, subject="enlargement")["count"] == 1
    assert "other" not in set(by_subject(rows(*ROWS), RUNS, QUARTERS)["subject"])


def test_the_share_of_the_leading_state():
    found = leading(rows(*ROWS), RUNS, QUARTERS, SEEN)
    model, each, seen = (line(found, of=of) for of in ("model", "each run", "record"))
    assert (model["actor"], model["share"]) == ("HUN", pytest.approx(3 / 5))
    assert (model["lower"], model["upper"]) == (pytest.approx(0.05 * 0.75), pytest.approx(0.95 * 0.75))
    assert each["share"] == pytest.approx((3 / 4 + 1) / 2), "run 2 has no veto to lead in"
    assert (seen["actor"], seen["share"]) == ("HUN", pytest.approx(2 / 3))
    assert leading(rows(), RUNS, QUARTERS).empty


def test_nothing_stopped_is_no_fault():
    nothing = rows()
    assert by_state(nothing, RUNS, QUARTERS).empty
    assert list(totals(nothing, RUNS, QUARTERS)["mean"]) == [0.0, 0.0]
    assert by_subject(nothing, RUNS, QUARTERS).empty
    assert by_year(nothing, RUNS, QUARTERS)["mean"].sum() == 0


def test_the_record_covers_what_it_covers():
    assert covered(["2011Q2", "2011Q3", "2021Q4", "2022Q1"]) == ["2011Q3", "2021Q4"]
    alone = beside(quarters_between("2026Q3", "2030Q4"))
    assert alone.seen is None and len(alone.quarters) == 18
    both = beside(quarters_between("2010Q1", "2026Q2"))
    assert (both.quarters[0], both.quarters[-1], len(both.quarters)) == ("2011Q3", "2021Q4", 42)
    short = beside(quarters_between("2010Q1", "2017Q4"))
    assert short.seen is not None and list(short.seen["actor"]) == ["GBR", "GRC"]


# The record


def test_the_record_has_nine_vetoes_on_foreign_policy_four_of_them_hungarian():
    seen = record()
    foreign = seen[seen["scope"] == FOREIGN]
    assert len(foreign) == 9 and len(seen) == 14
    assert foreign["actor"].value_counts().to_dict() == {"HUN": 4, "CYP": 1, "CZE": 1, "GBR": 1, "GRC": 1, "ROU": 1}


def test_rows_of_the_record_are_whole_and_none_is_of_the_years_kept_for_validation():
    table = pd.read_csv(RECORD, keep_default_na=False)
    assert list(table.columns) == RECORD_COLUMNS
    assert set(table["topic"]) <= {"russia", "china", "enlargement", "peace_facility", "other"}
    assert set(table["cfsp"]) == {0, 1}
    assert set(table["actor"]) <= set(MEMBER_STATES)
    assert [quarter_name(quarter_of_date(date)) for date in table["date"]] == list(table["quarter"])
    assert list(table["date"]) == sorted(table["date"])
    assert table["quarter"].max() <= LAST
    assert all(source.startswith("EU Veto Tracker") and not re.search("https?:", source) for source in table["source"])


def test_no_parameter_is_estimated_from_the_vetoes():
    """They are there to be compared with, those to come after 2021 as well."""
    for name, one in load_base().parameters.items():
        assert "vetoes.csv" not in one.source, name
