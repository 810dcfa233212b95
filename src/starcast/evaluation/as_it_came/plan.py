"""How ratings are replayed: when feedback is known, and how often models learn from it."""

import re
from dataclasses import dataclass
from typing import final

import numpy as np

from starcast.data.ratings import Ratings
from starcast.display import quoted
from starcast.errors import ConfigError
from starcast.evaluation.list_size import LIST_SIZE

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_DURATION = re.compile(r"(\d{1,9})\s*([smhdw]?)", re.ASCII)
_FEW_PERIODS = 4  # of retraining, below which days and weeks of data mean little


def seconds_of(text: str) -> int:
    """A duration such as "1d", "12h" or "90" (seconds), in seconds.

    Raises: ConfigError: it is none.

    >>> seconds_of("2w"), seconds_of("0")
    (1209600, 0)
    """
    found = _DURATION.fullmatch(text.strip())
    if not found:
        raise ConfigError(f"{quoted(text)} is no duration; write 1d, 12h, 30m, 2w or seconds")
    return int(found[1]) * _SECONDS[found[2] or "s"]


@final
@dataclass(frozen=True, kw_only=True)
class ReplayPlan:
    """How ratings are replayed.

    Attributes:
        first: share of the ratings, the oldest, that models are trained on before the replay.
        delay: seconds after which a rating is known to models.
        update_every, retrain_every: seconds of the data's time between updates and trainings.
        windows: into how many equal spans of time the figures are told.
        k: length of the lists.
        seed: of everything random.
    """

    first: float = 0.9
    delay: int = 86_400
    update_every: int = 86_400
    retrain_every: int = 604_800
    windows: int = 10
    k: int = LIST_SIZE
    seed: int = 42

    def __post_init__(self) -> None:
        if not 0 < self.first < 1:
            raise ConfigError(f"the first share must lie between 0 and 1, got {self.first}")
        if self.delay < 0 or min(self.update_every, self.retrain_every, self.windows, self.k) < 1:
            raise ConfigError("a delay is 0 or more; periods, windows and lists at least 1")


def about_times(ratings: Ratings, plan: ReplayPlan) -> str:
    """Why days and weeks of these ratings mean nothing, in a line; "" where they may.

    Raises: ConfigError: there are no times.
    """
    when = ratings.timestamps
    if when is None:
        raise ConfigError(f"{ratings.name} has no timestamps; what came when is not known")
    first = np.full(ratings.n_users, np.iinfo(np.int64).max)
    np.minimum.at(first, ratings.user_rows, when)
    n_users = np.count_nonzero(np.bincount(ratings.user_rows, minlength=ratings.n_users))
    n_at_once = np.count_nonzero(first == when.min())
    if n_users > 1 and n_at_once > n_users / 2:
        return (
            f"the times of {ratings.name} are no true times: {n_at_once:,} of {n_users:,} users "
            "begin at the same moment. They order each user's ratings, and say nothing of days"
        )
    span = int(when.max()) - int(when.min())
    if span < _FEW_PERIODS * plan.retrain_every:
        return (
            f"all ratings of {ratings.name} lie within {span / 86_400:.1f} days; shorter periods "
            "may suit them: --update-every, --retrain-every, --delay"
        )
    return ""
