"""The first weights of a network that is about to be trained."""

import numpy as np
from numpy.typing import NDArray

from starcast.data.ratings import Ratings
from starcast.engines.expression import Expression
from starcast.engines.expression.weights import initial
from starcast.engines.known import given_tables
from starcast.engines.protocol import Weights, seen_rows


def first_weights(
    network: Expression, train: Ratings, seed: int, given: Weights | None = None
) -> dict[str, NDArray[np.float32]]:
    """By name, the same for the same seed, whichever engine trains them; see `initial`.

    Args:
        network, train, seed: of the training.
        given: what the data tell of users and items, by name; looked up in `train` if not given.
    Raises: ConfigError: the network reads what these data do not tell.
    """
    is_seen = {
        "user": seen_rows(train.user_rows, train.n_users),
        "item": seen_rows(train.item_rows, train.n_items),
    }
    mean = float(train.stars.mean(dtype=np.float64))
    given = given_tables(network, train) if given is None else given
    return initial(network, is_seen, mean, np.random.default_rng(seed), given)
