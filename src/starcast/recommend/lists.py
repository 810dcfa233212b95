"""Lists in files: those of many users, and that of a person without an id."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, final

import numpy as np

from starcast.data.ids import Ids, Rows
from starcast.engines.blocks import Progress
from starcast.errors import ConfigError
from starcast.recommend.answers import Recommendation
from starcast.recommend.lister import Limits, Lister
from starcast.recommend.remarks import OnRemark, Shortcomings
from starcast.recommend.table_file import type_of, write_table

if TYPE_CHECKING:
    import polars as pl

_ROW_GROUP = 1024  # users written at once
MakeLists = Callable[[Rows], Rows]


@final
class Wanted(NamedTuple):
    """Who is to have a list.

    Attributes:
        ids: (n,) as they are written in the file.
        rows: int32 (n,), -1 for users that were not in the training data.
        k: the length of the lists.
        limits: what they may name.
    """

    ids: Ids
    rows: Rows
    k: int
    limits: Limits


def write_all(
    lister: Lister,
    wanted: Wanted,
    path: Path,
    on_progress: Progress | None,
    on_remark: OnRemark,
    make: MakeLists | None = None,
) -> Path:
    """Lists to a file, row group after row group; see `Recommender.recommend_all`.

    Args:
        make: user rows to lists (n, k) of item rows, where they are made elsewhere.
    Raises: ConfigError: rules, or users without a row, where lists are made elsewhere.
    """
    import polars as pl

    ratings = lister.ratings
    users, items, titles = wanted.ids, ratings.items.ids, ratings.titles
    schema = _schema(type_of(users), type_of(items))
    if make and not (wanted.limits.are_open and np.all(wanted.rows >= 0)):
        raise ConfigError("lists by rules, and of unknown users, are made on this machine alone")
    made = make(wanted.rows) if make else None
    lacking = Shortcomings(wanted.limits.rule_set, wanted.k)

    def frames() -> "Iterator[pl.DataFrame]":
        for start in range(0, len(users), _ROW_GROUP):
            rows = wanted.rows[start : start + _ROW_GROUP]
            top = (
                lister.for_many(rows, wanted.k, wanted.limits)
                if made is None
                else made[start : start + len(rows)]
            )
            lacking.count(top)
            if on_progress:
                on_progress(start + len(rows), len(users))
            at, place = np.nonzero(top >= 0)
            best = top[at, place]
            stars = lister.pairs.predict(rows[at], best)
            columns = users[start + at], place + 1, items[best], titles[best], stars
            yield pl.DataFrame(dict(zip(schema, columns, strict=True)), schema=schema)

    write_table(path, schema, frames)
    n_unknown = int(np.count_nonzero(wanted.rows < 0))
    if n_unknown and wanted.limits.rule_set.rules.calibration:
        on_remark(f"not calibrated: {n_unknown:,} lists of users of whom nothing is known")
    for line in lacking.lines():
        on_remark(line)
    return path


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
