"""What every solver has, what each setting may be, and how it is told of otherwise."""

import math
from dataclasses import FrozenInstanceError, asdict, fields, replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from starcast.engines.keras_settings import (
    KerasEnsembleSettings,
    KerasNetworkSettings,
    KerasSettings,
    KerasWarmStartSettings,
)
from starcast.engines.setting_catalogue import (
    GRADIENT_OPTIMIZERS,
    LIKELIHOODS,
    NETWORK_FEATURES,
    OPTIMIZERS,
    SETTINGS,
    told,
)
from starcast.engines.setting_kinds import KEY, Choice, Number, Whole
from starcast.engines.settings import (
    AlsSettings,
    BaselineSettings,
    EnsembleSettings,
    GibbsSettings,
    ImplicitSettings,
    ItemItemSettings,
    LbfgsSettings,
    MiniBatchSettings,
    NetworkSettings,
    OwnNetworkSettings,
    Settings,
    SgdSettings,
    WarmStartSettings,
    settings_of,
)
from starcast.errors import ConfigError, StarcastError, UnknownNameError

NAN, INFINITE = float("nan"), float("inf")
DESCENDING = {"optimizer", "dimension", "epochs", "regularization_factor", "averaging", "patience"}
ON_KERAS = {"engine", "precision", "devices", "jit_compile"}
OF_NETWORKS = {
    "learning_rate",
    "batch_size",
    "layers",
    "dropout_rate",
    "features",
    "network",
    "loss",
}
HAS: dict[type[Settings], set[str]] = {
    SgdSettings: DESCENDING | {"learning_rate"},
    AlsSettings: DESCENDING,
    MiniBatchSettings: DESCENDING | {"learning_rate", "batch_size"},
    NetworkSettings: DESCENDING | OF_NETWORKS,
    EnsembleSettings: DESCENDING | OF_NETWORKS | {"factor_dimension"},
    WarmStartSettings: DESCENDING | OF_NETWORKS | {"factor_dimension", "transfer_weight"},
    OwnNetworkSettings: DESCENDING - {"dimension"}
    | {"learning_rate", "batch_size", "network", "loss"},
    LbfgsSettings: DESCENDING | {"presence", "input_penalty", "steps_per_epoch"},
    GibbsSettings: {
        "optimizer",
        "dimension",
        "epochs",
        "samples",
        "burn_in",
        "chains",
        "kept",
        "until_converged",
        "likelihood",
        "features",
        "day_length",
    },
    ItemItemSettings: {
        "optimizer",
        "regularization_factor",
        "interest_weight",
        "nearness",
        "activity_exponent",
        "popularity_exponent",
        "dropped_share",
        "core_items",
    },
    ImplicitSettings: {
        "optimizer",
        "dimension",
        "epochs",
        "patience",
        "regularization_factor",
        "unobserved_weight",
        "frequency_exponent",
        "interest_weight",
        "activity_exponent",
    },
    BaselineSettings: {"optimizer"},
}
HAS |= {
    KerasSettings: HAS[MiniBatchSettings] | ON_KERAS,
    KerasNetworkSettings: HAS[NetworkSettings] | ON_KERAS,
    KerasEnsembleSettings: HAS[EnsembleSettings] | ON_KERAS,
    KerasWarmStartSettings: HAS[WarmStartSettings] | ON_KERAS,
}  # fmt: skip


SOLVERS = list(HAS)


def solver_with(name: str) -> type[Settings]:
    return next(solver for solver in SOLVERS if name in settings_of(solver))


def checked(name: str, value: Any) -> Any:
    """What the first solver that has a setting makes of a value."""
    return getattr(solver_with(name)(**{name: value}), name)


@pytest.mark.parametrize("solver", SOLVERS)
def test_a_solver_has_what_it_uses(solver: type[Settings]) -> None:
    assert {field.name for field in fields(solver)} == HAS[solver]


@pytest.mark.parametrize("solver", SOLVERS)
def test_what_it_has_is_defined_once(solver: type[Settings]) -> None:
    """Optimizer, engine, features are the solver's; ALS needs a penalty; all else is shared."""
    own = {"optimizer", "engine", "features", "loss"}
    own |= {"regularization_factor"} if solver is AlsSettings else set()
    for field in fields(solver):
        setting = field.metadata[KEY]
        assert field.name in own or setting == SETTINGS[field.name]
        assert setting.help == SETTINGS[field.name].help


REFUSED = [
    ("dimension", 0, "dimension must be at least 1, got 0"),
    ("dimension", -8, "dimension must be at least 1, got -8"),
    ("epochs", 0, "epochs must be at least 1, got 0"),
    ("batch_size", 0, "batch_size must be at least 1, got 0"),
    ("patience", 0, "patience must be at least 1, got 0"),
    ("learning_rate", 0.0, "learning_rate must be more than 0, got 0.0"),
    ("learning_rate", -0.1, "learning_rate must be more than 0, got -0.1"),
    ("learning_rate", NAN, "learning_rate must be finite and more than 0, got nan"),
    ("learning_rate", INFINITE, "learning_rate must be finite and more than 0, got inf"),
    ("dimension", 10**20, "dimension must be at most 10,000, got 100,000,000,000,000,000,000"),
    ("epochs", 10**20, "epochs must be at most 1,000,000,000"),
    ("layers", (10**5, 1), "no layer may be wider than 10,000"),
    ("layers", (1,) * 101, r"layers must be at most 100 widths, got \[1, "),
    ("regularization_factor", -0.1, "regularization_factor must be 0 or more, got -0.1"),
    ("regularization_factor", NAN, "regularization_factor must be finite and 0 or more, got nan"),
    (
        "regularization_factor",
        INFINITE,
        "regularization_factor must be finite and 0 or more, got inf",
    ),
    ("dropout_rate", -0.1, r"dropout_rate must lie in \[0, 1\), got -0.1"),
    ("dropout_rate", 1, r"dropout_rate must lie in \[0, 1\), got 1.0"),
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
    ("until_converged", 1, "until_converged must be True or False, got 1"),
    ("until_converged", "yes", "until_converged must be True or False, got 'yes'"),
    ("presence", -1, "presence must be 0 or more, got -1.0"),
    ("steps_per_epoch", 0, "steps_per_epoch must be at least 1, got 0"),
    ("layers", (), r"\(\) is no list of layer widths"),
    ("layers", (1,), r"layers must be at least two widths and end in 1, got \[1\]"),
    ("layers", (8, 4), r"layers must be at least two widths and end in 1, got \[8, 4\]"),
    ("layers", (8, 0, 1), r"layers must be at least two widths and end in 1, got \[8, 0, 1\]"),
    ("features", {"time"}, "features must be any of histories,attributes,time, or none, got"),
    ("features", ["time", "time"], "features has time twice"),
    ("devices", 0, "devices must be at least 1, got 0"),
    ("devices", 3, "3 devices cannot share out batches of 1,000 alike; make batch_size a multiple"),
]
EDGES = [
    ("dimension", 1),
    ("epochs", 1),
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
    ("layers", (1,) * 100),
    ("burn_in", 0),
    ("until_converged", True),
    ("presence", 0.0),
    ("input_penalty", 0.0),
    *((name, 1) for name in ("samples", "chains", "kept", "steps_per_epoch")),
    *(("likelihood", name) for name in LIKELIHOODS),
    ("features", ()),
    ("features", NETWORK_FEATURES),
    ("day_length", 1),
    ("precision", "mixed_bfloat16"),
    ("devices", 8),
    ("jit_compile", "no"),
]


@pytest.mark.parametrize(("name", "value", "message"), REFUSED)
def test_settings_out_of_range_are_refused_by_name(name: str, value: Any, message: str) -> None:
    with pytest.raises(ConfigError, match=f"^{message}"):
        checked(name, value)


@pytest.mark.parametrize(("name", "value"), EDGES)
def test_the_edges_of_every_range_are_accepted(name: str, value: Any) -> None:
    assert checked(name, value) == value


EVERY_WHOLE = [name for name, setting in SETTINGS.items() if isinstance(setting, Whole)]
EVERY_NUMBER = [name for name, setting in SETTINGS.items() if isinstance(setting, Number)]
EVERY_CHOICE = [name for name, setting in SETTINGS.items() if isinstance(setting, Choice)]


@pytest.mark.parametrize("name", EVERY_WHOLE)
@pytest.mark.parametrize("value", [2.5, 8.0, True, "8", None, NAN, INFINITE, (8,), np.float64(8)])
def test_what_is_no_integer_is_refused_where_one_is_wanted(name: str, value: Any) -> None:
    with pytest.raises(ConfigError, match=f"^{name} must be a whole number, got "):
        checked(name, value)


@pytest.mark.parametrize("name", EVERY_NUMBER)
@pytest.mark.parametrize("value", [False, "0.5", None, (0.5,), 0.5j])
def test_what_is_no_number_is_refused_where_one_is_wanted(name: str, value: Any) -> None:
    with pytest.raises(ConfigError, match=f"^{name} must be a number, got "):
        checked(name, value)


@pytest.mark.parametrize("name", EVERY_CHOICE)
@pytest.mark.parametrize("value", [3, True, None, ["Adam"], b"Adam"])
def test_what_is_no_name_is_refused_where_one_is_wanted(name: str, value: Any) -> None:
    with pytest.raises(ConfigError, match=f"^{name} must be a name, such as '"):
        checked(name, value)


def test_numbers_of_other_libraries_become_plain_ones() -> None:
    """So that compiled loops meet one type, and JSON can hold them."""
    made = MiniBatchSettings(
        dimension=np.int32(8),  # type: ignore[arg-type]
        learning_rate=Fraction(1, 4),  # type: ignore[arg-type]
        regularization_factor=1,
        averaging=np.float32(0.5),  # type: ignore[arg-type]
    )
    values = (made.dimension, made.learning_rate, made.regularization_factor, made.averaging)
    assert values == (8, 0.25, 1.0, 0.5)
    assert [type(value) for value in values] == [int, float, float, float]


HOSTILE = ["[" * 100_000, "]" * 100_000, "9" * 100_000, "[" + "1," * 100_000 + "1]", "\x00\n'\"",
           10**5000, -(10**5000), (10**5000, 1), [[]] * 10**5]  # fmt: skip


@pytest.mark.parametrize("value", HOSTILE, ids=range(len(HOSTILE)))
@pytest.mark.parametrize("name", SETTINGS)
def test_whatever_is_given_gets_one_short_line(name: str, value: Any) -> None:
    with pytest.raises(StarcastError) as refused:
        checked(name, value)
    assert len(str(refused.value)) < 250
    assert "\n" not in str(refused.value)


def test_epochs_have_a_bound_unless_samples_say_when_to_end() -> None:
    assert GibbsSettings(epochs=None).epochs is None
    with pytest.raises(ConfigError, match="epochs must be a whole number, got None"):
        SgdSettings(epochs=None)  # type: ignore[arg-type]


def test_als_needs_a_penalty() -> None:
    with pytest.raises(ConfigError, match="regularization_factor must be more than 0, got 0"):
        AlsSettings(regularization_factor=0)


def test_a_sampler_neither_stops_early_nor_averages_weights() -> None:
    sampled = GibbsSettings()
    assert (sampled.averaging, "patience" in asdict(sampled)) == (0.0, False)
    assert sampled.patience > 10**9


def test_changed_settings_are_checked_again() -> None:
    with pytest.raises(ConfigError, match="epochs"):
        replace(SgdSettings(), epochs=0)


def test_settings_do_not_change_under_a_run() -> None:
    with pytest.raises(FrozenInstanceError):
        SgdSettings().epochs = 3  # type: ignore[misc]


def test_an_unknown_optimizer_suggests_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match=r"unknown optimizer 'Adams': did you mean 'Adam'\?"):
        NetworkSettings(optimizer="Adams")
    with pytest.raises(UnknownNameError, match="known: Adam, RMSProp, GradientDescent"):
        NetworkSettings(optimizer="Newton-Krylov")


def test_every_optimizer_has_a_solver() -> None:
    ranges = [settings_of(solver)["optimizer"].range for solver in SOLVERS]
    assert set(", ".join(ranges).split(", ")) == set(OPTIMIZERS)
    assert settings_of(NetworkSettings)["optimizer"].range == ", ".join(GRADIENT_OPTIMIZERS)


def test_what_keras_does_not_have_is_refused_by_name() -> None:
    with pytest.raises(UnknownNameError, match="unknown engine 'compiled': known: keras"):
        KerasSettings(engine="compiled")
    with pytest.raises(UnknownNameError, match="unknown precision 'float16': did you mean 'float3"):
        KerasNetworkSettings(precision="float16")
    with pytest.raises(UnknownNameError, match="unknown jit_compile 'true': known: yes, no"):
        KerasWarmStartSettings(jit_compile="true")


def test_an_unknown_likelihood_suggests_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="unknown likelihood 'probyt': did you mean 'probit"):
        GibbsSettings(likelihood="probyt")


@pytest.mark.parametrize(
    ("given", "features"),
    [(" histories,days ", ("histories", "days")), ("[days]", ("days",)), ("none", ()), ("[]", ()),
     (["attributes"], ("attributes",)), (np.array(["days", "histories"]), ("days", "histories")),
     ([], ()), (" none ", ())],
)  # fmt: skip
def test_features_are_read_from_text_and_from_sequences(given: Any, features: Any) -> None:
    assert GibbsSettings(features=given).features == features


@pytest.mark.parametrize("given", ["histories,dais", "histories,,days", "", ["histories", "dais"]])
def test_an_unknown_feature_suggests_the_nearest(given: Any) -> None:
    with pytest.raises(UnknownNameError, match="unknown feature '"):
        GibbsSettings(features=given)


@pytest.mark.parametrize(
    "given",
    ["[64,32,16,8,1]", "[64, 32, 16, 8, 1]", "64,32,16,8,1", " [64,32,16,8,1] ",
     [64, 32, 16, 8, 1], (64, 32, 16, 8, 1), np.array([64, 32, 16, 8, 1])],
    ids=str,
)  # fmt: skip
def test_layers_are_read_from_text_and_from_sequences(given: Any) -> None:
    layers = NetworkSettings(layers=given).layers
    assert layers == (64, 32, 16, 8, 1)
    assert all(type(width) is int for width in layers)


@pytest.mark.parametrize(
    "given",
    ["[64,32", "64,32]", "[64;32;1]", "[64.5,1]", "[true,1]", '["64",1]', "[[64],1]", "{}", "",
     "[]", "__import__('os')", [64.0, 1], [True, 1], ["64", "1"], [[64], 1], 64, {64: 1}, None,
     b"\x40\x01", "٦٤,1"],
    ids=str,
)  # fmt: skip
def test_layers_that_are_no_list_of_whole_numbers_are_refused(given: Any) -> None:
    with pytest.raises(ConfigError, match=r"is no list of layer widths; write \[64,32,16,8,1\]"):
        NetworkSettings(layers=given)


def test_what_the_command_line_spells_otherwise_is_told_with_its_flag() -> None:
    assert told("epochs") == "epochs"
    assert [name for name in SETTINGS if told(name) != name] == ["patience"]


def test_written_settings_are_read_back_as_they_were() -> None:
    made = GibbsSettings(features=("days", "histories"), epochs=3)
    assert made.written()["features"] == "[days, histories]"
    assert GibbsSettings(**made.written()) == made
    network = NetworkSettings(layers=(8, 1))
    assert NetworkSettings(**network.written()) == network


RANGES = {"dimension": "1 to 10,000", "learning_rate": "more than 0", "averaging": "[0, 1)",
          "transfer_weight": "[0, 1]", "regularization_factor": "0 or more", "burn_in":
          "0 to 1,000,000", "likelihood": "probit, gaussian", "until_converged":
          "yes or no"}  # fmt: skip


@pytest.mark.parametrize(("name", "words"), RANGES.items())
def test_ranges_are_said_in_words(name: str, words: str) -> None:
    assert SETTINGS[name].range == words


def test_a_number_between_two_open_ends() -> None:
    between = Number(help="", low=-1, above=True, high=1)
    assert between.range == "(-1, 1)"
    for value in (-1, 1):
        with pytest.raises(ConfigError, match=r"x must lie in \(-1, 1\), got"):
            between.check("x", value)
    assert between.check("x", math.nextafter(1, 0)) < 1
