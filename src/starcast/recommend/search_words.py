"""The words of titles and of what people type for them, so that both come out alike."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from itertools import pairwise

_WORD = re.compile(r"[^\W_]+")
_NUMBERED = re.compile(r"([^\W\d_]+)(\d{1,2})")  # "rocky4", "X2", "alien³"
_ABBREVIATIONS = {
    "doctor": "dr", "mister": "mr", "saint": "st", "versus": "vs", "volume": "vol", "pt": "part",
}  # fmt: skip
_SPELT = (  # 1, 2, 3 … in each
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen",
    "first second third fourth fifth sixth seventh eighth ninth tenth",
    "i ii iii iv v vi vii viii ix x xi xii xiii xiv xv",
)
_NUMBERS = {word: str(n) for spelt in _SPELT for n, word in enumerate(spelt.split(), 1)}
_ORDINAL = re.compile(r"(\d{1,3})(?:st|nd|rd|th)")
_LITTLE = (
    "a an the of and or in on at to for from with le la les l un une der das ein eine el los las "
    "il lo gli de het"
)
LITTLE = frozenset(_LITTLE.split())
"""Words that say little: whoever searches leaves them out, or adds them."""


def words(text: str) -> list[str]:
    """The words of a text without case, accents and signs.

    >>> words("Amélie's FABULOUS Destiny, The (2001)"), words("Alien³ & Dr. No")
    (['amelies', 'fabulous', 'destiny', 'the', '2001'], ['alien', '3', 'and', 'dr', 'no'])
    """
    bare = text.casefold().replace("'", "").replace("’", "").replace("&", " and ")
    if not bare.isascii():
        spread = unicodedata.normalize("NFKD", bare)
        bare = "".join(letter for letter in spread if not unicodedata.combining(letter))
    return [word for found in _WORD.findall(bare) for word in _apart(found)]


def number(word: str) -> str | None:
    """The number that a word stands for, in digits; None if it is none.

    >>> [number(word) for word in ("4", "iv", "four", "4th", "fourth", "fore")]
    ['4', '4', '4', '4', '4', None]
    """
    if word.isdecimal() and len(word) < 4:
        return word.lstrip("0") or "0"
    ordinal = _ORDINAL.fullmatch(word)
    return ordinal[1] if ordinal else _NUMBERS.get(word)


def is_number(word: str) -> bool:
    """Whether a word is meant for a number: a letter alone may be, or not ("Malcolm X")."""
    return number(word) is not None and (word.isdecimal() or len(word) > 1)


def joined(some: Sequence[str]) -> Iterator[str]:
    """Neighbours as one word, what stands in letters, and the first letters of all.

    >>> list(joined(["wall", "e"])), list(joined(["lord", "of", "the", "rings"]))
    (['walle'], ['lordof', 'ofthe', 'therings', 'lotr'])
    """
    yield from (before + after for before, after in pairwise(some))
    if len(some) > 2:
        yield "".join(word[0] for word in some)  # "lotr"
    run = ""
    for word in (*some, "  "):
        if len(word) == 1:
            run += word
            continue
        if len(run) > 2:
            yield run
        run = ""


def _apart(word: str) -> list[str]:
    """A word, and the number at its end apart."""
    numbered = _NUMBERED.fullmatch(word)
    return list(numbered.groups()) if numbered else [_ABBREVIATIONS.get(word, word)]
