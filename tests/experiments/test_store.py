"""A folder of results notices what is torn, foreign, or somebody else's at the moment."""

import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pandas as pd
import pytest

from config.errors import UserError
from config.loading import load_experiment, settings_of
from config.schema import Experiment
from experiments import load
from experiments.running import Outcome, run_experiment
from experiments.store import Question, writing
from tests.experiments import fake

WIDTH = 16


@pytest.fixture(autouse=True)
def small_world(monkeypatch: pytest.MonkeyPatch) -> None:
    fake.use(monkeypatch.setattr)


def run(folder: Path, asked: Experiment | None = None) -> Outcome:
    return run_experiment(asked or fake.experiment(), folder, workers=1, width=WIDTH, simulate=fake.simulate)


def contents(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file()}


def truncate(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-100])


def flip_a_bit(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 4
    file.write_bytes(bytes(content))


@pytest.mark.parametrize("hurt", [truncate, flip_a_bit, Path.unlink])
@pytest.mark.parametrize("which", ["trajectories/*none*", "runs/*framework*", "blocks/*.02.framework*"])
def test_a_torn_file_is_noticed_and_done_again(tmp_path: Path, hurt: object, which: str) -> None:
    run(tmp_path / "r")
    run(tmp_path / "whole")
    victim = sorted((tmp_path / "r").glob(which))[1]
    before = {file: file.stat().st_mtime_ns for file in (tmp_path / "r").rglob("*.parquet")}
    assert callable(hurt)
    hurt(victim)
    with pytest.raises(UserError, match=r"torn|missing"):
        load(tmp_path / "r").table(victim.parent.name)
    assert run(tmp_path / "r").simulated == WIDTH
    changed = [file for file, time in before.items() if file.stat().st_mtime_ns != time]
    assert {file.stem for file in changed} == {victim.stem}
    for table in ("trajectories", "transitions", "runs"):
        pd.testing.assert_frame_equal(
            load(tmp_path / "r").table(table), load(tmp_path / "whole").table(table), check_exact=True
        )


def test_a_torn_summary_is_done_again(tmp_path: Path) -> None:
    asked = fake.experiment(record=("summary",))
    run(tmp_path / "r", asked)
    before = load(tmp_path / "r").table("summary")
    flip_a_bit(next((tmp_path / "r" / "summary").glob("*none*")))
    assert run(tmp_path / "r", asked).simulated == 40
    pd.testing.assert_frame_equal(load(tmp_path / "r").table("summary"), before, check_exact=True)


def test_what_no_finished_block_owns_is_swept_away(tmp_path: Path) -> None:
    run(tmp_path / "r")
    before = contents(tmp_path / "r")
    for stray in ("trajectories/99.left.00.over.parquet", "runs/x.parquet.partial", "blocks/x.json.partial"):
        (tmp_path / "r" / stray).write_bytes(b"left over")
    (tmp_path / "r" / "notes.txt").write_text("mine")
    run(tmp_path / "r")
    assert contents(tmp_path / "r") == {**before, "notes.txt": b"mine"}


def _own_file(folder: Path) -> None:
    folder.mkdir()
    (folder / "thesis.docx").write_bytes(b"two years of work")


def _own_experiment(folder: Path) -> None:
    folder.mkdir()
    (folder / "experiment.toml").write_text("question = 'mine'")


def _other_experiment(folder: Path) -> None:
    run(folder, fake.experiment(seed=8))


def _other_provenance(folder: Path) -> None:
    folder.mkdir()
    (folder / "provenance.json").write_text('{"fingerprint": 3')


def _a_file(folder: Path) -> None:
    folder.write_bytes(b"no folder")


@pytest.mark.parametrize(
    ("prepare", "message"),
    [
        (_own_file, "holds something else"),
        (_own_experiment, "holds something else"),
        (_other_provenance, "holds torn results"),
        (_other_experiment, "another experiment .differing: seed"),
        (_a_file, "is a file"),
    ],
)
def test_a_folder_that_holds_something_else_is_refused_and_left_alone(
    tmp_path: Path, prepare: object, message: str
) -> None:
    assert callable(prepare)
    prepare(tmp_path / "r")
    before = contents(tmp_path)
    with pytest.raises(UserError, match=message) as error:
        run(tmp_path / "r")
    assert "--out" in str(error.value)
    assert contents(tmp_path) == before


def test_other_rules_and_other_settings_are_another_experiment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(tmp_path / "r")
    monkeypatch.setattr("experiments.provenance.fingerprint_of_rules", lambda: "other rules")
    with pytest.raises(UserError, match="differing: the rules of the model"):
        run(tmp_path / "r")


def test_the_wording_of_the_question_is_not_part_of_the_experiment(tmp_path: Path) -> None:
    run(tmp_path / "r")
    assert run(tmp_path / "r", fake.experiment(name="other", question="In other words?")).simulated == 0
    assert load(tmp_path / "r").provenance["name"] == "small"


def test_the_question_can_be_read_back(tmp_path: Path) -> None:
    run(tmp_path / "r")
    with (tmp_path / "r" / "experiment.toml").open("rb") as file:
        content = tomllib.load(file)
    assert content["question"] == 'What does a "small" world do?'
    assert content["until"] == "2027Q4"
    assert content["set"] == {"attention.link": {"low": 0.2, "high": 1.0}}
    results = load(tmp_path / "r")
    assert results.experiment.policies == ("none", "dialogue+framework", "framework")
    assert results.experiment.model_dump(exclude={"name", "until"}) == fake.experiment().model_dump(
        exclude={"name", "until"}
    )


def test_provenance_says_by_what_it_was_computed(tmp_path: Path) -> None:
    run(tmp_path / "r")
    provenance = load(tmp_path / "r").provenance
    assert provenance["seed"] == 7
    assert {"python", "numpy", "mesa", "project"} <= set(provenance["versions"])
    assert set(provenance["settings"]) == {"outlook/none", "outlook/dialogue+framework", "outlook/framework"}
    assert provenance["started"] <= provenance["finished"]
    assert str(tmp_path) not in json.dumps(provenance)


def test_settings_come_back_as_they_were(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    asked = load_experiment("smoke", runs=2)
    run_experiment(asked, tmp_path / "r", workers=1, simulate=fake.whatever)
    results = load(tmp_path / "r")
    for policy in asked.policies:
        assert results.settings("outlook", policy) == settings_of(asked, "outlook", policy)
    with pytest.raises(UserError, match=r"outlook/dialog.*outlook/dialogue"):
        results.settings("outlook", "dialog")
    for file in (tmp_path / "r" / "settings").iterdir():
        file.write_text(file.read_text(encoding="utf-8").replace('"value":0.5,', '"value":0.6,'), encoding="utf-8")
    with pytest.raises(UserError, match="was changed"):
        results.settings("outlook", "none")


def test_unfinished_results_are_not_taken_for_finished_ones(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        run_experiment(fake.experiment(), tmp_path / "r", workers=1, width=WIDTH, simulate=fake.interrupted_at_20)
    with pytest.raises(UserError, match="interrupted"):
        load(tmp_path / "r")
    assert len(load(tmp_path / "r", unfinished=True).table("runs")) == 2 * WIDTH


def test_a_table_that_was_not_kept_is_named_with_those_that_were(tmp_path: Path) -> None:
    run(tmp_path / "r")
    with pytest.raises(UserError, match=r"no table 'trajectory'.*runs.*did you mean 'trajectories'"):
        load(tmp_path / "r").table("trajectory")
    with pytest.raises(UserError, match=r"nothing for qmv.*framework"):
        load(tmp_path / "r").table("runs", policies=["qmv"])


def test_only_what_is_wanted_is_read(tmp_path: Path) -> None:
    run(tmp_path / "r")
    whole = load(tmp_path / "r").table("trajectories")
    part = load(tmp_path / "r").table(
        "trajectories", ["run", "operational_depth"], policies=["framework"], quarters=["2027Q1"]
    )
    expected = whole[(whole["policy"] == "framework") & (whole["quarter"] == "2027Q1")]
    pd.testing.assert_frame_equal(part, expected[["run", "operational_depth"]].reset_index(drop=True))


def test_a_folder_has_one_writer_at_a_time(tmp_path: Path) -> None:
    """Two processes: the second is told, and the first one's death frees the folder."""
    script = (
        "import sys; from pathlib import Path; from experiments.store import Question, writing\n"
        "from tests.experiments import fake\n"
        "with writing(Path(sys.argv[1]), Question(fake.experiment(), {}, {}, 'rules')):\n"
        "    print('held', flush=True); sys.stdin.read()\n"
    )
    other = subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path / "r")], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert other.stdout is not None
    assert other.stdout.readline().strip() == b"held"
    before = contents(tmp_path)
    question = Question(fake.experiment(), {}, {}, "rules")
    with pytest.raises(UserError, match=r"another process.*--out"), writing(tmp_path / "r", question):
        pass
    assert contents(tmp_path) == before
    other.kill()
    other.communicate()
    with writing(tmp_path / "r", question) as store:
        assert store.missing(40)
