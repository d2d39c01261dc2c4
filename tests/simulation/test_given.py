"""Where the parameters of a run come from: what is given, else a row of the posterior, else their own draws."""

from collections.abc import Callable
from functools import cache
from itertools import combinations
from typing import Any

import numpy as np
import pytest

from agents.rules.types import Floats
from config import Settings, resolve
from config.schema import Posterior
from simulation.chance import Chance
from simulation.model import PartnershipModel
from simulation.parameters import draw_parameters
from tests.simulation.playing import SEED, Tables, assert_same, of_run

NAMES = ("attention.link", "files.opening_factor", "positions.threat")
ROWS = tuple((0.04 * row, 0.5 + 0.05 * row, 1.0 + 0.125 * row) for row in range(17))
R = 13
RUNS = range(R)
MANY = 2000


@cache
def prior(**set_: Any) -> Settings:
    """The outlook without a posterior, a year long."""
    return resolve("outlook", "none", set_, until="2027Q2", prior=True)


@cache
def calibrated() -> Settings:
    return prior().model_copy(update={"posterior": Posterior(names=NAMES, rows=ROWS)})


def drawn(settings: Settings, runs: Any = RUNS, given: Any = None, seed: int = SEED) -> dict[str, Floats]:
    """Values of the uncertain parameters by name, (R,) each."""
    return draw_parameters(settings, Chance(seed, runs), given or {})[1]


def rows_of(values: dict[str, Floats], names: Any = NAMES) -> list[tuple[float, ...]]:
    """What each run has of these parameters together."""
    return [tuple(row) for row in np.stack([values[name] for name in names], axis=1).tolist()]


def tables(settings: Settings, runs: Any = RUNS, given: Any = None) -> Tables:
    model = PartnershipModel(settings, runs, SEED, ("trajectories", "transitions"), given or {})
    model.run()
    return model.tables()


# The posterior


def test_every_run_has_one_row_of_the_posterior() -> None:
    found = rows_of(drawn(calibrated(), range(MANY)))
    assert set(found) == set(ROWS), "each as it stands there, and none that does not"
    counts = np.array([found.count(row) for row in ROWS])
    assert (abs(counts - MANY / len(ROWS)) < 5 * np.sqrt(MANY / len(ROWS))).all(), "each as likely as another"


def test_a_run_has_the_same_row_in_any_block_and_another_under_another_seed() -> None:
    together = rows_of(drawn(calibrated(), range(100)))
    for runs in ([99], [42, 7, 900], range(40, 60)):
        apart = rows_of(drawn(calibrated(), runs))
        assert [row for run, row in zip(runs, apart, strict=True) if run < 100] == [
            together[run] for run in runs if run < 100
        ]
    assert rows_of(drawn(calibrated(), range(100), seed=SEED + 1)) != together


def test_a_run_has_the_same_row_under_every_scenario_and_policy() -> None:
    other = resolve("detente", "dialogue", until="2028Q4", prior=True)
    other = other.model_copy(update={"posterior": calibrated().posterior})
    assert rows_of(drawn(other)) == rows_of(drawn(calibrated()))


@pytest.mark.parametrize("kept", [names for n in (1, 2) for names in combinations(NAMES, n)], ids=str)
def test_what_is_left_of_the_posterior_stays_on_the_rows_that_the_runs_had(kept: tuple[str, ...]) -> None:
    """Another value for one parameter changes no other: the question differs by what was changed alone."""
    posterior = calibrated().posterior
    assert posterior is not None
    left = posterior.without(set(NAMES) - set(kept))
    assert left is not None
    values, whole = drawn(prior().model_copy(update={"posterior": left})), drawn(calibrated())
    assert rows_of(values, kept) == rows_of(whole, kept)
    for name in set(NAMES) - set(kept):
        np.testing.assert_array_equal(values[name], drawn(prior())[name])
    assert posterior.without(set(NAMES)) is None


def test_what_is_not_calibrated_is_drawn_as_ever() -> None:
    with_it, without = drawn(calibrated()), drawn(prior())
    assert list(with_it) == list(without)
    for name in with_it:
        assert (with_it[name] == without[name]).all() == (name not in NAMES), name


def test_the_prior_draws_from_the_ranges() -> None:
    values = drawn(prior(), range(MANY))
    for name, one in prior().parameters.items():
        assert (name in values) == (one.draw is not None)
        if one.draw is not None:
            assert one.range is not None
            low, high = one.draw.uniform or one.range
            assert ((values[name] >= low) & (values[name] <= high)).all(), name
    low, high = prior().parameters["attention.link"].draw.uniform  # type: ignore[union-attr, misc]
    assert len(set(values["attention.link"].tolist())) == MANY
    assert abs(values["attention.link"].mean() - (low + high) / 2) < 5 * (high - low) / np.sqrt(12 * MANY)


def test_the_model_lives_by_the_row_and_shows_it() -> None:
    model = PartnershipModel(calibrated(), RUNS, SEED)
    expected = drawn(calibrated())
    np.testing.assert_array_equal(model.parameters.attention.link, expected["attention.link"])
    np.testing.assert_array_equal(model.parameters.positions.threat, expected["positions.threat"])
    model.run()
    for name in NAMES:
        np.testing.assert_array_equal(model.tables()["runs"][name], expected[name])


# What is given


def test_what_is_given_goes_before_posterior_draw_and_fixed_value() -> None:
    certain = next(name for name, one in prior().parameters.items() if one.draw is None and name.startswith("council."))
    given = {name: np.linspace(0.1, 0.4, R) + place for place, name in enumerate((*NAMES[:2], "council.tolerance"))}
    given[certain] = np.linspace(0.01, 0.02, R)
    parameters, values = draw_parameters(calibrated(), Chance(SEED, RUNS), given)
    for name, expected in given.items():
        family, _, field = name.partition(".")
        np.testing.assert_array_equal(values[name], expected)
        np.testing.assert_array_equal(getattr(getattr(parameters, family), field), expected)
    others = drawn(calibrated())
    assert set(values) == {*others, certain}
    for name in set(others) - set(given):
        np.testing.assert_array_equal(values[name], others[name])


def test_what_is_given_stands_in_the_table_of_runs() -> None:
    given = {"attention.link": np.linspace(0, 1, R), "files.slots_commission": np.full(R, 3.0)}
    runs = tables(calibrated(), given=given)["runs"]
    for name, expected in given.items():
        np.testing.assert_array_equal(runs[name], expected)
    assert "files.slots_commission" not in tables(calibrated())["runs"], "where it is certain there is nothing to show"


@pytest.mark.parametrize("ask", [prior, calibrated])
def test_to_give_a_run_what_it_draws_anyway_changes_nothing(ask: Callable[[], Settings]) -> None:
    settings = ask()
    values = drawn(settings)
    assert_same(tables(settings, given=values), tables(settings))
    assert_same(tables(settings, given={name: values[name] for name in NAMES[:1]}), tables(settings))


def test_to_give_every_run_the_same_is_to_fix_it() -> None:
    fixed, given = (
        tables(prior(**{"attention.link": 0.25})),
        tables(prior(), given={"attention.link": np.full(R, 0.25)}),
    )
    assert (given["runs"]["attention.link"] == 0.25).all()
    shown = {name: values for name, values in given["runs"].items() if name != "attention.link"}
    assert_same({**given, "runs": shown}, fixed)


def test_each_run_lives_by_its_own() -> None:
    """A run that is given a value alone lives as beside others that are given other ones."""
    given = {"attention.link": np.linspace(0, 1, R), "positions.threat": np.linspace(1, 4, R)}
    together = tables(calibrated(), given=given)
    for run in (0, 5, 12):
        alone = tables(calibrated(), [run], {name: values[[run]] for name, values in given.items()})
        assert_same(alone, {name: of_run(table, run) for name, table in together.items()})
