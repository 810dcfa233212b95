"""Items by their titles, however these are typed: typos, missing hyphens and articles, numbers."""

from collections.abc import Sequence
from functools import cached_property
from typing import final

import numpy as np
from numpy.typing import NDArray

from starcast.engines.protocol import Scores
from starcast.recommend.search_index import SearchIndex
from starcast.recommend.search_words import LITTLE, is_number, number, words
from starcast.recommend.series import place_in_series

_MOST_WORDS = 16  # of a query; nobody types more, and each costs a look
_NUMBER, _LITTLE = 0.6, 0.15  # what such words weigh, where another weighs 1
_COVERED = (0.6, 0.5)  # of what a query weighs, at least; the other where nothing has so much
_NEAR = 0.6  # of the best score: below it titles only look like chance
_NAME, _BEGINS, _FAME = 0.2, 0.1, 0.25  # what lifts a title among those that match alike
_SERIES = 0.9  # of a number that the title has not, but its place in a series
_MOST = 500  # titles that are looked at for a series
_IS_MATCH, _ALMOST = 0.45, 0.06  # quality from where on a word stands in a title


@final
class Search:
    """Finds titles by what people type.

    A title's words match whole, by their beginnings, joined or apart ("xmen", "star wars" and
    "starwars"), as numbers ("4", "IV" and "four"; the third film that is called so for "3"), and,
    where too few titles have them so, by few edits. Words that are missing cost what they weigh.
    Among titles that match alike those lead that have few other words, begin so, and have more
    ratings. An empty query means all.

    Args:
        titles: (n,), by row.
        popularity: (n,), training ratings by row.

    >>> films = Search(["Matrix, The (1999)", "Spider-Man (2002)", "Rocky IV (1985)"], [9, 5, 1])
    >>> [films.find(query) for query in ("the matirx", "spiderman", "rocky 4", "!", "")]
    [[0], [1], [2], [], [0, 1, 2]]
    """

    def __init__(self, titles: Sequence[str], popularity: Sequence[int]) -> None:
        self._index = SearchIndex(titles)
        self._raters = np.asarray(popularity, np.float64)
        self._fame = np.log1p(self._raters) / max(np.log1p(self._raters.max(initial=0)), 1.0)

    def find(self, query: str, limit: int = 20) -> list[int]:
        """Rows of the titles that a query means, best first; at most `limit`."""
        if not query.strip():
            return self._famous[:limit]
        wanted = list(dict.fromkeys(words(query)))[:_MOST_WORDS]
        if not wanted:
            return []
        weights = np.array([_weight(word) for word in wanted])
        matches = self._index.whole(wanted)
        if np.count_nonzero((matches > 0)[weights > _LITTLE].all(axis=0)) < limit:
            matches = np.maximum(matches, self._index.alike(wanted))
        self._number_series(wanted, matches)
        return self._best(wanted, matches, weights, limit)

    def widest(self) -> str:
        """A query that takes as long as any: words that are in no title, of the usual length."""
        return " ".join(f"{letter * 7}q" for letter in "abcdefghijklmnop"[:_MOST_WORDS])

    @cached_property
    def _famous(self) -> list[int]:
        """Every row, those with the most ratings first."""
        return list(map(int, np.argsort(-self._raters, kind="stable")))

    def _number_series(self, wanted: Sequence[str], matches: Scores) -> None:
        """Let the third film of a series be number 3, in place."""
        numbers = [at for at, word in enumerate(wanted) if is_number(word)]
        base = [at for at, word in enumerate(wanted) if not is_number(word) and word not in LITTLE]
        if len(numbers) != 1 or max((len(wanted[at]) for at in base), default=0) < 2:
            return
        at, place = numbers[0], int(number(wanted[numbers[0]]) or 0)
        quality = matches[base].min(axis=0)
        rows = np.flatnonzero(quality >= max(quality.max(initial=0) - _ALMOST, _IS_MATCH)).tolist()
        names, years = self._index.names, self._index.years
        row = place_in_series(rows[:_MOST], names, years, self._raters, len(base), place)
        if row is not None:
            matches[at, row] = max(matches[at, row], _SERIES)

    def _best(
        self, wanted: Sequence[str], matches: Scores, weights: NDArray[np.float64], limit: int
    ) -> list[int]:
        covered = weights @ matches / weights.sum()
        most = covered.max(initial=0)
        rows = np.flatnonzero(covered >= next((one for one in _COVERED if most >= one), np.inf))
        if not len(rows):
            return []
        n_matched = (matches[:, rows] * (weights > _LITTLE)[:, np.newaxis]).sum(axis=0)
        named = np.minimum(n_matched / self._index.n_words[rows], 1)
        lift = _NAME * named + _BEGINS * self._index.begins(wanted)[rows] + _FAME * self._fame[rows]
        scores = covered[rows] * (1 + lift)
        order = np.argsort(-scores, kind="stable")[:limit]
        order = order[scores[order] >= _NEAR * scores[order[0]]]
        return list(map(int, rows[order]))


def _weight(word: str) -> float:
    if word in LITTLE:
        return _LITTLE
    return _NUMBER if is_number(word) else 1.0
