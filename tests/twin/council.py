"""docs/ODD.md 6.6 and the bounds of 6.5: what the Council passes, and who stops it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from tests.twin.state import CHINA, Agreement, Member, World

GRID = 1099511627776.0
"""Bounds are whole multiples of 1 / GRID, 2 to the power -40."""

UNANIMOUS = ("R1", "R2", "R3", "R5", "R7", "R9")


@dataclass(frozen=True)
class Voter:
    """A state with its bounds for one draft: accepts to b, abstains without a declaration to d, opposes beyond v."""

    iso3: str
    persons: int
    votes: int
    accept: float
    declared: float
    veto: float


@dataclass(frozen=True)
class Limit:
    """The deepest level that passes, and the state that decides it (empty: none)."""

    level: float
    pivotal: str


# Bounds


def on_grid(x: float) -> float:
    """x rounded to the grid, half to even."""
    return float(round(x * GRID)) / GRID


def fear(world: World, member: Member) -> float:
    """What a state fears to lose with China, at full cost."""
    pressed = min(1.0, world.intensity(CHINA) + world.p("feedback.retaliation_weight") * world.coercion)
    return 0.25 * world.p("positions.dependence") * member.dependence * pressed


def acceptance_before_grid(world: World, member: Member, domain: str, defence: bool) -> float:
    """How far a state goes gladly in a field."""
    cost = world.p(f"domains.{domain}_cost")
    level = max(0.0, world.p("council.acceptance") * (member.position - fear(world, member) * cost))
    discounted = float(member.neutral and defence)
    return level * (1.0 - world.p("council.neutral_discount") * discounted)


def acceptance_bound(world: World, member: Member, domain: str, defence: bool, noise: float | None = None) -> float:
    """b, without noise or, for a file, with its own."""
    level = acceptance_before_grid(world, member, domain, defence)
    return on_grid(level if noise is None else max(0.0, level + noise))


def veto_bound(world: World, member: Member, accept: float) -> float:
    """v."""
    return on_grid(accept + world.p("council.tolerance") * (1.0 - member.attention))


def declared_bound(world: World, accept: float, veto: float) -> float:
    """d."""
    return on_grid(accept + world.p("council.declared") * (veto - accept))


def takes_part(member: Member, agreement: Agreement) -> bool:
    """Whether a state votes on a file."""
    if not member.in_union:
        return False
    if member.opted_out and agreement.facts.defence and agreement.facts.rule in ("R1", "R2", "R3"):
        return False
    return agreement.facts.rule != "R9" or member.in_pesco


def voters(world: World, agreement: Agreement, noisy: bool) -> list[Voter]:
    """The states that vote on a file, with their bounds."""
    facts = agreement.facts
    found = []
    for member in world.members:
        if takes_part(member, agreement):
            noise = agreement.noise[member.iso3] if noisy else None
            accept = acceptance_bound(world, member, facts.domain, facts.defence, noise)
            veto = veto_bound(world, member, accept)
            declared = declared_bound(world, accept, veto)
            found.append(Voter(member.iso3, member.persons, member.facts.nice_votes, accept, declared, veto))
    if world.on("lift_fragmentation") and found:
        median = median_voter(found)
        found = [replace(voter, accept=median.accept, declared=median.declared, veto=median.veto) for voter in found]
    return found


def median_voter(found: list[Voter]) -> Voter:
    """The voter at whom half of the persons is reached, in order of acceptance."""
    everybody = persons(found)
    so_far = 0
    order = sorted(found, key=lambda voter: voter.accept)
    for voter in order:
        so_far = so_far + voter.persons
        if 2 * so_far >= everybody:
            return voter
    return order[-1]


def persons(found: list[Voter]) -> int:
    """Persons of all."""
    result = 0
    for voter in found:
        result = result + voter.persons
    return result


# What passes


def first_rank(order: list[Voter], test: Callable[[int, int, int], bool]) -> int:
    """The first rank j at which test(j, persons so far, votes so far) holds, else the last."""
    persons_so_far, votes_so_far = 0, 0
    for rank, voter in enumerate(order, start=1):
        persons_so_far = persons_so_far + voter.persons
        votes_so_far = votes_so_far + voter.votes
        if test(rank, persons_so_far, votes_so_far):
            return rank
    return len(order)


def first_at(found: list[Voter], bound: Callable[[Voter], float], level: float) -> str:
    """The first voter in the list with this bound."""
    return next(voter.iso3 for voter in found if bound(voter) == level)


def accept_of(voter: Voter) -> float:
    """b of a voter."""
    return voter.accept


def declared_of(voter: Voter) -> float:
    """d of a voter."""
    return voter.declared


def veto_of(voter: Voter) -> float:
    """v of a voter."""
    return voter.veto


def nobody_vetoes(found: list[Voter]) -> Limit:
    """min v."""
    level = min(voter.veto for voter in found)
    return Limit(level, first_at(found, veto_of, level))


def all_accept(found: list[Voter]) -> Limit:
    """min b."""
    level = min(voter.accept for voter in found)
    return Limit(level, first_at(found, accept_of, level))


def unanimity(found: list[Voter]) -> Limit:
    """Nobody vetoes, and fewer than a third of members or of persons abstain with a declaration."""
    order = sorted(found, key=declared_of)
    everybody = persons(found)
    third = (len(order) + 2) // 3
    rank = max(third, first_rank(order, lambda _, so_far, __: 3 * so_far >= everybody))
    level = order[rank - 1].declared
    strictest = nobody_vetoes(found)
    if strictest.level <= level:
        return strictest
    return Limit(level, first_at(found, declared_of, level))


def majority(world: World, found: list[Voter]) -> Limit:
    """Qualified majority by the rules of this quarter."""
    order = sorted(found, key=accept_of)
    everybody, n = persons(found), len(order)
    rule = world.settings.union.rule_at(world.quarter)
    if rule.name == "Lisbon":
        minority = max(first_rank(order, lambda _, so_far, __: 100 * so_far > 35 * everybody), rule.blocking_members)
        rank = min(n - (55 * n + 99) // 100 + 1, minority)
    else:
        all_votes = 0
        for voter in found:
            all_votes = all_votes + voter.votes
        rank = first_rank(
            order,
            lambda members, so_far, votes: (
                members > n - (n // 2 + 1)
                or all_votes - votes < rule.nice_votes
                or 100 * (everybody - so_far) < 62 * everybody
            ),
        )
    level = order[min(rank, n) - 1].accept
    return Limit(level, first_at(found, accept_of, level))


def decided_unanimously(world: World, agreement: Agreement) -> bool:
    """Whether the class asks for unanimity, passerelle aside."""
    if agreement.slug == "safe_association" and world.p("council.safe_unanimity") == 1.0:
        return True
    return agreement.facts.rule in UNANIMOUS


def under_passerelle(world: World, agreement: Agreement) -> bool:
    """Whether majority voting, with the emergency brake, applies to a file instead of unanimity."""
    return (
        world.union.passerelle
        and world.on("qmv")
        and agreement.facts.rule in ("R1", "R2")
        and not agreement.facts.defence
        and agreement.covered
    )


def limit(world: World, agreement: Agreement, found: list[Voter]) -> Limit:
    """L: the deepest absolute level that the Council passes for a file that it votes on."""
    if not found:
        return Limit(0.0, "")
    rule = agreement.facts.rule
    if rule == "R7":
        return all_accept(found)
    if rule == "R9":
        return nobody_vetoes(found)
    if not decided_unanimously(world, agreement):
        return majority(world, found)
    unanimous = nobody_vetoes(found) if rule == "R1" else unanimity(found)
    if under_passerelle(world, agreement):
        return with_brake(world, unanimous, found)
    return unanimous


def with_brake(world: World, unanimous: Limit, found: list[Voter]) -> Limit:
    """A majority decides, unless a state pulls the emergency brake of Art. 31(2) TEU."""
    by_majority = majority(world, found)
    strictest = nobody_vetoes(found)
    braked = strictest.level + world.p("council.brake_margin")
    level = min(by_majority.level, braked)
    if unanimous.level >= level:
        return unanimous
    return Limit(level, strictest.pivotal if braked <= by_majority.level else by_majority.pivotal)


def council_depth(world: World, agreement: Agreement, noisy: bool) -> Limit:
    """C, relative to the instrument's ambition; services decide R0 themselves."""
    if agreement.facts.rule == "R0":
        return Limit(1.0, "")
    found = limit(world, agreement, voters(world, agreement, noisy))
    return Limit(min(1.0, found.level / agreement.ambition), found.pivotal)


def vetoing(world: World, agreement: Agreement, least: float) -> list[str]:
    """States that keep a file below the least worth signing where each can."""
    if not decided_unanimously(world, agreement) or under_passerelle(world, agreement):
        return []
    asked = least * agreement.ambition
    bound = accept_of if agreement.facts.rule == "R7" else veto_of
    return [voter.iso3 for voter in voters(world, agreement, noisy=True) if bound(voter) < asked]
