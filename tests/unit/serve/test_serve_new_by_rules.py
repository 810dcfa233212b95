"""Which new items a list by rules may hold: by columns as the model has them."""

import numpy as np
import pytest

from starcast.data.attributes import Item as Named
from starcast.data.attributes import of_items
from starcast.data.ratings import Ratings
from starcast.data.store.records import Item
from starcast.recommend import Rules
from starcast.recommend.item_columns import ItemColumns
from starcast.serve.new_by_rules import NewByRules

KNOWN = {
    "alien": Named("Alien (1979)", "Horror|SF", {"price": "5", "code": "A1", "seats": "4"}),
    "brazil": Named("Brazil (1985)", "SF", {"price": "7.5", "code": "12"}),
}


@pytest.fixture(scope="module")
def new() -> NewByRules:
    users, items = np.array(["ann", "bob"]), np.array(["alien", "brazil"])
    titles = {one: item.title for one, item in KNOWN.items()}
    ratings = Ratings.from_columns(users, items, np.array([4, 5], np.float32), titles=titles)
    object.__setattr__(ratings, "attributes", of_items(ratings.items, KNOWN))
    items_of_store = [
        Item("clue", "Clue (1985)", {"genre": ["Comedy", "SF"], "price": 3, "code": 12}),
        Item("duel", "Duel", {"genre": "Horror", "price": "cheap", "code": "A1", "new": True}),
        Item(42, "", {"price": "7.50"}),
    ]
    return NewByRules(items_of_store, ratings.titles, ItemColumns.of(ratings))


@pytest.mark.parametrize(
    ("where", "passing"),
    [
        ("genres = 'SF'", [True, False, False]),
        ("genre has 'Horror'", [False, True, False]),
        ("genres <> 'SF'", [False, True, False]),  # of 42 it is not known
        ("genres is null", [False, False, True]),
        ("price < 5", [True, False, False]),
        ("price = 7.5", [False, False, True]),
        ("price is null", [False, True, False]),  # which is no number, as prices are
        ("code = '12'", [True, False, False]),  # which are text here
        ("code in ('A1')", [False, True, False]),
        ("year >= 1980", [True, False, False]),
        ("title like 'D%'", [False, True, False]),
        ("seats = 4", [False, False, False]),  # of none of them it is known
        ("seats is null", [True, True, True]),
    ],
)
def test_filters_read_new_items_as_they_read_known_ones(
    new: NewByRules, where: str, passing: list[bool]
) -> None:
    assert new.allowed(Rules(where=where)).tolist() == passing


def test_they_are_named_by_id_or_by_title(new: NewByRules) -> None:
    assert new.allowed(Rules(among=("clue", "DUEL", "alien"))).tolist() == [True, True, False]
    assert new.allowed(Rules(among=(42, "nobody"))).tolist() == [False, False, True]
    assert new.allowed(Rules(among=("",))).tolist() == [False, False, False]
    assert new.allowed(Rules(among=())).tolist() == [False, False, False]
    assert new.allowed(Rules(without=("42", "Clue (1985)"))).tolist() == [False, True, False]
    both = Rules(among=("clue", "duel"), where="price is not null")
    assert new.allowed(both).tolist() == [True, False, False]
    assert new.allowed(None).all()


@pytest.mark.parametrize(
    "chosen",
    [Rules(min_ratings=1), Rules(at_most=("1:genres",)), Rules(at_least=("1:genres=SF",)),
     Rules(diversity=0.5), Rules(calibration=0.5)],
)  # fmt: skip
def test_what_chooses_among_known_items_takes_none(new: NewByRules, chosen: Rules) -> None:
    assert not new.allowed(chosen).any()


def test_the_model_is_not_asked_for_what_it_cannot_know(new: NewByRules) -> None:
    assert new.of_the_model(Rules(without=("clue", 42))) is None
    assert new.of_the_model(Rules(without=("Clue (1985)", "alien"))) == Rules(without=("alien",))
    assert new.of_the_model(Rules(among=("duel",))) == Rules(among=())
    assert new.of_the_model(Rules(where="year = 1")) == Rules(where="year = 1")
    assert new.of_the_model(None) is None


def test_a_title_that_both_have_means_both(new: NewByRules) -> None:
    twin = NewByRules([Item("alien-2", "Alien (1979)")], new._titles, new._known)
    named = Rules(among=("alien (1979)",))
    assert twin.of_the_model(named) == named
    assert twin.allowed(named).tolist() == [True]
