"""The Bayesian factor model: r̂ = mean over posterior samples of μ + b_u + b_i + p_u · q_i.

p_u is the user's own vector plus, as `features` wants it,

* histories: those of the user's rated items, each 1/√|N(u)|;
* attributes: those of the user's values of each attribute, each 1/√(their number);
* days: at time t, that of the day, and in the first few factors that of the user on this day.

q_i likewise from the item's raters and attributes. Nothing is descended: every coordinate is drawn
from its posterior, and predictions are averaged over draws. Without a time, p_u is the user's
vector on an average day of theirs.

Sources: Salakhutdinov & Mnih 2008; Rendle 2012, 2013; Rendle, Zhang, Koren 2019; Koren 2010 (days).
"""

import os
from concurrent.futures import ThreadPoolExecutor
from typing import final

import numpy as np
from numpy.typing import NDArray

from starcast.data.ratings import Ratings
from starcast.data.scale import MOST_LEVELS
from starcast.engines.bayesian.chain import Chain
from starcast.engines.bayesian.design import FeatureGroups, attributes, histories, joined
from starcast.engines.bayesian.likelihood import Sample
from starcast.engines.bayesian.sessions import Sessions, sessions
from starcast.engines.protocol import EpochLoss, Weights, check_shapes
from starcast.engines.settings import GibbsSettings
from starcast.engines.state import State, check_state, named_parts, parts_of
from starcast.errors import ConfigError

_MOST_DAYS = 2**24  # float32 holds whole numbers up to here


@final
class BayesianEngine:
    """The Bayesian factor model, sampled; an epoch is one sweep of every chain.

    Args:
        config: its settings.
        train: the training rows.
        seed: of everything random.
    Raises: ConfigError: too many different ratings to be ordered classes, or features that
            the ratings do not have.
    """

    def __init__(self, config: GibbsSettings, train: Ratings, seed: int) -> None:
        _check_levels(config.likelihood, train)
        self._config = config
        user_groups, item_groups = _groups(config.features, train)
        days = _sessions(config, train) if "days" in config.features else None
        self._chains = [
            Chain(train, config.dimension, user_groups, item_groups, config.likelihood,
                  [seed, chain], sessions=days)
            for chain in range(config.chains)
        ]  # fmt: skip
        self._shared = _shared(train, config.likelihood) | _calendar(config, train, days)
        self._n_sweeps = 0
        self._kept: list[Sample] = []
        self._taken_back: list[Sample] = []

    @property
    def sweeps(self) -> int:
        """Sweeps of every chain, burn-in included; an epoch is one."""
        return self._config.burn_in - (-self._config.samples // self._config.chains)

    @property
    def share(self) -> float:
        """Share of the latest draws in the mean over all kept ones; 1 before any is kept."""
        if not self._kept:
            return 1.0
        return len(self._chains) / len(self._kept) if self._keeps_latest() else 0.0

    def run_epoch(self) -> EpochLoss:
        """One sweep of every chain, side by side; a chain's draws do not depend on the others."""
        with ThreadPoolExecutor(min(len(self._chains), os.cpu_count() or 1)) as threads:
            list(threads.map(Chain.step, self._chains))
        self._n_sweeps += 1
        self._taken_back = []
        if self._keeps_latest():
            self._kept += self._present()
        squared = np.mean([chain.training_error() ** 2 for chain in self._chains])
        return EpochLoss(float(squared) / 2, float(np.sqrt(squared)))

    def _keeps_latest(self) -> bool:
        counted = self._n_sweeps - self._config.burn_in
        return counted > 0 and counted % self._thinning == 0

    @property
    def _thinning(self) -> int:
        """After how many sweeps the next draws are kept."""
        return max(1, -(-self._config.samples // max(self._config.kept, self._config.chains)))

    def latest(self) -> dict[str, NDArray[np.float32]]:
        """The draws of the last sweep, one per chain, as `weights()` gives them."""
        return self._stacked(self._present())

    def weights(self) -> dict[str, NDArray[np.float32]]:
        """The kept draws, or those taken back, or the latest.

        Returns: mean (); for each of S draws user_factors (S, n_users, d, or d + 2 with histories),
            user_bias (S, n_users), the items' likewise; noise (S,), or cut_points (S, n_levels - 1)
            and levels (n_levels,); and where days are features, the calendar and the tables that
            `scoring.Days` takes.
        """
        return self._stacked(self._kept or self._taken_back or self._present())

    def load(self, weights: Weights) -> None:
        """Take draws back: the chains start anew from the last of them, burn-in included."""
        now = self.latest()
        n_draws = len(weights.get("user_bias", ()))
        wanted = {
            name: array.shape if name in self._shared else (n_draws, *array.shape[1:])
            for name, array in now.items()
        }
        if difference := check_shapes(weights, wanted) or ("" if n_draws else "no draws"):
            raise ValueError(difference)
        self._taken_back = [
            {name: weights[name][draw] for name in now if name not in self._shared}
            for draw in range(n_draws)
        ]
        self._n_sweeps, self._kept = 0, []
        for position, chain in enumerate(reversed(self._chains)):
            chain.start_from(self._taken_back[-1 - position % n_draws])

    def state(self) -> State:
        """Every chain, the draws that are kept, and the sweeps so far."""
        chains = {str(n): chain.state() for n, chain in enumerate(self._chains)}
        draws = self._kept or self._taken_back
        kept = {name: array for name, array in self._stacked(draws or self._present()).items()
                if name not in self._shared and draws}  # fmt: skip
        return named_parts(**chains, draws=kept, counts=self._counts(len(draws)))

    def restore(self, state: State) -> None:
        """Go on from a state."""
        names = [str(n) for n in range(len(self._chains))]
        counts, draws, *of_chains = parts_of(state, "counts", "draws", *names)
        check_state(counts, self._counts(0))
        self._n_sweeps = int(counts["sweeps"])
        self._kept = self._drawn(draws, int(counts["draws"]))
        for chain, own in zip(self._chains, of_chains, strict=True):
            chain.restore(own)
        if not self._n_sweeps:
            self._kept, self._taken_back = [], self._kept

    def _counts(self, n_draws: int) -> State:
        counts = {"sweeps": self._n_sweeps, "draws": n_draws}
        return {name: np.array(count, np.int64) for name, count in counts.items()}

    def _drawn(self, draws: State, n_draws: int) -> list[Sample]:
        """The draws of a state, one by one. Raises: ValueError: they are not what is kept."""
        n_kept = max(0, self._n_sweeps - self._config.burn_in) // self._thinning
        if not 0 <= self._n_sweeps <= self.sweeps or (
            self._n_sweeps and n_draws != n_kept * len(self._chains)
        ):
            raise ValueError(f"{n_draws:,} draws after {self._n_sweeps:,} sweeps")
        one = self._chains[0].sample() if n_draws else {}
        check_state(draws, {name: np.broadcast_to(array, (n_draws, *array.shape))
                            for name, array in one.items()})  # fmt: skip
        return [{name: draws[name][draw] for name in one} for draw in range(n_draws)]

    def _present(self) -> list[Sample]:
        return [chain.sample() for chain in self._chains]

    def _stacked(self, samples: list[Sample]) -> dict[str, NDArray[np.float32]]:
        stacked = {name: np.stack([sample[name] for sample in samples]) for name in samples[0]}
        return stacked | self._shared


def _groups(features: tuple[str, ...], train: Ratings) -> tuple[FeatureGroups, FeatureGroups]:
    """The features of users and of items, but for days."""
    user: list[FeatureGroups] = []
    item: list[FeatureGroups] = []
    if "histories" in features:
        for side, one in zip((user, item), histories(train), strict=True):
            side.append(one)
    if "attributes" in features:
        if not any(one.is_feature for one in train.attributes):
            raise ConfigError(
                f"nothing is known of the users and items of {train.name} (no genres, no file of "
                "users and items, or a damaged one); leave 'attributes' out of --features"
            )
        user += attributes(train, "user", train.n_users)
        item += attributes(train, "item", train.n_items)
    return joined(user, train.n_users), joined(item, train.n_items)


def _sessions(config: GibbsSettings, train: Ratings) -> Sessions:
    if train.timestamps is None:
        raise ConfigError(f"{train.name} has no timestamps; leave 'days' out of --features")
    found = sessions(train.user_rows, train.timestamps // _whole_length(config))
    if np.abs(found.numbers).max() >= _MOST_DAYS:
        raise ConfigError(
            f"a timestamp of {train.name} lies {np.abs(found.numbers).max():,} days of "
            f"{config.day_length:,} from 0; give --day-length in the unit of the timestamps"
        )
    return found


def _calendar(
    config: GibbsSettings, train: Ratings, days: Sessions | None
) -> dict[str, NDArray[np.float32]]:
    """Arrays to find the day and the session of a time; float32 holds their numbers exactly."""
    if days is None:
        return {}
    return {
        "day_length": np.array(_whole_length(config), np.float32),
        "day_numbers": days.numbers.astype(np.float32),
        "session_counts": np.bincount(days.users, minlength=train.n_users).astype(np.float32),
        "session_days": days.days.astype(np.float32),
        "session_shares": days.shares,
    }


def _whole_length(config: GibbsSettings) -> int:
    """The length of a day as weights hold it, in float32."""
    return int(np.float32(config.day_length))


def _check_levels(likelihood: str, train: Ratings) -> None:
    n_levels = len(np.unique(train.stars)) if likelihood == "probit" else 0
    if n_levels > MOST_LEVELS:
        raise ConfigError(
            f"the likelihood 'probit' takes ratings as steps, at most {MOST_LEVELS}; "
            f"{train.name} has {n_levels:,} different ones; use --likelihood gaussian"
        )


def _shared(train: Ratings, likelihood: str) -> dict[str, NDArray[np.float32]]:
    if likelihood == "probit":  # the cut points hold the mean
        return {"mean": np.array(0, np.float32), "levels": np.unique(train.stars)}
    return {"mean": np.array(train.stars.mean(dtype=np.float64), np.float32)}
