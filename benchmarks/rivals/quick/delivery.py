"""Phase 9: what was agreed is carried out, fades, lapses; see tests/twin/delivery.py."""

from benchmarks.rivals.quick.files import HAIR
from benchmarks.rivals.quick.world import QuickWorld
from tests.twin import delivery as twin
from tests.twin.files import dialogue_factor
from tests.twin.portable import probability, share, total
from tests.twin.state import Agreement, clip


def carry_out(world: QuickWorld) -> None:
    """Carry out all instruments at once, then let some lapse, then learn to work together."""
    world.spare = twin.spare_means(world)
    world.resources = twin.resources(world)
    world.framework = twin.framework(world)
    world.dialogue = dialogue_factor(world)
    due = _due(world)
    _deliver(world, due)
    for agreement, _ in due:
        if lapses(world, agreement):
            twin._lapse(world, agreement)
    world.interoperability = interoperability(world)
    measure(world, [agreement for agreement, _ in due])


def _due(world: QuickWorld) -> list[tuple[Agreement, float]]:
    """Instruments that are to be carried out, or were, with their effective depth; the others stay at 0."""
    found = []
    for agreement in world.agreements:
        depth = twin.effective_depth(world, agreement)
        if agreement.status == "in_force" or depth > 0.0 or agreement.operational > 0.0:
            found.append((agreement, depth))
    return found


def _deliver(world: QuickWorld, due: list[tuple[Agreement, float]]) -> None:
    p = world.p
    done: dict[str, float] = {}
    whole: dict[str, float] = {}
    for agreement, depth in due:
        domain = agreement.facts.domain
        done[domain] = done.get(domain, 0.0) + agreement.operational
        whole[domain] = whole.get(domain, 0.0) + depth
    fading = {domain: 1.0 - share(done[domain], whole[domain]) for domain in done}
    civil = p("delivery.civil_rate") * world.spare * world.dialogue * p("delivery.factor")
    able = p("delivery.interoperability_floor") + world.interoperability
    military = p("delivery.rate") * world.resources * world.framework * able * world.dialogue * p("delivery.factor")
    fade = p("delivery.fade")
    for agreement, depth in due:
        domain, o = agreement.facts.domain, agreement.operational
        rate = civil if domain in twin.CIVILIAN else military
        if agreement.slug == "epf_sea":
            rate = rate * world.facility.funding * twin.receptiveness(world)
        elif agreement.slug == "osa_coordination":
            rate = rate * twin.receptiveness(world)
        moved = o + min(1.0, rate) * (depth - o) - fade * o * fading[domain]
        agreement.operational = max(0.0, min(depth, moved))


def lapses(world: QuickWorld, agreement: Agreement) -> bool:
    """Whether an instrument is given up, where there is no legal duty."""
    if agreement.facts.rule not in twin.MAY_LAPSE or agreement.status != "in_force":
        return False
    if world.quarter == agreement.lapses:
        return True
    hazard = world.p("files.lapse") * max(0.0, 1.0 - share(agreement.operational, agreement.agreed))
    u = world.u(f"{agreement.slug}/lapse")
    return u < hazard * HAIR and u < probability(hazard)


def interoperability(world: QuickWorld) -> float:
    """I': ability to work together."""
    p, before = world.p, world.interoperability
    leaders = 0.5 * p("levers.interoperability_france") + 0.5 * p("levers.interoperability_uk")
    return clip(
        before
        + p("delivery.exercise") * world.agreement("naval_exercise").operational
        + p("delivery.missions") * world.agreement("joint_capacity_missions").operational
        + p("delivery.bilateral") * (total(world.bilateral.values()) / len(world.bilateral))
        + p("delivery.nato") * world.rivals["nato"]
        - p("delivery.interoperability_fade") * before
        + float(world.on("interoperability")) * (p("levers.interoperability_strength") * leaders)
    )


def measure(world: QuickWorld, due: list[Agreement]) -> None:
    """Declared, operational and visible depth."""
    declared = operational = seen = 0.0
    for agreement in due:
        weight = world.script.weights[agreement.slug]
        done = weight * agreement.operational
        declared = declared + weight * twin.effective_depth(world, agreement)
        operational = operational + done
        if agreement.facts.defence:
            seen = seen + done
    pressed = max(float(world.on("reinterpretation")), float(world.on("amendment")))
    world.declared_depth, world.operational_depth = declared, operational
    world.visible_depth = (
        seen
        + float(world.on("interoperability")) * world.p("levers.interoperability_visible")
        + pressed * world.p("levers.force_visible")
    )
