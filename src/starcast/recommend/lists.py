"""Lists for many users: the best items of each, and all of them in a file."""

from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, final

import numpy as np

from starcast.artifacts.artifact import Artifact
from starcast.data.ids import Ids, Rows
from starcast.data.ratings import Ratings
from starcast.data.split import VALIDATION
from starcast.engines.rows import SparseRows
from starcast.recommend.answers import Recommendation
from starcast.recommend.pairs import PairScorer
from starcast.recommend.table_file import type_of, write_table
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
        artifact: a model; of a final one, what they rated at all.
    """

    def __init__(self, artifact: Artifact) -> None:
        self._ratings, self._is_seen = artifact.split.ratings, artifact.up_to(VALIDATION)

    def own(self, user_row: int) -> slice:
        """Where the user's ratings are, those of the test among them."""
        users = self._ratings.user_rows
        ends = users.searchsorted(np.array([user_row, user_row + 1], users.dtype))
        return slice(*ends.tolist())

    def rows(self, user_row: int) -> Rows:
        """Item rows the user has seen; int32, ascending."""
        own = self.own(user_row)
        seen: Rows = self._ratings.item_rows[own][self._is_seen[own]]
        return seen

    @cached_property
    def histories(self) -> SparseRows:
        """What every user has seen."""
        return SparseRows.by_user(self._ratings.take(self._is_seen))


@final
class Wanted(NamedTuple):
    """Who is to have a list.

    Attributes:
        ids: (n,) as they are written in the file.
        rows: int32 (n,), -1 for users that were not in the training data.
    """

    ids: Ids
    rows: Rows


@final
class Lister(NamedTuple):
    """What lists are made of.

    Attributes:
        ratings: whose items these are.
        ranker: what orders them.
        seen: by user, what is left out; None leaves nothing out.
        pairs: tells stars, and what suits whom nothing is known of.
    """

    ratings: Ratings
    ranker: Ranker
    seen: SparseRows | None
    pairs: PairScorer

    def top(self, user_rows: Rows, k: int) -> Rows:
        """The k best item rows of each user, best first; int32 (n, k), -1 where there is none."""
        top, known = np.full((len(user_rows), k), -1, np.int32), user_rows >= 0
        if known.any():
            top[known] = top_rows(self.ranker, self.seen, user_rows[known], k)
        if not known.all():
            liked = self.pairs.means.best_rows(k)
            top[np.ix_(~known, np.arange(len(liked)))] = liked
        return top


def write_all(
    lister: Lister, wanted: Wanted, path: Path, k: int, on_progress: Progress | None = None
) -> Path:
    """Lists to a file, row group after row group; see `Recommender.recommend_all`."""
    import polars as pl

    users, items, titles = wanted.ids, lister.ratings.items.ids, lister.ratings.titles
    schema = _schema(type_of(users), type_of(items))

    def frames() -> "Iterator[pl.DataFrame]":
        for start in range(0, len(users), _ROW_GROUP):
            rows = wanted.rows[start : start + _ROW_GROUP]
            top = lister.top(rows, k)
            if on_progress:
                on_progress(start + len(rows), len(users))
            at, place = np.nonzero(top >= 0)
            best = top[at, place]
            stars = lister.pairs.predict(rows[at], best)
            columns = users[start + at], place + 1, items[best], titles[best], stars
            yield pl.DataFrame(dict(zip(schema, columns, strict=True)), schema=schema)

    return write_table(path, schema, frames)


def write_list(listed: Sequence[Recommendation], path: Path) -> Path:
    """The list of a person without an id to a file, in the form of everybody's.

    Raises: ConfigError: it cannot be written.
    """
    import polars as pl

    is_number = all(isinstance(row.item_id, int) for row in listed)
    schema = _schema(pl.String(), pl.Int64() if is_number else pl.String())
    rows = [(None, rank, *row) for rank, row in enumerate(listed, 1)]
    return write_table(path, schema, lambda: iter([pl.DataFrame(rows, schema, orient="row")]))


def _schema(user: "pl.DataType", item: "pl.DataType") -> "dict[str, pl.DataType]":
    """The columns of a file of lists, given the types of ids."""
    import polars as pl

    return {
        "user_id": user,
        "rank": pl.Int32(),
        "item_id": item,
        "title": pl.String(),
        "prediction": pl.Float32(),
    }
