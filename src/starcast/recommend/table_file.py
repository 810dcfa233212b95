"""Tables of answers in files: Parquet, CSV and JSON lines, each written whole or not at all."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from starcast.data.ids import Ids
from starcast.disk.replacement import replace_file
from starcast.display import csv_text
from starcast.errors import ConfigError

if TYPE_CHECKING:
    import polars as pl

ENDINGS = (".parquet", ".csv", ".jsonl")
_UNSAFE = re.compile(r"[^ -~\n]")  # in JSON lines: what is not ASCII, or seen


def require_ending(path: Path) -> None:
    """Refuse a path that does not say what to write. Raises: ConfigError."""
    if path.suffix not in ENDINGS:
        raise ConfigError(
            f"{path} ends neither in .parquet nor in .csv or .jsonl; name the file so"
        )


def type_of(ids: Ids) -> "pl.DataType":
    """The type of a column of ids."""
    import polars as pl

    return pl.Int64() if ids.dtype.kind == "i" else pl.String()


def write_table(
    path: Path,
    schema: Mapping[str, Any],
    frames: Callable[[], "Iterator[pl.DataFrame]"],
    *,
    exact: bool = False,
) -> Path:
    """Write frames one after another, of which no more than one is held.

    Text is written to Parquet and JSON lines as it is in the data, to JSON in ASCII, so that no
    terminal obeys it; in CSV no spreadsheet takes it for a formula (`display.csv_text`).

    Args:
        path: ends in one of `ENDINGS`; a file that is there is replaced.
        schema: names of the columns to their types, of Polars.
        frames: the rows, made when they are wanted.
        exact: whether text stays as it is in CSV, too, for what is to be read back.
    Returns: the path.
    Raises: ConfigError: it cannot be written; what was there is untouched.
    """
    import polars as pl
    from polars.io.plugins import register_io_source

    require_ending(path)

    def made(*_: object) -> "Iterator[pl.DataFrame]":
        is_for_people = path.suffix == ".csv" and not exact
        return (_for_csv(frame) for frame in frames()) if is_for_people else frames()

    table = register_io_source(made, schema=schema)
    try:
        # Open already: given a name, Polars' threads may make the file after we gave it up.
        with replace_file(path) as fresh, fresh.open("wb") as file:
            if path.suffix == ".parquet":
                table.sink_parquet(file)
            elif path.suffix == ".csv":
                table.sink_csv(file)
            else:
                _write_json_lines(file, frames())
    except (OSError, pl.exceptions.PolarsError) as error:
        raise ConfigError(f"cannot write {path}: {error}") from None
    return path


def _for_csv(frame: "pl.DataFrame") -> "pl.DataFrame":
    """Text as no spreadsheet takes it for a formula; numbers stay numbers."""
    import polars as pl

    texts = [column for column in frame if column.dtype == pl.String]
    return frame.with_columns(
        column.replace_strict({one: csv_text(one) for one in column.unique().drop_nulls()},
                              default=None, return_dtype=pl.String)
        for column in texts
    )  # fmt: skip


def _write_json_lines(file: BinaryIO, frames: "Iterator[pl.DataFrame]") -> None:
    for frame in frames:
        file.write(_UNSAFE.sub(_escaped, frame.write_ndjson()).encode("ascii"))


def _escaped(found: re.Match[str]) -> str:
    character = found[0]
    return json.dumps(character)[1:-1] if ord(character) > 0x7F else f"\\u{ord(character):04x}"
