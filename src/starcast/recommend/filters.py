"""Filters such as "genres = 'Comedy' and year >= 1990 and price < 50", over columns of items."""

from collections.abc import Callable
from difflib import get_close_matches
from typing import Any, NamedTuple, NoReturn, final

import numpy as np
import polars as pl
from lark import Token, Transformer_NonRecursive, v_args
from lark.exceptions import VisitError

from starcast.data.files.cells import is_number
from starcast.display import quoted, shortened
from starcast.errors import ConfigError
from starcast.recommend.filter_language import parsed, place
from starcast.recommend.item_columns import ItemColumn, ItemColumns, Mask, Truth

MOST_COMPARISONS = 100
"""Of a filter: each makes masks of the whole catalogue."""

_OPERATORS: dict[str, Callable[[Any, Any], Mask]] = {
    "=": np.equal, "==": np.equal, "has": np.equal, "<>": np.equal, "!=": np.equal,
    "<": np.less, "<=": np.less_equal, ">": np.greater, ">=": np.greater_equal,
}  # fmt: skip
_MOST_LOOKED_AT = 5000  # values that a misspelled one is compared with
_EQUALITIES = ("=", "==", "has", "<>", "!=")
_TURNED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}


@final
class Filtered(NamedTuple):
    """The items that a filter lets pass, bool (n_items,), and what should be known of it."""

    allowed: Mask
    remarks: tuple[str, ...]


def filtered(text: str, columns: ItemColumns) -> Filtered:
    """The items for which a filter holds; not those for which a missing value leaves it open.

    Args:
        text: the filter; docs/recommending.md has the language.
        columns: of the items.
    Raises:
        ConfigError: it cannot be read, or compares what cannot be compared; says where.
        UnknownNameError: a column that there is not, with the nearest.
    """
    evaluation = _Evaluation(columns)
    try:
        truth: Truth = evaluation.transform(parsed(text))
    except VisitError as error:
        raise error.orig_exc from None
    return Filtered(truth.holds, tuple(dict.fromkeys(evaluation.remarks)))


@final
class _Named(NamedTuple):
    """What is named as a column, and the token that names it."""

    name: str
    token: Token


@final
class _Value(NamedTuple):
    """A number or a text, and the token that says it."""

    value: float | str
    token: Token


@v_args(inline=True)
class _Evaluation(Transformer_NonRecursive):  # type: ignore[type-arg]  # Truth, Named and Value
    """A tree to a truth, from the leaves up; no recursion, so that no depth is too deep."""

    def __init__(self, columns: ItemColumns) -> None:
        super().__init__()
        self._columns, self._n_compared = columns, 0
        self.remarks: list[str] = []

    def column(self, token: Token) -> _Named:
        name = token[1:-1].replace('""', '"') if token.type == "QUOTED" else str(token)
        return _Named(name, token)

    def value(self, token: Token) -> _Value:
        is_text = token.type == "TEXT"
        return _Value(token[1:-1].replace("''", "'") if is_text else float(token), token)

    def values(self, *values: _Value) -> tuple[_Value, ...]:
        return values

    def either(self, one: Truth, other: Truth) -> Truth:
        return one | other

    def both(self, one: Truth, other: Truth) -> Truth:
        return one & other

    def negated(self, _: Token, one: Truth) -> Truth:
        return ~one

    def compared(self, one: _Named | _Value, sign: Token, other: _Named | _Value) -> Truth:
        how = sign.lower()
        if isinstance(one, _Value):
            one, other, how = other, one, _TURNED.get(how, how)
        if isinstance(one, _Value) or isinstance(other, _Named):
            _refuse_sides(one, other)
        column = self._comparable(one, other)
        if how in _EQUALITIES:
            self._look_for(column, other)
        negation = sign if how in ("<>", "!=") else None
        return self._where(column, _OPERATORS[how](column.values, other.value), negation)

    def among(self, one: _Named, negation: Token | None, values: tuple[_Value, ...]) -> Truth:
        column = self._comparable(one, *values)
        for value in values:
            self._look_for(column, value)
        chosen = np.isin(column.values, [value.value for value in values])
        return self._where(column, chosen, negation)

    def between(self, one: _Named, negation: Token | None, low: _Value, high: _Value) -> Truth:
        column = self._comparable(one, low, high)
        chosen = (column.values >= low.value) & (column.values <= high.value)
        return self._where(column, chosen, negation)

    def like(self, one: _Named, negation: Token | None, pattern: _Value) -> Truth:
        column = self._text(one, pattern)
        wild = {"%": ".*", "_": "."}
        found = "".join(wild.get(c, pl.escape_regex(c)) for c in str(pattern.value))
        return self._where(column, _matching(column, f"^{found}$"), negation)

    def contains(self, one: _Named, negation: Token | None, text: _Value) -> Truth:
        column = self._text(one, text)
        return self._where(column, _matching(column, pl.escape_regex(str(text.value))), negation)

    def missing(self, one: _Named, negation: Token | None) -> Truth:
        known = self._columns.find(one.name).is_known
        return Truth(known, ~known) if negation else Truth(~known, known)

    def _where(self, column: ItemColumn, chosen: Mask, negation: Token | None) -> Truth:
        self._n_compared += 1
        if self._n_compared > MOST_COMPARISONS:
            raise ConfigError(f"a filter may make at most {MOST_COMPARISONS} comparisons")
        truth = column.where(chosen)
        return ~truth if negation else truth

    def _text(self, one: _Named, pattern: _Value) -> ItemColumn:
        """A column of text. Raises: ConfigError: it is of numbers, or so is the pattern."""
        if (column := self._columns.find(one.name)).is_number:
            raise ConfigError(
                f"{quoted(column.name)} holds numbers, which are like no text, {place(one.token)}; "
                "compare them by =, <, > or between"
            )
        return self._comparable(one, pattern)

    def _comparable(self, one: _Named, *values: _Value) -> ItemColumn:
        """The column that is compared. Raises: ConfigError: it is of numbers and a value is not."""
        column = self._columns.find(one.name)
        for value in values:
            if column.is_number == isinstance(value.value, str):
                text = f"text, such as {quoted(column.an_example())}"
                holds, other = ("numbers", "text") if column.is_number else (text, "a number")
                raise ConfigError(
                    f"{quoted(column.name)} holds {holds}, but {shortened(value.token)} is "
                    f"{other}, {place(value.token)}; write {_rewritten(value)}"
                )
        return column

    def _look_for(self, column: ItemColumn, wanted: _Value) -> None:
        """Note text that no item has: a spelling, most likely."""
        if isinstance(wanted.value, str) and not np.any(column.values == wanted.value):
            by_lower = {one.lower(): one for one in column.values.tolist()[:_MOST_LOOKED_AT]}
            near = get_close_matches(wanted.value.lower()[:100], by_lower, n=1)
            hint = f"; did you mean {quoted(by_lower[near[0]])}?" if near else ""
            self.remarks.append(
                f"no item has {shortened(column.name)} {quoted(wanted.value)}{hint}"
            )


def _matching(column: ItemColumn, pattern: str) -> Mask:
    """bool (n_values,), by a regular expression of Rust's, whose time grows with the text alone."""
    texts = pl.Series(column.values.tolist(), dtype=pl.String)
    return texts.str.contains(f"(?is){pattern}").to_numpy()


def _rewritten(value: _Value) -> str:
    if isinstance(value.value, float):
        return f"'{value.token}'"
    return value.value if is_number(value.value) else "a number there"


def _refuse_sides(one: _Named | _Value, other: _Named | _Value) -> NoReturn:
    """Refuse a comparison that is not of a column with a value. Raises: ConfigError."""
    what = "two values are compared" if isinstance(one, _Value) else "two columns are compared"
    raise ConfigError(
        f"{what}, {place(other.token)}; one must be a column and one a value, and text stands "
        "between single quotation marks, as 'Comedy'"
    )
