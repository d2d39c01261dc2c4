"""Phase 1, docs/ODD.md 6.1: the four pressures."""

from tests.twin.portable import log, logistic, normal
from tests.twin.state import CHINA, NORTH_KOREA, RUSSIA, US_RETRENCHMENT, World, clip

REGIMES = ("calm", "tense", "crisis")


def phase(world: World) -> None:
    """Move all pressures, from the intensities of the last quarter."""
    pulls = [pull(world, place) for place in range(4)]
    shock = False
    for place, pressure in enumerate(world.pressures):
        before = pressure.regime
        up, down = chances(world, place, before, pulls[place])
        moved = next_regime(before, up, down, world.u(f"{pressure.name}/regime"))
        pinned = pinned_regime(world, pressure.name)
        pressure.regime = moved if pinned is None else pinned
        pressure.intensity = intensity(
            world, pressure.intensity, pressure.regime, normal(world.u(f"{pressure.name}/noise"))
        )
        shock = shock or (pressure.regime == 2 and before < 2)
    world.shock = shock


def pull(world: World, place: int) -> float:
    """What pushes a pressure up, in log-odds."""
    if place == CHINA:
        return (
            world.p("pressures.us_to_china") * world.intensity(US_RETRENCHMENT)
            + world.p("pressures.provocation") * world.visible_depth
        )
    if place == NORTH_KOREA:
        return world.p("pressures.russia_to_north_korea") * world.intensity(RUSSIA)
    return 0.0


def chances(world: World, place: int, regime: int, pulled: float) -> tuple[float, float]:
    """Probabilities of the next worse and the next better regime: those of the record in the quarters that it has."""
    drawn = world.settings.pressures.drawn
    quarter = world.quarter - drawn.first
    if quarter < 0 or quarter >= len(drawn.rows):
        return chance_up(world, regime, pulled), chance_down(world, regime)
    row = drawn.rows[quarter][place][regime]
    return (row[regime + 1] if regime < 2 else 0.0), (row[regime - 1] if regime > 0 else 0.0)


def chance_up(world: World, regime: int, pulled: float) -> float:
    """Probability of the next worse regime."""
    if regime == 2:
        return 0.0
    base = world.p("pressures.up_from_calm") if regime == 0 else world.p("pressures.up_from_tense")
    return logistic(log(base / (1.0 - base)) + pulled)


def chance_down(world: World, regime: int) -> float:
    """Probability of the next better regime."""
    if regime == 0:
        return 0.0
    return world.p("pressures.down_from_tense") if regime == 1 else world.p("pressures.down_from_crisis")


def next_regime(regime: int, up: float, down: float, u: float) -> int:
    """A move up goes before a move down."""
    if u < up and regime < 2:
        return regime + 1
    if u > 1.0 - down and regime > 0:
        return regime - 1
    return regime


def pinned_regime(world: World, name: str) -> int | None:
    """The regime that the status knows, else the one that the scenario dictates; None if neither does."""
    status = world.settings.status
    for row in (*(status.regimes if status else ()), *world.settings.scenario.regimes):
        if row.pressure == name and row.begins <= world.quarter < row.ends:
            return REGIMES.index(row.regime)
    return None


def intensity(world: World, x: float, regime: int, noise: float) -> float:
    """Intensity drawn to the level of the regime."""
    level = world.p(f"pressures.level_{REGIMES[regime]}")
    return clip(x + world.p("pressures.pace") * (level - x) + world.p("pressures.noise") * noise)
