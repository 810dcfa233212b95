"""Lists for many users: the best items of each, and all of them in a file."""

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Self, final

import numpy as np
from numpy.typing import NDArray

from starcast.artifacts.artifact import Artifact
from starcast.data.ids import Rows, Vocabulary
from starcast.data.ratings import Ratings
from starcast.data.split import TEST, Split
from starcast.disk.replacement import replace_file
from starcast.display import csv_text
from starcast.engines.rows import SparseRows
from starcast.errors import ConfigError
from starcast.scoring.blocks import Progress
from starcast.scoring.ranker import Ranker
from starcast.scoring.top_lists import top_rows

if TYPE_CHECKING:
    import polars as pl

_ROW_GROUP = 1024  # users written at once


@final
class Seen:
    """What users rated in training or validation, and need not be recommended.

    Args:
        split: the ratings, and which of them are of the test.
    """

    def __init__(self, split: Split) -> None:
        self._ratings, self._parts = split.ratings, split.parts

    def own(self, user_row: int) -> slice:
        """Where the user's ratings are, those of the test among them."""
        users = self._ratings.user_rows
        ends = users.searchsorted(np.array([user_row, user_row + 1], users.dtype))
        return slice(*ends.tolist())

    def rows(self, user_row: int) -> Rows:
        """Item rows the user has seen; int32, ascending."""
        own = self.own(user_row)
        seen: Rows = self._ratings.item_rows[own][self._parts[own] != TEST]
        return seen

    @cached_property
    def histories(self) -> SparseRows:
        """What every user has seen."""
        return SparseRows.by_user(self._ratings.take(self._parts != TEST))


class _Texts(NamedTuple):
    """What names users and items in the table, by row."""

    user_ids: NDArray[Any]
    item_ids: NDArray[Any]
    titles: NDArray[Any]

    @classmethod
    def of(cls, ratings: Ratings) -> Self:
        """As it is in the data."""
        return cls(ratings.users.ids, ratings.items.ids, ratings.titles)

    @classmethod
    def for_csv(cls, ratings: Ratings) -> Self:
        """As no spreadsheet takes it for a formula; numbers stay numbers."""
        return cls(*map(_for_csv, cls.of(ratings)))


def write_all(
    artifact: Artifact,
    ranker: Ranker,
    seen: SparseRows | None,
    path: Path,
    k: int,
    on_progress: Progress | None = None,
) -> Path:
    """Every user's list to a file, row group after row group; see `Recommender.recommend_all`."""
    import polars as pl
    from polars.io.plugins import register_io_source

    if path.suffix not in (".parquet", ".csv"):
        raise ConfigError(f"{path} ends neither in .parquet nor in .csv; name the lists' file so")
    ratings = artifact.split.ratings
    schema: dict[str, Any] = {
        "user_id": _type_of(ratings.users),
        "rank": pl.Int32,
        "item_id": _type_of(ratings.items),
        "title": pl.String,
        "prediction": pl.Float32,
    }

    texts = _Texts.for_csv(ratings) if path.suffix == ".csv" else _Texts.of(ratings)

    def frames(*_: object) -> "Iterator[pl.DataFrame]":
        for users, places, items, stars in _row_groups(artifact, ranker, seen, k, on_progress):
            columns = (
                texts.user_ids[users], places, texts.item_ids[items], texts.titles[items], stars,
            )  # fmt: skip
            yield pl.DataFrame(dict(zip(schema, columns, strict=True)), schema=schema)

    table = register_io_source(frames, schema=schema)
    write = table.sink_parquet if path.suffix == ".parquet" else table.sink_csv
    try:
        with replace_file(path) as fresh:
            write(fresh)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise ConfigError(f"cannot write {path}: {error}") from None
    return path


def _row_groups(
    artifact: Artifact,
    ranker: Ranker,
    seen: SparseRows | None,
    k: int,
    on_progress: Progress | None,
) -> Iterator[tuple[NDArray[Any], ...]]:
    """User rows, places, item rows and stars of the table, for some users after the others."""
    ratings, scorer = artifact.split.ratings, artifact.scorer
    for start in range(0, ratings.n_users, _ROW_GROUP):
        users = np.arange(start, min(start + _ROW_GROUP, ratings.n_users), dtype=np.int32)
        top = top_rows(ranker, seen, users, k)
        if on_progress:
            on_progress(start + len(users), ratings.n_users)
        at, place = np.nonzero(top >= 0)
        user_rows, item_rows = users[at], top[at, place]
        yield (
            user_rows,
            place + 1,
            item_rows,
            ratings.scale.clip(scorer.score_pairs(user_rows, item_rows)),
        )


def _for_csv(column: NDArray[Any]) -> NDArray[Any]:
    return column if column.dtype.kind == "i" else np.array([*map(csv_text, column.tolist())], str)


def _type_of(ids: Vocabulary) -> Any:
    import polars as pl

    return pl.Int64 if ids.ids.dtype.kind == "i" else pl.String
