"""JSON: an object a line, an array of objects, or columns by name."""

import ast
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, final

from starcast.data.files import text
from starcast.data.files.part import UNREADABLE, Part
from starcast.data.files.table import Body, Cells, Table
from starcast.errors import DataError

if TYPE_CHECKING:
    import polars as pl

Object = Mapping[str, Any]
Path = tuple[str, ...]
_FIELD = "#"
_UNNAMED = ("$", _FIELD)
_PLAIN = re.compile(r"[\w $.:-]+")  # keys by which Polars finds what lies within
_DEEPEST = 3  # objects within objects; what lies deeper is no column
_MALFORMED = (ValueError, SyntaxError, RecursionError, MemoryError)  # from either reader


@final
@dataclass(frozen=True, slots=True)
class JsonLines:
    """Rows that are JSON objects, one a line.

    Attributes:
        part: the file, in UTF-8.
        paths: of the columns, each a key, and keys within it.
    """

    part: Part
    paths: tuple[Path, ...]

    def scan(self, places: Mapping[str, int]) -> "pl.LazyFrame":
        """Some columns as text; what else the objects hold is not kept."""
        import polars as pl

        wanted = {kind: self.paths[at] for kind, at in places.items()}
        keys = sorted({path[0] for path in wanted.values()})
        table = pl.scan_ndjson(self.part.path, schema={key: pl.String() for key in keys})
        return table.select(_within(path).alias(kind) for kind, path in wanted.items())

    def records(self) -> Iterator[tuple[str, Cells]]:
        """Every object and its line, by Python's reader.

        Raises: DataError: a line that is no object.
        """
        try:
            with self.part.open_text() as lines:
                for number, line in enumerate(lines, 1):
                    if line.strip():
                        if (row := _object(line)) is None:
                            raise DataError(
                                f"{self.part.label}, line {number}: it is no JSON object; correct "
                                "or remove that line"
                            )
                        yield f"line {number}", _cells(row, self.paths)
        except UNREADABLE as error:
            raise DataError(f"{self.part.label} cannot be read to its end: {error}") from None


@final
@dataclass(frozen=True, slots=True)
class Objects:
    """Rows that are objects in memory.

    Attributes:
        rows: the objects.
        paths: of the columns, each a key, and keys within it.
    """

    rows: Sequence[Object]
    paths: tuple[Path, ...]

    def scan(self, places: Mapping[str, int]) -> "pl.LazyFrame":
        """Some columns as text."""
        import polars as pl

        columns = {
            kind: pl.Series([_at(row, self.paths[at]) for row in self.rows], dtype=pl.String)
            for kind, at in places.items()
        }
        return pl.LazyFrame(columns)

    def records(self) -> Iterator[tuple[str, Cells]]:
        """Every object by its number."""
        for number, row in enumerate(self.rows, 1):
            yield f"object {number}", _cells(row, self.paths)


def recognise(part: Part, head: text.Head) -> Table | None:
    """The table in a file of JSON; None if it is something else.

    Args:
        part: the file.
        head: its beginning.
    Raises: DataError: it is JSON, but no table.
    """
    written = [line.strip() for line in head.lines if line.strip()]
    if written[0][0] not in "{[" or written[0][1:2].isdecimal():
        return None
    if head.encoding != text.UTF_8 or not head.is_plain:
        part = text.rewritten(part, head.encoding)
    first = _object(written[0])
    if first is None and _literal(written[0]):
        part = text.rewritten(part, text.UTF_8, lambda lines: map(_strict, lines))
        first = _literal(written[0])
    if first is None or _is_of_columns(first) or (len(written) == 1 and _lists(first)):
        return _document(part)
    rows = [_object(line) or _literal(line) or {} for line in written]
    paths = _paths(rows)
    return _table(part, "JSON lines", paths, JsonLines(part, paths))


def _document(part: Part) -> Table:
    """The table in a single JSON value.

    Raises: DataError: there is none.
    """
    try:
        with part.open_text() as file:
            value = json.load(file)
    except _MALFORMED as error:
        raise DataError(
            f"{part.label} is no readable JSON: {str(error).splitlines()[0]}; write an object a "
            "line, or one array of them"
        ) from None
    if isinstance(value, dict) and not _is_of_columns(value):
        value = _lists(value)[0] if len(_lists(value)) == 1 else value
    rows = _rows_of(value)
    if rows is None:
        raise DataError(
            f"{part.label} is JSON, but no table; it needs an object per rating, or a list for "
            "each column"
        )
    paths = _paths(rows)
    return _table(part, "JSON", paths, Objects(rows, paths))


def _rows_of(value: Any) -> list[Object] | None:
    if isinstance(value, dict) and _is_of_columns(value):
        columns = [one.values() if isinstance(one, dict) else one for one in value.values()]
        if len({len(column) for column in columns}) == 1:
            return [dict(zip(value, row, strict=True)) for row in zip(*columns, strict=True)]
    if isinstance(value, list) and value and all(isinstance(row, dict) for row in value):
        return value
    if isinstance(value, list) and value and all(isinstance(row, list) for row in value):
        return [{f"{_FIELD}{at}": one for at, one in enumerate(row)} for row in value]
    return None


def _lists(value: Object) -> list[list[Any]]:
    """The lists of objects in an object."""
    lists = [one for one in value.values() if isinstance(one, list) and one]
    return [one for one in lists if isinstance(one[0], dict)]


def _is_of_columns(value: Object) -> bool:
    """Whether every value is a column: a list, or an object by row as pandas writes them."""
    columns = list(value.values())
    return len(columns) > 1 and (
        all(isinstance(one, list) for one in columns)
        or all(isinstance(one, dict) for one in columns)
    )


def _table(part: Part, form: str, paths: Sequence[Path], body: Body) -> Table:
    """A table whose columns are named as their paths: of {"user": {"id": 1}} it is user_id.

    Keys such as MongoDB's "$oid" do not count, and neither do the numbers of fields in a list.
    """
    named = [[key for key in path if not key.startswith(_UNNAMED)] for path in paths]
    names = tuple(map("_".join, named))
    return Table(
        label=part.label, form=form, names=names, body=body, has_header=any(names), is_text=True
    )


def _paths(rows: Iterable[Object]) -> tuple[Path, ...]:
    return tuple(dict.fromkeys(path for row in rows for path in _leaves(row)))


def _leaves(value: Object, above: Path = ()) -> Iterator[Path]:
    """Where the values of an object lie that are no objects themselves."""
    for key, one in value.items():
        if (
            isinstance(one, dict)
            and one
            and len(above) < _DEEPEST
            and all(map(_PLAIN.fullmatch, one))
        ):
            yield from _leaves(one, (*above, key))
        else:
            yield (*above, key)


def _within(path: Path) -> "pl.Expr":
    """What lies within the text of a JSON object."""
    import polars as pl

    whole, *keys = path
    inner = "".join(f"[{json.dumps(key)}]" for key in keys)
    return pl.col(whole).str.json_path_match(f"${inner}") if keys else pl.col(whole)


def _at(row: Object, path: Path) -> str | None:
    value: Any = row
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return _text(value)


def _object(line: str) -> dict[str, Any] | None:
    try:
        value = json.loads(line)
    except _MALFORMED:
        return None
    return value if isinstance(value, dict) else None


def _literal(line: str) -> dict[str, Any] | None:
    """An object as Python writes it, as in some of Amazon's files."""
    try:
        value = ast.literal_eval(line.strip())
    except _MALFORMED:
        return None
    return value if isinstance(value, dict) else None


def _strict(line: str) -> str:
    value = _literal(line)
    return line if value is None else json.dumps(value) + "\n"


def _cells(row: Object, paths: Sequence[Path]) -> Cells:
    return [_at(row, path) for path in paths]


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, list) and value and all(isinstance(one, str) for one in value):
        return "|".join(value)
    return json.dumps(value)
