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
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import final

import numpy as np
from numpy.typing import NDArray

from starcast.data.ratings import Ratings
from starcast.engines.bayesian.chain import Chain
from starcast.engines.bayesian.given import (
    calendar,
    check_chains,
    check_levels,
    feature_groups,
    sessions_of,
)
from starcast.engines.bayesian.likelihood import Sample
from starcast.engines.bayesian.rounds import Round, n_kept_after, round_of, rounds_of
from starcast.engines.bayesian.traces import TRAINING_ERROR, SweepTraces
from starcast.engines.convergence import Convergence
from starcast.engines.protocol import EpochLoss, Weights, check_shapes
from starcast.engines.settings import GibbsSettings
from starcast.engines.state import State, check_state, named_parts, parts_of


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
        check_chains(config)
        check_levels(config.likelihood, train)
        self._config = config
        user_groups, item_groups = feature_groups(config.features, train)
        days = sessions_of(config, train) if "days" in config.features else None
        self._chains = [
            Chain(train, config.dimension, user_groups, item_groups, config.likelihood,
                  [seed, chain], sessions=days)
            for chain in range(config.chains)
        ]  # fmt: skip
        self._shared = _shared(train, config.likelihood) | calendar(config, train, days)
        self._n_sweeps, self._traces = 0, SweepTraces(self._chains)
        self._rounds = rounds_of(config)
        self._kept: list[Sample] = []
        self._taken_back: list[Sample] = []

    @property
    def sweeps(self) -> int:
        """Most sweeps of every chain, burn-in included; an epoch is one."""
        *_, last = self._rounds
        return last.start + last.length

    @property
    def is_done(self) -> bool:
        """Whether as much is drawn as was asked for."""
        if self._n_sweeps >= self.sweeps:
            return True
        return self._round.is_over(self._n_sweeps) and self.convergence.is_reached

    @property
    def _round(self) -> Round:
        return round_of(self._rounds, self._n_sweeps)

    @property
    def convergence(self) -> Convergence:
        """What the sweeps of the present round say so far."""
        return self._traces.convergence(self._round.start)

    def latest_figures(self) -> Mapping[str, Sequence[float]]:
        """The figures of the last sweep by name, one per chain; none before the first."""
        return self._traces.latest()

    def trace(self, name: str, figure: Callable[[Weights], float]) -> None:
        """Trace one more figure of the draws of each chain, by itself."""
        self._traces.add(name, lambda chain: figure(self._stacked([chain.sample()])))

    @property
    def share(self) -> float:
        """Share of the latest draws in the mean over all kept ones; 1 before any is kept."""
        if not self._kept:
            return 1.0
        is_kept = self._round.kept_at(self._n_sweeps)
        return len(self._chains) / len(self._kept) if is_kept else 0.0

    def run_epoch(self) -> EpochLoss:
        """One sweep of every chain, side by side; a chain's draws do not depend on the others."""
        with ThreadPoolExecutor(min(len(self._chains), os.cpu_count() or 1)) as threads:
            told = list(threads.map(Chain.step, self._chains))
        self._n_sweeps += 1
        self._traces.append(told)
        self._taken_back = []
        if number := self._round.kept_at(self._n_sweeps):
            self._kept = (self._kept if number > 1 else []) + self._present()
        squared = np.mean(np.square(self._traces.latest()[TRAINING_ERROR]))
        return EpochLoss(float(squared) / 2, float(np.sqrt(squared)))

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
        self._traces.clear()
        for position, chain in enumerate(reversed(self._chains)):
            chain.start_from(self._taken_back[-1 - position % n_draws])

    def state(self) -> State:
        """Every chain, the draws that are kept, the traces, and the sweeps so far."""
        chains = {str(n): chain.state() for n, chain in enumerate(self._chains)}
        draws = self._kept or self._taken_back
        kept = {name: array for name, array in self._stacked(draws or self._present()).items()
                if name not in self._shared and draws}  # fmt: skip
        counts, traces = self._counts(len(draws)), self._traces.state()
        return named_parts(**chains, draws=kept, traces=traces, counts=counts)

    def restore(self, state: State) -> None:
        """Go on from a state."""
        names = [str(n) for n in range(len(self._chains))]
        counts, draws, traces, *of_chains = parts_of(state, "counts", "draws", "traces", *names)
        check_state(counts, self._counts(0))
        self._n_sweeps = int(counts["sweeps"])
        self._kept = self._drawn(draws, int(counts["draws"]))
        self._traces.restore(traces, self._n_sweeps)
        for chain, own in zip(self._chains, of_chains, strict=True):
            chain.restore(own)
        if not self._n_sweeps:
            self._kept, self._taken_back = [], self._kept

    def _counts(self, n_draws: int) -> State:
        counts = {"sweeps": self._n_sweeps, "draws": n_draws}
        return {name: np.array(count, np.int64) for name, count in counts.items()}

    def _drawn(self, draws: State, n_draws: int) -> list[Sample]:
        """The draws of a state, one by one. Raises: ValueError: they are not what is kept."""
        n_kept = n_kept_after(self._rounds, self._n_sweeps)
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


def _shared(train: Ratings, likelihood: str) -> dict[str, NDArray[np.float32]]:
    if likelihood == "probit":  # the cut points hold the mean
        return {"mean": np.array(0, np.float32), "levels": np.unique(train.stars)}
    return {"mean": np.array(train.stars.mean(dtype=np.float64), np.float32)}
