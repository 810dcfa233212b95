"""The latent factor model, trained on executors, by either of its solvers.

Tables lie in slots: stages that take turns, so that the epoch before and the best one are there
whatever becomes of this one. The driver knows where they are, and holds none of them.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, cast, final

import numpy as np
from numpy.typing import NDArray

from starcast.data.units import Units
from starcast.engines.protocol import EpochLoss, Weights
from starcast.engines.spark.cells import (
    AVERAGE,
    NOW,
    RECORD,
    SCHEMA,
    Cell,
    batches_of,
)
from starcast.engines.spark.members import Members
from starcast.engines.spark.prepared import Prepared
from starcast.engines.spark.side_table import Matrix, SideTable
from starcast.engines.spark.solvers import NAMES, Config, Training, solver_of
from starcast.engines.spark.strata import Close
from starcast.errors import ConfigError

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

_KINDS = {name: kind for kind, name in NAMES.items()}
_NAMES = ("mean", "user_factors", "item_factors", "user_bias", "item_bias")


@final
class Tables(Mapping[str, NDArray[np.float32]]):
    """Weights that lie in a slot, and are fetched when they are asked for by name.

    Args:
        slot: where.
        mean: of the training ratings, in units.
        fetch: "user" or "item" to its factors and biases.
    """

    def __init__(
        self, slot: str, mean: float, fetch: Callable[[str], tuple[Matrix, Matrix]]
    ) -> None:
        self.slot, self._mean, self._fetch = slot, mean, cache(fetch)

    def __getitem__(self, name: str) -> NDArray[np.float32]:
        if name == "mean":
            return np.array(self._mean, np.float32)
        if name not in _NAMES:
            raise KeyError(name)
        side, _, what = name.partition("_")
        return self._fetch(side)[what == "bias"]

    def __iter__(self) -> Iterator[str]:
        return iter(_NAMES)

    def __len__(self) -> int:
        return len(_NAMES)


@final
class SparkEngine:
    """The model being trained.

    Args:
        config: its settings.
        data: the ratings.
        part: those of it and of the parts before it train.
        units: of the training.
        seed: of everything random.
        kept: "user" or "item" to those whose weights may be fetched.

    Attributes:
        slots: where tables lie in turn.
        slot, epoch: where they are now, and after how many epochs.
        pinned: the slot of the best so far, which is not written over; "" for none.
        record: what is written beside the tables.
    """

    def __init__(
        self,
        config: Config,
        data: Prepared,
        part: int,
        units: Units,
        seed: int,
        kept: Callable[[str], Members],
    ) -> None:
        self._config, self._data, self._kept = config, data, kept
        self._n_ratings = sum(data.counts[: part + 1])
        self.mean = data.mean(part, units)
        self._solver = solver_of(config, data, Training(part, units, self.mean, seed))
        self.slots = tuple(f"tables-{part}-{letter}" for letter in "abc")
        self.slot, self.epoch, self.pinned = "", 0, ""
        self.record: Mapping[str, Any] = {"history": []}

    def begin(self) -> None:
        """Write the first tables."""
        self._write(self._solver.first(), self.slots[0])

    def run_epoch(self) -> EpochLoss:
        """Visit every training rating once, or solve for every row: one job."""
        self.epoch += 1
        free = next(one for one in self.slots if one not in (self.slot, self.pinned))
        self._write(self._passed(self._data.stages.read(self.slot)), free)
        return self.loss()

    def loss(self) -> EpochLoss:
        """What was seen in the epoch that led to the present tables."""
        from pyspark.sql import functions as F

        stage = self._data.stages.read(self.slot)
        sums = stage.agg(F.sum("squared").alias("squared"), F.sum("penalty").alias("penalty"))
        told, n = sums.toArrow().to_pylist()[0], self._n_ratings
        penalty = self._config.regularization_factor * told["penalty"]
        return EpochLoss(
            float(0.5 * (told["squared"] + penalty) / n), float(np.sqrt(told["squared"] / n))
        )

    def weights(self) -> dict[str, NDArray[np.float32]]:
        """Where the running averages lie; they are fetched by name."""
        return self.weights_in(self.slot)

    def weights_in(self, slot: str) -> dict[str, NDArray[np.float32]]:
        """Those of a slot."""
        tables = Tables(slot, self.mean, lambda side: self._fetched(slot, side))
        return cast("dict[str, Any]", tables)

    def load(self, weights: Weights) -> None:
        """Raises: ConfigError: tables on Spark are its own."""
        raise ConfigError("a model on Spark starts from no other weights")

    def cells(self, slot: str, kind: int) -> "DataFrame":
        """The averages in a slot, of users or of items."""
        from pyspark.sql import functions as F

        stage = self._data.stages.read(slot)
        return stage.where((F.col("kind") == kind) & (F.col("part") == AVERAGE))

    def recorded(self, slot: str) -> dict[str, Any] | None:
        """What stands beside the tables in a slot; None where not all are there, or of this run."""
        from pyspark.sql import functions as F

        stage = self._data.stages.find(slot, SCHEMA)
        if stage is None:
            return None
        found = stage.where(F.col("kind") == RECORD).select("data").toArrow()["data"].to_pylist()
        if len(found) != 1 or stage.count() != 1 + 4 * self._data.n_sides:
            return None
        words: dict[str, Any] = json.loads(found[0])
        return words if words["run"] == self._data.stages.run else None

    def _fetched(self, slot: str, name: str) -> tuple[Matrix, Matrix]:
        """Factors and biases of users or items, in the order of the rows of those that are kept."""
        members, d = self._kept(name), self._config.dimension
        factors = np.zeros((len(members.vocabulary), d), np.float32)
        bias = np.zeros(len(factors), np.float32)
        for row in self.cells(slot, _KINDS[name]).select("side", "data").toLocalIterator():
            table = SideTable.of(row["data"], d)
            rows = members.of_side(row["side"], len(table.bias))
            kept = np.flatnonzero(rows >= 0)
            factors[rows[kept]], bias[rows[kept]] = table.factors(d)[kept], table.bias[kept]
        return factors, bias

    def _write(self, frame: "DataFrame", slot: str) -> None:
        """Put cells into a slot, with a record of what they are."""
        import pyarrow as pa

        self.slot = slot
        run = self._data.stages.run
        words = {**self.record, "epoch": self.epoch, "pinned": self.pinned, "run": run}
        record = Cell(0, RECORD, 0, 0, 0.0, 0.0, json.dumps(words).encode())
        (batch,) = batches_of([record])
        beside = self._data.session.frame(pa.Table.from_batches([batch])).coalesce(1)
        self._data.stages.write(slot, frame.unionByName(beside))

    def _passed(self, before: "DataFrame") -> "DataFrame":
        """The tables after an epoch, and their averages."""
        from pyspark.sql import functions as F

        n, config = self._data.n_sides, self._config
        tables = before.where(F.col("kind") != RECORD)
        now = tables.where(F.col("part") == NOW).withColumn("squared", F.lit(0.0))
        cells = self._solver.passed(now, self.epoch)
        every = cells.unionByName(tables.where(F.col("part") == AVERAGE))
        closing = every.withColumn("target", F.col("side")).repartitionById(n, "target")
        return closing.mapInArrow(Close(config.dimension, config.averaging), SCHEMA)
