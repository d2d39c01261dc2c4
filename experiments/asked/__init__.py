"""Analyses that an experiment names: tables from saved results, sentences and pictures from the tables.

Each is a module of this folder with three functions:

    tables(results)              labelled tables by name, from saved results alone
    sentences(tables, results)   the answer in a few sentences, the most important first
    pictures(tables, results)    name and figure, one after another
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Protocol, cast

from experiments.files import Place, write_aside
from experiments.store import Results

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

FOLDER = "analysis"


class Analysis(Protocol):
    """What a module of this folder has."""

    def tables(self, results: Results) -> "dict[str, pd.DataFrame]": ...

    def sentences(self, tables: "Mapping[str, pd.DataFrame]", results: Results) -> list[str]: ...

    def pictures(self, tables: "Mapping[str, pd.DataFrame]", results: Results) -> "Iterator[tuple[str, Figure]]": ...


@dataclass(frozen=True)
class Answer:
    """What an analysis says."""

    name: str
    tables: "Mapping[str, pd.DataFrame]"
    sentences: Sequence[str]
    results: Results

    def pictures(self) -> "Iterator[tuple[str, Figure]]":
        """Name and figure, one after another; names begin with that of the analysis."""
        for stem, figure in _analysis(self.name).pictures(self.tables, self.results):
            yield f"{self.name}_{stem}", figure


def ask(results: Results, names: Sequence[str] | None = None) -> Iterator[Answer]:
    """The answers of these analyses, or of those that the experiment names."""
    for name in results.experiment.analyses if names is None else names:
        tables = _analysis(name).tables(results)
        yield Answer(name, tables, _analysis(name).sentences(tables, results), results)


def keep(answer: Answer) -> list[Place]:
    """Write the tables as CSV and the pictures as PNG and SVG into the results' own folder; the files of pictures."""
    from experiments.figures import FOLDER as FIGURES
    from experiments.figures.style import save

    folder = answer.results.folder
    for table, rows in answer.tables.items():
        write_aside(folder / FOLDER / f"{answer.name}.{table}.csv", rows.to_csv(index=False).encode())
    return [file for stem, figure in answer.pictures() for file in save(figure, folder / FIGURES, stem)]


def _analysis(name: str) -> Analysis:
    return cast(Analysis, import_module(f"experiments.asked.{name}"))
