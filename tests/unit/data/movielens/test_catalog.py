"""The catalog: the published figures, and names that do not exist."""

import re

import pytest

from starcast.data.movielens.catalog import CATALOG, find
from starcast.errors import UnknownNameError


def test_names_every_movielens_release_in_order_of_size() -> None:
    assert list(CATALOG) == [
        "ml-latest-small",
        "ml-100k",
        "ml-1m",
        "ml-10m",
        "ml-20m",
        "ml-25m",
        "ml-32m",
    ]


@pytest.mark.parametrize(
    ("name", "n_ratings", "n_users", "n_items"),
    [
        ("ml-latest-small", 100836, 610, 9742),
        ("ml-100k", 100000, 943, 1682),
        ("ml-1m", 1000209, 6040, 3883),
        ("ml-10m", 10000054, 69878, 10681),
        ("ml-20m", 20000263, 138493, 27278),
        ("ml-25m", 25000095, 162541, 62423),
        ("ml-32m", 32000204, 200948, 87585),
    ],
)
def test_has_the_published_sizes(name: str, n_ratings: int, n_users: int, n_items: int) -> None:
    data_set = find(name)
    assert (data_set.n_ratings, data_set.n_users, data_set.n_items) == (n_ratings, n_users, n_items)
    assert data_set.n_rated_items <= n_items


def test_every_set_to_download_has_a_pinned_sum() -> None:
    for data_set in CATALOG.values():
        assert data_set.embedded == (data_set.name == "ml-latest-small")
        if not data_set.embedded:
            assert re.fullmatch("[0-9a-f]{32}", data_set.pinned["md5"])
        assert re.fullmatch("[0-9a-f]{64}", data_set.pinned.get("sha256", "0" * 64))
    assert len({data_set.md5 for data_set in CATALOG.values()}) == len(CATALOG)
    assert [name for name in CATALOG if "sha256" in CATALOG[name].pinned] == [
        "ml-1m",
        "ml-10m",
        "ml-20m",
    ]


def test_knows_where_the_archive_lies_and_what_it_unpacks_into() -> None:
    ten = find("ml-10m")
    assert ten.url == "https://files.grouplens.org/datasets/movielens/ml-10m.zip"
    assert ten.folder == "ml-10M100K"


def test_only_ml_100k_ships_splits() -> None:
    shipping = {name: found.official_splits for name, found in CATALOG.items()}
    assert {name: splits for name, splits in shipping.items() if splits} == {
        "ml-100k": ("u1", "u2", "u3", "u4", "u5", "ua", "ub")
    }


def test_an_unknown_name_suggests_the_nearest() -> None:
    with pytest.raises(
        UnknownNameError, match=r"unknown data set 'ml-1mm': did you mean 'ml-1m'\?"
    ):
        find("ml-1mm")
