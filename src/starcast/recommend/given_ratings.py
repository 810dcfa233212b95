"""Ratings that a person gives, as rows and stars, refused unless they can be meant."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from starcast.data.id_arrays import as_column
from starcast.data.ids import Rows
from starcast.data.ratings import Ratings
from starcast.data.scale import RatingScale
from starcast.display import quoted
from starcast.engines.protocol import Scores
from starcast.errors import ConfigError

Find = Callable[[Any], Rows]


def columns_of(
    given: ArrayLike | Sequence[object] | Mapping[Any, float], stars: ArrayLike | None
) -> tuple[Any, Any]:
    """Items and stars, given as two columns or as one mapping. Raises: ConfigError: as neither."""
    if isinstance(given, Mapping):
        if stars is not None:
            raise ConfigError("a mapping of items has their stars in it; leave the others out")
        return list(given), list(given.values())
    if stars is None:
        raise ConfigError("items need their stars, as a second list or in a mapping: {item: stars}")
    return given, stars


def checked_ratings(
    ratings: Ratings, find: Find, item_ids: ArrayLike | Sequence[object], stars: ArrayLike
) -> tuple[Rows, Scores]:
    """A person's ratings as rows and stars, refused unless they can be meant.

    Args:
        ratings: whose items and scale these are.
        find: gives the rows (n,) of items by their names.
        item_ids, stars: (n,), n may be 0.
    Returns: int32 (n,); float32 (n,).
    Raises:
        UnknownIdError: an item that was not in the training data.
        ConfigError: columns of different length, an item that is rated twice, or stars that are no
            numbers or outside the scale.
    """
    ids, values = _column(item_ids, "items"), _numbers(_column(stars, "stars"))
    if len(ids) != len(values):
        raise ConfigError(f"{len(ids)} items and {len(values)} stars make no ratings")
    rows = find(ids)
    check_once(ratings, rows)
    check_stars(ratings.scale, ids.tolist(), values)
    return rows, values.astype(np.float32)


def check_stars(scale: RatingScale, item_ids: Sequence[object], stars: ArrayLike) -> None:
    """Refuse stars (n,) that are outside the scale, known items or not. Raises: ConfigError."""
    values = np.asarray(stars, np.float64)
    margin = 1e-6 * (scale.highest - scale.lowest)  # 0.1 and the like are not exact in binary
    with np.errstate(invalid="ignore"):
        inside = (values >= scale.lowest - margin) & (values <= scale.highest + margin)
    if not inside.all():
        at = int(np.argmin(inside))
        item = quoted(item_ids[at])
        raise ConfigError(f"{values[at]:g} stars for item {item} are outside {scale}")


def _column(values: object, what: str) -> np.ndarray:
    column = as_column(values)
    if column is None:
        raise ConfigError(f"{what} must be a list of single values")
    return column


def _numbers(values: np.ndarray) -> np.ndarray:
    try:
        return values.astype(np.float64)
    except (TypeError, ValueError, OverflowError):
        raise ConfigError("stars must be numbers") from None


def check_once(ratings: Ratings, rows: ArrayLike) -> None:
    """Refuse items that are rated twice. Raises: ConfigError."""
    first, times = np.unique(rows, return_counts=True)
    if np.any(times > 1):
        twice = ratings.items.ids[first[np.argmax(times > 1)]]
        raise ConfigError(f"item {quoted(twice)} is rated more than once; give each item once")
