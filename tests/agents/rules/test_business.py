"""Other business before the same Council: what is asked, who tolerates what, who is in favour of what.

Who abstains and who outvotes whom is for the Council: tests/agents/institutions/test_council.py.
"""

import numpy as np

from agents.rules import business as rules
from tests.agents.sample import M, Numbers, R, agree, by_run, first_values, given, numbers
from tests.twin import portable as twin

P = first_values().business
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
        return max(0.0, level + p[run].noise * twin.normal(float(u[member, run])))

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


def test_nobody_tolerates_less_than_nothing() -> None:
    found = rules.tolerated(np.array([-2.0, -2.2, -3.0]), SPOILER, 0.0, np.full(3, 0.5), P)
    np.testing.assert_allclose(found, [0.2, 0.0, 0.0], atol=1e-12)
    assert (found >= 0).all()


@given(numbers)
def test_what_a_state_favours_equals_its_scalar_twin(n: Numbers) -> None:
    tolerated, neutral, p = n.members(0, 1.2), n.mask(M, 1).astype(np.float64), by_run(n.p.business)

    def accepted(member: int, run: int) -> float:
        less = p[run].neutral_gap * float(neutral[member, 0])
        return max(0.0, float(tolerated[member, run]) - p[run].acceptance_gap - less)

    found = rules.accepted(tolerated, neutral, n.p.business)
    agree(found, accepted)
    assert (found <= tolerated).all(), "who is in favour does not oppose"
    assert (rules.accepted(n.more(tolerated, most=1.2), neutral, n.p.business) >= found).all()


def test_neutral_states_are_in_favour_of_less() -> None:
    """Tolerates 1.0, favours 0.8, or 0.4 if neutral; never less than nothing."""
    levels = np.array([1.0, 1.0, 0.5, 0.1])[:, np.newaxis]
    neutral = np.array([0.0, 1.0, 1.0, 0.0])[:, np.newaxis]
    np.testing.assert_allclose(rules.accepted(levels, neutral, P)[:, 0], [0.8, 0.4, 0.0, 0.0])
