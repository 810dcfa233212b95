"""The settings of models that Keras trains: those of the compiled engine, and a few more."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, final

from starcast.engines.setting_catalogue import PRECISIONS, SETTINGS
from starcast.engines.setting_kinds import Choice
from starcast.engines.settings import (
    EnsembleSettings,
    MiniBatchSettings,
    NetworkSettings,
    OwnNetworkSettings,
    Settings,
    WarmStartSettings,
)
from starcast.errors import ConfigError

KERAS = "keras"
DTYPES = dict(zip(PRECISIONS, ("float32", "bfloat16"), strict=True))
"""What a network computes in, by precision."""

_ENGINE = Choice(help=SETTINGS["engine"].help, panel=SETTINGS["engine"].panel, names=(KERAS,))


def _setting(name: str, default: object) -> Any:
    return SETTINGS[name].field(default)


@dataclass(frozen=True, kw_only=True)  # without slots: two bases that have some do not mix
class OnKeras:
    """What every model has on Keras besides."""

    engine: str = _ENGINE.field(KERAS)
    precision: str = _setting("precision", "float32")
    devices: int = _setting("devices", 1)
    jit_compile: str = _setting("jit_compile", "yes")

    def __post_init__(self) -> None:
        super().__post_init__()  # type: ignore[misc]  # of what it is mixed with
        batch_size: int = self.batch_size  # type: ignore[attr-defined]  # likewise
        if batch_size % self.devices:
            raise ConfigError(
                f"{self.devices} devices cannot share out batches of {batch_size:,} alike; "
                f"make batch_size a multiple of {self.devices}"
            )


@final
@dataclass(frozen=True, kw_only=True)
class KerasSettings(OnKeras, MiniBatchSettings):
    """A latent factor model by gradients of mini-batches, on Keras."""


@final
@dataclass(frozen=True, kw_only=True)
class KerasNetworkSettings(OnKeras, NetworkSettings):
    """A network, on Keras."""


@final
@dataclass(frozen=True, kw_only=True)
class KerasEnsembleSettings(OnKeras, EnsembleSettings):
    """An ensemble, on Keras."""


@final
@dataclass(frozen=True, kw_only=True)
class KerasWarmStartSettings(OnKeras, WarmStartSettings):
    """An ensemble that starts from trained parents, on Keras."""


@final
@dataclass(frozen=True, kw_only=True)
class KerasOwnNetworkSettings(OnKeras, OwnNetworkSettings):
    """A network of one's own, on Keras."""


ForKeras = (
    KerasSettings
    | KerasNetworkSettings
    | KerasEnsembleSettings
    | KerasWarmStartSettings
    | KerasOwnNetworkSettings
)
"""Settings that the Keras engine takes."""

_ON_KERAS: Mapping[type[Settings], type[Settings]] = {
    MiniBatchSettings: KerasSettings,
    NetworkSettings: KerasNetworkSettings,
    EnsembleSettings: KerasEnsembleSettings,
    WarmStartSettings: KerasWarmStartSettings,
    OwnNetworkSettings: KerasOwnNetworkSettings,
}


def on_keras(defaults: Mapping[str, Settings]) -> dict[str, Settings]:
    """The defaults of those solvers that Keras has, by optimizer.

    >>> from starcast.engines.tuned import FACTORS
    >>> list(on_keras(FACTORS))
    ['Adam', 'RMSProp', 'GradientDescent']
    """
    return {
        optimizer: _ON_KERAS[type(settings)](**asdict(settings))
        for optimizer, settings in defaults.items()
        if type(settings) in _ON_KERAS
    }
