"""A person as a model and the store know them together: what they have rated, and their list."""

import math
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import NamedTuple, TypedDict, final

import numpy as np

from starcast.data.ids import Rows, Vocabulary
from starcast.data.split import VALIDATION
from starcast.data.store.records import Person
from starcast.engines.protocol import FoldingScorer, Scores
from starcast.recommend import FoldedInUser, Recommendation, Recommender, Rules
from starcast.recommend.remarks import OnRemark
from starcast.scoring.top_lists import Allowed


class _Told(TypedDict):
    rules: Rules | None
    on_remark: OnRemark


@final
class Wanted(NamedTuple):
    """What a list may, must and should hold.

    Attributes:
        allowed: bool (n_items,), the only items to list; None for any.
        exclude_seen: leave out what the person has rated.
        rules: of filters and the like; None for none.
        on_remark: told what the list lacks of them.
    """

    allowed: Allowed | None
    exclude_seen: bool
    rules: Rules | None
    on_remark: OnRemark


@final
class StoredPerson:
    """What a model makes of a person with the ratings that the store has of them.

    Their ratings are those that trained the model, and over these the store's; of somebody who was
    erased, the store's alone. Where both say the same, the model's own weights for the user answer;
    where the store knows more, the person is folded in.

    Args:
        recommender: of the model.
        person: what the store has of them.
    Attributes:
        user_row: the model's row of the user; -1 where it knows none, or must not.
    """

    def __init__(self, recommender: Recommender, person: Person) -> None:
        self._recommender, self.person = recommender, person
        self._artifact, self._ratings = recommender.artifact, recommender.artifact.split.ratings
        known = -1 if person.is_erased else row_of(self._ratings.users, person.key)
        self.user_row = known

    @property
    def is_known(self) -> bool:
        """Whether the model or the store know them at all."""
        return self.user_row >= 0 or self.person.is_known

    @cached_property
    def is_as_trained(self) -> bool:
        """Whether the store says nothing that the model's data do not."""
        if self.user_row < 0:
            return False
        had = self._had(everything=True)
        return all(
            own is not None and had.get(item) == np.float32(own)
            for item, own in self.person.stars.items()
        )

    @cached_property
    def stars(self) -> Mapping[str, float]:
        """Keys of the items that they have rated to the stars."""
        told = {**self._had(everything=False), **self.person.stars}
        return {item: float(own) for item, own in told.items() if own is not None}

    @cached_property
    def rated(self) -> tuple[Rows, Scores]:
        """Those that the model knows: int32 (n,) rows, ascending; float32 (n,) stars."""
        items, keys = self._ratings.items, list(self.stars)
        rows = rows_of(items, keys)
        order = np.argsort(rows, kind="stable")[np.count_nonzero(rows < 0) :]
        stars = np.array([self.stars[one] for one in keys], np.float32)
        return rows[order], self._ratings.scale.clip(stars[order])

    @cached_property
    def folded(self) -> FoldedInUser | None:
        """The person folded in; None where the model's weights answer, or it folds nobody in."""
        if self.is_as_trained or not isinstance(self._artifact.scorer, FoldingScorer):
            return None
        rows, stars = self.rated
        return self._recommender.fold_in(self._ratings.items.ids[rows], stars)

    def recommend(self, k: int, wanted: "Wanted") -> Sequence[Recommendation]:
        """The k items of the model that suit them best.

        Raises: UnknownNameError, ConfigError: a rule that cannot be obeyed here.
        """
        allowed, exclude_seen, rules, on_remark = wanted
        told: _Told = {"rules": rules, "on_remark": on_remark}
        if self.folded is not None:
            return self.folded.recommend(k, exclude_seen=exclude_seen, allowed=allowed, **told)
        if exclude_seen and len(self.rated[0]):
            n_items = self._ratings.n_items
            allowed = np.ones(n_items, np.bool_) if allowed is None else allowed.copy()
            allowed[self.rated[0]] = False
        if self.user_row < 0:
            return self._recommender.for_anybody(k, allowed=allowed, **told)
        user = self._ratings.users.ids[self.user_row]
        return self._recommender.recommend(
            user, k, exclude_seen=exclude_seen, allowed=allowed, **told
        )

    def predict(self, item: object) -> tuple[float, float]:
        """Stars for an item of the model, and their deviation or NaN.

        Raises: ConfigError: the model does not know the person, and folds nobody in.
        """
        if self.folded is not None:
            return float(self.folded.predict([item])[0]), math.nan
        if self.user_row < 0:
            self._recommender.fold_in([], [])  # which says that it cannot
        pair = self._ratings.users.ids[[self.user_row]], np.array([item])
        stars = self._recommender.predict(*pair)
        return float(stars[0]), float(self._recommender.predictive_std(*pair)[0])

    def _had(self, *, everything: bool) -> dict[str, float | None]:
        """Keys of items to the stars in the model's data: all, or those that lists may know."""
        if self.user_row < 0:
            return {}
        ends = self._ratings.user_rows.searchsorted([self.user_row, self.user_row + 1])
        own = np.arange(*ends)
        if not everything:
            own = own[self._artifact.up_to(VALIDATION)[own]]
        ids = self._ratings.items.ids[self._ratings.item_rows[own]].tolist()
        return dict(zip(map(str, ids), self._ratings.stars[own].tolist(), strict=True))


def row_of(vocabulary: Vocabulary, text: str) -> int:
    """The row of a key, -1 where there is none; "042" is not 42 here."""
    return int(rows_of(vocabulary, [text])[0])


def rows_of(vocabulary: Vocabulary, keys: Sequence[str]) -> Rows:
    """The rows of keys, -1 for those that there are none of; int32 (n,)."""
    if not keys:
        return np.empty(0, np.int32)
    rows = vocabulary.find(np.array(keys, np.str_))
    is_same = vocabulary.ids[rows].astype(str) == np.array(keys, np.str_)
    return np.where((rows >= 0) & is_same, rows, -1).astype(np.int32)
