"""Lists of many users on Spark: the item table is broadcast, users are streamed.

What executors run is what makes lists here: the same scorer, the same compiled top-k.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple, final

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load, save

from starcast.artifacts.artifact import Artifact
from starcast.data.ids import Rows
from starcast.data.units import Units
from starcast.engines.rows import SparseRows
from starcast.engines.spark.cells import ITEMS, SCHEMA, USERS, Cell, batches_of, cells_of
from starcast.engines.spark.session import Session, told_in_a_line
from starcast.errors import ConfigError
from starcast.recommend.seen import Seen
from starcast.scoring.cold_start import with_typical_rows
from starcast.scoring.factors import FactorScorer
from starcast.scoring.in_stars import as_trained, in_stars
from starcast.scoring.ranker import Ranker
from starcast.scoring.shrinkage import KnownMeans, Shares, shrunk
from starcast.scoring.top_lists import top_rows

if TYPE_CHECKING:
    import pyarrow as pa

_MOST_USERS = 1 << 14  # of a chunk
_PER_TASK = 4  # chunks, so that none waits long for the last
Arrays = dict[str, NDArray[Any]]


class Wish(NamedTuple):
    """What is asked of lists.

    Attributes:
        k: their length.
        exclude_seen: leave out what users have rated.
        by_stars: order by predicted stars alone.
        settle_ties: of `top_lists.top_rows`.
    """

    k: int
    exclude_seen: bool = True
    by_stars: bool = False
    settle_ties: bool = True


def require_listable(artifact: Artifact) -> None:
    """Raises: ConfigError: a model whose users are no rows of factors and nothing else."""
    if not isinstance(as_trained(artifact.scorer), FactorScorer):
        raise ConfigError(
            f"--engine spark makes lists of factor models, and {artifact.model} is none; leave it "
            "out"
        )


def lists_of(session: Session, artifact: Artifact, user_rows: Rows, wish: Wish) -> Rows:
    """The best item rows of many users; what `Recommender.top_rows` gives.

    Args:
        session: that makes them.
        artifact: a factor model.
        user_rows: int32 (n,).
        wish: what is asked.
    Returns: int32 (n, k), best first, −1 where the catalogue runs out.
    Raises: ConfigError: another model; DataError: Spark failed.
    """
    import pyarrow as pa
    from pyspark.sql import functions as F

    require_listable(artifact)
    told = _Told(artifact)
    n_chunks = max(_PER_TASK * session.width, -(-len(user_rows) // _MOST_USERS))
    chunks = np.array_split(user_rows, min(n_chunks, len(user_rows)))
    users = (
        Cell(n, USERS, n, 0, 0.0, 0.0, save(told.of_users(one))) for n, one in enumerate(chunks)
    )
    items = [Cell(0, ITEMS, 0, 0, 0.0, 0.0, save(told.of_items()))]
    top = np.full((len(user_rows), wish.k), -1, np.int32)
    starts = np.cumsum([0, *map(len, chunks)])
    size = 0.0 if artifact.units.are_stars else artifact.units.factor
    make = MakeLists(wish, artifact.shares, artifact.units, size)
    with told_in_a_line(f"Spark at {session.master}"):
        streamed = session.frame(pa.Table.from_batches(batches_of(users)))
        table = session.frame(pa.Table.from_batches(batches_of(items)))
        dealt = streamed.repartitionById(len(chunks), "target")
        joined = dealt.crossJoin(F.broadcast(table.select(F.col("data").alias("items"))))
        for row in joined.mapInArrow(make, SCHEMA).select("side", "data").toLocalIterator():
            lists = np.frombuffer(row["data"], np.int32).reshape(-1, wish.k)
            top[starts[row["side"]] : starts[row["side"] + 1]] = lists
    return top


@final
class _Told:
    """What executors are told of a model.

    Args:
        artifact: the model.
    """

    def __init__(self, artifact: Artifact) -> None:
        self._artifact, self._seen = artifact, Seen(artifact).histories
        self._weights = with_typical_rows(artifact.weights, "factors")
        self._is_whole = artifact.shares.are_whole

    @cached_property
    def _trained(self) -> SparseRows:
        """What was rated in training, in units; asked for where the means have a say."""
        artifact = self._artifact
        ratings = artifact.split.ratings.take(artifact.trained_on)
        return SparseRows.by_user(artifact.units.standardized(ratings))

    def of_items(self) -> Arrays:
        """What is told of all items, once."""
        told = {name: self._weights[name] for name in ("mean", "item_factors", "item_bias")}
        ranker = self._artifact.ranker()
        if ranker.support is not None:
            told["support"] = ranker.support
        if not self._is_whole:
            known = KnownMeans.of(self._trained)
            told |= {
                "means_mean": np.array(known.mean),
                "means_bias": known.item_bias,
                "means_known": known.item_known.astype(np.uint8),
            }
        return {name: np.asarray(one, order="C") for name, one in told.items()}

    def of_users(self, user_rows: Rows) -> Arrays:
        """What is told of some users: factors, what they have seen, and what they rated."""
        told: Arrays = {
            name: self._weights[name][user_rows] for name in ("user_factors", "user_bias")
        }
        seen = self._seen.chosen(user_rows)
        told |= {"seen_offsets": seen.offsets, "seen_columns": seen.columns}
        if not self._is_whole:
            rated = self._trained.chosen(user_rows)
            told |= {"offsets": rated.offsets, "columns": rated.columns, "values": rated.values}
        return {name: np.asarray(one, order="C") for name, one in told.items()}


@final
@dataclass(frozen=True, slots=True)
class MakeLists:
    """What executors do.

    Attributes:
        wish: what is asked.
        shares: the model's own in its stars.
        units: of the training.
        size: of a usual score; see `Ranker`.
    """

    wish: Wish
    shares: Shares
    units: Units
    size: float

    def __call__(self, batches: "Iterator[pa.RecordBatch]") -> "Iterator[pa.RecordBatch]":
        """Lists of chunks of users, each with the items beside it."""
        for batch in batches:
            items = load(batch.column("items")[0].as_py()) if batch.num_rows else {}
            for cell in cells_of(iter([batch])):
                users = load(bytes(cell.data))
                yield from batches_of([cell._replace(data=self._top(users, items).tobytes())])

    def _top(self, users: Arrays, items: Arrays) -> Rows:
        n_items = len(items["item_bias"])
        names = "mean", "item_factors", "item_bias"
        weights = {name: users[name] for name in ("user_factors", "user_bias")}
        scorer: Any = FactorScorer(weights | {name: items[name] for name in names})
        if not self.shares.are_whole:
            rated = SparseRows(users["offsets"], users["columns"], users["values"], n_items)
            known = KnownMeans(
                float(items["means_mean"]), items["means_bias"], items["means_known"] > 0
            )
            scorer = shrunk(scorer, rated, self.shares, known)
        ranker = Ranker(
            in_stars(scorer, self.units), items.get("support"), by_stars=self.wish.by_stars,
            size=self.size,
        )  # fmt: skip
        seen = None
        if self.wish.exclude_seen:
            columns = users["seen_columns"]
            values = np.zeros(len(columns), np.float32)
            seen = SparseRows(users["seen_offsets"], columns, values, n_items)
        rows = np.arange(len(users["user_bias"]), dtype=np.int32)
        return top_rows(ranker, seen, rows, self.wish.k, settle_ties=self.wish.settle_ties)
