"""Patterns counted by hand on a few histories, the record as it is read, and all numbers from runs of the hindcast."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from config import resolve
from config.calendar import quarter_index
from config.errors import UserError
from config.schema import Experiment, Settings
from experiments import load
from experiments.analysis.patterns import (
    COLUMNS,
    CONCLUDED,
    FIRST,
    LAST,
    NONE,
    OPENED,
    PATTERNS,
    QUARTERS,
    TITLES,
    Histories,
    Number,
    Past,
    Seen,
    beyond,
    compare,
    effects,
    exact_rate,
    exact_share,
    halfway,
    new_agreements,
    patterns,
    provisional_share,
    rate_change,
    reading,
    recorded,
    spells,
    steps,
    taking_effect,
)
from experiments.running import run_experiment
from tests.experiments.synthetic import Kept

RUNS = 3
KEYS = {"scenario": "hindcast", "policy": "none"}
MEASURES = (
    *("gap", "declared_depth", "attention_eu", "peace_facility_ukraine", "share_outside_eu"),
    *("step_force", "step_transfers", "step_secrecy", "step_missions"),
)


@pytest.fixture(scope="module")
def settings() -> Settings:
    return resolve("hindcast", "none")


@pytest.fixture(scope="module")
def past(settings: Settings) -> Past:
    return recorded(settings)


def moves(*rows: tuple[int, str, str, str]) -> pd.DataFrame:
    """Changes of stage with the Union: run, instrument, stage, quarter."""
    table = pd.DataFrame(rows, columns=["run", "instrument", "stage", "quarter"]).assign(partner="EU")
    return table.assign(moment=[quarter_index(quarter) for quarter in table["quarter"]])


def histories(settings: Settings, rows: pd.DataFrame | None = None, **measures: object) -> Histories:
    """Runs in which nothing happens but these changes of stage, and measures are 0 but for these, (R, quarters)."""
    frame = pd.DataFrame({"run": np.repeat(np.arange(RUNS), len(QUARTERS)), "quarter": np.tile(QUARTERS, RUNS)})
    values = {name: np.ravel(np.broadcast_to(measures.get(name, 0.0), (RUNS, len(QUARTERS)))) for name in MEASURES}  # type: ignore[arg-type]
    changes = (moves() if rows is None else rows).drop(columns="moment")
    tables = {
        "trajectories": frame.assign(**KEYS, **values),
        "transitions": changes.assign(**KEYS),
        "runs": pd.DataFrame({"run": range(RUNS)}).assign(**KEYS),
    }
    return Histories(Kept(tables), "hindcast", "none", np.arange(RUNS), settings)


def since(quarter: str) -> np.ndarray:
    """1 from this quarter on, (quarters,)."""
    return (np.arange(len(QUARTERS)) >= QUARTERS.index(quarter)).astype(float)


def numbers(pattern: str, past: Past) -> list[Number]:
    return PATTERNS[pattern](past)


def values(pattern: str, place: int, past: Past, runs: Histories) -> list[float]:
    return [float(value) for value in numbers(pattern, past)[place].of_runs(runs)]


# Spells and medians

FILES = (
    (0, "spa_framework", "mandated", "2012Q4"),
    (0, "spa_framework", "negotiating", "2013Q2"),
    (0, "spa_framework", "signed", "2018Q3"),
    (0, "spa_framework", "provisional", "2019Q1"),
    (0, "spa_framework", "in_force", "2025Q1"),
    (0, "csdp_fpa", "mandated", "2010Q2"),
    (1, "csdp_fpa", "negotiating", "2011Q1"),
    (1, "csdp_fpa", "withdrawn", "2014Q1"),
    (1, "csdp_fpa", "negotiating", "2021Q1"),
    (1, "csdp_fpa", "signed", "2021Q3"),
    (1, "maritime_coordination", "negotiating", "2016Q2"),
    (1, "maritime_coordination", "in_force", "2017Q2"),
    (1, "maritime_coordination", "reopened", "2018Q1"),
    (1, "maritime_coordination", "deepened", "2020Q1"),
)


def found(*stages: Sequence[str]) -> list[tuple[int, int, bool]]:
    return [(run, waited, ended) for run, _, waited, ended in spells(moves(*FILES), *stages).itertuples(index=False)]


def test_a_file_is_followed_from_its_first_step_to_its_signature_or_until_it_is_given_up():
    assert found(OPENED, CONCLUDED) == [(0, 23, True), (1, 12, False), (1, 2, True), (1, 4, True), (0, 64, False)]


def test_a_stage_of_a_file_is_followed_alone():
    assert found(("mandated",), ("negotiating",)) == [(0, 2, True), (0, 64, False)]


def test_no_changes_make_no_spells():
    assert spells(moves(), OPENED, CONCLUDED).empty


def median(*waits: tuple[float, bool]) -> float:
    return halfway(pd.DataFrame(waits, columns=["waited", "ended"]))


def test_the_median_counts_those_that_are_still_waiting():
    assert median((2, True), (2, True), (64, False)) == 2
    assert median((3, False), (3, False), (5, True), (5, True), (21, True), (21, True), (35, True)) == 21
    assert median((1, True), (9, False), (9, False)) == len(QUARTERS), "not reached"
    assert np.isnan(median())


@given(st.lists(st.integers(0, 60), min_size=1, max_size=12))
def test_without_censoring_the_median_is_the_lower_sample_median(waits: list[int]):
    assert median(*((wait, True) for wait in waits)) == np.quantile(waits, 0.5, method="inverted_cdf")


def test_files_that_waited_are_those_of_the_years_before_2020_alone(settings: Settings, past: Past):
    runs = histories(settings, moves(*FILES))
    assert values("P2", 0, past, runs) == pytest.approx([1.0, 0.5, np.nan], nan_ok=True)
    assert values("P2", 1, past, runs) == pytest.approx([2, np.nan, np.nan], nan_ok=True)
    assert values("P2", 2, past, runs) == pytest.approx([21, 4, np.nan], nan_ok=True)


# Agreements and their levels


def test_an_agreement_is_new_once_and_deepening_it_makes_no_new_one():
    told = sorted((run, QUARTERS[moment - quarter_index(FIRST)]) for run, moment in new_agreements(moves(*FILES)))
    assert told == [(0, "2018Q3"), (1, "2017Q2"), (1, "2021Q3")]


def test_provisional_application_and_entry_into_force_are_two_parts_of_one_agreement():
    parts = [(key[1:], part) for key, _, part in taking_effect(moves(*FILES), 0.6)]
    assert parts == [
        (("EU", "spa_framework"), 0.6),
        (("EU", "spa_framework"), pytest.approx(0.4)),
        (("EU", "maritime_coordination"), 1.0),
    ]


def test_levels_are_read_off_declared_depth(settings: Settings, past: Past):
    """0.4 at depth 0.5 before 2022; from then on 0.2 at depth 0.8, provisionally and for good, and one of 0.3 at 1."""
    whole = sum(one.ambition for one in settings.instruments)
    start = (0.05 * 0.8 + 0.15 * 0.5) / whole
    rows = moves(
        (0, "maritime_coordination", "in_force", "2015Q1"),
        (0, "space_security", "in_force", "2016Q1"),
        (0, "joint_declaration", "lapsed", "2016Q1"),
        (0, "spa_framework", "provisional", "2022Q1"),
        (0, "spa_framework", "in_force", "2024Q1"),
        (0, "security_defence_partnership", "in_force", "2025Q1"),
        (1, "maritime_coordination", "in_force", "2015Q1"),
    )
    part = provisional_share(settings)
    parts = (("2022Q1", part * 0.16), ("2024Q1", (1 - part) * 0.16))
    rises = (("2015Q1", 0.2), ("2016Q1", 0.06), *parts, ("2025Q1", 0.3))
    declared = start + sum(since(quarter) * rise for quarter, rise in rises) / whole
    runs = histories(settings, rows, declared_depth=declared)
    assert values("P6", 0, past, runs) == [5 - 1, 1, 0], "signed or in force: provisional application alone is none"
    assert values("P6", 1, past, runs) == pytest.approx([2 / 4.5 - 2 / 12, -1 / 12, 0])
    assert values("P6", 2, past, runs) == pytest.approx([(0.16 + 0.3) / 2 - 0.2, np.nan, np.nan], nan_ok=True)


# Japan's steps


def test_steps_by_hand(settings: Settings, past: Past):
    """Run 0: one step in 2014, one in 2018. Run 1: two in 2014Q2. Run 2: none."""
    force = np.array([since("2014Q1"), since("2014Q2"), 0 * since(FIRST)])
    secrecy = np.array([since("2018Q1"), since("2014Q2"), 0 * since(FIRST)])
    runs = histories(settings, step_force=force, step_secrecy=secrecy)
    assert steps(runs).shape == (RUNS, len(QUARTERS))
    assert values("P5", 0, past, runs) == [2, 2, 0]
    assert values("P5", 1, past, runs) == pytest.approx([0.5, 1.0, np.nan], nan_ok=True)
    scattered, bunched = np.var([1, 1, *[0] * 14], ddof=1) / (2 / 16), np.var([2, *[0] * 15], ddof=1) / (2 / 16)
    assert values("P5", 2, past, runs) == pytest.approx([scattered, bunched, np.nan], nan_ok=True)


# War, single states, vetoes


def test_the_gap_is_that_of_the_quarter(settings: Settings, past: Past):
    runs = histories(settings, gap=since("2016Q1") + since(LAST))
    assert [values("P1", place, past, runs)[0] for place in range(3)] == [0.0, 1.0, 2.0]


def test_attention_and_money_over_the_years_of_the_war(settings: Settings, past: Past):
    runs = histories(settings, attention_eu=0.6 - 0.2 * since("2022Q3"), peace_facility_ukraine=100 * since("2022Q1"))
    assert values("P7", 1, past, runs) == pytest.approx([-0.2] * RUNS)
    assert values("P7", 2, past, runs) == pytest.approx([800.0] * RUNS)


def test_positions_are_weighed_by_persons_of_members(settings: Settings, past: Past):
    persons = {one.iso3: one.population for one in settings.members}
    rows = [
        {**KEYS, "run": 0, "quarter": quarter, "actor": actor, "position": 0.5 + gain * (quarter >= "2022Q1")}
        for quarter in QUARTERS
        for actor, gain in (("DEU", 0.1), ("MLT", 0.3), ("GBR", 0.4), ("JPN", -0.5))
    ]
    plain = histories(settings)
    assert isinstance(plain.results, Kept)
    runs = replace(plain, results=Kept({**plain.results.content, "actors": pd.DataFrame(rows)}))
    rise = (0.1 * persons["DEU"] + 0.3 * persons["MLT"]) / (persons["DEU"] + persons["MLT"])
    assert values("P7", 0, past, runs) == pytest.approx([rise, np.nan, np.nan], nan_ok=True)


def test_what_stands_at_the_end_is_counted(settings: Settings, past: Past):
    ours = moves(
        (0, "naval_exercise", "in_force", "2014Q4"),
        (0, "cyber_dialogue", "in_force", "2014Q4"),
        (1, "naval_exercise", "in_force", "2014Q4"),
        (1, "naval_exercise", "lapsed", "2018Q1"),
        (2, "naval_exercise", "in_force", "2014Q4"),
        (2, "naval_exercise", "lapsed", "2018Q1"),
        (2, "naval_exercise", "in_force", "2020Q1"),
        (2, "naval_exercise", "reopened", "2021Q1"),
    )
    theirs = moves((1, "acsa", "in_force", "2017Q3"), (1, "raa", "signed", "2023Q1")).assign(partner="GBR")
    runs = histories(settings, pd.concat([ours, theirs], ignore_index=True))
    assert values("P8", 1, past, runs) == [0, 1, 0]
    assert values("P8", 2, past, runs) == [1, 0, 1]


VETOES = (
    (0, "2012Q1", "russia", "HUN"),
    (0, "2012Q2", "china", "HUN"),
    (0, "2013Q1", "csdp_fpa", "AUT"),
    (0, "2013Q1", "enlargement", "FRA"),
    (0, "2023Q2", "peace_facility", "HUN"),
    (0, "2023Q4", "russia", "HUN"),
    (1, "2023Q4", "peace_facility", "HUN"),
)


def test_vetoes_by_hand(settings: Settings, past: Past):
    plain = histories(settings)
    assert isinstance(plain.results, Kept)
    table = pd.DataFrame(VETOES, columns=["run", "quarter", "subject", "actor"]).assign(**KEYS)
    runs = replace(plain, results=Kept({**plain.results.content, "vetoes": table}))
    assert values("P9", 0, past, runs) == pytest.approx([3 / 10.5, 0, 0]), "2011Q3 to 2021Q4"
    assert values("P9", 1, past, runs) == pytest.approx([2 / 3, np.nan, np.nan], nan_ok=True)
    assert values("P9", 2, past, runs) == pytest.approx([1 / 2, 1, np.nan], nan_ok=True)


# The record


def seen(pattern: str, past: Past) -> list[float]:
    return [number.record.value for number in numbers(pattern, past)]


def test_the_record_as_counted_by_hand(past: Past):
    """Four dated files of before 2020, none concluded in three years; seven steps; six agreements, then three."""
    assert seen("P2", past) == [1.0, 2.0, 21.0]
    assert seen("P5", past)[:2] == [7.0, 1.0]
    assert seen("P6", past)[:2] == pytest.approx([9.0, 3 / 4.5 - 6 / 12])
    assert seen("P8", past)[1:] == [16.0, 3.0]
    assert seen("P9", past)[:2] == pytest.approx([9 / 10.5, 4 / 9])


def test_the_level_of_agreements_on_record(past: Past):
    """Cyber, space, exercise, trade, civil, part of the framework; then maritime, dialogue, partnership, its rest."""
    part = provisional_share(past.settings)
    before = (0.12 + 0.10 + 0.12 + 0.05 + 0.09 + part * 0.16) / (5 + part)
    after = (0.20 + 0.075 + 0.18 + (1 - part) * 0.16) / (4 - part)
    assert seen("P6", past)[2] == pytest.approx(after - before)


def test_the_gap_on_record(past: Past, settings: Settings):
    """2014Q4: cyber, space, exercise agreed, nothing carried out; the Joint Declaration a third of its way."""
    whole, way = sum(one.ambition for one in settings.instruments), 19 / 65
    declaration = 0.05 * (0.8 + way * 0.2 - 0.3 - way * 0.3)
    line, *_ = (number.record for number in numbers("P1", past))
    assert line.value == pytest.approx((0.12 + 0.10 + 0.12 + declaration) / whole)
    assert line.low == pytest.approx((0.04 + 0.05 + 0.08 + 0.05 * (0.8 + way * 0.2 - 0.6)) / whole)
    assert line.low <= line.value <= line.high
    table = past.now
    today = sum(
        one.ambition * (table.of(one.slug).agreed - table.of(one.slug).operational) for one in settings.instruments
    )
    assert numbers("P1", past)[2].record.value == pytest.approx(today / whole)


def test_every_number_on_record_lies_in_its_interval_and_says_what_it_rests_on(past: Past):
    for pattern in PATTERNS:
        assert pattern in TITLES
        for number in numbers(pattern, past):
            one = number.record
            assert one.basis and (np.isnan(one.value) == (one.basis == NONE))
            assert np.isnan(one.low) or one.low <= one.value <= one.high


# Intervals and sentences


def test_exact_intervals_of_counts():
    """Seven events: 3.29 to 13.15 (Garwood 1936, table at 5 and 95 %); four of four: from the fourth root of 5 %."""
    one = exact_rate(7, 1.0)
    assert (one.value, one.low, one.high) == pytest.approx((7, 3.285, 13.148), abs=5e-4)
    assert (exact_rate(0, 2.0).low, exact_rate(0, 2.0).high) == pytest.approx((0.0, -np.log(0.05) / 2))
    four = exact_share(4, 4)
    assert (four.value, four.low, four.high) == pytest.approx((1.0, 0.05**0.25, 1.0))
    assert exact_share(0, 5).low == 0.0
    assert np.isnan(exact_share(0, 0).value)


@given(st.integers(0, 30), st.integers(0, 30))
def test_the_interval_of_a_change_is_wider_than_either_rates_and_turns_with_their_order(one: int, other: int):
    rates = exact_rate(one, 12.0), exact_rate(other, 4.5)
    forth, back = rate_change(*rates), rate_change(*reversed(rates))
    assert (back.value, back.low, back.high) == pytest.approx((-forth.value, -forth.high, -forth.low))
    for rate in rates:
        assert forth.high - forth.low >= rate.high - rate.low - 1e-12


def test_the_share_of_runs_beyond_the_record():
    runs = np.arange(10.0)
    assert beyond(runs, 4.5) == 1.0
    assert beyond(runs, 9.0) == pytest.approx(0.2)
    assert beyond(runs, 20.0) == 0.0
    assert np.isnan(beyond(runs, np.nan))


@pytest.mark.parametrize(
    ("record", "asks", "expected"),
    [
        (Seen(5.0), 0, "the record lies inside the runs' 90 %"),
        (Seen(11.0), 0, "outside: the model has less"),
        (Seen(-1.0, -3.0, 2.0), 0, "outside: the model has more, though the record's own interval reaches in"),
        (Seen(-1.0, -3.0, -0.5), 0, "outside: the model has more"),
        (Seen(np.nan), 0, "no number on record to compare with"),
        (Seen(np.nan), 1, "rises, as the pattern asks, in 90 % of runs"),
        (Seen(np.nan), -1, "falls, as the pattern asks, in 0 % of runs"),
    ],
)
def test_sentences_follow_a_rule(record: Seen, asks: int, expected: str):
    number = Number("n", "u", (), record, lambda runs: np.zeros(1), asks)
    assert reading(number, np.arange(10.0), 0.0, 10.0) == expected


# All together


def test_what_was_not_recorded_has_a_row_that_says_so(settings: Settings):
    table = compare(histories(settings))
    assert list(table.columns) == COLUMNS
    without = table[table["reading"].str.startswith("not recorded")]
    assert set(without["pattern"]) == {"P7", "P9"}
    assert without["median"].isna().all() and (without["runs"] == 0).all()
    assert "needs table vetoes" in set(without["reading"].str.removeprefix("not recorded: "))
    assert set(table.loc[table["pattern"] == "P2", "reading"]) == {"no run has it"}


def asked(**other: object) -> Experiment:
    content = {
        **{"name": "patterns", "question": "Do the patterns of the record come out?", "scenarios": ("hindcast",)},
        **{"policies": ("none",), "runs": 48, "seed": 1, "set": {}},
        "record": ("trajectories", "transitions", "actors", "vetoes"),
    }
    return Experiment.model_validate({**content, **other})


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("patterns") / "results"
    run_experiment(asked(), folder, workers=1)
    return folder


def test_runs_of_the_hindcast_have_every_number(results: Path):
    table = patterns(results)
    assert list(table["pattern"].unique()) == list(PATTERNS)
    assert np.isfinite(table[["median", "low", "high"]].to_numpy(dtype=float)).all()
    assert ((table["low"] <= table["median"]) & (table["median"] <= table["high"])).all()
    assert (table["runs"] > 0).all() and (table["runs"] <= 48).all()
    assert (table["record"].isna() == table["share_beyond"].isna()).all()


def test_agreed_depths_read_off_declared_depth_are_depths(results: Path):
    """Of agreements that took effect alone in their quarter: between nothing and full ambition, as the model has it."""
    loaded = load(results)
    runs = Histories(loaded, "hindcast", "none", np.arange(48), loaded.settings("hindcast", "none"))
    number, rise = effects(runs)
    ambition = {one.slug: one.ambition for one in runs.settings.instruments}
    alone = [
        rise[key[0], moment - quarter_index(FIRST)] / part / ambition[key[2]]
        for key, moment, part in taking_effect(runs.changes, provisional_share(runs.settings))
        if number[key[0], moment - quarter_index(FIRST)] == part
    ]
    assert len(alone) > 48
    assert min(alone) > 0.05 and max(alone) < 1.0 + 1e-9


def test_names_that_are_not_there_are_refused(results: Path):
    with pytest.raises(UserError, match="--policy = dialogue"):
        patterns(results, policy="dialogue")
    with pytest.raises(UserError, match="--scenario = outlook"):
        patterns(results, scenario="outlook")


def test_results_that_do_not_cover_the_record_are_refused(tmp_path: Path):
    short = asked(runs=1, until="2012Q4", record=("trajectories", "transitions"))
    run_experiment(short, tmp_path / "short", workers=1)
    with pytest.raises(UserError, match="no scenario from 2010Q1 to 2026Q2"):
        patterns(tmp_path / "short")


def test_runs_that_failed_leave_no_zeros(settings: Settings, past: Past):
    whole = histories(settings, moves(*FILES))
    tables = {name: rows[rows["run"] > 0] for name, rows in whole.results.content.items()}  # type: ignore[attr-defined]
    fewer = replace(whole, results=Kept(tables), well=np.array([1, 2]))
    for pattern, place in (("P2", 0), ("P5", 0), ("P8", 2)):
        of_all, of_some = (values(pattern, place, past, one) for one in (whole, fewer))
        np.testing.assert_array_equal(of_some, of_all[1:])
