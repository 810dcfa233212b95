"""What makes two runs the same run: everything that their weights depend on."""

import hashlib
from collections.abc import Mapping, Sequence
from importlib import metadata
from typing import Any

import numpy as np
from numpy.typing import NDArray

from starcast.artifacts.artifact import Artifact
from starcast.data.ratings import Ratings
from starcast.data.split import Split
from starcast.engines.keras_settings import KERAS
from starcast.engines.setting_catalogue import told
from starcast.engines.settings import COMPILED, Settings
from starcast.engines.state import named_parts
from starcast.models import Model
from starcast.training.checkpoint_file import sum_of

_VERSIONED = ("starcast", "numpy", "numba", "scipy")
_OF_ENGINE = {KERAS: ("keras", "tensorflow", "tensorflow-cpu", "jax", "jaxlib")}

Identity = dict[str, Any]
"""Plain values by the words that name them."""


def identity_of(
    split: Split,
    model: Model,
    config: Settings,
    parents: Sequence[Artifact],
    how: Mapping[str, Any],
) -> Identity:
    """Of a run of `fit`; `how` is what else it was told, plain values by name."""
    return {
        "model": model.name,
        **{told(name): value for name, value in config.written().items()},
        **how,
        "split": split.fingerprint,
        "scale": str(split.ratings.scale),
        "times and attributes": _sum_of_what_else_is_known(split.ratings),
        **{f"parent {parent.model}": _sum_of_parent(parent) for parent in parents},
        **library_versions(config.engine),
    }


def difference(theirs: Mapping[str, Any], ours: Mapping[str, Any]) -> str:
    """What another run differs in, and how; "" if in nothing.

    >>> difference({"epochs": 4, "seed": 1, "split": "c0ffee" * 9}, {"epochs": 9, "seed": 1})
    'epochs 4, now 9; split c0ffeec0ffee, now none'
    """
    names = [name for name in {**ours, **theirs} if theirs.get(name) != ours.get(name)]
    return "; ".join(f"{name} {_short(theirs, name)}, now {_short(ours, name)}" for name in names)


def library_versions(engine: str = COMPILED) -> dict[str, str]:
    """Of the libraries that make a model by an engine."""
    found = {}
    for package in (*_VERSIONED, *_OF_ENGINE.get(engine, ())):
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found


def _short(identity: Mapping[str, Any], name: str) -> str:
    value = identity.get(name)
    return "none" if value is None or value == "" else str(value)[:12]


def _sum_of_what_else_is_known(ratings: Ratings) -> str:
    """Of times and attributes, which no fingerprint covers."""
    digest = hashlib.sha256()
    columns: list[NDArray[Any]] = [] if ratings.timestamps is None else [ratings.timestamps]
    for one in ratings.attributes:
        digest.update(repr((one.side, one.name, one.values.tolist())).encode())
        columns += [one.value_rows, one.member_rows]
    for column in columns:
        digest.update(np.ascontiguousarray(column).data)
    return digest.hexdigest()


def _sum_of_parent(parent: Artifact) -> str:
    return sum_of(named_parts(deployed=parent.weights, before=parent.weights_before_refit))
