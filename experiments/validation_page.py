"""The page docs/validation.md, written from saved tables alone: how good the model is, and what it cannot say."""

import json
from collections.abc import Sequence
from pathlib import Path
from string import Template
from types import SimpleNamespace
from typing import Any

import pandas as pd

from config.calendar import quarter_name
from config.posterior import Calibration
from experiments.labels import policy_label

TEXT = Path(__file__).parent / "pages" / "validation.md"
SCORES = {
    "log": "log score", "crps": "CRPS",
    "brier_2": "Brier, 2 years", "brier_4": "Brier, 4 years", "brier_8": "Brier, 8 years",
}  # fmt: skip
USES = {
    "calibrate": "Events that calibration saw",
    "validate": "Events kept for validation",
    "latest": "Events kept for validation, from 2024Q3 alone, where what did not happen is asked about too",
}
PLAIN = "constant hazard"
AIM = 0.2
"""Skill over constant hazards that was aimed at before anything was measured."""
INFORMED = 0.1
"""Contraction from which a parameter is called informed."""
WORST = 8
NOT_MADE = "Not made: no calibration was at hand."


def page(folder: Path, plan: Calibration, synthetic: Path | None = None) -> str:
    """The whole page from the tables of `experiments.validating`, and the synthetic coverage if it was measured."""
    scores = _read(folder, "scores")
    return Template(TEXT.read_text(encoding="utf-8")).substitute(
        parameters=len(plan.parameters),
        until=quarter_name(plan.until),
        histories=f"{sum(plan.rounds):,}",
        skill=_skill(_read(folder, "skill"), _read(folder, "skill_of_prior")),
        coverage=_coverage(_read(folder, "coverage")),
        wrong=_wrong(scores),
        fields=_fields(scores),
        diagnosis=_diagnosis(scores),
        informed=_informed(_read(folder, "informed")) if (folder / "informed.csv").exists() else NOT_MADE,
        synthetic=_synthetic(synthetic),
        left_out=_left_out(_read(folder, "left_out")) if (folder / "left_out.csv").exists() else NOT_MADE,
        patterns=_patterns(_read(folder, "patterns")),
        answers=_answers(_read(folder, "answers")),
    )


def _read(folder: Path, name: str) -> pd.DataFrame:
    return pd.read_csv(folder / f"{name}.csv")


def _rows(frame: pd.DataFrame) -> list[Any]:
    """Rows as objects with the columns as attributes."""
    return [SimpleNamespace(**{str(key): value for key, value in row.items()}) for row in frame.to_dict("records")]


def markdown(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A table."""
    lines = [header, ["---"] * len(header), *([str(cell) for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _span(middle: float, low: float, high: float, form: str = ".2f") -> str:
    return f"{middle:{form}} ({low:{form}} to {high:{form}})"


def _skill(found: pd.DataFrame, prior: pd.DataFrame) -> str:
    parts = []
    keys = ["use", "reference", "score"]
    both = found.merge(prior[[*keys, "skill"]], on=keys, how="left", suffixes=("", "_prior"))
    header = ["reference", "score", "model", "reference's", "skill", "uncalibrated", "nats per event"]
    for use, title in USES.items():
        part = both[both["use"] == use]
        if part.empty:
            continue
        rows = [
            [
                one.reference, SCORES[one.score], f"{one.model:.3f}", f"{one.theirs:.3f}",
                f"**{one.skill:.2f}** ({one.low:.2f} to {one.high:.2f})",
                "" if pd.isna(one.skill_prior) else f"{one.skill_prior:.2f}",
                "" if pd.isna(one.gain) else _span(one.gain, one.gain_low, one.gain_high, "+.2f"),
            ]
            for one in _rows(part)
        ]  # fmt: skip
        count = f"{part['events'].max()} forecasts of events of {part['clusters'].max()} files"
        parts += [f"**{title}**: {count}.", markdown(header, rows)]
    return "\n\n".join([*parts, _verdict(found)])


def _verdict(found: pd.DataFrame) -> str:
    kept = found[found["use"].isin(["validate", "latest"]) & (found["reference"] == PLAIN)]
    said = []
    for one in _rows(kept[kept["score"].isin(["log", "crps"])]):
        state = "missed"
        if one.skill >= AIM:
            state = "reached" if one.low > 0 else "missed, as the interval does not exclude no skill"
        whence = "" if one.use == "validate" else " from 2024Q3 alone"
        said.append(f"{SCORES[one.score]}{whence} {_span(one.skill, one.low, one.high)}, {state}")
    aim = (
        f"The aim set beforehand, a skill of at least {AIM} over constant hazards on validation events with an interval"
    )
    return f"{aim}\nabove zero: {'; '.join(said)}."


def _coverage(found: pd.DataFrame) -> str:
    rows = [
        [USES[one.use], f"{one.level:.0%}", f"{one.covered} of {one.events}", f"{one.expected:.2f}",
         f"{one.lower:.2f} to {one.upper:.2f}"]
        for one in _rows(found)
    ]  # fmt: skip
    return markdown(["", "interval", "held", "share, mean over ties", "binomial interval"], rows)


def _losses(scores: pd.DataFrame, by: Sequence[str]) -> pd.DataFrame:
    """Mean minus log score of model and constant hazards, and how much the model loses."""
    wide = scores.pivot_table(index=list(by), columns="forecaster", values="log")
    return wide.assign(loss=wide["model"] - wide[PLAIN]).sort_values("loss", ascending=False)


def _wrong(scores: pd.DataFrame) -> str:
    model = scores[scores["forecaster"] == "model"].sort_values("log").groupby("event").last().reset_index()
    rows = []
    worst = _losses(scores, ["event"]).head(WORST).reset_index()[["event", "loss"]]
    for one in _rows(worst.merge(model, on="event")):
        happened = one.happened if isinstance(one.happened, str) else "not by the end"
        forecast = f"{one.median} ({one.low} to {one.high}), from {one.origin}"
        rows.append([one.event, one.domain, one.use, happened, forecast, f"{one.loss:+.2f}"])
    return markdown(["event", "field", "use", "happened", "forecast: median (5 to 95 %)", "nats lost"], rows)


def _fields(scores: pd.DataFrame) -> str:
    means = scores.groupby(["domain", "forecaster"])[["log", "crps"]].mean()
    cells = [(score, name) for score in ("log", "crps") for name in ("model", PLAIN)]
    rows = [
        [domain, *(f"{float(means.loc[(domain, name)][score]):.2f}" for score, name in cells)]
        for domain in sorted(set(scores["domain"]))
    ]
    return markdown(["field", "log: model", PLAIN, "CRPS: model", PLAIN], rows)


def _diagnosis(scores: pd.DataFrame) -> str:
    """Which side the model errs on: shares of its forecasts whose median is before and after what happened."""
    model = scores[(scores["forecaster"] == "model") & scores["happened"].notna()]
    late = model["median"].where(model["median"] != "later", "9999Q4") > model["happened"]
    early = model["median"] < model["happened"]
    kinds = model.assign(late=late, early=early).groupby("domain")[["late", "early"]].mean()
    said = ", ".join(f"{one.domain} {one.late:.0%} and {one.early:.0%}" for one in _rows(kinds.reset_index()))
    return f"Of events that happened, the median forecast came too late and too early in: {said}."


def _informed(found: pd.DataFrame) -> str:
    found = found.sort_values("contraction", ascending=False)
    rows = [
        [f"`{one.name}`", _span(one.prior, one.prior_low, one.prior_high),
         _span(one.posterior, one.posterior_low, one.posterior_high), f"{one.contraction:.0%}", f"{one.shift:+.1f}"]
        for one in _rows(found)
    ]  # fmt: skip
    clear = found["contraction"] >= INFORMED
    told, untold = (", ".join(f"`{name}`" for name in found.loc[mask, "name"]) or "none" for mask in (clear, ~clear))
    table = markdown(["parameter", "prior", "posterior", "contraction", "shift"], rows)
    picture = "![Prior and posterior of every calibrated parameter](pictures/informed.png)"
    said = f"Informed: {told}.\nHardly or not at all: {untold}.\nWhat is not in this table keeps its range."
    return f"{table}\n\n{said}\n\n{picture}"


def _synthetic(file: Path | None) -> str:
    if file is None or not file.exists():
        return "Not measured."
    found = json.loads(file.read_text())
    rows = [
        [f"{one['level']:.0%}", f"{one['covered']} of {one['of']}", _span(one["share"], *one["by_record"])]
        for one in found["coverage"]
    ]
    said = (
        f"{found['records']} synthetic records were made by the model with known parameters drawn from the prior,\n"
        f"seen as the real one is, and calibrated with {found['histories']:,} histories each\n"
        "(`python -m experiments.synthetic`). How often posterior intervals held the truth, over all parameters,\n"
        "with 90 % intervals from resampling records:\n\n"
    )
    fewest, middle, most = found["by_histories"][-1]["effective"]
    worth = (
        f"Histories of a record were worth {middle:.0f} equally weighted draws (median; quartiles\n"
        f"{fewest:.0f} and {most:.0f})."
    )
    return said + markdown(["interval", "held", "share (90 % interval)"], rows) + f"\n\n{worth}"


def _left_out(found: pd.DataFrame) -> str:
    columns = [f"{name}_{score}" for score in ("log", "crps") for name in ("seen", "unseen", "plain")]
    rows = [
        [one.domain, one.use, one.events, *(f"{getattr(one, name):.2f}" for name in columns)] for one in _rows(found)
    ]
    header = ["field", "use", "forecasts", "log: seen", "not seen", "hazards", "CRPS: seen", "not seen", "hazards"]
    return markdown(header, rows)


def _patterns(found: pd.DataFrame) -> str:
    rows = []
    for one in _rows(found):
        form = ",.0f" if one.unit.startswith("EUR") else ".2g"
        record = "" if pd.isna(one.record) else f"{one.record:{form}}"
        if record and pd.notna(one.record_low):
            record = _span(one.record, one.record_low, one.record_high, form)
        runs = "" if pd.isna(one.median) else _span(one.median, one.low, one.high, form)
        rows.append([one.pattern, one.number, one.unit, record, runs, one.reading])
    picture = "![Where the record lies among the runs, pattern by pattern](pictures/patterns.png)"
    return f"{markdown(['', 'number', 'unit', 'record', 'runs', 'reading'], rows)}\n\n{picture}"


def _answers(found: pd.DataFrame) -> str:
    rows: list[list[object]] = []
    for policy, part in found.groupby("policy", sort=False):
        (whole,) = _rows(part[part["by"] == "all runs"])
        rows.append([policy_label(str(policy)), "", f"**{_span(whole.mean, whole.low, whole.high, '+.3f')}**", "", ""])
        for by, thirds in part[part["by"] != "all runs"].groupby("by", sort=False):
            cells = [_span(one.mean, one.low, one.high, "+.3f") for one in _rows(thirds)]
            rows.append(["", f"`{by}`", *cells])
    return markdown(["policy", "over", "all runs, or lowest third", "middle third", "highest third"], rows)
