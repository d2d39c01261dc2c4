"""Phase 10, docs/ODD.md 6.11: ties of single states with Japan, rival frameworks."""

from tests.twin.beliefs import weigh_rung
from tests.twin.delivery import japan_spending
from tests.twin.perception import indo_pacific_threat
from tests.twin.portable import normal, probability, share, total
from tests.twin.positions import lawful
from tests.twin.state import CHINA, RIVALS, RUSSIA, US_RETRENCHMENT, Tie, World, clip
from tests.twin.status import depth_now, held, stages_now


def phase(world: World) -> None:
    """Every rung moves from what stood at the start; then the rivals and the share outside the Union."""
    for partner, ties in world.ties.items():
        idle = idleness(ties)
        in_force = frozenset(tie.slug for tie in ties if tie.in_force)
        for tie in ties:
            _move(world, partner, tie, in_force, idle)
    world.rivals = {rival: _next_rival(world, rival) for rival in RIVALS}
    world.share_outside = share_outside(world)


def idleness(ties: list[Tie]) -> float:
    """How little of what is in force with a partner is done."""
    held = [tie for tie in ties if tie.in_force]
    return 1.0 - share(total(tie.operational for tie in held), total(tie.agreed for tie in held))


def _move(world: World, partner: str, tie: Tie, in_force: frozenset[str], idle: float) -> None:
    name = f"{partner}/{tie.slug}"
    opens, signs = chance_to_open(world, partner, tie, in_force), chance_to_sign(world, partner, tie)
    if tie.in_force:
        rate = world.p("tracks.rate") * (0.5 + 0.5 * japan_spending(world))
        o = tie.operational
        tie.operational = o + rate * (tie.agreed - o) - world.p("tracks.fade") * o * idle
    elif held(world, name):
        weigh_rung(world, name, opens, signs)
        for stage in stages_now(world, name):
            _reach(world, partner, tie, stage)
    elif tie.stage in ("dormant", "lapsed"):
        if world.u(f"{name}/open") < opens:
            _reach(world, partner, tie, "negotiating")
    elif tie.stage == "negotiating":
        if world.u(f"{name}/conclude") < signs:
            _reach(world, partner, tie, "signed")
    elif needs_reached(world, tie) and enters_into_force(world, partner, tie):
        _reach(world, partner, tie, "in_force")


def _reach(world: World, partner: str, tie: Tie, stage: str) -> None:
    tie.stage = stage
    if stage == "signed":
        draft = rung_draft(world, partner, tie)
        tie.agreed = draft
        if held(world, f"{partner}/{tie.slug}"):
            depth = depth_now(world, f"{partner}/{tie.slug}", stage)
            tie.agreed = max(draft, tie.facts.least) if depth is None else depth
    if stage == "in_force":
        tie.operational = 0.0
    world.note(partner, tie.slug, stage)


def chance_to_open(world: World, partner: str, tie: Tie, in_force: frozenset[str]) -> float:
    """Probability that talks on a rung begin."""
    if not all(need in in_force for need in tie.facts.needs):
        return 0.0
    return probability(rung_hazard(world, partner, tie, in_force))


def chance_to_sign(world: World, partner: str, tie: Tie) -> float:
    """Probability that talks on a rung end with a signature."""
    if rung_draft(world, partner, tie) < tie.facts.least:
        return 0.0
    return probability(world.p("tracks.concluding") / tie.facts.quarters)


def capacity(world: World, partner: str) -> float:
    """What a partner can do, 0-1: the root of its military expenditure against the largest."""
    spent = [world.member(other).facts.military_expenditure_usd_m for other in world.ties]
    return world.member(partner).facts.military_expenditure_usd_m / max(spent)


def rung_hazard(world: World, partner: str, tie: Tie, in_force: frozenset[str]) -> float:
    """h of a rung."""
    missing = world.p("files.soft_missing")
    soft = 1.0
    for slug in tie.facts.helped_by:
        soft = soft * (1.0 if slug in in_force else missing)
    caps = 1.0
    for ladder, step in tie.facts.caps_soft.items():
        reached = world.japan.steps[ladder] >= step or world.on("lift_constitution")
        caps = caps * (1.0 if reached else missing)
    return (
        world.p("tracks.opening")
        * capacity(world, partner)
        * world.member(partner).position
        * world.japan.position
        * soft
        * caps
    )


def rung_draft(world: World, partner: str, tie: Tie) -> float:
    """How deep a rung would be agreed now."""
    return min(
        1.0,
        world.p("council.acceptance") * world.member(partner).position / tie.facts.ambition,
        world.p("council.acceptance_japan") * world.japan.position / tie.facts.ambition,
    )


def needs_reached(world: World, tie: Tie) -> bool:
    """Whether Japan's ladders let a rung enter into force."""
    if world.on("lift_constitution"):
        return True
    return all(world.japan.steps[ladder] >= step for ladder, step in tie.facts.needs_in_force.items())


def enters_into_force(world: World, partner: str, tie: Tie) -> bool:
    """Whether a signed rung enters into force by its hazard."""
    quarters = tie.facts.quarters_in_force
    if quarters == 0.0:
        return True
    slow = tie.facts.diet and not lawful(world, "law")
    factor = world.p("ratification.diet_minority") if slow else 1.0
    return world.u(f"{partner}/{tie.slug}/force") < probability(1.0 / quarters * factor)


def _next_rival(world: World, rival: str) -> float:
    depth = world.rivals[rival]
    return clip(
        depth
        + world.p("tracks.pace") * (rival_target(world, rival) - depth)
        + world.p("tracks.noise") * normal(world.u(f"{rival}/noise"))
    )


def rival_target(world: World, rival: str) -> float:
    """Depth that a rival framework tends to."""
    x_us = world.intensity(US_RETRENCHMENT)
    if rival == "quad":
        depth = world.p("tracks.quad") + world.p("tracks.quad_china") * world.intensity(CHINA)
        return depth * (1.0 - world.p("tracks.quad_us") * x_us)
    if rival == "nato":
        linked = world.p("tracks.nato_russia") * world.p("attention.link") * world.intensity(RUSSIA)
        return (world.p("tracks.nato_depth") + linked) * (1.0 - world.p("tracks.nato_us") * x_us)
    threat = indo_pacific_threat(world, world.japan.threats)
    return world.p("tracks.australia") + world.p("tracks.australia_threat") * threat


def share_outside(world: World) -> float:
    """Share of all operational depth that lies outside the Union's own instruments."""
    bilateral = total(total(tie.facts.ambition * tie.operational for tie in ties) for ties in world.ties.values())
    union = total(agreement.ambition * agreement.operational for agreement in world.agreements)
    return share(bilateral, bilateral + union)
