"""The one loop: epochs, validation, early stopping, best weights. It knows no files, no models."""

import math
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import NamedTuple, Protocol, final

import numpy as np
from numpy.typing import NDArray

from starcast.engines.protocol import Engine, Sampler, Weights
from starcast.errors import TrainingError
from starcast.evaluation.metrics import Objective, Quality


class EpochRecord(NamedTuple):
    """One line of a training history.

    Attributes:
        epoch: counted from 1.
        loss: mean objective per training row.
        training_error: RMSE over the training rows while the weights were moving, stars.
        train: quality on (a sample of) the training rows after the epoch.
        validation: quality on the validation rows, if there are any, after the epoch.
        seconds: the epoch took, validation left out.
    """

    epoch: int
    loss: float
    training_error: float
    train: Quality
    validation: Quality | None
    seconds: float


class Observer(Protocol):
    """Sees training go by."""

    def started(self, n_epochs: int) -> None:
        """At most `n_epochs` are about to run."""
        ...

    def epoch(self, record: EpochRecord, weights: Weights, is_best: bool) -> None:
        """An epoch has ended."""
        ...

    def ended(self) -> None:
        """No more epochs, for whatever reason."""
        ...


Arrays = dict[str, NDArray[np.float32]]
Validate = Callable[[Weights, float], tuple[Quality, Quality | None]]
"""Weights, and the share of their scores in the mean over epochs, to that mean's quality."""


@final
@dataclass(frozen=True)
class Trained:
    """What a run left.

    Attributes:
        weights: of the best epoch; a sampler's, its kept draws.
        best_epoch: counted from 1; 0 if the first weights were never improved upon. The last of a
            sampler.
        history: one record per epoch.
        broken_off: why the run ended before its time, "" if it did not.
    """

    weights: Arrays
    best_epoch: int
    history: tuple[EpochRecord, ...]
    broken_off: str


def train(
    engine: Engine,
    validate: Validate,
    *,
    objective: Objective,
    epochs: int | None,
    patience: int,
    averaging: float = 0.0,
    stars_per_unit: float = 1.0,
    observers: Sequence[Observer] = (),
    warm: bool = False,
) -> Trained:
    """Train until validation stops improving, and keep the best weights.

    Without validation rows (a refit) every epoch runs and the last weights are kept. A sampler runs
    all its sweeps, as no draw is better than another, and leaves the draws it kept. A loss that is
    no number and Ctrl-C end the run early with the best weights so far.

    Args:
        engine: the model to train.
        validate: weights to their quality on training and validation rows; of a sampler, the
            quality of the mean over the draws so far.
        objective: what decides which epoch is best.
        epochs: upper bound, None for none.
        patience: epochs without a better validation figure before stopping.
        averaging: β; epoch t validates and keeps w̄_t = β·w̄_(t-1) + (1-β)·w_t.
        stars_per_unit: of what the engine tells of its losses.
        observers: told of every epoch.
        warm: the first weights are worth keeping: they compete as epoch 0 and start the average.
    Raises: TrainingError: the run broke off before any epoch was good.
    Source: Polyak & Juditsky 1992 (averaging), with exponential weights.
    """
    audience = _CompositeObserver(observers)
    outcome: _Best | _Sampled = (
        _Sampled(engine) if isinstance(engine, Sampler) else _Best(engine, averaging, objective)
    )
    epochs = outcome.most_epochs if epochs is None else min(epochs, outcome.most_epochs)
    if warm:
        first, share = outcome.candidate()
        outcome.offer(0, first, validate(first, share)[1])
    history: list[EpochRecord] = []
    broken_off = ""
    try:
        audience.started(epochs)
        for epoch in range(1, epochs + 1):
            record, weights = _run_epoch(engine, outcome, validate, epoch, stars_per_unit)
            if not _is_finite(record, objective):
                broken_off = (
                    f"the loss is no longer a number in epoch {epoch} (try a smaller learning rate)"
                )
                break
            history.append(record)
            is_best = outcome.offer(epoch, weights, record.validation)
            audience.epoch(record, weights, is_best)
            if epoch - outcome.epoch >= patience:
                break
    except KeyboardInterrupt:
        broken_off = f"interrupted in epoch {len(history) + 1}"
    except OSError as error:  # an observer that cannot write must not cost the weights
        broken_off = f"epoch {len(history)} could not be recorded ({error.strerror or error})"
    finally:
        audience.ended()
    if outcome.weights is None:
        raise TrainingError(f"{broken_off}: nothing was learned")
    return Trained(outcome.weights, outcome.epoch, tuple(history), broken_off)


@final
class _CompositeObserver:
    """All observers as one."""

    def __init__(self, observers: Sequence[Observer]) -> None:
        self._observers = observers

    def started(self, n_epochs: int) -> None:
        for observer in self._observers:
            observer.started(n_epochs)

    def epoch(self, record: EpochRecord, weights: Weights, is_best: bool) -> None:
        for observer in self._observers:
            observer.epoch(record, weights, is_best)

    def ended(self) -> None:
        for observer in self._observers:
            with suppress(OSError):  # a full disk must not cost the weights
                observer.ended()


@final
class _Best:
    """The best weights so far; without validation rows the latest are the best."""

    def __init__(self, engine: Engine, averaging: float, objective: Objective) -> None:
        self._engine, self._averaging, self._objective = engine, averaging, objective
        self._average: Arrays | None = None
        self.most_epochs, self.epoch, self._loss = sys.maxsize, 0, math.inf
        self.weights: Arrays | None = None

    def candidate(self) -> tuple[Arrays, float]:
        """What to validate after an epoch, the running average of weights; it stands alone."""
        weights, average, beta = self._engine.weights(), self._average, self._averaging
        if average is not None and beta:
            weights = {
                # a sum of arrays without axes is a scalar, no array
                name: np.asarray(beta * average[name] + (1 - beta) * now)
                for name, now in weights.items()
            }
        self._average = weights
        return weights, 1.0

    def offer(self, epoch: int, weights: Arrays, validation: Quality | None) -> bool:
        """Take a candidate if it validates better; whether it did."""
        loss = self._objective.loss(validation) if validation else -epoch
        if not loss < self._loss:
            return False
        self.epoch, self._loss, self.weights = epoch, loss, weights
        return True


@final
class _Sampled:
    """The draws a sampler keeps; each epoch adds to them."""

    def __init__(self, sampler: Sampler) -> None:
        self._sampler, self.most_epochs, self.epoch = sampler, sampler.sweeps, 0
        self._has_any = False

    @property
    def weights(self) -> Arrays | None:
        """The kept draws."""
        return self._sampler.weights() if self._has_any else None

    def candidate(self) -> tuple[Arrays, float]:
        """The latest draws alone: those before them were validated before."""
        return self._sampler.latest(), self._sampler.share

    def offer(self, epoch: int, weights: Arrays, validation: Quality | None) -> bool:
        """More draws are better."""
        self.epoch, self._has_any = epoch, True
        return True


def _is_finite(record: EpochRecord, objective: Objective) -> bool:
    judged = [quality for quality in (record.train, record.validation) if quality]
    return math.isfinite(record.loss) and all(map(objective.is_finite, judged))


def _run_epoch(
    engine: Engine, outcome: _Best | _Sampled, validate: Validate, epoch: int, unit: float
) -> tuple[EpochRecord, Arrays]:
    """One epoch's record, and the weights that were validated after it."""
    started = time.perf_counter()
    loss, training_error = engine.run_epoch()
    seconds = time.perf_counter() - started
    weights, share = outcome.candidate()
    quality = validate(weights, share)
    loss, training_error = unit * unit * loss, unit * training_error
    return EpochRecord(epoch, loss, training_error, *quality, seconds), weights
