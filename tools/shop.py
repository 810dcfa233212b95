"""Ratings of a shop that does not exist: few of each product, and strong tastes for categories."""

import numpy as np

from starcast.data.ratings import Ratings

N_USERS, N_ITEMS, N_RATINGS, N_CATEGORIES = 3000, 2000, 50_000, 40
FAVOURITES = 2  # categories of a customer
LOYALTY = 0.8  # share of the ratings that are of these
_STARS = (1.0, 5.0)


def shop(seed: int = 0) -> Ratings:
    """50,000 ratings by 3,000 customers of 2,000 products in 40 categories.

    Customers are active, and products of a category popular, by a power law. A customer has two
    favourite categories, where four of five of their ratings lie, and likes them a star more.

    Args:
        seed: of everything random; the same seed gives the same ratings.

    >>> ratings = shop(1)
    >>> len(ratings), ratings.n_users <= N_USERS
    (50000, True)
    """
    rng = np.random.default_rng(seed)
    category = rng.integers(N_CATEGORIES, size=N_ITEMS)
    appeal = rng.pareto(1.2, N_ITEMS) + 0.05
    favourites = rng.integers(N_CATEGORIES, size=(N_USERS, FAVOURITES))
    activity = rng.pareto(1.5, N_USERS) + 0.2
    users = rng.choice(N_USERS, 4 * N_RATINGS, p=activity / activity.sum())
    loyal = rng.random(len(users)) < LOYALTY
    chosen = favourites[users, rng.integers(FAVOURITES, size=len(users))]
    wanted = np.where(loyal, chosen, rng.integers(N_CATEGORIES, size=len(users)))
    items = _picked(rng, wanted, category, appeal)
    first = np.sort(np.unique(users * N_ITEMS + items, return_index=True)[1])[:N_RATINGS]
    users, items = users[first], items[first]
    is_favourite = np.any(favourites[users] == category[items][:, np.newaxis], axis=1)
    quality = rng.normal(3.2, 0.5, N_ITEMS)
    stars = quality[items] + is_favourite + rng.normal(0, 0.7, len(users))
    return Ratings.from_columns(
        users,
        items,
        np.clip(np.round(stars), *_STARS).astype(np.float32),
        np.arange(len(users)),
        name="shop",
    )


def _picked(
    rng: np.random.Generator, wanted: np.ndarray, category: np.ndarray, appeal: np.ndarray
) -> np.ndarray:
    """A product of each wanted category, by its appeal; int64 (n,)."""
    items = np.empty(len(wanted), np.int64)
    for one in range(N_CATEGORIES):
        products, asked = np.flatnonzero(category == one), wanted == one
        odds = appeal[products] / appeal[products].sum()
        items[asked] = rng.choice(products, int(asked.sum()), p=odds)
    return items
