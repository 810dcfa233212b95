"""Whether shapes, names and numbers can be an expression's: a stranger may have written them."""

from collections.abc import Sequence

from starcast.errors import ConfigError, UnknownNameError

Shape = tuple[int, ...]

_WIDEST, _DEEPEST = 1_000_000, 3
_LONGEST_NAME = 200
_LARGEST = 1e30  # of a constant: as float32 it is finite
_SHARE = (1e-10, 1.0)
_RANGES = {"dropout": (0.0, 1.0), "layer_normalization": _SHARE, "batch_normalization": _SHARE}

GIVEN = "given"
STARTS = ("mean", "zeros", GIVEN)


def check_shape(kind: str, shape: Shape) -> None:
    """Refuse a shape that is none, or none of use. Raises: ConfigError."""
    if len(shape) > _DEEPEST:
        raise ConfigError(f"'{kind}' would have {len(shape)} axes; at most {_DEEPEST} are of use")
    for size in shape:
        if type(size) is not int or not 1 <= size <= _WIDEST:
            raise ConfigError(f"a width must be a whole number in [1, {_WIDEST:,}], got {size!r}")


def check_values(
    kind: str, weights: Sequence[object], numbers: Sequence[object], start: str
) -> None:
    """Refuse what no weights are called, and no number. Raises: ConfigError, UnknownNameError."""
    for name in weights:
        if not isinstance(name, str) or not name.isprintable() or not 0 < len(name) < _LONGEST_NAME:
            raise ConfigError(f"weights cannot be called {name!r:.40}")
    low, high = _RANGES.get(kind, (-_LARGEST, _LARGEST))
    for number in numbers:
        if not isinstance(number, int | float) or not low <= number < high:
            raise ConfigError(f"'{kind}' takes no {number!r:.40}")
    if start not in ("", *STARTS):
        raise UnknownNameError("start of weights", str(start), STARTS)
