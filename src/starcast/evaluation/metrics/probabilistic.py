"""How good chances are that are given for every rating: log loss, CRPS, and coverage.

All take the chances of each row to lie at or below each of the ratings that there are, ascending,
but the last, at or below which every row lies.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Doubles = NDArray[np.float64]

_LEAST = 1e-15  # a chance of 0 counts as this


def log_loss(below: Doubles, which: NDArray[np.integer[Any]]) -> Doubles:
    """−ln of the chance that was given to what came, in nats; lower is better.

    Args:
        below: (n, n_levels - 1), chances to lie at or below each level but the last.
        which: (n,), the level of the rating, counted from 0.
    Returns: float64 (n,), 34.5 at most.
    Source: Good 1952; Gneiting, Raftery 2007, section 4.1.

    >>> log_loss(np.array([[0.25]]), np.array([1])).round(4)
    array([0.2877])
    """
    low, high = _ends(below, which)
    return np.asarray(-np.log(np.maximum(high - low, _LEAST)))


def crps(below: Doubles, which: NDArray[np.integer[Any]], levels: Doubles) -> Doubles:
    """Continuous ranked probability score, ∫ (F(x) − [x ≥ rating])² dx, in stars; lower is better.

    A prediction without doubt has its absolute error.

    Args:
        below, which: as for `log_loss`.
        levels: (n_levels,), the ratings that there are, ascending.
    Returns: float64 (n,).
    Source: Gneiting, Raftery 2007, eq. 20; of a distribution on levels F is constant between two.

    >>> crps(np.array([[0.5, 1.0]]), np.array([0]), np.array([1.0, 2.0, 5.0]))
    array([0.25])
    """
    has_come = np.arange(below.shape[1]) >= which[:, np.newaxis]
    return np.asarray((below - has_come) ** 2 @ np.diff(levels))


def coverage_of_intervals(
    below: Doubles, which: NDArray[np.integer[Any]], shares: Doubles
) -> Doubles:
    """How often the rating lies in the central interval that ought to hold some share of all.

    No interval of a few levels holds exactly 80 %, so a level on its border counts by the part of
    its chance that lies within. Chances that are right then hold just the share, on any scale.

    Args:
        below, which: as for `log_loss`.
        shares: (n_shares,), in (0, 1).
    Returns: float64 (n_shares,), mean over the rows.
    Source: Czado, Gneiting, Held 2009, section 2.1 (PIT of counts, not randomised).

    >>> coverage_of_intervals(np.array([[0.5]]), np.array([0]), np.array([0.8]))
    array([0.8])
    """
    low, high = _ends(below, which)
    width = np.maximum(high - low, _LEAST)
    found = []
    for share in shares:
        within = np.minimum(high, (1 + share) / 2) - np.maximum(low, (1 - share) / 2)
        found.append(np.mean(np.clip(within / width, 0, 1)))
    return np.array(found)


def _ends(below: Doubles, which: NDArray[np.integer[Any]]) -> tuple[Doubles, Doubles]:
    """The chances to lie below the rating that came, and at or below it."""
    n = len(below)
    whole = np.hstack([np.zeros((n, 1)), below, np.ones((n, 1))])
    rows = np.arange(n)
    return whole[rows, which], whole[rows, which + 1]
