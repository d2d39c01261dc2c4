"""Results as labelled arrays: every number in its place, every column with a unit, the page of examples runs."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from config import resolve
from config.errors import UserError
from config.loading import load_experiment
from config.schema import RECORDS
from experiments import load, notebook, to_xarray
from experiments.notebook import GRIDS, labelled
from experiments.running import Lanes, Simulated, run_experiment
from experiments.store import RUN_TABLES, SUMMARY_TABLES, Results
from experiments.units import COLUMNS, EVERYWHERE, column
from simulation.model import PartnershipModel
from tests.experiments.test_answer import invented

DOCS = Path(__file__).parents[2] / "docs"


def failing(settings: Any, lanes: Lanes, seed: int, record: Sequence[str]) -> Simulated:
    """The invented histories, with a whole number and a parameter; run 5 fails with dialogue."""
    bad = (np.asarray(lanes.runs) == 5) & (settings.policy.name == "dialogue")
    np.ones(len(bad)) / np.where(bad, 0.0, 1.0)
    tables, order, seconds = invented(settings, lanes, seed, record)
    rows = tables["trajectories"]
    trajectories = {**rows, "vetoes": rows["run"] % 3, "trust": rows["operational_depth"]}
    link = np.abs(np.cos(np.asarray(lanes.runs) * 3.7))
    return {**tables, "trajectories": trajectories, "runs": {**tables["runs"], "attention.link": link}}, order, seconds


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with results/remedies in it."""
    place = tmp_path_factory.mktemp("notebook")
    asked = {"policies": ("none", "dialogue"), "record": ("trajectories", "transitions", "actors"), "analyses": ()}
    question = load_experiment("remedies", runs=24, until="2031Q4").model_copy(update=asked)
    run_experiment(question, place / "results" / "remedies", workers=1, width=7, simulate=failing)
    return place


@pytest.fixture(scope="module")
def results(root: Path) -> Results:
    return load(root / "results" / "remedies")


def test_every_number_is_in_its_place(results: Results) -> None:
    data, rows = to_xarray(results), results.table("trajectories")
    assert dict(data.sizes) == {"scenario": 1, "policy": 2, "run": 24, "quarter": 22}
    for row in rows.sample(60, random_state=1).to_dict("records"):
        where = {key: row[key] for key in ("scenario", "policy", "run", "quarter")}
        assert data["operational_depth"].sel(where).item() == row["operational_depth"]
    assert int(data["vetoes"].notnull().sum()) == len(rows)


def test_a_failed_run_is_nan_and_its_reason_is_kept(results: Results) -> None:
    data = to_xarray(results)
    assert bool(data["operational_depth"].sel(policy="dialogue", run=5).isnull().all())
    assert bool(data["operational_depth"].sel(policy="none").notnull().all())
    said = to_xarray(results, "runs")["failed"].sel(scenario="outlook", run=5)
    assert said.sel(policy="none").item() == ""
    assert "divide by zero" in said.sel(policy="dialogue").item()


def test_what_is_chosen_is_all_there_is(results: Results) -> None:
    data = notebook.to_xarray(results, columns=["vetoes"], policies=["none"], quarters=["2030Q4"])
    assert list(data.data_vars) == ["vetoes"]
    assert data["vetoes"].dtype.kind == "i"
    assert data["vetoes"].squeeze().values.tolist() == [run % 3 for run in range(24)]
    assert str(data["date"].values[0])[:10] == "2030-12-31"


def test_a_table_of_actors_has_a_dimension_more(results: Results) -> None:
    data = to_xarray(results, "actors")
    assert data["position"].dims == GRIDS["actors"][:2] + GRIDS["actors"][3:]
    assert data["actor"].values.tolist() == ["DEU", "JPN"]


def test_variables_and_tables_know_their_units_and_where_they_come_from(results: Results) -> None:
    data = to_xarray(results, "runs")
    assert (
        data["attention.link"].attrs["units"] == results.settings("outlook", "none").parameters["attention.link"].unit
    )
    assert all(one.attrs["units"] and one.attrs["description"] for one in data.variables.values())
    assert data.attrs["question"] == results.experiment.question
    assert data.attrs["rules"] == results.provenance["rules"]
    rows = labelled(results, "transitions")
    assert rows.attrs["units"] == {name: column("transitions", str(name)).unit for name in rows}
    pd.testing.assert_frame_equal(rows, results.table("transitions"))


@pytest.mark.parametrize(
    ("table", "columns", "said"),
    [
        ("transitions", None, "is a list of what happened"),
        ("trajectory", None, "did you mean 'trajectories'?"),
        ("trajectories", ["vetos"], "did you mean 'vetoes'?"),
    ],
)
def test_a_mistake_is_told(results: Results, table: str, columns: list[str] | None, said: str) -> None:
    with pytest.raises(UserError, match=re.escape(said)):
        to_xarray(results, table, columns)


def test_without_xarray_it_is_said_what_to_install(results: Results, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notebook, "find_spec", lambda name: None)
    with pytest.raises(UserError, match=re.escape("[notebook]")):
        to_xarray(results)


# --- units ------------------------------------------------------------------------------------------------------------


def test_every_column_that_the_model_records_has_a_unit() -> None:
    settings = resolve("outlook", "none", until="2026Q4")
    record = [name for name in RECORDS if name != "summary"]
    model = PartnershipModel(settings, runs=range(2), seed=1, record=record)
    model.run()
    tables = model.tables()
    assert {"trajectories", "transitions", "runs", "actors", "bounds", "limits"} <= set(tables)
    for table, columns in tables.items():
        for name in columns:
            assert column(table, name, settings.parameters).unit, (table, name)
    assert set(COLUMNS) == {*RUN_TABLES, *SUMMARY_TABLES}


def dictionary() -> dict[tuple[str, str], tuple[str, str]]:
    """By table and column what docs/data_dictionary.md says: meaning and unit; "" is the table of all tables."""
    found: dict[tuple[str, str], tuple[str, str]] = {}
    table: str | None = None
    for line in (DOCS / "data_dictionary.md").read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            name = line[3:].split(":")[0]
            table = "" if "every table of runs" in name else name if name in COLUMNS else None
        elif table is not None and line.startswith("| `"):
            cells = [cell.strip() for cell in line.strip("|").split(" | ")]
            for column_name in re.findall(r"`([^`]+)`", cells[0]):
                found[table, column_name] = (cells[1].replace("`", ""), cells[2].split(",")[0])
    return found


def test_the_data_dictionary_says_the_same() -> None:
    told, elsewhere = dictionary(), ("as above", "as in transitions")
    for (table, name), (meaning, unit) in told.items():
        known = EVERYWHERE[name] if name in EVERYWHERE else column(table, name)
        if meaning not in elsewhere and unit:
            assert (unit, meaning[: len(known.description)]) == known, (table, name)
    for table, columns in COLUMNS.items():
        missing = {name for name in columns if (table, name) not in told}
        assert not missing or table == "ends", (table, missing)


# --- the page of examples ---------------------------------------------------------------------------------------------


def test_the_examples_run(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(root)
    monkeypatch.setenv("MPLBACKEND", "Agg")
    blocks = re.findall(r"```python\n(.*?)```", (DOCS / "notebook.md").read_text(encoding="utf-8"), flags=re.DOTALL)
    assert len(blocks) >= 6
    names: dict[str, Any] = {}
    for block in blocks:
        exec(compile(block, "docs/notebook.md", "exec"), names)
    assert (root / "depth.png").stat().st_size > 5000
    assert names["depth"].attrs == {
        "units": "share",
        "description": "depth of what is carried out, with the same weights",
    }
    names["plt"].close("all")
