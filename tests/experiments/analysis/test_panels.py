"""Speed from other agreements: estimators find what made-up panels were made with, and the tables are clean."""

import csv
import io
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

import config
from config.panels import load_series
from experiments.analysis import panels

Floats = NDArray[np.float64]
SERIES = Path(config.__file__).parent / "series"
SEEN = date(2026, 6, 30)
"""The day up to which the tables were gathered; what lies after `panels.KNOWN` is no part of any estimate."""


DATES = {
    "agreements": ("mandate", "negotiation_opened", "signed", "in_force", "status_date"),
    "ratifications": ("signed", "date", "pending_on"),
    "japan_agreements": ("negotiation_opened", "signed", "in_force", "status_date"),
}


def inside(draws: Floats, truth: float, tail: float = 0.005) -> bool:
    """Whether a true value lies in the interval of 99 %."""
    low, high = np.quantile(draws, [tail, 1 - tail])
    return bool(low <= truth <= high)


# Recovery


def test_talks_give_back_medians_shape_frailty_and_stayers() -> None:
    rng, n = np.random.default_rng(7), 300
    medians, shape, sigma, stayers = np.array([6.0, 12.0, 24.0]), 2.0, 0.4, 0.25
    kind = np.arange(n) % 3
    waits = (
        (rng.exponential(size=n) / np.log(2)) ** (1 / shape) * medians[kind] * np.exp(sigma * rng.standard_normal(n))
    )
    time = np.where(rng.random(n) < stayers, np.inf, waits)
    entry = np.where(rng.random(n) < 0.3, rng.uniform(0, 8, n), 0.0)
    watched = rng.uniform(30, 70, n)
    seen, event = time > entry, time <= watched
    low = np.where(event, np.floor(time * 90) / 90, watched)
    begun = np.maximum(low, entry)[seen]
    spells = panels.Spells(kind[seen], begun, low[seen] + 1 / 90, entry[seen], event[seen])
    fit = panels.fit_talks(spells, 3, steps=300)
    assert inside(fit.stayers, stayers)
    assert inside(fit.shape, shape)
    assert inside(fit.frailty, sigma)
    middle = medians * panels._median_of_mixture(np.array([shape]), np.array([sigma]))
    assert all(inside(fit.medians[:, c], middle[c]) for c in range(3))
    assert np.quantile(fit.stayers, 0.95) - np.quantile(fit.stayers, 0.05) < 0.2


def test_a_class_with_no_end_seen_is_drawn_towards_the_others() -> None:
    kind = np.array([0] * 30 + [1] * 30 + [2])
    low = np.array([8.0] * 60 + [1.0])
    event = np.array([True] * 60 + [False])
    fit = panels.fit_talks(panels.Spells(kind, low, low + 0.5, np.zeros(61), event), 3, steps=300)
    width = [np.log(fit.medians[:, c]).std() for c in range(3)]
    assert 2 < np.median(fit.medians[:, 2]) < 40 and width[2] > 2 * width[0]


def made_up_ratifications(rng: np.random.Generator, count: int) -> panels.Ratifications:
    """Mixed agreements as the model ratifies them: scale 8, shape 1.4, frailty 0.4, closing 0.6, trade factor 2."""
    scale, shape, frailty, closing, trade = 8.0, 1.4, 0.4, 0.6, 2.0
    cases: dict[tuple[int, int, int], int] = {}
    lags, force, in_force = [], [], []
    for a in range(2 * count):
        slow = trade if a < count and a % 3 == 0 else 1.0
        unit = scale * slow * np.exp(frailty * rng.standard_normal())
        members = np.maximum(np.ceil(unit * rng.exponential(size=27) ** (1 / shape)).astype(int), 1)
        last = members.max()
        closed = last + rng.geometric(1 - np.exp(-closing)) - 1
        if a < count:
            for n in members:
                key = (a, n, n) if n <= 24 else (a, 24, panels.LONGEST)
                cases[key] = cases.get(key, 0) + 1
            lags.append(closed - last)
        else:
            force.append(min(closed, 40))
            in_force.append(closed <= 40)
    keys = np.array(list(cases))
    return panels.Ratifications(
        agreement=keys[:, 0],
        first=keys[:, 1],
        last=keys[:, 2],
        number=np.array(list(cases.values())),
        all_by=np.zeros(len(keys), dtype=bool),
        trade=np.arange(count) % 3 == 0,
        force=np.array(force),
        in_force=np.array(in_force),
        lag_first=np.array(lags),
        lag_last=np.array(lags),
    )


def test_ratification_gives_back_scale_shape_frailty_closing_and_the_factor_of_trade() -> None:
    fit = panels.fit_ratification(made_up_ratifications(np.random.default_rng(3), 24), steps=250)
    truth = {"scale": 8.0, "shape": 1.4, "frailty": 0.4, "closing": 0.6, "trade": 2.0}
    for name, value in truth.items():
        assert inside(fit[name], value), (name, np.quantile(fit[name], [0.005, 0.5, 0.995]))


def test_waits_give_back_their_hazards() -> None:
    rng, truth = np.random.default_rng(5), np.array([0.2, 0.8])
    kind = np.arange(160) % 2
    n = rng.geometric(1 - np.exp(-truth[kind]))
    event = n <= 10
    data = panels.Waits(kind, np.where(event, n, 10), np.where(event, n, panels.LONGEST), event)
    draws = panels.fit_waits(data, 2, steps=300)
    assert all(inside(draws[:, c], truth[c]) for c in range(2))


def test_the_sampler_knows_a_normal_density() -> None:
    draws = panels.sample(lambda x: -0.5 * (((x - [1.0, -2.0]) / [1.0, 3.0]) ** 2).sum(axis=1), [0.0, 0.0], steps=1500)
    np.testing.assert_allclose(draws.mean(axis=0), [1.0, -2.0], atol=0.3)
    np.testing.assert_allclose(draws.std(axis=0), [1.0, 3.0], rtol=0.15)


# Clocks


def test_what_happens_in_the_quarter_of_signature_counts_in_the_next() -> None:
    signed = date(2020, 2, 1)
    assert panels._elapsed(signed, date(2020, 3, 1)) == panels._elapsed(signed, date(2020, 4, 1)) == 1
    assert panels._elapsed(signed, date(2021, 3, 31)) == 4
    assert panels._lasted(signed, date(2020, 3, 30)) == 0 and panels._lasted(signed, date(2020, 6, 30)) == 1


def test_dates_are_days_or_intervals() -> None:
    assert panels.span("") is None
    assert panels.span("2019-02-01") == panels.Span(date(2019, 2, 1), date(2019, 2, 1))
    assert panels.span("2019-02-01/2019-02-28") == panels.Span(date(2019, 2, 1), date(2019, 2, 28))


def test_talks_that_began_before_watching_enter_late() -> None:
    table = "class,mandate,negotiation_opened,signed,status_date\n"
    table += "trade_mixed,,2007-01-01,2011-01-01,2026-06-30\ntrade_mixed,,2007-01-01,,2010-01-01\n"
    table += "csdp_fpa,2005-01-01,,2006-01-01,2026-06-30\n"
    spells = panels.talks_spells(list(csv.DictReader(io.StringIO(table))))
    np.testing.assert_allclose(spells.entry, [8, 8, 0], atol=0.02)
    np.testing.assert_allclose(spells.high, [16, 12, 4], atol=0.02)
    assert spells.event.tolist() == [True, False, True]


# What no estimate may know


def seen(**cells: str) -> dict[str, str]:
    """A row of a panel as it stood on the last day of 2024Q3: its signature, entry into force and last sight."""
    usual = {"partner": "KOR", "signed": "2020-05-01", "in_force": "", "status_date": "2026-06-30"}
    (found,) = panels.as_known([usual | cells])
    return {name: found[name] for name in ("signed", "in_force", "status_date")}


def test_a_row_stands_as_it_stood_on_the_last_day_of_2024q3() -> None:
    assert date(2024, 9, 30) == panels.KNOWN
    pending = {"signed": "2020-05-01", "in_force": "", "status_date": "2024-09-30"}
    assert seen() == seen(in_force="2024-10-01") == seen(in_force="2025-01-01/2026-06-30") == pending
    assert seen(in_force="2024-09-30") == pending | {"in_force": "2024-09-30"}
    assert seen(in_force="2022-02-01/2026-06-30") == pending | {"status_date": "2022-01-31"}
    assert seen(status_date="2023-01-01") == pending | {"status_date": "2023-01-01"}
    assert seen(signed="2024-10-01", in_force="2025-01-01") == pending | {"signed": ""}


def test_a_member_that_ratified_later_was_pending() -> None:
    row = {"agreement": "made up", "signed": "2020-05-01", "member": "FRA", "pending_on": ""}
    known, later, around = panels.as_known(
        [{**row, "date": when} for when in ("2024-09-30", "2024-10-01", "2024-08-01/2024-10-01")]
    )
    assert (known["date"], known["pending_on"]) == ("2024-09-30", "")
    assert (later["date"], later["pending_on"]) == ("", "2024-09-30")
    assert (around["date"], around["pending_on"]) == ("", "2024-07-31")


def shifted(text: str, days: int) -> str:
    """A date with what lies after the last day known moved, but not to before it."""
    when = panels.span(text)
    if when is None or when.last <= panels.KNOWN:
        return text
    first, last = (
        day if day <= panels.KNOWN else max(day + timedelta(days=days), panels.KNOWN + timedelta(days=1))
        for day in (when.first, when.last)
    )
    return f"{first}/{last}" if first != last else f"{first}"


def otherwise(name: str, days: int) -> list[dict[str, str]]:
    """A panel in which all that happened after 2024Q3 happened at other times, or (no days given) not at all."""
    rows = load_series(name)
    for row in rows:
        for column in DATES[name]:
            row[column] = shifted(row[column], days)
            when = panels.span(row[column])
            if not days and when and when.first > panels.KNOWN and column not in ("status_date", "pending_on"):
                row[column] = ""
    return rows


def of_japan() -> dict[str, list[dict[str, str]]]:
    """Rows on what the record keeps for validation, as they would stand in the panels."""
    agreement = load_series("agreements")[0] | {
        "partner": "JPN",
        "agreement": "EU-Japan SPA",
        "negotiation_opened": "2013-04-01",
        "signed": "2018-07-17",
        "in_force": "2019-02-01",
        "status": "in_force",
    }
    member = load_series("ratifications")[0] | {"agreement": "EU-Japan SPA", "signed": "2018-07-17"}
    rungs = [
        load_series("japan_agreements")[0]
        | {"partner": row.partner, "instrument": row.instrument, "signed": "2016-01-01", "in_force": "2022-01-01"}
        for row in config.load_record()
        if row.use == "validate" and row.partner not in ("EU", "JPN") and row.instrument in panels.JAPAN
    ]
    assert {(row["partner"], row["instrument"]) for row in rungs} >= {("ITA", "acsa"), ("FRA", "raa")}
    return {
        "agreements": [agreement],
        "ratifications": [{**member, "member": f"unnamed {n}", "date": "2018-08-01"} for n in range(27)],
        "japan_agreements": rungs,
    }


def estimates(tables: dict[str, list[dict[str, str]]]) -> pd.DataFrame:
    return pd.concat(
        [
            panels.talks(tables["agreements"], steps=20),
            panels.talks(tables["agreements"], shape=1.0, steps=20),
            panels.ratification(tables["agreements"], tables["ratifications"], steps=20),
            panels.conclusion(tables["agreements"], steps=20),
            panels.japan(tables["japan_agreements"], steps=20),
        ],
        ignore_index=True,
    )


@pytest.fixture(scope="module")
def shipped() -> pd.DataFrame:
    return estimates({name: load_series(name) for name in DATES})


@pytest.mark.parametrize("days", [0, 40, 400, -40])
def test_no_estimate_knows_what_happened_after_2024q3(shipped: pd.DataFrame, days: int) -> None:
    """To the bit: in other panels, where everything later came sooner, later or never, nothing else is estimated."""
    changed = {name: otherwise(name, days) for name in DATES}
    assert changed["agreements"] != load_series("agreements")
    assert changed["japan_agreements"] != load_series("japan_agreements")
    pd.testing.assert_frame_equal(estimates(changed), shipped, check_exact=True)


def test_no_estimate_reads_what_the_record_keeps_for_validation(
    shipped: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To the bit: rows on Japan's own that are kept back change nothing, and neither do their dates on record."""
    with_japan = {name: rows + of_japan()[name] for name, rows in ((name, load_series(name)) for name in DATES)}
    pd.testing.assert_frame_equal(estimates(with_japan), shipped, check_exact=True)
    record = [row.model_copy(update={"date": "2016"} if row.use == "validate" else {}) for row in config.load_record()]
    monkeypatch.setattr(panels, "load_record", lambda: record)
    pd.testing.assert_frame_equal(estimates(with_japan), shipped, check_exact=True)


def test_what_happened_before_makes_a_difference(shipped: pd.DataFrame) -> None:
    """The comparison above would notice: one entry into force in 2021 a year sooner changes the estimates."""
    tables = {name: load_series(name) for name in DATES}
    for row in tables["japan_agreements"]:
        row["in_force"] = row["in_force"].replace("2021-07-11", "2020-10-11")
    assert not estimates(tables).equals(shipped)


# The tables of config/series


@pytest.mark.parametrize("name", DATES)
def test_dates_are_in_order_and_no_later_than_the_end_of_the_record(name: str) -> None:
    for row in load_series(name):
        spans = [(column, panels.span(row[column])) for column in DATES[name]]
        for column, when in spans:
            assert when is None or (when.first <= when.last <= SEEN), (column, row)
        known = {column: when for column, when in spans if when is not None}
        for earlier, later in (("negotiation_opened", "signed"), ("signed", "in_force"), ("signed", "date")):
            if earlier in known and later in known:
                assert known[earlier].first <= known[later].last, row


def test_nothing_of_the_union_with_japan_is_in_the_panels() -> None:
    for name in ("agreements", "ratifications"):
        text = (SERIES / f"{name}.csv").read_text(encoding="utf-8")
        assert "JPN" not in text and "Japan" not in text
    rows = load_series("japan_agreements")
    assert "EU" not in {row["partner"] for row in rows}
    with (SERIES.parent / "record.csv").open(encoding="utf-8", newline="") as file:
        record = [row for row in csv.DictReader(file) if row["use"] == "validate" and row["partner"] != "EU"]
    kept = {(row["partner"], row["instrument"]) for row in record}
    assert len(kept) >= 3
    assert not kept & {(row["partner"], row["instrument"]) for row in rows}


def test_every_agreement_and_every_ratification_counts_once() -> None:
    agreements = [(row["partner"], row["agreement"]) for row in load_series("agreements")]
    members = [(row["agreement"], row["member"]) for row in load_series("ratifications")]
    assert len(set(agreements)) == len(agreements) and len(set(members)) == len(members)


def test_every_row_of_ratifications_says_when_or_until_when_not() -> None:
    for row in load_series("ratifications"):
        assert bool(row["date"]) != bool(row["pending_on"]), row


def test_tables_are_labelled_and_intervals_hold_their_estimates() -> None:
    tables = [
        panels.talks(steps=120),
        panels.ratification(steps=80),
        panels.conclusion(steps=120),
        panels.japan(steps=120),
    ]
    for table in tables:
        assert list(table.columns) == panels.COLUMNS
        assert (table["lower"] <= table["estimate"]).all() and (table["estimate"] <= table["upper"]).all()
        assert (table["censored"] <= table["n"]).all() and (table["n"] > 0).all()
    assert list(tables[0]["of"][: len(panels.TALKS)]) == list(panels.TALKS)


def test_what_stands_in_the_parameters_is_what_the_panels_say() -> None:
    """Values within a tenth of the estimates, spreads alike: whoever changes the tables changes the parameters."""
    parameters = config.resolve("outlook", "none").parameters
    ratified = panels.ratification(steps=400).set_index("what").loc[["scale", "shape", "frailty", "closing"]]
    concluded = panels.conclusion(steps=1500).set_index("of").loc[["R2", "R8", "R9"]]
    diet = panels.japan(steps=800).set_index("of").loc[["treaties with Diet approval"]]
    found = pd.concat([ratified, concluded, diet])
    names = [*ratified.index, *(f"conclusion_{rule.lower()}" for rule in concluded.index), "diet"]
    for name, (_, row) in zip(names, found.iterrows(), strict=True):
        one = parameters[f"ratification.{name}"]
        assert one.value == pytest.approx(row["estimate"], rel=0.1), name
        assert one.draw is not None and one.draw.lognormal_sd == pytest.approx(row["log_se"], rel=0.25), name


def test_the_share_that_never_moves_is_drawn_around_what_the_panels_say() -> None:
    one = config.resolve("outlook", "none").parameters["files.stayer_share"]
    row = panels.talks(steps=400).set_index("what").loc["stayers"]
    assert one.draw is not None and one.draw.normal is not None
    assert one.value == one.draw.normal[0] == pytest.approx(row["estimate"], rel=0.1)
    assert row["se"] < one.draw.normal[1] < 2 * row["se"]


@pytest.mark.parametrize(
    ("old", "new", "column"),
    [("2016-12-12/2023-04-20", "2023-04-20/2016-12-12", "date"), ("CETA,trade_mixed", "CETA,trade", "class")],
)
def test_a_wrong_cell_is_refused_with_row_and_column(tmp_path: Path, old: str, new: str, column: str) -> None:
    text = (SERIES / "ratifications.csv").read_text(encoding="utf-8")
    (tmp_path / "ratifications.csv").write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(config.UserError, match=rf"ratifications.csv.*line \d+.*column {column}"):
        config.check_file(tmp_path / "ratifications.csv")
