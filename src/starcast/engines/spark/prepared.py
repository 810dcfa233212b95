"""Ratings that are ready to be trained on, and where they lie."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, final

from starcast.data.scale import RatingScale
from starcast.data.split import RowSum, SplitPlan
from starcast.data.units import Units
from starcast.engines.spark.cells import SCHEMA
from starcast.engines.spark.members import PARTS
from starcast.engines.spark.packing import RATED_ROW, PackRows, PackVisits
from starcast.engines.spark.session import Session
from starcast.engines.spark.source import Source
from starcast.engines.spark.stages import Stages

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

RATINGS, ENCODED, JUDGED_STAGE = "ratings", "encoded", "judged"


@final
@dataclass(frozen=True, kw_only=True)
class Prepared:
    """Ratings, ready to be trained on.

    Attributes:
        session, stages: where they lie.
        source: what they were.
        n_sides: sides of users, and of items.
        are_numbers: kind of id to whether each is an integer.
        n_rows, n_repeated: rows there were, and how many of them gave way to a later one.
        counts: ratings that train, validate and test.
        scale: the stars that exist.
        plan: how they were divided.
        rows: the sum of their hashes.
        timed: whether times are known.
    """

    session: Session
    stages: Stages
    source: Source
    n_sides: int
    are_numbers: dict[str, bool]
    n_rows: int
    counts: tuple[int, int, int]
    scale: RatingScale
    plan: SplitPlan
    rows: RowSum
    timed: bool

    @property
    def n_repeated(self) -> int:
        """Rows that gave way to a later one of the same user and item."""
        return self.n_rows - sum(self.counts)

    def noted(self) -> dict[str, Any]:
        """What `taken_up` makes it of, beside the stages: plain values."""
        return {
            "n_sides": self.n_sides,
            "counts": list(self.counts),
            "scale": [self.scale.lowest, self.scale.highest, self.scale.step],
            "rows": [self.rows.n_rows, str(self.rows.first), str(self.rows.second)],
        }

    def members(self, kind: str) -> "DataFrame":
        """Users or items, as `members.numbered` has them."""
        return self.stages.read(f"{kind}s")

    def counted(self, kind: str, part: int) -> "DataFrame":
        """id, side, place, and n, the ratings of a part and of those before it."""
        from pyspark.sql import functions as F

        n: Any = sum((F.col(one) for one in PARTS[: part + 1]), F.lit(0))
        return self.members(kind).select("id", "side", "place", n.alias("n"))

    def encoded(self) -> "DataFrame":
        """Every rating: user_side, user, item_side, item, stars, part, when."""
        return self.stages.read(ENCODED)

    def units(self) -> Units:
        """What models are trained in, by the training ratings."""
        return Units.fitted(self.scale, lambda: self._moments(0))

    def mean(self, part: int, units: Units) -> float:
        """Of the ratings of a part and of those before it, in units."""
        return (self._moments(part)[0] - units.offset) / units.factor

    def _moments(self, part: int) -> tuple[float, float]:
        from pyspark.sql import functions as F

        rows = self.encoded().where(F.col("part") <= part)
        found = rows.agg(F.avg("stars").alias("mean"), F.stddev_pop("stars").alias("deviation"))
        told = found.toArrow().to_pylist()[0]
        return told["mean"], told["deviation"]

    def blocks(self, part: int, units: Units, mean: float, seed: int) -> "DataFrame":
        """Cells of the ratings that train: those of a part and of those before it."""
        from pyspark.sql import functions as F

        n = self.n_sides
        rows = self.encoded().where(F.col("part") <= part)
        block = F.col("user_side") * n + F.col("item_side")
        dealt = rows.withColumn("block", block).repartitionById(n * n, "block")
        return dealt.mapInArrow(PackVisits(units, mean, seed), SCHEMA)

    def rated(self, kind: str, part: int) -> "DataFrame":
        """Cells of the same ratings by "user" or by "item", a task's for each side."""
        from pyspark.sql import functions as F

        rows = self.encoded().where(F.col("part") <= part)
        dealt = rows.repartitionById(self.n_sides, f"{kind}_side")
        return dealt.mapInArrow(PackRows(RATED_ROW, kind), SCHEMA)
