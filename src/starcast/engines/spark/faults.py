"""Whether ratings can be used, asked of all of them at once; and what is wrong with the first."""

from typing import TYPE_CHECKING, Any, NamedTuple, final

from starcast.data.scale import RatingScale
from starcast.display import quoted, shortened
from starcast.engines.spark.values import IS_INTEGER
from starcast.errors import DataError

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

POINT = "[.,]0+$"  # what frames write behind integers where one is missing


@final
class Sound(NamedTuple):
    """What is known of ratings that can be used.

    Attributes:
        n_rows: how many there are.
        latest: the last time; None where no times are known.
        digest: a sum over all rows, which tells them from others.
        are_numbers: kind of id to whether each is an integer, as "101.0" is, too.
    """

    n_rows: int
    latest: int | None
    digest: str
    are_numbers: dict[str, bool]


def checked(known: "DataFrame", label: str, timed: bool, scale: RatingScale | None) -> Sound:
    """Ratings as `values.plain` has them, if all can be used.

    Args:
        known: the ratings.
        label: what messages call them.
        timed: whether times are known.
        scale: the stars that are allowed; None for any.
    Raises: DataError: there are none, or what is wrong with the first that cannot.
    """
    from pyspark.sql import functions as F

    is_bad = _is_bad(timed, scale)
    row_sum = F.sum(F.xxhash64("user", "item", "stars", "when").cast("decimal(38,0)"))
    numbers = {}
    for kind in ("user", "item"):
        bare = f"regexp_replace({kind}, '{POINT}', '')"
        numbers[kind] = F.expr(f"bool_and({IS_INTEGER.format(bare)})")
    found: dict[str, Any] = (
        known.agg(
            F.count("*").alias("n"),
            F.sum(is_bad.cast("int")).alias("bad"),
            F.max("when").alias("latest"),
            row_sum.cast("string").alias("digest"),
            *(test.alias(kind) for kind, test in numbers.items()),
        )
        .toArrow()
        .to_pylist()[0]
    )
    if not found["n"]:
        raise DataError(f"{label} holds no ratings; it needs a row per rating")
    if found["bad"]:
        first = known.where(is_bad).drop("place").limit(1).toArrow().to_pylist()[0]
        raise DataError(
            f"{label}: {found['bad']:,} of {found['n']:,} rows cannot be used; in one of them "
            f"{_reason(first, timed, scale)} ({_shown(first)})"
        )
    are_numbers = {kind: bool(found[kind]) for kind in numbers}
    return Sound(found["n"], found["latest"], found["digest"], are_numbers)


def _is_bad(timed: bool, scale: RatingScale | None) -> "Column":
    from pyspark.sql import functions as F

    bad = F.isnull("user") | F.isnull("item") | F.isnull("stars") | F.isnan("stars")
    bad = bad | (F.abs("stars") == float("inf"))
    bad = bad | F.contains("user", F.lit("\0")) | F.contains("item", F.lit("\0"))
    if timed:
        bad = bad | F.isnull("when")
    if scale:
        lowest, highest = (F.lit(end).cast("float") for end in (scale.lowest, scale.highest))
        bad = bad | (F.col("stars") < lowest) | (F.col("stars") > highest)
    return F.coalesce(bad, F.lit(True))


def _reason(row: dict[str, Any], timed: bool, scale: RatingScale | None) -> str:
    for kind in ("user", "item"):
        if row[kind] is None:
            return f"the {kind} is missing, or neither an integer nor text"
        if "\0" in row[kind]:
            return f"the {kind} holds a zero byte"
    if not (row["written"] or "").strip():
        return "the rating is missing"
    if timed and row["when"] is None:
        return "the timestamp is no number of seconds"
    if row["stars"] is None or row["stars"] != row["stars"]:
        return f"the rating {quoted(row['written'])} is not a number"
    if abs(row["stars"]) == float("inf") or scale is None:
        return f"the rating {shortened(row['written'])} is too large"
    return f"the rating {shortened(row['written'])} lies outside {scale}"


def _shown(row: dict[str, Any]) -> str:
    names = {"user": "user", "item": "item", "written": "rating"}
    said = ((name, row[kind]) for kind, name in names.items())
    return ", ".join(f"{name} {'–' if one is None else quoted(one)}" for name, one in said)
