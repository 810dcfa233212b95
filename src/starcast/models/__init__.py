"""The registry: every model by name, Starcast's own and those that other packages bring.

`known` has an entry for each of our own that predicts stars, `lists` for those made for lists and
the baselines, `networks` makes a model of a function that gives an
expression, `plugins` finds what is installed besides, and `model` says what a model is.
"""

from collections.abc import Mapping

from starcast.engines.protocol import Scorer, Weights
from starcast.engines.rows import SparseRows
from starcast.engines.settings import COMPILED, Settings
from starcast.errors import ConfigError, UnknownNameError, require_name
from starcast.evaluation.metrics import LISTS
from starcast.models.known import KNOWN
from starcast.models.lists import BASELINES, LIST_MODELS
from starcast.models.model import Model, ParentAdapter
from starcast.models.networks import network
from starcast.models.on_keras import require_engine
from starcast.models.own_network import OWN_NETWORK
from starcast.models.plugins import Models
from starcast.scoring import BlendScorer, ListBlendScorer
from starcast.scoring.blend_schemas import blend_schema, list_blend_schema
from starcast.scoring.weighted_sum import parts_of

__all__ = [
    "BLEND",
    "BLENDS",
    "COMPILED",
    "DEFAULT",
    "LIST_BLEND",
    "MODELS",
    "OWN_NETWORK",
    "UNLISTED",
    "Model",
    "ParentAdapter",
    "chosen",
    "find",
    "for_purpose",
    "network",
    "require_engine",
]


DEFAULT = "latent-factor-model"  # as in the 2018 system


def chosen(name: str | None, purpose: str | None) -> Model:
    """The model of that name, or else of that purpose, or else the default.

    Raises:
        ConfigError: both are given.
        UnknownNameError: there is none.

    >>> chosen(None, None).name
    'latent-factor-model'
    """
    if name is not None and purpose is not None:
        raise ConfigError("a purpose picks the model; give it or the model's name, not both")
    return find(DEFAULT if name is None else name) if purpose is None else for_purpose(purpose)


def for_purpose(purpose: str) -> Model:
    """The model to take where nobody names one, by what it is for: "lists" or "stars".

    Raises: UnknownNameError: another purpose.

    >>> for_purpose("lists").name
    'item-item-model'
    """
    best = {"lists": "item-item-model", "stars": "bayesian-factorization-model"}
    return find(best[require_name("purpose", purpose, best)])


def find(name: str) -> Model:
    """The model of that name.

    Raises:
        UnknownNameError: there is none, with the nearest name.
        ConfigError: a package brings it, but it cannot be used.

    >>> find("latent-factor-model").title
    'Latent factor'
    """
    if name in UNLISTED:
        return UNLISTED[name]
    if name not in MODELS:
        raise UnknownNameError("model", name, [*MODELS, *UNLISTED])
    return MODELS[name]


def _blend(weights: Weights, histories: SparseRows, settings: tuple[Settings, ...]) -> Scorer:
    return BlendScorer(_parts(weights, histories, settings), weights)


def _list_blend(weights: Weights, histories: SparseRows, settings: tuple[Settings, ...]) -> Scorer:
    return ListBlendScorer(_parts(weights, histories, settings), weights, histories)


def _parts(weights: Weights, histories: SparseRows, settings: tuple[Settings, ...]) -> list[Scorer]:
    """The scorers of parts, each with settings of its own."""
    return [
        find(name).scorer(part, histories, own)
        for (name, part), own in zip(parts_of(weights), settings, strict=True)
    ]


# Not among the models that are trained, and that a comparison trains unless told otherwise.
BLEND = Model(
    name="blend",
    title="Blend",
    formula="c₀ + Σ cₙ · r̂ₙ",
    defaults={},
    engines={},
    scorer=_blend,
    schema=blend_schema,
)
LIST_BLEND = Model(
    name="list-blend",
    title="List blend",
    formula="β · (scores of the parts, stars, support …), over the best 200 items",
    objective=LISTS,
    defaults={},
    engines={},
    scorer=_list_blend,
    schema=list_blend_schema,
)
BLENDS: Mapping[str, Model] = {model.name: model for model in (BLEND, LIST_BLEND)}

UNLISTED: Mapping[str, Model] = {**BLENDS, OWN_NETWORK.name: OWN_NETWORK}
"""Found by name as well, but not among those that a comparison trains unless told otherwise."""

MODELS: Mapping[str, Model] = Models([*KNOWN, *LIST_MODELS, *BASELINES], reserved=UNLISTED)
