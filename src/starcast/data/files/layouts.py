"""Recognition: what a file is, whatever it is called."""

from collections.abc import Sequence
from dataclasses import replace

from starcast.data.files import binary, declared, delimited, json_rows, line_forms, text
from starcast.data.files.dialect import sniff
from starcast.data.files.naming import Kinds
from starcast.data.files.options import ReadingOptions
from starcast.data.files.part import Part
from starcast.data.files.table import Table
from starcast.errors import ConfigError, DataError

_OF_TEXT = ("separator", "skip", "header")


def recognise(part: Part, kinds: Kinds, needed: Sequence[str], options: ReadingOptions) -> Table:
    """The table in a file.

    Args:
        part: the file.
        kinds, needed: as in `columns.positions`.
        options: what is said of it; the rest is recognised.
    Raises:
        DataError: there is none.
        ConfigError: options that have no meaning for what it is.
    """
    if table := binary.recognise(part):
        return _checked(table, options, "encoding", *_OF_TEXT)
    head = text.head(part, options.encoding)
    if table := None if options.separator else _other_text(part, head):
        return _checked(table, options, *_OF_TEXT)
    said = declared.recognise(head.lines, part.label) if not options.given(*_OF_TEXT) else None
    if said:
        table = delimited.table_of(part, said.dialect, head)
        return replace(table, roles=said.roles)
    dialect = sniff(head.lines, kinds, needed, options, part.label)
    return delimited.table_of(part, dialect, head)


def _other_text(part: Part, head: text.Head) -> Table | None:
    """The table in text that is not separated."""
    if next(line for line in head.lines if line.strip()).lstrip().startswith("<"):
        raise DataError(f"{part.label} is a page of HTML or XML, no table; download the data")
    return json_rows.recognise(part, head) or line_forms.recognise(part, head)


def _checked(table: Table, options: ReadingOptions, *without_meaning: str) -> Table:
    """Raises: ConfigError: one of some options is set."""
    if given := options.given(*without_meaning):
        raise ConfigError(f"{table.label} is {table.form}, for which {given[0]} has no meaning")
    return table
