"""Where new items, which a model does not know, stand in the lists that it makes."""

from collections.abc import Sequence
from typing import Any, NamedTuple, final

import numpy as np

from starcast.data.scale import RatingScale
from starcast.data.store.records import Id

_SHARE = 5  # of the places of a list at most one in so many is a new item's
_TINY = 1e-9  # stars, for rounding


@final
class NewItem(NamedTuple):
    """An item that the store knows and the model does not, and stars that it may be given."""

    id: Id
    title: str
    stars: float


@final
class NewForPerson(NamedTuple):
    """New items for a person, best first, and the stars that they give to the average item."""

    items: Sequence[NewItem]
    average: float

    def places(self, stars: Sequence[float], k: int) -> dict[int, NewItem]:
        """Where new items stand in a list: places in the list as it shall be.

        Each comes after the last item that is predicted as many stars or more; at most one in five
        is new. Where none would come in, the best takes the last place of a list of five or more,
        unless it is worth less than the average item: nobody can rate what nobody sees. Where the
        list is short of k, new ones fill it.

        Args:
            stars: predicted for the items that the model lists, in their order; at most k.
            k: length of the list.
        """
        placed: dict[int, NewItem] = {}
        for one in self.items[: max(k // _SHARE, k - len(stars))]:
            before = max((at + 1 for at, own in enumerate(stars) if own >= one.stars), default=0)
            placed[before + len(placed)] = one
        inside = {at: one for at, one in placed.items() if at < k}
        if (
            not inside
            and k >= _SHARE
            and self.items
            and self.items[0].stars >= self.average - _TINY
        ):
            inside = {k - 1: self.items[0]}
        return inside

    def among(self, told: list[dict[str, Any]], k: int, scale: RatingScale) -> list[dict[str, Any]]:
        """A list as it is answered, with the new items in their places.

        Args:
            told: the items of the model, as they are answered; at most k.
            k: length of the list.
            scale: the stars that exist.
        """
        listed = list(told)
        for at, one in sorted(self.places([own["stars"] for own in told], k).items()):
            stars = round(float(scale.clip(np.array([one.stars]))[0]), 4)
            fresh: dict[str, Any] = {
                "item": one.id,
                "title": one.title,
                "stars": stars,
                "reasons": [],
            }
            listed.insert(at, {**fresh, "new": True})
        return listed[:k]


NOTHING_NEW = NewForPerson((), 0.0)
