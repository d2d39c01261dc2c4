"""What passes in the Council: the deepest level at which a draft is adopted, by legal base (docs/ODD.md, 6.6).

A state accepts up to b, abstains up to v, declares its abstention beyond d, b <= d <= v. Let N(y) be the states with
b < y, those not in favour. N only grows with y, so what passes is closed above, and each test turns at one rank of the
states ordered by reluctance. So the deepest level is exact. Persons are whole numbers, which makes every quota exact.
"""

from dataclasses import dataclass
from fractions import Fraction
from functools import cache, cached_property
from math import ceil, floor
from typing import NamedTuple

import numpy as np

from agents.portable import number
from agents.rules.types import Floats, Mask, Value, Whole
from config.schema import CouncilRule, DeclaredAbstentions

PLACES = 128
"""Most members that one council can have: their places use the low seven bits of a bound."""


@dataclass(frozen=True)
class Electorate:
    """Who votes on a file: rows of the member states, persons (whole), Nice votes, and the rule of the day."""

    rows: Whole
    persons: Whole
    nice_votes: Whole
    rule: CouncilRule
    abstentions: DeclaredAbstentions

    @property
    def size(self) -> int:
        """Number of voters."""
        return len(self.rows)

    @cached_property
    def everyone(self) -> int:
        """Persons of all voters."""
        return int(self.persons.sum())


class Reluctance(NamedTuple):
    """Voters from the most to the least reluctant: their levels, places, and persons up to and with each, (R, V)."""

    level: Floats
    place: Whole
    persons: Whole


def by_reluctance(bounds: Floats, persons: Whole) -> Reluctance:
    """Order the voters of each run by their bound, (V, R) on the grid of 2^-40 and 0 or more; ties as listed.

    A positive float is ordered like its bits, and the grid leaves the low bits free: so one sort of whole numbers
    carries the place along.
    """
    if len(bounds) > PLACES:
        raise ValueError(f"a council of {len(bounds)} is more than the {PLACES} that a bound has room for")
    packed = bounds.T.copy().view(np.int64) | np.arange(len(bounds))
    packed.sort(axis=1)
    place = packed & (PLACES - 1)
    level = (packed & ~np.int64(PLACES - 1)).view(np.float64)
    return Reluctance(level, place, np.cumsum(persons[place], axis=1))


def _at(order: Reluctance, rank: Whole) -> Floats:
    """Level at a rank, counted from 0, (R,); the last one where the rank is never reached."""
    reached = np.minimum(rank, order.level.shape[1] - 1)
    level: Floats = order.level[np.arange(len(rank)), reached]
    return level


def consensus(veto: Floats) -> Floats:
    """Nobody opposes. Non-binding instruments: arrangement of 2017; PESCO projects: Art. 46(6) TEU."""
    level: Floats = veto.min(axis=0)
    return level


def common_accord(acceptance: Floats) -> Floats:
    """Everybody is in favour: treaty change, Art. 48 TEU."""
    level: Floats = acceptance.min(axis=0)
    return level


def unanimity(declared: Floats, veto: Floats, by: Electorate) -> Floats:
    """Nobody opposes, and declared abstentions stay below a third of members or of persons.

    Art. 31(1) TEU: abstentions do not prevent a decision, but if members that qualify theirs by a declaration are at
    least one third of the members comprising at least one third of the population, it is not adopted. The same for
    agreements under Art. 218(8) TFEU with Art. 37 TEU and for the Peace Facility, Decision (CFSP) 2021/509. Only runs
    in which a third of members declare before anybody opposes are sorted.
    """
    level = consensus(veto)
    members = quota(by.abstentions.members_share, by.size)
    declare = np.count_nonzero(declared < level, axis=0)
    in_doubt = np.flatnonzero(declare >= members)
    if in_doubt.size:
        order = by_reluctance(declared[:, in_doubt], by.persons)
        persons = _ranks_below(order.persons, quota(by.abstentions.population_share, by.everyone))
        level[in_doubt] = np.minimum(level[in_doubt], _at(order, np.maximum(members - 1, persons)))
    return level


def stopped_by_abstention(beyond: Mask, by: Electorate) -> Mask:
    """Whether those who would declare an abstention at a level, or oppose it, are enough to stop it, (n, R) to (R,).

    A third of members comprising a third of the population, Art. 31(1) TEU: what `unanimity` finds the level of.
    """
    stopped: Mask = number(beyond) >= quota(by.abstentions.members_share, by.size)
    many = np.flatnonzero(stopped)
    persons = (beyond[:, many] * by.persons[:, np.newaxis]).sum(axis=0)
    stopped[many] = persons >= quota(by.abstentions.population_share, by.everyone)
    return stopped


def qualified_majority(acceptance: Floats, by: Electorate, proposed: bool = True) -> Floats:
    """A qualified majority is in favour; a higher one where neither Commission nor High Representative has proposed."""
    order = by_reluctance(acceptance, by.persons)
    return _at(order, (_nice_rank if by.rule.nice_votes else _double_majority_rank)(order, by, proposed))


@cache
def exact(share: float) -> Fraction:
    """A share of a treaty as the fraction it stands for: 0.55 as 11/20, 0.333... as 1/3."""
    return Fraction(share).limit_denominator(100)


@cache
def quota(share: float, whole: int) -> int:
    """Least number that makes a share of the whole: 15 of 27 members for 0.55."""
    return ceil(exact(share) * whole)


@cache
def more_than_the_rest(share: float, whole: int) -> int:
    """Least number without which the others fall short of a share of the whole: 35 % and one for 0.65."""
    return floor((1 - exact(share)) * whole) + 1


def _ranks_below(so_far: Whole, quota: int) -> Whole:
    """Number of ranks at which the persons (or votes) so far do not reach a quota, (R,)."""
    return np.sum(so_far < quota, axis=1)


def _double_majority_rank(order: Reluctance, by: Electorate, proposed: bool) -> Whole:
    """Rank at which the double majority is lost: 55 % of members with 65 % of persons, Art. 16(4) TEU.

    A blocking minority must include at least four members, failing which the majority is deemed attained. Without a
    proposal 72 % of members and no such clause: Art. 238(2) TFEU.
    """
    rule = by.rule
    members = rule.members_share if proposed else rule.without_proposal_members_share
    persons = rule.population_share if proposed else rule.without_proposal_population_share
    too_few = by.size - quota(members, by.size)
    minority = _ranks_below(order.persons, more_than_the_rest(persons, by.everyone))
    return np.minimum(too_few, np.maximum(minority, rule.blocking_members - 1) if proposed else minority)


def _nice_rank(order: Reluctance, by: Electorate, proposed: bool) -> Whole:
    """Rank at which the majority of Nice is lost: weighted votes, a majority of members, 62 % of persons.

    Two thirds of members without a proposal. Art. 205 TEC as amended, to 31 October 2014: Protocol (No 36), Art. 3(3).
    """
    rule = by.rule
    share = rule.members_share if proposed else rule.without_proposal_members_share
    members = floor(exact(share) * by.size) + 1 if proposed and rule.members_more_than else quota(share, by.size)
    votes = _ranks_below(np.cumsum(by.nice_votes[order.place], axis=1), int(by.nice_votes.sum()) - rule.nice_votes + 1)
    persons = _ranks_below(order.persons, more_than_the_rest(rule.population_share, by.everyone))
    return np.minimum(by.size - members, np.minimum(votes, persons))


def passerelle(unanimous: Floats, majority: Floats, veto: Floats, margin: Value) -> Floats:
    """Majority where the European Council has agreed to it, Art. 31(3) TEU, with the emergency brake of Art. 31(2).

    A state far beyond its veto bound pleads vital reasons and sends the matter back to unanimity.
    """
    return np.maximum(unanimous, np.minimum(majority, consensus(veto) + margin))


def median_member(acceptance: Floats, persons: Whole) -> Whole:
    """Place of the population-weighted median state, (R,): the first with half of all persons up to it."""
    order = by_reluctance(acceptance, persons)
    half = np.sum(2 * order.persons < persons.sum(), axis=1)
    place: Whole = order.place[np.arange(len(half)), half]
    return place


def pivotal(level: Floats, bounds: tuple[Floats, ...]) -> Whole:
    """Place of the member at whose bound a level stops, (R,), -1 for none: of the first kind of bound that fits."""
    place = np.full(len(level), -1, dtype=np.int64)
    for bound in reversed(bounds):
        stops = bound == level
        place = np.where(stops.any(axis=0), stops.argmax(axis=0), place)
    return place
