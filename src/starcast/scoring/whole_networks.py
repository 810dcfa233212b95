"""Networks that pool what was rated, or know of times, as they are deployed."""

from typing import final

import numpy as np
from numpy.typing import NDArray

from starcast.data.ids import Rows
from starcast.engines.expression import Expression
from starcast.engines.expression.autodiff import evaluate, rows_of
from starcast.engines.expression.kinds import TIME
from starcast.engines.expression.rewrite import without_dropout
from starcast.engines.expression.times import at_times, without_times
from starcast.engines.pools import pooled_once
from starcast.engines.protocol import Scores, Weights
from starcast.engines.rows import SparseRows
from starcast.scoring.expressions import ExpressionScorer

_AT_ONCE = 8192  # pairs


def network_scorer(
    network: Expression, weights: Weights, histories: SparseRows
) -> ExpressionScorer:
    """The scores of any network.

    Args:
        network: as it is trained.
        weights: as trained.
        histories: who rated what in training, by user: what it pools.
    Raises: ConfigError: it is no network, or these are not its weights.
    """
    alone, own = pooled_once(network, weights, histories)
    if any(part.kind == TIME for part in alone.parts()):
        return TimedExpressionScorer(alone, own)
    return ExpressionScorer(alone, own)


@final
class TimedExpressionScorer(ExpressionScorer):
    """The scores of an expression that knows of times; see `engines.expression.times`.

    Args:
        network, weights: as of the `ExpressionScorer`.
    """

    def __init__(self, network: Expression, weights: Weights) -> None:
        self._whole = without_dropout(network)
        untimed = {name: one for name, one in weights.items() if name != "time_scale"}
        super().__init__(without_times(network), untimed)
        self._timed = {**self._weights, "time_scale": weights["time_scale"]}

    @np.errstate(over="ignore", invalid="ignore")
    def score_at(self, user_rows: Rows, item_rows: Rows, timestamps: NDArray[np.int64]) -> Scores:
        """Raw scores of n pairs at times; float32 (n,), stars."""
        scores = np.empty(len(user_rows), np.float32)
        for start in range(0, len(scores), _AT_ONCE):
            block = slice(start, start + _AT_ONCE)
            scores[block] = self._at(user_rows[block], item_rows[block], timestamps[block])
        return scores

    def _at(self, user_rows: Rows, item_rows: Rows, timestamps: NDArray[np.int64]) -> Scores:
        parts, weights = self._whole.parts(), self._timed
        values = rows_of(self._whole, weights, user_rows, item_rows)
        when = at_times(weights, user_rows, timestamps)
        values |= {part: when for part in parts if part.kind == TIME}
        evaluate(parts, weights, values)
        return np.asarray(np.broadcast_to(values[self._whole], len(user_rows)), np.float32)
