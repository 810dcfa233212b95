"""How well weights do on some rows, epoch by epoch."""

import math
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from starcast.data.ratings import Ratings
from starcast.engines.protocol import Scorer, score_ratings
from starcast.evaluation import metrics
from starcast.evaluation.metrics import Quality


def rating_quality(stars: NDArray[Any], raw: NDArray[Any], rows: Ratings) -> Quality:
    """RMSE and MAE in stars, and the share of exact stars, of raw scores as they would be shown.

    All are NaN where a score is no finite number: clipping would make a rating of an overflow.
    """
    if not np.all(np.isfinite(raw)):
        return {"rmse": math.nan, "mae": math.nan, "accuracy": math.nan}
    shown = rows.scale.clip(raw)
    return {
        "rmse": metrics.rmse(stars, shown),
        "mae": metrics.mae(stars, shown),
        "accuracy": metrics.accuracy(stars, rows.scale.nearest(shown)),
    }


@final
class RatingJudge:
    """Rows, and the mean over epochs of their scores."""

    def __init__(self, rows: Ratings) -> None:
        self._rows, self._mean = rows, np.zeros(len(rows), np.float32)

    def __call__(self, scorer: Scorer, share: float) -> Quality:
        """Quality of the mean once a scorer's scores have their share in it."""
        if share:
            scores = score_ratings(scorer, self._rows)
            moved = self._mean + np.float32(share) * (scores - self._mean)
            self._mean = scores if share == 1 else moved
        return rating_quality(self._rows.stars, self._mean, self._rows)
