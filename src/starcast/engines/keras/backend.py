"""Keras and the backend it runs on, loaded where they are needed; or a line on what is missing."""

import os
from importlib import import_module
from typing import Any

from starcast.engines.keras_settings import OnKeras
from starcast.errors import ConfigError

BACKENDS = ("tensorflow", "jax")
"""Those that this engine trains on."""

_QUIET = {"TF_CPP_MIN_LOG_LEVEL": "2", "TF_ENABLE_ONEDNN_OPTS": "0"}  # and sums in one order


def require_keras(settings: OnKeras) -> str:
    """Load Keras, see that it can do what settings ask for, and name its backend.

    It is that of $KERAS_BACKEND, else of Keras's own settings, else TensorFlow.

    Raises: ConfigError: Keras or its backend is missing, or one that is not trained on; or it
        lacks the devices, or the choice, that settings ask for.
    """
    keras = _loaded()
    name = str(keras.backend.backend())
    if name not in BACKENDS:
        raise ConfigError(f"the engine keras {_RUNS_ON}, not on {name}: set KERAS_BACKEND")
    if name == "jax" and settings.jit_compile == "no":
        raise ConfigError("jit_compile 'no' is for TensorFlow: JAX compiles whatever it runs")
    if name != "jax" and settings.devices > 1:
        raise ConfigError(f"{settings.devices} devices need KERAS_BACKEND=jax; {name} takes one")
    found = keras.distribution.list_devices() if settings.devices > 1 else []
    if len(found) < settings.devices > 1:
        raise ConfigError(
            f"there is no device {settings.devices}, only {', '.join(found)}: set --devices"
        )
    return name


def quieten() -> None:
    """Tell backends, before they load, to keep to themselves what concerns nobody here."""
    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)


def of_backend(name: str) -> Any:
    """What Keras has no word for, as the backend says it: `on_tensorflow`, or `on_jax`."""
    return import_module(f"starcast.engines.keras.on_{name}")


def _loaded() -> Any:
    quieten()
    wanted = os.environ.get("KERAS_BACKEND")
    if wanted and wanted not in BACKENDS:
        raise ConfigError(f"the engine keras {_RUNS_ON}, not on KERAS_BACKEND={wanted}")
    try:
        return import_module("keras")
    except ModuleNotFoundError as error:
        raise ConfigError(
            f"the engine keras needs {error.name}, which is not installed: pip install "
            "'starcast[keras]', or 'starcast[keras-gpu]' for a GPU; for JAX 'jax' besides, and "
            "KERAS_BACKEND=jax"
        ) from None


_RUNS_ON = f"runs on {' or '.join(BACKENDS)}"
