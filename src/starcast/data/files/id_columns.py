"""Columns of ids alone: pairs that somebody asks predictions for, users who are to have lists."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple, final

from starcast.data.files import faults, values
from starcast.data.files.loaded import Loaded
from starcast.data.files.options import ReadingOptions
from starcast.data.files.tabular import reading_of
from starcast.data.id_arrays import Ids, concatenate
from starcast.data.reading import Reading
from starcast.errors import DataError

if TYPE_CHECKING:
    import polars as pl


@final
class IdColumns(NamedTuple):
    """Ids as a table has them.

    Attributes:
        columns: kind (user, item) to ids (n,), integers or text, in the order of the table.
        reading: what was taken for what.
    """

    columns: Mapping[str, Ids]
    reading: Reading


def of_tables(tables: Sequence[Loaded], label: str, options: ReadingOptions) -> IdColumns:
    """The ids in tables, joined.

    Args:
        tables: one at least, with the same kinds of columns; their frames are taken.
        label: where they come from, for messages.
        options: how they were read.
    Raises: DataError: an id that is missing or can be none, with its place; or no rows at all.
    """
    parts = [_ids(table, options) for table in tables]
    columns = {kind: concatenate([part[kind] for part in parts]) for kind in parts[0]}
    n_rows = len(next(iter(columns.values())))
    if not n_rows:
        raise DataError(f"{label} holds no rows; it needs one for each {' and '.join(columns)}")
    return IdColumns(columns, reading_of(tables, label, n_rows))


def _ids(table: Loaded, options: ReadingOptions) -> dict[str, Ids]:
    raw = table.taken()
    label = table.table.label
    found = {kind: values.ids(raw[kind], label) for kind in table.places}
    if any(column.has_nulls() for column in found.values()):
        fault = faults.first(table.table, table.places, None, options, None)
        raise fault or DataError(f"{label} has ids that are neither integers nor text")
    return {kind: _plain(column).to_numpy() for kind, column in found.items()}


def _plain(column: "pl.Series") -> "pl.Series":
    """Integers where every text is one, as ratings have them."""
    import polars as pl

    is_text = column.dtype == pl.String
    return column.cast(pl.Int64) if is_text and values.are_plain_integers(column) else column
