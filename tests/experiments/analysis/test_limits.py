"""What holds back, counted by hand on a few rows, and files told from deeds as the model itself tells them."""

from collections.abc import Iterable

import numpy as np
import pandas as pd
import pytest

from config import resolve
from config.calendar import quarter_name
from experiments.analysis.findings import standing
from experiments.analysis.limits import (
    DEED,
    FILE,
    OTHERS,
    actor_shares,
    burden,
    held_back,
    limit_shares,
    who_by_limit,
)
from simulation.limits import Limits
from simulation.model import PartnershipModel

STANDING = pd.DataFrame(
    [("EU", "pact", False), ("EU", "dialogue", True), ("DEU", "raa", False)],
    columns=["partner", "instrument", "in_force"],
)
ROWS = (
    (0, "2030Q4", "EU", "pact", "council", "HUN"),
    (0, "2030Q4", "EU", "dialogue", "attention", "EU"),
    (0, "2031Q1", "EU", "pact", "council", "HUN"),
    (0, "2031Q1", "EU", "dialogue", "money", "EU"),
    (0, "2031Q2", "EU", "pact", "attention", "JPN"),
    (1, "2031Q1", "EU", "pact", "attention", "EU"),
    (1, "2031Q1", "DEU", "raa", "ladder", "JPN"),
    (1, "2031Q2", "EU", "pact", "council", "AUT"),
)
"""Files: attention 2, council 3, ladder 1. Deeds: attention 1, money 1."""


def limits(*rows: tuple[int, str, str, str, str, str]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["run", "quarter", "partner", "instrument", "limit", "actor"])


def moves(*rows: tuple[int, str, str, str]) -> pd.DataFrame:
    """Transitions of Union instruments: run, quarter, instrument, stage."""
    return pd.DataFrame(rows, columns=["run", "quarter", "instrument", "stage"]).assign(partner="EU")


def rows(*which: tuple[int, str, str, str, str, str]) -> pd.DataFrame:
    return held_back(limits(*which), moves(), STANDING)


def share_of(table: pd.DataFrame, **cell: object) -> float:
    for column, value in cell.items():
        table = table[table[column] == value]
    assert len(table) == 1
    return float(table["share"].iloc[0])


def questions_of_dialogue(quarters: Iterable[str], *changes: tuple[int, str, str, str]) -> list[str]:
    held = [(7, quarter, "EU", "dialogue", "attention", "EU") for quarter in quarters]
    return list(held_back(limits(*held), moves(*changes), STANDING)["question"])


def test_shares_of_limits_by_question():
    table = limit_shares(rows(*ROWS))
    assert share_of(table, question=FILE, limit="council") == pytest.approx(3 / 6)
    assert share_of(table, question=FILE, limit="attention") == pytest.approx(2 / 6)
    assert share_of(table, question=FILE, limit="ladder") == pytest.approx(1 / 6)
    assert share_of(table, question=DEED, limit="attention") == pytest.approx(1 / 2)
    assert share_of(table, question=DEED, limit="money") == pytest.approx(1 / 2)
    assert list(table["limit"]) == ["attention", "council", "ladder", "attention", "money"]


def test_shares_by_year_and_instrument_add_up_to_one():
    table = limit_shares(rows(*ROWS), ["year"])
    assert share_of(table, question=FILE, year=2030, limit="council") == 1.0
    assert share_of(table, question=FILE, year=2030, limit="ladder") == 0.0
    assert share_of(table, question=FILE, year=2031, limit="council") == pytest.approx(2 / 5)
    assert share_of(table, question=DEED, year=2031, limit="money") == 1.0
    by_both = limit_shares(rows(*ROWS), ["instrument", "year"])
    np.testing.assert_allclose(by_both.groupby(["question", "instrument", "year"])["share"].sum(), 1.0)


def test_shares_of_actors_and_of_actors_by_limit():
    table = actor_shares(rows(*ROWS))
    assert list(table.loc[table["question"] == FILE, "actor"]) == ["HUN", "JPN", "AUT", "EU"]
    assert share_of(table, question=FILE, actor="HUN") == pytest.approx(2 / 6)
    both = who_by_limit(rows(*ROWS))
    assert share_of(both, question=FILE, actor="JPN", limit="ladder") == pytest.approx(1 / 6)
    assert share_of(both, question=FILE, actor="JPN", limit="council") == 0.0
    np.testing.assert_allclose(both.groupby("question")["share"].sum(), 1.0)


def test_rare_actors_are_put_together():
    table = actor_shares(rows(*ROWS), ["year"], most=1)
    assert list(dict.fromkeys(table.loc[table["question"] == FILE, "actor"])) == ["HUN", OTHERS]
    assert share_of(table, question=FILE, year=2031, actor=OTHERS) == pytest.approx(4 / 5)
    assert set(table.loc[table["question"] == DEED, "actor"]) == {"EU"}, "one more than asked is not put together"


def test_how_many_are_held_back_at_a_time():
    table = burden(rows(*ROWS), 2, ["2030Q4", "2031Q1", "2031Q2", "2031Q3", "2031Q4", "2032Q1"])
    held = {(line["question"], line["year"]): line["held"] for line in table.to_dict("records")}
    assert held == {(FILE, 2030): 1 / 2, (FILE, 2031): 5 / 8, (FILE, 2032): 0,
                    (DEED, 2030): 1 / 2, (DEED, 2031): 1 / 8, (DEED, 2032): 0}  # fmt: skip


def test_the_interval_is_that_of_a_ratio_over_runs():
    """Run 0 holds 1 of 2, run 1 holds 1 of 1, run 2 holds 0 of 1: share 1/2, residuals 0, 1/2 and -1/2."""
    three = rows(*((run, "2030Q1", "EU", "pact", limit, "EU")
                   for run, limit in ((0, "council"), (0, "slot"), (1, "council"), (2, "slot"))))  # fmt: skip
    line = limit_shares(three, level=0.90).iloc[0]
    half = 2.919986 * np.sqrt(3 / 2 * (1 / 4 + 1 / 4)) / 4
    assert (line["limit"], line["share"]) == ("council", 0.5)
    assert line["lower"] == pytest.approx(max(0.5 - half, 0), abs=1e-6)
    assert line["upper"] == pytest.approx(min(0.5 + half, 1), abs=1e-6)


def test_one_run_has_shares_and_no_interval():
    table = limit_shares(rows(*(row for row in ROWS if row[0] == 0)))
    assert share_of(table, question=FILE, limit="council") == pytest.approx(2 / 3)
    assert table[["lower", "upper"]].isna().all(axis=None)


def test_no_limits_at_all_give_empty_tables():
    none = rows()
    assert len(none) == 0
    for table in (limit_shares(none), limit_shares(none, ["year"]), actor_shares(none), who_by_limit(none)):
        assert len(table) == 0
    assert list(burden(none, 3, ["2030Q1"])["held"]) == [0.0, 0.0]


def test_attention_binds_the_file_while_one_is_open():
    quarters = ["2030Q1", "2030Q2", "2030Q3", "2030Q4"]
    assert questions_of_dialogue(quarters) == [DEED] * 4
    reopened = (7, "2030Q2", "dialogue", "reopened")
    assert questions_of_dialogue(quarters, reopened) == [DEED, FILE, FILE, FILE]
    assert questions_of_dialogue(quarters, reopened, (7, "2030Q4", "dialogue", "deepened")) == [DEED, FILE, FILE, DEED]
    given_up = (7, "2030Q3", "dialogue", "withdrawn")
    assert questions_of_dialogue(quarters, reopened, given_up) == [DEED, FILE, FILE, DEED]


def test_other_runs_and_instruments_do_not_matter():
    others = ((6, "2030Q1", "dialogue", "reopened"), (7, "2030Q1", "pact", "mandated"), (8, "2029Q1", "pact", "signed"))
    assert questions_of_dialogue(["2030Q1", "2030Q2"], *others) == [DEED, DEED]


def test_attention_for_what_is_not_in_force_binds_its_file():
    held = limits((0, "2030Q1", "EU", "pact", "attention", "EU"), (0, "2030Q1", "DEU", "raa", "attention", "JPN"))
    assert list(held_back(held, moves(), STANDING)["question"]) == [FILE, FILE]


@pytest.mark.parametrize(("scenario", "policy"), [("outlook", "none"), ("hindcast", "dialogue+framework")])
def test_files_and_deeds_are_told_apart_as_the_model_does(monkeypatch: pytest.MonkeyPatch, scenario: str, policy: str):
    """The model, made to mark what it finds about agreements in force, agrees with what the tables alone tell."""
    in_force = Limits._in_force
    monkeypatch.setattr(
        Limits, "_in_force", lambda self: [(k, f"deed {limit}", *rest) for k, limit, *rest in in_force(self)]
    )
    settings = resolve(scenario, policy)
    model = PartnershipModel(settings, range(25), seed=3, record=("transitions", "limits"))
    model.run()
    tables = {name: pd.DataFrame(model.tables()[name]) for name in ("limits", "transitions")}
    for table in tables.values():
        table["quarter"] = table["quarter"].map(quarter_name)
    is_deed = tables["limits"]["limit"].str.startswith("deed ")
    tables["limits"]["limit"] = tables["limits"]["limit"].str.removeprefix("deed ")
    found = held_back(tables["limits"], tables["transitions"], standing(settings))
    assert is_deed.any()
    assert not is_deed.all()
    np.testing.assert_array_equal(found["question"] == DEED, is_deed)
