"""The models made for lists, and the baselines that every model has to beat."""

from collections.abc import Callable

from starcast.data.ratings import Ratings
from starcast.engines import tuned
from starcast.engines.protocol import Engine, Scorer, Weights
from starcast.engines.rows import SparseRows
from starcast.engines.settings import (
    COMPILED,
    BaselineSettings,
    ImplicitSettings,
    ItemItemSettings,
)
from starcast.evaluation.metrics import LISTS
from starcast.models.growing.request import Arrays, Growing
from starcast.models.model import MakeScorer, Model
from starcast.scoring import ImplicitScorer, ItemItemScorer, MeansScorer, PopularityScorer
from starcast.scoring.implicit import implicit_schema
from starcast.scoring.item_item import item_item_schema
from starcast.scoring.popularity import baseline_schema


def _item_item(config: ItemItemSettings, train: Ratings, seed: int) -> Engine:
    from starcast.engines.linear.engine import ItemItemEngine

    return ItemItemEngine(config, train, seed)


def _implicit(config: ImplicitSettings, train: Ratings, seed: int) -> Engine:
    from starcast.engines.factorization.implicit import ImplicitEngine

    return ImplicitEngine(config, train, seed)


def _baseline(config: BaselineSettings, train: Ratings, seed: int) -> Engine:
    from starcast.engines.baselines import BaselineEngine

    return BaselineEngine(config, train, seed)


def _means(weights: Weights, histories: SparseRows, settings: object) -> Scorer:
    return MeansScorer(float(weights["mean"]), weights["item_bias"], histories)


def _count_again(growing: Growing) -> Arrays:
    from starcast.models.growing.solved import count_again

    return count_again(growing)


def _grow_item_item(growing: Growing) -> Arrays:
    from starcast.models.growing.solved import grow_item_item

    return grow_item_item(growing)


def _grow_implicit(growing: Growing) -> Arrays:
    from starcast.models.growing.solved import grow_implicit

    return grow_implicit(growing)


def _from_histories(scorer: Callable[[Weights, SparseRows], Scorer]) -> MakeScorer:
    """Of a model whose weights and histories say all: settings are left aside."""
    return lambda weights, histories, settings: scorer(weights, histories)


LIST_MODELS = (
    Model(
        name="item-item-model",
        title="Item-item",
        formula="Σ_j x_uj B_ji over the user's own items j",
        objective=LISTS,
        defaults=tuned.ITEM_ITEM,
        engines={COMPILED: _item_item},
        scorer=_from_histories(ItemItemScorer),
        schema=item_item_schema,
        on_disk=tuple(tuned.ITEM_ITEM),
        grow=_grow_item_item,
        uses_times=True,
    ),
    Model(
        name="implicit-factor-model",
        title="Implicit factor",
        formula="p_u · q_i of who rated what at all",
        objective=LISTS,
        defaults=tuned.IMPLICIT,
        engines={COMPILED: _implicit},
        scorer=_from_histories(ImplicitScorer),
        schema=implicit_schema,
        grow=_grow_implicit,
    ),
)
BASELINES = (
    Model(
        name="most-popular",
        title="Most popular",
        formula="how many have rated the item",
        objective=LISTS,
        defaults=tuned.BASELINE,
        engines={COMPILED: _baseline},
        scorer=_from_histories(PopularityScorer),
        schema=baseline_schema,
        on_disk=tuple(tuned.BASELINE),
        grow=_count_again,
        is_baseline=True,
    ),
    Model(
        name="means",
        title="Means",
        formula="μ + b_u + b_i",
        defaults=tuned.BASELINE,
        engines={COMPILED: _baseline},
        scorer=_means,
        schema=baseline_schema,
        on_disk=tuple(tuned.BASELINE),
        grow=_count_again,
        is_baseline=True,
    ),
)
