"""What every engine offers the loop, and every scorer the recommender."""

from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from starcast.data.columns import counts_of
from starcast.data.ids import Rows
from starcast.data.ratings import Ratings
from starcast.engines.expression import Expression
from starcast.engines.state import State

Weights = Mapping[str, NDArray[np.float32]]
"""A model as named float32 arrays: what is trained, saved, warm-started and scored."""

Scores = NDArray[np.float32]


class EpochLoss(NamedTuple):
    """One epoch over the training rows, as seen while the weights were moving.

    Attributes:
        loss: mean over the rows of half the squared error plus the penalty, in stars squared.
        training_error: root of the mean squared error, in stars.
    """

    loss: float
    training_error: float


class Engine(Protocol):
    """A model being trained. It knows rows and arrays, no ids, files or metrics."""

    def run_epoch(self) -> EpochLoss:
        """Visit every training row once and update the weights."""
        ...

    def weights(self) -> dict[str, NDArray[np.float32]]:
        """A copy of the weights by name, ready to be saved or scored."""
        ...

    def load(self, weights: Weights) -> None:
        """Take weights back, as `weights()` gave them; optimizer state starts anew."""
        ...


class Resumable(Protocol):
    """What can be left, and gone on with by another process, bit for bit."""

    def state(self) -> State:
        """A copy of all that what follows depends on, beside what it was made of."""
        ...

    def restore(self, state: State) -> None:
        """Go on, freshly made of the same, from where another gave its state.

        Raises: ValueError: it is no such state, with what differs; then it is of no use any more.
        """
        ...


@runtime_checkable
class ResumableEngine(Engine, Resumable, Protocol):
    """An engine that can be left between two epochs: with weights, moments, counts, random numbers,
    draws in its state; all else follows from the settings, the training rows and the seed.

    Runs of an engine that is none are not kept while they are under way.
    """


class Scorer(Protocol):
    """The deployed form of a model: NumPy in, raw scores in stars out, not yet clipped."""

    def score_pairs(self, user_rows: Rows, item_rows: Rows) -> Scores:
        """float32 (n,) for int32 (n,) users and items."""
        ...

    def score_all(self, user_rows: Rows) -> Scores:
        """float32 (n, n_items) for int32 (n,) users: every item in the catalogue."""
        ...

    def score_user(self, user_row: int) -> Scores:
        """float32 (n_items,) for one user, without the wait for compiled code to be loaded."""
        ...


@runtime_checkable
class UncertainScorer(Scorer, Protocol):
    """A scorer that knows how far ratings lie from its scores."""

    def predictive_std(self, user_rows: Rows, item_rows: Rows) -> Scores:
        """float32 (n,), standard deviation of the rating of each pair about its score, stars."""
        ...


@runtime_checkable
class DistributedScorer(Scorer, Protocol):
    """A scorer that knows how likely every rating is."""

    def chances_below(
        self, user_rows: Rows, item_rows: Rows, marks: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """float64 (n, n_marks), the chance that the rating of each pair lies below each mark, for
        marks in stars, ascending, that lie between two ratings; whenever it is made."""
        ...


@runtime_checkable
class TimedScorer(Scorer, Protocol):
    """A scorer that may know of times: tastes drift, and people have their days."""

    def score_at(self, user_rows: Rows, item_rows: Rows, timestamps: NDArray[np.int64]) -> Scores:
        """float32 (n,) for int32 (n,) users and items at int64 (n,) times; what is not known of a
        time is left out, down to `score_pairs`."""
        ...


class Folded(Protocol):
    """A person whom a model knows by ratings alone: no table of weights has a row for them."""

    def score_all(self) -> Scores:
        """float32 (n_items,), raw scores in stars: every item in the catalogue."""
        ...

    def score_items(self, item_rows: Rows) -> Scores:
        """float32 (n,), raw scores in stars of int32 (n,) items."""
        ...

    def effects(self, item_rows: Rows) -> Scores:
        """float32 (n, n_ratings), stars by which each of the person's ratings moves each score."""
        ...


@runtime_checkable
class FoldingScorer(Scorer, Protocol):
    """A scorer that takes in people it was not trained on, and leaves its weights as they are."""

    def fold_in(self, item_rows: Rows, stars: Scores, residual_rmse: float) -> Folded:
        """A person from int32 (n,) items, each once, and float32 (n,) stars; n may be 0.

        `residual_rmse` is how far ratings lie from scores that have not seen them, in stars;
        models that know it themselves need not look at it.
        """
        ...


@runtime_checkable
class ListScorer(Scorer, Protocol):
    """A scorer of a model made for lists: besides stars it scores how likely an item is picked."""

    def list_all(self, user_rows: Rows) -> Scores:
        """float32 (n, n_items) for int32 (n,) users; higher is better, and no stars."""
        ...

    def list_user(self, user_row: int) -> Scores:
        """float32 (n_items,) for one user, without the wait for compiled code to be loaded."""
        ...


@runtime_checkable
class ListFolded(Folded, Protocol):
    """A person whom such a model knows by ratings alone."""

    def list_all(self) -> Scores:
        """float32 (n_items,); higher is better, and no stars."""
        ...

    def list_effects(self, item_rows: Rows) -> Scores:
        """float32 (n, n_ratings), what each of the person's ratings adds to the score of each."""
        ...


@runtime_checkable
class LikenessScorer(Scorer, Protocol):
    """A scorer that knows which items are alike."""

    def likeness(self, item_row: int) -> Scores:
        """float32 (n_items,), in [-1, 1] for every item, NaN where the model knows nothing."""
        ...


class Expressed(NamedTuple):
    """Scores as an expression, and the weights by the names it knows them by."""

    expression: Expression
    weights: Weights


@runtime_checkable
class ExpressedScorer(Scorer, Protocol):
    """A scorer whose scores are a fixed expression of what it holds of a user and of an item."""

    def expressed(self) -> Expressed:
        """Raw scores of pairs as an expression, users and items without ratings seen to."""
        ...


def score_ratings(scorer: Scorer, ratings: Ratings) -> Scores:
    """Raw scores of the pairs of ratings, at their times where these are known and of use.

    Returns: float32 (n,), stars.
    """
    users, items, when = ratings.user_rows, ratings.item_rows, ratings.timestamps
    if when is not None and isinstance(scorer, TimedScorer):
        return scorer.score_at(users, items, when)
    return scorer.score_pairs(users, items)


def check_shapes(given: Weights, wanted: Mapping[str, tuple[int, ...]]) -> str:
    """What differs between given weights and the shapes a model has; "" when nothing does.

    >>> check_shapes({"a": np.zeros((2, 8), np.float32)}, {"a": (2, 16)})
    "'a' is (2, 8), wanted (2, 16)"
    """
    differences = [
        f"'{name}' is {given[name].shape if name in given else 'missing'}, wanted {shape}"
        for name, shape in wanted.items()
        if name not in given or given[name].shape != shape
    ]
    differences += [f"'{name}' is not part of this model" for name in given if name not in wanted]
    return "; ".join(differences)


def seen_rows(rows: Rows, n: int) -> NDArray[Any]:
    """bool (n,), whether a row occurs among the training rows at all."""
    return counts_of(rows, n) > 0
