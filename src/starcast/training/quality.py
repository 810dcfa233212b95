"""How well weights do on some rows, epoch by epoch."""

import math
from typing import Any, Protocol, final

import numpy as np
from numpy.typing import NDArray

from starcast.data.columns import AT_ONCE, blocks_of
from starcast.data.ids import Rows
from starcast.data.ratings import Ratings
from starcast.engines.protocol import Scorer, score_ratings
from starcast.engines.rows import SparseRows
from starcast.engines.state import State, check_state, copied, put_back
from starcast.evaluation import metrics
from starcast.evaluation.list_size import LIST_SIZE
from starcast.evaluation.metrics import LISTS, NDCG, RECALL, Objective, Quality
from starcast.scoring.ranker import Ranker
from starcast.scoring.top_lists import top_rows

_MOST_SCORES = 20_000_000  # of users times items, that a list judge asks for at a time


def rating_quality(stars: NDArray[Any], raw: NDArray[Any], rows: Ratings) -> Quality:
    """RMSE and MAE in stars, and the share of exact stars, of raw scores as they would be shown.

    All are NaN where a score is no finite number: clipping would make a rating of an overflow. On
    a fine scale there are no exact stars.
    """
    blocks = list(blocks_of(len(raw), AT_ONCE))
    if len(blocks) > 1:
        found = [rating_quality(stars[one], raw[one], rows) for one in blocks]
        sizes = [one.stop - one.start for one in blocks]
        squares = [quality["rmse"] ** 2 for quality in found]
        told = {
            name: float(np.average([one[name] for one in found], weights=sizes))
            for name in found[0]
        }
        return told | {"rmse": math.sqrt(np.average(squares, weights=sizes))}
    if not np.all(np.isfinite(raw)):
        return {"rmse": math.nan, "mae": math.nan, "accuracy": math.nan}
    shown = rows.scale.clip(raw)
    return {
        "rmse": metrics.rmse(stars, shown),
        "mae": metrics.mae(stars, shown),
        "accuracy": (
            math.nan if rows.scale.is_fine else metrics.accuracy(stars, rows.scale.nearest(shown))
        ),
    }


class Judge(Protocol):
    """Tells how good a scorer is."""

    def __call__(self, scorer: Scorer, share: float) -> Quality:
        """Quality of a scorer, or of the mean over epochs in which it has this share."""
        ...

    def alone(self, scorer: Scorer) -> Quality:
        """Quality of a scorer by itself; the mean over epochs stays as it is."""
        ...

    def state(self) -> State:
        """A copy of what the mean over epochs is so far."""
        ...

    def restore(self, state: State) -> None:
        """Go on from a state. Raises: ValueError."""
        ...


def judge_for(objective: Objective, known: Ratings, rows: Ratings) -> Judge:
    """A judge of rows by what the model is for.

    Args:
        objective: of the model.
        known: the rows that lists leave out.
        rows: the rows that are judged.
    """
    return ListJudge(known, rows) if objective == LISTS else RatingJudge(rows)


@final
class RatingJudge:
    """Rows, and the mean over epochs of their scores."""

    def __init__(self, rows: Ratings) -> None:
        self._rows, self._mean = rows, np.zeros(len(rows), np.float32)

    def __call__(self, scorer: Scorer, share: float) -> Quality:
        """Quality of the mean once a scorer's scores have their share in it."""
        for block in blocks_of(len(self._rows), AT_ONCE) if share else ():
            scores, mean = score_ratings(scorer, self._rows.take(block)), self._mean[block]
            mean[:] = scores if share == 1 else mean + np.float32(share) * (scores - mean)
        return rating_quality(self._rows.stars, self._mean, self._rows)

    def alone(self, scorer: Scorer) -> Quality:
        """Quality of its scores."""
        blocks = blocks_of(len(self._rows), AT_ONCE)
        scores = [score_ratings(scorer, self._rows.take(block)) for block in blocks]
        return rating_quality(self._rows.stars, np.concatenate(scores), self._rows)

    def state(self) -> State:
        """The mean score of each row."""
        return copied({"mean": self._mean})

    def restore(self, state: State) -> None:
        """Go on from a state. Raises: ValueError."""
        self._mean = np.zeros(len(self._rows), np.float32)
        put_back({"mean": self._mean}, state)


@final
class ListJudge:
    """Lists of ten from the whole catalogue against the rows that their users liked.

    A row is liked at or above the mean of its user's rows. Of very many users a sample is judged,
    always the same.

    Args:
        known: rows whose items the lists leave out.
        rows: the rows that are judged.

    Attributes:
        users: int32 (n,), who is judged: those who like anything, or a sample of them.
    """

    def __init__(self, known: Ratings, rows: Ratings) -> None:
        histories = SparseRows.by_user(rows)
        users = np.flatnonzero(np.diff(histories.offsets))  # each likes at least a row
        most = max(1, _MOST_SCORES // max(1, rows.n_items))
        chosen = np.sort(np.random.default_rng(0).permutation(len(users))[:most])
        self.users = users[chosen].astype(np.int32)
        judged = histories.chosen(self.users)
        is_liked = np.zeros(len(judged.columns), bool)
        if len(is_liked):
            is_liked = metrics.at_or_above_mean(judged.row_numbers(), judged.values)
        self._offsets = np.concatenate([[0], np.cumsum(is_liked)])[judged.offsets]
        self._liked = judged.columns[is_liked]
        self._known = SparseRows.by_user(known)

    def __call__(self, scorer: Scorer, share: float) -> Quality:
        """NDCG@k and Recall@k of the scorer's own lists; lists have no mean over epochs."""
        return self.alone(scorer)

    def alone(self, scorer: Scorer) -> Quality:
        """The same."""
        return self.of(Ranker(scorer))

    def state(self) -> State:
        """Nothing."""
        return {}

    def restore(self, state: State) -> None:
        """Go on from nothing."""
        check_state(state, {})

    def of(self, ranker: Ranker) -> Quality:
        """NDCG@k and Recall@k of lists in a ranker's order; NaN where nobody likes anything."""
        lists = top_rows(ranker, self._known, self.users, LIST_SIZE, settle_ties=False)
        return self.of_lists(lists)

    def of_lists(self, lists: Rows) -> Quality:
        """The same of int32 (n, `LIST_SIZE`) item rows, for each of the `users` who are judged."""
        if not len(self.users):
            return {NDCG: math.nan, RECALL: math.nan}
        judged = metrics.ranking_at_k(lists, self._offsets, self._liked)
        return {NDCG: judged.ndcg, RECALL: judged.recall}
