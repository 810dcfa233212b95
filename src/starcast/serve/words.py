"""What the page calls the items of a data set."""

import re
from typing import NamedTuple, final

from starcast.errors import ConfigError

_FILMS = re.compile(r"ml-|movielens|netflix|letterboxd|imdb", re.IGNORECASE)
_ALIKE = ("series", "species")
_IES = ("movies", "cookies", "pies", "ties", "hoodies", "smoothies")
_LONGEST = 30
_WORD = re.compile(r"[^\W\d_]([^\W_]|[ '’-])*")


@final
class Words(NamedTuple):
    """What one item is called, and several."""

    one: str
    many: str

    @classmethod
    def parse(cls, text: str) -> "Words":
        """The words of text such as "products"; "story/stories" says both.

        Raises: ConfigError: no such word.

        >>> Words.parse("products"), Words.parse("box sets/box-sets")
        (Words(one='product', many='products'), Words(one='box sets', many='box-sets'))
        >>> [Words.parse(many).one for many in ("batteries", "movies", "dishes", "music")]
        ['battery', 'movie', 'dish', 'music']
        """
        one, both, many = (part.strip() for part in text.partition("/"))
        words = cls(one, many) if both else cls(_singular(one), one)
        for word in words:
            if len(word) > _LONGEST or not _WORD.fullmatch(word):
                raise ConfigError(
                    f"items cannot be called '{text}': give a word in the plural, such as "
                    "products, or both, such as story/stories"
                )
        return words

    @classmethod
    def of(cls, dataset: str) -> "Words":
        """Those of a data set by its name: films where it is one of films."""
        return cls("film", "films") if _FILMS.match(dataset) else cls("item", "items")


def _singular(many: str) -> str:
    if many.lower().endswith(_IES):
        return many[:-1]
    for ending, own in (("ies", "y"), ("ches", "ch"), ("shes", "sh"), ("xes", "x"), ("sses", "ss")):
        if many.endswith(ending) and many.lower() not in _ALIKE:
            return many.removesuffix(ending) + own
    is_plural = many.endswith("s") and not many.endswith("ss") and many.lower() not in _ALIKE
    return many[:-1] if is_plural else many
