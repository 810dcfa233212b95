"""Who is served how well: users by how much they rated, items by how often they are rated."""

from collections.abc import Sequence
from typing import NamedTuple, final

import numpy as np
from numpy.typing import NDArray

from starcast.data.ids import Rows
from starcast.display import Column, figure
from starcast.evaluation.metrics import tiers

Doubles = NDArray[np.float64]

_USERS = ("least active third", "middle third", "most active third", "users without ratings")
_ITEMS = ("least rated", "middle", "most rated", "without ratings")


@final
class UserTier(NamedTuple):
    """Test users who have about as many training ratings.

    Attributes:
        name: which third of the test users.
        fewest, most: training ratings of each.
        n_users: how many they are.
        rmse: of all their test ratings, stars.
        ndcg: mean over those with a relevant item; NaN where there is none.
    """

    name: str
    fewest: int
    most: int
    n_users: int
    rmse: float
    ndcg: float


@final
class ItemTier(NamedTuple):
    """Items that have about as many training ratings; each third has a third of these.

    Attributes:
        name: which third of the ratings.
        fewest, most: training ratings of each.
        n_items: how many they are.
        recall: share of the relevant test ratings of these items that the lists hold; NaN where
            there is none.
        share_of_lists: share of all places in the lists that these items have.
    """

    name: str
    fewest: int
    most: int
    n_items: int
    recall: float
    share_of_lists: float


def user_tiers(
    n_train: NDArray[np.int64], ndcg: Doubles, squared_errors: Doubles, n_rows: NDArray[np.int64]
) -> tuple[UserTier, ...]:
    """Thirds of the test users, from the least active to the most; then those without a rating.

    Args:
        n_train: int64 (n,), training ratings of each test user.
        ndcg: float64 (n,), of their lists; NaN where nothing is relevant.
        squared_errors: float64 (n,), sums over their test ratings.
        n_rows: int64 (n,), test ratings of each, 1 or more.
    """
    return tuple(
        UserTier(
            _USERS[number],
            tier.fewest,
            tier.most,
            int(np.count_nonzero(tier.members)),
            float(np.sqrt(squared_errors[tier.members].sum() / n_rows[tier.members].sum())),
            _mean(ndcg[tier.members & np.isfinite(ndcg)]),
        )
        for number, tier in tiers(n_train).items()
    )


def item_tiers(
    n_raters: NDArray[np.int64], listed: Rows, relevant: Rows, hits: Rows
) -> tuple[ItemTier, ...]:
    """Items with the least rated first, in thirds of all training ratings; then unrated ones.

    Args:
        n_raters: int64 (n_items,), training ratings of each item.
        listed: int (n,), the items in all lists, as often as they stand there.
        relevant: int (n,), the items of all relevant test ratings.
        hits: int (n,), those of them that stand in the list of their user.
    Source: Steck 2011, section 3 (recall by popularity of items, as here, or weighted by it).
    """
    counts = [np.bincount(rows, minlength=len(n_raters)) for rows in (listed, relevant, hits)]
    found = []
    for number, tier in tiers(n_raters, by_ratings=True).items():
        n_listed, n_relevant, n_hits = (int(count[tier.members].sum()) for count in counts)
        found.append(
            ItemTier(
                _ITEMS[number],
                tier.fewest,
                tier.most,
                int(np.count_nonzero(tier.members)),
                n_hits / n_relevant if n_relevant else np.nan,
                n_listed / max(len(listed), 1),
            )
        )
    return tuple(found)


def in_words(found: Sequence[UserTier], metric: str, *, lower_is_better: bool) -> str:
    """Which users are served worst, and which best; "" where there is one tier alone.

    Args:
        found: from `user_tiers`.
        metric: the figure that tells, by its printed name: RMSE, or else NDCG.
        lower_is_better: whether a lower one is the better one.
    """
    named = {tier.name: tier.rmse if metric == "RMSE" else tier.ndcg for tier in found}
    known = {name: value for name, value in named.items() if np.isfinite(value)}
    if len(set(known.values())) < 2:
        return ""
    worst, *_, best = sorted(known, key=lambda name: known[name], reverse=lower_is_better)
    return (
        f"serves the {worst} worst ({metric} {known[worst]:.4f}) "
        f"and the {best} best ({known[best]:.4f})"
    )


def user_columns(found: Sequence[UserTier], k: int) -> list[Column]:
    """A table of tiers of users, with lists of k."""
    return [
        Column("test users by activity", [tier.name for tier in found], is_number=False),
        Column("training ratings", [_range(tier) for tier in found]),
        Column("users", [f"{tier.n_users:,}" for tier in found]),
        Column("RMSE", [figure(tier.rmse) for tier in found]),
        Column(f"NDCG@{k}", [figure(tier.ndcg) for tier in found]),
    ]


def item_columns(found: Sequence[ItemTier], k: int) -> list[Column]:
    """A table of tiers of items, with lists of k."""
    return [
        Column("items by popularity", [tier.name for tier in found], is_number=False),
        Column("training ratings", [_range(tier) for tier in found]),
        Column("items", [f"{tier.n_items:,}" for tier in found]),
        Column(f"Catalogue Recall@{k}", [figure(tier.recall) for tier in found]),
        Column("share of the lists", [f"{tier.share_of_lists:.1%}" for tier in found]),
    ]


def _range(tier: UserTier | ItemTier) -> str:
    same = tier.fewest == tier.most
    return f"{tier.fewest:,}" if same else f"{tier.fewest:,}–{tier.most:,}"


def _mean(values: Doubles) -> float:
    return float(values.mean()) if len(values) else float("nan")
