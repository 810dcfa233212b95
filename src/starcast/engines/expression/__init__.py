"""A network as one expression over named weights, and the interpreters that need NumPy alone.

`node` holds the operations and `layers` what networks are written with; `networks` are the known
ones. `weights` says what an expression reads, `autodiff` (with `operations`) reckons values and
gradients, `rewrite` turns expressions into equal ones, `plain` into JSON and `graph` into
TensorBoard's graph.
"""

from starcast.engines.expression.kinds import ACTIVATIONS
from starcast.engines.expression.layers import (
    concatenate,
    constant,
    dense,
    hidden_layers,
    item,
    output,
    user,
    weight,
)
from starcast.engines.expression.node import Expression

__all__ = [
    "ACTIVATIONS",
    "Expression",
    "concatenate",
    "constant",
    "dense",
    "hidden_layers",
    "item",
    "output",
    "user",
    "weight",
]
