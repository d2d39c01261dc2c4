"""What the model can say and what it cannot: forecasts of the past, patterns, and answers over what nobody knows.

Everything is saved as tables in a folder, and the page of docs/validation.md is written from these tables alone.
"""

import os
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from config.calendar import quarter_index, quarter_name
from config.errors import UserError
from config.loading import ROOT, load_experiment
from config.posterior import Calibration
from config.schema import Experiment
from experiments.analysis.combining import outermost
from experiments.analysis.intervals import mean_interval
from experiments.analysis.patterns import patterns
from experiments.calibrating import Sample, informed
from experiments.figures.hindcast import Row, hindcast
from experiments.figures.informed import informed as draw_informed
from experiments.figures.patterns import patterns as draw_patterns
from experiments.figures.style import save
from experiments.files import write_aside
from experiments.hindcasting import (
    MODEL,
    ORIGINS,
    SHIPPED,
    Belief,
    Forecasts,
    covered,
    forecasts,
    record_of,
    scored,
    skills,
)
from experiments.running import Progress, run_experiment
from experiments.store import load
from experiments.validation_page import page as page_of

QUESTIONS = ("impediments", "remedies")
"""Experiments whose answers are looked at over what the record cannot tell."""
UNKNOWN = ("files.forecast", "attention.link")
"""What the record cannot tell: how far hopeless files are left in the drawer, whether the two theatres are one."""
THIRDS = ("lowest third", "middle third", "highest third")
SYNTHETIC = ROOT.parent / "benchmarks" / "coverage.json"
PICTURES = ("informed", "patterns", "hindcast_2010Q1_calibrate", "hindcast_2024Q3_validate")
RUNS_WITHOUT = 512
"""Runs from each origin for each domain left out, as many as are made with it for comparison."""
DRAWS_WITHOUT = 400
"""Rows of a posterior that leaves a domain out."""

Watch = Callable[[Progress], None]


def validate(
    folder: Path,
    plan: Calibration,
    sample: Sample | None,
    runs: int,
    *,
    workers: int | None = None,
    progress: Watch = lambda progress: None,
    root: Path = ROOT,
) -> None:
    """Make and save everything: scores, coverage, patterns, leaving domains out, answers over the unknown.

    UserError, and nothing written, if the folder is a file or holds results of other runs.
    """
    if os.path.isfile(folder):
        raise UserError("is a file, not a folder", file=str(folder), suggestion="--out another folder")
    for name in ("hindcast", *QUESTIONS):
        question = load_experiment(name, runs=runs, root=root)
        run_experiment(
            question if name == "hindcast" else _with_all_drawn(question),
            folder / name,
            workers=workers,
            progress=progress,
        )
    record = record_of(plan, root)
    origins = [quarter_index(name) for name in ORIGINS]
    both = (SHIPPED, Belief(prior=True))
    made, before = forecasts(origins, runs, record, both, workers=workers, progress=progress, root=root)
    table = scored(made)
    keep(folder, "scores", table)
    keep(folder, "skill", skills(table))
    keep(folder, "coverage", covered(made))
    draw(made, folder, runs)
    keep(folder, "skill_of_prior", skills(scored(before)))
    if sample is not None:
        rows = informed(sample)
        keep(folder, "informed", pd.DataFrame([_flat(row) for row in rows]))
        save(draw_informed(rows, plan.until, sum(plan.rounds)), folder / "figures", "informed")
        few = min(runs, RUNS_WITHOUT)
        keep(folder, "left_out", left_out(sample, origins, few, plan, workers, progress, root))
    else:
        for name in ("informed", "left_out"):
            (folder / f"{name}.csv").unlink(missing_ok=True)
    compared = patterns(folder / "hindcast")
    keep(folder, "patterns", compared)
    save(draw_patterns(compared, "hindcast", "none", runs), folder / "figures", "patterns")
    keep(folder, "answers", pd.concat([answers(folder / name) for name in QUESTIONS]))


def _with_all_drawn(question: Experiment) -> Experiment:
    """The same of single policies and of all together, with what its design would vary drawn run by run."""
    policies = outermost(question.policies)
    return question.model_copy(
        update={"policies": policies, "design": None, "analyses": (), "record": ("trajectories", "transitions")}
    )


def keep(folder: Path, name: str, table: pd.DataFrame) -> None:
    """Save a table."""
    table.to_csv(folder / f"{name}.csv", index=False, float_format="%.6g")


def draw(made: Sequence[Forecasts], folder: Path, runs: int) -> None:
    """A picture of the forecasts from each origin: events of calibration to their horizon, of validation to theirs."""
    for one in made:
        for use in ("calibrate", "validate"):
            rows = [
                Row(event.name, event.domain, said, event.observed, use == "calibrate")
                for event, said in zip(one.events, one.by[MODEL], strict=True)
                if event.use == use
            ]
            if rows:
                rows.sort(key=lambda row: row.group)
                save(hindcast(rows, "hindcast", runs), folder / "figures", f"hindcast_{quarter_name(one.origin)}_{use}")


def _flat(row: object) -> dict[str, object]:
    content = dict(vars(row))
    for name in ("prior", "posterior"):
        content |= dict(zip((name, f"{name}_low", f"{name}_high"), content[name], strict=True))
    return content


def left_out(
    sample: Sample, origins: Sequence[int], runs: int, plan: Calibration,
    workers: int | None, progress: Watch, root: Path,
) -> pd.DataFrame:  # fmt: skip
    """Scores of a domain's events when calibration has not seen that domain, beside those when it has."""
    record = record_of(plan, root)
    domains = sorted({record.domain(file) for file in record.files()} | {"Japan"})
    beliefs = [Belief(sample.posterior(DRAWS_WITHOUT, domain)) for domain in ("", *domains)]
    made = forecasts(origins, runs, record, beliefs, workers=workers, progress=progress, root=root)
    full, *others = [scored(one) for one in made]
    rows = []
    for domain, there in zip(domains, others, strict=True):
        for use in ("calibrate", "validate"):
            seen, unseen = (_mean(table, domain, use, MODEL) for table in (full, there))
            plain = _mean(full, domain, use, "constant hazard")
            if seen is not None and unseen is not None and plain is not None:
                rows.append({"domain": domain, "use": use, "events": int(seen["events"]),
                             **{f"{name}_{score}": one[score] for score in ("log", "crps")
                                for name, one in (("seen", seen), ("unseen", unseen), ("plain", plain))}})  # fmt: skip
    return pd.DataFrame(rows)


def _mean(table: pd.DataFrame, domain: str, use: str, forecaster: str) -> dict[str, float] | None:
    part = table[(table["domain"] == domain) & (table["use"] == use) & (table["forecaster"] == forecaster)]
    if part.empty:
        return None
    return {"events": len(part), "log": float(part["log"].mean()), "crps": float(part["crps"].mean())}


def answers(folder: Path) -> pd.DataFrame:
    """What each policy adds to operational depth at the end, over thirds of what the record cannot tell."""
    results = load(folder)
    last = quarter_name(results.experiment.until) if results.experiment.until else None
    columns = ["run", "policy", "quarter", "operational_depth"]
    ends = results.table("trajectories", columns, quarters=[last] if last else None)
    ends = ends[ends["quarter"].astype(str) == ends["quarter"].astype(str).max()]
    ends = ends.astype({"policy": str}).pivot_table(index="run", columns="policy", values="operational_depth")
    runs = results.table("runs").astype({"policy": str})
    drawn = runs[runs["policy"] == "none"].set_index("run")
    rows = []
    for policy in (name for name in ends.columns if name != "none"):
        gain = (ends[policy] - ends["none"]).to_numpy()
        rows.append({"policy": policy, "by": "all runs", "third": "", **_interval(gain)})
        own = [f"levers.{piece.removesuffix('_strategy')}_strength" for piece in policy.split("+")]
        for name in (*UNKNOWN, *(one for one in own if one in drawn and len(own) == 1)):
            if name not in drawn:
                continue
            place = np.digitize(values := drawn.loc[ends.index, name].to_numpy(), np.quantile(values, [1 / 3, 2 / 3]))
            for third, label in enumerate(THIRDS):
                rows.append({"policy": policy, "by": name, "third": label, **_interval(gain[place == third])})
    return pd.DataFrame(rows)


def _interval(values: "np.typing.NDArray[np.float64]") -> dict[str, float]:
    found = mean_interval(values)
    return {"runs": len(values), "mean": found.estimate, "low": found.lower, "high": found.upper}


def check_page(page: Path) -> None:
    """UserError unless a page can be written there: to be asked before hours of computing."""
    try:
        if page.is_dir():
            raise UserError("is a folder, not a file", key="--page", value=str(page), allowed="a file to write")
        with tempfile.TemporaryFile(dir=next(one for one in page.absolute().parents if one.exists())):
            pass
    except OSError as error:
        raise UserError(f"cannot be written: {error.strerror}", key="--page", value=str(page)) from error


def told(folder: Path, plan: Calibration, page: Path | None) -> str:
    """Write the page from what is saved, into the folder and where asked; what to print."""
    text = page_of(folder, plan, SYNTHETIC)
    for file in filter(None, (folder / "validation.md", page)):
        write_aside(file, text.encode())
    if page is not None:
        for name in PICTURES:
            for picture in (folder / "figures").glob(f"{name}.png"):
                write_aside(page.parent / "pictures" / picture.name, picture.read_bytes())
    start = text.index("## Skill")
    return f"{text[start : text.index('## Coverage')].strip()}\n\nPage: {page or folder / 'validation.md'}"
