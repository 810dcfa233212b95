"""An observer of a sampler's chains: what is traced of each, for TensorBoard."""

import math
from pathlib import Path
from typing import final

from starcast.engines.protocol import Weights
from starcast.engines.sampler import TracedSampler
from starcast.training.loop import EpochRecord
from starcast.training.run_files import RunFiles


@final
class ChainObserver:
    """The figures of every chain after every sweep; at the end R̂ and effective draws of each.

    Chains go to a run each, `chain-1` and so on, so that TensorBoard draws them in one chart per
    figure; what they say together goes to `chains`.

    Args:
        folder: of the training run.
        sampler: that is trained.
    """

    def __init__(self, folder: Path, sampler: TracedSampler) -> None:
        self._folder, self._sampler, self._sweep = folder, sampler, 0
        self._runs: dict[str, RunFiles] = {}

    def started(self, n_epochs: int) -> None:
        """Nothing yet."""

    def epoch(self, record: EpochRecord, weights: Weights, is_best: bool) -> None:
        """Write what is traced of the sweep."""
        self._sweep = record.epoch
        for name, figures in self._sampler.latest_figures().items():
            for number, value in enumerate(figures, start=1):
                self._write(f"chain-{number}", f"chains/{name}", value)

    def ended(self) -> None:
        """Write what all sweeps after burn-in say."""
        try:
            told = self._sampler.convergence.figures if self._runs else {}
            for name, diagnosis in told.items():
                for kind, value in diagnosis._asdict().items():
                    self._write("chains", f"{kind}/{name}", value)
        finally:
            for run in self._runs.values():
                run.close()

    def _write(self, run: str, name: str, value: float) -> None:
        if run not in self._runs:
            self._runs[run] = RunFiles(self._folder / run)
        if math.isfinite(value):
            self._runs[run].scalar(name, value, self._sweep)
