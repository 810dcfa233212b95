"""The parents of a warm-started model: their settings, whether they fit, whether they leak."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from starcast import models
from starcast.artifacts.artifact import Artifact
from starcast.data.split import VALIDATION, Split
from starcast.data.units import Units
from starcast.engines.protocol import Weights
from starcast.engines.setting_catalogue import flags_of
from starcast.engines.settings import Settings
from starcast.errors import ConfigError
from starcast.models import Model


def parent_config(child: Model, parent: str, config: Settings) -> Settings:
    """A parent's own defaults, with what it shares with the model that will start from it."""
    return models.find(parent).settings(**shared_with(child, parent, config))


def shared_with(child: Model, parent: str, config: Settings) -> dict[str, Any]:
    """What a parent's settings must be, by name, for those of the model that starts from it."""
    return {theirs: getattr(config, ours) for theirs, ours in child.parents[parent].items()}


def check_parents(
    model: Model,
    config: Settings,
    split: Split,
    parents: Sequence[Artifact],
    *,
    leaky: bool = False,
    final: bool = False,
) -> None:
    """Refuse parents that do not fit.

    Args:
        model: the model that is to start from them.
        config: its settings.
        split: its split.
        parents: the artifacts, in any order.
        leaky: let parents of another split in.
        final: the model will be trained on all rows, and may start from such models.
    Raises:
        ConfigError: other models, ids, dimension or layers than wanted, with what differs.
        SplitMismatchError: a parent was trained on another split.
    """
    if sorted(place_of(parent.model) for parent in parents) != sorted(model.parents):
        raise ConfigError(_other_parents(model, parents))
    for parent in parents:
        check_parent(model, config, split, parent, leaky=leaky, final=final)


def check_parent(
    model: Model,
    config: Settings,
    split: Split,
    parent: Artifact,
    *,
    leaky: bool = False,
    final: bool = False,
) -> None:
    """Refuse one parent that does not fit; see `check_parents`."""
    _check_ids(parent, split)
    if not leaky:
        purpose = f"start {model.name} from {parent.model}"
        parent.require_split(split.fingerprint, purpose, final=final)
        if parent.units != Units.of(split.train):
            raise ConfigError(f"{parent.model} was trained in other units; train it again")
    if models.find(parent.model).adapter is None:  # which takes on any shape
        _check_shared(parent, config, model.parents[parent.model])


def inherited(parent: Artifact, weights: Weights, config: Settings) -> tuple[str, Weights]:
    """The parent in whose place an artifact stands, and its weights as that parent has them.

    Args:
        parent: the artifact.
        weights: of it, before or after its refit.
        config: of the model that starts from them.
    """
    adapter = models.find(parent.model).adapter
    return place_of(parent.model), adapter.weights(weights, config) if adapter else weights


def leak_between(split: Split, parents: Sequence[Artifact], *, final: bool = False) -> str:
    """Why figures are worthless when parents come from another split; "" if they do not.

    Final parents have seen the test rows of their own, which a `final` model does as well.
    """
    for parent in parents:
        if parent.split.fingerprint != split.fingerprint or (parent.final and not final):
            theirs, rows = parent.split, split.test
            known = theirs.ratings.take(parent.up_to(VALIDATION))
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


def place_of(model: str) -> str:
    """The parent that a model is, or whose place it takes."""
    adapter = models.find(model).adapter
    return adapter.parent if adapter else model


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


def _check_shared(parent: Artifact, config: Settings, names: Mapping[str, str]) -> None:
    for name, own in names.items():
        theirs, ours = getattr(parent.config, name), getattr(config, own)
        if theirs != ours:
            raise ConfigError(
                f"{parent.model} has {name} {theirs}, the ensemble {ours}; make its "
                f"{flags_of(name)[0]} and the ensemble's {flags_of(own)[0]} the same"
            )
