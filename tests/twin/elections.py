"""Phase 3, docs/ODD.md 6.3: elections, stances, terms, the European Council, the Diet."""

from tests.twin.perception import indo_pacific_threat
from tests.twin.portable import normal, probability
from tests.twin.positions import support_target_without_levers
from tests.twin.state import Member, World, clip


def phase(world: World) -> None:
    """Governments change, terms begin, then the European Council, then the Diet."""
    for member in world.members:
        member.elected = election(world, member)
        if member.elected:
            member.stance = new_stance(world, member)
    _terms(world)
    world.union.guideline_left = guideline(world)
    world.union.passerelle = passerelle(world)
    support = world.japan.support
    scripted = _scripted_elections(world)
    world.japan.since_lower = world.japan.since_lower + 1
    if free_lower_election(world):
        lower_house_election(world, support)
    if free_upper_election(world):
        world.japan.upper_share = upper_house_renewal(world)
    for chamber, share, partner in scripted:
        _scripted_election(world, chamber, share, partner)
    for government in world.settings.governments_of("JPN", world.quarter):
        world.japan.stance = drawn_stance(world) if government.stance is None else government.stance


# The Union


def election(world: World, member: Member) -> bool:
    """Whether a state's government changes: if it is known to, on record up to its last dated election, by chance."""
    if world.settings.governments_of(member.iso3, world.quarter):
        return True
    if member.scripted_elections and world.quarter <= max(member.scripted_elections):
        return world.quarter in member.scripted_elections
    return world.u(f"{member.iso3}/election") < probability(world.p("governments.election"))


def new_stance(world: World, member: Member) -> float:
    """Stance of a government that takes office: the one that is known, else drawn."""
    known = world.settings.governments_of(member.iso3, world.quarter)
    if known and known[-1].stance is not None:
        return known[-1].stance
    return member.stance_mean + world.p("governments.spread") * normal(world.u(f"{member.iso3}/stance"))


def _terms(world: World) -> None:
    terms = world.settings.union.terms
    spread = world.p("governments.ambition_spread")
    if world.quarter in terms.high_representative:
        world.union.ambition_high_representative = spread * normal(world.u("high_representative/ambition"))
    if world.quarter in terms.commission:
        world.union.ambition_commission = spread * normal(world.u("commission/ambition"))
    if world.quarter in terms.parliament:
        world.union.mood_parliament = spread * normal(world.u("european_parliament/mood"))


def guideline(world: World) -> float:
    """Quarters that the guideline of the European Council has left."""
    reserve = world.p("governments.guideline_reserve")
    consensus = not any(member.stance < reserve for member in world.union_members())
    given = world.u("european_council/guideline") < world.p("governments.guideline_chance")
    if world.shock and given and consensus:
        return world.p("governments.guideline_quarters")
    return max(0.0, world.union.guideline_left - 1.0)


def passerelle(world: World) -> bool:
    """Whether the European Council has agreed to majority voting; once agreed it stays."""
    if world.union.passerelle:
        return True
    if not world.on("qmv"):
        return False
    willing = all(
        member.stance >= world.p(f"governments.passerelle_{member.facts.passerelle}")
        for member in world.union_members()
    )
    return willing and world.u("european_council/passerelle") < world.p("governments.passerelle_chance")


# The Diet


def _scripted_elections(world: World) -> list[tuple[str, float, bool]]:
    """Elections on record in this quarter, none before or in the start quarter."""
    if world.quarter <= world.settings.start:
        return []
    return [
        (row.chamber, float(row.share), row.partner)
        for row in world.settings.japan.elections
        if row.quarter == world.quarter
    ]


def _last_scripted(world: World, chamber: str) -> int:
    """Quarter of the last election on record after the start, or the start quarter less one."""
    last = world.settings.start - 1
    for row in world.settings.japan.elections:
        if row.chamber == chamber and row.quarter > world.settings.start:
            last = max(last, row.quarter)
    return last


def free_lower_election(world: World) -> bool:
    """Whether the Lower House is elected by chance or because its term is over."""
    if world.quarter <= _last_scripted(world, "lower"):
        return False
    term = world.settings.japan.chambers.lower.term_quarters
    early = world.u("japan/lower house") < probability(world.p("japan.snap"))
    return world.japan.since_lower >= term or early


def lower_house_election(world: World, support: float) -> None:
    """Seats, partner and stance of the cabinet after an election."""
    japan = world.japan
    threat = indo_pacific_threat(world, japan.threats)
    loss = world.p("japan.unpopular_seats") * max(0.0, support_target_without_levers(world, threat) - support)
    mean = world.p("japan.lower_mean")
    share = clip(
        mean
        + world.p("japan.lower_persistence") * (japan.lower_share - mean)
        + world.p("japan.seat_spread") * normal(world.u("japan/lower seats"))
        - loss
    )
    majority = world.settings.japan.thresholds.majority
    u = world.u("japan/partner")
    joins = share <= majority and u < world.p("japan.partner_joins") and not japan.partner
    leaves = japan.partner and share > majority and u < world.p("japan.partner_leaves")
    if joins:
        share = min(1.0, share + world.p("japan.partner_seats"))
        japan.partner = True
    if leaves:
        japan.partner = False
    japan.lower_share = share
    _new_cabinet(world)


def _new_cabinet(world: World) -> None:
    world.japan.stance = drawn_stance(world)
    world.japan.since_lower = 0


def drawn_stance(world: World) -> float:
    """Stance of a new cabinet."""
    return world.p("positions.japan_stance") * normal(world.u("japan/stance"))


def free_upper_election(world: World) -> bool:
    """Whether half of the Upper House is renewed without a result on record."""
    upper = world.settings.japan.chambers.upper
    since = world.quarter - upper.first_renewal
    due = since >= 0 and since % upper.half_every_quarters == 0
    return due and world.quarter > _last_scripted(world, "upper")


def upper_house_renewal(world: World) -> float:
    """Share of seats after half of them are renewed."""
    renewed = world.p("japan.upper_mean") + world.p("japan.seat_spread") * normal(world.u("japan/upper seats"))
    return clip(0.5 * world.japan.upper_share + 0.5 * renewed)


def _scripted_election(world: World, chamber: str, share: float, partner: bool) -> None:
    if chamber == "lower":
        world.japan.lower_share = share
        _new_cabinet(world)
    else:
        world.japan.upper_share = share
    world.japan.partner = partner
