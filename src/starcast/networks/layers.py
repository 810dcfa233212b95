"""The pieces networks are made of."""

from typing import Any, final

import keras

EMBEDDING_DEVIATION = 0.05  # Keras's default for embeddings, as in the 2018 system


@final
class HiddenStack(keras.layers.Layer):
    """Dense layers with ReLU, each followed by dropout.

    Args:
        widths: of the layers; the linear output layer is not part of the stack.
        dropout_rate: share of a layer's outputs dropped in training.
        seed: of the kernels and of the dropout masks.
    """

    def __init__(self, widths: tuple[int, ...], dropout_rate: float, seed: int) -> None:
        super().__init__(name="hidden")
        glorot = keras.initializers.GlorotUniform
        self.layers = [
            keras.layers.Dense(
                width, "relu", kernel_initializer=glorot(seed + depth), name=f"hidden_{depth}"
            )
            for depth, width in enumerate(widths)
        ]
        # Dropping an embedding's own entries would fight its regularization, so inputs stay whole.
        self.dropouts = [
            keras.layers.Dropout(dropout_rate, seed=seed + n) for n in range(len(widths))
        ]

    def call(self, inputs: Any, training: bool = False) -> Any:
        """(n, width of the input) to (n, width of the last layer)."""
        for dense, dropout in zip(self.layers, self.dropouts, strict=True):
            inputs = dropout(dense(inputs), training=training)
        return inputs
