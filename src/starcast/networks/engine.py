"""The network engine: a Keras network and two sparse tables, a whole epoch in one graph."""

from typing import Any, Protocol, final

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from starcast.config import Config
from starcast.engine import EpochLoss, Weights, check_shapes, seen_rows
from starcast.networks.batches import row_batches
from starcast.networks.layers import EMBEDDING_DEVIATION
from starcast.networks.optimizers import RULES
from starcast.ratings import Ratings

_BATCHES_AT_ONCE = 1000  # prepared together: long enough to keep the graph busy, short in memory


class Network(Protocol):
    """A Keras model on the table rows of users and items."""

    columns: dict[str, int]
    trainable_variables: list[Any]

    def __call__(self, user: Any, item: Any, training: bool = False) -> Any:
        """Stars (n, 1) from dictionaries of (n, width) columns."""
        ...


@final
class NetworkEngine:
    """Any network, trained by mini-batches.

    A table row holds the named columns of its user or item, then the slots of the optimizer, so
    that one gather and one scatter per side and batch move all there is to move.

    Args:
        config: `optimizer`, `batch_size`, `learning_rate` and `regularization_factor` are used.
        train: the training rows.
        network: the network to train.
        seed: of the tables and of the batches.
    """

    def __init__(self, config: Config, train: Ratings, network: Network, seed: int) -> None:
        self._config, self._train, self.network = config, train, network
        self._rule = RULES[config.optimizer]
        self._rng = np.random.default_rng([seed, 1])
        tables = np.random.default_rng(seed)
        self._user = self._table(tables, train.user_rows, train.n_users)
        self._item = self._table(tables, train.item_rows, train.n_items)
        example = self._named(tf.zeros((1, sum(network.columns.values()))))
        network(example, example)  # builds the layers
        self._slots = [
            [tf.Variable(tf.zeros_like(weight)) for _ in range(self._rule.n_slots)]
            for weight in network.trainable_variables
        ]
        self._step = tf.Variable(0.0)
        rows, values = (tf.TensorSpec((None, None), dtype) for dtype in (tf.int32, tf.float32))
        self._run_batches = tf.function(
            self._graph_batches, input_signature=[rows, rows, rows, rows, values, values]
        )

    def run_epoch(self) -> EpochLoss:
        """One pass over the training rows in a fresh order."""
        n = len(self._train)
        size = min(self._config.batch_size, n)
        order = self._rng.permutation(n)
        totals = np.zeros(2)
        for start in range(0, n, _BATCHES_AT_ONCE * size):
            batches = self._batches(order[start : start + _BATCHES_AT_ONCE * size], size)
            totals += [float(total) for total in self._run_batches(*batches)]
        squared_error, penalty = totals / n
        loss = 0.5 * (squared_error + self._config.regularization_factor * penalty)
        return EpochLoss(float(loss), float(squared_error**0.5))

    def weights(self) -> dict[str, NDArray[np.float32]]:
        """Copies by name: user_* and item_* tables (n, width), bias columns (n,), dense layers."""
        named = {}
        for side, table in (("user", self._user), ("item", self._item)):
            for name, column in self._named(table.numpy()[:-1]).items():
                named[f"{side}_{name}"] = np.array(column[:, 0] if name == "bias" else column)
        return named | {name: variable.numpy() for name, variable in self._dense().items()}

    def load(self, weights: Weights) -> None:
        """Take tables and dense layers back; slots and step count start anew."""
        wanted = {name: array.shape for name, array in self.weights().items()}
        if difference := check_shapes(weights, wanted):
            raise ValueError(difference)
        for side, table in (("user", self._user), ("item", self._item)):
            n = table.shape[0]
            fresh = np.zeros(table.shape, np.float32)
            for name, column in self._named(fresh).items():
                column[: n - 1] = weights[f"{side}_{name}"].reshape(n - 1, -1)
            table.assign(fresh)
        for name, variable in self._dense().items():
            variable.assign(weights[name])
        for slot in sum(self._slots, [self._step]):
            slot.assign(tf.zeros_like(slot))

    def graph(self) -> bytes:
        """The network's graph, a serialized GraphDef, for TensorBoard."""
        row = tf.TensorSpec((None, sum(self.network.columns.values())))

        def network(user: Any, item: Any) -> Any:
            return self.network(self._named(user), self._named(item))

        definition = tf.function(network).get_concrete_function(row, row).graph.as_graph_def()
        return bytes(definition.SerializeToString())

    def _dense(self) -> dict[str, Any]:
        """The variables of the dense layers by name, such as hidden_0_kernel."""
        return {
            f"{variable.path.split('/')[-2]}_{variable.name}": variable
            for variable in self.network.trainable_variables
        }

    def _batches(self, order: NDArray[np.int64], size: int) -> list[NDArray[Any]]:
        """Ratings cut into batches: distinct rows and places of both sides, stars, and a mask."""
        train = self._train
        users = row_batches(train.user_rows[order], train.n_users, size)
        items = row_batches(train.item_rows[order], train.n_items, size)
        stars, real = np.zeros((2, *users.place.shape), np.float32)
        stars.ravel()[: len(order)] = train.stars[order]
        real.ravel()[: len(order)] = 1
        return [*users, *items, stars, real]

    def _table(self, rng: np.random.Generator, rows: NDArray[np.int32], n: int) -> Any:
        """Normal rows, zero biases, zero slots; a spare last row; zero rows for the unseen."""
        width = sum(self.network.columns.values())
        table = np.zeros((n + 1, width * (1 + self._rule.n_slots)), np.float32)
        table[:, :width] = rng.normal(0, EMBEDDING_DEVIATION, (n + 1, width))
        if "bias" in (columns := self._named(table)):
            columns["bias"][:] = 0
        table[:-1][~seen_rows(rows, n)] = 0
        return tf.Variable(table)

    def _named(self, rows: Any) -> dict[str, Any]:
        """The columns of table rows by name: views of an array, or tensors.

        A split, not slices: the gradient of a slice is a whole row of zeros, that of a split none.
        """
        widths = list(self.network.columns.values())
        if isinstance(rows, np.ndarray):
            columns = np.split(rows, np.cumsum(widths), axis=1)[: len(widths)]
        else:
            columns = tf.split(rows, widths, axis=1)
        return dict(zip(self.network.columns, columns, strict=True))

    def _graph_batches(self, *batches: Any) -> tuple[Any, Any]:
        squared_error = penalty = tf.constant(0.0)
        for n in tf.range(tf.shape(batches[0])[0]):
            self._step.assign_add(1.0)
            squares, norms = self._graph_batch(*(column[n] for column in batches))
            squared_error, penalty = squared_error + squares, penalty + norms
        return squared_error, penalty

    def _graph_batch(
        self, users: Any, user_place: Any, items: Any, item_place: Any, stars: Any, real: Any
    ) -> tuple[Any, Any]:
        """One step. Source of the loss: DESIGN, ½·squared error + ½·λ·squared norms, summed."""
        dense = self.network.trainable_variables
        split = 1 + self._rule.n_slots
        user, *user_slots = tf.split(tf.gather(self._user, users), split, axis=1)
        item, *item_slots = tf.split(tf.gather(self._item, items), split, axis=1)
        with tf.GradientTape() as tape:
            tape.watch([user, item])
            u, i = tf.gather(user, user_place), tf.gather(item, item_place)
            predictions = self.network(self._named(u), self._named(i), training=True)[:, 0]
            squares = tf.reduce_sum(real * tf.square(stars - predictions))
            norms = tf.reduce_sum(real[:, None] * (tf.square(u) + tf.square(i)))
            loss = 0.5 * (squares + self._config.regularization_factor * norms)
        of_user, of_item, *of_dense = tape.gradient(loss, [user, item, *dense])
        self._update_rows(self._user, users, user, user_slots, of_user)
        self._update_rows(self._item, items, item, item_slots, of_item)
        rate = self._config.learning_rate
        for variable, slots, gradient in zip(dense, self._slots, of_dense, strict=True):
            self._rule.assign(variable.value, slots, gradient, rate, self._step)
        return squares, norms

    def _update_rows(self, table: Any, rows: Any, weight: Any, slots: Any, gradient: Any) -> None:
        summed = tf.convert_to_tensor(gradient)  # over the ratings of each row
        rate = self._config.learning_rate
        weight, slots = self._rule.update(weight, slots, summed, rate, self._step)
        table.scatter_update(tf.IndexedSlices(tf.concat([weight, *slots], axis=1), rows))
