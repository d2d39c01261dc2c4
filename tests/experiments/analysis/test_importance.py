"""Densities and weights against scipy and cases made by hand, and what must hold of any weights."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from scipy import stats
from scipy.special import logsumexp

from experiments.analysis.importance import (
    FROM_PRIOR,
    GRID,
    NEAR,
    WIDER,
    Proposal,
    averaged,
    effective,
    fitted,
    log_normal,
    log_weights,
    resampled,
    tail_index,
    tempered,
)

Floats = NDArray[np.float64]

N, D = 7, 3
values = st.floats(-30, 30)
log_weight = st.integers(1, 40).flatmap(
    lambda n: arrays(float, n, elements=values | st.just(-np.inf)).filter(lambda one: np.isfinite(one).any())
)
"""Logarithms of weights, some of them impossible, at least one not."""
uniform = st.floats(0, 1, exclude_max=True)


def chance(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


def proposal(seed: int = 1, dimensions: int = D) -> Proposal:
    """One with correlations, away from the prior."""
    away = chance(seed).normal(size=(dimensions, dimensions + 2))
    root = np.linalg.cholesky(away @ away.T / 4)
    return Proposal(chance(seed).normal(size=dimensions), np.asarray(root, dtype=np.float64))


def normalised(weight: Floats) -> Floats:
    shares: Floats = weight / weight.sum()
    return shares


# Proposals


@pytest.mark.parametrize("dimensions", [1, 2, 14])
def test_the_density_is_that_of_a_normal_mixed_with_the_prior(dimensions: int) -> None:
    one = proposal(2, dimensions)
    z = chance().normal(0, 2, size=(N, dimensions))
    prior = stats.multivariate_normal(np.zeros(dimensions))
    other = stats.multivariate_normal(one.mean, one.root @ one.root.T)
    expected = np.log(FROM_PRIOR * prior.pdf(z) + (1 - FROM_PRIOR) * other.pdf(z))
    np.testing.assert_allclose(one.log_density(z), expected, rtol=1e-9)
    np.testing.assert_allclose(log_normal(z), prior.logpdf(z))
    np.testing.assert_allclose(Proposal.prior(dimensions).log_density(z), prior.logpdf(z))


def test_far_out_the_density_is_the_priors_share_and_no_weight_is_larger_than_it_allows() -> None:
    narrow = Proposal(np.zeros(D), 0.01 * np.eye(D))
    z = chance().normal(0, 5, size=(200, D))
    surplus = log_normal(z) - narrow.log_density(z)
    assert np.isfinite(surplus).all()
    assert surplus.max() <= -np.log(FROM_PRIOR) + 1e-12


def test_draws_come_from_the_density() -> None:
    one = proposal(3)
    z = one.draw(60_000, (5, 1))
    mean = (1 - FROM_PRIOR) * one.mean
    second = FROM_PRIOR * np.eye(D) + (1 - FROM_PRIOR) * (one.root @ one.root.T + np.outer(one.mean, one.mean))
    spread = np.sqrt(np.diag(second) / len(z))
    assert (abs(z.mean(axis=0) - mean) < 4 * spread).all()
    np.testing.assert_allclose(z.T @ z / len(z), second, atol=8 * np.diag(second).max() / np.sqrt(len(z)))
    np.testing.assert_array_equal(z, one.draw(60_000, (5, 1)))
    assert (z != one.draw(60_000, (5, 2))).all()


def test_the_prior_is_a_proposal_too() -> None:
    z = Proposal.prior(D).draw(20_000, (1,))
    assert stats.kstest(z.ravel(), "norm").pvalue > 1e-4


# Weights


def test_weights_of_two_proposals_by_hand() -> None:
    """One draw from the prior, two from a normal about 1 of standard deviation 1/2, each as one from the mixture."""
    two = Proposal(np.array([1.0]), np.array([[0.5]]))
    z, likelihood = np.array([[0.0], [1.0], [2.0]]), np.array([0.5, 1.0, 0.0])

    def normal(x: float, mean: float = 0.0, sd: float = 1.0) -> float:
        return float(np.exp(-0.5 * ((x - mean) / sd) ** 2) / sd / np.sqrt(2 * np.pi))

    by_hand = []
    for (x,), how_likely in zip(z, likelihood, strict=True):
        mixed = FROM_PRIOR * normal(x) + (1 - FROM_PRIOR) * normal(x, 1.0, 0.5)
        by_hand.append(normal(x) * how_likely / (1 / 3 * normal(x) + 2 / 3 * mixed))
    with np.errstate(divide="ignore"):
        found = log_weights(z, np.log(likelihood), [Proposal.prior(1), two], [1, 2])
    np.testing.assert_allclose(np.exp(found), normalised(np.array(by_hand)))


def test_weights_of_draws_from_the_prior_are_their_likelihoods() -> None:
    z, found = chance().normal(size=(N, D)), chance(2).normal(size=N)
    weight = log_weights(z, found, [Proposal.prior(D)], [N])
    np.testing.assert_allclose(weight, found - logsumexp(found))


@given(st.floats(-1e6, 1e6))
def test_only_how_likelihoods_compare_matters(shift: float) -> None:
    z, found = chance().normal(size=(N, D)), chance(2).normal(size=N)
    given_ = [Proposal.prior(D), proposal()], [3, 4]
    np.testing.assert_allclose(log_weights(z, found + shift, *given_), log_weights(z, found, *given_), atol=1e-8)


def test_the_order_of_proposals_does_not_matter() -> None:
    z, found = chance().normal(size=(N, D)), chance(2).normal(size=N)
    one = log_weights(z, found, [Proposal.prior(D), proposal()], [3, 4])
    np.testing.assert_allclose(one, log_weights(z, found, [proposal(), Proposal.prior(D)], [4, 3]))


# What draws are worth


@given(log_weight, st.floats(-700, 700))
def test_draws_are_worth_between_one_and_their_number(weight: Floats, shift: float) -> None:
    worth = effective(weight)
    assert 1 - 1e-9 <= worth <= np.isfinite(weight).sum() * (1 + 1e-9)
    assert effective(weight + shift) == pytest.approx(worth)


def test_what_draws_are_worth_by_hand() -> None:
    assert effective(np.log([0.5, 0.25, 0.25])) == pytest.approx(1 / 0.375)
    assert effective(np.full(N, -3.0)) == pytest.approx(N)
    assert effective(np.array([0.0, -np.inf])) == pytest.approx(1)


# Tempering


@given(log_weight, st.floats(0.05, 1.0))
def test_tempered_weights_are_worth_enough_and_keep_their_order(weight: Floats, share: float) -> None:
    least = share * np.isfinite(weight).sum()
    found = tempered(weight, least)
    assert logsumexp(found) == pytest.approx(0, abs=1e-9)
    assert effective(found) >= min(least, np.isfinite(weight).sum()) * (1 - 1e-9)
    assert (np.isfinite(found) == np.isfinite(weight)).all()
    possible = np.isfinite(weight)
    assert (np.diff(found[possible][np.argsort(weight[possible])]) >= -1e-9).all()


@given(log_weight)
def test_weights_worth_enough_stay_as_they_are(weight: Floats) -> None:
    np.testing.assert_allclose(tempered(weight, effective(weight) * (1 - 1e-9)), weight - logsumexp(weight))


def test_tempering_goes_no_further_than_it_must() -> None:
    weight = chance().normal(0, 5, size=200)
    found = tempered(weight, 50.0)
    power = np.polyfit(weight, found, 1)[0]
    assert 0 < power < 1
    np.testing.assert_allclose(found, power * weight - logsumexp(power * weight), atol=1e-9)
    assert effective(found) == pytest.approx(50.0)


def test_where_too_few_are_possible_those_count_alike() -> None:
    np.testing.assert_allclose(np.exp(tempered(np.array([0.0, -9.0, -np.inf, -np.inf]), 3.0)), [0.5, 0.5, 0, 0])


# The next proposal


def test_a_proposal_is_fitted_to_weighted_draws_and_a_little_wider() -> None:
    z, weight = chance().normal(1, 2, size=(400, D)), chance(2).normal(0, 0.5, size=400)
    weight -= logsumexp(weight)
    found = fitted(z, weight)
    np.testing.assert_allclose(found.mean, np.average(z, axis=0, weights=np.exp(weight)))
    expected = WIDER**2 * np.cov(z.T, aweights=np.exp(weight), ddof=0)
    np.testing.assert_allclose(found.root @ found.root.T, expected, atol=2e-6)
    np.testing.assert_array_equal(np.triu(found.root, 1), 0)


def test_a_single_possible_draw_still_gives_a_proposal() -> None:
    z, weight = chance().normal(size=(N, D)), np.full(N, -np.inf)
    weight[2] = 0.0
    found = fitted(z, weight)
    np.testing.assert_allclose(found.mean, z[2])
    assert np.isfinite(found.log_density(z)).all()


# The tail of the weights


@pytest.mark.parametrize("shape", [0.1, 0.5, 1.0])
def test_the_tail_of_pareto_weights_has_their_shape(shape: float) -> None:
    found = [tail_index(np.log(stats.genpareto.rvs(shape, size=4000, random_state=seed))) for seed in range(12)]
    assert np.mean(found) == pytest.approx(shape, abs=0.15)


def test_tails_of_lognormal_weights_grow_with_their_spread() -> None:
    z = chance().normal(size=4000)
    found = [tail_index(spread * z) for spread in (0.3, 1.0, 2.0, 5.0)]
    assert found == sorted(found)
    assert found[0] < 0.5 and found[-1] > 0.7


def test_a_tail_is_told_of_the_larger_weights_alone() -> None:
    weight = chance().normal(size=4000)
    impossible = np.concatenate([weight, np.full(400, -np.inf)])
    assert tail_index(impossible) == pytest.approx(tail_index(weight), abs=0.1)
    assert tail_index(weight + 1000.0) == pytest.approx(tail_index(weight), abs=1e-3)


def test_equal_weights_have_no_tail_and_of_too_few_nothing_can_be_told() -> None:
    assert tail_index(np.full(1000, -np.log(1000))) == 0.0
    assert tail_index(1e-14 * chance().normal(size=1000)) == 0.0
    assert tail_index(np.zeros(20)) == np.inf
    assert tail_index(np.append(np.full(999, -np.inf), 0.0)) == np.inf


# Resampling


@given(log_weight, st.integers(1, 60), uniform)
def test_everybody_comes_as_often_as_weighed_to_the_next_whole_number(weight: Floats, n: int, u: float) -> None:
    places = resampled(weight, n, u)
    assert places.shape == (n,) and (np.diff(places) >= 0).all()
    share = n * np.exp(weight - logsumexp(weight))
    count = np.bincount(places, minlength=len(weight))
    assert (count <= np.ceil(share + 1e-9)).all() and (count >= np.floor(share - 1e-9)).all()


@given(st.integers(1, 5), st.integers(1, 5), st.integers(1, 40), uniform | st.just(np.nextafter(1.0, 0.0)))
def test_what_is_impossible_is_never_drawn(before: int, after: int, n: int, u: float) -> None:
    weight = np.concatenate([np.full(before, -np.inf), [0.0, -np.inf, -1.0], np.full(after, -np.inf)])
    assert set(resampled(weight, n, u)) <= {before, before + 2}


def test_over_all_starts_resampling_is_fair() -> None:
    weight, n = chance().normal(size=N), 5
    starts = (np.arange(4000) + 0.5) / 4000
    count = sum(np.bincount(resampled(weight, n, float(u)), minlength=N) for u in starts) / len(starts)
    np.testing.assert_allclose(count, n * np.exp(weight - logsumexp(weight)), atol=2e-3)


# Averaging over like draws


@given(arrays(float, N, elements=st.floats(-4, 4)), arrays(float, N, elements=values))
def test_averages_lie_among_what_is_averaged(x: Floats, found: Floats) -> None:
    smooth = averaged(x, found)
    assert smooth.shape == (N,)
    assert (smooth >= found.min() - 1e-9).all() and (smooth <= found.max() + 1e-9).all()


@given(arrays(float, N, elements=st.floats(-4, 4)), st.floats(-500, 500))
def test_what_all_have_is_their_average_and_a_factor_stays_one(x: Floats, shift: float) -> None:
    np.testing.assert_allclose(averaged(x, np.full(N, shift)), shift, atol=1e-9)
    found = chance().normal(size=N)
    np.testing.assert_allclose(averaged(x, found + shift), averaged(x, found) + shift, atol=1e-8)


def test_draws_alike_in_x_get_the_same_average_and_those_far_away_do_not_count() -> None:
    x, found = np.array([0.0, 0.0, 0.0, 9.0]), np.array([0.0, 1.0, -np.inf, 50.0])
    smooth = averaged(x, found)
    np.testing.assert_allclose(smooth[:3], np.log((1 + np.e) / 3))
    assert smooth[3] == pytest.approx(50.0)


def test_averages_are_those_of_a_normal_kernel() -> None:
    """At its own grid exactly, between it nearly."""
    x, found = chance().normal(size=300), chance(2).normal(size=300)
    grid = np.linspace(x.min(), x.max(), GRID)

    def by_hand(at: float) -> float:
        return float(np.log(np.average(np.exp(found), weights=stats.norm.pdf(x, at, NEAR))))

    exact = np.array([by_hand(at) for at in x])
    np.testing.assert_allclose(averaged(x, found), exact, atol=0.02)
    np.testing.assert_allclose(averaged(x, found), np.interp(x, grid, [by_hand(at) for at in grid]))


def test_of_noisy_likelihoods_the_mean_comes_out() -> None:
    """Factors of mean 1 about exp(-x^2 / 2): a kernel of this width makes it exp(-x^2 / (2 (1 + w))) / sqrt(1 + w)
    for draws spread evenly, w the square of its width."""
    x = np.linspace(-3, 3, 40_001)
    noisy = -0.5 * x**2 + chance().normal(-0.5, 1.0, size=len(x))
    inside, wider = abs(x) < 2, 1 + NEAR**2
    expected = -0.5 * x**2 / wider - 0.5 * np.log(wider)
    np.testing.assert_allclose(averaged(x, noisy)[inside], expected[inside], atol=0.08)
