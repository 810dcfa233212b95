"""Spaces: every setting of every solver is varied within its bounds, or left out with a reason."""

import math
from dataclasses import replace

import pytest

from starcast.engines.keras_settings import KERAS
from starcast.engines.setting_catalogue import SETTINGS
from starcast.engines.settings import ItemItemSettings, Settings, SgdSettings, settings_of
from starcast.errors import ConfigError, StarcastError
from starcast.models import MODELS, OWN_NETWORK
from starcast.training.tuning.plan import spaces_of
from starcast.training.tuning.priors import PRIORS, Around, Between, LeftOut
from starcast.training.tuning.space import Options, Range, asked_for, parsed, space_of

SOLVERS = {
    f"{model.name} by {settings.optimizer} on {engine}": settings
    for model in (*MODELS.values(), OWN_NETWORK)
    for engine, solvers in model.solvers.engines.items()
    for settings in solvers.values()
}


def test_every_setting_has_a_prior_or_a_reason() -> None:
    assert SETTINGS.keys() == PRIORS.keys()
    for name, prior in PRIORS.items():
        if isinstance(prior, LeftOut):
            assert len(prior.reason) > 10, name
        if isinstance(prior, Around):
            assert prior.factor > 1
        if isinstance(prior, Between):
            assert prior.low < prior.high


@pytest.mark.parametrize("solver", SOLVERS.values(), ids=SOLVERS.keys())
def test_every_setting_of_every_solver_is_varied_in_its_bounds_or_left_out(
    solver: Settings,
) -> None:
    space = space_of(solver)
    assert {*space.parameters, *space.left_out} == {*settings_of(solver)}
    assert not {*space.parameters} & {*space.left_out}
    assert all(space.left_out.values())
    for name, parameter in space.parameters.items():
        values = parameter.values if isinstance(parameter, Options) else parameter[:2]
        for value in values:
            replace(solver, **{name: parameter.value(value)})  # type: ignore[arg-type]  # it checks
        if isinstance(parameter, Range):
            assert parameter.low < parameter.high
            assert not parameter.is_log or parameter.low > 0
    assert replace(solver, **space.start()) == solver  # a search begins with the defaults


def test_ranges_follow_the_defaults_of_a_solver() -> None:
    space = space_of(SgdSettings(learning_rate=0.01, dimension=3, averaging=0.97))
    assert space.parameters["learning_rate"] == Range(0.001, 0.1, is_log=True)
    assert space.parameters["dimension"] == Range(1, 12, is_log=True, is_whole=True)
    assert space.parameters["averaging"] == Range(0.0, 0.97)  # the default is always among them
    assert space_of(ItemItemSettings()).parameters["nearness"] == Range(30.0, 3000.0, is_log=True)
    of_zero = space_of(SgdSettings(regularization_factor=0.0))
    assert "its default is 0" in of_zero.left_out["regularization_factor"]


def test_what_is_given_stays_and_what_is_asked_for_is_varied() -> None:
    space = space_of(
        SgdSettings(dimension=5),
        given=["dimension"],
        asked={"epochs": "5:9", "averaging": "0/0.5"},
        shared=["regularization_factor"],
    )
    assert list(space.parameters) == ["epochs", "averaging", "learning_rate"]
    assert space.parameters["epochs"] == Range(5, 9, is_whole=True)
    assert space.parameters["averaging"] == Options((0.0, 0.5))
    assert space.left_out["dimension"] == "it is given"
    assert "shared" in space.left_out["regularization_factor"]
    assert space.start()["epochs"] == 9  # the nearest to 40
    assert space.start()["averaging"] == 0.0


@pytest.mark.parametrize(
    ("name", "text", "found"),
    [
        ("dimension", "8:64", Range(8, 64, is_log=True, is_whole=True)),
        ("dimension", "8:64:linear", Range(8, 64, is_whole=True)),
        ("dropout_rate", "0:0.5", Range(0.0, 0.5)),
        ("dropout_rate", "0.1:0.5:log", Range(0.1, 0.5, is_log=True)),
        ("regularization_factor", "0:1", Range(0.0, 1.0)),  # which has no logarithm
        ("dimension", "8, 16/32", Options((8, 16, 32))),
        ("loss", "mse,huber", Options(("mse", "huber"))),
        ("layers", "[8,1]/[16,8,1]", Options(("[8, 1]", "[16, 8, 1]"))),
        ("features", "none/histories,time", Options(("[]", "[histories, time]"))),
    ],
)
def test_spaces_are_read(name: str, text: str, found: Range | Options) -> None:
    assert parsed(name, text, SETTINGS[name], PRIORS[name]) == found


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("dimension", "64:8", "lower end first"),
        ("dimension", "8:8", "lower end first"),
        ("dimension", "0:8", "at least 1"),
        ("dimension", "8:64:cube", "none of LOW:HIGH"),
        ("dimension", "8:16:32:64", "none of LOW:HIGH"),
        ("dimension", "a:b", "no whole number"),
        ("dimension", "1.5:3", "no whole number"),
        ("dimension", ":", "no whole number"),
        ("dimension", "8", "give LOW:HIGH or several values"),
        ("dimension", "8/8", "several values"),
        ("dropout_rate", "0:1", "[0, 1)"),
        ("dropout_rate", "nan:0.5", "[0, 1)"),
        ("learning_rate", "0.1:inf", "more than 0"),
        ("dropout_rate", "0:0.5:log", "begins at 0"),
        ("loss", "mse/hubert", "did you mean 'huber'"),
        ("loss", "a:b", "unknown loss"),
        ("layers", "[8,1]/[8,2]", "end in 1"),
        ("optimizer", "SGD/ALS", "tune by one at a time"),
        ("engine", "compiled/keras", "cannot be varied"),
    ],
)
def test_spaces_that_are_none_are_refused(name: str, text: str, said: str) -> None:
    with pytest.raises(StarcastError) as error:
        parsed(name, text, SETTINGS[name], PRIORS[name])
    assert said in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("text", ["dimension", "=8:9", "dimension=", "", "=", "dimension= "])
def test_what_asks_for_no_setting_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="NAME=LOW:HIGH"):
        asked_for([text])


def test_settings_are_asked_for_once_in_either_spelling() -> None:
    assert asked_for(["--learning-rate=1:2", "loss=a"]) == {"learning_rate": "1:2", "loss": "a"}
    with pytest.raises(ConfigError, match="twice"):
        asked_for(["learning-rate=1:2", "learning_rate=1:3"])


def test_models_that_are_searched_together() -> None:
    names = ["latent-factor-model", "bayesian-factorization-model"]
    spaces = spaces_of(names, {"epochs": 3, "dimension": 5}, {"learning_rate": "0.01:0.02"})
    assert list(spaces) == names
    factor, bayesian = spaces.values()
    assert factor.fixed.epochs == 3
    assert factor.parameters["learning_rate"] == Range(0.01, 0.02, is_log=True)
    assert list(bayesian.parameters) == ["likelihood"]
    transfer = spaces_of(["ensemble-transfer-learning"], {}, {})["ensemble-transfer-learning"]
    assert "trained once" in transfer.left_out["dimension"]
    assert "transfer_weight" in transfer.parameters
    on_keras = spaces_of(["latent-factor-model"], {"engine": KERAS}, {})["latent-factor-model"]
    assert on_keras.fixed.engine == KERAS
    assert math.isclose(float(on_keras.start()["learning_rate"]), on_keras.fixed.learning_rate)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("names", "given", "asked", "said"),
    [
        (["latent-factor-model", "item-item-model"], {}, {},
         "(latent-factor-model by RMSE; item-item-model by NDCG@10): tune each group for itself"),
        (["most-popular"], {}, {}, "most-popular has nothing to tune"),
        (["blend"], {}, {}, "a blend is not trained"),
        (["item-item-model"], {"samples": 3}, {}, "has a setting samples"),
        (["item-item-model"], {}, {"dimension": "1:2"}, "unknown setting to vary 'dimension'"),
        (["item-item-model"], {"nearness": 3.0}, {"nearness": "1:2"}, "leave one of both out"),
        (["latent-factor-model"], {"engine": "spark"}, {}, "not on Spark"),
        (["ensemble-transfer-learning"], {}, {"dimension": "1:2"}, "varied: it is shared"),
    ],
)  # fmt: skip
def test_what_cannot_be_searched_is_refused(
    names: list[str], given: dict[str, object], asked: dict[str, str], said: str
) -> None:
    with pytest.raises(StarcastError) as error:
        spaces_of(names, given, asked)
    assert said in str(error.value)
