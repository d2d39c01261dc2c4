"""Speed of the model on one core. Nothing is asserted: numbers depend on the machine (benchmarks/README.md)."""

from typing import Any

import pytest

from config import Settings, resolve
from simulation.model import PartnershipModel

EVERYTHING = ("trajectories", "transitions", "actors", "bounds", "limits")


@pytest.fixture(scope="module")
def outlook() -> Settings:
    return resolve("outlook", "none")


def new(settings: Settings, runs: int, record: tuple[str, ...] = EVERYTHING[:2]) -> PartnershipModel:
    return PartnershipModel(settings, range(runs), 1, record)


def note_phases(benchmark: Any, model: PartnershipModel) -> None:
    """Microseconds per run and phase, over the whole history."""
    spent = {name: round(seconds * 1e6 / model.width, 1) for name, seconds in model.seconds.items()}
    benchmark.extra_info["runs per second"] = round(model.width / sum(model.seconds.values()))
    benchmark.extra_info["microseconds per run"] = spent | {"all phases": round(sum(spent.values()), 1)}


@pytest.mark.parametrize("runs", [1, 100, 1000])
@pytest.mark.parametrize("record", [EVERYTHING[:2], EVERYTHING], ids=["usual tables", "all tables"])
def test_outlook_to_2040(benchmark: Any, outlook: Settings, runs: int, record: tuple[str, ...]) -> None:
    """A block of runs from 2026Q3 to 2040Q4, without setting up."""

    def set_up() -> tuple[tuple[Any, ...], dict[str, Any]]:
        return (new(outlook, runs, record),), {}

    def play(model: PartnershipModel) -> PartnershipModel:
        model.run()
        return model

    model = benchmark.pedantic(play, setup=set_up, rounds=5 if runs < 100 else 3, warmup_rounds=1)
    note_phases(benchmark, model)


@pytest.mark.parametrize("scenario", ["hindcast", "taiwan_crisis"])
def test_other_scenarios(benchmark: Any, scenario: str) -> None:
    settings = resolve(scenario, "none")

    def play() -> PartnershipModel:
        model = new(settings, 1000)
        model.run()
        return model

    note_phases(benchmark, benchmark.pedantic(play, rounds=2, warmup_rounds=1))


@pytest.mark.parametrize("runs", [1, 1000])
def test_setting_up(benchmark: Any, outlook: Settings, runs: int) -> None:
    benchmark.pedantic(new, (outlook, runs), rounds=5, warmup_rounds=1)


@pytest.mark.parametrize("record", [EVERYTHING[:2], EVERYTHING], ids=["usual tables", "all tables"])
def test_tables(benchmark: Any, outlook: Settings, record: tuple[str, ...]) -> None:
    """Columns from what a block of 1,000 runs has recorded."""
    model = new(outlook, 1000, record)
    model.run()
    benchmark.pedantic(model.tables, rounds=3, warmup_rounds=1)


def test_reading_the_configuration(benchmark: Any) -> None:
    benchmark.pedantic(resolve, ("outlook", "none"), rounds=5, warmup_rounds=1)
