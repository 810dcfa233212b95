"""The parents of a warm-started model: their settings, whether they fit, whether they leak."""

from collections.abc import Sequence

import numpy as np

from starcast import models
from starcast.artifacts.artifact import Artifact
from starcast.data.split import TEST, Split
from starcast.engines.protocol import Weights
from starcast.engines.settings import Config
from starcast.errors import ConfigError
from starcast.models import Model


def parent_config(parent: str, config: Config) -> Config:
    """A parent's own defaults in the shape of the model that will start from it."""
    return models.find(parent).config(dimension=config.dimension, layers=config.layers)


def check_parents(
    model: Model, config: Config, split: Split, parents: Sequence[Artifact], *, leaky: bool = False
) -> None:
    """Refuse parents that do not fit.

    Args:
        model: the model that is to start from them.
        config: its settings.
        split: its split.
        parents: the artifacts, in the order of `model.parents`.
        leaky: let parents of another split in.
    Raises:
        ConfigError: other models, ids, dimension or layers than wanted, with what differs.
        SplitMismatchError: a parent was trained on another split.
    """
    if tuple(_place(parent) for parent in parents) != model.parents:
        raise ConfigError(_other_parents(model, parents))
    for parent in parents:
        _check_ids(parent, split)
        if not leaky:
            parent.require_split(split.fingerprint, f"start {model.name} from {parent.model}")
    for parent, shape in zip(parents, _SHAPES, strict=False):
        if models.find(parent.model).adapter is None:  # which takes on any shape
            _check_shape(parent, config, shape)


def inherited(parent: Artifact, weights: Weights, config: Config) -> Weights:
    """A parent's weights as the parent has them in whose place it stands.

    Args:
        parent: the artifact.
        weights: of it, before or after its refit.
        config: of the model that starts from them.
    """
    adapter = models.find(parent.model).adapter
    return adapter.weights(weights, config.dimension) if adapter else weights


def leak_between(split: Split, parents: Sequence[Artifact]) -> str:
    """Why figures are worthless when parents come from another split; "" if they do not."""
    for parent in parents:
        if parent.split.fingerprint != split.fingerprint:
            theirs, rows = parent.split, split.test
            known = theirs.ratings.take(theirs.parts != TEST)
            width = max(rows.n_items, known.n_items)
            seen = np.isin(
                rows.user_rows.astype(np.int64) * width + rows.item_rows,
                known.user_rows.astype(np.int64) * width + known.item_rows,
            )
            return (
                f"{parent.model} was trained on split {theirs.fingerprint[:12]} and has been "
                f"trained or chosen on {seen.mean():.0%} of these test ratings; every test figure "
                "is worthless"
            )
    return ""


_SHAPES = (("dimension",), ("dimension", "layers"))  # of a factor parent, of a deep parent


def _place(parent: Artifact) -> str:
    """The parent that an artifact is, or stands in for."""
    adapter = models.find(parent.model).adapter
    return adapter.parent if adapter else parent.model


def _other_parents(model: Model, parents: Sequence[Artifact]) -> str:
    """What is said of parents that are not the model's."""
    given = " and ".join(parent.model for parent in parents)
    said = f"{model.name} starts from {' and '.join(model.parents) or 'no parents'}"
    places = [
        f"; in place of {other.adapter.parent} a {other.name} will do"
        for other in models.MODELS.values()
        if other.adapter and other.adapter.parent in model.parents
    ]
    return f"{said}, not from {given or 'none'}{''.join(places)}"


def _check_ids(parent: Artifact, split: Split) -> None:
    for vocabulary in ("users", "items"):
        ours = getattr(split.ratings, vocabulary).ids
        theirs = getattr(parent.split.ratings, vocabulary).ids
        if not np.array_equal(ours, theirs):
            raise ConfigError(
                f"{parent.model} knows other {vocabulary} ({len(theirs)}) than this data "
                f"({len(ours)}); train it on this data"
            )


def _check_shape(parent: Artifact, config: Config, names: tuple[str, ...]) -> None:
    for name in names:
        theirs, ours = getattr(parent.config, name), getattr(config, name)
        if theirs != ours:
            raise ConfigError(
                f"{parent.model} has {name} {theirs}, the ensemble {ours}; give both the same "
                f"--{name}"
            )
