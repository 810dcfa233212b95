from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from starcast import models
from starcast.data.ratings import Ratings
from starcast.engines.rows import SparseRows
from starcast.engines.setting_catalogue import GRADIENT_OPTIMIZERS
from starcast.engines.settings import SgdSettings, settings_of
from starcast.errors import ConfigError, UnknownNameError
from starcast.models import MODELS, Model
from starcast.models.known import KNOWN

EVERY_MODEL = pytest.mark.parametrize("model", MODELS.values(), ids=lambda model: model.name)

NAMES_OF_2018 = [
    "latent-factor-model",
    "deep-neural-network-model",
    "ensemble-no-transfer-learning",
    "ensemble-transfer-learning",
]


def test_the_names_of_2018_are_kept() -> None:
    assert list(MODELS)[:4] == NAMES_OF_2018
    assert all(models.find(name).name == name for name in NAMES_OF_2018)


@pytest.mark.parametrize(
    ("wrong", "near"),
    [
        ("latent-factor", "latent-factor-model"),
        ("Ensemble-Transfer-Learning", "ensemble-transfer-learning"),
        ("deep-network-model", "deep-neural-network-model"),
    ],
)
def test_an_unknown_model_suggests_the_nearest(wrong: str, near: str) -> None:
    with pytest.raises(UnknownNameError, match=f"unknown model '{wrong}': did you mean '{near}'"):
        models.find(wrong)


def test_a_name_near_none_lists_all() -> None:
    with pytest.raises(UnknownNameError, match=f"known: {', '.join(NAMES_OF_2018)}"):
        models.find("k-nn")


def test_a_blend_is_known_but_not_among_those_that_are_trained(ratings: Ratings) -> None:
    blend = models.find("blend")
    assert blend.title == "Blend"
    assert blend.name not in MODELS
    for refused in (blend.settings, lambda: blend.solvers):
        with pytest.raises(ConfigError, match="not trained: 'starcast blend' makes it"):
            refused()
    with pytest.raises(ConfigError, match="not trained: 'starcast blend' makes it"):
        blend.engine(SgdSettings(), ratings, 1)


@EVERY_MODEL
def test_the_defaults_are_filed_under_their_own_optimizer(model: Model) -> None:
    """One suffices."""
    assert model.defaults
    assert all(settings.optimizer == name for name, settings in model.defaults.items())


def test_our_networks_keep_the_optimizers_of_2018_and_others_have_their_own() -> None:
    others = {
        "latent-factor-model": ("SGD", "ALS", *GRADIENT_OPTIMIZERS),
        "bayesian-factorization-model": ("Gibbs",),
        "autoencoder-model": ("L-BFGS",),
    }
    for model in KNOWN:
        assert set(model.defaults) == set(others.get(model.name, GRADIENT_OPTIMIZERS))


@EVERY_MODEL
def test_no_setting_given_is_the_first_default(model: Model) -> None:
    assert model.settings() == next(iter(model.defaults.values()))
    assert model.settings(optimizer=None, epochs=None) == model.settings()


@EVERY_MODEL
def test_given_settings_lie_on_top_of_the_defaults_of_their_optimizer(model: Model) -> None:
    for optimizer, default in model.defaults.items():
        given: dict[str, Any] = {"epochs": 7, "dimension": 5, "factor_dimension": 3}
        own = {name: value for name, value in given.items() if name in settings_of(default)}
        assert model.settings(optimizer=optimizer, **own) == replace(default, **own)


@EVERY_MODEL
def test_an_optimizer_of_other_models_is_refused_with_the_nearest(model: Model) -> None:
    first = next(iter(model.defaults))
    with pytest.raises(UnknownNameError, match=f"optimizer for {model.name} '.*s'.*'{first}'"):
        model.settings(optimizer=f"{first}s")
    if "ALS" not in model.defaults:
        with pytest.raises(UnknownNameError, match=f"unknown optimizer for {model.name} 'ALS'"):
            model.settings(optimizer="ALS")


@EVERY_MODEL
def test_settings_are_checked_when_merged(model: Model) -> None:
    with pytest.raises(ConfigError, match="epochs must be at least 1"):
        model.settings(epochs=0)


@EVERY_MODEL
def test_every_optimizer_on_offer_trains_what_the_scorer_reads(
    model: Model, ratings: Ratings
) -> None:
    for optimizer in model.defaults:
        given = model.solvers.having({"optimizer": optimizer, "dimension": 2})
        settings = model.settings(**given)
        engine = model.engine(settings, ratings, 1)
        assert engine.run_epoch().loss > 0
        scorer = model.scorer(engine.weights(), SparseRows.by_user(ratings), settings)
        assert np.isfinite(scorer.score_all(np.arange(ratings.n_users, dtype=np.int32))).all()


@EVERY_MODEL
def test_parents_are_models_and_come_with_a_transfer(model: Model) -> None:
    assert all(parent in MODELS and not MODELS[parent].parents for parent in model.parents)
    assert bool(model.parents) == (model.transfer is not None)
