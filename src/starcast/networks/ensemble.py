"""The ensemble of a latent factor model and a deep network, joined by one dense layer."""

from typing import Any, final

import keras

from starcast.config import Config
from starcast.networks.layers import HiddenStack


@final
class Ensemble(keras.Model):
    """r̂ = Dense₁([p_u ⊙ q_i ; b_u ; b_i ; MLP'([s_u ; t_i])]), in stars.

    The factor branch (p, q, b) and the deep branch (s, t) have tables of their own; MLP' is the
    deep network without its last layer.

    Args:
        config: `dimension`, `layers` and `dropout_rate` are used.
        mean: μ, where the output bias starts.
        seed: of the kernels.

    Source: He et al. 2017, section 3.4 (NeuMF). Deviations: the factor branch has biases, as the
    latent factor model has; a linear output for explicit ratings.
    """

    def __init__(self, config: Config, mean: float, seed: int) -> None:
        super().__init__(name="ensemble")
        self.columns = {"factors": config.dimension, "bias": 1, "embedding": config.dimension}
        self.hidden = HiddenStack(config.layers[:-1], config.dropout_rate, seed)
        self.score = keras.layers.Dense(
            1,
            kernel_initializer=keras.initializers.GlorotUniform(seed),
            bias_initializer=keras.initializers.Constant(mean),
            name="output",
        )

    def call(self, user: dict[str, Any], item: dict[str, Any], training: bool = False) -> Any:
        """Stars (n, 1) from the rows of n users and items, named as in `columns`."""
        pair = keras.ops.concatenate([user["embedding"], item["embedding"]], axis=1)
        product = user["factors"] * item["factors"]
        deep = self.hidden(pair, training=training)
        return self.score(
            keras.ops.concatenate([product, user["bias"], item["bias"], deep], axis=1)
        )
