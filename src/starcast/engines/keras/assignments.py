"""Which variables code of others puts values into: the weights of a network start anew here."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras


@contextmanager
def assignments() -> Iterator[list[Any]]:
    """The variables that are given values meanwhile, by `weights=`, `set_weights` or `assign`."""
    found: list[Any] = []
    kind, usual = keras.Variable, keras.Variable.assign

    def assign(variable: Any, value: Any) -> Any:
        found.append(variable)
        return usual(variable, value)

    kind.assign = assign
    try:
        yield found
    finally:
        kind.assign = usual
