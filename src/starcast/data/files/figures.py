"""Ratings as people write them where they are no plain numbers: 4/5, 80 %, ★★★½, 3 out of 5."""

import re
from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple, final

from starcast.display import quoted

_NUMBER = r"[+-]?(?:\d+[.,]?\d*|[.,]\d+)(?:[eE][+-]?\d+)?"
_UNIT = re.compile(
    rf"(?P<number>{_NUMBER})?(?P<half>½)?\s*"
    r"(?P<unit>%|/\s*\d+|(?:out )?of \d+|[^\W\d_]{1,12}\.?)?",
    re.IGNORECASE,
)
_GLYPHS = re.compile(r"[★⭐*]*½?☆*")
_TRUTH = {"true": 1.0, "false": 0.0}
_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}([,'\u2019\u00a0\u202f])\d{3}(\1\d{3})*(\.\d+)?")
_MINUS = str.maketrans({"−": "-", "＋": "+", "\ufe0f": None})
_MOST = 0.8  # of the ratings of a column are written in one way, or it is none

GLYPHS, TRUTH, PLAIN = "★", "true or false", ""


@final
class Figure(NamedTuple):
    """A number and what it is counted in.

    Attributes:
        value: the number, of "4/5" the 4.
        unit: what stands beside it, such as "/5", "%" or "star"; `PLAIN`, `GLYPHS`, `TRUTH`.
    """

    value: float
    unit: str


def figure(text: str) -> Figure | None:
    """What a cell says, if that is a number in some unit.

    >>> figure("4.5/5"), figure("80 %"), figure("★★★½☆"), figure("3 Stars"), figure("good")
    (Figure(value=4.5, unit='/5'), Figure(value=80.0, unit='%'), Figure(value=3.5, unit='★'), \
Figure(value=3.0, unit='star'), None)
    """
    bare = text.strip().translate(_MINUS)
    if bare.lower() in _TRUTH:
        return Figure(_TRUTH[bare.lower()], TRUTH)
    if bare and _GLYPHS.fullmatch(bare) and bare != "½":
        return Figure(sum(map(bare.count, "★⭐*")) + bare.count("½") / 2, GLYPHS)
    found = _UNIT.fullmatch(bare)
    if not found or not (found["number"] or found["half"]):
        return None
    if "," in (found["number"] or "") and not found["unit"]:
        return None  # what the comma means, only the whole column can tell
    unit = re.sub(r"\s+", " ", (found["unit"] or "").lower()).replace("/ ", "/")
    whole = float((found["number"] or "0").replace(",", "."))
    half = 0.5 if found["half"] else 0.0
    return Figure(whole + (half if whole >= 0 else -half), unit.rstrip(".").removesuffix("s"))


def common_unit(cells: Iterable[tuple[str, int]]) -> str | None:
    """The unit that most of the cells of a column are written in; None if there is none.

    Args:
        cells: different texts, and how often each occurs.
    """
    counts = Counter[str | None]()
    for text, n in cells:
        found = figure(text)
        counts[found.unit if found else None] += n
    (unit, n), *_ = counts.most_common(1) or [(None, 0)]
    return unit if n >= _MOST * counts.total() else None


def in_unit(text: str, unit: str) -> float | None:
    """The number that a cell says in a unit; None if it is none."""
    found = figure(text)
    is_half_star = unit == GLYPHS and text.strip() == "½"
    return found.value if found and (found.unit == unit or is_half_star) else None


def said(unit: str | None) -> str | None:
    """What ratings in a unit are kept as, in a line; None for plain numbers."""
    if not unit:
        return None
    if unit == GLYPHS:
        return "ratings are written in stars, which are counted"
    if unit == TRUTH:
        return "ratings are true or false, which are kept as 1 and 0"
    return f"ratings are numbers before {quoted(unit)}, and are kept as these"


def most(unit: str | None) -> float | None:
    """The highest rating that a unit tells of: 10 of "/10", 100 of "%"; None if it tells none.

    >>> most("/10"), most("out of 5"), most("%"), most("star")
    (10.0, 5.0, 100.0, None)
    """
    if unit == "%":
        return 100.0
    found = re.search(r"\d+$", unit or "")
    return float(found[0]) if found else None


def has_thousands(text: str) -> bool:
    """Whether a number is written as 1,234, which may also be 1.234."""
    return _THOUSANDS.fullmatch(text.strip()) is not None
