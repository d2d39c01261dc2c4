"""Which regime each pressure was in, quarter by quarter, and how fast regimes change: docs/pressures.md.

    python -m experiments.analysis.regimes     # tables; config/series/regimes.csv; docs/pictures/pressures.png

Evidence, how it is read, and dated events are in config/series; what is assumed of rates in config/parameters.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
from pydantic import Field, field_validator

from config.calendar import NEVER, quarter_index, quarter_name
from config.checking import read_csv, said, tuples, validated
from config.errors import UserError, listed, nearest, shown
from config.loading import ROOT, resolve
from config.regimes import load_regimes
from config.schema import PRESSURES, REGIMES, Frozen, RegimeChances, Words, quarter_value
from experiments.analysis import hidden_markov as hmm
from experiments.analysis.hidden_markov import RATES, Evidence, Floats, Prior
from experiments.analysis.intervals import LEVEL, Interval

FIRST, LAST = "2008Q1", "2026Q2"
"""Quarters of the evidence."""
ASSUMED = (0.06, 0.05, 0.06, 0.12)
"""Centres of the priors of `RATES`, per quarter, assumed before looking: about one move up in four or five years, down
in two to four."""
HINDCAST = "2010Q1"
"""First quarter of config/series/regimes.csv."""
SEED = 1

Pressure = Literal["russia", "china", "north_korea", "us_retrenchment"]
SCALES: Mapping[str, Callable[[Floats], Floats]] = {
    "log": np.log,
    "sqrt": np.sqrt,
    "linear": lambda x: x,
    "count": lambda x: x,
}
"""Scales on which a series is about normal; a count is Poisson."""


SPEAKS = {"calm": (1.0, 0.5, 0.0), "tense": (0.0, 1.0, 0.0), "crisis": (0.0, 0.5, 1.0)}
"""Power of an event's factor in calm, tense and crisis: what speaks for one end speaks half as loud for the middle."""


# Files


class Observation(Frozen):
    """One value of one series, known by the end of the quarter named: the mean of so many `quarters` up to it."""

    quarter: Words
    pressure: Pressure
    series: Words
    value: float
    quarters: int = Field(ge=1)
    unit: Words
    source: Words

    _quarter = field_validator("quarter")(lambda text: quarter_name(quarter_value(text)))


class Reading(Frozen):
    """How a series is read: its scale, and what it was assumed to show in each regime."""

    pressure: Pressure
    series: Words
    scale: Literal["log", "sqrt", "linear", "count"]
    sign: int = Field(description="1 if more means more pressure, -1 if less does")
    calm: float
    tense: float
    crisis: float
    spread: float = Field(gt=0)
    source: Words


class Event(Frozen):
    """What speaks for a regime from `quarter` until before `until`; an empty `until` goes on to the end."""

    pressure: Pressure
    label: Words
    event: Words
    quarter: Words
    until: str
    direction: Literal["up", "down"]
    regime: Literal["calm", "tense", "crisis"]
    factor: float = Field(ge=1)
    source: Words

    _quarter = field_validator("quarter")(lambda text: quarter_name(quarter_value(text)))
    _until = field_validator("until")(lambda text: text and quarter_name(quarter_value(text)))

    @property
    def begins(self) -> int:
        """First quarter."""
        return quarter_index(self.quarter)

    @property
    def ends(self) -> int:
        """The quarter after the last one."""
        return quarter_index(self.until) if self.until else NEVER

    @property
    def brief(self) -> bool:
        """Whether it is a matter of one quarter."""
        return self.ends == self.begins + 1


@dataclass(frozen=True)
class Material:
    """What config/series holds of one pressure."""

    readings: tuple[Reading, ...]
    series: Mapping[str, Mapping[int, tuple[float, int]]]
    """By series and quarter, the value and the number of quarters up to this one that it is the mean of."""
    events: tuple[Event, ...]


def material(root: Path = ROOT) -> dict[str, Material]:
    """Evidence on each pressure, checked row by row."""
    folder = root / "series"
    readings = [validated(Reading, row, said(folder / "readings.csv"), f"{place}, column ")
                for place, row in read_csv(folder / "readings.csv", Reading)]  # fmt: skip
    events = [validated(Event, row, said(folder / "shocks.csv"), f"{place}, column ")
              for place, row in read_csv(folder / "shocks.csv", Event)]  # fmt: skip
    series: dict[tuple[str, str], dict[int, tuple[float, int]]] = {(one.pressure, one.series): {} for one in readings}
    file = folder / "pressures.csv"
    for place, row in read_csv(file, Observation):
        seen = validated(Observation, row, said(file), f"{place}, column ")
        key, quarter = (seen.pressure, seen.series), quarter_index(seen.quarter)
        if key not in series:
            names = [name for pressure, name in series if pressure == seen.pressure]
            raise UserError("is not read", file=said(file), key=f"{place}, column series", value=shown(seen.series),
                            allowed=listed(names), suggestion=nearest(seen.series, names))  # fmt: skip
        if quarter in series[key] or not quarter_index(FIRST) <= quarter <= quarter_index(LAST):
            raise UserError("stands twice or outside of the evidence", file=said(file), key=f"{place}, column quarter",
                            value=shown(seen.quarter), allowed=f"one value a quarter, {FIRST} to {LAST}")  # fmt: skip
        series[key][quarter] = (seen.value, seen.quarters)
    return {
        pressure: Material(
            tuple(one for one in readings if one.pressure == pressure),
            {name: values for (whose, name), values in series.items() if whose == pressure},
            tuple(one for one in events if one.pressure == pressure),
        )
        for pressure in PRESSURES
    }


def evidence(of: Material, first: str = FIRST, last: str = LAST) -> Evidence:
    """Values on their scales and the events' factors, quarter by quarter."""
    begins, quarters = quarter_index(first), quarter_index(last) - quarter_index(first) + 1
    values, spans = np.full((len(of.readings), quarters), np.nan), np.zeros((len(of.readings), quarters))
    anchors = np.empty((len(of.readings), 3))
    for row, reading in enumerate(of.readings):
        scale = SCALES[reading.scale]
        anchors[row] = reading.sign * scale(np.array([reading.calm, reading.tense, reading.crisis]))
        for quarter, (value, span) in of.series[reading.series].items():
            values[row, quarter - begins] = reading.sign * scale(np.array(value))
            spans[row, quarter - begins] = span
    dated = np.zeros((quarters, 3))
    for event in of.events:
        during = slice(max(event.begins - begins, 0), max(event.ends - begins, 0))
        dated[during] += np.log(event.factor) * np.array(SPEAKS[event.regime])
    counted = np.array([reading.scale == "count" for reading in of.readings])
    spreads = np.array([one.spread for one in of.readings])
    return Evidence(begins, values, spans, counted, anchors, spreads, dated)


def prior() -> Prior:
    """What was assumed of the rates before looking: config/parameters/pressures.toml has what came of it."""
    return Prior(np.array(ASSUMED))


# Regimes by quarter


def table(evidences: Mapping[str, Evidence], assumed: Prior, first: str = HINDCAST) -> pd.DataFrame:
    """Rows of config/series/regimes.csv: quarter, pressure, from, calm, tense, crisis; see `hidden_markov.live`."""
    found = []
    for pressure, one in evidences.items():
        chances = written(hmm.live(one, assumed, quarter_index(first)).rows)
        for quarter, matrix in enumerate(chances, start=quarter_index(first)):
            found += [
                (quarter_name(quarter), pressure, regime, *row) for regime, row in zip(REGIMES, matrix, strict=True)
            ]
    frame = pd.DataFrame(found, columns=["quarter", "pressure", "from", *REGIMES])
    order = frame["quarter"].map(quarter_index)
    return frame.iloc[np.argsort(order, kind="stable")].reset_index(drop=True)


def chances(known: int, root: Path = ROOT) -> RegimeChances:
    """Chances of regimes for a hindcast that knows the evidence up to quarter `known`.

    Up to that quarter a row is given all evidence up to it (`hidden_markov.hindsight`), so that regimes drawn from the
    rows follow the record as it was seen then; later rows are those of config/series/regimes.csv, each given the
    evidence up to its own quarter. Settings take them as `pressures.drawn`.
    """
    live = load_regimes(root / "series" / "regimes.csv")
    known = min(known, live.first + len(live.rows) - 1)
    if known < live.first:
        return live
    assumed = prior()
    rows = [hmm.hindsight(evidence(one), assumed, live.first, known) for one in material(root).values()]
    seen = tuples(np.stack(rows, axis=1).tolist())
    return RegimeChances.model_validate({"first": quarter_name(live.first), "rows": (*seen, *live.rows[len(seen) :])})


def written(chances: Floats, digits: int = 6) -> Floats:
    """Chances in so many digits that still add up to one; the largest of a row takes what rounding leaves."""
    rounded = np.round(chances, digits)
    largest = chances.argmax(-1)[..., None]
    rest = 1.0 - rounded.sum(-1, keepdims=True)
    np.put_along_axis(rounded, largest, np.round(np.take_along_axis(rounded, largest, -1) + rest, digits), -1)
    return rounded


def write(frame: pd.DataFrame, path: Path) -> None:
    """Write the rows with as many digits as they have."""
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(frame.columns)
        for quarter, pressure, regime, *chances in frame.itertuples(index=False):
            out.writerow([quarter, pressure, regime, *(f"{chance:.6f}" for chance in chances)])


def played(frame: pd.DataFrame, pressure: str, start: str) -> Floats:
    """Chances of regimes, (quarters, 3), where a model draws each quarter's regime from these rows, from `start` on."""
    part = frame[frame["pressure"] == pressure]
    matrices = part[list(REGIMES)].to_numpy(dtype=float).reshape(-1, 3, 3)
    chances, found = np.eye(3)[REGIMES.index(start)], []
    for matrix in matrices:
        chances = chances @ matrix
        found.append(chances)
    return np.array(found)


@dataclass(frozen=True)
class Regimes:
    """What is known of one pressure's regimes with the parameters that fit the whole record best."""

    fit: hmm.Fit
    smoothed: Floats
    """(T, 3) given all evidence."""
    filtered: Floats
    """(T, 3) given the evidence up to the quarter, with the parameters of the whole record."""


def regimes(one: Evidence, assumed: Prior) -> Regimes:
    """Fit the whole record and tell the regimes."""
    found = hmm.fit(one, assumed)
    matrix = hmm.transition(found.rates)
    filtered, _ = hmm.forward(hmm.long_run(assumed.rates), matrix, hmm.log_likelihood(one, found.emission))
    return Regimes(found, hmm.smooth(filtered, matrix)[0][0], filtered[0])


# Rates


def rates(
    evidences: Sequence[Evidence], assumed: Prior, seed: int = SEED, keep: int = 1500
) -> dict[str, list[Interval]]:
    """Posterior mean and interval of the four rates, pooled and for each pressure in the order given ("0", "1", ..)."""
    drawn = hmm.draws(list(evidences), assumed, seed, keep=keep)
    found = {"pooled": _intervals(drawn.pooled)}
    for place in range(len(evidences)):
        found[str(place)] = _intervals(drawn.rates[:, :, place])
    return found


def _intervals(sampled: Floats) -> list[Interval]:
    ends = [(1 - LEVEL) / 2, (1 + LEVEL) / 2]
    flat = sampled.reshape(-1, sampled.shape[-1])
    return [Interval(float(one.mean()), *(float(end) for end in np.quantile(one, ends))) for one in flat.T]


# Command


def main(root: Path = ROOT) -> None:
    """Fit, print, write config/series/regimes.csv and the picture of docs/pressures.md."""
    from experiments.figures.pressures import picture, save_picture

    known, assumed = material(root), prior()
    evidences = {pressure: evidence(one) for pressure, one in known.items()}
    found = {pressure: regimes(one, assumed) for pressure, one in evidences.items()}
    frame = table(evidences, assumed)
    write(frame, root / "series" / "regimes.csv")
    save_picture(picture(known, {name: one.smoothed for name, one in found.items()}), root.parent / "docs" / "pictures")
    _tell_rates(list(evidences.values()), assumed)
    _tell_means(known, found)
    begin = resolve("hindcast", "none").table.pressures
    lines: dict[str, Floats] = {}
    for pressure, one in found.items():
        lines[f"{pressure}, all evidence"] = one.smoothed
        lines[f"{pressure}, then known"] = hmm.live(evidences[pressure], assumed, quarter_index(HINDCAST)).filtered
        lines[f"{pressure}, as drawn"] = played(frame, pressure, getattr(begin, pressure).regime)
    _tell_years(lines)


def _tell_rates(evidences: Sequence[Evidence], assumed: Prior) -> None:
    firmer = {weight: Prior(assumed.rates, weight) for weight in (5.0, 20.0, 60.0)}
    print("Rates per quarter: posterior mean and 90 % interval; alone: most probable value without the other pressures")
    print(f"{'':26}" + "".join(f"{name:>22}" for name in RATES))
    print(f"{'assumed':26}" + "".join(f"{rate:22.3f}" for rate in assumed.rates))
    sampled = rates(evidences, assumed)
    for name, line in zip(["pooled", *PRESSURES], sampled.values(), strict=True):
        _tell_line(name, line)
    for name, one in zip(PRESSURES, evidences, strict=True):
        print(f"{name + ' alone, mode':26}" + "".join(f"{rate:22.3f}" for rate in hmm.fit(one, assumed).rates[0]))
    for weight in (5.0, 60.0):
        _tell_line(f"pooled, prior {weight:g}", rates(evidences, firmer[weight], keep=500)["pooled"])
    for share in (0.5, 1.5):
        other = [hmm.tempered(one, share) for one in evidences]
        _tell_line(f"pooled, factors^{share:g}", rates(other, assumed, keep=500)["pooled"])


def _tell_line(name: str, line: Sequence[Interval]) -> None:
    cells = (f"{one.estimate:.3f} [{one.lower:.3f}-{one.upper:.3f}]" for one in line)
    print(f"{name:26}" + "".join(f"{cell:>22}" for cell in cells))


def _tell_means(known: Mapping[str, Material], found: Mapping[str, Regimes]) -> None:
    back: Mapping[str, Callable[[Floats], Floats]] = {**SCALES, "log": np.exp, "sqrt": np.square}
    print("\nWhat each series shows in calm, tense and crisis (assumed before), and its spread")
    for pressure, one in known.items():
        means, spreads = found[pressure].fit.emission
        for row, reading in enumerate(one.readings):
            shown_ = back[reading.scale](reading.sign * means[0, row])
            before = (reading.calm, reading.tense, reading.crisis)
            cells = "".join(f"{mean:9.2f} ({old:g})" for mean, old in zip(shown_, before, strict=True))
            print(f"{reading.series:18}{cells}{spreads[0, row]:9.2f} ({reading.spread:g})")


def _tell_years(lines: Mapping[str, Floats]) -> None:
    print("\nLikeliest regime in each quarter: . calm, T tense, C crisis; - t c where it has less than 80 %")
    years = range(quarter_index(FIRST) // 4, quarter_index(LAST) // 4 + 1)
    print(f"{'':28}" + " ".join(f"{year:<4}" for year in years))
    for name, chances in lines.items():
        signs = ["-tc"[row.argmax()] if row.max() < 0.8 else ".TC"[row.argmax()] for row in chances]
        text = "".join(signs).rjust(4 * len(years) - 2)
        print(f"{name:28}" + " ".join(text[at : at + 4] for at in range(0, len(text), 4)))


if __name__ == "__main__":
    main()
