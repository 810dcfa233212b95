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
from starcast.engines.optimizers import RULES, Descent, moved, step_rate
from starcast.engines.protocol import EpochLoss, Weights
from starcast.engines.settings import MiniBatchSettings
from starcast.engines.simd import (
    VECTOR,
    load,
    n_lanes,
    n_parts,
    prefetch,
    prefetch_row,
    prefetch_vector,
    store,
    total,
    zero,
)
from starcast.engines.state import State, Stepped

_PLANES = 4  # of a row: weights, first moments, second moments, gradient
_FIRST, _SECOND, _GRADIENT = 1, 2, 3
_NEAR = 1 << 21  # floats, 8 MB; of a smaller table, asking ahead costs more than it saves
_AHEAD = 8  # ratings, or rows; so far ahead memory is asked for what they need


@final
class MiniBatchEngine(Stepped):
    """The latent factor model, one update of each touched row per batch.

    Args:
        config: its settings.
        train: the training rows.
        seed: of the initial factors and of the batches.
    """

    def __init__(self, config: MiniBatchSettings, train: Ratings, seed: int) -> None:
        self._config = config
        self._tables = FactorTables.initial(train, config.dimension, seed, _PLANES)
        self._rng = np.random.default_rng([seed, 1])
        self._batch_size = min(config.batch_size, len(train))
        self._ratings = ShuffledRatings(train, self._batch_size, self._rng)
        rate, penalty = config.learning_rate, np.float32(config.regularization_factor)
        self._descent = Descent(RULES[config.optimizer], rate, penalty)
        self._step = 0

    def run_epoch(self) -> EpochLoss:
        """One pass over the training rows in a fresh order."""
        tables, squared_error = self._tables, 0.0
        for order in self._ratings.fresh_orders():
            squared, self._step = _visit_all(
                tables.user.planes,
                tables.item.planes,
                self._ratings.rated,
                order,
                self._batch_size,
                np.float32(tables.mean),
                self._descent,
                self._step,
            )
            squared_error += squared
        return tables.epoch_loss(squared_error, self._config.regularization_factor)

    def weights(self) -> dict[str, NDArray[np.float32]]:
        """Copies of the tables by name."""
        return self._tables.weights()

    def load(self, weights: Weights) -> None:
        """Take the tables back; moments and step count start anew."""
        self._tables.load(weights)
        self._step = 0

    def _moving_arrays(self) -> State:
        return self._tables.arrays


@serial
def _visit_all(
    user: Any,
    item: Any,
    rated: Any,
    order: Any,
    batch_size: Any,
    mean: Any,
    descent: Any,
    step: Any,
) -> Any:
    """Σ error² of an epoch, or a part of it, as seen on the way, and the steps taken by now.

    Args:
        user, item: Factors with all planes; changed.
        rated: Rated.
        order: int32 (n,), the order of visits: whole batches.
        batch_size: ratings per step.
        mean: μ, float32.
        descent: Descent.
        step: steps taken so far.
    """
    of_users, of_items = np.empty(batch_size + 1, np.int32), np.empty(batch_size + 1, np.int32)
    user_step, item_step = np.zeros(len(user.bias), np.int64), np.zeros(len(item.bias), np.int64)
    squared, far = 0.0, _is_far(user.rows)
    for start in range(0, len(order), batch_size):
        step += 1
        n_users = n_items = 0
        stop = min(start + batch_size, len(order))
        for place in range(start, stop):
            if far:
                _ask_ahead(user, item, rated, order, place, stop)
            n = order[place]
            u, i = np.uint32(rated.users[n]), np.uint32(rated.items[n])
            error = _visit(user, item, u, i, rated.stars[n] - mean, descent.penalty)
            squared += error * error
            n_users = _touch(u, step, user_step, of_users, n_users)
            n_items = _touch(i, step, item_step, of_items, n_items)
        rate = step_rate(descent.rule, descent.learning_rate, step)
        _move(descent.rule, user, of_users[:n_users], rate)
        _move(descent.rule, item, of_items[:n_items], rate)
    return squared, step


@serial
def _is_far(table: Any) -> Any:
    """Whether rows of a table are to be asked for ahead: they lie beyond the processor's cache."""
    n_floats = len(table) * n_parts(table) * n_lanes(table)
    return n_floats > _NEAR


@serial
def _ask_ahead(user: Any, item: Any, rated: Any, order: Any, place: Any, stop: Any) -> None:
    """Ask for the ratings that are visited a while after `place`, and for the next ones' rows."""
    later = order[min(place + 4 * _AHEAD, len(order) - 1)] // VECTOR
    prefetch_vector(rated.users, later)
    prefetch_vector(rated.items, later)
    prefetch_vector(rated.stars, later)
    ahead = order[min(place + _AHEAD, stop - 1)]
    _fetch(user, np.uint32(rated.users[ahead]))
    _fetch(item, np.uint32(rated.items[ahead]))


@serial
def _fetch(side: Any, row: Any) -> None:
    """Ask for what a rating needs of a row: weights and gradients."""
    prefetch_vector(side.bias, row * _PLANES // VECTOR)
    width = n_parts(side.rows) // _PLANES
    for part in range(width):
        prefetch(side.rows, row, part)
        prefetch(side.rows, row, _GRADIENT * width + part)


@serial
def _visit(users: Any, items: Any, u: Any, i: Any, stars: Any, penalty: Any) -> Any:
    """The error of a rating, whose share is added to its two rows' gradients.

    That is λ · own - error · other, 1 beside a bias.
    """
    (user, user_bias), (item, item_bias) = users, items
    width, products = n_parts(user) // _PLANES, zero(user)
    for part in range(width):
        products = products + load(user, u, part) * load(item, i, part)
    error = stars - (user_bias[u, 0] + item_bias[i, 0]) - total(products)
    for part in range(width):
        summed = _GRADIENT * width + part
        p, q = load(user, u, part), load(item, i, part)
        store(user, u, summed, load(user, u, summed) + (penalty * p - error * q))
        store(item, i, summed, load(item, i, summed) + (penalty * q - error * p))
    user_bias[u, _GRADIENT] += penalty * user_bias[u, 0] - error
    item_bias[i, _GRADIENT] += penalty * item_bias[i, 0] - error
    return error


@serial
def _touch(row: Any, step: Any, last_step: Any, touched: Any, n_touched: Any) -> Any:
    """List a row once per step. Without a branch: nobody can foretell whether a row is new."""
    touched[n_touched] = row
    n_touched += last_step[row] != step
    last_step[row] = step
    return n_touched


@serial
def _move(rule: Any, side: Any, rows: Any, rate: Any) -> None:
    """Update the rows by their gradients, and clear these."""
    table, biases = side
    width = n_parts(table) // _PLANES
    far = _is_far(table)
    for n in range(len(rows)):
        if far:
            ahead = rows[min(n + _AHEAD, len(rows) - 1)]
            prefetch_vector(biases, ahead * _PLANES // VECTOR)
            prefetch_row(table, ahead)
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
