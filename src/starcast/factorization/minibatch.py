"""Mini-batch gradient descent for the latent factor model: Adam, RMSProp, GradientDescent.

The gradient of a batch is summed per row, then only the rows of the batch are updated ("lazy":
the moments of other rows do not decay). This is what TensorFlow's optimizers did to sparse
gradients in the 2018 system, apart from its dense decay of Adam's moments.

Sources: Kingma & Ba 2015, algorithm 1 with the corrections folded into the rate, as at the end of
section 2 (Adam); Tieleman & Hinton 2012, lecture 6.5 (RMSProp).
"""

from collections.abc import Callable
from functools import cache
from typing import Any, final

import numba
import numpy as np
from numpy.typing import NDArray

from starcast.config import Config
from starcast.engine import EpochLoss, Weights
from starcast.factorization.tables import FactorTables
from starcast.ratings import Ratings

BETA_1, BETA_2, RHO, EPSILON = 0.9, 0.999, 0.9, 1e-7
_RULES = {"Adam": 0, "RMSProp": 1, "GradientDescent": 2}


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
        self._config, self._train = config, train
        self._tables = FactorTables.initial(train, config.dimension, seed)
        self._rng = np.random.default_rng([seed, 1])
        self._epoch = _compiled_epoch(config.dimension)
        self._step = 0
        self._reset()

    def run_epoch(self) -> EpochLoss:
        """One pass over the training rows in a fresh order."""
        tables, train, config = self._tables, self._train, self._config
        order = self._rng.permutation(len(train)).astype(np.int32)
        squared_error, self._step = self._epoch(
            (tables.user, *self._user_moments),
            (tables.item, *self._item_moments),
            (train.user_rows[order], train.item_rows[order]),
            train.stars[order] - np.float32(tables.mean),
            min(config.batch_size, len(train)),
            _RULES[config.optimizer],
            np.float32(config.learning_rate),
            np.float32(config.regularization_factor),
            self._step,
        )
        return tables.epoch_loss(squared_error, train, config.regularization_factor)

    def weights(self) -> dict[str, NDArray[np.float32]]:
        """Copies of the tables by name."""
        return self._tables.weights()

    def load(self, weights: Weights) -> None:
        """Take the tables back; moments and step count start anew."""
        self._tables.load(weights)
        self._reset()

    def _reset(self) -> None:
        user, item = self._tables.user, self._tables.item
        self._user_moments = (np.zeros_like(user), np.zeros_like(user))
        self._item_moments = (np.zeros_like(item), np.zeros_like(item))
        self._step = 0


_jit = numba.njit(fastmath=True, cache=True, error_model="numpy")


@_jit
def _slot_of(row: Any, slots: Any, touched: Any, n_touched: Any, gradient: Any) -> Any:
    """Where the gradient of a row is summed in this batch; a new row gets a cleared slot."""
    slot = slots[row]
    if slot < n_touched and touched[slot] == row:
        return slot, n_touched
    slots[row], touched[n_touched] = n_touched, row
    gradient[n_touched] = 0
    return n_touched, n_touched + 1


@_jit
def _add_gradient(summed: Any, own: Any, other: Any, error: Any, penalty: Any, d: Any) -> None:
    """One rating's share: penalty·own - error·other, where the bias meets a constant 1."""
    for f in range(d):
        summed[f] += penalty * own[f] - error * other[f]
    summed[d] += penalty * own[d] - error


@_jit
def _update(
    side: Any, touched: Any, n_touched: Any, gradient: Any, rule: Any, rate: Any, step: Any
) -> None:
    table, first, second = side
    for slot in range(n_touched):
        row = touched[slot]
        w, m, v, g = table[row], first[row], second[row], gradient[slot]
        if rule == 0:
            _adam(w, m, v, g, np.float32(rate * np.sqrt(1 - BETA_2**step) / (1 - BETA_1**step)))
        elif rule == 1:
            _rmsprop(w, v, g, rate)
        else:
            for f in range(len(w)):
                w[f] -= rate * g[f]


@_jit
def _adam(w: Any, m: Any, v: Any, g: Any, corrected: Any) -> None:
    one, beta_1, beta_2 = np.float32(1), np.float32(BETA_1), np.float32(BETA_2)
    epsilon = np.float32(EPSILON)
    for f in range(len(w)):
        m[f] = beta_1 * m[f] + (one - beta_1) * g[f]
        v[f] = beta_2 * v[f] + (one - beta_2) * g[f] * g[f]
        w[f] -= corrected * m[f] / (np.sqrt(v[f]) + epsilon)


@_jit
def _rmsprop(w: Any, v: Any, g: Any, rate: Any) -> None:
    one, rho, epsilon = np.float32(1), np.float32(RHO), np.float32(EPSILON)
    for f in range(len(w)):
        v[f] = rho * v[f] + (one - rho) * g[f] * g[f]
        w[f] -= rate * g[f] / np.sqrt(v[f] + epsilon)


@cache
def _compiled_epoch(d: int) -> Callable[..., tuple[float, int]]:
    """The epoch for one dimension, a constant to the compiler."""

    @_jit
    def epoch(
        user_side: Any, item_side: Any, rows: Any, stars: Any, batch_size: Any, rule: Any,
        rate: Any, penalty: Any, step: Any,
    ) -> tuple[float, int]:  # fmt: skip
        user, item = user_side[0], item_side[0]
        users, items = rows
        user_slots = np.zeros(len(user), np.int32)
        item_slots = np.zeros(len(item), np.int32)
        user_touched = np.empty(batch_size, np.int32)
        item_touched = np.empty(batch_size, np.int32)
        user_gradient = np.empty((batch_size, user.shape[1]), np.float32)
        item_gradient = np.empty((batch_size, item.shape[1]), np.float32)
        squared = 0.0
        for start in range(0, len(stars), batch_size):
            n_users = n_items = 0
            for n in range(start, min(start + batch_size, len(stars))):
                a, n_users = _slot_of(users[n], user_slots, user_touched, n_users, user_gradient)
                b, n_items = _slot_of(items[n], item_slots, item_touched, n_items, item_gradient)
                p, q = user[users[n]], item[items[n]]
                dot = np.float32(0)
                for f in range(d):
                    dot += p[f] * q[f]
                error = stars[n] - p[d] - q[d] - dot
                squared += error * error
                _add_gradient(user_gradient[a], p, q, error, penalty, d)
                _add_gradient(item_gradient[b], q, p, error, penalty, d)
            step += 1
            _update(user_side, user_touched, n_users, user_gradient, rule, rate, step)
            _update(item_side, item_touched, n_items, item_gradient, rule, rate, step)
        return squared, step

    return epoch
