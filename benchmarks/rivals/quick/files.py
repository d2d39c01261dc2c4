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
    world.dialogue = twin.dialogue_factor(world)
    world.crowding = 1.0 + world.p("files.crowding") * len(in_talks)
    world.demand = {}
    most: dict[str, float] = {}
    asking: list[tuple[float, float, int]] = []
    for place, agreement in enumerate(world.agreements):
        if agreement.file is None:
            if agreement.facts.opens <= world.quarter:
                _consider(world, agreement, place, most, asking)
        elif agreement.file.stage == "mandated" and _takes_up_talks(world, agreement):
            asking.append((-push(world, agreement), world.u(f"{agreement.slug}/tie"), place))
    if asking:
        _grant_slots(world, sorted(asking), in_talks)


def _consider(
    world: QuickWorld, agreement: Agreement, place: int, most: dict[str, float], asking: list[tuple[float, float, int]]
) -> None:
    """Open a mandate at once, or ask for a slot; the Council is heard only if the draw can open a file of the field."""
    u, domain = world.u(f"{agreement.slug}/open"), agreement.facts.domain
    if domain not in most:
        most[domain] = HAIR * hazard(world, domain, 1.0, 1.0)
    if u >= most[domain] + HAIR * twin.fast_track(world, agreement) or twin.first_missing(world, agreement):
        return
    if agreement.in_force and not twin.wanted(world, agreement, council.depth(world, agreement, noisy=False)):
        return
    pushed = push(world, agreement)
    if u < probability(pushed):
        if agreement.facts.rule in WITH_MANDATE:
            twin._open(world, agreement, "mandated")
        else:
            asking.append((-pushed, world.u(f"{agreement.slug}/tie"), place))


def _takes_up_talks(world: QuickWorld, agreement: Agreement) -> bool:
    return world.u(f"{agreement.slug}/talks") < probability(twin.talks_hazard(world, agreement, agreement.will))


def push(world: QuickWorld, agreement: Agreement) -> float:
    """h: hazard of opening an instrument."""
    forecast = twin.forecast(world, agreement, council.depth(world, agreement, noisy=False))
    expected = exp(world.p("files.forecast") * log(forecast))
    opening = hazard(world, agreement.facts.domain, twin.soft_prerequisites(world, agreement), expected)
    return opening + twin.fast_track(world, agreement)


def hazard(world: QuickWorld, domain: str, soft: float, expected: float) -> float:
    """Hazard of opening in a field, given factors for soft prerequisites and success, each at most 1."""
    p = world.p
    if domain not in world.demand:
        demanded = p("files.opening") * world.union.attention * world.japan.attention * twin.demand_union(world, domain)
        world.demand[domain] = demanded * p(f"domains.{domain}_japan")
    return world.demand[domain] * soft * expected * world.dialogue / world.crowding * p("files.opening_factor")


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
