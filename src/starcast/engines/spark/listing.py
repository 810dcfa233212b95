"""Lists of many users on Spark: the item table is broadcast, users are streamed.

What executors run is what makes lists here: the same scorer, the same compiled top-k.
"""

from collections.abc import Iterator
from dataclasses import dataclass
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
from starcast.scoring.in_stars import as_trained, in_stars, means_in_units
from starcast.scoring.ranker import Ranker
from starcast.scoring.shrinkage import KnownMeans, Shares, shrunk
from starcast.scoring.top_lists import top_rows

if TYPE_CHECKING:
    import pyarrow as pa

_MOST_USERS = 1 << 14  # of a chunk
_AT_ONCE = 1 << 20  # users sent at a time: about a gigabyte with what they have seen
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
    size = 0.0 if artifact.units.are_stars else artifact.units.factor
    make = MakeLists(wish, artifact.shares, artifact.units, size)
    items = [Cell(0, ITEMS, 0, 0, 0.0, 0.0, save(told.of_items()))]
    top = np.full((len(user_rows), wish.k), -1, np.int32)
    with told_in_a_line(f"Spark at {session.master}"):
        table = session.frame(pa.Table.from_batches(batches_of(items)))
        beside = F.broadcast(table.select(F.col("data").alias("items")))
        for start in range(0, len(user_rows), _AT_ONCE):
            chunks = _chunks(user_rows[start : start + _AT_ONCE], session.width)
            users = (
                Cell(n, USERS, n, 0, 0.0, 0.0, save(told.of_users(one)))
                for n, one in enumerate(chunks)
            )
            streamed = session.frame(pa.Table.from_batches(batches_of(users)))
            lists = streamed.crossJoin(beside).mapInArrow(make, SCHEMA).select("side", "data")
            starts = np.cumsum([start, *map(len, chunks)])
            for row in lists.toArrow().to_pylist():  # all tasks at a time
                found = np.frombuffer(row["data"], np.int32).reshape(-1, wish.k)
                top[starts[row["side"]] : starts[row["side"] + 1]] = found
    return top


def _chunks(user_rows: Rows, width: int) -> list[Rows]:
    """Users cut into chunks, as many for each of the tasks that run at a time.

    A frame has as many partitions as tasks run at a time, and a task makes one chunk after the
    other: chunks bound what it holds.
    """
    rounds = -(-len(user_rows) // (_MOST_USERS * width))
    return np.array_split(user_rows, min(rounds * width, len(user_rows)))


@final
class _Told:
    """What executors are told of a model.

    Args:
        artifact: the model.
    """

    def __init__(self, artifact: Artifact) -> None:
        self._artifact, self._seen = artifact, Seen(artifact).histories
        self._weights = with_typical_rows(artifact.weights, "factors")
        self._known = means_in_units(artifact.scorer)

    def of_items(self) -> Arrays:
        """What is told of all items, once."""
        told: Arrays = {name: self._weights[name] for name in ("mean", "item_factors", "item_bias")}
        ranker = self._artifact.ranker()
        if ranker.support is not None:
            told["support"] = ranker.support
        if self._known:
            told |= {
                "means_mean": np.array(self._known.mean),
                "means_item_bias": self._known.item_bias,
                "means_item_known": self._known.item_known,
            }
        return {name: np.asarray(one, order="C") for name, one in told.items()}

    def of_users(self, user_rows: Rows) -> Arrays:
        """What is told of some users: factors, what they have seen, and what their means are."""
        told: Arrays = {
            name: self._weights[name][user_rows] for name in ("user_factors", "user_bias")
        }
        seen = self._seen.chosen(user_rows)
        columns = seen.columns.astype(np.min_scalar_type(seen.n_columns))  # most of what is sent
        told |= {"seen_offsets": seen.offsets, "seen_columns": columns}
        if self._known:
            told |= {
                "means_user_bias": self._known.user_bias[user_rows],
                "means_user_known": self._known.user_known[user_rows],
            }
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
            told = users | items
            known = KnownMeans._make(told[f"means_{name}"] for name in KnownMeans._fields)
            scorer = shrunk(scorer, self.shares, known)
        ranker = Ranker(
            in_stars(scorer, self.units), items.get("support"), by_stars=self.wish.by_stars,
            size=self.size,
        )  # fmt: skip
        seen = None
        if self.wish.exclude_seen:
            columns = users["seen_columns"].astype(np.int32)
            values = np.zeros(len(columns), np.float32)
            seen = SparseRows(users["seen_offsets"], columns, values, n_items)
        rows = np.arange(len(users["user_bias"]), dtype=np.int32)
        return top_rows(ranker, seen, rows, self.wish.k, settle_ties=self.wish.settle_ties)
