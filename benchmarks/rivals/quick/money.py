"""Phase 8: the European Peace Facility; see tests/twin/money.py."""

from benchmarks.rivals.quick import council
from benchmarks.rivals.quick.world import QuickWorld
from tests.twin import money as twin
from tests.twin.portable import total
from tests.twin.state import RUSSIA


def filled(world: QuickWorld) -> float:
    """Headroom with this quarter's envelope, EUR million; what cannot be kept is lost."""
    added = world.script.envelope(world)
    return min(world.facility.headroom + added, world.p("money.carry_over") * added)


def request(world: QuickWorld) -> float:
    """What is asked for Ukraine, EUR million."""
    return min(filled(world), world.p("money.ukraine_request") * world.intensity(RUSSIA))


def pay(world: QuickWorld) -> None:
    """Pay, block, keep; then share the burden."""
    facility, asked, headroom = world.facility, request(world), filled(world)
    if facility.vote_blocked:
        facility.paid_ukraine = 0.0
        facility.blocked_stock = facility.blocked_stock + asked
    else:
        facility.paid_ukraine = asked + facility.blocked_stock
        facility.blocked_stock = 0.0
    left = headroom - asked
    want = min(left, twin.asks_indo_pacific(world))
    facility.paid_indo_pacific = want if passes_disbursement(world) else 0.0
    facility.headroom = left - facility.paid_indo_pacific
    facility.funding = min(1.0, facility.paid_indo_pacific / world.p("money.south_east_asia_full"))
    contribute(world)


def passes_disbursement(world: QuickWorld) -> bool:
    """The second vote on the measure for Southeast Asia."""
    measure = world.agreement("epf_sea")
    return measure.in_force and measure.agreed * measure.ambition <= council.limit(world, measure, noisy=True)


def contribute(world: QuickWorld) -> None:
    """What each member pays, EUR million; lethal aid is not paid by those that declared an abstention."""
    facility, abstainers = world.facility, world.facility.abstainers
    members = [state for state in world.union_states if not state.opted_out]
    everything = total([state.gdp for state in members])
    bearing = total([state.gdp for state in members if state.iso3 not in abstainers])
    paid = facility.paid_ukraine + facility.paid_indo_pacific
    lethal = world.p("money.lethal_share") * facility.paid_ukraine
    for state in world.states:
        state.contribution = state.contribution_lethal = 0.0
    for state in members:
        state.contribution = state.gdp / everything * paid
        if state.iso3 not in abstainers:
            state.contribution_lethal = state.gdp / bearing * lethal
