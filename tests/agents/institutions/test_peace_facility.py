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
BEGINS, ENDS = quarter_index("2021Q2"), quarter_index("2027Q4")
OPT_OUT_ENDS = quarter_index("2022Q3")
DENMARK = CODES.index("DNK")


def existing() -> list[tuple[Seen, Seen]]:
    """The quarters of the Facility, each with the one before."""
    return [(before, now) for before, now in pairwise(hindcast()) if now.quarter >= BEGINS]


def vote(one: Seen) -> Topic:
    return next(topic for topic in one.agenda if topic.name == "peace_facility")


def voters(one: Seen) -> list[int]:
    """Rows of the members, without Denmark until its opt-out from defence policy ended in July 2022."""
    return [row for row, iso in enumerate(CODES)
            if iso in one.members and (iso != "DNK" or one.quarter >= OPT_OUT_ENDS)]  # fmt: skip


def granted(model: PartnershipModel, until: int) -> list[float]:
    """Envelopes from the first quarter of the Facility to another."""
    found = []
    for quarter in range(BEGINS, until + 1):
        model.quarter = quarter
        found.append(model.peace_facility.envelope())
    return found


def test_before_its_first_ceiling_the_facility_has_nothing_and_pays_nothing() -> None:
    for now in hindcast():
        if now.quarter < BEGINS:
            assert now.envelope == 0
            for money in (now.headroom, now.request, now.blocked_stock, now.paid_ukraine, now.contributed):
                assert (money == 0).all()


FIRST = 5692 / 27
"""Of the 27 quarters to the end of 2027, seven pass at the first ceiling, one at the second, three at the third."""
SECOND = (7979 - 7 * FIRST) / 20
THIRD = (12040 - 7 * FIRST - SECOND) / 19
FOURTH = (17040 - 7 * FIRST - SECOND - 3 * THIRD) / 16


@pytest.mark.parametrize(
    ("quarter", "eur_m"),
    [("2021Q1", 0.0), ("2021Q2", FIRST), ("2022Q4", FIRST), ("2023Q1", SECOND), ("2023Q2", THIRD), ("2023Q4", THIRD),
     ("2024Q1", FOURTH), ("2027Q4", FOURTH), ("2028Q1", 2434.285714 / 4)],
)  # fmt: skip
def test_the_envelope_of_a_quarter_is_what_is_left_of_the_ceiling_over_the_quarters_left(
    quarter: str, eur_m: float
) -> None:
    model = model_of(runs=1)
    model.quarter = quarter_index(quarter)
    assert model.peace_facility.envelope() == pytest.approx(eur_m, rel=1e-12)


def test_the_whole_of_the_last_ceiling_is_granted_by_the_end_of_2027_and_never_more_than_the_one_in_force() -> None:
    found = granted(model_of(runs=1), ENDS)
    assert len(found) == 27
    assert sum(found) == pytest.approx(17040, rel=1e-12)
    ceilings = [5692] * 7 + [7979] + [12040] * 3 + [17040] * 16
    for so_far, ceiling in zip(np.cumsum(found), ceilings, strict=True):
        assert so_far <= ceiling + 1e-9
    assert min(found) > 0


def test_between_the_end_of_the_period_and_the_successor_nothing_is_granted() -> None:
    """Were the period to end half a year earlier, all would be granted by then."""
    model = model_of(runs=1)
    union = model.settings.union
    earlier = union.model_copy(update={"peace_facility": union.peace_facility.model_copy(update={"until": ENDS - 2})})
    model.settings = model.settings.model_copy(update={"union": earlier})
    found = granted(model, ENDS + 1)
    assert sum(found[:-3]) == pytest.approx(17040, rel=1e-12)
    assert found[-3:] == [0.0, 0.0, 2434.285714 / 4]


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


def a_third_abstains(now: Seen, run: int) -> bool:
    """Declared abstentions of a third of the voters with a third of their persons, Art. 31(1) TEU."""
    persons = [SETTINGS.members[row].population for row in voters(now)]
    silent = [persons[place] for place in np.flatnonzero(vote(now).abstained[:, run])]
    return 3 * len(silent) >= len(persons) and 3 * sum(silent) >= sum(persons)


def test_who_votes_is_who_takes_part_in_defence_policy() -> None:
    for _, now in existing():
        assert vote(now).rows.tolist() == voters(now)
        assert vote(now).opposed.shape == vote(now).abstained.shape == (len(voters(now)), R)


def test_a_block_lasts_until_its_government_changes_or_a_bargain_lifts_it() -> None:
    """State by state and run by run, as docs/ODD.md tells it."""
    blocked_without_objection = kept_blocks = 0
    for before, now in existing():
        topic = vote(now)
        for run in range(R):
            holders, anew = set(), False
            for place, row in enumerate(voters(now)):
                keeps = before.holding[row, run] and not now.elected[row, run] and not now.lifted[run]
                kept_blocks += int(keeps)
                if keeps or topic.opposed[place, run]:
                    holders.add(row)
                if topic.opposed[place, run] and not keeps:
                    anew = True
            assert set(np.flatnonzero(now.holding[:, run]).tolist()) == holders
            stopped = bool(holders) or a_third_abstains(now, run)
            assert topic.blocked[run] == (stopped and topic.arises[run])
            assert topic.vetoed[run] == anew
            blocked_without_objection += int(topic.blocked[run] and not topic.opposed[:, run].any())
    assert kept_blocks > 0
    assert blocked_without_objection > 0


def test_contributions_of_voters_sum_to_what_was_paid_by_gdp() -> None:
    for _, now in existing():
        pays = voters(now)
        gdp = np.array([[one.gdp_usd_bn if row in pays else 0.0] for row, one in enumerate(SETTINGS.members)])
        paid = now.paid_ukraine + now.paid_indo_pacific
        np.testing.assert_allclose(now.contributed, gdp / gdp.sum() * paid, atol=1e-9)
        np.testing.assert_allclose(now.contributed.sum(axis=0), paid, atol=1e-9)


def test_denmark_contributes_only_since_its_opt_out_ended() -> None:
    later = 0.0
    for _, now in existing():
        danish = now.contributed[DENMARK], now.contributed_lethal[DENMARK]
        if now.quarter < OPT_OUT_ENDS:
            assert not any(part.any() for part in danish)
        later += float(danish[0].sum() * danish[1].sum())
    assert sum(now.paid_ukraine.sum() for _, now in existing() if now.quarter < OPT_OUT_ENDS) > 0
    assert later > 0


def test_lethal_aid_is_paid_in_full_by_those_who_do_not_abstain() -> None:
    abstentions = 0
    for _, now in existing():
        rows, abstained = voters(now), vote(now).abstained
        abstentions += int(abstained.sum())
        lethal = LETHAL * now.paid_ukraine
        bears = np.array([[SETTINGS.members[row].gdp_usd_bn] for row in rows]) * ~abstained
        np.testing.assert_allclose(now.contributed_lethal[rows], bears / bears.sum(axis=0) * lethal, atol=1e-9)
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
    nobody: Mask = np.zeros((len(model.council.on_defence.rows), R), dtype=bool)
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
