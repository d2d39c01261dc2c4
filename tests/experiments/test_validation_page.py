"""The page says what the saved tables say, calls the aim reached or missed by rule, and has no gap."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from string import Template
from typing import Any

import pandas as pd
import pytest

from config import load_record
from config.calendar import CALIBRATED_TO, quarter_name
from experiments.calibrating import plan_of
from experiments.hindcasting import FORECASTERS, LAST, ORIGINS, REFERENCES
from experiments.validation_page import NOT_MADE, SCORES, TEXT, WORST, markdown, page

PLAN = plan_of()
NAN = float("nan")
Rows = list[dict[str, Any]]


# Tables by hand


def skill(**validate: Mapping[str, float]) -> Rows:
    """Skill, low and high of scores on validation events over constant hazards; all else is the same everywhere."""
    rows = []
    for use in ("calibrate", "validate"):
        for reference in REFERENCES:
            for score in SCORES:
                row: dict[str, Any] = {"use": use, "reference": reference, "score": score}
                row |= {"events": 30, "clusters": 12}
                row |= {"model": 1.5, "theirs": 2.0, "skill": 0.25, "low": 0.11, "high": 0.41}
                row |= dict.fromkeys(("gain", "gain_low", "gain_high"), NAN)
                row |= {"gain": 0.5, "gain_low": 0.125, "gain_high": 0.875} if score == "log" else {}
                if use == "validate" and reference == "constant hazard":
                    row |= validate.get(score, {})
                rows.append(row)
    return rows


def forecast(event: str, origin: str, happened: str, median: str, log: float, **other: Any) -> Rows:
    """The model's forecast of an event, beside those of the references, which lose 2 nats and one year."""
    row = {"origin": origin, "event": event, "use": "calibrate", "domain": "civil", "cluster": event, "later": 0.25}
    row |= {"happened": happened, "median": median, "low": "2011Q1", "high": "later", "crps": 0.5}
    row |= dict.fromkeys(("brier_2", "brier_4", "brier_8"), NAN)
    references = {"log": 2.0, "crps": 1.0}
    return [{**row, "forecaster": name, "log": log} | other | (references if name != "model" else {})
            for name in FORECASTERS]  # fmt: skip


SCORED = [
    *forecast("csdp_fpa signed", "2010Q1", "", "2016Q2", 2.5, domain="operations"),
    *forecast("csdp_fpa signed", "2014Q1", "", "later", 3.5, domain="operations", low="2015Q4"),
    *forecast("spa_framework signed", "2014Q1", "2018Q3", "2016Q1", 1.25),
    *forecast("spa_framework signed", "2010Q1", "2018Q3", "later", 1.75),
    *forecast("JPN/force step 1", "2010Q1", "2014Q3", "2014Q3", 0.5, domain="Japan", use="validate"),
]
COVERAGE = [
    {"use": use, "level": level, "covered": 7, "events": 9, "share": 0.77, "lower": 0.45, "upper": 0.96}
    | {"expected": 0.71}
    for use in ("calibrate", "validate")
    for level in (0.5, 0.8, 0.9)
]  # fmt: skip


def learnt(name: str, contraction: float, shift: float = 0.0) -> dict[str, Any]:
    prior = {"prior": 1.0, "prior_low": 0.5, "prior_high": 1.5}
    after = {"posterior": 1.2, "posterior_low": 1.1, "posterior_high": 1.3}
    return {"name": name, **prior, **after, "contraction": contraction, "shift": shift}


def pattern(
    number: str, unit: str, record: tuple[float, float, float], runs: tuple[float, float, float]
) -> dict[str, Any]:
    names = ("record", "record_low", "record_high", "median", "low", "high")
    values = dict(zip(names, (*record, *runs), strict=True))
    return {"pattern": "P1", "number": number, "unit": unit, **values, "basis": "", "runs": 20, "share_beyond": 0.5,
            "reading": "inside"}  # fmt: skip


def answer(policy: str, by: str, third: str, mean: float) -> dict[str, Any]:
    return {
        "policy": policy,
        "by": by,
        "third": third,
        "runs": 20,
        "mean": mean,
        "low": mean - 0.01,
        "high": mean + 0.01,
    }


THIRDS = ("lowest third", "middle third", "highest third")
TABLES: dict[str, Rows] = {
    "skill": skill(),
    "skill_of_prior": [{**row, "skill": 0.08} for row in reversed(skill())],
    "coverage": COVERAGE,
    "scores": SCORED,
    "patterns": [pattern("gap", "depth", (0.04, 0.02, 0.05), (0.036, 0.001, 0.07))],
    "answers": [
        answer("framework", "all runs", "", 0.05),
        *(answer("framework", "attention.link", third, 0.04 + place / 100) for place, third in enumerate(THIRDS)),
        answer("dialogue+framework", "all runs", "", -0.02),
    ],
}
CALIBRATED: dict[str, Rows] = {
    "informed": [learnt("files.forecast", 0.02), learnt("positions.constant", 0.31, -1.25)],
    "left_out": [
        {"domain": "civil", "use": "calibrate", "events": 8, "seen_log": 1.11, "unseen_log": 1.22, "plain_log": 1.33,
         "seen_crps": 0.44, "unseen_crps": 0.55, "plain_crps": 0.66},
    ],
}  # fmt: skip


def written(folder: Path, synthetic: Path | None = None, /, **other: Rows) -> str:
    """The page from these tables, others in their place or beside them."""
    folder.mkdir(exist_ok=True)
    for name, rows in {**TABLES, **other}.items():
        pd.DataFrame(rows).to_csv(folder / f"{name}.csv", index=False)
    return page(folder, PLAN, synthetic)


def section(text: str, title: str) -> str:
    return text.split(f"## {title}\n")[1].split("\n## ")[0]


def cells(text: str) -> list[list[str]]:
    """Rows of all tables, without their heads."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    heads = {place for place, row in enumerate(rows) if set(row) == {"---"}}
    return [row for place, row in enumerate(rows) if place not in heads and place + 1 not in heads]


# The whole


@pytest.mark.parametrize("calibrated", [False, True])
def test_every_place_is_filled_and_nothing_is_no_number(tmp_path: Path, calibrated: bool) -> None:
    text = written(tmp_path, **CALIBRATED if calibrated else {})
    assert "$" not in text and "None" not in text
    assert not re.search(r"\bnan\b", text, re.IGNORECASE)
    assert (NOT_MADE in text) != calibrated
    for name in Template(TEXT.read_text(encoding="utf-8")).get_identifiers():
        assert name in ("parameters", "until", "histories") or f"\n${name}\n" in TEXT.read_text(encoding="utf-8")
    assert all(section.strip() for section in text.split("\n## "))
    for line in text.splitlines():
        assert not line.startswith("|") or line.endswith("|")


def test_tables_are_as_wide_as_their_heads(tmp_path: Path) -> None:
    text = written(tmp_path, **CALIBRATED)
    for block in text.split("\n\n"):
        lines = [line for line in block.splitlines() if line.startswith("|")]
        assert len({line.count("|") for line in lines}) <= 1, block


A_NUMBER = {
    **{"skill": "model", "skill_of_prior": "skill", "coverage": "expected", "scores": "crps", "patterns": "median"},
    **{"answers": "mean", "informed": "shift", "left_out": "plain_log"},
}


@pytest.mark.parametrize("table", [*TABLES, *CALIBRATED])
def test_every_table_is_read(tmp_path: Path, table: str) -> None:
    """Another number in any of them makes another page: nothing is typed by hand."""
    before = written(tmp_path, **CALIBRATED)
    rows = [dict(row) for row in {**TABLES, **CALIBRATED}[table]]
    rows[0][A_NUMBER[table]] += 0.375
    assert written(tmp_path, **{**CALIBRATED, table: rows}) != before


def test_the_plan_is_told(tmp_path: Path) -> None:
    text = written(tmp_path).replace("\n", " ")
    assert f"{len(PLAN.parameters)} parameters of the rules" in text
    assert f"up to {quarter_name(PLAN.until)}" in text and f"{sum(PLAN.rounds):,} histories" in text


def test_a_table_in_markdown() -> None:
    assert markdown(["a", ""], [[1, "x"], ["", None]]) == "| a |  |\n| --- | --- |\n| 1 | x |\n|  | None |"


# Skill


UNSURE = "as the interval does not exclude no skill"


@pytest.mark.parametrize(
    ("validate", "said"),
    [
        ({"skill": 0.31, "low": 0.05, "high": 0.5}, "0.31 (0.05 to 0.50), reached"),
        ({"skill": 0.20, "low": 0.01, "high": 0.5}, "0.20 (0.01 to 0.50), reached"),
        ({"skill": 0.31, "low": -0.02, "high": 0.5}, f"0.31 (-0.02 to 0.50), missed, {UNSURE}"),
        ({"skill": 0.31, "low": 0.0, "high": 0.5}, f"0.31 (0.00 to 0.50), missed, {UNSURE}"),
        ({"skill": 0.19, "low": 0.05, "high": 0.3}, "0.19 (0.05 to 0.30), missed"),
        ({"skill": -0.4, "low": -0.9, "high": -0.1}, "-0.40 (-0.90 to -0.10), missed"),
    ],
)  # fmt: skip
def test_the_aim_is_called_reached_or_missed_by_rule(tmp_path: Path, validate: dict[str, float], said: str) -> None:
    other = {"skill": 0.5, "low": 0.4, "high": 0.6}
    for ours, theirs in (("log", "crps"), ("crps", "log")):
        text = section(written(tmp_path, skill=skill(**{ours: validate, theirs: other})), "Skill")
        verdict = text[text.index("The aim set beforehand") :].split("\n\n")[0].strip().replace("\n", " ")
        parts = {"log": "log score 0.50 (0.40 to 0.60), reached", "crps": "CRPS 0.50 (0.40 to 0.60), reached"}
        parts[ours] = f"{SCORES[ours]} {said}"
        assert verdict.endswith(f"above zero: {parts['log']}; {parts['crps']}.")


def test_events_of_calibration_and_other_references_do_not_count_for_the_aim(tmp_path: Path) -> None:
    poor = [dict(row) for row in skill()]
    for row in poor:
        if row["use"] == "calibrate" or row["reference"] != "constant hazard":
            row |= {"skill": -1.0, "low": -2.0}
    text = section(written(tmp_path, skill=poor), "Skill")
    assert text.count("reached") == 2 and "missed" not in text


def test_skill_is_shown_beside_that_of_the_uncalibrated_model(tmp_path: Path) -> None:
    text = section(written(tmp_path), "Skill")
    rows = cells(text)
    assert len(rows) == 2 * len(REFERENCES) * len(SCORES)
    assert rows[0] == ["constant hazard", "log score", "1.500", "2.000", "**0.25** (0.11 to 0.41)", "0.08",
                       "+0.50 (+0.12 to +0.88)"]  # fmt: skip
    assert rows[1][1:] == ["CRPS", "1.500", "2.000", "**0.25** (0.11 to 0.41)", "0.08", ""]
    assert text.count("30 forecasts of events of 12 files") == 2
    assert text.index("Events that calibration saw") < text.index("Events kept for validation")


# Coverage, and where it is wrong


def test_coverage(tmp_path: Path) -> None:
    rows = cells(section(written(tmp_path), "Coverage"))
    assert rows[1] == ["Events that calibration saw", "80%", "7 of 9", "0.71", "0.45 to 0.96"]
    assert [row[0] for row in rows].count("Events kept for validation") == 3


def test_the_events_on_which_most_is_lost_with_the_forecast_that_was_worst(tmp_path: Path) -> None:
    rows = cells(section(written(tmp_path), "Where it is wrong"))
    worst = "later (2015Q4 to later), from 2014Q1"
    assert rows[:3] == [
        ["csdp_fpa signed", "operations", "calibrate", "not by the end", worst, "+1.00"],
        ["spa_framework signed", "civil", "calibrate", "2018Q3", "later (2011Q1 to later), from 2010Q1", "-0.50"],
        ["JPN/force step 1", "Japan", "validate", "2014Q3", "2014Q3 (2011Q1 to later), from 2010Q1", "-1.50"],
    ]  # fmt: skip


def test_no_more_than_the_worst_few(tmp_path: Path) -> None:
    many = [
        row for place in range(20) for row in forecast(f"file{place} signed", "2010Q1", "2012Q1", "2013Q1", place / 2)
    ]
    rows = cells(section(written(tmp_path, scores=many), "Where it is wrong"))
    assert [row[0] for row in rows[:WORST]] == [f"file{place} signed" for place in range(19, 19 - WORST, -1)]
    assert len(rows) == WORST + 1, "and one field"


def test_means_by_field(tmp_path: Path) -> None:
    rows = cells(section(written(tmp_path), "Where it is wrong"))[3:]
    assert rows == [
        ["Japan", "0.50", "2.00", "0.50", "1.00"],
        ["civil", "1.50", "2.00", "0.50", "1.00"],
        ["operations", "3.00", "2.00", "0.50", "1.00"],
    ]


def test_which_side_it_errs_on(tmp_path: Path) -> None:
    """Of one event too early and too late by half, of another never; what did not happen says nothing."""
    text = section(written(tmp_path), "Where it is wrong")
    assert "too late and too early in: Japan 0% and 0%, civil 50% and 50%." in text


# Parameters


def test_what_the_record_informs(tmp_path: Path) -> None:
    text = section(written(tmp_path, **CALIBRATED), "What the record informs")
    assert cells(text) == [
        ["`positions.constant`", "1.00 (0.50 to 1.50)", "1.20 (1.10 to 1.30)", "31%", "-1.2"],
        ["`files.forecast`", "1.00 (0.50 to 1.50)", "1.20 (1.10 to 1.30)", "2%", "+0.0"],
    ]
    assert "Informed: `positions.constant`.\nHardly or not at all: `files.forecast`." in text
    assert "pictures/informed.png" in text


@pytest.mark.parametrize(
    ("contractions", "said"),
    [
        ((0.1, 0.2), "Informed: `b`, `a`.\nHardly or not at all: none."),
        ((0.099, -0.1), "Informed: none.\nHardly or not at all: `a`, `b`."),
    ],
)
def test_a_parameter_is_called_informed_from_a_tenth_on(
    tmp_path: Path, contractions: tuple[float, float], said: str
) -> None:
    rows = [learnt(name, contraction) for name, contraction in zip("ab", contractions, strict=True)]
    assert said in written(tmp_path, informed=rows)


def test_without_calibration_it_says_so_twice(tmp_path: Path) -> None:
    text = written(tmp_path)
    for title in ("What the record informs", "Leaving one field out"):
        assert section(text, title).strip().endswith(NOT_MADE) and not cells(section(text, title))
    assert "informed.png" not in text


def test_leaving_one_field_out(tmp_path: Path) -> None:
    rows = cells(section(written(tmp_path, **CALIBRATED), "Leaving one field out"))
    assert rows == [["civil", "calibrate", "8", "1.11", "1.22", "1.33", "0.44", "0.55", "0.66"]]


# Synthetic records


def test_coverage_of_synthetic_records_if_it_was_measured(tmp_path: Path) -> None:
    title = "Does the method find what is there?"
    for missing in (None, tmp_path / "nothing.json"):
        assert section(written(tmp_path / "out", missing), title).strip() == "Not measured."
    file = tmp_path / "coverage.json"
    level = {"level": 0.8, "covered": 250, "of": 280, "share": 0.893, "by_record": [0.85, 0.93]}
    sizes = [{"histories": size, "effective": [10.2, 22.4, size / 60]} for size in (1024, 4096)]
    file.write_text(json.dumps({"records": 20, "histories": 4096, "coverage": [level], "by_histories": sizes}))
    text = section(written(tmp_path / "out", file), title)
    assert cells(text) == [["80%", "250 of 280", "0.89 (0.85 to 0.93)"]]
    assert "20 synthetic records" in text and "4,096 histories each" in text
    assert "worth 22 equally weighted draws (median; quartiles 10 and 68)" in text.replace("\n", " ")


# Patterns and answers


def test_patterns_with_and_without_a_number_on_record_or_in_runs(tmp_path: Path) -> None:
    nothing = (NAN, NAN, NAN)
    rows = [
        pattern("gap", "depth", (0.074, NAN, NAN), (0.12, 0.05, 0.2)),
        pattern("money", "EUR million", (4600, 4600, 5600), (1538.4, 0, 2974.2)),
        pattern("position", "depth", nothing, (0.038, -0.01, 0.05)),
        pattern("talks", "quarters", (2, NAN, NAN), nothing),
    ]
    found = cells(section(written(tmp_path, patterns=rows), "Patterns of the record"))
    assert [row[3:5] for row in found] == [
        ["0.074", "0.12 (0.05 to 0.2)"],
        ["4,600 (4,600 to 5,600)", "1,538 (0 to 2,974)"],
        ["", "0.038 (-0.01 to 0.05)"],
        ["2", ""],
    ]


def test_answers_over_thirds(tmp_path: Path) -> None:
    rows = cells(section(written(tmp_path), "What the answers hang on"))
    assert rows == [
        ["framework", "", "**+0.050 (+0.040 to +0.060)**", "", ""],
        ["", "`attention.link`", "+0.040 (+0.030 to +0.050)", "+0.050 (+0.040 to +0.060)", "+0.060 (+0.050 to +0.070)"],
        ["dialogue + framework", "", "**-0.020 (-0.030 to -0.010)**", "", ""],
    ]


# What is said in words


def test_what_the_text_says_of_origins_and_of_what_is_kept_back_is_so() -> None:
    text = " ".join(TEXT.read_text(encoding="utf-8").split())
    assert f"the true state of {', '.join(ORIGINS[:-1])} and {ORIGINS[-1]};" in text and f"with {LAST}" in text
    kept = {(row.instrument, row.partner, row.stage) for row in load_record()
            if row.use == "validate" and row.rank and row.last <= CALIBRATED_TO}  # fmt: skip
    assert kept == {("spa_framework", "EU", "provisional"), ("raa", "FRA", "negotiating")}
    assert "the provisional application of the framework agreement, the start of talks on access with France" in text
    dated = [row for row in load_record() if row.rank and row.use != "context" and row.first >= 4 * 2010]
    assert 55 <= len(dated) <= 69 and "some sixty dated events" in text


def test_pictures_that_the_page_shows_are_those_that_are_made() -> None:
    from experiments.validating import PICTURES

    text = TEXT.read_text(encoding="utf-8") + Path(markdown.__code__.co_filename).read_text(encoding="utf-8")
    shown = set(re.findall(r"\(pictures/(\w+)\.png\)", text))
    assert shown and shown <= set(PICTURES)


def test_numbers_that_are_not_there_are_an_error_not_a_page(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        page(tmp_path, PLAN)


def test_the_last_origin_has_a_verdict_of_its_own(tmp_path: Path) -> None:
    alone = [{**row, "use": "latest", "skill": 0.1} for row in skill() if row["use"] == "validate"]
    text = section(written(tmp_path, skill=[*skill(), *alone]), "Skill")
    assert "from 2024Q3 alone, where what did not happen" in text
    assert "log score from 2024Q3 alone 0.10" in text and "CRPS from 2024Q3 alone 0.10" in text
