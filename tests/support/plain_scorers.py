"""Scorers that say something simple of which one can tell what was asked."""

from typing import final

import numpy as np

from starcast.data.ids import Rows
from starcast.engines.protocol import Scores


@final
class Doubtful:
    """A scorer of zeros whose deviations tell which rows they are of."""

    def score_pairs(self, user_rows: Rows, item_rows: Rows) -> Scores:
        return np.zeros(len(user_rows), np.float32)

    def score_all(self, user_rows: Rows) -> Scores:
        raise AssertionError("pairs were asked for")

    def score_user(self, user_row: int) -> Scores:
        raise AssertionError("pairs were asked for")

    def predictive_std(self, user_rows: Rows, item_rows: Rows) -> Scores:
        return (user_rows + item_rows / 10).astype(np.float32)
