"""The data that models are checked on: 60 users, 40 items, half of the cells rated.

They come out of biases and two factors that were planted, plus a little noise, so that a model of
tastes finds them. Attributes are told, too, and have nothing to do with the ratings.
"""

from dataclasses import replace
from functools import cache

import numpy as np
from numpy.typing import NDArray

from starcast.data.ids import Vocabulary
from starcast.data.ratings import Attribute, Ratings
from starcast.data.scale import RatingScale
from starcast.data.split import Split, SplitPlan
from starcast.engines.rows import SparseRows

N_USERS, N_ITEMS = 60, 40
EVERY_USER = np.arange(N_USERS, dtype=np.int32)


@cache
def planted() -> Ratings:
    """Half of the cells of μ + b_u + b_i + p_u · q_i + noise; scale and stars need no rounding."""
    rng = np.random.default_rng(1)
    user, item = (rng.normal(0, 1, (n, 2)) for n in (N_USERS, N_ITEMS))
    user_bias, item_bias = (rng.normal(0, 0.4, n) for n in (N_USERS, N_ITEMS))
    users, items = np.nonzero(rng.random((N_USERS, N_ITEMS)) < 0.5)
    stars = 3 + user_bias[users] + item_bias[items] + np.sum(user[users] * item[items], axis=1)
    ratings = Ratings.from_rows(
        Vocabulary(np.arange(N_USERS), "user"),
        Vocabulary(np.arange(N_ITEMS), "item"),
        users.astype(np.int32),
        items.astype(np.int32),
        stars + rng.normal(0, 0.1, len(users)),
        scale=RatingScale(-17, 23, 0.5),
        name="planted",
    )
    return replace(ratings, attributes=attributes_of(ratings))


@cache
def crowd() -> Ratings:
    """Enough ratings, 1 to 5 at random, for several threads."""
    rng = np.random.default_rng(2)
    users, items = np.nonzero(rng.random((300, 1000)) < 0.05)
    ratings = Ratings.from_rows(
        Vocabulary(np.arange(300), "user"),
        Vocabulary(np.arange(1000), "item"),
        users.astype(np.int32),
        items.astype(np.int32),
        rng.integers(1, 6, len(users)).astype(np.float32),
    )
    return replace(ratings, attributes=attributes_of(ratings))


@cache
def split() -> Split:
    """Of the planted ratings."""
    return SplitPlan(seed=1).divide(planted())


def histories() -> SparseRows:
    """Who rated what among the planted ratings."""
    return SparseRows.by_user(planted())


def own_ratings(user: int) -> Ratings:
    """What a user rated in the training rows."""
    train = split().train
    return train.take(train.user_rows == user)


def bias_only(train: Ratings, test: Ratings) -> NDArray[np.float64]:
    """Predictions of μ + b_u + b_i, by least squares with a trace of ridge."""
    n = len(train)
    design = np.zeros((n, N_USERS + N_ITEMS))
    design[np.arange(n), train.user_rows] = design[np.arange(n), N_USERS + train.item_rows] = 1
    mean = float(train.stars.mean())
    gram = design.T @ design + 0.1 * np.eye(N_USERS + N_ITEMS)
    biases = np.linalg.solve(gram, design.T @ (train.stars - mean))
    return np.asarray(mean + biases[test.user_rows] + biases[N_USERS + test.item_rows])


def attributes_of(ratings: Ratings) -> tuple[Attribute, ...]:
    """As MovieLens tells, of everybody and every item."""
    users, items = ratings.users, ratings.items
    told = {
        (users, "age"): ["18", "25", "35"],
        (users, "gender"): ["F", "M"],
        (users, "occupation"): ["artist", "doctor", "writer", "retired"],
        (items, "genre"): ["Comedy", "Drama", "War", "Western"],
        (items, "year"): ["1980", "1990", "1995"],
    }
    return tuple(
        Attribute.of(of, name, {one: [values[one % len(values)]] for one in of.ids.tolist()})
        for (of, name), values in told.items()
    )
