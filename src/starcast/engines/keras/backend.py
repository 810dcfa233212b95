"""Keras and the backend it runs on, loaded where they are needed; or a line on what is missing."""

import os
from importlib import import_module
from types import ModuleType
from typing import Any

from starcast.errors import ConfigError

BACKENDS = ("tensorflow", "jax")
"""Those that this engine trains on."""

_QUIET = {"TF_CPP_MIN_LOG_LEVEL": "2", "TF_ENABLE_ONEDNN_OPTS": "0"}  # and sums in one order


def require_keras() -> str:
    """Load Keras; the name of its backend.

    It is that of $KERAS_BACKEND, else of Keras's own settings, else TensorFlow.

    Raises: ConfigError: Keras or its backend is missing, or it is one that is not trained on.
    """
    quieten()
    wanted = os.environ.get("KERAS_BACKEND")
    if wanted and wanted not in BACKENDS:
        raise ConfigError(f"the engine keras {_runs_on()}, not on KERAS_BACKEND={wanted}")
    try:
        keras = import_module("keras")
    except ModuleNotFoundError as error:
        raise ConfigError(
            f"the engine keras needs {error.name}, which is not installed: pip install "
            "'starcast[keras]', or starcast[keras-gpu] for a GPU, and KERAS_BACKEND=jax for JAX"
        ) from None
    name = str(keras.backend.backend())
    if name not in BACKENDS:
        raise ConfigError(f"the engine keras {_runs_on()}, not on {name}: set KERAS_BACKEND")
    return name


def quieten() -> None:
    """Tell backends, before they load, to keep to themselves what concerns nobody here."""
    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)


def of_backend(name: str) -> Any:
    """What Keras has no word for, as the backend says it: `on_tensorflow`, or `on_jax`."""
    module: ModuleType = import_module(f"starcast.engines.keras.on_{name}")
    return module


def _runs_on() -> str:
    return f"runs on {' or '.join(BACKENDS)}"
