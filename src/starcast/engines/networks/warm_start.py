"""Transfer learning: an ensemble's first weights out of its two trained parents."""

import numpy as np
from numpy.typing import NDArray

from starcast.engines.protocol import Weights

_FACTOR_TABLES = ("user_factors", "item_factors", "user_bias", "item_bias")


def warm_start(factor: Weights, deep: Weights, alpha: float) -> dict[str, NDArray[np.float32]]:
    """Ensemble weights that predict α·factor + (1-α)·deep before any training.

    Args:
        factor: weights of a trained latent factor model.
        deep: weights of a trained deep network.
        alpha: α in [0, 1].
    Returns: the weights of an `Ensemble` of the same dimension and layers.
    Source: He et al. 2017, section 3.4.1 and eq. 13. Deviation: biases are kept and weighted too.
    """
    ones = np.ones((factor["user_factors"].shape[1] + 2, 1), np.float32)
    own = {name: factor[name] for name in _FACTOR_TABLES} | {
        name: array for name, array in deep.items() if not name.startswith("output_")
    }
    output_kernel = np.concatenate([alpha * ones, (1 - alpha) * deep["output_kernel"]])
    output_bias = alpha * factor["mean"] + (1 - alpha) * deep["output_bias"]
    return {
        **{name: array.copy() for name, array in own.items()},
        "output_kernel": output_kernel.astype(np.float32),
        "output_bias": output_bias.astype(np.float32),
    }
