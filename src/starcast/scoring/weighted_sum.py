"""Several models as one: a weighted sum of their scores."""

import operator
from collections.abc import Iterable, Mapping, Sequence
from functools import reduce
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from starcast.data.ids import Rows
from starcast.engines.expression import Expression
from starcast.engines.expression.rewrite import renamed
from starcast.engines.protocol import (
    Expressed,
    ExpressedScorer,
    Folded,
    FoldingScorer,
    LikenessScorer,
    Scorer,
    Scores,
    TimedScorer,
    Weights,
)
from starcast.errors import ConfigError

Part = tuple[str, Weights]
"""A model's name in the registry, and its weights."""

COEFFICIENTS = "coefficients"


def join(parts: Sequence[Part], own: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[np.float32]]:
    """The weights of a blend: those of its parts as "POSITION/MODEL/NAME", and its own.

    Args:
        parts: of the blend.
        own: how they are mixed, under names without a slash.
    """
    joined = {
        prefix(position, model) + name: array
        for position, (model, weights) in enumerate(parts)
        for name, array in weights.items()
    }
    return joined | {name: np.asarray(array, np.float32) for name, array in own.items()}


def prefix(position: int, model: str) -> str:
    """What the names of a part's weights begin with."""
    return f"{position}/{model}/"


def parts_of(weights: Weights) -> list[Part]:
    """The parts that `join` was given, in order.

    >>> one = ("some-model", {"mean": np.zeros(1, np.float32)})
    >>> [model for model, _ in parts_of(join([one, one], {"coefficients": np.ones(3)}))]
    ['some-model', 'some-model']
    """
    parts: dict[int, tuple[str, dict[str, NDArray[np.float32]]]] = {}
    for whole, array in weights.items():
        if "/" in whole:
            position, model, name = whole.split("/", 2)
            parts.setdefault(int(position), (model, {}))[1][name] = array
    return [parts[position] for position in sorted(parts)]


@final
class BlendScorer:
    """c₀ + Σ cₙ · (raw score of part n).

    Args:
        parts: scorers.
        weights: with "coefficients" (n_parts + 1,), the intercept c₀ first.

    Source: Breiman 1996, eq. 2. Deviation: an intercept.
    """

    def __init__(self, parts: Sequence[Scorer], weights: Weights) -> None:
        self._parts, self._mix = parts, _Mix(weights[COEFFICIENTS])

    def score_pairs(self, user_rows: Rows, item_rows: Rows) -> Scores:
        """Raw scores of n pairs; float32 (n,), stars."""
        return self._mix.scores(part.score_pairs(user_rows, item_rows) for part in self._parts)

    def score_at(self, user_rows: Rows, item_rows: Rows, timestamps: NDArray[np.int64]) -> Scores:
        """Raw scores of n pairs at times, of which some parts may know; float32 (n,), stars."""
        return self._mix.scores(
            part.score_at(user_rows, item_rows, timestamps)
            if isinstance(part, TimedScorer)
            else part.score_pairs(user_rows, item_rows)
            for part in self._parts
        )

    def score_all(self, user_rows: Rows) -> Scores:
        """Raw scores of every item; float32 (n, n_items), stars."""
        return self._mix.scores(part.score_all(user_rows) for part in self._parts)

    def score_user(self, user_row: int) -> Scores:
        """Raw scores of every item for one user; float32 (n_items,), stars."""
        return self._mix.scores(part.score_user(user_row) for part in self._parts)

    def fold_in(self, item_rows: Rows, stars: Scores, residual_rmse: float) -> Folded:
        """A person from ratings (n,) of items (n,), folded into every part.

        Raises: ConfigError: a part folds nobody in.
        """
        folded = []
        for part in self._parts:
            if not isinstance(part, FoldingScorer):
                raise ConfigError(
                    "a part of this blend cannot fold in people it was not trained on"
                )
            folded.append(part.fold_in(item_rows, stars, residual_rmse))
        return _FoldedBlend(folded, self._mix)

    def likeness(self, item_row: int) -> Scores:
        """Mean of the parts' likeness, each counted by the size of its coefficient; (n_items,).

        Raises: ConfigError: a part knows of no likeness.
        """
        each = []
        for part in self._parts:
            if not isinstance(part, LikenessScorer):
                raise ConfigError("a part of this blend does not tell which items are alike")
            each.append(part.likeness(item_row))
        return self._mix.mean(each)

    def expressed(self) -> Expressed:
        """The weighted sum of the parts, whose weights are called "POSITION/NAME".

        Raises: ConfigError: a part is no fixed expression.
        """
        intercept, *slopes = self._mix.coefficients
        terms: list[Expression] = []
        weights: dict[str, NDArray[np.float32]] = {}
        for position, (part, slope) in enumerate(zip(self._parts, slopes, strict=True)):
            if not isinstance(part, ExpressedScorer):
                raise ConfigError("a part of this blend is no fixed expression of its weights")
            expression, own = part.expressed()
            terms.append(renamed(expression, f"{position}/") * float(slope))
            weights |= {f"{position}/{name}": array for name, array in own.items()}
        return Expressed(reduce(operator.add, terms) + float(intercept), weights)


@final
class _Mix:
    """What is made of the parts' arrays, one per part and all of one shape."""

    def __init__(self, coefficients: NDArray[np.float32]) -> None:
        self.coefficients = coefficients
        self._intercept, self._slopes = coefficients[0], coefficients[1:]

    def scores(self, scores: Iterable[Scores]) -> Scores:
        """Scores mixed; of an iterator, one part's are held at a time."""
        return np.asarray(self.effects(scores) + self._intercept)

    def effects(self, effects: Iterable[Scores]) -> Scores:
        """Differences of scores mixed: the intercept is in both."""
        pairs = zip(self._slopes, effects, strict=True)
        return reduce(np.add, (slope * effect for slope, effect in pairs))

    def mean(self, values: Iterable[Scores]) -> Scores:
        """A mean weighted by what the coefficients are, signs aside."""
        shares = np.abs(self._slopes) / np.abs(self._slopes).sum()
        return np.average(list(values), axis=0, weights=shares).astype(np.float32)


@final
class _FoldedBlend:
    """A person folded into every part."""

    def __init__(self, parts: Sequence[Folded], mix: _Mix) -> None:
        self._parts, self._mix = parts, mix

    def score_all(self) -> Scores:
        """Raw scores of every item; float32 (n_items,), stars."""
        return self._mix.scores(part.score_all() for part in self._parts)

    def score_items(self, item_rows: Rows) -> Scores:
        """Raw scores of some items; float32 (n,), stars."""
        return self._mix.scores(part.score_items(item_rows) for part in self._parts)

    def effects(self, item_rows: Rows) -> Scores:
        """What each rating adds to the raw scores of items; float32 (m, n), stars."""
        return self._mix.effects(part.effects(item_rows) for part in self._parts)
