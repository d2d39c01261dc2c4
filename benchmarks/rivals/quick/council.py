"""What the Council passes: the quick counterpart of tests/twin/council.py, without who is pivotal."""

from benchmarks.rivals.quick.world import Bounds, MemberState, QuickWorld
from tests.twin import council as twin
from tests.twin.state import CHINA, Agreement

MAY_STAY_OUT = ("R1", "R2", "R3")
"""Classes in which states with an opt-out do not vote on defence."""

ROUNDER = 6144.0
"""Added and taken away it rounds to the grid, half to even: floats from 4,096 to 8,192 are 2 to the power -40 apart."""


def convene(world: QuickWorld) -> None:
    """What holds for all files of this quarter."""
    p = world.p
    pressed = min(1.0, world.intensity(CHINA) + p("feedback.retaliation_weight") * world.coercion)
    tolerance = p("council.tolerance")
    for state in world.union_states:
        state.fear = state.most_feared * pressed
        state.leeway = tolerance * (1.0 - state.attention)
    world.bounds, world.levels = {}, {}


def levels(world: QuickWorld, domain: str, defence: bool) -> list[float]:
    """How far each member goes gladly in a field, before noise and grid."""
    found = world.levels.get((domain, defence))
    if found is None:
        cost, acceptance = world.p(f"domains.{domain}_cost"), world.p("council.acceptance")
        left = 1.0 - world.p("council.neutral_discount")
        found = []
        for state in world.union_states:
            level = acceptance * (state.position - state.fear * cost)
            if level < 0.0:
                level = 0.0
            found.append(level * left if defence and state.neutral else level)
        world.levels[domain, defence] = found
    return found


def bounds(world: QuickWorld, agreement: Agreement, noisy: bool) -> Bounds:
    """Bounds of the states that vote on a file; without noise they are shared by all files of a field."""
    facts = agreement.facts
    voters, glad = world.union_states, levels(world, facts.domain, facts.defence)
    stay_out = world.opted_out and facts.defence and facts.rule in MAY_STAY_OUT
    some = "opt-out" if stay_out else "PESCO" if facts.rule == "R9" else ""
    if some:
        pairs = [(one, level) for one, level in zip(voters, glad, strict=True) if twin.takes_part(one, agreement)]
        voters, glad = [one for one, _ in pairs], [level for _, level in pairs]
    if noisy:
        noise = agreement.noise
        heard = [level + noise[one.iso3] for one, level in zip(voters, glad, strict=True)]
        return Bounds(voters, [(level if level > 0.0 else 0.0) + ROUNDER - ROUNDER for level in heard])
    key = (facts.domain, facts.defence, some)
    if key not in world.bounds:
        world.bounds[key] = Bounds(voters, [level + ROUNDER - ROUNDER for level in glad])
    return world.bounds[key]


# What passes


def lowest_veto(found: Bounds) -> float:
    """min v."""
    if not found.veto:
        pairs = zip(found.accept, found.voters, strict=True)
        found.veto = [accept + state.leeway + ROUNDER - ROUNDER for accept, state in pairs]
    return min(found.veto)


def unanimity(world: QuickWorld, found: Bounds) -> float:
    """Nobody vetoes, and fewer than a third of members or of persons abstain with a declaration."""
    strictest, declared = lowest_veto(found), world.p("council.declared")
    if not found.declared:
        pairs = zip(found.accept, found.veto, strict=True)
        found.declared = [accept + declared * (veto - accept) + ROUNDER - ROUNDER for accept, veto in pairs]
    return passes_unanimously(found.voters, found.declared, strictest)


def passes_unanimously(voters: list[MemberState], declared: list[float], strictest: float) -> float:
    """The deepest level without a veto and with few declared abstentions."""
    third = (len(voters) + 2) // 3
    by_members = sorted(declared)[third - 1]
    if strictest <= by_members:
        return strictest
    return min(strictest, max(by_members, _by_persons(voters, declared)))


def _by_persons(voters: list[MemberState], declared: list[float]) -> float:
    """The bound, in order, at which a third of the persons is reached."""
    everybody, so_far = sum(state.persons for state in voters), 0
    for bound, persons in sorted((bound, state.persons) for bound, state in zip(declared, voters, strict=True)):
        so_far = so_far + persons
        if 3 * so_far >= everybody:
            return bound
    return max(declared)


def majority(world: QuickWorld, found: Bounds) -> float:
    """Qualified majority by the rules of Lisbon."""
    order = sorted(zip(found.accept, (state.persons for state in found.voters), strict=True))
    n, everybody, so_far, rank = len(order), sum(persons for _, persons in order), 0, 0
    for _, persons in order:
        so_far, rank = so_far + persons, rank + 1
        if 100 * so_far > 35 * everybody:
            break
    rank = min(n - (55 * n + 99) // 100 + 1, max(rank, world.rule.blocking_members))
    return order[min(rank, n) - 1][0]


def with_brake(world: QuickWorld, unanimous: float, found: Bounds) -> float:
    """A majority decides, unless a state pulls the emergency brake."""
    braked = lowest_veto(found) + world.p("council.brake_margin")
    return max(unanimous, min(majority(world, found), braked))


def limit(world: QuickWorld, agreement: Agreement, noisy: bool) -> float:
    """L: the deepest absolute level that the Council passes for a file."""
    if world.on("lift_fragmentation") or world.rule.name != "Lisbon":
        return twin.limit(world, agreement, twin.voters(world, agreement, noisy)).level
    found = bounds(world, agreement, noisy)
    if not found.voters:
        return 0.0
    rule = agreement.facts.rule
    if rule == "R7":
        return min(found.accept)
    if rule == "R9":
        return lowest_veto(found)
    if not twin.decided_unanimously(world, agreement):
        return majority(world, found)
    unanimous = lowest_veto(found) if rule == "R1" else unanimity(world, found)
    return with_brake(world, unanimous, found) if twin.under_passerelle(world, agreement) else unanimous


def depth(world: QuickWorld, agreement: Agreement, noisy: bool) -> float:
    """C, relative to the instrument's ambition; services decide R0 themselves."""
    if agreement.facts.rule == "R0":
        return 1.0
    return min(1.0, limit(world, agreement, noisy) / agreement.ambition)
