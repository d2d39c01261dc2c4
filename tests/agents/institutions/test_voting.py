"""The deepest level that passes equals what literal predicates of the treaties allow, level by level."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import example
from hypothesis import strategies as st
from numpy.typing import NDArray

from agents.institutions import voting
from agents.institutions.voting import Electorate
from agents.rules.bargaining import on_grid
from agents.rules.types import Floats, Whole
from config import quarter_index, resolve
from config.schema import CouncilRule
from tests.agents.sample import Numbers, R, given, numbers

UNION = resolve("outlook", "none").union
LISBON, NICE = (UNION.rule_at(quarter_index(quarter)) for quarter in ("2026Q3", "2010Q1"))

Test = Callable[["Draft", float], bool]


@dataclass(frozen=True)
class Draft:
    """A small council in one run: bounds in eighths, whole persons and votes."""

    accept: tuple[float, ...]
    declared: tuple[float, ...]
    veto: tuple[float, ...]
    persons: tuple[int, ...]
    votes: tuple[int, ...]
    quota: int

    @property
    def size(self) -> int:
        return len(self.accept)

    def electorate(self, nice: bool = False) -> Electorate:
        rule = replace_rule(nice_votes=self.quota) if nice else LISBON
        return Electorate(
            rows=np.arange(self.size), persons=np.array(self.persons), nice_votes=np.array(self.votes), rule=rule,
            abstentions=UNION.declared_abstentions,
        )  # fmt: skip


def replace_rule(**changes: float) -> CouncilRule:
    return NICE.model_copy(update=changes)


def column(values: Sequence[float]) -> Floats:
    return np.array(values, dtype=np.float64)[:, np.newaxis]


@st.composite
def drafts(draw: st.DrawFn) -> Draft:
    """Councils of three to nine with few different bounds and persons, so that ties and exact quotas are frequent."""
    size = draw(st.integers(3, 9))

    def each(most: int) -> list[int]:
        return draw(st.lists(st.integers(0, most), min_size=size, max_size=size))

    accept = [eighths / 8 for eighths in each(8)]
    veto = [level + eighths / 8 for level, eighths in zip(accept, each(4), strict=True)]
    part = draw(st.sampled_from([0.0, 0.5, 1.0]))
    declared = [low + part * (high - low) for low, high in zip(accept, veto, strict=True)]
    persons, votes = ([one + 1 for one in each(3)] for _ in range(2))
    quota = draw(st.integers(1, sum(votes)))
    return Draft(tuple(accept), tuple(declared), tuple(veto), tuple(persons), tuple(votes), quota)


def a_third() -> Draft:
    """The first of three equal states, reluctant: exactly a third of members and of persons."""
    return Draft((0.25, 1.0, 1.0), (0.25, 1.0, 1.0), (0.75, 1.0, 1.0), (2, 2, 2), (1, 1, 1), 2)


# What the treaties say, about one draft at one level


def opposing(at: Draft, level: float) -> int:
    return sum(1 for bound in at.veto if level > bound)


def nobody_opposes(at: Draft, level: float) -> bool:
    return opposing(at, level) == 0


def everybody_accepts(at: Draft, level: float) -> bool:
    return all(level <= bound for bound in at.accept)


def unanimous(at: Draft, level: float) -> bool:
    """Art. 31(1) TEU: no vote against, and not a third of members with a third of persons abstaining by declaration."""
    abstainers = [i for i in range(at.size) if at.declared[i] < level <= at.veto[i]]
    members = 3 * len(abstainers) >= at.size
    persons = 3 * sum(at.persons[i] for i in abstainers) >= sum(at.persons)
    return nobody_opposes(at, level) and not (members and persons)


def double_majority(at: Draft, level: float) -> bool:
    """Art. 16(4) TEU: 55 % of members with 65 % of persons; a blocking minority has at least four members."""
    favour = [i for i in range(at.size) if level <= at.accept[i]]
    members = 100 * len(favour) >= 55 * at.size
    persons = 100 * sum(at.persons[i] for i in favour) >= 65 * sum(at.persons)
    return members and (persons or at.size - len(favour) < 4)


def nice(at: Draft, level: float) -> bool:
    """Protocol 36, Art. 3(3): the votes, a majority of members, 62 % of persons."""
    favour = [i for i in range(at.size) if level <= at.accept[i]]
    votes = sum(at.votes[i] for i in favour) >= at.quota
    persons = 100 * sum(at.persons[i] for i in favour) >= 62 * sum(at.persons)
    return votes and 2 * len(favour) > at.size and persons


def deepest(at: Draft, passes: Test) -> float:
    """The deepest level that passes: every bound, what lies between two, and beyond them all, one after another."""
    bounds = sorted({0.0, *at.accept, *at.declared, *at.veto})
    between = [(low + high) / 2 for low, high in pairwise(bounds)]
    levels = sorted([*bounds, *between, bounds[-1] + 1])
    verdicts = [passes(at, level) for level in levels]
    assert verdicts == sorted(verdicts, reverse=True), "what passes is closed from above"
    return max(level for level, passed in zip(levels, verdicts, strict=True) if passed)


# The rules equal them


@given(drafts())
def test_consensus_goes_as_far_as_nobody_opposes(at: Draft) -> None:
    assert voting.consensus(column(at.veto))[0] == deepest(at, nobody_opposes)


@given(drafts())
def test_common_accord_goes_as_far_as_everybody_accepts(at: Draft) -> None:
    assert voting.common_accord(column(at.accept))[0] == deepest(at, everybody_accepts)


@given(drafts(), examples=300)
@example(a_third())
def test_unanimity_equals_the_treaty_read_level_by_level(at: Draft) -> None:
    found = voting.unanimity(column(at.declared), column(at.veto), at.electorate())
    assert found.shape == (1,)
    assert found[0] == deepest(at, unanimous)


@given(drafts(), examples=300)
def test_the_double_majority_equals_the_treaty_read_level_by_level(at: Draft) -> None:
    assert voting.qualified_majority(column(at.accept), at.electorate())[0] == deepest(at, double_majority)


@given(drafts(), examples=300)
def test_the_majority_of_nice_equals_the_protocol_read_level_by_level(at: Draft) -> None:
    assert voting.qualified_majority(column(at.accept), at.electorate(nice=True))[0] == deepest(at, nice)


def high_majority(at: Draft, level: float) -> bool:
    """Art. 238(2) TFEU, no proposal: 72 % of members with 65 % of persons, and no clause of four."""
    favour = [i for i in range(at.size) if level <= at.accept[i]]
    persons = 100 * sum(at.persons[i] for i in favour) >= 65 * sum(at.persons)
    return 100 * len(favour) >= 72 * at.size and persons


def high_nice(at: Draft, level: float) -> bool:
    """Art. 205(2) TEC, no proposal: two thirds of members instead of a majority."""
    favour = [i for i in range(at.size) if level <= at.accept[i]]
    return nice(at, level) and 3 * len(favour) >= 2 * at.size


@given(drafts(), examples=300)
def test_without_a_proposal_more_members_are_needed(at: Draft) -> None:
    accept = column(at.accept)
    assert voting.qualified_majority(accept, at.electorate(), proposed=False)[0] == deepest(at, high_majority)
    found = voting.qualified_majority(accept, at.electorate(nice=True), proposed=False)[0]
    assert found == deepest(at, high_nice)


@given(drafts(), examples=100)
def test_each_majority_asks_for_its_own_share_of_persons(at: Draft) -> None:
    """Art. 238(2) TFEU asks for the 65 % of Art. 16(4) TEU today; a rule that asked for 90 % would be followed."""

    def higher(at: Draft, level: float) -> bool:
        favour = [i for i in range(at.size) if level <= at.accept[i]]
        return high_majority(at, level) and 10 * sum(at.persons[i] for i in favour) >= 9 * sum(at.persons)

    by = at.electorate()
    by = replace(by, rule=by.rule.model_copy(update={"without_proposal_population_share": 0.9}))
    assert voting.qualified_majority(column(at.accept), by, proposed=False)[0] == deepest(at, higher)
    assert voting.qualified_majority(column(at.accept), by)[0] == deepest(at, double_majority)


@given(at=drafts(), margin=st.integers(0, 6), examples=200)
def test_the_passerelle_is_unanimity_or_a_majority_without_a_brake(at: Draft, margin: int) -> None:
    def passes(at: Draft, level: float) -> bool:
        vital = any(level > bound + margin / 8 for bound in at.veto)
        return unanimous(at, level) or (double_majority(at, level) and not vital)

    with_brake = replace(at, declared=(*at.declared, *(bound + margin / 8 for bound in at.veto)))
    expected = max(level for level in levels_of(with_brake) if passes(at, level))
    by, accept, veto = at.electorate(), column(at.accept), column(at.veto)
    alone, together = voting.unanimity(column(at.declared), veto, by), voting.qualified_majority(accept, by)
    found = voting.passerelle(alone, together, veto, margin / 8)
    assert found[0] == expected
    assert found[0] >= alone[0], "majority voting never lowers what passes"


def levels_of(at: Draft) -> list[float]:
    bounds = sorted({0.0, *at.accept, *at.declared, *at.veto})
    return [*bounds, *((low + high) / 2 for low, high in pairwise(bounds))]


def test_a_third_of_both_stops_unanimity_and_a_person_less_does_not() -> None:
    """One of three equal states declares its abstention beyond 0.25; with fewer persons nobody minds."""
    stopped = a_third()
    small = replace(stopped, persons=(1, 2, 2))
    for at, level in ((stopped, 0.25), (small, 0.75)):
        assert voting.unanimity(column(at.declared), column(at.veto), at.electorate())[0] == level


# Blocks of runs, order, names


def block(n: Numbers, size: int) -> tuple[Floats, Floats, Floats, Electorate]:
    accept = on_grid(n.table((size, R), 0, 2))
    veto = on_grid(accept + n.table((size, R), 0, 0.5))
    declared = on_grid(accept + 0.5 * (veto - accept))
    persons, votes = n.whole(1, 80, size), n.whole(1, 29, size)
    rule = replace_rule(nice_votes=int(0.7 * votes.sum()))
    return accept, declared, veto, Electorate(np.arange(size), persons, votes, rule, UNION.declared_abstentions)


def levels(accept: Floats, declared: Floats, veto: Floats, by: Electorate) -> list[Floats]:
    """What passes under every rule, (R,) each."""
    lisbon = replace(by, rule=LISBON)
    return [
        voting.consensus(veto), voting.common_accord(accept), voting.unanimity(declared, veto, by),
        voting.qualified_majority(accept, lisbon), voting.qualified_majority(accept, by),
    ]  # fmt: skip


@given(n=numbers, size=st.integers(3, 9))
def test_a_run_does_not_notice_its_companions(n: Numbers, size: int) -> None:
    accept, declared, veto, by = block(n, size)
    for run in range(R):
        alone = levels(accept[:, [run]], declared[:, [run]], veto[:, [run]], by)
        together = levels(accept, declared, veto, by)
        assert [level[0] for level in alone] == [level[run] for level in together]


@given(n=numbers, size=st.integers(3, 9), data=st.data())
def test_a_more_willing_state_never_lowers_what_passes(n: Numbers, size: int, data: st.DataObject) -> None:
    accept, declared, veto, by = block(n, size)
    state, step = data.draw(st.integers(0, size - 1)), data.draw(st.integers(0, 16)) / 16
    more = step * (np.arange(size) == state)[:, np.newaxis]
    raised = levels(accept + more, declared + more, veto + more, by)
    for before, after in zip(levels(accept, declared, veto, by), raised, strict=True):
        assert (after >= before).all()


@given(n=numbers, size=st.integers(3, 9))
def test_the_order_in_which_members_are_listed_changes_nothing(n: Numbers, size: int) -> None:
    accept, declared, veto, by = block(n, size)
    order = np.argsort(n.luck(size))
    turned = replace(by, persons=by.persons[order], nice_votes=by.nice_votes[order])
    for here, there in zip(
        levels(accept, declared, veto, by), levels(accept[order], declared[order], veto[order], turned), strict=True
    ):
        np.testing.assert_array_equal(here, there)


@given(n=numbers, size=st.integers(1, 30))
def test_by_reluctance_orders_levels_and_keeps_persons_and_places(n: Numbers, size: int) -> None:
    bounds, persons = on_grid(n.table((size, R), 0, 3)), n.whole(1, 80_000_000, size)
    order = voting.by_reluctance(bounds, persons)
    for run in range(R):
        expected = sorted(range(size), key=lambda place: (bounds[place, run], place))
        assert order.place[run].tolist() == expected
        assert order.level[run].tolist() == [bounds[place, run] for place in expected]
        assert order.persons[run].tolist() == np.cumsum([persons[place] for place in expected]).tolist()


def test_a_council_of_128_is_ordered_and_one_of_129_refused() -> None:
    assert voting.by_reluctance(np.zeros((128, 1)), np.ones(128, dtype=np.int64)).place[0, -1] == 127
    with pytest.raises(ValueError, match="129"):
        voting.by_reluctance(np.zeros((129, 1)), np.ones(129, dtype=np.int64))


@given(drafts())
def test_the_median_state_is_the_first_with_half_of_all_persons_up_to_it(at: Draft) -> None:
    order = sorted(range(at.size), key=lambda place: (at.accept[place], place))
    persons, median = 0, -1
    for place in order:
        persons += at.persons[place]
        if 2 * persons >= sum(at.persons):
            median = place
            break
    assert voting.median_member(column(at.accept), np.array(at.persons))[0] == median


@given(at=drafts(), level=st.integers(0, 12))
def test_the_pivotal_state_is_the_first_whose_first_fitting_bound_is_the_level(at: Draft, level: int) -> None:
    pivot = -1
    for bounds in (at.veto, at.declared, at.accept):
        for place, bound in enumerate(bounds):
            if pivot < 0 and bound == level / 8:
                pivot = place
    kinds = (column(at.veto), column(at.declared), column(at.accept))
    assert voting.pivotal(np.array([level / 8]), kinds)[0] == pivot


@given(n=numbers, size=st.integers(3, 9))
def test_every_rule_stops_at_the_bound_of_a_state(n: Numbers, size: int) -> None:
    accept, declared, veto, by = block(n, size)
    for level in levels(accept, declared, veto, by):
        assert (voting.pivotal(level, (veto, declared, accept)) >= 0).all()


# The Council of 27, and that of six


def council_of_27() -> tuple[list[str], Electorate]:
    today = quarter_index("2026Q3")
    states = [one for one in resolve("outlook", "none").members if one.has("member", today)]
    by = Electorate(
        rows=np.arange(len(states)),
        persons=np.array([one.population for one in states]),
        nice_votes=np.array([one.nice_votes for one in states]),
        rule=LISBON,
        abstentions=UNION.declared_abstentions,
    )
    return [one.iso3 for one in states], by


CODES, TODAY = council_of_27()
BY_PERSONS = [CODES[place] for place in np.argsort(-TODAY.persons, kind="stable")]


def reluctant(states: Sequence[str], to: float = 0.25, others: float = 0.75) -> Floats:
    return np.array([[to if code in states else others] for code in CODES])


def test_the_union_has_27_members_and_three_of_them_nearly_half_of_its_persons() -> None:
    three = sum(int(TODAY.persons[CODES.index(code)]) for code in ("DEU", "FRA", "ITA"))
    assert len(CODES) == 27
    assert three / TODAY.persons.sum() == pytest.approx(0.469, abs=0.001)


def test_three_large_states_cannot_block_a_majority() -> None:
    assert voting.qualified_majority(reluctant(["DEU", "FRA", "ITA"]), TODAY)[0] == 0.75


@pytest.mark.parametrize("fourth", [code for code in CODES if code not in ("DEU", "FRA", "ITA")])
def test_three_large_states_and_any_other_can(fourth: str) -> None:
    assert voting.qualified_majority(reluctant(["DEU", "FRA", "ITA", fourth]), TODAY)[0] == 0.25


@pytest.mark.parametrize(("number", "level"), [(12, 0.75), (13, 0.25)])
def test_thirteen_small_states_block_for_want_of_fifteen_members(number: int, level: float) -> None:
    assert voting.qualified_majority(reluctant(BY_PERSONS[-number:]), TODAY)[0] == level


@pytest.mark.parametrize(
    ("abstainers", "level"),
    [
        (["DEU", "FRA", *BY_PERSONS[-7:]], 0.25),
        (["DEU", "FRA", *BY_PERSONS[-6:]], 0.75),
        (BY_PERSONS[:8], 0.75),
        (BY_PERSONS[-9:], 0.75),
        (BY_PERSONS[:9], 0.25),
    ],
    ids=["nine with a third", "eight with a third", "the eight largest", "the nine smallest", "the nine largest"],
)
def test_nine_declared_abstainers_with_a_third_of_persons_stop_unanimity(abstainers: list[str], level: float) -> None:
    veto = np.full((27, 1), 0.75)
    assert voting.unanimity(reluctant(abstainers), veto, TODAY)[0] == level


def test_one_state_stops_unanimity_and_no_majority() -> None:
    alone = reluctant(["MLT"])
    assert voting.unanimity(alone, alone, TODAY)[0] == 0.25
    assert voting.qualified_majority(alone, TODAY)[0] == 0.75


def banzhaf(votes: Sequence[int], quota: int) -> NDArray[np.float64]:
    """Share of swings of each state, each vote a seat of its own: all seats of a state vote alike.

    Twelve of seventeen seats are also a majority of the seats, so that only the votes count.
    """
    seats = np.repeat(np.arange(len(votes)), votes)
    coalitions = np.array(list(product([0.0, 1.0], repeat=len(votes)))).T
    rule = replace_rule(nice_votes=quota, population_share=0.0)
    one: Whole = np.ones(len(seats), dtype=np.int64)
    by = Electorate(np.arange(len(seats)), one, one, rule, UNION.declared_abstentions)

    def wins(coalition: Floats) -> NDArray[np.bool_]:
        won: NDArray[np.bool_] = voting.qualified_majority(coalition[seats], by) == 1.0
        return won

    swings = []
    for state in range(len(votes)):
        without = coalitions.copy()
        without[state] = 0.0
        swings.append((wins(coalitions) & ~wins(without)).sum())
    power: NDArray[np.float64] = np.array(swings) / sum(swings)
    return power


def test_voting_power_in_the_council_of_six() -> None:
    """Council of the EEC, 1958-72: Banzhaf index, Felsenthal and Machover (1998), ch. 5. Luxembourg had none."""
    power = banzhaf(votes=[4, 4, 4, 2, 2, 1], quota=12)
    np.testing.assert_allclose(power, np.array([5, 5, 5, 3, 3, 0]) / 21)


@given(drafts())
def test_abstentions_and_objections_stop_what_lies_beyond_the_level_of_unanimity(draft: Draft) -> None:
    by, declared, veto = draft.electorate(), column(draft.declared), column(draft.veto)
    level = voting.unanimity(declared, veto, by)
    for asked in {*draft.declared, *draft.veto}:
        stopped = (asked > veto).any(axis=0) | voting.stopped_by_abstention(asked > declared, by)
        np.testing.assert_array_equal(stopped, asked > level)
