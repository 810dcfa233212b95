"""What a run of the loop will leave: the best weights, or the draws that a sampler keeps."""

import math
import sys
from typing import Protocol, final

import numpy as np
from numpy.typing import NDArray

from starcast.engines.convergence import Convergence
from starcast.engines.protocol import Engine
from starcast.engines.sampler import Sampler, TracedSampler
from starcast.engines.state import State, check_state, named_parts, parts_of
from starcast.evaluation.metrics import Objective, Quality

Arrays = dict[str, NDArray[np.float32]]


class Outcome(Protocol):
    """What a run has come to so far.

    Attributes:
        most_epochs: that there can be.
        epoch: whose weights they are, counted from 1; 0 before any, or of a warm start.
    """

    most_epochs: int
    epoch: int

    @property
    def is_done(self) -> bool:
        """Whether more epochs are of no use."""
        ...

    @property
    def convergence(self) -> Convergence | None:
        """Whether chains agree; None where there are none."""
        ...

    @property
    def weights(self) -> Arrays | None:
        """What would be left if the run ended now."""
        ...

    def candidate(self) -> tuple[Arrays, float]:
        """What to validate after an epoch, and its share in the mean over epochs."""
        ...

    def offer(self, epoch: int, weights: Arrays, validation: Quality | None) -> bool:
        """Take a candidate if it is better; whether it is."""
        ...

    def state(self) -> State:
        """What is needed to go on, beside the engine's own state."""
        ...

    def restore(self, state: State) -> None:
        """Go on from a state, once the engine has gone back to its own.

        Raises: ValueError: it is none.
        """
        ...


def outcome_of(engine: Engine, averaging: float, objective: Objective) -> Outcome:
    """The outcome that suits an engine."""
    if isinstance(engine, Sampler):
        return Sampled(engine)
    return Best(engine, averaging, objective)


@final
class Best:
    """The best weights so far; without validation rows the latest are the best.

    Args:
        engine: whose weights they are.
        averaging: β of the running average that is validated and kept.
        objective: what decides.
    """

    def __init__(self, engine: Engine, averaging: float, objective: Objective) -> None:
        self._engine, self._averaging, self._objective = engine, averaging, objective
        self._average: Arrays | None = None
        self.most_epochs, self.epoch, self._loss = sys.maxsize, 0, math.inf
        self._weights: Arrays | None = None
        self.is_done, self.convergence = False, None

    @property
    def weights(self) -> Arrays | None:
        """The best."""
        return self._weights

    def candidate(self) -> tuple[Arrays, float]:
        """The running average of weights; it stands alone."""
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
        self.epoch, self._loss, self._weights = epoch, loss, weights
        return True

    def state(self) -> State:
        """The best weights and how good they are; the average, where there is one."""
        average = (self._averaging and self._average) or {}
        figures = {"epoch": np.array(self.epoch, np.int64), "loss": np.array(float(self._loss))}
        return named_parts(figures=figures, best=self._weights or {}, average=average)

    def restore(self, state: State) -> None:
        """Go on from a state. Raises: ValueError."""
        wanted = self._engine.weights()
        figures = {"epoch": np.zeros((), np.int64), "loss": np.zeros(())}
        found, best, average = parts_of(state, "figures", "best", "average")
        check_state(found, figures)
        for arrays in filter(None, (best, average)):
            check_state(arrays, wanted)
        self.epoch, self._loss = int(found["epoch"]), float(found["loss"])
        self._weights, self._average = best or None, average or None
        if bool(self._averaging) != (self._average is not None):
            raise ValueError("an average of weights that is none")


@final
class Sampled:
    """The draws a sampler keeps; each epoch adds to them.

    Args:
        sampler: that draws them.
    """

    def __init__(self, sampler: Sampler) -> None:
        self._sampler, self.most_epochs, self.epoch = sampler, sampler.sweeps, 0
        self._traced = sampler if isinstance(sampler, TracedSampler) else None

    @property
    def is_done(self) -> bool:
        """As the sampler says."""
        return self._traced is not None and self._traced.is_done

    @property
    def convergence(self) -> Convergence | None:
        """Of a sampler that traces its chains."""
        return self._traced.convergence if self._traced and self.epoch else None

    @property
    def weights(self) -> Arrays | None:
        """The kept draws."""
        return self._sampler.weights() if self.epoch else None

    def candidate(self) -> tuple[Arrays, float]:
        """The latest draws alone: those before them were validated before."""
        return self._sampler.latest(), self._sampler.share

    def offer(self, epoch: int, weights: Arrays, validation: Quality | None) -> bool:
        """More draws are better."""
        self.epoch = epoch
        return True

    def state(self) -> State:
        """How many sweeps there were; the draws are the sampler's."""
        return {"epoch": np.array(self.epoch, np.int64)}

    def restore(self, state: State) -> None:
        """Go on from a state. Raises: ValueError."""
        check_state(state, {"epoch": np.zeros((), np.int64)})
        self.epoch = int(state["epoch"])
