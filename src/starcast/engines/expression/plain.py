"""Expressions as plain lists and dictionaries, which JSON can hold, and back."""

from collections.abc import Mapping
from typing import Any

from starcast.engines.expression.kinds import KINDS
from starcast.engines.expression.node import Expression, made
from starcast.errors import ConfigError

_MOST = 10_000  # operations
_LISTS = ("inputs", "shape", "weights", "numbers")


def as_plain(expression: Expression) -> list[dict[str, Any]]:
    """Its operations, each after those it reads, whose places in the list stand in "inputs".

    >>> from starcast.engines.expression.layers import item, user
    >>> as_plain((user("bias") + item("bias")).apply("tanh"))[2:]
    [{'kind': 'add', 'inputs': [0, 1]}, {'kind': 'tanh', 'inputs': [2]}]
    """
    places = {part: place for place, part in enumerate(expression.parts())}
    return [_as_entry(part, places) for part in places]


def from_plain(plain: object) -> Expression:
    """The expression that `as_plain` was given.

    Raises: ConfigError, UnknownNameError: in one line; whoever wrote it is not trusted.
    """
    if not isinstance(plain, list) or not 1 <= len(plain) <= _MOST:
        raise ConfigError(f"an expression is a list of 1 to {_MOST:,} operations")
    found: list[Expression] = []
    for entry in plain:
        found.append(_from_entry(entry, found))
    return found[-1]


def _as_entry(part: Expression, places: Mapping[Expression, int]) -> dict[str, Any]:
    shape = part.shape[-1:] if part.kind == "dense" else part.shape
    entry = {
        "inputs": [places[below] for below in part.inputs],
        "shape": list(shape) if KINDS[part.kind].has_shape else [],
        "weights": list(part.weights),
        "numbers": list(part.numbers),
        "start": part.start,
    }
    return {"kind": part.kind} | {name: value for name, value in entry.items() if value}


def _from_entry(entry: object, before: list[Expression]) -> Expression:
    if not isinstance(entry, dict) or not {"kind"} <= entry.keys() <= {"kind", *_LISTS, "start"}:
        raise ConfigError(f"{entry!r:.60} is no operation")
    lists = {name: entry.get(name, []) for name in _LISTS}
    if not all(isinstance(value, list) for value in lists.values()):
        raise ConfigError(f"{entry!r:.60} is no operation: {', '.join(_LISTS)} are lists")
    places = lists.pop("inputs")
    if not all(type(place) is int and 0 <= place < len(before) for place in places):
        raise ConfigError(f"{entry!r:.60} reads what does not stand before it")
    given = {name: tuple(value) for name, value in lists.items()}
    inputs = tuple(before[place] for place in places)
    return made(str(entry["kind"]), inputs, start=entry.get("start", ""), **given)
