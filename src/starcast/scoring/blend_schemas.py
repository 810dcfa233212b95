"""What the weights of blends must be: those of each part, and how they are mixed."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple, final

import numpy as np

from starcast.engines.expression.bounds import Sizes
from starcast.engines.protocol import Weights
from starcast.errors import ConfigError
from starcast.scoring.by_means import are_places
from starcast.scoring.list_features import feature_names
from starcast.scoring.schema import Schema, Shape
from starcast.scoring.trees import Trees
from starcast.scoring.weighted_sum import COEFFICIENTS, parts_of, prefix

_MOST_SPLITS = 1 << 20  # of all trees: each is tried for some hundred candidates at once
_EXACT = 1 << 24  # whole numbers up to here are exact in single precision


@final
class PartSchema(NamedTuple):
    """A part of a blend.

    Attributes:
        model: its name.
        schema: what its weights must be.
        is_list: whether it is made for lists.
    """

    model: str
    schema: Schema
    is_list: bool


Parts = Sequence[PartSchema]


def blend_schema(parts: Parts, n_users: int, n_items: int) -> Schema:
    """Of a `BlendScorer`."""

    def reach(weights: Weights, sizes: Sizes) -> float:
        return sizes[COEFFICIENTS] * (1 + _reach(parts, weights, sizes))

    return _joined(parts, {COEFFICIENTS: (len(parts) + 1,)}, n_users, n_items)._replace(reach=reach)


def list_blend_schema(parts: Parts, n_users: int, n_items: int) -> Schema:
    """Of a `ListBlendScorer`: its own weights, some of which it may do without."""
    own: dict[str, Shape] = {COEFFICIENTS: ("features",), "shown": (), "strongest": ()}
    schema = _joined(parts, own, n_users, n_items)

    def fault(weights: Weights) -> str:
        return schema.fault(weights) or _list_fault(parts, weights)

    return schema._replace(
        fault=fault,
        optional={
            "item_year": (n_items,),
            "tree_features": ("trees", "splits"),
            "tree_thresholds": ("trees", "splits"),
            "tree_children": ("trees", "splits", 2),
            "tree_values": ("trees", "leaves"),
        },
    )


def _list_fault(parts: Parts, weights: Weights) -> str:
    n = len(parts)
    for name in ("shown", "strongest"):
        if not are_places(weights[name], n):
            return f"'{name}' is none of {n} parts"
    if not parts[int(weights["strongest"])].is_list:
        return "'strongest' is not made for lists"
    titles = [[part.model for part in parts if part.is_list is kind] for kind in (True, False)]
    wanted = len(feature_names(*titles, has_years="item_year" in weights))
    if len(weights[COEFFICIENTS]) != wanted:
        return f"'{COEFFICIENTS}' are {len(weights[COEFFICIENTS])}, wanted {wanted}"
    return _tree_fault(weights)


def _tree_fault(weights: Weights) -> str:
    """Trees check themselves, once their numbers are whole and not too many."""
    arrays = [weights[name] for name in ("tree_features", "tree_children") if name in weights]
    for array in arrays:
        is_whole = np.all((array == np.floor(array)) & (np.abs(array) < _EXACT))
        if not is_whole or array.size > 2 * _MOST_SPLITS:
            return "'tree_features' or 'tree_children' are no row numbers, or too many"
    try:
        Trees.among(weights)
    except ConfigError as error:
        return str(error)
    return ""


def _joined(parts: Parts, own: Mapping[str, Shape], n_users: int, n_items: int) -> Schema:
    """The parts' schemas as one, under the names that their weights have in a blend."""
    shapes = dict(own)
    for position, (model, schema, _) in enumerate(parts):
        for name, shape in schema.shapes.items():
            sizes = (f"{position}/{one}" if isinstance(one, str) else one for one in shape)
            shapes[prefix(position, model) + name] = tuple(sizes)

    def reach(weights: Weights, sizes: Sizes) -> float:
        return _reach(parts, weights, sizes)

    def fault(weights: Weights) -> str:
        faults = (part.schema.fault(one) for part, one in _each(parts, weights))
        return next(filter(None, faults), "")

    is_said = all(part.schema.is_said for part in parts)
    return Schema(shapes, reach, (n_users, n_items), fault, is_said=is_said)


def _reach(parts: Parts, weights: Weights, sizes: Sizes) -> float:
    """The sum of what all parts may score."""
    total = 0.0
    for position, (part, one) in enumerate(_each(parts, weights)):
        start = prefix(position, part.model)
        total += part.schema.reach(one, {name: sizes[start + name] for name in one})
    return total


def _each(parts: Parts, weights: Weights) -> Iterator[tuple[PartSchema, Weights]]:
    """Each part with its weights."""
    return ((part, one) for part, (_, one) in zip(parts, parts_of(weights), strict=True))
