"""Phase 6, docs/ODD.md 6.6: other foreign-policy business before the same Council."""

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
    members = world.union_members()
    tolerated = {member.iso3: tolerance(world, topic, member) for member in members}
    opposed = [member.iso3 for member in members if demand > tolerated[member.iso3]]
    if opposed:
        world.blamed[topic] = opposed
    if topic_under_passerelle(world, topic):
        blocked = stopped_under_passerelle(world, demand, members, tolerated)
    else:
        blocked = len(opposed) > 0
    if topic == "peace_facility":
        kept = kept_blocks(world)
        world.facility.holding = kept | frozenset(opposed)
        world.facility.vote_blocked = len(world.facility.holding) > 0
        blocked = any(iso3 not in kept for iso3 in opposed)
    if blocked:
        world.topics_blocked.append(topic)
    if topic == "peace_facility":
        world.facility.abstainers = abstainers(world, demand, members, tolerated)


def asked_for(world: World, topic: str) -> float:
    """z: the level that a topic asks for."""
    low, high = world.p("business.demand_low"), world.p("business.demand_high")
    return low + (high - low) * world.u(f"business/{topic}/demand")


def tolerance(world: World, topic: str, member: Member) -> float:
    """v_i of a topic: the level beyond which a state opposes."""
    stance = min(0.0, member.stance - world.p("governments.spoiler"))
    noise = normal(world.u(f"business/{topic}/{member.iso3}"))
    return (
        world.p("business.tolerance")
        + world.p("business.stance_weight") * stance
        + tie(world, topic, member)
        + world.p("business.noise") * noise
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


def stopped_under_passerelle(world: World, demand: float, members: list[Member], tolerated: dict[str, float]) -> bool:
    """An emergency brake, or no majority in favour."""
    margin, gap = world.p("council.brake_margin"), world.p("business.acceptance_gap")
    if any(demand > tolerated[member.iso3] + margin for member in members):
        return True
    heads, in_favour, everybody = 0, 0, 0
    for member in members:
        everybody = everybody + member.persons
        if demand <= tolerated[member.iso3] - gap:
            heads = heads + 1
            in_favour = in_favour + member.persons
    n = len(members)
    enough_persons = n - heads < 4 or 100 * in_favour >= 65 * everybody
    return not (100 * heads >= 55 * n and enough_persons)


def abstainers(world: World, demand: float, members: list[Member], tolerated: dict[str, float]) -> frozenset[str]:
    """Members that declare an abstention on lethal aid: the demand lies beyond their d."""
    gap, declared = world.p("business.acceptance_gap"), world.p("council.declared")
    return frozenset(member.iso3 for member in members if demand > (tolerated[member.iso3] - gap) + declared * gap)
