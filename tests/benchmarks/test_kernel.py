"""The compiled floor gives the same numbers as our own rules, to the bit, so that their times may be compared."""

from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("numba")

from benchmarks import kernel
from benchmarks.captured import Asked, captured
from config import resolve
from simulation.chance import Chance

RUNS = 70  # more than one tile, and not a whole number of them


@cache
def asked() -> Asked:
    return captured(resolve("outlook", "none", until="2031Q4"), RUNS)


def test_the_kernel_lets_pass_what_our_council_lets_pass() -> None:
    for file in asked().files:
        level, bounds = np.empty(len(file.lanes)), np.empty((3, len(file.voters.rows), len(file.lanes)))
        file.decide(level, bounds)
        np.testing.assert_array_equal(level, file.level)
        if file.bounds:
            np.testing.assert_array_equal(bounds, np.stack(file.bounds))


def test_every_rule_and_files_with_and_without_noise_were_put_to_it() -> None:
    found = {file.rule for file in asked().files}
    assert found >= {kernel.CONSENSUS, kernel.UNANIMITY, kernel.MAJORITY, kernel.COMMON_ACCORD}
    assert {file.noise is None for file in asked().files} == {True, False}
    assert sum(topic.answer.opposed.any() for topic in asked().business) > 10


def test_the_kernel_decides_other_business_as_our_council_does() -> None:
    for topic in asked().business:
        shape = (len(topic.voters.rows), RUNS)
        opposed, abstained, stopped = np.empty(shape, bool), np.empty(shape, bool), np.empty((2, RUNS), bool)
        topic.decide(opposed, abstained, stopped)
        answer: Any = topic.answer
        np.testing.assert_array_equal(opposed, answer.opposed)
        np.testing.assert_array_equal(abstained, answer.abstained)
        np.testing.assert_array_equal(stopped, [answer.blocked, answer.vetoed])


def test_the_kernel_moves_states_as_they_move() -> None:
    for quarter in asked().positions:
        moved = np.empty_like(quarter.position)
        quarter.decide(moved)
        np.testing.assert_array_equal(moved, quarter.answer)


@given(st.lists(st.integers(0, 9), min_size=1, max_size=60))
def test_the_network_sorts(numbers: list[int]) -> None:
    in_order = list(numbers)
    for i, j in kernel.network(len(numbers)):
        in_order[i], in_order[j] = min(in_order[i], in_order[j]), max(in_order[i], in_order[j])
    assert in_order == sorted(numbers)


def test_the_kernel_draws_the_same_numbers() -> None:
    chance, names = Chance(7, range(RUNS)), [f"name {n}" for n in range(100)]
    chance.register(names)
    chance.turn(8105)
    keys, runs = kernel.hashes_of(7, names, RUNS)
    table = np.empty((len(names), RUNS))
    kernel.draw(keys, runs, kernel.step_of(8105), table)
    np.testing.assert_array_equal(table, [chance.draw(name) for name in names])
