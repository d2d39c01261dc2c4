"""Shares in force counted by hand, on the histories of four runs."""

import numpy as np
import pandas as pd
import pytest

from experiments.analysis.intervals import jeffreys
from experiments.analysis.transitions import dated_probabilities, halfway, in_force_shares, quarters_between

QUARTERS = quarters_between("2030Q1", "2030Q4")
START = pd.DataFrame(
    [("EU", "pact", False), ("EU", "dialogue", True), ("DEU", "raa", False)],
    columns=["partner", "instrument", "in_force"],
)
RUNS = 4


def moves(*rows: tuple[int, str, str, str]) -> pd.DataFrame:
    """Transitions of Union instruments: run, instrument, stage, quarter."""
    table = pd.DataFrame(rows, columns=["run", "instrument", "stage", "quarter"])
    return table.assign(partner="EU")


def counts(transitions: pd.DataFrame, instrument: str) -> list[int]:
    shares = in_force_shares([transitions], START, RUNS, QUARTERS)
    return list(shares.loc[shares["instrument"] == instrument, "count"])


def test_what_never_moves_stays_as_it_started():
    assert counts(moves(), "pact") == [0, 0, 0, 0]
    assert counts(moves(), "dialogue") == [4, 4, 4, 4]
    assert counts(moves(), "raa") == [0, 0, 0, 0]


def test_entry_into_force_counts_from_its_quarter_on():
    assert counts(moves((0, "pact", "in_force", "2030Q2"), (3, "pact", "in_force", "2030Q4")), "pact") == [0, 1, 1, 2]


def test_signature_and_provisional_application_are_not_yet_in_force():
    early = moves(
        (0, "pact", "signed", "2030Q1"), (0, "pact", "provisional", "2030Q2"), (0, "pact", "in_force", "2030Q4")
    )
    assert counts(early, "pact") == [0, 0, 0, 1]


def test_what_lapses_no_longer_counts_until_it_is_in_force_again():
    lapsed = moves((1, "dialogue", "lapsed", "2030Q2"), (1, "dialogue", "in_force", "2030Q4"))
    assert counts(lapsed, "dialogue") == [4, 3, 3, 4]


def test_reopened_and_deepened_agreements_stay_in_force():
    deeper = moves(
        (2, "dialogue", "reopened", "2030Q1"),
        (2, "dialogue", "deepened", "2030Q3"),
        (2, "dialogue", "in_force", "2030Q3"),
    )
    assert counts(deeper, "dialogue") == [4, 4, 4, 4]


def test_the_last_word_of_a_quarter_holds():
    assert counts(moves((0, "pact", "in_force", "2030Q2"), (0, "pact", "lapsed", "2030Q2")), "pact") == [0, 0, 0, 0]


def test_transitions_outside_the_quarters_asked_for():
    outside = moves((0, "pact", "in_force", "2029Q4"), (1, "pact", "in_force", "2031Q1"))
    assert counts(outside, "pact") == [1, 1, 1, 1]


def test_categories_are_read_like_text():
    table = moves((0, "pact", "in_force", "2030Q2"))
    as_categories = table.astype(dict.fromkeys(["partner", "instrument", "stage", "quarter"], "category"))
    assert counts(as_categories, "pact") == counts(table, "pact")


def test_intervals_are_those_of_the_runs_that_were_made():
    shares = in_force_shares([moves((0, "pact", "in_force", "2030Q2"))], START, RUNS, QUARTERS)
    last = shares[shares["instrument"] == "pact"].iloc[-1]
    lower, upper = jeffreys(1, 4)
    assert (last["runs"], last["share"]) == (4, 0.25)
    assert (last["lower"], last["upper"]) == (pytest.approx(float(lower)), pytest.approx(float(upper)))


def test_pieces_of_whole_runs_are_counted_like_one_table():
    rows = moves(
        *((run, name, stage, f"2030Q{1 + (run + place) % 4}")
          for run in range(9)
          for place, (name, stage) in enumerate((("pact", "in_force"), ("dialogue", "lapsed"), ("pact", "lapsed"))))
    )  # fmt: skip
    parts = [rows[rows["run"] < 4], rows[rows["run"] > 6], rows[rows["run"].between(4, 6)]]
    whole = in_force_shares([rows], START, 9, QUARTERS)
    pd.testing.assert_frame_equal(in_force_shares(parts, START, 9, QUARTERS), whole)


def test_without_a_run_there_is_no_share():
    shares = in_force_shares([], START, 0, QUARTERS)
    assert len(shares) == len(START) * len(QUARTERS)
    assert shares["share"].isna().all()


def test_an_instrument_that_does_not_exist_is_not_counted():
    shares = in_force_shares([moves((0, "unknown", "in_force", "2030Q1"))], START, RUNS, QUARTERS)
    assert set(shares["instrument"]) == set(START["instrument"])


def test_dates_outside_the_runs_have_no_row():
    shares = in_force_shares([moves()], START, RUNS, QUARTERS)
    assert set(dated_probabilities(shares)["quarter"]) == {"2030Q4"}


def test_halfway_is_the_first_quarter_with_half_of_the_runs():
    two = moves((0, "pact", "in_force", "2030Q2"), (1, "pact", "in_force", "2030Q3"))
    found = halfway(in_force_shares([two], START, RUNS, QUARTERS).assign(scenario="s", policy="none")).set_index(
        "instrument"
    )["quarter"]
    assert found["pact"] == "2030Q3"
    assert found["dialogue"] == "2030Q1"
    assert pd.isna(found["raa"])


def test_shares_equal_those_of_a_plain_loop_over_invented_histories():
    chance = np.random.default_rng(8)
    rows = [
        (run, name, str(chance.choice(["in_force", "lapsed", "deepened", "signed"])), quarter)
        for run in range(4)
        for name in ("pact", "dialogue")
        for quarter in QUARTERS
        if chance.uniform() < 0.6
    ]
    for name, started in (("pact", False), ("dialogue", True)):
        expected = []
        state = dict.fromkeys(range(4), started)
        for quarter in QUARTERS:
            for run, instrument, stage, when in rows:
                if instrument == name and when == quarter and stage in ("in_force", "lapsed"):
                    state[run] = stage == "in_force"
            expected.append(sum(state.values()))
        assert counts(moves(*rows), name) == expected
