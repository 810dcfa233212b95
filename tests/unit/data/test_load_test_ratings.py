"""Test rows of one's own: read with the training rows as one table, and told apart from them."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

import starcast as sc
from starcast.data import load as door
from starcast.data.files.options import ReadingOptions
from starcast.data.ratings import Ratings
from starcast.data.split import TEST
from starcast.errors import ConfigError, DataError

TRAINING = "who,what,stars,timestamp\n7,a,1,10\n7,b,2,20\n9,a,3,30\n9,b,4,40\n9,c,2,50\n"


def lay(folder: Path, name: str, text: str) -> Path:
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


def told(ratings: Ratings) -> list[tuple[object, object, float, bool]]:
    assert ratings.given_test is not None
    return list(
        zip(
            ratings.users.ids[ratings.user_rows].tolist(),
            ratings.items.ids[ratings.item_rows].tolist(),
            ratings.stars.tolist(),
            ratings.given_test.tolist(),
            strict=True,
        )
    )


def test_they_stand_among_the_ratings_and_are_marked(tmp_path: Path) -> None:
    """With users and items, and a rating, that no training row has."""
    train = lay(tmp_path, "train.csv", TRAINING)
    test = lay(tmp_path, "test.csv", "who,what,stars,timestamp\n8,a,5,1\n7,d,2,99\n")
    ratings = door.load_own(
        train, options=ReadingOptions.of(columns="user=who,item=what"), test_source=test
    )
    assert told(ratings) == [
        (7, "a", 1, False), (7, "b", 2, False), (7, "d", 2, True), (8, "a", 5, True),
        (9, "a", 3, False), (9, "b", 4, False), (9, "c", 2, False),
    ]  # fmt: skip
    assert ratings.scale.highest == 5
    assert ratings.timestamps is not None
    assert ratings.timestamps.tolist() == [10, 20, 99, 1, 30, 40, 50]
    assert ratings.name == "train"
    assert ratings.reading is not None
    assert "2 of these ratings are test rows" in ratings.reading.remarks
    assert not list(tmp_path.glob("*.parquet"))  # a cache of the ratings could not tell them apart


def test_of_a_pair_in_both_the_test_row_counts_whenever_it_was_rated(tmp_path: Path) -> None:
    train = lay(tmp_path, "train.csv", TRAINING.replace("who,what", "user,item"))
    test = lay(tmp_path, "test.csv", "user,item,stars,timestamp\n7,a,5,1\n9,b,1,2\n9,b,3,3\n")
    ratings = door.load_own(train, test_source=[test])
    assert told(ratings) == [
        (7, "a", 5, True), (7, "b", 2, False), (9, "a", 3, False), (9, "b", 3, True),
        (9, "c", 2, False),
    ]  # fmt: skip
    assert ratings.reading is not None
    assert dict(ratings.reading.left_out) == {
        "training rows of pairs that are test rows, too": 2,
        "of pairs that were rated again later": 1,
    }


def test_reading_options_and_forms_are_for_both(tmp_path: Path) -> None:
    """No header, decimal commas that the test rows alone do not show, -1 for none, a Parquet."""
    train = lay(tmp_path, "train.txt", "1;10;4,5\n1;20;2\n2;10;-1\n2;20;3\n2;30;3\n3;10;1\n")
    test = lay(tmp_path, "test.txt", "1;30;5\n2;40;-1\n")
    options = ReadingOptions.of(
        columns="user=1,item=2,rating=3", header="none", separator=";", missing="-1"
    )
    ratings = door.load_own(train, options=options, test_source=test)
    assert [row[2:] for row in told(ratings)] == [
        (4.5, False), (2, False), (5, True), (3, False), (3, False), (1, False)
    ]  # fmt: skip
    frame = pl.DataFrame({"user": [1, 3], "item": [40, 20], "rating": [2, 4]})
    frame.write_parquet(tmp_path / "more.parquet")
    both = door.load_own(train, options=options, test_source=[test, frame])
    assert [row[:2] for row in told(both) if row[3]] == [(1, 30), (1, 40), (3, 20)]


def test_few_users_are_left_out_of_both_together(tmp_path: Path) -> None:
    train = lay(tmp_path, "train.csv", "user,item,rating\n1,1,1\n1,2,2\n2,1,3\n2,2,4\n3,1,5\n")
    test = lay(tmp_path, "test.csv", "user,item,rating\n3,2,2\n4,1,3\n1,9,1\n")
    ratings = door.load_own(train, options=ReadingOptions.of(min_ratings=2), test_source=test)
    assert [row[:2] for row in told(ratings) if row[3]] == [(3, 2)]
    assert len(ratings) == 6


def test_test_rows_that_are_all_alike_are_no_fault(tmp_path: Path) -> None:
    train = lay(tmp_path, "train.csv", TRAINING.replace("who,what", "user,item"))
    test = lay(tmp_path, "test.csv", "user,item,stars,timestamp\n7,c,4,1\n")
    split = sc.split(sc.load(train, test_ratings=test), validation=0.3)
    assert split.scheme == "given validation=0.3 seed=42"
    assert np.flatnonzero(split.parts == TEST).tolist() == [2]
    assert len(split.test) == 1


def test_in_python_what_is_in_both_is_warned_of(tmp_path: Path) -> None:
    train = lay(tmp_path, "train.csv", TRAINING.replace("who,what", "user,item"))
    with pytest.warns(UserWarning, match="left out: 5 training rows of pairs that are test rows"):
        ratings = sc.load(train, test_ratings=train)
    with pytest.raises(ConfigError, match=r"leaves no (training|validation) rows"):
        sc.split(ratings)
    with pytest.raises(ConfigError, match="cannot be divided by 'random'"):
        sc.split(ratings, "random")


def test_what_cannot_be_is_refused(tmp_path: Path) -> None:
    train = lay(tmp_path, "train.csv", TRAINING.replace("who,what", "user,item"))
    bad = lay(tmp_path, "bad.csv", "user,item,stars,timestamp\n7,c,x,1\n")
    with pytest.raises(DataError, match=r"bad\.csv.*line 2"):
        door.load_own(train, test_source=bad)
    with pytest.raises(DataError, match="none"):
        door.load_own(train, test_source=tmp_path / "none.csv")
    with pytest.raises(ConfigError, match="give options with a file"):
        sc.load("ml-latest-small", test_ratings=train)
