"""The mean over samples as it grows, and when it was how good on held-out rows."""

from collections.abc import Sequence
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from benchmarks.worker import Outcome
from starcast.data.ratings import Ratings
from starcast.evaluation import metrics


@final
class RunningMean:
    """Means the predictions of some rows, one sample after another.

    Args:
        rows: with the ratings that predictions are judged by.
        levels: RMSEs, in stars; when each is first reached is kept.
    """

    def __init__(self, rows: Ratings, levels: Sequence[float]) -> None:
        self._rows, self._levels = rows, levels
        self._total, self._n = np.zeros(len(rows)), 0
        self._reached: Outcome = {}
        self._rmse = float("inf")

    def add(self, predictions: NDArray[Any], seconds: float) -> None:
        """Predictions of one more sample, ready after so many seconds of sampling."""
        self._total += predictions
        self._n += 1
        self._rmse = metrics.rmse(self._rows.stars, self._rows.scale.clip(self._total / self._n))
        for level in self._levels:
            if self._rmse <= level:
                self._reached.setdefault(f"s to {level:g}", seconds)

    def figures(self) -> Outcome:
        """The RMSE at the end, and the seconds to every level that was reached."""
        return {"validation RMSE": self._rmse, **self._reached}
