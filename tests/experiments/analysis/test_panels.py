"""Speed from other agreements: estimators find what made-up panels were made with, and the tables are clean."""

import csv
import io
import itertools
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

import config
from config.panels import load_series
from experiments.analysis import panels

Floats = NDArray[np.float64]
SERIES = Path(config.__file__).parent / "series"


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


# The tables of config/series


DATES = {
    "agreements": ("mandate", "negotiation_opened", "signed", "in_force", "status_date"),
    "ratifications": ("signed", "date", "pending_on"),
    "japan_agreements": ("negotiation_opened", "signed", "in_force", "status_date"),
}


@pytest.mark.parametrize("name", DATES)
def test_dates_are_in_order_and_no_later_than_the_end_of_the_record(name: str) -> None:
    for row in load_series(name):
        spans = [(column, panels.span(row[column])) for column in DATES[name]]
        for column, when in spans:
            assert when is None or (when.first <= when.last <= panels.END), (column, row)
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
    found = panels.ratification(steps=400).set_index("what")
    for name in ("scale", "shape", "frailty", "closing"):
        assert parameters[f"ratification.{name}"].value == pytest.approx(found.loc[name, "estimate"], rel=0.1), name
    found = panels.conclusion(steps=800).set_index("of")
    for rule in ("R2", "R8", "R9"):
        assert parameters[f"ratification.conclusion_{rule.lower()}"].value == pytest.approx(
            found.loc[rule, "estimate"], rel=0.1
        )
    diet = panels.japan(steps=800).set_index("of").loc["treaties with Diet approval", "estimate"]
    assert parameters["ratification.diet"].value == pytest.approx(diet, rel=0.1)


def test_a_date_a_day_later_is_a_quarter_later_only_at_the_turn_of_a_quarter() -> None:
    days = [date(2020, 1, 1) + timedelta(days=n) for n in range(366)]
    turns = sum(panels.quarter_of(b) != panels.quarter_of(a) for a, b in itertools.pairwise(days))
    assert turns == 3


@pytest.mark.parametrize(
    ("old", "new", "column"),
    [("2016-12-12/2023-04-20", "2023-04-20/2016-12-12", "date"), ("CETA,trade_mixed", "CETA,trade", "class")],
)
def test_a_wrong_cell_is_refused_with_row_and_column(tmp_path: Path, old: str, new: str, column: str) -> None:
    text = (SERIES / "ratifications.csv").read_text(encoding="utf-8")
    (tmp_path / "ratifications.csv").write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(config.UserError, match=rf"ratifications.csv.*line \d+.*column {column}"):
        config.check_file(tmp_path / "ratifications.csv")
