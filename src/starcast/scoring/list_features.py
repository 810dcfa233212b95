"""What a list blend looks at: what its parts say of a user and an item, and what both are like."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, final

import numpy as np
from numpy.typing import NDArray

from starcast.data.ids import Rows
from starcast.engines.protocol import Scores
from starcast.engines.rows import SparseRows

_USER_DAMPING, _ITEM_DAMPING = 5, 10  # ratings' worth of the mean
_LEAST = 0.1  # of a user's standard deviation: below, a list score says no more
_TINY = np.float32(1e-12)
_RELEASED = re.compile(r"\((\d{4})\)\s*$", re.ASCII)
_EPOCH = 2000  # years are told in decades since


@final
class PartScores(NamedTuple):
    """What the parts make of m users and every item.

    Attributes:
        lists: of each part made for lists float32 (m, n_items), its list scores.
        ratings: of each other part float32 (m, n_items), its stars.
        stars: float32 (m, n_items), those that are shown.
    """

    lists: Sequence[Scores]
    ratings: Sequence[Scores]
    stars: Scores


@final
class ItemTraits(NamedTuple):
    """What items are like; float32 (n_items,) each.

    Attributes:
        raters: ln(1 + ratings).
        deviation: mean of what their ratings are above the means of their users, stars.
        spread: standard deviation of the same, stars.
        year: of release, in decades since 2000; None where no title tells.
        mean: of all ratings, stars; a single number.
    """

    raters: Scores
    deviation: Scores
    spread: Scores
    year: Scores | None
    mean: float

    @classmethod
    def of(cls, histories: SparseRows, year: Scores | None) -> "ItemTraits":
        """By who rated what."""
        overall = float(histories.values.mean()) if len(histories.values) else 0.0
        above = histories.values - _user_means(histories, overall)[histories.row_numbers()]
        items, n_items = histories.columns, histories.n_columns
        count = np.bincount(items, minlength=n_items)
        total, squares = (np.bincount(items, v, n_items) for v in (above, above * above))
        mean = total / np.maximum(count, 1)
        spread = np.sqrt(np.maximum(squares / np.maximum(count, 1) - mean * mean, 0))
        return cls(
            np.log1p(count).astype(np.float32),
            (total / (count + _ITEM_DAMPING)).astype(np.float32),
            spread.astype(np.float32),
            year,
            overall,
        )


@final
class UserTraits(NamedTuple):
    """What users are like; float32 (m,) each.

    Attributes:
        activity: ln(1 + ratings).
        mean, spread: of their stars.
        raters, year: means over the items they rated.
    """

    activity: Scores
    mean: Scores
    spread: Scores
    raters: Scores
    year: Scores | None

    @classmethod
    def of(cls, histories: SparseRows, items: ItemTraits) -> "UserTraits":
        """By what each rated."""
        rows, counts = histories.row_numbers(), np.diff(histories.offsets)
        means = _user_means(histories, items.mean)
        above = histories.values - means[rows]

        def averaged(values: NDArray[np.floating]) -> Scores:
            sums = np.bincount(rows, values, len(histories))
            return np.asarray(sums / np.maximum(counts, 1), np.float32)

        year = None if items.year is None else averaged(items.year[histories.columns])
        return cls(
            np.log1p(counts).astype(np.float32),
            means.astype(np.float32),
            np.sqrt(averaged(above * above)),
            averaged(items.raters[histories.columns]),
            year,
        )

    def take(self, users: Rows) -> "UserTraits":
        """Of some users."""
        year = None if self.year is None else self.year[users]
        activity, mean, spread, raters = (trait[users] for trait in self[:4])
        return UserTraits(activity, mean, spread, raters, year)


Trait = Callable[[UserTraits, ItemTraits, Rows], Scores | None]
"""Of m users and their candidates (m, C): float32 (m, C) or (m,); None where it is not known."""

TRAITS: Mapping[str, Trait] = {
    "ln(1 + raters)": lambda users, items, rows: items.raters[rows],
    "item's deviation": lambda users, items, rows: items.deviation[rows],
    "item's spread": lambda users, items, rows: items.spread[rows],
    "raters against own": lambda users, items, rows: items.raters[rows] - users.raters[:, None],
    "year": lambda users, items, rows: None if items.year is None else items.year[rows],
    "year against own": lambda users, items, rows: (
        None if items.year is None or users.year is None
        else items.year[rows] - users.year[:, None]
    ),
    "user's activity": lambda users, items, rows: users.activity,
    "user's mean": lambda users, items, rows: users.mean,
    "user's spread": lambda users, items, rows: users.spread,
    "user's raters": lambda users, items, rows: users.raters,
    "user's year": lambda users, items, rows: users.year,
}  # fmt: skip
"""The features that no part scores. Those of users alone order nothing, but trees ask for them."""


def feature_names(lists: Sequence[str], ratings: Sequence[str], *, has_years: bool) -> list[str]:
    """What the columns of `features` are called, with the titles of the parts.

    >>> feature_names(["Item-item"], ["Bayesian"], has_years=False)[:4]
    ['z Item-item', 'ln Item-item', 'z Bayesian', 'stars']
    """
    scores = [f"{kind} {title}" for title in lists for kind in ("z", "ln")]
    traits = [name for name in TRAITS if has_years or "year" not in name]
    return [*scores, *(f"z {title}" for title in ratings), "stars", *traits]


def features(
    scores: PartScores, z: Sequence[Scores], users: UserTraits, items: ItemTraits, rows: Rows
) -> Scores:
    """A column for each of `feature_names`; float32 (m, C, n_features), all finite.

    Of each list part z, its score in the user's standard deviations above their mean over all
    items, and ln, the logarithm of the score in the same unit; of each rating part z; the stars
    that are shown; and `TRAITS`.

    Args:
        scores: of m users.
        z: those of the list parts, then those of the rating parts, `standardized`.
        users: m.
        items: all of them.
        rows: int32 (m, C), candidates.
    """
    columns: list[Scores] = []
    for apart, part in zip(z, scores.lists, strict=False):
        columns += [_at(apart, rows), _logarithms(part, rows)]
    columns += [_at(apart, rows) for apart in z[len(scores.lists) :]]
    columns.append(_at(scores.stars, rows))
    for trait in TRAITS.values():
        found = trait(users, items, rows)
        if found is not None:
            columns.append(
                found if found.ndim == 2 else np.repeat(found[:, None], rows.shape[1], 1)
            )
    return np.stack(columns, axis=-1).astype(np.float32, copy=False)


def standardized(scores: Scores) -> Scores:
    """Each row less its mean, over its standard deviation; zeros where all are alike."""
    apart = scores - scores.mean(axis=1, keepdims=True)
    return np.asarray(apart / np.maximum(apart.std(axis=1, keepdims=True), _TINY))


def _logarithms(scores: Scores, rows: Rows) -> Scores:
    scale = np.maximum(scores.std(axis=1, keepdims=True), _TINY)
    return np.asarray(np.log(np.maximum(_at(scores, rows) / scale, np.float32(_LEAST))))


def _at(scores: Scores, rows: Rows) -> Scores:
    return np.take_along_axis(scores, rows, axis=1)


def _user_means(histories: SparseRows, overall: float) -> NDArray[np.float64]:
    """Means of users' stars, drawn to the mean of all; (n_users,)."""
    sums = np.bincount(histories.row_numbers(), histories.values, len(histories))
    damped = np.diff(histories.offsets) + _USER_DAMPING
    return np.asarray((sums + _USER_DAMPING * overall) / damped)


def years(titles: NDArray[np.str_]) -> Scores | None:
    """Decades since 2000 by titles that end in a year, "(1994)"; float32 (n,), None if none does.

    A title without one counts as the mean of the others.

    >>> years(np.array(["Heat (1995)", "Dune"])).tolist()
    [-0.5, -0.5]
    """
    found = [_RELEASED.search(title) for title in titles.tolist()]
    year = np.array([float(one[1]) if one else np.nan for one in found])
    if np.all(np.isnan(year)):
        return None
    known = np.where(np.isnan(year), np.nanmean(year), year)
    return np.asarray((known - _EPOCH) / 10, np.float32)
