"""What a model keeps on this machine: ratings, users and items, brought from where they lie.

Where users do not fit, those are kept whose hashes are lowest, with all of their ratings: a model
like any other of fewer users. Others are folded in from their ratings.
"""

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, final

import numpy as np
from numpy.typing import NDArray

from starcast.data.columns import MOST_IN_MEMORY
from starcast.data.ratings import Attribute, Ratings
from starcast.data.split import Split
from starcast.data.split.fingerprint import fingerprint
from starcast.data.to_blocks import known_of
from starcast.engines.spark.cells import SCHEMA
from starcast.engines.spark.members import PARTS, Members
from starcast.engines.spark.packing import KEPT_ROW, PackRows
from starcast.engines.spark.prepared import Prepared
from starcast.errors import ConfigError, DataError

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

_PER_TASK = 1 << 20  # ratings that come home from a task


@final
class Keeping:
    """Who is kept.

    Args:
        data: the ratings.
        n_users: most users that are kept; None for all whose ratings memory holds.
    """

    def __init__(self, data: Prepared, n_users: int | None) -> None:
        self._data = data
        self.n_all = data.members("user").count()
        most = n_users or max(1, self.n_all * MOST_IN_MEMORY // max(sum(data.counts), 1))
        self.n_users = min(self.n_all, most)
        self.members = cache(self._members)
        self._require_parts()

    @property
    def keeps_all(self) -> bool:
        """Whether everybody is."""
        return self.n_users == self.n_all

    def _members(self, kind: str) -> Members:
        """Those of "user" or "item" that are kept."""
        chosen = self._users() if kind == "user" else self._data.members("item")
        table = chosen.select("id", "side", "place").toArrow()
        are_numbers = self._data.are_numbers[kind]
        return Members.of(table, kind, self._data.n_sides, are_numbers=are_numbers)

    def _require_parts(self) -> None:
        """Raises: ConfigError: those who are kept leave a part empty; told before training."""
        from pyspark.sql import functions as F

        sums = self._users().agg(*(F.sum(one).alias(one) for one in PARTS))
        for name, n in sums.toArrow().to_pylist()[0].items():
            if not n:
                raise ConfigError(
                    f"the {self.n_users:,} users of --keep-users have no {name} ratings; keep more"
                )

    def _users(self) -> "DataFrame":
        from pyspark.sql import functions as F

        users = self._data.members("user")
        if self.keeps_all:
            return users
        return users.orderBy(F.xxhash64(F.lit("kept"), "id"), "id").limit(self.n_users)

    def split(self, items_path: Path | None) -> Split:
        """The ratings of those who are kept, divided.

        Args:
            items_path: titles and what else is known of items.
        Raises: DataError: they are not those that were trained on.
        """
        data, users, items = self._data, self.members("user"), self.members("item")
        rows = self._rows()
        of_user = users.rows[rows["own_side"], rows["user"]]
        of_item = items.rows[rows["side"], rows["item"]]
        titles, attributes = self._known(items_path)
        ratings = Ratings.from_rows(
            users.vocabulary, items.vocabulary, of_user, of_item, rows["stars"],
            rows["when"] if data.timed else None,
            titles=dict(zip(items.vocabulary.ids.tolist(), titles.tolist(), strict=True)),
            scale=data.scale, name=data.source.name, attributes=attributes,
        )  # fmt: skip
        split = data.plan.divide(ratings)
        if self.keeps_all and split.fingerprint != fingerprint(data.rows, data.scale):
            raise DataError(f"{data.source.label} has other rows than when it was first read")
        return split

    def _known(self, items_path: Path | None) -> tuple[NDArray[np.str_], tuple[Attribute, ...]]:
        """Titles of items, and what else is known of them."""
        given, items = self._data.source.given, self.members("item").vocabulary
        if isinstance(given, Ratings) and len(given.items) == len(items):
            known = tuple(one for one in given.attributes if one.side == "item")
            return given.titles, known
        return known_of(items, items_path)[:2]

    def _rows(self) -> dict[str, NDArray[Any]]:
        """Their ratings by column."""
        encoded = self._data.encoded()
        if not self.keeps_all:
            from pyspark.sql import functions as F

            chosen = self._users().select(
                F.col("side").alias("user_side"), F.col("place").alias("user")
            )
            encoded = encoded.join(chosen, ["user_side", "user"], "left_semi")
        cells = self._dealt(encoded).mapInArrow(PackRows(KEPT_ROW), SCHEMA).select("side", "data")
        found = [
            (row["side"], np.frombuffer(row["data"], KEPT_ROW)) for row in cells.toLocalIterator()
        ]
        columns = {
            name: np.concatenate([rows[name] for _, rows in found])
            for name in ("user", "side", "item", "stars", "when")
        }
        own = np.concatenate([np.full(len(rows), side, np.int32) for side, rows in found])
        return {**columns, "own_side": own}

    def _dealt(self, encoded: "DataFrame") -> "DataFrame":
        """Users of a side in as many tasks as keep each small: an executor may have a gigabyte."""
        from pyspark.sql import functions as F

        n_sides = self._data.n_sides
        n_shares = max(1, -(-sum(self._data.counts) // (n_sides * _PER_TASK)))
        share = F.col("user_side") * n_shares + F.col("user") % n_shares
        dealt = encoded.withColumn("target", share.cast("int"))
        return dealt.repartitionById(n_sides * n_shares, "target")
