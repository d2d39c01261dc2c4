"""What holds back, counted by hand on a few rows, and files told from deeds as the model itself tells them."""

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from config import resolve
from config.calendar import quarter_name
from experiments.analysis.findings import standing
from experiments.analysis.limits import (
    CHANGE,
    DEED,
    FILE,
    LIMITS,
    OTHERS,
    QUESTIONS,
    SUMMED,
    Cases,
    actor_shares,
    burden,
    cases,
    held_back,
    in_step,
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


def held(*which: tuple[int, str, str, str, str, str]) -> Cases:
    return cases([limits(*which)], [moves()], STANDING)


def share_of(table: pd.DataFrame, **cell: object) -> float:
    for column, value in cell.items():
        table = table[table[column] == value]
    assert len(table) == 1
    return float(table["share"].iloc[0])


def questions_of_dialogue(quarters: Iterable[str], *changes: tuple[int, str, str, str]) -> list[str]:
    rows = [(7, quarter, "EU", "dialogue", "attention", "EU") for quarter in quarters]
    return list(held_back(limits(*rows), moves(*changes), STANDING)["question"])


def test_shares_of_limits_by_question():
    table = limit_shares(held(*ROWS))
    assert share_of(table, question=FILE, limit="council") == pytest.approx(3 / 6)
    assert share_of(table, question=FILE, limit="attention") == pytest.approx(2 / 6)
    assert share_of(table, question=FILE, limit="ladder") == pytest.approx(1 / 6)
    assert share_of(table, question=DEED, limit="attention") == pytest.approx(1 / 2)
    assert share_of(table, question=DEED, limit="money") == pytest.approx(1 / 2)
    assert list(table["limit"]) == ["attention", "council", "ladder", "attention", "money"]


def test_shares_by_year_and_instrument_add_up_to_one():
    table = limit_shares(held(*ROWS), ["year"])
    assert share_of(table, question=FILE, year=2030, limit="council") == 1.0
    assert share_of(table, question=FILE, year=2030, limit="ladder") == 0.0
    assert share_of(table, question=FILE, year=2031, limit="council") == pytest.approx(2 / 5)
    assert share_of(table, question=DEED, year=2031, limit="money") == 1.0
    for by in ("year", "instrument", "partner"):
        shares = limit_shares(held(*ROWS), [by])
        np.testing.assert_allclose(shares.groupby(["question", by])["share"].sum(), 1.0)
        assert not shares.duplicated(["question", by, "limit"]).any()


def test_shares_of_actors_and_of_actors_by_limit():
    table = actor_shares(held(*ROWS))
    assert list(table.loc[table["question"] == FILE, "actor"]) == ["HUN", "JPN", "AUT", "EU"]
    assert share_of(table, question=FILE, actor="HUN") == pytest.approx(2 / 6)
    both = who_by_limit(held(*ROWS))
    assert share_of(both, question=FILE, actor="JPN", limit="ladder") == pytest.approx(1 / 6)
    assert share_of(both, question=FILE, actor="JPN", limit="council") == 0.0
    np.testing.assert_allclose(both.groupby("question")["share"].sum(), 1.0)


def test_rare_actors_are_put_together():
    table = actor_shares(held(*ROWS), ["year"], most=1)
    assert list(dict.fromkeys(table.loc[table["question"] == FILE, "actor"])) == ["HUN", OTHERS]
    assert share_of(table, question=FILE, year=2031, actor=OTHERS) == pytest.approx(4 / 5)
    assert set(table.loc[table["question"] == DEED, "actor"]) == {"EU"}, "one more than asked is not put together"


def test_how_many_are_held_back_at_a_time():
    table = burden(held(*ROWS), 2, ["2030Q4", "2031Q1", "2031Q2", "2031Q3", "2031Q4", "2032Q1"])
    found = {(line["question"], line["year"]): line["held"] for line in table.to_dict("records")}
    assert found == {(FILE, 2030): 1 / 2, (FILE, 2031): 5 / 8, (FILE, 2032): 0,
                     (DEED, 2030): 1 / 2, (DEED, 2031): 1 / 8, (DEED, 2032): 0}  # fmt: skip


def test_the_interval_is_that_of_a_ratio_over_runs():
    """Run 0 holds 1 of 2, run 1 holds 1 of 1, run 2 holds 0 of 1: share 1/2, residuals 0, 1/2 and -1/2."""
    three = held(*((run, "2030Q1", "EU", "pact", limit, "EU")
                   for run, limit in ((0, "council"), (0, "slot"), (1, "council"), (2, "slot"))))  # fmt: skip
    line = limit_shares(three, level=0.90).iloc[0]
    half = 2.919986 * np.sqrt(3 / 2 * (1 / 4 + 1 / 4)) / 4
    assert (line["limit"], line["share"]) == ("council", 0.5)
    assert line["lower"] == pytest.approx(max(0.5 - half, 0), abs=1e-6)
    assert line["upper"] == pytest.approx(min(0.5 + half, 1), abs=1e-6)


def test_one_run_has_shares_and_no_interval():
    table = limit_shares(held(*(row for row in ROWS if row[0] == 0)))
    assert share_of(table, question=FILE, limit="council") == pytest.approx(2 / 3)
    assert table[["lower", "upper"]].isna().all(axis=None)


def test_no_limits_at_all_give_empty_tables():
    none = held()
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
    rows = limits((0, "2030Q1", "EU", "pact", "attention", "EU"), (0, "2030Q1", "DEU", "raa", "attention", "JPN"))
    assert list(held_back(rows, moves(), STANDING)["question"]) == [FILE, FILE]


@pytest.mark.parametrize(("scenario", "policy"), [("outlook", "none"), ("hindcast", "dialogue+framework")])
def test_files_and_deeds_are_told_apart_as_the_model_does(monkeypatch: pytest.MonkeyPatch, scenario: str, policy: str):
    """The model, made to mark what it finds about agreements in force, agrees with what the tables alone tell."""
    in_force = Limits._in_force
    monkeypatch.setattr(
        Limits, "_in_force", lambda self: [(k, f"deed {limit}", *rest) for k, limit, *rest in in_force(self)]
    )
    assumed = resolve(scenario, policy)
    model = PartnershipModel(assumed, range(25), seed=3, record=("transitions", "limits"))
    model.run()
    tables = {name: pd.DataFrame(model.tables()[name]) for name in ("limits", "transitions")}
    for table in tables.values():
        table["quarter"] = table["quarter"].map(quarter_name)
    is_deed = tables["limits"]["limit"].str.startswith("deed ")
    tables["limits"]["limit"] = tables["limits"]["limit"].str.removeprefix("deed ")
    found = held_back(tables["limits"], tables["transitions"], standing(assumed))
    assert is_deed.any()
    assert not is_deed.all()
    np.testing.assert_array_equal(found["question"] == DEED, is_deed)


# In pieces

TEN = 10
KINDS = [("EU", "pact"), ("EU", "dialogue"), ("DEU", "raa")]
ACTORS = ["EU", "JPN", "HUN", "AUT", "DEU", "", "dialogue"]


def many(seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows of `limits` and `transitions` of runs of ten, in order of runs; some runs have none of one, or of both."""
    chance = np.random.default_rng(seed)
    quarters = ["2030Q3", "2030Q4", "2031Q1", "2032Q2"]
    rows = [
        (run, quarter, *KINDS[chance.integers(3)], LIMITS[chance.integers(9)], ACTORS[chance.integers(7)])
        for run in range(TEN)
        for quarter in sorted(chance.choice(quarters, chance.choice([0, 1, 5, 20])))
    ]
    stages = ["mandated", "reopened", "deepened", "withdrawn", "in_force"]
    changes = [
        (run, quarter, *KINDS[chance.integers(3)], stages[chance.integers(5)])
        for run in range(TEN)
        for quarter in sorted(chance.choice(quarters, chance.choice([0, 3])))
    ]
    return limits(*rows), pd.DataFrame(changes, columns=CHANGE)


def pieces(table: pd.DataFrame, width: int, empty: bool = False) -> list[pd.DataFrame]:
    """A table in pieces of so many runs, those without rows left out or not; names as categories, as they are read."""
    cut = [table[table["run"] // width == number] for number in range(-(-TEN // width))]
    names = [name for name in table if name != "run"]
    return [part.astype(dict.fromkeys(names, "category")) for part in cut if empty or len(part)]


def plain(table: pd.DataFrame, by: Sequence[str], of: str, most: int) -> list[tuple[object, ...]]:
    """Shares with intervals from a whole table, every run's counts side by side."""
    lines: list[tuple[object, ...]] = []
    for question in QUESTIONS:
        asked = table[table["question"] == question]
        ranked = sorted(set(asked[of]), key=lambda name: (-int((asked[of] == name).sum()), name))
        kept = ranked if len(ranked) <= most + 1 else [*ranked[:most], OTHERS]
        names = [name for name in LIMITS if name in set(asked[of])] if of == "limit" else kept
        told = asked.assign(**{of: asked[of].where(asked[of].isin(names), OTHERS)})
        for cell, part in told.groupby(["question", *by]):
            counts = pd.crosstab(part["run"], part[of]).reindex(columns=names, fill_value=0).to_numpy(float)
            runs, all_, share = len(counts), counts.sum(axis=1), counts.sum(axis=0) / counts.sum()
            residual = counts - share * all_[:, None]
            with np.errstate(all="ignore"):
                error = np.sqrt(runs / np.float64(runs - 1) * (residual**2).sum(axis=0)) / counts.sum()
            half = stats.t.ppf(0.95, runs - 1) * error
            lines += [(*cell, name, n, len(part), one, max(one - h, 0.0), min(one + h, 1.0))
                      for name, n, one, h in zip(names, counts.sum(axis=0), share, half, strict=True)]  # fmt: skip
    return lines


@settings(deadline=None, max_examples=10)
@given(seed=st.integers(0, 10**6), width=st.integers(1, TEN), most=st.integers(1, 8))
def test_shares_of_pieces_are_those_of_the_whole_with_the_same_intervals(seed: int, width: int, most: int):
    rows, changes = many(seed)
    found = cases(pieces(rows, width), pieces(changes, width), STANDING)
    whole = held_back(rows, changes, STANDING).astype({"question": object})
    for of, by in SUMMED:
        if (of, by) != ("limit", ("actor",)):
            shares = limit_shares(found, by) if of == "limit" else actor_shares(found, by, most)
            expected = pd.DataFrame(plain(whole, by, of, most), columns=shares.columns)
            keys, numbers = ["question", *by, of], ["count", "held", "share", "lower", "upper"]
            assert shares[keys].to_numpy().tolist() == expected[keys].to_numpy().tolist()
            here, there = (table[numbers].astype(float) for table in (shares, expected))
            np.testing.assert_allclose(here, there, rtol=0, atol=1e-9)


@settings(deadline=None, max_examples=10)
@given(seed=st.integers(0, 10**6), width=st.integers(1, TEN), most=st.integers(1, 8))
def test_actors_by_limit_and_numbers_at_a_time_of_pieces_are_those_of_the_whole(seed: int, width: int, most: int):
    rows, changes = many(seed)
    whole, cut = (cases(pieces(rows, w), pieces(changes, w), STANDING) for w in (TEN, width))
    pd.testing.assert_frame_equal(who_by_limit(cut, most), who_by_limit(whole, most))
    quarters = ["2030Q3", "2030Q4", "2031Q1"]
    pd.testing.assert_frame_equal(burden(cut, TEN, quarters), burden(whole, TEN, quarters))
    table = held_back(rows, changes, STANDING)
    both = who_by_limit(whole, most=99).set_index(["question", "actor", "limit"])["share"]
    counts = table.astype({"question": object}).groupby(["question", "actor", "limit"]).size()
    expected = counts / counts.groupby("question").transform("sum")
    np.testing.assert_allclose(both.reindex(expected.index), expected, atol=1e-12)
    assert both.drop(expected.index).sum() == 0


@settings(deadline=None, max_examples=25)
@given(
    seed=st.integers(0, 10**6), widths=st.tuples(st.integers(1, TEN), st.integers(1, TEN)),
    empty=st.tuples(st.booleans(), st.booleans()), instrument=st.sampled_from(["", "dialogue", "raa"]),
)  # fmt: skip
def test_pieces_find_the_transitions_of_their_runs_however_either_table_is_cut(
    seed: int, widths: tuple[int, int], empty: tuple[bool, bool], instrument: str
):
    rows, changes = many(seed)
    parts, others = (pieces(*each) for each in zip((rows, changes), widths, empty, strict=True))
    found = [held_back(*pair, STANDING) for pair in in_step(parts, others)]
    whole = held_back(rows, changes, STANDING)
    assert [line for part in found for line in part.values.tolist()] == whole.values.tolist()
    one = cases(parts, others, STANDING, instrument)
    expected = Cases([whole[whole["instrument"] == instrument] if instrument else whole])
    pd.testing.assert_frame_equal(limit_shares(one, ["partner"]), limit_shares(expected, ["partner"]))


def test_pieces_of_transitions_are_let_go_when_their_runs_are_past():
    numbers = range(50)
    parts = [limits((run, "2030Q1", "EU", "pact", "council", "HUN")) for run in numbers]
    changes = [moves((run, "2030Q1", "pact", "mandated"))[CHANGE] for run in numbers]
    assert [len(near) for _, near in in_step(parts, changes)] == [1] * 50


def test_an_interval_without_spread_has_no_width_of_rounding():
    """A third in every run: residuals are nought, though their squares are differences of large numbers."""
    rows = [(run, "2030Q1", "EU", "pact", limit, "EU") for run in range(3) for limit in ("council", "slot", "wish")]
    line = limit_shares(held(*rows)).iloc[0]
    assert line["lower"] == line["upper"] == line["share"] == 1 / 3
