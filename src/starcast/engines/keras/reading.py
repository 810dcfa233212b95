"""A network of one's own in Keras, read into an expression: data, and no code.

Keras hands out tensors that remember what made them. From the output down to the inputs each layer
becomes the operations that it stands for; its weights start as those of Starcast's own networks.
"""

from collections.abc import Callable, Sequence
from typing import Any, final

import keras

from starcast.data.ratings import Ratings
from starcast.engines.expression import Expression, item, user, weight
from starcast.engines.expression.kinds import ACTIVATIONS
from starcast.engines.expression.layers import rated_items, raters
from starcast.engines.expression.node import made
from starcast.engines.expression.weights import check_network
from starcast.engines.keras.assignments import assignments
from starcast.engines.keras.history import given, is_of_keras, last_dense
from starcast.engines.keras.inputs import Inputs
from starcast.engines.keras.layers import (
    LAYERS,
    OPERATIONS,
    activated,
    number,
    require_plain,
    table_start,
)
from starcast.engines.keras.names import is_automatic, snake_case
from starcast.errors import ConfigError

_ROWS = {"user": user, "item": item}
_POOLS = {"rated": rated_items, "raters": raters}
_WITH_WEIGHTS = ("Dense", "BatchNormalization", "LayerNormalization", "Embedding")


def read(function: Callable[[Any], Any], ratings: Ratings) -> Expression:
    """The network that a function of `Inputs` gives, for some ratings.

    Args:
        function: inputs to a Keras tensor (batch, 1) or (batch,); or to an expression, which is
            handed on.
        ratings: whose users, items and attributes it reads.
    Raises: ConfigError, UnknownNameError: it gives no such tensor, or one that cannot be read.
    """
    inputs = Inputs(ratings)
    unbuilt = keras.StatelessScope(initialize_variables=False)  # of layers shapes are enough
    with unbuilt, assignments() as assigned:
        output = function(inputs)
    if isinstance(output, Expression):
        check_network(output)
        return output
    _check_output(output)
    network = _ended(_Reader(inputs, output, assigned).expression)
    check_network(network)
    return network


def _check_output(output: Any) -> None:
    if isinstance(output, list | tuple | dict):
        raise ConfigError(f"it gives {len(output)} outputs; a network has one, the prediction")
    if not isinstance(output, keras.KerasTensor):
        raise ConfigError(f"it gives {type(output).__name__}, not a tensor of Keras")
    if output.dtype.startswith("int"):
        raise ConfigError(f"it hands on {output.name}, a row; look it up in an Embedding")
    if tuple(output.shape) not in ((None,), (None, 1)):
        raise ConfigError(
            f"it hands on {tuple(output.shape)}, a network one number: end it with Dense(1)"
        )


def _ended(network: Expression) -> Expression:
    """As a single number, which starts at the mean of the ratings where it has no bounds.

    A linear `Dense` has its bias start there; to anything else without bounds the mean is added.
    """
    last = network.inputs[0] if network.kind == "column" else network
    if last.kind == "dense":
        start = "mean" if len(last.weights) == 2 else ""
        last = made("dense", last.inputs, shape=last.shape, weights=last.weights, start=start)
    whole = last.total() if last.shape else last
    is_free = not any(part.kind in ACTIVATIONS for part in _outermost(last))
    has_mean = any(part.start == "mean" for part in whole.parts())
    return whole + weight("mean", start="mean") if is_free and not has_mean else whole


def _outermost(network: Expression) -> list[Expression]:
    """What is left once what numbers are added to or multiplied by is looked into."""
    while network.kind in ("add", "multiply", "column"):
        varied = [part for part in network.inputs if part.kind != "constant"]
        if len(varied) > 1:
            return varied if network.kind == "add" else []
        network = varied[0]
    return [network]


@final
class _Reader:
    """Follows tensors to what made them.

    Args:
        inputs: what they may end in.
        output: what they lead to.
        assigned: variables that were given values.
    """

    def __init__(self, inputs: Inputs, output: Any, assigned: Sequence[Any] = ()) -> None:
        self._assigned = {id(one) for one in assigned}
        self._rows, self._pools = inputs.sizes, dict(inputs.pools)
        self._values: dict[int, Expression] = {id(one): own for one, own in inputs.read()}
        self._used: dict[int, Any] = {}
        self._counts: dict[str, int] = {}
        self._tables: set[str] = set()
        self._pooled_names: set[str] = set()
        self._output = output  # what is known by its identity has to live on
        self._last = last_dense(output)
        self.expression = self._value(output)

    def _value(self, tensor: Any) -> Expression:
        """What a tensor is; those below it first, so that no chain is too deep."""
        waiting = [tensor]
        while waiting:
            one = waiting[-1]
            below = [] if id(one) in self._values else self._unknown_below(one)
            if below:
                waiting += below
                continue
            waiting.pop()
            if id(one) not in self._values:
                self._values[id(one)] = self._made(one)
        return self._values[id(tensor)]

    def _unknown_below(self, tensor: Any) -> list[Any]:
        return [
            one
            for one in reversed(given(tensor))
            if isinstance(one, keras.KerasTensor)
            and id(one) not in self._values
            and id(one) not in self._rows
            and id(one) not in self._pools
        ]

    def _made(self, tensor: Any) -> Expression:
        operation, below = tensor._keras_history.operation, given(tensor)
        kind = type(operation).__name__
        if kind == "InputLayer":
            raise ConfigError(
                f"it reads '{operation.name}', an Input of its own; take one of inputs"
            )
        if isinstance(operation, keras.Model) and is_of_keras(operation):
            return self._inner(operation, below)
        if kind == "Embedding":
            return self._embedding(operation, below[0])
        if any(id(one) in self._rows for one in below):
            raise ConfigError(f"'{operation.name}' reads rows, which an Embedding alone may")
        if any(id(one) in self._pools for one in below):
            return self._pooled(operation, below[0])
        known = LAYERS if isinstance(operation, keras.Layer) else OPERATIONS
        if kind not in known or not is_of_keras(operation):
            what = "layer" if known is LAYERS else "operation"
            every = sorted({"Embedding", *LAYERS} if known is LAYERS else OPERATIONS)
            raise ConfigError(
                f"the {what} {kind} ('{operation.name}') cannot be read; these can: "
                f"{', '.join(every)}"
            )
        name = ""
        if isinstance(operation, keras.Layer):
            name = self._name(operation, kind)
            require_plain(operation)
        values = [
            self._values[id(one)] if id(one) in self._values else number(one) for one in below
        ]
        return known[kind](operation, name, values)

    def _pooled(self, layer: Any, tensor: Any) -> Expression:
        """A `Dense` over who rated what: a vector of each, added up."""
        if type(layer) is not keras.layers.Dense:
            raise ConfigError(f"'{layer.name}' reads who rated what, which a Dense alone may")
        name = self._name(layer, "Dense")
        if name in self._pooled_names:
            raise ConfigError(f"2 layers are called '{name}'; give each a name of its own")
        self._pooled_names.add(name)
        require_plain(layer)
        value = _POOLS[self._pools[id(tensor)]](name, layer.units)
        if layer.use_bias:
            value += weight(f"{name}_bias", layer.units)
        return activated(layer, value)

    def _embedding(self, layer: Any, tensor: Any) -> Expression:
        if id(tensor) not in self._rows:
            raise ConfigError(
                f"the Embedding '{layer.name}' looks up what is no row of a user or an item; a "
                "vector of categories is embedded by Dense(width, use_bias=False)"
            )
        side, n_rows = self._rows[id(tensor)]
        if layer.input_dim < n_rows:
            raise ConfigError(
                f"the Embedding '{layer.name}' has {layer.input_dim:,} rows for {n_rows:,} "
                f"{side}s; give it inputs.n_{side}s"
            )
        start = table_start(layer)
        name = self._name(layer, f"Embedding of {side}s").removeprefix(f"{side}_")
        row = _ROWS[side](name, layer.output_dim)
        if row.weights[0] in self._tables:
            raise ConfigError(f"two Embeddings are called '{name}'; give each a name of its own")
        self._tables.add(row.weights[0])
        return made(row.kind, shape=row.shape, weights=row.weights, start=start)

    def _inner(self, model: Any, given: Sequence[Any]) -> Expression:
        """A model within: its own inputs stand for what it is given."""
        self._use(model)
        if len(model.outputs) != 1:
            raise ConfigError(f"the model '{model.name}' within has {len(model.outputs)} outputs")
        for own, outer in zip(model.inputs, given, strict=True):
            if id(outer) in self._rows:
                self._rows = {**self._rows, id(own): self._rows[id(outer)]}
            elif id(outer) in self._pools:
                self._pools[id(own)] = self._pools[id(outer)]
            else:
                self._values[id(own)] = self._values[id(outer)]
        inner = model.outputs[0]
        return self._value(inner)

    def _name(self, layer: Any, kind: str) -> str:
        """What its weights are called: its own name, or one by its place if it was given none."""
        if kind.split()[0] in _WITH_WEIGHTS:
            self._use(layer)
        if not is_automatic(layer):
            return str(layer.name)
        if layer is self._last:
            return "output"
        n = self._counts[kind] = self._counts.get(kind, -1) + 1
        if kind == "Dense":
            return f"hidden_{n}"
        word = snake_case(kind.split()[0])
        return f"{word}_{n}" if n else word

    def _use(self, layer: Any) -> None:
        """Refuse weights in two places, and values of weights. Raises: ConfigError."""
        if id(layer) in self._used:
            raise ConfigError(f"'{layer.name}' is used twice; make one for each place")
        if any(id(one) in self._assigned for one in layer.variables):
            raise ConfigError(f"'{layer.name}' is given values for its weights, which start anew")
        self._used[id(layer)] = layer
