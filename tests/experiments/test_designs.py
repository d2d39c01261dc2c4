"""Parameter sets as lanes of few blocks: which history is which, kept, resumed, told and replayed."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from config import resolve
from config.errors import UserError
from config.loading import load_experiment
from config.schema import Experiment
from experiments import load
from experiments.analysis.outcomes import by_choice, inputs
from experiments.replay import Choice, replay
from experiments.report import answer
from experiments.running import run_experiment
from simulation.model import PartnershipModel

LINKS = (0.2, 0.5, 0.9)
ASKED = """
question = "What does the link of the theatres do?"
scenarios = ["outlook"]
policies = ["none", "dialogue"]
runs = 4
seed = 3
until = "2028Q2"
design = { table = "sets.csv" }

[set]
"""


@pytest.fixture
def asked(tmp_path: Path) -> Experiment:
    (tmp_path / "sets.csv").write_text("attention.link,council.acceptance\n" + "".join(f"{x},1.0\n" for x in LINKS))
    (tmp_path / "question.toml").write_text(ASKED)
    return load_experiment(str(tmp_path / "question.toml"))


def single(asked: Experiment, link: float) -> Experiment:
    """The same question about one parameter set, without a design."""
    content = asked.model_dump(by_alias=True, exclude={"design"}, exclude_none=True)
    return Experiment.model_validate({**content, "set": {"attention.link": link, "council.acceptance": 1.0}})


def test_each_set_has_the_histories_that_it_has_alone(tmp_path: Path, asked: Experiment) -> None:
    """Blocks of seven lanes go across sets of four runs; every row equals that of an experiment with the set fixed."""
    outcome = run_experiment(asked, tmp_path / "design", workers=1, width=7)
    assert outcome.total == 2 * 3 * 4
    assert len(list((tmp_path / "design" / "trajectories").iterdir())) == 2 * 2
    for point, link in enumerate(LINKS):
        run_experiment(single(asked, link), tmp_path / str(point), workers=1)
        for table in ("trajectories", "transitions"):
            rows = load(tmp_path / "design").table(table)
            here = rows[rows["point"] == point].drop(columns="point").reset_index(drop=True)
            alone = load(tmp_path / str(point)).table(table)
            pd.testing.assert_frame_equal(here, alone, check_exact=True, check_categorical=False)


def test_rows_are_told_apart_by_point_and_run(tmp_path: Path, asked: Experiment) -> None:
    run_experiment(asked, tmp_path / "design", workers=1, width=7)
    runs = load(tmp_path / "design").table("runs", policies=["none"])
    assert list(runs.columns[:4]) == ["scenario", "policy", "point", "run"]
    assert runs["point"].tolist() == np.repeat(range(3), 4).tolist()
    assert runs["run"].tolist() == [0, 1, 2, 3] * 3
    assert runs["attention.link"].tolist() == np.repeat(LINKS, 4).tolist()
    points = load(tmp_path / "design").points()
    assert points is not None
    assert points.values[:, points.names.index("attention.link")].tolist() == list(LINKS)


def test_the_cut_into_blocks_changes_nothing(tmp_path: Path, asked: Experiment) -> None:
    run_experiment(asked, tmp_path / "whole", workers=1)
    run_experiment(asked, tmp_path / "cut", workers=1, width=5)
    for table in ("trajectories", "transitions", "runs"):
        one, other = (load(tmp_path / name).table(table) for name in ("whole", "cut"))
        pd.testing.assert_frame_equal(one, other, check_exact=True)


def test_a_changed_table_is_another_experiment(tmp_path: Path, asked: Experiment) -> None:
    run_experiment(asked, tmp_path / "r", workers=1)
    assert run_experiment(asked, tmp_path / "r", workers=1).simulated == 0
    (tmp_path / "sets.csv").write_text("attention.link,council.acceptance\n0.3,1.0\n")
    with pytest.raises(UserError, match="differing: the table of the design"):
        run_experiment(asked, tmp_path / "r", workers=1)


def test_a_torn_design_in_a_folder_is_noticed_and_written_again(tmp_path: Path, asked: Experiment) -> None:
    run_experiment(asked, tmp_path / "r", workers=1)
    (tmp_path / "r" / "design.parquet").write_bytes(b"torn")
    with pytest.raises(UserError, match="missing or torn"):
        load(tmp_path / "r").points()
    run_experiment(asked, tmp_path / "r", workers=1)
    assert load(tmp_path / "r").points() is not None


def test_the_answer_and_a_replay_are_told_of_a_design(
    tmp_path: Path, asked: Experiment, capsys: pytest.CaptureFixture[str]
) -> None:
    run_experiment(asked, tmp_path / "r", workers=1)
    answer(tmp_path / "r")
    said = " ".join(capsys.readouterr().out.split())
    assert "12 runs per policy" in said
    assert "3 points of a design with 4 runs each, pooled" in said
    told = replay(tmp_path / "r", Choice(2, False, False, 1))
    assert told.startswith("Run 2 ")
    with pytest.raises(UserError, match=r"--point 0 to 2"):
        replay(tmp_path / "r", Choice(2, False, False))
    with pytest.raises(UserError, match="--point = 3"):
        replay(tmp_path / "r", Choice(2, False, False, 3))


CHOICES = """
question = "When to begin, with whom?"
scenarios = ["outlook"]
policies = ["none"]
runs = 2
seed = 3
until = "2028Q2"
record = ["trajectories", "ends"]
[design]
kind = "factorial"
vary = { "attention.link" = [0.2, 0.9], "actors.HUN.stance_mean" = [-1.2, 0.5] }
levers = { "levers.dialogue_from" = ["never", "2027Q1"] }
"""


@pytest.fixture
def chosen(tmp_path: Path) -> Experiment:
    (tmp_path / "choices.toml").write_text(CHOICES)
    return load_experiment(str(tmp_path / "choices.toml"))


def test_dates_and_actors_vary_as_if_each_were_set_alone(tmp_path: Path, chosen: Experiment) -> None:
    """Blocks of seven lanes hold several variants; the last point is compared with the same values in [set]."""
    run_experiment(chosen, tmp_path / "r", workers=1, width=7)
    results = load(tmp_path / "r")
    content = chosen.model_dump(by_alias=True, exclude={"design"}, exclude_none=True)
    values = {"attention.link": 0.9, "actors.HUN.stance_mean": 0.5, "levers.dialogue_from": "2027Q1"}
    run_experiment(Experiment.model_validate({**content, "set": values}), tmp_path / "alone", workers=1)
    for table in ("trajectories", "ends"):
        rows = results.table(table)
        here = rows[rows["point"] == 7].drop(columns="point").reset_index(drop=True)
        alone = load(tmp_path / "alone").table(table)
        pd.testing.assert_frame_equal(here, alone, check_exact=True, check_categorical=False)
    runs = results.table("runs")
    assert runs["levers.dialogue_from"].tolist() == ["never"] * 8 + ["2027Q1"] * 8
    assert runs["actors.HUN.stance_mean"].tolist() == [-1.2, -1.2, 0.5, 0.5] * 4
    replay(tmp_path / "r", Choice(run=1, point=7))


def test_histories_are_compared_choice_by_choice(tmp_path: Path, chosen: Experiment) -> None:
    run_experiment(chosen, tmp_path / "r", workers=1)
    found = by_choice(load(tmp_path / "r"), "outlook", "none")
    assert list(found) == [("never",), ("2027Q1",)]
    without, dialogue = found.values()
    assert without[["sample", "run"]].equals(dialogue[["sample", "run"]])
    assert without["attention.link"].equals(dialogue["attention.link"])
    assert inputs(without)[:2] == ["attention.link", "actors.HUN.stance_mean"]
    assert not without["operational_depth"].equals(dialogue["operational_depth"])


def test_ends_are_the_last_rows_of_trajectories(tmp_path: Path, chosen: Experiment) -> None:
    run_experiment(chosen, tmp_path / "r", workers=1)
    results = load(tmp_path / "r")
    last, ends = results.table("trajectories", quarters=["2028Q2"]), results.table("ends")
    names = {"quarter": str}
    pd.testing.assert_frame_equal(ends.astype(names), last.astype(names), check_exact=True, check_categorical=False)


def test_luck_as_a_factor_is_that_of_the_run_it_names(tmp_path: Path) -> None:
    text = CHOICES[: CHOICES.index("[design]")].replace("runs = 2", "runs = 1")
    (tmp_path / "luck.csv").write_text("attention.link,chance\n0.4,17\n0.4,3\n")
    (tmp_path / "q.toml").write_text(text + 'design = { table = "luck.csv" }\n')
    run_experiment(load_experiment(str(tmp_path / "q.toml")), tmp_path / "r", workers=1)
    model = PartnershipModel(resolve("outlook", "none", {"attention.link": 0.4}, until="2028Q2"), [17, 3], 3)
    model.run()
    found = load(tmp_path / "r")
    depth = found.table("ends")["operational_depth"].to_numpy()
    assert depth.tolist() == model.partnership.operational_depth.tolist()
    assert found.table("runs")["chance"].tolist() == [17, 3] and found.table("runs")["run"].tolist() == [0, 0]
    replay(tmp_path / "r", Choice(run=0, point=1))


def test_asking_for_more_analyses_changes_no_results(tmp_path: Path, chosen: Experiment) -> None:
    run_experiment(chosen, tmp_path / "r", workers=1)
    again = chosen.model_copy(update={"analyses": ("timing",)})
    assert run_experiment(again, tmp_path / "r", workers=1).simulated == 0
    assert load(tmp_path / "r").experiment.analyses == ("timing",)
