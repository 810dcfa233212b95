"""The Bayesian factor model in float64 NumPy, every feature of every rating written out."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from starcast.data.ratings import Ratings
from starcast.engines.bayesian.design import FeatureGroups

Doubles = NDArray[np.float64]


def dense_features(groups: FeatureGroups) -> Doubles:
    """float64 (n_rows, n_features): what every feature weighs for every row."""
    n_rows, n_features = groups.scales.shape[1], len(groups.starts) - 1
    dense = np.zeros((n_rows, n_features))
    for feature in range(n_features):
        of_group = int(np.searchsorted(groups.bounds, feature, side="right")) - 1
        for member in groups.members[groups.starts[feature] : groups.starts[feature + 1]]:
            dense[member, feature] = groups.scales[of_group, member]
    return dense


def side_posterior(
    design: Doubles, other: Doubles, targets: Doubles, alpha: float, means: Doubles,
    precisions: Doubles,
) -> tuple[Doubles, Doubles]:  # fmt: skip
    """Mean and covariance of all coordinates of one factor of one side, by dense linear algebra.

    Args:
        design: (n_ratings, n_coordinates), own coordinates first, then features.
        other: (n_ratings,), the other side's factor.
        targets: (n_ratings,), ratings less everything but this side's factor.
        alpha: precision of the noise.
        means, precisions: (n_coordinates,), of the normal priors.
    """
    slopes = design * other[:, np.newaxis]
    information = alpha * slopes.T @ slopes + np.diag(precisions)
    covariance = np.linalg.inv(information).astype(np.float64)
    return covariance @ (alpha * slopes.T @ targets + precisions * means), covariance


def expanded(groups: FeatureGroups, rows: NDArray[Any]) -> Doubles:
    """(n_ratings, n_rows + n_features): own coordinate and features, rating by rating."""
    design: Doubles = np.hstack([np.eye(groups.scales.shape[1]), dense_features(groups)])
    return np.asarray(design[rows])


def predictions(user_total: NDArray[Any], item_total: NDArray[Any], train: Ratings) -> Doubles:
    """ŷ of every rating from totals (d + 1, n) of both sides; line 0 is linear."""
    p, q = user_total[:, train.user_rows], item_total[:, train.item_rows]
    return np.asarray(p[0] + q[0] + (p[1:] * q[1:]).sum(axis=0))
