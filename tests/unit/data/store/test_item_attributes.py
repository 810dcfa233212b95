"""Items put one at a time, beside those of a file: one catalogue to models and filters."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from starcast.data.attributes import Item as Named
from starcast.data.attributes import of_items
from starcast.data.ratings import Ratings
from starcast.data.store.importing import import_ratings
from starcast.data.store.ratings_store import RatingsStore
from starcast.data.store.records import Item, Rating
from starcast.recommend.filters import filtered
from starcast.recommend.item_columns import ItemColumns

FILMS = {
    "alien": Named("Alien (1979)", "Horror|SF", {"price": "5"}),
    "brazil": Named("Brazil (1985)", "SF"),
    "heat": Named("Heat (1995)", "Crime"),
}
PUT = [
    Item("dune", "Dune", {"genres": ["SF"], "year": 1984, "price": 7}),
    Item("eden", "Eden (2001)", {"Genre": "War", "year": 1996.0, "title": "Heat (1995)"}),
]


OWN = Named("Gigi (1958)", "War", {"year": "1999"})  # a file's own year counts


@pytest.fixture
def store(tmp_path: Path) -> Iterator[RatingsStore]:
    """Films of a file, and two that were put, each rated."""
    known = {**FILMS, "gigi": OWN}
    ids = np.array([*known])
    titles = {one: item.title for one, item in known.items()}
    films = Ratings.from_columns(np.ones(4, int), ids, np.array([4.0, 2, 3, 5]), titles=titles)
    films = replace(films, attributes=of_items(films.items, known))
    with RatingsStore.create(f"sqlite:///{tmp_path}/r.db") as made:
        import_ratings(made, films)
        for one in PUT:
            made.put_item(one)
        made.put_ratings([Rating(2, one.id, 3.0) for one in PUT])
        yield made


@pytest.mark.parametrize(
    ("where", "passing"),
    [
        ("genres = 'SF'", {"alien", "brazil", "dune"}),
        ("genre = 'War'", {"eden", "gigi"}),
        ("year >= 1990", {"heat", "eden", "gigi"}),
        ("year between 1979 and 1985", {"alien", "brazil", "dune"}),
        ("year = 2001", set()),  # of a title, where another year was put
        ("title = 'Heat (1995)'", {"heat"}),
        ("price < 6", {"alien"}),
    ],
)
def test_what_was_put_hides_nothing_of_the_others(
    store: RatingsStore, where: str, passing: set[str]
) -> None:
    ratings = store.to_ratings()
    allowed = filtered(where, ItemColumns.of(ratings)).allowed
    assert set(ratings.items.ids[allowed].tolist()) == passing


def test_models_learn_from_one_genre_and_from_periods_of_five_years(store: RatingsStore) -> None:
    ratings = store.to_ratings()
    features = [one for one in ratings.attributes if one.side == "item" and one.is_feature]
    genre, year = features
    assert (genre.name, genre.values.tolist()) == ("genre", ["Crime", "Horror", "SF", "War"])
    films = ratings.items.ids[year.member_rows].tolist()
    assert (year.name, dict(zip(films, year.values[year.value_rows].tolist(), strict=True))) == (
        "year",
        {"alien": "1975", "brazil": "1985", "dune": "1980", "eden": "1995", "gigi": "1995",
         "heat": "1995"},
    )  # fmt: skip


def test_a_store_holds_what_people_know_and_no_periods(store: RatingsStore) -> None:
    alien, gigi = store.item("alien"), store.item("gigi")
    assert alien is not None
    assert gigi is not None
    assert alien.attributes == {"genres": ["Horror", "SF"], "price": ["5"]}
    assert gigi.attributes == {"genres": ["War"], "year": ["1999"]}


def test_periods_that_stores_were_told_once_are_no_years(store: RatingsStore) -> None:
    store.put_item(Item("heat", "Heat (1999)", {"genre": ["Crime"], "year": ["1995"]}))
    allowed = filtered("year = 1999", ItemColumns.of(store.to_ratings())).allowed
    assert allowed.sum() == 2  # with gigi, whose own it is
