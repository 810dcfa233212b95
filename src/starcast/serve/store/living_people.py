"""Answers for people who may have rated something a moment ago."""

from collections.abc import Sequence
from typing import final

from starcast.serve.batching import Answers
from starcast.serve.served_model import ServedModel
from starcast.serve.store import lists
from starcast.serve.store.live_store import LiveStore
from starcast.serve.store.people import SeenPerson
from starcast.serve.trained_people import Asked, PeopleAnswered

_MOST_AT_ONCE = 500  # ratings that the event loop compares itself


@final
class LivingPeople(PeopleAnswered):
    """Asks the store for people, and makes their answers where they hold nobody up.

    Args:
        live: the store.
        answers: makes them.
    """

    def __init__(self, live: LiveStore, answers: Answers) -> None:
        self._live, self._answers = live, answers

    async def top(self, model: ServedModel, user: str, asked: Asked) -> str:
        """A person's list. Raises: ApiError: nobody knows them, or the store does not answer."""
        seen = self._live.people.in_memory(user) or await self._live.find(user)
        model.usage.ask("user", known=user in model.ratings.users)
        text = lists.kept_list(model, seen, asked)
        if text is None:
            is_quick = _is_quick(model, seen, asked)
            make = self._answers.make
            text = await make(lists.top, model, seen, asked, is_quick=is_quick)
        self._live.shown(model, seen, text)
        return text

    async def own_ratings(self, model: ServedModel, user: str, limit: int) -> str:
        """What a person has rated. Raises: ApiError: as for `top`."""
        seen = await self._live.find(user)
        return await self._answers.make(lists.own_ratings, model, seen, limit)

    async def predictions(
        self, model: ServedModel, user: int | str, items: Sequence[int | str]
    ) -> str:
        """Predicted stars. Raises: ApiError: as for `top`, or an unknown item."""
        seen = await self._live.find(user)
        return await self._answers.make(lists.predictions, model, seen, items)


def _is_quick(model: ServedModel, seen: SeenPerson, asked: Asked) -> bool:
    """Whether a list comes from the model's own weights for the user, and fast enough."""
    if asked.reasons or asked.rules or model.catalogue.fresh:
        return False
    if not (lists.is_worked_out(model, seen) or len(seen.person.items) <= _MOST_AT_ONCE):
        return False
    return model.list_cost.is_quick(asked.k) and lists.who_is(model, seen).is_as_trained
