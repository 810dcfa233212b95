"""Lists for many users: the best items of each, and all of them in a file."""

import tempfile
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, final

import numpy as np
from numpy.typing import NDArray

from starcast.artifacts.artifact import Artifact
from starcast.data.ids import Rows, Vocabulary
from starcast.data.split import TEST, Split
from starcast.engines.protocol import Scorer, Scores
from starcast.errors import ConfigError
from starcast.recommend.answers import best
from starcast.scoring.blocks import Progress, in_blocks
from starcast.scoring.panels import for_kernels

if TYPE_CHECKING:
    import polars as pl

_BLOCK = 32  # users scored at once: few enough for the cache, and for memory to stay flat
_NEAR = 1e-5  # of a score: compiled sums and NumPy's differ by half of it
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
    def columns(self) -> tuple[NDArray[np.int64], Rows, NDArray[np.bool_]]:
        """Where each user's ratings start, their items, and which have been seen."""
        ratings = self._ratings
        starts = np.searchsorted(
            ratings.user_rows, np.arange(ratings.n_users + 1, dtype=ratings.user_rows.dtype)
        )
        return starts, for_kernels(ratings.item_rows), for_kernels(self._parts != TEST)


def top_rows(
    scorer: Scorer, seen: Seen | None, user_rows: Rows, k: int, on_progress: Progress | None = None
) -> Rows:
    """The k best item rows (n, k) of users (n,), but those they have seen; see `Recommender`."""
    from starcast.scoring.top_k import exclude, take_best

    users = for_kernels(user_rows)
    top = np.empty((len(users), k), np.int32)

    def fill(block: slice) -> None:
        scores = scorer.score_all(users[block])
        if seen:
            exclude(scores, users[block], *seen.columns)
        listed = np.empty((len(scores), k + 1), np.int32)
        take_best(scores, listed)
        for place in np.flatnonzero(_has_near_ties(scores, listed)):
            listed[place, :k] = _as_alone(scorer, seen, int(users[block][place]), k)
        top[block] = listed[:, :k]

    in_blocks(fill, len(users), _BLOCK, on_progress)
    return top


def _has_near_ties(scores: Scores, listed: Rows) -> NDArray[np.bool_]:
    """Whether neighbours in lists (n, k + 1) score so alike that sums in another order tell."""
    listed_scores = np.take_along_axis(scores, np.maximum(listed, 0), axis=1)
    listed_scores[listed < 0] = -np.inf
    with np.errstate(invalid="ignore"):  # two places that nothing is left for
        gaps = listed_scores[:, :-1] - listed_scores[:, 1:]
    return np.asarray(np.any(gaps <= _NEAR * np.abs(listed_scores[:, :-1]), axis=1))


def _as_alone(scorer: Scorer, seen: Seen | None, user_row: int, k: int) -> Rows:
    """The list (k,) of one user by the arithmetic of `Recommender.recommend`, which then counts."""
    scores = scorer.score_user(user_row)
    if seen:
        scores[seen.rows(user_row)] = -np.inf
    rows = np.full(k, -1, np.int32)
    found = best(scores, k)
    rows[: len(found)] = found
    return rows


def write_all(
    artifact: Artifact, seen: Seen | None, path: Path, k: int, on_progress: Progress | None = None
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

    def frames(*_: object) -> "Iterator[pl.DataFrame]":
        for columns in _row_groups(artifact, seen, k, on_progress):
            yield pl.DataFrame(dict(zip(schema, columns, strict=True)), schema=schema)

    table = register_io_source(frames, schema=schema)
    write = table.sink_parquet if path.suffix == ".parquet" else table.sink_csv
    try:
        with tempfile.TemporaryDirectory(prefix=f".{path.name}.", dir=path.parent) as fresh:
            write(Path(fresh) / path.name)
            (Path(fresh) / path.name).replace(path)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise ConfigError(f"cannot write {path}: {error}") from None
    return path


def _row_groups(
    artifact: Artifact, seen: Seen | None, k: int, on_progress: Progress | None
) -> Iterator[tuple[NDArray[Any], ...]]:
    """The columns of the table for some users after the others."""
    ratings, scorer = artifact.split.ratings, artifact.scorer
    for start in range(0, ratings.n_users, _ROW_GROUP):
        users = np.arange(start, min(start + _ROW_GROUP, ratings.n_users), dtype=np.int32)
        top = top_rows(scorer, seen, users, k)
        if on_progress:
            on_progress(start + len(users), ratings.n_users)
        at, place = np.nonzero(top >= 0)
        user_rows, item_rows = users[at], top[at, place]
        yield (
            ratings.users.ids[user_rows],
            place + 1,
            ratings.items.ids[item_rows],
            ratings.titles[item_rows],
            ratings.scale.clip(scorer.score_pairs(user_rows, item_rows)),
        )


def _type_of(ids: Vocabulary) -> Any:
    import polars as pl

    return pl.Int64 if ids.ids.dtype.kind == "i" else pl.String
