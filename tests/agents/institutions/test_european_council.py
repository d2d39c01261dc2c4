"""Guidelines after shocks, majority voting only if everybody agrees, terms that bring new ambitions."""

from itertools import pairwise

import numpy as np
import pytest

from agents.institutions.european_council import EuropeanCouncil
from config import quarter_index
from simulation.model import PartnershipModel
from tests.agents.sample import R
from tests.agents.walks import hindcast, met, model_of, walk

EAGER = {"governments.guideline_chance": 1.0, "governments.passerelle_chance": 1.0}
LASTS = 8
IN_FAVOUR = 0.0


def in_session(policy: str = "none", **overrides: object) -> PartnershipModel:
    """After one quarter, all governments ordinary, nothing agreed yet."""
    model = met(model_of(policy=policy, overrides={**EAGER, **overrides}))
    model.member_states.stance = np.full_like(model.member_states.stance, IN_FAVOUR)
    model.european_council.guideline_left = np.zeros(R, dtype=np.int64)
    model.european_council.passerelle = np.zeros(R, dtype=bool)
    return model


def with_stance(model: PartnershipModel, iso: str, stance: float) -> EuropeanCouncil:
    row = next(row for row, one in enumerate(model.member_states.facts) if one.iso3 == iso)
    model.member_states.stance[row, 3] = stance
    return model.european_council


ALL = [True] * R
NOT_IN_RUN_3 = [run != 3 for run in range(R)]


@pytest.mark.parametrize(("iso", "stance", "adopted"), [
    ("MLT", IN_FAVOUR, ALL), ("MLT", -1.8, ALL), ("MLT", -1.81, NOT_IN_RUN_3), ("GBR", -5.0, ALL),
])  # fmt: skip
def test_a_guideline_follows_a_shock_unless_a_member_holds_it_up(iso: str, stance: float, adopted: list[bool]) -> None:
    model = in_session()
    model.pressures.shock = np.ones(R, dtype=bool)
    council = with_stance(model, iso, stance)
    council.meet()
    assert council.in_force.tolist() == adopted
    assert council.guideline_left.tolist() == [LASTS * one for one in adopted]


def test_without_a_shock_there_is_no_guideline() -> None:
    model = in_session()
    model.pressures.shock = np.zeros(R, dtype=bool)
    model.european_council.meet()
    assert not model.european_council.in_force.any()


def test_a_guideline_counts_down_its_quarters_between_shocks() -> None:
    """With an eager European Council, in a scenario with a crisis of its own in 2028."""
    model = model_of("taiwan_crisis", overrides={**EAGER, "governments.guideline_reserve": -9.0})
    left, shocks = np.zeros(R, dtype=np.int64), 0
    for _ in walk(model, 24):
        left = np.where(model.pressures.shock, LASTS, np.maximum(0, left - 1))
        shocks += int(model.pressures.shock.sum())
        np.testing.assert_array_equal(model.european_council.guideline_left, left)
        np.testing.assert_array_equal(model.european_council.in_force, left > 0)
    assert shocks >= R


def test_on_the_record_guidelines_begin_with_shocks_on_which_nobody_stands_aside() -> None:
    begun = 0
    for before, now in pairwise(hindcast()):
        new = now.guideline_left > np.maximum(0, before.guideline_left - 1)
        begun += int(new.sum())
        assert (now.shock & now.consensus)[new].all()
        assert (now.guideline_left[new] == LASTS).all()
    assert begun > 0


@pytest.mark.parametrize(("iso", "stance", "agreed"), [
    ("MLT", IN_FAVOUR, ALL),
    ("HUN", -0.4, ALL), ("HUN", -0.41, NOT_IN_RUN_3),       # sceptic
    ("AUT", -1.2, ALL), ("AUT", -1.21, NOT_IN_RUN_3),       # open
    ("DEU", -2.0, ALL), ("DEU", -2.01, NOT_IN_RUN_3),       # friend
    ("GBR", -9.0, ALL),                                     # no member
])  # fmt: skip
def test_the_passerelle_needs_everybody_each_by_its_own_reserve(iso: str, stance: float, agreed: list[bool]) -> None:
    model = in_session("qmv", **{"levers.qmv_from": "start"})
    council = with_stance(model, iso, stance)
    council.meet()
    assert council.passerelle.tolist() == agreed


def test_what_was_agreed_unanimously_stays_when_governments_change() -> None:
    model = in_session("qmv", **{"levers.qmv_from": "start"})
    model.european_council.meet()
    with_stance(model, "HUN", -5.0).meet()
    assert model.european_council.passerelle.all()


def test_nobody_agrees_to_majority_voting_before_it_is_asked_for() -> None:
    model = in_session()
    model.european_council.meet()
    assert not model.european_council.passerelle.any()


def test_the_high_representative_brings_a_new_ambition_in_the_first_quarter_of_a_term_only() -> None:
    changed = {now.quarter for before, now in pairwise(hindcast()) if (before.ambition != now.ambition).any()}
    assert changed == {quarter_index(quarter) for quarter in ("2014Q4", "2019Q4", "2024Q4")}


def test_bodies_of_the_union_want_what_members_want_on_average_and_somewhat_more() -> None:
    model = met(model_of())
    states = model.member_states
    persons = np.array([[states.facts[row].population] for row in states.rows])
    mean = (persons * states.position[states.rows]).sum(axis=0) / persons.sum()
    for body, more in ((model.high_representative, 0.1), (model.commission, 0.1), (model.european_parliament, 0.15)):
        np.testing.assert_allclose(body.position, np.clip(mean + more + body.ambition, 0, 1))


def test_slots_of_the_high_representative_shrink_by_what_levers_take() -> None:
    assert (met(model_of()).high_representative.slots() == 6).all()
    for policy, left in (("dialogue", 4), ("framework", 4), ("dialogue+framework", 2), ("qmv", 5)):
        levers = {f"levers.{name}_from": "start" for name in policy.split("+")}
        model = met(model_of(policy=policy, overrides={**levers, "governments.passerelle_chance": 0.0}))
        assert (model.high_representative.slots() == left).all(), policy
        assert (model.commission.slots() == 4).all()


def test_once_majority_voting_is_agreed_its_slot_is_free_again() -> None:
    model = in_session("qmv", **{"levers.qmv_from": "start"})
    assert (model.high_representative.slots() == 5).all()
    model.european_council.meet()
    assert (model.high_representative.slots() == 6).all()
