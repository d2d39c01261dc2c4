"""What we ask: how questions are run, stored, analysed, drawn and put at the command line."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from experiments.files import Place
    from experiments.store import Results


def load(folder: "str | Place", *, unfinished: bool = False) -> "Results":
    """Results saved in a folder; those of an interrupted experiment only if `unfinished`."""
    from experiments import store

    return store.load(folder, unfinished=unfinished)
