"""Any network, trained by the gradient of its expression, at the pace of the plain interpreter."""

from collections.abc import Mapping
from typing import NamedTuple, Self, final

import numpy as np
from numpy.typing import NDArray

from starcast.data.ratings import Ratings
from starcast.engines.batches import ShuffledRatings
from starcast.engines.blas import blas_on_one_thread
from starcast.engines.expression import Expression
from starcast.engines.expression.autodiff import Values, evaluate, gradient, rows_of
from starcast.engines.expression.normalizations import moved
from starcast.engines.expression.operations import Array
from starcast.engines.expression.weights import check_network, tables_of, weights_of
from starcast.engines.networks.engine import NetworkEngine
from starcast.engines.networks.initial import first_weights
from starcast.engines.networks.layout import Layout
from starcast.engines.optimizers import RULES, step_rate, update
from starcast.engines.protocol import EpochLoss, Weights, check_shapes
from starcast.engines.settings import OfNetwork
from starcast.engines.simd import VECTOR
from starcast.engines.state import State, Stepped, named_parts


def network_engine(
    config: OfNetwork,
    train: Ratings,
    network: Expression,
    seed: int,
    given: Weights | None = None,
) -> "NetworkEngine | ExpressionEngine":
    """An engine for any network: compiled loops where they know it, else the plain interpreter.

    Args:
        config, train, network, seed: as the engine's.
        given: what the data tell, where that is known already.
    """
    if Layout.of(network) is not None:
        return NetworkEngine(config, train, network, seed)
    return ExpressionEngine(config, train, network, seed, given)


@final
class ExpressionEngine(Stepped):
    """Any network, trained by mini-batches.

    Args:
        config: its settings; its shape and its dropout are the network's.
        train: the training rows.
        network: what it computes.
        seed: of the weights, the batches and dropout.
        given: what the data tell of users and items, by name; looked up in `train` if not given.
    Raises: ConfigError: the expression is no network, or reads what these data do not tell.
    """

    def __init__(
        self,
        config: OfNetwork,
        train: Ratings,
        network: Expression,
        seed: int,
        given: Weights | None = None,
    ) -> None:
        check_network(network)
        self._config, self.network, self._parts = config, network, network.parts()
        self._side_of = {name: side for side, names in tables_of(network).items() for name in names}
        self._batch_norms = [part for part in self._parts if part.kind == "batch_normalization"]
        self._take(first_weights(network, train, seed, given))
        self._rng = np.random.default_rng([seed, 1])
        self._ratings = ShuffledRatings(train, config.batch_size, self._rng)

    @np.errstate(over="ignore", invalid="ignore")  # a run that exploded ends with a word of its own
    def run_epoch(self) -> EpochLoss:
        """One pass over the training rows in a fresh order."""
        order, size = self._ratings.fresh_order(), self._config.batch_size
        totals = np.zeros(2)
        with blas_on_one_thread():  # a batch is too small for several
            for start in range(0, len(order), size):
                totals += self._visit(order[start : start + size])
        squared_error, penalty = totals.tolist()
        n = len(order)
        loss = 0.5 * (squared_error + self._config.regularization_factor * penalty) / n
        return EpochLoss(loss, float(np.sqrt(squared_error / n)))

    def weights(self) -> dict[str, NDArray[np.float32]]:
        """Copies by name."""
        return {name: np.array(array) for name, array in self._views.items()}

    def load(self, weights: Weights) -> None:
        """Take weights back; moments and step count start anew."""
        wanted = {name: array.shape for name, array in self._views.items()}
        if difference := check_shapes(weights, wanted):
            raise ValueError(difference)
        self._take(weights)

    def _moving_arrays(self) -> State:
        planes = {name: moving.planes for name, moving in self._moving.items()}
        moving = [name for part in self._batch_norms for name in _averages(part)]
        return named_parts(planes=planes, averages={name: self._held[name] for name in moving})

    def _take(self, weights: Weights) -> None:
        trained = [name for name, one in weights_of(self.network).items() if one.is_trained]
        self._moving = {
            name: Moving.of(weights[name], is_table=name in self._side_of) for name in trained
        }
        self._held = {
            name: np.array(array) for name, array in weights.items() if name not in self._moving
        }
        self._step = 0
        views = {name: moving.weights for name, moving in self._moving.items()} | self._held
        self._views = {name: views[name] for name in weights_of(self.network)}

    def _visit(self, visits: NDArray[np.int32]) -> tuple[float, float]:
        """One step on one batch; Σ error² and Σ of the squared norms of its rows, before it."""
        rated = self._ratings.rated
        rows = {"user": rated.users[visits], "item": rated.items[visits]}
        weights = self._views
        values = rows_of(self.network, weights, rows["user"], rows["item"])
        masks = self._masks(len(visits))
        evaluate(self._parts, weights, values, masks)
        error = values[self.network] - rated.stars[visits]
        found = gradient(self._parts, weights, values, error, masks)
        norms = sum(
            float(np.sum(np.square(weights[name][rows[side]]), dtype=np.float64))
            for name, side in self._side_of.items()
        )
        self._move(found, rows)
        self._average(values)
        return float(np.sum(np.square(error), dtype=np.float64)), norms

    def _move(self, found: Mapping[str, Array], rows: Mapping[str, NDArray[np.int32]]) -> None:
        """Move the rows of the batch, each once, and all other weights."""
        self._step += 1
        rule, penalty = RULES[self._config.optimizer], self._config.regularization_factor
        rate = step_rate(rule, float(self._config.learning_rate), self._step)
        sides = {side: _Visited.of(of_side) for side, of_side in rows.items()}
        for name, slope in found.items():
            if name in self._held:
                continue
            moving, side = self._moving[name], self._side_of.get(name)
            if side is None:
                moving.move(rule, np.zeros(1, np.int32), slope, rate)
            else:
                visited = sides[side]
                own = moving.weights[visited.rows]
                held = (own.T * (np.float32(penalty) * visited.counts)).T
                moving.move(rule, visited.rows, visited.summed(slope) + held, rate)

    def _average(self, values: Values) -> None:
        """Take a batch into the running averages of normalizations."""
        for part in self._batch_norms:
            below, momentum = values[part.inputs[0]], part.numbers[1]
            for name, batch in zip(_averages(part), (below.mean(0), below.var(0)), strict=True):
                self._held[name][...] = moved(self._held[name], batch, momentum)

    def _masks(self, n: int) -> dict[Expression, Array]:
        """What dropout multiplies the values of n ratings by."""
        masks = {}
        for part in self._parts:
            if part.kind == "dropout":
                kept = self._rng.random((n, *part.shape), np.float32) >= part.numbers[0]
                masks[part] = kept * np.float32(1 / (1 - part.numbers[0]))
        return masks


def _averages(normalization: Expression) -> tuple[str, ...]:
    """The names of its mean and its variance."""
    return normalization.weights[2:]


class Moving(NamedTuple):
    """Weights, and as the update rules of `optimizers` take them.

    Attributes:
        weights: a view of the first plane, in their own shape.
        planes: float32 (n_rows, 3, n_vectors, VECTOR), weights and two moments; zeros fill the last
            vector of a row.
    """

    weights: NDArray[np.float32]
    planes: NDArray[np.float32]

    @classmethod
    def of(cls, start: NDArray[np.float32], *, is_table: bool) -> Self:
        """Weights at a start, moments at rest; what is no table is a single row."""
        n_rows = len(start) if is_table else 1
        width = start.size // n_rows
        planes = np.zeros((n_rows, 3, -(-width // VECTOR), VECTOR), np.float32)
        weights = planes[:, 0].reshape(n_rows, -1)[:, :width].reshape(start.shape)
        weights[...] = start
        return cls(weights, planes)

    def move(self, rule: int, rows: NDArray[np.int32], slope: Array, rate: np.float32) -> None:
        """Move rows by a slope (n, …), their moments with them."""
        flat = slope.reshape(len(rows), -1)
        padded = np.zeros((len(rows), *self.planes.shape[2:]), np.float32)
        padded.reshape(len(rows), -1)[:, : flat.shape[1]] = flat
        update(rule, self.planes, rows, padded, rate)


class _Visited(NamedTuple):
    """The rows of a side that a batch visits.

    Attributes:
        rows: int32 (d,), each once.
        counts: float32 (d,), by how many ratings.
        order: (n,), the ratings, row after row.
        starts: (d,), where each row's begin.
    """

    rows: NDArray[np.int32]
    counts: NDArray[np.float32]
    order: NDArray[np.intp]
    starts: NDArray[np.intp]

    @classmethod
    def of(cls, rows: NDArray[np.int32]) -> Self:
        distinct, counts = np.unique(rows, return_counts=True)
        starts = np.cumsum(counts) - counts
        return cls(distinct, counts.astype(np.float32), np.argsort(rows, kind="stable"), starts)

    def summed(self, slope: Array) -> Array:
        """Each row's sum of the ratings' own slopes (n, …); (d, …)."""
        return np.asarray(np.add.reduceat(slope[self.order], self.starts, axis=0))
