"""What every serving contestant answers from: the same split, the same weights."""

from typing import NamedTuple

import numpy as np

from benchmarks.stage import SEED, known
from starcast import models
from starcast.artifacts.artifact import Artifact
from starcast.data.ids import Rows
from starcast.data.split import TEST, Split
from starcast.engines.protocol import Weights

FACTOR = "latent-factor-model"
DEEP = "deep-neural-network-model"
ENSEMBLE = "ensemble-no-transfer-learning"


def trained(split: Split, model: str, dimension: int, n_epochs: int) -> Artifact:
    """A model after some epochs with its default settings; equal for everybody who asks."""
    chosen = models.find(model)
    config = chosen.settings(dimension=dimension)
    engine = chosen.engine(config, known(split), SEED)
    for _ in range(n_epochs):
        engine.run_epoch()
    weights = engine.weights()
    return Artifact(
        model=model,
        config=config,
        seed=SEED,
        weights=weights,
        weights_before_refit=weights,
        split=split,
        best_epoch=n_epochs,
        history=(),
    )


class Factors(NamedTuple):
    """A latent factor model for libraries that know inner products alone.

    [p, b_u, 1] · [q, 1, b_i] is the prediction less the mean; all arrays are float32.
    """

    user: np.ndarray
    item: np.ndarray

    @classmethod
    def of(cls, weights: Weights) -> "Factors":
        """The two tables of a latent factor model with its biases beside them."""
        user, item = weights["user_factors"], weights["item_factors"]
        ones = np.ones((len(user), 1), np.float32), np.ones((len(item), 1), np.float32)
        return cls(
            np.hstack([user, weights["user_bias"][:, None], ones[0]]),
            np.hstack([item, ones[1], weights["item_bias"][:, None]]),
        )


def seen(split: Split) -> tuple[Rows, np.ndarray]:
    """Item rows that users have rated, one after the other, and where each user's begin."""
    rows = split.parts != TEST
    users = split.ratings.user_rows[rows]
    starts = np.searchsorted(users, np.arange(split.ratings.n_users + 1))
    return split.ratings.item_rows[rows], starts


def some_users(n_users: int, n: int) -> Rows:
    """n different users, the same for everybody; all of them, in order, where n is not less."""
    if n >= n_users:
        return np.arange(n_users, dtype=np.int32)
    chosen = np.random.default_rng(SEED).choice(n_users, n, replace=False)
    return np.sort(chosen).astype(np.int32)
