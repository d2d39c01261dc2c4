"""What `partnership show` says of one thing."""

import pytest

from config.loading import load_base
from experiments.catalogue import describe


def test_a_calibrated_parameter_says_what_the_record_leaves_of_it() -> None:
    found = load_base().posterior
    assert found is not None
    values = [row[found.names.index("tracks.opening")] for row in found.rows]
    (line,) = [one for one in describe("parameter", "tracks.opening").splitlines() if "calibrated" in one]
    low, high = (float(end) for end in line.split("5 to 95 % ")[1].split(";")[0].split(" to "))
    assert sum(low <= value <= high for value in values) / len(values) == pytest.approx(0.9, abs=0.02)
    assert "calibrated" not in describe("parameter", "attention.link")
