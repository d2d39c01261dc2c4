"""Regimes from series: known ones are found again, sums over all histories agree, nothing is used before its time."""

from dataclasses import replace
from itertools import product
from pathlib import Path
from shutil import copytree

import numpy as np
import pandas as pd
import pytest

from config.calendar import quarter_index, quarter_name
from config.errors import UserError
from config.loading import ROOT, resolve
from config.regimes import load_regimes
from config.schema import PRESSURES, REGIMES, RegimeChances
from experiments.analysis import hidden_markov as hmm
from experiments.analysis import regimes
from experiments.analysis.hidden_markov import Emission, Evidence, Floats, Prior
from experiments.figures.pressures import picture, save_picture
from simulation.model import PartnershipModel

RATES = np.array([0.08, 0.06, 0.07, 0.12])
PRIOR = Prior(np.array([0.06, 0.05, 0.06, 0.12]))
MEANS = np.array([[-0.8, 0.1, 1.0], [0.4, 2.5, 8.0]])
SPREAD = 0.3
FIRST = quarter_index("2008Q1")


def made(quarters: int, seed: int, gaps: float = 0.1) -> tuple[Evidence, np.ndarray]:
    """Evidence drawn from known regimes: a normal series, a count, no events; and the regimes."""
    chance = np.random.default_rng(seed)
    matrix, regime, path = hmm.transition(RATES), 0, []
    for _ in range(quarters):
        path.append(regime)
        regime = int(chance.choice(3, p=matrix[regime]))
    true = np.array(path)
    values = np.stack([chance.normal(MEANS[0, true], SPREAD), chance.poisson(MEANS[1, true]).astype(float)])
    values[chance.random(values.shape) < gaps] = np.nan
    anchors = MEANS + np.array([[0.2], [0.2]])
    spans = (~np.isnan(values)).astype(float)
    counted, zeros = np.array([False, True]), np.zeros((quarters, 3))
    return Evidence(FIRST, values, spans, counted, anchors, np.array([0.4, 1.0]), zeros), true


def known() -> Emission:
    return Emission(MEANS[None], np.array([[SPREAD, 1.0]]))


@pytest.fixture(scope="module")
def evidences() -> dict[str, Evidence]:
    return {pressure: regimes.evidence(one) for pressure, one in regimes.material().items()}


@pytest.fixture(scope="module")
def table(evidences: dict[str, Evidence]) -> pd.DataFrame:
    return regimes.table(evidences, regimes.prior())


# The model


def test_only_neighbours_follow_one_another_and_rows_sum_to_one() -> None:
    matrix = hmm.transition(RATES)
    assert matrix.sum(-1) == pytest.approx(1)
    assert matrix[0, 2] == matrix[2, 0] == 0
    assert hmm.unconditional(hmm.conditional(RATES)) == pytest.approx(RATES)
    assert hmm.long_run(RATES) @ matrix == pytest.approx(hmm.long_run(RATES))


def test_chances_equal_sums_over_all_histories() -> None:
    """Forward, smoothed, moves and evidence of five quarters against all 3^5 histories, one by one."""
    evidence, _ = made(5, seed=4)
    dated = np.zeros((5, 3))
    dated[2, 2] = np.log(5)
    evidence = replace(evidence, dated=dated)
    start, matrix = hmm.long_run(RATES), hmm.transition(RATES)
    loglik = hmm.log_likelihood(evidence, known())
    filtered, log_evidence = hmm.forward(start, matrix[None], loglik)
    smoothed, moves = hmm.smooth(filtered, matrix[None])

    def all_histories(quarters: int) -> dict[tuple[int, ...], float]:
        found = {}
        for history in product(range(3), repeat=quarters):
            weight = float(start[history[0]]) * float(np.exp(loglik[0, 0, history[0]]))
            for t in range(1, quarters):
                weight *= float(matrix[history[t - 1], history[t]] * np.exp(loglik[0, t, history[t]]))
            found[history] = weight
        return found

    for t in range(5):
        found = all_histories(t + 1)
        total = sum(found.values())
        last = [sum(weight for history, weight in found.items() if history[-1] == regime) for regime in range(3)]
        assert filtered[0, t] == pytest.approx(np.array(last) / total)
        assert log_evidence[0, : t + 1].sum() == pytest.approx(np.log(total))
    for t in range(5):
        each = [sum(w for history, w in found.items() if history[t] == regime) / total for regime in range(3)]
        assert smoothed[0, t] == pytest.approx(each)
    for t, i, j in product(range(4), range(3), range(3)):
        share = sum(w for history, w in found.items() if history[t : t + 2] == (i, j)) / total
        assert moves[0, t, i, j] == pytest.approx(share, abs=1e-12)


def test_paths_are_drawn_as_often_as_they_are_likely() -> None:
    evidence, _ = made(12, seed=8)
    matrix = np.broadcast_to(hmm.transition(RATES), (20000, 3, 3))
    loglik = np.broadcast_to(hmm.log_likelihood(evidence, known()), (20000, 12, 3))
    filtered, _ = hmm.forward(hmm.long_run(RATES), matrix, loglik)
    smoothed, moves = hmm.smooth(filtered[:1], matrix[:1])
    drawn = hmm.path(filtered, matrix, np.random.default_rng(1).random((20000, 12)))
    shares = (drawn[:, :, None] == np.arange(3)).mean(0)
    assert shares == pytest.approx(smoothed[0], abs=0.015)
    rises = (drawn[:, 1:] > drawn[:, :-1]).mean(0)
    assert rises == pytest.approx(moves[0, :, 0, 1] + moves[0, :, 1, 2], abs=0.015)


def test_a_value_that_stands_for_four_quarters_counts_four_times() -> None:
    evidence, _ = made(6, seed=2, gaps=0)
    once, fourfold = (hmm.log_likelihood(replace(evidence, spans=evidence.spans * n), known()) for n in (1, 4))
    assert fourfold == pytest.approx(4 * once)


# The fit


def test_known_rates_and_regimes_are_found_again() -> None:
    evidence, true = made(2000, seed=5)
    found = hmm.fit(evidence, PRIOR, steps=20)
    assert found.rates[0] == pytest.approx(RATES, rel=0.25)
    assert found.emission.means[0] == pytest.approx(MEANS, abs=0.15)
    assert found.emission.spreads[0, 0] == pytest.approx(SPREAD, rel=0.05)
    matrix = hmm.transition(found.rates)
    filtered, _ = hmm.forward(hmm.long_run(PRIOR.rates), matrix, hmm.log_likelihood(evidence, found.emission))
    assert (hmm.smooth(filtered, matrix)[0][0].argmax(-1) == true).mean() > 0.97


def test_a_fit_never_falls_back_and_settles() -> None:
    evidence, _ = made(80, seed=6)
    objective = hmm.fit(evidence, PRIOR).objective[:, 0]
    assert (np.diff(objective) > -1e-8).all()
    assert objective[-1] - objective[len(objective) // 2] < 1e-3


@pytest.mark.parametrize("seed", range(3))
def test_means_rise_from_calm_to_crisis_also_where_the_data_would_not(seed: int) -> None:
    chance = np.random.default_rng(seed)
    means, weights = chance.normal(size=(50, 3)), chance.uniform(0.1, 5, size=(50, 3))
    risen = hmm.rising(means, weights)
    assert (np.diff(risen, axis=-1) >= -1e-12).all()
    assert (risen * weights).sum(-1) == pytest.approx((means * weights).sum(-1))
    ordered = (np.diff(means, axis=-1) >= 0).all(-1)
    assert risen[ordered] == pytest.approx(means[ordered])
    evidence, _ = made(60, seed)
    upset = replace(evidence, values=evidence.values[:, ::-1] * np.array([[-1.0], [1.0]]))
    assert (np.diff(hmm.fit(upset, PRIOR).emission.means, axis=-1) >= 0).all()


def test_without_evidence_the_rates_stay_as_assumed() -> None:
    evidence, _ = made(20, seed=1, gaps=1.1)
    assert hmm.fit(evidence, PRIOR).rates[0] == pytest.approx(PRIOR.rates, rel=1e-3)


def test_an_event_speaks_for_its_regime_by_its_factor() -> None:
    evidence, _ = made(1, seed=1, gaps=1.1)
    dated = np.zeros((1, 3))
    dated[0, 2] = np.log(5)
    before, _ = hmm.forward(hmm.long_run(RATES), hmm.transition(RATES)[None], evidence.dated[None])
    after, _ = hmm.forward(hmm.long_run(RATES), hmm.transition(RATES)[None], dated[None])
    odds = [float(chances[0, 0, 2] / chances[0, 0, 1]) for chances in (before, after)]
    assert odds[1] == pytest.approx(5 * odds[0])


def test_draws_hold_the_true_rates_and_chains_agree() -> None:
    evidences = [made(120, seed)[0] for seed in range(3)]
    drawn = hmm.draws(evidences, PRIOR, seed=1, chains=16, warm=50, keep=150)
    low, high = np.quantile(drawn.rates.reshape(-1, 3, 4), [0.005, 0.995], axis=0)
    assert ((low <= RATES) & (high >= RATES)).mean() >= 11 / 12
    low, high = np.quantile(drawn.pooled.reshape(-1, 4), [0.01, 0.99], axis=0)
    assert ((low <= RATES) & (high >= RATES)).all()
    assert max(hmm.mixing(drawn.pooled[:, :, rate]) for rate in range(4)) < 1.05
    assert drawn.regimes.sum(-1) == pytest.approx(1)
    again = hmm.draws(evidences, PRIOR, seed=1, chains=16, warm=2, keep=2)
    assert np.array_equal(again.rates, hmm.draws(evidences, PRIOR, seed=1, chains=16, warm=2, keep=2).rates)


# Rows by quarter


def test_no_value_is_used_before_its_quarter() -> None:
    """Changing everything from a quarter on changes no row before it, to the last bit, and does change later ones."""
    evidence, _ = made(40, seed=3)
    values, dated = evidence.values.copy(), evidence.dated.copy()
    values[:, 25:] = np.where(np.isnan(values[:, 25:]), 3.0, values[:, 25:] + 2.0)
    dated[25:, 2] += 2.0
    changed = replace(evidence, values=values, spans=(~np.isnan(values)).astype(float), dated=dated)
    first = FIRST + 8
    before, after = hmm.live(evidence, PRIOR, first), hmm.live(changed, PRIOR, first)
    for one, other in zip(before, after, strict=True):
        assert np.array_equal(one[: 25 - 8], other[: 25 - 8])
        assert not np.allclose(one[25 - 8 :], other[25 - 8 :])
    shorter = replace(evidence, values=evidence.values[:, :25], spans=evidence.spans[:, :25], dated=dated[:25])
    assert hmm.live(shorter, PRIOR, first).rows == pytest.approx(before.rows[: 25 - 8])


def test_rows_are_transition_times_likelihood_and_reach_neighbours_only() -> None:
    evidence, _ = made(30, seed=9)
    live = hmm.live(evidence, PRIOR, FIRST + 8)
    assert live.rows.sum(-1) == pytest.approx(1)
    assert (live.rows[:, 0, 2] == 0).all() and (live.rows[:, 2, 0] == 0).all()
    found = hmm.fit(evidence, PRIOR)
    by_hand = hmm.transition(found.rates)[0] * np.exp(hmm.log_likelihood(evidence, found.emission)[0, -1])
    assert live.rows[-1] == pytest.approx(by_hand / by_hand.sum(-1, keepdims=True))
    assert live.weights[-1] / live.weights[-1, 0] == pytest.approx(by_hand.sum(-1) / by_hand.sum(-1)[0])


def test_rows_given_all_evidence_have_the_moves_and_the_chances_of_the_smoothed_regimes() -> None:
    """Row times chance before is the chance of the move; played forward, the rows give every quarter's chances."""
    evidence, _ = made(60, seed=7)
    start, matrix = hmm.long_run(RATES), hmm.transition(RATES)[None]
    loglik = hmm.log_likelihood(evidence, known())
    smoothed, moves = hmm.smooth(hmm.forward(start, matrix, loglik)[0], matrix)
    rows = hmm.onward(matrix, loglik)
    assert smoothed[:, :-1, :, None] * rows[:, 1:] == pytest.approx(moves, abs=1e-12)
    chances = smoothed[0, 0]
    for t in range(1, 60):
        chances = chances @ rows[0, t]
        assert chances == pytest.approx(smoothed[0, t], abs=1e-9)


def test_rows_after_a_regime_that_all_evidence_speaks_against_are_chances_too() -> None:
    """A crisis in every quarter by factors of e^3000, seen from calm, and the other way round."""
    loglik = np.zeros((2, 9, 3))
    loglik[0, :, 2] = loglik[1, :, 0] = 3000.0
    rows = hmm.onward(np.broadcast_to(hmm.transition(RATES), (2, 3, 3)), loglik)
    assert np.abs(rows.sum(-1) - 1).max() < 1e-12 and rows.min() >= 0
    assert (rows[:, :, 0, 2] == 0).all() and (rows[:, :, 2, 0] == 0).all()
    assert rows[0, :-1, 0, 1] == pytest.approx(1) and rows[1, :-1, 2, 1] == pytest.approx(1)


def test_hindsight_uses_all_values_up_to_its_quarter_and_none_after_it() -> None:
    evidence, _ = made(40, seed=3)
    values = evidence.values.copy()
    values[:, 25:] = np.where(np.isnan(values[:, 25:]), 3.0, values[:, 25:] + 2.0)
    changed = replace(evidence, values=values, spans=(~np.isnan(values)).astype(float))
    before, after = (hmm.hindsight(one, PRIOR, FIRST + 8, FIRST + 24) for one in (evidence, changed))
    assert before.shape == (17, 3, 3)
    assert np.array_equal(before, after)
    later, other = (hmm.hindsight(one, PRIOR, FIRST + 8, FIRST + 25) for one in (evidence, changed))
    assert not np.allclose(later[:17], other[:17])
    assert later[-1] == pytest.approx(hmm.live(evidence, PRIOR, FIRST + 25).rows[0])


# Chances for a hindcast


KNOWN = quarter_index("2016Q3")


@pytest.fixture(scope="module")
def hindsight() -> RegimeChances:
    return regimes.chances(KNOWN)


def test_a_hindcast_plays_the_smoothed_chances_up_to_what_it_knows(
    hindsight: RegimeChances, evidences: dict[str, Evidence]
) -> None:
    seen, assumed = KNOWN + 1 - FIRST, regimes.prior()
    for place, evidence in enumerate(evidences.values()):
        fitted = hmm.fit(evidence, assumed, np.array([seen]))
        matrix, loglik = hmm.transition(fitted.rates), hmm.log_likelihood(evidence, fitted.emission)[:, :seen]
        smoothed = hmm.smooth(hmm.forward(hmm.long_run(assumed.rates), matrix, loglik)[0], matrix)[0][0]
        chances = smoothed[hindsight.first - FIRST - 1]
        for quarter in range(hindsight.first, KNOWN + 1):
            chances = chances @ np.array(hindsight.rows[quarter - hindsight.first][place])
            assert chances == pytest.approx(smoothed[quarter - FIRST], abs=1e-9)


def test_a_hindcast_knows_nothing_later_and_then_what_each_quarter_knew(
    hindsight: RegimeChances, tmp_path: Path
) -> None:
    copytree(ROOT / "series", tmp_path / "series")
    copytree(ROOT / "parameters", tmp_path / "parameters")
    for name, column in (("pressures.csv", "quarter"), ("shocks.csv", "quarter")):
        rows = pd.read_csv(tmp_path / "series" / name, keep_default_na=False)
        rows[rows[column].map(quarter_index) <= KNOWN].to_csv(tmp_path / "series" / name, index=False)
    again, seen = regimes.chances(KNOWN, tmp_path), KNOWN + 1 - hindsight.first
    assert again.rows[:seen] == hindsight.rows[:seen]
    live = load_regimes(ROOT / "series" / "regimes.csv")
    assert (hindsight.first, len(hindsight.rows)) == (live.first, len(live.rows))
    assert hindsight.rows[seen:] == live.rows[seen:]
    assert not np.allclose(hindsight.rows[:seen], live.rows[:seen], atol=0.1)


def test_a_hindcast_that_knows_nothing_yet_or_everything_asks_for_no_other_quarter() -> None:
    live = load_regimes(ROOT / "series" / "regimes.csv")
    assert regimes.chances(live.first - 1) == live
    assert regimes.chances(quarter_index("2030Q1")) == regimes.chances(quarter_index("2026Q2"))


def test_a_model_takes_other_chances_in_place_of_those_of_its_settings() -> None:
    """Who knows 2013 finds China tense at the end of 2012; who knew 2012 only did not."""
    settings = resolve("hindcast", "none", until="2012Q4")
    pressures = settings.pressures.model_copy(update={"drawn": regimes.chances(settings.until + 4)})
    shares = []
    for one in (settings, settings.model_copy(update={"pressures": pressures})):
        model = PartnershipModel(one, runs=range(60), seed=1, record=())
        model.run()
        shares.append(float((model.pressures.regime[PRESSURES.index("china")] == REGIMES.index("tense")).mean()))
    assert shares[0] < 0.2 and shares[1] > 0.8


def test_the_table_holds_every_quarter_and_its_rows_sum_to_one(table: pd.DataFrame) -> None:
    quarters = range(quarter_index("2010Q1"), quarter_index("2026Q2") + 1)
    wanted = [(quarter_name(q), pressure, regime) for q in quarters for pressure in PRESSURES for regime in REGIMES]
    assert list(table[["quarter", "pressure", "from"]].itertuples(index=False, name=None)) == wanted
    chances = table[list(REGIMES)].to_numpy()
    assert chances.min() >= 0
    assert np.abs(chances.sum(-1) - 1).max() < 1e-9


def test_the_shipped_table_is_what_the_evidence_says(table: pd.DataFrame) -> None:
    shipped = pd.read_csv(ROOT / "series" / "regimes.csv")
    assert list(shipped.columns) == list(table.columns)
    assert shipped[["quarter", "pressure", "from"]].equals(table[["quarter", "pressure", "from"]])
    assert shipped[list(REGIMES)].to_numpy() == pytest.approx(table[list(REGIMES)].to_numpy(), abs=1e-3)


def test_written_chances_still_add_up(tmp_path: Path) -> None:
    chances = np.array([[1 / 3, 1 / 3, 1 / 3], [0.9999996, 4e-7, 0.0], [0.0, 0.5, 0.5]])
    rounded: Floats = regimes.written(chances)
    assert rounded.sum(-1) == pytest.approx(1, abs=1e-12)
    assert rounded == pytest.approx(chances, abs=2e-6)


# What the files say


def test_russia_is_in_crisis_in_all_of_the_war_though_its_index_halves(evidences: dict[str, Evidence]) -> None:
    found = regimes.regimes(evidences["russia"], regimes.prior()).smoothed
    war = quarter_index("2022Q1") - FIRST
    index = regimes.material()["russia"].series["risk_russia"]
    assert index[quarter_index("2024Q3")][0] < index[quarter_index("2022Q1")][0] / 2
    assert found[war:, 2].min() > 0.9
    assert found[: quarter_index("2014Q1") - FIRST, 2].max() < 0.1


def test_evidence_stands_in_its_quarter_and_on_its_scale(evidences: dict[str, Evidence]) -> None:
    china = evidences["china"]
    place = quarter_index("2010Q1") - FIRST
    assert china.values[1, place] == pytest.approx(np.sqrt(9.5))
    assert china.spans[1, place] == 4 and np.isnan(china.values[1, place - 1])
    assert evidences["us_retrenchment"].anchors[0].tolist() == [0, 4, 12]
    assert evidences["russia"].dated[quarter_index("2022Q1") - FIRST].tolist() == pytest.approx(
        [0, np.log(15) / 2, np.log(15)]
    )
    for one in evidences.values():
        assert (np.diff(one.anchors, axis=-1) > 0).all()
        assert ((one.spans > 0) == ~np.isnan(one.values)).all()


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("pressures.csv", "2008Q1,russia,risk_russia", "2008Q5,russia,risk_russia", "quarter"),
        ("pressures.csv", "2008Q1,russia,risk_russia", "2008Q2,russia,risk_russia", "twice"),
        ("pressures.csv", "2008Q1,russia,risk_russia", "2008Q1,russia,risk_rusia", "risk_russia"),
        ("pressures.csv", "2008Q1,russia,risk_russia", "2008Q1,prussia,risk_russia", "russia"),
        ("shocks.csv", ",crisis,5,", ",panic,5,", "crisis"),
        ("readings.csv", ",log,1,0.4,0.9,", ",log,1,0.4,much,", "tense"),
    ],
)
def test_a_mistake_in_a_table_is_named(tmp_path: Path, file: str, old: str, new: str, said: str) -> None:
    copytree(ROOT / "series", tmp_path / "series")
    path = tmp_path / "series" / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(UserError) as error:
        regimes.material(tmp_path)
    assert file in str(error.value) and said in str(error.value)


def test_the_picture_is_drawn_and_again_the_same(evidences: dict[str, Evidence], tmp_path: Path) -> None:
    smoothed = {name: np.full((one.quarters, 3), 1 / 3) for name, one in evidences.items()}
    known_ = regimes.material()
    once, again = (save_picture(picture(known_, smoothed), tmp_path / folder).read_bytes() for folder in ("a", "b"))
    assert once == again and len(once) > 20000
