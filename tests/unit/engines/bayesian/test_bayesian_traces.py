"""What is traced of the chains, the rounds that they are drawn in, and that both go on."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from plain_factor import random_ratings, ratings_of

from starcast.data.ratings import Ratings
from starcast.engines.bayesian import engine as engines
from starcast.engines.bayesian.engine import BayesianEngine
from starcast.engines.bayesian.probit import OrderedProbit
from starcast.engines.bayesian.rounds import Round, n_kept_after, round_of, rounds_of
from starcast.engines.convergence import Convergence, Diagnosis
from starcast.engines.sampler import TracedSampler
from starcast.engines.settings import GibbsSettings
from starcast.errors import ConfigError

CONFIG = GibbsSettings(dimension=3, samples=12, burn_in=2, chains=2, kept=4)
OF_SIDES = [
    f"{side}{group}_{what}_precision"
    for side in ("user", "item")
    for group in ("", "_features_1")
    for what in ("bias", "factor")
]


def made(config: GibbsSettings = CONFIG, train: Ratings | None = None) -> BayesianEngine:
    return BayesianEngine(config, train or random_ratings(20, 15, 0.5, seed=5), 1)


@pytest.mark.parametrize(
    ("likelihood", "own"), [("gaussian", ["noise"]), ("probit", ["cut_spacing"])]
)
def test_every_sweep_of_every_chain_is_traced(likelihood: str, own: list[str]) -> None:
    engine = made(replace(CONFIG, likelihood=likelihood))
    assert isinstance(engine, TracedSampler)
    assert engine.latest_figures() == {}
    engine.trace("biggest", lambda weights: float(weights["user_bias"].max()))
    for sweep in range(engine.sweeps):
        assert not engine.is_done, sweep
        loss = engine.run_epoch()
    assert engine.is_done
    told, draws = engine.latest_figures(), engine.latest()
    assert list(told) == [*own, "global_bias", *OF_SIDES, "training_error", "biggest"]
    assert_allclose(told["biggest"], draws["user_bias"].max(axis=1))
    assert_allclose(np.mean(np.square(told["training_error"])), loss.training_error**2)
    if likelihood == "gaussian":
        assert_allclose(told["noise"], draws["noise"], rtol=1e-6)
    else:
        assert_allclose(told["cut_spacing"], np.diff(draws["cut_points"]).mean(axis=1), rtol=1e-6)
    convergence = engine.convergence
    assert (convergence.n_chains, convergence.n_sweeps) == (2, 6)
    assert (convergence.acceptance is None) == (likelihood == "gaussian")
    assert list(convergence.figures) == list(told)


def test_the_global_bias_knows_no_shift_between_cut_points_and_biases() -> None:
    engine = made(replace(CONFIG, features=()))
    engine.run_epoch()
    chain = engine._chains[0]
    user, item, _, likelihood, _ = chain.now
    assert isinstance(likelihood, OrderedProbit)
    expected = user.total[0].mean() + item.total[0].mean() - likelihood.cuts.mean()
    assert_allclose(engine.latest_figures()["global_bias"][0], expected, rtol=1e-5)


def test_precisions_are_those_of_many_coordinates() -> None:
    """λ given n coordinates has a relative error of √(2 / n), here 5 %: the empirical one is it.

    Of the factors it is one over their mean variance, of the biases another.
    """
    rng = np.random.default_rng(2)
    rows = [(u, i, float(rng.integers(1, 6))) for u in range(900) for i in rng.choice(40, 9, False)]
    config = GibbsSettings(dimension=2, samples=2, burn_in=30, chains=1, likelihood="gaussian",
                           features=())  # fmt: skip
    engine = made(config, ratings_of(rows, 900, 40))
    for _ in range(32):
        engine.run_epoch()
    own, told = engine._chains[0].now.user.own, engine.latest_figures()
    variances = own.var(axis=1)
    assert_allclose(told["user_bias_precision"][0], 1 / variances[0], rtol=0.2)
    assert_allclose(told["user_factor_precision"][0], 1 / variances[1:].mean(), rtol=0.2)


def test_traces_go_on_where_they_were() -> None:
    whole = made()
    for _ in range(5):
        whole.run_epoch()
    state = {name: array.copy() for name, array in whole.state().items()}
    other = made()
    other.restore(state)
    for engine in (whole, other):
        for _ in range(3):
            engine.run_epoch()
    assert other.convergence == whole.convergence
    ours, theirs = whole.state(), other.state()
    assert ours.keys() == theirs.keys()
    assert {"traces/accepted", "traces/global_bias"} <= ours.keys()
    for name, array in ours.items():
        assert_array_equal(array, theirs[name], err_msg=name)


def test_traces_of_other_sweeps_are_refused() -> None:
    engine = made()
    engine.run_epoch()
    state = dict(engine.state())
    state["traces/global_bias"] = np.zeros((2, 2))
    with pytest.raises(ValueError, match="'global_bias' is float64"):
        made().restore(state)


ROUNDS = replace(CONFIG, until_converged=True)  # 2 sweeps, then 6, 12, 24, …


def test_each_round_is_twice_as_long_and_keeps_as_many() -> None:
    rounds = rounds_of(ROUNDS)
    assert rounds[:3] == (Round(2, 6, 3), Round(8, 12, 6), Round(20, 24, 12))
    assert len(rounds) == 5
    assert rounds_of(CONFIG) == rounds[:1]
    for one, following in pairwise(rounds):
        assert one.is_over(following.start)
        assert not one.is_over(following.start - 1)
    assert [round_of(rounds, n).start for n in (0, 2, 8, 9, 20, 21, 9999)] == [
        2,
        2,
        2,
        8,
        8,
        20,
        92,
    ]
    assert [n_kept_after(rounds, n) for n in (0, 4, 5, 8, 13, 14, 20)] == [0, 0, 1, 2, 2, 1, 2]


def told(rhat: float) -> Convergence:
    return Convergence(2, 9, {"noise": Diagnosis(rhat, 999.0, 999.0)})


def test_sampling_ends_with_the_first_round_whose_chains_agree(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    engine, verdicts = made(ROUNDS), iter([told(1.2), told(1.005)])
    looked: list[int] = []

    def convergence(self: BayesianEngine) -> Convergence:
        looked.append(self._n_sweeps)
        return next(verdicts)

    monkeypatch.setattr(engines.BayesianEngine, "convergence", property(convergence))
    seen, shares = [], []
    while not engine.is_done:
        engine.run_epoch()
        seen.append(engine.latest()["user_bias"])
        shares.append(engine.share)
    assert (len(seen), looked) == (20, [8, 20])
    kept = engine.weights()["user_bias"]
    assert_array_equal(kept, np.concatenate([seen[13], seen[19]]))  # of the second round alone
    mean = np.zeros(20)
    for draws, share in zip(seen, shares, strict=True):
        mean += share * (draws.mean(axis=0) - mean)
    assert_allclose(mean, kept.mean(axis=0), atol=1e-6)


def test_a_later_round_goes_on_where_it_was() -> None:
    for n_sweeps in (8, 10, 15):
        whole = made(ROUNDS)
        for _ in range(n_sweeps):
            whole.run_epoch()
        other = made(ROUNDS)
        other.restore(whole.state())
        for engine in (whole, other):
            engine.run_epoch()
        assert_array_equal(other.weights()["item_bias"], whole.weights()["item_bias"])
        assert other.share == whole.share


def test_one_chain_has_nobody_to_agree_with() -> None:
    with pytest.raises(ConfigError, match="--until-converged needs chains that can agree, 2 or"):
        made(replace(ROUNDS, chains=1))
