"""The latent factor model in plain float64 NumPy, to check the compiled loops against."""

from collections.abc import Iterator, Mapping
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from starcast.data.ids import Vocabulary
from starcast.data.ratings import Ratings
from starcast.data.scale import RatingScale

Doubles = dict[str, NDArray[np.float64]]
Given = Mapping[str, NDArray[Any]]
TABLES = ("user_factors", "user_bias", "item_factors", "item_bias")


def ratings_of(rows: list[tuple[int, int, float]], n_users: int, n_items: int) -> Ratings:
    """Ratings from (user row, item row, stars), over users 0, 1, … and items 0, 1, …"""
    users, items, stars = zip(*rows, strict=True)
    return Ratings.from_rows(
        Vocabulary(np.arange(n_users), "user"),
        Vocabulary(np.arange(n_items), "item"),
        np.array(users, np.int32),
        np.array(items, np.int32),
        np.array(stars),
        scale=RatingScale(1, 5, 0.5),
    )


def random_ratings(n_users: int, n_items: int, share: float, seed: int) -> Ratings:
    """A random share of all cells, with random stars."""
    rng = np.random.default_rng(seed)
    cells = np.argwhere(rng.random((n_users, n_items)) < share)
    stars = rng.integers(1, 6, len(cells))
    rows = [(u, i, s) for (u, i), s in zip(cells.tolist(), stars.tolist(), strict=True)]
    return ratings_of(rows, n_users, n_items)


def random_weights(ratings: Ratings, dimension: int, seed: int) -> dict[str, NDArray[np.float32]]:
    """Weights far enough from zero for every term of every gradient to show."""
    rng = np.random.default_rng(seed)
    shapes = {
        "user_factors": (ratings.n_users, dimension),
        "user_bias": (ratings.n_users,),
        "item_factors": (ratings.n_items, dimension),
        "item_bias": (ratings.n_items,),
    }
    drawn = {name: rng.normal(0, 0.5, shape).astype(np.float32) for name, shape in shapes.items()}
    return drawn | {"mean": np.array(ratings.stars.mean(dtype=np.float64), np.float32)}


def doubles(weights: Given) -> Doubles:
    """Copies in float64."""
    return {name: np.array(array, np.float64) for name, array in weights.items()}


def errors(weights: Given, ratings: Ratings) -> NDArray[np.float64]:
    """Stars less predictions, float64 (n,)."""
    exact, u, i = doubles(weights), ratings.user_rows, ratings.item_rows
    products = np.sum(exact["user_factors"][u] * exact["item_factors"][i], axis=1)
    predictions = exact["mean"] + exact["user_bias"][u] + exact["item_bias"][i] + products
    return np.asarray(ratings.stars - predictions)


def objective(weights: Given, ratings: Ratings, penalty: float) -> float:
    """½ Σ error² + ½ λ Σ (|p_u|² + b_u² + |q_i|² + b_i²), both sums over the ratings."""
    exact, norms = doubles(weights), 0.0
    for u, i in zip(ratings.user_rows, ratings.item_rows, strict=True):
        norms += np.sum(exact["user_factors"][u] ** 2) + exact["user_bias"][u] ** 2
        norms += np.sum(exact["item_factors"][i] ** 2) + exact["item_bias"][i] ** 2
    return float(0.5 * np.sum(errors(exact, ratings) ** 2) + 0.5 * penalty * norms)


def slopes(weights: Given, ratings: Ratings, penalty: float) -> Doubles:
    """Central differences of the objective: exact but for rounding, as it is quadratic in each."""
    step = 0.25
    found = {name: np.zeros_like(array) for name, array in doubles(weights).items()}
    for name in TABLES:
        for place in np.ndindex(found[name].shape):
            moved = doubles(weights)
            moved[name][place] += step
            above = objective(moved, ratings, penalty)
            moved[name][place] -= 2 * step
            found[name][place] = (above - objective(moved, ratings, penalty)) / (2 * step)
    return {name: found[name] for name in TABLES}


def largest_difference(ours: Given, theirs: Given) -> float:
    """Between two sets of tables."""
    return max(float(np.abs(ours[name] - theirs[name]).max()) for name in TABLES)


def batchings(rows: list[int], size: int) -> Iterator[list[list[int]]]:
    """Every way to visit rows in batches of a size (the last may be smaller), in every order."""
    if len(rows) <= size:
        yield [rows]
        return
    for batch in combinations(rows, size):
        rest = [row for row in rows if row not in batch]
        for others in batchings(rest, size):
            yield [list(batch), *others]
