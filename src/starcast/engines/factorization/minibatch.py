"""Mini-batch gradient descent for the latent factor model: Adam, RMSProp, GradientDescent.

The gradient of a batch is summed per row, then only the rows of the batch are updated ("lazy":
the moments of other rows do not decay). This is what TensorFlow's optimizers did to sparse
gradients in the 2018 system, apart from its dense decay of Adam's moments. The rules and their
sources are in `starcast.engines.optimizers`.

A row's weights, moments and gradient lie side by side in its table. One thread does it all: what
a batch of a thousand ratings has to say to another core costs more than the core could save.
"""

from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from starcast.data.ratings import Ratings
from starcast.engines.batches import ShuffledRatings
from starcast.engines.compiled import serial
from starcast.engines.factorization.tables import FactorTables
from starcast.engines.optimizers import RULES, moved, step_rate
from starcast.engines.protocol import EpochLoss, Weights
from starcast.engines.settings import Config
from starcast.engines.simd import (
    VECTOR,
    load,
    n_lanes,
    n_parts,
    prefetch,
    prefetch_vector,
    store,
    total,
    zero,
)

_PLANES = 4  # of a row: weights, first moments, second moments, gradient
_FIRST, _SECOND, _GRADIENT = 1, 2, 3
_NEAR = 1 << 21  # floats, 8 MB; of a smaller table, asking ahead costs more than it saves
_AHEAD = 8  # ratings, or rows; so far ahead memory is asked for what they need


@final
class MiniBatchEngine:
    """The latent factor model, one update of each touched row per batch.

    Args:
        config: `optimizer`, `dimension`, `batch_size`, `learning_rate` and `regularization_factor`
            are used.
        train: the training rows.
        seed: of the initial factors and of the batches.
    """

    def __init__(self, config: Config, train: Ratings, seed: int) -> None:
        self._config = config
        self._tables = FactorTables.initial(train, config.dimension, seed, _PLANES)
        self._batch_size = min(config.batch_size, len(train))
        self._ratings = ShuffledRatings(train, self._batch_size, np.random.default_rng([seed, 1]))
        self._step = 0

    def run_epoch(self) -> EpochLoss:
        """One pass over the training rows in a fresh order."""
        tables, ratings, config = self._tables, self._ratings, self._config
        squared_error, self._step = _visit_all(
            tables.user.rows,
            tables.item.rows,
            tables.user.biases,
            tables.item.biases,
            (ratings.users, ratings.items, ratings.stars, ratings.fresh_order()),
            np.float32(tables.mean),
            self._batch_size,
            RULES[config.optimizer],
            config.learning_rate,
            np.float32(config.regularization_factor),
            self._step,
        )
        return tables.epoch_loss(squared_error, config.regularization_factor)

    def weights(self) -> dict[str, NDArray[np.float32]]:
        """Copies of the tables by name."""
        return self._tables.weights()

    def load(self, weights: Weights) -> None:
        """Take the tables back; moments and step count start anew."""
        self._tables.load(weights)
        self._step = 0


@serial
def _visit_all(
    user: Any, item: Any, user_biases: Any, item_biases: Any, ratings: Any, mean: Any,
    batch_size: Any, rule: Any, learning_rate: Any, penalty: Any, step: Any,
) -> Any:  # fmt: skip
    """Σ error² of an epoch, as seen on the way, and the steps taken by now."""
    users, items, stars, order = ratings
    of_users, of_items = np.empty(batch_size + 1, np.int32), np.empty(batch_size + 1, np.int32)
    user_step, item_step = np.zeros(len(user), np.int64), np.zeros(len(item), np.int64)
    squared, far = 0.0, _is_far(user)
    for start in range(0, len(order), batch_size):
        step += 1
        n_users = n_items = 0
        stop = min(start + batch_size, len(order))
        for place in range(start, stop):
            if far:
                later = order[min(place + 4 * _AHEAD, len(order) - 1)] // VECTOR
                prefetch_vector(users, later)
                prefetch_vector(items, later)
                prefetch_vector(stars, later)
                ahead = order[min(place + _AHEAD, stop - 1)]
                _fetch(user, user_biases, np.uint32(users[ahead]))
                _fetch(item, item_biases, np.uint32(items[ahead]))
            n = order[place]
            u, i = np.uint32(users[n]), np.uint32(items[n])
            biases = user_biases[u, 0] + item_biases[i, 0]
            error = stars[n] - mean - biases - _product(user, item, u, i)
            squared += error * error
            _add_gradients(user, item, user_biases, item_biases, u, i, error, penalty)
            n_users = _touch(u, step, user_step, of_users, n_users)
            n_items = _touch(i, step, item_step, of_items, n_items)
        rate = step_rate(rule, learning_rate, step)
        _move(rule, user, user_biases, of_users[:n_users], rate)
        _move(rule, item, item_biases, of_items[:n_items], rate)
    return squared, step


@serial
def _is_far(table: Any) -> Any:
    """Whether rows of a table are to be asked for ahead: they lie beyond the processor's cache."""
    n_floats = len(table) * n_parts(table) * n_lanes(table)
    return n_floats > _NEAR


@serial
def _fetch(table: Any, biases: Any, row: Any) -> None:
    """Ask for what a rating needs of a row: weights and gradients."""
    prefetch_vector(biases, row * _PLANES // VECTOR)
    width = n_parts(table) // _PLANES
    for part in range(width):
        prefetch(table, row, part)
        prefetch(table, row, _GRADIENT * width + part)


@serial
def _product(user: Any, item: Any, u: Any, i: Any) -> Any:
    """p_u · q_i."""
    products = zero(user)
    for part in range(n_parts(user) // _PLANES):
        products = products + load(user, u, part) * load(item, i, part)
    return total(products)


@serial
def _add_gradients(
    user: Any, item: Any, user_biases: Any, item_biases: Any, u: Any, i: Any, error: Any,
    penalty: Any,
) -> None:  # fmt: skip
    """A rating's share of its two rows' gradients: λ · own - error · other, 1 beside a bias."""
    width = n_parts(user) // _PLANES
    for part in range(width):
        summed = _GRADIENT * width + part
        p, q = load(user, u, part), load(item, i, part)
        store(user, u, summed, load(user, u, summed) + (penalty * p - error * q))
        store(item, i, summed, load(item, i, summed) + (penalty * q - error * p))
    user_biases[u, _GRADIENT] += penalty * user_biases[u, 0] - error
    item_biases[i, _GRADIENT] += penalty * item_biases[i, 0] - error


@serial
def _touch(row: Any, step: Any, last_step: Any, touched: Any, n_touched: Any) -> Any:
    """List a row once per step. Without a branch: nobody can foretell whether a row is new."""
    touched[n_touched] = row
    n_touched += last_step[row] != step
    last_step[row] = step
    return n_touched


@serial
def _move(rule: Any, table: Any, biases: Any, rows: Any, rate: Any) -> None:
    """Update the rows by their gradients, and clear these."""
    width = n_parts(table) // _PLANES
    far = _is_far(table)
    for n in range(len(rows)):
        if far:
            ahead = rows[min(n + _AHEAD, len(rows) - 1)]
            prefetch_vector(biases, ahead * _PLANES // VECTOR)
            for part in range(n_parts(table)):
                prefetch(table, ahead, part)
        row = rows[n]
        for part in range(width):
            weight, first, second, gradient = (
                load(table, row, part),
                load(table, row, _FIRST * width + part),
                load(table, row, _SECOND * width + part),
                load(table, row, _GRADIENT * width + part),
            )
            weight, first, second = moved(rule, weight, first, second, gradient, rate)
            store(table, row, part, weight)
            store(table, row, _FIRST * width + part, first)
            store(table, row, _SECOND * width + part, second)
            store(table, row, _GRADIENT * width + part, zero(table))
        weight, first = biases[row, 0], biases[row, _FIRST]
        second, gradient = biases[row, _SECOND], biases[row, _GRADIENT]
        biases[row, 0], biases[row, _FIRST], biases[row, _SECOND] = moved(
            rule, weight, first, second, gradient, rate
        )
        biases[row, _GRADIENT] = 0
