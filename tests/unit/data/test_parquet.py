"""The file of ratings: exact, the same for the same ratings, and never another's."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from stored_ratings import assert_equal, tiny

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
@pytest.mark.parametrize("small", [False, True])
def test_what_is_written_is_read(tmp_path: Path, ratings: Ratings, small: bool) -> None:
    path = tmp_path / "p.parquet"
    parquet.write(path, ratings, {"a note": "kept"}, small=small)
    assert_equal(parquet.read(path, "ratings"), ratings)
    with parquet.opened(path) as stored:
        assert stored.notes == {"a note": "kept"}


def test_anything_that_reads_parquet_reads_it(tmp_path: Path) -> None:
    parquet.write(tmp_path / "p.parquet", tiny(), {})
    frame = pl.read_parquet(tmp_path / "p.parquet")
    stars = frame["star_bits"].to_numpy().view(np.float32)
    assert frame.select("item_row", "seconds").rows() == [(0, 10), (1, 20), (1, 0)]
    assert stars.tolist() == [1, 4.5, 5]


def test_the_same_ratings_are_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one.parquet", "other.parquet"):
        parquet.write(tmp_path / name, tiny(), {}, small=True)
    assert (tmp_path / "one.parquet").read_bytes() == (tmp_path / "other.parquet").read_bytes()


def test_it_keeps_users_and_items_without_rows(tmp_path: Path) -> None:
    part = tiny().take(np.array([False, False, True]))
    parquet.write(tmp_path / "part.parquet", part, {})
    again = parquet.read(tmp_path / "part.parquet", "tiny")
    assert_equal(again, part)
    assert (again.n_users, len(again)) == (2, 1)


def test_an_unwritable_target_is_an_error_of_the_system(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="nowhere"):
        parquet.write(tmp_path / "nowhere" / "p.parquet", tiny(), {})


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"p\.parquet cannot be read as ratings"):
        parquet.read(tmp_path / "p.parquet", "tiny")


def test_vocabularies_stay_searchable(tmp_path: Path) -> None:
    parquet.write(tmp_path / "p.parquet", tiny(), {})
    users: Vocabulary = parquet.read(tmp_path / "p.parquet", "tiny").users
    assert users.rows(["bob"]).tolist() == [1]


def test_what_does_not_match_its_sum_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "p.parquet"
    parquet.write(path, tiny(), {})
    whole = path.read_bytes()
    for at in (whole.index(b"ann"), whole.rindex(b"crc32") + 9):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        with pytest.raises(DataError, match="does not match its checksum"):
            parquet.read(path, "tiny")
