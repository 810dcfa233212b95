"""Draws of one factor of one side: its priors, the features' coordinates, the rows' own.

For a row of a side, the ratings enter through Σ e·x and Σ x² only (x: the other side). A coordinate
that the row shares has variance 1/λ and mean μ in its group; α is the precision of the noise.

Sources: Rendle 2012, section 4.1.3 (conditionals of coordinates, μ and λ); Salakhutdinov & Mnih
2008, eq. 14 (λ with μ integrated out).
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from starcast.engines.bayesian.design import FeatureGroups
from starcast.engines.compiled import serial

# A row without ratings weighs nothing beside any prior, yet it follows what its features add.
TRACE = np.float32(1e-30)

Columns = NDArray[np.float32]


class Hyperprior(NamedTuple):
    """λ ~ Γ(α₀/2, β₀/2) and μ ~ N(0, 1/(γ₀λ)) of every group and factor; α ~ Γ(α₀/2, β₀/2)."""

    alpha_0: float = 1.0
    beta_0: float = 1.0
    gamma_0: float = 1.0


USUAL = Hyperprior()


class Side(NamedTuple):
    """The coordinates of all users, or of all items, one line per factor; line 0 is linear.

    Attributes:
        own: float32 (d + 1, n), the row's own coordinates.
        features: float32 (d + 1, n_features).
        total: float32 (d + 1, n), own plus what the features add: the deployed factors.
        groups: which row has which features.
        seen: bool (n,), whether the row has a training rating; the others keep the prior's mean.
        hyperprior: of the groups' priors.
    """

    own: Columns
    features: Columns
    total: Columns
    groups: FeatureGroups
    seen: NDArray[np.bool_]
    hyperprior: Hyperprior = USUAL


class Noise(NamedTuple):
    """The random numbers of one side in one sweep, drawn beforehand.

    Attributes:
        own: float32 (d + 1, n), standard normal.
        features: float32 (d + 1, n_features), standard normal.
        precision: float64 (d + 1, 1 + n_groups), gamma of shape (α₀ + size of the group) / 2.
        mean: float64 (d + 1, 1 + n_groups), standard normal.
    """

    own: Columns
    features: Columns
    precision: NDArray[np.float64]
    mean: NDArray[np.float64]


def draw_noise(side: Side, rng: np.random.Generator) -> Noise:
    """Fresh random numbers for one sweep; the own coordinates' prior comes first."""
    sizes = np.concatenate([[np.count_nonzero(side.seen)], np.diff(side.groups.bounds)])
    shape = (len(side.total), len(sizes))
    return Noise(
        rng.standard_normal(side.own.shape, np.float32),
        rng.standard_normal(side.features.shape, np.float32),
        rng.standard_gamma((side.hyperprior.alpha_0 + sizes) / 2, shape),
        rng.standard_normal(shape),
    )


@serial
def draw_side(side: Any, f: int, sums: Any, alpha: Any, noise: Any, change: Any) -> Any:
    """Draw the priors and then the coordinates of factor `f` of one side.

    Args:
        side: Side, changed in place.
        sums: Σ e·x and Σ x² of every row, float32 (n,) each.
        alpha: precision of the noise, float32.
        noise: Noise.
        change: float32 (n,), becomes the change of `side.total[f]`.
    Returns: the priors, as `draw_priors`.
    """
    priors = draw_priors(side, f, noise)
    draw_coordinates(side, f, sums, alpha, priors, noise, change)
    return priors


@serial
def draw_priors(side: Any, f: int, noise: Any) -> Any:
    """μ and λ of the own coordinates and of each group; float32 (1 + n_groups, 2)."""
    bounds = side.groups.bounds
    priors = np.empty((len(bounds), 2), np.float32)
    for g in range(len(bounds)):
        values = side.features[f, bounds[g - 1] : bounds[g]] if g > 0 else _seen(side, f)
        priors[g, 0], priors[g, 1] = draw_prior(
            values, noise.precision[f, g], noise.mean[f, g], side.hyperprior
        )
    return priors


@serial
def _seen(side: Any, f: int) -> Any:
    """The own coordinates of factor `f` of rows with ratings; none where rows have none of it."""
    values, count = np.empty(len(side.seen), np.float32), 0
    if f < len(side.own):
        for n in range(len(side.seen)):
            if side.seen[n]:
                values[count] = side.own[f, n]
                count += 1
    return values[:count]


@serial
def draw_coordinates(
    side: Any, f: int, sums: Any, alpha: Any, priors: Any, noise: Any, change: Any
) -> None:
    """Draw the coordinates of factor `f` of one side, given priors.

    The own coordinates are integrated out while features are drawn, and drawn after them: the same
    posterior, but the chain need not creep along directions in which either explains the ratings.

    Args:
        priors: float32 (1 + n_groups, 2), μ and λ of the own coordinates and of each group.
        side, sums, alpha, noise, change: as in `draw_side`.
    Source: Liu 1994 (collapsing).
    """
    own = side.own[f]
    weights, targets = without_own(own, sums, alpha, priors[0])
    before = targets.copy()
    draw_groups(side, f, priors, noise, weights, targets)
    for n in range(len(own)):
        change[n] = (before[n] - targets[n]) / weights[n]
    draw_own(own, side.seen, sums, alpha, priors[0], noise.own[f], change)
    for n in range(len(own)):
        side.total[f, n] += change[n]


@serial
def draw_prior(values: Any, gamma: float, normal: float, hyperprior: Any) -> tuple[Any, Any]:
    """μ and λ of a group given its coordinates: λ with μ integrated out, then μ.

    Args:
        values: float32 (n,).
        gamma: a draw from Γ((α₀ + n) / 2, 1).
        normal: a standard normal draw.
    """
    _, beta_0, gamma_0 = hyperprior
    n, total, squares = len(values), 0.0, 0.0
    for value in values:
        total += value
    mean = total / max(n, 1)
    for value in values:
        squares += (value - mean) ** 2
    scatter = beta_0 + squares + gamma_0 * n / (gamma_0 + n) * mean**2
    precision = gamma / (scatter / 2)
    drawn = total / (gamma_0 + n) + normal / np.sqrt((gamma_0 + n) * precision)
    return np.float32(drawn), np.float32(precision)


@serial
def without_own(own: Any, sums: Any, alpha: Any, prior: Any) -> tuple[Any, Any]:
    """How a row's ratings bear on its features once its own coordinate is integrated out.

    A row sees Σ scale·w with precision κ = αΣx²·λ / (αΣx² + λ), about a residual r.

    Returns: κ and κ·r, float32 (n,) each.
    """
    mean, precision = prior
    weights, targets = np.empty_like(own), np.empty_like(own)
    for n in range(len(own)):
        information = alpha * sums[1][n]
        share = precision / (information + precision)
        weights[n] = max(share * information, TRACE)
        targets[n] = share * alpha * sums[0][n] + weights[n] * (own[n] - mean)
    return weights, targets


@serial
def draw_groups(side: Any, f: int, priors: Any, noise: Any, weights: Any, targets: Any) -> None:
    """Draw the features, group after group; `targets` follow every change."""
    groups = side.groups
    for g in range(len(groups.bounds) - 1):
        low, high = groups.bounds[g], groups.bounds[g + 1]
        _draw_features(
            side.features[f, low:high], priors[g + 1], groups.starts[low : high + 1],
            groups.members, groups.scales[g], weights, targets, noise.features[f, low:high],
        )  # fmt: skip


@serial
def _draw_features(
    features: Any, prior: Any, starts: Any, members: Any, scale: Any, weights: Any, targets: Any,
    normal: Any,
) -> None:  # fmt: skip
    """Draw a group's coordinates one after another; `targets` follow every change."""
    mean, precision = prior
    scaled_weights, scaled_targets = np.empty_like(weights), np.empty_like(targets)
    for n in range(len(targets)):
        scaled_weights[n] = scale[n] * scale[n] * weights[n]
        scaled_targets[n] = scale[n] * targets[n]
    for j in range(len(features)):
        information, target = np.float32(0), np.float32(0)
        for n in range(starts[j], starts[j + 1]):
            information += scaled_weights[members[n]]
            target += scaled_targets[members[n]]
        old, total = features[j], precision + information
        features[j] = (precision * mean + target + information * old) / total
        features[j] += normal[j] / np.sqrt(total)
        change = features[j] - old
        for n in range(starts[j], starts[j + 1]):
            scaled_targets[members[n]] -= change * scaled_weights[members[n]]
    for n in range(len(targets)):
        if scale[n] > 0:
            targets[n] = scaled_targets[n] / scale[n]


@serial
def draw_own(
    own: Any, seen: Any, sums: Any, alpha: Any, prior: Any, normal: Any, change: Any
) -> None:
    """Draw the rows' own coordinates, given that features moved their totals by `change`."""
    mean, precision = prior
    for n in range(len(own)):
        information, old = alpha * sums[1][n], own[n]
        total = precision + information
        target = precision * mean + alpha * sums[0][n] + information * (old - change[n])
        own[n] = target / total + normal[n] / np.sqrt(total) if seen[n] else mean
        change[n] += own[n] - old
