"""What is kept of a summary-only experiment: quantiles and means over runs, and how many runs reached which stage.

Blocks keep counts of rounded values aside (`analysis.counting`). Those of all blocks add up to the same summary however
the runs were cut, in memory that does not grow with their number.
"""

from collections import Counter
from collections.abc import Iterable, Mapping

import numpy as np

from config.calendar import quarter_index
from experiments.analysis.counting import Counts
from experiments.analysis.trajectories import QUANTILES
from experiments.store import Pair, Store, checked, names_in_order, write_files
from experiments.tables import WHO, Columns, Order, from_parquet, to_parquet

CHANGE = ("partner", "instrument", "stage", "quarter")


# In a block


def counted(tables: Mapping[str, Columns], order: Order) -> tuple[dict[str, Columns], Order]:
    """Tables of a block with counts in place of trajectories and transitions, and the order of names in them."""
    kept: dict[str, Columns] = {"runs": tables["runs"]}
    if "trajectories" in tables:
        measures = [name for name in tables["trajectories"] if name not in (*WHO, "quarter")]
        kept["counted"] = _counted_values(tables["trajectories"], measures)
        order = {**order, "measure": measures}
    if "transitions" in tables:
        kept["counted_transitions"] = _counted_changes(tables["transitions"])
    return kept, order


def _counted_values(trajectories: Columns, measures: list[str]) -> Columns:
    """Rows by measure, quarter and rounded value: how many runs had it."""
    first, last = int(trajectories["quarter"].min()), int(trajectories["quarter"].max())
    quarters = last - first + 1
    counts = Counts(len(measures) * quarters)
    for place, name in enumerate(measures):
        counts.add(place * quarters + trajectories["quarter"] - first, trajectories[name])
    cell, key, count = counts.rows()
    return {
        "measure": np.array(measures, dtype=object)[cell // quarters],
        "quarter": first + cell % quarters,
        "key": key,
        "count": count,
    }


def _counted_changes(transitions: Columns) -> Columns:
    """Rows by partner, instrument, stage and quarter: how many runs reached the stage then."""
    who = [transitions[name].tolist() for name in WHO if name in transitions]
    what = list(zip(*(transitions[name].tolist() for name in CHANGE), strict=True))
    once = dict.fromkeys(zip(*who, what, strict=True))
    return _change_columns(Counter(change for *_, change in once))


def _change_columns(counts: Mapping[tuple[str, str, str, int], int]) -> Columns:
    return {
        name: np.array([change[i] for change in counts], dtype=np.int64 if name == "quarter" else object)
        for i, name in enumerate(CHANGE)
    } | {"runs": np.array(list(counts.values()), dtype=np.int64)}


# Of all blocks


def summarise(store: Store, pair: Pair) -> None:
    """Replace the counts of a finished pair by its summary."""
    question = store.question
    order = names_in_order(question.experiment)
    files, runs = {}, store.files(pair, "runs")
    if counted := store.files(pair, ".working/counted"):
        quantiles, measures = _quantiles(checked(file, digest) for file, digest in counted.items())
        content = to_parquet(quantiles, {**order, "measure": measures}, pair.columns)
        files[f"summary/{pair.name}.parquet"] = content
    if counted := store.files(pair, ".working/counted_transitions"):
        counts, names = _counts(checked(file, digest) for file, digest in counted.items())
        files[f"transition_counts/{pair.name}.parquet"] = to_parquet(counts, {**order, **names}, pair.columns)
    also = {f"runs/{file.name}": digest for file, digest in runs.items()}
    write_files(store.folder, pair, range(question.histories), "summary", files, question.fingerprint(), also)


def _quantiles(contents: Iterable[bytes]) -> tuple[Columns, list[str]]:
    """Rows by measure and quarter: mean and quantiles over runs of values rounded to 11 digits. Also all measures."""
    counts: Counts | None = None
    measures: list[str] = []
    quarters: list[int] = []
    for content in contents:
        part = from_parquet([content])
        if counts is None:
            measures = list(part["measure"].cat.categories)
            quarters = [quarter_index(name) for name in part["quarter"].cat.categories]
            counts = Counts(len(measures) * len(quarters))
        cell = part["measure"].cat.codes.to_numpy(np.int64) * len(quarters) + part["quarter"].cat.codes.to_numpy()
        counts.merge(cell, part["key"].to_numpy(), part["count"].to_numpy())
    assert counts is not None
    cuts = counts.quantiles(list(QUANTILES.values()))
    columns: dict[str, np.ndarray[tuple[int, ...], np.dtype[np.generic]]] = {
        "quarter": np.tile(quarters, len(measures)),
        "measure": np.repeat(np.array(measures, dtype=object), len(quarters)),
        "mean": counts.mean(),
    }
    return columns | {name: cuts[:, i] for i, name in enumerate(QUANTILES)}, measures


def _counts(contents: Iterable[bytes]) -> tuple[Columns, Order]:
    """Rows by partner, instrument, stage and quarter: the number of runs that reached the stage then."""
    total: Counter[tuple[str, str, str, int]] = Counter()
    order: dict[str, list[str]] = {}
    for content in contents:
        part = from_parquet([content])
        for name in CHANGE[:-1]:
            order[name] = list(dict.fromkeys([*order.get(name, ()), *part[name].cat.categories]))
        quarters = [quarter_index(name) for name in part["quarter"].astype(str)]
        texts = [part[name].astype(str).tolist() for name in CHANGE[:-1]]
        total.update(dict(zip(zip(*texts, quarters, strict=True), part["runs"].tolist(), strict=True)))
    place = {name: {text: i for i, text in enumerate(names)} for name, names in order.items()}
    rows = sorted(total, key=lambda change: (*(place[n][c] for n, c in zip(CHANGE, change[:-1])), change[-1]))  # noqa: B905
    return _change_columns({change: total[change] for change in rows}), order
