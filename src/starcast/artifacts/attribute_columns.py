"""Attributes of items as columns of a table: a list of values for each item.

Those of users are left out: what is known of people does not travel with a model.
"""

from collections.abc import Mapping

import numpy as np
import polars as pl

from starcast.data.ratings import Attribute, Ratings

_FEATURE, _OTHER = "attribute.", "column."
"""What a column's name begins with: what models may learn from, and what one filters by alone."""


def to_columns(ratings: Ratings) -> dict[str, pl.Series]:
    """A column of lists for each attribute of the items."""
    return {
        f"{_FEATURE if one.is_feature else _OTHER}{one.name}": _lists(one, ratings.n_items)
        for one in ratings.attributes
        if one.side == "item"
    }


def is_one(name: str) -> bool:
    """Whether a column of that name is an attribute's."""
    return name.startswith((_FEATURE, _OTHER))


def from_columns(items: Mapping[str, pl.Series]) -> tuple[Attribute, ...]:
    """Attributes back from columns by name; other columns do not matter.

    Raises: ValueError: a column of something else than lists of text.
    """
    return tuple(_attribute(name, items[name]) for name in items if is_one(name))


def _lists(attribute: Attribute, n_items: int) -> pl.Series:
    texts = pl.Series(attribute.values[attribute.value_rows].astype(str), dtype=pl.String)
    pairs = pl.DataFrame({"row": attribute.member_rows, "text": texts})
    grouped = pairs.group_by("row", maintain_order=True).agg("text")
    rows = pl.DataFrame({"row": np.arange(n_items, dtype=np.int32)})
    filled = rows.join(grouped, on="row", how="left", maintain_order="left")["text"]
    return filled.fill_null(pl.Series([[]], dtype=pl.List(pl.String)))


def _attribute(full_name: str, column: pl.Series) -> Attribute:
    kind, _, name = full_name.partition(".")
    if column.dtype != pl.List(pl.String) or column.null_count():
        raise ValueError(f"the attribute '{name}' is no column of lists of text")
    counts = column.list.len().to_numpy()
    texts = column.explode().drop_nulls()
    if len(texts) != counts.sum():
        raise ValueError(f"the attribute '{name}' has values that are missing")
    values, value_rows = np.unique(texts.to_numpy().astype(np.str_), return_inverse=True)
    members = np.repeat(np.arange(len(column), dtype=np.int32), counts)
    is_feature = f"{kind}." == _FEATURE
    return Attribute("item", name, values, value_rows.astype(np.int32), members, is_feature)
