"""Whether the chains of a sampler have come to one distribution, and how much their draws tell."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple, Self, final

import numpy as np
from numpy.typing import NDArray

from starcast.engines.diagnostics import bulk_ess, rhat, tail_ess

MOST_RHAT = 1.01
LEAST_ESS = 100  # for each chain
"""What counts as converged. Source: Vehtari et al. 2021, section 4."""

Traces = Mapping[str, NDArray[np.float64]]
"""Figures of every sweep by name, float64 (n_sweeps, n_chains)."""


@final
class Diagnosis(NamedTuple):
    """What the draws of one figure say; NaN as in `diagnostics`."""

    rhat: float
    bulk_ess: float
    tail_ess: float


@final
@dataclass(frozen=True)
class Convergence:
    """What the sweeps after burn-in say.

    Attributes:
        n_chains: side by side.
        n_sweeps: of each, after burn-in.
        figures: the diagnosis of every figure that is traced, by its name.
        acceptance: share of proposals that were accepted; None where nothing is proposed.
    """

    n_chains: int
    n_sweeps: int
    figures: Mapping[str, Diagnosis]
    acceptance: float | None = None

    @classmethod
    def of(cls, traces: Traces, accepted: NDArray[np.float64] | None = None) -> Self:
        """Of traces, one at least, and of what was accepted, 0 or 1 for every sweep and chain."""
        n_sweeps, n_chains = next(iter(traces.values())).shape
        figures = {
            name: Diagnosis(rhat(trace), bulk_ess(trace), tail_ess(trace))
            for name, trace in traces.items()
        }
        acceptance = None if accepted is None or not accepted.size else float(accepted.mean())
        return cls(n_chains, n_sweeps, figures, acceptance)

    @property
    def rhat(self) -> float:
        """The largest R̂, of the figure on which chains agree least; NaN of one chain."""
        return self.figures[self.worst].rhat if self.worst else math.nan

    @property
    def worst(self) -> str:
        """That figure; "" if none has an R̂. One that never moves has none."""
        known = {name: one.rhat for name, one in self.figures.items() if one.rhat == one.rhat}
        return max(known, key=lambda name: known[name], default="")

    @property
    def ess(self) -> float:
        """The smallest effective number of draws, of bulk or tail; NaN if chains are too short."""
        return min(min(one.bulk_ess, one.tail_ess) for one in self.figures.values())

    @property
    def is_reached(self) -> bool:
        """Whether all chains agree, and have drawn enough."""
        return self.rhat <= MOST_RHAT and self.ess >= LEAST_ESS * self.n_chains

    @property
    def sentence(self) -> str:
        """In words, such as "2 chains agree: R̂ 1.01, 180 effective draws".

        A large R̂ may say that chains differ, or that all of them still move the same way.
        """
        accepted = "" if self.acceptance is None else f", {self.acceptance:.0%} of cuts accepted"
        if math.isnan(self.ess):
            return f"{self._chains} of {self.n_sweeps} sweeps after burn-in: too short for R̂"
        told = f"{self.ess:.0f} effective draws{accepted}"
        if not self.worst:
            return f"{self._chains}: {told}; R̂ takes two or more"
        if self.rhat <= MOST_RHAT:
            return f"{self._chains} agree: R̂ {self.rhat:.2f}, {told}"
        return (
            f"{self._chains} have not settled: R̂ {self.rhat:.2f} of {self.worst} "
            f"({MOST_RHAT} is settled), {told}"
        )

    @property
    def _chains(self) -> str:
        return "1 chain" if self.n_chains == 1 else f"{self.n_chains} chains"

    def plain(self) -> dict[str, Any]:
        """As JSON holds it."""
        return asdict(self) | {
            "figures": {name: one._asdict() for name, one in self.figures.items()}
        }

    @classmethod
    def from_plain(cls, told: Mapping[str, Any]) -> Self:
        """What `plain` made; None there, which JSON has for NaN, is that again."""
        figures = {
            name: Diagnosis(*(math.nan if one[key] is None else one[key]
                              for key in Diagnosis._fields))
            for name, one in told["figures"].items()
        }  # fmt: skip
        return cls(told["n_chains"], told["n_sweeps"], figures, told["acceptance"])
