"""What is said of the models."""

from typing import Any

from starcast import models
from starcast.serve.served_model import ServedModel


def card_of(model: ServedModel, *, is_default: bool) -> dict[str, Any]:
    """What `/models` says of one."""
    ratings, artifact = model.ratings, model.artifact
    scale, known = ratings.scale, models.find(artifact.model)
    return {
        "name": model.name,
        "title": artifact.title,
        "formula": known.formula,
        "dataset": ratings.name,
        "n_users": ratings.n_users,
        "n_items": ratings.n_items,
        "n_ratings": len(ratings),
        "scale": {"lowest": scale.lowest, "highest": scale.highest, "step": scale.step},
        "test": model.tested,
        "is_final": artifact.final,
        "test_before_final": artifact.test_before_final,
        "is_default": is_default,
    }
