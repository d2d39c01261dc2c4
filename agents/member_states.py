"""The member states: they perceive, attend, elect governments, take positions, listen, arm."""

from __future__ import annotations

import math
from bisect import bisect_right
from functools import cached_property

import numpy as np

from agents.portable import places, total, weighted_total
from agents.pressures import CHINA, NORTH_KOREA, RUSSIA, US_RETRENCHMENT
from agents.rules import attention, elections, feedback, perception, positions
from agents.rules.types import Floats, Mask, Whole, in_lanes
from agents.world import Member, World
from config import MemberState as Facts

EARTH_RADIUS_KM = 6371.0088


class MemberState(Member):
    """One state: a member of the Union, a former one, or a candidate."""

    @property
    def threat(self) -> Floats:
        """Felt threat by pressure, (4, R), 0-1."""
        threat: Floats = self.model.member_states.threat[:, self.row]
        return threat

    @property
    def attention(self) -> Floats:
        """Share of attention that the partnership gets, (R,), 0-1."""
        return self.row_of(self.model.member_states.attention)

    @property
    def stance(self) -> Floats:
        """Stance of the government, (R,): 0 ordinary, below -1 a spoiler."""
        return self.row_of(self.model.member_states.stance)

    @property
    def position(self) -> Floats:
        """Ideal depth of the partnership, (R,), 0-1."""
        return self.row_of(self.model.member_states.position)

    @property
    def trust(self) -> Floats:
        """Trust in the partnership, (R,), 0-1."""
        return self.row_of(self.model.member_states.trust)

    @property
    def defence_spending(self) -> Floats:
        """Defence spending, (R,), % of GDP."""
        return self.row_of(self.model.member_states.spending)


class Geography:
    """What the sources say of each state, as columns (M, 1); exposures follow from it and stay."""

    def __init__(self, world: World) -> None:
        facts = world.settings.members
        p = world.parameters

        def column(name: str) -> Floats:
            return np.array([[float(getattr(one, name))] for one in facts])

        self.persons = column("population")
        self.gdp = column("gdp_usd_bn")
        self.chambers = column("chambers")
        self.military_expenditure = column("military_expenditure_usd_m")
        in_2010 = world.settings.start // 4 == 2010
        self.spending = column("defence_spending_2010" if in_2010 else "defence_spending_2026")
        in_nato = np.array([[0 < 4 * one.nato_year <= world.settings.start] for one in facts])
        china, japan = column("trade_china_pct_gdp"), column("trade_japan_pct_gdp")
        stake = perception.stake(china, japan, column("indo_pacific_territory"), column("g7"), p.threat)
        exposure = [stake] * 4
        exposure[RUSSIA] = perception.exposure_to_russia(
            column("km_to_moscow"), column("border_russia_or_belarus"), p.threat
        )
        exposure[NORTH_KOREA] = p.threat.north_korea_share * stake
        exposure[US_RETRENCHMENT] = perception.exposure_to_retrenchment(
            column("us_troops"), self.spending, in_nato, p.threat
        )
        self.exposure = np.stack(np.broadcast_arrays(*exposure))
        self.affinity = positions.affinity(japan, column("un_agreement_japan"), p.positions)
        self.dependence = positions.dependence(china, p.positions)


def kilometres(one: Facts, other: Facts) -> int:
    """Great-circle distance between capitals, in whole km."""
    north, south = math.radians(one.latitude), math.radians(other.latitude)
    across = math.radians(other.longitude - one.longitude)
    half = math.sin((south - north) / 2) ** 2 + math.cos(north) * math.cos(south) * math.sin(across / 2) ** 2
    return round(2 * EARTH_RADIUS_KM * math.asin(math.sqrt(half)))


def listened_to(facts: tuple[Facts, ...], members: Whole, speakers: int) -> Whole:
    """Whom each member listens to, (V, S), places in `members`: the largest by persons over distance. Assumed."""
    chosen = []
    for row in members:
        others = [place for place, other in enumerate(members) if other != row]
        weight = {
            place: facts[members[place]].population / max(1, kilometres(facts[row], facts[members[place]]))
            for place in others
        }
        chosen.append(sorted(others, key=lambda place: (-weight[place], place))[:speakers])
    return np.array(chosen, dtype=np.int64).reshape(len(members), -1)


class MemberStates:
    """All states by ISO code; numbers are (M, R). `rows` are those that are members in this quarter, V of them."""

    def __init__(self, model: World) -> None:
        self.model = model
        self.facts = model.settings.members
        self.members = [MemberState(model, row, one.iso3) for row, one in enumerate(self.facts)]
        self.geography = Geography(model)
        codes = [one.iso3 for one in self.facts]
        shape = (len(codes), model.width)
        self._elections = model.chance.register(f"{iso}/election" for iso in codes)
        self._stances = model.chance.register_seldom(f"{iso}/stance" for iso in codes)
        self._changes = -1
        self.look_up(model.settings.start)
        self.threat: Floats = self.geography.exposure * model.pressures.intensity[:, np.newaxis]
        self.threat_at_start = self.threat
        self.attention: Floats = np.zeros(shape)
        first = model.chance.once_table(f"{iso}/first stance" for iso in codes)
        self.stance: Floats = elections.new_stance(self.stance_mean, first, model.parameters.governments)
        self.position: Floats = np.zeros(shape)
        self.mean_position: Floats = np.zeros(model.width)
        self.trust: Floats = np.full(shape, model.settings.table.trust)
        self.spending: Floats = np.broadcast_to(self.geography.spending, shape).copy()
        self.spending_at_start = self.spending

    # Who is what in this quarter

    def look_up(self, quarter: int) -> None:
        """Read what is dated: members, strategies, neutrality, opt-outs, PESCO, usual stances, scripted elections.

        What was read holds until the next quarter in which anything begins or ends.
        """
        changes = bisect_right(self._dates, quarter)
        if changes == self._changes:
            return
        self._changes = changes
        self.rows = np.flatnonzero(self._holds("member", quarter)[:, 0])
        self.has_strategy = self._holds("strategy", quarter)
        self.neutral = self._holds("neutral", quarter)
        self.opted_out = self._holds("opt_out", quarter)[:, 0] > 0
        self.in_pesco = self._holds("pesco", quarter)[:, 0] > 0
        self.stance_mean = np.array([[one.at("stance_mean", quarter) or 0.0] for one in self.facts])
        self.scripted = self._holds("election", quarter) > 0
        self.free_to_elect = np.array([[self._last_scripted(one) < quarter] for one in self.facts])

    @cached_property
    def _dates(self) -> list[int]:
        """Quarters in which anything dated begins or ends, in order, and those after a beginning."""
        periods = [period for one in self.facts for period in one.periods]
        return sorted({quarter for one in periods for quarter in (one.begins, one.begins + 1, one.ends)})

    def _holds(self, kind: str, quarter: int) -> Floats:
        return np.array([[float(one.has(kind, quarter))] for one in self.facts])

    @staticmethod
    def _last_scripted(one: Facts) -> int:
        return max((period.begins for period in one.periods if period.kind == "election"), default=-1)

    @property
    def persons(self) -> Floats:
        """Persons of the members of this quarter, (V, 1), whole numbers."""
        return self.geography.persons[self.rows]

    @property
    def listens_to(self) -> Whole:
        """Whom each member listens to, (V, S), places among the members."""
        key = self.rows.tobytes()
        if key not in self._networks:
            self._networks[key] = listened_to(self.facts, self.rows, self._speakers)
        return self._networks[key]

    @cached_property
    def _speakers(self) -> int:
        """How many others a state listens to: the same in all runs."""
        return int(np.min(self.model.parameters.positions.speakers))

    @cached_property
    def _networks(self) -> dict[bytes, Whole]:
        return {}

    def mean(self, values: Floats) -> Floats:
        """Mean over the members of this quarter by persons, (M, R) to (R,)."""
        return weighted_total(values[self.rows], self.persons) / total(self.persons)

    # What states do

    def perceive(self) -> None:
        """Feel threats and divide attention."""
        p, felt = self.model.parameters.threat, np.empty_like(self.threat)
        for row, pressing in enumerate(self.model.pressures.intensity):  # one by one, to stay in the processor's cache
            felt[row] = perception.felt_threat(self.threat[row], pressing, self.geography.exposure[row], p)
        self.threat = felt
        self.attend()

    def attend(self) -> None:
        """Divide attention between theatres and one's own interest."""
        p, levers = self.model.parameters, self.model.levers
        lever = levers.strategy(p.levers.indo_pacific_attention)
        own = attention.own_interest(self.has_strategy, self.model.european_council.in_force, lever, p.attention)
        self.attention = attention.attention(own, self.indo_pacific, self.threat[RUSSIA], p.attention)

    @property
    def indo_pacific(self) -> Floats:
        """Threat felt from the Indo-Pacific, (M, R), 0-1."""
        weight = self.model.parameters.threat.north_korea_weight
        return perception.indo_pacific_threat(self.threat[CHINA], self.threat[NORTH_KOREA], weight)

    def attention_of_union(self) -> Floats:
        """Attention of the Union, (R,), 0-1."""
        return attention.union_attention(
            self.attention[self.rows], self.persons, self.has_strategy[self.rows], self.model.parameters.attention
        )

    def elect(self) -> None:
        """Change governments where elections bring it about; a new government has a new stance."""
        p, chance = self.model.parameters.governments, self.model.chance
        self.look_up(self.model.quarter)
        self.elected: Mask = elections.elected(self.scripted, self.free_to_elect, chance.rows(self._elections), p)
        rows, lanes = places(self.elected)
        u = chance.some(self._stances, rows, lanes)
        self.stance = self.stance.copy()
        self.stance[rows, lanes] = elections.new_stance(self.stance_mean[rows, 0], u, in_lanes(p, lanes))
        self._follow_record()

    def _follow_record(self) -> None:
        """Governments that are known to have taken office this quarter."""
        if self.model.settings.status is None:
            return
        p = self.model.parameters.governments
        for row, one in enumerate(self.facts):
            for known in self.model.settings.governments_of(one.iso3, self.model.quarter):
                drawn = elections.new_stance(self.stance_mean[row], self.model.chance.draw(f"{one.iso3}/stance"), p)
                self.elected[row] = True
                self.stance[row] = drawn if known.stance is None else known.stance

    def wanted(self) -> Floats:
        """Position that each state is drawn to, (M, R), 0-1."""
        p, model = self.model.parameters, self.model
        considered = positions.Considerations(
            affinity=self.geography.affinity,
            attention=self.attention,
            indo_pacific=self.indo_pacific,
            russia=self.threat[RUSSIA],
            stance=self.stance,
            trust=self.trust,
            reciprocity=positions.reciprocity(model.cabinet.position, p.positions),
            retrenchment=model.pressures.retrenchment,
            diversion=model.levers.diversion,
        )
        return positions.states_want(considered, p.attention.link, p.positions)

    def take_positions(self) -> None:
        """Move towards what is wanted and, among members, towards those who are listened to and near."""
        p, levers = self.model.parameters.positions, self.model.levers
        moved = positions.drawn_to(self.position, self.wanted(), p)
        wider = p.confidence_guideline * self.model.european_council.in_force
        confidence: Floats = np.asarray(p.confidence + wider, dtype=np.float64)
        listen = p.listen + levers.strategy(levers.p.indo_pacific_listening)
        differences = positions.heard(self.position[self.rows], self.listens_to, confidence)
        moved[self.rows] = moved[self.rows] + listen / self._speakers * differences
        self.position = perception.clip(moved)
        self.mean_position = self.mean(self.position)

    def feel_delivery(self) -> None:
        """Trust as far as the partnership delivers."""
        at = self.model.partnership
        self.trust = feedback.trust(
            self.trust, at.operational_depth, at.gap, self.attention, self.model.parameters.feedback
        )

    def arm(self) -> None:
        """Spend on defence as the threats since the start call for."""
        p = self.model.parameters.feedback
        russia, retrenchment = (self.threat[row] - self.threat_at_start[row] for row in (RUSSIA, US_RETRENCHMENT))
        wanted = feedback.spending_wanted(self.spending_at_start, russia, retrenchment, p)
        self.spending = feedback.spending(self.spending, wanted, p)
