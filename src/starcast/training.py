"""The one loop: epochs, validation, early stopping, best weights. It knows no files, no models."""

import math
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import NamedTuple, Protocol, final

import numpy as np
from numpy.typing import NDArray

from starcast.engine import Engine, Weights
from starcast.errors import TrainingError


class Quality(NamedTuple):
    """How well weights predict some rows: RMSE and MAE in stars, share of exact stars."""

    rmse: float
    mae: float
    accuracy: float


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
Validate = Callable[[Weights], tuple[Quality, Quality | None]]


@final
@dataclass(frozen=True)
class Trained:
    """What a run left.

    Attributes:
        weights: of the best epoch.
        best_epoch: counted from 1; 0 if the first weights were never improved upon.
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
    epochs: int,
    patience: int,
    averaging: float = 0.0,
    observers: Sequence[Observer] = (),
    warm: bool = False,
) -> Trained:
    """Train until validation stops improving, and keep the best weights.

    Without validation rows (a refit) every epoch runs and the last weights are kept. A loss that is
    no number and Ctrl-C end the run early with the best weights so far.

    Args:
        engine: the model to train.
        validate: weights to their quality on training and validation rows.
        epochs: upper bound.
        patience: epochs without a better validation RMSE before stopping.
        averaging: β; epoch t validates and keeps w̄_t = β·w̄_(t-1) + (1-β)·w_t.
        observers: told of every epoch.
        warm: the first weights are worth keeping: they compete as epoch 0 and start the average.
    Raises: TrainingError: the run broke off before any epoch was good.
    Source: Polyak & Juditsky 1992 (averaging), with exponential weights.
    """
    audience, best = _Audience(observers), _Best()
    average = None
    if warm:
        average = engine.weights()
        best.offer(0, average, validate(average)[1])
    history: list[EpochRecord] = []
    broken_off = ""
    try:
        audience.started(epochs)
        for epoch in range(1, epochs + 1):
            record, average = _run_epoch(engine, validate, epoch, average, averaging)
            if not _is_finite(record):
                broken_off = (
                    f"the loss is no longer a number in epoch {epoch} (try a smaller learning rate)"
                )
                break
            history.append(record)
            is_best = best.offer(epoch, average, record.validation)
            audience.epoch(record, average, is_best)
            if epoch - best.epoch >= patience:
                break
    except KeyboardInterrupt:
        broken_off = f"interrupted in epoch {len(history) + 1}"
    except OSError as error:  # an observer that cannot write must not cost the weights
        broken_off = f"epoch {len(history)} could not be recorded ({error.strerror or error})"
    finally:
        audience.ended()
    if best.weights is None:
        raise TrainingError(f"{broken_off}: nothing was learned")
    return Trained(best.weights, best.epoch, tuple(history), broken_off)


@final
class _Audience:
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

    def __init__(self) -> None:
        self.epoch, self.rmse = 0, math.inf
        self.weights: Arrays | None = None

    def offer(self, epoch: int, weights: Arrays, validation: Quality | None) -> bool:
        """Take the weights if they are better; whether they were."""
        rmse = validation.rmse if validation else -epoch
        if not rmse < self.rmse:
            return False
        self.epoch, self.rmse, self.weights = epoch, rmse, weights
        return True


def _is_finite(record: EpochRecord) -> bool:
    validation = record.validation.rmse if record.validation else 0.0
    return math.isfinite(record.loss + record.train.rmse + validation)


def _run_epoch(
    engine: Engine, validate: Validate, epoch: int, average: Arrays | None, averaging: float
) -> tuple[EpochRecord, Arrays]:
    """One epoch's record, and the running average of the weights after it."""
    started = time.perf_counter()
    loss, training_error = engine.run_epoch()
    seconds = time.perf_counter() - started
    weights = engine.weights()
    if average is not None and averaging:
        weights = {
            # a sum of arrays without axes is a scalar, no array
            name: np.asarray(averaging * average[name] + (1 - averaging) * now)
            for name, now in weights.items()
        }
    return EpochRecord(epoch, loss, training_error, *validate(weights), seconds), weights
