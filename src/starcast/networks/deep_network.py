"""The deep neural network: an MLP on the concatenated embeddings of user and item."""

from typing import Any, final

import keras

from starcast.config import Config
from starcast.networks.layers import HiddenStack


@final
class DeepNetwork(keras.Model):
    """r̂ = MLP([p_u ; q_i]): ReLU between the layers, linear output, in stars.

    Args:
        config: `dimension`, `layers` and `dropout_rate` are used.
        mean: μ, where the output bias starts.
        seed: of the kernels.

    Source: He et al. 2017, section 3.3 (the MLP half), with a linear output for explicit ratings.
    """

    def __init__(self, config: Config, mean: float, seed: int) -> None:
        super().__init__(name="deep_network")
        self.columns = {"embedding": config.dimension}
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
        return self.score(self.hidden(pair, training=training))
