"""How much each policy leaves on the table, whatever the world turns out to be, and which policy is robust.

Regret is what the best of the policies would have reached in the same world less what this one reached (Savage 1951,
Journal of the American Statistical Association 46: 55-67). A robust policy has little of it in many worlds (Lempert,
Groves, Popper and Bankes 2006, Management Science 52: 514-528). Little by which measure is a matter of taste, and the
answer may hang on it (McPhail et al. 2018, Earth's Future 6: 169-191), so several are asked.

Letters for shapes: S scenarios, R runs (the same luck and parameters in every scenario), P policies. What a policy
costs is in the model, and so in the outcome. Intervals come from drawing runs anew (Efron and Tibshirani 1993, ch. 13);
they cover chance between runs, and scenarios count as equally likely wherever they are averaged.
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd

from experiments.analysis.intervals import LEVEL, Floats
from experiments.analysis.made import Ints
from experiments.analysis.remedies import TOLERANCE

RESAMPLES, SEED = 200, 1
"""Times that runs are drawn anew, and from where."""
HIGH, LOW = 0.9, 0.1
"""Regret that nine of ten runs stay below; outcome that nine of ten runs reach."""

# All below: outcomes (S, R, P), the more the better.


def run_regret(outcomes: Floats) -> Floats:
    """(S, R, P) what hindsight would have added in each run: the best policy there less this one."""
    regret: Floats = outcomes.max(axis=-1, keepdims=True) - outcomes
    return regret


def scenario_regret(outcomes: Floats) -> Floats:
    """(S, P) mean of the policy that is best on average in each scenario, less this policy's mean."""
    mean = outcomes.mean(axis=1)
    regret: Floats = mean.max(axis=-1, keepdims=True) - mean
    return regret


def best(outcomes: Floats) -> Floats:
    """(S, R, P) 1 where a policy is the best in a run, shared alike among those that are equally good, else 0."""
    equal = run_regret(outcomes) <= TOLERANCE
    shared: Floats = equal / equal.sum(axis=-1, keepdims=True)
    return shared


def _mean(outcomes: Floats) -> Floats:
    return np.asarray(run_regret(outcomes).mean(axis=(0, 1)))


def _worst_scenario(outcomes: Floats) -> Floats:
    return np.asarray(scenario_regret(outcomes).max(axis=0))


def _tail(outcomes: Floats) -> Floats:
    return np.asarray(np.quantile(run_regret(outcomes), HIGH, axis=(0, 1)))


def _best(outcomes: Floats) -> Floats:
    return np.asarray(best(outcomes).mean(axis=(0, 1)))


def _floor(outcomes: Floats) -> Floats:
    return np.asarray(np.quantile(outcomes, LOW, axis=1).min(axis=0))


Criterion = Callable[[Floats], Floats]
CRITERIA: Mapping[str, tuple[Criterion, int]] = {
    "mean_regret": (_mean, -1),
    "worst_scenario": (_worst_scenario, -1),
    "tail_regret": (_tail, -1),
    "best_share": (_best, 1),
    "floor": (_floor, 1),
}
"""By name what is computed, (P,), and whether more of it is better (1) or worse (-1).

mean_regret     mean regret over all runs of all scenarios: ranks as the mean outcome does (Laplace)
worst_scenario  largest of the scenarios' regrets (Savage)
tail_regret     regret that nine of ten runs stay below
best_share      share of runs in which the policy is the best of all
floor           outcome that nine of ten runs reach in the worst scenario (after Wald)
"""


def resampled(runs: int) -> Ints:
    """(RESAMPLES, R) places of runs drawn anew, the same for the same number of runs."""
    return np.random.default_rng(SEED).integers(0, runs, (RESAMPLES, runs))


def by_scenario(outcomes: Floats, scenarios: Sequence[str], policies: Sequence[str]) -> pd.DataFrame:
    """A row per scenario and policy: runs, mean outcome, regret against the scenario's best policy with its interval
    (lower, upper), tail (regret in a run that nine of ten stay below) and best (share of runs in which it is best)."""
    drawn = np.array([scenario_regret(outcomes[:, again]) for again in resampled(outcomes.shape[1])])
    lower, upper = np.quantile(drawn, _tails(), axis=0)
    tail, share = np.quantile(run_regret(outcomes), HIGH, axis=1), best(outcomes).mean(axis=1)
    found = {"mean": outcomes.mean(axis=1), "regret": scenario_regret(outcomes), "lower": lower, "upper": upper,
             "tail": tail, "best": share}  # fmt: skip
    place = pd.MultiIndex.from_product([scenarios, policies], names=["scenario", "policy"])
    table = pd.DataFrame({name: values.ravel() for name, values in found.items()}, index=place)
    return table.assign(runs=outcomes.shape[1]).reset_index()


def criteria(outcomes: Floats, policies: Sequence[str]) -> pd.DataFrame:
    """Every criterion for every policy, a row each.

    group      "all" policies, or "single": regret among policies of at most one lever, for who can afford one
    value      of the criterion, with its interval lower, upper
    rank       1 is the best
    chosen     share of resamples in which it comes out the best: how sure that rank is
    """
    single = [place for place, policy in enumerate(policies) if "+" not in policy]
    groups = {"all": list(range(len(policies)))}
    if 1 < len(single) < len(policies):
        groups["single"] = single
    again = resampled(outcomes.shape[1])
    return pd.concat(
        [_judged(outcomes[..., places], [policies[i] for i in places], again, name) for name, places in groups.items()],
        ignore_index=True,
    )


def _judged(outcomes: Floats, policies: Sequence[str], again: Ints, group: str) -> pd.DataFrame:
    drawn = {name: np.empty((len(again), len(policies))) for name in CRITERIA}
    for row, places in enumerate(again):
        part = outcomes[:, places]
        for name, (criterion, _) in CRITERIA.items():
            drawn[name][row] = criterion(part)
    parts = []
    for name, (criterion, better) in CRITERIA.items():
        value = criterion(outcomes)
        lower, upper = np.quantile(drawn[name], _tails(), axis=0)
        score = better * drawn[name]
        first = score >= score.max(axis=1, keepdims=True) - TOLERANCE
        parts.append(
            pd.DataFrame(
                {
                    "group": group,
                    "criterion": name,
                    "policy": policies,
                    "value": value,
                    "lower": lower,
                    "upper": upper,
                    "rank": pd.Series(-better * value).rank(method="min").astype(int).to_numpy(),
                    "chosen": (first / first.sum(axis=1, keepdims=True)).mean(axis=0),
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def _tails() -> list[float]:
    return [(1 - LEVEL) / 2, (1 + LEVEL) / 2]


def winners(table: pd.DataFrame) -> pd.DataFrame:
    """The best policy by each criterion in each group of `criteria`: group criterion policy chosen."""
    first = table[table["rank"] == 1].drop_duplicates(["group", "criterion"])
    return first[["group", "criterion", "policy", "chosen"]].reset_index(drop=True)
