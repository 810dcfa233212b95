"""A whole sweep against plain NumPy, and the whole sampler against its own prior (Geweke)."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose
from numpy.typing import NDArray
from plain_bayesian import Doubles, dense_features, predictions
from plain_factor import random_ratings, ratings_of

from starcast.data.ratings import Ratings
from starcast.engines.bayesian.chain import Chain
from starcast.engines.bayesian.design import feature_group, histories, joined
from starcast.engines.bayesian.draws import USUAL, Hyperprior
from starcast.engines.bayesian.likelihood import GaussianNoise
from starcast.engines.bayesian.probit import OrderedProbit
from starcast.engines.bayesian.sweep import _sum_by_item, _sum_by_user


def chain_of(
    train: Ratings,
    dimension: int,
    likelihood: str = "gaussian",
    hyperprior: Hyperprior = USUAL,
) -> Chain:
    """With both histories, and an attribute of users besides."""
    by_user, by_item = histories(train)
    age = feature_group(np.arange(train.n_users) % 3, np.arange(train.n_users), 3, train.n_users)
    user_groups = joined([by_user, age], train.n_users)
    return Chain(train, dimension, user_groups, by_item, likelihood, [1, 0], hyperprior=hyperprior)


@pytest.mark.parametrize("likelihood", ["gaussian", "probit"])
def test_errors_and_totals_stay_true_over_sweeps(likelihood: str) -> None:
    train = random_ratings(30, 20, 0.4, seed=2)
    chain = chain_of(train, 3, likelihood)
    for _ in range(20):
        chain.step()
    for side in (chain.now.user, chain.now.item):
        expected = side.own + side.features @ dense_features(side.groups).T
        assert_allclose(side.total, expected, atol=1e-4)
    ratings = train.stars - train.stars.mean()
    if isinstance(chain.now.likelihood, OrderedProbit):
        ratings = chain.now.likelihood._latent
    expected = ratings - predictions(chain.now.user.total, chain.now.item.total, train)
    assert_allclose(chain.now.likelihood.errors, expected, atol=1e-4)


def test_sums_are_taken_over_a_rows_own_ratings() -> None:
    train = random_ratings(9, 7, 0.5, seed=3)
    chain, rng = chain_of(train, 2), np.random.default_rng(4)
    users, items = train.user_rows, train.item_rows
    user, item, user_change, item_change = (
        rng.normal(0, 1, n).astype(np.float32) for n in (9, 7, 9, 7)
    )
    errors = rng.normal(0, 1, len(train)).astype(np.float32)
    expected = errors - user[users] * item_change[items]
    sums = np.empty(9, np.float32), np.empty(9, np.float32)
    _sum_by_user(chain._starts, items, errors, user, item_change, item, sums)
    assert_allclose(errors, expected, rtol=1e-5)
    assert_allclose(sums[0], np.bincount(users, expected * item[items], 9), atol=1e-5)
    assert_allclose(sums[1], np.bincount(users, item[items] ** 2, 9), atol=1e-5)

    expected = expected - user_change[users] * item[items]
    sums = np.empty(7, np.float32), np.empty(7, np.float32)
    _sum_by_item(chain._starts, items, errors, user, user_change, item, sums)
    assert_allclose(errors, expected, atol=1e-5)
    assert_allclose(sums[0], np.bincount(items, expected * user[users], 7), atol=1e-5)
    assert_allclose(sums[1], np.bincount(items, user[users] ** 2, 7), atol=1e-5)


# Geweke 2004: draw parameters and data from the prior, or let the sampler and fresh data take
# turns. Both have the same joint distribution, whatever it is, if and only if the sampler is right.
# The usual hyperprior is so wide that turns would mix too slowly to say anything; here a narrow one
# stands in, and bounded functions are compared.

TINY = ratings_of([(0, 0, 1), (0, 1, 3), (1, 0, 2), (1, 2, 3), (2, 1, 1), (2, 2, 2)], 3, 3)
NARROW = Hyperprior(alpha_0=12.0, beta_0=8.0, gamma_0=3.0)
N_DRAWS = 20_000


def from_prior(rng: np.random.Generator, n: int) -> Doubles:
    """n coordinates of one group: λ, then μ, then they."""
    precision = rng.gamma(NARROW.alpha_0 / 2) / (NARROW.beta_0 / 2)
    mean = rng.normal() / np.sqrt(NARROW.gamma_0 * precision)
    return np.asarray(mean + rng.normal(size=n) / np.sqrt(precision))


def prior_totals(chain: Chain, rng: np.random.Generator) -> tuple[Doubles, Doubles]:
    totals = []
    for side in (chain.now.user, chain.now.item):
        dense, bounds = dense_features(side.groups), side.groups.bounds
        lines = []
        for _ in side.own:
            features = [from_prior(rng, n) for n in np.diff(bounds)]
            lines.append(from_prior(rng, len(side.own[0])) + dense @ np.concatenate(features))
        totals.append(np.array(lines))
    return totals[0], totals[1]


def summary(user: NDArray[Any], item: NDArray[Any], further: list[float]) -> Doubles:
    """Bounded functions of the factors and of the likelihood's parameters."""
    p, q = user, item
    parts = [p[0, 0], q[0, 1], p[0, 0] + q[0, 1], abs(p[1, 0]), abs(q[1, 2]), p[1, 0] * p[1, 1],
             p[1, 0] * q[1, 0], *further]  # fmt: skip
    return np.asarray(np.tanh(parts))


def gaussian_prior(rng: np.random.Generator) -> list[float]:
    return [np.log(rng.gamma(NARROW.alpha_0 / 2) / (NARROW.beta_0 / 2))]


def probit_prior(rng: np.random.Generator) -> list[float]:
    return list(np.sort(rng.normal(0, 10, 2)) / 10)


def fresh_stars(chain: Chain, rng: np.random.Generator) -> list[float]:
    """Draw ratings given the parameters; the likelihood's parameters."""
    likelihood = chain.now.likelihood
    if isinstance(likelihood, GaussianNoise):
        noise = rng.standard_normal(len(TINY)) / np.sqrt(likelihood.alpha)
        likelihood.errors[:] = noise
        return [float(np.log(likelihood.alpha))]
    assert isinstance(likelihood, OrderedProbit)
    predicted = likelihood._latent - likelihood.errors
    likelihood._latent = (predicted + rng.standard_normal(len(TINY))).astype(np.float32)
    likelihood.errors[:] = likelihood._latent - predicted
    likelihood._level_of = np.searchsorted(likelihood.cuts, likelihood._latent).astype(np.int16)
    return list(likelihood.cuts / 10)


@pytest.mark.parametrize(
    ("likelihood", "prior"), [("gaussian", gaussian_prior), ("probit", probit_prior)]
)
def test_the_sampler_and_fresh_data_keep_to_the_prior(
    likelihood: str, prior: Callable[[np.random.Generator], list[float]]
) -> None:
    chain, rng = chain_of(TINY, 1, likelihood, NARROW), np.random.default_rng(7)
    independent = np.array(
        [summary(*prior_totals(chain, rng), further=prior(rng)) for _ in range(N_DRAWS)]
    )
    in_turns = np.empty((N_DRAWS, independent.shape[1]))
    for sweep in range(N_DRAWS):
        further = fresh_stars(chain, rng)
        chain.step()
        in_turns[sweep] = summary(chain.now.user.total, chain.now.item.total, further)
    blocks = in_turns.reshape(40, -1, independent.shape[1]).mean(axis=1)  # long beside the memory
    error: NDArray[np.float64] = np.sqrt(
        independent.var(axis=0) / N_DRAWS + blocks.var(axis=0, ddof=1) / len(blocks)
    )
    deviations = (independent.mean(axis=0) - in_turns.mean(axis=0)) / error
    assert np.abs(deviations).max() < 4
