"""The dated record as the model knows it: as a status up to a quarter, and as events that a forecast can be asked about.

A row counts from its first to its last quarter, as precisely as its date is known. Instruments that the catalogue does
not have are left out, and rows of context.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from config import Settings, Status, quarter_name
from config.schema import STAGES, RecordRow
from config.status import with_status

EVERYTHING = ("calibrate", "validate")
JAPAN = "JPN"


@dataclass(frozen=True)
class Event:
    """What a forecast can be asked: when a file reaches a stage, or Japan a step.

    first, last    quarters in which it happened at the earliest and latest; None if it has not by `known`
    known          last quarter of which anything is known
    use            calibrate or validate
    """

    partner: str
    instrument: str
    stage: str
    first: int | None
    last: int | None
    known: int
    use: str

    @property
    def name(self) -> str:
        """For example "csdp_fpa signed", "FRA/raa signed", "JPN/force step 2"."""
        return f"{'' if self.partner == 'EU' else f'{self.partner}/'}{self.instrument} {self.stage}"


def known(
    settings: Settings, rows: Sequence[RecordRow], until: int, uses: Collection[str] = EVERYTHING
) -> Settings:
    """Settings that know what the record says up to a quarter, as far as it is for these uses."""
    return with_status(settings, status(settings, rows, until, uses), "config/record.csv")


def status(settings: Settings, rows: Sequence[RecordRow], until: int, uses: Collection[str]) -> Status:
    """What the record says from the start of the settings up to a quarter."""
    ours = [row for row in _ours(settings, rows) if settings.start <= row.first and row.last <= until]
    told = [row for row in ours if row.use in uses]
    files = [row for row in ours if row.stage in STAGES and not _scripted(settings, row)]
    return Status.model_validate(
        {
            "title": f"the record up to {quarter_name(until)}",
            "until": quarter_name(until),
            "stages": tuple(
                {**row.model_dump(include={"partner", "instrument", "stage"}), "quarter": quarter_name(row.last)}
                for row in files
                if row in told
            ),
            "steps": tuple(
                {"ladder": row.instrument, "step": _step(row), "quarter": quarter_name(row.last)}
                for row in told
                if row.partner == JAPAN
            ),
            "open": tuple(sorted({_file(row) for row in files if row not in told})),
        }
    )


def _ours(settings: Settings, rows: Sequence[RecordRow]) -> list[RecordRow]:
    """Rows about files and ladders of the model, in order of time."""
    instruments, rungs = {one.slug for one in settings.instruments}, {one.slug for one in settings.rungs}
    names = {"EU": instruments, JAPAN: set(type(settings.table.ladders).model_fields)}
    kept = [row for row in rows if row.use != "context" and row.instrument in names.get(row.partner, rungs)]
    return sorted(kept, key=lambda row: row.last)


def _scripted(settings: Settings, row: RecordRow) -> bool:
    """Whether the start table has it already: an instrument that lapses by itself."""
    return row.stage == "lapsed" and settings.table.of(row.instrument).lapses <= row.last + 1


def _step(row: RecordRow) -> int:
    return int(row.stage.removeprefix("step "))


def _file(row: RecordRow) -> str:
    return row.instrument if row.partner == "EU" else f"{row.partner}/{row.instrument}"
