"""The one door: data sets by name, and files of your own, as Ratings."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from starcast.data import cache, parquet
from starcast.data.blocks.opening import blocks_at, open_blocks
from starcast.data.files import frames, id_columns, tabular
from starcast.data.files import source as where
from starcast.data.files.id_columns import IdColumns
from starcast.data.files.loaded import NEEDED, Loaded, Needed, load_table
from starcast.data.files.options import RECOGNISED, ReadingOptions
from starcast.data.files.source import Place
from starcast.data.files.table import Table
from starcast.data.movielens import parse
from starcast.data.movielens.catalog import CATALOG, find
from starcast.data.ratings import Ratings
from starcast.data.scale import RatingScale
from starcast.data.split import OFFICIAL, Split, SplitPlan
from starcast.data.store import source as database
from starcast.data.store.address import Query, is_address
from starcast.data.store.query import table_of
from starcast.errors import ConfigError, DataError, UnknownNameError

Progress = Callable[[int, int | None], None]
_EMBEDDED = Path(__file__).parent / "embedded"


def is_name(source: object) -> bool:
    """Whether a source is the name of a data set, or can be nothing else.

    A name that is also that of a file is the file.
    """
    if not isinstance(source, str | Path) or where.is_pipe(source) or is_address(source):
        return False
    path = Path(source)
    if str(source) in CATALOG:
        return not path.is_file()
    is_bare = path.name == str(source) and not path.suffix and not set("*?[") & set(path.name)
    return is_bare and not path.exists()


def load(
    name: str,
    data_dir: Path,
    *,
    mirror: str | None = None,
    on_progress: Progress | None = None,
) -> Ratings:
    """The ratings of a data set of the catalog: embedded, on disk, or fetched now.

    Args:
        name: such as "ml-1m".
        data_dir: the folder that holds the data sets.
        mirror, on_progress: as in `fetch`.
    Raises:
        UnknownNameError: there is no such data set.
        FetchError: it is neither here nor to be had.
        DataError: its files are damaged.

    >>> load("ml-latest-small", Path("datasets"))
    Ratings('ml-latest-small': 100,836 ratings, 610 users, 9,724 items, 0.5 to 5 stars in steps of 0.5)
    """  # noqa: E501  # what it prints is one line
    if find(name).embedded:
        return parquet.read(_EMBEDDED / f"{name}.parquet", name)
    folder = data_dir / name
    if not folder.is_dir():
        from starcast.data.movielens.fetch import fetch

        folder = fetch(name, data_dir, mirror, on_progress)
    sources = parse.files(folder)
    return cache.through(sources, lambda: parse.read(folder, name), name=name)


def load_official_test(
    name: str, split_name: str, data_dir: Path, ratings: Ratings
) -> NDArray[np.bool_]:
    """The test rows of a split that a data set ships.

    Args:
        name: the data set, as `load` takes it.
        split_name: the split, such as "u1".
        data_dir: the folder that holds the data sets.
        ratings: what `load` gave.
    Returns: bool (n,), one per row of `ratings`.
    Raises:
        ConfigError: the data set ships no splits.
        UnknownNameError: it ships others.
        DataError: the split's file is damaged, or belongs to other ratings.
    """
    shipped = find(name).official_splits
    if not shipped:
        raise ConfigError(f"{name} ships no official splits; choose random, user-latest or time")
    if split_name not in shipped:
        raise UnknownNameError("official split", split_name, shipped)
    return parse.official_test(data_dir / name, split_name, ratings)


def divide(plan: SplitPlan, ratings: Ratings, data_dir: Path) -> Split:
    """The split of ratings by a plan; an official one is that of the data set in `data_dir`.

    Raises: ConfigError, UnknownNameError, DataError: it cannot be had.
    """
    name = ratings.name
    if plan.scheme != OFFICIAL:
        return plan.divide(ratings)
    if ratings.reading:
        raise DataError("your own ratings ship no official split; choose another --split")
    return plan.divide(ratings, load_official_test(name, plan.official, data_dir, ratings))


def load_own(
    source: object,
    items_path: Place | None = None,
    *,
    options: ReadingOptions = RECOGNISED,
    scale: RatingScale | None = None,
    name: str | None = None,
    test_source: object = None,
) -> Ratings:
    """Ratings of your own; what was taken for what is their `reading`.

    Files go through the cache. Pipes, databases and data frames are read each time, and so is
    everything that has test rows beside it.

    Args:
        source: a path, or several that are joined: of files, folders of parts, patterns, archives,
            or "-" for what is piped in; the address of a store, as "sqlite:///r.db", or of another
            database, as "sqlite:///shop.db?table=ratings"; or a data frame.
        items_path: a row per item, with its title and perhaps its genres.
        options: what is not to be left to recognition.
        scale: the stars that are allowed; inferred if not given.
        name: the data set's name; that of the source, up to its first dot, if not given.
        test_source: what holds test rows, as `source`; they are the `given_test` rows.
    Raises: DataError: a file or a value that cannot be used, with file, line and reason.
    """
    if (folder := blocks_at(source)) is not None:
        if options != RECOGNISED or any(
            one is not None for one in (items_path, scale, test_source)
        ):
            raise DataError(f"{folder} holds blocks, whose columns, titles and scale are settled")
        return open_blocks(folder, name or _name(folder))
    sources, tests = asked_of(source), [] if test_source is None else asked_of(test_source)
    if not sources or (test_source is not None and not tests):
        raise DataError("no ratings are named; give a path, an address or a data frame")
    name = name or _name(sources[0])
    read = partial(_read, sources, tests, items_path, options, scale, name)
    if tests:
        return read()
    places = [one for one in sources if isinstance(one, str | Path)]
    files = where.files(places) if len(places) == len(sources) else None
    if files is None:
        return read()
    beside = [] if items_path is None else [Path(items_path)]
    key = f"{tabular.VERSION} {scale} {options.key}"
    return cache.through([*files, *beside], read, name=name, options=key)


def load_ids(source: object, needed: Needed, *, options: ReadingOptions = RECOGNISED) -> IdColumns:
    """Ids alone, from whatever may hold ratings: pairs of users and items, or users.

    Args:
        source: a path, an address or a data frame, as for `load_own`.
        needed: the kinds of columns, "user", "item" or both.
        options: what is not to be left to recognition.
    Raises: DataError: it cannot be used, with file, line and reason.
    """
    asked = _asked(source)
    with where.scratch_folder() as scratch:
        tables = _tables(asked, options, scratch, None, needed)
        return id_columns.of_tables(tables, label_of(asked), options)


def asked_of(source: object) -> list[object]:
    """One source, or several, each a path, a data frame, or what an address asks for."""
    return [_asked(one) for one in (source if isinstance(source, list | tuple) else [source])]


def _asked(source: object) -> object:
    """A source; of an address, what it asks for."""
    return database.asked_of(str(source)) if is_address(source) else source


def _read(
    sources: Sequence[object],
    tests: Sequence[object],
    items_path: Place | None,
    options: ReadingOptions,
    scale: RatingScale | None,
    name: str,
) -> Ratings:
    """The ratings of some sources, joined, without the cache."""
    every = [*sources, *tests]
    stores = [one for one in every if isinstance(one, Query) and one.store]
    label = ", ".join(dict.fromkeys(map(label_of, every)))
    tables: list[Loaded] = []
    scale = database.scale_of(stores[0]) if stores and not scale else scale
    with where.scratch_folder() as scratch:
        for at, source in enumerate(every):
            found = _tables(source, options, scratch, tables[0].table if tables else None)
            tables += [replace(one, is_test=at >= len(sources)) for one in found]
        ratings = tabular.of_tables(
            tables, label, items_path, options=options, scale=scale, name=name
        )
    for store in stores:
        ratings = database.with_known(ratings, store)
    return ratings


def _tables(
    source: object,
    options: ReadingOptions,
    scratch: Path,
    first: Table | None,
    needed: Needed = NEEDED,
) -> list[Loaded]:
    if frames.is_frame(source):
        return [load_table(frames.table_of(source), options, needed)]
    if isinstance(source, Query):
        return [load_table(table_of(source), options, needed)]
    if isinstance(source, str | Path):
        return tabular.load_place(source, options, scratch, first, needed)
    raise DataError(f"a {type(source).__name__} is no path, address or data frame")


def label_of(source: object) -> str:
    """What messages call a source."""
    if frames.is_frame(source):
        return frames.LABEL
    return source.label if isinstance(source, Query) else str(source)


def _name(source: object) -> str:
    """The name of a data set, for folders and reports."""
    if isinstance(source, Query):
        return source.name
    is_place = isinstance(source, str | Path) and not where.is_pipe(source)
    path = Path(str(source)) if is_place else Path("ratings")
    path = path.parent if set("*?[") & set(path.name) and not path.exists() else path
    return path.resolve().name.split(".")[0] or "ratings"
