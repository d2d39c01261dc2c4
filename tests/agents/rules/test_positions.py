"""How deep a partnership states, Japan and the Union's bodies want."""

from dataclasses import replace

import numpy as np
import pytest

from agents.rules import positions as rules
from agents.rules.types import Floats, Whole
from tests.agents.sample import TINY, M, Numbers, R, agree, by_run, first_values, given, numbers, within
from tests.twin import portable as twin

P = first_values().positions


def considerations(n: Numbers) -> rules.Considerations:
    return rules.Considerations(
        affinity=n.column(-0.5, 0.8),
        attention=n.members(),
        indo_pacific=n.members(),
        russia=n.members(),
        stance=n.members(-2, 2),
        trust=n.members(),
        reciprocity=n.runs(),
        retrenchment=n.runs(),
        diversion=n.one(),
    )


def others(n: Numbers) -> Whole:
    """Two whom each member listens to, (M, 2), never itself."""
    step = n.whole(1, M - 1, M, 2)
    return (np.arange(M)[:, np.newaxis] + step) % M


@given(numbers)
def test_affinity_equals_its_scalar_twin_and_grows_with_trade_and_votes(n: Numbers) -> None:
    trade, votes, p = n.column(0, 4), n.column(0.5, 1), by_run(n.p.positions)[0]

    def affinity(member: int, _: int) -> float:
        traded = twin.log(1 + float(trade[member, 0])) / twin.log(1 + p.affinity_trade_full)
        voted = float(votes[member, 0]) - p.affinity_votes_centre
        return (traded - p.affinity_trade_centre) + p.affinity_votes_scale * voted

    found = rules.affinity(trade, votes, n.p.positions)
    agree(found, affinity, (M, 1))
    assert (rules.affinity(n.more(trade, most=9), votes, n.p.positions) >= found - TINY).all()
    assert (rules.affinity(trade, n.more(votes), n.p.positions) >= found - TINY).all()


def test_affinity_with_trade_of_two_percent_and_nine_votes_of_ten() -> None:
    """log(3)/log(3) - 0.3 + 2 (0.9 - 0.8); without trade and at the usual votes -0.3."""
    np.testing.assert_allclose(rules.affinity(np.array([2.0, 0.0]), np.array([0.9, 0.8]), P), [0.9, -0.3])


@given(numbers)
def test_dependence_equals_its_scalar_twin(n: Numbers) -> None:
    trade, p = n.column(0, 20), by_run(n.p.positions)[0]

    def dependence(member: int, _: int) -> float:
        share = twin.log(1 + float(trade[member, 0])) / twin.log(1 + p.dependence_full)
        return share if share < 1 else 1.0

    agree(rules.dependence(trade, n.p.positions), dependence, (M, 1))


@given(numbers)
def test_dependence_is_a_share_that_grows_with_trade(n: Numbers) -> None:
    trade = n.column(0, 20)
    dependence = rules.dependence(trade, n.p.positions)
    assert within(dependence)
    assert (rules.dependence(n.more(trade, most=40), n.p.positions) >= dependence - TINY).all()


def test_dependence_is_full_at_twelve_percent_of_gdp() -> None:
    found = rules.dependence(np.array([0.0, 13**0.5 - 1, 12.0, 13.6]), P)
    np.testing.assert_allclose(found, [0.0, 0.5, 1.0, 1.0])


@given(numbers)
def test_japan_wants_equals_its_scalar_twin(n: Numbers) -> None:
    threat, russia, felt, us, trust = (n.runs() for _ in range(5))
    stance, link, p = n.runs(-1, 1), n.runs(), by_run(n.p.positions)

    def wanted(run: int) -> float:
        q, two = p[run], 1 - float(link[run])
        weighed = q.japan_constant + q.japan_threat * float(threat[run]) + q.japan_abandonment * float(us[run])
        weighed = weighed + q.japan_russia * float(link[run]) * float(russia[run])
        weighed = weighed - q.japan_entrapment * two * float(felt[run])
        weighed = weighed + q.japan_trust * (float(trust[run]) - q.trust_centre) + float(stance[run])
        return twin.logistic(weighed)

    agree(rules.japan_wants(threat, russia, felt, us, trust, stance, link, n.p.positions), wanted, (R,))


@given(numbers)
def test_threat_abandonment_and_trust_draw_japan_and_entrapment_keeps_it_away(n: Numbers) -> None:
    threat, russia, felt, us, trust, stance = (n.runs() for _ in range(6))

    def wanted(threat: Floats = threat, felt: Floats = felt, us: Floats = us, trust: Floats = trust) -> Floats:
        return rules.japan_wants(threat, russia, felt, us, trust, stance, 0.6, P)

    usual = wanted()
    assert within(usual)
    assert (wanted(threat=n.more(threat)) >= usual - TINY).all()
    assert (wanted(us=n.more(us)) >= usual - TINY).all()
    assert (wanted(trust=n.more(trust)) >= usual - TINY).all()
    assert (wanted(felt=n.more(felt)) <= usual + TINY).all()


def test_japan_is_undecided_where_what_it_weighs_cancels_out() -> None:
    """-0.9 + 0.9 of abandonment, trust as usual, no threats: one half."""
    zero, one = np.zeros(1), np.ones(1)
    found = rules.japan_wants(zero, zero, zero, one, np.full(1, 0.3), zero, 0.6, P)
    assert found[0] == pytest.approx(0.5)


@given(numbers)
def test_reciprocity_is_a_share_that_comes_with_japans_position(n: Numbers) -> None:
    position = n.runs()
    found = rules.reciprocity(position, P)
    agree(found, lambda run: min(1.0, 1.5 * position[run]), (R,))
    assert within(found)


@given(numbers)
def test_states_want_equals_its_scalar_twin(n: Numbers) -> None:
    of, link, p = considerations(n), n.runs(), by_run(n.p.positions)

    def wanted(member: int, run: int) -> float:
        q, here, russia = p[run], (member, run), float(of.russia[member, run])
        weighed = q.constant + q.affinity * float(of.affinity[member, 0])
        weighed = weighed + q.threat * float(of.attention[here]) * float(of.indo_pacific[here])
        weighed = weighed + q.reciprocity * float(link[run]) * russia * float(of.reciprocity[run])
        weighed = weighed + q.retrenchment * float(of.retrenchment[run]) + q.stance * float(of.stance[here])
        weighed = weighed + q.trust * (float(of.trust[here]) - q.trust_centre) - float(of.diversion) * russia
        return twin.logistic(weighed)

    agree(rules.states_want(of, link, n.p.positions), wanted)


@given(numbers)
def test_attention_threat_trust_and_stance_draw_states_nearer(n: Numbers) -> None:
    of = considerations(n)
    wanted = rules.states_want(of, 0.6, P)
    assert within(wanted)
    for reason in ("attention", "indo_pacific", "trust", "stance", "reciprocity", "retrenchment"):
        stronger = replace(of, **{reason: n.more(getattr(of, reason), most=3)})
        assert (rules.states_want(stronger, 0.6, P) >= wanted - TINY).all()


@given(numbers)
def test_a_threat_in_asia_means_nothing_to_a_state_that_does_not_attend(n: Numbers) -> None:
    absent = replace(considerations(n), attention=np.zeros((M, R)))
    threatened = replace(absent, indo_pacific=np.ones((M, R)))
    np.testing.assert_array_equal(rules.states_want(absent, 0.6, P), rules.states_want(threatened, 0.6, P))


@given(numbers)
def test_the_strategy_costs_only_with_those_who_fear_russia(n: Numbers) -> None:
    free = replace(considerations(n), diversion=0.0)
    costly = replace(free, diversion=0.5)
    less = rules.states_want(costly, 0.6, P) < rules.states_want(free, 0.6, P)
    np.testing.assert_array_equal(less, free.russia > 0)


@given(numbers)
def test_a_position_moves_a_part_of_the_way_to_what_is_wanted(n: Numbers) -> None:
    position, wanted, p = n.members(), n.members(), by_run(n.p.positions)

    def moved(member: int, run: int) -> float:
        before = float(position[member, run])
        return before + p[run].move * (float(wanted[member, run]) - before)

    found = rules.drawn_to(position, wanted, n.p.positions)
    agree(found, moved)
    assert ((found - position) * (wanted - found) >= -TINY).all()


@given(numbers)
def test_who_is_heard_equals_its_scalar_twin(n: Numbers) -> None:
    position, listens_to, confidence = n.members(), others(n), n.runs(0, 0.5)

    def pulled(member: int, run: int) -> float:
        pull = 0.0
        for speaker in listens_to[member]:
            difference = float(position[speaker, run] - position[member, run])
            if abs(difference) <= confidence[run]:
                pull = pull + difference
        return pull

    agree(rules.heard(position, listens_to, confidence), pulled)


@given(numbers)
def test_listening_never_carries_a_state_beyond_all_it_listens_to(n: Numbers) -> None:
    position, listens_to = n.members(), others(n)
    after = position + 0.5 * rules.heard(position, listens_to, n.runs(0, 1))
    assert (after <= np.maximum(position, position[listens_to].max(axis=1)) + TINY).all()
    assert (after >= np.minimum(position, position[listens_to].min(axis=1)) - TINY).all()


def test_only_the_near_are_heard_and_the_edge_of_confidence_is_near() -> None:
    """From 0.5: 0.625 and 0.75 are within a quarter, 1.0 is not."""
    position = np.array([[0.5], [0.625], [0.75], [1.0]])
    found = rules.heard(position, np.array([[1, 2, 3]] * 4), 0.25)
    assert found[0, 0] == 0.375


@given(numbers)
def test_fear_of_china_equals_its_scalar_twin(n: Numbers) -> None:
    dependence, china, coercion, weight = n.column(), n.runs(), n.runs(), n.one()
    p = by_run(n.p.positions)

    def fear(member: int, run: int) -> float:
        felt = float(china[run]) + weight * float(coercion[run])
        return 0.25 * p[run].dependence * float(dependence[member, 0]) * (felt if felt < 1 else 1.0)

    agree(rules.fear(dependence, china, coercion, weight, n.p.positions), fear)


@given(numbers)
def test_fear_grows_with_dependence_pressure_and_coercion(n: Numbers) -> None:
    dependence, china, coercion = n.column(), n.runs(), n.runs()
    fear = rules.fear(dependence, china, coercion, 0.5, P)
    assert within(fear, 0, 0.25 * 0.9)
    assert (rules.fear(n.more(dependence), china, coercion, 0.5, P) >= fear).all()
    assert (rules.fear(dependence, n.more(china), coercion, 0.5, P) >= fear).all()
    assert (rules.fear(dependence, china, n.more(coercion), 0.5, P) >= fear).all()


def test_retaliation_still_felt_adds_to_what_china_presses() -> None:
    """A quarter of 0.9, half dependent: pressed with 0.6, with 0.6 + 0.5 of 0.4, and never with more than 1."""
    found = rules.fear(np.full(3, 0.5), np.array([0.6, 0.6, 0.9]), np.array([0.0, 0.4, 1.0]), 0.5, P)
    np.testing.assert_allclose(found, [0.0675, 0.09, 0.1125])


def test_a_body_of_the_union_wants_more_than_its_members_within_0_and_1() -> None:
    found = rules.principal(np.array([0.5, 0.95, 0.02]), 0.1, np.array([0.05, 0.05, -0.2]))
    np.testing.assert_allclose(found, [0.65, 1.0, 0.0])
