"""Stars as means have them, μ + b_u + b_i: a baseline, and the stars of models made for lists."""

import numpy as np

from starcast.data.ids import Rows
from starcast.engines.expression.bounds import Sizes
from starcast.engines.means import USER_DAMPING
from starcast.engines.protocol import Folded, Scores, Weights
from starcast.engines.rows import SparseRows


class BiasScorer:
    """Predicted stars from the biases of users and items.

    Args:
        mean: μ, stars.
        item_bias: float32 (n_items,), stars.
        user_bias: float32 (n_users,), stars.
    """

    def __init__(self, mean: float, item_bias: Scores, user_bias: Scores) -> None:
        self._mean, self._item_bias, self.user_bias = np.float32(mean), item_bias, user_bias

    def score_pairs(self, user_rows: Rows, item_rows: Rows) -> Scores:
        """μ + b_u + b_i; float32 (n,), stars."""
        scores: Scores = self._mean + self.user_bias[user_rows] + self._item_bias[item_rows]
        return scores

    def score_all(self, user_rows: Rows) -> Scores:
        """The same of every item; float32 (n, n_items), stars."""
        return self.of_users(user_rows)[:, np.newaxis] + self._item_bias

    def of_users(self, user_rows: Rows) -> Scores:
        """μ + b_u; float32 (n,), stars."""
        return np.asarray(self._mean + self.user_bias[user_rows], np.float32)

    def score_user(self, user_row: int) -> Scores:
        """The same of every item for one user; float32 (n_items,), stars."""
        return np.asarray(self.score_all(np.array([user_row], np.int32))[0])

    def fold_in(self, item_rows: Rows, stars: Scores, residual_rmse: float) -> Folded:
        """A person from items (n,) and stars (n,)."""
        return self.by_means(item_rows, stars)

    def by_means(self, item_rows: Rows, stars: Scores) -> "FoldedByMeans":
        """The same: what any model with these stars knows of a person."""
        return FoldedByMeans(float(self._mean), self._item_bias, item_rows, stars)


class MeansScorer(BiasScorer):
    """Predicted stars from the items' biases and from what each user rated.

    Args:
        mean: μ, stars.
        item_bias: float32 (n_items,), stars.
        histories: who rated what in training, by user.
    """

    def __init__(self, mean: float, item_bias: Scores, histories: SparseRows) -> None:
        self.histories = histories
        super().__init__(mean, item_bias, user_biases(np.float32(mean), item_bias, histories))


def user_biases(mean: np.float32, item_bias: Scores, histories: SparseRows) -> Scores:
    """b_u, the damped mean of what a user gave beyond μ + b_i; float32 (n_users,), stars."""
    sums = np.zeros(len(histories))
    for rows, entries in histories.pieces():
        left = histories.values[entries] - mean - item_bias[histories.columns[entries]]
        ends = np.concatenate([[0.0], np.cumsum(left, dtype=np.float64)])
        offsets = histories.offsets[rows.start : rows.stop + 1] - entries.start
        sums[rows] = ends[offsets[1:]] - ends[offsets[:-1]]
    return (sums / (np.diff(histories.offsets) + USER_DAMPING)).astype(np.float32)


class FoldedByMeans:
    """A person of whom the mean of their ratings, less those of the items, is known.

    Args:
        mean: μ, stars.
        item_bias: float32 (n_items,), stars.
        item_rows: int32 (n,), what they rated.
        stars: float32 (n,), with how many stars.
    """

    def __init__(self, mean: float, item_bias: Scores, item_rows: Rows, stars: Scores) -> None:
        self.item_rows = item_rows
        left = stars - mean - item_bias[item_rows].astype(np.float64)
        total, n = float(left.sum()), len(left)
        bias = total / (n + USER_DAMPING)
        self._moved = bias - (total - left) / (n - 1 + USER_DAMPING)
        self._scores = (mean + bias + item_bias).astype(np.float32)

    def score_all(self) -> Scores:
        """Raw stars of every item; float32 (n_items,)."""
        return self._scores.copy()

    def score_items(self, item_rows: Rows) -> Scores:
        """Raw stars; float32 (n,)."""
        return self._scores[item_rows]

    def effects(self, item_rows: Rows) -> Scores:
        """Stars by which each rating moves each prediction, all alike; float32 (n, n_ratings)."""
        return np.tile(self._moved.astype(np.float32), (len(item_rows), 1))


def stars_reach(weights: Weights, sizes: Sizes) -> float:
    """Of stars by means: a user's bias is one of ratings, which are on their scale."""
    return 2 * (sizes.get("mean", sizes.get("interest", 0.0)) + sizes["item_bias"])


def interest_fault(weights: Weights) -> str:
    """What is wrong with `Interest`; "" if nothing is."""
    _, deviation, weight = weights["interest"].tolist()
    is_right = deviation >= 1e-9 and 0 <= weight <= 1e9
    return "" if is_right else "'interest' holds no standard deviation, or no weight of it"


def are_places(values: Scores, n: int) -> bool:
    """Whether floats are all places in something of length n."""
    is_whole = np.all(values == np.floor(values))
    return bool(is_whole and values.min(initial=0) >= 0 and values.max(initial=-1) < n)
