"""Beliefs about what nobody sees: they are probabilities, and they say how often the model does what is known."""

from collections.abc import Iterator, Sequence
from functools import cache
from itertools import combinations
from typing import Any

import numpy as np
import pytest
from hypothesis import strategies as st
from scipy.stats import norm

from agents.rules.types import Floats, Mask
from config import LADDERS, PARTNERS, Settings, Status, quarter_name, resolve
from config.status import with_status
from simulation.beliefs import CONCLUDED, MANDATE, NONE, POINTS, TALKS, Belief
from simulation.instruments import WITH_MANDATE
from simulation.model import PartnershipModel
from tests.agents.sample import TINY, Numbers, R, given, numbers, within
from tests.config.test_status import status_of

J = 5
"""Points of the beliefs below; the last is a stayer."""
QUARTERS = 3
SEED = 3

Listed = list[tuple[int, int]]
Stages = list[tuple[str, str, str]]


# A belief by itself


class Chances:
    """Chances of opening (R,), of talks and of concluding (J, R), quarter by quarter, and a belief to begin with."""

    def __init__(self, seed: int, stage: int, with_mandate: bool, at_once: bool = True) -> None:
        random = Numbers(seed)
        self.stage, self.first, self.at_once = stage, MANDATE if with_mandate else TALKS, at_once
        self.opens = [random.runs() for _ in range(QUARTERS)]
        self.talks = [random.table((J, R)) for _ in range(QUARTERS)]
        self.concludes = [random.table((J, R)) for _ in range(QUARTERS)]
        weight = random.table((J, R)) + 0.01
        self.weight: Floats = weight / weight.sum(axis=0)
        self.will = random.table((J, R))

    def belief(self, listed: Sequence[tuple[int, int]]) -> Belief:
        return Belief(listed, self.will, self.weight, self.stage)

    def advance(self, belief: Belief, quarter: int) -> None:
        talks, concludes = self.talks[quarter], self.concludes[quarter]
        belief.advance(quarter, self.opens[quarter], self.first, talks, concludes, self.at_once)

    def likelihood(self, listed: Listed) -> Floats:
        """Likelihood of a record, (R,)."""
        belief = self.belief(listed)
        for quarter in range(QUARTERS):
            if not belief.holds(CONCLUDED):
                self.advance(belief, quarter)
        return np.exp(belief.log_likelihood)


def records(stage: int, first: int, at_once: bool) -> Iterator[Listed]:
    """Everything that a file can do in so many quarters, each stage listed."""
    if stage in (NONE, MANDATE):
        yield []
        for rank in (MANDATE, TALKS):
            begins = stage == MANDATE if rank == TALKS and first == MANDATE else stage == NONE and rank == first
            for quarter in range(QUARTERS) if begins else ():
                yield from ([(quarter, rank), *rest] for rest in after(rank, quarter, at_once))
    else:
        yield from after(TALKS, -1, True)


def after(rank: int, quarter: int, at_once: bool) -> Iterator[Listed]:
    """Everything that can happen to a file that reached a stage in a quarter."""
    yield []
    if rank == MANDATE:
        for begun in range(quarter + 1, QUARTERS):
            yield from ([(begun, TALKS), *rest] for rest in after(TALKS, begun, at_once))
    else:
        earliest = max(0, quarter if at_once else quarter + 1)
        yield from ([(done, CONCLUDED)] for done in range(earliest, QUARTERS))


WAYS = [(stage, with_mandate, True) for stage in (NONE, MANDATE, TALKS) for with_mandate in (True, False)]
WAYS = [way for way in WAYS if way[0] != MANDATE or way[1]] + [(stage, False, False) for stage in (NONE, TALKS)]
ways = st.sampled_from(WAYS)
seeds = st.integers(0, 2**32 - 1)


@given(seeds, ways, examples=25)
def test_something_happens_for_sure(seed: int, way: tuple[int, bool, bool]) -> None:
    """The likelihoods of all that can happen add up to one, in every run, whatever the chances."""
    chances = Chances(seed, *way)
    everything = list(records(chances.stage, chances.first, chances.at_once))
    assert len({tuple(one) for one in everything}) == len(everything)
    total = sum((chances.likelihood(listed) for listed in everything), np.zeros(R))
    np.testing.assert_allclose(total, 1.0, atol=1e-12)


@given(seeds, ways, examples=25)
def test_what_is_not_listed_may_have_happened_at_any_time_before(seed: int, way: tuple[int, bool, bool]) -> None:
    """Only the conclusion known: as likely as all records that end with it, together."""
    chances = Chances(seed, *way)
    everything = list(records(chances.stage, chances.first, chances.at_once))
    for quarter in range(QUARTERS):
        end = (quarter, CONCLUDED)
        fine = sum((chances.likelihood(listed) for listed in everything if end in listed), np.zeros(R))
        np.testing.assert_allclose(chances.likelihood([end]), fine, atol=1e-12)


@given(seeds)
def test_a_record_is_as_likely_as_its_steps_point_by_point(seed: int) -> None:
    """Mandate in the first, talks in the second, conclusion in the third quarter: by hand."""
    chances = Chances(seed, NONE, with_mandate=True)
    found = chances.likelihood([(0, MANDATE), (1, TALKS), (2, CONCLUDED)])
    talks_alone, both = 1 - chances.concludes[1], chances.concludes[2]
    by_point = chances.weight * chances.opens[0] * (chances.talks[1] * talks_alone) * both
    np.testing.assert_allclose(found, by_point.sum(axis=0), atol=1e-12)


@given(seeds, ways, st.data())
def test_masses_are_chances(seed: int, way: tuple[int, bool, bool], data: st.DataObject) -> None:
    chances = Chances(seed, *way)
    listed = data.draw(st.sampled_from(list(records(chances.stage, chances.first, chances.at_once))))
    belief = chances.belief(listed)
    for quarter in range(QUARTERS):
        if belief.holds(CONCLUDED):
            break
        before = belief.log_likelihood
        chances.advance(belief, quarter)
        assert (belief.log_likelihood <= before + TINY).all(), "a quarter has a likelihood of one at most"
        assert not np.isnan(belief.log_likelihood).any()
        assert all((mass >= 0).all() for mass in belief.mass.values())
        np.testing.assert_allclose(belief.weight.sum(axis=0), 1.0, atol=1e-12)
        assert set(belief.mass) == set(belief.possible(quarter))


@given(seeds, ways)
def test_where_nothing_can_happen_that_nothing_did_says_nothing(seed: int, way: tuple[int, bool, bool]) -> None:
    chances = Chances(seed, *way)
    belief, nothing = chances.belief([]), np.zeros((J, R))
    for quarter in range(QUARTERS):
        belief.advance(quarter, np.zeros(R), chances.first, nothing, nothing, chances.at_once)
    np.testing.assert_allclose(belief.log_likelihood, 0.0, atol=1e-12)
    np.testing.assert_allclose(belief.weight, chances.weight, atol=1e-12)
    assert list(belief.mass) == [chances.stage]


@given(seeds, st.booleans())
def test_a_file_that_does_not_move_is_more_and_more_a_stayers(seed: int, mandated: bool) -> None:
    """Chances rise with the will; the last point has the smallest."""
    random = Numbers(seed)
    will = np.sort(random.table((J, R), 0.1, 2.0), axis=0)[::-1] + np.arange(J, 0, -1)[:, np.newaxis]
    weight = np.full((J, R), 1 / J)
    belief = Belief([], will, weight, MANDATE if mandated else TALKS)
    stayer = belief.weight[-1]
    for quarter in range(6):
        pace = random.runs(0.05, 0.5)
        moves = 1 - np.exp(-pace * will)
        belief.advance(quarter, pace, MANDATE, moves if mandated else np.zeros((J, R)), moves, at_once=True)
        assert (belief.weight[-1] > stayer).all()
        assert (np.diff(belief.weight, axis=0) > 0).all(), "the more so the smaller the will"
        stayer = belief.weight[-1]


@given(numbers)
def test_what_cannot_have_happened_has_no_likelihood_and_teaches_nothing(n: Numbers) -> None:
    weight = n.table((J, R)) + 0.01
    weight = weight / weight.sum(axis=0)
    belief = Belief([(0, CONCLUDED)], n.table((J, R)), weight, TALKS)
    possible = n.mask(R)
    belief.advance(0, np.zeros(R), TALKS, np.zeros((J, R)), np.where(possible, 0.5, 0.0) * np.ones((J, R)), True)
    np.testing.assert_allclose(np.exp(belief.log_likelihood), np.where(possible, 0.5, 0.0))
    np.testing.assert_allclose(belief.weight, weight, atol=1e-12)
    belief.begin_anew(1)
    assert list(belief.mass) == [NONE]
    belief.advance(2, np.zeros(R), TALKS, np.zeros((J, R)), np.zeros((J, R)), True)
    assert np.isneginf(belief.log_likelihood[~possible]).all()
    assert not np.isnan(belief.weight).any()


@given(numbers)
def test_wills_are_drawn_as_often_as_they_are_believed(n: Numbers) -> None:
    weight = n.table((J, R)) + 0.001
    weight = weight / weight.sum(axis=0)
    will = np.arange(J)[:, np.newaxis] * np.ones((J, R))
    belief, many = Belief([], will, weight, TALKS), 400
    drawn = np.stack([belief.draw(np.full(R, (step + 0.5) / many)) for step in range(many)])
    assert (np.diff(drawn, axis=0) >= 0).all(), "in the order of the points"
    for point in range(J):
        share = (drawn == point).mean(axis=0)
        np.testing.assert_allclose(share, weight[point], atol=1.5 / many)


def test_a_will_without_weight_is_never_drawn_and_rounding_leaves_the_last() -> None:
    will = np.array([[1.0], [2.0], [3.0]])
    belief = Belief([], will, np.array([[0.5], [0.0], [0.5 - 1e-9]]), NONE)
    assert [float(belief.draw(np.array([u]))[0]) for u in (1e-9, 0.5, 0.5 + 1e-12, 1 - 1e-16)] == [1.0, 1.0, 3.0, 3.0]


@pytest.mark.parametrize(
    ("listed", "by_quarter"),
    [
        ([], [range(NONE, MANDATE)] * 4),
        ([(1, MANDATE)], [range(NONE, MANDATE), *[range(MANDATE, TALKS)] * 3]),
        ([(2, CONCLUDED)], [range(NONE, CONCLUDED)] * 2 + [range(CONCLUDED, 4)] * 2),
        ([(1, MANDATE), (3, CONCLUDED)], [range(NONE, MANDATE), *[range(MANDATE, CONCLUDED)] * 2, range(3, 4)]),
        ([(1, TALKS), (1, CONCLUDED)], [range(NONE, TALKS), *[range(CONCLUDED, 4)] * 3]),
        # concluded, lapsed and opened again: of the two histories only the first counts until the second begins
        ([(0, TALKS), (1, CONCLUDED), (3, TALKS)], [range(TALKS, 3), *[range(CONCLUDED, 4)] * 2]),
    ],
)
def test_stages_that_are_possible(listed: Listed, by_quarter: list[range]) -> None:
    one = np.ones((1, 1))
    for quarter, stages in enumerate(by_quarter):
        assert Belief(listed, one, one, NONE).possible(quarter) == stages, f"quarter {quarter}"


# In the model: exact


def test_points_stand_for_the_distribution_of_wills() -> None:
    """Medians of twelve equal parts of a log-normal distribution around one, then those that hardly move."""
    model = PartnershipModel(known(world("outlook", "none", 1), [], []), runs=range(R), seed=SEED)
    p, shares = model.parameters.files, model.partnership.stayer_share
    for k, one in enumerate(model.settings.instruments):
        belief = model.beliefs.files[one.slug]
        middle = norm.ppf((np.arange(POINTS) + 0.5) / POINTS)[:, np.newaxis]
        np.testing.assert_allclose(np.log(belief.will[:-1]), p.will_spread * middle, atol=1e-5)
        np.testing.assert_array_equal(belief.will[-1], p.stayer_will)
        np.testing.assert_allclose(belief.weight[:-1], np.broadcast_to((1 - shares[k]) / POINTS, (POINTS, R)))
        np.testing.assert_array_equal(belief.weight[-1], shares[k])


@cache
def world(scenario: str, policy: str, quarters: int) -> Settings:
    """The first quarters of a scenario; a framework is on a fast track from the start."""
    start = resolve(scenario, policy).start
    set_ = {"levers.framework_from": "start"} if policy == "framework" else {}
    return resolve(scenario, policy, set_, until=start + quarters - 1)


def all_files(settings: Settings) -> list[str]:
    return [one.slug for one in settings.instruments] + [
        f"{iso}/{rung.slug}" for iso in PARTNERS for rung in settings.rungs
    ]


def known(settings: Settings, held: Sequence[str], stages: Stages, steps: Sequence[dict[str, Any]] = ()) -> Settings:
    """The settings with a status that holds these files alone until the end; ladders are always held."""
    others = tuple(name for name in all_files(settings) if name not in held)
    status = status_of(quarter_name(settings.until), stages, open=others, steps=tuple(steps))
    return with_status(settings, status, "known.toml")


def played(settings: Settings, runs: int, record: Sequence[str] = ()) -> PartnershipModel:
    model = PartnershipModel(settings, runs=range(runs), seed=SEED, record=record)
    model.run()
    return model


def likelihood(settings: Settings, names: Sequence[str], runs: int = R) -> Floats:
    """Likelihood of what is known of these files and ladders together, (R,)."""
    logs = played(settings, runs).beliefs.log_likelihood()
    return np.exp(sum((logs[name] for name in names), np.zeros(runs)))


def written(settings: Settings, file: str) -> list[Stages]:
    """Everything that a file can do from the start to the end of the settings, as rows of a status."""
    partner, slash, rung = file.partition("/")
    rule = next((one.rule for one in settings.instruments if one.slug == file), "R6")
    start = settings.table.rung(partner, rung).stage if slash else settings.table.of(file).stage
    stage = {"dormant": NONE, "lapsed": NONE, "mandated": MANDATE, "negotiating": TALKS}[start]
    first = MANDATE if rule in WITH_MANDATE else TALKS
    words = {
        MANDATE: "mandated",
        TALKS: "negotiating",
        CONCLUDED: "in_force" if first == TALKS and not slash else "signed",
    }
    assert settings.until - settings.start + 1 == QUARTERS
    return [
        [(file, words[rank], quarter_name(settings.start + quarter)) for quarter, rank in listed]
        for listed in records(stage, first, at_once=not slash)
    ]


EXACT = [
    ("hindcast", "none", "cyber_dialogue"),  # without mandate
    ("outlook", "none", "epf_sea"),  # without mandate, opposed in the Council in some runs
    ("hindcast", "none", "csdp_fpa"),  # with mandate
    ("hindcast", "none", "spa_framework"),  # mixed
    ("outlook", "none", "csdp_fpa"),  # mandated at the start, more often a stayer
    ("outlook", "framework", "csdp_fpa"),  # and on a fast track
    ("outlook", "none", "security_of_information"),  # in talks at the start
    ("outlook", "none", "hybrid_fimi"),
    ("hindcast", "none", "GBR/information_protection"),
    ("outlook", "none", "FRA/raa"),  # in talks at the start
]


@pytest.mark.parametrize(("scenario", "policy", "file"), EXACT)
def test_what_can_happen_to_a_file_has_probability_one_in_every_run(scenario: str, policy: str, file: str) -> None:
    """Whatever the file does to others in the meantime: what it may do next depends on what was before alone."""
    settings = world(scenario, policy, QUARTERS)
    everything = written(settings, file)
    assert len(everything) >= 4
    each = [likelihood(known(settings, [file], stages), [file]) for stages in everything]
    np.testing.assert_allclose(sum(each), 1.0, atol=1e-9)
    assert all(within(one, 0, 1 + TINY) for one in each)
    assert (each[0] < 1).any(), "something may happen"


@pytest.mark.parametrize("ladder", LADDERS)
def test_steps_that_japan_may_take_have_probability_one_in_every_run(ladder: str) -> None:
    settings = world("hindcast", "none", QUARTERS)
    quarters = [quarter_name(settings.start + quarter) for quarter in range(QUARTERS)]
    first, top = getattr(settings.table.ladders, ladder) + 1, len(getattr(settings.japan.ladders, ladder))
    total = np.zeros(R)
    for count in range(QUARTERS + 1):
        for when in combinations(quarters, count) if first + count - 1 <= top else ():
            steps = [{"ladder": ladder, "step": first + n, "quarter": quarter} for n, quarter in enumerate(when)]
            total = total + likelihood(known(settings, [], [], steps), [f"JPN/{ladder}"])
    np.testing.assert_allclose(total, 1.0, atol=1e-9)


def test_what_can_happen_to_two_files_and_a_ladder_has_probability_one_together() -> None:
    """One quarter, in which each decides for itself."""
    settings = world("hindcast", "none", 1)
    now, total = quarter_name(settings.start), np.zeros(R)
    one: list[Stages] = [[], [("cyber_dialogue", "negotiating", now)]]
    one.append([*one[1], ("cyber_dialogue", "in_force", now)])
    other: list[Stages] = [[], [("csdp_fpa", "mandated", now)]]
    for steps in ([], [{"ladder": "transfers", "step": 1, "quarter": now}]):
        for stages in ([*a, *b] for a in one for b in other):
            held = known(settings, ["cyber_dialogue", "csdp_fpa"], stages, steps)
            total = total + likelihood(held, ["cyber_dialogue", "csdp_fpa", "JPN/transfers"])
    np.testing.assert_allclose(total, 1.0, atol=1e-9)


def test_files_that_are_open_have_no_say_in_the_likelihood() -> None:
    settings = world("outlook", "none", QUARTERS)
    logs = played(known(settings, ["csdp_fpa"], []), R).beliefs.log_likelihood()
    moved = {name for name, value in logs.items() if (value != 0).any()}
    assert moved <= {"csdp_fpa", *(f"JPN/{ladder}" for ladder in LADDERS)}
    assert "csdp_fpa" in moved


def test_what_cannot_be_opened_has_surely_not_been() -> None:
    """An instrument that does not exist yet, and one whose prerequisite is missing."""
    settings = world("hindcast", "none", 1)
    for file in ("security_defence_partnership", "mutual_assistance"):
        np.testing.assert_allclose(likelihood(known(settings, [file], []), [file]), 1.0)
    stages = [(file, "mandated", quarter_name(settings.start))]
    assert (likelihood(known(settings, [file], stages), [file]) == 0).all()


def test_an_agreement_may_lapse_and_be_concluded_again() -> None:
    """Both times count; the years in force between them do not."""
    file = "cyber_dialogue"
    settings = resolve("hindcast", "none", until="2013Q4")
    once = [(file, "negotiating", "2010Q2"), (file, "in_force", "2010Q4"), (file, "lapsed", "2011Q4")]
    twice = [*once, (file, "negotiating", "2012Q4"), (file, "in_force", "2013Q2")]
    model = PartnershipModel(known(settings, [file], twice), runs=range(R), seed=SEED)
    seen: dict[str, Floats] = {}
    while model.quarter <= settings.until:
        model.step()
        seen[quarter_name(model.quarter - 1)] = model.beliefs.log_likelihood()[file]
    assert np.isfinite(seen["2013Q4"]).all()
    np.testing.assert_array_equal(seen["2010Q4"], seen["2011Q4"])
    assert (seen["2012Q3"] < seen["2011Q4"]).all()
    assert (seen["2013Q2"] < seen["2012Q3"]).all()
    np.testing.assert_array_equal(seen["2013Q2"], seen["2013Q4"])


# In the model: as often as it happens


LANES, HORIZON = 4000, 5
"""Runs, and quarters from the start of the outlook."""


def first_quarters(quarters: int, policy: str = "none") -> Settings:
    return world("outlook", policy, quarters)


@cache
def free(policy: str = "none", quarters: int = HORIZON) -> PartnershipModel:
    """The outlook with every file left to chance; Japan takes no step, as in what follows."""
    return played(known(first_quarters(quarters, policy), [], []), LANES, ("transitions", "vetoes"))


def happened(model: PartnershipModel, file: str, stages: Stages, until: int) -> Mask:
    """In which runs of the free model a file reached just these stages up to a quarter, (R,)."""
    partner, slash, rung = file.partition("/")
    table = model.tables()["transitions"]
    here = (table["partner"] == (partner if slash else "EU")) & (table["instrument"] == (rung if slash else file))
    here &= table["quarter"] <= until
    found: list[list[tuple[str, str]]] = [[] for _ in range(LANES)]
    for run, stage, quarter in zip(table["run"][here], table["stage"][here], table["quarter"][here], strict=True):
        found[run].append((str(stage), quarter_name(int(quarter))))
    wanted = [(stage, quarter) for _, stage, quarter in stages]
    return np.array([one == wanted for one in found])


def assert_as_often(expected: Floats, seen: Mask) -> None:
    """Two estimates of one probability, run by run, agree within four standard errors of their difference."""
    apart = expected - seen
    assert 0.01 < seen.mean() < 0.99, "worth a comparison"
    assert abs(apart.mean()) < 4 * apart.std() / np.sqrt(len(apart)), (expected.mean(), seen.mean())


OFTEN: list[tuple[str, Stages, int]] = [
    ("csdp_fpa", [], 3),
    ("csdp_fpa", [("csdp_fpa", "negotiating", "2026Q4")], 4),
    ("security_of_information", [("security_of_information", "signed", "2027Q2")], 4),
    ("hybrid_fimi", [("hybrid_fimi", "negotiating", "2026Q4")], 3),
    ("FRA/raa", [("FRA/raa", "signed", "2027Q1")], 3),
    ("DEU/raa", [("DEU/raa", "negotiating", "2026Q4")], 2),
]


@pytest.mark.parametrize(("file", "stages", "quarters"), OFTEN)
def test_what_is_known_is_as_likely_as_it_is_frequent(file: str, stages: Stages, quarters: int) -> None:
    settings = first_quarters(quarters)
    expected = likelihood(known(settings, [file], stages), [file], LANES)
    assert_as_often(expected, happened(free(), file, stages, settings.until))


def test_a_fast_track_makes_what_is_known_as_likely_as_it_is_frequent() -> None:
    """A lever that lends its will to the file, so that stayers move too."""
    settings = first_quarters(1, "framework")
    stages = [("csdp_fpa", "negotiating", quarter_name(settings.start))]
    expected = likelihood(known(settings, ["csdp_fpa"], stages), ["csdp_fpa"], LANES)
    assert_as_often(expected, happened(free("framework", 1), "csdp_fpa", stages, settings.until))


WAITS = "security_of_information"
"""In talks at the start of the outlook."""


@cache
def waited() -> PartnershipModel:
    """The outlook in which nothing is heard of a file for more than a year."""
    return played(known(first_quarters(HORIZON), [WAITS], []), LANES)


def test_who_has_not_moved_is_a_stayer_as_often_as_believed() -> None:
    """Among the free runs in which nothing happened, files that hardly move are as frequent as beliefs say."""
    model, place = free(), free().partnership.place[WAITS]
    stays = model.partnership.will[place] == model.parameters.files.stayer_will
    nothing = happened(model, WAITS, [], model.settings.until)
    belief = waited().beliefs.files[WAITS]
    likelihood_of_nothing = np.exp(belief.log_likelihood)
    assert_as_often(likelihood_of_nothing, nothing)
    assert_as_often(likelihood_of_nothing * belief.weight[-1], nothing & stays)
    assert (belief.weight[-1] >= model.partnership.stayer_share[place] - TINY).all()


def test_the_will_is_drawn_from_what_is_believed_when_the_hold_ends() -> None:
    model, place = waited(), waited().partnership.place
    before, believed = model.partnership.will.copy(), model.beliefs.files[WAITS]
    model.status.turn()
    released = model.partnership.will
    assert_as_often(believed.weight[-1], released[place[WAITS]] == model.parameters.files.stayer_will)
    assert all((released[place[WAITS]] == believed.will[point]).any() for point in range(POINTS + 1))
    np.testing.assert_array_equal(released[place[WAITS]], believed.draw(model.chance.once(f"{WAITS}/will as known")))
    others = [k for slug, k in place.items() if slug != WAITS]
    np.testing.assert_array_equal(released[others], before[others])


def test_vetoes_on_other_business_are_as_frequent_as_expected() -> None:
    model = free()
    cast = model.tables()["vetoes"]
    for topic in ("russia", "china", "enlargement"):
        expected = [value for (name, _), value in model.beliefs.expected_vetoes.items() if name == topic]
        assert len(expected) == HORIZON
        assert within(np.stack(expected))
        here = cast["subject"] == topic
        times = np.zeros(LANES)
        for run, _ in {(int(run), int(q)) for run, q in zip(cast["run"][here], cast["quarter"][here], strict=True)}:
            times[run] += 1
        apart = np.sum(expected, axis=0) - times
        assert times.mean() > 0.01
        assert abs(apart.mean()) < 4 * apart.std() / np.sqrt(LANES), (topic, apart.mean(), times.mean())


def test_without_a_status_nothing_is_believed() -> None:
    model = played(first_quarters(2), R)
    assert model.settings.status is None
    assert model.beliefs.log_likelihood() == {}
    assert isinstance(known(first_quarters(2), [], []).status, Status)
