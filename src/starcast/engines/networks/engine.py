"""The network engine: two sparse tables and a stack of dense layers, trained by mini-batches."""

from typing import final

import numpy as np
from numpy.typing import NDArray

from starcast.data.ratings import Ratings
from starcast.engines.batches import ShuffledRatings
from starcast.engines.blas import blas_on_one_thread
from starcast.engines.expression import Expression
from starcast.engines.expression.graph import definition
from starcast.engines.expression.weights import initial
from starcast.engines.networks.epoch import run_epoch
from starcast.engines.networks.layout import Layout
from starcast.engines.optimizers import RULES
from starcast.engines.protocol import EpochLoss, Weights, check_shapes, seen_rows
from starcast.engines.settings import Config
from starcast.engines.simd import VECTOR

Table = NDArray[np.float32]


@final
class NetworkEngine:
    """A deep network or an ensemble, trained by mini-batches.

    Args:
        config: `optimizer`, `batch_size`, `learning_rate` and `regularization_factor` are used.
        train: the training rows.
        network: what it computes.
        seed: of the weights and of the batches.
    Raises: ValueError: a network that the compiled loops do not know.
    """

    def __init__(self, config: Config, train: Ratings, network: Expression, seed: int) -> None:
        layout = Layout.of(network)
        if layout is None:
            raise ValueError("the compiled loops know deep networks and ensembles alone")
        self._config, self.network, self.layout, self._step = config, network, layout, 0
        n_vectors = sum(layout.vectors)
        self._user = np.zeros((train.n_users, 3, n_vectors, VECTOR), np.float32)
        self._item = np.zeros((train.n_items, 3, n_vectors, VECTOR), np.float32)
        is_seen = {
            "user": seen_rows(train.user_rows, train.n_users),
            "item": seen_rows(train.item_rows, train.n_items),
        }
        mean = float(train.stars.mean(dtype=np.float64))
        self._take(initial(network, is_seen, mean, np.random.default_rng(seed)))
        self._rng = np.random.default_rng([seed, 1])
        self._ratings = ShuffledRatings(train, config.batch_size, self._rng)

    def run_epoch(self) -> EpochLoss:
        """One pass over the training rows in a fresh order."""
        config, layout, ratings = self._config, self.layout, self._ratings
        n = len(ratings.rated.stars)
        with blas_on_one_thread():
            squared_error, penalty, self._step = run_epoch(
                self._user, self._item, *ratings.rated,
                ratings.fresh_order(), min(config.batch_size, n),
                np.array(layout.vectors), layout.factors,
                np.array(layout.stack), self._dense, RULES[config.optimizer],
                float(config.learning_rate), np.float32(config.regularization_factor),
                np.float32(layout.dropout_rate),
                np.uint32(self._rng.integers(1 << 32)), self._step,
            )  # fmt: skip
        loss = 0.5 * (squared_error + config.regularization_factor * penalty) / n
        return EpochLoss(float(loss), float(np.sqrt(squared_error / n)))

    def weights(self) -> dict[str, NDArray[np.float32]]:
        """Copies by name: user_* and item_* tables (n, width), bias columns (n,), dense layers."""
        named = {}
        for side, table in (("user", self._user), ("item", self._item)):
            for name, column in self._columns(table).items():
                named[f"{side}_{name}"] = (column[:, 0] if name == "bias" else column).copy()
        return named | self.layout.named(self._dense[0, 0].ravel())

    def load(self, weights: Weights) -> None:
        """Take tables and dense layers back; moments and step count start anew."""
        wanted = {name: array.shape for name, array in self.weights().items()}
        if difference := check_shapes(weights, wanted):
            raise ValueError(difference)
        self._take(weights)

    def graph(self) -> bytes:
        """The network as a serialized GraphDef, for TensorBoard."""
        return definition(self.network)

    def _take(self, weights: Weights) -> None:
        for side, table in (("user", self._user), ("item", self._item)):
            table[:] = 0
            for name, column in self._columns(table).items():
                column[:] = weights[f"{side}_{name}"].reshape(column.shape)
        dense = self.layout.joined(weights)
        self._dense = np.zeros((1, 3, len(dense) // VECTOR, VECTOR), np.float32)
        self._dense[0, 0].flat = dense
        self._step = 0

    def _columns(self, table: Table) -> dict[str, Table]:
        """What a table holds by name, (n_rows, width): views."""
        rows = table[:, 0].reshape(len(table), -1)
        return {name: rows[:, place] for name, place in self.layout.columns.items()}
