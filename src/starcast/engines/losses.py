"""What an error costs, ½ e² or what grows as a line beyond a bend; and how that moves with it.

Source: Huber 1964.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

BENDS: Mapping[str, float] = MappingProxyType({"mse": np.inf, "huber": 1.0})
"""The error, in units, beyond which a loss grows as a line does, by the setting `loss`."""

Array = NDArray[np.floating[Any]]


def bent(error: Array, bend: float) -> tuple[Array, Array]:
    """The loss of each error (n,), and its slope."""
    slope = np.clip(error, -bend, bend)
    return slope * (error - 0.5 * slope), slope
