"""What is put of items one at a time, as a file of items would give it to models and filters."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from starcast.data.attributes import five, period_of, with_features
from starcast.data.files.naming import GENRES, TITLE, YEAR
from starcast.data.ids import Vocabulary
from starcast.data.ratings import Attribute
from starcast.data.store.records import Item

_OTHER_NAMES = {"genre": GENRES}
_OWN_NAMES = (GENRES, TITLE, YEAR)
_EXACT = 2**53  # of which floats know all integers


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


def of_items(members: Vocabulary, items: Sequence[Item]) -> tuple[Attribute, ...]:
    """Attributes of items, as a file of items would give them to models and filters."""
    known = {str(one.id): one for one in items}
    told = {one: known[str(one)] for one in members.ids.tolist() if str(one) in known}
    columns = texts_by_column({one: item.attributes for one, item in told.items()}, column_name)
    return _of_columns(members, {one: item.title for one, item in told.items()}, columns)


def texts_by_column(
    told: Mapping[Any, Mapping[str, Any]], named: Callable[[str], str]
) -> dict[str, dict[Any, list[str]]]:
    """Values as texts, by the names of their columns and by id."""
    columns: dict[str, dict[Any, list[str]]] = {}
    for one, attributes in told.items():
        for name, value in attributes.items():
            values = value if isinstance(value, list) else [value]
            cells = columns.setdefault(named(name), {}).setdefault(one, [])
            cells += map(_as_text, values)
    return columns


def _of_columns(
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


def _as_text(value: object) -> str:
    """As a file would have it: true, and 1999 also of 1999.0."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer() and abs(value) < _EXACT:
        return str(int(value))
    return str(value)
