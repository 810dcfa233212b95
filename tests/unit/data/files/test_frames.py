"""Data frames of Polars, pandas and Arrow, and columns by name."""

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

import starcast as sc
from starcast.data.ratings import Ratings
from starcast.errors import DataError

COLUMNS: dict[str, Any] = {
    "userId": [7, 7, 9],
    "film": ["alien", "heat", "alien"],
    "stars": [4.5, 3.0, 1.0],
    "when": [86_400, 86_401, 90_000],
}
TRIPLES = [(7, "alien", 4.5), (7, "heat", 3.0), (9, "alien", 1.0)]


class Stream:
    """What pyarrow's tables are to us: something that gives out an Arrow stream."""

    def __init__(self, frame: pl.DataFrame) -> None:
        self._frame = frame

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self._frame.__arrow_c_stream__(requested_schema)


def found(ratings: Ratings) -> list[tuple[Any, Any, float]]:
    users = ratings.users.ids[ratings.user_rows].tolist()
    items = ratings.items.ids[ratings.item_rows].tolist()
    return list(zip(users, items, ratings.stars.tolist(), strict=True))


FRAMES = {
    "Polars": pl.DataFrame(COLUMNS),
    "Polars, lazy": pl.LazyFrame(COLUMNS),
    "Arrow": Stream(pl.DataFrame(COLUMNS)),
    "pandas": pd.DataFrame(COLUMNS),
    "pandas of small types": pd.DataFrame(COLUMNS).astype({"userId": "int16", "stars": "float32"}),
    "pandas with an index": pd.DataFrame(COLUMNS, index=["x", "y", "z"]),
    "pandas with ids as its index": pd.DataFrame(COLUMNS).set_index(["userId", "film"]),
    "pandas of categories": pd.DataFrame(COLUMNS).astype({"film": "category"}),
    "pandas of objects": pd.DataFrame(COLUMNS).astype(object),
    "pandas of nullable types": pd.DataFrame(COLUMNS).convert_dtypes(),
    "pandas of floating ids": pd.DataFrame(COLUMNS).astype({"userId": "float64"}),
    "columns": COLUMNS,
    "columns of NumPy": {name: np.array(column) for name, column in COLUMNS.items()},
    "pandas, wide": pd.DataFrame(
        {"userId": [7, 9], "alien": [4.5, 1.0], "heat": [3.0, np.nan], "a": np.nan, "b": np.nan,
         "c": np.nan}
    ),
}  # fmt: skip


@pytest.mark.parametrize("frame", FRAMES.values(), ids=FRAMES.keys())
def test_frames(frame: object) -> None:
    ratings = sc.load(frame)
    assert found(ratings) == TRIPLES
    assert ratings.name == "ratings"
    assert str(ratings.reading).startswith("the data frame, ")


@pytest.mark.parametrize("make", [pl.DataFrame, pd.DataFrame])
def test_options_and_times(make: Any) -> None:
    frame = make(COLUMNS | {"stars": [4.5, -1.0, 1.0]})
    ratings = sc.load(frame, columns={"user": "film", "item": 1, "time": "when"}, missing=-1)
    assert found(ratings) == [("alien", 7, 4.5), ("alien", 9, 1.0)]
    assert ratings.timestamps is not None
    assert ratings.timestamps.tolist() == [86_400, 90_000]


@pytest.mark.parametrize("zone", [None, "UTC", "Europe/Berlin"])
def test_moments_of_pandas(zone: str | None) -> None:
    moments = pd.to_datetime(COLUMNS["when"], unit="s", utc=True).tz_convert(zone)
    ratings = sc.load(pd.DataFrame(COLUMNS | {"date": moments}))
    assert ratings.timestamps is not None
    assert ratings.timestamps.tolist() == COLUMNS["when"]


def test_moments_of_polars_and_python() -> None:
    moments = [datetime.fromtimestamp(one, UTC) for one in COLUMNS["when"]]
    for frame in (pl.DataFrame(COLUMNS | {"date": moments}), COLUMNS | {"date": moments}):
        ratings = sc.load(frame)
        assert ratings.timestamps is not None
        assert ratings.timestamps.tolist() == COLUMNS["when"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"stars": [4.5, None, 1.0]}, "the data frame, row 2: the rating is missing"),
        ({"userId": [7, None, 9]}, "the data frame, row 2: the user is missing"),
        ({"stars": ["4.5", "good", "1"]}, "the data frame, row 2: the rating 'good' is not a numb"),
        ({"stars": [[1], [2], [3]]}, "the data frame: the rating column holds List"),
    ],
)
@pytest.mark.parametrize("make", [pl.DataFrame, pd.DataFrame])
def test_bad_values(make: Any, change: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=message):
        sc.load(make(COLUMNS | change))


def test_several_frames_and_files_are_joined(tmp_path: Any) -> None:
    (tmp_path / "more.csv").write_text("user,item,rating\nnew,heat,2\n")
    ratings = sc.load([pd.DataFrame(COLUMNS), tmp_path / "more.csv"])
    assert ("new", "heat", 2.0) in found(ratings)
    assert ("7", "alien", 4.5) in found(ratings)  # ids are text now
    assert len(ratings) == 4


@pytest.mark.parametrize("thing", [3, None, object(), [3], []])
def test_what_is_no_table(thing: object) -> None:
    with pytest.raises(DataError):
        sc.load(thing)
