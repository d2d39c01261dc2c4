"""Other business before the same Council: who tolerates what, who abstains, who outvotes whom."""

from fractions import Fraction

import numpy as np
import pytest

from agents.rules import business as rules
from config import quarter_index, resolve
from tests.agents.sample import M, Numbers, R, agree, by_run, first_values, given, numbers
from tests.twin import portable as twin

P = first_values().business
LISBON = resolve("outlook", "none").union.rule_at(quarter_index("2026Q3"))
SPOILER = -1.0


@given(numbers)
def test_demand_equals_its_scalar_twin_and_lies_within_its_ends(n: Numbers) -> None:
    u, p = n.luck(R), by_run(n.p.business)
    found = rules.demand(u, n.p.business)
    agree(found, lambda run: p[run].demand_low + (p[run].demand_high - p[run].demand_low) * u[run], (R,))
    assert ((found > 0.3) & (found < 1.0)).all()


@given(numbers)
def test_what_a_state_tolerates_equals_its_scalar_twin(n: Numbers) -> None:
    stance, tie, u, p = n.members(-3, 2), n.members(-0.1, 0.1), n.luck(M, R), by_run(n.p.business)

    def tolerated(member: int, run: int) -> float:
        beyond = float(stance[member, run]) - SPOILER
        below = beyond if beyond < 0 else 0.0
        level = p[run].tolerance + p[run].stance_weight * below + float(tie[member, run])
        return level + p[run].noise * twin.normal(float(u[member, run]))

    agree(rules.tolerated(stance, SPOILER, tie, u, n.p.business), tolerated)


@given(numbers)
def test_only_spoilers_tolerate_less_than_usual(n: Numbers) -> None:
    stance, middle = n.members(-3, 2), np.full((M, R), 0.5)
    found = rules.tolerated(stance, SPOILER, 0.0, middle, P)
    np.testing.assert_array_equal(found < 1.2, stance < SPOILER)
    assert (rules.tolerated(n.more(stance, most=3), SPOILER, 0.0, middle, P) >= found).all()


def test_a_government_half_a_point_beyond_the_spoilers_tolerates_half_a_level_less() -> None:
    found = rules.tolerated(np.array([0.0, -1.0, -1.5]), SPOILER, np.array([0.0, 0.1, 0.1]), np.full(3, 0.5), P)
    np.testing.assert_allclose(found, [1.2, 1.3, 0.8])


@given(numbers)
def test_declared_abstentions_equal_their_scalar_twin(n: Numbers) -> None:
    asked, tolerated, declared, p = n.runs(), n.members(0, 1.2), n.one(), by_run(n.p.business)

    def abstains(member: int, run: int) -> bool:
        most = float(tolerated[member, run])
        quiet = (most - p[run].acceptance_gap) + declared * p[run].acceptance_gap
        return quiet < float(asked[run]) <= most

    found = rules.declares_abstention(asked, tolerated, declared, n.p.business)
    agree(found, abstains)
    assert not (found & (asked > tolerated)).any(), "who opposes does not abstain"


def test_between_quiet_and_no_lies_the_declared_abstention() -> None:
    """Tolerates 1.0, accepts 0.8, declares beyond 0.9."""
    found = rules.declares_abstention(np.array([0.8, 0.89, 0.95, 1.0, 1.01]), np.full(5, 1.0), 0.5, P)
    assert found.tolist() == [False, False, True, True, False]


@given(numbers)
def test_a_vote_under_a_passerelle_equals_its_scalar_twin(n: Numbers) -> None:
    asked, tolerated, persons, margin = n.runs(), n.members(0, 1.2), n.whole(1, 8, M), n.one(0, 0.3)
    gap = by_run(n.p.business)[0].acceptance_gap

    def blocked(run: int) -> bool:
        outside = persons_outside = 0
        for member in range(M):
            most = float(tolerated[member, run])
            if asked[run] > most + margin:
                return True
            if asked[run] > most - gap:
                outside += 1
                persons_outside += int(persons[member])
        if Fraction(M - outside, M) < Fraction(55, 100):
            return True
        enough = Fraction(int(persons.sum()) - persons_outside, int(persons.sum())) >= Fraction(65, 100)
        return not enough and outside >= 4

    agree(rules.majority_blocked(asked, tolerated, persons, LISBON, margin, n.p.business), blocked, (R,))


@given(numbers)
def test_a_majority_never_blocks_what_nobody_stands_outside(n: Numbers) -> None:
    asked, persons = n.runs(), n.whole(1, 8, M)
    assert not rules.majority_blocked(asked, np.full((M, R), 1.2), persons, LISBON, 0.0, P).any()


@pytest.mark.parametrize(("tolerates", "blocked"), [(0.65, False), (0.55, False), (0.45, True)])
def test_a_single_state_is_outvoted_until_it_pulls_the_brake(tolerates: float, blocked: bool) -> None:
    """Asked 0.6 with a margin of 0.1: from 0.5 down the brake is pulled."""
    levels = np.array([tolerates, 1.2, 1.2, 1.2, 1.2])[:, np.newaxis]
    found = rules.majority_blocked(np.array([0.6]), levels, np.ones(5, dtype=np.int64), LISBON, 0.1, P)
    assert found.tolist() == [blocked]


def test_two_large_states_of_five_are_outvoted_for_want_of_four() -> None:
    levels = np.array([0.55, 0.55, 1.2, 1.2, 1.2])[:, np.newaxis]
    persons = np.array([80, 80, 1, 1, 1])
    assert not rules.majority_blocked(np.array([0.6]), levels, persons, LISBON, 0.1, P).any()
    three = np.array([0.55, 0.55, 0.55, 1.2, 1.2])[:, np.newaxis]
    assert rules.majority_blocked(np.array([0.6]), three, persons, LISBON, 0.1, P).all()


@pytest.mark.parametrize(("outside", "blocked"), [(3, False), (4, True)])
def test_with_five_of_nine_members_in_favour_persons_decide_if_four_stand_outside(outside: int, blocked: bool) -> None:
    levels = np.array([0.55] * outside + [1.2] * (9 - outside))[:, np.newaxis]
    persons = np.array([80, 80, 80, 80, 1, 1, 1, 1, 1])
    assert rules.majority_blocked(np.array([0.6]), levels, persons, LISBON, 0.1, P).tolist() == [blocked]
