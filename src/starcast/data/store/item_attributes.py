"""What is put of items one at a time, as a file of items would give it to models and filters."""

from collections.abc import Mapping, Sequence
from typing import Any

from starcast.data.attributes import five, period_of, with_features
from starcast.data.files.naming import GENRES, TITLE, YEAR
from starcast.data.ids import Vocabulary
from starcast.data.ratings import Attribute

_OTHER_NAMES = {"genre": GENRES}
_OWN_NAMES = (GENRES, TITLE, YEAR)


def column_name(name: str) -> str:
    """What a column of items is called here, however people call it.

    >>> column_name("Genre"), column_name("YEAR"), column_name("Director")
    ('genres', 'year', 'Director')
    """
    lower = _OTHER_NAMES.get(name.casefold(), name.casefold())
    return lower if lower in _OWN_NAMES else name


def is_told_by_title(attribute: Attribute) -> bool:
    """Whether an attribute of items follows from their titles: the period of their years."""
    return attribute.side == "item" and attribute.is_feature and attribute.name == YEAR


def of_columns(
    items: Vocabulary, titles: Mapping[Any, str], columns: Mapping[str, Mapping[Any, Sequence[str]]]
) -> tuple[Attribute, ...]:
    """Attributes of items, from the values of each.

    A year that was put counts, and that of the title where none was. A column hides no titles.

    Args:
        items: of all that is told.
        titles: by id.
        columns: by `column_name`, the values of each id.
    """
    others = {name: cells for name, cells in columns.items() if name != TITLE}
    genres, own = others.pop(GENRES, {}), others.pop(YEAR, {})
    # A period is no year: it is what stores were told by imports once.
    put = {one: years for one, years in own.items() if years != period_of(titles.get(one, ""))}
    of_titles = {one: period_of(title) for one, title in titles.items()}
    own_periods = {
        one: [five(year) for year in told if _is_year(year)] for one, told in put.items()
    }
    periods = of_titles | own_periods
    others[YEAR] = put
    told = (Attribute.of(items, name, cells, is_feature=False) for name, cells in others.items())
    return with_features(items, genres, periods, told)


def _is_year(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) == 4
