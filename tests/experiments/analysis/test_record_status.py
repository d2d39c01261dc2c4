"""What of the record becomes known: made-up rows, one rule at a time, and the record as it is, quarter by quarter."""

from collections.abc import Sequence
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config import Settings, Status, load_record, resolve
from config.calendar import CALIBRATED_TO, quarter_index
from config.schema import RecordRow
from experiments.analysis.record import EVERYTHING, file_of, known, rows_of, scripted, status

CALIBRATE = ("calibrate",)
RECORD = load_record()
UNTIL = quarter_index("2016Q4")


AFTER = ("negotiating", "signed", "provisional", "in_force")


@cache
def resolved() -> Settings:
    return resolve("hindcast", "none", prior=True)


@pytest.fixture
def free() -> Settings:
    return resolved()


def row(instrument: str, stage: str, date: str, use: str = "calibrate", partner: str = "EU") -> RecordRow:
    return RecordRow.model_validate(
        {"partner": partner, "instrument": instrument, "stage": stage, "date": date, "use": use}
        | {"note": "", "source": "made up"}
    )


def told(free: Settings, *rows: RecordRow, until: int = UNTIL, uses: Sequence[str] = CALIBRATE) -> Status:
    found = status(free, rows, until, uses)
    assert known(free, rows, until, uses).status == found, "what the record says is a status that fits"
    return found


def stages(found: Status) -> list[tuple[str, str, int]]:
    return [(one.file, one.stage, one.quarter) for one in found.stages]


# Files


def test_stages_are_known_in_the_quarter_of_their_date(free: Settings) -> None:
    found = told(free, row("csdp_fpa", "mandated", "2010-04-26"), row("raa", "negotiating", "2013-07", partner="FRA"))
    assert stages(found) == [
        ("csdp_fpa", "mandated", quarter_index("2010Q2")),
        ("FRA/raa", "negotiating", quarter_index("2013Q3")),
    ]
    assert found.until == UNTIL and "2016Q4" in found.title
    assert (found.open, found.steps, found.governments, found.seats, found.regimes) == ((), (), (), (), ())


def test_a_date_known_to_the_year_counts_from_its_last_quarter(free: Settings) -> None:
    dated = row("csdp_fpa", "mandated", "2014")
    assert stages(told(free, dated)) == [("csdp_fpa", "mandated", quarter_index("2014Q4"))]
    assert stages(told(free, dated, until=quarter_index("2014Q4"))) != []
    assert stages(told(free, dated, until=quarter_index("2014Q3"))) == [], "it may not have happened yet"


def test_stages_come_in_order_of_time_those_of_one_quarter_in_order_of_the_file(free: Settings) -> None:
    found = told(
        free,
        row("acsa", "signed", "2015-02", partner="GBR"),
        row("acsa", "in_force", "2015-03", partner="GBR"),
        row("csdp_fpa", "mandated", "2011"),
    )
    assert [stage for _, stage, _ in stages(found)] == ["mandated", "signed", "in_force"]


def test_what_lies_before_the_start_or_after_the_quarter_is_not_told(free: Settings) -> None:
    rows = [row("csdp_fpa", "mandated", "2009-12-31"), row("csdp_fpa", "negotiating", "2017-01-01")]
    assert stages(told(free, *rows)) == []
    assert stages(told(free, *rows[1:], until=UNTIL + 1)) == [("csdp_fpa", "negotiating", UNTIL + 1)]


def test_context_other_catalogues_and_what_had_not_begun_say_nothing(free: Settings) -> None:
    assert rows_of(free, [row("csdp_fpa", "context", "2014", "context"), row("csdp_fpa", "mandated", "2014", "context"),
                          row("treaty_of_amity", "signed", "2014"), row("csdp_fpa", "signed", "2014", partner="FRA"),
                          row("raa", "signed", "2014")]) == []  # fmt: skip
    for one in (row("csdp_fpa", "none", "2014"), row("csdp_fpa", "none", "2014", "validate")):
        found = told(free, one)
        assert (stages(found), found.open) == ([], ()), "the file is held, and does not move"


# What is kept aside


def test_a_file_with_something_kept_aside_is_open_after_what_is_told(free: Settings) -> None:
    rows = [
        row("spa_framework", "signed", "2013-04"),
        row("spa_framework", "provisional", "2014-02", "validate"),
        row("raa", "negotiating", "2015", "validate", partner="FRA"),
        row("raa", "signed", "2014", partner="GBR"),
    ]
    found = told(free, *rows)
    assert found.open == ("FRA/raa", "spa_framework")
    assert stages(found) == [("spa_framework", "signed", 8053), ("GBR/raa", "signed", quarter_index("2014Q4"))]
    assert told(free, *rows, until=quarter_index("2014Q4")).open == ("spa_framework",), "not yet what comes later"


@given(dates=st.lists(st.integers(2010, 2016), min_size=2, max_size=2).map(sorted), stage=st.sampled_from(AFTER))
def test_of_what_is_kept_aside_nothing_is_told_but_that_there_is_something(dates: list[int], stage: str) -> None:
    settings = resolved()
    rows = [row("spa_framework", "mandated", "2010"), row("spa_framework", stage, f"{dates[0]}-05", "validate")]
    other = [rows[0], row("spa_framework", AFTER[0], f"{dates[1]}-11", "validate")]
    assert status(settings, rows, UNTIL, CALIBRATE) == status(settings, other, UNTIL, CALIBRATE)


def test_who_may_read_all_leaves_nothing_open(free: Settings) -> None:
    rows = [row("spa_framework", "signed", "2013-04"), row("spa_framework", "provisional", "2014-02", "validate")]
    found = told(free, *rows, uses=EVERYTHING)
    assert [stage for _, stage, _ in stages(found)] == ["signed", "provisional"] and found.open == ()


# Lapses


def test_a_lapse_that_the_start_table_has_is_left_to_it(free: Settings) -> None:
    slug = "strategic_dialogue_action_plan"
    assert free.table.of(slug).lapses == quarter_index("2012Q1")
    lapsed, again = row(slug, "lapsed", "2011-12-31"), row(slug, "negotiating", "2013-07")
    assert scripted(free, lapsed)
    assert stages(told(free, lapsed, again)) == [(slug, "negotiating", quarter_index("2013Q3"))]


def test_a_lapse_that_nobody_foresaw_is_told(free: Settings) -> None:
    rows = [row("cyber_dialogue", "in_force", "2012-02"), row("cyber_dialogue", "lapsed", "2014-05")]
    assert not scripted(free, rows[1])
    assert stages(told(free, *rows))[-1] == ("cyber_dialogue", "lapsed", quarter_index("2014Q2"))


# Ladders


def test_steps_of_ladders(free: Settings) -> None:
    found = told(
        free,
        row("force", "step 1", "2014-07-01", partner="JPN"),
        row("transfers", "step 1", "2014-04-01", partner="JPN"),
        row("transfers", "step 2", "2016-12", partner="JPN"),
    )
    assert [(one.ladder, one.step, one.quarter) for one in found.steps] == [
        ("transfers", 1, quarter_index("2014Q2")),
        ("force", 1, quarter_index("2014Q3")),
        ("transfers", 2, quarter_index("2016Q4")),
    ]
    assert found.stages == ()


def test_files_are_named_as_a_status_names_them() -> None:
    assert file_of(row("csdp_fpa", "mandated", "2014")) == "csdp_fpa"
    assert file_of(row("raa", "signed", "2014", partner="FRA")) == "FRA/raa"
    assert file_of(row("force", "step 1", "2014", partner="JPN")) == "JPN/force"


# The record as it is


QUARTERS = range(quarter_index("2010Q1"), quarter_index("2026Q2") + 1)


@pytest.mark.parametrize("uses", [CALIBRATE, EVERYTHING], ids=",".join)
def test_the_record_up_to_any_quarter_is_a_status_that_fits_and_tells_ever_more(
    free: Settings, uses: tuple[str, ...]
) -> None:
    before = Status.model_validate({"title": "nothing", "until": "2010Q1"})
    for quarter in QUARTERS:
        found = known(free, RECORD, quarter, uses).status
        assert found is not None and found.until == quarter
        assert found.stages[: len(before.stages)] == before.stages, "what was known stays known"
        assert found.steps[: len(before.steps)] == before.steps
        assert set(before.open) <= set(found.open)
        before = found
    assert len(before.stages) > 40 and len(before.steps) == (6 if uses == CALIBRATE else 7)
    assert "SWE/equipment_transfer" in before.open, "reported, but not well enough to count"
    assert (len(before.open) > 1) == (uses == CALIBRATE)


def test_calibration_is_told_the_rows_for_it_and_no_others(free: Settings) -> None:
    found = known(free, RECORD, CALIBRATED_TO, CALIBRATE).status
    assert found is not None
    ours = [one for one in RECORD if one.use == "calibrate" and one.rank and one.last >= free.start]
    expected = {(file_of(one), one.stage, one.last) for one in ours if not scripted(free, one)}
    steps = {(f"JPN/{one.ladder}", f"step {one.step}", one.quarter) for one in found.steps}
    assert {*stages(found), *steps} == expected
    aside = {file_of(one) for one in RECORD if one.use == "validate" and one.rank and one.last <= CALIBRATED_TO}
    assert aside == {"FRA/raa", "spa_framework"}
    assert set(found.open) == aside | {"SWE/equipment_transfer"}
