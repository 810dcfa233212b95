"""`sc.load`: ratings by name, or of one's own."""

import os
import warnings
from pathlib import Path

from starcast.data import load as data
from starcast.data.files.options import RECOGNISED, Columns, Missing, ReadingOptions
from starcast.data.files.tabular import REPEATED, TESTED
from starcast.data.movielens.catalog import MIRROR, data_dir_of
from starcast.data.ratings import Ratings
from starcast.data.scale import RatingScale
from starcast.errors import ConfigError

Place = str | Path


def load(
    source: object,
    items: Place | None = None,
    *,
    scale: str | None = None,
    columns: Columns | None = None,
    separator: str | None = None,
    encoding: str | None = None,
    skip: int = 0,
    header: str | None = None,
    missing: Missing | None = None,
    min_ratings: int = 0,
    test_ratings: object = None,
    data_dir: Place | None = None,
    mirror: str | None = None,
) -> Ratings:
    """Ratings of a data set by name, or of your own; `reading` says what was taken for what.

    Args:
        source: a name such as "ml-1m", fetched if need be; the path of a file of ratings in any
            form of docs/data.md, of a folder of parts, a pattern, or an archive; several of these,
            which are joined; the address of a database, as "sqlite:///shop.db?table=ratings"; or a
            data frame of Polars, pandas or Arrow. A name that is also that of a file is the file.
        items: a file with item ids and titles, beside ratings of your own.
        scale: the stars that exist, as "0.5:5:0.5"; inferred if not given.
        columns: which column is which: {"user": "placeID", "rating": 3}, or "user=placeID".
        separator: what stands between fields, where that is not recognised.
        encoding: of the text, where that is not recognised.
        skip: lines above the table to leave out.
        header: "none" where no line names the columns, "first" where the first does.
        missing: ratings that mean that there is none: -1, [0, 99], or "NA".
        min_ratings: leave out users and items with fewer ratings, until none has fewer.
        test_ratings: your own test rows, as `source`; `split` divides by them.
        data_dir: the folder that holds data sets; $STARCAST_DATA_DIR, else "datasets".
        mirror: an address or folder to fetch from, instead of GroupLens; else $STARCAST_MIRROR.
    Raises: UnknownNameError, FetchError, DataError: in one line, with what to do.
    """
    options = ReadingOptions.of(
        columns=columns, separator=separator, encoding=encoding, skip=skip, header=header,
        missing=missing, min_ratings=min_ratings,
    )  # fmt: skip
    if data.is_name(source):
        if items or scale or options != RECOGNISED or test_ratings is not None:
            raise ConfigError(f"'{source}' is read in one way only; give options with a file")
        mirror = mirror or os.environ.get(MIRROR)
        return data.load(str(source), data_dir_of(data_dir), mirror=mirror)
    wanted = None if scale is None else RatingScale.parse(scale)
    ratings = data.load_own(source, items, options=options, scale=wanted, test_source=test_ratings)
    left_out = ratings.reading.left_out if ratings.reading else {}
    if older := left_out.get(REPEATED, 0):
        warnings.warn(f"{older:,} repeated pairs: the latest rating counts", stacklevel=2)
    if both := left_out.get(TESTED, 0):
        warnings.warn(f"left out: {both:,} {TESTED}", stacklevel=2)
    return ratings
