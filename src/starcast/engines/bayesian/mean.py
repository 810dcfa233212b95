"""From draws of a posterior to one factor model, in whose tables another model may start."""

import numpy as np
from numpy.typing import NDArray

from starcast.engines.bayesian.probit import expected_stars
from starcast.engines.normal import TABLE
from starcast.engines.protocol import Weights

_PAIRS = 20_000  # of a user and an item, over which a line follows a draw's curve


def posterior_mean(weights: Weights, dimension: int) -> dict[str, NDArray[np.float32]]:
    """The latent factor model nearest to the mean prediction of all draws.

    The mean of p_u · q_i over S draws is itself an inner product, of S·d factors; its best
    approximation by `dimension` factors comes from the singular values. Draws themselves must not
    be averaged: each has turned its factors its own way.

    Where stars are ordered classes, each draw's curve from predictors to expected stars is
    replaced by the line nearest to it. Days are left out.

    Args:
        weights: as `BayesianEngine.weights()` gives them.
        dimension: of the result.
    Returns: mean, user_factors, user_bias, item_factors, item_bias, as the latent factor model's.
    Source: Eckart & Young 1936.
    """
    if "levels" in weights:
        weights = _straightened(weights)
    sides = [np.hstack(list(weights[f"{side}_factors"])) for side in ("user", "item")]
    (user_turn, user), (item_turn, item) = (np.linalg.qr(side) for side in sides)
    left, strengths, right = np.linalg.svd(user @ item.T / len(weights["user_bias"]))
    roots = np.zeros(dimension)
    roots[: len(strengths)] = np.sqrt(strengths[:dimension])
    width = min(dimension, len(strengths))
    factors = {
        "user_factors": user_turn @ left[:, :width],
        "item_factors": item_turn @ right[:width].T,
    }
    spare = ((0, 0), (0, dimension - width))  # where there are fewer users, items or draws
    deployed = {name: np.pad(table * roots[:width], spare) for name, table in factors.items()}
    deployed |= {name: weights[name].mean(axis=0) for name in ("user_bias", "item_bias")}
    return {name: table.astype(np.float32) for name, table in deployed.items()} | {
        "mean": np.array(weights["mean"], np.float32)
    }


def _straightened(weights: Weights) -> Weights:
    """Draws of an ordered probit model as draws in stars."""
    n_draws, n_users = weights["user_bias"].shape
    rng = np.random.default_rng(0)
    users = rng.integers(0, n_users, _PAIRS)
    items = rng.integers(0, weights["item_bias"].shape[1], _PAIRS)
    lines = [_line(weights, draw, users, items) for draw in range(n_draws)]
    slopes, heights = np.array(lines, np.float32).T
    steep = {
        "user_factors": weights["user_factors"] * slopes[:, np.newaxis, np.newaxis],
        "user_bias": weights["user_bias"] * slopes[:, np.newaxis],
        "item_bias": weights["item_bias"] * slopes[:, np.newaxis],
    }
    return {**weights, **steep, "mean": np.asarray(heights.mean())}


def _line(
    weights: Weights, draw: int, users: NDArray[np.int64], items: NDArray[np.int64]
) -> tuple[float, float]:
    """Slope and height of the least-squares line from a draw's predictors to expected stars."""
    user, item = (weights[f"{side}_factors"][draw] for side in ("user", "item"))
    predictors = np.einsum("nd,nd->n", user[users], item[items]) + weights["mean"]
    predictors += weights["user_bias"][draw, users] + weights["item_bias"][draw, items]
    cuts = weights["cut_points"][draw].astype(np.float64)
    stars = expected_stars(predictors, cuts, weights["levels"], TABLE)
    centred = predictors - predictors.mean(dtype=np.float64)
    slope = float(centred @ stars / max(centred @ centred, np.finfo(np.float32).tiny))
    return slope, float(stars.mean(dtype=np.float64) - slope * predictors.mean(dtype=np.float64))
