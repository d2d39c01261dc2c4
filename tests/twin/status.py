"""docs/ODD.md 6.13: what a status says of this quarter."""

from config.schema import KnownStage
from tests.twin.state import WITH_MANDATE, Agreement, World


def rows_of(world: World, file: str) -> list[KnownStage]:
    """Stages of a file that the status lists, in its order."""
    status = world.settings.status
    return [] if status is None else [row for row in status.stages if row.file == file]


def held_until(world: World, file: str) -> int:
    """The last quarter in which a file is held; before the start if it never is."""
    status = world.settings.status
    if status is None:
        return world.settings.start - 1
    if file not in status.open:
        return status.until
    listed = [row.quarter for row in rows_of(world, file)]
    return max(listed) if listed else world.settings.start - 1


def held(world: World, file: str) -> bool:
    """Whether what becomes of a file in this quarter is known."""
    return world.quarter <= held_until(world, file)


def stages_now(world: World, file: str) -> list[str]:
    """Stages listed for this quarter, in order."""
    return [row.stage for row in rows_of(world, file) if row.quarter == world.quarter]


def depth_now(world: World, file: str, stage: str) -> float | None:
    """Depth given with a stage listed for this quarter; None if none is."""
    here = (row for row in rows_of(world, file) if (row.stage, row.quarter) == (stage, world.quarter))
    row = next(here, None)
    return None if row is None else row.depth


def conclusion(agreement: Agreement) -> str:
    """The stage with which talks end."""
    return "signed" if agreement.facts.rule in WITH_MANDATE else "in_force"


def step_listed(world: World, ladder: str, step: int) -> bool:
    """Whether Japan is known to take a step in this quarter."""
    status = world.settings.status
    if status is None:
        return False
    return any((row.ladder, row.step, row.quarter) == (ladder, step, world.quarter) for row in status.steps)


def ladders_known(world: World) -> bool:
    """Whether the steps of this quarter are known."""
    status = world.settings.status
    return status is not None and world.quarter <= status.until
