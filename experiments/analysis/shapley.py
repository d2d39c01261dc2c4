"""How much of the distance is due to which impediment, when lifting one matters more or less for what else is lifted.

The Shapley value (1953, Contributions to the Theory of Games II: 307-317) of an impediment is what lifting it adds,
averaged over all orders in which the impediments may be lifted one after another. The values of all impediments sum to
what lifting all of them adds. They are taken run by run, in paired runs of every combination; each run gives one
independent value per impediment, so intervals are those of a mean.
"""

from math import factorial

import numpy as np
import pandas as pd

from experiments.analysis.combining import Game, Members, joined, players, subsets
from experiments.analysis.intervals import LEVEL, Floats, mean_interval
from experiments.analysis.remedies import mean_columns

SAMPLES = 2000
"""Bootstrap samples of runs, by which it is judged how sure a ranking is."""

SEED = 1


def values(game: Game) -> Floats:
    """Shapley value of each player in each run, (N, R), in the order of `players`."""
    names = players(game)
    return np.stack([_value(game, name, [other for other in names if other != name]) for name in names])


def _value(game: Game, name: str, others: list[str]) -> Floats:
    """Mean of what a player adds, over all orders in which the players may come."""
    orders = factorial(len(others) + 1)
    parts = []
    for before in subsets(others):
        share = factorial(len(before)) * factorial(len(others) - len(before)) / orders
        parts.append(share * (game[before | {name}] - game[before]))
    value: Floats = np.sum(parts, axis=0)
    return value


def resampled(shapley: Floats) -> Floats:
    """Mean values in bootstrap samples of runs, (SAMPLES, N), from values (N, R)."""
    chance, runs = np.random.default_rng(SEED), shapley.shape[1]
    return np.stack([shapley[:, chance.integers(0, runs, runs)].mean(axis=1) for _ in range(SAMPLES)])


COLUMNS = [
    *("player", "runs", "mean", "lower", "upper", "share", "share_lower", "share_upper"),
    *(f"{what}_{part}" for what in ("alone", "last") for part in ("mean", "lower", "upper")),
    *("rank", "first", "greatest"),
]


def shares(game: Game, level: float = LEVEL) -> pd.DataFrame:
    """Shapley values of all players, a row each, in the order of `players`, as `COLUMNS`.

    mean lower upper    mean over runs and its interval
    share ...           of what all players add together, with the bootstrap's interval
    alone_... last_...  what the player adds if it comes first, and if it comes after all others
    rank first          place by mean; share of bootstrap samples in which it has the first place
    greatest            share of runs in which no other player has a greater value
    """
    names, each = players(game), values(game)
    again = resampled(each)
    tails = [(1 - level) / 2, (1 + level) / 2]
    means = each.mean(axis=1)
    parts, ends = _of_sum(means), np.quantile(_of_sum(again), tails, axis=0)
    leads, greatest = again.argmax(axis=1), each.argmax(axis=0)
    place = np.argsort(np.argsort(-means, kind="stable"), kind="stable")
    nobody, everybody = frozenset[str](), frozenset(names)
    rows = []
    for i, name in enumerate(names):
        alone = game[frozenset([name])] - game[nobody]
        last = game[everybody] - game[everybody - {name}]
        rows.append({
            "player": name, "runs": each.shape[1], **mean_columns(mean_interval(each[i], level)),
            "share": parts[i], "share_lower": ends[0, i], "share_upper": ends[1, i],
            **{f"alone_{key}": value for key, value in mean_columns(mean_interval(alone, level)).items()},
            **{f"last_{key}": value for key, value in mean_columns(mean_interval(last, level)).items()},
            "rank": int(place[i]) + 1, "first": float((leads == i).mean()), "greatest": float((greatest == i).mean()),
        })  # fmt: skip
    return pd.DataFrame(rows, columns=COLUMNS)


def _of_sum(values: Floats) -> Floats:
    """Values as shares of their sum over the last axis, NaN where it is 0."""
    total = values.sum(axis=-1, keepdims=True)
    parts: Floats = np.divide(values, total, out=np.full(values.shape, np.nan), where=total != 0)
    return parts


def ranking(game: Game) -> dict[str, object]:
    """Players by mean value, greatest first, and the share of bootstrap samples with the same first, the same order."""
    names, each = players(game), values(game)
    again = resampled(each)
    order = np.argsort(-each.mean(axis=1), kind="stable")
    orders = np.argsort(-again, axis=1, kind="stable")
    return {
        "order": " > ".join(names[i] for i in order),
        "first": names[order[0]],
        "same_first": float((orders[:, 0] == order[0]).mean()),
        "same_order": float((orders == order).all(axis=1).mean()),
    }


def totals(game: Game, level: float = LEVEL) -> pd.DataFrame:
    """What every combination adds against none, with its interval: policy size runs mean lower upper."""
    names = players(game)
    rows = [
        {
            "policy": joined(held, names),
            "size": len(held),
            "runs": len(gain),
            **mean_columns(mean_interval(gain, level)),
        }
        for held, gain in _gains(game)
    ]
    return pd.DataFrame(rows, columns=["policy", "size", "runs", "mean", "lower", "upper"])


def _gains(game: Game) -> list[tuple[Members, Floats]]:
    return [(held, game[held] - game[frozenset()]) for held in subsets(players(game))[1:]]
