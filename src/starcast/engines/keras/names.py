"""The names of Keras's layers: which it gave itself."""

import re
from typing import Any


def is_automatic(layer: Any) -> bool:
    """Whether Keras gave it its name, which counts the layers of a process."""
    word = snake_case(type(layer).__name__)
    return bool(re.fullmatch(rf"{word}(_[0-9]+)?", layer.name))


def snake_case(name: str) -> str:
    """A class's name as Keras names its layers.

    >>> snake_case("BatchNormalization"), snake_case("ReLU")
    ('batch_normalization', 're_lu')
    """
    return re.sub("([a-z])([A-Z])", r"\1_\2", re.sub("(.)([A-Z][a-z]+)", r"\1_\2", name)).lower()
