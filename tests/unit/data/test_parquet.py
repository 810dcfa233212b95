"""The file of ratings: exact, the same for the same ratings, and never another's."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from stored_ratings import assert_equal, plant, tiny

from starcast.data import parquet
from starcast.data.ids import Vocabulary
from starcast.data.ratings import Ratings
from starcast.data.scale import RatingScale
from starcast.errors import DataError


def build(
    stars: list[float],
    when: list[int] | None = None,
    scale: RatingScale | None = None,
    n_items: int | None = None,
) -> Ratings:
    n = len(stars)
    return Ratings.from_columns(
        np.zeros(n, np.int64),
        np.arange(n) * 10**12,
        np.array(stars),
        None if when is None else np.array(when),
        scale=scale,
    )


@pytest.mark.parametrize(
    "ratings",
    [
        build([1, 2, 5]),
        build([1, 2, 5], [7, 7, 7]),
        build([1, 2], [-(2**63), 2**63 - 1]),
        build([1, 2], [0, 2**32]),
        build([0.1, 0.7, 0.3]),
        build([1.25, 3.5], scale=RatingScale(1, 5, 1)),  # between the steps
        build([1, 1.0001, 900]),  # more levels than a byte counts
        build(list(range(256))),
        build(list(range(257))),
        build(list(np.arange(70_000) % 5 + 1.0)),  # item rows beyond 16 bits
        build([-3, 0, 3]),
    ],
    ids=lambda ratings: f"{len(ratings)} of {ratings.scale}",
)
def test_what_is_written_is_read(tmp_path: Path, ratings: Ratings) -> None:
    path = tmp_path / "p.parquet"
    parquet.write(path, ratings)
    assert_equal(parquet.read(path, "ratings"), ratings)


def test_anything_that_reads_parquet_reads_it(tmp_path: Path) -> None:
    parquet.write(tmp_path / "p.parquet", tiny())
    frame = pl.read_parquet(tmp_path / "p.parquet")
    stars = frame["star_bits"].to_numpy().view(np.float32)
    assert frame.select("item_row", "seconds").rows() == [(0, 10), (1, 20), (1, 0)]
    assert stars.tolist() == [1, 4.5, 5]


def test_the_same_ratings_are_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one.parquet", "other.parquet"):
        parquet.write(tmp_path / name, tiny())
    assert (tmp_path / "one.parquet").read_bytes() == (tmp_path / "other.parquet").read_bytes()


def test_it_keeps_users_and_items_without_rows(tmp_path: Path) -> None:
    part = tiny().take(np.array([False, False, True]))
    parquet.write(tmp_path / "part.parquet", part)
    again = parquet.read(tmp_path / "part.parquet", "tiny")
    assert_equal(again, part)
    assert (again.n_users, len(again)) == (2, 1)


def test_an_unwritable_target_is_an_error_of_the_system(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="nowhere"):
        parquet.write(tmp_path / "nowhere" / "p.parquet", tiny())


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"p\.parquet cannot be read as ratings"):
        parquet.read(tmp_path / "p.parquet", "tiny")


def test_vocabularies_stay_searchable(tmp_path: Path) -> None:
    parquet.write(tmp_path / "p.parquet", tiny())
    users: Vocabulary = parquet.read(tmp_path / "p.parquet", "tiny").users
    assert users.rows(["bob"]).tolist() == [1]


def test_what_does_not_match_its_sum_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "p.parquet"
    parquet.write(path, tiny())
    whole = path.read_bytes()
    for at in (whole.index(b"ann"), whole.rindex(b"crc32") + 9):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        with pytest.raises(DataError, match="does not match its checksum"):
            parquet.read(path, "tiny")


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-40])


def empty(path: Path) -> None:
    path.write_bytes(b"")


def scribble(path: Path) -> None:
    path.write_bytes(b"this is no zip archive, and long enough to be one")


def make_foreign(path: Path) -> None:
    pl.DataFrame({"user": [1], "item": [2], "rating": [3.0]}).write_parquet(path)


def change(words: Callable[[dict[str, Any]], object]) -> Callable[[Path], None]:
    return lambda path: plant(path, lambda _, told: words(told))


def replant(name: str, values: Any) -> Callable[[Path], None]:
    return lambda path: plant(path, lambda columns, _: columns.update({name: np.array(values)}))


DAMAGES: dict[str, Callable[[Path], None]] = {
    "cut": cut,
    "empty": empty,
    "scribbled on": scribble,
    "foreign": make_foreign,
    "of another version": change(lambda words: words.update(format=3)),
    "without words": change(lambda words: words.clear()),
    "without users": change(lambda words: words.pop("users")),
    "with rows as texts": replant("item_row", ["0", "1", "0"]),
    "with rows too wide": replant("item_row", np.array([0, 1, 0], np.int64)),
    "with nothing in a row": lambda path: plant(
        path, lambda columns, _: columns.update(item_row=[0, None, 1])
    ),
    "of an item that is not there": replant("item_row", np.array([0, 60_000, 1], np.int32)),
    "of an item before the first": replant("item_row", np.array([-1, 1, 1], np.int32)),
    "of a user that is not there": change(lambda words: words.update(ratings_per_user=[2, 0, 1])),
    "of fewer ratings": change(lambda words: words.update(ratings_per_user=[2, 0])),
    "of less than none": change(lambda words: words.update(ratings_per_user=[4, -1])),
    "of untold many": change(lambda words: words.update(ratings_per_user=[2**80, 3 - 2**80])),
    "out of order": replant("item_row", np.array([1, 0, 1], np.int32)),
    "with a pair twice": replant("item_row", np.array([1, 1, 1], np.int32)),
    "with a rating off the scale": replant(
        "star_bits", np.array([1, 60, 5], np.float32).view(np.uint32)
    ),
    "with a rating that is none": replant(
        "star_bits", np.array([1, np.nan, 5], np.float32).view(np.uint32)
    ),
    "with a title too few": change(lambda words: words["titles"].pop()),
    "with users out of order": change(lambda words: words["users"].reverse()),
    "with a genre of nobody": change(
        lambda words: words.update(attributes=[["item", "genre", ["War"], [0], [2]]])
    ),
    "with a genre of no name": change(
        lambda words: words.update(attributes=[["item", "genre", ["War"], [1], [0]]])
    ),
    "without a column": lambda path: plant(path, lambda columns, _: columns.pop("star_bits")),
    "without a row": lambda path: plant(
        path, lambda columns, _: columns.update({k: v[:0] for k, v in columns.items()})
    ),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES.keys())
def test_a_file_that_is_damaged_planted_foreign_or_old_is_refused(
    tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    path = tmp_path / "p.parquet"
    parquet.write(path, tiny())
    damage(path)
    with pytest.raises(DataError, match=r"p\.parquet cannot be read as ratings"):
        parquet.read(path, "tiny")
