"""What the chronicle looks at before and after each phase. A watcher is a context manager around one phase."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from simulation.watchers import delivery, files, politics

if TYPE_CHECKING:
    from simulation.chronicle import Chronicle

WATCHERS: dict[str, Callable[[Chronicle], AbstractContextManager[None]]] = {
    "press": politics.press,
    "elect": politics.elect,
    "take_positions": politics.take_positions,
    "open_files": files.open_files,
    "negotiate": files.negotiate,
    "ratify": files.ratify,
    "pay": delivery.pay,
    "carry_out": delivery.carry_out,
    "climb_tracks": delivery.climb_tracks,
    "respond": delivery.respond,
}
"""By the name of the phase; the others have no story of their own."""
