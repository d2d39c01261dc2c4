"""What passes in the Council: the deepest level at which a draft is adopted, by legal base (docs/ODD.md, 6.6).

A state accepts up to b, abstains up to v, declares its abstention beyond d, b <= d <= v. Let N(y) be the states with
b < y, those not in favour. N only grows with y, so what passes is closed above, and each test turns at one rank of the
states ordered by reluctance. So the deepest level is exact. Persons are whole numbers, which makes every quota exact.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from agents.rules.types import Floats, Value, Whole
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
    agreements under Art. 218(8) TFEU with Art. 37 TEU and for the Peace Facility, Decision (CFSP) 2021/509.
    """
    order = by_reluctance(declared, by.persons)
    a_third_of_members = -(-by.size // 3) - 1
    a_third_of_persons = np.sum(3 * order.persons < by.persons.sum(), axis=1)
    return np.minimum(consensus(veto), _at(order, np.maximum(a_third_of_members, a_third_of_persons)))


def qualified_majority(acceptance: Floats, by: Electorate) -> Floats:
    """A qualified majority on a proposal of the Commission or the High Representative is in favour."""
    order = by_reluctance(acceptance, by.persons)
    return _at(order, _nice_rank(order, by) if by.rule.nice_votes else _double_majority_rank(order, by))


def _double_majority_rank(order: Reluctance, by: Electorate) -> Whole:
    """Rank at which the double majority is lost: 55 % of members with 65 % of persons, Art. 16(4) TEU.

    A blocking minority must include at least four members, failing which the majority is deemed attained.
    """
    members, persons = round(100 * by.rule.members_share), round(100 * by.rule.population_share)
    too_few = by.size - -(-members * by.size // 100)
    minority = np.sum(100 * order.persons <= (100 - persons) * by.persons.sum(), axis=1)
    return np.minimum(too_few, np.maximum(minority, by.rule.blocking_members - 1))


def _nice_rank(order: Reluctance, by: Electorate) -> Whole:
    """Rank at which the majority of Nice is lost: weighted votes, a majority of members, 62 % of persons.

    Art. 205 TEC as amended, to 31 October 2014: Protocol (No 36), Art. 3(3).
    """
    persons = round(100 * by.rule.population_share)
    everyone = by.persons.sum()
    too_few = by.size - (by.size // 2 + 1)
    votes_left = by.nice_votes.sum() - np.cumsum(by.nice_votes[order.place], axis=1)
    votes = np.sum(votes_left >= by.rule.nice_votes, axis=1)
    population = np.sum(100 * (everyone - order.persons) >= persons * everyone, axis=1)
    return np.minimum(np.minimum(too_few, votes), population)


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
