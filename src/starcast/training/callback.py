"""An observer for a program that wants to know of every epoch."""

from collections.abc import Callable
from typing import final

from starcast.engines.protocol import Weights
from starcast.training.loop import EpochRecord

OnEpoch = Callable[[EpochRecord], object]


@final
class CallbackObserver:
    """Hands the records of epochs on, and nothing else."""

    def __init__(self, on_epoch: OnEpoch) -> None:
        self._on_epoch = on_epoch

    def started(self, n_epochs: int) -> None:
        """Say nothing."""

    def epoch(self, record: EpochRecord, weights: Weights, is_best: bool) -> None:
        """Hand the record on."""
        self._on_epoch(record)

    def ended(self) -> None:
        """Say nothing."""
