"""The picture of patterns: every row in it, nothing outside the sheet, the same to the byte when drawn again."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from experiments.analysis.patterns import COLUMNS, TITLES
from experiments.figures.patterns import REACH, patterns, placed, shown
from experiments.figures.style import SMALL, WIDTH, save

NAN = float("nan")
ROWS = (
    ("P1", "gap in 2014Q4", "depth", 0.04, 0.02, 0.05, 0.03, 0.01, 0.08, "inside"),
    ("P2", "talks to conclusion, median", "quarters", 21.0, NAN, NAN, 6.0, 1.0, 29.2, "inside"),
    ("P6", "new agreements a year, change in 2022", "per year", 0.17, -0.52, 1.26, 0.11, -0.53, 0.84, "inside"),
    ("P7", "attention of the Union, 2023 less 2021", "share", NAN, NAN, NAN, -0.01, -0.07, 0.05, "falls"),
    ("P7", "Peace Facility to Ukraine, 2022-23", "EUR million", 4600.0, 4600.0, 5600.0, 200.0, 0.0, 400.0, "outside"),
    ("P8", "bilateral agreements in force", "count", 16.0, NAN, NAN, 3.0, 3.0, 3.0, "outside"),
    ("P9", "share on money, from 2021Q2", "share", NAN, NAN, NAN, NAN, NAN, NAN, "not recorded: needs table vetoes"),
    ("P9", "share of the state with most, 2011-21", "share", 0.4, 0.2, 0.7, NAN, NAN, NAN, "no run has it"),
)


def table(rows: Sequence[tuple[object, ...]] = ROWS) -> pd.DataFrame:
    names = ["pattern", "number", "unit", "record", "record_low", "record_high", "median", "low", "high", "reading"]
    return pd.DataFrame(rows, columns=names).reindex(columns=COLUMNS)


def test_every_number_stands_beside_its_row():
    figure = patterns(table(), "hindcast", "none", 48)
    words = [text.get_text() for axes in figure.axes for text in axes.texts]
    for pattern, number, unit, *_ in ROWS:
        assert f"{pattern}  {TITLES[str(pattern)]}" in words
        assert any(word.startswith(str(number)) for word in words), number
        assert unit != "quarters" or f"{number} (quarters)" in words
    assert words.count("not recorded") == words.count("in no run") == 1
    assert "4,600" in words and "200  [0, 400]" in words
    assert "hindcast" in figure.get_supxlabel() and "48 runs" in figure.get_supxlabel()


def test_the_record_is_a_cross_within_reach_and_an_arrow_beyond():
    axes = patterns(table(), "hindcast", "none", 48).axes[0]
    marks = [(line.get_marker(), float(np.ravel(line.get_xdata())[0])) for line in axes.lines]
    crosses = [place for marker, place in marks if marker == "x"]
    assert crosses == pytest.approx([(0.04 - 0.01) / 0.07, 20 / 28.2, 0.70 / 1.37], abs=1e-9)
    assert [place for marker, place in marks if marker == ">"] == [1 + REACH, 1 + REACH]


def test_places_on_the_scale_of_the_runs():
    assert placed(3.0, 1.0, 5.0) == 0.5
    assert placed(7.0, 1.0, 5.0) == 1.5
    assert placed(2.0, 2.0, 2.0) == 0.5
    assert (placed(1.0, 2.0, 2.0), placed(3.0, 2.0, 2.0)) == (-np.inf, np.inf)
    assert np.isnan(placed(NAN, 1.0, 5.0))


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0.857, 0.85, 0.7, 1.0], ["0.86", "0.85", "0.70", "1.00"]),
        ([16.0, 19.0], ["16", "19"]),
        ([21.0, 6.0, 29.2], ["21.0", "6.0", "29.2"]),
        ([4600.0, 1089.8, NAN], ["4,600", "1,090", "–"]),
        ([NAN, -0.014], ["–", "−0.01"]),
        ([NAN], ["–"]),
    ],
)
def test_figures_of_a_row_have_as_many_digits_as_its_largest_needs(values: list[float], expected: list[str]):
    assert shown(values) == expected


@pytest.mark.parametrize("rows", [ROWS, ROWS[:1], ROWS[-1:]])
def test_thin_tables_are_drawn_too_in_type_that_can_be_read_and_within_the_sheet(rows: Sequence[tuple[object, ...]]):
    figure = patterns(table(rows), "hindcast", "none", 1)
    figure.draw_without_rendering()
    assert figure.get_figwidth() == WIDTH
    edge = figure.bbox
    for axes in figure.axes:
        for text in axes.texts:
            box = text.get_window_extent()
            assert text.get_fontsize() >= SMALL
            assert box.x0 >= edge.x0 and box.x1 <= edge.x1 and box.y0 >= edge.y0 and box.y1 <= edge.y1, text.get_text()


def test_drawn_again_it_is_the_same_to_the_byte(tmp_path: Path):
    once, again = (save(patterns(table(), "hindcast", "none", 48), tmp_path / name, "patterns") for name in "ab")
    assert [file.read_bytes() for file in once] == [file.read_bytes() for file in again]
