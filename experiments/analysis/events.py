"""What forecasts are asked about: events of the record, when they happened or until when they had not.

Every stage of a file that the record dates is an event, and so is the next stage of every file that has come no
further, and the next step of every ladder: what did not happen is evidence too. An event is for calibration if its row
is, or if it had not happened by the last quarter that calibration looks at; else for validation. What has not happened
at all is asked about for both, each until its own last quarter.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from config.calendar import NEVER, START
from config.schema import LADDERS, PARTNERS, STAGES, RecordRow, Settings
from config.status import PATHS, RUNG_PATH
from experiments.analysis.record import file_of, rows_of, scripted, step_of, unsure
from experiments.analysis.references import Spell, Target
from experiments.analysis.scores import Observed

CALIBRATE, VALIDATE = "calibrate", "validate"
JAPAN = "JPN"


@dataclass(frozen=True)
class Event:
    """One event: of which file or ladder ("csdp_fpa", "FRA/raa", "JPN/force"), which stage or step, what is known.

    kind    class of the event, within which rates are alike: "R2 signed", "acsa signed", "JPN/force"
    domain  field of an instrument; bilateral; Japan
    """

    file: str
    stage: str
    use: str
    observed: Observed
    kind: str
    domain: str

    @property
    def name(self) -> str:
        """For example "csdp_fpa signed"."""
        return f"{self.file} {self.stage}"

    @property
    def cluster(self) -> str:
        """What happened together: one file; one treaty of two partners, two agreements signed as one."""
        return TOGETHER.get(self.file, self.file)


TOGETHER = {
    "GBR/co_development": "co_development", "ITA/co_development": "co_development",
    "spa_framework": "spa and epa", "economic_partnership_agreement": "spa and epa",
}  # fmt: skip
"""One treaty with two partners; two agreements negotiated, signed and approved together."""


class Record:
    """The record as events, for one catalogue."""

    def __init__(self, settings: Settings, rows: Sequence[RecordRow], fitted_until: int, last: int) -> None:
        self.settings, self.fitted_until, self.last = settings, fitted_until, last
        self.rows = [row for row in rows_of(settings, rows) if row.first >= settings.start]
        self.instruments = {one.slug: one for one in settings.instruments}
        self.unsure = unsure(settings, rows, last)

    def path(self, file: str) -> tuple[str, ...]:
        """Stages of a file in their order, without lapsing."""
        if file in self.instruments:
            return PATHS[self.instruments[file].rule][:-1]
        return RUNG_PATH

    def files(self) -> list[str]:
        """All files whose stages are known: EU level, then rungs."""
        rungs = (f"{iso}/{rung.slug}" for iso in PARTNERS for rung in self.settings.rungs)
        return [file for file in (*self.instruments, *rungs) if file not in self.unsure]

    def dated(self, file: str) -> list[tuple[RecordRow, str]]:
        """Rows of a file that reached a stage, in order of time; what lapses begins anew."""
        return [(row, row.stage) for row in self.rows if file_of(row) == file and row.stage in STAGES
                and not scripted(self.settings, row)]  # fmt: skip

    def reached(self, file: str, before: int) -> str:
        """The last stage that a file had reached before a quarter; "" for none."""
        told = [stage for row, stage in self.dated(file) if row.last < before]
        start = self._start(file)
        return told[-1] if told else (start if start in self.path(file) else "")

    def _start(self, file: str) -> str:
        table = self.settings.table
        if file in self.instruments:
            begun = table.of(file)
            return "lapsed" if begun.lapses != NEVER else begun.stage
        return table.rung(*file.split("/")).stage

    def events(self, origin: int) -> list[Event]:
        """What can be asked at the beginning of a quarter."""
        found = [event for file in self.files() for event in self._of_file(file, origin)]
        return found + [event for ladder in LADDERS for event in self._of_ladder(ladder, origin)]

    def _of_file(self, file: str, origin: int) -> list[Event]:
        found, path = [], self.path(file)
        rows = [(row, stage) for row, stage in self.dated(file) if stage in path]
        for row, stage in rows:
            if row.first >= origin:
                found.append(self._happened(file, stage, row))
        reached = rows[-1][1] if rows else self.reached(file, origin)
        rest = path[path.index(reached) + 1 :] if reached in path else path
        if rest:
            stage = rest[0] if file in self.instruments else _public(rest)
            found += self._not_yet(file, stage, origin)
        return found

    def _of_ladder(self, ladder: str, origin: int) -> list[Event]:
        file = f"{JAPAN}/{ladder}"
        rows = [row for row in self.rows if file_of(row) == file and row.stage.startswith("step")]
        found = [self._happened(file, row.stage, row) for row in rows if row.first >= origin]
        start = getattr(self.settings.table.ladders, ladder)
        following = max([start, *(step_of(row) for row in rows)]) + 1
        if following <= len(getattr(self.settings.japan.ladders, ladder)):
            found += self._not_yet(file, f"step {following}", origin)
        return found

    def _happened(self, file: str, stage: str, row: RecordRow) -> Event:
        until = self.fitted_until if row.use == CALIBRATE else NEVER
        return self._event(file, stage, row.use, Observed.happened(row.first, row.last, until))

    def _not_yet(self, file: str, stage: str, origin: int) -> list[Event]:
        """What has not happened, asked about until the end of the window that the origin lies in."""
        use, until = (CALIBRATE, self.fitted_until) if origin < self.fitted_until else (VALIDATE, self.last)
        possible = self.opens(file) <= until
        return [self._event(file, stage, use, Observed.not_by(until))] if possible else []

    def _event(self, file: str, stage: str, use: str, observed: Observed) -> Event:
        return Event(file, stage, use, observed, self.kind(file, stage), self.domain(file))

    def kind(self, file: str, stage: str) -> str:
        """Class of an event, within which rates are alike."""
        if file.startswith(JAPAN):
            return file
        name = self.instruments[file].rule if file in self.instruments else file.split("/")[1]
        return f"{name} {stage}"

    def domain(self, file: str) -> str:
        """Field of an instrument, or bilateral, or Japan."""
        if file in self.instruments:
            return str(self.instruments[file].domain)
        return "Japan" if file.startswith(JAPAN) else "bilateral"

    # For plain forecasts

    def spells(self) -> list[Spell]:
        """Every stage that calibration saw at risk: since when, and when it happened or that it had not."""
        found = []
        for file in self.files():
            found += self._spells_of(file)
        for ladder in LADDERS:
            begin = float(self.settings.start)
            for event in self._of_ladder(ladder, self.settings.start):
                found.append(Spell(event.kind, begin, self._seen(event.observed)))
                begin = event.observed.first + 0.5
        return found

    def _spells_of(self, file: str) -> list[Spell]:
        """Spells of one file. A stage that is not dated was reached at some time before the next one that is.

        If a stage is kept aside, calibration does not know how long the file stood where it had been.
        """
        found, path = [], self.path(file)
        begin = float(max(self.settings.start, self.opens(file)))
        reached = self.reached(file, self.settings.start)
        rest = path[path.index(reached) + 1 :] if reached in path else path
        dated = self.dated(file)
        rows = {stage: row for row, stage in dated if row.use == CALIBRATE}
        aside = any(row.use != CALIBRATE and row.last <= self.fitted_until for row, _ in dated)
        for place, stage in enumerate(rest):
            row = next((rows[name] for name in rest[place:] if name in rows), None)
            if row is None:
                if not aside:
                    found.append(Spell(self.kind(file, stage), begin, Observed.not_by(self.fitted_until)))
                break
            first = row.first if stage in rows else int(begin)
            found.append(Spell(self.kind(file, stage), begin, Observed.happened(first, row.last)))
            begin = (first + row.last + 1) / 2
        return found

    def _seen(self, observed: Observed) -> Observed:
        """What calibration could see of it."""
        return observed if observed.last <= self.fitted_until else Observed.not_by(self.fitted_until)

    def opens(self, file: str) -> int:
        """First quarter in which the rules allow a file: not while one is in force that lapses by itself."""
        if file not in self.instruments:
            return self.settings.start
        lapses = self.settings.table.of(file).lapses
        return max(self.instruments[file].opens, START if lapses == NEVER else lapses + 1)

    @cached_property
    def _known(self) -> frozenset[str]:
        """Kinds that calibration saw at risk."""
        return frozenset(spell.kind for spell in self.spells())

    def target(self, event: Event, origin: int) -> Target:
        """Kinds of the stages between where a file stands at an origin and an event."""
        if event.file.startswith(JAPAN):
            ladder = event.file.split("/")[1]
            taken = [row for row in self.rows if file_of(row) == event.file and row.last < origin]
            step = max([getattr(self.settings.table.ladders, ladder), *map(step_of, taken)])
            return Target((event.kind,) * (int(event.stage.removeprefix("step ")) - step), self.settings.start)
        path, reached = self.path(event.file), self.reached(event.file, origin)
        first = path.index(reached) + 1 if reached in path else 0
        if first > path.index(event.stage):  # a file that lapses and begins anew
            first = 0
        kinds = [self.kind(event.file, stage) for stage in path[first : path.index(event.stage) + 1]]
        dated = [kind for kind in kinds[:-1] if kind in self._known]
        return Target((*dated, kinds[-1]), self.opens(event.file))


def _public(rest: Sequence[str]) -> str:
    """The next stage of a rung of which one would know: talks are not always announced."""
    return rest[1] if rest[0] == "negotiating" else rest[0]


def times(
    events: Sequence[Event], transitions: pd.DataFrame, trajectories: pd.DataFrame, runs: range, origin: int
) -> dict[str, list[int]]:
    """Quarter of each event in every run from an origin on, NEVER if it did not happen, by the event's name."""
    later = transitions[transitions["quarter"] >= origin]
    partner = later["partner"].astype(str)
    file = later["instrument"].astype(str).where(partner == "EU", partner + "/" + later["instrument"].astype(str))
    first = later.assign(name=file + " " + later["stage"].astype(str)).groupby(["name", "run"])["quarter"].min()
    steps = trajectories[trajectories["quarter"] >= origin]
    found: dict[str, list[int]] = {}
    for event in events:
        if event.file.startswith(JAPAN):
            column = f"step_{event.file.split('/')[1]}"
            reached = steps[steps[column] >= int(event.stage.removeprefix("step "))]
            quarters = reached.groupby("run")["quarter"].min()
        else:
            quarters = first.loc[event.name] if event.name in first.index.get_level_values(0) else pd.Series(dtype=int)
        found[event.name] = quarters.reindex(runs, fill_value=NEVER).astype(int).tolist()
    return found
