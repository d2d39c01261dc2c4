"""Bands counted by hand."""

import pandas as pd
import pytest

from experiments.analysis.trajectories import QUANTILES, bands

ROUNDING = 2.0**-11


def hand_made() -> pd.DataFrame:
    """Eleven runs whose depth is 0, 0.1, .. 1 in the first quarter and half of that in the second."""
    rows = [
        {"scenario": "s", "policy": "p", "run": run, "quarter": quarter, "depth": run / 10 / by}
        for run in range(11)
        for quarter, by in (("2030Q1", 1), ("2030Q2", 2))
    ]
    return pd.DataFrame(rows)


def test_quantiles_of_eleven_runs_are_their_tenths():
    first = bands([hand_made()], ["depth"]).iloc[0]
    assert (first["runs"], first["mean"], first["median"]) == (
        11,
        pytest.approx(0.5, ROUNDING),
        pytest.approx(0.5, ROUNDING),
    )
    assert [first[name] for name in QUANTILES] == pytest.approx([0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95], ROUNDING)


def test_every_quarter_has_its_row_in_order_of_time():
    table = bands([hand_made()], ["depth"])
    assert list(table["quarter"]) == ["2030Q1", "2030Q2"]
    assert list(table["median"]) == pytest.approx([0.5, 0.25], ROUNDING)


def test_bands_of_categories_are_those_of_text():
    text = hand_made()
    categories = text.astype({"scenario": "category", "policy": "category", "quarter": "category"})
    pd.testing.assert_frame_equal(
        bands([text], ["depth"]), bands([categories], ["depth"]), check_dtype=False, check_categorical=False
    )


def test_one_run_is_its_own_band():
    alone = bands([hand_made().query("run == 3")], ["depth"]).iloc[0]
    assert {alone[name] for name in QUANTILES} == {0.300048828125}


def test_bands_do_not_depend_on_how_the_table_is_cut():
    whole, parts = hand_made(), [part for _, part in hand_made().groupby(["run"])]
    pd.testing.assert_frame_equal(bands([whole], ["depth"]), bands(parts, ["depth"]))


def test_a_value_that_is_not_known_is_left_out_of_the_quantiles():
    torn = hand_made()
    torn.loc[torn["run"] > 2, "depth"] = float("nan")
    assert bands([torn], ["depth"])["median"].iloc[0] == pytest.approx(0.1, ROUNDING)


def test_no_runs_have_no_bands():
    empty = bands([], ["depth"])
    assert empty.empty and "median" in empty
