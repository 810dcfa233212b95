"""Tiny ratings, whether two are the same, and files of ratings that somebody has planted."""

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from starcast.data.ratings import Ratings
from starcast.data.scale import RatingScale
from starcast.disk.seal import UNSEALED, seal


def tiny(stars: float = 4.5) -> Ratings:
    return Ratings.from_columns(
        np.array(["ann", "ann", "bob"]),
        np.array([7, 3, 7]),
        np.array([stars, 1, 5]),
        np.array([30, 20, 10]),
        titles={3: "Três \"3\" (2003)"},
        scale=RatingScale(0.5, 5, 0.5),
        name="tiny",
    )  # fmt: skip


def assert_equal(one: Ratings, other: Ratings) -> None:
    for column in ("user_rows", "item_rows", "stars", "timestamps", "titles"):
        np.testing.assert_array_equal(getattr(one, column), getattr(other, column), column, True)
    for vocabulary in ("users", "items"):
        mine, theirs = getattr(one, vocabulary), getattr(other, vocabulary)
        np.testing.assert_array_equal(mine.ids, theirs.ids, strict=True)
        assert mine.kind == theirs.kind
    assert (one.scale, one.name) == (other.scale, other.name)


def plant(path: Path, change: Callable[[dict[str, Any], dict[str, Any]], object]) -> None:
    """Change the columns or the words of a file as if it had always been so, with a fitting sum."""
    content = path.read_bytes()
    columns: dict[str, Any] = {one.name: one.to_numpy() for one in pl.read_parquet(path)}
    words = json.loads(pl.read_parquet_metadata(path)["starcast"])
    change(columns, words)
    fresh = io.BytesIO()
    pl.DataFrame(columns).write_parquet(
        fresh, metadata={"starcast": json.dumps(words), "starcast.crc32": UNSEALED}
    )
    with fresh.getbuffer() as whole:
        seal(whole, "starcast.crc32")
        path.write_bytes(whole)
    assert path.read_bytes() != content
