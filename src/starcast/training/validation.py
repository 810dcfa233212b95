"""What the loop asks after every epoch: how good weights are on training and validation rows."""

from collections.abc import Callable
from typing import final

import numpy as np
from numpy.typing import NDArray

from starcast.data.ratings import Ratings
from starcast.engines.protocol import Scorer, Weights
from starcast.engines.rows import SparseRows
from starcast.engines.state import State, named_parts, parts_of
from starcast.evaluation.metrics import Objective, Quality
from starcast.training.quality import judge_for

_TRAIN_SAMPLE = 100_000  # training rows scored after each epoch; enough for a curve
_MANY = 100 * _TRAIN_SAMPLE


@final
class Validation:
    """Weights to their quality on (a sample of) the training rows and on validation rows.

    Args:
        scorer: makes one of weights and histories.
        objective: of the model.
        seed: of the sample.
        rows: the training rows.
        validation: the validation rows; None of a refit.
    """

    def __init__(
        self,
        scorer: Callable[[Weights, SparseRows], Scorer],
        objective: Objective,
        seed: int,
        rows: Ratings,
        validation: Ratings | None,
    ) -> None:
        sampled = rows.take(np.sort(_sample(np.random.default_rng(seed), len(rows))))
        self._scorer, self._histories = scorer, SparseRows.by_user(rows)
        self._metric = objective.metric
        self._judges = {"train": judge_for(objective, rows.take(slice(0, 0)), sampled)}
        if validation:
            self._judges["validation"] = judge_for(objective, rows, validation)

    def __call__(self, weights: Weights, share: float) -> tuple[Quality, Quality | None]:
        """Quality of weights, or of the mean over epochs in which their scores have this share."""
        scorer = self._scorer(weights, self._histories)
        found = {name: judge(scorer, share) for name, judge in self._judges.items()}
        return found["train"], found.get("validation")

    def alone(self, weights: Weights) -> float:
        """The deciding figure of weights by themselves, on validation rows."""
        scorer = self._scorer(weights, self._histories)
        return self._judges["validation"].alone(scorer)[self._metric]

    def state(self) -> State:
        """The means over epochs."""
        return named_parts(**{name: judge.state() for name, judge in self._judges.items()})

    def restore(self, state: State) -> None:
        """Go on from a state. Raises: ValueError: it is none."""
        parts = parts_of(state, *self._judges)
        for judge, part in zip(self._judges.values(), parts, strict=True):
            judge.restore(part)


def _sample(rng: np.random.Generator, n: int) -> NDArray[np.int64]:
    """Some of [0, n), each once; of very many without an array of all."""
    if n > _MANY:
        return rng.choice(n, _TRAIN_SAMPLE, replace=False, shuffle=False)
    return rng.permutation(n)[:_TRAIN_SAMPLE]
