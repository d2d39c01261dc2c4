"""One run of the model in plain Python numbers, from docs/ODD.md alone: the text to consult when a rule is unclear."""

from collections.abc import Collection

from config.schema import Settings
from tests.twin import (
    beliefs,
    delivery,
    elections,
    feedback,
    files,
    money,
    perception,
    positions,
    pressures,
    ratification,
    recording,
    tracks,
)
from tests.twin.start import first_world


class TwinHistory:
    """One possible history; `world` is its whole state, the rest is what was recorded."""

    def __init__(
        self,
        settings: Settings,
        seed: int,
        run: int,
        record: Collection[str] = ("trajectories", "transitions"),
    ) -> None:
        self.settings = settings
        self.record = frozenset(record)
        self.world = first_world(settings, seed, run)
        self.parameters = dict(self.world.parameters)
        self.quarter = settings.start
        self.trajectories: list[recording.Row] = []
        self.transitions: list[tuple[int, str, str, str]] = []
        self.actors: list[recording.Row] = []
        self.bounds: list[recording.Row] = []
        self.limits: list[recording.Row] = []
        self.vetoes: list[recording.Row] = []

    def step(self) -> None:
        """One quarter: the twelve phases."""
        world = self.world
        world.quarter = self.quarter
        world.events = []
        beliefs.release(world)
        for member in world.members:
            member.turn_to(world.quarter)
        pressures.phase(world)
        perception.phase(world)
        elections.phase(world)
        positions.phase(world)
        files.phase_opening(world)
        beliefs.weigh_files(world)
        files.phase_negotiation(world)
        self._record_bounds()
        ratification.phase(world)
        money.phase(world)
        delivery.phase(world)
        tracks.phase(world)
        feedback.phase(world)
        self._record()
        self.quarter = self.quarter + 1

    def run(self) -> None:
        """All quarters to the end."""
        while self.quarter <= self.settings.until:
            self.step()

    def _record_bounds(self) -> None:
        if "bounds" in self.record:
            self.bounds.extend(recording.bounds(self.world))

    def _record(self) -> None:
        world = self.world
        if "trajectories" in self.record:
            self.trajectories.append(recording.trajectory(world))
        if "transitions" in self.record:
            self.transitions.extend(recording.transitions(world))
        if "actors" in self.record:
            self.actors.extend(recording.actors(world))
        if "limits" in self.record:
            self.limits.extend(recording.limits(world))
        if "vetoes" in self.record:
            self.vetoes.extend(recording.vetoes(world))

    def log_likelihood(self) -> dict[str, float]:
        """Logarithm of the likelihood of what is known, by file and ladder."""
        files = {file: belief.log_likelihood for file, belief in self.world.beliefs.items()}
        return files | {f"JPN/{ladder}": value for ladder, value in self.world.ladder_likelihood.items()}
