"""Linear systems of a few unknowns, whose numbers may come from anywhere."""

import numpy as np

from starcast.errors import ConfigError
from starcast.scoring.log_likelihood import Array, Doubles


def solved(matrix: Doubles, right: Array) -> Doubles:
    """X of matrix · X = right, or of every draw's (S, D, …).

    Raises: ConfigError: there is none, as where weights are so large that a prior adds nothing.
    """
    try:
        return np.asarray(np.linalg.solve(matrix, right), np.float64)
    except np.linalg.LinAlgError:
        raise ConfigError(
            "this model cannot fold anybody in: what it holds of its users or items is out of all "
            "proportion; train it again"
        ) from None
