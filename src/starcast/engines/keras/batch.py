"""What the data tell, and what a batch of ratings has of it beside its weights."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from keras import ops

from starcast.engines.expression import Expression
from starcast.engines.expression.kinds import POOLS, TIME
from starcast.engines.keras.dropout import Dropout
from starcast.engines.keras.pools import Pool
from starcast.engines.keras.tables import Given

Tensor = Any
Besides = dict[Expression, Tensor]


class Rated(NamedTuple):
    """The ratings, and one more of nobody for nothing, which fills up batches.

    Attributes:
        users, items: int32 (n + 1,).
        stars: float32 (n + 1,).
        times: float32 (n + 1, 2), date and drift; a width of 0 where they are not read.
    """

    users: Tensor
    items: Tensor
    stars: Tensor
    times: Tensor


class Told(NamedTuple):
    """What the data tell.

    Attributes:
        rated: the ratings.
        given: what is known of users and items.
        pools: by kind, as far as the network pools.
    """

    rated: Rated
    given: Given
    pools: dict[str, Pool]


class Here(NamedTuple):
    """What a batch has beside its weights.

    Attributes:
        rated: its ratings.
        of_user, of_item: float32 (batch_size, width), what is known of each rating's.
        pools: as in `Told`.
        counts: float32 (batch_size,), as in `Step`.
        dropout: of this step.
    """

    rated: Rated
    of_user: Tensor
    of_item: Tensor
    pools: dict[str, Pool]
    counts: Tensor
    dropout: Dropout

    def moments(self, values: Tensor) -> tuple[Tensor, Tensor]:
        """Means and variances over the ratings of values (batch_size, width), float32."""
        values, weight = ops.cast(values, "float32"), self.counts[:, None]
        n = ops.sum(self.counts)
        mean = ops.sum(weight * values, axis=0) / n
        return mean, ops.sum(weight * ops.square(values - mean), axis=0) / n

    def besides(self, network: Expression, weights: Mapping[str, Tensor]) -> Besides:
        """The values of pools and times, float32 (batch_size, width)."""
        rows = {"user": self.rated.users, "item": self.rated.items}
        found: Besides = {}
        for part in network.parts():
            if part.kind in POOLS:
                pooled = self.pools[part.kind].pooled(weights[part.weights[0]])
                found[part] = ops.take(pooled, rows[POOLS[part.kind][0]], axis=0)
            elif part.kind == TIME:
                found[part] = self.rated.times
        return found
