"""One Markov chain over the factor model's coordinates, its noise and its latent predictors.

Sources: Rendle 2012, section 4.1.3; Rendle, Zhang, Koren 2019 (which feature groups matter).
"""

from typing import final

import numpy as np
from numpy.typing import NDArray

from starcast.data.ratings import Ratings
from starcast.engines.bayesian.design import FeatureGroups, feature_group, feature_sums, joined
from starcast.engines.bayesian.draws import USUAL, Columns, Hyperprior, Side
from starcast.engines.bayesian.gibbs import ChainState, SweepInfo, step
from starcast.engines.bayesian.likelihood import GaussianNoise, Likelihood, Sample
from starcast.engines.bayesian.membership import as_rated
from starcast.engines.bayesian.probit import OrderedProbit
from starcast.engines.bayesian.sessions import Sessions, SessionSide, user_averages
from starcast.engines.protocol import seen_rows
from starcast.engines.rows import offsets_of, sorting
from starcast.engines.state import (
    State,
    copied,
    named_parts,
    parts_of,
    put_back,
    put_back_random,
    random_state,
)

INITIAL_DEVIATION = 0.1
SESSION_FACTORS = 8  # how many of the factors are a session's own besides its user's
_ROWS_JUDGED = 65_536  # of the training rows, for a sweep's training error


@final
class Chain:
    """A chain on its ratings: its state is `now`, and every call of `step` is one sweep.

    Args:
        train: the training rows.
        dimension: number of factors.
        user_groups, item_groups: features of either side.
        likelihood: "gaussian" or "probit".
        seed: of everything random in this chain.
        hyperprior: of every group's prior, and of the noise.
        sessions: of the training rows, if days are features.
    """

    def __init__(
        self, train: Ratings, dimension: int, user_groups: FeatureGroups,
        item_groups: FeatureGroups, likelihood: str, seed: list[int], *,
        hyperprior: Hyperprior = USUAL, sessions: Sessions | None = None,
    ) -> None:  # fmt: skip
        self._likelihood_name, self._seed = likelihood, seed
        self._hyperprior, self._found = hyperprior, sessions
        rng = np.random.default_rng(seed)
        user, item = (
            _initial(dimension, groups, rows, rng, hyperprior)
            for groups, rows in (
                (user_groups, train.user_rows),
                (item_groups, train.item_rows),
            )
        )
        side = None
        self._rows, self._items, self._stars = train.user_rows, train.item_rows, train.stars
        if sessions:
            order = sorting(sessions.of_ratings, len(sessions.users))
            self._rows = sessions.of_ratings[order]
            self._items, self._stars = self._items[order], self._stars[order]
            side = _initial_sessions(sessions, dimension, user, rng, hyperprior)
        self._begin(user, item, side, rng)
        self._starts = offsets_of(self._rows, self.now.front.total.shape[1])

    def _begin(
        self, user: Side, item: Side, sessions: SessionSide | None, rng: np.random.Generator
    ) -> None:
        """From these coordinates, with a fresh likelihood."""
        predictions = self._predictions(sessions.side if sessions else user, item)
        self.now = ChainState(user, item, sessions, self._likelihood(predictions, rng), rng)

    def step(self) -> SweepInfo:
        """Draw everything once."""
        self.now, told = step(self.now, self._starts, self._items)
        return told

    def training_error(self) -> float:
        """RMSE of the present sample over (some of) the training rows, stars."""
        every = max(1, len(self._stars) // _ROWS_JUDGED)
        errors = self._stars[::every] - self.now.likelihood.stars(every)
        return float(np.sqrt(np.mean(errors.astype(np.float64) ** 2)))

    def sample(self) -> Sample:
        """The present sample, as deployed: user_factors (n_users, d), user_bias, items likewise.

        With histories, a pair is scored as one that has a rating (`as_rated`), by two factors more.
        With sessions, users' are those of their average day, each rating counting alike, and there
        are also session_* and day_*, as they depart from what they are on average.
        """
        user, item, sessions, likelihood, _ = self.now
        parts = {"user": user.total, "item": item.total}
        if sessions:
            side, users, day_of = sessions
            own, days = (np.mean(part, axis=1, keepdims=True) for part in (side.own, side.features))
            of_user, day = self._averages(side.own - own), side.features - days
            parts["user"] = user.total + days + self._averages(day[:, day_of])
            parts["user"][: len(own)] += own + of_user
            parts |= {"session": side.own - own - of_user[:, users], "day": day}
        if item.groups.has_history:
            parts["user"], parts["item"] = as_rated(parts["user"], user, item)
        factors = {
            f"{name}_{part}": lines.copy(order="C")
            for name, whole in parts.items()
            for part, lines in (("factors", whole[1:].T), ("bias", whole[0]))
        }
        return factors | likelihood.parameters()

    def _averages(self, columns: Columns) -> Columns:
        """Means of what sessions (n_columns, n_sessions) have, for every user."""
        assert self._found
        return user_averages(columns, self._found, self.now.user.total.shape[1])

    def start_from(self, sample: Sample) -> None:
        """Start anew from a sample's factors; own coordinates take all, features start at 0."""
        user, item, sessions, _, _ = self.now
        for name, side in (("user", user), ("item", item)):
            side.features[:] = 0
            _put(side.own, sample, name)
            side.total[:] = side.own
        if sessions:
            side, users, days = sessions
            _put(side.own, sample, "session")
            _put(side.features, sample, "day")
            user.own[:] -= self._averages(side.features[:, days])
            user.total[:] = user.own
            side.total[:] = feature_sums(side.groups, side.features) + user.total[:, users]
            side.total[: len(side.own)] += side.own
        self._begin(user, item, sessions, np.random.default_rng(self._seed))

    def state(self) -> State:
        """All coordinates, what else is drawn, and the random numbers."""
        likelihood = self.now.likelihood.state()
        return named_parts(sides=copied(self._arrays()), likelihood=likelihood)

    def restore(self, state: State) -> None:
        """Go on from a state of a chain of the same rows and seed. Raises: ValueError."""
        sides, likelihood = parts_of(state, "sides", "likelihood")
        put_back(self._arrays(), sides)
        put_back_random(self.now.rng, sides["random"])
        self.now.likelihood.restore(likelihood)

    def _arrays(self) -> State:
        user, item, sessions, _, rng = self.now
        sides = {"user": user, "item": item}
        if sessions:
            sides["session"] = sessions.side
        return {
            f"{name}_{part}": getattr(side, part)
            for name, side in sides.items()
            for part in ("own", "features", "total")
        } | {"random": random_state(rng)}

    def predictions(self) -> NDArray[np.float32]:
        """ŷ of every training row from the coordinates, float32 (n,)."""
        return self._predictions(self.now.front, self.now.item)

    def _predictions(self, front: Side, item: Side) -> NDArray[np.float32]:
        rows, items = self._rows, self._items
        total = front.total[0][rows] + item.total[0][items]
        for p, q in zip(front.total[1:], item.total[1:], strict=True):
            total += p[rows] * q[items]
        return total

    def _likelihood(self, predictions: NDArray[np.float32], rng: np.random.Generator) -> Likelihood:
        """A fresh one."""
        if self._likelihood_name == "probit":
            return OrderedProbit(self._stars, predictions, rng)
        mean = float(self._stars.mean(dtype=np.float64))
        return GaussianNoise(self._stars, predictions, mean, self._hyperprior)


def _put(columns: Columns, sample: Sample, name: str) -> None:
    n_factors = len(columns) - 1  # a sample has more with histories
    columns[0], columns[1:] = sample[f"{name}_bias"], sample[f"{name}_factors"].T[:n_factors]


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
    return Side(own, features, own + feature_sums(groups, features), groups, seen, hyperprior)


def _initial_sessions(
    sessions: Sessions, dimension: int, user: Side, rng: np.random.Generator,
    hyperprior: Hyperprior,
) -> SessionSide:  # fmt: skip
    n = len(sessions.users)
    days = feature_group(sessions.days, np.arange(n), len(sessions.numbers), n)
    every = np.arange(n, dtype=np.int32)
    side = _initial(dimension, joined([days], n), every, rng, hyperprior)
    n_own = min(SESSION_FACTORS, dimension) + 1
    side.total[n_own:] -= side.own[n_own:]
    side.total[:] += user.total[:, sessions.users]
    return SessionSide(side._replace(own=side.own[:n_own].copy()), sessions.users, sessions.days)
