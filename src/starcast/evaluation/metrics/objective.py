"""What a model is for, and which of two epochs is the better one by it."""

import math
from collections.abc import Mapping
from typing import NamedTuple, final

from starcast.evaluation.list_size import LIST_SIZE

Quality = Mapping[str, float]
"""Figures of some rows by metric name, such as {"rmse": 0.85, "mae": 0.67, "accuracy": 0.42}."""

NDCG, RECALL = LIST_METRICS = f"ndcg@{LIST_SIZE}", f"recall@{LIST_SIZE}"

TITLES: Mapping[str, str] = {
    "rmse": "RMSE",
    "mae": "MAE",
    "accuracy": "accuracy",
    NDCG: NDCG.upper(),
    RECALL: RECALL.capitalize(),
}
"""How the figures of a `Quality` are headed in tables and charts."""


@final
class Objective(NamedTuple):
    """What a model is trained, stopped and judged by.

    Attributes:
        name: "stars" where ratings are predicted, "lists" where items are ranked.
        metric: the figure that decides, a key of `Quality`.
        lower_is_better: whether a lower figure is the better one.
    """

    name: str
    metric: str
    lower_is_better: bool

    def loss(self, quality: Quality) -> float:
        """The deciding figure, turned so that lower is better; NaN stays NaN.

        >>> STARS.loss({"rmse": 0.9}), LISTS.loss({"ndcg@10": 0.3})
        (0.9, -0.3)
        """
        figure = quality[self.metric]
        return figure if self.lower_is_better else -figure

    def is_finite(self, quality: Quality) -> bool:
        """Whether the deciding figure is a number."""
        return math.isfinite(quality[self.metric])


STARS = Objective("stars", "rmse", lower_is_better=True)
LISTS = Objective("lists", NDCG, lower_is_better=False)
