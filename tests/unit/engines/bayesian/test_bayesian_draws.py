"""One factor's draws against its posterior by dense linear algebra."""

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose
from numpy.typing import NDArray
from plain_bayesian import Doubles, expanded, side_posterior
from plain_factor import random_ratings

from starcast.engines.bayesian.design import FeatureGroups, feature_group, joined
from starcast.engines.bayesian.draws import (
    Hyperprior,
    Noise,
    Side,
    draw_coordinates,
    draw_noise,
    draw_prior,
    draw_side,
)

ALPHA = 2.5
TRAIN = random_ratings(6, 5, 0.6, seed=3)
OTHER = np.random.default_rng(4).normal(0, 1, len(TRAIN))  # the other side's factor, per rating


def groups_of(n_features: int, n_groups: int = 1) -> FeatureGroups:
    """Random features of users; user 5 has none in the first group."""
    rng = np.random.default_rng(5)
    made = []
    for number in range(n_groups):
        member_of = rng.random((n_features, 6)) < 0.6
        member_of[0] = True
        member_of[:, 5] = number > 0
        features, members = np.nonzero(member_of)
        made.append(feature_group(features, members, n_features, 6))
    return joined(made, 6)


def priors_of(groups: FeatureGroups) -> NDArray[np.float32]:
    n_groups = len(groups.bounds) - 1
    return np.column_stack([0.3 - 0.2 * np.arange(n_groups + 1), 1.5 + np.arange(n_groups + 1)])


def drawn(groups: FeatureGroups, state: Doubles, normal: Doubles, targets: Doubles) -> Doubles:
    """The coordinates (own, then features) that one draw makes of `state`."""
    columns = [part.astype(np.float32)[np.newaxis] for part in (state[:6], state[6:])]
    design = expanded(groups, TRAIN.user_rows)
    total = (design[:, :6] @ state[:6] + design[:, 6:] @ state[6:]).astype(np.float32)
    per_user = np.zeros((1, 6), np.float32)
    per_user[0, TRAIN.user_rows] = total
    side = Side(columns[0], columns[1], per_user, groups, np.ones(6, bool))
    error = targets - OTHER * total
    sums = tuple(
        np.bincount(TRAIN.user_rows, weights, 6).astype(np.float32)
        for weights in (error * OTHER, OTHER * OTHER)
    )
    none = np.zeros((1, 1))
    noise = Noise(
        normal[np.newaxis, :6].astype(np.float32),
        normal[np.newaxis, 6:].astype(np.float32),
        none,
        none,
    )
    change = np.zeros(6, np.float32)
    priors = priors_of(groups).astype(np.float32)
    draw_coordinates(side, 0, sums, np.float32(ALPHA), priors, noise, change)
    after = np.concatenate([side.own[0], side.features[0]]).astype(np.float64)
    dense = np.hstack([np.eye(6), expanded(groups, np.arange(6))[:, 6:]])
    assert_allclose(side.total[0], dense @ after, atol=2e-5)
    return after


def affine(groups: FeatureGroups, targets: Doubles) -> tuple[Doubles, Doubles, Doubles]:
    """A draw is state ↦ A·state + b + L·normal; A, b, L by unit vectors."""
    n = 6 + len(groups.starts) - 1
    zero, unit = np.zeros(n), np.eye(n)
    b = drawn(groups, zero, zero, targets)
    a = np.column_stack([drawn(groups, one, zero, targets) - b for one in unit])
    root = np.column_stack([drawn(groups, zero, one, targets) - b for one in unit])
    return a, b, root


def posterior(groups: FeatureGroups, targets: Doubles) -> tuple[Doubles, Doubles]:
    sizes = [6, *np.diff(groups.bounds)]
    means, precisions = (np.repeat(column, sizes) for column in priors_of(groups).T)
    design = expanded(groups, TRAIN.user_rows)
    return side_posterior(design, OTHER, targets, ALPHA, means, precisions)


TARGETS = np.random.default_rng(6).normal(0, 1, len(TRAIN))


@pytest.mark.parametrize(("n_features", "n_groups"), [(1, 1), (4, 1), (3, 2)])
def test_a_draw_leaves_the_dense_posterior_as_it_is(n_features: int, n_groups: int) -> None:
    groups = groups_of(n_features, n_groups)
    a, b, root = affine(groups, TARGETS)
    mean, covariance = posterior(groups, TARGETS)
    assert_allclose(a @ mean + b, mean, atol=2e-5)
    assert_allclose(a @ covariance @ a.T + root @ root.T, covariance, atol=2e-5)


def test_the_chain_converges_to_the_posterior_from_anywhere() -> None:
    a, _, _ = affine(groups_of(3, 2), TARGETS)
    assert np.abs(np.linalg.eigvals(a)).max() < 0.9


def test_with_one_feature_a_draw_is_independent_of_the_state() -> None:
    """Own coordinates are integrated out, so feature and own are drawn as one block."""
    a, b, root = affine(groups_of(1), TARGETS)
    mean, covariance = posterior(groups_of(1), TARGETS)
    assert_allclose(a, 0, atol=2e-5)
    assert_allclose(b, mean, atol=2e-5)
    assert_allclose(root @ root.T, covariance, atol=2e-5)


def test_a_prior_is_drawn_from_the_normal_gamma_posterior() -> None:
    # Values 1 and 3: squares about the mean 2, so β = 1 + 2 + 2/3 · 2² = 17/3.
    values = np.array([1, 3], np.float32)
    mean, precision = draw_prior(values, gamma=17 / 6, normal=0.0, hyperprior=Hyperprior())
    assert_allclose([mean, precision], [4 / 3, 1], rtol=1e-6)
    mean, _ = draw_prior(values, gamma=17 / 24, normal=1.0, hyperprior=Hyperprior())  # precision ¼
    assert_allclose(mean, 4 / 3 + 1 / np.sqrt(3 / 4), rtol=1e-6)


def test_a_prior_without_coordinates_is_the_hyperprior() -> None:
    mean, precision = draw_prior(
        np.zeros(0, np.float32), gamma=2.0, normal=1.0, hyperprior=Hyperprior()
    )
    assert_allclose([mean, precision], [0.5, 4], rtol=1e-6)  # β₀ = γ₀ = 1


def test_unseen_rows_take_the_priors_mean_and_follow_their_features() -> None:
    groups = feature_group(np.array([0, 0, 1]), np.array([0, 1, 2]), 2, 3)
    shape = (1, 3)
    side = Side(
        np.zeros(shape, np.float32), np.zeros((1, 2), np.float32), np.zeros(shape, np.float32),
        groups, np.array([True, False, False]),
    )  # fmt: skip
    noise = draw_noise(side, np.random.default_rng(1))
    sums = (np.array([3, 0, 0], np.float32), np.array([2, 0, 0], np.float32))
    draw_side(side, 0, sums, np.float32(1), noise, np.zeros(3, np.float32))
    own, features, total = side.own[0], side.features[0], side.total[0]
    assert own[1] == own[2] != own[0]
    assert_allclose(total, own + features[[0, 0, 1]], rtol=1e-5)


def test_noise_has_the_shape_of_the_seen_rows_and_groups() -> None:
    """Γ((1 + size) / 2) has that mean: 1.5 for two seen rows, 50.5 for a hundred features."""
    groups = feature_group(np.arange(100), np.zeros(100, np.int64), 100, 3)
    columns: Any = np.zeros((4000, 3), np.float32)
    side = Side(columns, columns, columns, groups, np.array([True, True, False]))
    noise = draw_noise(side, np.random.default_rng(2))
    assert noise.precision.shape == noise.mean.shape == (4000, 2)
    assert_allclose(noise.precision.mean(axis=0), [1.5, 50.5], rtol=0.05)
