"""What we ask: how questions are run, stored, analysed, drawn and put at the command line."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import xarray as xr

    from experiments.files import Place
    from experiments.store import Results


def load(folder: "str | Place", *, unfinished: bool = False) -> "Results":
    """Results saved in a folder; those of an interrupted experiment only if `unfinished`."""
    from experiments import store

    return store.load(folder, unfinished=unfinished)


def to_xarray(results: "Results", table: str = "trajectories", columns: Sequence[str] | None = None) -> "xr.Dataset":
    """A table as labelled arrays with units; `experiments.notebook.to_xarray` chooses scenarios and policies, too."""
    from experiments import notebook

    return notebook.to_xarray(results, table, columns)
