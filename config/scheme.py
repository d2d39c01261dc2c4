"""Points of a design that are made by a scheme: combinations, steps, samples.

Sampled values are rounded to twelve digits, so that a design is the same on every machine.
"""

from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from config.checking import dotted
from config.design import CHANCE, Points, check_name, check_variants, in_lanes, points_from
from config.drawing import drawn
from config.errors import CheckError, UserError, nearest, shown
from config.loading import Base, value_of
from config.sampling import latin_hypercube, morris, saltelli
from config.schema import DRAWN, MOST_POINTS, SAMPLED, Design

Floats = NDArray[np.float64]
Columns = dict[str, Sequence[Any] | Floats]
LUCK = 2**31
"""Numbers of histories among which a Sobol design draws luck."""
STEPS_OF_LUCK = 4
"""Lucks that a trajectory of Morris may meet."""


def make_points(design: Design, base: Base, seed: int, file: str) -> Points:
    """The points of a design that is no table; `base` has the experiment's own values, `file` is its file.

    Columns stand in the order of the file, levers first. Combinations of levers are the slowest to change.
    """
    varied = _expanded(design, base, file)
    for name in (*varied, *design.levers, *(name for point in design.points or () for name in point)):
        _check_name(name, design, base, file)
    columns = _listed(design, file) if design.kind == "list" else _scheme(design, varied, base, seed, file)
    choices = prod(len(values) for values in design.levers.values())
    samples = len(next(iter(columns.values()))) if columns else 1
    _check_size(choices * samples, file)
    combinations = _combined({name: list(values) for name, values in design.levers.items()})
    whole: Columns = {name: [value for value in column for _ in range(samples)]
                      for name, column in combinations.items()}  # fmt: skip
    whole |= {name: np.tile(column, choices) if isinstance(column, np.ndarray) else list(column) * choices
              for name, column in columns.items()}  # fmt: skip
    _check_values(whole, design, base, file)
    points = points_from(whole, base, levers=tuple(design.levers), choices=choices)
    check_variants(points, base, file, lambda point: f"design.points[{point}]." if design.kind == "list" else "design.")
    return points


# What varies


def _expanded(design: Design, base: Base, file: str) -> dict[str, Any]:
    """What varies by dotted name, "*" and "files.*" written out."""
    uncertain = [name for name, one in base.parameters.items() if one.draw is not None]
    found: dict[str, Any] = {}
    for name, how in design.vary.items():
        if not name.endswith("*"):
            found[name] = how
            continue
        meant = [one for one in uncertain if one.startswith(name[:-1])]
        if not meant:
            raise UserError("names no uncertain parameter", file=file, key=dotted("design.vary", name),
                            allowed='"*" or one of a family, as "files.*"')  # fmt: skip
        others = {*design.vary, *design.levers}
        found |= {one: DRAWN for one in meant if one not in others}
    return found


def _check_name(name: str, design: Design, base: Base, file: str) -> None:
    key = _key(name, design)
    if name == CHANCE:
        raise UserError("is not varied by name", file=file, key=key, allowed="chance = true in [design]")
    try:
        check_name(name, base)
    except CheckError as fault:
        raise UserError(fault.problem, file=file, key=key, allowed=fault.allowed,
                        suggestion=fault.suggestion) from None  # fmt: skip
    if design.vary.get(name) == DRAWN and (name not in base.parameters or base.parameters[name].draw is None):
        uncertain = [one for one, parameter in base.parameters.items() if parameter.draw is not None]
        raise UserError("is not uncertain", file=file, key=key, value=shown(DRAWN),
                        allowed="a list of values or { low = ..., high = ... }",
                        suggestion=nearest(name, uncertain))  # fmt: skip


def _key(name: str, design: Design) -> str:
    """Where in the design's file a name stands."""
    table = "levers" if name in design.levers else "points" if design.kind == "list" else "vary"
    return dotted(f"design.{table}", name)


def _check_size(points: int, file: str) -> None:
    if points > MOST_POINTS:
        raise UserError(f"makes {points:,} points", file=file, key="design", allowed=f"at most {MOST_POINTS:,}",
                        suggestion="fewer levels, or kind = \"latin_hypercube\"")  # fmt: skip


def _check_values(columns: Columns, design: Design, base: Base, file: str) -> None:
    """Parameters in which lanes may differ have values that they may take."""
    for name, column in columns.items():
        if name == CHANCE or not in_lanes(base.parameters, name):
            continue
        for value in dict.fromkeys(column) if isinstance(column, list) else (np.min(column), np.max(column)):
            try:
                base.parameters[name].overridden(value if not isinstance(value, np.floating) else value.item())
            except CheckError as fault:
                raise UserError(fault.problem, file=file, key=_key(name, design), value=shown(value),
                                allowed=fault.allowed, suggestion=fault.suggestion) from None  # fmt: skip


# Schemes


def _listed(design: Design, file: str) -> Columns:
    points = design.points or ()
    names = list(points[0])
    for place, point in enumerate(points):
        other = sorted(set(names) ^ set(point))
        if other:
            raise UserError(f"has {'no' if other[0] in names else 'also'} {other[0]}", file=file,
                            key=f"design.points[{place}]", allowed=f"the names of the first point: {', '.join(names)}",
                            suggestion="every point says everything that differs")  # fmt: skip
    return {name: [point[name] for point in points] for name in names}


def _scheme(design: Design, varied: Mapping[str, Any], base: Base, seed: int, file: str) -> Columns:
    if design.kind not in SAMPLED:
        levels = {name: _levels(name, how, design, base) for name, how in varied.items()}
        _check_size(prod(map(len, levels.values())), file)
        return _combined(levels)
    assert design.size is not None
    factors, size = len(varied) + design.chance, design.size
    _check_size(size * {"latin_hypercube": 1, "sobol": factors + 2, "morris": factors + 1}[design.kind], file)
    make = {"latin_hypercube": latin_hypercube, "sobol": saltelli, "morris": morris}
    cube = make[design.kind](factors, size, seed)
    columns: Columns = {
        name: _at(name, how, cube[:, column], base) for column, (name, how) in enumerate(varied.items())
    }
    if design.chance:
        columns[CHANCE] = _luck(design.kind, cube[:, -1], factors)
    return columns


def _luck(kind: str, u: Floats, factors: int) -> Floats:
    """Number of the history whose luck each point has: one of four for a trajectory of Morris."""
    if kind == "latin_hypercube":
        return np.arange(len(u), dtype=np.float64)
    if kind == "sobol":
        return np.floor(u * LUCK)
    trajectory = np.arange(len(u), dtype=np.float64) // (factors + 1)
    return STEPS_OF_LUCK * trajectory + np.rint(u * (STEPS_OF_LUCK - 1))


def _levels(name: str, how: Any, design: Design, base: Base) -> list[Any]:
    """Levels of a combination: those of a list; ends, or equal steps, of a range; equal steps of a draw."""
    if isinstance(how, tuple):
        return list(how)
    steps = 2 if design.size is None else design.size
    u = (np.arange(steps) + 0.5) / steps if how == DRAWN else np.linspace(0, 1, steps) if steps > 1 else np.array([0.5])
    return list(dict.fromkeys(np.asarray(_at(name, how, u, base)).tolist()))


def _at(name: str, how: Any, u: Floats, base: Base) -> Sequence[Any] | Floats:
    """Values at quantiles."""
    if isinstance(how, tuple):
        places = np.minimum((u * len(how)).astype(np.int64), len(how) - 1)
        return [how[place] for place in places.tolist()]
    if how == DRAWN:
        parameter = base.parameters[name]
        endless = parameter.draw is not None and parameter.draw.uniform is None
        inside = np.clip(u, EDGE, 1 - EDGE) if endless else u
        return _within(parameter.range, _rounded(drawn(parameter, inside)))
    values = np.asarray(_within((how.low, how.high), _rounded(how.low + (how.high - how.low) * u)))
    if name in base.parameters:
        return values
    whole = isinstance(value_of(name, base), int)  # as the actor or instrument has it
    return [round(value) if whole else value for value in values.tolist()]


EDGE = 0.005
"""A draw without ends is varied between these of its quantiles."""


def _rounded(values: Floats) -> Floats:
    return np.array([float(f"{value:.12g}") for value in values.tolist()])


def _within(ends: tuple[float, float] | None, values: Floats) -> Floats:
    return values if ends is None else np.clip(values, *ends)


def _combined(levels: Mapping[str, Sequence[Any]]) -> Columns:
    """Every combination, the last name changing fastest."""
    columns: Columns = {}
    whole, inner = prod(map(len, levels.values())), prod(map(len, levels.values()))
    for name, values in levels.items():
        inner //= len(values)
        block = [value for value in values for _ in range(inner)]
        columns[name] = block * (whole // len(block))
    return columns
