"""Phase 10: single states climb the bilateral ladder, rival frameworks deepen; see tests/twin/tracks.py."""

from benchmarks.rivals.quick.files import HAIR
from benchmarks.rivals.quick.world import QuickWorld
from tests.twin import tracks as twin
from tests.twin.delivery import japan_spending
from tests.twin.portable import probability, share
from tests.twin.state import RIVALS, Tie


def climb(world: QuickWorld) -> None:
    """Every rung moves from what stood at the start; then the rivals and the share outside the Union."""
    p = world.p
    rate, fade = p("tracks.rate") * (0.5 + 0.5 * japan_spending(world)), p("tracks.fade")
    for partner, ties in world.ties.items():
        in_force, done, agreed = set(), 0.0, 0.0
        for tie in ties:
            if tie.stage == "in_force":
                in_force.add(tie.slug)
                done, agreed = done + tie.operational, agreed + tie.agreed
        idle = 1.0 - share(done, agreed)
        for tie in ties:
            if tie.stage == "in_force":
                o = tie.operational
                tie.operational = o + rate * (tie.agreed - o) - fade * o * idle
            else:
                _move(world, partner, tie, in_force)
    _measure(world)
    world.rivals = {rival: twin._next_rival(world, rival) for rival in RIVALS}


def _move(world: QuickWorld, partner: str, tie: Tie, in_force: set[str]) -> None:
    if tie.stage == "signed":
        if twin.needs_reached(world, tie) and twin.enters_into_force(world, partner, tie):
            twin._reach(world, partner, tie, "in_force")
    elif tie.stage == "negotiating":
        if twin.rung_draft(world, partner, tie) >= tie.facts.least and (
            world.u(f"{partner}/{tie.slug}/conclude") < probability(world.p("tracks.concluding") / tie.facts.quarters)
        ):
            twin._reach(world, partner, tie, "signed")
    elif in_force.issuperset(tie.facts.needs):
        _open(world, partner, tie, in_force)


def _open(world: QuickWorld, partner: str, tie: Tie, in_force: set[str]) -> None:
    u, missing = world.u(f"{partner}/{tie.slug}/open"), world.p("files.soft_missing")
    able = world.p("tracks.opening") * world.script.capacities[partner]
    most = able * world.member(partner).position * world.japan.position
    if u >= most * HAIR:
        return
    soft = caps = 1.0
    for slug in tie.facts.helped_by:
        soft = soft * (1.0 if slug in in_force else missing)
    for ladder, step in tie.facts.caps_soft.items():
        caps = caps * (1.0 if world.japan.steps[ladder] >= step or world.on("lift_constitution") else missing)
    if u < probability(most * soft * caps):
        twin._reach(world, partner, tie, "negotiating")


def _measure(world: QuickWorld) -> None:
    """How deep the ties are in operation, with each partner and beside the Union's own."""
    outside = union = 0.0
    for partner, ties in world.ties.items():
        level = 0.0
        for tie in ties:
            level = level + tie.facts.ambition * tie.operational
        world.bilateral[partner] = level / world.script.ambition_of_rungs
        outside = outside + level
    for agreement in world.agreements:
        union = union + agreement.ambition * agreement.operational
    world.share_outside = share(outside, outside + union)
