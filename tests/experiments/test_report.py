"""The answer fits 80 columns, is plain outside a terminal, and gives the numbers of the findings."""

from io import StringIO

import pytest

from experiments.report import console, tell
from tests.experiments.synthetic import findings


def told(**kwargs: object) -> str:
    out = StringIO()
    tell(findings(**kwargs), console(out))  # type: ignore[arg-type]
    return out.getvalue()


def test_dates_come_before_effects_and_effects_before_strength():
    text = told()
    assert text.index("2030") < text.index("What a policy changes") < text.index("by strength of the lever")


def test_the_answer_fits_eighty_columns_and_is_plain():
    text = told(
        policies=("none", "dialogue", "indo_pacific_strategy", "dialogue+interoperability+indo_pacific_strategy")
    )
    assert max(map(len, text.splitlines())) <= 80
    assert "\x1b" not in text


def test_every_instrument_is_named_with_its_share_and_interval():
    text = told()
    assert "Joint Declaration and yearly summits" in text
    assert "100" in text
    row = next(line for line in text.splitlines() if "Security of Information" in line)
    assert row.count("[") == 3


@pytest.mark.parametrize(
    "case",
    [
        {"runs": 1},
        {"policies": ("none",)},
        {"policies": ("dialogue", "indo_pacific_strategy")},
        {"moves": False},
        {"first": "2027Q1", "last": "2027Q4"},
        {"without": ("trajectories",)},
        {"without": ("transitions",)},
        {"without": ("trajectories", "transitions", "actors")},
    ],
)
def test_edge_cases_are_told_too(case: dict[str, object]):
    assert told(**({"runs": 12} | case)).strip()
