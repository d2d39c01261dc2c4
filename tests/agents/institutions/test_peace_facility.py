"""No euro is spent twice, and who abstains pays no lethal aid."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from agents.institutions.council import Topic
from agents.rules.types import Mask
from config import quarter_index, resolve
from simulation.model import PartnershipModel
from tests.agents.sample import R
from tests.agents.walks import Seen, hindcast, met, model_of, walk

SETTINGS = resolve("hindcast", "none")
CODES = [one.iso3 for one in SETTINGS.members]
CARRY_OVER, LETHAL = (SETTINGS.parameters[f"money.{name}"].value for name in ("carry_over", "lethal_share"))
BEGINS = quarter_index("2021Q2")


def existing() -> list[tuple[Seen, Seen]]:
    """The quarters of the Facility, each with the one before."""
    return [(before, now) for before, now in pairwise(hindcast()) if now.quarter >= BEGINS]


def vote(one: Seen) -> Topic:
    return next(topic for topic in one.agenda if topic.name == "peace_facility")


def test_before_its_first_ceiling_the_facility_has_nothing_and_pays_nothing() -> None:
    for now in hindcast():
        if now.quarter < BEGINS:
            assert now.envelope == 0
            for money in (now.headroom, now.request, now.blocked_stock, now.paid_ukraine, now.contributed):
                assert (money == 0).all()


@pytest.mark.parametrize(
    ("quarter", "eur_m"),
    [("2021Q1", 0.0), ("2021Q2", 5692 / 28), ("2022Q4", 5692 / 28), ("2023Q1", 7979 / 28), ("2023Q2", 12040 / 28),
     ("2024Q1", 17040 / 28), ("2027Q4", 17040 / 28), ("2028Q1", 2434.285714 / 4)],
)  # fmt: skip
def test_the_envelope_of_a_quarter_is_a_28th_of_the_ceiling_in_force(quarter: str, eur_m: float) -> None:
    model = model_of(runs=1)
    model.quarter = quarter_index(quarter)
    assert model.peace_facility.envelope() == eur_m


def test_headroom_is_what_was_left_and_the_envelope_less_requests_and_payments() -> None:
    for before, now in existing():
        available = np.minimum(before.headroom + now.envelope, CARRY_OVER * now.envelope)
        np.testing.assert_array_equal(now.headroom, available - now.request - now.paid_indo_pacific)
        assert (now.headroom >= 0).all()
        assert (now.request <= available).all()


def test_what_was_requested_is_paid_once_or_waits_in_the_blocked_stock() -> None:
    for before, now in existing():
        np.testing.assert_array_equal(now.paid_ukraine + now.blocked_stock, now.request + before.blocked_stock)
        blocked = vote(now).blocked
        assert (now.paid_ukraine[blocked] == 0).all()
        assert (now.blocked_stock[~blocked] == 0).all()


def test_all_money_that_came_in_is_paid_waits_or_lapses_beyond_what_can_be_carried_over() -> None:
    came_in = sum(now.envelope for _, now in existing())
    paid = sum(now.paid_ukraine + now.paid_indo_pacific for _, now in existing())
    last = hindcast()[-1]
    lapsed = sum(
        np.maximum(0.0, before.headroom + now.envelope - CARRY_OVER * now.envelope) for before, now in existing()
    )
    np.testing.assert_allclose(paid + last.headroom + last.blocked_stock + lapsed, came_in)


def test_some_requests_are_blocked_and_paid_later() -> None:
    """Otherwise the tests of the stock would hold of nothing."""
    released = [(now.paid_ukraine > now.request).any() for _, now in existing()]
    assert any(vote(now).blocked.any() for _, now in existing())
    assert any(released)


def test_a_vote_is_held_where_something_is_requested_or_waits() -> None:
    for before, now in existing():
        np.testing.assert_array_equal(vote(now).arises, (now.request > 0) | (before.blocked_stock > 0))


def test_a_block_lasts_until_its_government_changes_or_a_bargain_lifts_it() -> None:
    """State by state and run by run, as docs/ODD.md tells it."""
    blocked_without_objection = kept_blocks = 0
    for before, now in existing():
        topic = vote(now)
        for run in range(R):
            holders, anew = set(), False
            for place, iso in enumerate(sorted(now.members)):
                row = CODES.index(iso)
                keeps = before.holding[row, run] and not now.elected[row, run] and not now.lifted[run]
                kept_blocks += int(keeps)
                if keeps or topic.opposed[place, run]:
                    holders.add(row)
                if topic.opposed[place, run] and not keeps:
                    anew = True
            assert set(np.flatnonzero(now.holding[:, run]).tolist()) == holders
            assert topic.blocked[run] == (bool(holders) and topic.arises[run])
            assert topic.vetoed[run] == anew
            blocked_without_objection += int(topic.blocked[run] and not topic.opposed[:, run].any())
    assert kept_blocks > 0
    assert blocked_without_objection > 0


def test_contributions_of_members_sum_to_what_was_paid_by_gdp() -> None:
    for _, now in existing():
        gdp = np.array([[one.gdp_usd_bn if one.iso3 in now.members else 0.0] for one in SETTINGS.members])
        paid = now.paid_ukraine + now.paid_indo_pacific
        np.testing.assert_allclose(now.contributed, gdp / gdp.sum() * paid, atol=1e-9)
        np.testing.assert_allclose(now.contributed.sum(axis=0), paid, atol=1e-9)


def test_lethal_aid_is_paid_in_full_by_those_who_do_not_abstain() -> None:
    abstentions = 0
    for _, now in existing():
        rows = [row for row, one in enumerate(SETTINGS.members) if one.iso3 in now.members]
        abstained = vote(now).abstained
        abstentions += int(abstained.sum())
        assert (now.contributed_lethal[rows][abstained] == 0).all()
        np.testing.assert_allclose(now.contributed_lethal.sum(axis=0), LETHAL * now.paid_ukraine, atol=1e-9)
    assert abstentions > 0


# One payment by hand


def facility_with(headroom: float, request: float, blocked_stock: float, *, blocked: bool) -> PartnershipModel:
    """A model just before the payment of a quarter, the same in all runs."""
    model = met(model_of())
    facility = model.peace_facility
    facility.headroom, facility.request = np.full(R, headroom), np.full(R, request)
    facility.blocked_stock = np.full(R, blocked_stock)
    nobody: Mask = np.zeros((len(model.member_states.rows), R), dtype=bool)
    model.council.agenda = [
        replace(topic, blocked=np.full(R, blocked), abstained=nobody) if topic.name == "peace_facility" else topic
        for topic in model.council.agenda
    ]
    return model


def test_ukraine_goes_first_and_southeast_asia_gets_what_is_left() -> None:
    """600 of headroom: 560 and the stock of 100 go to Ukraine, 40 of the 50 wanted to Southeast Asia."""
    facility = facility_with(600, 560, 100, blocked=False).peace_facility
    facility.pay(np.full(R, 50.0), np.ones(R, dtype=bool))
    assert (facility.paid_ukraine == 660).all()
    assert (facility.paid_indo_pacific == 40).all()
    assert (facility.headroom == 0).all()
    assert (facility.blocked_stock == 0).all()


def test_a_blocked_request_stays_committed() -> None:
    """It joins the stock and leaves the headroom, so that nobody else can spend it."""
    facility = facility_with(600, 560, 100, blocked=True).peace_facility
    facility.pay(np.full(R, 50.0), np.ones(R, dtype=bool))
    assert (facility.paid_ukraine == 0).all()
    assert (facility.blocked_stock == 660).all()
    assert (facility.paid_indo_pacific == 40).all()
    assert (facility.headroom == 0).all()


def test_without_a_second_vote_southeast_asia_gets_nothing() -> None:
    facility = facility_with(600, 100, 0, blocked=False).peace_facility
    agreed = np.arange(R) % 2 == 0
    facility.pay(np.full(R, 25.0), agreed)
    np.testing.assert_array_equal(facility.paid_indo_pacific, np.where(agreed, 25.0, 0.0))
    np.testing.assert_array_equal(facility.headroom, np.where(agreed, 475.0, 500.0))


def test_an_abstainer_pays_its_share_and_none_of_the_lethal_aid() -> None:
    model = facility_with(1000, 1000, 0, blocked=False)
    states = model.member_states
    codes = [states.facts[row].iso3 for row in states.rows]
    abstained = np.zeros((len(codes), R), dtype=bool)
    abstained[codes.index("AUT")] = True
    model.council.agenda = [
        replace(one, abstained=abstained) if one.name == "peace_facility" else one for one in model.council.agenda
    ]
    model.peace_facility.pay(np.zeros(R), np.zeros(R, dtype=bool))
    austria, germany = (next(row for row in states.rows if states.facts[row].iso3 == iso) for iso in ("AUT", "DEU"))
    gdp = {row: states.facts[row].gdp_usd_bn for row in states.rows}
    everyone = sum(gdp.values())
    lethal, paid = model.peace_facility.contributed_lethal, model.peace_facility.contributed
    assert paid[austria] == pytest.approx(1000 * gdp[austria] / everyone)
    assert (lethal[austria] == 0).all()
    assert lethal[germany] == pytest.approx(600 * gdp[germany] / (everyone - gdp[austria]))


def test_funding_is_the_share_of_a_full_programme_that_is_paid() -> None:
    facility = met(model_of()).peace_facility
    facility.paid_indo_pacific = np.linspace(0, 60, R)
    np.testing.assert_allclose(facility.funding(), [0, 1 / 3, 2 / 3, 1, 1, 1, 1])


def test_money_for_southeast_asia_is_paid_in_some_runs_of_the_strategy() -> None:
    """And then it is within what was left, and within what full depth and the strategy ask for."""
    model = model_of("outlook", "indo_pacific_strategy", runs=R)
    p = model.parameters
    paid = np.zeros(R)
    for _ in walk(model, 58):
        most = p.money.south_east_asia + p.levers.indo_pacific_strength * p.levers.indo_pacific_money
        assert (model.peace_facility.paid_indo_pacific <= most + 1e-9).all()
        paid = paid + model.peace_facility.paid_indo_pacific
    assert paid.max() > 0
