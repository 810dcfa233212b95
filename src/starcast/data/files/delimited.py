"""Text tables: separator, header and columns found by looking, rows read by Polars."""

import csv
import gzip
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, cast, final

from starcast.data.files import columns
from starcast.errors import DataError

if TYPE_CHECKING:
    import polars as pl

SEPARATORS = (",", "\t", ";", "|", "::")
_HEAD = 65_536  # bytes looked at before the table is read
_GZIP = b"\x1f\x8b"
_UNREADABLE = (OSError, EOFError, zlib.error)  # the last two from gzip


@final
@dataclass(frozen=True, slots=True)
class Layout:
    """How a text table is laid out.

    Attributes:
        path: the file; may be compressed by gzip.
        separator: one character; "::" counts as ":" with an empty field after every field.
        n_fields: fields in a record.
        places: kind of column to the field that holds it.
        has_header: whether the first record holds the names.
        stride: fields of ours that make one of the author's; 2 where "::" separates.
    """

    path: Path
    separator: str
    n_fields: int
    places: dict[str, int]
    has_header: bool
    stride: int = 1

    def scan(self, types: "Mapping[str, pl.DataType]") -> "pl.LazyFrame":
        """The columns of `places`, in file order, unread as yet.

        Args:
            types: kind of column to its type; text where not given.
        """
        import polars as pl

        kinds = {place: kind for kind, place in self.places.items()}
        schema = {
            kinds.get(field, f"unused {field}"): types.get(kinds.get(field, ""), pl.String())
            for field in range(self.n_fields)
        }
        table = pl.scan_csv(
            self.path, separator=self.separator, has_header=False, schema=schema, glob=False,
            skip_rows=int(self.has_header), raise_if_empty=False,
        )  # fmt: skip
        return table.select(list(self.places))

    def records(self) -> Iterator[tuple[int, list[str]]]:
        """Every record below the header and the line it begins in, by Python's slower reader.

        Raises: DataError: a quotation mark that is never closed, or a file that breaks off.
        """
        try:
            with open_text(self.path) as file:
                yield from self._cut(file) if self.stride == 1 else self._split(file)
        except _UNREADABLE as error:
            raise DataError(f"{self.path} cannot be read to its end: {error}") from None

    def _cut(self, lines: IO[str]) -> Iterator[tuple[int, list[str]]]:
        reader = csv.reader(lines, delimiter=self.separator, strict=True)
        if self.has_header:
            next(reader, None)
        begins = reader.line_num + 1
        try:
            for record in reader:
                yield begins, record
                begins = reader.line_num + 1
        except csv.Error as error:
            raise DataError(
                f"{self.path}, line {begins}: {error}; is a quotation mark left open?"
            ) from None

    def _split(self, lines: Iterable[str]) -> Iterator[tuple[int, list[str]]]:
        """Records cut at the whole separator, so that a title may hold half of it."""
        for number, line in enumerate(lines, start=1):
            fields = line.rstrip("\r\n").split(self.separator * self.stride)
            if number > self.has_header:
                yield number, [part for field in fields for part in (field, "")][:-1]


def sniff(path: Path, aliases: dict[str, tuple[str, ...]], needed: tuple[str, ...]) -> Layout:
    """The layout of a text table.

    Args:
        path: the file.
        aliases, needed: as in `columns.positions`. Without a header the fields are taken in the
            order of `aliases`, and the rating, or of an item table the item, must be a number.
    Raises: DataError: the file is not a text table with these columns.
    """
    records, separator = _first_records(path)
    first, stride = records[0], 1
    if separator == "::":
        separator, stride = ":", 2
    if len(first) < len(needed):
        raise DataError(
            f"{path} has {_count(len(first), 'column')}; it needs {', '.join(needed)} columns, "
            "separated by comma, tab, semicolon, bar or '::'"
        )
    has_header = _is_header(first, aliases, needed, path)
    if has_header:
        places = columns.positions(first, aliases, needed, path)
    else:
        places = {kind: at for at, kind in enumerate(aliases) if at < len(first)}
    if has_header and len(records) == 1:
        raise DataError(f"{path} holds a header and no rows; add rows below it")
    places = {kind: at * stride for kind, at in places.items()}
    return Layout(path, separator, (len(first) - 1) * stride + 1, places, has_header, stride)


def open_text(path: Path) -> IO[str]:
    """A text file for reading, through gzip where it is compressed; bytes that are not UTF-8
    come through as surrogates, so that the line they stand in can be named."""
    options: dict[str, Any] = {"encoding": "utf-8-sig", "errors": "surrogateescape", "newline": ""}
    with path.open("rb") as file:
        is_compressed = file.read(2) == _GZIP
    return cast(
        "IO[str]",
        gzip.open(path, "rt", **options) if is_compressed else path.open(**options),
    )


def check_readable(path: Path) -> None:
    """Refuse what is no readable file with something in it.

    Raises: DataError: the path is missing, a folder, forbidden or empty.
    """
    if path.is_dir():
        raise DataError(f"{path} is a folder; name a file in it")
    try:
        with path.open("rb") as file:
            if not file.read(1):
                raise DataError(f"{path} is empty; it needs rows")
    except FileNotFoundError:
        raise DataError(f"{path} does not exist; check the path") from None
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}") from None


def is_utf8(text: str) -> bool:
    """Whether text from `open_text` was UTF-8 all through."""
    return text.isascii() or not any("\udc80" <= character <= "\udcff" for character in text)


def _first_records(path: Path) -> tuple[list[list[str]], str]:
    """The first records that are not blank, cut at the likeliest separator."""
    text = _head(path)
    if not text.strip():
        raise DataError(f"{path} holds only blank lines; it needs rows")
    if "\r" in text and "\n" not in text:
        raise DataError(f"{path} ends its lines as old Macintoshes did; save it with newlines")
    if not text.splitlines()[0].strip():
        raise DataError(f"{path}, line 1 is blank; remove it")
    tables = [(list(_cut(text, separator)), separator) for separator in SEPARATORS]
    return max(tables, key=lambda table: _regularity(table[0]))


def _regularity(records: list[list[str]]) -> tuple[float, int]:
    """How much records look like a table: the share of one width among them, then that width."""
    if not records:
        return 0.0, 0
    width, count = Counter(map(len, records)).most_common(1)[0]
    return (count / len(records) if width > 1 else 0.0), width


def _head(path: Path) -> str:
    try:
        with open_text(path) as file:
            text = file.read(_HEAD)
            is_whole = not file.read(1)
    except _UNREADABLE as error:
        raise DataError(f"{path} cannot be unpacked: {error}") from None
    if text.startswith(("\udcff\udcfe", "\udcfe\udcff")):
        raise DataError(f"{path} is UTF-16 text; save it as UTF-8")
    if "\0" in text:
        raise DataError(f"{path} is a binary file, not a text table or Parquet")
    return text if is_whole else text[: text.rfind("\n") + 1] or text


def _cut(text: str, separator: str, most: int = 20) -> Iterator[list[str]]:
    lines = text.splitlines(keepends=True)
    records = (
        (line.rstrip("\r\n").split(separator) for line in lines)
        if len(separator) > 1
        else csv.reader(lines, delimiter=separator)
    )
    try:
        for record in records:
            if any(record) and most:
                most -= 1
                yield record
    except csv.Error:  # a field without end; the reader proper names the line
        return


def _is_header(
    first: list[str], aliases: dict[str, tuple[str, ...]], needed: tuple[str, ...], path: Path
) -> bool:
    """A header names columns and holds no numbers; a row has a number as its rating or item."""
    known = {columns.key(name) for names in aliases.values() for name in names}
    is_named = any(columns.key(cell) in known for cell in first)
    if is_named and not any(map(columns.is_number, first)):
        return True
    number = columns.RATING if columns.RATING in needed else columns.ITEM
    cell = first[needed.index(number)]
    if not columns.is_number(cell):
        shown = ", ".join(repr(cell) for cell in first[:12])
        names = ", ".join(names[0] for names in aliases.values())
        raise DataError(
            f"{path}, line 1: {shown} are neither known column names nor a row whose {number} is a "
            f"number{columns.decimal_comma(cell)}; name the columns {names}"
        )
    return False


def _count(n: int, noun: str) -> str:
    return f"{n} {noun}" + "s" * (n != 1)
