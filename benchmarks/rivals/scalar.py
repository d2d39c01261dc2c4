"""A scalar Mesa model of the same rules: one history per model, agents with plain numbers, the same bits.

It stands for what a careful Mesa user would write instead of the model in simulation/, as quick as plain Python allows.
Rules that cost little are those of tests/twin, the others are in benchmarks/rivals/quick.
"""

from collections.abc import Mapping
from math import sqrt
from types import MappingProxyType

import mesa

from benchmarks.rivals.quick import business, delivery, files, money, states, tracks
from benchmarks.rivals.quick.world import QuickWorld, first_world, script
from config.calendar import quarter_index
from tests.twin import pressures, ratification
from tests.twin.portable import total

OUTCOMES = ("declared_depth", "operational_depth", "gap", "fragmentation", "stages")
"""What a quarter leaves behind; stages are the transitions (partner, instrument, stage) of the quarter."""

NOTHING: Mapping[str, float] = MappingProxyType({})


class ScalarPartnership(mesa.Model):  # type: ignore[misc]
    """One history under one policy.

    scenario, policy  by name
    run, seed         which luck; the same as that of this run in PartnershipModel
    until             last quarter, as in "2040Q4"; without it the scenario's own
    given             parameters by dotted name that are not drawn
    """

    def __init__(
        self,
        scenario: str = "outlook",
        policy: str = "none",
        run: int = 0,
        seed: int = 1,
        until: str | None = None,
        given: Mapping[str, float] = NOTHING,
    ) -> None:
        super().__init__(seed=seed)
        scene = script(scenario, policy)
        self.until = scene.settings.until if until is None else quarter_index(until)
        self.world: QuickWorld = first_world(self, scene, seed, run, given)
        self.quarter = scene.settings.start
        self.datacollector = mesa.DataCollector(model_reporters={name: name for name in OUTCOMES})

    def step(self) -> None:
        """One quarter: the twelve phases."""
        world = self.world
        world.turn_to(self.quarter)
        pressures.phase(world)
        states.perceive(world)
        states.elect(world)
        states.take_positions(world)
        files.open_files(world)
        files.negotiate(world)
        business.other_business(world)
        ratification.phase(world)
        money.pay(world)
        delivery.carry_out(world)
        tracks.climb(world)
        states.respond(world)
        self.datacollector.collect(self)
        self.quarter += 1
        self.running = self.quarter <= self.until
        if not self.running:
            getattr(mesa.Agent, "_ids", {}).pop(self, None)  # else Mesa 3.3 keeps every model it has made

    @property
    def declared_depth(self) -> float:
        """How deep the partnership is on paper, 0-1."""
        return self.world.declared_depth

    @property
    def operational_depth(self) -> float:
        """How deep it is in what is done, 0-1."""
        return self.world.operational_depth

    @property
    def gap(self) -> float:
        """What is declared and not done, 0-1."""
        return self.world.declared_depth - self.world.operational_depth

    @property
    def fragmentation(self) -> float:
        """Standard deviation of how far the members go, 0-1."""
        acceptance = self.world.p("council.acceptance")
        levels = [acceptance * state.position for state in self.world.union_states]
        mean = total(levels) / len(levels)
        return sqrt(total([(level - mean) * (level - mean) for level in levels]) / len(levels))

    @property
    def stages(self) -> tuple[tuple[str, str, str], ...]:
        """What changed this quarter, instruments of the Union in the order of the catalogue, then rungs by partner."""
        rank = self.world.script.rank
        return tuple(sorted(self.world.events, key=lambda event: rank[event[0], event[1]]))
