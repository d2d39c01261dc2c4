"""Phase 11, docs/ODD.md 6.12: trust, retaliation, budgets."""

from tests.twin.perception import indo_pacific_threat
from tests.twin.portable import probability
from tests.twin.state import CHINA, RUSSIA, US_RETRENCHMENT, Member, World, clip


def phase(world: World) -> None:
    """Delivery builds trust, visible depth invites retaliation, threat moves budgets."""
    japan = world.japan
    for member in world.members:
        member.trust = next_trust(world, member.trust, member.attention)
        member.spending = next_spending(world, member.spending, wanted_spending(world, member))
    japan.trust = next_trust(world, japan.trust, japan.attention)
    japan.spending = next_spending(world, japan.spending, wanted_spending_japan(world))
    world.coercion = 1.0 if struck(world) else world.coercion * world.p("feedback.retaliation_decay")


def next_trust(world: World, trust: float, attention: float) -> float:
    """Trust drawn to what delivery earns, less what the gap costs with those who look."""
    gap = world.declared_depth - world.operational_depth
    earned = clip(
        world.p("feedback.trust")
        + world.p("feedback.trust_delivery") * world.operational_depth
        - world.p("feedback.trust_gap") * gap * attention
    )
    return trust + world.p("feedback.trust_pace") * (earned - trust)


def struck(world: World) -> bool:
    """Whether China retaliates."""
    hazard = world.p("feedback.retaliation") * world.visible_depth * world.intensity(CHINA)
    return world.u("china/retaliation") < probability(hazard)


def wanted_spending(world: World, member: Member) -> float:
    """Defence spending that a state's threats call for, % of GDP."""
    risen_russia = member.threats[RUSSIA] - member.first_threats[RUSSIA]
    risen_us = member.threats[US_RETRENCHMENT] - member.first_threats[US_RETRENCHMENT]
    return (
        member.first_spending
        + world.p("feedback.spending_russia") * risen_russia
        + world.p("feedback.spending_us") * risen_us
    )


def wanted_spending_japan(world: World) -> float:
    """Defence spending that Japan's threats call for, % of GDP."""
    japan = world.japan
    risen = indo_pacific_threat(world, japan.threats) - indo_pacific_threat(world, japan.first_threats)
    return japan.first_spending + world.p("feedback.spending_japan") * risen


def next_spending(world: World, spending: float, wanted: float) -> float:
    """Spending drawn to what is wanted, within what is possible."""
    bounded = min(world.p("feedback.spending_cap"), max(world.p("feedback.spending_floor"), wanted))
    return spending + world.p("feedback.spending_pace") * (bounded - spending)
