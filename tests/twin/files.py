"""Phases 5 and 6, docs/ODD.md 6.5: files are opened, negotiated, concluded, deepened, withdrawn."""

import math

from tests.twin.business import other_business
from tests.twin.council import council_depth, vetoing
from tests.twin.portable import exp, log, logistic, probability
from tests.twin.state import LADDERS, WITH_MANDATE, Agreement, Bargain, File, World
from tests.twin.status import conclusion, depth_now, held, stages_now


def phase_opening(world: World) -> None:
    """Phase 5: open files, then give slots to those that ask."""
    for agreement in world.agreements:
        agreement.bargain = Bargain()
    in_talks = _in_talks(world)
    for agreement in world.agreements:
        agreement.bargain.free = free_slots(world, agreement.facts.led_by, in_talks)
        if known(world, agreement):
            _move_as_known(world, agreement, len(in_talks))
        elif exists(world, agreement):
            _move_by_chance(world, agreement, len(in_talks))
    asking = [agreement for agreement in world.agreements if agreement.bargain.asked]
    for agreement in slots_granted(world, asking, in_talks):
        agreement.bargain.denied = False
        if agreement.file is None:
            _open(world, agreement, "negotiating")
        else:
            agreement.file.stage = "negotiating"
            world.note_on_the_way(agreement, "negotiating")
    for agreement in world.agreements:
        agreement.bargain.mandated = agreement.stage == "mandated"


def _move_by_chance(world: World, agreement: Agreement, in_talks: int) -> None:
    """A mandate at once, or a slot to ask for."""
    found = agreement.bargain
    council = council_depth(world, agreement, noisy=False).level if may_move(agreement) else 0.0
    if agreement.stage == "mandated":
        found.push = opening_hazard(world, agreement, council, in_talks)
        talks = probability(talks_hazard(world, agreement, agreement.will))
        found.asked = found.denied = world.u(f"{agreement.slug}/talks") < talks
    elif wanted(world, agreement, council):
        found.push = opening_hazard(world, agreement, council, in_talks)
        found.drawn_open = world.u(f"{agreement.slug}/open") < probability(found.push)
        found.missing = first_missing(world, agreement)
        opened = found.drawn_open and not found.missing
        if opened and agreement.facts.rule in WITH_MANDATE:
            _open(world, agreement, "mandated")
        else:
            found.asked = found.denied = opened


def known(world: World, agreement: Agreement) -> bool:
    """Whether what becomes of a first file in this quarter is known."""
    return held(world, agreement.slug) and not agreement.in_force


def _move_as_known(world: World, agreement: Agreement, in_talks: int) -> None:
    """What is listed, and what is needed to say how likely it was."""
    found, listed = agreement.bargain, stages_now(world, agreement.slug)
    if agreement.file is None:
        found.push = opening_hazard(world, agreement, council_depth(world, agreement, noisy=False).level, in_talks)
        found.missing = first_missing(world, agreement)
    at_table = "negotiating" in listed or conclusion(agreement) in listed
    if at_table and agreement.stage != "negotiating":
        _open(world, agreement, "negotiating")
    elif not at_table and "mandated" in listed and agreement.file is None:
        _open(world, agreement, "mandated")


def _open(world: World, agreement: Agreement, stage: str) -> None:
    agreement.file = File(stage)
    world.note("EU", agreement.slug, "reopened" if agreement.in_force else stage)


def _in_talks(world: World) -> list[Agreement]:
    return [agreement for agreement in world.agreements if agreement.stage == "negotiating"]


# Who may open


def exists(world: World, agreement: Agreement) -> bool:
    """Whether the instrument exists by now."""
    return agreement.facts.opens <= world.quarter


def may_move(agreement: Agreement) -> bool:
    """Whether phase 5 may concern the instrument: it has no file, or one that waits for talks."""
    return agreement.file is None or agreement.stage == "mandated"


def wanted(world: World, agreement: Agreement, council: float) -> bool:
    """Eligible, hard prerequisites aside."""
    if agreement.file is not None:
        return False
    if not agreement.in_force:
        return True
    return potential(world, agreement, council) - agreement.agreed > world.p("files.margin")


def first_missing(world: World, agreement: Agreement) -> str:
    """The first hard prerequisite that is not in force, or empty."""
    for need in agreement.facts.needs:
        other = world.agreement(need)
        if not other.in_force and other.stage != "provisional":
            return need
    return ""


def potential(world: World, agreement: Agreement, council: float) -> float:
    """How deep the instrument could be agreed now; council is C without noise."""
    return min(council, cap(world, agreement), wish(world, agreement), middle(world, agreement))


# What limits a draft, relative to the instrument's ambition


def cap(world: World, agreement: Agreement) -> float:
    """What Japan's ladders allow."""
    if world.on("lift_constitution"):
        return 1.0
    result = 1.0
    for ladder in LADDERS:
        result = min(result, agreement.facts.cap(ladder, world.japan.steps[ladder]))
    return result


def wish(world: World, agreement: Agreement) -> float:
    """What Japan wants."""
    return min(1.0, world.p("council.acceptance_japan") * world.japan.position / agreement.ambition)


def principal(world: World, agreement: Agreement) -> float:
    """Position of the Union's body that leads, q_P."""
    if agreement.facts.led_by == "commission":
        return world.union.position_commission
    return world.union.position_high_representative


def middle(world: World, agreement: Agreement) -> float:
    """The draft of the two principals."""
    weight = world.p("files.weight_union")
    union = world.p("council.acceptance") * principal(world, agreement)
    japan = world.p("council.acceptance_japan") * world.japan.position
    return min(1.0, (weight * union + (1.0 - weight) * japan) / agreement.ambition)


def least(world: World, agreement: Agreement) -> float:
    """The depth that is worth signing; deepening never ends shallower."""
    worth = min(1.0, agreement.facts.least * world.p("files.least_factor"))
    return max(worth, agreement.agreed) if agreement.in_force else worth


# Push and pace


def dialogue_factor(world: World) -> float:
    """D: what dialogue adds to opening, concluding and carrying out."""
    held = world.agreement("strategic_dialogue_action_plan").operational
    lever = float(world.on("dialogue")) * world.p("levers.dialogue_strength")
    return 1.0 + world.p("files.dialogue") * (world.p("files.dialogue_record") * held + lever)


def forecast(world: World, agreement: Agreement, council: float) -> float:
    """Chance of success as the leader sees it; council is C without noise."""
    return logistic((council - least(world, agreement)) / world.p("files.forecast_width"))


def soft_prerequisites(world: World, agreement: Agreement) -> float:
    """Factor for soft prerequisites that are missing."""
    result = 1.0
    for slug in agreement.facts.helped_by:
        result = result * (1.0 if world.agreement(slug).in_force else world.p("files.soft_missing"))
    return result


def framework_lever(world: World) -> float:
    """on_framework levers.framework_strength."""
    return float(world.on("framework")) * world.p("levers.framework_strength")


def fast_track(world: World, agreement: Agreement) -> float:
    """Hazard that the lever `framework` adds to opening and talks of two instruments."""
    return framework_lever(world) * world.p("levers.framework_track") if agreement.fast_track else 0.0


def demand_union(world: World, domain: str) -> float:
    """The Union's demand in a field."""
    demand = world.p(f"domains.{domain}_eu")
    return demand * (1.0 + framework_lever(world)) if domain == "operations" else demand


def opening_hazard(world: World, agreement: Agreement, council: float, in_talks: int) -> float:
    """h: push of an instrument; council is C without noise, in_talks the number of files in talks."""
    domain = agreement.facts.domain
    hazard = (
        world.p("files.opening")
        * world.union.attention
        * world.japan.attention
        * demand_union(world, domain)
        * world.p(f"domains.{domain}_japan")
        * soft_prerequisites(world, agreement)
        * exp(world.p("files.forecast") * log(forecast(world, agreement, council)))
        * dialogue_factor(world)
        / (1.0 + world.p("files.crowding") * in_talks)
        * world.p("files.opening_factor")
    )
    return hazard + fast_track(world, agreement)


def pace(world: World) -> float:
    """Pace of talks by the attention of both sides."""
    return (
        world.p("files.pace_floor")
        + world.p("files.pace_eu") * world.union.attention
        + world.p("files.pace_japan") * world.japan.attention
    )


def raised(world: World, agreement: Agreement, will: float) -> float:
    """Will of a file, φ or a point of what is believed of it, with what the lever `framework` makes of it."""
    return max(will, framework_lever(world)) if agreement.fast_track else will


def talks_hazard(world: World, agreement: Agreement, will: float) -> float:
    """t: from mandate to talks."""
    return world.p("files.concluding") * pace(world) / world.p("files.talks_quarters") * raised(
        world, agreement, will
    ) * dialogue_factor(world) + fast_track(world, agreement)


def concluding_hazard(world: World, agreement: Agreement, will: float) -> float:
    """c: from talks to conclusion."""
    at_summit = world.quarter % 4 + 1 == world.settings.union.summits.quarter
    summit = world.p("files.summit") if at_summit else world.p("files.off_summit")
    return (
        world.p("files.concluding")
        * pace(world)
        / agreement.facts.quarters
        * raised(world, agreement, will)
        * dialogue_factor(world)
        * summit
        * world.p("files.concluding_factor")
    )


# Slots


def free_slots(world: World, leader: str, in_talks: list[Agreement]) -> float:
    """Slots of a leader that are free."""
    slots = world.p(f"files.slots_{leader}")
    costs = 0.0
    if leader == "high_representative":
        seeking = world.on("qmv") and not world.union.passerelle
        costs = (
            float(world.on("dialogue")) * world.p("levers.dialogue_slots")
            + float(world.on("framework")) * world.p("levers.framework_slots")
            + float(seeking) * world.p("levers.qmv_slots")
        )
    busy = len([agreement for agreement in in_talks if agreement.facts.led_by == leader])
    return math.floor(slots - costs) - busy


def slots_granted(world: World, asking: list[Agreement], in_talks: list[Agreement]) -> list[Agreement]:
    """Those that get a slot, the largest push first."""
    catalogue = [agreement.slug for agreement in world.agreements]
    order = sorted(
        asking,
        key=lambda agreement: (
            -agreement.bargain.push,
            world.u(f"{agreement.slug}/tie"),
            catalogue.index(agreement.slug),
        ),
    )
    granted: list[Agreement] = []
    for leader in ("high_representative", "commission"):
        free = free_slots(world, leader, in_talks)
        for agreement in order:
            if agreement.facts.led_by == leader and free > 0:
                granted.append(agreement)
                free = free - 1
    return granted


# Negotiation


def phase_negotiation(world: World) -> None:
    """Phase 6: every file in talks, then the Council's other business."""
    in_talks = _in_talks(world)
    hazards = {agreement.slug: concluding_hazard(world, agreement, agreement.will) for agreement in in_talks}
    for agreement in in_talks:
        _negotiate(world, agreement, hazards[agreement.slug])
    other_business(world)


def _negotiate(world: World, agreement: Agreement, hazard: float) -> None:
    assert agreement.file is not None
    file, found = agreement.file, agreement.bargain
    council = council_depth(world, agreement, noisy=True)
    found.in_talks = True
    found.council, found.pivotal = council.level, council.pivotal
    found.cap, found.wish, found.middle = (
        cap(world, agreement),
        wish(world, agreement),
        middle(world, agreement),
    )
    draft = min(found.middle, found.cap, found.wish)
    agreed = min(draft, found.council)
    found.passing = agreed >= least(world, agreement)
    ripe = world.u(f"{agreement.slug}/conclude") < probability(hazard)
    found.concluded = (
        conclusion(agreement) in stages_now(world, agreement.slug)
        if known(world, agreement)
        else (ripe and found.passing)
    )
    file.stalled = 0 if found.passing else file.stalled + 1
    if found.concluded:
        found.dilution = max(0.0, draft - found.council) * agreement.ambition
        _conclude(world, agreement, file, agreed_as_known(world, agreement, agreed))
        return
    found.vetoed = vetoing(world, agreement, least(world, agreement)) if ripe and not found.passing else []
    if file.stalled >= world.p("files.patience") and not known(world, agreement):
        found.withdrawn = True
        agreement.file = None
        world.note("EU", agreement.slug, "withdrawn")


def agreed_as_known(world: World, agreement: Agreement, agreed: float) -> float:
    """y' of a concluded file: for a known one the depth given, else at least what is worth signing."""
    if not known(world, agreement):
        return agreed
    depth = depth_now(world, agreement.slug, conclusion(agreement))
    return max(agreed, least(world, agreement)) if depth is None else depth


def _conclude(world: World, agreement: Agreement, file: File, agreed: float) -> None:
    file.drafted = agreed
    if agreement.facts.rule in WITH_MANDATE:
        file.stage = "signed"
        file.age = 0
        file.hazard = {}
        file.japan_ready = not agreement.facts.diet
        world.note_on_the_way(agreement, "signed")
        return
    if not agreement.in_force:
        agreement.operational = 0.0
    enter_into_force(world, agreement, agreed)


def enter_into_force(world: World, agreement: Agreement, agreed: float) -> None:
    """The agreed depth holds from now on."""
    world.note("EU", agreement.slug, "deepened" if agreement.in_force else "in_force")
    agreement.status = "in_force"
    agreement.agreed = agreed
    agreement.file = None
