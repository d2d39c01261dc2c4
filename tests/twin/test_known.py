"""What is known, and parameters drawn together: every lane of the model equals its scalar twin exactly."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from config import resolve
from config.calendar import quarter_index
from config.schema import Posterior, Settings
from config.status import load_status, with_status
from simulation.model import PartnershipModel
from tests.twin.history import TwinHistory
from tests.twin.start import parameters
from tests.twin.test_lanes import EVERYTHING, LANES, RUNS, SEED, assert_lane_equals_twin

PAST = """
title = "Part of what happened, part of it invented"
until = "2018Q1"
stages = [
    { instrument = "csdp_fpa", stage = "mandated", quarter = "2010Q2" },
    { instrument = "spa_framework", stage = "mandated", quarter = "2012Q4" },
    { instrument = "spa_framework", stage = "negotiating", quarter = "2013Q2" },
    { instrument = "spa_framework", stage = "signed", quarter = "2016Q3", depth = 0.7 },
    { instrument = "spa_framework", stage = "provisional", quarter = "2017Q1" },
    { instrument = "economic_partnership_agreement", stage = "signed", quarter = "2015Q1" },
    { instrument = "economic_partnership_agreement", stage = "in_force", quarter = "2016Q1" },
    { instrument = "cyber_dialogue", stage = "negotiating", quarter = "2013Q1" },
    { instrument = "cyber_dialogue", stage = "in_force", quarter = "2014Q4" },
    { instrument = "space_security", stage = "in_force", quarter = "2014Q4", depth = 0.4 },
    { instrument = "space_security", stage = "lapsed", quarter = "2016Q2" },
    { instrument = "strategic_dialogue_action_plan", stage = "in_force", quarter = "2014Q1" },
    { instrument = "security_of_information", stage = "mandated", quarter = "2013Q3" },
    { instrument = "joint_capacity_missions", stage = "negotiating", quarter = "2011Q1" },
    { partner = "FRA", instrument = "information_protection", stage = "negotiating", quarter = "2010Q3" },
    { partner = "FRA", instrument = "information_protection", stage = "signed", quarter = "2011Q4" },
    { partner = "FRA", instrument = "information_protection", stage = "in_force", quarter = "2012Q1" },
    { partner = "GBR", instrument = "equipment_transfer", stage = "signed", quarter = "2013Q3", depth = 0.8 },
    { partner = "GBR", instrument = "equipment_transfer", stage = "in_force", quarter = "2013Q3" },
    { partner = "ITA", instrument = "acsa", stage = "negotiating", quarter = "2015Q2" },
]
steps = [
    { ladder = "transfers", step = 1, quarter = "2011Q4" },
    { ladder = "secrecy", step = 1, quarter = "2013Q4" },
    { ladder = "transfers", step = 2, quarter = "2014Q2" },
    { ladder = "force", step = 1, quarter = "2015Q3" },
]
governments = [
    { state = "HUN", quarter = "2010Q2", stance = -1.5 },
    { state = "FRA", quarter = "2012Q2" },
    { state = "JPN", quarter = "2010Q2" },
    { state = "JPN", quarter = "2012Q4", stance = 1.2 },
    { state = "DEU", quarter = "2018Q1", stance = 0.4 },
]
seats = [{ quarter = "2016Q3", chamber = "upper", share = 0.6, partner = true, source = "invented" }]
regimes = [{ pressure = "russia", regime = "crisis", from = "2014Q1", until = "2015Q3" }]
open = ["security_of_information", "hybrid_fimi", "ITA/acsa", "DEU/raa"]
"""
"""Of files of all kinds: with and without a mandate, with hidden talks, lapsing, open, never begun."""

COMING = """
title = "A year invented"
until = "2027Q2"
stages = [
    { instrument = "csdp_fpa", stage = "negotiating", quarter = "2026Q4" },
    { instrument = "security_of_information", stage = "signed", quarter = "2027Q1", depth = 0.6 },
    { instrument = "security_of_information", stage = "in_force", quarter = "2027Q2" },
    { instrument = "hybrid_fimi", stage = "in_force", quarter = "2027Q2" },
    { instrument = "pesco_project", stage = "mandated", quarter = "2026Q4" },
    { instrument = "pesco_project", stage = "signed", quarter = "2027Q2" },
    { partner = "FRA", instrument = "raa", stage = "signed", quarter = "2027Q1" },
]
governments = [{ state = "HUN", quarter = "2026Q4", stance = 0.5 }, { state = "SVK", quarter = "2027Q1" }]
regimes = [{ pressure = "china", regime = "crisis", from = "2026Q4", until = "2027Q3" }]
steps = [{ ladder = "force", step = 2, quarter = "2027Q2" }]
open = ["operational_framework"]
"""
"""With levers that act meanwhile: on files known to move, and on a ladder that some histories have climbed before."""

NOTHING: Mapping[str, float] = {}

LEVERS = "dialogue+framework+indo_pacific_strategy+interoperability+reinterpretation"

UNWILLING = {
    "council.acceptance": 0.3,
    "files.concluding_factor": 10.0,
    "files.slots_high_representative": 0,
    "business.tolerance": 0.0,
}
"""A Union that would have agreed to nothing of what is known, and blocks whatever it can."""

NAMES = ("files.will_spread", "japan.factor", "positions.japan_constant")
DRAWS = Posterior(names=NAMES, rows=tuple((0.05 * row, 1.0 + 0.1 * row, -0.07 * row) for row in range(12)))


def known(question: tuple[str, str], text: str, folder: Path, overrides: Mapping[str, float] = NOTHING) -> Settings:
    file = folder / "known.toml"
    file.write_text(text, encoding="utf-8")
    return with_status(resolve(*question, overrides), load_status(file), str(file))


def assert_lanes_equal_their_twins(facts: Settings, runs: Sequence[int], lanes: Sequence[int]) -> None:
    """All tables, how likely the record was, and the wills that it leaves."""
    model = PartnershipModel(facts, runs=runs, seed=SEED, record=EVERYTHING)
    model.run()
    tables, likelihoods = model.tables(), model.beliefs.log_likelihood()
    for run in lanes:
        history, place = TwinHistory(facts, SEED, run, EVERYTHING), runs.index(run)
        history.run()
        assert_lane_equals_twin(tables, history, run, EVERYTHING)
        assert history.log_likelihood() == {file: float(value[place]) for file, value in likelihoods.items()}
        wills = [agreement.will for agreement in history.world.agreements]
        assert wills == model.partnership.will[:, place].tolist()


def until(facts: Settings, quarter: str) -> Settings:
    return facts.model_copy(update={"until": quarter_index(quarter)})


def test_lanes_in_a_known_past_equal_their_twins(tmp_path: Path) -> None:
    assert_lanes_equal_their_twins(known(("hindcast", "none"), PAST, tmp_path), RUNS, LANES)


def test_lanes_with_a_known_beginning_and_levers_equal_their_twins(tmp_path: Path) -> None:
    facts = known(("outlook", LEVERS), COMING, tmp_path, {"levers.reinterpretation_strength": 0.7})
    assert_lanes_equal_their_twins(until(facts, "2031Q4"), RUNS, LANES)


def test_lanes_in_which_nobody_would_have_agreed_equal_their_twins(tmp_path: Path) -> None:
    facts = known(("outlook", "none"), COMING, tmp_path, UNWILLING)
    assert_lanes_equal_their_twins(until(facts, "2028Q2"), RUNS, LANES)


def test_one_run_alone_in_a_known_past_equals_its_twin(tmp_path: Path) -> None:
    facts = known(("hindcast", "none"), PAST, tmp_path)
    assert_lanes_equal_their_twins(until(facts, "2014Q4"), [4711], [4711])


def test_lanes_with_parameters_drawn_together_equal_their_twins() -> None:
    facts = resolve("outlook", "none").model_copy(update={"posterior": DRAWS})
    assert_lanes_equal_their_twins(until(facts, "2030Q4"), RUNS, LANES)


def test_parameters_drawn_together_stand_in_one_row() -> None:
    facts = resolve("outlook", "none").model_copy(update={"posterior": DRAWS})
    drawn = {tuple(parameters(facts, SEED, run)[name] for name in NAMES) for run in range(200)}
    assert drawn == set(DRAWS.rows)


def test_what_is_known_of_a_file_changes_its_will(tmp_path: Path) -> None:
    facts = known(("hindcast", "none"), PAST, tmp_path)
    history = TwinHistory(facts, SEED, 0)
    drawn = history.world.agreement("security_of_information").will
    while history.quarter <= quarter_index("2013Q4"):
        history.step()
    assert history.world.agreement("security_of_information").will != drawn
