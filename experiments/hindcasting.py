"""Forecasts of the past: from the true state of several origins on, scored against what happened.

Each origin knows the record up to the quarter before it and the pressures as they were known by then; after it the
pressures follow what each quarter showed, so that what is scored is the partnership, not the guess at the world.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from config.calendar import quarter_index, quarter_name
from config.loading import ROOT, load_record, resolve
from config.posterior import Calibration
from config.schema import Posterior, RegimeChances, Settings
from experiments.analysis import references, scores
from experiments.analysis.events import CALIBRATE, Event, Record, times
from experiments.analysis.record import known
from experiments.analysis.regimes import chances
from experiments.analysis.scores import Forecast
from experiments.running import WIDTH, Progress, cores, spread

ORIGINS = ("2010Q1", "2014Q1", "2018Q1", "2022Q1", "2024Q3")
LAST = "2026Q2"
MODEL = "model"
REFERENCES = ("constant hazard", "nothing changes", "last five years")
FORECASTERS = (MODEL, *REFERENCES)
SEED = 2026
YEARS_AHEAD = (2, 4, 8)
"""Years after an origin at whose end states are scored by Brier."""


@dataclass(frozen=True)
class Task:
    """Some runs from one origin."""

    settings: Settings
    runs: range
    origin: int
    events: Sequence[Event]


def forecast_settings(origin: int, posterior: Posterior | None, prior: bool = False, root: Path = ROOT) -> Settings:
    """The hindcast as somebody at the beginning of a quarter could have run it, from the record's state."""
    free = resolve("hindcast", "none", prior=prior, until=LAST, root=root)
    if posterior is not None:
        free = free.model_copy(update={"posterior": posterior})
    if origin <= free.start:
        return free
    pressures = free.pressures.model_copy(update={"drawn": _chances(origin - 1, root)})
    return known(free.model_copy(update={"pressures": pressures}), load_record(root), origin - 1)


@cache
def _chances(until: int, root: Path) -> RegimeChances:
    """Chances of regimes as known at the end of a quarter, which take seconds to estimate."""
    return chances(until, root)


def _simulated(task: Task) -> dict[str, list[int]]:
    """Quarter of each event in some runs."""
    return times(task.events, *_lived(task), task.runs, task.origin)


def _lived(task: Task) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Transitions of some runs, and the steps that Japan stood at in every quarter."""
    from simulation.model import PartnershipModel

    with np.errstate(divide="raise", over="raise", invalid="raise"):
        model = PartnershipModel(task.settings, task.runs, SEED, ("transitions", "trajectories"))
        model.run()
    tables = model.tables()
    steps = [name for name in tables["trajectories"] if name.startswith("step_")]
    trajectories = pd.DataFrame({name: tables["trajectories"][name] for name in ("run", "quarter", *steps)})
    return pd.DataFrame(tables["transitions"]), trajectories


@dataclass(frozen=True)
class Forecasts:
    """What each forecaster said of each event from one origin."""

    origin: int
    events: Sequence[Event]
    by: dict[str, list[Forecast]]


@dataclass(frozen=True)
class Belief:
    """Where parameters come from: a posterior, the shipped one without it, or with `prior` their ranges."""

    posterior: Posterior | None = None
    prior: bool = False


SHIPPED = Belief()


def forecasts(
    origins: Sequence[int],
    runs: int,
    record: Record,
    beliefs: Sequence[Belief] = (SHIPPED,),
    *,
    workers: int | None = None,
    progress: Callable[[Progress], None] = lambda progress: None,
    root: Path = ROOT,
) -> list[list[Forecasts]]:
    """Forecasts of all events from every origin beside the references, once for each belief about parameters."""
    begun, done = time.perf_counter(), 0
    cuts = [range(at, min(at + WIDTH, runs)) for at in range(0, runs, WIDTH)]
    events = {origin: record.events(origin) for origin in origins}
    cells = [(place, origin) for place in range(len(beliefs)) for origin in origins]
    tasks = {}
    for place, origin in cells:
        settings = forecast_settings(origin, beliefs[place].posterior, beliefs[place].prior, root)
        for cut in cuts:
            tasks[place, origin, cut.start] = Task(settings, cut, origin, events[origin])
    found: dict[tuple[int, int, int], dict[str, list[int]]] = {}
    keys = {id(task): key for key, task in tasks.items()}
    for task, when in spread(_simulated, list(tasks.values()), workers or cores()):
        found[keys[id(task)]] = when
        done += len(task.runs)
        progress(Progress(done, runs * len(cells), 0, time.perf_counter() - begun))
    made: list[list[Forecasts]] = [[] for _ in beliefs]
    for place, origin in cells:
        parts = [found[place, origin, cut.start] for cut in cuts]
        when = {event.name: [quarter for part in parts for quarter in part[event.name]] for event in events[origin]}
        made[place].append(Forecasts(origin, events[origin], _all(events[origin], when, record, origin, runs)))
    return made


def _all(
    events: Sequence[Event], when: dict[str, list[int]], record: Record, origin: int, runs: int
) -> dict[str, list[Forecast]]:
    spells = record.spells()
    found: dict[str, list[Forecast]] = {name: [] for name in FORECASTERS}
    for event in events:
        horizon = record.fitted_until if event.use == CALIBRATE else record.last
        target = record.target(event, origin)
        found[MODEL].append(scores.from_ensemble(when[event.name], origin, horizon))
        found[REFERENCES[0]].append(references.constant_hazard(spells, target, origin, horizon, runs))
        found[REFERENCES[1]].append(references.nothing_changes(origin, horizon, runs))
        recent = references.recent_pace if origin > record.settings.start else references.constant_hazard
        found[REFERENCES[2]].append(recent(spells, target, origin, horizon, runs))
    return found


def record_of(plan: Calibration, root: Path = ROOT) -> Record:
    """The record as events, split as the plan of calibration says."""
    settings = resolve(plan.scenario, "none", prior=True, until=LAST, root=root)
    return Record(settings, load_record(root), plan.until, quarter_index(LAST))


def scored(made: Sequence[Forecasts]) -> pd.DataFrame:
    """A row per origin, event and forecaster: minus the log score (nats), CRPS (years), Brier after some years."""
    rows = []
    for one in made:
        dates = [one.origin + 4 * years - 1 for years in YEARS_AHEAD]
        for place, event in enumerate(one.events):
            for name, said in one.by.items():
                forecast = said[place]
                inside = [date if date <= forecast.horizon else -1 for date in dates]
                brier = scores.brier(forecast, event.observed, [d for d in inside if d >= 0])
                by_date = iter(brier)
                rows.append(
                    {
                        "origin": quarter_name(one.origin), "event": event.name, "use": event.use,
                        "domain": event.domain, "cluster": event.cluster, "forecaster": name,
                        "happened": "" if event.observed.censored else quarter_name(event.observed.first),
                        "median": _said(forecast.quantile(0.5)), "low": _said(forecast.quantile(0.05)),
                        "high": _said(forecast.quantile(0.95)), "later": forecast.later,
                        "log": -scores.log_score(forecast, event.observed),
                        "crps": scores.crps_cut(forecast, event.observed),
                        **{f"brier_{years}": float(next(by_date)) if date >= 0 else float("nan")
                           for years, date in zip(YEARS_AHEAD, inside, strict=True)},
                    }
                )  # fmt: skip
    return pd.DataFrame(rows)


def _said(quarter: int) -> str:
    return "later" if quarter > quarter_index(LAST) else quarter_name(quarter)


def skills(table: pd.DataFrame) -> pd.DataFrame:
    """Skill of the model over each reference, by use and score, with 90 % intervals over clusters of events.

    "latest" are the events kept for validation from the last origin alone: from earlier ones only what happened counts
    as validation, since what did not happen by the end of calibration's window was seen by it.
    """
    rows = []
    last = table["origin"].max()
    latest = table[(table["use"] == "validate") & (table["origin"] == last)].assign(use="latest")
    for use, part in pd.concat([table, latest]).groupby("use", sort=False):
        wide = {name: part[part["forecaster"] == name].reset_index(drop=True) for name in FORECASTERS}
        for reference in REFERENCES:
            for score in ("log", "crps", *(f"brier_{years}" for years in YEARS_AHEAD)):
                mine, theirs = wide[MODEL][score].to_numpy(), wide[reference][score].to_numpy()
                kept = ~np.isnan(mine)
                if not kept.any():
                    continue
                clusters = wide[MODEL]["cluster"].to_numpy()[kept].tolist()
                found = scores.skill(mine[kept], theirs[kept], clusters)
                more = scores.gain(-mine[kept], -theirs[kept], clusters) if score == "log" else None
                rows.append(
                    {
                        "use": use, "reference": reference, "score": score, "events": int(kept.sum()),
                        "clusters": len(set(clusters)), "model": mine[kept].mean(), "theirs": theirs[kept].mean(),
                        "skill": found.estimate, "low": found.lower, "high": found.upper,
                        "gain": more.estimate if more else np.nan, "gain_low": more.lower if more else np.nan,
                        "gain_high": more.upper if more else np.nan,
                    }
                )  # fmt: skip
    return pd.DataFrame(rows)


def covered(made: Sequence[Forecasts]) -> pd.DataFrame:
    """Share of events within central intervals of the model's forecasts: each event once, from its latest origin."""
    rows = []
    for use in ("calibrate", "validate"):
        latest: dict[str, tuple[Forecast, Event]] = {}
        for one in made:
            for forecast, event in zip(one.by[MODEL], one.events, strict=True):
                if event.use == use:
                    latest[event.name] = forecast, event
        pairs = list(latest.values())
        if pairs:
            for found in scores.coverage([f for f, _ in pairs], [e.observed for _, e in pairs]):
                rows.append({"use": use, **found._asdict()})
    return pd.DataFrame(rows)
