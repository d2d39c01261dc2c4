"""The member states: who belongs when, who votes when, who listens to whom."""

from itertools import pairwise

import numpy as np
import pytest

from agents.member_states import kilometres, listened_to
from config import MemberState, quarter_index, quarter_name, resolve
from tests.agents.sample import R, first_values
from tests.agents.walks import at, hindcast, met, model_of, walk

FACTS = resolve("outlook", "none").members
CODES = [one.iso3 for one in FACTS]
HUNGARY = CODES.index("HUN")


def state(iso: str) -> MemberState:
    return FACTS[CODES.index(iso)]


def test_states_are_listed_by_code() -> None:
    assert len(CODES) == 28
    assert all(one < other for one, other in pairwise(CODES))


def test_the_union_has_27_members_then_croatia_then_not_the_united_kingdom() -> None:
    for now in hindcast():
        croatia, brexit = now.quarter >= quarter_index("2013Q3"), now.quarter >= quarter_index("2020Q1")
        assert len(now.members) == 27 + croatia - brexit, quarter_name(now.quarter)
        assert ("HRV" in now.members) == croatia
        assert ("GBR" in now.members) == (not brexit)


def test_hungary_votes_as_on_record_and_at_no_other_time() -> None:
    """Up to its last scripted election no other takes place."""
    held = {quarter_name(now.quarter) for now in hindcast() if now.elected[HUNGARY].any()}
    assert held == {"2010Q2", "2014Q2", "2018Q2", "2022Q2", "2026Q2"}
    assert all(at(quarter).elected[HUNGARY].all() for quarter in held)


def test_other_states_vote_freely_and_so_does_hungary_after_its_record() -> None:
    others = np.delete(np.arange(28), HUNGARY)
    elections = sum(now.elected[others].sum() for now in hindcast())
    assert elections / (len(hindcast()) * 27 * R) == pytest.approx(1 - np.exp(-1 / 15), rel=0.1)
    model = model_of()
    assert sum(int(model.member_states.elected[HUNGARY].sum()) for _ in walk(model, 58)) > 0


def test_a_stance_changes_only_with_a_government() -> None:
    for before, now in pairwise(hindcast()):
        np.testing.assert_array_equal(before.stance != now.stance, now.elected)


def test_hungarys_usual_stance_ends_with_the_government_that_the_record_gives_it() -> None:
    states = model_of("hindcast").member_states
    for quarter, mean in (("2010Q1", 0.0), ("2010Q2", -1.2), ("2026Q1", -1.2), ("2026Q2", 0.0)):
        states.look_up(quarter_index(quarter))
        assert states.stance_mean[HUNGARY, 0] == mean
    assert not states.stance_mean.any(), "no other state has one by mid-2026"


def test_what_states_feel_want_and_trust_stays_within_0_and_1() -> None:
    for now in hindcast():
        for share in (now.attention, now.position, now.trust, now.threat):
            assert ((share >= 0) & (share <= 1)).all()
        assert ((now.spending >= 0.2) & (now.spending <= 5)).all()


def test_no_state_feels_more_than_it_is_exposed_to() -> None:
    exposure = model_of("hindcast").member_states.geography.exposure
    assert ((exposure > 0) & (exposure <= 1)).all()
    for now in hindcast():
        assert (now.threat <= exposure + 1e-12).all()


def test_russia_is_felt_most_at_its_border_and_asia_most_in_france() -> None:
    exposure = model_of(runs=1).member_states.geography.exposure
    east = {CODES[row] for row in np.flatnonzero(exposure[0, :, 0] == exposure[0].max())}
    assert east >= {"EST", "LVA", "LTU", "FIN"}
    assert exposure[1, CODES.index("FRA"), 0] > exposure[1, CODES.index("DEU"), 0] > exposure[1, CODES.index("EST"), 0]


@pytest.mark.parametrize(
    ("scenario", "outside"),
    [("hindcast", {"AUT", "CYP", "FIN", "IRL", "MLT", "SWE"}), ("outlook", {"AUT", "CYP", "IRL", "MLT"})],
)
def test_american_retrenchment_is_felt_less_outside_nato(scenario: str, outside: set[str]) -> None:
    """State by state from troops and spending; who is in the alliance is asked of the start."""
    model, p = model_of(scenario, runs=1), first_values().threat
    column = "defence_spending_2010" if scenario == "hindcast" else "defence_spending_2026"
    for row, one in enumerate(FACTS):
        relies = np.log(1 + one.us_troops) / np.log(1 + p.us_troops_full)
        short = max(0.0, 1 - getattr(one, column) / p.us_pledge)
        exposed = min(1.0, p.us_floor + p.us_troops * relies + p.us_shortfall * short)
        share = p.us_outside_nato if one.iso3 in outside else 1.0
        found = model.member_states.geography.exposure[3, row, 0]
        assert found == pytest.approx(exposed * share, rel=1e-12), one.iso3


def test_a_member_shows_its_own_row() -> None:
    states = met(model_of()).member_states
    for row, one in enumerate(states.members):
        assert (one.name, one.row) == (CODES[row], row)
        np.testing.assert_array_equal(one.position, states.position[row])
        np.testing.assert_array_equal(one.attention, states.attention[row])
        np.testing.assert_array_equal(one.threat, states.threat[:, row])
        np.testing.assert_array_equal(one.stance, states.stance[row])
        np.testing.assert_array_equal(one.trust, states.trust[row])
        np.testing.assert_array_equal(one.defence_spending, states.spending[row])


def test_the_mean_counts_members_by_persons_and_nobody_else() -> None:
    states = model_of().member_states
    values = np.zeros((28, R))
    values[CODES.index("GBR")] = 9.0
    values[CODES.index("DEU")] = 1.0
    persons = sum(one.population for one in FACTS if one.iso3 != "GBR")
    np.testing.assert_allclose(states.mean(values), state("DEU").population / persons)


@pytest.mark.parametrize(("one", "other", "km"), [("FRA", "DEU", 878), ("BEL", "NLD", 174), ("PRT", "EST", 3360)])
def test_distances_between_capitals(one: str, other: str, km: int) -> None:
    """Great circles as atlases give them, within two per cent; the way back is as long."""
    assert kilometres(state(one), state(other)) == pytest.approx(km, rel=0.02)
    assert kilometres(state(one), state(other)) == kilometres(state(other), state(one))


def test_each_listens_to_the_six_largest_by_persons_over_distance() -> None:
    rows = np.array([row for row, code in enumerate(CODES) if code != "GBR"])
    heard = listened_to(FACTS, rows, 6)
    assert heard.shape == (27, 6)

    def weight(row: int, other: int) -> float:
        return FACTS[int(rows[other])].population / max(1, kilometres(FACTS[row], FACTS[int(rows[other])]))

    for place, row in enumerate(rows.tolist()):
        weights = [weight(row, other) for other in heard[place]]
        assert place not in heard[place]
        assert len(set(heard[place].tolist())) == 6
        assert weights == sorted(weights, reverse=True)
        for other in range(len(rows)):
            assert other == place or other in heard[place] or weight(row, other) <= weights[-1]


def test_a_small_union_listens_to_all_others() -> None:
    rows = np.array([CODES.index(code) for code in ("DEU", "FRA", "ITA")])
    assert [sorted(heard) for heard in listened_to(FACTS, rows, 6).tolist()] == [[1, 2], [0, 2], [0, 1]]


def test_who_has_left_is_listened_to_no_longer() -> None:
    states = model_of("hindcast").member_states
    for quarter, belongs in (("2019Q4", True), ("2020Q1", False)):
        states.look_up(quarter_index(quarter))
        heard = {CODES[states.rows[place]] for place in states.listens_to.ravel()}
        assert ("GBR" in heard) == belongs


def test_members_move_towards_what_they_want_and_those_they_hear_and_others_only_want() -> None:
    """A part of the way to what is wanted, and a sixth of the share of listening from each of six who are near."""
    model = met(model_of())
    states, p, before = model.member_states, model.parameters.positions, model.member_states.position
    wanted = states.wanted()
    model.european_council.guideline_left = np.arange(R) % 2
    states.take_positions()
    listen = np.broadcast_to(p.listen, R)
    for run in range(R):
        near = 0.2 + 0.1 * (run % 2)
        expected = [before[row, run] + 0.15 * (wanted[row, run] - before[row, run]) for row in range(28)]
        for place, row in enumerate(states.rows.tolist()):
            for speaker in states.rows[states.listens_to[place]].tolist():
                difference = before[speaker, run] - before[row, run]
                if abs(difference) <= near:
                    expected[row] += listen[run] / 6 * difference
        np.testing.assert_allclose(states.position[:, run], np.clip(expected, 0, 1), rtol=1e-13)


def test_a_strategy_counts_from_its_quarter() -> None:
    states = model_of("hindcast").member_states
    for quarter, expected in (("2018Q1", set()), ("2018Q2", {"FRA"}), ("2020Q4", {"FRA", "DEU", "NLD"})):
        states.look_up(quarter_index(quarter))
        assert {CODES[row] for row in np.flatnonzero(states.has_strategy[:, 0])} == expected


def test_attention_of_the_union_grows_with_the_strategy_lever() -> None:
    plain = met(model_of())
    keen = met(model_of(policy="indo_pacific_strategy", overrides={
        "levers.indo_pacific_strategy_from": "start", "levers.indo_pacific_strength": 1.0,
    }))  # fmt: skip
    assert (keen.member_states.attention > plain.member_states.attention).all()
    assert (keen.attention_eu > plain.attention_eu).all()


def test_budgets_start_from_the_record_of_the_year() -> None:
    for scenario, column in (("hindcast", "defence_spending_2010"), ("outlook", "defence_spending_2026")):
        spending = model_of(scenario).member_states.spending
        np.testing.assert_array_equal(spending, np.array([[getattr(one, column)] for one in FACTS]) + np.zeros(R))
