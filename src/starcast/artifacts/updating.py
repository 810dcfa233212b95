"""Later ratings into a trained model, without training it again.

Every model says for itself how its weights take them in (`models.growing`). What validation rows
chose stays chosen: settings, epochs, shares, support, what parts weigh in a blend.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple, final

import numpy as np
from numpy.typing import NDArray

from starcast import models
from starcast.artifacts.artifact import Arrays, Artifact, settings_of_part
from starcast.data.columns import must_stay_on_disk
from starcast.data.ratings import Ratings
from starcast.data.split import TEST, TRAIN, VALIDATION
from starcast.data.split.arrivals import Arrivals
from starcast.data.split.growing import Growth, grow
from starcast.engines.settings import Settings
from starcast.errors import ConfigError
from starcast.models.growing.request import Growing
from starcast.scoring.list_features import years
from starcast.scoring.weighted_sum import join, parts_of


@final
class Update(NamedTuple):
    """A model with later ratings in it.

    Attributes:
        artifact: the very one that was given, where there was nothing to learn.
        arrivals: what became of the ratings.
    """

    artifact: Artifact
    arrivals: Arrivals


def update(artifact: Artifact, arrived: Ratings) -> Update:
    """Take later ratings into a trained model.

    Its test rows stay what they were, and unseen; see `data.split.growing`. Users and items keep
    their rows, new ones follow. The same ratings once more change nothing.

    Args:
        artifact: the model; it stays as it is.
        arrived: ratings of known or new users and items, on the model's scale.
    Raises:
        DataError: stars outside the scale.
        ConfigError: the model, or a part of it, has to be trained again instead.
    """
    require_updatable(artifact)
    growth = grow(artifact.split, arrived, final=artifact.final)
    if growth.arrivals.change_nothing:
        return Update(artifact, growth.arrivals)
    known = TEST if artifact.final else VALIDATION if artifact.refit else TRAIN
    weights = _grown(artifact, artifact.weights, growth, known)
    before = weights
    if artifact.refit:
        before = _grown(artifact, artifact.weights_before_refit, growth, TRAIN)
    grown = replace(
        artifact,
        weights=weights,
        weights_before_refit=before,
        split=growth.split,
        measured_residual_rmse=artifact.residual_rmse,
    )
    return Update(grown, growth.arrivals)


def require_updatable(artifact: Artifact) -> None:
    """Refuse a model that cannot take in later ratings.

    Raises: ConfigError: it is one, with those that are not.
    """
    if artifact.broken_off:
        raise ConfigError(
            f"{artifact.model} was not trained to its end ({artifact.broken_off}); train it again"
        )
    if must_stay_on_disk(artifact.split.ratings.item_rows):
        raise ConfigError(
            f"this {artifact.model} was trained on blocks that outgrow memory, where an update "
            "would bring them; write the blocks anew with the later ratings, and train it again"
        )
    for name, _ in _models_of(artifact):
        model = models.find(name)
        if model.grow is None:
            able = ", ".join(one.name for one in models.MODELS.values() if one.grow)
            raise ConfigError(
                f"{name} cannot take in later ratings; train it again with them. These can: {able}"
            )
        ratings = artifact.split.ratings
        is_lost = ratings.timestamps is None and artifact.split.times_fingerprint is not None
        if model.uses_times and is_lost:
            raise ConfigError(
                f"this {name} was saved without the times it goes by, by an older Starcast; train "
                "it again"
            )


def _models_of(artifact: Artifact) -> list[tuple[str, Settings]]:
    """The model, or those that a blend is made of, with their settings."""
    if artifact.config is not None:
        return [(artifact.model, artifact.config)]
    return [(part["model"], settings_of_part(part)) for part in artifact.parts]


def _grown(artifact: Artifact, weights: Arrays, growth: Growth, known: int) -> Arrays:
    """Weights that have learned from the rows of a part, and of those before it, with later ones.

    Args:
        known: TRAIN, VALIDATION or TEST.
    """
    request = _request(artifact, growth, known)
    wanted = _models_of(artifact)
    if artifact.config is not None:
        return _of_model(wanted[0], request._replace(weights=weights))
    errors = [part["validation_rmse"] / artifact.units.factor for part in artifact.parts]
    parts = [
        (name, _of_model((name, settings), request._replace(weights=own, residual_rmse=error)))
        for (name, own), (_, settings), error in zip(parts_of(weights), wanted, errors, strict=True)
    ]
    return join(parts, _own(weights, growth.split.ratings))


def _request(artifact: Artifact, growth: Growth, known: int) -> Growing:
    split, units, old = growth.split, artifact.units, artifact.split.ratings
    is_known = split.parts <= known
    return Growing(
        weights=artifact.weights,
        settings=artifact.config,
        rows=units.standardized(split.ratings.take(is_known)),
        is_fresh=growth.is_fresh[is_known],
        n_users=old.n_users,
        n_items=old.n_items,
        residual_rmse=artifact.residual_rmse / units.factor,
        seed=artifact.seed,
        known=old.attributes,
    )


def _of_model(model: tuple[str, Settings], request: Growing) -> dict[str, NDArray[np.float32]]:
    name, settings = model
    grow_weights = models.find(name).grow
    assert grow_weights is not None  # which `require_updatable` has seen to
    return grow_weights(request._replace(settings=settings))


def _own(weights: Arrays, ratings: Ratings) -> Mapping[str, Any]:
    """What a blend has besides its parts; years are those of titles, new ones among them."""
    own = {name: array for name, array in weights.items() if "/" not in name}
    found = years(ratings.titles) if "item_year" in own else None
    return own if found is None else own | {"item_year": found}
