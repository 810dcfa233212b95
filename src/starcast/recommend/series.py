"""Titles that follow each other: which one is the third "Lord of the Rings"."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from starcast.recommend.search_words import number

Names = Sequence[Sequence[str]]
"""The words of a title's names, without those that say little."""

_APART = 12  # years: a film so much older is another one if it has the bare name, or few know it
_MINOR = 0.2  # of the ratings of the best known
_KNOWN = 0.02  # of the ratings of the best known: what has fewer is something beside the series


def place_in_series(
    rows: Sequence[int],
    names: Sequence[Names],
    years: NDArray[np.int64],
    n_ratings: NDArray[np.float64],
    n_base: int,
    place: int,
) -> int | None:
    """The row of the title that comes so manieth by year of those that begin alike.

    Args:
        rows: of the titles that have the words that the series is called by.
        names, years, n_ratings: of all titles.
        n_base: how many words the series is called by.
        place: 1 for the first.
    Returns: None where there is none, or where it has a number of its own.
    """
    begun = {row: {tuple(one[:n_base]) for one in names[row]} for row in rows if years[row]}
    known: Counter[tuple[str, ...]] = Counter()
    for row, beginnings in begun.items():
        known.update(dict.fromkeys(beginnings, n_ratings[row] + 1))
    if not known:
        return None
    name = max(known, key=lambda one: known[one])
    most = max(n_ratings[row] for row, beginnings in begun.items() if name in beginnings)
    members = [row for row, some in begun.items() if name in some]
    members = [row for row in members if n_ratings[row] >= _KNOWN * most]
    members.sort(key=lambda row: (years[row], row))
    if len(members) > 1 and years[members[1]] - years[members[0]] > _APART:
        is_bare = len(names[members[0]][0]) == n_base
        is_other = is_bare or n_ratings[members[0]] < _MINOR * most
        members = members[1:] if is_other else members
    if not 1 < len(members) >= place >= 1:
        return None
    row = members[place - 1]
    return None if any(map(number, names[row][0][n_base:])) else row
