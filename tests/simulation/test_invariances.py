"""What must change nothing: company, order of runs, other models, what is already so, who takes no part."""

from functools import cache

import mesa
import numpy as np
import pytest

from agents.institutions.commission import Commission
from agents.institutions.council import Council
from agents.institutions.european_council import EuropeanCouncil
from agents.institutions.european_parliament import EuropeanParliament
from agents.institutions.high_representative import HighRepresentative
from agents.institutions.peace_facility import PeaceFacility
from agents.japan import Cabinet, Constitution, Diet, Public
from agents.member_states import MemberState
from agents.partners import Asean, Australia, Nato, Quad, UnitedKingdom
from agents.pressures import Pressure
from config import NEVER, Settings, resolve
from simulation.model import PartnershipModel
from tests.simulation.playing import EVERYTHING, SEED, Tables, assert_same, assert_same_history, play, where

LEVERS = "dialogue+framework+indo_pacific_strategy+interoperability+qmv"
CASES = [("outlook", "none"), ("hindcast", "none"), ("taiwan_crisis", LEVERS)]
RUNS = range(23)
HORIZON = "2030Q4"


@cache
def settings(scenario: str, policy: str) -> Settings:
    """As configured, cut short: after some years every kind of event has taken place."""
    return resolve(scenario, policy, until=HORIZON if scenario != "hindcast" else "2014Q4")


@cache
def played(scenario: str, policy: str) -> Tables:
    """All runs side by side, everything recorded: what all others are held against."""
    return play(settings(scenario, policy), RUNS, EVERYTHING)


# Company


@pytest.fixture(scope="module", params=CASES, ids=str)
def together(request: pytest.FixtureRequest) -> tuple[Settings, Tables]:
    return settings(*request.param), played(*request.param)


def test_a_run_does_not_notice_its_companions(together: tuple[Settings, Tables]) -> None:
    facts, company = together
    assert_same_history(play(facts, [17], EVERYTHING), company, 17)


def test_width_of_the_block_and_order_of_runs_change_nothing(together: tuple[Settings, Tables]) -> None:
    facts, company = together
    for runs in ([21, 3, 17, 900_000_000_000], range(16, 19)):
        apart = play(facts, runs, EVERYTHING)
        for run in (run for run in runs if run in RUNS):
            assert_same_history(apart, company, run)


def test_rows_stand_in_the_order_in_which_runs_were_asked_for() -> None:
    tables = play(resolve("outlook", "none", until="2027Q2"), [21, 3, 17], EVERYTHING)
    for name, table in tables.items():
        seen = table["run"][np.sort(np.unique(table["run"], return_index=True)[1])]
        assert seen.tolist() == [21, 3, 17], name


def test_what_is_recorded_changes_no_history(together: tuple[Settings, Tables]) -> None:
    facts, company = together
    little = play(facts, RUNS, ["trajectories"])
    assert list(little) == ["runs", "trajectories"]
    assert_same(little, {name: company[name] for name in little})


def test_two_models_in_one_process_do_not_disturb_each_other() -> None:
    first, second = settings("outlook", "none"), settings("taiwan_crisis", LEVERS)
    one = PartnershipModel(first, runs=RUNS, seed=SEED, record=EVERYTHING)
    other = PartnershipModel(second, runs=range(5), seed=SEED + 1, record=EVERYTHING)
    while one.quarter <= first.until:
        one.step()
        other.step()
    assert_same(one.tables(), played("outlook", "none"))
    assert_same(other.tables(), play(second, range(5), EVERYTHING, seed=SEED + 1))


def test_looking_at_the_tables_midway_changes_nothing() -> None:
    facts = settings("outlook", "none")
    model = PartnershipModel(facts, runs=RUNS, seed=SEED, record=EVERYTHING)
    for _ in range(9):
        model.step()
    early = model.tables()
    model.run()
    late = model.tables()
    assert_same(late, played("outlook", "none"))
    for name in EVERYTHING:
        before = late[name]["quarter"] < facts.start + 9
        assert_same({name: early[name]}, {name: where(late[name], before)})


def test_another_seed_or_run_gives_another_history() -> None:
    facts = settings("outlook", "none")
    depth = play(facts, range(40))["trajectories"]["operational_depth"].reshape(40, -1)
    assert len(np.unique(depth[:, -1])) == 40
    again = play(facts, range(40), seed=SEED + 1)["trajectories"]["operational_depth"].reshape(40, -1)
    assert (again[:, -1] != depth[:, -1]).all()


# What is already so


def test_a_value_set_to_what_it_is_changes_nothing() -> None:
    facts = settings("outlook", "none")
    fixed = {name: one.value for name, one in facts.parameters.items() if not one.draw and one.unit != "quarter"}
    ranges = {name: dict(zip(("low", "high"), one.draw.uniform, strict=True))
              for name, one in facts.parameters.items() if one.draw and one.draw.uniform}  # fmt: skip
    one = facts.instruments[3]
    own = {f"instruments.{one.slug}.ambition": one.ambition, "actors.DEU.population": facts.members[5].population}
    assert facts.members[5].iso3 == "DEU" and len(fixed) > 200 and len(ranges) > 10
    said = resolve("outlook", "none", {**fixed, **ranges, **own}, until=HORIZON)
    assert_same(play(said, RUNS, EVERYTHING), played("outlook", "none"))


def test_a_lever_beyond_the_horizon_changes_nothing() -> None:
    facts = settings("outlook", "none")
    levers = [name for name in facts.parameters if name.startswith("levers.") and name.endswith("_from")]
    assert len(levers) == 11
    late = resolve("outlook", "none", dict.fromkeys(levers, "2031Q1"), until=HORIZON)
    assert_same(play(late, RUNS, EVERYTHING), played("outlook", "none"))


def test_cost_and_strength_of_a_lever_that_is_off_change_nothing() -> None:
    facts = settings("outlook", "none")
    moved = {}
    for name, one in facts.parameters.items():
        if name.startswith("levers.") and one.unit not in ("quarter", "switch") and one.draw is None:
            assert one.range is not None
            moved[name] = one.range[1]
    assert {"levers.dialogue_slots", "levers.force_visible", "levers.lifted_attention"} <= set(moved)
    other = resolve("outlook", "none", moved, until=HORIZON)
    assert_same(play(other, RUNS, EVERYTHING), played("outlook", "none"))


def test_a_lever_changes_nothing_before_it_is_pulled() -> None:
    begins = 2027 * 4
    for name in EVERYTHING:
        none, some = played("outlook", "none")[name], played("outlook", LEVERS)[name]
        assert_same({name: where(some, some["quarter"] < begins)}, {name: where(none, none["quarter"] < begins)})
        assert len(some["run"]) != len(none["run"]) or any((some[c] != none[c]).any() for c in none), name


# Who takes no part


@pytest.mark.parametrize("iso3", ["AAA", "ZZZ"])
@pytest.mark.parametrize(("scenario", "policy"), [("outlook", LEVERS), ("hindcast", "none")])
def test_a_state_that_is_never_a_member_changes_nothing_of_the_others(scenario: str, policy: str, iso3: str) -> None:
    facts = settings(scenario, policy)
    big = next(one for one in facts.members if one.iso3 == "DEU")
    stranger = big.model_copy(update={"iso3": iso3, "name": "Nowhere", "periods": ()})
    members = tuple(sorted((*facts.members, stranger), key=lambda one: one.iso3))
    tables = play(facts.model_copy(update={"members": members}), RUNS, EVERYTHING)
    actors = tables["actors"]
    assert set(actors["actor"]) == {one.iso3 for one in members} | {"JPN"}
    assert iso3 not in set(tables["bounds"]["actor"]) | set(tables["limits"]["actor"])
    without = {**tables, "actors": where(actors, actors["actor"] != iso3)}
    without["runs"] = {name: column for name, column in tables["runs"].items() if name != f"position_{iso3}"}
    assert_same(without, played(scenario, policy))


@pytest.mark.parametrize(("scenario", "policy", "place"), [("outlook", LEVERS, 0), ("hindcast", "none", 23)])
def test_an_instrument_that_is_switched_off_changes_nothing(scenario: str, policy: str, place: int) -> None:
    facts = settings(scenario, policy)
    model = next(one for one in facts.instruments if one.slug == "joint_capacity_missions")
    off = model.model_copy(update={"slug": "never_tried", "opens": NEVER, "needs": (), "helped_by": ()})
    instruments = (*facts.instruments[:place], off, *facts.instruments[place:])
    tables = play(facts.model_copy(update={"instruments": instruments}), RUNS, EVERYTHING)
    assert "never_tried" not in set(tables["transitions"]["instrument"]) | set(tables["limits"]["instrument"])
    assert_same(tables, played(scenario, policy))


def test_a_policy_named_in_another_order_is_the_same_policy() -> None:
    names = LEVERS.split("+")
    back = play(settings("outlook", "+".join(reversed(names))), RUNS, EVERYTHING)
    assert_same(back, played("outlook", LEVERS))


# Mesa's own tools


def test_mesa_knows_every_actor() -> None:
    facts = resolve("outlook", "none", until="2027Q1")
    model = PartnershipModel(facts, runs=range(3), seed=SEED)
    single = [Cabinet, Diet, Public, Constitution, HighRepresentative, Commission, EuropeanParliament, EuropeanCouncil,
              Council, PeaceFacility, UnitedKingdom, Quad, Nato, Australia, Asean]  # fmt: skip
    counts = {kind: len(agents) for kind, agents in model.agents_by_type.items()}
    assert counts == {MemberState: 28, Pressure: 4, **dict.fromkeys(single, 1)}
    assert len(model.agents) == sum(counts.values())
    assert [state.name for state in model.agents_by_type[MemberState]] == [one.iso3 for one in facts.members]
    assert len({agent.unique_id for agent in model.agents}) == len(model.agents)
    model.step()
    for state in model.agents_by_type[MemberState]:
        assert state.position.shape == state.attention.shape == state.stance.shape == (3,)
        assert state.threat.shape == (4, 3)
        np.testing.assert_array_equal(state.position, model.member_states.position[state.row])
    (britain,) = model.agents_by_type[UnitedKingdom]
    (same,) = [state for state in model.agents_by_type[MemberState] if state.name == "GBR"]
    np.testing.assert_array_equal(britain.position, same.position)


def test_mesas_data_collector_works_on_a_block_of_one() -> None:
    facts = resolve("outlook", "none", until="2029Q4")
    model = PartnershipModel(facts, runs=[17], seed=SEED, record=("trajectories", "actors"))
    collector = mesa.DataCollector(
        model_reporters={"depth": lambda m: m.partnership.operational_depth[0].item()},
        agenttype_reporters={MemberState: {"iso3": "name", "position": lambda state: state.position[0].item()}},
    )
    while model.quarter <= facts.until:
        model.step()
        collector.collect(model)
    tables = model.tables()
    depth = collector.get_model_vars_dataframe()["depth"]
    np.testing.assert_array_equal(depth, tables["trajectories"]["operational_depth"])
    seen = collector.get_agenttype_vars_dataframe(MemberState)
    states = where(tables["actors"], tables["actors"]["actor"] != "JPN")
    assert seen["iso3"].tolist() == states["actor"].tolist()
    np.testing.assert_array_equal(seen["position"], states["position"])
