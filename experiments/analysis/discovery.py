"""Scenario discovery: in which corner of what is uncertain does an event happen?

The patient rule induction method (Friedman and Fisher 1999, Statistics and Computing 9: 123-143), as policy analysis
uses it (Bryant and Lempert 2010, Technological Forecasting and Social Change 77: 34-49): from all runs a twentieth is
peeled away, again and again, wherever that raises the share of runs with the event most, until few are left. The way
from the whole to the last box is the trajectory; one box on it is the answer. Density is the share of a box's runs
with the event, coverage the share of all events that the box holds, mass the share of all runs.

Boxes are found in one half of the runs and told with what they hold in the other, which the search never saw. A shallow
tree (CART, Breiman, Friedman, Olshen and Stone 1984) of the same half is a second opinion.

Written out here because no kept and light library does it: the EMA Workbench's PRIM comes with a framework for building
and running models, and the package `prim` is a copy of it under a licence that this project cannot take over.
On planted boxes with words among the inputs ours and the workbench's peel to the same box but for one peel's width.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from experiments.analysis.intervals import LEVEL, Floats, Interval, jeffreys

Mask = NDArray[np.bool_]
Inputs = Mapping[str, NDArray[Any]]
"""By name one value per run, (n,): numbers, or words for what has no order."""

ALPHA = 0.05
"""Share of a box's runs that one step peels away or pastes on, Friedman and Fisher (1999)."""
LEAST_SHARE, LEAST_RUNS = 0.01, 30
"""A box holds at least this share of the runs it is searched in, and as many runs: assumed."""
KEEP = 0.95
"""A simpler box is preferred as long as it keeps this share of the best one's merit: assumed."""
RARE, TENTH, DEEPEST = 0.01, 0.1, "deepest tenth"
"""An event in fewer runs than this share gives way to the tenth of runs with the most operational depth: assumed."""
MOST, NOT = 0.5, "not "
"""Of an event in more runs than this share its absence is searched for: assumed."""
DEPTH = 3
"""Questions that a tree may ask one after another: more would not fit a page."""


# Events


def events(ends: pd.DataFrame, cluster: NDArray[Any]) -> tuple[pd.DataFrame, dict[str, Mask]]:
    """The events that are looked for, with how often they happen, and for each the runs (n,) that are searched for.

    A row of `ends` per run: operational_depth, strategic and functional (0 or 1). What happens in less than `RARE` of
    runs cannot be searched for; in its place stands the tenth of runs with the most operational depth. Of what happens
    in most runs its absence is searched for, as boxes tell the few from the many. The table: event share lower upper,
    searched ("strategic", "not functional", "deepest tenth" ...) and from, the least depth of that tenth. Shares count
    every scenario and policy of the experiment alike.
    """
    top = float(ends["operational_depth"].quantile(1 - TENTH))
    rows, found = [], dict[str, Mask]()
    for name in ("strategic", "functional"):
        happened = ends[name].to_numpy() > 0
        share = clustered(happened, np.ones(len(happened), bool), cluster)
        rare, common = share.estimate < RARE, share.estimate > MOST
        searched = DEEPEST if rare else f"{NOT}{name}" if common else name
        found[searched] = ends["operational_depth"].to_numpy() >= top if rare else happened != common
        rows.append({"event": name, "share": share.estimate, "lower": share.lower, "upper": share.upper,
                     "searched": searched, "from": top if rare else float("nan")})  # fmt: skip
    return pd.DataFrame(rows), found


def shares(ends: pd.DataFrame, cluster: NDArray[Any]) -> pd.DataFrame:
    """Share of runs that end functional or better, and strategic, by scenario and policy: scenario policy event runs
    share lower upper."""
    rows = []
    pairs = ends[["scenario", "policy"]].drop_duplicates().itertuples(index=False, name=None)
    for scenario, policy in pairs:
        own = ((ends["scenario"] == scenario) & (ends["policy"] == policy)).to_numpy()
        for name in ("strategic", "functional"):
            found = clustered(own & (ends[name].to_numpy() > 0), own, cluster)
            rows.append({"scenario": scenario, "policy": policy, "event": name, "runs": int(own.sum()),
                         "share": found.estimate, "lower": found.lower, "upper": found.upper})  # fmt: skip
    return pd.DataFrame(rows)


# Boxes


@dataclass(frozen=True)
class Limit:
    """One restriction: an input is at least ("above") or at most ("below") a bound, or "among" some words."""

    input: str
    side: str
    bound: float = float("nan")
    among: tuple[str, ...] = ()

    def holds(self, inputs: Inputs) -> Mask:
        """(n,) runs that keep to it."""
        values = inputs[self.input]
        if self.side == "among":
            return np.isin(values, self.among)
        return np.asarray(values >= self.bound if self.side == "above" else values <= self.bound)


Box = tuple[Limit, ...]
"""Restrictions that hold together, at most one per input and side; none of them is the whole space."""


def inside(inputs: Inputs, box: Box) -> Mask:
    """(n,) runs within a box."""
    within = np.ones(len(next(iter(inputs.values()))), dtype=bool)
    for limit in box:
        within &= limit.holds(inputs)
    return within


def narrowed(box: Box, limit: Limit) -> Box:
    """A box with one restriction more, in place of the one on the same input and side, if any."""
    kept = tuple(one for one in box if (one.input, one.side) != (limit.input, limit.side))
    return (*kept, limit)


def columns_of(inputs: pd.DataFrame) -> Inputs:
    """The columns of a table, a row per run: numbers as float64, everything else as words."""
    numeric = pd.api.types.is_numeric_dtype
    return {
        str(name): values.to_numpy(np.float64) if numeric(values) else values.astype(str).to_numpy(object)
        for name, values in inputs.items()
    }


def _worded(values: NDArray[Any]) -> bool:
    return values.dtype == object


def merit(within: Mask, event: Mask) -> float:
    """Geometric mean of coverage and density (Fowlkes and Mallows 1983), 0 where no event is within."""
    hits = float(np.sum(within & event))
    return hits / float(np.sqrt(np.sum(within) * np.sum(event))) if hits else 0.0


# Peeling and pasting


def peel(inputs: Inputs, event: Mask) -> list[Box]:
    """The trajectory of boxes, from no restriction on: each a peel tighter and denser than the one before.

    Among all peels the one is taken that raises density most for each run it gives away. Between numbers that is
    Friedman and Fisher's objective; a word is all or nothing, so that without the division words would always go first
    (Kwakkel and Jaxa-Rozen 2016, Environmental Modelling and Software 79: 311-321).
    """
    least = max(LEAST_RUNS, int(np.ceil(LEAST_SHARE * len(event))))
    boxes: list[Box] = [()]
    left = np.arange(len(event))
    while True:
        happened = event[left]
        density, best, found = float(happened.mean()) if len(left) else 0.0, 0.0, None
        for limit, kept in _peels({name: values[left] for name, values in inputs.items()}):
            count = int(np.count_nonzero(kept))
            if count >= least:
                gain = (float(np.count_nonzero(happened & kept)) / count - density) / (len(left) - count)
                if gain > best:
                    best, found = gain, (limit, kept)
        if found is None:
            return boxes
        boxes.append(narrowed(boxes[-1], found[0]))
        left = left[found[1]]


def _peels(inputs: Inputs) -> Iterator[tuple[Limit, Mask]]:
    """What one peel could be, with the runs it keeps: a twentieth off either end of a number, or a word."""
    for name, values in inputs.items():
        if _worded(values):
            words = np.unique(values)
            for word in words if len(words) > 1 else ():
                yield Limit(name, "among", among=tuple(one for one in words if one != word)), values != word
            continue
        ordered = np.sort(values)
        if not len(ordered) or ordered[0] == ordered[-1]:
            continue
        cut = max(1, int(ALPHA * len(ordered)))
        low = ordered[max(cut, np.searchsorted(ordered, ordered[0], "right"))]
        high = ordered[min(len(ordered) - 1 - cut, np.searchsorted(ordered, ordered[-1], "left") - 1)]
        yield Limit(name, "above", float(low)), values >= low
        yield Limit(name, "below", float(high)), values <= high


def paste(inputs: Inputs, event: Mask, box: Box) -> Box:
    """The box with its sides moved outwards, a twentieth of its runs at a time, as long as density rises."""
    while True:
        within = inside(inputs, box)
        best, found = float(event[within].mean()) if within.any() else 1.0, None
        for wider in _wider(inputs, box, max(1, int(ALPHA * within.sum()))):
            density = float(event[inside(inputs, wider)].mean())
            if density > best:
                best, found = density, wider
        if found is None:
            return box
        box = found


def _wider(inputs: Inputs, box: Box, runs: int) -> Iterator[Box]:
    """Boxes with one restriction loosened by so many runs, or by a word; without it where nothing would be left."""
    for limit in box:
        others = tuple(one for one in box if one != limit)
        values = inputs[limit.input]
        beyond = values[inside(inputs, others) & ~limit.holds(inputs)]
        if limit.side == "among":
            for word in np.unique(beyond):
                yield (*others, replace(limit, among=tuple(sorted((*limit.among, word)))))
        elif len(beyond) > runs:
            ordered = np.sort(beyond)
            yield (*others, replace(limit, bound=float(ordered[-runs] if limit.side == "above" else ordered[runs - 1])))
        elif len(beyond):
            yield others


# Choosing


def chosen(inputs: Inputs, event: Mask, boxes: Sequence[Box]) -> int:
    """The box of a trajectory with the most merit; of equals the first, which has the fewest peels."""
    return int(np.argmax([merit(inside(inputs, box), event) for box in boxes]))


def simplified(inputs: Inputs, event: Mask, box: Box) -> Box:
    """The box without the restrictions it can do without: the least missed goes first, while `KEEP` of merit stays."""
    least = KEEP * merit(inside(inputs, box), event)
    while box:
        shorter = [tuple(one for one in box if one != limit) for limit in box]
        merits = [merit(inside(inputs, other), event) for other in shorter]
        if max(merits) < least:
            break
        box = shorter[int(np.argmax(merits))]
    return box


def quasi_p(inputs: Inputs, event: Mask, box: Box) -> list[float]:
    """For each restriction, how likely as many events in the box would be if it did nothing.

    Binomial: as many runs as the box has, at the density of the box without that restriction (Bryant and Lempert
    2010, appendix A). Quasi, because boxes are searched for and runs that share their luck count as strangers.
    """
    within = inside(inputs, box)
    runs, hits = int(within.sum()), int((within & event).sum())
    found = []
    for limit in box:
        without = inside(inputs, tuple(one for one in box if one != limit))
        density = float(event[without].mean()) if without.any() else 0.0
        found.append(float(stats.binom.sf(hits - 1, runs, density)))
    return found


# What is told


def clustered(part: NDArray[Any], whole: NDArray[Any], cluster: NDArray[Any], level: float = LEVEL) -> Interval:
    """The share sum(part) / sum(whole) over runs, of which those of one cluster have the same luck.

    Variance of a ratio between clusters, turned into a number of independent runs worth as much, and Jeffreys'
    interval for those (Korn and Graubard 1998, Survey Methodology 24: 193-201, with Jeffreys' interval for theirs).
    part and whole are (n,) masks, part within whole.
    """
    _, place = np.unique(cluster, return_inverse=True)
    a, b = (np.bincount(place, weights=np.asarray(mask, dtype=np.float64)) for mask in (part, whole))
    clusters, total = int((b > 0).sum()), float(b.sum())
    if not total:
        return Interval(float("nan"), 0.0, 1.0)
    share = float(a.sum() / total)
    variance = float(((a - share * b) ** 2).sum()) / total**2 * clusters / max(clusters - 1, 1)
    worth = min(share * (1 - share) / variance, total) if variance > 0 else float(clusters)
    lower, upper = jeffreys(share * worth, worth, level)
    return Interval(share, float(lower), float(upper))


def shown(within: Mask, event: Mask, cluster: NDArray[Any]) -> dict[str, float]:
    """Runs, mass, coverage and density of a set of runs, the latter two with intervals, as columns."""
    coverage = clustered(within & event, event, cluster)
    density = clustered(within & event, within, cluster)
    return {
        "runs": int(within.sum()),
        "mass": float(within.mean()),
        **{name: getattr(coverage, part) for name, part in zip(_ends("coverage"), Interval._fields, strict=True)},
        **{name: getattr(density, part) for name, part in zip(_ends("density"), Interval._fields, strict=True)},
    }


def _ends(name: str) -> tuple[str, str, str]:
    return name, f"{name}_lower", f"{name}_upper"


@dataclass(frozen=True)
class Found:
    """What was found for one event; the tables have a row per ...

    trajectory  box: step restricted, then mass coverage density in the half it was found in, the same with _hold in
                the other half; chosen is 1 for the box from which the answer was made
    limits      restriction of the answer: input side bound among, low and high of the input over all runs, share of
                all runs that keep to it, coverage_without and density_without it and quasi_p in the other half
    regions     region ("all", "box", "tree") and half ("found", "held"): `shown`
    leaves      leaf of the tree, the densest where it was found first: rule, taken (1 in region "tree"), density_found,
                then `shown` in the other half
    """

    box: Box
    trajectory: pd.DataFrame
    limits: pd.DataFrame
    regions: pd.DataFrame
    leaves: pd.DataFrame


def discover(table: pd.DataFrame, event: NDArray[Any], cluster: NDArray[Any]) -> Found:
    """Where an event happens. A row of `table` per run with its inputs, whether it happened, and whose luck it shares.

    Every second cluster is searched, the others are held back.
    """
    inputs, happened = columns_of(table), np.asarray(event, dtype=bool)
    _, place = np.unique(cluster, return_inverse=True)
    search = place % 2 == 0
    half = {name: values[search] for name, values in inputs.items()}
    boxes = peel(half, happened[search])
    step = chosen(half, happened[search], boxes)
    box = paste(half, happened[search], simplified(half, happened[search], boxes[step]))
    leaves = tree(half, happened[search])
    taken = _taken(half, happened[search], leaves)
    regions: dict[str, list[Box]] = {"all": [()], "box": [box]}
    regions["tree"] = [leaf for leaf, take in zip(leaves, taken, strict=True) if take]
    rows = []
    for name, parts in regions.items():
        within = np.any([inside(inputs, part) for part in parts], axis=0) if parts else np.zeros(len(happened), bool)
        for said, which in (("found", search), ("held", ~search)):
            rows.append({"region": name, "half": said, **shown(within[which], happened[which], cluster[which])})
    return Found(
        box,
        _trajectory(inputs, happened, search, boxes, step),
        _limits(inputs, happened, ~search, box),
        pd.DataFrame(rows),
        _leaves(inputs, happened, cluster, search, leaves, taken),
    )


def _trajectory(inputs: Inputs, event: Mask, search: Mask, boxes: Sequence[Box], step: int) -> pd.DataFrame:
    rows = []
    for number, box in enumerate(boxes):
        within = inside(inputs, box)
        row: dict[str, float] = {"step": number, "restricted": len({limit.input for limit in box})}
        for said, which in (("", search), ("_hold", ~search)):
            runs, hits = int(within[which].sum()), int((within & event)[which].sum())
            events = int(event[which].sum())
            row |= {
                f"mass{said}": runs / max(int(which.sum()), 1),
                f"coverage{said}": hits / events if events else float("nan"),
                f"density{said}": hits / runs if runs else float("nan"),
            }
        rows.append({**row, "chosen": int(number == step)})
    return pd.DataFrame(rows)


LIMIT_COLUMNS = ["input", "side", "bound", "among", "low", "high", "share", "coverage_without", "density_without",
                 "quasi_p"]  # fmt: skip


def _limits(inputs: Inputs, event: Mask, which: Mask, box: Box) -> pd.DataFrame:
    """`Found.limits`; numbers about events are of the runs in `which`."""
    held = {name: values[which] for name, values in inputs.items()}
    rows = []
    for limit, p in zip(box, quasi_p(held, event[which], box), strict=True):
        values = inputs[limit.input]
        words = limit.side == "among"
        without = inside(held, tuple(one for one in box if one != limit))
        hits, events = int((without & event[which]).sum()), int(event[which].sum())
        rows.append(
            {
                "input": limit.input,
                "side": limit.side,
                "bound": limit.bound,
                "among": "; ".join(limit.among),
                "low": float("nan") if words else float(values.min()),
                "high": float("nan") if words else float(values.max()),
                "share": float(limit.holds(inputs).mean()),
                "coverage_without": hits / events if events else float("nan"),
                "density_without": hits / int(without.sum()) if without.any() else float("nan"),
                "quasi_p": p,
            }
        )
    return pd.DataFrame(rows, columns=LIMIT_COLUMNS)


# A tree as second opinion


def tree(inputs: Inputs, event: Mask) -> list[Box]:
    """The leaves of a classification tree of at most `DEPTH` questions, as boxes, which share out the whole space.

    Words are put in the order of their share of events first; for two classes no split into two sets of words is
    missed by that (Breiman et al. 1984, theorem 4.5).
    """
    from sklearn.tree import DecisionTreeClassifier  # type: ignore[import-untyped, unused-ignore]

    least = max(LEAST_RUNS, int(np.ceil(LEAST_SHARE * len(event))))
    if len(event) < 2 * least or event.all() or not event.any():
        return [()]
    names, order = list(inputs), {name: _by_share(values, event) for name, values in inputs.items()}
    design = np.column_stack([_places(inputs[name], order[name]) for name in names])
    grown = DecisionTreeClassifier(max_depth=DEPTH, min_samples_leaf=least, random_state=0).fit(design, event).tree_
    leaves: list[Box] = []

    def walk(node: int, box: Box) -> None:
        if grown.children_left[node] < 0:
            leaves.append(box)
            return
        name, bound = names[grown.feature[node]], float(grown.threshold[node])
        for side, child in (("below", grown.children_left), ("above", grown.children_right)):
            walk(child[node], narrowed(box, _answer(name, side, bound, order[name], box)))

    walk(0, ())
    return leaves


def _by_share(values: NDArray[Any], event: Mask) -> list[str]:
    """Words in ascending order of the share of events; none for numbers."""
    return sorted(np.unique(values), key=lambda word: float(event[values == word].mean())) if _worded(values) else []


def _places(values: NDArray[Any], order: Sequence[str]) -> Floats:
    """Numbers as they are, words by their place in an order."""
    where = {word: place for place, word in enumerate(order)}
    return np.array([where[word] for word in values] if _worded(values) else values, dtype=np.float64)


def _answer(name: str, side: str, bound: float, order: Sequence[str], box: Box) -> Limit:
    """One answer to a question of the tree; of words, those that the box still has on this side of the bound."""
    if not order:
        return Limit(name, side, bound)
    left = next((limit.among for limit in box if (limit.input, limit.side) == (name, "among")), tuple(order))
    return Limit(name, "among", among=tuple(sorted(w for w in left if (order.index(w) < bound) is (side == "below"))))


def _taken(inputs: Inputs, event: Mask, leaves: Sequence[Box]) -> list[bool]:
    """Leaves that are counted as the event's: from the densest on, those with which merit is greatest."""
    within = [inside(inputs, leaf) for leaf in leaves]
    order = sorted(range(len(leaves)), key=lambda i: -float(event[within[i]].mean()) if within[i].any() else 0.0)
    merits = [merit(np.any([within[i] for i in order[: n + 1]], axis=0), event) for n in range(len(order))]
    last = int(np.argmax(merits))
    return [i in order[: last + 1] for i in range(len(leaves))]


def _leaves(
    inputs: Inputs, event: Mask, cluster: NDArray[Any], search: Mask, leaves: Sequence[Box], taken: Sequence[bool]
) -> pd.DataFrame:
    rows = []
    for leaf, take in zip(leaves, taken, strict=True):
        within = inside(inputs, leaf)
        found = event[within & search]
        rows.append(
            {
                "rule": rule(leaf),
                "taken": int(take),
                "density_found": float(found.mean()) if len(found) else float("nan"),
                **shown(within[~search], event[~search], cluster[~search]),
            }
        )
    return pd.DataFrame(rows).sort_values("density_found", ascending=False, kind="stable", ignore_index=True)


def rule(box: Box) -> str:
    """A box in a line: "attention.link >= 0.52; policy: dialogue, none"."""
    signs = {"above": ">=", "below": "<="}
    said = [
        f"{limit.input}: {', '.join(limit.among)}"
        if limit.side == "among"
        else f"{limit.input} {signs[limit.side]} {limit.bound:.3g}"
        for limit in box
    ]
    return "; ".join(said) or "everything"
