"""Exercises that other states lead equal their scalar twin."""

from config import resolve
from tests.twin.test_lanes import EVERYTHING, assert_lane_equals_twin, block, twin

LED = {"france": 0, "uk": 0, "germany": 0, "italy": 1, "netherlands": 1, "sweden": 1}
"""Three that are worth less than half each, 0.71 together: no sum that rounding could not tell."""


def test_exercises_led_by_others_equal_their_twin() -> None:
    leads = {f"levers.interoperability_{name}": value for name, value in LED.items()}
    facts = resolve("outlook", "interoperability", leads, until="2028Q4")
    record = EVERYTHING[:2]
    assert_lane_equals_twin(block(facts, (3, 4), record), twin(facts, 3, record), 3, record)
