"""What a model makes of given settings: its own are taken, others refused with what it has."""

from dataclasses import asdict, replace
from typing import Any

import pytest

from starcast.engines import tuned
from starcast.engines.keras_settings import KERAS, KerasSettings, on_keras
from starcast.engines.settings import (
    AlsSettings,
    MiniBatchSettings,
    NetworkSettings,
    SgdSettings,
)
from starcast.engines.solvers import Solvers
from starcast.errors import ConfigError, UnknownNameError

FACTORS = Solvers("factors", tuned.FACTORS)
ON_KERAS = Solvers("factors", tuned.FACTORS, {KERAS: on_keras(tuned.FACTORS)})
NETWORK = Solvers("network", tuned.NETWORK)


def test_the_first_optimizer_is_the_default() -> None:
    assert FACTORS.settings({}) == tuned.FACTORS["SGD"]
    assert FACTORS.settings({"optimizer": None, "dimension": None}) == tuned.FACTORS["SGD"]


def test_given_settings_lie_on_top_of_those_of_their_optimizer() -> None:
    wanted = replace(tuned.FACTORS["ALS"], dimension=5)  # type: ignore[call-arg]
    assert FACTORS.settings({"optimizer": "ALS", "dimension": 5}) == wanted
    assert NETWORK.settings({"layers": "[8,1]"}) == NETWORK.settings({"layers": [8, 1]})


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"samples": 7}, "factors by SGD has no setting samples; it has dimension, "),
        ({"layers": "[9,1]", "samples": 7}, "factors by SGD has no setting layers, samples; it "),
        (
            {"batch_size": 3},
            "learning_rate; with --optimizer Adam it has batch_size",
        ),
        (
            {"optimizer": "ALS", "learning_rate": 0.1, "dropout_rate": 0.5},
            "factors by ALS has no setting learning_rate, dropout_rate; it has dimension, epochs, "
            "regularization_factor, averaging, patience (--max-checkout-without-progress); "
            "with --optimizer SGD it has learning_rate",
        ),
    ],
)
def test_what_it_does_not_have_is_refused_with_what_it_has(
    given: dict[str, Any], said: str
) -> None:
    with pytest.raises(ConfigError) as refused:
        FACTORS.settings(given)
    assert said in str(refused.value)


def test_unknown_names_suggest_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="unknown setting 'sampels': did you mean 'samples'"):
        FACTORS.settings({"sampels": 7})
    with pytest.raises(
        UnknownNameError, match="unknown optimizer for network 'ADAM': did you mean"
    ):
        NETWORK.settings({"optimizer": "ADAM"})
    for value in (["Adam"], 3, b"Adam"):
        with pytest.raises(
            ConfigError, match="optimizer for network must be a name, such as 'Adam'"
        ):
            NETWORK.settings({"optimizer": value})


def test_the_engine_picks_among_the_solvers_too() -> None:
    found = ON_KERAS.settings({"engine": "keras", "dimension": 5, "precision": "mixed_bfloat16"})
    adam = asdict(tuned.FACTORS["Adam"]) | {"dimension": 5, "precision": "mixed_bfloat16"}
    assert found == KerasSettings(**adam)
    assert found.engine == "keras"
    assert ON_KERAS.settings({"engine": "compiled"}) == tuned.FACTORS["SGD"]
    assert ON_KERAS.settings({"engine": None}).engine == "compiled"
    ON_KERAS.require(found)
    assert ON_KERAS.recorded(found.written()) == found
    assert "engine" not in tuned.FACTORS["Adam"].written()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"engine": "kears"}, "unknown engine for factors 'kears': did you mean 'keras'"),
        ({"engine": "keras", "optimizer": "SGD"}, "optimizer for factors on keras 'SGD': known: A"),
        ({"precision": "float32"}, "; with --engine keras it has precision"),
        ({"engine": "keras", "samples": 3}, "learning_rate, precision, devices, jit_compile"),
    ],
)
def test_what_an_engine_does_not_have_is_refused(given: dict[str, Any], said: str) -> None:
    with pytest.raises((ConfigError, UnknownNameError)) as refused:
        ON_KERAS.settings(given)
    assert said in str(refused.value)


def test_models_trained_together_take_an_engine_if_they_have_it() -> None:
    given = {"engine": "keras", "devices": 1, "epochs": 3}
    assert ON_KERAS.having(given) == given
    assert FACTORS.having(given) == {"epochs": 3}
    assert FACTORS.having({"engine": "compiled"}) == {"engine": "compiled"}
    assert ON_KERAS.having({"engine": "keras", "optimizer": "SGD"}) == {"engine": "keras"}
    assert ON_KERAS.having_it("devices") == ["Adam", "RMSProp", "GradientDescent"]


def test_values_are_checked_when_merged() -> None:
    with pytest.raises(ConfigError, match="epochs must be at least 1, got 0"):
        FACTORS.settings({"epochs": 0})


def test_what_it_has_is_picked_by_the_optimizer_it_is_given() -> None:
    given = {"optimizer": "ALS", "learning_rate": 1.0, "epochs": 3, "layers": "[8,1]"}
    assert FACTORS.having(given) == {"optimizer": "ALS", "epochs": 3}
    assert NETWORK.having(given) == {"learning_rate": 1.0, "epochs": 3, "layers": (8, 1)}
    assert FACTORS.having({"batch_size": 3}) == {}
    assert FACTORS.having({"batch_size": 3, "optimizer": "Adam"}) == {
        "batch_size": 3,
        "optimizer": "Adam",
    }


FLAT = {  # as every model's settings were recorded
    "optimizer": "SGD", "dimension": 4, "layers": [64, 1], "epochs": 6, "batch_size": 1000,
    "learning_rate": 0.02, "regularization_factor": 0.04, "dropout_rate": 0.0, "averaging": 0.7,
    "patience": 15, "transfer_weight": 0.5, "samples": 300, "burn_in": 10, "chains": 2, "kept": 60,
    "likelihood": "probit", "features": ["histories"], "day_length": 86400,
}  # fmt: skip


def test_records_of_all_settings_there_were_leave_those_it_has() -> None:
    assert FACTORS.recorded(FLAT) == SgdSettings(
        dimension=4, epochs=6, learning_rate=0.02, regularization_factor=0.04, averaging=0.7,
        patience=15,
    )  # fmt: skip
    network = NETWORK.recorded(FLAT | {"optimizer": "Adam"})
    assert isinstance(network, NetworkSettings)
    assert network.layers == (64, 1)


def test_records_without_a_newer_setting_have_its_own_default() -> None:
    """Not the tuned one, which the model did not have when it was trained."""
    record = {"optimizer": "SGD", "dimension": 4}
    assert FACTORS.recorded(record) == SgdSettings(dimension=4)
    assert FACTORS.recorded(record) != FACTORS.settings({"dimension": 4})


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ({}, (32, 64)),
        ({"dimension": None}, (32, 64)),
        ({"dimension": 8}, (8, 8)),
        ({"dimension": 8, "factor_dimension": None}, (8, 8)),
        ({"dimension": 8, "factor_dimension": 5}, (8, 5)),
        ({"factor_dimension": 5}, (32, 5)),
    ],
)
def test_both_branches_have_the_dimension_that_alone_is_given(
    given: dict[str, Any], wanted: tuple[int, int]
) -> None:
    warm = Solvers("warm", tuned.WARM_START, {KERAS: on_keras(tuned.WARM_START)})
    for engine in (None, KERAS):
        found: Any = warm.settings(given | {"engine": engine})
        assert (found.dimension, found.factor_dimension) == wanted


def test_ensembles_of_one_dimension_are_read_back() -> None:
    """As they were recorded before their branches had one each."""
    record = {"optimizer": "Adam", "dimension": 16}
    for defaults in (tuned.ENSEMBLE, tuned.WARM_START):
        network: Any = Solvers("ensemble", defaults).recorded(record)
        assert (network.dimension, network.factor_dimension) == (16, 16)
        wide: Any = Solvers("ensemble", defaults).recorded(record | {"factor_dimension": 48})
        assert wide.factor_dimension == 48


def test_records_that_are_none_of_its_own_are_refused() -> None:
    with pytest.raises(UnknownNameError, match="unknown setting 'colour'"):
        FACTORS.recorded(FLAT | {"colour": "red"})
    with pytest.raises(UnknownNameError, match="unknown optimizer for factors 'Gibbs'"):
        FACTORS.recorded(FLAT | {"optimizer": "Gibbs"})
    with pytest.raises(ConfigError, match="epochs must be a whole number, got 6"):
        FACTORS.recorded(FLAT | {"epochs": 6.5})


def test_settings_of_another_solver_are_refused() -> None:
    FACTORS.require(MiniBatchSettings())
    with pytest.raises(ConfigError, match="factors by Adam is trained with MiniBatchSettings, not"):
        FACTORS.require(NetworkSettings())
    with pytest.raises(UnknownNameError, match="unknown optimizer for network 'ALS'"):
        NETWORK.require(AlsSettings())


@pytest.mark.parametrize("defaults", [tuned.FACTORS, tuned.NETWORK, tuned.WARM_START,
                                      tuned.SAMPLED, tuned.AUTOENCODER])  # fmt: skip
def test_defaults_are_filed_under_their_own_optimizer(defaults: tuned.Defaults) -> None:
    assert {name: settings.optimizer for name, settings in defaults.items()} == {
        name: name for name in defaults
    }
