"""Titles, genres and whatever else is told of items, from a table of them."""

from collections.abc import Mapping

from starcast.data.attributes import Item
from starcast.data.files import columns, layouts, naming, source, text, values
from starcast.data.files.cells import is_nothing
from starcast.data.files.naming import GENRES, ITEM, TITLE
from starcast.data.files.options import RECOGNISED, ReadingOptions
from starcast.data.files.part import Part
from starcast.data.files.table import Cells, Table, is_utf8

_NEEDED = (ITEM, TITLE)

Others = Mapping[str, str]
Row = tuple[str | None, str | None, str | None, Others]


def read_items(items_path: source.Place) -> dict[str, Item]:
    """Titles, genres and other columns of items, from a table in any form that ratings may have.

    Args:
        items_path: one row per item; of two rows of one item the later counts.
    Returns: item id, as text whatever its type, to what is told of it.
    Raises: DataError: the file cannot be read, or has no such columns.
    """
    import polars as pl

    with source.scratch_folder() as scratch:
        parts = source.parts(items_path, scratch)
        rows = [row for part in parts for row in _rows(part, RECOGNISED)]
    written = pl.Series([(one or "").strip() or None for one, *_ in rows], dtype=pl.String)
    ids = values.ids(written, str(items_path)).to_list()
    told = zip(ids, rows, strict=True)
    return {
        one: Item((title or "").strip(), genres or "", others)
        for one, (_, title, genres, others) in told
        if one
    }


def _rows(part: Part, options: ReadingOptions) -> list[Row]:
    """What each row tells; rows that end before the title do not count."""
    table = layouts.recognise(part, naming.ITEM_TABLE, _NEEDED, options)
    places = _places(table)
    item, title, genres = places[ITEM], places[TITLE], places.get(GENRES, len(table.names))
    last, others = max(item, title), _others(table, set(places.values()))
    rows: list[Row] = [
        (
            cells[item],
            cells[title],
            cells[genres] if genres < len(cells) else "",
            _told(cells, others),
        )
        for _, cells in table.body.records()
        if len(cells) > last
    ]
    if is_utf8([cell for *three, others in rows for cell in (*three, *others.values())]):
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


def _told(cells: Cells, columns: Mapping[str, int]) -> Others:
    """The cells of some columns, but for those that are empty or hold a word for that."""
    there = {name: cells[at] for name, at in columns.items() if at < len(cells)}
    return {name: cell.strip() for name, cell in there.items() if cell and not is_nothing(cell)}


def _others(table: Table, known: set[int]) -> dict[str, int]:
    """Further columns by name; of two of one name the first."""
    names = enumerate(table.names) if table.has_header else ()
    found: dict[str, int] = {}
    for at, name in names:
        if name.strip() and at not in known:
            found.setdefault(name.strip(), at)
    return found
