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
from starcast.recommend import FoldedInUser, Recommendation, Rules
from starcast.recommend.remarks import OnRemark
from starcast.scoring.top_lists import Allowed
from starcast.serve.served_model import ServedModel


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
        model: the model.
        person: what the store has of them.
    Attributes:
        user_row: the model's row of the user; -1 where it knows none, or must not.
    """

    def __init__(self, model: ServedModel, person: Person) -> None:
        self.model, self.person, self._recommender = model, person, model.recommender
        self._artifact, self._ratings = model.artifact, model.ratings
        self.user_row = -1 if person.is_erased else row_of(self._ratings.users, person.key)
        rows = np.array([model.item_rows.get(item, -1) for item in person.items], np.int32)
        order = np.argsort(rows, kind="stable")[np.count_nonzero(rows < 0) :]
        self._rows, self._stars = rows[order], person.stars[order]

    @property
    def is_known(self) -> bool:
        """Whether the model or the store know them at all."""
        return self.user_row >= 0 or self.person.is_known

    @cached_property
    def is_as_trained(self) -> bool:
        """Whether the store says nothing of the model's items that the model's data do not."""
        if self.user_row < 0:
            return False
        own = self._own
        rows, stars = self._ratings.item_rows[own], self._ratings.stars[own]
        if not len(rows):
            return not len(self._rows)
        at = np.minimum(rows.searchsorted(self._rows), len(rows) - 1)
        return bool(np.all((rows[at] == self._rows) & (stars[at] == self._stars)))

    @property
    def rated(self) -> tuple[Rows, Scores]:
        """What they have rated of the model's items: int32 (n,) rows, ascending; stars (n,).

        That is what lists may know of the model's data, and over it what the store has.
        """
        had, had_stars = self._had()
        is_old = ~np.isin(had, self._rows, assume_unique=True)
        rows = np.concatenate([had[is_old], self._rows])
        stars = np.concatenate([had_stars[is_old], self._stars])
        order = np.argsort(rows, kind="stable")
        order = order[~np.isnan(stars[order])]  # those that were not taken back
        return rows[order], self._ratings.scale.clip(stars[order])

    @property
    def stars(self) -> Mapping[str, float]:
        """Keys of all items that they have rated to the stars."""
        rows, stars = self.rated
        ids = map(str, self._ratings.items.ids[rows].tolist())
        stored = zip(self.person.items, self.person.stars.tolist(), strict=True)
        current = {item: own for item, own in stored if own == own}  # not taken back
        return dict(zip(ids, stars.tolist(), strict=True)) | current

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
        unseen = self._unseen if exclude_seen and len(self._unseen) else None
        if self.user_row < 0:
            return self._recommender.for_anybody(k, allowed=self._without(unseen, allowed), **told)
        user = self._ratings.users.ids[self.user_row].item()  # of Python's own types: found faster
        return self._recommender.recommend(
            user, k, exclude_seen=exclude_seen, allowed=allowed, left_out=unseen, **told
        )

    def _without(self, rows: Rows | None, allowed: Allowed | None) -> Allowed | None:
        """What lists may name, but for some rows."""
        if rows is None:
            return allowed
        mask = np.ones(self._ratings.n_items, np.bool_) if allowed is None else allowed.copy()
        mask[rows] = False
        return mask

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

    @cached_property
    def _own(self) -> slice:
        """Where the user's rows are in the model's data."""
        users = self._ratings.user_rows
        ends = users.searchsorted(np.array([self.user_row, self.user_row + 1], users.dtype))
        return slice(*ends.tolist())

    @cached_property
    def _unseen(self) -> Rows:
        """Items that they have rated, and that the model does not leave out by itself."""
        return np.setdiff1d(self.rated[0], self._had()[0], assume_unique=True)

    def _had(self) -> tuple[Rows, Scores]:
        """What lists may know of the model's data: item rows, ascending, and stars."""
        if self.user_row < 0:
            return np.empty(0, np.int32), np.empty(0, np.float32)
        own = self._own
        may_know = self._artifact.up_to(VALIDATION)[own]
        return self._ratings.item_rows[own][may_know], self._ratings.stars[own][may_know]


def row_of(vocabulary: Vocabulary, text: str) -> int:
    """The row of a key, -1 where there is none; "042" is not 42 here."""
    return int(rows_of(vocabulary, [text])[0])


def rows_of(vocabulary: Vocabulary, keys: Sequence[str]) -> Rows:
    """The rows of keys, -1 for those that there are none of; int32 (n,)."""
    if not keys:
        return np.empty(0, np.int32)
    rows = vocabulary.find(keys)
    is_same = vocabulary.ids[rows].astype(str) == np.array(keys, np.str_)
    return np.where((rows >= 0) & is_same, rows, -1).astype(np.int32)
