"""An item-item model that takes in later ratings.

Means, interest and histories are counted anew, exactly: a list is made of what its user has rated
by now, by weights between items. Those are solved again where that takes a moment. Where it takes
longer they stay as they were, since some per cent of ratings more hardly move them
(docs/updates.md), but for items outside the core: new ones, and those most of whose ratings are
fresh, are regressed anew on their neighbours.
"""

import numpy as np
from numpy.typing import NDArray

from starcast.data.columns import counts_of
from starcast.data.ids import Rows
from starcast.data.ratings import Ratings
from starcast.engines.interest import Interest
from starcast.engines.linear.engine import ItemItemEngine, penalty_of
from starcast.engines.linear.gram import Told, gram, pairs
from starcast.engines.linear.tail import NEIGHBOURS, tail_weights
from starcast.engines.means import item_biases_near
from starcast.engines.protocol import Weights
from starcast.engines.settings import ItemItemSettings

_A_MOMENT = 2e8  # sums and products, of the Gram matrix and of its inverse
_MANY_FRESH = 0.05  # of all ratings: then the weights are solved again, however long it takes
_FRESH_SHARE = 0.5  # of an item's ratings: with fewer its weights would hardly move

Arrays = dict[str, NDArray[np.float32]]


def with_later(
    weights: Weights, settings: ItemItemSettings, train: Ratings, is_fresh: NDArray[np.bool_]
) -> Arrays:
    """The weights that know later ratings.

    Args:
        weights: of an item-item engine, perhaps of fewer items.
        settings: of both.
        train: all training rows.
        is_fresh: bool (n,), those that are new or have other stars.
    """
    if _is_solved_again(weights, train, is_fresh):
        engine = ItemItemEngine(settings, train, 0)
        engine.run_epoch()
        return engine.weights()
    interest, core = Interest.of(train, settings.interest_weight), weights["core_items"]
    grown = dict(weights)
    n_more = train.n_items - len(weights["item_bias"])
    for name in ("tail_neighbours", "tail_weights"):
        more = np.zeros((n_more, weights[name].shape[1]), np.float32)
        grown[name] = np.concatenate([weights[name], more])
    grown["interest"] = np.array(interest, np.float32)
    grown["item_bias"] = item_biases_near(train, np.pad(weights["item_bias"], (0, n_more)))
    _regress(grown, settings, train, interest, _moved(core.astype(np.int32), train, is_fresh))
    return grown


def _is_solved_again(weights: Weights, train: Ratings, is_fresh: NDArray[np.bool_]) -> bool:
    if np.count_nonzero(is_fresh) > _MANY_FRESH * len(is_fresh):
        return True
    per_user = counts_of(train.user_rows, train.n_users).astype(np.float64)
    return float(per_user @ per_user) + float(len(weights["core_items"])) ** 3 <= _A_MOMENT


def _moved(core: Rows, train: Ratings, is_fresh: NDArray[np.bool_]) -> Rows:
    """Items outside the core of whose ratings most are fresh."""
    n_fresh = np.bincount(train.item_rows[is_fresh], minlength=train.n_items)
    n_all = np.bincount(train.item_rows, minlength=train.n_items)
    moved = np.flatnonzero(n_fresh > _FRESH_SHARE * n_all).astype(np.int32)
    return np.setdiff1d(moved, core)


def _regress(
    grown: Arrays, settings: ItemItemSettings, train: Ratings, interest: Interest, items: Rows
) -> None:
    """Regress items of the tail on their nearest neighbours in the core; in place.

    Of the Gram matrix only what is between these neighbours is summed up.
    """
    core = grown["core_items"].astype(np.int32)
    if not len(items) or not len(core):
        return
    told = Told.of(train, interest, settings.activity_exponent)
    near = core[_nearest(told, settings, train, items, core)]
    is_near = np.zeros(train.n_items, bool)
    is_near[near] = is_near[items] = True
    summed = pairs(told.masked(is_near[train.item_rows]), near, settings.nearness)
    matrix = gram(summed, near, len(near))
    found = tail_weights(summed, matrix, penalty_of(matrix, settings, train.n_users), items)
    tail = np.setdiff1d(np.arange(train.n_items, dtype=np.int32), core)
    at, width = np.searchsorted(tail, items), found.weights.shape[1]
    for name in ("tail_neighbours", "tail_weights"):
        grown[name][at] = 0
    numbers = np.searchsorted(core, near)[found.neighbours]
    grown["tail_neighbours"][at, :width] = numbers
    grown["tail_weights"][at, :width] = found.weights


def _nearest(
    told: Told, settings: ItemItemSettings, train: Ratings, items: Rows, core: Rows
) -> NDArray[np.intp]:
    """Numbers in the core of all that are among the `NEIGHBOURS` nearest of an item; ascending."""
    is_rater, is_item = np.zeros(train.n_users, bool), np.zeros(train.n_items, bool)
    is_item[items] = True
    is_rater[train.user_rows[is_item[train.item_rows]]] = True
    summed = pairs(told.masked(is_rater[train.user_rows]), core, settings.nearness)
    beside = gram(summed, items, len(core))
    width = min(NEIGHBOURS, len(core))
    return np.unique(np.argpartition(-beside, width - 1, axis=1)[:, :width])
