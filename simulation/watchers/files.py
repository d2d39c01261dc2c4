"""Files: tabled, voted on, thinned out, blocked, signed, ratified; other business. Phases 5, 6 and 7."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from agents.institutions.council import MONEY
from agents.institutions.voting import Electorate
from agents.rules import bargaining
from agents.rules.types import Floats, Mask, Stages, Whole
from config import Instrument
from simulation.instruments import (
    FAST_TRACK,
    MANDATED,
    NEGOTIATING,
    NO_FILE,
    PROVISIONAL,
    RATIFIED_BY_MEMBERS,
    SIGNED,
)

if TYPE_CHECKING:
    from simulation.chronicle import Chronicle

EU, JAPAN = "EU", "JPN"
ONLY = np.array([0])
"""The one run of a chronicle."""
CONSENT = ("R5", "R8")
"""Classes that the European Parliament consents to."""


# Phase 5


@contextmanager
def open_files(c: Chronicle) -> Iterator[None]:
    """Files that are tabled, and why then; those that wait for another instrument or for a slot."""
    at = c.partnership
    before, open_talks = at.file[:, 0].copy(), int(at.in_talks.sum())
    yield
    for k, one in enumerate(at.catalogue):
        was, now = before[k], at.file[k, 0]
        if was != now:
            _opened(c, k, was == NO_FILE, now == MANDATED, open_talks)
        missing = [slug for slug in one.needs if not c.negotiation.prerequisites[slug][0]]
        if c.negotiation.blocked_prerequisite[k, 0]:
            if c.once(("prerequisite", k), tuple(missing)):
                c.note("prerequisite", [one.led_by], [one.slug], missing=missing)
        elif was != now:
            c.forget(("prerequisite", k))
        if c.negotiation.denied_slot[k, 0]:
            if c.once(("slot", k)):
                c.note("no_slot", [one.led_by], [one.slug], numbers={"open_talks": open_talks})
        elif was != now:
            c.forget(("slot", k))


def _opened(c: Chronicle, k: int, fresh: bool, mandated: bool, open_talks: int) -> None:
    """A mandate, talks, or both at once; on an instrument in force they are about deepening it."""
    at, one = c.partnership, c.partnership.catalogue[k]
    deepening = bool(at.in_force[k, 0])
    kind = "mandated" if mandated else "negotiating"
    if deepening:
        kind = "reopened" if fresh else "deepening_talks"
    fast = one.slug in FAST_TRACK and float(np.ravel(c.levers.framework)[0]) > 0
    numbers = _draft(c, k) | {
        "attention_eu": c.attention_eu,
        "attention_japan": c.attention_japan,
        "talks_open": open_talks,
    }
    if one.rule != "R0":
        numbers["forecast"] = _forecast(c, k, one)
    if deepening:
        numbers["agreed_before"] = at.agreed[k]
    c.note(
        kind,
        [one.led_by, JAPAN],
        [one.slug],
        numbers,
        partner=[EU],
        helped_by=[slug for slug in one.helped_by if at.is_in_force(slug)[0]],
        missing=[slug for slug in one.helped_by if not at.is_in_force(slug)[0]],
        fast_track=["framework"] if fast else [],
    )


def _draft(c: Chronicle, k: int) -> dict[str, Floats]:
    """What the two sides would write down this quarter, relative depths."""
    terms = c.negotiation.terms
    return {
        "midpoint": terms.mid[k],
        "cap": terms.cap[k],
        "wish": terms.wish[k],
        "draft": terms.draft[k],
        "least": terms.least[k],
    }


def _forecast(c: Chronicle, k: int, one: Instrument) -> Floats:
    """The chance that the leader sees of getting enough through the Council."""
    passes = np.minimum(1.0, c.council.passes_without_noise(one) / one.ambition)
    return bargaining.forecast(passes, c.negotiation.terms.least[k], c.parameters.files)


# Phase 6


@dataclass(frozen=True)
class Ballot:
    """How the Council stood to a draft: who is pivotal, and what each would have done with the draft as written."""

    passes: float
    pivotal: list[str]
    opposed: list[str]
    declared: list[str]
    abstained: list[str]
    vetoed_by: list[str]


def ballot(c: Chronicle, k: int) -> Ballot | None:
    """The Council on the draft of this quarter; None where services agree without a vote."""
    one, terms = c.partnership.catalogue[k], c.negotiation.terms
    if one.rule == "R0":
        return None
    passes, pivot = c.limits.passes_and_pivot(k, one, ONLY)
    _, bounds = c.council.passes(k, one, ONLY)
    by: Electorate = c.council.voters(one)
    draft, least = terms.draft[k, 0] * one.ambition, terms.least[k, 0] * one.ambition
    opposed, beyond, against = draft > bounds.veto[:, 0], draft > bounds.declared[:, 0], draft > bounds.accept[:, 0]
    furthest = (bounds.accept if one.rule == "R7" else bounds.veto)[:, 0]
    thins_out = passes[0] < terms.draft[k, 0]

    def codes(mask: Mask) -> list[str]:
        return c.members(mask, by.rows)

    return Ballot(
        passes=float(passes[0]),
        pivotal=[c.codes[by.rows[pivot[0]]]] if pivot[0] >= 0 and thins_out else [],
        opposed=codes(opposed),
        declared=codes(beyond & ~opposed),
        abstained=codes(against & ~beyond & ~opposed),
        vetoed_by=codes(furthest < least),
    )


@dataclass(frozen=True)
class Before:
    """Files as they stood before a phase."""

    file: Stages
    in_force: Mask
    agreed: Floats
    stalled: Whole

    @classmethod
    def of(cls, c: Chronicle) -> Before:
        at = c.partnership
        return cls(at.file[:, 0].copy(), at.in_force[:, 0].copy(), at.agreed[:, 0].copy(), at.stalled[:, 0].copy())


@contextmanager
def negotiate(c: Chronicle) -> Iterator[None]:
    """Votes, conclusions, vetoes, stalls, withdrawals; then other business."""
    before = Before.of(c)
    ripe, holding = c.negotiation.ripe()[:, 0], c.council.holding.copy()
    yield
    for k in np.flatnonzero(before.file == NEGOTIATING).tolist():
        _in_talks(c, k, before, bool(ripe[k]))
    _other_business(c, holding)


def _in_talks(c: Chronicle, k: int, before: Before, ripe: bool) -> None:
    at, one, found = c.partnership, c.partnership.catalogue[k], ballot(c, k)
    draft = c.negotiation.terms.draft[k, 0]
    if c.negotiation.concluded[k, 0]:
        if found is not None:
            _vote(c, k, found)
        _concluded(c, k, before)
        c.forget(("stalled", k))
        return
    acceptable = draft >= c.negotiation.terms.least[k, 0] and (
        found is None or found.passes >= c.negotiation.terms.least[k, 0]
    )
    if ripe and not acceptable and found is not None and _can_be_vetoed(c, one) and found.vetoed_by:
        c.note("veto", [], [one.slug], _draft(c, k) | {"passes": found.passes}, vetoed_by=found.vetoed_by)
    if at.file[k, 0] == NO_FILE:
        _note_held(c, "withdrawn", k, found, before.stalled[k] + 1)
        c.forget(("stalled", k))
    elif not acceptable and c.once(("stalled", k)):
        _note_held(c, "stalled", k, found, 1)
    elif acceptable and ("stalled", k) in c.told:
        c.forget(("stalled", k))
        c.note("moving_again", [one.led_by, JAPAN], [one.slug], numbers=_draft(c, k))


def _can_be_vetoed(c: Chronicle, one: Instrument) -> bool:
    return c.council.is_unanimous(one) and not c.council.under_passerelle(one)[0]


def _vote(c: Chronicle, k: int, found: Ballot) -> None:
    one, draft = c.partnership.catalogue[k], c.negotiation.terms.draft[k, 0]
    c.note(
        "vote",
        ["council"],
        [one.slug],
        _draft(c, k)
        | {
            "passes": found.passes,
            "thinned_out": max(0.0, draft - found.passes),
            "dilution": max(0.0, draft - found.passes) * one.ambition,
        },
        pivotal=found.pivotal,
        opposed=found.opposed,
        abstained_declared=found.declared,
        abstained=found.abstained,
        rule=[one.rule],
        passerelle=["agreed"] if c.council.under_passerelle(one)[0] else [],
    )


def _concluded(c: Chronicle, k: int, before: Before) -> None:
    at, one = c.partnership, c.partnership.catalogue[k]
    was_in_force = bool(before.in_force[k])
    numbers = {"depth": at.drafted[k]}
    if was_in_force:
        numbers["depth_before"] = before.agreed[k : k + 1]
    if at.file[k, 0] == SIGNED:
        kind = "deepening_signed" if was_in_force else "signed"
    else:
        kind = "deepened" if was_in_force else "in_force"
    c.note(kind, [EU, JAPAN], [one.slug], numbers, partner=[EU])


def _note_held(c: Chronicle, kind: str, k: int, found: Ballot | None, quarters: int) -> None:
    """A file that stalls or is given up, and what holds it: the smallest of what the parties bring."""
    one, terms = c.partnership.catalogue[k], c.negotiation.terms
    passes = 1.0 if found is None else found.passes
    limits = {"council": passes, "ladder": terms.cap[k, 0], "wish": terms.wish[k, 0], "midpoint": terms.mid[k, 0]}
    held = min(limits, key=lambda name: limits[name])
    by_pivot = held == "council" and found is not None
    c.note(
        kind,
        [] if by_pivot else [JAPAN],
        [one.slug],
        _draft(c, k) | {"passes": passes, "quarters": quarters},
        partner=[EU],
        held_by=[held],
        pivotal=found.pivotal if by_pivot and found is not None else [],
    )


def _other_business(c: Chronicle, holding: Mask) -> None:
    """Topics that a state stops or is outvoted on; of money only what is new, for a block lasts (docs/ODD.md, 6.6)."""
    for topic in c.council.agenda:
        opposed, rows = topic.opposed[:, 0], topic.rows
        if topic.name == MONEY:
            lifted = bool((c.chance.draw(f"business/{MONEY}/lift") < c.parameters.business.lift)[0])
            kept = (holding & ~c.member_states.elected)[rows, 0] & (not lifted)
            if lifted and holding[rows].any():
                c.note("bargain", c.members(holding[rows, 0], rows), [], topic=[MONEY])
            opposed = opposed & ~kept
        if topic.vetoed[0]:
            c.note("blocked", [], [], {"asked": topic.asked}, topic=[topic.name], blocked_by=c.members(opposed, rows))
        elif opposed.any():
            c.note("outvoted", [], [], {"asked": topic.asked}, topic=[topic.name], opposed=c.members(opposed, rows))


# Phase 7


@contextmanager
def ratify(c: Chronicle) -> Iterator[None]:
    """Parliaments on what was signed, provisional application, entry into force."""
    at, before = c.partnership, Before.of(c)
    waiting = (before.file >= SIGNED) & (at.age[:, 0] >= 1)
    japan, union = at.japan_ready[:, 0].copy(), at.union_ready[:, 0].copy()
    ratified = {k: c.ratifications.has_ratified(k)[:, 0].copy() for k in at.ratified}
    yield
    for k in np.flatnonzero(waiting).tolist():
        _parliament(c, k)
        one = at.catalogue[k]
        if at.japan_ready[k, 0] and not japan[k]:
            c.note("diet", [JAPAN], [one.slug], {"majority": c.diet.lower > c.diet.thresholds.majority})
        if one.rule in RATIFIED_BY_MEMBERS and not c.levers.on("lift_fragmentation"):
            _states(c, k, ratified[k])
        if at.union_ready[k, 0] and not union[k]:
            c.note("union_concludes", ["council"], [one.slug])
        _after_signature(c, k, before)


def _parliament(c: Chronicle, k: int) -> None:
    one = c.partnership.catalogue[k]
    if one.rule not in CONSENT:
        return
    level = c.partnership.drafted[k] * one.ambition
    consents = bool(c.european_parliament.consents(level)[0])
    if c.once(("parliament", k), consents):
        kind = "parliament_consents" if consents else "parliament_withholds"
        c.note(kind, ["european_parliament"], [one.slug], {"level": level})


def _states(c: Chronicle, k: int, before: Mask) -> None:
    """Members that have ratified in this quarter."""
    now = c.ratifications.has_ratified(k)[:, 0]
    fresh = c.members(now & ~before)
    if fresh:
        left = c.members(~now)
        last = left if len(left) <= 3 else []
        numbers = {"ratified": now.sum(), "members": len(now)}
        slug = c.partnership.catalogue[k].slug
        c.note("ratified", [], [slug], numbers, ratified_by=fresh, still_missing=last)


def _after_signature(c: Chronicle, k: int, before: Before) -> None:
    at, one = c.partnership, c.partnership.catalogue[k]
    deepening, now = bool(before.in_force[k]), at.file[k, 0]
    numbers = {"depth": at.drafted[k]}
    if now == PROVISIONAL and before.file[k] == SIGNED:
        c.note("deepening_provisional" if deepening else "provisional", [EU, JAPAN], [one.slug], numbers, partner=[EU])
    if now == NO_FILE:
        if deepening:
            numbers["depth_before"] = before.agreed[k : k + 1]
        c.note("deepened" if deepening else "in_force", [EU, JAPAN], [one.slug], numbers, partner=[EU])
        c.forget(("parliament", k))
