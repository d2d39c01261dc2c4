"""What is told of results depends on what was recorded, and the start is that of the settings."""

import pandas as pd

from config.loading import resolve
from experiments.analysis.findings import standing, world
from tests.experiments.synthetic import LAST, STANDING, Kept, findings


def test_every_instrument_and_rung_of_the_settings_is_known():
    place = world(resolve("outlook", "none"), "outlook")
    union = place.standing.query("partner == 'EU'").set_index("instrument")["in_force"]
    single = place.standing.query("partner != 'EU'").set_index(["partner", "instrument"])["in_force"]
    assert len(union) == 23 and len(single) == 35
    assert union["security_defence_partnership"] and not union["security_of_information"]
    assert single["GBR", "raa"] and not single["FRA", "raa"]
    assert (place.first, place.last) == ("2026Q3", "2040Q4")


def test_an_instrument_that_is_switched_off_is_not_listed():
    off = resolve("outlook", "none", {"instruments.mutual_assistance.from": "never"})
    assert "mutual_assistance" not in set(standing(off)["instrument"])


def test_all_answers_have_their_rows():
    found = findings(runs=30)
    assert set(found.effects["policy"]) == {"dialogue", "indo_pacific_strategy"}
    assert set(found.break_evens["policy"]) == {"dialogue", "indo_pacific_strategy"}
    assert len(found.dated) == 3 * 3 * len(STANDING)
    assert set(found.positions["quarter"]) == {"2026Q3", LAST}
    assert set(found.positions["policy"]) == {"none"}


def test_tables_that_were_not_recorded_give_empty_answers():
    found = findings(runs=5, without=("trajectories", "transitions", "actors"))
    assert found.bands.empty and found.dated.empty and found.positions.empty
    assert set(found.effects["measure"]) == {"strategic", "functional"}
    assert found.break_evens.empty


def test_a_summary_stands_in_for_trajectories():
    kept = findings(runs=5)
    rows = kept.bands.drop(columns=["runs", "q10", "q90"])
    brief = findings(runs=5, without=("trajectories",))
    brief.results.content["summary"] = rows  # type: ignore[attr-defined]
    pd.testing.assert_frame_equal(
        brief.bands[["quarter", "median", "runs"]], kept.bands[["quarter", "median", "runs"]], check_dtype=False
    )


def test_without_actors_positions_at_the_end_are_those_of_the_runs():
    found = findings(runs=5, without=("actors",))
    assert isinstance(found.results, Kept)
    found.results.content["runs"]["position_DEU"] = [0.125, 0.25, 0.375, 0.5, 0.625] * 3
    table = found.positions
    assert set(table["policy"]) == {"none", "indo_pacific_strategy"}
    assert set(table["actor"]) == {"DEU"}
    assert set(table["quarter"]) == {LAST}
    assert list(table["median"]) == [0.375, 0.375]
