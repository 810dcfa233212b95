"""The parents of a warm-started model: their settings, whether they fit, whether they leak."""

from collections.abc import Sequence

import numpy as np

from starcast import models
from starcast.artifact import Artifact
from starcast.config import Config
from starcast.errors import ConfigError
from starcast.models import Model
from starcast.split import TEST, Split


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
    given = tuple(parent.model for parent in parents)
    if given != model.parents:
        raise ConfigError(
            f"{model.name} starts from {' and '.join(model.parents) or 'no parents'}, "
            f"not from {' and '.join(given) or 'none'}"
        )
    for parent in parents:
        _check_ids(parent, split)
        if not leaky:
            parent.require_split(split.fingerprint, f"start {model.name} from {parent.model}")
    for parent, shape in zip(parents, _SHAPES, strict=False):
        _check_shape(parent, config, shape)


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
