"""How a prediction becomes a rating: what a chain asks of it, and the normal distribution.

Source: Rendle 2012, section 4.1.3.
"""

from typing import Protocol, final

import numpy as np
from numpy.typing import NDArray

from starcast.engines.bayesian.draws import Hyperprior
from starcast.engines.state import State, copied, put_back

Sample = dict[str, NDArray[np.float32]]
"""What is drawn, as it is deployed."""


class Likelihood(Protocol):
    """How a prediction becomes a rating.

    Attributes:
        errors: float32 (n,), which a sweep keeps up to date.
        alpha: their precision.
        proposes: whether a part of it is proposed, and accepted or not.
    """

    errors: NDArray[np.float32]
    alpha: np.float32
    proposes: bool

    @property
    def origin(self) -> float:
        """What biases are counted from."""
        ...

    def before_sweep(self, rng: np.random.Generator) -> bool:
        """Draw what the errors depend on; whether a proposal was accepted."""
        ...

    def after_sweep(self, squared_error: float, rng: np.random.Generator) -> None:
        """Draw what depends on the errors."""
        ...

    def stars(self, every: int) -> NDArray[np.float32]:
        """Predicted stars of every `every`-th training row."""
        ...

    def parameters(self) -> Sample:
        """What a sample needs beside its factors."""
        ...

    def traced(self) -> dict[str, float]:
        """What of it tells whether chains agree, by name."""
        ...

    def state(self) -> State:
        """A copy of all that is drawn."""
        ...

    def restore(self, state: State) -> None:
        """Go on from a state. Raises: ValueError."""
        ...


@final
class GaussianNoise:
    """Ratings are normal about the prediction, with a precision α that is drawn too.

    Args:
        stars: float32 (n,).
        predictions: float32 (n,), ŷ to begin with, less the mean.
        mean: of the training ratings.
        hyperprior: of α.
    """

    proposes = False

    def __init__(
        self, stars: NDArray[np.float32], predictions: NDArray[np.float32], mean: float,
        hyperprior: Hyperprior,
    ) -> None:  # fmt: skip
        self._stars, self._hyperprior = stars, hyperprior
        self.errors = stars - np.float32(mean) - predictions
        self.alpha = np.float32(1 / max(float(self.errors.var()), 1e-6))
        self.origin = -mean

    def before_sweep(self, rng: np.random.Generator) -> bool:
        """Nothing: the errors are observed, and nothing is proposed."""
        return False

    def after_sweep(self, squared_error: float, rng: np.random.Generator) -> None:
        """Draw α. Source: Rendle 2012, eq. 26."""
        alpha_0, beta_0, _ = self._hyperprior
        shape = (alpha_0 + len(self.errors)) / 2
        self.alpha = np.float32(rng.standard_gamma(shape) / ((beta_0 + squared_error) / 2))

    def stars(self, every: int) -> NDArray[np.float32]:
        """Predicted stars of every `every`-th training row."""
        return self._stars[::every] - self.errors[::every]

    def parameters(self) -> Sample:
        """The standard deviation of the noise, float32 (), stars."""
        return {"noise": np.sqrt(1 / self.alpha)}

    def traced(self) -> dict[str, float]:
        """The same."""
        return {"noise": float(1 / np.sqrt(self.alpha))}

    def state(self) -> State:
        """The errors and α."""
        return copied({"errors": self.errors, "alpha": np.asarray(self.alpha)})

    def restore(self, state: State) -> None:
        """Go on from a state. Raises: ValueError."""
        put_back({"errors": self.errors, "alpha": np.array(self.alpha)}, state)
        self.alpha = np.float32(state["alpha"])
