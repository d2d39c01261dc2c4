"""Voting power in the Council: what the rules of docs/ODD.md 6.6 give each member before anybody has a wish.

A coalition is the set of members in favour. It wins if the draft passes when nobody else is in favour. Three countings:

    counted   from the words of the Treaty and the numbers of union.toml, exact, in a tenth of a second
    asked     by the model's own functions in voting.py about every coalition, exact, 10 to 30 s for 27 members
    sampled   by the model's own functions about coalitions and orders drawn at random, with standard errors

Indices: Penrose (1946) and Banzhaf (1965), absolute and normalised; Shapley and Shubik (1954). Definitions and the
published tables: Felsenthal and Machover, The Measurement of Voting Power (1998), ch. 3, 5 and 6.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, factorial, floor
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from agents.institutions import voting
from agents.institutions.voting import Electorate
from agents.rules.types import Floats, Mask, Whole
from config.schema import CouncilRule, MemberState, UnionSettings

Game: TypeAlias = Callable[[Floats], Floats]
"""The deepest level that passes, (R,), where members go along up to these levels, (n, R)."""

CONSENSUS = ("R1", "R9")
UNANIMITY = ("R2", "R3", "R5")
MAJORITY = ("R4", "R8")
COMMON_ACCORD = ("R7",)
VOTED = ("R1", "R2", "R3", "R4", "R5", "R7", "R8", "R9")
"""Classes of instruments on which the Council votes; on R0 it does not."""

Small: TypeAlias = NDArray[np.int8]
"""Numbers of members."""

PREFIX = 12
"""Places of a chain that a block has in common: blocks of at most 2^15 lanes for 27 members, which stay in cache."""


# Who votes


def electorate(members: Sequence[MemberState], union: UnionSettings, quarter: int, rule: str) -> Electorate:
    """Who votes by a rule in a quarter: the members; on projects of PESCO (R9) those that take part.

    Persons are those of member_states.csv at any date, as in the model. Rows are places in `members`.
    """
    rows = [
        row
        for row, one in enumerate(members)
        if one.has("member", quarter) and (rule != "R9" or one.has("pesco", quarter))
    ]
    return Electorate(
        rows=np.array(rows, dtype=np.int64),
        persons=np.array([members[row].population for row in rows], dtype=np.int64),
        nice_votes=np.array([members[row].nice_votes for row in rows], dtype=np.int64),
        rule=union.rule_at(quarter),
        abstentions=union.declared_abstentions,
    )


# The model's functions as games


def game(rule: str, by: Electorate) -> Game:
    """A rule as the model applies it; in the classes of UNANIMITY nobody opposes and the others abstain by declaration.

    In CONSENSUS the others oppose: what they tolerate ends where their support ends.
    """
    if rule in UNANIMITY:
        return lambda levels: voting.unanimity(levels, np.ones_like(levels) * levels.max(), by)
    if rule in MAJORITY:
        return lambda levels: voting.qualified_majority(levels, by)
    return voting.common_accord if rule in COMMON_ACCORD else voting.consensus


def wins(play: Game, in_favour: Mask) -> Mask:
    """Whether coalitions win, (n, R) to (R,): bounds of 1 for those in favour and 0 for all others pass level 1."""
    won: Mask = play(in_favour.astype(np.float64)) >= 1.0
    return won


def is_unanimous(play: Game, n: int) -> bool:
    """Whether everybody together wins and all but one never do; as more support never harms, then nobody else wins."""
    won = wins(play, np.column_stack([np.ones(n, dtype=bool), ~np.eye(n, dtype=bool)]))
    return bool(won[0] and not won[1:].any())


# Winning coalitions


@dataclass(frozen=True)
class Wins:
    """Winning coalitions of n members: by number of members, (n + 1,), and of these those with a member, (n, n + 1)."""

    by_size: Whole
    with_member: Whole

    @property
    def members(self) -> int:
        """Number of members, n."""
        return len(self.with_member)

    @property
    def total(self) -> int:
        """Number of winning coalitions."""
        return int(self.by_size.sum())

    @property
    def share(self) -> Fraction:
        """Share of winning ones among all 2^n: the power of the Council to act, Coleman (1971)."""
        return Fraction(self.total, 2**self.members)

    @property
    def swings(self) -> list[int]:
        """Winning coalitions that lose without the member, for each."""
        return [2 * int(own) - self.total for own in self.with_member.sum(axis=1)]

    @property
    def penrose(self) -> list[Fraction]:
        """Absolute Banzhaf index: probability to decide when all others vote by the toss of a coin, Penrose (1946)."""
        return [Fraction(swing, 2 ** (self.members - 1)) for swing in self.swings]

    @property
    def banzhaf(self) -> list[Fraction]:
        """Normalised Banzhaf index: share of all swings, Banzhaf (1965); sums to 1."""
        swings = self.swings
        return [Fraction(swing, sum(swings) or 1) for swing in swings]

    @property
    def shapley_shubik(self) -> list[Fraction]:
        """Share of the n! orders in which the member's joining decides, Shapley and Shubik (1954); sums to 1."""
        n, sizes = self.members, [int(count) for count in self.by_size]
        orders = [factorial(k - 1) * factorial(n - k) for k in range(1, n + 1)]
        indices = []
        for row in self.with_member:
            own = [int(count) for count in row]
            swings = [own[k] - (sizes[k - 1] - own[k - 1]) for k in range(1, n + 1)]
            deciding = sum(weight * swing for weight, swing in zip(orders, swings, strict=True))
            indices.append(Fraction(deciding, factorial(n)))
        return indices


# Counted from the words of the Treaty


class Quota(NamedTuple):
    """What wins: at least so many members and votes, and so many persons or else `enough` members."""

    members: int
    votes: int
    persons: int
    enough: int


def quota(rule: str, by: Electorate) -> Quota:
    """The quota by which a rule is counted, in whole members, votes and persons."""
    if rule in MAJORITY:
        return _majority(by.rule, by)
    if rule in UNANIMITY:
        return _without_third(by)
    return Quota(by.size, 0, 0, by.size)


def _majority(rule: CouncilRule, by: Electorate) -> Quota:
    """Art. 16(4) TEU; before November 2014 Protocol (No 36), Art. 3(3)."""
    share = _exact(rule.members_share) * by.size
    persons = ceil(_exact(rule.population_share) * int(by.persons.sum()))
    members = floor(share) + 1 if rule.members_more_than else ceil(share)
    enough = by.size - rule.blocking_members + 1 if rule.blocking_members else by.size + 1
    return Quota(members, rule.nice_votes, persons, enough)


def _without_third(by: Electorate) -> Quota:
    """Art. 31(1) TEU: abstainers by declaration fall short of a third of the members or of a third of the persons."""
    members = by.size - ceil(_exact(by.abstentions.members_share) * by.size) + 1
    everyone = int(by.persons.sum())
    persons = everyone - ceil(_exact(by.abstentions.population_share) * everyone) + 1
    return Quota(0, 0, persons, members)


def _exact(share: float) -> Fraction:
    """The fraction that a share in a file stands for: 0.55 is 11/20, 0.3333333333333333 is 1/3."""
    return Fraction(share).limit_denominator(1000)


def counted(persons: Whole, votes: Whole, needed: Quota) -> Wins:
    """Winning coalitions, exactly, without the model's functions: by halves that meet in the middle.

    For each subset of one half (2^13 for 27 members) and each number of members from the other half, those subsets of
    the other that complete it to a winning coalition are looked up in a table: Horowitz and Sahni (1974).
    """
    n = len(persons)
    votes = votes if needed.votes else np.zeros_like(votes)
    first, second = slice(0, n // 2), slice(n // 2, n)
    halves = [_subsets(persons[half], votes[half]) for half in (first, second)]
    by_size, with_member = np.zeros(n + 1, dtype=np.int64), np.zeros((n, n + 1), dtype=np.int64)
    for half, own, other in ((first, halves[0], halves[1]), (second, halves[1], halves[0])):
        completions = _completions(own, other, needed)
        for size in range(own.members.shape[1] + 1):
            of_size = own.size == size
            found = completions[of_size]
            by_size[size : size + found.shape[1]] += found.sum(axis=0)
            with_member[half, size : size + found.shape[1]] += own.members[of_size].astype(np.int64).T @ found
    return Wins(by_size // 2, with_member)


class _Half(NamedTuple):
    """All subsets of half of the members, (2^h,) each, and who is in them, (2^h, h)."""

    members: Mask
    size: Whole
    persons: Whole
    votes: Whole


def _subsets(persons: Whole, votes: Whole) -> _Half:
    members = (np.arange(2 ** len(persons))[:, np.newaxis] >> np.arange(len(persons)) & 1).astype(bool)
    return _Half(members, members.sum(axis=1, dtype=np.int64), members @ persons, members @ votes)


def _completions(own: _Half, other: _Half, needed: Quota) -> Whole:
    """Number of subsets of the other half with 0, 1, ... members that complete each of this one, (2^h, h' + 1)."""
    found = np.zeros((len(own.size), other.members.shape[1] + 1), dtype=np.int64)
    for size in range(found.shape[1]):
        group = np.flatnonzero(other.size == size)
        group = group[np.argsort(other.persons[group], kind="stable")]
        votes, persons = other.votes[group], other.persons[group]
        table = np.zeros((len(group) + 1, int(votes.max()) + 2), dtype=np.int64)
        table[np.arange(len(group)), votes] = 1
        table = table[::-1, ::-1].cumsum(axis=0).cumsum(axis=1)[::-1, ::-1]
        missing_persons = np.where(own.size + size >= needed.enough, 0, needed.persons - own.persons)
        missing_votes = np.clip(needed.votes - own.votes, 0, table.shape[1] - 1)
        complete = table[np.searchsorted(persons, missing_persons), missing_votes]
        found[:, size] = np.where(own.size + size >= needed.members, complete, 0)
    return found


# Asked of the model's functions, all of them


def asked(play: Game, n: int, workers: int = 2) -> Wins:
    """Winning coalitions of n members by the model's functions: every one of the 2^n is put to them, exactly.

    One call of a rule decides a whole chain of coalitions, each one member larger than the last: members go along to
    levels in the order of their joining, and the level that passes tells which of the chain win. The fewest chains that
    hold each coalition once are n choose n // 2, 20 million for 27 members: the symmetric chains of de Bruijn,
    Tengbergen and Kruyswijk (1951) as bracketed by Greene and Kleitman (1976). A member outside is "(", one inside ")";
    brackets that match stay as they are along the chain, free ones open and close from the left.
    """
    by_size, with_member = np.zeros(n + 1, dtype=np.int64), np.zeros((n, n + 1), dtype=np.int64)

    def decided(least: Mask) -> tuple[Whole, Whole]:
        return _decided(play, least)

    with ThreadPoolExecutor(workers) as pool:
        for sizes, members in pool.map(decided, _least_coalitions(n)):
            by_size += sizes
            with_member += members
    return Wins(by_size, with_member)


def _least_coalitions(n: int) -> Iterator[Mask]:
    """Smallest coalitions of all chains in blocks, (n, R): no ")" without a "(" before it."""
    head = min(n, PREFIX)
    starts, open_brackets = _balanced(head, 0)
    tails = {left: _balanced(n - head, left)[0] for left in set(open_brackets.tolist())}
    for start, left in zip(starts, open_brackets, strict=True):
        tail = tails[int(left)]
        yield np.concatenate([np.repeat(start[:, np.newaxis], len(tail), axis=1), tail.T])


def _balanced(length: int, left: int) -> tuple[Mask, Whole]:
    """Bracketings of a length after `left` open ones, (R, length), and how many are open after them, (R,)."""
    closed, open_brackets = np.zeros((1, 0), dtype=bool), np.array([left], dtype=np.int64)
    for _ in range(length):
        may_close = open_brackets > 0
        longer = [(closed, False), (closed[may_close], True)]
        closed = np.concatenate([np.column_stack([part, np.full(len(part), last)]) for part, last in longer])
        open_brackets = np.concatenate([open_brackets + 1, open_brackets[may_close] - 1])
    return closed, open_brackets


def _decided(play: Game, least: Mask) -> tuple[Whole, Whole]:
    """Winning coalitions in the chains that begin with these, by size and with each member: (n + 1,), (n, n + 1)."""
    n, chains = least.shape
    joins = np.zeros((n, chains), dtype=np.int8)  # number of members with which a member is in; n + 1: never
    unmatched, free = np.zeros(chains, dtype=np.int8), np.zeros((n, chains), dtype=bool)
    for row in reversed(range(n)):
        free[row] = ~least[row] & (unmatched == 0)
        unmatched += least[row]
        unmatched -= ~least[row] & (unmatched > 0)
    size = least.sum(axis=0, dtype=np.int8)
    last = size.copy()
    for row in range(n):
        last += free[row]
        joins[row] = np.where(free[row], last, np.where(least[row], 0, n + 1))
    passed = play((n + 1 - joins).astype(np.float64))
    smallest = np.maximum(size, (n + 1 - passed).astype(np.int8))
    return _held(smallest[np.newaxis], last, n)[0], _held(np.maximum(smallest, joins), last, n)


def _held(first: Small, last: Small, n: int) -> Whole:
    """How many spans, from first (m, R) to last (R,), hold each size from 0 to n, (m, n + 1); empty ones hold none."""
    begins = np.array([np.bincount(row, minlength=n + 2) for row in np.minimum(first, last + 1)])
    held: Whole = (begins - np.bincount(last + 1, minlength=n + 2)).cumsum(axis=1)[:, : n + 1]
    return held


# Asked of the model's functions, by chance


@dataclass(frozen=True)
class Sample:
    """Estimates by the model's functions with their standard errors: share of wins, (n,) indices."""

    coalitions: int
    orders: int
    share: float
    share_error: float
    penrose: Floats
    penrose_error: Floats
    shapley_shubik: Floats
    shapley_shubik_error: Floats

    def farthest(self, exact: Wins) -> float:
        """Largest distance from the exact numbers, in standard errors."""
        share = abs(self.share - float(exact.share)) / self.share_error
        penrose = np.abs(self.penrose - np.array(exact.penrose, dtype=float)) / self.penrose_error
        orders = np.abs(self.shapley_shubik - np.array(exact.shapley_shubik, dtype=float)) / self.shapley_shubik_error
        return float(max(share, penrose.max(), orders.max()))


def sampled(play: Game, n: int, coalitions: int = 2**20, orders: int = 2**18, seed: int = 1) -> Sample:
    """Estimates by the model's functions from coalitions and orders drawn at random; one seed, one answer.

    A member's swings are what the share of wins with it exceeds that without it; in an order it decides if what passes
    is the level at which it joins. Standard errors are binomial, with one case added to each side so that none is 0.
    """
    bits, block = np.random.PCG64(seed), 2**14
    won, won_with = 0, np.zeros(n, dtype=np.int64)
    for _ in range(coalitions // block):
        in_favour = (bits.random_raw(block) >> np.arange(64 - n, 64, dtype=np.uint64)[:, np.newaxis] & np.uint64(1)) > 0
        won_here = wins(play, in_favour)
        won += int(won_here.sum())
        won_with += (in_favour & won_here).sum(axis=1)
    decided = np.zeros(n, dtype=np.int64)
    for _ in range(orders // block):
        drawn = bits.random_raw(n * block) >> np.uint64(24)
        levels = drawn.reshape(n, block).astype(np.float64) * 2.0**-40
        decided += np.bincount(voting.pivotal(play(levels), (levels,)), minlength=n)
    swings = (2 * won_with - won) / coalitions * 2
    return Sample(
        coalitions=coalitions,
        orders=orders,
        share=won / coalitions,
        share_error=float(_standard_error(won, coalitions)),
        penrose=swings,
        penrose_error=2 * np.sqrt(np.maximum(won + 1, 1) / coalitions - (swings / 2) ** 2) / np.sqrt(coalitions),
        shapley_shubik=decided / orders,
        shapley_shubik_error=_standard_error(decided, orders),
    )


def _standard_error(cases: Whole | int, of: int) -> Floats:
    share = (np.asarray(cases, dtype=np.float64) + 1) / (of + 2)
    error: Floats = np.sqrt(share * (1 - share) / of)
    return error
