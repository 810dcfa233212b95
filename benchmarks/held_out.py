"""Held-out ratings and their predictions, to be judged."""

import numpy as np
from numpy.typing import NDArray

from benchmarks.stage import SEED

N_USERS = 138_493  # of MovieLens 20M, a fifth of whose ratings are 4 M rows


def held_out(
    n_rows: int,
) -> tuple[NDArray[np.int32], NDArray[np.float32], NDArray[np.float32]]:
    """User rows (ascending, lognormal activity), stars, and predictions an RMSE of 0.85 off.

    Args:
        n_rows: of each column; users are scaled with them.
    """
    rng = np.random.default_rng(SEED)
    n_users = max(N_USERS * n_rows // 4_000_000, 1)
    activity = np.exp(rng.normal(0, 1.17, n_users))
    below = np.cumsum(activity / activity.sum())
    users = np.minimum(np.searchsorted(below, np.sort(rng.random(n_rows))), n_users - 1)
    stars = np.clip(np.round(2 * rng.normal(3.5, 1.05, n_rows)) / 2, 0.5, 5).astype(np.float32)
    scores = (stars + rng.normal(0, 0.85, n_rows)).astype(np.float32)
    return users.astype(np.int32), stars, scores
