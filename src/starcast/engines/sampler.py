"""What an engine offers the loop that draws from a posterior instead of going down a loss."""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from starcast.engines.convergence import Convergence
from starcast.engines.protocol import Engine, Weights


@runtime_checkable
class Sampler(Engine, Protocol):
    """An engine whose epochs draw from a posterior: no draw is best, their mean predicts."""

    @property
    def sweeps(self) -> int:
        """Most epochs that its draws take."""
        ...

    @property
    def share(self) -> float:
        """Of the latest draws in the mean over all kept: 1/n where they are the n-th kept, 0 where
        they are not kept, 1 before any is, when they stand in."""
        ...

    def latest(self) -> dict[str, NDArray[np.float32]]:
        """The draws of the last epoch, as `weights()` hands out all that are kept."""
        ...


@runtime_checkable
class TracedSampler(Sampler, Protocol):
    """A sampler that compares its chains by figures of every sweep."""

    @property
    def is_done(self) -> bool:
        """Whether as much is drawn as was asked for."""
        ...

    @property
    def convergence(self) -> Convergence:
        """What the sweeps after burn-in say so far."""
        ...

    def latest_figures(self) -> Mapping[str, Sequence[float]]:
        """The figures of the last sweep by name, one per chain; none before the first."""
        ...

    def trace(self, name: str, figure: Callable[[Weights], float]) -> None:
        """Trace one more figure of the draws of each chain; before the first sweep."""
        ...
