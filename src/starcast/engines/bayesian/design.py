"""Relation blocks: features that belong to a user or to an item, stored once and not per rating.

The user's rated items, the item's raters and attributes such as an occupation or a genre are all
of one form: a feature has members (the users or items that have it), and every member spreads the
same scale over its features, such as 1/√|N(u)|. That is what makes a sweep cheap: the ratings of a
member act on its features through two sums only.

Sources: Rendle 2013 (relation blocks); Koren 2008, section 4 (rated items as features).
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from starcast.data.ratings import Ratings
from starcast.engines.rows import offsets_of, sorting


class FeatureGroups(NamedTuple):
    """The features of one side, users or items, group after group; a group shares its prior.

    Attributes:
        starts: int64 (n_features + 1,), where the members of each feature begin.
        members: int32 (n_pairs,), rows of users or items, feature after feature.
        bounds: int64 (n_groups + 1,), where the features of each group begin.
        scales: float32 (n_groups, n_rows), what each feature of the group weighs for a row; 0 for
            rows that have none.
        has_history: whether the first group's features are the other side's rows, each a feature
            of those with which it has a rating.
    """

    starts: NDArray[np.int64]
    members: NDArray[np.int32]
    bounds: NDArray[np.int64]
    scales: NDArray[np.float32]
    has_history: bool = False


def feature_group(
    features: NDArray[Any], members: NDArray[Any], n_features: int, n_rows: int
) -> FeatureGroups:
    """One group from its (feature, member) pairs, each feature weighing 1/√(the member's number).

    Args:
        features, members: (n_pairs,), features in [0, n_features), rows in [0, n_rows).

    >>> group = feature_group(np.array([0, 1, 1]), np.array([4, 4, 2]), n_features=2, n_rows=5)
    >>> group.scales.round(2)
    array([[0.  , 0.  , 1.  , 0.  , 0.71]], dtype=float32)
    """
    order = sorting(features, n_features)
    counts = np.bincount(members, minlength=n_rows)
    scale = np.where(counts, 1 / np.sqrt(np.maximum(counts, 1)), 0)
    return FeatureGroups(
        offsets_of(features, n_features),
        members[order].astype(np.int32),
        np.array([0, n_features], np.int64),
        scale[np.newaxis].astype(np.float32),
    )


def joined(groups: Sequence[FeatureGroups], n_rows: int) -> FeatureGroups:
    """Several groups of one side as one; no groups give a side without features."""
    starts, members, bounds = [np.zeros(1, np.int64)], [np.zeros(0, np.int32)], [0]
    for one in groups:
        starts.append(one.starts[1:] + starts[-1][-1])
        members.append(one.members)
        bounds.append(bounds[-1] + len(one.starts) - 1)
    scales = [np.zeros((0, n_rows), np.float32), *(one.scales for one in groups)]
    return FeatureGroups(
        np.concatenate(starts),
        np.concatenate(members),
        np.array(bounds, np.int64),
        np.concatenate(scales),
        bool(groups) and groups[0].has_history,
    )


def histories(train: Ratings) -> tuple[FeatureGroups, FeatureGroups]:
    """The user's rated items, each 1/√|N(u)|, and the item's raters, each 1/√|N(i)|.

    Args:
        train: the training rows; no other may enter, or the test would be seen.
    Returns: the group of the user side, with one feature per item, and that of the item side.
    """
    users, items = train.user_rows, train.item_rows
    return (
        feature_group(items, users, train.n_items, train.n_users)._replace(has_history=True),
        feature_group(users, items, train.n_users, train.n_items)._replace(has_history=True),
    )


def attributes(train: Ratings, side: str, n_rows: int) -> list[FeatureGroups]:
    """A group for each feature of one side, "user" or "item", with a column per value."""
    return [
        feature_group(one.value_rows, one.member_rows, len(one.values), n_rows)
        for one in train.attributes
        if one.side == side and one.is_feature
    ]


def feature_sums(
    groups: FeatureGroups, coefficients: NDArray[np.float32], first: int = 0
) -> NDArray[np.float32]:
    """What the features add up to for every row.

    Args:
        coefficients: float32 (n_columns, n_features).
        first: group that counts; those before it are left out.
    Returns: float32 (n_columns, n_rows), Σ scale · coefficient over the features of a row.
    """
    n_rows = groups.scales.shape[1]
    feature_of = np.repeat(np.arange(len(groups.starts) - 1), np.diff(groups.starts))
    total = np.zeros((len(coefficients), n_rows), np.float32)
    bounds = groups.bounds[first:]
    for scale, low, high in zip(groups.scales[first:], bounds, bounds[1:], strict=False):
        pairs = slice(groups.starts[low], groups.starts[high])
        for column, sums in zip(coefficients, total, strict=True):
            weights = column[feature_of[pairs]]
            sums += scale * np.bincount(groups.members[pairs], weights, minlength=n_rows)
    return total
