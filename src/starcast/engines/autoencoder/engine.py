"""The item autoencoder: r̂ = μ + b_u + w_u · c_i, where item i's code c_i is made of its ratings.

    c_i = sigmoid(a + Σ_u x_ui v_u), over the training ratings of i; x_ui says how u rated it

Nothing is held of an item: it is what its raters make of it. Who rated it speaks as well as how,
since even a mean rating is an x_ui above zero. Trained, this is a factor model whose item factors
are the codes, and it is deployed as one.

Sources: Sedhain, Menon, Sanner, Xie 2015 (I-AutoRec); its deviations stand in `reconstruction`.
"""

import math
from typing import final

import numpy as np

from starcast.data.ratings import Ratings
from starcast.engines.autoencoder.lbfgs import Descent
from starcast.engines.autoencoder.reconstruction import Arrays, Reconstruction
from starcast.engines.protocol import EpochLoss, Weights, check_shapes, seen_rows
from starcast.engines.settings import LbfgsSettings
from starcast.engines.state import State

_SAVED_AS = {"output_kernel": "user_factors", "output_bias": "user_bias"}


@final
class AutoencoderEngine:
    """The item autoencoder; an epoch is some steps of L-BFGS.

    Args:
        config: its settings; `dimension` is h, the width of a code.
        train: the training rows.
        seed: of the first weights.
    """

    def __init__(self, config: LbfgsSettings, train: Ratings, seed: int) -> None:
        self._train, self._n_steps = train, config.steps_per_epoch
        self._objective = Reconstruction(train, config)
        start = np.zeros(self._objective.size, np.float32)
        rng, named = np.random.default_rng(seed), self._objective.named(start)
        limit = math.sqrt(6 / (train.n_users + config.dimension))  # Glorot & Bengio 2010, eq. 16
        for name in ("input_kernel", "output_kernel"):
            named[name][:] = rng.uniform(-limit, limit, named[name].shape)
            named[name][~seen_rows(train.user_rows, train.n_users)] = 0
        self._descent = Descent(self._objective, start)

    def run_epoch(self) -> EpochLoss:
        """Some steps down; where no way leads down any more, the weights stay."""
        descent, n = self._descent, len(self._train)
        for _ in range(self._n_steps):
            if not descent.step():
                break
        squared = 2 * (descent.value - self._objective.penalty(descent.weights))
        return EpochLoss(descent.value / n, math.sqrt(max(squared, 0) / n))

    def weights(self) -> Arrays:
        """Copies by name: a latent factor model, and what made its item factors.

        Returns: mean (), user_factors (n_users, h), user_bias (n_users,), item_factors
            (n_items, h), which are the codes, item_bias (n_items,) of zeros, input_kernel
            (n_users, h), input_bias (h,).
        """
        train, weights = self._train, self._descent.weights
        named = self._objective.named(weights)
        codes = self._objective.codes(weights).copy()
        codes[~seen_rows(train.item_rows, train.n_items)] = 0
        return {
            "mean": np.array(self._objective.mean),
            "item_factors": codes,
            "item_bias": np.zeros(len(codes), np.float32),
            **{_SAVED_AS.get(name, name): array.copy() for name, array in named.items()},
        }

    def load(self, weights: Weights) -> None:
        """Take kernels and biases back; codes and mean follow from the training rows."""
        wanted = {name: array.shape for name, array in self.weights().items()}
        if difference := check_shapes(weights, wanted):
            raise ValueError(difference)
        start = np.empty(self._objective.size, np.float32)
        for name, array in self._objective.named(start).items():
            array[...] = weights[_SAVED_AS.get(name, name)]
        self._descent = Descent(self._objective, start)

    def state(self) -> State:
        """The descent; codes and mean follow from it and from the training rows."""
        return self._descent.state()

    def restore(self, state: State) -> None:
        """Go on from a state."""
        self._descent.restore(state)
