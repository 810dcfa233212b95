"""What stands in which title, and how well a typed word matches it."""

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import final

import numpy as np
from numpy.typing import NDArray

from starcast.data.attributes import year_of
from starcast.data.ids import Rows
from starcast.engines.protocol import Scores
from starcast.recommend.search_words import LITTLE, joined, number, words
from starcast.recommend.titles import names_of, split_year

_BEGINNING, _YEAR, _JOINED = 0.85, 0.85, 0.95  # quality of a match; that of a whole word is 1
_LONGER = 3  # letters, by which two words that are alike may differ in length
_MOST_ALIKE, _MOST_WORDS = 40, 6  # spellings of a word, and words, that are looked at
_SUBTITLE = re.compile(r": | - | \(")


@final
class SearchIndex:
    """The words of titles, sorted, so that those with one beginning follow each other.

    Args:
        titles: (n,), by row.
    Attributes:
        n_words: float64 (n,), words of a title's name, those that say little apart; at least 1.
        names: the words of each title's names, without those that say little.
        years: of release, 0 where none is told; int64 (n,).
    """

    def __init__(self, titles: Sequence[str]) -> None:
        self._n = len(titles)
        self.names = [_names(title) for title in titles]
        self.n_words = np.array([max(len(some[0]), 1) for some in self.names], np.float64)
        self.years = np.array([year_of(title) or 0 for title in titles], np.int64)
        told = [words(split_year(title)[0]) for title in titles]
        self._words, self._offsets, self._rows = _sorted(
            [*some, *_compounds(title)] for some, title in zip(told, titles, strict=True)
        )
        self._by_length: dict[tuple[int, int], tuple[list[str], list[int]]] = {}
        self._place = {word: at for at, word in enumerate(self._words)}
        self._of_year = _places([str(year)] for year in self.years.tolist())
        self._numbers = _places([filter(None, map(number, some)) for some in told])
        self._joined = _places(map(joined, map(words, map(_main, titles))))
        self._first = np.array([self._place.get(n[0][0], -1) if n[0] else -1 for n in self.names])

    def whole(self, wanted: Sequence[str]) -> Scores:
        """How well words match titles as they are; float32 (n_wanted, n)."""
        found = np.zeros((len(wanted), self._n), np.float32)
        for at, word in enumerate(wanted):
            if not word.isdecimal() or len(word) > 2:  # "2" is not meant for "21 Grams"
                found[at, self._rows_begun(self._begun(word))] = _BEGINNING
            found[at, self._of_year.get(word, [])] = _YEAR
            found[at, self._joined.get(word, [])] = _JOINED
            found[at, self._rows_of(self._place.get(word))] = 1
            if (told := number(word)) is not None:
                found[at, self._numbers.get(told, [])] = 1
        for at, pair in enumerate(map("".join, pairwise(wanted))):
            rows = self._rows_of(self._place.get(pair))
            found[at : at + 2, rows] = np.maximum(found[at : at + 2, rows], _JOINED)
        return found

    def alike(self, wanted: Sequence[str]) -> Scores:
        """How well words match titles that are spelled a little otherwise; float32 (n_wanted, n).

        Source: the similarity is 1 - d / (letters of the longer word), with d the optimal string
        alignment distance (swapped neighbours are one edit; Boytsov 2011, section 2.1), squared.
        """
        found = np.zeros((len(wanted), self._n), np.float32)
        looked_at = [at for at, word in enumerate(wanted) if _edits(word)][:_MOST_WORDS]
        for at in looked_at:
            for place, similarity in self._near(wanted[at]):
                rows = self._rows_of(place)
                found[at, rows] = np.maximum(found[at, rows], similarity**2)
        return found

    def begins(self, wanted: Sequence[str]) -> NDArray[np.bool_]:
        """Whether titles begin like the first word that says something; bool (n,)."""
        word = next((one for one in wanted if one not in LITTLE), wanted[0])
        begun = self._begun(word)
        return (self._first >= begun.start) & (self._first < begun.stop)

    def _near(self, word: str) -> list[tuple[int, float]]:
        from rapidfuzz import process
        from rapidfuzz.distance import OSA

        edits = _edits(word)
        some, places = self._about_as_long(len(word), edits)
        least = 1 - edits / len(word) - 1e-9
        near = process.extract(
            word, some, scorer=OSA.normalized_similarity, score_cutoff=least, limit=_MOST_ALIKE
        )
        return [(places[at], similarity) for _, similarity, at in near]

    def _about_as_long(self, length: int, edits: int) -> tuple[list[str], list[int]]:
        """Words that are so long, give or take some letters, and their places."""
        if (length, edits) not in self._by_length:
            some = [
                (word, at)
                for at, word in enumerate(self._words)
                if abs(len(word) - length) <= edits
            ]
            self._by_length[length, edits] = [word for word, _ in some], [at for _, at in some]
        return self._by_length[length, edits]

    def _begun(self, word: str) -> range:
        """Places of the words that begin so."""
        return range(bisect_left(self._words, word), bisect_left(self._words, word + "\U0010ffff"))

    def _rows_begun(self, begun: range) -> Rows:
        return self._rows[self._offsets[begun.start] : self._offsets[begun.stop]]

    def _rows_of(self, place: int | None) -> Rows:
        if place is None:
            return self._rows[:0]
        return self._rows[self._offsets[place] : self._offsets[place + 1]]


def _edits(word: str) -> int:
    """How many edits apart two words may be and still be meant for the same."""
    if word in LITTLE or number(word) or len(word) < 4:
        return 0
    return 1 if len(word) < 6 else 2 if len(word) < 9 else _LONGER


def _main(title: str) -> str:
    """A title as far as its first colon, or dash, without its year."""
    return _SUBTITLE.split(split_year(title)[0], maxsplit=1)[0]


def _names(title: str) -> list[list[str]]:
    """The words of a title's names, the main one first, without those that say little."""
    bare, _ = split_year(title)
    found = []
    for name in names_of(bare):
        all_words = words(name)
        found.append([word for word in all_words if word not in LITTLE] or all_words)
    return found or [[]]


def _compounds(title: str) -> list[str]:
    """What is written without a space, as one word: "X-Men" as "xmen", "M*A*S*H" as "mash"."""
    several = [words(one) for one in title.split() if not one.isalnum()]
    return ["".join(some) for some in several if len(some) > 1]


def _sorted(told: Iterable[Sequence[str]]) -> tuple[list[str], NDArray[np.intp], Rows]:
    """Words ascending, where each one's rows begin, and these."""
    places = _places(told)
    known = sorted(places)
    counts = [len(places[word]) for word in known]
    offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.intp)
    rows = np.fromiter((row for word in known for row in places[word]), np.int32, offsets[-1])
    return known, offsets, rows


def _places(told: Iterable[Iterable[str]]) -> dict[str, list[int]]:
    places: defaultdict[str, list[int]] = defaultdict(list)
    for row, some in enumerate(told):
        for word in dict.fromkeys(some):
            places[word].append(row)
    return dict(places)
