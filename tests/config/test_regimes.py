"""Chances of the pressures' regimes are read whole, in any order of rows, and once."""

import json

import pytest

from config import PRESSURES, REGIMES, quarter_index, resolve
from config.errors import UserError
from config.loading import ROOT
from config.regimes import load_regimes
from config.schema import Pressures, RegimeChances

FILE = ROOT / "series" / "regimes.csv"
STAYS = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))


def test_a_row_of_the_file_stands_where_its_names_say():
    chances = load_regimes(FILE)
    for line in FILE.read_text(encoding="utf-8").splitlines()[1::37]:
        quarter, pressure, before, *row = line.split(",")
        matrices = chances.at(quarter_index(quarter))
        assert matrices[PRESSURES.index(pressure)][REGIMES.index(before)] == tuple(map(float, row))


def test_outside_its_quarters_there_is_nothing():
    chances = RegimeChances(first="2020Q1", rows=((STAYS,) * 4,) * 2)
    found = [chances.at(quarter_index(quarter)) for quarter in ("2019Q4", "2020Q1", "2020Q2", "2020Q3")]
    assert found == [None, (STAYS,) * 4, (STAYS,) * 4, None]


def test_the_order_of_rows_changes_nothing(tmp_path):
    head, *lines = FILE.read_text(encoding="utf-8").splitlines()
    path = tmp_path / "regimes.csv"
    path.write_text("\n".join([head, *sorted(lines, key=lambda line: line[::-1])]) + "\n", encoding="utf-8")
    assert load_regimes(path) == load_regimes(FILE)


def test_a_file_is_read_again_only_once_it_has_changed(tmp_path):
    path = tmp_path / "regimes.csv"
    path.write_bytes(FILE.read_bytes())
    first = load_regimes(path)
    assert load_regimes(path) is first
    path.write_text(path.read_text(encoding="utf-8").replace("0.997043,0.002957", "0.9,0.1"), encoding="utf-8")
    assert load_regimes(path).rows[0][0][0] == (0.9, 0.1, 0.0)


def test_a_file_without_rows_is_refused(tmp_path):
    path = tmp_path / "regimes.csv"
    path.write_text("quarter,pressure,from,calm,tense,crisis\n", encoding="utf-8")
    with pytest.raises(UserError, match="holds no rows"):
        load_regimes(path)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ((0.5, 0.4, 0.0), "does not add up to one"),
        ((0.5, 0.0, 0.5), "goes from calm to crisis at once"),
        ((1.5, -0.5, 0.0), "out of range"),
    ],
)
def test_chances_that_are_none_are_refused(row, said):
    with pytest.raises(ValueError, match=said):
        RegimeChances(first="2020Q1", rows=(((row, *STAYS[1:]), STAYS, STAYS, STAYS),))


def test_chances_may_be_replaced_and_go_through_json():
    settings = resolve("hindcast", "none")
    other = RegimeChances(first="2010Q1", rows=((STAYS,) * 4,))
    pressures = settings.pressures.model_copy(update={"drawn": other})
    replaced = settings.model_copy(update={"pressures": pressures})
    assert replaced.fingerprint() != settings.fingerprint()
    content = json.loads(json.dumps(pressures.model_dump(mode="json")))
    assert Pressures.model_validate_json(json.dumps(content)) == pressures
