"""Forecasts begin where the record stood and know nothing later; their scores are those of each event by hand."""

import csv
import shutil
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from config import Settings, load_record
from config.calendar import CALIBRATED_TO, NEVER, quarter_index, quarter_name
from config.loading import ROOT
from config.schema import STAGES, Posterior, RecordRow
from experiments import hindcasting
from experiments.analysis import references, scores
from experiments.analysis.events import Event, Record
from experiments.analysis.record import EVERYTHING, file_of, scripted, status, step_of
from experiments.analysis.regimes import chances
from experiments.analysis.scores import Forecast, Observed, from_ensemble
from experiments.calibrating import plan_of
from experiments.hindcasting import (
    FORECASTERS,
    LAST,
    ORIGINS,
    REFERENCES,
    Belief,
    Forecasts,
    Task,
    covered,
    forecast_settings,
    forecasts,
    record_of,
    scored,
    skills,
)
from experiments.running import Progress

ROWS = load_record()
END = quarter_index(LAST)
ORIGIN = pytest.mark.parametrize("origin", [quarter_index(name) for name in ORIGINS], ids=ORIGINS)
RUNS = 7


@cache
def at(origin: int) -> Settings:
    return forecast_settings(origin, None, prior=True)


@cache
def on_record() -> Record:
    return record_of(plan_of())


# What an origin knows


@ORIGIN
def test_an_origin_knows_the_record_up_to_the_quarter_before_it_and_no_more(origin: int) -> None:
    settings = at(origin)
    assert (settings.scenario.start, settings.until) == (quarter_index("2010Q1"), END)
    if origin == settings.start:
        assert settings.status is None
        return
    free = settings.model_copy(update={"status": None})
    assert settings.status == status(free, ROWS, origin - 1, EVERYTHING)


def test_an_origin_knows_the_pressures_as_they_were_seen_by_then() -> None:
    assert at(quarter_index("2018Q1")).pressures.drawn == chances(quarter_index("2017Q4"))


def without_what_follows(folder: Path, origin: int) -> Path:
    """A copy of the configuration with another future: nothing happens, and every series shows something else."""
    root = folder / "config"
    shutil.copytree(ROOT, root)
    lines = (ROOT / "record.csv").read_text(encoding="utf-8").splitlines()
    kept = [line for line, row in zip(lines[1:], ROWS, strict=True) if row.first < origin]
    (root / "record.csv").write_text("\n".join([lines[0], *kept]) + "\n", encoding="utf-8")
    series = root / "series" / "pressures.csv"
    with series.open(encoding="utf-8", newline="") as stream:
        values = list(csv.DictReader(stream))
    later = [row for row in values if quarter_index(row["quarter"]) >= origin]
    for row in later:
        row["value"] = str(float(row["value"]) + 3.0)
    assert later and len(kept) < len(ROWS)
    with series.open("w", encoding="utf-8", newline="") as stream:
        out = csv.DictWriter(stream, list(values[0]), lineterminator="\n")
        out.writeheader()
        out.writerows(values)
    return root


def test_an_origin_does_not_notice_what_happens_after_it(tmp_path: Path) -> None:
    origin = quarter_index("2018Q1")
    assert forecast_settings(origin, None, prior=True, root=without_what_follows(tmp_path, origin)) == at(origin)


def test_parameters_come_from_the_posterior_given_else_the_shipped_one_or_their_ranges() -> None:
    origin = quarter_index("2010Q1")
    given = Posterior(names=("positions.constant",), rows=((0.25,),) * 10)
    assert forecast_settings(origin, given).posterior == given
    assert forecast_settings(quarter_index("2014Q1"), given, prior=True).posterior == given
    assert at(origin).posterior is None
    shipped = forecast_settings(origin, None).posterior
    assert (shipped is not None) == (ROOT / "posterior.csv").exists()


# The state at the origin


def told_before(settings: Settings, origin: int) -> set[tuple[str, str, int]]:
    """Stages of files that the record dates before an origin: file, stage, quarter."""
    files = set(on_record().files())
    ours = [row for row in ROWS if row.use != "context" and row.stage in STAGES and file_of(row) in files]
    return {(file_of(row), row.stage, row.last) for row in ours
            if settings.start <= row.first and row.last < origin and not scripted(settings, row)}  # fmt: skip


@pytest.mark.parametrize("origin", ["2014Q1", "2022Q1", "2024Q3"])
def test_a_forecast_starts_from_the_stages_and_steps_of_the_record(origin: str) -> None:
    """In every run, and in no other quarter; of talks that nobody dated the model says that they began at the end."""
    first, settings = quarter_index(origin), at(quarter_index(origin))
    short = settings.model_copy(update={"until": first})
    transitions, trajectories = hindcasting._lived(Task(short, range(3), first, ()))
    told = told_before(settings, first)
    assert len(told) > 8
    before = transitions[(transitions["quarter"] < first) & transitions["stage"].isin(STAGES)]
    partner, instrument = before["partner"].astype(str), before["instrument"].astype(str)
    file = instrument.where(partner == "EU", partner + "/" + instrument)
    held = before.assign(file=file)[file.isin(on_record().files())]
    for run in range(3):
        mine = held[held["run"] == run]
        found = set(zip(mine["file"], mine["stage"].astype(str), mine["quarter"], strict=True))
        undated = {(one, stage, quarter) for one, stage, quarter in found - told if stage == "negotiating"}
        lapsed = {("strategic_dialogue_action_plan", "lapsed", quarter_index("2012Q1"))}
        assert found - undated - lapsed == told
        ends = {(one, quarter) for one, stage, quarter in told if stage in ("signed", "in_force")}
        assert {(one, quarter) for one, _, quarter in undated} <= ends
    steps = trajectories[trajectories["quarter"] == first - 1]
    for ladder in ("force", "transfers", "secrecy", "missions"):
        taken = [step_of(row) for row in ROWS if row.stage.startswith("step") and row.instrument == ladder
                 and row.last < first]  # fmt: skip
        assert set(steps[f"step_{ladder}"]) == {max(taken, default=0)}


# Forecasts over a short past: three years, of which the third is kept for validation


FIRST, LATER, FITTED, SHORT = (quarter_index(name) for name in ("2010Q1", "2011Q1", "2011Q4", "2012Q4"))


def of_three_years() -> list[RecordRow]:
    """The record of these years, what happened in the third kept for validation."""
    rows = [row for row in ROWS if row.last <= SHORT]
    return [row if row.last <= FITTED or row.use == "context" else row.model_copy(update={"use": "validate"})
            for row in rows]  # fmt: skip


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> Record:
    monkeypatch.setattr(hindcasting, "LAST", quarter_name(SHORT))
    return Record(at(FIRST), of_three_years(), FITTED, SHORT)


@pytest.fixture(scope="module")
def made() -> list[Forecasts]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hindcasting, "LAST", quarter_name(SHORT))
        record = Record(at(FIRST), of_three_years(), FITTED, SHORT)
        (made,) = forecasts([FIRST, LATER], RUNS, record, [Belief(prior=True)], workers=1)
        return made


def test_every_forecaster_speaks_of_every_event_to_the_end_of_its_window(short: Record, made: list[Forecasts]) -> None:
    assert [one.origin for one in made] == [FIRST, LATER]
    for one in made:
        assert list(one.events) == short.events(one.origin) and len(one.events) > 40
        assert {event.use for event in one.events} == {"calibrate", "validate"}
        assert tuple(one.by) == FORECASTERS
        for said in one.by.values():
            for event, forecast in zip(one.events, said, strict=True):
                horizon = FITTED if event.use == "calibrate" else SHORT
                assert (forecast.origin, forecast.horizon) == (one.origin, horizon)


def test_references_are_given_the_same_spells_targets_and_number_of_runs(short: Record, made: list[Forecasts]) -> None:
    """Before 2010 nothing is known of a pace: the last five years are the constant hazard there."""
    spells = short.spells()
    for one in made:
        recent = references.constant_hazard if one.origin == FIRST else references.recent_pace
        for place, event in enumerate(one.events):
            target, horizon = short.target(event, one.origin), one.by["model"][place].horizon
            for name, plain in (("constant hazard", references.constant_hazard), ("last five years", recent)):
                expected = plain(spells, target, one.origin, horizon, RUNS)
                np.testing.assert_array_equal(one.by[name][place].pmf, expected.pmf)
            nothing = references.nothing_changes(one.origin, horizon, RUNS)
            np.testing.assert_array_equal(one.by["nothing changes"][place].pmf, nothing.pmf)


def test_the_models_forecast_is_that_of_its_runs_from_the_origin_on(short: Record, made: list[Forecasts]) -> None:
    for one in made:
        settings = forecast_settings(one.origin, None, prior=True)
        when = hindcasting._simulated(Task(settings, range(RUNS), one.origin, one.events))
        for event, forecast in zip(one.events, one.by["model"], strict=True):
            assert min(when[event.name]) >= one.origin and len(when[event.name]) == RUNS
            expected = from_ensemble(when[event.name], one.origin, forecast.horizon)
            np.testing.assert_array_equal(forecast.pmf, expected.pmf)
        assert any(quarter != NEVER for quarters in when.values() for quarter in quarters)


def test_the_same_forecasts_however_runs_are_cut_and_whoever_watches(
    short: Record, made: list[Forecasts], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hindcasting, "WIDTH", 3)

    def backwards(work: object, tasks: Sequence[Task], workers: int) -> Iterator[object]:
        """Blocks come as they finish."""
        for task in reversed(tasks):
            yield task, work(task)  # type: ignore[operator]

    monkeypatch.setattr(hindcasting, "spread", backwards)
    seen: list[Progress] = []
    (again,) = forecasts([FIRST, LATER], RUNS, short, [Belief(prior=True)], progress=seen.append)
    for one, other in zip(made, again, strict=True):
        for forecast, same in zip(one.by["model"], other.by["model"], strict=True):
            np.testing.assert_array_equal(forecast.pmf, same.pmf)
    assert [progress.done for progress in seen] == [1, 4, 7, 8, 11, 14]
    assert {progress.total for progress in seen} == {14}


def test_the_record_is_split_where_the_plan_says() -> None:
    plan = plan_of()
    assert (on_record().fitted_until, on_record().last) == (plan.until, END) == (CALIBRATED_TO, END)


# Scores


def event(name: str, observed: Observed, use: str = "calibrate", domain: str = "civil") -> Event:
    file, _, stage = name.rpartition(" ")
    return Event(file, stage, use, observed, stage, domain)


def of_runs(origin: int, horizon: int, *when: int) -> Forecast:
    return from_ensemble([one if one == NEVER else quarter_index("2014Q1") + one for one in when], origin, horizon)


def by_hand(origin: int, *cases: tuple[Event, Forecast]) -> Forecasts:
    """Forecasters that differ: the model as given, the others with ever more of nothing at all."""
    by = {name: [from_mixture(forecast, place / 4) for _, forecast in cases] for place, name in enumerate(FORECASTERS)}
    return Forecasts(origin, [one for one, _ in cases], by)


def from_mixture(forecast: Forecast, share: float) -> Forecast:
    even = np.full(len(forecast.pmf), 1 / len(forecast.pmf))
    return Forecast(forecast.origin, (1 - share) * forecast.pmf + share * even)


START = quarter_index("2014Q1")
SIGNED = event("csdp_fpa signed", Observed.happened(START + 6, until=CALIBRATED_TO))
VAGUE = event("ITA/acsa signed", Observed.happened(START + 3, START + 8), "validate", "bilateral")
NOT_YET = event("FRA/raa signed", Observed.not_by(CALIBRATED_TO), domain="bilateral")
TWO = [
    by_hand(
        START,
        (SIGNED, of_runs(START, CALIBRATED_TO, 2, 5, 6, 6, 30)),
        (VAGUE, of_runs(START, END, 4, 4, 9, NEVER)),
        (NOT_YET, of_runs(START, CALIBRATED_TO, 20, NEVER, NEVER)),
    ),
    by_hand(
        START + 4,
        (SIGNED, of_runs(START + 4, CALIBRATED_TO, 6, 7)),
        (NOT_YET, of_runs(START + 4, CALIBRATED_TO, NEVER)),
    ),
]


def test_the_table_has_a_row_for_every_origin_event_and_forecaster() -> None:
    table = scored(TWO)
    expected = [
        (quarter_name(one.origin), event.name, name) for one in TWO for event in one.events for name in FORECASTERS
    ]
    assert list(table[["origin", "event", "forecaster"]].itertuples(index=False, name=None)) == expected
    told = table[table["event"] == VAGUE.name].iloc[0]
    assert (told["use"], told["domain"], told["cluster"]) == ("validate", "bilateral", "ITA/acsa")
    assert table.loc[table["event"] == NOT_YET.name, "happened"].eq("").all()
    assert table.loc[table["event"] == VAGUE.name, "happened"].eq("2014Q4").all()
    assert np.isfinite(table[["log", "crps", "later"]].to_numpy()).all()


@pytest.mark.parametrize(("one", "place"), [(TWO[0], 0), (TWO[0], 1), (TWO[0], 2), (TWO[1], 0)])
def test_scores_are_those_of_the_event_by_hand(one: Forecasts, place: int) -> None:
    table, event = scored(TWO), one.events[place]
    rows = table[(table["origin"] == quarter_name(one.origin)) & (table["event"] == event.name)].set_index("forecaster")
    for name in FORECASTERS:
        forecast, row = one.by[name][place], rows.loc[name]
        assert row["log"] == -scores.log_score(forecast, event.observed)
        assert row["crps"] == scores.crps_cut(forecast, event.observed)
        assert row["later"] == forecast.later
        for years in (2, 4, 8):
            (expected,) = scores.brier(forecast, event.observed, [one.origin + 4 * years - 1])
            assert row[f"brier_{years}"] == expected


def test_quantiles_are_quarters_or_later() -> None:
    row = scored(TWO).iloc[0]
    forecast = TWO[0].by["model"][0]
    expected = [quarter_name(forecast.quantile(level)) for level in (0.05, 0.5, 0.95)]
    assert [row["low"], row["median"], row["high"]] == expected == ["2014Q2", "2015Q3", "2022Q1"]
    never = scored([by_hand(START, (NOT_YET, of_runs(START, CALIBRATED_TO, *[NEVER] * 400)))]).iloc[0]
    assert (never["low"], never["median"], never["high"]) == ("later", "later", "later")


def test_a_state_is_scored_only_at_dates_within_the_forecast() -> None:
    """From 2022Q1 events of calibration end with 2024Q3: two years are inside, four are not."""
    origin = quarter_index("2022Q1")
    seen = event("csdp_fpa signed", Observed.not_by(CALIBRATED_TO))
    row = scored([by_hand(origin, (seen, from_ensemble([origin + 3, NEVER], origin, CALIBRATED_TO)))]).iloc[0]
    assert np.isfinite(row["brier_2"]) and np.isnan(row["brier_4"]) and np.isnan(row["brier_8"])
    last = scored([by_hand(CALIBRATED_TO, (seen, from_ensemble([NEVER], CALIBRATED_TO, CALIBRATED_TO)))]).iloc[0]
    assert np.isnan([last["brier_2"], last["brier_4"], last["brier_8"]]).all()


# Skill


def test_skill_compares_the_same_events_of_model_and_reference() -> None:
    table = scored(TWO)
    found = skills(table).set_index(["use", "reference", "score"]).to_dict("index")
    for use in ("calibrate", "validate"):
        part = table[table["use"] == use].set_index(["origin", "event"])
        mine = part[part["forecaster"] == "model"]
        for reference in REFERENCES:
            theirs = part[part["forecaster"] == reference].loc[mine.index]
            for score in ("log", "crps", "brier_2"):
                row = found[use, reference, score]
                expected = scores.skill(mine[score], theirs[score], mine["cluster"].tolist())
                np.testing.assert_allclose([row["skill"], row["low"], row["high"]], expected)
                assert (row["model"], row["theirs"]) == pytest.approx((mine[score].mean(), theirs[score].mean()))
                assert (row["events"], row["clusters"]) == (len(mine), mine["cluster"].nunique())
            gain = scores.gain(-mine["log"], -theirs["log"], mine["cluster"].tolist())
            row = found[use, reference, "log"]
            np.testing.assert_allclose([row["gain"], row["gain_low"], row["gain_high"]], gain)
            assert np.isnan(found[use, reference, "crps"]["gain"]), "nats are those of the log score"


def test_a_date_that_some_events_do_not_reach_is_judged_by_the_others() -> None:
    origin = quarter_index("2018Q1")
    short = event("csdp_fpa signed", Observed.not_by(CALIBRATED_TO))
    long = event("spa_framework signed", Observed.happened(origin + 9, until=CALIBRATED_TO))
    both = scored([
        by_hand(origin, (long, from_ensemble([origin + 8, NEVER], origin, CALIBRATED_TO))),
        by_hand(origin + 20, (short, from_ensemble([NEVER], origin + 20, CALIBRATED_TO))),
    ])  # fmt: skip
    counted = skills(both).query("reference == 'constant hazard'").set_index("score")["events"]
    assert counted.to_dict() == {"log": 2, "crps": 2, "brier_2": 1, "brier_4": 1}, "no row where nothing is judged"


def test_what_moves_together_is_one_cluster() -> None:
    pair = [
        event(f"{one}/co_development signed", Observed.happened(START + 2, until=CALIBRATED_TO))
        for one in ("GBR", "ITA")
    ]
    table = scored([by_hand(START, *((one, of_runs(START, CALIBRATED_TO, 1, 4)) for one in pair))])
    assert set(skills(table)["clusters"]) == {1} and set(skills(table)["events"]) == {2}


# Coverage


def test_coverage_takes_every_event_once_from_its_latest_origin() -> None:
    found = covered(TWO).set_index(["use", "level"]).to_dict("index")
    latest = {
        "calibrate": [(TWO[1].by["model"][0], SIGNED), (TWO[1].by["model"][1], NOT_YET)],
        "validate": [(TWO[0].by["model"][1], VAGUE)],
    }
    for use, pairs in latest.items():
        for expected in scores.coverage([said for said, _ in pairs], [one.observed for _, one in pairs]):
            assert found[use, expected.level] == {k: v for k, v in expected._asdict().items() if k != "level"}
            assert expected.events == len(pairs)
    assert len(found) == 2 * len(scores.CENTRAL)


def test_an_event_asked_about_in_both_windows_is_covered_in_both() -> None:
    """What never happens: until 2024Q3 from earlier origins, until 2026Q2 from the last one."""
    later = event(NOT_YET.name, Observed.not_by(END), "validate")
    made = [TWO[0], by_hand(CALIBRATED_TO, (later, from_ensemble([NEVER, END], CALIBRATED_TO, END)))]
    events = covered(made).groupby("use")["events"].first()
    assert events.to_dict() == {"calibrate": 2, "validate": 2}


def test_without_events_of_a_kind_nothing_is_said_of_it() -> None:
    assert set(covered(TWO[1:])["use"]) == {"calibrate"}
    assert isinstance(covered([]), pd.DataFrame) and covered([]).empty
