"""The one door: data sets by name, and files of your own, as Ratings."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from starcast.data import cache, packed
from starcast.data.files import tabular
from starcast.data.movielens import parse
from starcast.data.movielens.catalog import find
from starcast.data.ratings import Ratings
from starcast.data.scale import RatingScale
from starcast.errors import ConfigError, UnknownNameError

Progress = Callable[[int, int | None], None]
_EMBEDDED = Path(__file__).parent / "embedded"


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
        return packed.read(_EMBEDDED / f"{name}.npz", name)
    folder = data_dir / name
    if not folder.is_dir():
        from starcast.data.movielens.fetch import fetch

        folder = fetch(name, data_dir, mirror, on_progress)
    sources = parse.files(folder)
    ratings, _ = cache.through(sources, lambda: (parse.read(folder, name), 0), name=name)
    return ratings


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


def load_files(
    ratings_path: Path,
    items_path: Path | None = None,
    *,
    scale: RatingScale | None = None,
    name: str | None = None,
) -> tuple[Ratings, int]:
    """Ratings from files of your own, as `tabular.read` gives them, through the cache.

    Args:
        ratings_path: one row per rating.
        items_path: one row per item, with its title and perhaps its genres.
        scale: the stars that are allowed; inferred if not given.
        name: the data set's name; the rating file's, up to its first dot, if not given.
    Returns: the ratings; how many older duplicates were left out.
    Raises: DataError: a file or a value that cannot be used, with file, line and reason.
    """
    name = name or ratings_path.name.split(".")[0] or "ratings"
    sources = [ratings_path] if items_path is None else [ratings_path, items_path]
    return cache.through(
        sources,
        lambda: tabular.read(ratings_path, items_path, scale=scale, name=name),
        name=name,
        options=repr(scale),
    )
