"""What `import starcast as sc` offers for models that live on: later ratings."""

import warnings

from starcast.data.ratings import Ratings
from starcast.errors import LeftOutWarning
from starcast.recommend import Recommender
from starcast.training.updating import update as updated


def update(model: Recommender, ratings: Ratings) -> Recommender:
    """A trained model with later ratings in it, without training it again; see docs/updates.md.

    Known users and items keep their rows, new ones follow. Test rows stay unseen, so that figures
    before and after are of the same; a warning says how many of the ratings are left out for that.

    Args:
        model: any model that can; it stays as it is.
        ratings: later ones, as `load` reads them with the model's scale.
    Returns: a new model; the same one where there is nothing to learn.
    Raises: ConfigError, DataError: the model has to be trained again, or stars outside its scale.
    """
    grown, arrivals = updated(model.artifact, ratings)
    for line in arrivals.remarks():
        warnings.warn(line, LeftOutWarning, stacklevel=2)
    return model if arrivals.change_nothing else Recommender(grown)
