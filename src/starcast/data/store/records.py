"""What a store holds, as values."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, final

import numpy as np
from numpy.typing import NDArray

Id = int | str


@final
class Rating(NamedTuple):
    """Stars of a user for an item.

    Attributes:
        user, item: ids.
        stars: on the store's scale; None takes the rating back.
        time: seconds since 1970. None is now, and then no stored rating counts as newer.
    """

    user: Id
    item: Id
    stars: float | None
    time: int | None = None


@final
class StoredRating(NamedTuple):
    """What a user has given to an item, and when (seconds since 1970; None where not known)."""

    item: Id
    stars: float
    time: int | None


@final
class Person(NamedTuple):
    """What a store has of a user.

    Attributes:
        key: of the user.
        items: keys of what they have rated, or had.
        stars: float32 (n,), their current stars; NaN where a rating was taken back.
        is_known: whether there is such a user.
        is_erased: whether there was one, who was erased; who comes back is known and erased.
    """

    key: str
    items: tuple[str, ...]
    stars: NDArray[np.float32]
    is_known: bool
    is_erased: bool

    @classmethod
    def nobody(cls, key: str) -> "Person":
        """Somebody whom no store knows."""
        return cls(key, (), np.empty(0, np.float32), is_known=False, is_erased=False)


@final
@dataclass(frozen=True, slots=True)
class Item:
    """What is known of an item beside its ratings.

    Attributes:
        id: of the item.
        title: "" where unknown.
        attributes: name to a number, a truth value, a text or a list of texts.
        hidden: whether no list may have it.
        available_from, available_until: seconds since 1970 in which lists may have it, the first
            included and the last not; None for no bound.
        deleted: whether it was deleted; then nothing else is known of it.
        sequence: the number of its last change.
    """

    id: Id
    title: str = ""
    attributes: Mapping[str, Any] = field(default_factory=dict)
    hidden: bool = False
    available_from: int | None = None
    available_until: int | None = None
    deleted: bool = False
    sequence: int = 0

    def is_listed(self, now: float) -> bool:
        """Whether lists may have it at a time."""
        begun = self.available_from is None or self.available_from <= now
        return begun and not (
            self.hidden
            or self.deleted
            or (self.available_until is not None and self.available_until <= now)
        )


@final
class Outcome(NamedTuple):
    """What became of ratings that were put.

    Attributes:
        new, changed, same: how many there were not before, with other stars or at another time,
            and exactly so.
        older: how many were left alone because a later one is stored.
    """

    new: int = 0
    changed: int = 0
    same: int = 0
    older: int = 0


@final
class Changes(NamedTuple):
    """What came into a store after a sequence number.

    Attributes:
        sequence: the number of the last of them, to ask from the next time.
        ratings: user and rating, in order; stars None where one was taken back.
        items: as they are now.
        erased: digests of people who were erased; see `RatingsStore.is_erased`.
    """

    sequence: int
    ratings: list[Rating]
    items: list[Item]
    erased: list[str]


@final
class News(NamedTuple):
    """What readers of a store have to look at anew.

    Attributes:
        sequence: the number of the last change, to ask from the next time.
        items: that came or changed, as they are now.
        users: keys of those whose ratings changed; None for everybody, as after an erasure.
        has_erased: whether somebody was erased.
    """

    sequence: int
    items: list[Item]
    users: list[str] | None
    has_erased: bool


def total(outcomes: Iterable[Outcome]) -> Outcome:
    """The sum of several.

    >>> total([Outcome(new=1), Outcome(new=1), Outcome(older=1)])
    Outcome(new=2, changed=0, same=0, older=1)
    """
    counted = Counter(outcomes).items()
    return Outcome(*(sum(one[at] * n for one, n in counted) for at in range(len(Outcome._fields))))
