"""An observer that writes to MLflow what TensorBoard is told: settings, and figures of epochs."""

from collections.abc import Mapping
from typing import Any, final

from starcast.engines.protocol import Weights
from starcast.evaluation.metrics import Quality
from starcast.training.loop import EpochRecord
from starcast.training.mlflow_store import MlflowStore


@final
class MlflowObserver:
    """A run in MLflow, from its first epoch on.

    Args:
        store: where to.
        name: of the run.
        settings: hyper-parameters, plain values; those that are None are left out.
        key: that finds the run again.
    Raises (from the loop's calls): OSError: the store cannot be written.
    """

    def __init__(
        self, store: MlflowStore, name: str, settings: Mapping[str, Any], key: str
    ) -> None:
        self._store, self._name, self._settings, self._key = store, name, settings, key
        self._run = ""
        self._best: Quality = {}

    def started(self, n_epochs: int) -> None:
        """Nothing yet: a run that ends before its first epoch has none to show."""

    def epoch(self, record: EpochRecord, weights: Weights, is_best: bool) -> None:
        """Write the figures of an epoch."""
        if not self._run:
            self._run = self._store.begin(self._name, self._settings, self._key)
        figures = {"train/loss": record.loss, "train/training_error": record.training_error}
        for part, quality in (("train", record.train), ("validation", record.validation or {})):
            figures |= {f"{part}/{name}": value for name, value in quality.items()}
        self._store.note(self._run, figures, record.epoch)
        if is_best:
            self._best = record.validation or {}

    def ended(self) -> None:
        """Write the best epoch's figures."""
        if self._run:
            best = {f"best/{name}": value for name, value in self._best.items()}
            self._store.note(self._run, best)
            self._store.end(self._run)
