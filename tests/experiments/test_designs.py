"""Parameter sets as lanes of few blocks: which history is which, kept, resumed, told and replayed."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from config.errors import UserError
from config.loading import load_experiment
from config.schema import Experiment
from experiments import load
from experiments.replay import Choice, replay
from experiments.report import answer
from experiments.running import run_experiment

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
    assert "3 parameter sets with 4 runs each, pooled" in said
    told = replay(tmp_path / "r", Choice(2, False, False, 1))
    assert told.startswith("Run 2 ")
    with pytest.raises(UserError, match=r"--point 0 to 2"):
        replay(tmp_path / "r", Choice(2, False, False))
    with pytest.raises(UserError, match="--point = 3"):
        replay(tmp_path / "r", Choice(2, False, False, 3))
