"""Our own model with one run per model, as it would stand under batch_run: arrays of length one, nothing shared."""

from functools import cache
from typing import Any

import mesa

from benchmarks.rivals.batch import measure_model
from benchmarks.rivals.scalar import OUTCOMES
from benchmarks.rivals.timing import QUICK
from config import resolve
from simulation.model import PartnershipModel

RUNS = 20
settings = cache(resolve)


def measure(rounds: int, quick: bool = False) -> dict[str, Any]:
    """Runs of `outlook` without a policy, whole horizon; results stay in memory."""
    return measure_model(OneRun, "our model, one run per model, batch_run", QUICK if quick else RUNS, rounds)


class OneRun(PartnershipModel):
    """A block of one run, with what batch_run asks of a model."""

    def __init__(self, scenario: str, policy: str, run: int, seed: int) -> None:
        super().__init__(settings(scenario, policy), range(run, run + 1), seed, record=("transitions",))
        self.stages: tuple[tuple[str, str, str], ...] = ()
        self._told = 0
        self.datacollector = mesa.DataCollector(model_reporters={name: name for name in OUTCOMES})

    def step(self) -> None:
        """One quarter, and what it leaves behind."""
        super().step()
        self.stages = self._new_stages()
        self.datacollector.collect(self)
        self.running = self.quarter <= self.settings.until

    def _new_stages(self) -> tuple[tuple[str, str, str], ...]:
        events = self.recorder._events[self._told :]
        self._told += len(events)
        ordered = sorted(events, key=lambda event: event[1])
        found = ((partner, *what.split(" ")) for _, _, partner, what, _ in ordered)
        return tuple((partner, instrument, stage) for partner, instrument, stage in found)

    @property
    def declared_depth(self) -> float:
        """How deep the partnership is on paper, 0-1."""
        return float(self.partnership.declared_depth[0])

    @property
    def operational_depth(self) -> float:
        """How deep it is in what is done, 0-1."""
        return float(self.partnership.operational_depth[0])

    @property
    def gap(self) -> float:
        """What is declared and not done, 0-1."""
        return self.declared_depth - self.operational_depth

    @property
    def fragmentation(self) -> float:
        """Standard deviation of how far the members go, 0-1."""
        return float(self.recorder.fragmentation()[0])
