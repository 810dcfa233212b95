"""Text tables: rows cut by Polars, and a slower reader that can say in which line one begins."""

import csv
import filecmp
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, cast, final

from starcast.data.files import text
from starcast.data.files.cells import BLANKS, OpenQuoteError, cut
from starcast.data.files.dialect import Dialect, unescaped, without_comments
from starcast.data.files.part import UNREADABLE, Part
from starcast.data.files.table import Cells, Table
from starcast.errors import DataError

if TYPE_CHECKING:
    import polars as pl

_UNIT = "\x1f"  # ASCII's unit separator, which stands in no text


@final
@dataclass(frozen=True, slots=True)
class Delimited:
    """The rows of a text table that Polars can cut.

    Attributes:
        part: the file, in UTF-8.
        dialect: how it is written; the separator is a character, or one that is repeated.
    """

    part: Part
    dialect: Dialect

    def scan(
        self, places: Mapping[str, int], types: "Mapping[str, pl.DataType] | None" = None
    ) -> "pl.LazyFrame":
        """Some columns, unread as yet.

        Args:
            places: as in `Body.scan`.
            types: of the columns, by their new names; text where not given.
        """
        import polars as pl

        stride = len(self.dialect.separator)  # "::" is ":" with an empty field in between
        kinds = {place * stride: kind for kind, place in places.items()}
        wanted = types or {}
        schema = {
            kinds.get(field, f"unused {field}"): wanted.get(kinds.get(field, ""), pl.String())
            for field in range((len(self.dialect.names) - 1) * stride + 1)
        }
        table = pl.scan_csv(
            self.part.path, separator=self.dialect.separator[0], has_header=False, schema=schema,
            skip_lines=self.dialect.skip, quote_char=self.dialect.quote or None, glob=False,
            raise_if_empty=False,
        )  # fmt: skip
        return table.select(list(places))

    def records(self) -> Iterator[tuple[str, Cells]]:
        """Every row below the header and the line it begins in, by Python's slower reader.

        Raises: DataError: a quotation mark that is never closed, or a file that breaks off.
        """
        dialect = self.dialect
        try:
            with self.part.open_text() as lines:
                for _ in range(dialect.skip):
                    next(lines, None)
                rows = cut(lines, dialect.separator, dialect.quote, first=dialect.skip + 1)
                for row in rows:
                    yield f"line {row.line}", cast("Cells", row.cells)
        except OpenQuoteError as error:
            raise DataError(
                f"{self.part.label}, line {error.line}: {error}; is a quotation mark left open?"
            ) from None
        except UNREADABLE as error:
            raise DataError(f"{self.part.label} cannot be read to its end: {error}") from None

    def is_misread(self, n_rows: int) -> bool:
        """Whether Polars took lines together that are rows of their own.

        It takes every quotation mark for one that opens or closes, Python none within a field, as
        in 5" long. Only where there are other lines than rows does it take the time to look.

        Args:
            n_rows: that Polars found, blank ones not counted.
        Raises: DataError: the file cannot be read to its end.
        """
        quote = self.dialect.quote.encode()
        if not quote or not self._has_other_lines(quote, n_rows):
            return False
        told = (any(cell and cell.strip() for cell in cells) for _, cells in self.records())
        return sum(told) != n_rows

    def _has_other_lines(self, quote: bytes, n_rows: int) -> bool:
        n_lines, last, has_quotes = -self.dialect.skip, b"\n", False
        for block in text.blocks(self.part):
            n_lines, last = n_lines + block.count(b"\n"), block[-1:]
            has_quotes = has_quotes or quote in block
        return has_quotes and n_lines + (last != b"\n") != n_rows

    def requoted(self) -> Part:
        """The file written anew, with quotation marks that mean the same to both readers.

        Raises: DataError: they did not, and the file was written so already.
        """
        fresh = self.part._replace(path=self.part.fresh())
        dialect = self.dialect
        with (
            self.part.open_text() as lines,
            fresh.path.open("w", encoding=text.UTF_8, newline="") as target,
        ):
            writer = csv.writer(
                target, delimiter=dialect.separator, quotechar=dialect.quote, lineterminator="\n"
            )
            writer.writerows(row.cells for row in cut(lines, dialect.separator, dialect.quote))
        if filecmp.cmp(self.part.path, fresh.path, shallow=False):
            raise DataError(
                f"{fresh.label} has quotation marks that can be read in two ways; double those "
                "within fields"
            )
        return fresh


def table_of(part: Part, dialect: Dialect, head: text.Head) -> Table:
    """A text table, its file written anew first where Polars could not cut it as it is.

    Args:
        part: the file.
        dialect: how it is written.
        head: its beginning.
    Raises: DataError: it is not of the encoding it seems to be, or cannot be unpacked.
    """
    dialect = replace(dialect, skip=_first_row(dialect, head.lines) - 1)
    separator = dialect.separator
    is_odd = separator == BLANKS or len(set(separator)) > 1
    plain = dialect
    if (
        is_odd
        or dialect.comments
        or dialect.escapes
        or head.encoding != text.UTF_8
        or not head.is_plain
    ):
        part = text.rewritten(part, head.encoding, _edit(dialect, is_odd))
        plain = replace(dialect, separator=_UNIT, quote="") if is_odd else dialect
    return Table(
        label=part.label,
        form=str(dialect),
        names=dialect.names,
        body=Delimited(part, plain),
        has_header=dialect.has_header,
        empty=dialect.empty,
        notes=tuple(_notes(dialect, head.encoding)),
        is_text=True,
        has_blank_lines=True,
    )


def _first_row(dialect: Dialect, lines: Sequence[str]) -> int:
    """The line of the first row: Polars counts the fields of what comes first, blank or not."""
    below = enumerate(lines[dialect.skip :], dialect.skip + 1)
    marks = tuple(dialect.comments)
    return next(
        (at for at, line in below if line.strip() and line[0] not in marks), dialect.skip + 1
    )


def _edit(dialect: Dialect, is_odd: bool) -> text.Edit:
    """What makes lines of a dialect such that Polars can cut them."""

    def edited(lines: list[str]) -> Iterable[str]:
        rows = without_comments(lines, dialect.comments) if dialect.comments else lines
        if dialect.escapes:
            rows = [unescaped(line) for line in rows]
        whole = "".join(rows) if is_odd else '"'
        if dialect.separator == BLANKS and '"' not in whole and "'" not in whole:
            return [_single_blanks(whole).replace(BLANKS, _UNIT)]
        return (_cut_anew(line, dialect) for line in rows) if is_odd else rows

    return edited


def _single_blanks(lines: str) -> str:
    """Lines with one blank where there are several or tabs, and none at their ends."""
    lines = lines.replace("\t", BLANKS)
    while BLANKS * 2 in lines:
        lines = lines.replace(BLANKS * 2, BLANKS)
    return lines.replace(f"{BLANKS}\n", "\n").replace(f"\n{BLANKS}", "\n").lstrip(BLANKS)


def _cut_anew(line: str, dialect: Dialect) -> str:
    (record,) = cut([line], dialect.separator, dialect.quote, strict=False)
    return _UNIT.join(record.cells).replace("\n", BLANKS) + "\n"


def _notes(dialect: Dialect, encoding: str) -> Iterator[str]:
    if encoding != text.UTF_8:
        yield f"its text is not UTF-8 and was read as {text.spoken(encoding)}"
    if dialect.above:
        lines = "line" if dialect.above == 1 else "lines"
        yield f"{dialect.above} {lines} above the table left out"
