"""A status: what has happened since the start of a scenario, from a file to settings that know it."""

from collections.abc import Sequence
from pathlib import Path

from config.calendar import quarter_name
from config.checking import read_toml, said, validated
from config.errors import UserError, listed, nearest, shown
from config.schema import LADDERS, PARTNERS, KnownStage, Settings, Status

PATHS = {
    **dict.fromkeys(("R0", "R1", "R3", "R4"), ("negotiating", "in_force", "lapsed")),
    **dict.fromkeys(("R2", "R8", "R9"), ("mandated", "negotiating", "signed", "in_force", "lapsed")),
    **dict.fromkeys(("R5", "R7"), ("mandated", "negotiating", "signed", "provisional", "in_force", "lapsed")),
}
"""Stages of a file at EU level by class, in their order."""
RUNG_PATH = ("negotiating", "signed", "in_force")
JAPAN = "JPN"


def load_status(path: Path) -> Status:
    """A status file, each value checked for itself; `with_status` checks it against a scenario."""
    return validated(Status, read_toml(path), said(path))


def with_status(settings: Settings, status: Status, file: str) -> Settings:
    """Settings in which a status is known; UserError where it does not fit them."""
    checked = Checked(settings, status, file)
    checked.time()
    checked.files()
    checked.ladders()
    checked.people()
    checked.regimes()
    known = sorted((*settings.japan.elections, *status.seats), key=lambda row: row.quarter)
    japan = settings.japan.model_copy(update={"elections": tuple(known)})
    return settings.model_copy(update={"status": status, "japan": japan})


class Checked:
    """The checks of a status against the settings that it is to be known in."""

    def __init__(self, settings: Settings, status: Status, file: str) -> None:
        self.settings, self.status, self.file = settings, status, file
        self.rungs = [rung.slug for rung in settings.rungs]
        self.instruments = {one.slug: one for one in settings.instruments}

    def fault(self, problem: str, key: str, value: object, allowed: str, suggestion: str = "") -> UserError:
        """What is wrong, said about a key of the file."""
        return UserError(problem, file=self.file, key=key, value=shown(value), allowed=allowed, suggestion=suggestion)

    def known(self, what: str, key: str, name: str, names: Sequence[str]) -> None:
        """That a name is one of these."""
        if name not in names:
            raise self.fault(f"is no {what}", key, name, listed(names), nearest(name, names))

    def time(self) -> None:
        """That the status ends within the run, and tells nothing from before or after."""
        first, last, problem = self.settings.start, self.status.until, "is outside the time that is known"
        self._within("until", last, first, self.settings.until, "is outside the run")
        for key in ("stages", "steps", "governments", "seats"):
            for place, one in enumerate(getattr(self.status, key)):
                self._within(f"{key}[{place}].quarter", one.quarter, first, last, problem)
        for place, seats in enumerate(self.status.seats):
            if seats.quarter == first:
                raise self.fault("is the start quarter, whose seats stand in the start table",
                                 f"seats[{place}].quarter", quarter_name(first),
                                 f"{quarter_name(first + 1)} or later")  # fmt: skip
        for place, regime in enumerate(self.status.regimes):
            self._within(f"regimes[{place}].until", regime.ends, first + 1, last + 1, problem)

    def _within(self, key: str, quarter: int, first: int, last: int, problem: str) -> None:
        """That a quarter lies between two others, both included."""
        if not first <= quarter <= last:
            edge = quarter_name(first if quarter < first else last)
            span = f"{quarter_name(first)} to {quarter_name(last)}"
            raise self.fault(problem, key, quarter_name(quarter), span, f"the nearest is {edge}")

    def files(self) -> None:
        """That files are ours, and move along the path of their class."""
        names = [*self.instruments, *(f"{iso}/{rung}" for iso in PARTNERS for rung in self.rungs)]
        for name in self.status.open:
            self.known("file", "open", name, names)
        for one in self.status.stages:
            if one.partner == "EU":
                self.known("instrument at EU level", "stages.instrument", one.instrument, list(self.instruments))
            else:
                self.known("partner", "stages.partner", one.partner, ("EU", *PARTNERS))
                self.known("rung", "stages.instrument", one.instrument, self.rungs)
            opens = self.instruments[one.instrument].opens if one.partner == "EU" else self.settings.start
            if one.quarter < opens:
                told = f"{one.stage} in {quarter_name(one.quarter)}"
                raise self.fault("comes before the instrument exists", f"stages ({one.file})", told,
                                 f"{quarter_name(opens)} or later")  # fmt: skip
        for file in dict.fromkeys(one.file for one in self.status.stages):
            self._path([one for one in self.status.stages if one.file == file])

    def _path(self, rows: Sequence[KnownStage]) -> None:
        """That the stages of one file follow one another; mandate and talks may be left out."""
        first = rows[0]
        path = PATHS[self.instruments[first.instrument].rule] if first.partner == "EU" else RUNG_PATH
        table = self.settings.table
        start = table.of(first.instrument) if first.partner == "EU" else table.rung(first.partner, first.instrument)
        stands = start.stage in path and start.stage != "lapsed"
        gone = stands and start.lapses <= self.status.until
        before = path.index(start.stage) if stands and not gone else -1
        quarter = start.lapses + 1 if gone else self.settings.start - 1
        for one in rows:
            key = f"stages ({one.file})"
            if one.stage not in path:
                raise self.fault("is no stage of this file", key, one.stage, " → ".join(path), nearest(one.stage, path))
            rank = path.index(one.stage)
            settled = one.stage in ("in_force", "provisional") and "signed" in path
            taken_up = one.stage == "negotiating" and path[max(before, 0)] == "mandated" and before >= 0
            earliest = quarter + 1 if (settled or taken_up) and one.partner == "EU" else quarter
            if rank <= before or one.quarter < earliest:
                near = quarter_name(earliest) if rank > before else [*path[before + 1 :], "none"][0]
                raise self.fault("is out of order", key, f"{one.stage} in {quarter_name(one.quarter)}",
                                 f"{' → '.join(path)}, talks in a later quarter than the mandate, force than signature",
                                 f"the nearest is {near}")  # fmt: skip
            needed = "signed" if settled else "in_force" if one.stage == "lapsed" else ""
            if needed and before < path.index(needed):
                raise self.fault("comes before what it needs", key, f"{one.stage} in {quarter_name(one.quarter)}",
                                 " → ".join(path), "add the stage before it")  # fmt: skip
            lapsed = one.stage == "lapsed"
            before, quarter = (-1, one.quarter + 1) if lapsed else (rank, one.quarter)

    def ladders(self) -> None:
        """That steps follow one another, one a quarter on each ladder."""
        for ladder in LADDERS:
            step, top = getattr(self.settings.table.ladders, ladder), len(getattr(self.settings.japan.ladders, ladder))
            quarter = self.settings.start - 1
            for one in (row for row in self.status.steps if row.ladder == ladder):
                if one.step > top or one.step != step + 1 or one.quarter <= quarter:
                    rest = ", ".join(str(number) for number in range(step + 1, top + 1))
                    raise self.fault("does not follow the step before", f"steps.{ladder}",
                                     f"step {one.step} in {quarter_name(one.quarter)}",
                                     f"{rest or 'none: it is climbed'}, one a quarter")  # fmt: skip
                step, quarter = one.step, one.quarter

    def people(self) -> None:
        """That governments are those of our states."""
        for one in self.status.governments:
            self.known("state", "governments.state", one.state, [*(m.iso3 for m in self.settings.members), JAPAN])
        offices = [(one.state, one.quarter) for one in self.status.governments]
        for state, quarter in offices:
            if offices.count((state, quarter)) > 1:
                raise self.fault("takes office twice in a quarter", "governments",
                                 f"{state} in {quarter_name(quarter)}", "once")  # fmt: skip

    def regimes(self) -> None:
        """That a pressure has one regime at a time."""
        rows = self.status.regimes
        for place, one in enumerate(rows):
            for other in rows[:place]:
                if one.pressure == other.pressure and one.begins < other.ends and other.begins < one.ends:
                    raise self.fault("overlaps another regime", f"regimes.{one.pressure}",
                                     f"{one.regime} from {quarter_name(one.begins)}", "one at a time",
                                     f"the other one ends in {quarter_name(other.ends)}")  # fmt: skip
