"""What the settings ask of the training rows: features, sessions, and levels that can be drawn."""

import numpy as np
from numpy.typing import NDArray

from starcast.data.ratings import Ratings
from starcast.data.scale import MOST_LEVELS
from starcast.engines.bayesian.design import FeatureGroups, attributes, histories, joined
from starcast.engines.bayesian.sessions import Sessions, sessions
from starcast.engines.settings import GibbsSettings
from starcast.errors import ConfigError

_MOST_DAYS = 2**24  # float32 holds whole numbers up to here


def feature_groups(
    features: tuple[str, ...], train: Ratings
) -> tuple[FeatureGroups, FeatureGroups]:
    """The features of users and of items, but for days. Raises: ConfigError: none is known."""
    user: list[FeatureGroups] = []
    item: list[FeatureGroups] = []
    if "histories" in features:
        for side, one in zip((user, item), histories(train), strict=True):
            side.append(one)
    if "attributes" in features:
        if not any(one.is_feature for one in train.attributes):
            raise ConfigError(
                f"nothing is known of the users and items of {train.name} (no genres, no file of "
                "users and items, or a damaged one); leave 'attributes' out of --features"
            )
        user += attributes(train, "user", train.n_users)
        item += attributes(train, "item", train.n_items)
    return joined(user, train.n_users), joined(item, train.n_items)


def sessions_of(config: GibbsSettings, train: Ratings) -> Sessions:
    """The days on which users rated. Raises: ConfigError: times are unknown, or too far away."""
    if train.timestamps is None:
        raise ConfigError(f"{train.name} has no timestamps; leave 'days' out of --features")
    found = sessions(train.user_rows, train.timestamps // _whole_length(config))
    if np.abs(found.numbers).max() >= _MOST_DAYS:
        raise ConfigError(
            f"a timestamp of {train.name} lies {np.abs(found.numbers).max():,} days of "
            f"{config.day_length:,} from 0; give --day-length in the unit of the timestamps"
        )
    return found


def calendar(
    config: GibbsSettings, train: Ratings, days: Sessions | None
) -> dict[str, NDArray[np.float32]]:
    """Arrays to find the day and the session of a time; float32 holds their numbers exactly."""
    if days is None:
        return {}
    return {
        "day_length": np.array(_whole_length(config), np.float32),
        "day_numbers": days.numbers.astype(np.float32),
        "session_counts": np.bincount(days.users, minlength=train.n_users).astype(np.float32),
        "session_days": days.days.astype(np.float32),
        "session_shares": days.shares,
    }


def _whole_length(config: GibbsSettings) -> int:
    """The length of a day as weights hold it, in float32."""
    return int(np.float32(config.day_length))


def check_chains(config: GibbsSettings) -> None:
    """Refuse to wait until one chain agrees. Raises: ConfigError."""
    if config.until_converged and config.chains < 2:
        raise ConfigError("--until-converged needs chains that can agree, 2 or more; got 1")


def check_levels(likelihood: str, train: Ratings) -> None:
    """Refuse more different ratings than steps can be drawn for. Raises: ConfigError."""
    n_levels = len(np.unique(train.stars)) if likelihood == "probit" else 0
    if n_levels > MOST_LEVELS:
        raise ConfigError(
            f"the likelihood 'probit' takes ratings as steps, at most {MOST_LEVELS}; "
            f"{train.name} has {n_levels:,} different ones; use --likelihood gaussian"
        )
