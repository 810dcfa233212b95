"""Titles and genres of items, from a table of them."""

from starcast.data.attributes import Item
from starcast.data.files import columns, layouts, naming, source, text, values
from starcast.data.files.naming import GENRES, ITEM, TITLE
from starcast.data.files.options import RECOGNISED, ReadingOptions
from starcast.data.files.part import Part
from starcast.data.files.table import Table, is_utf8

_NEEDED = (ITEM, TITLE)
Row = tuple[str | None, str | None, str | None]


def read_items(items_path: source.Place) -> dict[str, Item]:
    """Titles and genres of items, from a table in any form that ratings may have.

    Args:
        items_path: one row per item; other columns do not matter, and of two rows of one item the
            later counts.
    Returns: item id, as text whatever its type, to its title and genres.
    Raises: DataError: the file cannot be read, or has no such columns.
    """
    import polars as pl

    with source.scratch_folder() as scratch:
        parts = source.parts(items_path, scratch)
        rows = [row for part in parts for row in _rows(part, RECOGNISED)]
    written = pl.Series([(one or "").strip() or None for one, _, _ in rows], dtype=pl.String)
    ids = values.ids(written, str(items_path)).to_list()
    told = zip(ids, rows, strict=True)
    return {
        one: Item((title or "").strip(), genres or "") for one, (_, title, genres) in told if one
    }


def _rows(part: Part, options: ReadingOptions) -> list[Row]:
    """Id, title and genres of each row; rows that end before the title do not count."""
    table = layouts.recognise(part, naming.ITEM_TABLE, _NEEDED, options)
    places = _places(table)
    item, title, genres = places[ITEM], places[TITLE], places.get(GENRES, len(table.names))
    last = max(item, title)
    rows: list[Row] = [
        (cells[item], cells[title], cells[genres] if genres < len(cells) else "")
        for _, cells in table.body.records()
        if len(cells) > last
    ]
    if is_utf8([cell for row in rows for cell in row]):
        return rows
    encoding = options.encoding or text.detect(part)
    if options.encoding or encoding == text.UTF_8:
        raise text.not_text(part, encoding)
    return _rows(part, ReadingOptions(encoding=encoding))


def _places(table: Table) -> dict[str, int]:
    if table.has_header:
        return columns.positions(table.names, naming.ITEM_TABLE, _NEEDED, table.label)
    filled = [at for at in range(len(table.names)) if at not in table.empty]
    return dict(zip(naming.ITEM_TABLE, filled, strict=False))
