"""The sampler beside myFM's, an independent program: the same design, rank and priors.

Both draw from one posterior, so that their mean predictions differ by Monte Carlo error alone. How
large that is, chains of either program tell: they differ among themselves by the same error.
"""

import sys
from functools import cache
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from plain_factor import ratings_of
from scipy.sparse import csr_matrix

from starcast.data.ratings import Ratings
from starcast.engines.bayesian.engine import BayesianEngine
from starcast.engines.settings import GibbsSettings
from starcast.scoring import PosteriorScorer

SIDE, DIMENSION, CHAINS, SAMPLES, BURN_IN = 25, 2, 4, 1000, 100
USERS, ITEMS = np.divmod(np.arange(SIDE * SIDE, dtype=np.int32), SIDE)

Doubles = NDArray[np.float64]


@cache
def planted() -> Ratings:
    """About half of 25 × 25 pairs, whole stars, two directions of taste and noise."""
    rng = np.random.default_rng(3)
    p, q = rng.normal(0, 0.8, (2, SIDE, 2))
    cells = np.argwhere(rng.random((SIDE, SIDE)) < 0.5)
    users, items = cells.T
    liking = 3 + 0.5 * p[users, 0] + (p[users] * q[items]).sum(axis=1)
    stars = np.clip(np.round(liking + rng.normal(0, 0.5, len(cells))), 1, 5)
    rows = [(u, i, s) for (u, i), s in zip(cells.tolist(), stars.tolist(), strict=True)]
    return ratings_of(rows, SIDE, SIDE)


@cache
def ours(likelihood: str) -> Doubles:
    """(CHAINS, pairs): the mean prediction of every chain for all pairs, rated or not."""
    n_draws = CHAINS * SAMPLES
    config = GibbsSettings(
        optimizer="Gibbs", likelihood=likelihood, dimension=DIMENSION, chains=CHAINS,
        samples=n_draws, kept=n_draws, burn_in=BURN_IN, features=(),
    )  # fmt: skip
    engine = BayesianEngine(config, planted(), 1)
    for _ in range(engine.sweeps):
        engine.run_epoch()
    weights, shared = engine.weights(), {"mean", "levels"}
    means = []
    for chain in range(CHAINS):  # each sweep's draws lie side by side
        own = {name: w if name in shared else w[chain::CHAINS] for name, w in weights.items()}
        means.append(PosteriorScorer(own).score_pairs(USERS, ITEMS))
    return np.array(means, np.float64)


@pytest.fixture
def myfm(monkeypatch: pytest.MonkeyPatch) -> Any:
    """It asks a part of setuptools that newer ones lack for its version, and does without."""
    absent = SimpleNamespace(DistributionNotFound=ImportError, get_distribution=None)
    monkeypatch.setitem(sys.modules, "pkg_resources", absent)
    return pytest.importorskip("myfm", reason="needs myfm: pip install myfm")


def theirs(myfm: Any, likelihood: str, **priors: float) -> Doubles:
    """As `ours`. Our Gaussian model holds the mean of all ratings, so theirs is not drawn."""
    train, means = planted(), []
    mean = float(train.stars.mean(dtype=np.float64))
    settings: dict[str, Any] = {"rank": DIMENSION, "fit_w0": False, **priors}
    kind = myfm.MyFMOrderedProbit if likelihood == "probit" else myfm.MyFMGibbsRegressor
    targets: Any = (train.stars - 1).astype(int) if likelihood == "probit" else train.stars - mean
    for seed in range(CHAINS):
        model = kind(random_seed=seed, **settings)
        model.fit(
            one_hot(train.user_rows, train.item_rows), targets, n_iter=SAMPLES + BURN_IN,
            n_kept_samples=SAMPLES, group_shapes=[SIDE, SIDE],
        )  # fmt: skip
        if likelihood == "probit":
            means.append(model.predict_proba(one_hot(USERS, ITEMS)) @ np.arange(1, 6))
        else:
            means.append(mean + model.predict(one_hot(USERS, ITEMS)))
    return np.array(means)


def one_hot(users: NDArray[Any], items: NDArray[Any]) -> Any:
    columns = np.column_stack([users, SIDE + items]).ravel()
    ends = np.arange(0, 2 * len(users) + 1, 2)
    return csr_matrix((np.ones(2 * len(users)), columns, ends), shape=(len(users), 2 * SIDE))


def difference(one: Doubles, other: Doubles) -> float:
    """Root mean square over pairs of the difference of means, in its own standard errors."""
    error = (one.var(axis=0, ddof=1) + other.var(axis=0, ddof=1)).mean() / CHAINS
    return float(np.sqrt(np.mean((one.mean(axis=0) - other.mean(axis=0)) ** 2) / error))


@pytest.mark.parametrize("likelihood", ["gaussian", "probit"])
def test_both_predict_alike_but_for_monte_carlo_error(likelihood: str, myfm: Any) -> None:
    """1 is expected; the pairs are far from independent, hence up to 1.7.

    Cut points have other priors there, which 320 ratings leave little of.
    """
    assert difference(ours(likelihood), theirs(myfm, likelihood)) < 1.7


def test_other_priors_would_be_told_apart(myfm: Any) -> None:
    assert difference(ours("gaussian"), theirs(myfm, "gaussian", beta_0=6.0)) > 2.5
