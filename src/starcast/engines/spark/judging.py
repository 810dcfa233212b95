"""How well tables predict the rows that judge, summed up side by side."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, final

import numpy as np

from starcast.data.scale import RatingScale
from starcast.data.units import Units
from starcast.engines.spark.cells import ITEMS, ROWS, USERS, cells_of, of_kind
from starcast.engines.spark.packing import JUDGED_ROW
from starcast.engines.spark.side_table import SideTable
from starcast.evaluation.metrics import Quality
from starcast.scoring.factors import FactorScorer

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import DataFrame

_SCHEMA = "part int, n bigint, squared double, absolute double, exact bigint"


@final
@dataclass(frozen=True, slots=True)
class Judge:
    """What executors do: the errors of a side's users.

    Attributes:
        dimension: number of factors.
        mean: of the training ratings, in units.
        units: of the training.
        scale: that predictions are clipped to.
    """

    dimension: int
    mean: float
    units: Units
    scale: RatingScale

    def __call__(self, batches: "Iterator[pa.RecordBatch]") -> "Iterator[pa.RecordBatch]":
        """Sums by part; of cells of users, of the items of every side, and of judged rows."""
        import pyarrow as pa

        cells = cells_of(batches)
        judged = of_kind(cells, ROWS)
        if not judged:
            return
        scorer, starts = self._scorer(cells)
        found: dict[str, list[float]] = {name: [] for name in _names()}
        for cell in judged:
            rows = cell.array(JUDGED_ROW)
            items = (starts[rows["side"]] + rows["item"]).astype(np.int32)
            raw = self.units.stars(scorer.score_pairs(rows["user"].astype(np.int32), items))
            shown = self.scale.clip(np.where(np.isfinite(raw), raw, np.float32(0)))
            errors = np.subtract(shown, rows["stars"], dtype=np.float64)
            errors[~np.isfinite(raw)] = np.nan
            exact = self.scale.nearest(shown) == rows["stars"]
            for part in np.unique(rows["part"]).tolist():
                here = rows["part"] == part
                sums = (part, int(here.sum()), float(np.square(errors[here]).sum()),
                        float(np.abs(errors[here]).sum()), int(exact[here].sum()))  # fmt: skip
                for name, value in zip(_names(), sums, strict=True):
                    found[name].append(value)
        types = dict(zip(_names(), _types(), strict=True))
        yield pa.RecordBatch.from_pydict(
            {name: pa.array(values, types[name]) for name, values in found.items()}
        )

    def _scorer(self, cells: list) -> tuple[FactorScorer, np.ndarray]:  # type: ignore[type-arg]
        (of_user,) = of_kind(cells, USERS)
        user = SideTable.of(of_user.data, self.dimension)
        every = [cell.data for cell in of_kind(cells, ITEMS)]
        item, starts = SideTable.joined(every, self.dimension)
        weights = {
            "mean": np.array(self.mean, np.float32),
            "user_factors": user.factors(self.dimension),
            "user_bias": user.bias,
            "item_factors": item.factors(self.dimension),
            "item_bias": item.bias,
        }
        return FactorScorer(weights), starts


def judged(
    users: "DataFrame", items: "DataFrame", rows: "DataFrame", judge: Judge, n_sides: int
) -> dict[int, Quality]:
    """Quality by part.

    Args:
        users, items: cells of tables.
        rows: cells of judged rows, a task's for each side of users.
        judge: what executors do.
        n_sides: how many sides there are.
    """
    from pyspark.sql import functions as F

    every = users.sparkSession.range(0, n_sides, 1, 1).select(F.col("id").cast("int").alias("to"))
    sent = items.crossJoin(every).withColumn("target", F.col("to")).drop("to")
    joined = users.withColumn("target", F.col("side")).unionByName(sent).unionByName(rows)
    sums = joined.repartitionById(n_sides, "target").mapInArrow(judge, _SCHEMA).toArrow()
    columns = {name: sums[name].to_numpy() for name in _names()}
    found = {}
    for part in np.unique(columns["part"]).tolist():
        here = columns["part"] == part
        found[part] = _quality(
            {name: one[here].sum() for name, one in columns.items()}, judge.scale
        )
    return found


def _quality(sums: dict[str, float], scale: RatingScale) -> Quality:
    n = sums["n"]
    exact = float("nan") if scale.is_fine else float(sums["exact"] / n)
    return {
        "rmse": float(np.sqrt(sums["squared"] / n)),
        "mae": float(sums["absolute"] / n),
        "accuracy": exact,
    }


def _names() -> list[str]:
    return [column.split()[0] for column in _SCHEMA.split(", ")]


def _types() -> "list[pa.DataType]":
    import pyarrow as pa

    return [pa.int32(), pa.int64(), pa.float64(), pa.float64(), pa.int64()]
