"""From a table of ratings to stages that training reads."""

from typing import TYPE_CHECKING, Any, NamedTuple, final

import numpy as np

from starcast.data.scale import RatingScale
from starcast.data.split import RowSum, SplitPlan
from starcast.data.split.by_hash import hash_sql
from starcast.engines.spark import faults, fingerprints, members, values
from starcast.engines.spark.cells import SCHEMA
from starcast.engines.spark.packing import JUDGED_ROW, PackRows
from starcast.engines.spark.prepared import ENCODED, JUDGED_STAGE, RATINGS, Prepared
from starcast.engines.spark.session import Session
from starcast.engines.spark.source import Source
from starcast.engines.spark.stages import Stages
from starcast.errors import ConfigError, DataError

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

_PARTS = "CASE {0} WHEN 'train' THEN 0 WHEN 'validation' THEN 1 ELSE 2 END"
_MOST_LEVELS = 1 << 16  # different ratings
_SAMPLE = 100_000  # training rows that are judged after each epoch
_PER_BLOCK = 10_000  # ratings at least, about


@final
class Asked(NamedTuple):
    """What is to be prepared, and how.

    Attributes:
        source: the ratings.
        missing: ratings that say that there is none.
        scale: the stars that exist; None to infer it.
        plan: how they are divided.
    """

    source: Source
    missing: tuple[str, ...]
    scale: RatingScale | None
    plan: SplitPlan


def looked_at(asked: Asked) -> tuple["DataFrame", faults.Sound]:
    """The ratings with ids and numbers as they count, each looked at.

    Raises: DataError: they cannot be used; ConfigError: another split than by hash.
    """
    if asked.plan.scheme != "hash":
        raise ConfigError(
            f"--engine spark divides by --split hash alone, not by {asked.plan.scheme}: a row's "
            "part follows from its ids, wherever it lies"
        )
    known = values.plain(asked.source, asked.missing)
    timed = "timestamp" in asked.source.frame.columns
    sound = faults.checked(known, asked.source.label, timed, asked.scale)
    return known, sound


def prepare(
    session: Session, stages: Stages, asked: Asked, known: "DataFrame", sound: faults.Sound
) -> Prepared:
    """Write the stages that training reads.

    Args:
        session, stages: where.
        asked: what.
        known, sound: of `looked_at`.
    Raises: DataError: there is nothing to learn; ConfigError: a part would be empty.
    """
    ratings = stages.write(RATINGS, _divided(_latest(known, sound), asked.plan))
    counts = _counts(ratings)
    _require_parts(counts, asked)
    n_sides = _sides(session.width, counts[0])
    users, items = (
        stages.write(f"{kind}s", members.numbered(ratings, kind, n_sides))
        for kind in ("user", "item")
    )
    stages.write(ENCODED, _encoded(ratings, users, items))
    prepared = Prepared(
        session=session,
        stages=stages,
        source=asked.source,
        n_sides=n_sides,
        are_numbers=sound.are_numbers,
        n_rows=sound.n_rows,
        counts=counts,
        scale=asked.scale or _scale(ratings, asked.source.label),
        plan=asked.plan,
        rows=fingerprints.row_sum(ratings, sound.are_numbers),
        timed=sound.latest is not None,
    )
    stages.write(JUDGED_STAGE, _judged(prepared))
    return prepared


def taken_up(
    session: Session, stages: Stages, asked: Asked, sound: faults.Sound, words: dict[str, Any]
) -> Prepared:
    """What an earlier run has prepared of the same.

    Args: as of `prepare`; words: of `Prepared.noted`.
    """
    train, validation, test = words["counts"]
    return Prepared(
        session=session,
        stages=stages,
        source=asked.source,
        n_sides=words["n_sides"],
        are_numbers=sound.are_numbers,
        n_rows=sound.n_rows,
        counts=(train, validation, test),
        scale=RatingScale(*words["scale"]),
        plan=asked.plan,
        rows=RowSum(*map(int, words["rows"])),
        timed=sound.latest is not None,
    )


def _latest(known: "DataFrame", sound: faults.Sound) -> "DataFrame":
    """One row per user and item: the latest time wins, then the later row."""
    from pyspark.sql import functions as F

    ids = [
        F.regexp_replace(kind, faults.POINT, "").alias(kind) if is_number else F.col(kind)
        for kind, is_number in sound.are_numbers.items()
    ]
    rows = known.select(*ids, "stars", "when", "place")
    value, order = F.struct("stars", "when"), F.struct("when", "place")
    last = rows.groupBy("user", "item").agg(F.max_by(value, order).alias("last"))
    per_second = values.seconds_in(sound.latest)[0] if sound.latest is not None else 1
    when = F.floor(F.col("last.when") / per_second) if per_second > 1 else F.col("last.when")
    return last.select("user", "item", "last.stars", when.cast("bigint").alias("when"))


def _divided(ratings: "DataFrame", plan: SplitPlan) -> "DataFrame":
    from pyspark.sql import functions as F

    told = hash_sql("user", "item", test=plan.test, validation=plan.validation, seed=plan.seed)
    return ratings.withColumn("part", F.expr(_PARTS.format(told)).cast("tinyint"))


def _counts(ratings: "DataFrame") -> tuple[int, int, int]:
    found = {
        row["part"]: row["count"] for row in ratings.groupBy("part").count().toArrow().to_pylist()
    }
    return found.get(0, 0), found.get(1, 0), found.get(2, 0)


def _require_parts(counts: tuple[int, int, int], asked: Asked) -> None:
    for n, name in zip(counts, ("training", "validation", "test"), strict=True):
        if not n:
            raise ConfigError(
                f"the split '{asked.plan}' of {sum(counts)} ratings leaves no {name} rows; use "
                "more data or other shares"
            )


def _sides(width: int, n_ratings: int) -> int:
    """As many as tasks run at a time, and blocks that are worth it."""
    return max(1, min(width, int(np.sqrt(n_ratings / _PER_BLOCK))))


def _scale(ratings: "DataFrame", label: str) -> RatingScale:
    levels = (
        ratings.select("stars").distinct().limit(_MOST_LEVELS + 1).toArrow()["stars"].to_numpy()
    )
    if len(levels) > _MOST_LEVELS:
        raise DataError(f"{label} has more than {_MOST_LEVELS:,} different ratings; round them")
    try:
        return RatingScale.infer(levels.astype(np.float32))
    except DataError as error:
        raise DataError(f"{label}: {error}") from None


def _encoded(ratings: "DataFrame", users: "DataFrame", items: "DataFrame") -> "DataFrame":
    from pyspark.sql import functions as F

    def places(of: "DataFrame", kind: str) -> "DataFrame":
        place = F.col("place").alias(f"{kind}_place")
        return of.select(F.col("id").alias(kind), F.col("side").alias(f"{kind}_side"), place)

    joined: Any = ratings.join(places(users, "user"), "user").join(places(items, "item"), "item")
    return joined.select(
        "user_side", F.col("user_place").alias("user"), "item_side",
        F.col("item_place").alias("item"), "stars", "part", "when",
    )  # fmt: skip


def _judged(prepared: Prepared) -> "DataFrame":
    """Cells of the validation and test ratings, and of a sample of those that train."""
    from pyspark.sql import functions as F

    chance = F.pmod(
        F.xxhash64("user_side", "user", "item_side", "item"), F.lit(max(1, prepared.counts[0]))
    )
    rows = prepared.encoded().where((F.col("part") > 0) | (chance < _SAMPLE))
    dealt = rows.repartitionById(prepared.n_sides, "user_side")
    return dealt.mapInArrow(PackRows(JUDGED_ROW), SCHEMA)
