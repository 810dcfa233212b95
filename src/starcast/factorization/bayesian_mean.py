"""From draws of a posterior to one factor model, in whose tables another model may start."""

import numpy as np
from numpy.typing import NDArray

from starcast.engine import Weights
from starcast.errors import ConfigError


def posterior_mean(weights: Weights, dimension: int) -> dict[str, NDArray[np.float32]]:
    """The latent factor model nearest to the mean prediction of all draws.

    The mean of p_u · q_i over S draws is itself an inner product, of S·d factors; its best
    approximation by `dimension` factors comes from the singular values. Draws themselves must not
    be averaged: each has turned its factors its own way.

    Args:
        weights: of a Gaussian model, as `BayesianEngine.weights()` gives them.
        dimension: of the result.
    Returns: mean, user_factors, user_bias, item_factors, item_bias, as the latent factor model's.
    Raises: ConfigError: draws of a probit model, whose opinions are not in stars.
    Source: Eckart & Young 1936.
    """
    if "levels" in weights:
        raise ConfigError("only a model sampled with likelihood 'gaussian' has a mean in stars")
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
    deployed = {name: table * roots[:width] for name, table in factors.items()}
    deployed |= {name: weights[name].mean(axis=0) for name in ("user_bias", "item_bias")}
    return {name: table.astype(np.float32) for name, table in deployed.items()} | {
        "mean": np.array(weights["mean"], np.float32)
    }
