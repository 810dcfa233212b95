"""What lists are ordered by: a list model's own scores, or predicted stars and support."""

from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from starcast.data.ids import Rows
from starcast.engines.protocol import Folded, ListFolded, ListScorer, Scorer, Scores


@final
class Ranker:
    """Scores that order items; higher is better, and they are no stars.

    A model made for lists ranks by its own scores. Predicted stars alone put items of few ratings
    on top, which say how much people liked what they picked, not what anybody would pick. They
    rank by stars + γ · ln(1 + n_i), with n_i the training ratings of item i.

    Args:
        scorer: the model.
        support: float32 (n_items,), γ · ln(1 + n_i); None where stars alone count.
        by_stars: rank by predicted stars alone, whatever the model could do.
        size: of a usual score, where one of stars may be near zero by the choice of the scale:
            what scores are alike but for rounding goes by it.
    """

    def __init__(
        self,
        scorer: Scorer,
        support: Scores | None = None,
        *,
        by_stars: bool = False,
        size: float = 0.0,
    ) -> None:
        self.scorer = scorer
        self._lists = scorer if isinstance(scorer, ListScorer) and not by_stars else None
        self.support = None if by_stars else support
        self.size = 0.0 if self._lists else size

    @property
    def by_lists(self) -> bool:
        """Whether lists are ordered by the model's own list scores."""
        return self._lists is not None

    @property
    def by_stars(self) -> bool:
        """Whether lists are ordered by nothing but predicted stars."""
        return self._lists is None and self.support is None

    def rank_all(self, user_rows: Rows) -> Scores:
        """float32 (n, n_items) for int32 (n,) users."""
        if self._lists:
            return self._lists.list_all(user_rows)
        scores = self.scorer.score_all(user_rows)
        return scores if self.support is None else np.add(scores, self.support, out=scores)

    def rank_user(self, user_row: int) -> Scores:
        """float32 (n_items,) for one user, without the wait for compiled code to be loaded."""
        if self._lists:
            return self._lists.list_user(user_row)
        return self._supported(self.scorer.score_user(user_row))

    def rank_folded(self, person: Folded) -> Scores:
        """float32 (n_items,) for a person who was folded in."""
        if self._lists and isinstance(person, ListFolded):
            return person.list_all()
        return self._supported(person.score_all())

    def _supported(self, stars: Scores) -> Scores:
        return stars if self.support is None else stars + self.support


def log_support(n_raters: NDArray[np.integer[Any]]) -> Scores:
    """ln(1 + n_i) of items with n_i training ratings; float32 (n_items,)."""
    return np.asarray(np.log1p(n_raters), np.float32)
