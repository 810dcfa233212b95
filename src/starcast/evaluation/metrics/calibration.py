"""Whether a user's list has the genres of what they rated, in the same proportions."""

from typing import Any, NamedTuple, final

import numpy as np
from numpy.typing import NDArray

from starcast.evaluation.metrics.ranking import Rows, listed_rows

Doubles = NDArray[np.float64]

SMOOTHING = 0.01  # α: share of the user's own proportions mixed into the list's
_BLOCK = 1024  # users whose proportions are held at once


@final
class Genres(NamedTuple):
    """What kinds the items are of: genres, categories or the like.

    Attributes:
        offsets: int64 (n_items + 1,); item i's are `values[offsets[i]:offsets[i + 1]]`.
        values: int (n,), rows in [0, n_values).
        n_values: how many kinds there are.
    """

    offsets: NDArray[np.int64]
    values: Rows
    n_values: int

    @classmethod
    def of(cls, item_rows: Rows, values: Rows, n_items: int, n_values: int) -> "Genres":
        """Kinds from pairs of an item and one of its kinds; int (n,) each, in any order."""
        counts = np.bincount(item_rows, minlength=n_items)
        by_item = np.argsort(item_rows, kind="stable")
        return cls(np.concatenate([[0], np.cumsum(counts)]), values[by_item], n_values)


def miscalibration(
    recommended_rows: Rows, rated_offsets: Rows, rated_rows: Rows, genres: Genres
) -> Doubles:
    """How far the genres of each user's list are from the genres of what the user rated.

    Every item shares its weight of 1 evenly among its genres. With p the resulting proportions of
    the items the user rated, q those of the list, and q̃ = (1 − α) q + α p with α = 0.01:
    KL(p ‖ q̃) = Σ_g p_g ln(p_g / q̃_g).

    Args:
        recommended_rows: int (n_users, k), rows in [0, n_items); −1 where a list holds nothing.
        rated_offsets, rated_rows: each user's rated items,
            `rated_rows[rated_offsets[u]:rated_offsets[u + 1]]`.
        genres: of the items.
    Returns: float64 (n_users,), nats; 0 where the proportions are equal, −ln α = 4.6 where nothing
        is shared; NaN for users of whose list or ratings no item has a genre.
    Raises: ValueError: empty lists, a row outside the catalogue, or offsets that do not fit.
    Source: Steck 2018, section 3 (C_KL). Deviations: none; items weigh the same at every place.
    """
    listed_rows(recommended_rows, len(genres.offsets) - 1)
    if len(rated_offsets) != len(recommended_rows) + 1 or rated_offsets[-1] != len(rated_rows):
        raise ValueError("rated_offsets must fit the lists, and rise to the end of rated_rows")
    k = recommended_rows.shape[1]
    divergence = np.empty(len(recommended_rows))
    for start in range(0, len(divergence), _BLOCK):
        lists = recommended_rows[start : start + _BLOCK]
        users, bounds = np.arange(len(lists)), rated_offsets[start : start + len(lists) + 1]
        rated = _proportions(
            np.repeat(users, np.diff(bounds)),
            rated_rows[bounds[0] : bounds[-1]],
            len(lists),
            genres,
        )
        is_listed = lists.ravel() >= 0
        at = np.repeat(users, k)[is_listed]
        listed = _proportions(at, lists.ravel()[is_listed], len(lists), genres)
        divergence[start : start + len(lists)] = _divergence(rated, listed)
    return divergence


def _proportions(users: Rows, item_rows: Rows, n_users: int, genres: Genres) -> Doubles:
    """Genres of the items of each user, float64 (n_users, n_values); NaN where there are none."""
    first = genres.offsets[item_rows]
    counts = genres.offsets[item_rows + 1] - first
    at = np.repeat(first - np.cumsum(counts) + counts, counts) + np.arange(counts.sum())
    cells = np.repeat(users, counts) * genres.n_values + genres.values[at]
    shares = np.repeat(1 / np.maximum(counts, 1), counts)
    table: NDArray[Any] = np.bincount(cells, shares, n_users * genres.n_values)
    table = table.reshape(n_users, genres.n_values)
    with np.errstate(invalid="ignore"):
        return np.asarray(table / table.sum(axis=1, keepdims=True))


def _divergence(rated: Doubles, listed: Doubles) -> Doubles:
    smoothed = (1 - SMOOTHING) * listed + SMOOTHING * rated
    with np.errstate(invalid="ignore", divide="ignore"):  # 0 · ln 0 counts as 0
        terms = rated * np.log(rated / smoothed)
    return np.asarray(np.where(rated == 0, 0.0, terms).sum(axis=1))
