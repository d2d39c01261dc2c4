"""Phase 2, docs/ODD.md 6.2: threat and attention."""

import math

from config.schema import MemberState
from tests.twin.portable import log, total
from tests.twin.state import CHINA, NORTH_KOREA, RUSSIA, US_RETRENCHMENT, Member, World, clip


def phase(world: World) -> None:
    """Feel the pressures of this quarter, then attend."""
    for member in world.members:
        member.threats = felt_threats(world, member.threats, member.exposure)
    world.japan.threats = felt_threats(world, world.japan.threats, world.japan.exposure)
    for member in world.members:
        member.attention = member_attention(world, member, guideline=world.union.guideline, levers=True)
    world.union.attention = union_attention(world)
    world.japan.attention = japan_attention(world)
    if world.on("dialogue"):
        world.union.attention = world.union.attention * (1.0 - world.p("levers.dialogue_attention"))
        world.japan.attention = world.japan.attention * (1.0 - world.p("levers.dialogue_attention"))
    if world.on("lift_attention"):
        world.union.attention = world.p("levers.lifted_attention")
        world.japan.attention = world.p("levers.lifted_attention")


# Exposure


def exposure_to_russia(world: World, facts: MemberState) -> float:
    """How much of Russia's pressure a state may feel, 0-1."""
    far = world.p("threat.russia_far")
    near = clip((far - facts.km_to_moscow) / (far - world.p("threat.russia_near")))
    floor = world.p("threat.russia_floor")
    return min(1.0, floor + (1.0 - floor) * near + world.p("threat.russia_border") * facts.border_russia_or_belarus)


def stake(world: World, facts: MemberState) -> float:
    """A state's stake in the Indo-Pacific, 0-1."""
    trade = log(1.0 + (facts.trade_china_pct_gdp + facts.trade_japan_pct_gdp)) / log(
        1.0 + world.p("threat.stake_trade_full")
    )
    return min(
        1.0,
        world.p("threat.stake_floor")
        + world.p("threat.stake_trade") * trade
        + world.p("threat.stake_territory") * facts.indo_pacific_territory
        + world.p("threat.stake_g7") * facts.g7,
    )


def exposure_to_retrenchment(world: World, facts: MemberState, spending: float) -> float:
    """How much of the retrenchment of the United States a state may feel, 0-1."""
    shortfall = max(0.0, 1.0 - spending / world.p("threat.us_pledge"))
    troops = log(1.0 + facts.us_troops) / log(1.0 + world.p("threat.us_troops_full"))
    nato = facts.nato_year != 0 and facts.nato_year * 4 <= world.settings.start
    exposure = min(
        1.0,
        world.p("threat.us_floor") + world.p("threat.us_troops") * troops + world.p("threat.us_shortfall") * shortfall,
    )
    return exposure * (1.0 if nato else world.p("threat.us_outside_nato"))


# Threat


def felt_threats(world: World, threats: list[float], exposure: list[float]) -> list[float]:
    """The four felt threats, after this quarter's pressures."""
    return [felt_threat(world, threats[i], exposure[i] * world.intensity(i)) for i in range(4)]


def felt_threat(world: World, felt: float, seen: float) -> float:
    """Feeling follows what is seen, faster up than down."""
    pace = world.p("threat.alarm_rate") if seen > felt else world.p("threat.calm_rate")
    return felt + pace * (seen - felt)


def indo_pacific_threat(world: World, threats: list[float]) -> float:
    """Threat of China and North Korea together."""
    return max(threats[CHINA], world.p("threat.north_korea_weight") * threats[NORTH_KOREA])


# Attention


def member_attention(world: World, member: Member, *, guideline: bool, levers: bool) -> float:
    """What share of its attention a state gives to the partnership."""
    own = (
        world.p("attention.own")
        + world.p("attention.strategy") * float(member.has_strategy)
        + world.p("attention.guideline") * float(guideline)
        + (world.indo_pacific("attention") if levers else 0.0)
    )
    threat = indo_pacific_threat(world, member.threats)
    russia_threat = member.threats[RUSSIA]
    ip = threat * math.sqrt(threat)
    ru = russia_threat * math.sqrt(russia_threat)
    linked = world.p("attention.russia_link") * world.p("attention.link") * russia_threat
    return min(1.0, (own + ip + linked) / (own + ip + ru + world.p("attention.elsewhere")))


def union_attention(world: World) -> float:
    """A_EU: the mean of the members by persons, states with a strategy of their own counting more."""
    members = world.union_members()
    weights = [
        member.persons * (1.0 + (world.p("attention.champion") - 1.0) * float(member.has_strategy))
        for member in members
    ]
    part = total(weight * member.attention for weight, member in zip(weights, members, strict=True))
    return min(1.0, part / total(weights) * world.p("attention.factor_eu"))


def bilateral_depth(world: World, partner: str) -> float:
    """deep_j: how deep the ties of one partner with Japan are in operation."""
    ties = world.ties[partner]
    return total(tie.facts.ambition * tie.operational for tie in ties) / total(tie.facts.ambition for tie in ties)


def japan_attention(world: World) -> float:
    """A_J: what pulls towards the Union against what pulls elsewhere."""
    link = world.p("attention.link")
    x_russia = world.intensity(RUSSIA)
    x_us = world.intensity(US_RETRENCHMENT)
    states = [bilateral_depth(world, partner) for partner in world.ties if partner != "GBR"]
    deep_states = total(states) / len(states)
    rivals = world.rivals
    pull_us = world.p("attention.pull_us") * (1.0 - world.p("attention.pull_us_loss") * x_us)
    pull_quad = world.p("attention.pull_quad") * (0.5 + (rivals["quad"] + rivals["australia"]) / 2.0)
    pull_nato = (world.p("attention.pull_nato") + world.p("attention.pull_nato_russia") * link * x_russia) * (
        0.5 + rivals["nato"]
    )
    pull_uk = world.p("attention.pull_uk") * (0.5 + bilateral_depth(world, "GBR"))
    pull_states = world.p("attention.pull_states") * (0.5 + deep_states)
    pull_eu = (
        world.p("attention.pull_eu")
        + world.p("attention.pull_eu_russia") * link * x_russia
        + world.p("attention.pull_eu_us") * x_us
        + world.p("attention.pull_eu_depth") * world.operational_depth
    )
    share_eu = pull_eu / (pull_eu + pull_us + pull_quad + pull_nato + pull_uk + pull_states)
    return min(1.0, world.p("attention.japan_scale") * share_eu * world.p("attention.factor_japan"))
