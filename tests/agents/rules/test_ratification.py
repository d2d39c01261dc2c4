"""From signature to entry into force."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from agents.rules import ratification as rules
from tests.agents.sample import TINY, Numbers, R, agree, by_run, first_values, given, numbers
from tests.twin import portable as twin

P = replace(first_values().ratification, scale=5.5, shape=1.2, diet=0.4, diet_minority=0.5)
"""Examples by hand hold whatever is estimated later from the panels."""


@given(numbers)
def test_the_hazard_of_a_quarter_equals_its_scalar_twin(n: Numbers) -> None:
    age, frailty, p = n.whole(1, 60, R), n.runs(0.3, 3), by_run(n.p.ratification)

    def hazard(run: int) -> float:
        def until(quarters: int) -> float:
            if quarters == 0:
                return 0.0
            return twin.exp(p[run].shape * twin.log(quarters / (p[run].scale * float(frailty[run]))))

        return until(int(age[run])) - until(int(age[run]) - 1)

    agree(rules.weibull_hazard(age, frailty, n.p.ratification), hazard, (R,))


@given(numbers)
def test_hazards_add_up_and_grow_with_age(n: Numbers) -> None:
    """Quarters add up to (n / scale) to the power of the shape, which is above 1: waiting makes it likelier."""
    frailty = n.runs(0.3, 3)
    hazards = [rules.weibull_hazard(np.full(R, age), frailty, P) for age in range(1, 21)]
    np.testing.assert_allclose(sum(hazards), (20 / (5.5 * frailty)) ** 1.2, rtol=1e-12)
    for earlier, later in pairwise(hazards):
        assert (later > earlier).all()


@given(numbers)
def test_a_slow_agreement_is_slow_everywhere(n: Numbers) -> None:
    age, frailty = n.whole(1, 60, R), n.runs(0.3, 3)
    hazard = rules.weibull_hazard(age, frailty, n.p.ratification)
    assert (hazard > 0).all()
    assert (rules.weibull_hazard(age, n.more(frailty, most=9), n.p.ratification) <= hazard + TINY).all()


def test_the_first_quarter_of_an_ordinary_agreement() -> None:
    """exp(1.2 log(1 / 5.5)); twice the frailty is half the speed."""
    found = rules.weibull_hazard(np.array([1, 2]), np.array([1.0, 2.0]), P)
    np.testing.assert_allclose(found, [(1 / 5.5) ** 1.2, (2 / 11) ** 1.2 - (1 / 11) ** 1.2])


@given(numbers)
def test_the_weight_of_a_member_equals_its_scalar_twin(n: Numbers) -> None:
    stance, chambers, p = n.members(-2, 2), 1 + np.rint(n.column()), by_run(n.p.ratification)

    def weight(member: int, run: int) -> float:
        effect = p[run].stance * float(stance[member, run])
        return twin.exp(effect + p[run].chambers * (float(chambers[member, 0]) - 1))

    agree(rules.member_weight(stance, chambers, n.p.ratification), weight)


def test_friends_ratify_sooner_and_two_chambers_later() -> None:
    found = rules.member_weight(np.array([0.0, 1.0, 0.0]), np.array([1.0, 1.0, 2.0]), P)
    np.testing.assert_allclose(found, [1.0, np.exp(0.1), np.exp(-0.1)])


@given(numbers)
def test_parliament_consents_up_to_what_it_accepts(n: Numbers) -> None:
    level, position, acceptance, p = n.runs(0, 2), n.runs(), n.one(1, 2), by_run(n.p.ratification)

    def consents(run: int) -> bool:
        return float(level[run]) <= p[run].parliament * (acceptance * float(position[run]))

    agree(rules.parliament_consents(level, position, acceptance, n.p.ratification), consents, (R,))
    lower = rules.parliament_consents(0.5 * level, position, acceptance, n.p.ratification)
    assert (lower >= rules.parliament_consents(level, position, acceptance, n.p.ratification)).all()


def test_the_bound_itself_is_accepted() -> None:
    found = rules.parliament_consents(np.array([0.75, 0.7501]), np.full(2, 0.5), 1.5, P)
    assert found.tolist() == [True, False]


@given(numbers)
def test_the_diet_equals_its_scalar_twin(n: Numbers) -> None:
    seats, p = n.runs(0.4, 0.6), by_run(n.p.ratification)

    def hazard(run: int) -> float:
        return p[run].diet if seats[run] > 0.5 else p[run].diet * p[run].diet_minority

    agree(rules.diet_hazard(seats, 0.5, n.p.ratification), hazard, (R,))


def test_a_minority_cabinet_waits_twice_as_long() -> None:
    assert rules.diet_hazard(np.array([0.5, 0.51]), 0.5, P).tolist() == pytest.approx([0.2, 0.4])
