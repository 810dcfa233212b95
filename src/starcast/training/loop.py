"""The one loop: epochs, validation, early stopping, best weights. It knows no files, no models."""

import math
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass
from typing import NamedTuple, Protocol, final

from starcast.engines.convergence import Convergence
from starcast.engines.protocol import Engine, Weights
from starcast.errors import InterruptedTrainingError, TrainingError
from starcast.evaluation.metrics import Objective, Quality
from starcast.training.outcome import Arrays, Outcome, outcome_of


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


class Keeper(Protocol):
    """Keeps what a run needs to go on, should it be ended before its time."""

    def go_on(self, outcome: Outcome) -> Sequence[EpochRecord]:
        """Put the run where an earlier one was ended; the history so far, if there was one."""
        ...

    def undisturbed(self) -> AbstractContextManager[object]:
        """In this context an epoch is run to its end."""
        ...

    def reached(self, outcome: Outcome, history: Sequence[EpochRecord], *, is_last: bool) -> None:
        """An epoch has ended, perhaps the last."""
        ...

    def give_up(self) -> None:
        """Nobody would want to go on."""
        ...


@final
class Unkept:
    """Keeps nothing."""

    def go_on(self, outcome: Outcome) -> Sequence[EpochRecord]:
        """There was no earlier run."""
        return ()

    def undisturbed(self) -> AbstractContextManager[object]:
        """It may be disturbed."""
        return nullcontext()

    def reached(self, outcome: Outcome, history: Sequence[EpochRecord], *, is_last: bool) -> None:
        """So it has."""

    def give_up(self) -> None:
        """Nothing is kept."""


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
        convergence: whether a sampler's chains agree; None of another engine.
    """

    weights: Arrays
    best_epoch: int
    history: tuple[EpochRecord, ...]
    broken_off: str
    convergence: Convergence | None = None


_UNKEPT = Unkept()
_NO_NUMBER, _ADVICE = "the loss is no longer a number", "try a smaller learning rate"


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
    keeper: Keeper = _UNKEPT,
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
        keeper: puts the run where an earlier one was ended, and keeps what the next would need.
    Raises: TrainingError, InterruptedTrainingError: it broke off before any epoch was good.
    Source: Polyak & Juditsky 1992 (averaging), with exponential weights.
    """
    audience, outcome = _CompositeObserver(observers), outcome_of(engine, averaging, objective)
    epochs = outcome.most_epochs if epochs is None else min(epochs, outcome.most_epochs)
    history = list(keeper.go_on(outcome))
    if warm and not history:
        first, share = outcome.candidate()
        outcome.offer(0, first, validate(first, share)[1])
    broken_off, failure = "", TrainingError

    def is_over() -> bool:
        is_stale = len(history) - outcome.epoch >= patience
        return len(history) >= epochs or is_stale or outcome.is_done

    try:
        audience.started(epochs)
        while not is_over():
            with keeper.undisturbed():
                epoch = len(history) + 1
                record, weights = _run_epoch(engine, outcome, validate, epoch, stars_per_unit)
                if not _is_finite(record, objective):
                    broken_off = f"{_NO_NUMBER} in epoch {epoch} ({_ADVICE})"
                    keeper.give_up()
                    break
                history.append(record)
                is_best = outcome.offer(epoch, weights, record.validation)
                audience.epoch(record, weights, is_best)
                keeper.reached(outcome, history, is_last=is_over())
    except KeyboardInterrupt as interrupt:
        broken_off = f"{str(interrupt) or 'interrupted'} in epoch {len(history) + 1}"
        failure = InterruptedTrainingError
    except OSError as error:  # an observer that cannot write must not cost the weights
        broken_off = f"epoch {len(history)} could not be recorded ({error.strerror or error})"
    finally:
        audience.ended()
    if outcome.weights is None:
        raise failure(f"{broken_off}: nothing was learned")
    return Trained(outcome.weights, outcome.epoch, tuple(history), broken_off, outcome.convergence)


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


def _is_finite(record: EpochRecord, objective: Objective) -> bool:
    judged = [quality for quality in (record.train, record.validation) if quality]
    return math.isfinite(record.loss) and all(map(objective.is_finite, judged))


def _run_epoch(
    engine: Engine, outcome: Outcome, validate: Validate, epoch: int, unit: float
) -> tuple[EpochRecord, Arrays]:
    """One epoch's record, and the weights that were validated after it."""
    started = time.perf_counter()
    loss, training_error = engine.run_epoch()
    seconds = time.perf_counter() - started
    weights, share = outcome.candidate()
    quality = validate(weights, share)
    loss, training_error = unit * unit * loss, unit * training_error
    return EpochRecord(epoch, loss, training_error, *quality, seconds), weights
