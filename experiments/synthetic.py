"""Does the calibration find parameters that are known?  python -m experiments.synthetic --records 40 --histories 15360

Records are made by the model itself, with parameters drawn from their prior; each is seen as the real record is, and
given to the calibration. If the posterior is right, the rank of the true value among its draws is uniform (Cook, Gelman
and Rubin 2006, Journal of Computational and Graphical Statistics 15: 675-692; Talts, Betancourt, Simpson, Vehtari and
Gelman 2018, arXiv:1804.06788), and central intervals of 50, 80 and 90 % hold it in 50, 80 and 90 % of records.

Pressures are pinned to the regimes of the history: they follow the evidence, not the parameters, so that knowing them
exactly tests the same likelihood. Letters for shapes: N records, D parameters.
"""

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from config.calendar import quarter_name
from config.loading import ROOT, resolve
from config.posterior import Calibration
from config.schema import LADDERS, PRESSURES, REGIMES, Settings, Status
from config.status import with_status
from experiments.analysis import importance
from experiments.analysis.intervals import LEVEL
from experiments.analysis.scores import CENTRAL, clopper_pearson
from experiments.calibrating import TOPICS, VETOES_FROM, Sample, evidence_of, plan_of, sample_here, values_of
from experiments.files import pretty, read_json, write_aside
from experiments.provenance import fingerprint_of_rules
from experiments.running import spread

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]

SEED = 1723
"""Luck of the histories that records are made of; each record is calibrated with luck of its own, `SEED` + 1 + run."""
UNSEEN = ("reopened", "deepened", "withdrawn")
BINS = 10
RESAMPLES = 2000
FILE = ROOT.parent / "benchmarks" / "coverage.json"


# Records


@dataclass(frozen=True)
class Truth:
    """A history, what is seen of it, and the parameters (D,) behind it, standard normal under the prior."""

    run: int
    z: Floats
    settings: Settings
    vetoes: dict[str, int]

    @property
    def withdrawn(self) -> tuple[str, ...]:
        """First files that were withdrawn: nothing is known of them after their last stage before."""
        return self.settings.status.open if self.settings.status else ()


def truths(plan: Calibration, records: int, root: Path = ROOT) -> list[Truth]:
    """Histories with parameters from their prior, as the record would show them.

    A history in which something lapses before the quarter that the start table has for it is passed over: a status
    cannot say so. The test stays exact, as it is for any choice among records.
    """
    from simulation.model import PartnershipModel

    free = resolve(plan.scenario, "none", prior=True, until=quarter_name(plan.until), root=root)
    runs = range(2 * records)
    z = np.random.default_rng(SEED).standard_normal((len(runs), len(plan.parameters)))
    model = PartnershipModel(
        free, runs, SEED, ("transitions", "trajectories", "vetoes"), values_of(free, plan.parameters, z)
    )
    regimes = []
    while model.quarter <= free.until:
        model.step()
        regimes.append(model.pressures.regime)
    tables = {name: pd.DataFrame(columns) for name, columns in model.tables().items()}
    made = (_truth(plan, free, run, z[run], tables, np.stack(regimes)[:, :, run]) for run in runs)
    return [truth for truth in made if truth is not None][:records]


def _truth(
    plan: Calibration, free: Settings, run: int, z: Floats, tables: dict[str, pd.DataFrame], regimes: Whole
) -> Truth | None:
    mine = {name: tables[name][tables[name]["run"] == run] for name in ("transitions", "trajectories", "vetoes")}
    moves = mine["transitions"]
    lapsed = moves[moves["stage"] == "lapsed"].groupby("instrument")["quarter"].min()
    if any(quarter < free.table.of(str(slug)).lapses < free.until for slug, quarter in lapsed.items()):
        return None
    stages, withdrawn = stages_seen(free, moves)
    status = Status.model_validate({
        "title": f"history {run}",
        "until": quarter_name(free.until),
        "stages": tuple(stages),
        "steps": tuple(steps_seen(free, mine["trajectories"])),
        "regimes": tuple(spells(free.start, regimes)),
        "open": tuple(withdrawn),
    })  # fmt: skip
    return Truth(run, z, with_status(free, status, status.title), vetoes_seen(plan, mine["vetoes"]))


def stages_seen(free: Settings, moves: pd.DataFrame) -> tuple[list[dict[str, Any]], list[str]]:
    """Stages of every file, and which first files were withdrawn: of those nothing is seen after their last stage.

    A status knows no withdrawal. Deepening is not seen either, and what lapses by the start table is not listed.
    """
    seen, withdrawn = [], []
    for file, rows in moves.groupby(["partner", "instrument"], sort=False):
        partner, slug = map(str, file)
        start = free.table.of(slug) if partner == "EU" else free.table.rung(partner, slug)
        there = start.stage == "in_force"
        for quarter, stage in zip(rows["quarter"], rows["stage"], strict=True):
            if stage == "withdrawn" and not there:
                withdrawn.append(slug)
                break
            there = stage == "in_force" or (there and stage != "lapsed")
            if stage not in UNSEEN and (stage, quarter) != ("lapsed", start.lapses):
                seen.append({"partner": partner, "instrument": slug, "stage": stage, "quarter": quarter_name(quarter)})
    return seen, withdrawn


def steps_seen(free: Settings, course: pd.DataFrame) -> list[dict[str, Any]]:
    """Steps of Japan's ladders."""
    steps = []
    for ladder in LADDERS:
        before = getattr(free.table.ladders, ladder)
        for quarter, step in zip(course["quarter"], course[f"step_{ladder}"], strict=True):
            if step > before:
                steps.append({"ladder": ladder, "step": int(step), "quarter": quarter_name(quarter)})
            before = step
    return steps


def spells(start: int, regimes: Whole) -> list[dict[str, str]]:
    """Regimes (quarters, pressures) from a quarter on, as spells of one regime."""
    all_spells = []
    for row, pressure in enumerate(PRESSURES):
        at = start
        for regime, quarters in groupby(regimes[:, row].tolist()):
            begins, at = at, at + len(list(quarters))
            spell = {"pressure": pressure, "regime": REGIMES[regime]}
            all_spells.append(spell | {"from": quarter_name(begins), "until": quarter_name(at)})
    return all_spells


def vetoes_seen(plan: Calibration, cast: pd.DataFrame) -> dict[str, int]:
    """Decisions vetoed by topic, in the quarters whose vetoes calibration looks at."""
    counted = cast[cast["quarter"].between(VETOES_FROM, plan.vetoes_until)]
    return {topic: counted[counted["subject"] == topic]["quarter"].nunique() for topic in TOPICS}


# Calibration


@dataclass(frozen=True)
class Task:
    """A record to be calibrated, with this many histories."""

    plan: Calibration
    truth: Truth
    histories: int


@dataclass(frozen=True)
class Found:
    """Where the truth lies in the posterior of its record, (D,) 0-1, and what the draws are worth."""

    histories: int
    ranks: Floats
    effective: float


def calibrated(task: Task) -> Sample:
    """The calibration of a record, in rounds of the same proportions as that of the real one."""
    plan = task.plan.model_copy(update={"seed": SEED + 1 + task.truth.run})
    rounds = [task.histories * size // sum(plan.rounds) for size in plan.rounds]
    return sample_here(evidence_of(task.truth.settings, plan, task.truth.vetoes, VETOES_FROM), rounds)


def after_each_round(sample: Sample) -> Iterator[Sample]:
    """What the calibration would have been had it ended with each round."""
    for rounds in range(1, len(sample.sizes) + 1):
        n = sum(sample.sizes[:rounds])
        yield replace(
            sample, z=sample.z[:n], log_likelihood=sample.log_likelihood[:n],
            proposals=sample.proposals[:rounds], sizes=sample.sizes[:rounds],
        )  # fmt: skip


def found(task: Task) -> list[Found]:
    """Where the truth lies after each round."""
    return [_found(sample, task.truth.z) for sample in after_each_round(calibrated(task))]


def _found(sample: Sample, truth: Floats) -> Found:
    weight = sample.log_weight()
    return Found(len(weight), ranks(sample.z, weight, truth), importance.effective(weight))


def ranks(z: Floats, log_weight: Floats, truth: Floats) -> Floats:
    """Weight of the draws below the truth, (D,): its probability integral transform."""
    below: Floats = np.exp(log_weight) @ (z < truth)
    return below


# Coverage


def held(values: Floats, level: float) -> NDArray[np.bool_]:
    """Whether central intervals hold the truth, as `values` in shape: ranks, 0-1."""
    return (values >= (1 - level) / 2) & (values <= (1 + level) / 2)


def coverage(values: Floats) -> list[dict[str, Any]]:
    """Share of ranks (N, D) that central intervals hold, with two intervals of 90 %.

    That of Clopper and Pearson takes all ranks as independent, which those of one record are not; the other draws whole
    records anew.
    """
    return [_covered(values, level) for level in CENTRAL if values.size]


def _covered(values: Floats, level: float) -> dict[str, Any]:
    inside = held(values, level)
    return {
        "level": level,
        "share": rounded(inside.mean()),
        "covered": int(inside.sum()),
        "of": inside.size,
        "independent": [rounded(end) for end in clopper_pearson(int(inside.sum()), inside.size)],
        "by_record": by_record(inside.mean(axis=1)),
    }


def by_record(means: Floats) -> list[float]:
    """Bootstrap interval (percentiles) of a mean over records, (N,), drawn anew with all that belongs to them."""
    drawn = np.random.default_rng(SEED).integers(len(means), size=(RESAMPLES, len(means)))
    return [rounded(end) for end in np.quantile(means[drawn].mean(axis=1), [(1 - LEVEL) / 2, (1 + LEVEL) / 2])]


def of_parameter(values: Floats) -> dict[str, Any]:
    """Coverage of one parameter's ranks (N,), and how well a uniform distribution fits them (Kolmogorov, Smirnov)."""
    told = {f"{level:.0%}": int(held(values, level).sum()) for level in CENTRAL}
    ends = {name: [rounded(end) for end in clopper_pearson(count, len(values))] for name, count in told.items()}
    return {"covered": told, "intervals": ends, "mean": rounded(values.mean()),
            "p_uniform": rounded(stats.kstest(values, "uniform").pvalue)}  # fmt: skip


def histogram(values: Floats) -> dict[str, Any]:
    """Ranks (N, D) in bins of equal width, and the share of all in each with its interval by record."""
    place = np.minimum((values * BINS).astype(int), BINS - 1)
    bins = [place == one for one in range(BINS)]
    return {
        "counts": [int(one.sum()) for one in bins],
        "expected": values.size / BINS,
        "by_record": [by_record(one.mean(axis=1)) for one in bins],
    }


def rounded(value: float) -> float:
    """To three digits."""
    return round(float(value), 3)


# Report


def report(plan: Calibration, asked: int, rules: str, done: Sequence[tuple[Truth, list[Found]]]) -> dict[str, Any]:
    """All that is said of the records calibrated so far, with so many histories each, by these rules."""
    by_round = list(zip(*(rounds for _, rounds in done), strict=True))
    values, whole = _ranks(by_round[-1]), np.array([not truth.withdrawn for truth, _ in done])
    return {
        "records": len(done),
        "histories": asked,
        "seed": SEED,
        "rules": rules,
        "coverage": coverage(values),
        "with_nothing_withdrawn": {"records": int(whole.sum()), "coverage": coverage(values[whole])},
        "by_histories": [_by_histories(one) for one in by_round],
        "parameters": {name: of_parameter(values[:, place]) for place, name in enumerate(plan.parameters)},
        "histogram": histogram(values),
        "each": [_each(*one) for one in done],
    }


def _ranks(found: Sequence[Found]) -> Floats:
    return np.stack([one.ranks for one in found])


def _by_histories(found: Sequence[Found]) -> dict[str, Any]:
    """Coverage of all records after one round, and quartiles of what their draws were worth."""
    worth = np.quantile([one.effective for one in found], [0.25, 0.5, 0.75])
    shares = {f"{level:.0%}": rounded(held(_ranks(found), level).mean()) for level in CENTRAL}
    return {"histories": found[0].histories, "effective": [rounded(end) for end in worth], "share": shares}


def _each(truth: Truth, rounds: Sequence[Found]) -> dict[str, Any]:
    return {
        "run": truth.run,
        "withdrawn": list(truth.withdrawn),
        "truth": [rounded(z) for z in truth.z],
        "rounds": [{**vars(one), "ranks": [round(float(rank), 6) for rank in one.ranks]} for one in rounds],
    }


def kept(file: Path, histories: int, rules: str) -> dict[int, list[Found]]:
    """What an interrupted test by the same rules has found already, by run."""
    there = read_json(file) or {}
    if (there.get("histories"), there.get("seed"), there.get("rules")) != (histories, SEED, rules):
        return {}
    return {
        one["run"]: [Found(**{**found, "ranks": np.array(found["ranks"])}) for found in one["rounds"]]
        for one in there["each"]
    }


def main() -> None:
    """Make records, calibrate each, write down how often the truth was found; the file grows record by record."""
    parser = argparse.ArgumentParser(prog="python -m experiments.synthetic", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--records", type=int, default=40)
    parser.add_argument("--histories", type=int, default=15360, help="for each record")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--out", type=Path, default=FILE)
    asked = parser.parse_args()
    plan, rules = plan_of(), fingerprint_of_rules()
    tasks = [Task(plan, truth, asked.histories) for truth in truths(plan, asked.records)]
    before = kept(asked.out, asked.histories, rules)
    done = [(task.truth, before[task.truth.run]) for task in tasks if task.truth.run in before]
    for task, rounds in spread(found, [task for task in tasks if task.truth.run not in before], asked.workers):
        done = sorted([*done, (task.truth, rounds)], key=lambda one: one[0].run)
        write_aside(asked.out, pretty(report(plan, asked.histories, rules, done)))
        worth = rounds[-1].effective
        print(f"{len(done)} of {len(tasks)}: record {task.truth.run}, worth {worth:.0f} draws", flush=True)
    for one in coverage(_ranks([rounds[-1] for _, rounds in done])):
        low, high = one["by_record"]
        print(f"intervals of {one['level']:.0%} hold {one['share']:.0%} of all truths ({low:.0%} to {high:.0%})")


if __name__ == "__main__":
    main()
