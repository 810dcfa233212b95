"""A network or a factor model, trained by Keras."""

from typing import Any, final

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from starcast.data.ratings import Ratings
from starcast.engines.batches import Rated as BatchRated
from starcast.engines.batches import ShuffledRatings
from starcast.engines.expression import Expression
from starcast.engines.expression.networks import factor_model
from starcast.engines.expression.times import at_times
from starcast.engines.expression.weights import check_network
from starcast.engines.factorization.tables import FactorTables
from starcast.engines.keras.backend import BACKENDS, of_backend
from starcast.engines.keras.batch import Rated, Told
from starcast.engines.keras.devices import Devices
from starcast.engines.keras.epoch import Course, Plan, program
from starcast.engines.keras.losses import Loss
from starcast.engines.keras.pools import Pool
from starcast.engines.keras.tables import Arrays, Given, Packing
from starcast.engines.keras_settings import DTYPES, ForKeras, KerasSettings
from starcast.engines.networks.initial import first_weights
from starcast.engines.optimizers import RULES, step_rate
from starcast.engines.pools import poolings
from starcast.engines.protocol import EpochLoss, Weights, check_shapes
from starcast.engines.state import State, Stepped, put_back, put_back_random


@final
class KerasEngine(Stepped):
    """An expression, trained by mini-batches on TensorFlow or JAX; `require_keras` comes first.

    Args:
        config: its settings; its shape and its dropout are the network's.
        train: the training rows; they lie on the device from now on.
        network: what it computes.
        first: its first weights.
        seed: of the batches and of dropout.
        still: names of weights that training leaves as they are; none of a table.
    """

    _moving: Arrays
    _told: Told

    def __init__(
        self,
        config: ForKeras,
        train: Ratings,
        network: Expression,
        first: Weights,
        seed: int,
        *,
        still: frozenset[str] = frozenset(),
    ) -> None:
        self._config, self.network = config, network
        n_rows = {"user": train.n_users, "item": train.n_items}
        self._backend, self._packing = str(keras.backend.backend()), Packing(network, n_rows, still)
        self._rng = np.random.default_rng([seed, 1])
        self._ratings = ShuffledRatings(
            train, config.batch_size, self._rng, with_times="time_scale" in first
        )
        self._plan = self._planned(len(train))
        by_xla = config.jit_compile == "yes"
        self._epoch = self._plan.backend.compiled(program(self._plan), by_xla=by_xla)
        self._pools = {
            kind: Pool(*map(self._placed, Pool.of(pooling)))
            for kind, pooling in poolings(network, train).items()
        }
        users, items, stars = map(self._placed, _with_nobody(train, self._ratings.rated))
        self._rated = Rated(users, items, stars, times=None)
        self._take(first)

    def run_epoch(self) -> EpochLoss:
        """One pass over the training rows in a fresh order, without going back to Python."""
        course = Course(
            self._placed(self._ratings.fresh_runs()),
            self._placed(self._rates()),
            self._placed(self._rng.integers(1 << 32, size=(), dtype=np.uint32)),
        )
        self._moving, sums = self._epoch(self._moving, self._told, course)
        self._step += self._plan.n_batches
        squared, norms, lost = ops.convert_to_numpy(sums).sum(axis=0, dtype=np.float64).tolist()
        loss = (lost + 0.5 * self._config.regularization_factor * norms) / self._plan.n
        return EpochLoss(loss, float(np.sqrt(squared / self._plan.n)))

    def weights(self) -> dict[str, NDArray[np.float32]]:
        """Copies by name."""
        given = Given(*map(ops.convert_to_numpy, self._told.given))
        return self._packing.unpacked(self._here(), given)

    def load(self, weights: Weights) -> None:
        """Take weights back; moments and step count start anew."""
        wanted = {name: array.shape for name, array in self.weights().items()}
        if difference := check_shapes(weights, wanted):
            raise ValueError(difference)
        self._take(weights)

    def restore(self, state: State) -> None:
        """Go on from a state. Raises: ValueError: it is of another engine, backend or seed."""
        arrays = dict(self._arrays())
        of_this_one = int(arrays["backend"])
        put_back(arrays, state)
        if int(arrays["backend"]) != of_this_one:
            raise ValueError(f"its backend is not {self._backend}")
        put_back_random(self._rng, arrays["random"])
        self._step = int(arrays["step"])
        self._moving = Arrays(*(self._placed(arrays[name]) for name in Arrays._fields))

    def _moving_arrays(self) -> State:
        backend = np.array(BACKENDS.index(self._backend), np.int64)
        return {**self._here()._asdict(), "backend": backend}

    def _take(self, weights: Weights) -> None:
        given = Given(*map(self._placed, self._packing.told(weights)))
        times = self._placed(_times(weights, self._ratings))
        self._told = Told(self._rated._replace(times=times), given, self._pools)
        self._moving = Arrays(*map(self._placed, self._packing.packed(weights)))
        self._step = 0

    def _here(self) -> Arrays:
        return Arrays(*map(ops.convert_to_numpy, self._moving))

    def _placed(self, array: NDArray[Any]) -> Any:
        """A copy on the device, or on each of them."""
        return self._plan.devices.everywhere(ops.convert_to_tensor(np.array(array)))

    def _rates(self) -> NDArray[np.float32]:
        """Of each step of the next epoch."""
        rule, rate = RULES[self._config.optimizer], float(self._config.learning_rate)
        steps = range(self._step + 1, self._step + 1 + self._plan.n_batches)
        return np.array([step_rate(rule, rate, step) for step in steps], np.float32)

    def _planned(self, n: int) -> Plan:
        config = self._config
        return Plan(
            network=self.network,
            loss=Loss.named(getattr(config, "loss", "mse"), self.network),
            packing=self._packing,
            n=n,
            run=self._ratings.run,
            batch_size=_multiple(min(config.batch_size, n), config.devices),
            rule=config.optimizer,
            penalty=config.regularization_factor,
            dtype=DTYPES[config.precision],
            backend=of_backend(self._backend),
            devices=Devices.of(config.devices),
        )


def _multiple(n: int, of: int) -> int:
    """The next multiple."""
    return -(-n // of) * of


def _with_nobody(train: Ratings, rated: BatchRated) -> tuple[NDArray[Any], ...]:
    """Users, items and stars of the ratings, and of one of a user and an item there are not."""
    nobody = np.int32(train.n_users), np.int32(train.n_items), np.float32(0)
    return tuple(map(np.append, rated, nobody))


def _times(weights: Weights, ratings: ShuffledRatings) -> NDArray[np.float32]:
    """When each of the ratings was made, as networks read it, and nobody's; float32 (n + 1, 2)."""
    if ratings.timestamps is None:
        return np.zeros((len(ratings.rated.stars) + 1, 0), np.float32)
    return np.pad(at_times(weights, ratings.rated.users, ratings.timestamps), ((0, 1), (0, 0)))


def network_engine(config: ForKeras, train: Ratings, network: Expression, seed: int) -> KerasEngine:
    """A network, from the first weights that the compiled engine would give it.

    Raises: ConfigError: it is none.
    """
    check_network(network)
    return KerasEngine(config, train, network, first_weights(network, train, seed), seed)


def factor_engine(config: KerasSettings, train: Ratings, seed: int) -> KerasEngine:
    """The latent factor model, likewise; its mean stays that of the training rows."""
    first = FactorTables.initial(train, config.dimension, seed).weights()
    network = factor_model(config.dimension)
    return KerasEngine(config, train, network, first, seed, still=frozenset({"mean"}))
