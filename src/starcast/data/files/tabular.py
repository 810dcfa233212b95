"""Ratings of your own: CSV, TSV and other text tables, and Parquet."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from starcast.data import attributes
from starcast.data.attributes import Item
from starcast.data.files import columns, faults
from starcast.data.files.columns import GENRES, ITEM, NEEDED, RATING, TIMESTAMP, TITLE, USER
from starcast.data.files.delimited import Layout, check_readable, is_utf8, sniff
from starcast.data.files.encoding import encode, latest
from starcast.data.files.normal import normal_frame, normal_ids
from starcast.data.ratings import Ratings
from starcast.data.scale import RatingScale
from starcast.errors import DataError

if TYPE_CHECKING:
    import polars as pl

_PARQUET = b"PAR1"


def read(
    ratings_path: Path,
    items_path: Path | None = None,
    *,
    scale: RatingScale | None = None,
    name: str = "ratings",
) -> tuple[Ratings, int]:
    """Ratings from a file of your own, each pair once.

    Text is cut at comma, tab, semicolon, bar or "::", whichever fits, and has a header (names as in
    `columns.RATING_TABLE`) or the order user, item, rating[, timestamp]; gzip is fine. Ids are
    integers if every one of a column is written as a plain integer, and text otherwise, so that
    "007" stays "007". Spaces around values do not count. Of several ratings of one pair the latest
    timestamp wins, then the later row.

    Args:
        ratings_path: one row per rating.
        items_path: one row per item, with its title and perhaps its genres, as "Drama|War".
        scale: the stars that are allowed; inferred if not given.
        name: the data set's name.
    Returns: the ratings; how many older duplicates were left out.
    Raises: DataError: a file or a value that cannot be used, with file, line and reason.
    """
    check_readable(ratings_path)
    is_parquet = _is_parquet(ratings_path)
    frame = _parquet_frame(ratings_path, scale) if is_parquet else _text_frame(ratings_path, scale)
    n_rows = len(frame)
    if not n_rows:
        raise DataError(f"{ratings_path} holds no ratings; it needs a row per rating")
    rows = latest(encode(frame, ratings_path))
    by_text = read_items(items_path) if items_path else {}
    known = {one: by_text[str(one)] for one in rows.items.ids.tolist() if str(one) in by_text}
    titles = {one: item.title for one, item in known.items()}
    about = attributes.of_items(rows.items, known)
    try:
        ratings = Ratings.from_rows(*rows, titles=titles, scale=scale, name=name, attributes=about)
    except DataError as error:
        raise DataError(f"{ratings_path}: {error}") from None
    return ratings, n_rows - len(ratings)


def read_items(items_path: Path) -> dict[str, Item]:
    """Titles and genres of items, from a text table or Parquet with an id and a title column.

    Args:
        items_path: one row per item; other columns do not matter, and of two rows of one item the
            later counts.
    Returns: item id, as text whatever its type, to its title and genres.
    Raises: DataError: the file cannot be read, or has no such columns.
    """
    check_readable(items_path)
    rows = _parquet_items if _is_parquet(items_path) else _text_items
    return {
        one: Item((title or "").strip(), genres or "")
        for one, title, genres in rows(items_path)
        if one
    }


def _text_items(path: Path) -> Iterator[tuple[str, str, str]]:
    layout = sniff(path, columns.ITEM_TABLE, (ITEM, TITLE))
    item, title = layout.places[ITEM], layout.places[TITLE]
    genres = layout.places.get(GENRES, layout.n_fields)  # where there is nothing
    for line, record in layout.records():
        if not is_utf8("".join(record)):
            raise DataError(f"{path}, line {line}: it is not UTF-8 text; save the file as UTF-8")
        if len(record) > max(item, title):
            told = record[genres] if genres < min(len(record), layout.n_fields) else ""
            yield record[item].strip(), record[title], told


def _parquet_items(path: Path) -> Iterator[tuple[str | None, str | None, str | None]]:
    import polars as pl

    try:
        table = _parquet_table(path, columns.ITEM_TABLE, (ITEM, TITLE))
        has_genres = GENRES in table.collect_schema()
        genres = pl.col(GENRES) if has_genres else pl.lit(None)
        frame = table.select(
            normal_ids(table, ITEM, path).cast(pl.String),
            pl.col(TITLE).cast(pl.String),
            genres.cast(pl.String).alias(GENRES),
        ).collect()
    except pl.exceptions.PolarsError as error:
        raise _damaged(path, error) from None
    yield from frame.iter_rows()


def _text_frame(path: Path, scale: RatingScale | None) -> "pl.DataFrame":
    """User, item, rating and perhaps timestamp of a text table, every value sound."""
    import polars as pl

    layout = sniff(path, columns.RATING_TABLE, NEEDED)
    try:
        frame = _plain_frame(layout)
        if _has_nulls(frame):
            frame = normal_frame(_without_blank_lines(layout.scan({})), path)
    except pl.exceptions.PolarsError as error:
        raise faults.in_text(layout, scale, str(error)) from None
    if not _is_sound(frame, scale):
        raise faults.in_text(layout, scale, "it holds values that are no ratings")
    return frame


def _plain_frame(layout: Layout) -> "pl.DataFrame":
    """The quick way, for tables with plain integers as ids and timestamps; null where not so."""
    import polars as pl

    def plain_integer(kind: str) -> pl.Expr:
        text = pl.col(kind)  # whatever begins with "+", "-" or a leading "0" sorts before "1"
        is_plain = (text >= "1") | (text == "0")
        return pl.when(is_plain).then(text.cast(pl.Int64, strict=False)).alias(kind)

    others = {RATING: pl.Float32(), TIMESTAMP: pl.Int64()}
    table = layout.scan({}).select(
        plain_integer(USER),
        plain_integer(ITEM),
        *(
            pl.col(kind).cast(others[kind], strict=False)
            for kind in layout.places
            if kind in others
        ),
    )
    return table.collect(engine="streaming")


def _without_blank_lines(table: "pl.LazyFrame") -> "pl.LazyFrame":
    import polars as pl

    return table.filter(pl.any_horizontal(pl.all().is_not_null()))


def _parquet_frame(path: Path, scale: RatingScale | None) -> "pl.DataFrame":
    import polars as pl

    try:
        table = _parquet_table(path, columns.RATING_TABLE, NEEDED)
        frame = normal_frame(table, path)
        if _is_sound(frame, scale):
            return frame
        raise faults.in_parquet(path, table, scale)
    except pl.exceptions.PolarsError as error:
        raise _damaged(path, error) from None


def _parquet_table(
    path: Path, aliases: dict[str, tuple[str, ...]], needed: tuple[str, ...]
) -> "pl.LazyFrame":
    import polars as pl

    table = pl.scan_parquet(path, glob=False)
    names = table.collect_schema().names()
    places = columns.positions(names, aliases, needed, path)
    return table.select(pl.col(names[at]).alias(kind) for kind, at in places.items())


def _has_nulls(frame: "pl.DataFrame") -> bool:
    return any(column.has_nulls() for column in frame)


def _is_sound(frame: "pl.DataFrame", scale: RatingScale | None) -> bool:
    if _has_nulls(frame):
        return False
    stars = frame[RATING].to_numpy()
    if not np.all(np.isfinite(stars)):
        return False
    return not scale or bool(np.all((stars >= scale.lowest) & (stars <= scale.highest)))


def _is_parquet(path: Path) -> bool:
    with path.open("rb") as file:
        return path.suffix.lower() == ".parquet" or file.read(4) == _PARQUET


def _damaged(path: Path, error: Exception) -> DataError:
    return DataError(f"{path} is no readable Parquet file: {str(error).splitlines()[0]}")
