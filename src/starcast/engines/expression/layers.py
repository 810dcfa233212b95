"""What networks are written with: rows of tables, weights, and layers over them."""

from collections.abc import Sequence

from starcast.engines.expression.node import LINEAR, Expression, made


def user(name: str, *shape: int) -> Expression:
    """The user's row of the table "user_<name>": a vector of a width, or a single number."""
    return made("user_row", shape=shape, weights=(f"user_{name}",))


def item(name: str, *shape: int) -> Expression:
    """The item's row of the table "item_<name>": a vector of a width, or a single number."""
    return made("item_row", shape=shape, weights=(f"item_{name}",))


def rated_items(name: str, width: int) -> Expression:
    """Rows of the table "item_<name>" of all items that the user rated in training, added up, each
    1/√(their number).

    Source: Koren 2008, section 4 (SVD++).
    """
    return made("rated_items", shape=(width,), weights=(f"item_{name}",))


def raters(name: str, width: int) -> Expression:
    """Rows of the table "user_<name>" of all who rated the item in training, likewise."""
    return made("raters", shape=(width,), weights=(f"user_{name}",))


def time() -> Expression:
    """When the rating is made, two numbers: the date, and the user's drift; see `times`."""
    return made("time", shape=(2,), weights=("user_time", "time_scale"), start="given")


def weight(name: str, *shape: int, start: str = "") -> Expression:
    """Weights that are the same for every pair; they start at 0, or all at the "mean" rating."""
    return made("weight", shape=shape, weights=(name,), start=start)


def constant(numbers: float | Sequence[float]) -> Expression:
    """A number, or a vector of them."""
    if isinstance(numbers, Sequence):
        return made("constant", shape=(len(numbers),), numbers=tuple(numbers))
    return made("constant", numbers=(numbers,))


def concatenate(*parts: Expression) -> Expression:
    """Its parts end to end, along the last axis; single numbers count as vectors of one."""
    return made("concatenate", tuple(part if part.shape else part.column() for part in parts))


def dense(
    name: str,
    below: Expression,
    width: int,
    activation: str = LINEAR,
    *,
    bias: bool = True,
    start: str = "",
) -> Expression:
    """activation(below · K + c), with the weights <name>_kernel, K, and <name>_bias, c.

    Args:
        name: of the layer; no two layers of a network share one.
        below: what it reads.
        width: of what it hands on.
        activation: one of `ACTIVATIONS`, or "linear".
        bias: whether there is a c.
        start: "mean" lets c start at the mean of the training ratings.
    Raises: ConfigError, UnknownNameError: in one line.
    """
    weights = (f"{name}_kernel", f"{name}_bias")[: 1 + bias]
    read = below if below.shape else below.column()
    layer = made("dense", (read,), shape=(width,), weights=weights, start=start)
    return layer.apply(activation)


def hidden_layers(
    below: Expression,
    widths: Sequence[int],
    activation: str = "relu",
    *,
    dropout_rate: float = 0.0,
) -> Expression:
    """Dense layers "hidden_0", "hidden_1", …, one above the other.

    Dropout acts between them: neither on what the first one reads, which λ holds, nor on what the
    last one hands on, whose noise the prediction would show.
    """
    for n, width in enumerate(widths):
        read = below.dropout(dropout_rate) if n else below
        below = dense(f"hidden_{n}", read, width, activation)
    return below


def output(below: Expression) -> Expression:
    """The layer "output": one linear number, in stars, that starts at the mean of the ratings."""
    return dense("output", below, 1, start="mean").total()
