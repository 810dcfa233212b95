"""The network engine: two sparse tables and a stack of dense layers, trained by mini-batches."""

from typing import final

import numpy as np
from numpy.typing import NDArray

from starcast.data.ratings import Ratings
from starcast.engines.batches import ShuffledRatings
from starcast.engines.blas import blas_on_one_thread
from starcast.engines.expression import Expression
from starcast.engines.networks.epoch import Workspace, run_epoch
from starcast.engines.networks.gradient import Tables
from starcast.engines.networks.initial import first_weights
from starcast.engines.networks.layout import Layout
from starcast.engines.optimizers import RULES, Descent
from starcast.engines.protocol import EpochLoss, Weights, check_shapes
from starcast.engines.settings import OfNetwork
from starcast.engines.simd import VECTOR
from starcast.engines.state import State, Stepped


@final
class NetworkEngine(Stepped):
    """A deep network or an ensemble, trained by mini-batches.

    Args:
        config: its settings; its shape and its dropout are the network's.
        train: the training rows.
        network: what it computes.
        seed: of the weights and of the batches.
    Raises: ValueError: a network that the compiled loops do not know.
    """

    def __init__(self, config: OfNetwork, train: Ratings, network: Expression, seed: int) -> None:
        layout = Layout.of(network)
        if layout is None:
            raise ValueError("the compiled loops know deep networks and ensembles alone")
        self._config, self.network, self.layout, self._step = config, network, layout, 0
        first = first_weights(network, train, seed)
        self._tables = Tables(
            _zeros(train.n_users, sum(layout.vectors)),
            _zeros(train.n_items, sum(layout.vectors)),
            _zeros(1, len(layout.joined(first)) // VECTOR),
        )
        self._take(first)
        self._rng = np.random.default_rng([seed, 1])
        self._ratings = ShuffledRatings(train, config.batch_size, self._rng)
        self._space = Workspace.of(self._tables, min(config.batch_size, len(train)))
        rate, penalty = float(config.learning_rate), np.float32(config.regularization_factor)
        self._descent = Descent(RULES[config.optimizer], rate, penalty)

    def run_epoch(self) -> EpochLoss:
        """One pass over the training rows in a fresh order."""
        order, seed = self._ratings.fresh_order(), np.uint32(self._rng.integers(1 << 32))
        with blas_on_one_thread():
            squared_error, norms, self._step = run_epoch(
                self._tables,
                self._ratings.rated,
                order,
                self.layout.widths,
                self._descent,
                self._space,
                seed,
                self._step,
            )
        loss = 0.5 * (squared_error + self._config.regularization_factor * norms) / len(order)
        return EpochLoss(float(loss), float(np.sqrt(squared_error / len(order))))

    def weights(self) -> dict[str, NDArray[np.float32]]:
        """Copies by name: user_* and item_* tables (n, width), bias columns (n,), dense layers."""
        named = {}
        for side, table in (("user", self._tables.user), ("item", self._tables.item)):
            for name, column in self._columns(table).items():
                named[f"{side}_{name}"] = (column[:, 0] if name == "bias" else column).copy()
        return named | self.layout.named(self._tables.dense[0, 0].ravel())

    def load(self, weights: Weights) -> None:
        """Take tables and dense layers back; moments and step count start anew."""
        wanted = {name: array.shape for name, array in self.weights().items()}
        if difference := check_shapes(weights, wanted):
            raise ValueError(difference)
        self._take(weights)

    def _moving_arrays(self) -> State:
        return self._tables._asdict()

    def _take(self, weights: Weights) -> None:
        for side, table in (("user", self._tables.user), ("item", self._tables.item)):
            table[:] = 0
            for name, column in self._columns(table).items():
                column[:] = weights[f"{side}_{name}"].reshape(column.shape)
        self._tables.dense[:] = 0
        self._tables.dense[0, 0].flat = self.layout.joined(weights)
        self._step = 0

    def _columns(self, table: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
        """What a table holds by name, (n_rows, width): views."""
        rows = table[:, 0].reshape(len(table), -1)
        return {name: rows[:, place] for name, place in self.layout.columns.items()}


def _zeros(n_rows: int, n_vectors: int) -> NDArray[np.float32]:
    """Room for rows of weights and their two moments."""
    return np.zeros((n_rows, 3, n_vectors, VECTOR), np.float32)
