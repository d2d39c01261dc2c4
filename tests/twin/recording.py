"""Phase 12, docs/ODD.md 7: what is observed of a quarter."""

import math
from typing import Any

from tests.twin.council import acceptance_bound, veto_bound
from tests.twin.delivery import CIVILIAN, counted
from tests.twin.files import principal
from tests.twin.portable import total
from tests.twin.ratification import MIXED, has_ratified
from tests.twin.state import DOMAINS, PRESSURES, Agreement, Bargain, Tie, World
from tests.twin.tracks import needs_reached, rung_draft

Row = dict[str, Any]


def trajectory(world: World) -> Row:
    """One row of the table trajectories."""
    in_talks = [agreement for agreement in world.agreements if agreement.stage == "negotiating"]
    members = world.union_members()
    everybody = total(member.persons for member in members)
    gdp = total(member.gdp for member in members)
    vetoed = [agreement for agreement in world.agreements if agreement.bargain.vetoed]
    row: Row = {
        "quarter": world.quarter,
        "declared_depth": world.declared_depth,
        "operational_depth": world.operational_depth,
        "operational_depth_equal": operational_depth_equal(world),
        "gap": world.declared_depth - world.operational_depth,
        "fragmentation": fragmentation(world),
        "attention_eu": world.union.attention,
        "attention_japan": world.japan.attention,
        "dilution": total(agreement.bargain.dilution for agreement in world.agreements),
        "vetoes": len(vetoed) + len(world.topics_blocked),
        "files_open": len(in_talks),
        "files_stalled": len([agreement for agreement in in_talks if agreement.file and agreement.file.stalled > 0]),
        "interoperability": world.interoperability,
        "trust": total(member.persons * member.trust for member in members) / everybody,
        "step_force": world.japan.steps["force"],
        "step_transfers": world.japan.steps["transfers"],
        "step_secrecy": world.japan.steps["secrecy"],
        "step_missions": world.japan.steps["missions"],
        "defence_spending_japan": world.japan.spending,
        "defence_spending_eu": total(member.gdp * member.spending for member in members) / gdp,
        "peace_facility_ukraine": world.facility.paid_ukraine,
        "peace_facility_indo_pacific": world.facility.paid_indo_pacific,
    }
    for pressure in world.pressures:
        row[f"pressure_{pressure.name}"] = pressure.intensity
    row["share_outside_eu"] = world.share_outside
    return row


def operational_depth_equal(world: World) -> float:
    """Operational depth in which every instrument weighs the same."""
    depths = [agreement.operational for agreement in counted(world)]
    return total(depths) / len(depths)


def fragmentation(world: World) -> float:
    """Standard deviation of how far the members go."""
    levels = [world.p("council.acceptance") * member.position for member in world.union_members()]
    mean = total(levels) / len(levels)
    return math.sqrt(total((level - mean) * (level - mean) for level in levels) / len(levels))


def transitions(world: World) -> list[tuple[int, str, str, str]]:
    """What changed, EU instruments in the order of the catalogue, then rungs by partner."""
    order = [("EU", agreement.slug) for agreement in world.agreements]
    for partner, ties in world.ties.items():
        order.extend((partner, tie.slug) for tie in ties)
    events = sorted(world.events, key=lambda event: order.index((event[0], event[1])))
    return [(world.quarter, partner, instrument, stage) for partner, instrument, stage in events]


def actors(world: World) -> list[Row]:
    """The states, then Japan."""
    rows = [
        _actor(world, member.iso3, member.threats, member.attention, member.stance)
        | {"position": member.position, "trust": member.trust, "defence_spending": member.spending}
        for member in world.members
    ]
    japan = world.japan
    row = _actor(world, "JPN", japan.threats, japan.attention, japan.stance)
    return [*rows, row | {"position": japan.position, "trust": japan.trust, "defence_spending": japan.spending}]


def _actor(world: World, actor: str, threats: list[float], attention: float, stance: float) -> Row:
    row: Row = {"quarter": world.quarter, "actor": actor}
    for name, threat in zip(PRESSURES, threats, strict=True):
        row[f"threat_{name}"] = threat
    return row | {"attention": attention, "stance": stance}


def bounds(world: World) -> list[Row]:
    """Bounds of the members by field, without noise, as they stood for this quarter's files."""
    rows: list[Row] = []
    for member in world.union_members():
        for domain in DOMAINS:
            accept = acceptance_bound(world, member, domain, defence=domain not in CIVILIAN)
            veto = veto_bound(world, member, accept)
            rows.append({"quarter": world.quarter, "actor": member.iso3, "domain": domain,
                         "accept_bound": accept, "veto_bound": veto})  # fmt: skip
    return rows


def vetoes(world: World) -> list[Row]:
    """Who has stopped a file or a topic this quarter."""
    rows: list[Row] = []
    for agreement in world.agreements:
        for iso3 in agreement.bargain.vetoed:
            rows.append({"quarter": world.quarter, "subject": agreement.slug, "actor": iso3})
    for topic in world.topics_blocked:
        for iso3 in world.blamed.get(topic, []):
            rows.append({"quarter": world.quarter, "subject": topic, "actor": iso3})
    return rows


# Limits


def limits(world: World) -> list[Row]:
    """The one thing that holds each file or agreement back."""
    rows: list[Row] = []
    for agreement in world.agreements:
        found = limit_of(world, agreement)
        if found is not None:
            rows.append(_limit(world, "EU", agreement.slug, found))
    for partner, ties in world.ties.items():
        for tie in ties:
            found = limit_of_rung(world, partner, tie)
            if found is not None:
                rows.append(_limit(world, partner, tie.slug, found))
    return rows


def _limit(world: World, partner: str, instrument: str, found: tuple[str, str]) -> Row:
    return {"quarter": world.quarter, "partner": partner, "instrument": instrument,
            "limit": found[0], "actor": found[1]}  # fmt: skip


def limit_of(world: World, agreement: Agreement) -> tuple[str, str] | None:
    """The limit of an instrument at EU level and the actor behind it, the first of the list that applies."""
    found = agreement.bargain
    if found.drawn_open and found.missing:
        return "prerequisite", found.missing
    if found.denied:
        return "slot", agreement.facts.led_by
    if found.mandated:
        return "attention", less_attentive(world)
    if found.in_talks and not found.concluded:
        return _limit_of_talks(world, agreement, found)
    if agreement.stage in ("signed", "provisional"):
        return "ratification", not_ratified(world, agreement)
    if agreement.in_force and not found.concluded and agreement.operational < 0.9 * agreement.agreed:
        return _limit_of_delivery(world, agreement)
    return None


def less_attentive(world: World) -> str:
    """The side that attends less."""
    return "EU" if world.union.attention <= world.japan.attention else "JPN"


def _limit_of_talks(world: World, agreement: Agreement, found: Bargain) -> tuple[str, str]:
    if found.passing:
        return "attention", less_attentive(world)
    smallest = min(found.council, found.cap, found.wish, found.middle)
    if found.council == smallest:
        return "council", found.pivotal
    if found.cap == smallest:
        return "ladder", "JPN"
    if found.wish == smallest:
        return "wish", "JPN"
    japan = world.p("council.acceptance_japan") * world.japan.position
    if japan <= world.p("council.acceptance") * principal(world, agreement):
        return "wish", "JPN"
    return "wish", agreement.facts.led_by


def not_ratified(world: World, agreement: Agreement) -> str:
    """Who has not approved a signed file yet."""
    assert agreement.file is not None
    if not agreement.file.japan_ready:
        return "JPN"
    if agreement.facts.rule in MIXED and not world.on("lift_fragmentation"):
        for member in world.union_members():
            if not has_ratified(world, agreement, member):
                return member.iso3
    return "EU"


def _limit_of_delivery(world: World, agreement: Agreement) -> tuple[str, str]:
    civilian = agreement.facts.domain in CIVILIAN
    framework = 1.0 if civilian else world.framework
    money = min(1.0, world.spare if civilian else world.resources)
    attention = world.dialogue / (1.0 + world.p("files.dialogue") * 2.0)
    least = min(money, attention) if civilian else min(framework, money, attention)
    if not civilian and framework == least:
        return "framework", "EU"
    if money == least:
        return "money", "EU"
    return "attention", less_attentive(world)


def limit_of_rung(world: World, partner: str, tie: Tie) -> tuple[str, str] | None:
    """The limit of a rung and the actor behind it."""
    if tie.stage == "signed" and not needs_reached(world, tie):
        return "ladder", "JPN"
    if tie.stage == "signed":
        return "ratification", "JPN"
    if tie.stage != "negotiating":
        return None
    if rung_draft(world, partner, tie) >= tie.facts.least:
        return "attention", "JPN"
    japan = world.p("council.acceptance_japan") * world.japan.position
    state = world.p("council.acceptance") * world.member(partner).position
    return ("wish", "JPN") if japan <= state else ("council", partner)
