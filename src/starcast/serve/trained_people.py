"""Who answers for people: where there is no store, what trained the model is all that is known."""

import json
from collections.abc import Sequence
from typing import NamedTuple, Protocol, final

import numpy as np

from starcast.data.split import VALIDATION
from starcast.recommend import Rules
from starcast.serve.batching import Answers
from starcast.serve.served_model import ServedModel


@final
class Asked(NamedTuple):
    """What a list shall be.

    Attributes:
        k: its length.
        include_seen: whether it may have what the person has rated.
        reasons: for each item, at most.
        rules: what it may, must and should hold; None for no rules.
        fallback: whether somebody unknown gets anybody's list.
    """

    k: int
    include_seen: bool = False
    reasons: int = 0
    rules: Rules | None = None
    fallback: bool = False


class PeopleAnswered(Protocol):
    """Answers about people, as JSON text, made where they hold nobody up."""

    async def top(self, model: ServedModel, user: str, asked: Asked) -> str:
        """A person's list. Raises: ApiError: nobody knows them."""

    async def own_ratings(self, model: ServedModel, user: str, limit: int) -> str:
        """What a person has rated, highest first. Raises: ApiError: nobody knows them."""

    async def predictions(
        self, model: ServedModel, user: int | str, items: Sequence[int | str]
    ) -> str:
        """Predicted stars, in the order of the items. Raises: ApiError: one is unknown."""


@final
class TrainedPeople(PeopleAnswered):
    """The people that the models were trained on.

    Args:
        answers: makes answers.
    """

    def __init__(self, answers: Answers) -> None:
        self._answers = answers

    async def top(self, model: ServedModel, user: str, asked: Asked) -> str:
        """A person's list."""
        *given, rules, fallback = asked
        known = user in model.ratings.users
        model.usage.ask("user", known=known)
        if fallback and not known:
            return await self._answers.make(_anybodys, model, user, asked.k)
        if rules is None and (kept := model.kept_top(user, *asked[:3])):
            return kept
        is_quick = not asked.reasons and rules is None and model.list_cost.is_quick(asked.k)
        return await self._answers.make(model.top, user, *given, rules, is_quick=is_quick)

    async def own_ratings(self, model: ServedModel, user: str, limit: int) -> str:
        """What a person has rated, as far as the model was allowed to see it."""
        return await self._answers.make(_own_ratings, model, user, limit)

    async def predictions(
        self, model: ServedModel, user: int | str, items: Sequence[int | str]
    ) -> str:
        """Predicted stars."""
        return await self._answers.make(model.predictions, user, items)


def _anybodys(model: ServedModel, user: str, k: int) -> str:
    told = [model.recommended(one, []) for one in model.recommender.for_anybody(k)]
    return model.said(user=user, recommendations=told, fallback=True)


def _own_ratings(model: ServedModel, user: object, limit: int) -> str:
    """What a user rated in training and validation, highest first."""
    known, ratings = model.known_user(user), model.ratings
    ends = ratings.user_rows.searchsorted(np.array([0, 1], np.int32) + ratings.users.row(known))
    own = np.arange(*ends)
    own = own[model.artifact.up_to(VALIDATION)[own]]
    own = own[np.argsort(-ratings.stars[own], kind="stable")][:limit]
    given = zip(ratings.item_rows[own].tolist(), ratings.stars[own].tolist(), strict=True)
    told = [{**model.at(item), "stars": round(stars, 4)} for item, stars in given]
    return json.dumps({"user": known, "ratings": told})
