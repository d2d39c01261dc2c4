"""The steps of what Japan may do: threat, the cabinet's wish, its coalition, a lawful act."""

import numpy as np
import pytest

from agents.rules import ladders as rules
from config import resolve
from tests.agents.sample import TINY, Numbers, R, agree, by_run, first_values, given, numbers, within
from tests.twin import portable as twin

P = first_values().japan
BY = resolve("outlook", "none").japan.thresholds
TWO_THIRDS = BY.two_thirds


@given(numbers)
def test_the_hazard_of_a_step_equals_its_scalar_twin(n: Numbers) -> None:
    base, partner, threat, stance, p = n.runs(), n.mask(R), n.runs(), n.runs(-1.5, 1.5), by_run(n.p.japan)

    def hazard(run: int) -> float:
        q = p[run]
        brake = q.brake if partner[run] else 1.0
        alarm = twin.logistic(q.threat_slope * (float(threat[run]) - q.threat_middle))
        return float(base[run]) * q.factor * brake * alarm * twin.exp(q.wish * float(stance[run]))

    agree(rules.step_hazard(base, partner, threat, stance, n.p.japan), hazard, (R,))


@given(numbers)
def test_threat_and_wish_hasten_a_step_and_a_partner_brakes_it(n: Numbers) -> None:
    threat, stance, free = n.runs(), n.runs(-1.5, 1.5), np.zeros(R, dtype=bool)
    hazard = rules.step_hazard(0.12, free, threat, stance, n.p.japan)
    assert (hazard > 0).all()
    assert (rules.step_hazard(0.12, free, n.more(threat), stance, n.p.japan) >= hazard - TINY).all()
    assert (rules.step_hazard(0.12, free, threat, n.more(stance, most=3), n.p.japan) >= hazard - TINY).all()
    np.testing.assert_allclose(rules.step_hazard(0.12, ~free, threat, stance, n.p.japan), 0.35 * hazard)


def test_a_step_at_the_middle_threat_has_half_its_base_hazard() -> None:
    hazard = rules.step_hazard(0.12, np.array([False, True]), np.full(2, 0.45), np.zeros(2), P)
    np.testing.assert_allclose(hazard, [0.06, 0.021])


@given(numbers)
def test_a_law_passes_by_both_houses_or_by_two_thirds_of_the_lower(n: Numbers) -> None:
    lower, upper = n.runs(0.4, 0.8), n.runs(0.4, 0.8)

    def passes(run: int) -> bool:
        if lower[run] >= TWO_THIRDS:
            return True
        return bool(lower[run] > 0.5 and upper[run] > 0.5)

    agree(rules.law_passes(lower, upper, BY), passes, (R,))


def test_half_of_a_house_is_no_majority_and_two_thirds_are_enough() -> None:
    lower = np.array([0.5, 0.501, 0.501, TWO_THIRDS, TWO_THIRDS - 1e-9])
    upper = np.array([0.9, 0.5, 0.501, 0.1, 0.1])
    assert rules.law_passes(lower, upper, BY).tolist() == [False, False, True, True, False]


@given(numbers)
def test_an_amendment_equals_its_scalar_twin(n: Numbers) -> None:
    lower, upper, support, u = n.runs(0.5, 0.8), n.runs(0.5, 0.8), n.runs(0.4, 0.6), n.luck(R)
    p = by_run(n.p.japan)

    def passes(run: int) -> bool:
        for house in (lower, upper):
            if float(house[run]) + p[run].amenders < TWO_THIRDS:
                return False
        return float(support[run]) + p[run].referendum_noise * twin.normal(float(u[run])) > 0.5

    agree(rules.amendment_passes(lower, upper, support, u, BY, n.p.japan), passes, (R,))


def test_an_amendment_needs_both_houses_and_the_voters() -> None:
    """Friends of amendment outside the coalition bring 0.08; half of the voters is no majority."""
    lower = np.array([0.70, 0.70, 0.50, 0.70])
    upper = np.array([0.60, 0.50, 0.70, 0.60])
    support = np.array([0.51, 0.51, 0.51, 0.50])
    found = rules.amendment_passes(lower, upper, support, np.full(4, 0.5), BY, P)
    assert found.tolist() == [True, False, False, False]


@given(numbers)
def test_support_follows_threat_less_what_a_lever_costs(n: Numbers) -> None:
    threat, cost = n.runs(), n.one(0, 0.6)
    target = rules.support_target(threat, cost, n.p.japan)
    assert within(target)
    assert (rules.support_target(n.more(threat), cost, n.p.japan) >= target - TINY).all()
    assert (target <= rules.support_target(threat, 0.0, n.p.japan)).all()
    agree(target, lambda run: min(1.0, max(0.0, 0.3 + 0.3 * threat[run] - cost)), (R,))


@given(numbers)
def test_public_support_equals_its_scalar_twin(n: Numbers) -> None:
    last, target, u, p = n.runs(), n.runs(), n.luck(R), by_run(n.p.japan)

    def support(run: int) -> float:
        before = float(last[run])
        moved = before + p[run].support_pace * (float(target[run]) - before)
        return min(1.0, max(0.0, moved + p[run].support_noise * twin.normal(float(u[run]))))

    found = rules.public_support(last, target, u, n.p.japan)
    agree(found, support, (R,))
    assert within(found)


def test_a_tenth_of_the_distance_in_opinion_closes_per_quarter() -> None:
    assert rules.public_support(np.array([0.3]), np.array([0.6]), np.array([0.5]), P)[0] == pytest.approx(0.33)
