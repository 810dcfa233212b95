"""Stars as steps: an ordered logit over the number that a network ends in, as an expression.

A rating stands above step k with the chance σ(f - c_k), f what the network says and c_k the step's
cut point. Predicted stars are the mean of the levels by these chances; trained is the likelihood.

Source: McCullagh 1980 (the proportional odds model). Cut points are weights, added to what the
shares of the levels suggest.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from starcast.data.ratings import Ratings
from starcast.data.scale import MOST_LEVELS
from starcast.data.units import Units
from starcast.engines.expression import Expression, constant, weight
from starcast.errors import ConfigError

CUTS = "cut_points"
LEAST = 1e-7  # chance of a level, so that none is beyond all loss,
STEEPEST = 10.0  # and none throws cut points about that have come close

Array = NDArray[np.floating[Any]]


def in_steps(network: Expression, ratings: Ratings) -> Expression:
    """The mean response of a network that ends in f.

    Args:
        network: hands on a number, which starts at the mean of the ratings.
        ratings: whose levels there are; in stars.
    Raises: ConfigError: they are no steps.
    """
    levels, counts = np.unique(Units.of(ratings).values(ratings.stars), return_counts=True)
    if not 2 <= len(levels) <= MOST_LEVELS:
        raise ConfigError(
            f"the loss 'ordinal' takes ratings as steps, from 2 to {MOST_LEVELS}; {ratings.name} "
            f"has {len(levels):,} different ones; use --loss mse or huber"
        )
    shares = np.cumsum(counts)[:-1] / counts.sum()
    mean = float(np.average(levels, weights=counts))
    cuts = constant((mean + np.log(shares / (1 - shares))).tolist()) + weight(CUTS, len(shares))
    above = (network.column() - cuts).apply("sigmoid")
    return (above * constant(np.diff(levels).tolist())).total() + float(levels[0])


def steps_of(network: Expression) -> tuple[Expression, Array] | None:
    """What hands on f - c_k, and the levels in units; None of a network without steps."""
    for part in network.parts():
        if part.kind == "sigmoid" and any(CUTS in one.weights for one in part.inputs[0].parts()):
            (rises,) = (one for one in _above(network, part).inputs if one.kind == "constant")
            first = next(one for one in network.inputs if one.kind == "constant")
            levels = np.cumsum([*first.numbers, *rises.numbers])
            return part.inputs[0], levels.astype(np.float32)
    return None


def unlikelihood(
    distances: Array, stars: Array, levels: Array
) -> tuple[NDArray[np.float64], Array]:
    """-log of the chance of each rating, and how it moves with the distances.

    Args:
        distances: (n, n_levels - 1), f - c_k.
        stars: (n,), in units.
        levels: (n_levels,), in units, ascending.
    Returns: float64 (n,); as the distances.
    """
    n, rows = len(stars), np.arange(len(stars))
    level = np.searchsorted(borders_of(levels), stars)
    above = np.zeros((n, len(levels) + 1))
    above[:, 0] = 1
    above[:, 1:-1] = 0.5 + 0.5 * np.tanh(0.5 * distances.astype(np.float64))
    chance = np.maximum(above[rows, level] - above[rows, level + 1], LEAST)
    bent = above * (1 - above) / chance[:, np.newaxis]
    slopes = np.zeros_like(above)
    slopes[rows, level] = -bent[rows, level]
    slopes[rows, level + 1] += bent[rows, level + 1]
    steep = np.clip(slopes[:, 1:-1], -STEEPEST, STEEPEST)
    return -np.log(chance), steep.astype(distances.dtype)


def borders_of(levels: Array) -> Array:
    """Half way between levels (n_levels,): which of them a number in units is."""
    return np.asarray((levels[1:] + levels[:-1]) / 2)


def _above(network: Expression, part: Expression) -> Expression:
    """What reads a part."""
    return next(one for one in network.parts() if part in one.inputs)
