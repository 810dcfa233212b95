"""Item-item: what a user rated, weighted by item, scores what they may pick next.

    score_ui = Σ_j x_uj B_ji over the user's own items j, x as in `interest`, B as in `inverse`

There is nothing to descend: an epoch solves the model in closed form, and there is one. The inverse
takes the cube of the items it is of. It is of a core, those that are rated most; the others, whose
ratings are few, are regressed on their neighbours in the core (`tail`).

Sources: Steck 2019 (EASE); Steck 2020 (dropped items as a penalty). Deviations: stars weigh as
interest, users by their activity, and pairs of items by how near in time they were rated.
"""

import math
from typing import final

import numpy as np
from numpy.typing import NDArray

from starcast.data.columns import counts_of
from starcast.data.ratings import Ratings
from starcast.engines.interest import Interest
from starcast.engines.linear.gram import Told, gram, pairs
from starcast.engines.linear.inverse import item_item, penalties
from starcast.engines.linear.tail import NEIGHBOURS, Tail, tail_weights
from starcast.engines.means import means
from starcast.engines.protocol import EpochLoss, Weights, check_shapes
from starcast.engines.settings import ItemItemSettings
from starcast.engines.state import State, copied, put_back
from starcast.errors import ConfigError

_RATED = 5  # ratings that make a core item: fewer say nothing that the tail does not know
_MOST_ITEMS = 1 << 24  # whose rows single precision still tells apart


@final
class ItemItemEngine:
    """The item-item model, solved at once.

    Args:
        settings: all are used.
        train: the training rows.
        seed: of nothing; the solution is the only one.
    Raises: ConfigError: more items than rows can be told apart.
    """

    def __init__(self, settings: ItemItemSettings, train: Ratings, seed: int) -> None:
        if train.n_items > _MOST_ITEMS:
            raise ConfigError(f"{train.n_items:,} items are too many for an item-item model")
        self._settings, self._train = settings, train
        self._means, self._interest = means(train), Interest.of(train, settings.interest_weight)
        counts = counts_of(train.item_rows, train.n_items)
        most = np.argsort(-counts, kind="stable")[: settings.core_items]
        self._core = np.sort(most[counts[most] >= min(_RATED, counts.max())]).astype(np.int32)
        self._outside = np.setdiff1d(np.arange(train.n_items, dtype=np.int32), self._core)
        n_core, n_tail = len(self._core), len(self._outside)
        self._keep(np.zeros((n_core, n_core), np.float32))
        tail = n_tail, min(NEIGHBOURS, n_core)
        self._tail = Tail(np.zeros(tail, np.int32), np.zeros(tail, np.float32))

    def run_epoch(self) -> EpochLoss:
        """Solve; the loss is that of the stars that the means predict."""
        chosen, core = self._settings, self._core
        told = Told.of(self._train, self._interest, chosen.activity_exponent)
        summed = pairs(told, core, chosen.nearness)
        matrix = gram(summed, core, len(core))
        penalty = penalty_of(matrix, chosen, self._train.n_users)
        self._tail = tail_weights(summed, matrix, penalty, self._outside)
        del summed, told  # as large as the ratings
        self._keep(item_item(matrix, penalty))
        return self._means.loss(self._train)

    def weights(self) -> dict[str, NDArray[np.float32]]:
        """By name; copies but for item_item, which may take gigabytes and is read-only.

        Returns: interest (3,), item_bias (n_items,), core_items (m,), item_item (m, m) from core
            items (rows) to core items; tail_neighbours, tail_weights (n_items - m, K), from core
            items to the others. Item numbers are floats, exact ones.
        """
        return {
            "interest": np.array(self._interest, np.float32),
            "item_bias": self._means.item_bias.copy(),
            "core_items": self._core.astype(np.float32),
            "item_item": self._matrix,
            "tail_neighbours": self._tail.neighbours.astype(np.float32),
            "tail_weights": self._tail.weights.copy(),
        }

    def load(self, weights: Weights) -> None:
        """Take weights back, of the same core."""
        shapes = {name: array.shape for name, array in self.weights().items()}
        tail = weights["tail_weights"].shape if "tail_weights" in weights else (0, 0)
        if len(tail) == 2 and tail[0] == len(self._outside):
            shapes |= {"tail_neighbours": tail, "tail_weights": tail}
        if difference := check_shapes(weights, shapes):
            raise ValueError(difference)
        self._interest = Interest(*weights["interest"].tolist())
        self._means = self._means._replace(item_bias=weights["item_bias"].copy())
        self._core = weights["core_items"].astype(np.int32)
        self._keep(weights["item_item"].copy())
        neighbours = weights["tail_neighbours"].astype(np.int32)
        self._tail = Tail(neighbours, weights["tail_weights"].copy())

    def state(self) -> State:
        """The solution, zeros before there is one."""
        return {**copied(self._tail._asdict()), "matrix": self._matrix}

    def restore(self, state: State) -> None:
        """Take a solution back."""
        matrix = np.empty_like(self._matrix)
        put_back({"matrix": matrix, **self._tail._asdict()}, state)
        self._keep(matrix)

    def _keep(self, matrix: NDArray[np.float32]) -> None:
        """A new matrix in the place of the one before, which whoever was given it still has."""
        matrix.flags.writeable = False
        self._matrix = matrix


def penalty_of(
    matrix: NDArray[np.float32], settings: ItemItemSettings, n_users: int
) -> NDArray[np.float32]:
    """λ of the items that a Gram matrix (n, n) is of; float32 (n,)."""
    return penalties(
        np.diagonal(matrix).copy(),
        settings.regularization_factor * math.sqrt(n_users),
        settings.popularity_exponent,
        settings.dropped_share / (1 - settings.dropped_share),
    )
