"""The model: who is there, and what happens in a quarter."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from time import perf_counter

import mesa
import numpy as np

from agents.institutions.commission import Commission
from agents.institutions.council import Council
from agents.institutions.european_council import EuropeanCouncil
from agents.institutions.european_parliament import EuropeanParliament
from agents.institutions.high_representative import HighRepresentative
from agents.institutions.peace_facility import PeaceFacility
from agents.japan import Cabinet, Constitution, Diet, Public
from agents.member_states import MemberStates
from agents.partners import AUSTRALIA, NATO, QUAD, Asean, Rivals, UnitedKingdom
from agents.portable import share, weighted_total
from agents.pressures import Pressures
from agents.rules import feedback
from agents.rules.attention import Frameworks
from agents.rules.levers import LeversNow
from agents.rules.types import Floats
from config import Settings
from simulation.beliefs import Beliefs
from simulation.chance import Chance
from simulation.delivery import Delivery
from simulation.instruments import Instruments
from simulation.limits import Limits
from simulation.memory import keep_freed_memory
from simulation.negotiation import Negotiation
from simulation.parameters import NOTHING, draw_parameters
from simulation.ratification import Ratifications
from simulation.recorder import Recorder, Table
from simulation.status import StatusNow
from simulation.tracks import UK, Tracks

RECORDED = ("trajectories", "transitions")
BEFORE = -1
"""A quarter before every lever."""


class PartnershipModel(mesa.Model):
    """The partnership between the European Union and Japan, simulated for a block of runs side by side.

    Every number that may differ between runs is an array whose last axis is the run; a single run is a block of one.
    Run 17 is the same history in whatever block it stands, and under every policy it meets the same luck.

    settings  one scenario under one policy, see `config.resolve`
    runs      run numbers of the block, (R,); with `points` a number may come several times
    seed      of the named chance
    record    which tables to keep: trajectories, ends, transitions, actors, bounds, limits, vetoes
    given     parameters by dotted name that are not drawn, (R,) each
    points    of a design, (R,): which parameter set each lane has; shown in the tables beside the run. The same run has
              the same luck at every point
    luck      (R,): number of the history whose luck each lane has; its run's own if not given
    """

    def __init__(
        self,
        settings: Settings,
        runs: Sequence[int] = range(1),
        seed: int = 1,
        record: Collection[str] = RECORDED,
        given: Mapping[str, Floats] = NOTHING,
        points: Sequence[int] | None = None,
        luck: Sequence[int] | None = None,
    ) -> None:
        super().__init__(rng=seed)
        keep_freed_memory()
        self.settings = settings
        self.runs = np.array(runs, dtype=np.int64)
        self.points = None if points is None else np.array(points, dtype=np.int64)
        self.width = len(self.runs)
        self.quarter: int = settings.start
        self.chance = Chance(seed, runs if luck is None else luck)
        self.parameters, self.drawn = draw_parameters(settings, self.chance, given)
        self.levers = LeversNow(self.parameters.levers, BEFORE)
        self.status = StatusNow(self)
        self.recorder = Recorder(self, record)
        self._populate()
        self._begin()
        self.seconds: dict[str, float] = {phase.__name__: 0.0 for phase in self.phases}

    def _populate(self) -> None:
        """Who is there."""
        self.pressures = Pressures(self)
        self.european_council = EuropeanCouncil(self)
        self.member_states = MemberStates(self)
        self.united_kingdom = UnitedKingdom(self, [one.name for one in self.member_states.members].index(UK), UK)
        self.cabinet = Cabinet(self)
        self.diet = Diet(self)
        self.public = Public(self)
        self.constitution = Constitution(self)
        self.high_representative = HighRepresentative(self)
        self.commission = Commission(self)
        self.european_parliament = EuropeanParliament(self)
        self.council = Council(self)
        self.peace_facility = PeaceFacility(self)
        self.rivals = Rivals(self)
        self.asean = Asean(self)
        self.partnership = Instruments(self)
        self.negotiation = Negotiation(self)
        self.ratifications = Ratifications(self)
        self.delivery = Delivery(self)
        self.tracks = Tracks(self)
        self.limits = Limits(self)
        self.beliefs = Beliefs(self)
        self.chance.register(["china/retaliation"])
        # Mesa numbers agents in a table of its own, which would keep every model, its key, in memory for good
        getattr(mesa.Agent, "_ids", {}).pop(self, None)

    def _begin(self) -> None:
        """State before the first turn (docs/ODD.md, 5)."""
        self.coercion: Floats = np.zeros(self.width)
        self.attention_eu: Floats = np.zeros(self.width)
        self.attention_japan: Floats = np.zeros(self.width)
        self.member_states.attend()
        self.member_states.position = self.member_states.wanted()

    @property
    def phases(self) -> tuple[Callable[[], None], ...]:
        """The twelve phases of a quarter, in order."""
        return (
            self.press, self.perceive, self.elect, self.take_positions, self.open_files, self.negotiate, self.ratify,
            self.pay, self.carry_out, self.climb_tracks, self.respond, self.keep,
        )  # fmt: skip

    def step(self) -> None:
        """One quarter."""
        self.chance.turn(self.quarter)
        self.levers = LeversNow(self.parameters.levers, self.quarter)
        self.member_states.look_up(self.quarter)
        self.status.turn()
        for phase in self.phases:
            begun = perf_counter()
            phase()
            self.seconds[phase.__name__] += perf_counter() - begun
        self.quarter += 1

    def run(self) -> None:
        """All quarters that are left, to the horizon of the settings."""
        while self.quarter <= self.settings.until:
            self.step()

    def press(self) -> None:
        """Phase 1: pressures escalate or calm down."""
        self.pressures.press()

    def perceive(self) -> None:
        """Phase 2: states and Japan feel threats and divide their attention."""
        self.member_states.perceive()
        self.cabinet.perceive()
        left = 1 - self.levers.if_on("dialogue", self.levers.p.dialogue_attention)
        self.attention_eu = self.member_states.attention_of_union() * left
        self.cabinet.attend(self._frameworks(), left)
        if self.levers.on("lift_attention"):
            self.attention_eu = np.broadcast_to(self.levers.p.lifted_attention, self.width).copy()
            self.cabinet.attention = self.attention_eu
        self.attention_japan = self.cabinet.attention

    def _frameworks(self) -> Frameworks:
        """What draws on Japan's attention."""
        return Frameworks(
            quad=self.rivals.depth[QUAD],
            australia=self.rivals.depth[AUSTRALIA],
            nato=self.rivals.depth[NATO],
            united_kingdom=self.tracks.uk_depth,
            single_states=self.tracks.states_depth,
            partnership=self.partnership.operational_depth,
        )

    def elect(self) -> None:
        """Phase 3: governments change, terms begin, the European Council meets, Japan votes."""
        self.member_states.elect()
        for body in (self.high_representative, self.commission, self.european_parliament):
            body.begin_term()
        self.european_council.meet()
        self.diet.elect()
        self.cabinet.follow_record()

    def take_positions(self) -> None:
        """Phase 4: Japan, the member states and the Union's bodies decide how deep they want to go."""
        self.cabinet.take_position()
        self.member_states.take_positions()
        for body in (self.high_representative, self.commission, self.european_parliament):
            body.take_position()
        self.public.respond()
        if self.status.active:
            self.beliefs.of_steps(self.constitution.chances())
        self.constitution.climb()

    def open_files(self) -> None:
        """Phase 5: files are tabled, and the pushed ones get slots."""
        self.council.convene()
        self.negotiation.open_files()
        if self.recorder.wants("limits"):
            self.limits.after_opening()

    def negotiate(self) -> None:
        """Phase 6: files are concluded, thinned out or blocked; other business is decided."""
        self.negotiation.conclude_files()
        if self.recorder.wants("limits"):
            self.limits.after_council()
        self.peace_facility.prepare()
        self.council.decide_other_business()
        if self.status.active:
            self.beliefs.of_files()
            self.beliefs.of_business()

    def ratify(self) -> None:
        """Phase 7: what was signed is ratified."""
        self.ratifications.ratify()

    def pay(self) -> None:
        """Phase 8: the Peace Facility pays."""
        self.delivery.pay()

    def carry_out(self) -> None:
        """Phase 9: agreements are carried out, fade, lapse."""
        self.delivery.carry_out()

    def climb_tracks(self) -> None:
        """Phase 10: single states climb the bilateral ladder, rival frameworks deepen."""
        self.tracks.climb()
        self.rivals.develop()

    def respond(self) -> None:
        """Phase 11: trust follows delivery, China may retaliate, budgets follow threats."""
        p, visible = self.parameters.feedback, self.partnership.visible_depth
        self.member_states.feel_delivery()
        self.cabinet.feel_delivery()
        struck = feedback.retaliates(visible, self.pressures.china, self.chance.draw("china/retaliation"), p)
        self.coercion = feedback.coercion(self.coercion, struck, p)
        self.member_states.arm()
        self.cabinet.arm()

    def keep(self) -> None:
        """Phase 12: what was asked for is recorded."""
        self.recorder.keep()
        if self.recorder.wants("limits"):
            self.limits.keep()

    def share_outside(self) -> Floats:
        """Share of all that is carried out with Japan which runs outside the Union, (R,), 0-1."""
        outside = self.tracks.operational_level
        union = weighted_total(self.partnership.operational, self.partnership.ambition)
        return share(outside, outside + union)

    def tables(self) -> dict[str, Table]:
        """What was recorded, as columns by table."""
        return self.recorder.tables()
