"""Ties of single states and the United Kingdom, and rival frameworks."""

import numpy as np
import pytest

from agents.rules import tracks as rules
from agents.rules.types import Floats
from config.families import Tracks
from tests.agents.sample import TINY, Numbers, R, agree, by_run, first_values, given, numbers, within
from tests.twin import portable as twin

P = first_values().tracks
PARTNERS, RUNGS = 7, 5
EACH = (RUNGS, PARTNERS, R)


@given(numbers)
def test_the_hazard_of_a_rung_equals_its_scalar_twin(n: Numbers) -> None:
    capacity, position, japan = n.table((PARTNERS, 1)), n.table((PARTNERS, R)), n.runs()
    soft, steps, p = n.table(EACH), n.table((RUNGS, 1, R)), by_run(n.p.tracks)

    def hazard(rung: int, partner: int, run: int) -> float:
        wanted = p[run].opening * float(capacity[partner, 0]) * float(position[partner, run]) * float(japan[run])
        return wanted * float(soft[rung, partner, run]) * float(steps[rung, 0, run])

    agree(rules.rung_hazard(capacity, position, japan, soft, steps, n.p.tracks), hazard, EACH)


@given(numbers)
def test_without_means_or_wish_no_rung_is_climbed(n: Numbers) -> None:
    some, position, japan = n.table((PARTNERS, 1)), n.table((PARTNERS, R)), n.runs()
    one = np.ones(EACH)
    hazard = rules.rung_hazard(some, position, japan, one, one, P)
    assert (hazard >= 0).all()
    assert (rules.rung_hazard(n.more(some), position, japan, one, one, P) >= hazard).all()
    assert (rules.rung_hazard(some, 0 * position, japan, one, one, P) == 0).all()
    assert (rules.rung_hazard(some, position, 0 * japan, one, one, P) == 0).all()


@given(numbers)
def test_two_sides_agree_on_what_the_less_willing_accepts(n: Numbers) -> None:
    state, japan, ambition = n.table((PARTNERS, R), 0, 2), n.runs(0, 2), n.table((PARTNERS, 1), 0.2, 1)

    def agreed(partner: int, run: int) -> float:
        whole = float(ambition[partner, 0])
        return min(1.0, float(state[partner, run]) / whole, float(japan[run]) / whole)

    found = rules.agreed_bilaterally(state, japan, ambition)
    agree(found, agreed, (PARTNERS, R))
    assert within(found)


@given(numbers)
def test_what_is_done_on_a_rung_equals_its_scalar_twin(n: Numbers) -> None:
    agreed, part, japan, activity = n.table(EACH), n.table(EACH), n.runs(), n.table((PARTNERS, R))
    done, p = agreed * part, by_run(n.p.tracks)

    def after(rung: int, partner: int, run: int) -> float:
        before, most = float(done[rung, partner, run]), float(agreed[rung, partner, run])
        grown = before + p[run].rate * (0.5 + 0.5 * float(japan[run])) * (most - before)
        return grown - p[run].fade * before * (1 - float(activity[partner, run]))

    found = rules.rung_carried_out(done, agreed, japan, activity, n.p.tracks)
    agree(found, after, EACH)
    assert ((found >= 0) & (found <= agreed + TINY)).all()


def test_a_new_rung_is_carried_out_faster_where_japan_spends() -> None:
    """0.06 of the gap with full spending, half of it with none; idle ties lose a fiftieth."""
    found = [
        rules.rung_carried_out(np.array([0.5]), np.ones(1), np.array([japan]), np.array([activity]), P)[0]
        for japan, activity in ((1.0, 1.0), (0.0, 1.0), (1.0, 0.0))
    ]
    assert found == pytest.approx([0.53, 0.515, 0.52])


@given(numbers)
def test_the_depth_that_rivals_are_drawn_to_equals_its_scalar_twins(n: Numbers) -> None:
    china, russia, us, threat, link, p = n.runs(), n.runs(), n.runs(), n.runs(), n.runs(), by_run(n.p.tracks)

    def quad(run: int) -> float:
        return (p[run].quad + p[run].quad_china * float(china[run])) * (1 - p[run].quad_us * float(us[run]))

    def nato(run: int) -> float:
        drawn = p[run].nato_depth + p[run].nato_russia * float(link[run]) * float(russia[run])
        return drawn * (1 - p[run].nato_us * float(us[run]))

    agree(rules.quad_target(china, us, n.p.tracks), quad, (R,))
    agree(rules.nato_target(russia, us, link, n.p.tracks), nato, (R,))
    agree(rules.australia_target(threat, n.p.tracks),
          lambda run: p[run].australia + p[run].australia_threat * float(threat[run]), (R,))  # fmt: skip


@given(numbers)
def test_threat_deepens_rivals_and_american_retrenchment_hollows_them(n: Numbers) -> None:
    threat, us = n.runs(), n.runs()

    def nato(threat: Floats, us: Floats, p: Tracks) -> Floats:
        return rules.nato_target(threat, us, 0.6, p)

    for target in (rules.quad_target, nato):
        assert within(target(threat, us, P))
        assert (target(n.more(threat), us, P) >= target(threat, us, P)).all()
        assert (target(threat, n.more(us), P) <= target(threat, us, P)).all()
    assert (rules.australia_target(n.more(threat), P) >= rules.australia_target(threat, P)).all()


def test_the_quad_under_full_pressure_with_and_without_the_united_states() -> None:
    np.testing.assert_allclose(rules.quad_target(np.ones(2), np.array([0.0, 1.0]), P), [0.8, 0.4])


@given(numbers)
def test_the_depth_of_a_rival_equals_its_scalar_twin(n: Numbers) -> None:
    last, target, u, p = n.table((3, R)), n.table((3, R)), n.luck(3, R), by_run(n.p.tracks)

    def depth(rival: int, run: int) -> float:
        before = float(last[rival, run])
        moved = before + p[run].pace * (float(target[rival, run]) - before)
        return min(1.0, max(0.0, moved + p[run].noise * twin.normal(float(u[rival, run]))))

    found = rules.framework_depth(last, target, u, n.p.tracks)
    agree(found, depth, (3, R))
    assert within(found)


def test_a_twentieth_of_the_distance_closes_per_quarter() -> None:
    assert rules.framework_depth(np.array([0.2]), np.array([0.6]), np.array([0.5]), P)[0] == pytest.approx(0.22)
