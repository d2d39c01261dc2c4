"""Playing the whole model for a test, and comparing what was recorded without any tolerance."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from config import Settings
from simulation.model import PartnershipModel

EVERYTHING = ("trajectories", "transitions", "actors", "bounds", "limits")
SEED = 11

Table = Mapping[str, NDArray[Any]]
Tables = Mapping[str, Table]


def play(settings: Settings, runs: Sequence[int], record: Collection[str] = EVERYTHING[:2], seed: int = SEED) -> Tables:
    """Tables of these runs, played to the horizon."""
    model = PartnershipModel(settings, runs=runs, seed=seed, record=record)
    model.run()
    return model.tables()


def where(table: Table, mask: NDArray[np.bool_]) -> Table:
    """The rows of a mask."""
    return {name: column[mask] for name, column in table.items()}


def of_run(table: Table, run: int) -> Table:
    """The rows of one run."""
    return where(table, table["run"] == run)


def assert_same(found: Tables, wanted: Tables) -> None:
    """The same tables, columns and values, exactly."""
    assert list(found) == list(wanted)
    for name, table in wanted.items():
        assert list(found[name]) == list(table), name
        for column, values in table.items():
            np.testing.assert_array_equal(found[name][column], values, err_msg=f"{name}: {column}")


def assert_same_history(found: Tables, wanted: Tables, run: int) -> None:
    """One run went the same way in two blocks."""
    one, other = ({name: of_run(table, run) for name, table in tables.items()} for tables in (found, wanted))
    assert all(len(table["run"]) for name, table in other.items() if name != "transitions")
    assert_same(one, other)


def with_columns(table: Table, names: Iterable[str]) -> Table:
    """Only these columns."""
    return {name: table[name] for name in names}
