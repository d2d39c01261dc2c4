"""Phase 8, docs/ODD.md 6.9: the European Peace Facility."""

from tests.twin.council import limit, voters
from tests.twin.portable import total
from tests.twin.state import RUSSIA, World


def phase(world: World) -> None:
    """Pay, block, keep; then share the burden."""
    facility = world.facility
    asked = request(world)
    headroom = filled(world)
    if facility.vote_blocked:
        facility.paid_ukraine = 0.0
        facility.blocked_stock = facility.blocked_stock + asked
    else:
        facility.paid_ukraine = asked + facility.blocked_stock
        facility.blocked_stock = 0.0
    left = headroom - asked
    want = min(left, asks_indo_pacific(world))
    facility.paid_indo_pacific = want if passes_disbursement(world) else 0.0
    facility.headroom = left - facility.paid_indo_pacific
    facility.funding = min(1.0, facility.paid_indo_pacific / world.p("money.south_east_asia_full"))
    contributions(world)


def exists(world: World) -> bool:
    """Whether there is a Facility by now."""
    return world.quarter >= world.settings.union.peace_facility.ceilings[0].begins


def envelope(world: World) -> float:
    """What the Facility gets in this quarter, EUR million."""
    money = world.settings.union.peace_facility
    if world.quarter >= money.successor.begins:
        return money.successor.eur_m_per_year / 4.0
    if world.quarter > money.until:
        return 0.0
    granted, part = 0.0, 0.0
    quarter = money.ceilings[0].begins
    while quarter <= world.quarter:
        ceiling = 0.0
        for row in money.ceilings:
            if row.begins <= quarter:
                ceiling = row.eur_m
        part = (ceiling - granted) / (money.until - quarter + 1)
        granted = granted + part
        quarter = quarter + 1
    return part


def filled(world: World) -> float:
    """Headroom with this quarter's envelope, EUR million; what cannot be kept is lost."""
    added = envelope(world)
    return min(world.facility.headroom + added, world.p("money.carry_over") * added)


def request(world: World) -> float:
    """What is asked for Ukraine, EUR million."""
    return min(filled(world), world.p("money.ukraine_request") * world.intensity(RUSSIA))


def asks_indo_pacific(world: World) -> float:
    """What is asked for Southeast Asia, EUR million."""
    measure = world.agreement("epf_sea")
    if not measure.in_force:
        return 0.0
    return world.p("money.south_east_asia") * measure.agreed + world.indo_pacific("money")


def passes_disbursement(world: World) -> bool:
    """The second vote on the measure for Southeast Asia."""
    measure = world.agreement("epf_sea")
    if not measure.in_force:
        return False
    return measure.agreed * measure.ambition <= limit(world, measure, voters(world, measure, noisy=True)).level


def contributions(world: World) -> None:
    """What each member pays, EUR million; lethal aid is not paid by those that declared an abstention."""
    facility = world.facility
    members = [one for one in world.union_members() if not one.opted_out]
    everything = total(member.gdp for member in members)
    bearing = total(member.gdp for member in members if member.iso3 not in facility.abstainers)
    lethal = world.p("money.lethal_share") * facility.paid_ukraine
    for member in world.members:
        member.contribution, member.contribution_lethal = 0.0, 0.0
    for member in members:
        member.contribution = member.gdp / everything * (facility.paid_ukraine + facility.paid_indo_pacific)
        if member.iso3 not in facility.abstainers:
            member.contribution_lethal = member.gdp / bearing * lethal
