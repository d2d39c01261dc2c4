"""Thirds are of all runs, fields are left out one at a time, the page goes where asked, nothing stale is kept."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pandas as pd
import pytest

from config import UserError
from config.calendar import CALIBRATED_TO, NEVER, quarter_index
from config.loading import ROOT
from config.schema import Posterior
from experiments import load, running, validating
from experiments.analysis.events import Event
from experiments.analysis.intervals import mean_interval
from experiments.analysis.scores import Observed, from_ensemble
from experiments.calibrating import Informed, Sample, plan_of
from experiments.hindcasting import FORECASTERS, Belief, Forecasts, scored, skills
from experiments.running import Lanes, Simulated, run_experiment
from experiments.validating import THIRDS, answers, draw, keep, left_out, told, validate
from experiments.validation_page import PLAIN
from tests.experiments import fake

PLAN = plan_of()
RUNS = 43
"""No multiple of three."""
STRENGTH = "levers.framework_strength"
DRAWN = ("files.forecast", "attention.link", STRENGTH, "levers.indo_pacific_strength")


# Answers over what nobody knows


def settings_of(experiment: Any, pair: Any) -> Any:
    parameters = {name: SimpleNamespace(value=0.5, draw="uniform") for name in DRAWN}
    return replace(fake.settings_of(experiment, pair), parameters=parameters)


def simulate(settings: Any, lanes: Lanes, seed: int, record: Sequence[str]) -> Simulated:
    """The small world with more that is uncertain."""
    tables, order, seconds = fake.simulate(settings, lanes, seed, record)
    numbers = lanes.runs
    uncertain = {name: np.abs(np.sin(numbers * (2.3 + place) + 1)) for place, name in enumerate(DRAWN)}
    return {**tables, "runs": {**tables["runs"], **uncertain}}, order, seconds


@pytest.fixture
def results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    fake.use(monkeypatch.setattr)
    monkeypatch.setattr(running, "settings_of", settings_of)
    policies = ("none", "framework", "indo_pacific_strategy", "dialogue+framework")
    run_experiment(fake.experiment(policies=policies, runs=RUNS), tmp_path / "small", simulate=simulate)
    return tmp_path / "small"


def gains(folder: Path, policy: str) -> list[float]:
    """What a policy adds in the last quarter, run by run."""
    table = load(folder).table("trajectories", ["run", "policy", "quarter", "operational_depth"])
    last = table[table["quarter"].astype(str) == "2027Q4"]
    with_it, without = (last[last["policy"] == name].set_index("run")["operational_depth"] for name in (policy, "none"))
    return [float(with_it[run] - without[run]) for run in range(RUNS)]


def test_thirds_are_of_all_runs_and_their_means_make_the_mean_of_all(results: Path) -> None:
    found = answers(results)
    assert len(found) > 8
    for policy, part in found.groupby("policy"):
        (whole,) = part[part["by"] == "all runs"].to_dict("records")
        assert whole["runs"] == RUNS and whole["mean"] == pytest.approx(np.mean(gains(results, str(policy))))
        for _, thirds in part[part["by"] != "all runs"].groupby("by"):
            assert thirds["third"].tolist() == list(THIRDS)
            assert thirds["runs"].sum() == RUNS and thirds["runs"].between(RUNS // 3, RUNS // 3 + 1).all()
            assert (thirds["mean"] * thirds["runs"]).sum() / RUNS == pytest.approx(whole["mean"])


def test_a_third_holds_the_runs_with_the_lowest_values(results: Path) -> None:
    drawn = load(results).table("runs")
    drawn = drawn[drawn["policy"] == "none"].set_index("run")
    gain = gains(results, "framework")
    for name in ("files.forecast", "attention.link", STRENGTH):
        order = sorted(range(RUNS), key=lambda run: float(drawn[name][run]))
        found = answers(results).query("policy == 'framework' and by == @name")
        sizes = [0, *np.cumsum(found["runs"])]
        for place, row in enumerate(found.to_dict("records")):
            expected = mean_interval([gain[run] for run in order[sizes[place] : sizes[place + 1]]])
            assert (row["mean"], row["low"], row["high"]) == pytest.approx(expected)


def test_a_policy_is_looked_at_over_its_own_strength_if_it_is_one_alone(results: Path) -> None:
    by = answers(results).groupby("policy")["by"].unique().map(list).to_dict()
    both = ["all runs", "files.forecast", "attention.link"]
    assert by == {
        "framework": [*both, STRENGTH],
        "indo_pacific_strategy": [*both, "levers.indo_pacific_strength"],
        "dialogue+framework": both,
    }


def test_what_is_not_drawn_is_not_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake.use(monkeypatch.setattr)
    run_experiment(fake.experiment(), tmp_path / "small", simulate=fake.simulate)
    assert set(answers(tmp_path / "small")["by"]) == {"all runs", "attention.link"}


# Forecasts by hand


START, END = quarter_index("2014Q1"), quarter_index("2026Q2")
CASES = [
    ("csdp_fpa", "operations", "calibrate", Observed.happened(START + 6, until=CALIBRATED_TO)),
    ("GBR/raa", "bilateral", "calibrate", Observed.not_by(CALIBRATED_TO)),
    ("FRA/raa", "bilateral", "validate", Observed.happened(START + 9)),
    ("ITA/raa", "bilateral", "validate", Observed.happened(START + 5)),
]


def by_hand(origin: int, shift: int = 0) -> Forecasts:
    """Every forecaster says another quarter of each event, and a posterior yet another."""
    events = [Event(file, "signed", use, observed, "signed", domain) for file, domain, use, observed in CASES]
    horizons = [CALIBRATED_TO if one.use == "calibrate" else END for one in events]
    by = {
        name: [from_ensemble([origin + place + 2 * number + shift, NEVER], origin, horizon)
               for number, horizon in enumerate(horizons)]
        for place, name in enumerate(FORECASTERS)
    }  # fmt: skip
    return Forecasts(origin, events, by)


@dataclass
class Asked:
    """Stands for forecasts and sample, and writes down what is asked of them."""

    forecasts: list[tuple[list[int], int, list[Belief]]] = field(default_factory=list)
    without: list[str] = field(default_factory=list)

    def posterior(self, draws: int, without: str = "") -> Posterior:
        self.without.append(without)
        return Posterior(names=("positions.constant",), rows=((float(len(self.without)),),) * draws)

    def make(
        self, origins: Sequence[int], runs: int, record: Any, beliefs: Sequence[Belief], **other: Any
    ) -> list[list[Forecasts]]:
        self.forecasts.append((list(origins), runs, list(beliefs)))
        shifts = [0 if one.posterior is None else int(one.posterior.rows[0][0]) for one in beliefs]
        return [[by_hand(origin, shift) for origin in origins] for shift in shifts]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    one = Asked()
    monkeypatch.setattr(validating, "forecasts", one.make)
    return one


# Leaving fields out


def test_every_field_is_forecast_by_draws_that_have_not_seen_it(asked: Asked) -> None:
    found = left_out(cast(Sample, asked), [START], 30, PLAN, 1, lambda progress: None, ROOT)
    assert asked.without[0] == "" and set(asked.without) > {"", "bilateral", "operations", "Japan"}
    assert len(asked.without) == len(set(asked.without)), "once with all, then without each"
    ((origins, runs, beliefs),) = asked.forecasts
    assert (origins, runs, len(beliefs)) == ([START], 30, len(asked.without))
    assert all(one.posterior and len(one.posterior.rows) == validating.DRAWS_WITHOUT for one in beliefs)
    rows = {(str(row["domain"]), str(row["use"])): row for row in found.to_dict("records")}
    assert set(rows) == {("bilateral", "calibrate"), ("bilateral", "validate"), ("operations", "calibrate")}
    full = scored([by_hand(START, 1)])
    for (domain, use), row in rows.items():
        there = scored([by_hand(START, 1 + asked.without.index(domain))])
        for name, table, who in (("seen", full, "model"), ("unseen", there, "model"), ("plain", full, PLAIN)):
            same = (table["domain"] == domain) & (table["use"] == use) & (table["forecaster"] == who)
            assert row["events"] == same.sum()
            for score in ("log", "crps"):
                assert row[f"{name}_{score}"] == pytest.approx(table.loc[same, score].mean())
    assert rows["bilateral", "validate"]["seen_crps"] != rows["bilateral", "validate"]["unseen_crps"]


# Pictures


def test_a_picture_for_every_origin_and_use_events_of_a_field_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[Any] = []
    monkeypatch.setattr(validating, "hindcast", lambda *what: drawn.append(what))
    monkeypatch.setattr(validating, "save", lambda figure, *where: drawn.append(where))
    only = replace(by_hand(START + 4), events=by_hand(START + 4).events[2:],
                   by={name: said[2:] for name, said in by_hand(START + 4).by.items()})  # fmt: skip
    draw([by_hand(START), only], tmp_path, 30)
    figures = tmp_path / "figures"
    stems = ["hindcast_2014Q1_calibrate", "hindcast_2014Q1_validate", "hindcast_2015Q1_validate"]
    assert drawn[1::2] == [(figures, stem) for stem in stems]
    (first, scenario, runs), (second, *_), _ = drawn[::2]
    assert (scenario, runs) == ("hindcast", 30)
    assert [(row.label, row.group, row.fitted) for row in first] == [
        ("GBR/raa signed", "bilateral", True),
        ("csdp_fpa signed", "operations", True),
    ]
    assert [row.fitted for row in second] == [False, False]
    assert (first[1].forecast.pmf == by_hand(START).by["model"][0].pmf).all()


# Everything


def informed_rows(sample: Any) -> list[Informed]:
    return [Informed("positions.constant", (0.5, 0.1, 0.9), (0.6, 0.4, 0.8), 0.4, 1.5)]


@pytest.fixture
def stubbed(asked: Asked, monkeypatch: pytest.MonkeyPatch) -> Asked:
    """All that takes time says something at once."""
    nothing: Callable[..., None] = lambda *args, **other: None  # noqa: E731
    monkeypatch.setattr(
        validating, "run_experiment", lambda question, folder, **other: folder.mkdir(parents=True, exist_ok=True)
    )
    for name in ("draw", "save", "draw_informed", "draw_patterns"):
        monkeypatch.setattr(validating, name, nothing)
    monkeypatch.setattr(validating, "ORIGINS", ("2014Q1", "2015Q1"))
    monkeypatch.setattr(validating, "informed", informed_rows)
    monkeypatch.setattr(validating, "patterns", lambda folder: pd.DataFrame({"pattern": ["P1"]}))
    monkeypatch.setattr(validating, "answers", lambda folder: pd.DataFrame({"policy": [folder.name]}))
    return asked


def tables(folder: Path) -> set[str]:
    return {file.stem for file in folder.glob("*.csv")}


KEPT = {"scores", "skill", "coverage", "skill_of_prior", "patterns", "answers"}


def test_tables_are_those_of_the_forecasts(tmp_path: Path, stubbed: Asked) -> None:
    validate(tmp_path / "out", PLAN, None, 30)
    assert tables(tmp_path / "out") == KEPT
    table = scored([by_hand(origin) for origin in stubbed.forecasts[0][0]])
    for name, expected in (("scores", table), ("skill", skills(table))):
        there = pd.read_csv(tmp_path / "out" / f"{name}.csv", keep_default_na=name == "skill")
        numbers = expected.select_dtypes("number").columns
        np.testing.assert_allclose(there[numbers].astype(float), expected[numbers], rtol=1e-5)
        assert (there[["use"]] == expected[["use"]]).to_numpy().all()
    assert pd.read_csv(tmp_path / "out" / "answers.csv")["policy"].tolist() == ["impediments", "remedies"]


def test_questions_are_asked_with_all_drawn_that_a_design_would_vary(
    tmp_path: Path, stubbed: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = {}
    monkeypatch.setattr(validating, "run_experiment", lambda question, *_, **__: made.update({question.name: question}))
    (tmp_path / "out").mkdir()
    validate(tmp_path / "out", PLAN, None, 30)
    for name in validating.QUESTIONS:
        assert made[name].design is None and "trajectories" in made[name].record and not made[name].analyses
    lifted = ("lift_attention", "lift_constitution", "lift_fragmentation", "lift_framework")
    assert made["impediments"].policies == ("none", *lifted, "+".join(lifted))
    assert len(made["remedies"].policies) == 5


def test_with_a_sample_it_says_what_was_learnt_and_without_nothing_old_is_left(tmp_path: Path, stubbed: Asked) -> None:
    validate(tmp_path, PLAN, cast(Sample, stubbed), 4096)
    assert tables(tmp_path) == {*KEPT, "informed", "left_out"}
    assert [runs for _, runs, _ in stubbed.forecasts] == [4096, validating.RUNS_WITHOUT]
    assert stubbed.forecasts[0][2] == [Belief(), Belief(prior=True)]
    (row,) = pd.read_csv(tmp_path / "informed.csv").to_dict("records")
    assert row == {
        **{"name": "positions.constant", "prior": 0.5, "prior_low": 0.1, "prior_high": 0.9, "posterior": 0.6},
        **{"posterior_low": 0.4, "posterior_high": 0.8, "contraction": 0.4, "shift": 1.5},
    }
    validate(tmp_path, PLAN, None, 30)
    assert tables(tmp_path) == KEPT, "of a calibration that was not asked for"


def test_a_folder_that_is_taken_is_refused_before_anything_is_forecast(tmp_path: Path, asked: Asked) -> None:
    notes = tmp_path / "out" / "hindcast" / "notes.txt"
    notes.parent.mkdir(parents=True)
    notes.write_text("mine")
    with pytest.raises(UserError, match="something else"):
        validate(tmp_path / "out", PLAN, None, 20)
    assert [file for file in tmp_path.rglob("*") if file.is_file()] == [notes]
    with pytest.raises(UserError, match="is a file, not a folder"):
        validate(notes, PLAN, None, 20)
    assert notes.read_text() == "mine" and not asked.forecasts


def test_numbers_are_kept_in_six_digits(tmp_path: Path) -> None:
    keep(tmp_path, "some", pd.DataFrame({"name": ["a", "b"], "value": [1 / 3, np.nan], "count": [1234567, 2]}))
    assert (tmp_path / "some.csv").read_text() == "name,value,count\na,0.333333,1234567\nb,,2\n"


# The page and what is printed


PAGE = "# How good\n\n## Skill\n\ngood enough – α\n\n## Coverage\n\nmore\n"


@pytest.fixture
def saved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(validating, "page_of", lambda folder, plan, synthetic: PAGE)
    folder = tmp_path / "out"
    (folder / "figures").mkdir(parents=True)
    for name in ("patterns.png", "patterns.svg", "hindcast_2010Q1_calibrate.png", "hindcast_2014Q1_calibrate.png"):
        (folder / "figures" / name).write_text(name)
    return folder


def test_the_page_is_written_beside_the_tables_and_its_skill_printed(saved: Path) -> None:
    said = told(saved, PLAN, None)
    assert said == f"## Skill\n\ngood enough – α\n\nPage: {saved / 'validation.md'}"
    assert (saved / "validation.md").read_bytes() == PAGE.encode()
    assert {one.name for one in saved.iterdir()} == {"figures", "validation.md"}


def test_the_page_goes_where_asked_with_the_pictures_that_there_are(saved: Path, tmp_path: Path) -> None:
    page = tmp_path / "docs" / "page.md"
    assert told(saved, PLAN, page).endswith(f"Page: {page}")
    assert page.read_bytes() == (saved / "validation.md").read_bytes() == PAGE.encode()
    pictures = {one.name: one.read_text() for one in (tmp_path / "docs" / "pictures").iterdir()}
    assert pictures == {name: name for name in ("patterns.png", "hindcast_2010Q1_calibrate.png")}
