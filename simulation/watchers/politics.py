"""Pressures, elections, terms, the European Council, Japan's Diet and its ladders: phases 1, 3 and 4."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

from agents.japan import AMENDED, FORCE, REINTERPRETED
from agents.portable import probability
from agents.rules.types import Floats, Mask
from config import LADDERS, PRESSURES, REGIMES

if TYPE_CHECKING:
    from simulation.chronicle import Chronicle

CRISIS = REGIMES.index("crisis")
LEVERS = {
    "dialogue": "dialogue_strength",
    "interoperability": "interoperability_strength",
    "indo_pacific_strategy": "indo_pacific_strength",
    "framework": "framework_strength",
    "qmv": "qmv_strength",
    "reinterpretation": "reinterpretation_strength",
    "amendment": "amendment_strength",
    "lift_fragmentation": "",
    "lift_constitution": "",
    "lift_framework": "",
    "lift_attention": "lifted_attention",
}
"""Every lever, and the parameter that says how strong it is."""


# Phase 1


@contextmanager
def press(c: Chronicle) -> Iterator[None]:
    """Where the story begins, levers, members that come and go, pressures that change."""
    before = c.pressures.regime[:, 0].copy()
    if c.once("start"):
        _begin(c)
    _levers(c)
    _membership(c)
    yield
    for name, was, now, intensity in zip(
        PRESSURES, before, c.pressures.regime[:, 0], c.pressures.intensity[:, 0], strict=True
    ):
        if was != now:
            kind = "crisis" if now == CRISIS else "tension" if now > was else "calming"
            c.note(kind, [name], numbers={"intensity": intensity}, before=[REGIMES[was]], after=[REGIMES[now]])


def _begin(c: Chronicle) -> None:
    at = c.partnership
    c.note(
        "start",
        numbers={
            "declared_depth": at.declared_depth,
            "operational_depth": at.operational_depth,
            "in_force": at.in_force[:, 0].sum(),
        },
        crisis=[name for name, regime in zip(PRESSURES, c.pressures.regime[:, 0], strict=True) if regime == CRISIS],
        spoilers=_spoilers(c),
    )


def _spoilers(c: Chronicle) -> list[str]:
    return c.members((c.member_states.stance < c.parameters.governments.spoiler)[c.member_states.rows, 0])


def _levers(c: Chronicle) -> None:
    for lever, strength in LEVERS.items():
        if c.levers.on(lever) and c.once(("lever", lever)):
            numbers = {"strength": getattr(c.levers.p, strength)} if strength else {}
            c.note("lever", numbers=numbers, lever=[lever])


def _membership(c: Chronicle) -> None:
    now = tuple(c.members(np.ones(len(c.member_states.rows), dtype=bool)))
    before: Sequence[str] = c.told.get("members", now)
    c.told["members"] = now
    for kind, states in (("accession", set(now) - set(before)), ("exit", set(before) - set(now))):
        for state in sorted(states):
            c.note(kind, [state])


# Phase 3


@contextmanager
def elect(c: Chronicle) -> Iterator[None]:
    """New governments, terms, the European Council, Japan's elections."""
    stance, left = c.member_states.stance[:, 0].copy(), int(c.european_council.guideline_left[0])
    bodies = (c.high_representative, c.commission, c.european_parliament)
    ambition, passerelle = [float(body.ambition[0]) for body in bodies], bool(c.european_council.passerelle[0])
    houses = float(c.diet.lower[0]), float(c.diet.upper[0]), bool(c.diet.partner[0])
    yield
    _governments(c, stance)
    for body, was in zip(bodies, ambition, strict=True):
        if c.quarter in getattr(c.settings.union.terms, body.terms):
            c.note("term", [body.name], numbers={"ambition_before": was, "ambition": body.ambition})
    _guideline(c, left)
    _passerelle(c, passerelle)
    _diet(c, *houses)


def _governments(c: Chronicle, before: Floats) -> None:
    """New governments of members, and of the United Kingdom; spoilers by themselves."""
    states, spoiler = c.member_states, float(np.ravel(c.parameters.governments.spoiler)[0])
    uk = c.united_kingdom.row
    concerned = sorted({*states.rows.tolist(), uk})
    elected = [row for row in concerned if states.elected[row, 0]]
    ordinary = []
    for row in elected:
        code, was, now = c.codes[row], before[row], states.stance[row, 0]
        if row not in states.rows or min(was, now) >= spoiler:
            ordinary.append(row)
            continue
        kind = "spoiler" if now < spoiler else "spoiler_leaves"
        again = ["again"] if was < spoiler and now < spoiler else []
        c.note(kind, [code], numbers={"stance_before": was, "stance": now}, again=again)
    if ordinary:
        codes = [c.codes[row] for row in ordinary]
        c.note(
            "governments",
            codes,
            numbers={code: states.stance[row, 0] for code, row in zip(codes, ordinary, strict=True)},
        )


def _guideline(c: Chronicle, before: int) -> None:
    after = int(c.european_council.guideline_left[0])
    states, reserve = c.member_states, c.parameters.governments.guideline_reserve
    if after > max(0, before - 1):
        c.note("guideline", ["european_council"], numbers={"quarters": after})
    elif c.pressures.shock[0]:
        against = c.members((states.stance[states.rows] < reserve)[:, 0])
        c.note("no_guideline", ["european_council"], opposed=against)
    if before > 0 and after == 0:
        c.note("guideline_ends", ["european_council"])


def _passerelle(c: Chronicle, before: bool) -> None:
    if not c.levers.on("qmv"):
        return
    states, p = c.member_states, c.parameters.governments
    reserves = [getattr(p, f"passerelle_{states.facts[row].passerelle}") for row in states.rows]
    reserve = np.array([float(np.ravel(value)[0]) for value in reserves])
    if c.european_council.passerelle[0] and not before:
        c.note("passerelle", ["european_council"])
    elif not before and c.once("passerelle sought"):
        against: Mask = states.stance[states.rows, 0] < reserve
        c.note("passerelle_sought", ["european_council"], opposed=c.members(against))


def _diet(c: Chronicle, lower: float, upper: float, partner: bool) -> None:
    diet, cabinet = c.diet, c.cabinet
    moved = bool(diet.partner[0]) != partner
    change = [] if not moved else ["joins"] if diet.partner[0] else ["leaves"]
    if diet.quarters_sat[0] == 0:
        c.note(
            "lower_house",
            ["JPN"],
            numbers={
                "share_before": lower,
                "share": diet.lower,
                "majority": diet.lower > diet.thresholds.majority,
                "partner": diet.partner,
                "stance": cabinet.stance,
            },
            partner_change=change,
        )
    elif moved:
        c.note("coalition", ["JPN"], numbers={"partner": diet.partner}, partner_change=change)
    if float(diet.upper[0]) != upper:
        majority = diet.upper[0] > diet.thresholds.majority
        calendar = c.settings.japan.chambers.upper
        renewal = (c.quarter - calendar.first_renewal) % calendar.half_every_quarters == 0
        numbers = {"share_before": upper, "share": diet.upper, "majority": majority, "renewal": renewal}
        c.note("upper_house", ["JPN"], numbers=numbers)


# Phase 4


@contextmanager
def take_positions(c: Chronicle) -> Iterator[None]:
    """Steps of Japan's ladders, with the act that took them."""
    before = c.constitution.step[:, 0].copy()
    yield
    for row, name in enumerate(LADDERS):
        was, now = int(before[row]), int(c.constitution.step[row, 0])
        if now > was:
            step = getattr(c.settings.japan.ladders, name)[now - 1]
            lever = _lever_that_pushed(c, was, now) if row == FORCE else []
            c.note(
                "ladder",
                ["JPN"],
                numbers={
                    "step_before": was,
                    "step": now,
                    "public_support": c.public.support,
                    "partner": c.diet.partner,
                },
                ladder=[name],
                reached=[step.name],
                act=[step.act],
                lever=lever,
            )


def _lever_that_pushed(c: Chronicle, before: int, after: int) -> list[str]:
    """The lever that carried the force ladder to where it is now, if one did."""
    for lever, strength, reached in (
        ("amendment", c.levers.p.amendment_strength, AMENDED),
        ("reinterpretation", c.levers.p.reinterpretation_strength, REINTERPRETED),
    ):
        carried = c.levers.on(lever) and bool((c.chance.draw(f"japan/{lever}") < probability(strength))[0])
        if carried and before < reached == after:
            return [lever]
    return []
