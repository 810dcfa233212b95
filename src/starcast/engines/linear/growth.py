"""An item-item model that takes in later ratings.

Means, interest and histories are counted anew, exactly: a list is made of what its user has rated
by now, by weights between items. Those are solved again where that takes a moment. Where it takes
longer they stay as they were, since some per cent of ratings more hardly move them
(docs/updates.md), but for items outside the core: new ones, and those most of whose ratings are
fresh, are regressed anew on their neighbours.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from starcast.data.ids import Rows
from starcast.data.ratings import Ratings
from starcast.engines.interest import Interest, weighted_histories
from starcast.engines.linear.engine import ItemItemEngine
from starcast.engines.linear.gram import gram, pairs
from starcast.engines.linear.inverse import penalties
from starcast.engines.linear.tail import NEIGHBOURS, tail_weights
from starcast.engines.means import means
from starcast.engines.protocol import Weights
from starcast.engines.rows import SparseRows
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
    grown = {name: array.copy() for name, array in weights.items()}
    n_more = train.n_items - len(weights["item_bias"])
    for name in ("tail_neighbours", "tail_weights"):
        more = np.zeros((n_more, weights[name].shape[1]), np.float32)
        grown[name] = np.concatenate([weights[name], more])
    grown["interest"] = np.array(interest, np.float32)
    grown["item_bias"] = means(train).item_bias.copy()
    _regress(grown, settings, train, interest, _moved(core.astype(np.int32), train, is_fresh))
    return grown


def _is_solved_again(weights: Weights, train: Ratings, is_fresh: NDArray[np.bool_]) -> bool:
    per_user = np.bincount(train.user_rows).astype(np.float64)
    work = float(per_user @ per_user) + float(len(weights["core_items"])) ** 3
    return work <= _A_MOMENT or float(is_fresh.mean()) > _MANY_FRESH


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

    Of the Gram matrix only the rows of these neighbours are summed up.
    """
    core = grown["core_items"].astype(np.int32)
    if not len(items) or not len(core):
        return
    exponent = settings.activity_exponent
    summed = pairs(train, core, interest, exponent, settings.nearness)
    beside = gram(summed, items, len(core))
    width = min(NEIGHBOURS, len(core))
    nearest = np.unique(np.argpartition(-beside, width - 1, axis=1)[:, :width]).astype(np.int32)
    system = np.zeros((len(core), len(core)), np.float32)
    system[nearest] = gram(summed, core[nearest], len(core))
    found = tail_weights(summed, system, _penalty(settings, train, interest, core), items)
    tail = np.setdiff1d(np.arange(train.n_items, dtype=np.int32), core)
    at, width = np.searchsorted(tail, items), grown["tail_weights"].shape[1]
    grown["tail_neighbours"][at] = found.neighbours[:, :width]
    grown["tail_weights"][at] = found.weights[:, :width]


def _penalty(
    settings: ItemItemSettings, train: Ratings, interest: Interest, core: Rows
) -> NDArray[np.float32]:
    """Of the core items, from the diagonal of their Gram matrix."""
    cared = interest.histories(SparseRows.by_user(train)).values
    weighed = weighted_histories(train, interest, settings.activity_exponent)
    squares: Any = np.bincount(weighed.columns, weighed.values * cared, train.n_items)
    return penalties(
        squares[core].astype(np.float32),
        settings.regularization_factor * math.sqrt(train.n_users),
        settings.popularity_exponent,
        settings.dropped_share / (1 - settings.dropped_share),
    )
