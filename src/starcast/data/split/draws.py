"""Rows that are drawn: at random or by time, of all of them or of each user's."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from starcast.data.ids import Rows
from starcast.data.ratings import Ratings
from starcast.errors import ConfigError

Mask = NDArray[np.bool_]
Random = np.random.Generator


def random_rows(n: int, share: float, rng: Random) -> Mask:
    """A share of n rows."""
    mask = np.zeros(n, bool)
    mask[rng.permutation(n)[: round(n * share)]] = True
    return mask


def fold_rows(n: int, fold: int, n_folds: int, rng: Random) -> Mask:
    """The rows of a fold, counted from 1, of n rows that take the folds in turn, shuffled."""
    turn = np.arange(min(n_folds, n), dtype=np.min_scalar_type(n_folds))
    folds = np.tile(turn, n // len(turn) + 1)[:n]  # of few bytes, which a shuffle feels
    rng.shuffle(folds)
    mask: Mask = folds == fold - 1
    return mask


def latest(ratings: Ratings, share: float) -> Mask:
    """Everybody's last ratings; of equal times the later rows."""
    return _last(times_of(ratings), round(len(ratings) * share))


def latest_of_users(ratings: Ratings, share: float) -> Mask:
    """A share of each user's ratings, the last; of equal times the later rows."""
    return _last_of_users(ratings.user_rows, times_of(ratings), _share_of(ratings, share))


def random_of_users(ratings: Ratings, share: float, rng: Random) -> Mask:
    """A share of each user's ratings, any."""
    return _last_of_users(ratings.user_rows, rng.random(len(ratings)), _share_of(ratings, share))


def one_of_users(ratings: Ratings, rng: Random) -> Mask:
    """One rating of each user who has others: the last, or any where no times are known."""
    is_timed = ratings.timestamps is not None
    by = times_of(ratings) if is_timed else rng.random(len(ratings))
    return _last_of_users(ratings.user_rows, by, (_n_of_user(ratings) > 1).astype(np.int64))


def times_of(ratings: Ratings) -> NDArray[np.int64]:
    """The times. Raises: ConfigError: there are none."""
    if ratings.timestamps is None:
        raise ConfigError(f"{ratings.name} has no timestamps; a split by time needs them")
    return ratings.timestamps


def _n_of_user(ratings: Ratings) -> NDArray[np.int64]:
    return np.bincount(ratings.user_rows, minlength=ratings.n_users)


def _share_of(ratings: Ratings, share: float) -> NDArray[np.int64]:
    return np.round(_n_of_user(ratings) * share).astype(np.int64)


def _last_of_users(user_rows: Rows, by: NDArray[Any], n_of_user: NDArray[np.int64]) -> Mask:
    """So many rows of each user, the last by a key; of equal keys the later rows.

    Args:
        user_rows: int32 (n,), ascending.
        by: (n,), the key.
        n_of_user: int64 (n_users,).
    """
    ends = np.searchsorted(user_rows, np.arange(1, len(n_of_user) + 1, dtype=np.int32))
    starts, mask = np.append(0, ends[:-1]), np.zeros(len(user_rows), bool)
    chosen = np.flatnonzero(n_of_user)
    for user, n in zip(chosen.tolist(), n_of_user[chosen].tolist(), strict=True):
        mask[starts[user] : ends[user]] = _last(by[starts[user] : ends[user]], n)
    return mask


def _last(by: NDArray[Any], n: int) -> Mask:
    """The last `n` by a key; of equal keys the later rows. Finding a threshold beats sorting."""
    if not n:
        return np.zeros(len(by), bool)
    threshold = np.partition(by, -n)[-n]
    mask: Mask = by > threshold
    ties = np.flatnonzero(by == threshold)
    mask[ties[len(ties) - (n - np.count_nonzero(mask)) :]] = True
    return mask
