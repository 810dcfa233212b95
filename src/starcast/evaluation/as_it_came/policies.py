"""What keeps up with feedback, and how: never, folded in, updated, trained anew.

A policy is asked for predictions and lists at places of a stream. Whatever it learns it takes from
`Stream.n_known`, so that none sees the moment that it is asked about, or what comes after.
"""

from collections.abc import Iterator
from typing import NamedTuple, Protocol, final

import numpy as np

from starcast.artifacts.artifact import Artifact
from starcast.artifacts.updating import update
from starcast.data.split import SplitPlan
from starcast.engines.protocol import FoldingScorer
from starcast.engines.settings import Settings
from starcast.evaluation.as_it_came.stream import Places, Stream
from starcast.evaluation.by_ids import Answers, ByIds, Lists
from starcast.recommend import FoldedInUser
from starcast.training.plan import Recipe, train_all

_UNSEEN, _FEWEST = 0.001, 20  # a split needs some test rows: nobody learns from these


class Policy(Protocol):
    """Keeps a model up with feedback.

    Attributes:
        name: for tables.
        every: seconds of the data's time between two times that it learns; 0 if it never does, or
            always.
    """

    name: str
    every: int

    def learn(self, n_known: int) -> bool:
        """Take in the oldest ratings, so many in all; whether there was anything to learn."""
        ...

    def answers(self, places: Places) -> Answers:
        """Stars for the ratings at some places."""
        ...

    def lists(self, places: Places, k: int) -> Lists:
        """int32 (n, k), rows of all items, for the users at some places; -1 where none are left."""
        ...


class Trainer(NamedTuple):
    """Trains a model on the oldest ratings of a stream."""

    stream: Stream
    model: str
    settings: Settings
    seed: int

    def train(self, n_known: int) -> Artifact:
        """On so many; parts of rows follow from their ids alone, and stay as there are more."""
        rows = self.stream.between(0, n_known)
        share = max(_UNSEEN, min(0.2, _FEWEST / len(self.stream)))
        split = SplitPlan("hash", test=share, seed=self.seed).divide(rows)
        return train_all(split, {self.model: self.settings}, Recipe(self.seed))[self.model]


class Fixed:
    """A model that stays as it is, and answers for itself."""

    name, every = "never updated", 0

    def __init__(self, stream: Stream, artifact: Artifact) -> None:
        self._stream = stream
        self._take(artifact)

    def learn(self, n_known: int) -> bool:
        """Nothing."""
        return False

    def answers(self, places: Places) -> Answers:
        """By the model; by damped means where it does not know the user or the item."""
        return self._model.answers(self._stream.user_ids(places), self._stream.item_ids(places))

    def lists(self, places: Places, k: int) -> Lists:
        """The model's, less what it knows that the user has rated."""
        return self._model.lists(self._stream.user_ids(places), k)

    def _take(self, artifact: Artifact) -> None:
        self._artifact, self._model = artifact, ByIds(artifact, self._stream.ratings)


@final
class Updated(Fixed):
    """A model that takes in later ratings by `update`."""

    def __init__(self, stream: Stream, artifact: Artifact, n_known: int, every: int) -> None:
        super().__init__(stream, artifact)
        self.name, self.every, self._n_known = "updated", every, n_known

    def learn(self, n_known: int) -> bool:
        """Update by what is known since."""
        if n_known <= self._n_known:
            return False
        self._take(update(self._artifact, self._stream.between(self._n_known, n_known)).artifact)
        self._n_known = n_known
        return True


@final
class Retrained(Fixed):
    """A model that is trained anew on all that is known."""

    def __init__(self, trainer: Trainer, artifact: Artifact, n_known: int, every: int) -> None:
        super().__init__(trainer.stream, artifact)
        self.name, self.every, self._n_known = "trained anew", every, n_known
        self._trainer = trainer

    def learn(self, n_known: int) -> bool:
        """Train on all that is known."""
        if n_known <= self._n_known:
            return False
        self._take(self._trainer.train(n_known))
        self._n_known = n_known
        return True


@final
class FoldedIn(Fixed):
    """A model that stays as it is, into which people are folded by all that is known of them."""

    name, every = "folded in", 0

    def answers(self, places: Places) -> Answers:
        """Of a person; by damped means where nothing is known of them, or of the item."""
        stars, is_strange = super().answers(places)
        items = self._model.known.items.find(self._stream.item_ids(places))
        for person, at in self._people(places):
            known = at[items[at] >= 0]
            if len(known):
                stars[known] = person.predict(self._stream.item_ids(places[known]))
                is_strange[known] = False
        return Answers(stars, is_strange)

    def lists(self, places: Places, k: int) -> Lists:
        """Of a person; else as of a model that stays as it is."""
        found = super().lists(places, k)
        for person, at in self._people(places):
            found[at] = self._model.row_of(person.recommend(k), k)
        return found

    def _people(self, places: Places) -> Iterator[tuple[FoldedInUser, Places]]:
        """Who asks, folded in as they are known at that moment, and at which of the places."""
        items = self._model.known.items
        own = [self._stream.own_known(int(place)) for place in places]
        keys = [(int(self._stream.user_rows[p]), len(o)) for p, o in zip(places, own, strict=True)]
        by_key: dict[tuple[int, int], list[int]] = {}
        for at, key in enumerate(keys):
            by_key.setdefault(key, []).append(at)
        for of_key in by_key.values():
            rated = own[of_key[0]]
            ids = self._stream.item_ids(rated)
            is_known = items.find(ids) >= 0 if len(ids) else np.zeros(0, bool)
            if is_known.any():
                stars = self._stream.stars[rated[is_known]]
                yield self._model.recommender.fold_in(ids[is_known], stars), np.array(of_key)


def folds(artifact: Artifact) -> bool:
    """Whether people can be folded into a model."""
    return isinstance(artifact.scorer, FoldingScorer)
