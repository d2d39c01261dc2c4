"""The dated record as a status: what the model is told to have happened up to a quarter.

A row counts from its first to its last quarter, as precisely as its date is known. Instruments that the catalogue does
not have are left out, and rows of context.
"""

from collections.abc import Collection, Sequence

from config import Settings, Status, quarter_name
from config.schema import STAGES, RecordRow
from config.status import with_status

EVERYTHING = ("calibrate", "validate")
JAPAN = "JPN"


def known(settings: Settings, rows: Sequence[RecordRow], until: int, uses: Collection[str] = EVERYTHING) -> Settings:
    """Settings that know what the record says up to a quarter, as far as it is for these uses."""
    return with_status(settings, status(settings, rows, until, uses), "config/record.csv")


def status(settings: Settings, rows: Sequence[RecordRow], until: int, uses: Collection[str]) -> Status:
    """What the record says from the start of the settings up to a quarter."""
    ours = [row for row in rows_of(settings, rows) if settings.start <= row.first and row.last <= until]
    told = [row for row in ours if row.use in uses]
    files = [row for row in ours if row.stage in STAGES and not scripted(settings, row)]
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
                {"ladder": row.instrument, "step": step_of(row), "quarter": quarter_name(row.last)}
                for row in told
                if row.partner == JAPAN and row.stage.startswith("step")
            ),
            "open": tuple(sorted({file_of(row) for row in files if row not in told} | unsure(settings, rows, until))),
        }
    )


def rows_of(settings: Settings, rows: Sequence[RecordRow]) -> list[RecordRow]:
    """Rows about files and ladders of the model, in order of time."""
    instruments, rungs = {one.slug for one in settings.instruments}, {one.slug for one in settings.rungs}
    names = {"EU": instruments, JAPAN: set(type(settings.table.ladders).model_fields)}
    kept = [row for row in rows if row.use != "context" and row.instrument in names.get(row.partner, rungs)]
    return sorted(kept, key=lambda row: row.last)


def unsure(settings: Settings, rows: Sequence[RecordRow], until: int) -> set[str]:
    """Files of which a stage is reported by then, but not well enough to count: neither known to have moved nor not."""
    return {
        file_of(row)
        for row in rows
        if row.use == "context" and row.stage in STAGES and settings.start <= row.first <= until
    }


def scripted(settings: Settings, row: RecordRow) -> bool:
    """Whether the start table has it already: an instrument that lapses by itself."""
    return row.stage == "lapsed" and settings.table.of(row.instrument).lapses <= row.last + 1


def step_of(row: RecordRow) -> int:
    """Number of the step of a ladder."""
    return int(row.stage.removeprefix("step "))


def file_of(row: RecordRow) -> str:
    """Which file or ladder a row is about: "csdp_fpa", "FRA/raa", "JPN/force"."""
    return row.instrument if row.partner == "EU" else f"{row.partner}/{row.instrument}"
