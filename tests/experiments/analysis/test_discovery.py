"""Boxes planted by hand are found again; what must hold of any trajectory, box and interval."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.analysis.discovery import (
    ALPHA,
    DEEPEST,
    KEEP,
    LEAST_RUNS,
    Limit,
    chosen,
    clustered,
    columns_of,
    discover,
    events,
    inside,
    merit,
    narrowed,
    paste,
    peel,
    quasi_p,
    rule,
    shares,
    simplified,
    tree,
)
from experiments.analysis.intervals import jeffreys

N = 1500
WORDS = ("calm", "crisis", "tense")


def world(seed: int, n: int = N) -> pd.DataFrame:
    """Four numbers, of which one with few values, and a word."""
    chance = np.random.default_rng(seed)
    numbers = pd.DataFrame(chance.random((n, 3)), columns=["a", "b", "c"])
    return numbers.assign(few=chance.integers(0, 3, n), word=chance.choice(WORDS, n))


def luck(seed: int, n: int = N) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
    return np.random.default_rng(seed + 1000).random(n)


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 10**6), low=st.floats(0.3, 0.6), high=st.floats(0.4, 0.7), keep=st.sampled_from(WORDS))
def test_a_planted_box_is_found_again(seed: int, low: float, high: float, keep: str) -> None:
    table = world(seed, 3000)
    planted = ((table["a"] > low) & (table["b"] < high) & (table["word"] != keep)).to_numpy()
    event = luck(seed, 3000) < np.where(planted, 0.9, 0.02)
    found = discover(table, event, np.arange(3000))
    by = {(limit.input, limit.side): limit for limit in found.box}
    assert set(by) == {("a", "above"), ("b", "below"), ("word", "among")}
    assert by["a", "above"].bound == pytest.approx(low, abs=0.05)
    assert by["b", "below"].bound == pytest.approx(high, abs=0.05)
    assert by["word", "among"].among == tuple(word for word in WORDS if word != keep)
    held = found.regions.set_index(["region", "half"]).loc[("box", "held")]
    assert held["density"] > 0.8 and held["coverage"] > 0.75
    assert (found.limits["quasi_p"] < 1e-3).all()


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10**6), share=st.floats(0.0, 1.0))
def test_peeling_makes_boxes_denser_and_nested_and_never_smaller_than_allowed(seed: int, share: float) -> None:
    inputs = columns_of(world(seed, 400))
    event = luck(seed, 400) < share
    within = [inside(inputs, box) for box in peel(inputs, event)]
    assert within[0].all()
    for wider, tighter in pairwise(within):
        assert not (tighter & ~wider).any() and tighter.sum() < wider.sum()
        assert event[tighter].mean() > event[wider].mean()
    assert within[-1].sum() >= LEAST_RUNS


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 10**6), low=st.floats(0.2, 0.8))
def test_a_peel_of_numbers_takes_a_twentieth_and_pasting_gives_back_only_what_makes_denser(
    seed: int, low: float
) -> None:
    inputs = {name: values for name, values in columns_of(world(seed)).items() if name in "abc"}
    event = luck(seed) < np.where(inputs["a"] > low, 0.6, 0.1)
    boxes = peel(inputs, event)
    runs = [int(inside(inputs, box).sum()) for box in boxes]
    assert all(int(ALPHA * n) == n - m for n, m in pairwise(runs))
    tight = boxes[chosen(inputs, event, boxes)]
    wide = paste(inputs, event, tight)
    before, after = inside(inputs, tight), inside(inputs, wide)
    assert not (before & ~after).any()
    assert event[after].mean() >= event[before].mean()


def test_pasting_moves_a_side_that_was_peeled_too_far_and_gives_words_back() -> None:
    table = world(3)
    inputs = columns_of(table)
    event = ((table["a"] > 0.4) & (table["word"] != "calm")).to_numpy()
    tight = (Limit("a", "above", 0.6), Limit("word", "among", among=("crisis",)), Limit("b", "above", 0.01))
    # every run in the tight box has the event: nothing can make it denser
    assert paste(inputs, event, tight) == tight
    wide = {limit.input: limit for limit in paste(inputs, event & (luck(3) < inputs["b"] + 0.5), tight)}
    assert wide.keys() <= {"a", "word", "b"}
    flaw = event & ~((table["b"] < 0.3) & (table["a"] > 0.6)).to_numpy()
    assert event[inside(inputs, paste(inputs, flaw, tight))].mean() == 1.0


def test_what_does_nothing_is_dropped_and_what_matters_is_kept() -> None:
    inputs = columns_of(world(5))
    event = (inputs["a"] > 0.5) & (luck(5) < 0.9)
    box = (Limit("a", "above", 0.5), Limit("b", "above", 0.02), Limit("few", "below", 2.0))
    plain = simplified(inputs, event, box)
    assert plain == (Limit("a", "above", 0.5),)
    assert merit(inside(inputs, plain), event) >= KEEP * merit(inside(inputs, box), event)
    p = quasi_p(inputs, event, box)
    assert p[0] < 1e-10 and p[1] > 0.05 and p[2] > 0.4


def test_without_events_and_with_nothing_but_events_the_box_is_everything() -> None:
    table = world(7)
    for event in (np.zeros(N, dtype=bool), np.ones(N, dtype=bool)):
        found = discover(table, event, np.arange(N))
        assert found.box == () and rule(found.box) == "everything"
        assert list(found.leaves["rule"]) == ["everything"]
        assert not len(found.limits) and len(found.trajectory) == 1


def test_ties_are_peeled_whole_and_constants_never() -> None:
    few = np.array([0.0] * 60 + [1.0] * 40)
    boxes = peel({"few": few, "same": np.ones(100)}, few > 0)
    assert boxes == [(), (Limit("few", "above", 1.0),)]


def test_leaves_of_the_tree_share_out_all_runs_and_words_are_split_into_two_sets() -> None:
    table = world(9)
    inputs = columns_of(table)
    event = (table["word"] != "calm").to_numpy() & (luck(9) < np.where(inputs["a"] > 0.5, 0.9, 0.3))
    leaves = tree(inputs, event)
    assert (np.sum([inside(inputs, leaf) for leaf in leaves], axis=0) == 1).all()
    assert any(limit.among == ("crisis", "tense") for leaf in leaves for limit in leaf)
    found = discover(table, event, np.arange(N))
    regions = found.regions.set_index(["region", "half"])
    assert regions.loc[("tree", "held"), "density"] > 0.7
    taken = found.leaves[found.leaves["taken"] == 1]
    assert taken["runs"].sum() == regions.loc[("tree", "held"), "runs"]


def test_runs_with_the_same_luck_count_once() -> None:
    happened = np.arange(60) % 3 == 0
    once = clustered(happened, np.ones(60, bool), np.arange(60))
    thrice = clustered(np.repeat(happened, 3), np.ones(180, bool), np.repeat(np.arange(60), 3))
    assert once == pytest.approx(thrice)
    lower, upper = jeffreys(20, 60)
    assert once.lower == pytest.approx(float(lower), abs=2e-3) and once.upper == pytest.approx(float(upper), abs=2e-3)
    none = clustered(np.zeros(60, bool), np.zeros(60, bool), np.arange(60))
    assert np.isnan(none.estimate) and (none.lower, none.upper) == (0.0, 1.0)


def test_the_interval_of_a_share_of_clustered_runs_holds_it_as_often_as_it_says() -> None:
    chance, held = np.random.default_rng(11), 0
    cluster = np.repeat(np.arange(80), 4)
    for _ in range(300):
        rate = np.repeat(chance.beta(1.0, 3.0, 80), 4)
        found = clustered(chance.random(320) < rate, np.ones(320, bool), cluster)
        held += found.lower <= 0.25 <= found.upper
    assert 0.85 <= held / 300 <= 0.95


def test_what_hardly_ever_happens_gives_way_to_the_deepest_tenth_and_what_mostly_does_to_its_absence() -> None:
    depth = np.linspace(0.0, 0.7, 1000)
    ends = pd.DataFrame({"operational_depth": depth, "strategic": (depth > 0.697) * 1.0, "functional": depth > 0.25})
    table, found = events(ends, np.arange(1000))
    assert list(found) == [DEEPEST, "not functional"]
    assert found[DEEPEST].sum() == 100 and found["not functional"].mean() == pytest.approx(0.357, abs=1e-3)
    assert table["share"].tolist()[1] == pytest.approx(0.643, abs=1e-3)
    assert table["searched"].tolist() == [DEEPEST, "not functional"]
    _, seldom = events(ends.assign(strategic=0.0).iloc[:500], np.arange(500))
    assert list(seldom) == [DEEPEST, "functional"] and seldom["functional"].mean() < 0.5
    assert table["share"].iloc[0] < 0.01 and table["from"].iloc[0] == pytest.approx(0.63, abs=0.01)


def test_shares_stand_by_scenario_and_policy() -> None:
    cells = [("calm", "none"), ("calm", "all"), ("war", "none"), ("war", "all")]
    ends = pd.DataFrame(cells * 50, columns=["scenario", "policy"])
    ends = ends.assign(strategic=0, functional=(ends["policy"] == "all") * 1)
    found = shares(ends, np.repeat(np.arange(50), 4)).set_index(["scenario", "policy", "event"])
    assert found.loc[("war", "all", "functional"), "share"] == 1.0
    assert found.loc[("calm", "none", "functional"), "share"] == 0.0
    assert (found["runs"] == 50).all() and (found["upper"] > found["lower"]).all()


def test_a_second_limit_on_the_same_side_takes_the_place_of_the_first() -> None:
    box = narrowed((Limit("a", "above", 0.1), Limit("a", "below", 0.9)), Limit("a", "above", 0.2))
    assert rule(box) == "a <= 0.9; a >= 0.2"
