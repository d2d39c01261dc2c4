"""Records made by the model: they say what happened, and ranks of known parameters are what they are called."""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from config.calendar import quarter_index, quarter_name
from config.loading import resolve
from config.schema import PRESSURES
from experiments import synthetic
from experiments.calibrating import TOPICS, VETOES_FROM, plan_of, values_of
from experiments.synthetic import SEED, Found, Truth, truths
from simulation.model import PartnershipModel

PLAN = plan_of()
FREE = resolve(PLAN.scenario, "none", prior=True, until=quarter_name(PLAN.until))
RECORDS = 6


@pytest.fixture(scope="module")
def made() -> list[Truth]:
    return truths(PLAN, RECORDS)


# Records


def test_a_history_told_its_own_record_repeats_itself(made: list[Truth]) -> None:
    """With the luck behind it, held to what is known of it: the same to the last bit, and possible by every belief."""
    one = next(truth for truth in made if not truth.withdrawn)
    given = values_of(FREE, PLAN.parameters, one.z[np.newaxis])
    free, told = (
        PartnershipModel(settings, [one.run], SEED, ("trajectories", "transitions"), given)
        for settings in (FREE, one.settings)
    )
    free.run()
    while told.quarter <= FREE.until:
        told.step()
    for name in ("trajectories", "transitions"):
        pd.testing.assert_frame_equal(pd.DataFrame(free.tables()[name]), pd.DataFrame(told.tables()[name]))
    assert all(np.isfinite(part).all() for part in told.beliefs.log_likelihood().values())


def test_records_differ_and_are_made_again_alike(made: list[Truth]) -> None:
    assert [truth.run for truth in made] == sorted({truth.run for truth in made})
    assert len({truth.settings.status for truth in made}) == RECORDS
    again = truths(PLAN, 2)
    assert [(one.run, one.settings, one.vetoes) for one in again] == [(a.run, a.settings, a.vetoes) for a in made[:2]]


def test_vetoes_are_counted_as_decisions_by_topic(made: list[Truth]) -> None:
    assert all(set(truth.vetoes) == set(TOPICS) for truth in made)
    first, last = VETOES_FROM, PLAN.vetoes_until
    quarters = {"russia": [first - 1, first, first, first + 1], "china": [last, last + 1]}
    cast = pd.DataFrame([(quarter, topic) for topic in quarters for quarter in quarters[topic]])
    seen = synthetic.vetoes_seen(PLAN, cast.set_axis(["quarter", "subject"], axis=1))
    assert seen == {"russia": 2, "china": 1, "enlargement": 0}


def moves(*rows: tuple[str, str, str, str]) -> pd.DataFrame:
    """Transitions: partner, instrument, stage, quarter."""
    frame = pd.DataFrame(rows, columns=["partner", "instrument", "stage", "quarter"])
    return frame.assign(quarter=frame["quarter"].map(quarter_index))


def seen(*rows: tuple[str, str, str, str]) -> tuple[list[tuple[str, str]], list[str]]:
    stages, withdrawn = synthetic.stages_seen(FREE, moves(*rows))
    return [(row["stage"], row["quarter"]) for row in stages], withdrawn


def test_of_a_first_file_that_is_withdrawn_nothing_is_seen_afterwards() -> None:
    fpa = ("EU", "csdp_fpa")
    assert seen(
        (*fpa, "mandated", "2010Q2"), (*fpa, "negotiating", "2011Q1"), (*fpa, "withdrawn", "2013Q4"),
        (*fpa, "mandated", "2014Q1"),
    ) == ([("mandated", "2010Q2"), ("negotiating", "2011Q1")], ["csdp_fpa"])  # fmt: skip


def test_deepening_is_not_seen_and_its_end_no_withdrawal() -> None:
    declaration, cyber = ("EU", "joint_declaration"), ("EU", "cyber_dialogue")
    assert seen((*declaration, "reopened", "2011Q1"), (*declaration, "withdrawn", "2014Q1")) == ([], [])
    assert seen(
        (*cyber, "negotiating", "2011Q1"), (*cyber, "in_force", "2011Q3"), (*cyber, "reopened", "2012Q1"),
        (*cyber, "deepened", "2012Q4"), (*cyber, "lapsed", "2014Q1"), (*cyber, "negotiating", "2015Q1"),
        (*cyber, "withdrawn", "2018Q1"),
    ) == ([("negotiating", "2011Q1"), ("in_force", "2011Q3"), ("lapsed", "2014Q1"), ("negotiating", "2015Q1")],
          ["cyber_dialogue"])  # fmt: skip


def test_what_lapses_by_the_start_table_is_not_listed() -> None:
    plan = ("EU", "strategic_dialogue_action_plan")
    assert seen((*plan, "lapsed", "2012Q1"), (*plan, "negotiating", "2013Q1")) == ([("negotiating", "2013Q1")], [])


def test_spells_join_quarters_of_one_regime() -> None:
    regimes = np.zeros((4, len(PRESSURES)), dtype=np.int64)
    regimes[2:, 0] = 2
    russia = [spell for spell in synthetic.spells(FREE.start, regimes) if spell["pressure"] == "russia"]
    assert [(spell["regime"], spell["from"], spell["until"]) for spell in russia] == [
        ("calm", "2010Q1", "2010Q3"), ("crisis", "2010Q3", "2011Q1"),
    ]  # fmt: skip


# Coverage


def test_rank_is_the_weight_below_the_truth() -> None:
    z, weight = np.array([[-1.0, 0.0], [0.0, 5.0], [1.0, -5.0]]), np.array([0.2, 0.3, 0.5])
    np.testing.assert_allclose(synthetic.ranks(z, np.log(weight), np.array([0.5, 6.0])), [0.5, 1.0])


def test_uniform_ranks_are_covered_as_often_as_they_should_be() -> None:
    """1,000 records: shares within four standard errors, and all in their intervals."""
    values = np.random.default_rng(3).random((1000, 3))
    for row in synthetic.coverage(values):
        assert row["share"] == pytest.approx(row["level"], abs=4 * np.sqrt(0.25 / values.size))
        for low, high in (row["independent"], row["by_record"]):
            assert low <= row["share"] <= high
    assert synthetic.of_parameter(values[:, 0])["p_uniform"] > 0.001
    assert sum(synthetic.histogram(values)["counts"]) == values.size


def test_ranks_of_one_record_count_as_one() -> None:
    """Parameters that move together tell no more than one: the interval by record is as wide as that of one alone."""
    one = np.random.default_rng(4).random((100, 1))
    same = synthetic.coverage(np.repeat(one, 10, axis=1))
    assert [row["by_record"] for row in same] == [row["by_record"] for row in synthetic.coverage(one)]
    assert all(np.diff(row["by_record"]) > np.diff(row["independent"]) for row in same)


def test_a_report_says_what_was_covered_and_is_gone_on_with(
    made: list[Truth], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The whole way but the calibration itself; what is in the file already is not done again."""
    rng, file, calibrated = np.random.default_rng(5), tmp_path / "coverage.json", []

    def found(task: synthetic.Task) -> list[Found]:
        calibrated.append(task.truth.run)
        return [Found(size, rng.random(len(PLAN.parameters)), size / 100) for size in (100, task.histories)]

    def told(records: int) -> dict[str, Any]:
        words = ["synthetic", "--records", str(records), "--histories", "400", "--out", str(file)]
        monkeypatch.setattr(sys, "argv", words)
        synthetic.main()
        content: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        return content

    monkeypatch.setattr(synthetic, "found", found)
    monkeypatch.setattr(synthetic, "truths", lambda plan, records: made[:records])
    before, after = told(3), told(5)
    assert calibrated == [truth.run for truth in made[:5]]
    assert after["each"][:3] == before["each"]
    assert (after["records"], after["histories"]) == (5, 400)
    assert [row["histories"] for row in after["by_histories"]] == [100, 400]
    assert list(after["parameters"]) == list(PLAN.parameters)
    assert synthetic.kept(file, 401, after["rules"]) == {} == synthetic.kept(file, 400, "other rules")


def test_a_calibration_of_a_few_histories_knows_its_rounds(made: list[Truth]) -> None:
    plan = PLAN.model_copy(update={"rounds": (1000, 3000)})
    rounds = synthetic.found(synthetic.Task(plan, made[0], 40))
    assert [one.histories for one in rounds] == [10, 40]
    for one in rounds:
        assert ((one.ranks >= 0) & (one.ranks <= 1 + 1e-12)).all()
        assert 1 - 1e-12 <= one.effective <= one.histories
