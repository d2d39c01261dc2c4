"""Phase 6, docs/ODD.md 6.6: other foreign-policy business before the same Council."""

from tests.twin.council import Voter, declared_bound, nobody_vetoes, on_grid, unanimity, with_brake
from tests.twin.money import exists, request
from tests.twin.portable import normal
from tests.twin.state import RUSSIA, Member, World

TOPICS = ("russia", "china", "enlargement", "peace_facility")


def other_business(world: World) -> None:
    """The topics of this quarter, in order; says which were blocked."""
    world.topics_blocked = []
    world.blamed = {}
    world.facility.vote_blocked = False
    world.facility.abstainers = frozenset()
    for topic in TOPICS:
        if arises(world, topic):
            _decide(world, topic)
        elif topic == "peace_facility":
            world.facility.holding = kept_blocks(world)


def kept_blocks(world: World) -> frozenset[str]:
    """States that go on blocking the Peace Facility: no election this quarter, no bargain."""
    if world.u("business/peace_facility/lift") < world.p("business.lift"):
        return frozenset()
    holding = world.facility.holding
    return frozenset(one.iso3 for one in world.union_members() if one.iso3 in holding and not one.elected)


def arises(world: World, topic: str) -> bool:
    """Whether a topic comes before the Council."""
    if topic == "peace_facility":
        return exists(world) and (request(world) > 0.0 or world.facility.blocked_stock > 0.0)
    return world.u(f"business/{topic}") < world.p(f"business.{topic}")


def _decide(world: World, topic: str) -> None:
    demand = asked_for(world, topic)
    found = topic_voters(world, topic)
    opposed = [voter.iso3 for voter in found if demand > voter.veto]
    if opposed:
        world.blamed[topic] = opposed
    blocked = demand > topic_limit(world, topic, found)
    vetoed = blocked and len(opposed) > 0
    if topic == "peace_facility":
        kept = kept_blocks(world)
        world.facility.holding = kept | frozenset(opposed)
        world.facility.vote_blocked = blocked or len(world.facility.holding) > 0
        vetoed = any(iso3 not in kept for iso3 in opposed)
        world.facility.abstainers = frozenset(
            voter.iso3 for voter in found if demand > voter.declared and demand <= voter.veto
        )
    if vetoed:
        world.topics_blocked.append(topic)


def topic_voters(world: World, topic: str) -> list[Voter]:
    """Who votes on a topic, with their bounds on the grid; the Peace Facility without states outside defence policy."""
    found = []
    for member in world.union_members():
        if topic == "peace_facility" and member.opted_out:
            continue
        tolerated = tolerance(world, topic, member)
        neutral = 1.0 if topic == "peace_facility" and member.neutral else 0.0
        gap, more = world.p("business.acceptance_gap"), world.p("business.neutral_gap")
        accept = on_grid(max(0.0, tolerated - gap - more * neutral))
        veto = on_grid(tolerated)
        declared = declared_bound(world, accept, veto)
        found.append(Voter(member.iso3, member.persons, member.facts.nice_votes, accept, declared, veto))
    return found


def topic_limit(world: World, topic: str, found: list[Voter]) -> float:
    """The level up to which a topic passes."""
    if topic == "enlargement":
        return nobody_vetoes(found).level
    unanimous = unanimity(found)
    return with_brake(world, unanimous, found).level if topic_under_passerelle(world, topic) else unanimous.level


def asked_for(world: World, topic: str) -> float:
    """z: the level that a topic asks for."""
    low, high = world.p("business.demand_low"), world.p("business.demand_high")
    return low + (high - low) * world.u(f"business/{topic}/demand")


def tolerance(world: World, topic: str, member: Member) -> float:
    """v_i of a topic: the level beyond which a state opposes."""
    stance = min(0.0, member.stance - world.p("governments.spoiler"))
    noise = normal(world.u(f"business/{topic}/{member.iso3}"))
    return max(
        0.0,
        world.p("business.tolerance")
        + world.p("business.stance_weight") * stance
        + tie(world, topic, member)
        + world.p("business.noise") * noise,
    )


def tie(world: World, topic: str, member: Member) -> float:
    """What a state's own ties add."""
    if topic == "china":
        return -(world.p("business.dependence_weight") * member.dependence)
    if topic == "enlargement":
        return 0.0
    return world.p("business.threat_weight") * member.threats[RUSSIA]


def topic_under_passerelle(world: World, topic: str) -> bool:
    """Whether majority voting applies to a topic."""
    return (
        topic in ("russia", "china")
        and world.union.passerelle
        and world.on("qmv")
        and world.once(f"business/{topic}/passerelle") < world.p("levers.qmv_strength")
    )
