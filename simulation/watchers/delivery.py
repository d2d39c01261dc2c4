"""Money, carrying out, lapse, single states' own ties with Japan, retaliation: phases 8 to 11."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

from agents.institutions.council import MONEY
from agents.rules import feedback
from config import PARTNERS
from simulation.instruments import CIVIL, NO_FILE, SEA
from simulation.limits import NEARLY
from simulation.recorder import FUNCTIONAL_FROM, REGIMES, STRATEGIC_FROM
from simulation.tracks import IN_FORCE, IN_TALKS, RUNG_STAGES
from simulation.tracks import SIGNED as RUNG_SIGNED

if TYPE_CHECKING:
    from simulation.chronicle import Chronicle

EU, JAPAN = "EU", "JPN"
ONLY = np.array([0])
FADED = 0.75
"""What is carried out is told to fade when it has fallen to this share of its last height."""
IDLE, IDLE_QUARTERS = 0.5, 8
"""An agreement is told to lie idle when so many quarters after entry less than this share is carried out."""


# Phase 8


@contextmanager
def pay(c: Chronicle) -> Iterator[None]:
    """Money of the Peace Facility: requests, blocked stock, its release, Southeast Asia, who abstains."""
    facility = c.peace_facility
    stock, request = float(facility.blocked_stock[0]), float(facility.request[0])
    vote = next(topic for topic in c.council.agenda if topic.name == MONEY)
    yield
    paid, sea = float(facility.paid_ukraine[0]), float(facility.paid_indo_pacific[0])
    if vote.blocked[0]:
        waiting = {"requested": request, "waiting": facility.blocked_stock}
        c.note("money_blocked", [], [], waiting, blocked_by=c.members(c.council.holding[c.member_states.rows, 0]))
    if paid > 0:
        kind = "money_released" if stock > 0 else "money_ukraine"
        c.note(kind, [EU], [], {"paid": paid, "requested": request, "released": stock})
        _abstain_from_lethal_aid(c)
    if sea > 0:
        c.note("money_south_east_asia", [EU], [SEA], {"paid": sea})
    _second_vote(c)


def _abstain_from_lethal_aid(c: Chronicle) -> None:
    """Members that abstain with a declaration bear no lethal aid."""
    vote = next(topic for topic in c.council.agenda if topic.name == MONEY)
    abstained = c.members(vote.abstained[:, 0], vote.rows)
    if abstained:
        lethal = c.parameters.money.lethal_share * c.peace_facility.paid_ukraine
        c.note("lethal_aid_abstained", [], [], {"lethal": lethal}, abstained_declared=abstained)


def _second_vote(c: Chronicle) -> None:
    """Payments for Southeast Asia that a state stops when they are to be disbursed."""
    at, k = c.partnership, c.partnership.place[SEA]
    if not at.in_force[k, 0]:
        return
    one, level = at.catalogue[k], float(at.agreed[k, 0]) * at.catalogue[k].ambition
    passes, bounds = c.council.passes(k, one, ONLY)
    if level > passes[0]:
        against = c.members(level > bounds.veto[:, 0], c.council.voters(one).rows)
        if c.once("second vote", tuple(against)):
            c.note("money_south_east_asia_blocked", [], [SEA], {"level": level, "passes": passes}, blocked_by=against)
    else:
        c.forget("second vote")


# Phase 9


@contextmanager
def carry_out(c: Chronicle) -> Iterator[None]:
    """What lapses, fades, lies idle or is carried out in full, and for lack of what; regimes."""
    at = c.partnership
    agreed, operational, in_force = at.agreed[:, 0].copy(), at.operational[:, 0].copy(), at.in_force[:, 0].copy()
    file = at.file[:, 0].copy()
    yield
    for k, one in enumerate(at.catalogue):
        if not in_force[k]:
            continue
        if not at.in_force[k, 0]:
            gone = ["file"] if file[k] != NO_FILE else []
            scripted = ["record"] if at.lapses[k, 0] == c.quarter else []
            numbers = {"agreed": agreed[k], "operational": operational[k]}
            c.note(
                "lapsed", [EU, JAPAN], [one.slug], numbers, partner=[EU], lack=_lack(c, k), with_it=gone, by=scripted
            )
            for key in (("height", k), ("full", k), ("idle", k), ("since", k, "agreed")):
                c.forget(key)
        else:
            _carried_out(c, k)
    _regime(c)


def _carried_out(c: Chronicle, k: int) -> None:
    at, one = c.partnership, c.partnership.catalogue[k]
    done, agreed = float(at.operational[k, 0]), float(at.agreed[k, 0])
    if c.once(("since", k, "agreed"), agreed):
        c.told["since", k] = c.quarter
        c.forget(("idle", k))
    since = c.told["since", k]
    numbers = {"operational": done, "agreed": agreed}
    if done >= NEARLY * agreed:
        if c.once(("full", k), agreed) and c.quarter > c.settings.start:
            c.note("carried_out", [EU, JAPAN], [one.slug], numbers)
    elif c.quarter - since >= IDLE_QUARTERS and done < IDLE * agreed and c.once(("idle", k)):
        c.note("idle", [EU, JAPAN], [one.slug], numbers | {"quarters": c.quarter - since}, lack=_lack(c, k))
    height = max(done, c.told.get(("height", k), 0.0))
    if done < FADED * height:
        c.note("fades", [EU, JAPAN], [one.slug], numbers | {"before": height}, lack=_lack(c, k))
        height = done
    c.told["height", k] = height


def _lack(c: Chronicle, k: int) -> list[str]:
    """What is scarcest for carrying out: the framework, money or attention (docs/ODD.md, 7)."""
    means, civil = c.delivery.means, c.partnership.catalogue[k].domain in CIVIL
    money = min(1.0, float((means.spare if civil else means.resources)[0]))
    attention = float((means.dialogue / (1 + c.parameters.files.dialogue * 2))[0])
    scarce = ({} if civil else {"framework": float(means.framework[0])}) | {"money": money, "attention": attention}
    return [min(scarce, key=lambda name: scarce[name])]


def _regime(c: Chronicle) -> None:
    """The partnership becomes symbolic, functional, strategic, by operational depth."""
    depth = float(c.partnership.operational_depth[0])
    now = REGIMES[(depth >= FUNCTIONAL_FROM) + (depth >= STRATEGIC_FROM)]
    before = c.told.get("regime", now)
    if c.once("regime", now) and before != now:
        c.note("regime", [], [], {"operational_depth": depth}, before=[before], after=[now])


# Phase 10


@contextmanager
def climb_tracks(c: Chronicle) -> Iterator[None]:
    """Rungs that single states climb, and those that wait for a step of Japan's."""
    tracks = c.tracks
    before = tracks.stage[:, :, 0].copy()
    yield
    for partner, place in np.argwhere(before != tracks.stage[:, :, 0]).tolist():
        iso, stage = PARTNERS[partner], int(tracks.stage[partner, place, 0])
        rung = tracks.rungs[place]
        there = {slug: before[partner, tracks.slugs.index(slug)] == IN_FORCE for slug in rung.helped_by}
        fresh = stage == IN_TALKS
        c.note(
            RUNG_STAGES[stage],
            [iso, JAPAN],
            [rung.slug],
            {} if fresh else {"depth": tracks.agreed[partner, place]},
            partner=[iso],
            helped_by=[slug for slug in there if fresh and there[slug]],
            missing=[slug for slug in there if fresh and not there[slug]],
        )
        if stage == RUNG_SIGNED and not tracks.permitted(rung)[0]:
            ladders = list(rung.needs_in_force)
            c.note("waits_for_ladder", [iso, JAPAN], [rung.slug], ladder=ladders, partner=[iso])


# Phase 11


@contextmanager
def respond(c: Chronicle) -> Iterator[None]:
    """Retaliation by China."""
    visible, china = c.partnership.visible_depth, c.pressures.china
    yield
    struck = feedback.retaliates(visible, china, c.chance.draw("china/retaliation"), c.parameters.feedback)
    if struck[0]:
        c.note("retaliation", ["china"], [], {"visible_depth": visible, "intensity": china})
