"""What a recommender answers with, and how it picks the best of many scores."""

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from starcast.data.ratings import Ratings
from starcast.display import Listing, as_paragraphs
from starcast.engines.protocol import Scores
from starcast.engines.setting_kinds import Whole
from starcast.scoring.top_lists import best

_LONGEST = 2**31 - 1  # items there can be


class Recommendation(NamedTuple):
    """An item for a user: its id, title ("" if unknown) and predicted stars."""

    item_id: object
    title: str
    prediction: float


class Similar(NamedTuple):
    """An item like another: its id, title ("" if unknown) and similarity in [-1, 1]."""

    item_id: object
    title: str
    similarity: float


Unit = Literal["stars", "share"]  # of effects


class Reason(NamedTuple):
    """A rating of the user's own: item id, title, stars, and its effect; see `Explanation`."""

    item_id: object
    title: str
    stars: float
    effect: float


class Explanation(NamedTuple):
    """Why an item is listed where it is, or predicted the stars it is.

    Attributes:
        prediction: the stars that are shown.
        base: what the model would predict if it knew no rating of the user.
        reasons: the user's ratings that matter most, largest |effect| first.
        unit: of effects; "stars" by which a rating moves the prediction, or, of a model made for
            lists, the "share" of a rating in all that lifts and lowers the item in the list.
    """

    prediction: float
    base: float
    reasons: list[Reason]
    unit: Unit = "stars"

    def __repr__(self) -> str:
        return f"{self._summary()}\n{self.reasons!r}"

    def _repr_html_(self) -> str:
        return as_paragraphs([self._summary()]) + Listing(self.reasons)._repr_html_()

    def _summary(self) -> str:
        if self.unit == "share":
            return f"{self.prediction:.2f} stars; effects are shares of what moves it in the list"
        return f"{self.prediction:.2f} stars; {self.base:.2f} if none of the ratings were known"


def check_length(k: int) -> None:
    """Refuse what is no length of a list. Raises: ConfigError."""
    Whole(help="Length of a list", most=_LONGEST).check("k", k)


def listed(ratings: Ratings, rows: NDArray[np.integer[Any]], stars: Scores) -> list[Recommendation]:
    """Items (k,) in their order, with raw stars (k,), clipped to the scale."""
    shown = ratings.scale.clip(stars)
    ids, titles = ratings.items.ids[rows], ratings.titles[rows]
    return Listing(map(Recommendation, ids.tolist(), titles.tolist(), shown.tolist()))


def reasons(
    ratings: Ratings, item_rows: NDArray[np.int32], stars: Scores, effects: Scores, k: int
) -> list[Reason]:
    """The k ratings (n,) with the largest effects, whichever way they pull."""
    chosen = best(np.abs(effects), k)
    rows = item_rows[chosen]
    columns: Sequence[NDArray[np.generic]] = (
        ratings.items.ids[rows], ratings.titles[rows], stars[chosen], effects[chosen],
    )  # fmt: skip
    return Listing(map(Reason, *(column.tolist() for column in columns)))
