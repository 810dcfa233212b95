"""What the data tell of users and items beside their ratings, as tables that networks read.

A table is called user_known_<name> or item_known_<name>; `name` is that of an attribute. Of
categories a row has a place for each value, 1/√n in those of the n values that it has; of numbers
it is the number, standardized. Where nothing is known it is zeros.
"""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from starcast.data.ratings import Attribute, Ratings
from starcast.engines.expression import Expression
from starcast.engines.expression.times import mean_dates, scale_of
from starcast.engines.expression.weights import given_of
from starcast.errors import ConfigError

MOST_VALUES = 1000  # of a category: a table has a column for each

Table = NDArray[np.float32]


class Known(NamedTuple):
    """Something known of users, or of items.

    Attributes:
        side: "user" or "item".
        name: of the attribute.
        width: of a row of its table; 0 if it has too many values to be read.
        n_values: how many different values there are.
    """

    side: str
    name: str
    width: int
    n_values: int

    @property
    def table(self) -> str:
        """What its table is called."""
        return known_table(self.side, self.name)


def known_table(side: str, name: str) -> str:
    """What the table of an attribute is called."""
    return f"{side}_known_{name}"


def known_of(ratings: Ratings) -> Iterator[Known]:
    """All that is known of users and items."""
    for one in ratings.attributes:
        n = len(one.values)
        width = 1 if _numbers(one) is not None else n if n <= MOST_VALUES else 0
        yield Known(one.side, one.name, width, n)


def given_tables(network: Expression, ratings: Ratings) -> Mapping[str, Table]:
    """The tables that a network reads of what data tell, by name; what they do not tell is missing.

    Raises: ConfigError: there are too many values.
    """
    wanted = given_of(network)
    n_rows = {"user": ratings.n_users, "item": ratings.n_items}
    tables = {}
    for known, attribute in zip(known_of(ratings), ratings.attributes, strict=True):
        if known.table in wanted:
            require_width(known)
            tables[known.table] = _table(attribute, n_rows[known.side])
    return tables | (_times(ratings) if "time_scale" in wanted else {})


def _times(ratings: Ratings) -> dict[str, Table]:
    """What `times` reads of the training rows, where they have times."""
    when = ratings.timestamps
    if when is None:
        return {}
    scale = scale_of(when)
    means = mean_dates(ratings.user_rows, when, scale, ratings.n_users)
    return {"user_time": means, "time_scale": scale}


def require_width(known: Known) -> None:
    """Refuse what has too many values. Raises: ConfigError."""
    if not known.width:
        raise ConfigError(
            f"'{known.name}' has {known.n_values:,} different values, more than a network reads "
            f"({MOST_VALUES:,})"
        )


def _table(attribute: Attribute, n_rows: int) -> Table:
    numbers = _numbers(attribute)
    members = attribute.member_rows
    if numbers is not None:
        column = np.zeros((n_rows, 1), np.float32)
        column[members, 0] = (numbers - numbers.mean()) / (numbers.std() or 1)
        return column
    counts = np.bincount(members, minlength=n_rows)
    table = np.zeros((n_rows, len(attribute.values)), np.float32)
    table[members, attribute.value_rows] = 1 / np.sqrt(counts[members])
    return table


def _numbers(attribute: Attribute) -> NDArray[np.float64] | None:
    """The number of each member, of a column of numbers; None of categories."""
    members = attribute.member_rows
    if attribute.is_feature or np.any(members[1:] == members[:-1]):
        return None
    try:
        numbers = attribute.values.astype(np.float64)
    except ValueError:
        return None
    return numbers[attribute.value_rows] if np.isfinite(numbers).all() else None


def of_newcomers(table: Table, before: Attribute, now: Attribute, n_rows: int) -> Table:
    """What a network reads of members who came after it was trained; zeros of what it cannot.

    What its columns mean follows from what is known of the members that have a row.

    Args:
        table: (n_old, width), a known table.
        before: what was known of these members.
        now: the same attribute of all n_rows members.
        n_rows: how many there are now.
    Returns: float32 (n_rows - n_old, width).
    """
    is_new = now.member_rows >= len(table)
    members, texts = now.member_rows[is_new] - len(table), now.values[now.value_rows[is_new]]
    found = np.zeros((n_rows - len(table), table.shape[1]), np.float32)
    numbers = _numbers(before)
    if numbers is not None:
        is_one = np.bincount(members)[members] == 1
        members, later = members[is_one], _as_numbers(texts[is_one])
        found[members, 0] = _on_scale(later, numbers, table[before.member_rows, 0])
        return found
    columns = _columns(table, before)
    if len(columns) != table.shape[1]:
        return found
    is_read = np.isin(texts, columns)
    members, places = members[is_read], np.searchsorted(columns, texts[is_read])
    counts = np.bincount(members, minlength=len(found))
    found[members, places] = 1 / np.sqrt(counts[members])
    return found


def _columns(table: Table, attribute: Attribute) -> NDArray[np.str_]:
    """The values that the columns of a table of categories are of, ascending.

    Values that came later have no column: whoever has one has fewer places than values.
    """
    counts = np.bincount(attribute.member_rows, minlength=len(table))
    is_whole = np.count_nonzero(table, axis=1) == counts
    rows = np.unique(attribute.value_rows[is_whole[attribute.member_rows]])
    return attribute.values[rows]


def _on_scale(numbers: NDArray[Any], known: NDArray[Any], standardized: Table) -> NDArray[Any]:
    """Numbers as known ones were standardized, 0 of what is none."""
    low, high = np.argmin(known), np.argmax(known)
    span = known[high] - known[low]
    slope = (standardized[high] - standardized[low]) / span if span else 1.0
    return np.nan_to_num(standardized[low] + slope * (numbers - known[low]), posinf=0, neginf=0)


def _as_numbers(texts: NDArray[np.str_]) -> NDArray[np.float64]:
    """Numbers, NaN of other text."""
    found = np.full(len(texts), np.nan)
    for place, text in enumerate(texts.tolist()):
        with suppress(ValueError):
            found[place] = float(text)
    return np.where(np.isfinite(found), found, np.nan)
