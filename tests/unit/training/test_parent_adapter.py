"""Parents of other dimensions, and a Bayesian model in the place of the latent factor model."""

from dataclasses import replace

import numpy as np
import pytest

from starcast import models
from starcast.artifacts.artifact import Artifact
from starcast.data.split import Split, SplitPlan
from starcast.engines.bayesian.mean import posterior_mean
from starcast.engines.networks.warm_start import warm_start
from starcast.engines.settings import Settings
from starcast.errors import ConfigError, SplitMismatchError
from starcast.scoring.in_stars import as_trained
from starcast.training.fit import fit

FACTOR, BAYESIAN, DEEP, CHILD = (
    "latent-factor-model",
    "bayesian-factorization-model",
    "deep-neural-network-model",
    "ensemble-transfer-learning",
)
LAYERS = (8, 4, 1)


def drawn(split: Split, likelihood: str = "gaussian") -> Artifact:
    config = models.find(BAYESIAN).settings(
        dimension=2, likelihood=likelihood, samples=8, burn_in=4, kept=4
    )
    return fit(split, BAYESIAN, config, seed=3)


@pytest.fixture(scope="module")
def teacher(planted_split: Split) -> Artifact:
    return drawn(planted_split)


@pytest.fixture(scope="module")
def deep(planted_split: Split) -> Artifact:
    config = models.find(DEEP).settings(dimension=4, layers=LAYERS, epochs=2)
    return fit(planted_split, DEEP, config, seed=1)


def child(**settings: object) -> Settings:
    shape = {"dimension": 4, "layers": LAYERS, "epochs": 1, "learning_rate": 1e-12}
    return models.find(CHILD).settings(**shape | settings)


def test_its_mean_and_the_deep_network_are_where_the_ensemble_starts(
    planted_split: Split, teacher: Artifact, deep: Artifact
) -> None:
    config = child(transfer_weight=0.25)
    ensemble = fit(planted_split, CHILD, config, parents=[teacher, deep])
    mean = posterior_mean(teacher.weights, 4)
    for name, array in warm_start(mean, deep.weights, 0.25).items():
        np.testing.assert_allclose(ensemble.weights[name], array, rtol=1e-5, atol=1e-6)
    rows = planted_split.test
    users, items = rows.user_rows, rows.item_rows
    scorers = [as_trained(one.scorer) for one in (ensemble, teacher, deep)]
    each = [scorer.score_pairs(users, items) for scorer in scorers]
    # The draws disagree little enough for 4 factors to say what 4 draws of 2 factors do.
    np.testing.assert_allclose(each[0], 0.25 * each[1] + 0.75 * each[2], atol=0.1)


def test_its_dimension_need_not_be_that_of_the_ensemble(
    planted_split: Split, teacher: Artifact, deep: Artifact
) -> None:
    """Not even more than all draws have: the rest are zeros."""
    wide = fit(planted_split, DEEP, replace(deep.config, dimension=17), seed=1)  # type: ignore[type-var]
    ensemble = fit(planted_split, CHILD, child(dimension=17), parents=[teacher, wide])
    factors = ensemble.weights["user_factors"]
    assert factors.shape[1] == 17
    assert np.any(factors[:, :16])
    assert not np.any(factors[:, 16])


def test_branches_start_from_parents_of_another_dimension_each(
    planted_split: Split, deep: Artifact
) -> None:
    config = models.find(FACTOR).settings(dimension=3, epochs=2)
    factor = fit(planted_split, FACTOR, config, seed=1)
    own = child(factor_dimension=3, transfer_weight=0.25)
    ensemble = fit(planted_split, CHILD, own, parents=[factor, deep])
    assert {ensemble.weights[name].shape[1] for name in ("user_factors", "item_factors")} == {3}
    assert {ensemble.weights[f"{side}_embedding"].shape[1] for side in ("user", "item")} == {4}
    rows = planted_split.test
    mixed, one, other = (
        as_trained(trained.scorer).score_pairs(rows.user_rows, rows.item_rows)
        for trained in (ensemble, factor, deep)
    )
    np.testing.assert_allclose(mixed, 0.25 * one + 0.75 * other, atol=1e-4)
    what = f"{FACTOR} has dimension 3, the ensemble 4; make its --dimension and the .* --factor-dim"
    with pytest.raises(ConfigError, match=what):
        fit(planted_split, CHILD, child(), parents=[factor, deep])


def test_a_refit_starts_from_refitted_draws(
    planted_split: Split, teacher: Artifact, deep: Artifact
) -> None:
    later = {name: 2 * array for name, array in teacher.weights.items()}
    refitted = replace(teacher, weights=later, refit=True)
    ensemble = fit(planted_split, CHILD, child(), parents=[refitted, deep], refit=True)
    for which, weights in ((ensemble.weights, later), (ensemble.weights_before_refit, None)):
        mean = posterior_mean(weights or teacher.weights, 4)
        np.testing.assert_allclose(which["user_bias"], mean["user_bias"], rtol=1e-4, atol=1e-6)


def test_it_must_be_of_the_same_split(
    planted_split: Split, teacher: Artifact, deep: Artifact
) -> None:
    other = replace(teacher, split=SplitPlan(seed=7).divide(planted_split.ratings))
    with pytest.raises(SplitMismatchError, match=f"cannot start {CHILD} from {BAYESIAN}"):
        fit(planted_split, CHILD, child(), parents=[other, deep])


def test_it_stands_in_for_no_other_parent(planted_split: Split, teacher: Artifact) -> None:
    with pytest.raises(
        ConfigError,
        match=f"not from {BAYESIAN} and {BAYESIAN}; in place of latent-factor-model a {BAYESIAN} ",
    ):
        fit(planted_split, CHILD, child(), parents=[teacher, teacher])
