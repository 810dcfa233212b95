"""Ratings that nobody gave: any number of them, with the crowding of films and of users."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from starcast.data.ids import Vocabulary
from starcast.data.ratings import Ratings
from starcast.data.scale import RatingScale

_AT_ONCE = 5_000_000
_SCALE = RatingScale(0.5, 5.0, 0.5)


def synthetic(n_ratings: int, n_users: int, n_items: int, seed: int) -> Ratings:
    """Distinct pairs with heavy tails on both sides, and stars with a bias per user and item.

    Users' activity is lognormal with the spread of MovieLens 20M; the item of rank r is drawn with
    a probability ∝ (r + q)^-2, q = n_items / 50 (Zipf with Mandelbrot's shift), which leaves the
    most popular of 27,000 items with a fifth of 138,000 users. Accuracy on it means nothing.

    Args:
        n_ratings: rows, at most a third of all pairs.
        n_users, n_items: of the vocabularies; a few of them may have no rows.
        seed: equal seeds, equal ratings.
    """
    rng = np.random.default_rng(seed)
    activity = np.minimum(np.exp(rng.normal(0, 1.17, n_users)), 50)
    popularity = (np.arange(n_items) + n_items / 50) ** -2.0
    shuffled = rng.permutation(n_items)  # popular items are anywhere in the catalogue
    keys = np.empty(0, np.int64)
    generosity = 1.1  # grows, as whoever is busy and popular repeats the more
    while len(keys) < n_ratings:
        wanted = generosity * (n_ratings - len(keys)) + 100
        fresh = _pairs(rng, wanted, activity, popularity, shuffled)
        keys = _distinct(np.concatenate([keys, fresh]))
        generosity *= 1.5
    surplus = rng.choice(len(keys), len(keys) - n_ratings, replace=False, shuffle=False)
    keys = np.delete(keys, surplus)
    user_rows = (keys // n_items).astype(np.int32)
    item_rows = (keys % n_items).astype(np.int32)
    return Ratings.from_rows(
        Vocabulary(np.arange(1, n_users + 1), "user"),
        Vocabulary(np.arange(1, n_items + 1), "item"),
        user_rows,
        item_rows,
        _stars(rng, user_rows, item_rows, n_users, n_items),
        scale=_SCALE,
        name="synthetic",
    )


def _distinct(keys: NDArray[np.int64]) -> NDArray[np.int64]:
    """Sorted, each once; np.unique would hash them first, at ten times the cost."""
    keys.sort()
    is_new = np.ones(len(keys), bool)
    np.not_equal(keys[1:], keys[:-1], out=is_new[1:])
    return keys[is_new]


def _pairs(
    rng: np.random.Generator,
    n: float,
    activity: NDArray[np.floating[Any]],
    popularity: NDArray[np.floating[Any]],
    shuffled: NDArray[np.int64],
) -> NDArray[np.int64]:
    """About n pairs as numbers user · n_items + item, repeats among them."""
    n_items = len(popularity)
    counts = np.round(n * activity / activity.sum() + rng.random(len(activity)) - 0.5)
    keys = np.repeat(np.arange(len(activity)) * n_items, counts.astype(np.int64))
    below = np.cumsum(popularity / popularity.sum())
    for start in range(0, len(keys), _AT_ONCE):
        part = keys[start : start + _AT_ONCE]
        drawn = np.minimum(np.searchsorted(below, rng.random(len(part))), n_items - 1)
        part += shuffled[drawn]
    return keys


def _stars(
    rng: np.random.Generator,
    user_rows: NDArray[np.int32],
    item_rows: NDArray[np.int32],
    n_users: int,
    n_items: int,
) -> NDArray[np.float32]:
    user_bias = rng.normal(0, 0.42, n_users).astype(np.float32)
    item_bias = rng.normal(0, 0.45, n_items).astype(np.float32)
    stars = np.empty(len(user_rows), np.float32)
    for start in range(0, len(stars), _AT_ONCE):
        part = slice(start, start + _AT_ONCE)
        noise = rng.normal(0, 0.8, len(stars[part]))
        raw = 3.5 + user_bias[user_rows[part]] + item_bias[item_rows[part]] + noise
        stars[part] = np.clip(np.round(2 * raw) / 2, _SCALE.lowest, _SCALE.highest)
    return stars
