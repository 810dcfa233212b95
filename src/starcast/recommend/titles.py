"""Items by title: what somebody calls a film, and which of the model's it is."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple, final

from starcast.data.ratings import Ratings

_RELEASED = re.compile(r"\s*\((\d{4})\)\s*$", re.ASCII)
_BRACKETED = re.compile(r"\(([^()]*)\)")
_ARTICLE = re.compile(
    r"^(.*), (the|a|an|le|la|les|l'|un|une|der|die|das|ein|eine|el|los|las|il|lo|gli|i|o|os|as|de|"
    r"het)$",
    re.IGNORECASE,
)
_LEFT_OUT = {"the", "a", "an"}  # at the beginning, where lists forget them
_NUMBERS = {"ii": "2", "iii": "3", "iv": "4", "v": "5", "vi": "6", "vii": "7", "viii": "8"}
_LIKE = 90.0  # of 100, from where on spellings are the same title
_CLOSE = 1  # years that sources disagree by


@final
class Match(NamedTuple):
    """An item that a title means.

    Attributes:
        row: of the item.
        title: as the model has it.
        is_sure: whether title and year are the same but for case, accents, punctuation and the
            place of the article.
    """

    row: int
    title: str
    is_sure: bool


@final
class TitleIndex:
    """The items of a model by their titles.

    Args:
        ratings: whose items these are.

    >>> import numpy as np
    >>> films = Ratings.from_columns(np.array([1, 2]), np.array([7, 8]), np.array([4.0, 5.0]),
    ...                              titles={7: "Usual Suspects, The (1995)", 8: "Heat (1995)"})
    >>> index = TitleIndex(films)
    >>> index.find("The Usual Suspects", 1995)
    Match(row=0, title='Usual Suspects, The (1995)', is_sure=True)
    >>> index.find("Usual Suspekts").is_sure, index.find("Heat 2")
    (False, None)
    """

    def __init__(self, ratings: Ratings) -> None:
        self._titles = ratings.titles
        self._rows: dict[str, list[int]] = defaultdict(list)
        self._years: dict[int, int | None] = {}
        for row, title in enumerate(ratings.titles.tolist()):
            if title:
                bare, self._years[row] = split_year(title)
                for name in _names(bare):
                    self._rows[name].append(row)
        self._known = list(self._rows)

    def find(self, title: str, year: int | None = None, *, exactly: bool = False) -> Match | None:
        """The item that a title means; None where there is none, or several that it may be.

        Args:
            title: perhaps with a year of release at its end.
            year: of release, where that is known apart.
            exactly: do not look for titles that are spelled alike, which takes long.
        """
        bare, told = split_year(title)
        year = year or told
        for name in _names(bare):
            if (row := self._of_year(self._rows.get(name, []), year)) is not None:
                return Match(row, str(self._titles[row]), self._years[row] == year or year is None)
        return None if exactly else self._alike(bare, year)

    def _of_year(self, rows: Sequence[int], year: int | None) -> int | None:
        """The one of some items that is of a year, or of the year before or after."""
        if year is None:
            return rows[0] if len(set(rows)) == 1 else None
        for most in (0, _CLOSE):
            close = {row for row in rows if abs((self._years[row] or year) - year) <= most}
            if len(close) == 1:
                return close.pop()
        return None

    def _alike(self, bare: str, year: int | None) -> Match | None:
        """The item whose title is spelled most alike, with the same numbers in it."""
        from rapidfuzz import fuzz, process

        for name in _names(bare):
            near = process.extract(
                name, self._known, scorer=fuzz.ratio, score_cutoff=_LIKE, limit=10
            )
            for known, _, _ in near:
                if _numbers(known) == _numbers(name):
                    row = self._of_year(self._rows[known], year)
                    if row is not None:
                        return Match(row, str(self._titles[row]), is_sure=False)
        return None


def split_year(title: str) -> tuple[str, int | None]:
    """A title without its year, and the year.

    >>> split_year("Heat (1995)"), split_year("1984")
    (('Heat', 1995), ('1984', None))
    """
    released = _RELEASED.search(title)
    return (title[: released.start()], int(released[1])) if released else (title, None)


def names_of(bare: str) -> list[str]:
    """What a title without its year goes by: without what is in brackets, and that as well.

    >>> names_of("Seven (a.k.a. Se7en)")
    ['Seven', 'Se7en']
    """
    whole = _BRACKETED.sub("", bare).strip()
    others = [one.removeprefix("a.k.a. ").strip() for one in _BRACKETED.findall(bare)]
    return [one for one in (whole, *others) if one]


def _names(bare: str) -> Iterator[str]:
    yield from dict.fromkeys(name for one in names_of(bare) if (name := _normal(one)))


def _normal(title: str) -> str:
    """A title without what people write differently.

    >>> _normal("Usual Suspects, The"), _normal("Amélie & Co. II")
    ('usual suspects', 'amelie and co 2')
    """
    moved = _ARTICLE.sub(lambda found: f"{found[2]} {found[1]}", title)
    plain = unicodedata.normalize("NFKD", moved.replace("&", " and ")).casefold()
    letters = "".join(one for one in plain if not unicodedata.combining(one))
    words = re.sub(r"[^\w]+", " ", letters.replace("'", "")).split()
    bare = words[1:] if words[:1] and words[0] in _LEFT_OUT and len(words) > 1 else words
    return " ".join(_NUMBERS.get(word, word) for word in bare)


def _numbers(name: str) -> list[str]:
    return [word for word in name.split() if word.isdecimal()]
