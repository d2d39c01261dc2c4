"""Phase 6, continued: other foreign-policy business before the same Council; see tests/twin/business.py."""

from benchmarks.rivals.quick import council
from benchmarks.rivals.quick.council import ROUNDER
from benchmarks.rivals.quick.money import request
from benchmarks.rivals.quick.world import Bounds, MemberState, QuickWorld
from tests.twin import business as twin
from tests.twin.money import exists
from tests.twin.portable import normal
from tests.twin.state import RUSSIA


def other_business(world: QuickWorld) -> None:
    """The topics of this quarter, in order; says which were blocked."""
    world.topics_blocked, world.blamed = [], {}
    facility = world.facility
    facility.vote_blocked, facility.abstainers = False, frozenset()
    for topic in twin.TOPICS:
        if arises(world, topic):
            _decide(world, topic)
        elif topic == "peace_facility":
            facility.holding = twin.kept_blocks(world)


def arises(world: QuickWorld, topic: str) -> bool:
    """Whether a topic comes before the Council."""
    if topic == "peace_facility":
        return exists(world) and (request(world) > 0.0 or world.facility.blocked_stock > 0.0)
    return world.u(f"business/{topic}") < world.p(f"business.{topic}")


def _decide(world: QuickWorld, topic: str) -> None:
    demand, found = twin.asked_for(world, topic), topic_bounds(world, topic)
    level = topic_limit(world, topic, found)
    opposed = [state.iso3 for state, veto in zip(found.voters, found.veto, strict=True) if demand > veto]
    if opposed:
        world.blamed[topic] = opposed
    vetoed = demand > level and len(opposed) > 0
    if topic == "peace_facility":
        facility, kept = world.facility, twin.kept_blocks(world)
        facility.holding = kept | frozenset(opposed)
        facility.vote_blocked = demand > level or len(facility.holding) > 0
        vetoed = any(iso3 not in kept for iso3 in opposed)
        ranges = zip(found.voters, found.declared, found.veto, strict=True)
        facility.abstainers = frozenset(state.iso3 for state, low, high in ranges if low < demand <= high)
    if vetoed:
        world.topics_blocked.append(topic)


def topic_bounds(world: QuickWorld, topic: str) -> Bounds:
    """Who votes on a topic, with their bounds on the grid; the Peace Facility without states outside defence policy."""
    p, turn, peace = world.p, world.turn, topic == "peace_facility"
    weight, spoiler, tolerated = p("business.stance_weight"), p("governments.spoiler"), p("business.tolerance")
    noise, gap, neutral_gap = p("business.noise"), p("business.acceptance_gap"), p("business.neutral_gap")
    found = Bounds([state for state in world.union_states if not (peace and state.opted_out)], [])
    for state, tie in zip(found.voters, ties(world, topic, found.voters), strict=True):
        stance = state.stance - spoiler
        drawn = noise * normal(state.business_draws[topic][turn])
        tolerance = tolerated + weight * (stance if stance < 0.0 else 0.0) + tie + drawn
        tolerance = tolerance if tolerance > 0.0 else 0.0
        accept = tolerance - gap - (neutral_gap if peace and state.neutral else 0.0)
        found.accept.append((accept if accept > 0.0 else 0.0) + ROUNDER - ROUNDER)
        found.veto.append(tolerance + ROUNDER - ROUNDER)
    return found


def ties(world: QuickWorld, topic: str, voters: list[MemberState]) -> list[float]:
    """What the states' own ties add."""
    if topic == "enlargement":
        return [0.0] * len(voters)
    if topic == "china":
        weight = world.p("business.dependence_weight")
        return [-(weight * state.dependence) for state in voters]
    weight = world.p("business.threat_weight")
    return [weight * state.threats[RUSSIA] for state in voters]


def topic_limit(world: QuickWorld, topic: str, found: Bounds) -> float:
    """The level up to which a topic passes."""
    if topic == "enlargement":
        return council.lowest_veto(found)
    unanimous = council.unanimity(world, found)
    return council.with_brake(world, unanimous, found) if twin.topic_under_passerelle(world, topic) else unanimous
