"""Traces of the chains: a few figures of every sweep, by which they are compared."""

from collections.abc import Callable, Mapping, Sequence
from typing import final

import numpy as np
from numpy.typing import NDArray

from starcast.engines.bayesian.chain import Chain
from starcast.engines.bayesian.gibbs import SweepInfo, traced, traced_names
from starcast.engines.convergence import Convergence
from starcast.engines.state import State, check_state

TRAINING_ERROR, _ACCEPTED = "training_error", "accepted"

Figure = Callable[[Chain], float]


@final
class SweepTraces:
    """What `traced` gives of each chain after every sweep, and what else is asked for.

    Args:
        chains: that are traced.
    """

    def __init__(self, chains: Sequence[Chain]) -> None:
        self._chains = chains
        self._more: dict[str, Figure] = {TRAINING_ERROR: Chain.training_error}
        accepted = [_ACCEPTED] * chains[0].now.likelihood.proposes
        self._names = [*traced_names(chains[0].now), TRAINING_ERROR, *accepted]
        self._sweeps: list[dict[str, list[float]]] = []

    def add(self, name: str, figure: Figure) -> None:
        """Trace one more figure; before the first sweep."""
        self._more[name] = figure
        self._names.append(name)

    def append(self, told: Sequence[SweepInfo]) -> None:
        """A sweep has ended; `told` by each chain."""
        of_chains = [
            traced(chain.now, one)
            | {name: figure(chain) for name, figure in self._more.items()}
            | {_ACCEPTED: float(one.is_accepted)}
            for chain, one in zip(self._chains, told, strict=True)
        ]
        self._sweeps.append({name: [one[name] for one in of_chains] for name in self._names})

    def clear(self) -> None:
        """The chains start anew."""
        self._sweeps = []

    def latest(self) -> Mapping[str, Sequence[float]]:
        """The figures of the last sweep, one per chain; none before the first."""
        told = self._sweeps[-1] if self._sweeps else {}
        return {name: figures for name, figures in told.items() if name != _ACCEPTED}

    def convergence(self, burn_in: int) -> Convergence:
        """What the sweeps after burn-in say."""
        traces = {name: self._trace(name)[burn_in:] for name in self._names}
        accepted = traces.pop(_ACCEPTED, None)
        return Convergence.of(traces, accepted)

    def state(self) -> State:
        """Every trace, float64 (n_sweeps, n_chains)."""
        return {name: self._trace(name) for name in self._names}

    def restore(self, state: State, n_sweeps: int) -> None:
        """Go on from a state after so many sweeps. Raises: ValueError."""
        empty = np.broadcast_to(np.float64(0), (n_sweeps, len(self._chains)))
        check_state(state, dict.fromkeys(self._names, empty))
        self._sweeps = [
            {name: state[name][sweep].tolist() for name in self._names} for sweep in range(n_sweeps)
        ]

    def _trace(self, name: str) -> NDArray[np.float64]:
        trace = np.array([sweep[name] for sweep in self._sweeps], np.float64)
        return trace.reshape(-1, len(self._chains))
