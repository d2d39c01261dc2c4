"""Section 5 of docs/ODD.md: the state before the first quarter."""

import math

from config.schema import Parameter, Settings, StartInstrument
from tests.twin import chance
from tests.twin.beliefs import first_beliefs, stayer_share
from tests.twin.delivery import declared_depth, operational_depth
from tests.twin.perception import (
    exposure_to_retrenchment,
    exposure_to_russia,
    indo_pacific_threat,
    member_attention,
    stake,
)
from tests.twin.portable import exp, log, logistic, normal
from tests.twin.positions import japan_argument, member_argument, reciprocity, support_target_without_levers
from tests.twin.state import (
    LADDERS,
    PRESSURES,
    RIVALS,
    WITH_MANDATE,
    Agreement,
    Facility,
    File,
    Japan,
    Member,
    Pressure,
    Tie,
    Union,
    World,
)

REGIMES = ("calm", "tense", "crisis")


def drawn(parameter: Parameter, u: float) -> float:
    """Value of a parameter in a history, from its draw."""
    draw = parameter.draw
    if draw is None:
        return float(parameter.value)
    if draw.uniform is not None:
        low, high = draw.uniform
        return low + (high - low) * u
    if draw.normal is not None:
        mean, deviation = draw.normal
        value = mean + deviation * normal(u)
    else:
        assert draw.lognormal_sd is not None
        value = float(parameter.value) * exp(draw.lognormal_sd * normal(u))
    assert parameter.range is not None
    low, high = parameter.range
    return min(float(high), max(float(low), value))


def parameters(settings: Settings, seed: int, run: int) -> dict[str, float]:
    """Values of all parameters by dotted name: of a row of the posterior, or each by itself."""
    return {
        name: drawn(parameter, chance.uniform(seed, f"parameter/{name}", run))
        for name, parameter in settings.parameters.items()
    } | calibrated(settings, seed, run)


def calibrated(settings: Settings, seed: int, run: int) -> dict[str, float]:
    """Values of the parameters drawn together, by dotted name."""
    posterior = settings.posterior
    if posterior is None:
        return {}
    row = math.floor(chance.uniform(seed, "parameter/posterior", run) * len(posterior.rows))
    return dict(zip(posterior.names, posterior.rows[row], strict=True))


def first_world(settings: Settings, seed: int, run: int) -> World:
    """The world as it stands before the first quarter."""
    p = parameters(settings, seed, run)
    pressures = []
    for name in PRESSURES:
        row = getattr(settings.table.pressures, name)
        pressures.append(Pressure(name, REGIMES.index(row.regime), float(row.intensity)))
    world = World(
        settings=settings,
        seed=seed,
        run=run,
        quarter=settings.start,
        parameters=p,
        pressures=pressures,
        members=[],
        japan=_japan(settings),
        union=Union(),
        agreements=[],
        ties={},
        rivals={rival: float(getattr(settings.table.rivals, rival)) for rival in RIVALS},
        facility=Facility(
            headroom=float(settings.table.peace_facility.headroom_eur_m),
            blocked_stock=float(settings.table.peace_facility.blocked_eur_m),
        ),
        interoperability=float(settings.table.interoperability),
    )
    _set_japan(world)
    world.members = [_member(world, place) for place in range(len(settings.members))]
    _set_union(world)
    _set_positions(world)
    world.agreements = [_agreement(world, place) for place in range(len(settings.instruments))]
    world.ties = {partner: _ties(world, partner) for partner in PARTNERS}
    world.beliefs = first_beliefs(world)
    world.declared_depth = declared_depth(world)
    world.operational_depth = operational_depth(world)
    return world


PARTNERS = ("DEU", "ESP", "FRA", "GBR", "ITA", "NLD", "SWE")


def _japan(settings: Settings) -> Japan:
    table = settings.table
    return Japan(
        exposure=[float(getattr(settings.japan.exposures, name)) for name in PRESSURES],
        threats=[],
        first_threats=[],
        attention=0.0,
        stance=0.0,
        position=0.0,
        trust=float(table.trust),
        spending=float(table.japan.defence_spending),
        first_spending=float(table.japan.defence_spending),
        lower_share=float(table.japan.lower_house_share),
        upper_share=float(table.japan.upper_house_share),
        partner=table.japan.partner,
        since_lower=settings.start - table.japan.lower_house_elected - 1,
        support=0.0,
        steps={ladder: getattr(table.ladders, ladder) for ladder in LADDERS},
    )


def _set_japan(world: World) -> None:
    japan = world.japan
    japan.threats = [japan.exposure[i] * world.intensity(i) for i in range(4)]
    japan.first_threats = list(japan.threats)
    japan.stance = world.p("positions.japan_stance") * normal(world.once("japan/first stance"))


def _member(world: World, place: int) -> Member:
    facts = world.settings.members[place]
    in_2010 = world.settings.start // 4 == 2010
    spending = float(facts.defence_spending_2010 if in_2010 else facts.defence_spending_2026)
    exposure = _exposure(world, place, spending)
    threats = [exposure[i] * world.intensity(i) for i in range(4)]
    member = Member(
        facts=facts,
        exposure=exposure,
        affinity=_affinity(world, place),
        dependence=min(1.0, log(1.0 + facts.trade_china_pct_gdp) / log(1.0 + world.p("positions.dependence_full"))),
        threats=threats,
        first_threats=list(threats),
        attention=0.0,
        stance=0.0,
        position=0.0,
        trust=float(world.settings.table.trust),
        spending=spending,
        first_spending=spending,
        scripted_elections=_scripted(world, place),
    )
    member.turn_to(world.settings.start)
    member.attention = member_attention(world, member, guideline=False, levers=False)
    member.stance = member.stance_mean + world.p("governments.spread") * normal(
        world.once(f"{member.iso3}/first stance")
    )
    return member


def _exposure(world: World, place: int, spending: float) -> list[float]:
    facts = world.settings.members[place]
    interest = stake(world, facts)
    return [
        exposure_to_russia(world, facts),
        interest,
        world.p("threat.north_korea_share") * interest,
        exposure_to_retrenchment(world, facts, spending),
    ]


def _affinity(world: World, place: int) -> float:
    facts = world.settings.members[place]
    trade = log(1.0 + facts.trade_japan_pct_gdp) / log(1.0 + world.p("positions.affinity_trade_full"))
    return (trade - world.p("positions.affinity_trade_centre")) + world.p("positions.affinity_votes_scale") * (
        facts.un_agreement_japan - world.p("positions.affinity_votes_centre")
    )


def _scripted(world: World, place: int) -> frozenset[int]:
    """Quarters of elections on record after the start."""
    quarters: list[int] = []
    for period in world.settings.members[place].periods:
        if period.kind == "election":
            quarters.extend(range(period.begins, period.ends))
    return frozenset(quarter for quarter in quarters if quarter > world.settings.start)


def _set_union(world: World) -> None:
    spread = world.p("governments.ambition_spread")
    world.union.ambition_high_representative = spread * normal(world.once("high_representative/first ambition"))
    world.union.ambition_commission = spread * normal(world.once("commission/first ambition"))
    world.union.mood_parliament = spread * normal(world.once("european_parliament/first mood"))


def _set_positions(world: World) -> None:
    japan = world.japan
    japan.position = logistic(japan_argument(world))
    help_returned = reciprocity(world)
    for member in world.members:
        member.position = logistic(member_argument(world, member, help_returned, diversion=0.0))
    japan.support = support_target_without_levers(world, indo_pacific_threat(world, japan.threats))


def _agreement(world: World, place: int) -> Agreement:
    facts = world.settings.instruments[place]
    row = world.settings.table.of(facts.slug)
    file = _file(row, mandated=facts.rule in WITH_MANDATE, diet=facts.diet)
    settled = file is None
    return Agreement(
        facts=facts,
        status=row.stage if settled else "dormant",
        agreed=float(row.agreed) if settled else 0.0,
        operational=float(row.operational),
        file=file,
        lapses=row.lapses,
        will=_will(world, facts.slug),
        noise={
            member.iso3: world.p("council.file_noise") * normal(world.once(f"{facts.slug}/noise/{member.iso3}"))
            for member in world.members
        },
        covered=world.once(f"{facts.slug}/passerelle") < world.p("levers.qmv_strength"),
    )


def _file(row: StartInstrument, mandated: bool, diet: bool) -> File | None:
    if row.stage not in ("mandated", "negotiating", "signed", "provisional"):
        return None
    signed = row.stage in ("signed", "provisional")
    return File(
        stage=row.stage,
        drafted=float(row.agreed),
        age=1 if signed else 0,
        japan_ready=signed and mandated and not diet,
    )


def _will(world: World, slug: str) -> float:
    if world.once(f"{slug}/stayer") < stayer_share(world, slug):
        return world.p("files.stayer_will")
    return exp(world.p("files.will_spread") * normal(world.once(f"{slug}/will")))


def _ties(world: World, partner: str) -> list[Tie]:
    ties = []
    for facts in world.settings.rungs:
        row = world.settings.table.rung(partner, facts.slug)
        ties.append(Tie(partner, facts, row.stage, float(row.agreed), float(row.operational)))
    return ties
