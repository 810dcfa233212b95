"""Any network, trained by the gradient of its expression, at the pace of the plain interpreter."""

import math
from collections.abc import Mapping
from typing import final

import numpy as np
from numpy.typing import NDArray

from starcast.data.ratings import Ratings
from starcast.engines.batches import ShuffledRatings
from starcast.engines.blas import blas_on_one_thread
from starcast.engines.expression import Expression
from starcast.engines.expression.autodiff import Masks, Values, evaluate, gradient, rows_of
from starcast.engines.expression.kinds import POOLS, TIME
from starcast.engines.expression.normalizations import moved
from starcast.engines.expression.operations import Array
from starcast.engines.expression.times import at_times
from starcast.engines.expression.weights import check_network, tables_of, weights_of
from starcast.engines.losses import BENDS, bent
from starcast.engines.networks.chunks import mask
from starcast.engines.networks.engine import NetworkEngine
from starcast.engines.networks.initial import first_weights
from starcast.engines.networks.layout import Layout
from starcast.engines.networks.moving import Moving, Visited
from starcast.engines.networks.pooling import pooled, slope_of_table
from starcast.engines.optimizers import RULES, step_rate
from starcast.engines.ordinal import steps_of, unlikelihood
from starcast.engines.pools import poolings
from starcast.engines.protocol import EpochLoss, Weights, check_shapes
from starcast.engines.settings import OfNetwork
from starcast.engines.state import State, Stepped, named_parts


def network_engine(
    config: OfNetwork,
    train: Ratings,
    network: Expression,
    seed: int,
    given: Weights | None = None,
    histories: Ratings | None = None,
) -> "NetworkEngine | ExpressionEngine":
    """An engine for any network: compiled loops where they know it, else the plain interpreter.

    Args:
        config, train, network, seed: as the engine's.
        given, histories: as the `ExpressionEngine`'s.
    """
    if Layout.of(network) is not None and config.loss == "mse":
        return NetworkEngine(config, train, network, seed)
    return ExpressionEngine(config, train, network, seed, given, histories)


@final
class ExpressionEngine(Stepped):
    """Any network, trained by mini-batches.

    Args:
        config: its settings; its shape and its dropout are the network's.
        train: the training rows.
        network: what it computes.
        seed: of the weights, the batches and dropout.
        given: what the data tell of users and items, by name; looked up in `train` if not given.
        histories: the rows that are pooled, if they are others than those of training.
    Raises: ConfigError: the expression is no network, or reads what these data do not tell.
    """

    def __init__(
        self,
        config: OfNetwork,
        train: Ratings,
        network: Expression,
        seed: int,
        given: Weights | None = None,
        histories: Ratings | None = None,
    ) -> None:
        check_network(network)
        self._config, self.network, self._parts = config, network, network.parts()
        self._side_of = {name: side for side, names in tables_of(network).items() for name in names}
        self._steps = steps_of(network) if config.loss == "ordinal" else None
        self._batch_norms = [part for part in self._parts if part.kind == "batch_normalization"]
        first = first_weights(network, train, seed, given)
        self._take(first)
        self._rng = np.random.default_rng([seed, 1])
        self._ratings = ShuffledRatings(
            train, config.batch_size, self._rng, with_times="time_scale" in first
        )
        self._pools = poolings(network, train if histories is None else histories)

    @np.errstate(over="ignore", invalid="ignore")  # a run that exploded ends with a word of its own
    def run_epoch(self) -> EpochLoss:
        """One pass over the training rows in a fresh order."""
        order, size = self._ratings.fresh_order(), self._config.batch_size
        seed, totals = np.uint32(self._rng.integers(1 << 32)), np.zeros(3)
        with blas_on_one_thread():  # a batch is too small for several
            for batch, start in enumerate(range(0, len(order), size)):
                visits = order[start : start + size]
                totals += self._visit(visits, self._masks(len(visits), seed, batch))
        squared_error, penalty, lost = totals.tolist()
        n = len(order)
        loss = (lost + 0.5 * self._config.regularization_factor * penalty) / n
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

    def _visit(self, visits: NDArray[np.int32], masks: Masks) -> tuple[float, float, float]:
        """One step on one batch; before it Σ error², Σ of its rows' squared norms, Σ of losses."""
        rated = self._ratings.rated
        rows = {"user": rated.users[visits], "item": rated.items[visits]}
        weights = self._views
        values = rows_of(self.network, weights, rows["user"], rows["item"])
        sides = {side: Visited.of(of_side) for side, of_side in rows.items()}
        values |= self._besides(visits, rows["user"], sides)
        evaluate(self._parts, weights, values, masks)
        error = values[self.network] - rated.stars[visits]
        lost, found = self._lowered(values, error, rated.stars[visits], masks)
        self._unpool(found, sides)
        norms = sum(
            float(np.sum(np.square(weights[name][rows[side]]), dtype=np.float64))
            for name, side in self._side_of.items()
        )
        self._move(found, sides)
        self._average(values)
        return float(np.sum(np.square(error), dtype=np.float64)), norms, lost

    def _lowered(
        self, values: Values, error: Array, stars: Array, masks: Masks
    ) -> tuple[float, dict[str, Array]]:
        """The loss of a batch, summed, and how it moves with the weights."""
        if self._steps:
            distances, levels = self._steps
            each: Array
            each, slope = unlikelihood(values[distances], stars, levels)
            found = gradient(distances.parts(), self._views, values, slope, masks)
        else:
            each, slope = bent(error, BENDS[self._config.loss])
            found = gradient(self._parts, self._views, values, slope, masks)
        return float(np.sum(each, dtype=np.float64)), found

    def _besides(
        self, visits: NDArray[np.int32], users: NDArray[np.int32], sides: Mapping[str, Visited]
    ) -> Values:
        """The values of pools and times for the ratings of a batch."""
        values: Values = {}
        for part in self._parts:
            if part.kind in POOLS:
                visited, table = sides[POOLS[part.kind][0]], self._views[part.weights[0]]
                own = pooled(self._pools[part.kind], table, visited.rows)
                values[part] = own[visited.places]
            elif part.kind == TIME:
                assert self._ratings.timestamps is not None
                values[part] = at_times(self._views, users, self._ratings.timestamps[visits])
        return values

    def _unpool(self, found: dict[str, Array], sides: Mapping[str, Visited]) -> None:
        """Slopes of what each rating pools become slopes of tables."""
        for part in self._parts:
            if part.kind in POOLS:
                visited, name = sides[POOLS[part.kind][0]], part.weights[0]
                above, n = visited.summed(found[name]), len(self._views[name])
                found[name] = slope_of_table(self._pools[part.kind], above, visited.rows, n)

    def _move(self, found: Mapping[str, Array], sides: Mapping[str, Visited]) -> None:
        """Move the rows of the batch, each once, and all other weights."""
        self._step += 1
        rule, penalty = RULES[self._config.optimizer], self._config.regularization_factor
        rate = step_rate(rule, float(self._config.learning_rate), self._step)
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

    def _masks(self, n: int, seed: np.uint32, batch: int) -> Masks:
        """What dropout multiplies the values of n ratings by: as in the compiled loops."""
        dropped = [part for part in self._parts if part.kind == "dropout"]
        masks = {}
        for place, part in enumerate(dropped):
            rate, width = np.float32(part.numbers[0]), math.prod(part.shape)
            masks[part] = mask(n, width, rate, seed, batch, place).reshape(n, *part.shape)
        return masks


def _averages(normalization: Expression) -> tuple[str, ...]:
    """The names of its mean and its variance."""
    return normalization.weights[2:]
