"""Phase 9, docs/ODD.md 6.10: what was agreed is carried out, fades, lapses; depth and interoperability."""

from config.calendar import NEVER
from tests.twin.beliefs import forget
from tests.twin.files import dialogue_factor
from tests.twin.perception import bilateral_depth
from tests.twin.portable import probability, share, total
from tests.twin.state import CHINA, DOMAINS, RUSSIA, Agreement, World, clip
from tests.twin.status import held, stages_now

LEAD_STATES = ("DEU", "ESP", "FRA", "ITA", "NLD", "SWE")
SWITCHES = {"DEU": "germany", "ESP": "spain", "FRA": "france", "GBR": "uk", "ITA": "italy", "NLD": "netherlands",
            "SWE": "sweden"}  # fmt: skip
MAY_LAPSE = ("R0", "R1", "R3")
CIVILIAN = ("political", "civil")


def phase(world: World) -> None:
    """Carry out all instruments at once, then let some lapse, then learn to work together."""
    world.spare = spare_means(world)
    world.resources = resources(world)
    world.framework = framework(world)
    world.dialogue = dialogue_factor(world)
    active = {domain: activity(world, domain) for domain in DOMAINS}
    for agreement in world.agreements:
        rate = delivery_rate(world, agreement, world.dialogue)
        agreement.operational = carried_out(world, agreement, rate, active[agreement.facts.domain])
    for agreement in world.agreements:
        if lapses(world, agreement):
            _lapse(world, agreement)
    world.interoperability = interoperability(world)
    world.declared_depth = declared_depth(world)
    world.operational_depth = operational_depth(world)
    world.visible_depth = visible_depth(world)


# Means


def spare_means(world: World) -> float:
    """Share of its means that the Union can spare for the partnership."""
    return min(
        1.0,
        world.p("delivery.spare_floor")
        + world.p("delivery.spare_peace") * (1.0 - world.intensity(RUSSIA))
        + world.indo_pacific("means"),
    )


def lead_spending(world: World) -> float:
    """Defence spending of the six lead states against what would be full."""
    lead = [world.member(iso3) for iso3 in LEAD_STATES]
    mean = total(member.gdp * member.spending for member in lead) / total(member.gdp for member in lead)
    return min(1.0, mean / world.p("delivery.spending_full"))


def japan_spending(world: World) -> float:
    """Japan's defence spending against what would be full."""
    return min(1.0, world.japan.spending / world.p("delivery.spending_full"))


def resources(world: World) -> float:
    """Means for what needs forces."""
    floor = world.p("delivery.means_floor")
    return (
        world.spare
        * (floor + (1.0 - floor) * (0.5 * lead_spending(world) + 0.5 * japan_spending(world)))
        * (1.0 - float(world.on("interoperability")) * world.p("levers.interoperability_ships"))
    )


def framework(world: World) -> float:
    """How well agreements turn into activity by the framework there is."""
    if world.agreement("operational_framework").in_force or world.on("lift_framework"):
        return 1.0
    if world.agreement("csdp_fpa").in_force or world.agreement("maritime_coordination").in_force:
        return world.p("delivery.framework_half")
    return world.p("delivery.framework_none")


def receptiveness(world: World) -> float:
    """How welcome help is to the states of Southeast Asia."""
    x = world.intensity(CHINA)
    receivers = list(world.settings.partners.receivers.values())
    return total(
        clip(world.p("tracks.receptive") + receiver.claim * x - receiver.fear * x * x) for receiver in receivers
    ) / len(receivers)


# Carrying out


def delivery_rate(world: World, agreement: Agreement, dialogue: float) -> float:
    """Share of the gap between agreed and done that a quarter closes."""
    if agreement.facts.domain in CIVILIAN:
        return world.p("delivery.civil_rate") * world.spare * dialogue * world.p("delivery.factor")
    rate = (
        world.p("delivery.rate")
        * world.resources
        * world.framework
        * (world.p("delivery.interoperability_floor") + world.interoperability)
        * dialogue
        * world.p("delivery.factor")
    )
    if agreement.slug == "epf_sea":
        return rate * world.facility.funding * receptiveness(world)
    if agreement.slug == "osa_coordination":
        return rate * receptiveness(world)
    return rate


def effective_depth(world: World, agreement: Agreement) -> float:
    """y_eff: what is to be carried out by now."""
    if agreement.in_force:
        return agreement.agreed
    if agreement.file is not None and agreement.stage == "provisional":
        return world.p("ratification.provisional_share") * agreement.file.drafted
    return 0.0


def activity(world: World, domain: str) -> float:
    """How much of what is agreed in a field is done."""
    field = [agreement for agreement in world.agreements if agreement.facts.domain == domain]
    return share(
        total(agreement.operational for agreement in field),
        total(effective_depth(world, agreement) for agreement in field),
    )


def carried_out(world: World, agreement: Agreement, rate: float, active: float) -> float:
    """o': operational depth after this quarter."""
    o, y = agreement.operational, effective_depth(world, agreement)
    moved = o + min(1.0, rate) * (y - o) - world.p("delivery.fade") * o * (1.0 - active)
    return max(0.0, min(y, moved))


def lapses(world: World, agreement: Agreement) -> bool:
    """Whether an instrument is given up: when it is known to have been, or by chance where there is no legal duty."""
    if held(world, agreement.slug) and agreement.in_force:
        return "lapsed" in stages_now(world, agreement.slug) or world.quarter == agreement.lapses
    if agreement.facts.rule not in MAY_LAPSE or not agreement.in_force:
        return False
    idle = max(0.0, 1.0 - share(agreement.operational, agreement.agreed))
    drawn = world.u(f"{agreement.slug}/lapse") < probability(world.p("files.lapse") * idle)
    return drawn or world.quarter == agreement.lapses


def _lapse(world: World, agreement: Agreement) -> None:
    agreement.status = "lapsed"
    agreement.agreed, agreement.operational = 0.0, 0.0
    agreement.file = None
    forget(world, agreement.slug)
    world.note("EU", agreement.slug, "lapsed")


def interoperability(world: World) -> float:
    """I': ability to work together."""
    before = world.interoperability
    depths = [bilateral_depth(world, partner) for partner in world.ties]
    return clip(
        before
        + world.p("delivery.exercise") * world.agreement("naval_exercise").operational
        + world.p("delivery.missions") * world.agreement("joint_capacity_missions").operational
        + world.p("delivery.bilateral") * (total(depths) / len(depths))
        + world.p("delivery.nato") * world.rivals["nato"]
        - world.p("delivery.interoperability_fade") * before
        + float(world.on("interoperability")) * (world.p("levers.interoperability_strength") * leaders(world))
    )


def leaders(world: World) -> float:
    """What the states that lead exercises are worth together, at most 1."""
    france = world.member("FRA").facts.military_expenditure_usd_m
    worth = 0.0
    for partner in world.ties:
        part = 0.5 * min(1.0, share(world.member(partner).facts.military_expenditure_usd_m, france))
        worth = worth + part * world.p(f"levers.interoperability_{SWITCHES[partner]}")
    return min(1.0, worth)


# Depth


def counted(world: World) -> list[Agreement]:
    """Instruments that are not switched off."""
    return [agreement for agreement in world.agreements if agreement.facts.opens != NEVER]


def weights(world: World) -> dict[str, float]:
    """Weight of each instrument that counts, by name."""
    everything = total(agreement.ambition for agreement in counted(world))
    return {agreement.slug: agreement.ambition / everything for agreement in counted(world)}


def declared_depth(world: World) -> float:
    """Y."""
    weight = weights(world)
    return total(weight[agreement.slug] * effective_depth(world, agreement) for agreement in counted(world))


def operational_depth(world: World) -> float:
    """O."""
    weight = weights(world)
    return total(weight[agreement.slug] * agreement.operational for agreement in counted(world))


def visible_depth(world: World) -> float:
    """Z: what China sees."""
    weight = weights(world)
    seen = total(
        weight[agreement.slug] * agreement.operational for agreement in counted(world) if agreement.facts.defence
    )
    pressed = max(float(world.on("reinterpretation")), float(world.on("amendment")))
    return (
        seen
        + float(world.on("interoperability")) * world.p("levers.interoperability_visible")
        + pressed * world.p("levers.force_visible")
    )
