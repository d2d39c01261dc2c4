"""Phase 4, docs/ODD.md 6.4: positions of Japan, the states and the Union's bodies; Japan's public and ladders."""

import math

from tests.twin.perception import indo_pacific_threat
from tests.twin.portable import exp, log_of, logistic, normal, probability, total
from tests.twin.state import LADDERS, RUSSIA, US_RETRENCHMENT, Member, World, clip
from tests.twin.status import ladders_known, step_listed

EARTH_RADIUS_KM = 6371.0088


def phase(world: World) -> None:
    """Japan first, then the states, the Union's bodies, Japan's public, its ladders."""
    japan = world.japan
    japan.position = japan.position + world.p("positions.move") * (logistic(japan_argument(world)) - japan.position)
    _move_states(world)
    _move_bodies(world)
    japan.support = next_support(world)
    _climb_ladders(world)
    _pull_levers(world)


# Japan's position


def japan_argument(world: World) -> float:
    """L_J: logit of the partnership that Japan wants."""
    japan = world.japan
    link = world.p("attention.link")
    return (
        world.p("positions.japan_constant")
        + world.p("positions.japan_threat") * indo_pacific_threat(world, japan.threats)
        + world.p("positions.japan_abandonment") * world.intensity(US_RETRENCHMENT)
        + world.p("positions.japan_russia") * link * world.intensity(RUSSIA)
        - world.p("positions.japan_entrapment") * (1.0 - link) * japan.threats[RUSSIA]
        + world.p("positions.japan_trust") * (japan.trust - world.p("positions.trust_centre"))
        + japan.stance
    )


# Positions of the states


def reciprocity(world: World) -> float:
    """What Japan's help for Ukraine is worth to states that fear Russia."""
    return min(1.0, world.p("positions.help_for_ukraine") * world.japan.position)


def member_argument(world: World, member: Member, help_returned: float, diversion: float) -> float:
    """L_i: logit of the partnership that a state wants; diversion is on_ips levers.indo_pacific_diversion."""
    russia_threat = member.threats[RUSSIA]
    return (
        world.p("positions.constant")
        + world.p("positions.affinity") * member.affinity
        + world.p("positions.threat") * member.attention * indo_pacific_threat(world, member.threats)
        + world.p("positions.reciprocity") * world.p("attention.link") * russia_threat * help_returned
        + world.p("positions.retrenchment") * world.intensity(US_RETRENCHMENT)
        + world.p("positions.stance") * member.stance
        + world.p("positions.trust") * (member.trust - world.p("positions.trust_centre"))
        - diversion * russia_threat
    )


def _move_states(world: World) -> None:
    help_returned = reciprocity(world)
    diversion = float(world.on("indo_pacific_strategy")) * world.p("levers.indo_pacific_diversion")
    before = {member.iso3: member.position for member in world.members}
    listens = listened_to(world)
    for member in world.members:
        drawn = drawn_to(world, member, help_returned, diversion)
        if member.in_union:
            drawn = drawn + heard(world, member.iso3, listens[member.iso3], before)
        member.position = clip(drawn)


def drawn_to(world: World, member: Member, help_returned: float, diversion: float) -> float:
    """m_i: the position a state moves to on its own."""
    wanted = logistic(member_argument(world, member, help_returned, diversion))
    return member.position + world.p("positions.move") * (wanted - member.position)


def heard(world: World, iso3: str, others: list[str], before: dict[str, float]) -> float:
    """What listening to six others adds, those too far away being ignored."""
    listen = world.p("positions.listen") + world.indo_pacific("listening")
    confidence = world.p("positions.confidence") + world.p("positions.confidence_guideline") * float(
        world.union.guideline
    )
    moved = 0.0
    for other in others:
        distance = before[other] - before[iso3]
        if abs(distance) <= confidence:
            moved = moved + distance
    return listen / world.p("positions.speakers") * moved


def listened_to(world: World) -> dict[str, list[str]]:
    """The members to whom each member listens, in order of rank."""
    members = world.union_members()
    key = frozenset(member.iso3 for member in members)
    speakers = int(world.p("positions.speakers"))
    if key not in world.listened:
        world.listened[key] = {member.iso3: _ranked(member, members)[:speakers] for member in members}
    return world.listened[key]


def _ranked(member: Member, members: list[Member]) -> list[str]:
    others = [other for other in members if other.iso3 != member.iso3]
    others.sort(key=lambda other: (-(other.persons / max(1.0, kilometres(member, other))), other.iso3))
    return [other.iso3 for other in others]


def kilometres(one: Member, other: Member) -> float:
    """Great-circle distance of two capitals, in whole kilometres."""
    lat1, lat2 = math.radians(one.facts.latitude), math.radians(other.facts.latitude)
    half_lat = (lat2 - lat1) / 2.0
    half_lon = math.radians(other.facts.longitude - one.facts.longitude) / 2.0
    chord = math.sin(half_lat) * math.sin(half_lat) + math.cos(lat1) * math.cos(lat2) * (
        math.sin(half_lon) * math.sin(half_lon)
    )
    return float(round(2.0 * EARTH_RADIUS_KM * math.asin(math.sqrt(chord))))


# Bodies of the Union


def _move_bodies(world: World) -> None:
    members, union = world.union_members(), world.union
    mean = total(member.persons * member.position for member in members) / total(member.persons for member in members)
    ambition = world.p("governments.ambition")
    union.position_high_representative = clip(mean + ambition + union.ambition_high_representative)
    union.position_commission = clip(mean + ambition + union.ambition_commission)
    union.position_parliament = clip(mean + world.p("governments.parliament_ambition") + union.mood_parliament)


# Japan's public


def support_target_without_levers(world: World, threat: float) -> float:
    """Share of voters for an amendment that the threat would bring about."""
    return clip(world.p("japan.support") + world.p("japan.support_threat") * threat)


def support_target(world: World, threat: float) -> float:
    """The same, with what a government loses that presses for more."""
    pressed = max(float(world.on("reinterpretation")), float(world.on("amendment")))
    return clip(
        world.p("japan.support") + world.p("japan.support_threat") * threat - world.p("levers.force_support") * pressed
    )


def next_support(world: World) -> float:
    """S': support for an amendment after this quarter."""
    support = world.japan.support
    target = support_target(world, indo_pacific_threat(world, world.japan.threats))
    return clip(
        support
        + world.p("japan.support_pace") * (target - support)
        + world.p("japan.support_noise") * normal(world.u("japan/public"))
    )


# Japan's ladders


def _climb_ladders(world: World) -> None:
    steps = world.japan.steps
    for ladder in LADDERS:
        acts = getattr(world.settings.japan.ladders, ladder)
        above = steps[ladder] + 1
        chance = step_chance(world, ladder, acts[steps[ladder]].act) if above <= len(acts) else 0.0
        taken = world.u(f"japan/{ladder}") < chance
        if ladders_known(world):
            taken = above <= len(acts) and step_listed(world, ladder, above)
            likelihood = log_of(chance if taken else 1.0 - chance)
            world.ladder_likelihood[ladder] = world.ladder_likelihood.get(ladder, 0.0) + likelihood
        if taken:
            steps[ladder] = above


def step_chance(world: World, ladder: str, act: str) -> float:
    """Probability of the next step of a ladder: none if its act would not be lawful."""
    return probability(step_hazard(world, ladder, act)) if lawful(world, act) else 0.0


def step_hazard(world: World, ladder: str, act: str) -> float:
    """Hazard of the next step of a ladder."""
    base = world.p("japan.amendment") if act == "amendment" else world.p(f"japan.{ladder}")
    brake = world.p("japan.brake") if world.japan.partner else 1.0
    threat = indo_pacific_threat(world, world.japan.threats)
    return (
        base
        * world.p("japan.factor")
        * brake
        * logistic(world.p("japan.threat_slope") * (threat - world.p("japan.threat_middle")))
        * exp(world.p("japan.wish") * world.japan.stance)
    )


def lawful(world: World, act: str) -> bool:
    """Whether the seats, and for an amendment the voters, allow the act."""
    japan = world.japan
    thresholds = world.settings.japan.thresholds
    if act == "cabinet_decision":
        return True
    if act == "law":
        return japan.lower_share > thresholds.majority and (
            japan.upper_share > thresholds.majority or japan.lower_share >= thresholds.two_thirds
        )
    amenders = world.p("japan.amenders")
    vote = japan.support + world.p("japan.referendum_noise") * normal(world.u("japan/referendum"))
    return (
        japan.lower_share + amenders >= thresholds.two_thirds
        and japan.upper_share + amenders >= thresholds.two_thirds
        and vote > 0.5
    )


def _pull_levers(world: World) -> None:
    steps = world.japan.steps
    for lever, reached in (("reinterpretation", 2), ("amendment", 3)):
        if (
            world.on(lever)
            and steps["force"] < reached
            and world.u(f"japan/{lever}") < probability(world.p(f"levers.{lever}_strength"))
        ):
            steps["force"] = reached
