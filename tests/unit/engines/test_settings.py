from dataclasses import FrozenInstanceError, replace
from typing import Any

import pytest

from starcast.engines.settings import (
    FACTOR_OPTIMIZERS,
    FEATURES,
    GRADIENT_OPTIMIZERS,
    LIKELIHOODS,
    OPTIMIZERS,
    Config,
    parse_features,
    parse_layers,
)
from starcast.errors import ConfigError, UnknownNameError

NAN, INFINITE = float("nan"), float("inf")

REFUSED = [
    ("dimension", 0, "dimension must be at least 1, got 0"),
    ("dimension", -8, "dimension must be at least 1, got -8"),
    ("epochs", 0, "epochs must be at least 1, got 0"),
    ("batch_size", 0, "batch_size must be at least 1, got 0"),
    ("patience", 0, "patience must be at least 1, got 0"),
    ("learning_rate", 0.0, "learning_rate must be more than 0, got 0.0"),
    ("learning_rate", -0.1, "learning_rate must be more than 0, got -0.1"),
    ("learning_rate", NAN, "learning_rate must be more than 0, got nan"),
    ("learning_rate", INFINITE, "learning_rate must be more than 0, got inf"),
    ("dimension", 10**20, "dimension must be at most 10,000"),
    ("epochs", 10**20, "epochs must be at most 1,000,000,000"),
    ("layers", (10**5, 1), "no layer may be wider than 10,000"),
    ("regularization_factor", -0.1, "regularization_factor must be 0 or more, got -0.1"),
    ("regularization_factor", NAN, "regularization_factor must be 0 or more, got nan"),
    ("regularization_factor", INFINITE, "regularization_factor must be 0 or more, got inf"),
    ("dropout_rate", -0.1, r"dropout_rate must lie in \[0, 1\), got -0.1"),
    ("dropout_rate", 1.0, r"dropout_rate must lie in \[0, 1\), got 1.0"),
    ("dropout_rate", NAN, r"dropout_rate must lie in \[0, 1\), got nan"),
    ("averaging", -0.1, r"averaging must lie in \[0, 1\), got -0.1"),
    ("averaging", 1.0, r"averaging must lie in \[0, 1\), got 1.0"),
    ("averaging", NAN, r"averaging must lie in \[0, 1\), got nan"),
    ("transfer_weight", -0.1, r"transfer_weight must lie in \[0, 1\], got -0.1"),
    ("transfer_weight", 1.1, r"transfer_weight must lie in \[0, 1\], got 1.1"),
    ("transfer_weight", NAN, r"transfer_weight must lie in \[0, 1\], got nan"),
    ("samples", 0, "samples must be at least 1, got 0"),
    ("chains", 0, "chains must be at least 1, got 0"),
    ("chains", 10**4, "chains must be at most 1,000, got 10,000"),
    ("kept", 0, "kept must be at least 1, got 0"),
    ("burn_in", -1, r"burn_in must lie in \[0, 1,000,000\], got -1"),
    ("layers", (), r"layers must be at least two widths and end in 1, got \[\]"),
    ("layers", (1,), r"layers must be at least two widths and end in 1, got \[1\]"),
    ("layers", (8, 4), r"layers must be at least two widths and end in 1, got \[8, 4\]"),
    ("layers", (8, 0, 1), r"layers must be at least two widths and end in 1, got \[8, 0, 1\]"),
]
EDGES = [
    ("dimension", 1),
    ("epochs", 1),
    ("epochs", None),
    ("batch_size", 1),
    ("patience", 1),
    ("learning_rate", 1e-12),
    ("regularization_factor", 0.0),
    ("dropout_rate", 0.0),
    ("dropout_rate", 0.999),
    ("averaging", 0.0),
    ("averaging", 0.999),
    ("transfer_weight", 0.0),
    ("transfer_weight", 1.0),
    ("layers", (1, 1)),
    ("burn_in", 0),
    *((name, 1) for name in ("samples", "chains", "kept")),
    *(("likelihood", name) for name in LIKELIHOODS),
    ("features", ()),
    ("features", FEATURES),
    ("day_length", 1),
    *(("optimizer", name) for name in OPTIMIZERS),
]


@pytest.mark.parametrize(("name", "value", "message"), REFUSED)
def test_settings_out_of_range_are_refused_by_name(name: str, value: Any, message: str) -> None:
    with pytest.raises(ConfigError, match=f"^{message}"):
        Config(**{name: value})


@pytest.mark.parametrize(("name", "value"), EDGES)
def test_the_edges_of_every_range_are_accepted(name: str, value: Any) -> None:
    assert getattr(Config(**{name: value}), name) == value


def test_changed_settings_are_checked_again() -> None:
    with pytest.raises(ConfigError, match="epochs"):
        replace(Config(), epochs=0)


def test_settings_do_not_change_under_a_run() -> None:
    with pytest.raises(FrozenInstanceError):
        Config().epochs = 3  # type: ignore[misc]


def test_an_unknown_optimizer_suggests_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match=r"unknown optimizer 'Adams': did you mean 'Adam'\?"):
        Config(optimizer="Adams")
    with pytest.raises(UnknownNameError, match="known: Adam, RMSProp, GradientDescent, SGD, ALS"):
        Config(optimizer="Newton-Krylov")


def test_an_unknown_likelihood_suggests_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="unknown likelihood 'probyt': did you mean 'probit"):
        Config(likelihood="probyt")


def test_features_are_named_and_an_unknown_one_suggests_the_nearest() -> None:
    assert parse_features(" histories,days ") == ("histories", "days")
    assert parse_features("none") == ()
    for text in ("histories,dais", "histories,,days", ""):
        with pytest.raises(UnknownNameError, match="unknown feature '"):
            Config(features=parse_features(text))


def test_the_mini_batch_optimizers_suit_factors_too() -> None:
    assert set(GRADIENT_OPTIMIZERS) < set(FACTOR_OPTIMIZERS)


@pytest.mark.parametrize(
    "text", ["[64,32,16,8,1]", "[64, 32, 16, 8, 1]", "64,32,16,8,1", " [64,32,16,8,1] "]
)
def test_layers_are_read_as_the_2018_flag_writes_them(text: str) -> None:
    assert parse_layers(text) == (64, 32, 16, 8, 1)


@pytest.mark.parametrize(
    "text", ["[64,32", "64,32]", "[64;32;1]", "[64.5,1]", "[true,1]", '["64",1]', "[[64],1]",
             "{}", "__import__('os')"],
)  # fmt: skip
def test_layers_that_are_no_list_of_whole_numbers_are_refused(text: str) -> None:
    with pytest.raises(ConfigError, match=r"is no list of layer widths; write \[64,32,16,8,1\]"):
        parse_layers(text)
