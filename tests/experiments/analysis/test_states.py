"""One state after another, where the truth is known."""

import numpy as np
import pandas as pd
import pytest

from experiments.analysis.intervals import mean_interval, paired_proportions
from experiments.analysis.states import (
    by_chance,
    changed,
    effects,
    in_force_by,
    per_year,
    state_of,
    states_changed,
)

RUNS = 300
STATES = ("DEU", "FRA", "ITA", "NLD")


def world(shifts: dict[str, float]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Outcomes at a reference and at one point for each state, whose depth differs by a shift; and the labels."""
    chance = np.random.default_rng(3)
    luck = chance.normal(0.3, 0.1, RUNS)
    parts = []
    for point, shift in enumerate([0.0, *shifts.values()]):
        depth = luck + shift + chance.normal(0, 0.02, RUNS) * (point > 0)
        parts.append(pd.DataFrame({"point": point, "run": range(RUNS), "depth": depth, "deep": (depth > 0.3) * 1.0}))
    labels = pd.DataFrame({"point": range(1, len(shifts) + 1), "state": list(shifts), "change": "leads"})
    return pd.concat(parts, ignore_index=True), labels


def test_the_state_that_a_name_is_about():
    names = ("actors.FRA.strategy", "levers.interoperability_uk", "levers.interoperability_ships", "attention.link",
             "actors.JPN.x")  # fmt: skip
    assert [state_of(name) for name in names] == ["FRA", "GBR", None, None, None]


def test_points_that_change_one_state_are_told_by_it():
    points = pd.DataFrame({"actors.FRA.strategy": [1, 0, 1, 0], "levers.interoperability_france": [1, 0, 1, 1],
                           "actors.DEU.stance_mean": [0.0, 0.0, 1.2, 1.2]})  # fmt: skip
    assert changed(points)[1] == {"actors.FRA.strategy": 0, "levers.interoperability_france": 0}
    assert states_changed(points) == {1: "FRA", 2: "DEU"}
    assert states_changed(points, reference=3) == {2: "FRA"}


def test_effects_are_paired_with_the_reference_run_by_run():
    outcomes, labels = world({"DEU": 0.02, "FRA": 0.05})
    table = effects(outcomes.sample(frac=1, random_state=1), labels, ["depth", "deep"]).set_index(["measure", "state"])
    wide = outcomes.pivot(index="run", columns="point", values="depth")
    depth = table.loc[("depth", "FRA")]
    assert tuple(depth[["mean", "lower", "upper"]]) == pytest.approx(tuple(mean_interval(wide[2] - wide[0])))
    assert depth["without"] == pytest.approx(wide[0].mean())
    deep = outcomes.pivot(index="run", columns="point", values="deep")
    change = deep[2] - deep[0]
    expected = paired_proportions(int((change > 0).sum()), int((change < 0).sum()), RUNS)
    assert tuple(table.loc[("deep", "FRA"), ["mean", "lower", "upper"]]) == pytest.approx(tuple(expected))


def test_states_are_ranked_by_size_with_the_ranks_they_may_have():
    outcomes, labels = world({"DEU": 0.02, "FRA": -0.05, "ITA": 0.0201, "NLD": 0.0})
    table = effects(outcomes, labels, ["depth"]).set_index("state")
    assert (table.loc["FRA", ["rank", "rank_low", "rank_high"]] == 1).all()
    assert (table.loc["NLD", ["rank", "rank_low", "rank_high"]] == 4).all()
    for state in ("DEU", "ITA"):
        assert tuple(table.loc[state, ["rank_low", "rank_high"]]) == (2, 3)


def test_a_run_that_failed_at_either_point_is_no_pair():
    outcomes, labels = world({"DEU": 0.02})
    lost = outcomes[
        ~((outcomes["point"] == 0) & (outcomes["run"] == 4)) & ~((outcomes["point"] == 1) & (outcomes["run"] == 9))
    ]
    assert effects(lost, labels, ["depth"])["runs"].item() == RUNS - 2


def test_what_changes_nothing_is_not_sure():
    outcomes, labels = world({"DEU": 0.02})
    same = outcomes.assign(depth=0.2, deep=1.0)
    table = effects(same, labels, ["depth", "deep"])
    assert (table["p"] == 1).all()
    assert not table["sure"].any()


def test_chance_alone_looks_sure_in_a_tenth_of_comparisons_and_is_not_kept():
    chance = np.random.default_rng(7)
    points, runs = 201, 60
    outcomes = pd.DataFrame({"point": np.repeat(range(points), runs), "run": np.tile(range(runs), points),
                             "depth": chance.normal(size=points * runs)})  # fmt: skip
    outcomes.loc[outcomes["point"] == 0, "depth"] = 0.0
    labels = pd.DataFrame({"point": range(1, points), "state": "FRA", "change": "leads"})
    told = by_chance(effects(outcomes, labels, ["depth"])).set_index("of").loc["all"]
    assert (told["comparisons"], told["expected"]) == (200, pytest.approx(20))
    assert 8 <= told["seen"] <= 34
    assert told["kept"] <= 2


def test_in_force_by_a_date():
    rows = [(0, 0, "in_force", "2028Q1"), (0, 1, "in_force", "2028Q1"), (0, 1, "lapsed", "2029Q4"),
            (0, 2, "signed", "2028Q1"), (1, 0, "in_force", "2031Q1")]  # fmt: skip
    transitions = pd.DataFrame(rows, columns=["point", "run", "stage", "quarter"])
    histories = pd.DataFrame({"point": [1, 0, 0, 0], "run": [0, 0, 1, 2]})
    assert in_force_by(transitions, histories, "2030Q4", standing=False).tolist() == [0, 1, 0, 0]
    assert in_force_by(transitions, histories, "2030Q4", standing=True).tolist() == [1, 1, 0, 1]
    assert in_force_by(transitions.head(0), histories, "2030Q4", standing=True).tolist() == [1, 1, 1, 1]


def test_vetoes_per_year():
    counts = pd.DataFrame({"point": [0, 0, 0], "run": [0, 0, 1], "vetoes": [2, 1, 4]})
    histories = pd.DataFrame({"point": [0, 0, 1], "run": [1, 0, 0]})
    assert per_year(counts, histories, quarters=8).tolist() == [2.0, 1.5, 0.0]
