"""Items by the words of their titles."""

import re
import unicodedata
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import final

_WORD = re.compile(r"[^\W_]+")
_MOST_WORDS = 16  # of a query; nobody types more, and each costs a look


def words(text: str) -> list[str]:
    """The words of a text without case, accents and signs.

    >>> words("Amélie's FABULOUS Destiny, The (2001)")
    ['amelies', 'fabulous', 'destiny', 'the', '2001']
    """
    bare = text.casefold().replace("'", "").replace("’", "")
    if not bare.isascii():
        spread = unicodedata.normalize("NFKD", bare)
        bare = "".join(letter for letter in spread if not unicodedata.combining(letter))
    return _WORD.findall(bare)


@final
class Search:
    """Finds titles that have every word of a query, or a word that begins with it.

    "Matrix, The" is found by "the matrix", since words may come in any order. Whole words count
    more than beginnings; among equals those with more ratings come first. An empty query means all.

    Args:
        titles: (n,), by row.
        popularity: (n,), training ratings by row.

    >>> films = Search(["Matrix, The", "Matrices", "The Mat"], [5, 9, 1])
    >>> films.find("the MAT"), films.find("matri"), films.find("!"), films.find("", 2)
    ([2, 0], [1, 0], [], [1, 0])
    """

    def __init__(self, titles: Sequence[str], popularity: Sequence[int]) -> None:
        places: defaultdict[str, list[int]] = defaultdict(list)
        for row, title in enumerate(titles):
            for word in dict.fromkeys(words(title)):
                places[word].append(row)
        self._places: Mapping[str, list[int]] = dict(places)
        self._words, self._fame = sorted(places), popularity

    def find(self, query: str, limit: int = 20) -> list[int]:
        """Rows of the titles that a query means, best first; at most `limit`."""
        if not query.strip():
            return self._famous[:limit]
        wanted = list(dict.fromkeys(words(query)))[:_MOST_WORDS]
        if not wanted:
            return []
        # The longest word has the fewest candidates, which the others thin out.
        first, *others = sorted(wanted, key=len, reverse=True)
        points = self._matches(first)
        for word in others:
            more = self._matches(word)
            points = {row: points[row] + more[row] for row in points.keys() & more.keys()}
        return self._best(points, limit)

    def widest(self) -> str:
        """A query that takes as long as any: the letters that begin the most words."""
        begun: Counter[str] = Counter()
        for word, rows in self._places.items():
            begun[word[0]] += len(rows)
        return " ".join(letter for letter, _ in begun.most_common(_MOST_WORDS))

    @cached_property
    def _famous(self) -> list[int]:
        """Every row, those with the most ratings first."""
        everything = dict.fromkeys(range(len(self._fame)), 0)
        return self._best(everything, len(everything))

    def _matches(self, word: str) -> dict[int, int]:
        """Rows with a word that begins like this; 1 for those with the very word, else 0."""
        found = dict.fromkeys(self._rows(self._beginning(word)), 0)
        return found | dict.fromkeys(self._places.get(word, ()), 1)

    def _beginning(self, word: str) -> Iterable[str]:
        at = bisect_left(self._words, word)
        while at < len(self._words) and self._words[at].startswith(word):
            yield self._words[at]
            at += 1

    def _rows(self, found: Iterable[str]) -> Iterable[int]:
        return (row for word in found for row in self._places[word])

    def _best(self, points: Mapping[int, int], limit: int) -> list[int]:
        return sorted(points, key=lambda row: (-points[row], -self._fame[row], row))[:limit]
