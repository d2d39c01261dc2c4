"""Rates come from what was at risk and seen, and waiting times from rates agree with simulated ones."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, stats

from config.calendar import NEVER, quarter_index
from experiments.analysis.references import (
    RECENT,
    SHAPE,
    Spell,
    Target,
    at_risk,
    constant_hazard,
    gamma_rate,
    nothing_changes,
    recent_pace,
)
from experiments.analysis.scores import Observed, crps_cut, from_ensemble, log_score, smoothed

ORIGIN, HORIZON = quarter_index("2016Q1"), quarter_index("2026Q2")
BEGIN = quarter_index("2010Q1")
SURE = 1e12
"""So many runs that smoothing adds nothing that is even."""

happened, not_by = Observed.happened, Observed.not_by
SPELLS = [
    Spell("R2", BEGIN, happened(BEGIN + 12)),
    Spell("R2", BEGIN + 12.5, happened(BEGIN + 34)),
    Spell("R2", BEGIN, not_by(HORIZON)),
    Spell("R0", BEGIN, happened(BEGIN + 19)),
    Spell("R0", BEGIN, happened(BEGIN + 20, BEGIN + 23)),
    Spell("acsa", BEGIN + 20, happened(BEGIN + 40)),
    Spell("ladder", BEGIN, not_by(HORIZON)),
]


def totals(before: int) -> dict[str, tuple[float, int]]:
    """Quarters at risk and events of SPELLS by class."""
    found: dict[str, tuple[float, int]] = {}
    for spell in SPELLS:
        quarters, events = found.get(spell.kind, (0.0, 0))
        more, happens = at_risk(spell, 0, before)
        found[spell.kind] = (quarters + more, events + happens)
    return found


# What is counted


@pytest.mark.parametrize(
    ("spell", "window", "expected"),
    [
        (SPELLS[0], (0, NEVER), (12.5, 1)),
        (SPELLS[1], (0, NEVER), (22.0, 1)),
        (SPELLS[2], (0, NEVER), (66.0, 0)),
        (SPELLS[4], (0, NEVER), (22.0, 1)),
        (SPELLS[0], (0, BEGIN + 13), (12.5, 1)),
        (SPELLS[0], (0, BEGIN + 12), (12.0, 0)),
        (SPELLS[4], (0, BEGIN + 22), (20.0, 0)),
        (SPELLS[0], (BEGIN + 10, BEGIN + 30), (2.5, 1)),
        (SPELLS[0], (BEGIN + 20, BEGIN + 30), (0.0, 0)),
        (SPELLS[1], (0, BEGIN + 5), (0.0, 0)),
        (SPELLS[2], (BEGIN + 20, BEGIN + 30), (10.0, 0)),
        (Spell("R6", BEGIN + 3.5, happened(BEGIN + 3)), (0, NEVER), (0.0, 1)),
    ],
)
def test_quarters_at_risk_and_events_within_a_window(
    spell: Spell, window: tuple[int, int], expected: tuple[float, int]
):
    assert at_risk(spell, *window) == expected


def test_windows_that_follow_one_another_add_up():
    cuts = [BEGIN, BEGIN + 7, BEGIN + 21, BEGIN + 35, HORIZON + 1]
    for spell in (one for one in SPELLS if one.observed.censored or one.observed.first == one.observed.last):
        parts = [at_risk(spell, since, before) for since, before in pairwise(cuts)]
        assert tuple(np.sum(parts, axis=0)) == at_risk(spell, 0, NEVER)


def test_the_prior_has_the_rate_of_all_classes_and_the_weight_of_half_an_event():
    totals = {"R0": (40.0, 4), "R2": (60.0, 0)}
    for kind, quarters, events in (("R0", 40.0, 4), ("R2", 60.0, 0), ("unknown", 0.0, 0)):
        shape, rate = gamma_rate(totals, kind)
        assert shape == SHAPE + events
        assert rate == pytest.approx(quarters + SHAPE / 0.04)
    assert gamma_rate({"R0": (50.0, 0)}, "new") == pytest.approx((SHAPE, SHAPE / (0.5 / 50.0)))


def test_an_event_in_the_middle_of_its_quarter_gives_the_rate_that_the_quarter_itself_gives():
    """Maximum of the likelihood of whole quarters, against events by quarters at risk."""
    waits = np.floor(np.random.default_rng(1).exponential(8.0, 200)).astype(int)
    spells = [Spell("R0", BEGIN, happened(BEGIN + int(wait))) for wait in waits]
    quarters, events = np.sum([at_risk(spell, 0, NEVER) for spell in spells], axis=0)
    exact = -np.log1p(-len(waits) / (waits + 1).sum())
    assert events / quarters == pytest.approx(exact, rel=2e-3)


# Waiting times


def test_one_stage_waits_by_the_law_of_lomax():
    shape, rate = gamma_rate({"R0": (40.0, 4), "R2": (60.0, 1)}, "R0")
    spells = [Spell("R0", BEGIN, not_by(BEGIN + 19))] + [Spell("R0", BEGIN, happened(BEGIN + 4))] * 4
    spells += [Spell("R0", BEGIN, not_by(BEGIN + 1)), Spell("R2", BEGIN, happened(BEGIN + 59))]
    spells += [Spell("R2", BEGIN + 59.5, not_by(BEGIN + 59))]
    times = np.arange(1, HORIZON - ORIGIN + 2)
    law = stats.lomax(shape, scale=rate).cdf(times)
    exact = smoothed(ORIGIN, np.append(np.diff(law, prepend=0.0), 1 - law[-1]), SURE)
    forecast = constant_hazard(spells, Target(("R0",)), ORIGIN, HORIZON, SURE)
    np.testing.assert_allclose(forecast.pmf, exact.pmf, atol=1e-9)


CHAINS = [("R2",), ("R2", "R2"), ("R2", "R0"), ("acsa", "R2", "R0"), ("acsa", "R0", "R0", "ladder"), ("new", "R2")]


@pytest.mark.parametrize("stages", CHAINS)
@pytest.mark.parametrize("strict", [False, True])
def test_stages_one_after_another_wait_as_simulated_ones(stages: tuple[str, ...], strict: bool):
    """Rates drawn once per class and run, waits in continuous time; 200,000 runs."""
    chance, runs = np.random.default_rng(6), 200_000
    posterior = {kind: gamma_rate(totals(ORIGIN if strict else NEVER), kind) for kind in stages}
    rates = {kind: chance.gamma(shape, 1 / rate, runs) for kind, (shape, rate) in posterior.items()}
    waits = sum(chance.exponential(1.0, runs) / rates[kind] for kind in stages)
    times = np.minimum(ORIGIN + np.floor(waits), NEVER).astype(np.int64)
    forecast = constant_hazard(SPELLS, Target(stages), ORIGIN, HORIZON, runs, strict)
    np.testing.assert_allclose(forecast.cdf, from_ensemble(times, ORIGIN, HORIZON).cdf, atol=0.004)


def test_two_stages_agree_with_quadrature():
    """P(first + second ≤ t) as the integral of one Lomax law's density by the other's distribution."""
    known = totals(NEVER)
    posterior = [gamma_rate(known, kind) for kind in ("R2", "R0")]
    first, second = (stats.lomax(shape, scale=rate) for shape, rate in posterior)
    times = np.arange(1, HORIZON - ORIGIN + 2)
    exact = [integrate.quad(lambda s, t=t: first.pdf(s) * second.cdf(t - s), 0, t)[0] for t in times]
    whole = smoothed(ORIGIN, np.append(np.diff(exact, prepend=0.0), 1 - exact[-1]), SURE)
    forecast = constant_hazard(SPELLS, Target(("R2", "R0")), ORIGIN, HORIZON, SURE)
    np.testing.assert_allclose(forecast.cdf, whole.cdf, atol=1e-5)


@given(stages=st.lists(st.sampled_from(["R2", "R0", "acsa", "ladder", "new"]), min_size=1, max_size=4))
def test_a_further_stage_makes_it_later_and_their_order_makes_no_difference(stages: list[str]):
    whole, backwards, shorter = (
        constant_hazard(SPELLS, Target(tuple(chain)), ORIGIN, HORIZON, SURE)
        for chain in (stages, stages[::-1], stages[:-1] or stages)
    )
    assert whole.pmf.sum() == pytest.approx(1.0)
    np.testing.assert_array_equal(whole.pmf, backwards.pmf)
    assert (whole.cdf <= shorter.cdf + 1e-9).all()


def test_nothing_happens_before_the_rules_allow_it():
    opens = ORIGIN + 20
    late = constant_hazard(SPELLS, Target(("R0",), opens), ORIGIN, HORIZON, SURE)
    now = constant_hazard(SPELLS, Target(("R0",)), opens, HORIZON, SURE)
    assert late.cdf[17] == pytest.approx(0, abs=1e-9)
    assert late.later == pytest.approx(now.later)
    never = constant_hazard(SPELLS, Target(("R0",), NEVER), ORIGIN, HORIZON, 99)
    np.testing.assert_array_equal(never.pmf, nothing_changes(ORIGIN, HORIZON, 99).pmf)


# What each reference may know


@given(what_came=st.integers(ORIGIN, HORIZON), second=st.booleans())
def test_the_strict_variant_does_not_know_what_came_after_the_origin(what_came: int, second: bool):
    future = not_by(HORIZON) if second else happened(what_came)
    seen = [*SPELLS[:1], Spell("R2", BEGIN + 12.5, future)]
    unknown = [*SPELLS[:1], Spell("R2", BEGIN + 12.5, not_by(HORIZON))]
    target = Target(("R2",))
    strict, other = (constant_hazard(spells, target, ORIGIN, HORIZON, 500, strict=True) for spells in (seen, unknown))
    np.testing.assert_array_equal(strict.pmf, other.pmf)
    whole = constant_hazard(seen, target, ORIGIN, HORIZON, 500)
    assert (whole.later == constant_hazard(unknown, target, ORIGIN, HORIZON, 500).later) == second


def test_the_recent_pace_is_events_by_quarters_of_the_last_five_years():
    inside = [Spell("R0", ORIGIN - 30, happened(ORIGIN - 11)), Spell("R0", ORIGIN - 5, not_by(HORIZON))]
    outside = [Spell("R0", ORIGIN - 40, happened(ORIGIN - RECENT - 1)), Spell("R0", ORIGIN - 9, happened(ORIGIN))]
    idle = [Spell("R2", ORIGIN - 40, not_by(HORIZON))]
    spells = [*inside, *outside, *idle]
    hazards = {"R0": 1 / (9.5 + 5 + 9), "R2": 1 / (9.5 + 5 + 9 + RECENT), "new": 1 / (9.5 + 5 + 9 + RECENT)}
    for kind, hazard in hazards.items():
        forecast = recent_pace(spells, Target((kind,)), ORIGIN, HORIZON, SURE)
        assert forecast.later == pytest.approx(np.exp(-hazard * (HORIZON - ORIGIN + 1)))
    twice = recent_pace(spells, Target(("R0", "R0")), ORIGIN, HORIZON, SURE)
    law = stats.gamma(2, scale=1 / hazards["R0"])
    assert twice.later == pytest.approx(law.sf(HORIZON - ORIGIN + 1))
    both = recent_pace(spells, Target(("R0", "R2")), ORIGIN, HORIZON, SURE)
    a, b, t = hazards["R0"], hazards["R2"], HORIZON - ORIGIN + 1
    assert both.later == pytest.approx((a * np.exp(-b * t) - b * np.exp(-a * t)) / (a - b), abs=1e-5)


def test_five_years_without_an_event_go_on_without_one():
    quiet = [Spell("R0", ORIGIN - 40, not_by(HORIZON))]
    still = recent_pace(quiet, Target(("R0",)), ORIGIN, HORIZON, 200)
    np.testing.assert_allclose(still.pmf, nothing_changes(ORIGIN, HORIZON, 200).pmf)


def test_a_reference_without_anything_at_risk_says_so():
    for made in (
        lambda: recent_pace(SPELLS, Target(("R0",)), BEGIN, HORIZON, 10),
        lambda: constant_hazard(SPELLS, Target(("R0",)), BEGIN, HORIZON, 10, strict=True),
        lambda: constant_hazard([], Target(("R0",)), ORIGIN, HORIZON, 10),
    ):
        with pytest.raises(ValueError, match="nothing was at risk"):
            made()


# Beside an ensemble


def test_nothing_changes_equals_an_ensemble_in_which_nothing_happens():
    empty = from_ensemble([NEVER] * 300, ORIGIN, HORIZON)
    np.testing.assert_array_equal(nothing_changes(ORIGIN, HORIZON, 300).pmf, empty.pmf)
    event = happened(ORIGIN + 3)
    assert log_score(empty, event) == pytest.approx(-np.log(301 * (HORIZON - ORIGIN + 2)))
    assert crps_cut(empty, event) == pytest.approx((HORIZON - ORIGIN + 1 - 3) / 4, rel=0.01)


def test_all_references_have_the_form_of_an_ensembles_forecast():
    target = Target(("R2", "R0"))
    for forecast in (
        constant_hazard(SPELLS, target, ORIGIN, HORIZON, 50),
        constant_hazard(SPELLS, target, ORIGIN, HORIZON, 50, strict=True),
        recent_pace(SPELLS, target, ORIGIN, HORIZON, 50),
        nothing_changes(ORIGIN, HORIZON, 50),
    ):
        assert (forecast.origin, forecast.horizon) == (ORIGIN, HORIZON)
        assert forecast.pmf.min() >= 1 / 51 / (HORIZON - ORIGIN + 2) * (1 - 1e-9)
