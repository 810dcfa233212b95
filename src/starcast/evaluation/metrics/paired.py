"""How far a difference between models can be trusted: a bootstrap over users."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from starcast.evaluation.metrics.checks import check_finite, check_positive

Doubles = NDArray[np.float64]

_TAILS = (2.5, 97.5)  # percentiles of a 95 % interval


@final
@dataclass(frozen=True, eq=False, slots=True)
class Bootstrap:
    """95 % percentile intervals and paired tests; differences are first model minus second.

    Attributes:
        low, high: float64 (n_models,), interval of each model's figure.
        difference_low, difference_high: float64 (n_models, n_models), interval of
            figure[row] − figure[column].
        p_value: float64 (n_models, n_models), symmetric, two-sided, Holm-adjusted over the
            distinct pairs; 1 on the diagonal.
        floor: the smallest p-value that so many draws can give for so many pairs; one that equals
            it says "at most", and no more.
    """

    low: Doubles
    high: Doubles
    difference_low: Doubles
    difference_high: Doubles
    p_value: Doubles
    floor: float


def bootstrap_rmse(
    sum_squared_errors: NDArray[np.floating[Any]],
    n_rows: NDArray[np.integer[Any]],
    n_draws: int = 2000,
    seed: int = 0,
) -> Bootstrap:
    """Intervals and tests for the RMSE of several models on the same test rows.

    Each draw takes as many users as there are, with replacement, and all of a user's rows along,
    since ratings of one user are not independent. Every model is measured on the same draws:

        RMSE_m = √(Σ_u c_u · SSE_mu / Σ_u c_u · n_u),   c_u = how often user u was drawn
        p_ab   = min(1, 2 · (1 + min(#{Δ ≤ 0}, #{Δ ≥ 0})) / (1 + n_draws)),   Δ = RMSE_a − RMSE_b

    The smallest p before Holm's factor is 2 / (1 + n_draws), so `n_draws` should exceed 40 times
    the number of pairs. Intervals from fewer than some thirty users are too narrow.

    Args:
        sum_squared_errors: (n_models, n_users), each model's Σ (r − r̂)² over each user's test rows.
        n_rows: int (n_users,), test rows of each user; users without any take no part.
        n_draws: bootstrap draws.
        seed: of the draws; the same seed gives the same numbers.
    Returns: the intervals and p-values.
    Raises: ValueError: arrays that do not fit, negative or non-finite sums, or fewer than two users
        with test rows.
    Source: Efron, Tibshirani 1993, chapters 13 and 15 (percentile interval, significance level);
        Davison, Hinkley 1997, equation 4.11 (the +1); Holm 1979. Deviations: none.

    >>> errors = np.array([[1.0, 2.0, 3.0], [1.5, 2.5, 3.5]])
    >>> bootstrap_rmse(errors, np.array([2, 2, 2]), n_draws=99).p_value.tolist()
    [[1.0, 0.02], [0.02, 1.0]]
    """
    _check_sums(sum_squared_errors, n_rows)
    taking_part = n_rows > 0
    draws = _draw(sum_squared_errors[:, taking_part], n_rows[taking_part], n_draws, seed)
    return _tested(np.sqrt(draws))


def bootstrap_means(
    by_user: NDArray[np.floating[Any]], n_draws: int = 2000, seed: int = 0
) -> Bootstrap:
    """Intervals and tests for a mean over users, such as NDCG, of several models.

    As `bootstrap_rmse`, with Σ_u c_u · x_mu / Σ_u c_u for model m: users drawn with replacement,
    every model measured on the same draws.

    Args:
        by_user: (n_models, n_users), each model's figure of each user.
        n_draws, seed: as in `bootstrap_rmse`.
    Raises: ValueError: another shape, a figure that is not finite, or fewer than two users.
    Source: as `bootstrap_rmse`.

    >>> bootstrap_means(np.array([[0.5, 0.25, 1.0], [0.25, 0.0, 0.5]]), n_draws=99).low.tolist()
    [0.25, 0.0]
    """
    if by_user.ndim != 2:
        raise ValueError(f"by_user must have shape (n_models, n_users), got {by_user.shape}")
    if not by_user.size:
        raise ValueError("nothing to measure: by_user is empty")
    check_finite(by_user=by_user)
    return _tested(_draw(by_user, np.ones(by_user.shape[1], np.int64), n_draws, seed))


def bootstrap_apart(
    samples: Sequence[NDArray[np.floating[Any]]], n_draws: int = 2000, seed: int = 0
) -> Bootstrap:
    """Intervals and two-sample tests for a mean over users of several models that each answered
    users of its own.

    As `bootstrap_means`, but each model's users are drawn by themselves, since they are others.

    Args:
        samples: of each model, (n_users,) its figure of each of its users.
        n_draws, seed: as in `bootstrap_rmse`.
    Raises: ValueError: a figure that is not finite, or a model with fewer than two users.
    Source: Efron, Tibshirani 1993, section 16.2 (two samples); else as `bootstrap_rmse`.

    >>> apart = bootstrap_apart([np.array([1.0, 1.0]), np.array([0.0, 0.0, 0.0])], n_draws=99)
    >>> apart.p_value.tolist()
    [[1.0, 0.02], [0.02, 1.0]]
    """
    if not samples:
        raise ValueError("nothing to measure: no samples")
    seeds = np.random.SeedSequence(seed).generate_state(len(samples), np.uint64)
    draws = []
    for sample, own in zip(samples, seeds.tolist(), strict=True):
        check_finite(sample=sample)
        draws.append(_draw(sample[np.newaxis], np.ones(len(sample), np.int64), n_draws, own))
    return _tested(np.hstack(draws))


def _tested(draws: Doubles) -> Bootstrap:
    """What figures (n_draws, n_models) of several models on the same draws say."""
    n_draws, n_models = draws.shape
    low, high = np.percentile(draws, _TAILS, axis=0)
    apart = np.empty((2, n_models, n_models))
    p_value = np.empty((n_models, n_models))
    for model in range(n_models):  # a row at a time: all the differences at once are large
        differences = draws[:, model, None] - draws
        apart[:, model] = np.percentile(differences, _TAILS, axis=0)
        p_value[model] = _two_sided(differences)
    n_pairs = max(n_models * (n_models - 1) // 2, 1)
    floor = min(1.0, n_pairs * 2 / (1 + n_draws))
    return Bootstrap(low, high, apart[0], apart[1], holm(p_value), floor)


def _draw(
    sums: NDArray[np.floating[Any]], weights: NDArray[np.integer[Any]], n_draws: int, seed: int
) -> Doubles:
    """Σ_u c_u · sums_mu / Σ_u c_u · weights_u of each model in each draw, (n_draws, n_models)."""
    check_positive(n_draws=n_draws)
    columns = np.vstack((sums, weights), dtype=np.float64)
    n_users, rng = columns.shape[1], np.random.default_rng(seed)
    if n_users < 2:
        raise ValueError("a bootstrap over users needs at least two users with test rows")
    drawn_sums = np.empty((n_draws, len(columns)))
    for draw in range(n_draws):
        drawn = rng.integers(n_users, size=n_users)
        times = np.bincount(drawn, minlength=n_users).astype(np.float64)
        # not `columns @ times`: BLAS may add up equal rows in different order and tell twins apart
        drawn_sums[draw] = np.einsum("mu,u->m", columns, times)
    return np.asarray(drawn_sums[:, :-1] / drawn_sums[:, -1:])


def _two_sided(differences: Doubles) -> Doubles:
    """p-values (n_models,) from differences (n_draws, n_models)."""
    rarer_side = np.minimum((differences <= 0).sum(axis=0), (differences >= 0).sum(axis=0))
    return np.asarray(np.minimum(1, 2 * (1 + rarer_side) / (1 + len(differences))))


def holm(p_value: Doubles) -> Doubles:
    """p-values (n, n), adjusted over the pairs above the diagonal, mirrored below it.

    Source: Holm 1979.
    """
    pairs = np.triu_indices(len(p_value), 1)
    order = np.argsort(p_value[pairs], kind="stable")
    factors = np.arange(len(order), 0, -1)  # the smallest p counts for all pairs, the largest once
    stepped = np.minimum(1, np.maximum.accumulate(p_value[pairs][order] * factors))
    adjusted = np.ones_like(p_value)
    adjusted[pairs[0][order], pairs[1][order]] = stepped
    adjusted[pairs[1][order], pairs[0][order]] = stepped
    return adjusted


def _check_sums(sum_squared_errors: NDArray[Any], n_rows: NDArray[Any]) -> None:
    if sum_squared_errors.ndim != 2 or sum_squared_errors.shape[1:] != n_rows.shape:
        raise ValueError(
            "sum_squared_errors must have shape (n_models, n_users) and n_rows (n_users,), "
            f"got {sum_squared_errors.shape} and {n_rows.shape}"
        )
    if not sum_squared_errors.size:
        raise ValueError("nothing to measure: sum_squared_errors is empty")
    check_finite(sum_squared_errors=sum_squared_errors)
    if sum_squared_errors.min() < 0 or n_rows.min() < 0:
        raise ValueError("sum_squared_errors and n_rows must not be negative")
    if np.any(sum_squared_errors[:, n_rows == 0]):
        raise ValueError("sum_squared_errors holds errors of users whose n_rows is 0")
