import subprocess
import sys
from dataclasses import asdict

import pytest

from starcast import models
from starcast.config import FACTOR_OPTIMIZERS, GRADIENT_OPTIMIZERS, Config
from starcast.errors import ConfigError, UnknownNameError
from starcast.models import MODELS, Model

EVERY_MODEL = pytest.mark.parametrize("model", MODELS.values(), ids=lambda model: model.name)

NAMES_OF_2018 = [
    "latent-factor-model",
    "deep-neural-network-model",
    "ensemble-no-transfer-learning",
    "ensemble-transfer-learning",
]

WITHOUT_TENSORFLOW = """
import sys
sys.modules |= {"tensorflow": None, "keras": None}  # importing them fails, as if not installed
import numpy as np
from starcast import artifact, models, recommend, storage
from starcast.errors import MissingExtraError
from starcast.ratings import Ratings

ratings = Ratings.from_columns(np.array([1, 1, 2]), np.array([1, 2, 1]), np.array([1., 2., 5.]))
for model in models.MODELS.values():
    try:
        print(model.engine(model.config(dimension=2), ratings, 1).run_epoch().loss > 0)
    except MissingExtraError as error:
        print(error)
"""


def test_the_names_of_2018_are_kept() -> None:
    assert list(MODELS) == NAMES_OF_2018
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


@EVERY_MODEL
def test_the_defaults_are_filed_under_their_own_optimizer(model: Model) -> None:
    for name, config in model.defaults.items():
        assert config.optimizer == name
    factor = model.name == "latent-factor-model"
    assert set(model.defaults) == set(FACTOR_OPTIMIZERS if factor else GRADIENT_OPTIMIZERS)


@EVERY_MODEL
def test_no_setting_given_is_the_first_default(model: Model) -> None:
    assert model.config() == next(iter(model.defaults.values()))
    assert model.config(optimizer=None, epochs=None) == model.config()


@EVERY_MODEL
def test_given_settings_lie_on_top_of_the_defaults_of_their_optimizer(model: Model) -> None:
    for name, default in model.defaults.items():
        config = model.config(optimizer=name, epochs=7, layers=(4, 1), dropout_rate=0.0)
        changes = {"epochs": 7, "layers": (4, 1), "dropout_rate": 0.0}
        assert config == Config(**asdict(default) | changes)


@EVERY_MODEL
def test_an_optimizer_of_other_models_is_refused_with_the_nearest(model: Model) -> None:
    with pytest.raises(UnknownNameError, match=f"optimizer for {model.name} 'Adams'.*'Adam'"):
        model.config(optimizer="Adams")
    if "ALS" not in model.defaults:
        with pytest.raises(UnknownNameError, match=f"unknown optimizer for {model.name} 'ALS'"):
            model.config(optimizer="ALS")


@EVERY_MODEL
def test_settings_are_checked_when_merged(model: Model) -> None:
    with pytest.raises(ConfigError, match="epochs must be at least 1"):
        model.config(epochs=0)


@EVERY_MODEL
def test_parents_are_models_and_come_with_a_transfer(model: Model) -> None:
    assert all(parent in MODELS and not MODELS[parent].parents for parent in model.parents)
    assert bool(model.parents) == (model.transfer is not None)


def test_without_tensorflow_factors_train_and_networks_name_the_extra() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", WITHOUT_TENSORFLOW], capture_output=True, text=True, check=True
    )
    factor, *networks = ran.stdout.splitlines()
    assert factor == "True"
    assert len(networks) == 3
    for message in networks:
        assert "needs keras" in message or "needs tensorflow" in message
        assert "pip install 'starcast[cpu]' (or 'starcast[gpu]')" in message
