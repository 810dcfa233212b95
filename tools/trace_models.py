"""The boxes and arrows of each model, found in the code: build the model, list its parts.

Boxes and arrows come from the expression that the engine trains or, without one, that the scorer
tells; shapes from the weights; and what a warm start inherits from changing one parent at a time.
So a diagram cannot say what the code does not do.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any, NamedTuple

import numpy as np

from starcast import models
from starcast.data.ratings import Ratings
from starcast.engines.autoencoder.engine import AutoencoderEngine
from starcast.engines.expression import ACTIVATIONS, Expression
from starcast.engines.expression.graph import names_of
from starcast.engines.expression.kinds import ROWS
from starcast.engines.networks.engine import NetworkEngine
from starcast.engines.networks.expression_engine import ExpressionEngine
from starcast.engines.protocol import Engine, ExpressedScorer
from starcast.engines.rows import SparseRows
from starcast.engines.sampler import Sampler
from starcast.engines.settings import Settings
from starcast.models import Model
from starcast.training.parents import parent_config

TOY = Ratings.from_columns(np.array([1, 1, 2]), np.array([1, 2, 3]), np.array([4.0, 2.0, 5.0]))
SEED = 42
Shapes = Mapping[str, tuple[int, ...]]


class Box(NamedTuple):
    """One box of a diagram, standing on the boxes it reads.

    Attributes:
        name: of the table or layer, as its weights are called; else of the operation.
        kind: "table", "dense", "concatenation", "inner product", ..., at the top "prediction".
        inputs: names of the boxes it reads, in order.
        width: numbers it hands on for each rating.
        shapes: of its weights, by name; tables are (n_users, ...) or (n_items, ...).
        activation: of a dense layer, "relu" or "linear".
        dropout_rate: share of its outputs dropped in training.
        origins: names of the models whose training gives its weights their first trained values.
    """

    name: str
    kind: str
    inputs: tuple[str, ...]
    width: int
    shapes: Shapes
    activation: str = ""
    dropout_rate: float = 0.0
    origins: tuple[str, ...] = ()


def diagram(name: str, **given: Any) -> list[Box]:
    """The boxes of a model, each after the boxes it reads.

    Args:
        name: of the model in the registry.
        given: settings on top of the model's defaults; those it has are taken.
    Raises: ValueError: a weight of the model that belongs to none of them.
    """
    model = models.find(name)
    config = model.settings(**model.solvers.having(given))
    engine = model.engine(config, TOY, SEED)
    shapes = {weight: array.shape for weight, array in engine.weights().items()}
    boxes = _boxes(_expression(model, engine, config), shapes)
    boxes.append(Box("prediction", "prediction", (boxes[-1].name,), 1, {}))
    if missing := set(shapes).difference(*(box.shapes for box in boxes)):
        raise ValueError(f"{name} has no box for {', '.join(sorted(missing))}")
    origin = _origins(model, config)
    return [box._replace(origins=_origins_of(box, origin)) for box in boxes]


def drawable() -> list[Model]:
    """The models whose predictions follow from tables and dense layers, all of them weights.

    A mean over many draws is no diagram, nor does one show codes, or lists, that are made of
    ratings.
    """
    return [model for model in models.MODELS.values() if _is_drawable(model)]


def _is_drawable(model: Model) -> bool:
    config = model.settings()
    engine = model.engine(config, TOY, SEED)
    scorer = model.scorer(engine.weights(), SparseRows.by_user(TOY), config)
    made_of_ratings = isinstance(engine, Sampler | AutoencoderEngine)
    return isinstance(scorer, ExpressedScorer) and not made_of_ratings


def _expression(model: Model, engine: Engine, config: Settings) -> Expression:
    """What is trained, with its dropout; else what is deployed."""
    if isinstance(engine, NetworkEngine | ExpressionEngine):
        return engine.network
    scorer = model.scorer(engine.weights(), SparseRows.by_user(TOY), config)
    if not isinstance(scorer, ExpressedScorer):
        raise ValueError(f"{model.name} is no expression")
    return scorer.expressed().expression


KINDS = {"concatenate": "concatenation", "add": "sum", "multiply": "element-wise product"}
"""What operations are called in a diagram, where not by their own names."""


def _boxes(expression: Expression, shapes: Shapes) -> list[Box]:
    """A box for each table, layer and operation, after those it reads."""
    readers = Counter(below for part in expression.parts() for below in part.inputs)
    last: dict[Expression, Box] = {}  # what hands on the values of a part
    found: dict[str, Box] = {}
    for part, name in names_of(expression).items():
        read = [last[below] for below in part.inputs]
        is_alone = all(readers[below] == 1 for below in part.inputs)
        box = _merged(part, read[0]) if len(read) == 1 and is_alone else None
        last[part] = box or Box(
            name=name,
            kind="table" if part.kind in (*ROWS, "weight") else KINDS.get(part.kind, part.kind),
            inputs=tuple(other.name for other in read),
            width=_width(part),
            shapes={weight: shapes[weight] for weight in part.weights},
            activation="linear" if part.kind == "dense" else "",
        )
        found[last[part].name] = last[part]
    return list(found.values())


def _merged(part: Expression, below: Box) -> Box | None:
    """The box below with what nobody else reads of it; None where a part has a box of its own."""
    if part.kind in ACTIVATIONS and below.activation == "linear":
        return below._replace(activation=part.kind)
    if part.kind == "dropout" and below.kind == "dense":
        return below._replace(dropout_rate=part.numbers[0])
    if part.kind == "total" and below.kind == KINDS["multiply"]:
        return below._replace(kind="inner product", width=1)
    is_same = part.kind == "column" or (part.kind == "total" and below.width == 1)
    return below if is_same else None


def _width(part: Expression) -> int:
    return part.shape[-1] if part.shape else 1


def _origins(model: Model, config: Settings) -> dict[str, tuple[str, ...]]:
    """The models each weight comes from: those in which a change moves its first value."""
    if model.transfer is None:
        weights = model.engine(config, TOY, SEED).weights()
        return dict.fromkeys(weights, (model.name,))
    parents = {
        name: models.find(name).engine(parent_config(model, name, config), TOY, SEED).weights()
        for name in model.parents
    }
    first = model.transfer(parents, config)
    origin: dict[str, tuple[str, ...]] = dict.fromkeys(first, ())
    for name, parent in parents.items():
        changed = {weight: array + 1 for weight, array in parent.items()}
        moved = model.transfer(parents | {name: changed}, config)
        for weight in first:
            if not np.array_equal(moved[weight], first[weight]):
                origin[weight] += (name,)
    return origin


def _origins_of(box: Box, origin: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """All origins of a box's weights, in the order of the registry."""
    found = set(chain.from_iterable(origin[weight] for weight in box.shapes))
    return tuple(name for name in models.MODELS if name in found)


def count(boxes: Sequence[Box]) -> str:
    """How many weights a model has, in words.

    >>> count([Box("user_bias", "table", (), 1, {"user_bias": (9,)}),
    ...        Box("output", "dense", (), 1, {"output_kernel": (4, 1), "output_bias": (1,)})])
    'weights: 1 per user, 0 per item, 5 shared'
    """
    numbers = {"user": 0, "item": 0, "shared": 0}
    for name, shape in {pair for box in boxes for pair in box.shapes.items()}:
        side = name.partition("_")[0]
        if side in ("user", "item"):
            numbers[side] += int(np.prod(shape[1:]))
        else:
            numbers["shared"] += int(np.prod(shape))
    return (
        f"weights: {numbers['user']:,} per user, {numbers['item']:,} per item, "
        f"{numbers['shared']:,} shared"
    )
