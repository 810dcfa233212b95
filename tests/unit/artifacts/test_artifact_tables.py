"""Texts of tables become arrays, whose cells are all as long as the longest: within bounds."""

import polars as pl
import pytest

from starcast.artifacts import tables
from starcast.artifacts.attribute_columns import is_one

_N = 1 << 15  # texts; of 1,024 characters, of four bytes each, they become the 2^27 that any may
ATTRIBUTE = "attribute.genres"


def texts(longest: int) -> pl.Series:
    return pl.Series(["x" * longest, *["y"] * (_N - 1)])


def test_texts_may_become_what_any_file_may_and_no_more() -> None:
    tables._check_texts(texts(1024), 0)
    with pytest.raises(ValueError, match=r"^0 bytes that would unpack to 134,348,800$"):
        tables._check_texts(texts(1025), 0)
    tables._check_texts(texts(1025), 1024)  # 131,072 more, 128 for each byte of the file
    tables._check_texts(pl.Series([], dtype=pl.String), 0)


def test_so_may_the_values_of_an_attribute() -> None:
    def known_of(longest: int) -> pl.DataFrame:
        lists = texts(longest).to_frame(ATTRIBUTE).select(pl.concat_list(ATTRIBUTE))
        assert is_one(ATTRIBUTE)
        return lists

    (found,) = tables._attributes(known_of(8), 0)
    assert sorted(found.values.tolist()) == ["xxxxxxxx", "y"]
    with pytest.raises(ValueError, match="would unpack to 134,348,800"):
        tables._attributes(known_of(1025), 0)
