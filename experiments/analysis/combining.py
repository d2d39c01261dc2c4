"""What several policies do together: do their effects add up, help or hinder each other?

Runs are paired under all combinations, so effects and their differences are taken within a run, and intervals are those
of the mean of independent runs (`intervals.mean_interval`).
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations

import numpy as np
import pandas as pd

from config.errors import UserError
from experiments.analysis.intervals import LEVEL, Floats, mean_interval
from experiments.analysis.remedies import BREAK_EVEN_COLUMNS, break_even_row, mean_columns, unpaired_width

Members = frozenset[str]
Game = Mapping[Members, Floats]
"""How runs end, (R,), by the policies that are pulled together; none of them is the empty set. The same runs in the
same order throughout."""

ADDS_UP = 0.1
"""Effects are said to add up if what they make together is surely within this share of their sum (assumed)."""

VERDICTS = ("add up", "help each other", "hinder each other", "cannot be told")


def members_of(policy: str) -> Members:
    """The policies that are joined by "+" in a name; none in "none"."""
    return frozenset(policy.split("+")) - {"none"}


def outermost(policies: Sequence[str]) -> tuple[str, ...]:
    """Single policies, and combinations that are part of no other."""
    every = {policy: members_of(policy) for policy in policies}
    return tuple(
        policy for policy, held in every.items() if len(held) < 2 or not any(held < other for other in every.values())
    )


def joined(members: Iterable[str], order: Iterable[str]) -> str:
    """The name of a combination, its members in this order; "none" if there are none."""
    held = frozenset(members)
    return "+".join(one for one in order if one in held) or "none"


def players(game: Game) -> tuple[str, ...]:
    """Policies that stand alone somewhere, in the order in which they do."""
    return tuple(name for held in game if len(held) == 1 for name in held)


def subsets(members: Iterable[str]) -> list[Members]:
    """All combinations of these policies from none to all, small ones first, else in the order given."""
    names = tuple(members)
    return [frozenset(some) for size in range(len(names) + 1) for some in combinations(names, size)]


def game_of(ends: Mapping[str, pd.DataFrame], measure: str) -> Game:
    """A measure of the same runs under every policy; UserError unless these are all combinations of some policies."""
    game = {members_of(policy): table[measure].to_numpy(np.float64) for policy, table in ends.items()}
    order = players(game)
    every = subsets(order)
    missing = [joined(held, order) for held in every if held not in game]
    if len(every) < 4 or set(game) != set(every):
        alone = ", ".join(dict.fromkeys(name for held in game for name in sorted(held)))
        raise UserError(
            "are not every combination of some policies",
            key="policies",
            value=", ".join(ends),
            allowed=f"none, each of {alone} alone, and all their combinations",
            suggestion=f"missing: {', '.join(missing)}" if missing else "",
        )
    return game


def excess(game: Game, held: Members) -> Floats:
    """What policies change together less what each changes alone, summed, run by run, (R,)."""
    without = game[frozenset()]
    alone = [game[frozenset([one])] - without for one in sorted(held)]
    more: Floats = game[held] - without - np.sum(alone, axis=0)
    return more


def interaction(game: Game, held: Members) -> Floats:
    """What appears only when all of these policies are pulled, run by run, (R,).

    Inclusion and exclusion over all subsets (Harsanyi 1963, International Economic Review 4: 194-220): of a pair, the
    effect of both less that of each; of three, the excess less the interactions of the three pairs.
    """
    signs = {some: (-1) ** (len(held) - len(some)) for some in subsets(sorted(held))}
    only: Floats = np.sum([sign * game[some] for some, sign in signs.items()], axis=0)
    return only


COLUMNS = [
    *("policy", "size", "runs", "mean", "lower", "upper", "better", "unpaired", "narrowing", "sum_alone"),
    *(f"{what}_{part}" for what in ("excess", "interaction") for part in ("mean", "lower", "upper")),
    *("of_sum", "margin", "verdict"),
]


def combined(game: Game, level: float = LEVEL) -> pd.DataFrame:
    """Effect of every combination against none, single policies first, as `COLUMNS`.

    policy size runs     members joined by "+", how many they are, pairs of runs
    mean lower upper     mean effect and its interval
    better               share of runs with a greater outcome
    unpaired narrowing   width of the interval had runs not been paired; how many times narrower pairing makes it
    sum_alone            sum of the mean effects of each member alone
    excess_...           effect less that sum, with its interval; NaN for single policies
    interaction_...      what appears only with all members together; of a pair it is the excess
    of_sum               excess as a share of the sum
    margin verdict       excess up to which effects add up, `ADDS_UP` of the sum; one of `VERDICTS`
    """
    order = players(game)
    rows = [_row(game, held, joined(held, order), level) for held in subsets(order)[1:] if held in game]
    return pd.DataFrame(rows, columns=COLUMNS)


def _row(game: Game, held: Members, policy: str, level: float) -> dict[str, object]:
    with_them, without = game[held], game[frozenset()]
    effect = mean_interval(with_them - without, level)
    unpaired, width = unpaired_width(with_them, without, level), effect.upper - effect.lower
    row: dict[str, object] = {
        "policy": policy,
        "size": len(held),
        "runs": len(without),
        **mean_columns(effect),
        "better": float((with_them > without).mean()),
        "unpaired": unpaired,
        "narrowing": unpaired / width if width > 0 else float("nan"),
    }
    return row if len(held) < 2 else {**row, **_together(game, held, effect.estimate, level)}


def _together(game: Game, held: Members, effect: float, level: float) -> dict[str, object]:
    """How the effect of several policies compares with the sum of theirs."""
    more = mean_interval(excess(game, held), level)
    only = mean_interval(interaction(game, held), level)
    total = effect - more.estimate
    return {
        "sum_alone": total,
        **{f"excess_{name}": value for name, value in mean_columns(more).items()},
        **{f"interaction_{name}": value for name, value in mean_columns(only).items()},
        "of_sum": more.estimate / total if total else float("nan"),
        "margin": ADDS_UP * abs(total),
        "verdict": verdict(ADDS_UP * abs(total), more.lower, more.upper),
    }


def verdict(margin: float, lower: float, upper: float) -> str:
    """What an excess over the sum of single effects says, from the ends of its interval.

    That effects add up wants showing as much as that they do not: the whole interval within the margin (two one-sided
    tests, Schuirmann 1987, Journal of Pharmacokinetics and Biopharmaceutics 15: 657-680).
    """
    if -margin <= lower and upper <= margin:
        return "add up"
    if lower > 0:
        return "help each other"
    return "hinder each other" if upper < 0 else "cannot be told"


def costs(curves: Mapping[str, pd.DataFrame], measure: str, level: float = LEVEL) -> pd.DataFrame:
    """What each single policy costs in a measure, its effect at strength zero, and the strength from which it pays.

    curves  by policy the columns strength and difference, a row per run
    Returns policy and the columns of `remedies.break_even_row`.
    """
    rows = [{"policy": policy, **break_even_row(curve, measure, level)} for policy, curve in curves.items()]
    return pd.DataFrame(rows, columns=["policy", *BREAK_EVEN_COLUMNS])
