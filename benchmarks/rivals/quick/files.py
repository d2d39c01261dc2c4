"""Phases 5 and 6: files are opened, negotiated, concluded, deepened, withdrawn; see tests/twin/files.py."""

from benchmarks.rivals.quick import council
from benchmarks.rivals.quick.world import QuickWorld
from tests.twin import files as twin
from tests.twin.council import vetoing
from tests.twin.portable import exp, log, probability
from tests.twin.state import WITH_MANDATE, Agreement, File

HAIR = 1.000001
"""A draw above a hazard by more than this is surely above the probability 1 - exp(-hazard), whatever the rounding."""


def open_files(world: QuickWorld) -> None:
    """Phase 5: open files, then give slots to those that ask, the largest push first."""
    council.convene(world)
    in_talks = [agreement for agreement in world.agreements if agreement.file and agreement.file.stage == "negotiating"]
    world.demand = {}
    world.dialogue = twin.dialogue_factor(world)
    crowd = 1.0 + world.p("files.crowding") * len(in_talks)
    asking: list[tuple[float, float, int]] = []
    for place, agreement in enumerate(world.agreements):
        if agreement.file is None:
            if agreement.facts.opens <= world.quarter:
                _consider(world, agreement, place, crowd, asking)
        elif agreement.file.stage == "mandated" and _takes_up_talks(world, agreement):
            council_depth = council.depth(world, agreement, noisy=False)
            push = hazard(world, agreement, crowd, council_depth)
            asking.append((-push, world.u(f"{agreement.slug}/tie"), place))
    if asking:
        _grant_slots(world, sorted(asking), in_talks)


def _consider(
    world: QuickWorld, agreement: Agreement, place: int, crowd: float, asking: list[tuple[float, float, int]]
) -> None:
    """Open a mandate at once, or ask for a slot; the Council is heard only if the draw can open the file at all."""
    u = world.u(f"{agreement.slug}/open")
    if u >= hazard(world, agreement, crowd, None) * HAIR or twin.first_missing(world, agreement):
        return
    council_depth = council.depth(world, agreement, noisy=False)
    if not twin.wanted(world, agreement, council_depth):
        return
    push = hazard(world, agreement, crowd, council_depth)
    if u < probability(push):
        if agreement.facts.rule in WITH_MANDATE:
            twin._open(world, agreement, "mandated")
        else:
            asking.append((-push, world.u(f"{agreement.slug}/tie"), place))


def _takes_up_talks(world: QuickWorld, agreement: Agreement) -> bool:
    return world.u(f"{agreement.slug}/talks") < probability(twin.talks_hazard(world, agreement, agreement.will))


def hazard(world: QuickWorld, agreement: Agreement, crowd: float, council_depth: float | None) -> float:
    """h: push of an instrument; without a depth the most that it can be, as if success were certain."""
    p, domain = world.p, agreement.facts.domain
    if domain not in world.demand:
        demanded = p("files.opening") * world.union.attention * world.japan.attention * twin.demand_union(world, domain)
        world.demand[domain] = demanded * p(f"domains.{domain}_japan")
    found = world.demand[domain] * twin.soft_prerequisites(world, agreement)
    if council_depth is not None:
        found = found * exp(p("files.forecast") * log(twin.forecast(world, agreement, council_depth)))
    return found * world.dialogue / crowd * p("files.opening_factor") + twin.fast_track(world, agreement)


def _grant_slots(world: QuickWorld, order: list[tuple[float, float, int]], in_talks: list[Agreement]) -> None:
    for leader in ("high_representative", "commission"):
        free = twin.free_slots(world, leader, in_talks)
        for _, _, place in order:
            agreement = world.agreements[place]
            if agreement.facts.led_by == leader and free > 0:
                free = free - 1
                if agreement.file is None:
                    twin._open(world, agreement, "negotiating")
                else:
                    agreement.file.stage = "negotiating"
                    world.note_on_the_way(agreement, "negotiating")


# Negotiation


def negotiate(world: QuickWorld) -> None:
    """Phase 6: every file in talks."""
    world.vetoed = {}
    in_talks = [
        (agreement, agreement.file, twin.concluding_hazard(world, agreement, agreement.will))
        for agreement in world.agreements
        if agreement.file and agreement.file.stage == "negotiating"
    ]
    for agreement, file, ripeness in in_talks:
        _negotiate(world, agreement, file, ripeness)


def _negotiate(world: QuickWorld, agreement: Agreement, file: File, ripeness: float) -> None:
    cap = 1.0 if world.on("lift_constitution") else world.script.cap(agreement, world.steps)
    draft = min(twin.middle(world, agreement), cap, twin.wish(world, agreement))
    agreed, least = min(draft, council.depth(world, agreement, noisy=True)), twin.least(world, agreement)
    passing = agreed >= least
    file.stalled = 0 if passing else file.stalled + 1
    ripe = world.u(f"{agreement.slug}/conclude") < probability(ripeness)
    if ripe and passing:
        twin._conclude(world, agreement, file, agreed)
        return
    if ripe:
        world.vetoed[agreement.slug] = vetoing(world, agreement, least)
    if file.stalled >= world.p("files.patience"):
        agreement.file = None
        world.note("EU", agreement.slug, "withdrawn")
