"""Japan: majorities of the record, ladders that only lead up, laws and amendments that need their Houses."""

from itertools import pairwise

import numpy as np
import pytest

from agents.japan import FORCE, SECRECY, TRANSFERS
from agents.portable import normal
from agents.rules.types import Floats
from config import quarter_index, quarter_name
from simulation.model import PartnershipModel
from tests.agents.sample import R
from tests.agents.walks import at, hindcast, met, model_of, walk

LOWER = {"2010Q1": 0.641667, "2012Q4": 0.677083, "2014Q4": 0.686316, "2017Q4": 0.673118, "2021Q4": 0.630108,
         "2024Q4": 0.462366, "2025Q4": 0.496774, "2026Q1": 0.756989}  # fmt: skip
UPPER = {"2010Q1": 0.51, "2010Q3": 0.438017, "2012Q4": 0.42562, "2013Q3": 0.557851, "2016Q3": 0.603306,
         "2019Q3": 0.57551, "2022Q3": 0.58871, "2025Q3": 0.491935, "2025Q4": 0.483871}  # fmt: skip


def latest(record: dict[str, float], quarter: int) -> float:
    return [share for begins, share in record.items() if quarter_index(begins) <= quarter][-1]


# The Diet


def test_the_hindcast_has_the_majorities_of_the_record_in_every_quarter_and_run() -> None:
    for now in hindcast():
        assert (now.lower == latest(LOWER, now.quarter)).all(), quarter_name(now.quarter)
        assert (now.upper == latest(UPPER, now.quarter)).all(), quarter_name(now.quarter)


@pytest.mark.parametrize(("quarter", "holds"), [
    ("2012Q3", True), ("2024Q3", True), ("2024Q4", False), ("2025Q4", False), ("2026Q1", True), ("2026Q2", True),
])  # fmt: skip
def test_only_the_cabinets_of_2024_and_2025_lack_a_majority_of_the_lower_house(quarter: str, holds: bool) -> None:
    assert (at(quarter).majority == holds).all()


def test_two_changes_of_coalition_on_record_bring_the_partner_in_and_let_it_go() -> None:
    partner = [(now.quarter, bool(now.partner.all()), bool(now.partner.any())) for now in hindcast()]
    joined, left = quarter_index("2012Q4"), quarter_index("2025Q4")
    for quarter, everywhere, anywhere in partner:
        assert everywhere == anywhere == (joined <= quarter < left)


def test_both_houses_change_with_the_coalition_of_2025() -> None:
    before, now = at("2025Q3"), at("2025Q4")
    assert (before.lower[0], before.upper[0]) == (0.462366, 0.491935)
    assert (now.lower[0], now.upper[0]) == (0.496774, 0.483871)


def test_quarters_since_the_election_begin_anew_with_each_election() -> None:
    assert (at("2010Q1").quarters_sat == 2).all()
    held = [quarter_index(quarter) for quarter in LOWER if quarter != "2010Q1"]
    for before, now in pairwise(hindcast()):
        assert (now.quarters_sat == (0 if now.quarter in held else before.quarters_sat + 1)).all()


def test_a_new_cabinet_forms_with_the_lower_house_and_once_a_quarter() -> None:
    held = {quarter_index(quarter) for quarter in LOWER if quarter != "2010Q1"}
    for before, now in pairwise(hindcast()):
        assert ((before.cabinet_stance != now.cabinet_stance) == (now.quarter in held)).all()


def test_the_cabinet_of_2025_is_drawn_once_though_two_rows_make_it() -> None:
    model = model_of("hindcast")
    last = quarter_index("2025Q4")
    for quarter in walk(model, last - model.settings.start + 1):
        if quarter == last:
            expected = model.parameters.positions.japan_stance * normal(model.chance.draw("japan/stance"))
            np.testing.assert_array_equal(model.cabinet.stance, expected)


def test_without_a_record_the_lower_house_sits_sixteen_quarters_at_most_and_the_upper_is_renewed_on_time() -> None:
    model = model_of()
    before, renewed = model.diet.upper, []
    assert (model.diet.quarters_sat == 1).all(), "elected in 2026Q1, before the first turn"
    for quarter in walk(model, 58):
        assert (model.diet.quarters_sat <= 15).all()
        if (model.diet.upper != before).any():
            renewed.append(quarter_name(quarter))
        before = model.diet.upper
    assert renewed == ["2028Q3", "2031Q3", "2034Q3", "2037Q3", "2040Q3"]


def test_free_elections_differ_between_runs() -> None:
    model = model_of()
    for _ in walk(model, 20):
        pass
    assert len(set(model.diet.lower.tolist())) > 1
    assert ((model.diet.lower >= 0) & (model.diet.lower <= 1)).all()


# The Constitution


def test_ladders_never_lead_down_and_are_climbed_a_step_at_a_time() -> None:
    climbed = 0
    for before, now in pairwise(hindcast()):
        risen = now.ladders - before.ladders
        assert ((risen == 0) | (risen == 1)).all()
        climbed += int(risen.sum())
    assert climbed > 0
    assert (hindcast()[-1].ladders <= np.array([[3], [3], [2], [1]])).all()


def climbing(lower: Floats, upper: Floats, step: int, quarters: int = 60, **overrides: float) -> PartnershipModel:
    """Ladders climbed again and again by the same coalition, at high hazards."""
    eager = {"japan.secrecy": 1.0, "japan.transfers": 1.0, "japan.threat_middle": 0.0, **overrides}
    model = met(model_of(overrides=eager))
    model.diet.lower, model.diet.upper = lower, upper
    model.cabinet.stance = np.zeros(R)
    model.constitution.step = np.full((4, R), step, dtype=np.int64)
    for quarter in range(quarters):
        model.chance.turn(model.quarter + quarter)
        model.constitution.climb()
    return model


def test_a_law_needs_both_houses_or_two_thirds_of_the_lower() -> None:
    two_thirds = 0.6666666666666666
    lower = np.array([0.5, 0.51, 0.51, two_thirds, 0.66, 0.9, 0.4])
    upper = np.array([0.6, 0.50, 0.51, 0.30, 0.50, 0.0, 0.9])
    model = climbing(lower, upper, step=0)
    assert model.constitution.step[SECRECY].tolist() == [0, 0, 2, 2, 0, 2, 0]


def test_a_cabinet_decision_needs_no_house() -> None:
    none = np.full(R, 0.1)
    assert (climbing(none, none, step=0).constitution.step[TRANSFERS] == 3).all()


def test_an_amendment_needs_two_thirds_of_both_houses_and_the_voters() -> None:
    """Friends of amendment outside the coalition bring 0.08 in each House."""
    lower = np.array([0.60, 0.58, 0.60, 0.60, 0.60, 0.58, 0.60])
    upper = np.array([0.60, 0.60, 0.58, 0.60, 0.60, 0.58, 0.60])
    eager = {"japan.amendment": 1.0, "japan.referendum_noise": 0.0}
    model = met(model_of(overrides={**eager, "japan.threat_middle": 0.0}))
    model.diet.lower, model.diet.upper = lower, upper
    model.public.support = np.array([0.6, 0.6, 0.6, 0.5, 0.51, 0.6, 0.4])
    model.constitution.step = np.full((4, R), 2, dtype=np.int64)
    for quarter in range(60):
        model.chance.turn(model.quarter + quarter)
        model.constitution.climb()
    assert model.constitution.step[FORCE].tolist() == [3, 2, 2, 2, 3, 2, 2]


def test_a_partner_in_the_coalition_slows_every_step() -> None:
    taken = []
    for partner in (False, True):
        model = met(model_of(runs=200))
        model.diet.partner = np.full(200, partner)
        model.constitution.step = np.zeros((4, 200), dtype=np.int64)
        for quarter in range(8):
            model.chance.turn(model.quarter + quarter)
            model.constitution.climb()
        taken.append(model.constitution.step)
    assert (taken[1] <= taken[0]).all(), "the same luck never brings a braked coalition further"
    assert taken[1].sum() < taken[0].sum()


@pytest.mark.parametrize(("lever", "reached"), [("reinterpretation", 2), ("amendment", 3)])
def test_a_lever_takes_the_force_ladder_to_its_step_and_no_other(lever: str, reached: int) -> None:
    idle = {f"japan.{step}": 0.0 for step in ("force", "transfers", "secrecy", "missions", "amendment")}
    pulled = {f"levers.{lever}_from": "start", f"levers.{lever}_strength": 5.0}
    model = model_of(policy=lever, overrides={**idle, **pulled})
    start = model.constitution.step
    for _ in walk(model, 6):
        assert (model.constitution.step[1:] == start[1:]).all()
        assert np.isin(model.constitution.step[FORCE], (1, reached)).all()
    assert (model.constitution.step[FORCE] == reached).all()


def test_a_lever_at_strength_zero_moves_no_ladder_but_costs_support() -> None:
    free = model_of(overrides={"japan.force": 0.0})
    weak = model_of(policy="reinterpretation", overrides={
        "levers.reinterpretation_from": "start", "levers.reinterpretation_strength": 0.0, "japan.force": 0.0,
    })  # fmt: skip
    for _ in zip(walk(free, 4), walk(weak, 4), strict=True):
        np.testing.assert_array_equal(weak.constitution.step, free.constitution.step)
    assert (weak.public.support < free.public.support).all()


# The cabinet


def test_japan_feels_at_first_what_presses_by_its_exposure() -> None:
    """Outlook: Russia 0.8 by 0.5, China 0.7 by 1; the Indo-Pacific threat is the greater of China and 0.7 Korea."""
    cabinet = model_of().cabinet
    np.testing.assert_allclose(cabinet.threat[0], 0.4)
    np.testing.assert_allclose(cabinet.threat[1], 0.7)
    np.testing.assert_array_equal(cabinet.indo_pacific, np.maximum(cabinet.threat[1], 0.7 * cabinet.threat[2]))


def test_what_japan_wants_feels_and_trusts_stays_within_0_and_1() -> None:
    model = model_of("taiwan_crisis")
    for _ in walk(model, 40):
        for share in (model.cabinet.position, model.cabinet.attention, model.cabinet.trust, model.cabinet.threat,
                      model.public.support):  # fmt: skip
            assert ((share >= 0) & (share <= 1)).all()
        assert ((model.cabinet.spending >= 0.2) & (model.cabinet.spending <= 5)).all()


def test_a_lifted_constitution_leaves_japans_wishes_alone() -> None:
    """Draft depths may grow, but what the cabinet wants in the first quarter does not."""
    bound, free = met(model_of()), met(model_of(policy="lift_constitution"))
    np.testing.assert_array_equal(bound.cabinet.position, free.cabinet.position)
    np.testing.assert_array_equal(bound.constitution.step, free.constitution.step)
    assert (free.partnership.cap == 1).all()
    assert (bound.partnership.cap < 1).any()


def test_the_public_begins_where_the_threat_brings_it_and_no_lever_costs_anything() -> None:
    model = model_of("outlook", "reinterpretation")
    assert (model.public.support == model.public.target(0.0)).all()
    assert (model.public.support > model.public.target(0.01)).any()
