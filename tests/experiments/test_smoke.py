"""The whole way with the real model: from the command to tables as the data dictionary describes them."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from config.loading import load_experiment
from experiments import load
from experiments.running import run_experiment
from experiments.store import Results

DICTIONARY = Path(__file__).parents[2] / "docs" / "data_dictionary.md"
TABLES = ("trajectories", "transitions", "runs", "actors", "bounds", "limits", "vetoes")


def partnership(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from experiments.cli import main; main()", *words]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300, check=False)


@pytest.fixture(scope="module")
def smoke(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Results, str]]:
    """The results of a short `smoke`, and what it printed."""
    folder = tmp_path_factory.mktemp("smoke")
    done = partnership(folder, "run", "smoke", "--runs", "6", "--profile")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    yield load(folder / "results" / "smoke"), done.stdout


def described(table: str) -> dict[str, str]:
    """The columns that the data dictionary gives to a table, each with its range."""
    sections = re.split(r"^## ", DICTIONARY.read_text(encoding="utf-8"), flags=re.MULTILINE)
    rows: dict[str, str] = {}
    for section in sections:
        if re.match(rf"{table}\b|In every table of runs", section):
            for line in section.splitlines():
                if line.startswith("| `"):
                    first, _, _, span = [cell.strip() for cell in line.strip("|").split("|")]
                    rows |= dict.fromkeys(re.findall(r"`([^`]+)`", first), span)
    return rows


def test_smoke_prints_answer_profile_and_where_the_figures_are(smoke: tuple[Results, str]) -> None:
    results, printed = smoke
    assert "Microseconds per run" in printed
    assert (results.folder / "figures").is_dir()
    assert {file.suffix for file in (results.folder / "figures").iterdir()} == {".png", ".svg"}
    assert str(Path("results") / "smoke" / "figures") in printed


@pytest.mark.parametrize("name", TABLES)
def test_every_table_has_the_columns_of_the_data_dictionary(smoke: tuple[Results, str], name: str) -> None:
    table, columns = smoke[0].table(name), set(described(name))
    if name == "runs":  # a column per uncertain parameter and per state, of which the dictionary names one each
        assert {"attention.link", "position_FRA"} <= set(table.columns)
        drawn = re.compile(r"[a-z_]+\.[a-z0-9_]+|position_[A-Z]{3}")
        columns |= {column for column in table.columns if drawn.fullmatch(column)}
    assert list(table.columns[:3]) == ["scenario", "policy", "run"]
    assert set(table.columns) == columns
    assert len(table)


@pytest.mark.parametrize("name", TABLES)
def test_values_lie_within_the_ranges_of_the_data_dictionary(smoke: tuple[Results, str], name: str) -> None:
    table = smoke[0].table(name)
    for column, span in described(name).items():
        if column not in table or not pd.api.types.is_numeric_dtype(table[column]):
            continue
        assert np.isfinite(table[column]).all(), column
        low, _, high = span.partition("–")
        if low.replace(".", "").isdigit():
            assert table[column].min() >= float(low), column
        if high.replace(".", "").isdigit():
            assert table[column].max() <= float(high), column


def test_every_pair_has_every_run_and_quarter(smoke: tuple[Results, str]) -> None:
    rows = smoke[0].table("trajectories")
    counts = rows.groupby(["scenario", "policy", "run"], observed=True).size()
    assert len(counts) == 3 * 6
    assert set(counts) == {len(rows["quarter"].cat.categories)} == {18}
    assert (rows["quarter"].min(), rows["quarter"].max()) == ("2026Q3", "2030Q4")


def test_workers_and_blocks_change_nothing_in_the_real_model(smoke: tuple[Results, str], tmp_path: Path) -> None:
    run_experiment(load_experiment("smoke", runs=6), tmp_path / "r", workers=2, width=4)
    cut = load(tmp_path / "r")
    for name in TABLES:
        pd.testing.assert_frame_equal(cut.table(name), smoke[0].table(name), check_exact=True)
