"""Phases 2, 3, 4 and 11 for the member states and Japan: they attend, elect, take positions, respond."""

from math import sqrt

from benchmarks.rivals.quick.world import MemberState, QuickWorld
from tests.twin import elections, feedback, positions
from tests.twin.portable import exp, logistic, probability, total
from tests.twin.state import CHINA, NORTH_KOREA, RUSSIA, US_RETRENCHMENT, Japan, clip


def perceive(world: QuickWorld) -> None:
    """Phase 2: threats, then attention."""
    p, union, japan = world.p, world.union, world.japan
    _feel_threats(world)
    _attend(world)
    part = 0.0
    for weight, state in zip(world.attention_weights, world.union_states, strict=True):
        part = part + weight * state.attention
    union.attention = min(1.0, part / world.weight_of_attention * p("attention.factor_eu"))
    japan.attention = japan_attention(world)
    if world.on("dialogue"):
        left = 1.0 - p("levers.dialogue_attention")
        union.attention, japan.attention = union.attention * left, japan.attention * left
    if world.on("lift_attention"):
        union.attention = japan.attention = p("levers.lifted_attention")


def _feel_threats(world: QuickWorld) -> None:
    """The four pressures one by one: a loop over them would take longer than what it does."""
    alarm, calm = world.p("threat.alarm_rate"), world.p("threat.calm_rate")
    russia, china, korea, america = [pressure.intensity for pressure in world.pressures]
    actors: list[MemberState | Japan] = [*world.states, world.japan]
    for actor in actors:
        of_russia, of_china, of_korea, of_america = actor.threats
        to_russia, to_china, to_korea, to_america = actor.exposure
        seen = to_russia * russia
        of_russia = of_russia + (alarm if seen > of_russia else calm) * (seen - of_russia)
        seen = to_china * china
        of_china = of_china + (alarm if seen > of_china else calm) * (seen - of_china)
        seen = to_korea * korea
        of_korea = of_korea + (alarm if seen > of_korea else calm) * (seen - of_korea)
        seen = to_america * america
        of_america = of_america + (alarm if seen > of_america else calm) * (seen - of_america)
        actor.threats = [of_russia, of_china, of_korea, of_america]


def _attend(world: QuickWorld) -> None:
    p = world.p
    guideline, lever = p("attention.guideline") * float(world.union.guideline), world.indo_pacific("attention")
    of_its_own = [p("attention.own") + p("attention.strategy") * has + guideline + lever for has in (0.0, 1.0)]
    north_korea, elsewhere = p("threat.north_korea_weight"), p("attention.elsewhere")
    link = p("attention.russia_link") * p("attention.link")
    for state in world.states:
        china, russia, korea = state.threats[CHINA], state.threats[RUSSIA], north_korea * state.threats[NORTH_KOREA]
        threat = china if china >= korea else korea
        state.indo_pacific_threat = threat
        own, here = of_its_own[state.has_strategy], threat * sqrt(threat)
        share = (own + here + link * russia) / (own + here + russia * sqrt(russia) + elsewhere)
        state.attention = share if share < 1.0 else 1.0


def japan_attention(world: QuickWorld) -> float:
    """A_J: what pulls towards the Union against what pulls elsewhere."""
    p, rivals, deep = world.p, world.rivals, world.bilateral
    link, x_russia, x_us = p("attention.link"), world.intensity(RUSSIA), world.intensity(US_RETRENCHMENT)
    states = [depth for partner, depth in deep.items() if partner != "GBR"]
    pull_us = p("attention.pull_us") * (1.0 - p("attention.pull_us_loss") * x_us)
    pull_quad = p("attention.pull_quad") * (0.5 + (rivals["quad"] + rivals["australia"]) / 2.0)
    of_nato = p("attention.pull_nato") + p("attention.pull_nato_russia") * link * x_russia
    pull_nato = of_nato * (0.5 + rivals["nato"])
    pull_uk = p("attention.pull_uk") * (0.5 + deep["GBR"])
    pull_states = p("attention.pull_states") * (0.5 + total(states) / len(states))
    pull_eu = (
        p("attention.pull_eu")
        + p("attention.pull_eu_russia") * link * x_russia
        + p("attention.pull_eu_us") * x_us
        + p("attention.pull_eu_depth") * world.operational_depth
    )
    share_eu = pull_eu / (pull_eu + pull_us + pull_quad + pull_nato + pull_uk + pull_states)
    return min(1.0, p("attention.japan_scale") * share_eu * p("attention.factor_japan"))


def elect(world: QuickWorld) -> None:
    """Phase 3: governments change, terms begin, then the European Council, then the Diet."""
    quarter, turn, japan = world.quarter, world.turn, world.japan
    chance = probability(world.p("governments.election"))
    for state in world.states:
        if quarter <= state.last_on_record:
            state.elected = quarter in state.scripted_elections
        else:
            state.elected = state.election_draws[turn] < chance
        if state.elected:
            state.stance = elections.new_stance(world, state)
    elections._terms(world)
    world.union.guideline_left = elections.guideline(world)
    world.union.passerelle = elections.passerelle(world)
    support = japan.support
    japan.since_lower = japan.since_lower + 1
    if elections.free_lower_election(world):
        elections.lower_house_election(world, support)
    if elections.free_upper_election(world):
        japan.upper_share = elections.upper_house_renewal(world)
    for chamber, share, partner in elections._scripted_elections(world):
        elections._scripted_election(world, chamber, share, partner)


def take_positions(world: QuickWorld) -> None:
    """Phase 4: Japan first, then the states, the Union's bodies, Japan's public, its ladders."""
    japan = world.japan
    wanted = logistic(positions.japan_argument(world))
    japan.position = japan.position + world.p("positions.move") * (wanted - japan.position)
    _move_states(world)
    positions._move_bodies(world)
    japan.support = positions.next_support(world)
    positions._climb_ladders(world)
    positions._pull_levers(world)
    world.steps = tuple(japan.steps.values())


def _move_states(world: QuickWorld) -> None:
    p = world.p
    of_threat, of_stance, of_trust = p("positions.threat"), p("positions.stance"), p("positions.trust")
    returned, reciprocity = positions.reciprocity(world), p("positions.reciprocity") * p("attention.link")
    retrenchment = p("positions.retrenchment") * world.intensity(US_RETRENCHMENT)
    centre, move = p("positions.trust_centre"), p("positions.move")
    diversion = float(world.on("indo_pacific_strategy")) * p("levers.indo_pacific_diversion")
    for state in world.states:
        russia = state.threats[RUSSIA]
        argument = (
            state.base_argument
            + of_threat * state.attention * state.indo_pacific_threat
            + reciprocity * russia * returned
            + retrenchment
            + of_stance * state.stance
            + of_trust * (state.trust - centre)
            - diversion * russia
        )
        state.drawn_to = state.position + move * (1.0 / (exp(-argument) + 1.0) - state.position)
    _listen(world)
    for state in world.states:
        state.position = clip(state.drawn_to)


def _listen(world: QuickWorld) -> None:
    """Add what the members hear from the six they listen to, by the positions of the last quarter."""
    p = world.p
    listen = (p("positions.listen") + world.indo_pacific("listening")) / p("positions.speakers")
    confidence = p("positions.confidence") + p("positions.confidence_guideline") * float(world.union.guideline)
    for state in world.union_states:
        here, moved = state.position, 0.0
        for other in state.listens_to:
            distance = other.position - here
            if -confidence <= distance <= confidence:
                moved = moved + distance
        state.drawn_to = state.drawn_to + listen * moved


def respond(world: QuickWorld) -> None:
    """Phase 11: delivery builds trust, visible depth invites retaliation, threat moves budgets."""
    p, japan = world.p, world.japan
    gap = p("feedback.trust_gap") * (world.declared_depth - world.operational_depth)
    earning = p("feedback.trust") + p("feedback.trust_delivery") * world.operational_depth
    trust_pace, pace = p("feedback.trust_pace"), p("feedback.spending_pace")
    of_russia, of_us = p("feedback.spending_russia"), p("feedback.spending_us")
    floor, cap = p("feedback.spending_floor"), p("feedback.spending_cap")
    actors: list[MemberState | Japan] = [*world.states, japan]
    for actor in actors:
        earned = earning - gap * actor.attention
        earned = 0.0 if earned < 0.0 else 1.0 if earned > 1.0 else earned
        actor.trust = actor.trust + trust_pace * (earned - actor.trust)
    for state in world.states:
        now, first = state.threats, state.first_threats
        risen_russia, risen_us = now[RUSSIA] - first[RUSSIA], now[US_RETRENCHMENT] - first[US_RETRENCHMENT]
        wanted = state.first_spending + of_russia * risen_russia + of_us * risen_us
        bounded = floor if wanted < floor else cap if wanted > cap else wanted
        state.spending = state.spending + pace * (bounded - state.spending)
    japan.spending = feedback.next_spending(world, japan.spending, feedback.wanted_spending_japan(world))
    world.coercion = 1.0 if feedback.struck(world) else world.coercion * p("feedback.retaliation_decay")
