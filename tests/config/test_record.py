"""The dated record: what a row says, what is refused, and that the start tables stand where the record leads."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config import UserError, load_record
from config.calendar import CALIBRATED_TO, NEVER, quarter_index
from config.loading import load_base, load_start
from config.schema import LADDERS, RecordRow, StartInstrument

RECORD = load_record()
BASE = load_base()
STARTS = ("2010Q1", "2026Q3")

OTHERWISE = {
    ("2026Q3", "EU", "defence_industry_dialogue"): ("in_force", "first meeting aimed at early 2026, counted as held"),
}
"""Where a start table differs from the record: the stage that it gives, and why."""


def row(**cells: str) -> RecordRow:
    usual = {
        "partner": "EU",
        "instrument": "csdp_fpa",
        "stage": "mandated",
        "date": "2010-04-26",
        "use": "calibrate",
        "note": "",
        "source": "made up",
    }
    return RecordRow.model_validate({**usual, **cells})


# What a row says


@pytest.mark.parametrize(
    ("date", "first", "last"),
    [
        ("2018-07-17", "2018Q3", "2018Q3"),
        ("2018-07", "2018Q3", "2018Q3"),
        ("2015", "2015Q1", "2015Q4"),
        ("2014-05/2014-10", "2014Q2", "2014Q4"),
        ("2014-12-31/2015", "2014Q4", "2015Q4"),
    ],
)
def test_a_date_gives_the_quarters_it_may_lie_in(date: str, first: str, last: str) -> None:
    found = row(date=date)
    assert (found.first, found.last) == (quarter_index(first), quarter_index(last))


@given(year=st.integers(1990, 2023), month=st.integers(1, 12), more=st.integers(0, 8))
def test_a_coarser_date_holds_the_finer_ones(year: int, month: int, more: int) -> None:
    day, in_month, in_year = (row(date=text) for text in (f"{year}-{month:02d}-03", f"{year}-{month:02d}", f"{year}"))
    between = row(date=f"{year}-{month:02d}/{year + more}-12", use="validate")
    assert in_year.first <= in_month.first == day.first == day.last == in_month.last <= in_year.last
    assert between.first == day.first and between.last == in_year.last + 4 * more


def test_what_happened_after_2024q3_is_for_validation_alone() -> None:
    assert quarter_index("2024Q3") == CALIBRATED_TO
    for one in RECORD:
        assert one.use == "validate" or one.last <= CALIBRATED_TO, one
    uses = [one.use for one in RECORD]
    assert {name: uses.count(name) > 10 for name in ("calibrate", "validate", "context")}


def test_notes_for_calibration_tell_nothing_later() -> None:
    for one in RECORD:
        later = [f"{year}" for year in range(2025, 2030) if f"{year}" in one.note]
        assert one.use == "validate" or not later, one


def test_what_had_not_begun_is_said_for_calibration_and_for_validation() -> None:
    """An instrument absent to the end has two rows; one that began after 2024Q3, or could not before, one."""
    for pair in {(one.partner, one.instrument) for one in RECORD}:
        dated = [(one.use, one.date) for one in events(*pair) if one.stage == "none"]
        begun = any(one.rank for one in events(*pair))
        if dated and pair == ("EU", "safe_association"):
            assert dated == [("validate", "2026-06-30")], "possible from 2025-05"
        elif dated:
            assert dated == [("calibrate", "2024-09-30"), ("validate", "2026-06-30")][: 1 if begun else 2], pair
        else:
            assert begun, pair


def test_every_instrument_and_ladder_is_on_record() -> None:
    known = {(one.partner, one.instrument) for one in RECORD}
    assert known >= {("EU", one.slug) for one in BASE.instruments} | {("JPN", ladder) for ladder in LADDERS}


# The start tables


def events(partner: str, instrument: str) -> Iterator[RecordRow]:
    return (one for one in RECORD if (one.partner, one.instrument) == (partner, instrument))


def reached(partner: str, instrument: str, start: int) -> RecordRow | None:
    """The last stage or step before a quarter, None if nothing had begun."""
    past = [one for one in events(partner, instrument) if one.rank and one.last < start]
    return past[-1] if past else None


@pytest.mark.parametrize("name", STARTS)
def test_every_instrument_and_rung_starts_at_the_stage_that_the_record_implies(name: str) -> None:
    table, start = load_start(name, BASE), quarter_index(name)
    places: dict[tuple[str, str], StartInstrument] = {("EU", one.slug): table.of(one.slug) for one in BASE.instruments}
    for partner in ("DEU", "ESP", "FRA", "GBR", "ITA", "NLD", "SWE"):
        places |= {(partner, one.slug): table.rung(partner, one.slug) for one in BASE.rungs}
    differ = {}
    for (partner, slug), now in places.items():
        last = reached(partner, slug, start)
        if now.stage != (last.stage if last else "dormant"):
            differ[name, partner, slug] = now.stage
        elif last:
            assert last.first <= now.since <= last.last, (partner, slug)
    assert differ == {place: stage for place, (stage, _) in OTHERWISE.items() if place[0] == name}


@pytest.mark.parametrize("name", STARTS)
def test_every_ladder_starts_at_the_step_that_the_record_implies(name: str) -> None:
    table, start = load_start(name, BASE), quarter_index(name)
    for ladder in LADDERS:
        last = reached("JPN", ladder, start)
        assert getattr(table.ladders, ladder) == (last.rank if last else 0), ladder


def test_what_lapses_on_record_is_scripted_for_the_quarter_after() -> None:
    table, start = load_start("2010Q1", BASE), quarter_index("2010Q1")
    ends = {one.instrument: one.last + 1 for one in RECORD if one.stage == "lapsed" and one.last >= start}
    scripted = {slug: one.lapses for slug, one in table.instruments.items() if one.lapses != NEVER}
    assert scripted == ends


# What is refused


@pytest.mark.parametrize(
    ("old", "new", "column", "hint"),
    [
        ("2010-04-26,calibrate", "2010-04-26,calibrated", "use", "'calibrate'"),
        ("2010-04-26,calibrate", "2026-04-26,calibrate", "use", "'validate'"),
        ("EU,csdp_fpa,mandated", "EU,csdp_fap,mandated", "instrument", "'csdp_fpa'"),
        ("EU,csdp_fpa,mandated", "EEU,csdp_fpa,mandated", "partner", "'EU'"),
        ("EU,csdp_fpa,mandated", "EU,csdp_fpa,mandate", "stage", "'mandated'"),
        ("EU,csdp_fpa,mandated", "EU,csdp_fpa,step 1", "stage", ""),
        ("JPN,missions,step 1", "JPN,missions,signed", "stage", ""),
        ("2010-04-26,calibrate", "2010-02-30,calibrate", "date", ""),
        ("2010-04-26,calibrate", "2011/2010-04-26,calibrate", "date", "2010-04-26/2011"),
        ("spa_framework,signed,2018-07-17", "spa_framework,signed,2012-07-17", "date", ""),
        ("spa_framework,signed,2018-07-17", "spa_framework,mandated,2018-07-17", "stage", ""),
        ("hybrid_fimi,none,2026-06-30,validate", "hybrid_fimi,none,2024-09-30,calibrate", "stage", ""),
        ("EU,mutual_assistance,none,2026", "EU,hybrid_fimi,none,2026", "instrument", ""),
    ],
)
def test_a_wrong_row_is_refused_with_line_column_and_the_nearest_right_answer(
    change: Callable[[str, str, str], Path], root: Path, old: str, new: str, column: str, hint: str
) -> None:
    change("record.csv", old, new)
    with pytest.raises(UserError) as caught:
        load_record(root)
    error = caught.value
    assert "record.csv" in error.file and error.key.startswith("line ") and error.key.endswith(f"column {column}")
    assert error.allowed and hint in error.suggestion, str(error)


def test_a_stage_comes_again_only_after_a_lapse() -> None:
    found = [one.stage for one in events("EU", "strategic_dialogue_action_plan") if one.rank]
    assert found == ["in_force", "lapsed", "negotiating", "in_force"]
