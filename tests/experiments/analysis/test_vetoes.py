"""Vetoes counted by hand on a few rows, and the record as it is kept."""

import re
from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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
    SCOPES,
    SUBJECTS,
    Beside,
    Stopped,
    beside,
    cast,
    covered,
    record,
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


def stopped(
    table: pd.DataFrame,
    seen: pd.DataFrame | None = None,
    quarters: Sequence[str] = QUARTERS,
    most: int = 12,
    runs: int = RUNS,
    width: int = 1,
) -> Stopped:
    """Counted in pieces of so many runs, of which those without vetoes are left out."""
    parts = [part for _, part in table.groupby(table["run"] // width)]
    place = Beside(QUARTERS, None if seen is None else seen[seen["quarter"].isin(QUARTERS)])
    return Stopped(lambda: parts, runs, quarters, place, most)


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
    found = stopped(rows(*ROWS)).by_state()
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
    found = stopped(rows(*ROWS), SEEN).by_state()
    counts = {
        name: (line(found, scope=FOREIGN, actor=name)["count"], line(found, scope=FOREIGN, actor=name)["rate"])
        for name in ("HUN", "ROU", "AUT")
    }
    assert counts == {"HUN": (2, 10.0), "ROU": (1, 5.0), "AUT": (0, 0.0)}
    assert line(found, scope=FOREIGN, actor="ROU")["mean"] == 0.0
    assert line(found, scope=ENLARGEMENT, actor="FRA")["count"] == 2


def test_states_with_few_vetoes_are_others_together_unless_they_are_on_record():
    alone = stopped(rows(*ROWS), most=1).by_state()
    assert list(alone.loc[alone["scope"] == FOREIGN, "actor"]) == ["HUN", OTHERS]
    assert line(alone, scope=FOREIGN, actor=OTHERS)["mean"] == pytest.approx(5 * 2 / 3)
    assert line(alone, scope=FOREIGN, actor=OTHERS)["upper"] == pytest.approx(5.0), "one in run 0, one in run 1"
    both = stopped(rows(*ROWS), SEEN, most=1).by_state()
    assert list(both.loc[both["scope"] == FOREIGN, "actor"]) == ["HUN", "FRA", "ROU", OTHERS]
    for scope in (FOREIGN, ENLARGEMENT):
        parts, whole = both[both["scope"] == scope], line(stopped(rows(*ROWS), SEEN).totals(), scope=scope)
        assert parts["mean"].sum() == pytest.approx(whole["mean"])
        assert parts["rate"].sum() == pytest.approx(whole["rate"])


def test_totals_are_of_runs_and_not_sums_of_bands():
    found = line(stopped(rows(*ROWS), SEEN).totals(), scope=FOREIGN)
    assert found["mean"] == pytest.approx(5 * (4 + 1 + 0) / 3)
    assert found["upper"] == pytest.approx(5 * np.quantile([4, 1, 0], 0.95))
    assert (found["count"], found["rate"]) == (3, 15.0)


def test_totals_by_year():
    found = stopped(rows(*ROWS), SEEN, quarters_between("2011Q3", "2014Q1")).by_year()
    means = found[found["scope"] == FOREIGN].set_index("year")
    assert list(means.index) == [2011, 2012, 2013, 2014]
    assert list(means["quarters"]) == [2, 4, 4, 1]
    assert list(means["mean"]) == pytest.approx([0, 3 / 3, 2 / 3, 1 / 3])
    assert means.loc[2012, "upper"] == pytest.approx(np.quantile([3, 0, 0], 0.95))
    assert list(means["count"].fillna(-1)) == [-1, 2, 1, -1], "only of years that both cover whole"


def test_a_year_that_the_record_does_not_cover_has_no_count():
    found = stopped(rows(*ROWS), SEEN, quarters_between("2021Q1", "2022Q4")).by_year()
    assert list(found.loc[found["scope"] == FOREIGN, "count"].fillna(-1)) == [0, -1]


def test_a_decision_stopped_by_two_states_counts_once():
    found = stopped(rows(*ROWS), SEEN).by_subject()
    assert list(found["subject"]) == [FILES, "russia", "china", "peace_facility", "enlargement", "other"]
    assert line(found, subject="russia")["mean"] == pytest.approx(5 * 2 / 3)
    assert line(found, subject="other")["count"] == 1
    assert line(found, subject="enlargement")["count"] == 1
    assert "other" not in set(stopped(rows(*ROWS)).by_subject()["subject"])


def test_the_share_of_the_leading_state():
    found = stopped(rows(*ROWS), SEEN).leading()
    model, each, seen = (line(found, of=of) for of in ("model", "each run", "record"))
    assert (model["actor"], model["share"]) == ("HUN", pytest.approx(3 / 5))
    assert (model["lower"], model["upper"]) == (pytest.approx(0.05 * 0.75), pytest.approx(0.95 * 0.75))
    assert each["share"] == pytest.approx((3 / 4 + 1) / 2), "run 2 has no veto to lead in"
    assert (seen["actor"], seen["share"]) == ("HUN", pytest.approx(2 / 3))
    assert stopped(rows()).leading().empty


def test_nothing_stopped_is_no_fault():
    nothing = stopped(rows())
    assert nothing.none and not stopped(rows(ROWS[-1])).none, "also where it was stopped in other quarters"
    assert nothing.by_state().empty
    assert list(nothing.totals()["mean"]) == [0.0, 0.0]
    assert nothing.by_subject().empty
    assert nothing.by_year()["mean"].sum() == 0


def test_the_record_covers_what_it_covers():
    assert covered(["2011Q2", "2011Q3", "2021Q4", "2022Q1"]) == ["2011Q3", "2021Q4"]
    alone = beside(quarters_between("2026Q3", "2030Q4"))
    assert alone.seen is None and len(alone.quarters) == 18
    both = beside(quarters_between("2010Q1", "2026Q2"))
    assert (both.quarters[0], both.quarters[-1], len(both.quarters)) == ("2011Q3", "2021Q4", 42)
    short = beside(quarters_between("2010Q1", "2017Q4"))
    assert short.seen is not None and list(short.seen["actor"]) == ["GBR", "GRC"]


# In pieces


def many(seed: int, runs: int) -> pd.DataFrame:
    """Vetoes of five states in these quarters and the two years after, in runs of which some have none."""
    chance = np.random.default_rng(seed)
    subjects, actors = ["russia", "china", "enlargement", "csdp_fpa"], ["HUN", "AUT", "FRA", "GRC", "CYP"]
    quarters = quarters_between("2012Q1", "2015Q4")
    found = [
        (run, quarters[chance.integers(16)], subjects[chance.integers(4)], actors[int(5 * chance.random() ** 2)])
        for run in range(runs)
        for _ in range(chance.choice([0, 1, 12, 40]))
    ]
    return rows(*found)


def expected_band(table: pd.DataFrame, key: pd.Series, names: Sequence[object], runs: int, per: float) -> np.ndarray:
    """Mean and ends from every run's counts side by side, (names, 3)."""
    counts = (
        pd.crosstab(key, table["run"]).reindex(index=list(names), columns=range(runs), fill_value=0).to_numpy(float)
    )
    return np.column_stack([counts.mean(axis=1), *np.quantile(counts, (0.05, 0.95), axis=1)]) * per


@settings(deadline=None, max_examples=15)
@given(
    seed=st.integers(0, 10**6), runs=st.integers(1, 12), width=st.integers(1, 12), most=st.integers(1, 5),
    recorded=st.booleans(),
)  # fmt: skip
def test_bands_from_pieces_are_those_of_all_runs_side_by_side(
    seed: int, runs: int, width: int, most: int, recorded: bool
):
    table = many(seed, runs)
    every = quarters_between("2012Q1", "2015Q4")
    found = stopped(table, SEEN if recorded else None, every, most, runs, width)
    here, numbers = table[table["quarter"].isin(QUARTERS)], ["mean", "lower", "upper"]
    states, years, every_state = found.by_state(), found.by_year(), found.totals()
    for scope in SCOPES:
        part, ever = (rows[rows["scope"] == scope] for rows in (here, table))
        told = part["actor"].where(part["actor"].isin(found.names), OTHERS)
        of = {name: rows[rows["scope"] == scope] for name, rows in
              (("actor", states), ("year", years), ("scope", every_state))}  # fmt: skip
        assert list(of["actor"]["actor"]) == found.names
        for column, rows_, key, per in (("actor", part, told, 5.0), ("scope", part, part["scope"], 5.0),
                                        ("year", ever, ever["quarter"].str[:4].astype(int), 1.0)):  # fmt: skip
            expected = expected_band(rows_, key, list(of[column][column]), runs, per)
            np.testing.assert_allclose(of[column][numbers].to_numpy(float), expected, rtol=0, atol=1e-9)
    decisions = here.drop_duplicates(["run", "quarter", "subject"])
    expected = expected_band(decisions, decisions["subject"], SUBJECTS, runs, 5.0)
    subjects = found.by_subject().set_index("subject").reindex(SUBJECTS).fillna(0.0)
    np.testing.assert_allclose(subjects[numbers].to_numpy(float), expected, rtol=0, atol=1e-9)


@settings(deadline=None, max_examples=15)
@given(seed=st.integers(0, 10**6), runs=st.integers(1, 12), width=st.integers(1, 12))
def test_who_leads_in_pieces_is_who_leads_in_all_runs_side_by_side(seed: int, runs: int, width: int):
    table = many(seed, runs)
    foreign = table[table["quarter"].isin(QUARTERS) & (table["scope"] == FOREIGN)]
    found = stopped(table, runs=runs, width=width).leading().set_index("of")
    counts = pd.crosstab(foreign["run"], foreign["actor"])
    assert found.empty == counts.empty
    if counts.size:
        first = min(counts, key=lambda name: (-counts[name].sum(), name))
        shares = counts.div(counts.sum(axis=1), axis=0)
        own, top = shares[first].to_numpy(), shares.max(axis=1).to_numpy()
        expected = [[counts[first].sum() / counts.to_numpy().sum(), *np.quantile(own, (0.05, 0.95))],
                    [top.mean(), *np.quantile(top, (0.05, 0.95))]]  # fmt: skip
        assert found.loc["model", "actor"] == first
        np.testing.assert_allclose(found[["share", "lower", "upper"]].to_numpy(float), expected, rtol=0, atol=1e-9)


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
