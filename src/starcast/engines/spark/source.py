"""Where ratings lie that Spark reads: files by their ending, tables by name, data frames.

Columns are recognised as the local reader does, by the same code.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, final

from starcast.data.files import columns
from starcast.data.files.batches import NotPlainError, recognised
from starcast.data.files.cells import BLANKS
from starcast.data.files.delimited import Delimited
from starcast.data.files.loaded import NEEDED
from starcast.data.files.naming import RATING_TABLE, spoken
from starcast.data.files.options import ReadingOptions
from starcast.data.files.part import Part
from starcast.data.files.source import scratch_folder
from starcast.data.ratings import Ratings
from starcast.data.reading import Reading
from starcast.display import quoted
from starcast.engines.spark.session import Session
from starcast.errors import ConfigError, DataError

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

_TABULAR = {"parquet": "parquet", "pq": "parquet", "orc": "orc", "json": "json", "jsonl": "json",
            "ndjson": "json"}  # fmt: skip
_TEXT = ("csv", "tsv", "tab", "txt", "dat", "data")
_PACKED = ("gz", "bz2", "zst", "snappy", "lz4")
_HEAD = 1000  # lines that are looked at


@final
class Source(NamedTuple):
    """A table of ratings, as it was written.

    Attributes:
        frame: its columns by kind (user, item, rating, and perhaps timestamp), and "place", what
            orders its rows.
        label: what messages call it.
        name: of the data set.
        reading: what was taken for what; None of ratings of this process.
        given: these, else None.
    """

    frame: "DataFrame"
    label: str
    name: str
    reading: Reading | None
    given: Ratings | None = None


def source_of(session: Session, given: object, options: ReadingOptions) -> Source:
    """What is to be read.

    Args:
        session: that reads it.
        given: a path or an address (s3a://…), a pattern, the name of a table, several of these, a
            data frame of Spark, or ratings of this process.
        options: which column is which, and how text is written.
    Raises: DataError, ConfigError: it is none of these, or has no such columns.
    """
    if refused := options.given("skip", "min_ratings"):
        raise ConfigError(f"{refused[0]} is not for --engine spark; prepare the table so")
    if isinstance(given, Ratings):
        return _of_ratings(session, given)
    several = list(given) if isinstance(given, list | tuple) else [given]
    if not several:
        raise DataError("no ratings are named; give a path, an address or a table")
    return _joined([_read(session, one, options) for one in several])


def name_of(given: object) -> str:
    """The name of the data set that `source_of` makes of the same."""
    if isinstance(given, Ratings):
        return given.name
    first = next(iter(given), "") if isinstance(given, list | tuple) else given
    return _name(str(first)) if isinstance(first, str | Path) else "ratings"


def _joined(sources: Sequence[Source]) -> Source:
    """Several as one; the rows of a later one are later."""
    from pyspark.sql import functions as F

    first = sources[0]
    if len(sources) == 1:
        return first
    if len({tuple(one.frame.columns) for one in sources}) > 1:
        raise DataError(f"{sources[1].label} has other columns than {first.label}")
    numbered = [
        one.frame.withColumn("place", F.struct(F.lit(n).alias("n"), F.col("place").alias("at")))
        for n, one in enumerate(sources)
    ]
    frame = numbered[0]
    for other in numbered[1:]:
        frame = frame.unionByName(other)
    return first._replace(frame=frame, label=", ".join(one.label for one in sources))


def _read(session: Session, given: Any, options: ReadingOptions) -> Source:
    if not isinstance(given, str | Path):
        if not hasattr(given, "mapInArrow"):
            raise DataError(f"a {type(given).__name__} is no path, table or data frame of Spark")
        return _of_frame(given, "the data frame", "ratings", "a data frame of Spark", options)
    place = str(given)
    if (kind := _ending(place)) in _TEXT:
        return _of_text(session, place, options)
    spark, name = session.spark, _name(place)
    if kind in _TABULAR:
        form = _TABULAR[kind]
        return _of_frame(spark.read.format(form).load(place), place, name, form, options)
    if re.fullmatch(r"\w+(\.\w+){0,2}", place) and not Path(place).exists():
        return _of_frame(spark.table(place), place, name, "a table of Spark", options)
    try:
        frame = spark.read.parquet(place)
        frame.schema  # noqa: B018  # asks for it: a path is looked at no sooner
    except Exception as error:
        if "PATH_NOT_FOUND" in str(error):
            raise DataError(f"{place} does not exist; check the path") from None
        raise DataError(
            f"{place} is neither Parquet nor named as text is; name its files, as "
            f"{place.rstrip('/')}/*.csv"
        ) from None
    return _of_frame(frame, place, name, "parquet", options)


def _of_ratings(session: Session, ratings: Ratings) -> Source:
    """Ratings that are here, sent over."""
    import pyarrow as pa
    from pyspark.sql import functions as F

    columns_of: dict[str, Any] = {
        "user": ratings.users.ids[ratings.user_rows],
        "item": ratings.items.ids[ratings.item_rows],
        "rating": ratings.stars,
    }
    if ratings.timestamps is not None:
        columns_of["timestamp"] = ratings.timestamps
    frame = session.frame(pa.table(columns_of)).withColumn("place", F.lit(0))
    return Source(frame, ratings.name, ratings.name, None, ratings)


def _of_frame(
    frame: "DataFrame", label: str, name: str, form: str, options: ReadingOptions
) -> Source:
    from pyspark.sql import functions as F

    if refused := options.given("separator", "header", "encoding"):
        raise ConfigError(f"{label} is {form}, for which {refused[0]} has no meaning")
    names = frame.columns
    places = columns.positions(names, RATING_TABLE, NEEDED, label, options.columns)
    # without its own names, which may have dots and quotation marks in them
    plain = frame.toDF(*(f"c{n}" for n in range(len(names))))
    taken = [F.col(f"c{at}").alias(kind) for kind, at in places.items()]
    return Source(
        plain.select(*taken, _place(plain, form)), label, name, _reading(label, form, places, names)
    )


def _of_text(session: Session, place: str, options: ReadingOptions) -> Source:
    """Separated text, recognised by its first lines."""
    spark, lines = session.spark, first_lines(session, place)
    if not any(line.strip() for line in lines):
        raise DataError(f"{place} is empty; it needs rows")
    with scratch_folder() as scratch:
        head = scratch / "head"
        head.write_text("\n".join(lines) + "\n", encoding="utf-8")
        try:
            known = recognised(Part(place, head, scratch), replace(options, missing=()))
        except NotPlainError as error:
            raise DataError(f"Spark does not read this: {error}") from None
    table = known.table
    if not isinstance(table.body, Delimited):
        raise DataError(f"{place} is {table.form}, which Spark is not asked to read; write Parquet")
    dialect = table.body.dialect
    if dialect.separator == BLANKS or dialect.skip > table.has_header or dialect.comments:
        raise DataError(f"{place} has lines above its rows, comments or blanks; write it as CSV")
    frame = spark.read.csv(
        place, sep=dialect.separator, header=table.has_header, quote=dialect.quote or "",
        escape='"', encoding=options.encoding or "UTF-8", inferSchema=False, enforceSchema=True,
    )  # fmt: skip
    if len(frame.columns) != len(table.names):
        raise DataError(f"{place} has rows of different length")
    from pyspark.sql import functions as F

    plain = frame.toDF(*(f"c{n}" for n in range(len(frame.columns))))
    taken = [F.col(f"c{at}").alias(kind) for kind, at in known.places.items()]
    reading = _reading(place, table.form, known.places, table.names)
    return Source(plain.select(*taken, _place(plain, "csv")), place, _name(place), reading)


def first_lines(session: Session, place: str) -> list[str]:
    """The first lines of one file; a limit alone takes those of any block of any file."""
    try:
        lines = session.spark.read.text(place).select("value", "_metadata.*")
        head = lines.where("file_block_start = 0").coalesce(1).limit(_HEAD).toArrow()
    except Exception as error:
        if "PATH_NOT_FOUND" in str(error):
            raise DataError(f"{place} does not exist; check the path") from None
        raise
    values, files = (head.column(name).to_pylist() for name in ("value", "file_path"))
    return [value for value, file in zip(values, files, strict=True) if file == files[0]]


def _place(frame: "DataFrame", form: str) -> Any:
    """Where a row lies, so that of two alike the later is known: by file, then within it."""
    from pyspark.sql import functions as F

    file, block = F.lit(""), F.lit(0).cast("bigint")
    if form in ("parquet", "orc", "json", "csv"):
        file, block = F.col("_metadata.file_path"), F.col("_metadata.file_block_start")
    within = F.monotonically_increasing_id()
    named = zip((file, block, within), ("file", "block", "row"), strict=True)
    return F.struct(*(column.alias(name) for column, name in named)).alias("place")


def _reading(label: str, form: str, places: Mapping[str, int], names: Sequence[str]) -> Reading:
    def said(at: int) -> str:
        return quoted(names[at].strip()) if names[at] else f"column {at + 1}"

    unused = tuple(name for at, name in enumerate(names) if at not in places.values() and name)
    taken = {spoken(kind): said(at) for kind, at in places.items()}
    return Reading(source=label, form=form, columns=taken, unused=unused, n_rows=0)


def _ending(place: str) -> str:
    """Of a path, or of what a pattern is of, without that of a compression."""
    parts = place.rstrip("/").rsplit("/", 1)[-1].lower().split(".")
    while len(parts) > 1 and parts[-1] in _PACKED:
        parts.pop()
    return parts[-1] if len(parts) > 1 else ""


def _name(place: str) -> str:
    whole = place.rstrip("/").split("/")
    named = [one for one in whole if one and not set("*?[{") & set(one)] or ["ratings"]
    return named[-1].split(".")[0] or "ratings"
