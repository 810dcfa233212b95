"""Columns as they were written, as ids, stars and times: the rules of the local reader, in SQL."""

from typing import TYPE_CHECKING, Any

from starcast.data.files import times
from starcast.data.files.cells import is_number
from starcast.engines.spark.source import Source
from starcast.errors import DataError

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

_INTEGERS = ("tinyint", "smallint", "int", "bigint")
_FLOATS = ("float", "double", "decimal")
_BLANKS = r"(?U)^\s+|\s+$"
_NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"
IS_INTEGER = "coalesce(cast(try_cast({0} as bigint) as string) = {0}, false)"
"""Whether a text is how its number is written: "007" and "+7" are not."""


def plain(source: Source, missing: tuple[str, ...]) -> "DataFrame":
    """User and item as text, stars as float, when as bigint (null where no times are known), place,
    and the rating as it was written; null where a value is none. Ratings that mean that there is
    none are left out.

    Raises: DataError: a type that can hold no such thing.
    """
    from pyspark.sql import functions as F

    frame, label = source.frame, source.label
    kinds = dict(frame.dtypes)
    stars = _stars(kinds["rating"], label)
    when = _times(kinds["timestamp"], label) if "timestamp" in kinds else F.lit(None)
    found = frame.select(
        _ids("user", kinds["user"], label).alias("user"),
        _ids("item", kinds["item"], label).alias("item"),
        stars.alias("stars"),
        when.cast("bigint").alias("when"),
        "place",
        F.col("rating").cast("string").alias("written"),
        _is_missing(missing, kinds["rating"], stars).alias("missing"),
    )
    return found.where(~F.col("missing")).drop("missing")


def _text(name: str) -> "Column":
    from pyspark.sql import functions as F

    bare = F.regexp_replace(F.col(name).cast("string"), _BLANKS, "")
    return F.when(bare != "", bare)


def _ids(name: str, kind: str, label: str) -> "Column":
    from pyspark.sql import functions as F

    if kind in _INTEGERS:
        return F.col(name).cast("string")
    if kind.startswith(_FLOATS):  # what a frame makes of integers where one is missing
        whole = F.expr(f"try_cast({name} as bigint)")
        return F.when(whole.cast("double") == F.col(name).cast("double"), whole.cast("string"))
    if kind == "string" or kind.startswith(("char", "varchar")):
        return _text(name)
    raise _wrong_type(label, name, kind, "integers or text")


def _stars(kind: str, label: str) -> "Column":
    from pyspark.sql import functions as F

    if kind == "string":
        text = _text("rating")
        return F.when(text.rlike(_NUMBER), text.try_cast("float"))
    if kind in (*_INTEGERS, "boolean") or kind.startswith(_FLOATS):
        return F.col("rating").cast("float")
    raise _wrong_type(label, "rating", kind, "numbers")


def _times(kind: str, label: str) -> "Column":
    from pyspark.sql import functions as F

    if kind in ("timestamp", "date", "timestamp_ntz"):
        return F.floor(F.unix_micros(F.col("timestamp").cast("timestamp")) / 1_000_000)
    if kind in _INTEGERS:
        return F.col("timestamp")
    if kind.startswith(_FLOATS):
        return F.floor("timestamp")
    if kind == "string":
        return _text("timestamp").try_cast("bigint")
    raise _wrong_type(label, "time", kind, "seconds or dates")


def _is_missing(marks: tuple[str, ...], kind: str, stars: "Column") -> "Column":
    from pyspark.sql import functions as F

    said: Any = F.lit(False)
    for mark in marks:
        if is_number(mark):
            said = said | F.coalesce(stars == F.lit(float(mark)).cast("float"), F.lit(False))
        if kind == "string":
            said = said | (F.lower(_text("rating")) == mark.lower())
    if marks:
        nothing = F.isnull(_text("rating")) if kind == "string" else F.isnull("rating")
        if kind in ("float", "double"):
            nothing = nothing | F.isnan("rating")
        said = F.coalesce(said, F.lit(False)) | nothing
    return said


def seconds_in(latest: int) -> tuple[int, str | None]:
    """How many of what a column of times is written in make a second, and what that is called.

    Raises: DataError: it is nothing that divides.
    """
    import numpy as np

    second, name = times.in_seconds(np.array([latest]), are_a_column=True)
    if name is None:
        return 1, None
    per_second = times.per_second(name)
    if per_second is None or latest // per_second != second[0]:
        raise DataError(f"times are written as {name}; write them in seconds")
    return per_second, name


def _wrong_type(label: str, kind: str, found: str, wanted: str) -> DataError:
    return DataError(f"{label}: the {kind} column holds {found}; it needs {wanted}")
