"""What every blend asks of the models it is made of, and tells of them."""

from collections.abc import Sequence
from itertools import combinations
from typing import Any

import numpy as np

from starcast.artifacts.artifact import Artifact
from starcast.data.split import Split
from starcast.errors import ConfigError


def check_parts(parts: Sequence[Artifact]) -> None:
    """Refuse what cannot be blended.

    Raises:
        ConfigError: fewer than two models, the same twice, one that is itself a blend or was not
            trained to its end.
        SplitMismatchError: models of different splits.
    """
    if len(parts) < 2:
        raise ConfigError(f"a blend needs at least two trained models, got {len(parts)}")
    first = parts[0]
    for part in parts:
        if part.parts:
            raise ConfigError(
                "a blend has learnt from the validation rows and cannot be a part of another; "
                "give the models it is made of"
            )
        if part.broken_off:
            raise ConfigError(
                f"{part.model} was not trained to its end ({part.broken_off}); train it again"
            )
        part.require_split(first.split.fingerprint, f"blend it with {first.model}")
        if part.units != first.units:
            raise ConfigError(
                f"{part.model} and {first.model} were trained in different units, one by an older "
                "Starcast; train that again"
            )
    for one, other in combinations(parts, 2):
        if _are_same(one, other):
            raise ConfigError(f"one {one.model} is given twice; a blend needs different models")


def _are_same(one: Artifact, other: Artifact) -> bool:
    return (
        one.model == other.model
        and one.weights.keys() == other.weights.keys()
        and all(np.array_equal(array, other.weights[name]) for name, array in one.weights.items())
    )


def split_of(parts: Sequence[Artifact]) -> Split:
    """Of equal splits the one that knows times: artifacts hold them where they are of use."""
    timed = (part.split for part in parts if part.split.ratings.timestamps is not None)
    return next(timed, parts[0].split)


def described(part: Artifact) -> dict[str, Any]:
    """A part's model and settings, as JSON can hold them."""
    settings = {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in part.settings().items()
    }
    return {"model": part.model, "settings": settings, "refit": part.refit}
