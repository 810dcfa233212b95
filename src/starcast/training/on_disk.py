"""Which models train on ratings that lie on disk because they outgrow memory."""

from starcast.data.columns import MOST_IN_MEMORY, must_stay_on_disk
from starcast.data.ratings import Ratings
from starcast.engines.settings import COMPILED, Settings
from starcast.errors import ConfigError
from starcast.models import MODELS, Model


def require_room(model: Model, settings: Settings, ratings: Ratings) -> None:
    """Refuse to train in memory on ratings that lie on disk, if they are very many.

    Raises: ConfigError: with the models that train on them.
    """
    is_able = settings.engine == COMPILED and settings.optimizer in model.on_disk
    if is_able or not must_stay_on_disk(ratings.item_rows):
        return
    able = [_told(one) for one in MODELS.values() if one.on_disk]
    raise ConfigError(
        f"{model.name} by {settings.optimizer} trains in memory, on up to {MOST_IN_MEMORY:,} "
        f"ratings on disk, and {ratings.name} holds {len(ratings):,}; on more of them train "
        f"{', '.join(able)}"
    )


def _told(model: Model) -> str:
    """A model, with its optimizers where not all of them do."""
    is_whole = set(model.on_disk) == set(model.defaults)
    return model.name if is_whole else f"{model.name} by {' or '.join(model.on_disk)}"
