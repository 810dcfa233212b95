"""One Markov chain over the factor model's coordinates, its noise and its latent opinions.

Sources: Rendle 2012, section 4.1.3; Rendle, Zhang, Koren 2019 (which feature groups matter).
"""

from typing import Protocol, final

import numpy as np
from numpy.typing import NDArray

from starcast.engine import seen_rows
from starcast.factorization.bayesian_design import FeatureGroups, offsets, spread
from starcast.factorization.bayesian_draws import USUAL, Columns, Hyperprior, Side, draw_noise
from starcast.factorization.bayesian_probit import OrderedProbit
from starcast.factorization.bayesian_sweep import sweep
from starcast.ratings import Ratings

INITIAL_DEVIATION = 0.1
_ROWS_JUDGED = 65_536  # of the training rows, for a sweep's training error

Sample = dict[str, NDArray[np.float32]]


class Likelihood(Protocol):
    """How a prediction becomes a rating."""

    errors: NDArray[np.float32]
    alpha: np.float32

    def before_sweep(self, rng: np.random.Generator) -> None:
        """Draw what the errors depend on."""
        ...

    def after_sweep(self, squared_error: float, rng: np.random.Generator) -> None:
        """Draw what depends on the errors."""
        ...

    def stars(self, every: int) -> NDArray[np.float32]:
        """Predicted stars of every so-manieth training row."""
        ...

    def parameters(self) -> Sample:
        """What a sample needs beside its factors."""
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

    def __init__(
        self, stars: NDArray[np.float32], predictions: NDArray[np.float32], mean: float,
        hyperprior: Hyperprior,
    ) -> None:  # fmt: skip
        self._stars, self._hyperprior = stars, hyperprior
        self.errors = stars - np.float32(mean) - predictions
        self.alpha = np.float32(1 / max(float(self.errors.var()), 1e-6))

    def before_sweep(self, rng: np.random.Generator) -> None:
        """Nothing: the errors are observed."""

    def after_sweep(self, squared_error: float, rng: np.random.Generator) -> None:
        """Draw α. Source: Rendle 2012, eq. 26."""
        alpha_0, beta_0, _ = self._hyperprior
        shape = (alpha_0 + len(self.errors)) / 2
        self.alpha = np.float32(rng.standard_gamma(shape) / ((beta_0 + squared_error) / 2))

    def stars(self, every: int) -> NDArray[np.float32]:
        """Predicted stars of every so-manieth training row."""
        return self._stars[::every] - self.errors[::every]

    def parameters(self) -> Sample:
        """The standard deviation of the noise, float32 (), stars."""
        return {"noise": np.sqrt(1 / self.alpha)}


@final
class Chain:
    """A chain's state; every call of `step` is one sweep.

    Args:
        train: the training rows.
        dimension: number of factors.
        user_groups, item_groups: features of either side.
        likelihood: "gaussian" or "probit".
        seed: of everything random in this chain.
        hyperprior: of every group's prior, and of the noise.
    """

    def __init__(
        self, train: Ratings, dimension: int, user_groups: FeatureGroups,
        item_groups: FeatureGroups, likelihood: str, seed: list[int],
        hyperprior: Hyperprior = USUAL,
    ) -> None:  # fmt: skip
        self._train, self._likelihood_name, self._seed = train, likelihood, seed
        self._rng, self._hyperprior = np.random.default_rng(seed), hyperprior
        self._starts = offsets(train.user_rows, train.n_users)
        self.user, self.item = (
            _initial(dimension, groups, rows, self._rng, hyperprior)
            for groups, rows in (
                (user_groups, train.user_rows),
                (item_groups, train.item_rows),
            )
        )
        self.likelihood = self._fresh_likelihood()

    def step(self) -> None:
        """Draw everything once."""
        rng, likelihood = self._rng, self.likelihood
        likelihood.before_sweep(rng)
        squared_error = sweep(
            self._starts, self._train.item_rows, likelihood.errors, likelihood.alpha,
            self.user, self.item, draw_noise(self.user, rng), draw_noise(self.item, rng),
        )  # fmt: skip
        likelihood.after_sweep(squared_error, rng)

    def training_error(self) -> float:
        """RMSE of the present sample over (some of) the training rows, stars."""
        every = max(1, len(self._train) // _ROWS_JUDGED)
        errors = self._train.stars[::every] - self.likelihood.stars(every)
        return float(np.sqrt(np.mean(errors.astype(np.float64) ** 2)))

    def sample(self) -> Sample:
        """The present sample, as deployed: user_factors (n_users, d), user_bias, items likewise."""
        factors = {
            f"{name}_{part}": lines.copy(order="C")
            for name, side in (("user", self.user), ("item", self.item))
            for part, lines in (("factors", side.total[1:].T), ("bias", side.total[0]))
        }
        return factors | self.likelihood.parameters()

    def start_from(self, sample: Sample) -> None:
        """Start anew from a sample's factors; own coordinates take all, features start at 0."""
        self._rng = np.random.default_rng(self._seed)
        for name, side in (("user", self.user), ("item", self.item)):
            side.features[:] = 0
            side.own[0], side.own[1:] = sample[f"{name}_bias"], sample[f"{name}_factors"].T
            side.total[:] = side.own
        self.likelihood = self._fresh_likelihood()

    def predictions(self) -> NDArray[np.float32]:
        """ŷ of every training row from the coordinates, float32 (n,)."""
        users, items = self._train.user_rows, self._train.item_rows
        total = self.user.total[0][users] + self.item.total[0][items]
        for p, q in zip(self.user.total[1:], self.item.total[1:], strict=True):
            total += p[users] * q[items]
        return total

    def _fresh_likelihood(self) -> Likelihood:
        stars, predictions = self._train.stars, self.predictions()
        if self._likelihood_name == "probit":
            return OrderedProbit(stars, predictions, self._rng)
        mean = float(stars.mean(dtype=np.float64))
        return GaussianNoise(stars, predictions, mean, self._hyperprior)


def _initial(
    dimension: int, groups: FeatureGroups, rows: NDArray[np.int32], rng: np.random.Generator,
    hyperprior: Hyperprior,
) -> Side:  # fmt: skip
    """Normal factors and zero biases."""
    n, n_features = groups.scales.shape[1], len(groups.starts) - 1
    seen = seen_rows(rows, n)

    def columns(width: int) -> Columns:
        drawn = np.float32(INITIAL_DEVIATION) * rng.standard_normal(
            (dimension + 1, width), np.float32
        )
        drawn[0] = 0
        return drawn

    own, features = columns(n), columns(n_features)
    own[:, ~seen] = 0
    return Side(own, features, own + spread(groups, features), groups, seen, hyperprior)
