"""Chance is a pure function of seed, name, quarter and run: nobody's luck depends on company."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulation.chance import NAMES_AT_A_TIME, Chance, Uniforms
from tests.twin.chance import uniform

QUARTER = 4 * 2031 + 1
NAMES = [f"state {i}/early election" for i in range(NAMES_AT_A_TIME + 3)]

seeds = st.integers(min_value=-(2**70), max_value=2**70)
names = st.text(max_size=30)
runs = st.lists(st.integers(min_value=0, max_value=2**63 - 1), min_size=1, max_size=5)
quarters = st.integers(min_value=0, max_value=20_000)


def drawn(seed: int, of_runs: range | list[int], registered: list[str], quarter: int = QUARTER) -> Uniforms:
    """All draws of a quarter, (names, runs), as a copy."""
    chance = Chance(seed, of_runs)
    rows = chance.register(registered)
    chance.turn(quarter)
    return chance.rows(rows).copy()


@given(seed=seeds, name=names, of_runs=runs, quarter=quarters)
def test_draws_equal_the_twin(seed: int, name: str, of_runs: list[int], quarter: int) -> None:
    chance = Chance(seed, of_runs)
    chance.register([name])
    chance.turn(quarter)
    assert chance.draw(name).tolist() == [uniform(seed, name, run, quarter) for run in of_runs]
    assert chance.once(name).tolist() == [uniform(seed, name, run) for run in of_runs]


def test_a_long_table_equals_the_twin() -> None:
    of_runs = [0, 17, 4_711]
    expected = [[uniform(1, name, run, QUARTER) for run in of_runs] for name in NAMES]
    assert drawn(1, of_runs, NAMES).tolist() == expected
    once = Chance(1, of_runs).once_table(NAMES)
    assert once.tolist() == [[uniform(1, name, run) for run in of_runs] for name in NAMES]


def test_these_numbers_never_change() -> None:
    """Written down, so that results of past versions can be replayed: a change here changes every result."""
    assert uniform(1, "parameter/attention.link", 0) == 0.8677651405418697
    assert uniform(1, "HUN/early election", 17, QUARTER) == 0.5346451989250008


def test_start_width_and_order_of_runs_change_nothing() -> None:
    together = drawn(11, range(40), NAMES)
    np.testing.assert_array_equal(drawn(11, range(13, 30), NAMES), together[:, 13:30])
    np.testing.assert_array_equal(drawn(11, [17], NAMES), together[:, [17]])
    np.testing.assert_array_equal(drawn(11, [39, 2, 17], NAMES), together[:, [39, 2, 17]])


def test_order_and_number_of_names_change_nothing() -> None:
    together = drawn(11, range(7), NAMES)
    np.testing.assert_array_equal(drawn(11, range(7), NAMES[::-1]), together[::-1])
    np.testing.assert_array_equal(drawn(11, range(7), ["a new actor", *NAMES])[1:], together)
    np.testing.assert_array_equal(drawn(11, range(7), NAMES[5:6]), together[5:6])


def test_earlier_quarters_change_nothing() -> None:
    chance = Chance(11, range(7))
    rows = chance.register(NAMES)
    for quarter in (3, QUARTER + 1, QUARTER - 1, QUARTER):
        chance.turn(quarter)
    np.testing.assert_array_equal(chance.rows(rows), drawn(11, range(7), NAMES))


def test_names_registered_together_share_a_slice() -> None:
    chance = Chance(11, range(7))
    first, second, none = chance.register(NAMES[:5]), chance.register(iter(NAMES[5:9])), chance.register([])
    chance.turn(QUARTER)
    assert chance.rows(first).shape == (5, 7)
    assert chance.rows(none).shape == (0, 7)
    np.testing.assert_array_equal(chance.rows(second)[2], chance.draw(NAMES[7]))
    assert np.shares_memory(chance.rows(second), chance.draw(NAMES[7]))


def test_draws_looked_at_seldom_are_those_of_their_names() -> None:
    chance = Chance(11, range(7))
    chance.register(["c"])
    first, second = chance.register_seldom(NAMES[:5]), chance.register_seldom(NAMES[5:9])
    chance.turn(QUARTER)
    everything = drawn(11, range(7), NAMES[:9])
    rows, lanes = np.array([3, 0, 3]), np.array([6, 2, 0])
    np.testing.assert_array_equal(chance.some(first, rows, lanes), everything[rows, lanes])
    np.testing.assert_array_equal(chance.some(second, rows[:, np.newaxis], lanes), everything[5:9][np.ix_(rows, lanes)])
    np.testing.assert_array_equal(chance.draw(NAMES[7]), everything[7])
    assert chance.some(first, rows[:0], lanes[:0]).shape == (0,)
    with pytest.raises(ValueError, match="read-only"):
        chance.draw(NAMES[7])[...] = 0.5


def test_a_name_is_registered_once_whether_looked_at_seldom_or_always() -> None:
    chance = Chance(11, range(7))
    chance.register(["a"])
    chance.register_seldom(["b"])
    for twice, register in (("a", chance.register_seldom), ("b", chance.register), ("b", chance.register_seldom)):
        with pytest.raises(ValueError, match=f"'{twice}' is registered twice"):
            register([twice])
    with pytest.raises(RuntimeError, match="no quarter"):
        chance.some(slice(0, 1), np.array([0]), np.array([0]))


def test_seed_name_quarter_run_and_once_all_matter() -> None:
    told_apart = {
        uniform(1, "a", 0, 5),
        uniform(2, "a", 0, 5),
        uniform(1, "b", 0, 5),
        uniform(1, "a", 1, 5),
        uniform(1, "a", 0, 6),
        uniform(1, "a", 0),
    }
    assert len(told_apart) == 6


def test_draws_can_not_be_written_to() -> None:
    chance = Chance(11, range(7))
    chance.register(["a"])
    chance.turn(QUARTER)
    for shown in (chance.draw("a"), chance.rows(slice(0, 1))):
        with pytest.raises(ValueError, match="read-only"):
            shown[...] = 0.5


def test_misuse_is_an_error() -> None:
    chance = Chance(11, range(7))
    chance.register(["a", "b"])
    with pytest.raises(ValueError, match="'b' is registered twice"):
        chance.register(["c", "b"])
    with pytest.raises(ValueError, match="'d' is registered twice"):
        chance.register(["d", "d"])
    with pytest.raises(RuntimeError, match="no quarter"):
        chance.draw("a")
    with pytest.raises(ValueError, match="quarter"):
        chance.turn(-1)
    chance.turn(QUARTER)
    for unknown in ("c", "d", "nobody"):
        with pytest.raises(KeyError, match=unknown):
            chance.draw(unknown)
    with pytest.raises(RuntimeError, match="before the first quarter"):
        chance.register(["c"])
    for wrong in ([-1], [2**63]):
        with pytest.raises(ValueError, match="run numbers"):
            Chance(11, wrong)


@pytest.mark.parametrize("seed", [1, 20_261_122])
def test_draws_are_uniform(seed: int) -> None:
    """Chi square over 256 cells, per name, against its mean 255 and standard deviation sqrt(510); and never 0 or 1."""
    u = drawn(seed, range(8_192), NAMES)
    assert u.min() > 0.0
    assert u.max() < 1.0
    counts = np.array([np.bincount((row * 256).astype(int), minlength=256) for row in u])
    chi_square = ((counts - 32.0) ** 2 / 32.0).sum(axis=1)
    assert np.abs(chi_square - 255.0).max() < 5.0 * np.sqrt(510.0)
    assert abs(chi_square.mean() - 255.0) < 5.0 * np.sqrt(510.0 / len(NAMES))


@pytest.mark.parametrize("seed", [1, 20_261_122])
def test_draws_are_uncorrelated(seed: int) -> None:
    """Between names, between quarters and between neighbouring runs, within 5.5 standard errors."""
    u = drawn(seed, range(8_192), NAMES)
    later = drawn(seed, range(8_192), NAMES, QUARTER + 1)
    once = Chance(seed, range(8_192)).once_table(NAMES)
    correlations = np.corrcoef(np.concatenate([u, later, once]))
    np.fill_diagonal(correlations, 0.0)
    limit = 5.5 / np.sqrt(8_192)
    assert np.abs(correlations).max() < limit
    centred = (u - 0.5) * np.sqrt(12.0)
    for lag in (1, 2, 3, 64, 1_024, 4_096):
        assert np.abs((centred[:, lag:] * centred[:, :-lag]).mean(axis=1)).max() < 5.5 / np.sqrt(8_192 - lag)


def test_the_largest_and_smallest_draw_lie_inside() -> None:
    """The last step, for all 64 bits clear and all set: half a step from 0 and from 1."""
    for hashed, expected in ((0, 2.0**-53), (2**64 - 1, 1.0 - 2.0**-53)):
        assert ((hashed >> 12) + 0.5) * 2.0**-52 == expected
        bits = np.array([hashed], dtype=np.uint64) >> np.uint64(12) | np.uint64(0x3FF0000000000000)
        assert (bits.view(np.float64) - (1.0 - 2.0**-53)).item() == expected
