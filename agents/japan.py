"""Japan: the cabinet wishes, the Diet has the seats, the public supports, the Constitution permits.

Chambers, thresholds, terms, ladders and elections on record are data in config/actors/japan.toml.
"""

from __future__ import annotations

import numpy as np

from agents.portable import normal, probability
from agents.pressures import CHINA, NORTH_KOREA, RUSSIA
from agents.rules import attention, elections, feedback, ladders, perception, positions
from agents.rules.types import Floats, Mask, Value, Whole
from agents.world import Actor, World
from config import LADDERS, PRESSURES

FORCE, TRANSFERS, SECRECY, MISSIONS = range(4)
JAPAN = "JPN"
REINTERPRETED, AMENDED = 2, 3
"""Steps of the force ladder: wider collective self-defence, and Article 9 amended."""


class Cabinet(Actor):
    """Feels threats, attends, wants a depth of partnership, spends on defence."""

    def __init__(self, model: World) -> None:
        super().__init__(model)
        table, p, r = model.settings.table, model.parameters, model.width
        exposures = model.settings.japan.exposures
        self.exposure = np.array([[getattr(exposures, name)] for name in PRESSURES])
        self.threat: Floats = self.exposure * model.pressures.intensity
        self.threat_at_start = self.indo_pacific
        self.attention: Floats = np.zeros(r)
        self.stance: Floats = p.positions.japan_stance * normal(model.chance.once("japan/first stance"))
        self.trust: Floats = np.full(r, table.trust)
        self.spending: Floats = np.full(r, table.japan.defence_spending)
        self.spending_at_start = self.spending
        self.position: Floats = self.wanted()
        model.chance.register(["japan/stance"])

    @property
    def indo_pacific(self) -> Floats:
        """Threat that Japan feels from the Indo-Pacific, (R,), 0-1."""
        weight = self.model.parameters.threat.north_korea_weight
        return perception.indo_pacific_threat(self.threat[CHINA], self.threat[NORTH_KOREA], weight)

    def perceive(self) -> None:
        """Feel threats."""
        pressing = self.model.pressures.intensity
        self.threat = perception.felt_threat(self.threat, pressing, self.exposure, self.model.parameters.threat)

    def attend(self, depth: attention.Frameworks, left: Value) -> None:
        """Divide attention between the Union and all else that pulls; `left` is what regular dialogue leaves of it."""
        pressures, p = self.model.pressures, self.model.parameters.attention
        self.attention = attention.japan_attention(depth, pressures.russia, pressures.retrenchment, p) * left

    def form(self, elected: Mask) -> None:
        """A new cabinet, where the Lower House was elected, brings a new stance."""
        stance = self.model.parameters.positions.japan_stance * normal(self.model.chance.draw("japan/stance"))
        self.stance = np.where(elected, stance, self.stance)

    def follow_record(self) -> None:
        """Take the stance of a government that is known to have taken office this quarter."""
        for one in self.model.settings.governments_of(JAPAN, self.model.quarter):
            drawn = self.model.parameters.positions.japan_stance * normal(self.model.chance.draw("japan/stance"))
            self.stance = drawn if one.stance is None else np.full(self.model.width, one.stance)

    def wanted(self) -> Floats:
        """Position that the cabinet is drawn to, (R,), 0-1."""
        pressures, p = self.model.pressures, self.model.parameters
        return positions.japan_wants(
            self.indo_pacific, pressures.russia, self.threat[RUSSIA], pressures.retrenchment, self.trust, self.stance,
            p.attention.link, p.positions,
        )  # fmt: skip

    def take_position(self) -> None:
        """Move towards what is wanted."""
        self.position = positions.drawn_to(self.position, self.wanted(), self.model.parameters.positions)

    def feel_delivery(self) -> None:
        """Trust as far as the partnership delivers."""
        at = self.model.partnership
        self.trust = feedback.trust(
            self.trust, at.operational_depth, at.gap, self.attention, self.model.parameters.feedback
        )

    def arm(self) -> None:
        """Spend on defence as the threat since the start calls for."""
        p = self.model.parameters.feedback
        wanted = self.spending_at_start + p.spending_japan * (self.indo_pacific - self.threat_at_start)
        self.spending = feedback.spending(self.spending, wanted, p)


class Public(Actor):
    """Supports or does not support amending the Constitution; drives nothing else but seats."""

    def __init__(self, model: World) -> None:
        super().__init__(model)
        model.chance.register(["japan/public"])
        self.support: Floats = self.target(0.0)

    def target(self, cost: float | Floats) -> Floats:
        """Share of voters for amendment that the threat brings about, less the cost of a lever."""
        return ladders.support_target(self.model.cabinet.indo_pacific, cost, self.model.parameters.japan)

    def respond(self) -> None:
        """Move with the threat and with what the cabinet does to Article 9."""
        target, u = self.target(self.model.levers.support_cost), self.model.chance.draw("japan/public")
        self.support = ladders.public_support(self.support, target, u, self.model.parameters.japan)


class Diet(Actor):
    """Seats of the governing coalition in both Houses, and whether a pacifist partner sits in it."""

    def __init__(self, model: World) -> None:
        super().__init__(model)
        start, r = model.settings.table.japan, model.width
        self.lower: Floats = np.full(r, start.lower_house_share)
        self.upper: Floats = np.full(r, start.upper_house_share)
        self.partner: Mask = np.full(r, start.partner)
        self.quarters_sat: Whole = np.full(r, model.settings.start - start.lower_house_elected - 1, dtype=np.int64)
        self.thresholds = model.settings.japan.thresholds
        rows = [row for row in model.settings.japan.elections if row.quarter > model.settings.start]
        self._record = rows
        self._last = {
            chamber: max((row.quarter for row in rows if row.chamber == chamber), default=-1)
            for chamber in ("lower", "upper")
        }
        names = ("lower house", "lower seats", "partner", "upper seats")
        model.chance.register(f"japan/{name}" for name in names)

    def elect(self) -> None:
        """Hold the elections of this quarter: those of the record, else by calendar and hazard."""
        self.quarters_sat = self.quarters_sat + 1
        if self.model.quarter > self._last["lower"]:
            self._free_lower_house()
        if self.model.quarter > self._last["upper"]:
            self._renew_upper_house()
        self._follow_record()

    def _free_lower_house(self) -> None:
        p, draw, public = self.model.parameters.japan, self.model.chance.draw, self.model.public
        term = self.model.settings.japan.chambers.lower.term_quarters
        held = (self.quarters_sat >= term) | (draw("japan/lower house") < probability(p.snap))
        lost = public.target(0.0) - public.support
        seats, mood = draw("japan/lower seats"), draw("japan/partner")
        result = elections.lower_house_election(
            self.lower, self.partner, lost, seats, mood, self.thresholds.majority, p
        )
        self.lower = np.where(held, result.share, self.lower)
        self.partner = np.where(held, result.partner, self.partner)
        self._sit_anew(held)

    def _sit_anew(self, held: Mask) -> None:
        self.quarters_sat = np.where(held, 0, self.quarters_sat)
        self.model.cabinet.form(held)

    def _renew_upper_house(self) -> None:
        calendar = self.model.settings.japan.chambers.upper
        since = self.model.quarter - calendar.first_renewal
        if since >= 0 and since % calendar.half_every_quarters == 0:
            u = self.model.chance.draw("japan/upper seats")
            self.upper = elections.upper_house_renewal(self.upper, u, self.model.parameters.japan)

    def _follow_record(self) -> None:
        rows = [row for row in self._record if row.quarter == self.model.quarter]
        for row in rows:
            if row.chamber == "lower":
                self.lower = np.full_like(self.lower, row.share)
            else:
                self.upper = np.full_like(self.upper, row.share)
            self.partner = np.full_like(self.partner, row.partner)
        if any(row.chamber == "lower" for row in rows):
            self._sit_anew(np.ones(self.model.width, dtype=bool))

    @property
    def passes_laws(self) -> Mask:
        """Whether the coalition can pass a law, as access and logistics agreements need beside the treaty, (R,)."""
        return ladders.law_passes(self.lower, self.upper, self.thresholds)


class Constitution(Actor):
    """Four ladders of what Japan may do, (4, R), steps counted from 0; the acts that lead up them are data."""

    def __init__(self, model: World) -> None:
        super().__init__(model)
        table = model.settings.table.ladders
        self.step: Whole = np.stack([np.full(model.width, getattr(table, name), dtype=np.int64) for name in LADDERS])
        self.acts = [[step.act for step in getattr(model.settings.japan.ladders, name)] for name in LADDERS]
        self._climb = model.chance.register(f"japan/{name}" for name in LADDERS)
        model.chance.register(f"japan/{name}" for name in ("referendum", "reinterpretation", "amendment"))

    def climb(self) -> None:
        """Take the steps of this quarter, at most one on each ladder, then what levers bring."""
        taken = self.model.chance.rows(self._climb) < self.chances()
        for row, ladder in enumerate(LADDERS):
            known = self.model.status.step(ladder, self.step[row])
            taken[row] = taken[row] if known is None else known
        step: Whole = self.step + taken
        step[FORCE] = self._pushed(step[FORCE])
        self.step = step

    def chances(self) -> Floats:
        """Chance of the next step on each ladder in this quarter, (4, R): 0 at its top."""
        p, lawful, chances = self.model.parameters.japan, self._lawful(), np.zeros(self.step.shape)
        for row, (acts, name) in enumerate(zip(self.acts, LADDERS, strict=True)):
            for below, act in enumerate(acts):
                possible = (self.step[row] == below) & lawful[act]
                base = p.amendment if act == "amendment" else getattr(p, name)
                if possible.any():
                    chances[row] = np.where(possible, probability(self._hazard(base)), chances[row])
        return chances

    def _hazard(self, base: Value) -> Floats:
        p, cabinet = self.model.parameters.japan, self.model.cabinet
        return ladders.step_hazard(base, self.model.diet.partner, cabinet.indo_pacific, cabinet.stance, p)

    def _lawful(self) -> dict[str, Mask]:
        """Which acts the coalition can pass in this quarter."""
        diet, p = self.model.diet, self.model.parameters.japan
        u = self.model.chance.draw("japan/referendum")
        return {
            "cabinet_decision": np.ones(self.model.width, dtype=bool),
            "law": diet.passes_laws,
            "amendment": ladders.amendment_passes(
                diet.lower, diet.upper, self.model.public.support, u, diet.thresholds, p
            ),
        }

    def _pushed(self, force: Whole) -> Whole:
        """The force ladder after the levers of reinterpretation and amendment."""
        levers, draw = self.model.levers, self.model.chance.draw
        for lever, strength, reached in (
            ("reinterpretation", levers.p.reinterpretation_strength, REINTERPRETED),
            ("amendment", levers.p.amendment_strength, AMENDED),
        ):
            if levers.on(lever):
                carried = (force < reached) & (draw(f"japan/{lever}") < probability(strength))
                force = np.where(carried, reached, force)
        return force
