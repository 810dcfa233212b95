"""What `import starcast as sc` offers for models that live on: later ratings."""

from starcast.data.ratings import Ratings
from starcast.recommend import Recommender


def update(model: Recommender, ratings: Ratings) -> Recommender:
    """A trained model with later ratings in it; see `Recommender.update` and docs/updates.md.

    Args:
        model: any model that can; it stays as it is.
        ratings: later ones, as `load` reads them with the model's scale.
    Returns: a new model; the same one where there is nothing to learn.
    Raises: ConfigError, DataError: the model has to be trained again, or stars outside its scale.
    """
    return model.update(ratings)
