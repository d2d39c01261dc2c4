"""What is kept of a summary-only experiment: quantiles and means over runs, and how many runs reached which stage."""

from pathlib import Path

import numpy as np

from config.calendar import quarter_index
from experiments.analysis.trajectories import QUANTILES
from experiments.store import Pair, Store, names_in_order, write_files
from experiments.tables import Columns, Order, from_parquet, to_parquet

KEYS = ("scenario", "policy", "run", "quarter")


def summarise(store: Store, pair: Pair) -> None:
    """Replace the rows of a finished pair by their summary, which does not depend on how runs were cut into blocks."""
    experiment = store.question.experiment
    order = names_in_order(experiment)
    quantiles, measures = _quantiles(store.files(pair, "trajectories"))
    counts, names = _counts(store.files(pair, "transitions"))
    files = {
        f"summary/{pair.name}.parquet": to_parquet(quantiles, {**order, "measure": measures}, pair.columns),
        f"transition_counts/{pair.name}.parquet": to_parquet(counts, {**order, **names}, pair.columns),
    }
    write_files(store.folder, pair, range(experiment.runs), "summary", files, also=store.checksums(pair, "runs"))


def _quantiles(files: list[Path]) -> tuple[Columns, list[str]]:
    """Rows by measure and quarter: mean and quantiles over runs. Reads one measure at a time. Also all measures."""
    frame = from_parquet(files, ["run", "quarter"])
    runs, quarters = frame["run"].nunique(), frame["quarter"].cat.categories
    measures = [name for name in from_parquet(files[:1]).columns if name not in KEYS]
    table = np.empty((len(measures), 1 + len(QUANTILES), len(quarters)))
    for row, measure in zip(table, measures, strict=True):
        values = from_parquet(files, [measure])[measure].to_numpy(np.float64).reshape(runs, len(quarters))
        row[0], row[1:] = values.mean(axis=0), np.quantile(values, list(QUANTILES.values()), axis=0)
    columns: dict[str, np.ndarray[tuple[int, ...], np.dtype[np.generic]]] = {
        "quarter": np.tile([quarter_index(name) for name in quarters], len(measures)),
        "measure": np.repeat(np.array(measures, dtype=object), len(quarters)),
    }
    return columns | {name: table[:, i].ravel() for i, name in enumerate(("mean", *QUANTILES))}, measures


def _counts(files: list[Path]) -> tuple[Columns, Order]:
    """Rows by partner, instrument, stage and quarter: the number of runs that reached the stage then."""
    texts = ["partner", "instrument", "stage"]
    frame = from_parquet(files, ["run", *texts, "quarter"]).drop_duplicates()
    counts = frame.groupby([*texts, "quarter"], observed=True, sort=True).size().rename("runs").reset_index()
    columns = {name: counts[name].astype(str).to_numpy(object) for name in texts}
    quarters = np.array([quarter_index(name) for name in counts["quarter"]], dtype=np.int64)
    order = {name: list(frame[name].cat.categories) for name in texts}
    return {**columns, "quarter": quarters, "runs": counts["runs"].to_numpy(np.int64)}, order
