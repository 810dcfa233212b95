"""A model of random factors over a small catalogue with columns of every kind."""

from typing import Any, NamedTuple

import numpy as np

from starcast.artifacts.artifact import Arrays, Artifact
from starcast.data import attributes
from starcast.data.attributes import Item
from starcast.data.ids import Vocabulary
from starcast.data.ratings import Ratings
from starcast.data.split import SplitPlan
from starcast.engines.settings import MiniBatchSettings

N_USERS, N_ITEMS = 40, 60
GENRES = ("Comedy", "Drama", "Sci-Fi", "War")
DIRECTORS = ("Ana Ó", "bob", "O'Hara", "Ång, Lee")


class Row(NamedTuple):
    """What is known of an item, as a reader of its line would have it."""

    title: str
    year: int | None
    genres: list[str]
    price: float | None
    director: list[str]


def rows() -> list[Row]:
    """Items 0 to 59. A third have no price, some no director, genre or year."""
    rng = np.random.default_rng(11)

    def some(names: tuple[str, ...], most: int) -> list[str]:
        return sorted(rng.permutation(names)[: rng.integers(0, most + 1)].tolist())

    made = []
    for n in range(N_ITEMS):
        year = None if n % 11 == 0 else int(rng.integers(1970, 1980))
        price = None if n % 3 == 0 else float(rng.integers(1, 9)) / 2
        title = f"{'Heat' if n % 7 == 0 else 'Été'} {n}" + (f" ({year})" if year else "")
        made.append(Row(title, year, some(GENRES, 3), price, some(DIRECTORS, 2)))
    return made


def random_factors(rng: np.random.Generator, n_users: int, n_items: int) -> Arrays:
    """Weights of a latent factor model of three dimensions."""
    shapes = {
        "mean": (), "user_factors": (n_users, 3), "item_factors": (n_items, 3),
        "user_bias": (n_users,), "item_bias": (n_items,),
    }  # fmt: skip
    return {name: rng.normal(0, 1, shape).astype(np.float32) for name, shape in shapes.items()}


def artifact(model: str = "latent-factor-model") -> Artifact:
    """Random factors; users 0 to 39 rated a fifth of the items each."""
    rng = np.random.default_rng(5)
    weights = random_factors(rng, N_USERS, N_ITEMS)
    user_rows, item_rows = np.nonzero(rng.random((N_USERS, N_ITEMS)) < 0.2)
    users, items = Vocabulary(np.arange(N_USERS), "user"), Vocabulary(np.arange(N_ITEMS), "item")
    known = {n: _item(row) for n, row in enumerate(rows())}
    ratings = Ratings.from_rows(
        users, items, user_rows.astype(np.int32), item_rows.astype(np.int32),
        rng.integers(1, 6, len(user_rows)).astype(np.float32),
        titles={n: item.title for n, item in known.items()},
        attributes=attributes.of_items(items, known),
    )  # fmt: skip
    return Artifact(
        model=model,
        config=MiniBatchSettings(dimension=3),
        seed=1,
        weights=weights,
        weights_before_refit=weights,
        split=SplitPlan().divide(ratings),
        best_epoch=1,
        history=(),
    )


def _item(row: Row) -> Item:
    others = {"price": row.price, "director": "|".join(row.director), "and": len(row.genres)}
    cells: dict[str, Any] = {name: str(value) for name, value in others.items() if value}
    return Item(row.title, "|".join(row.genres), cells)
