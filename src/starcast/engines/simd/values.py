"""Rows of floats as single values: the type, its tables, loads, stores and arithmetic."""

# mypy: disable-error-code="untyped-decorator, no-untyped-call, import-untyped"
# Numba's and LLVM's functions have no types to check against.

import math
import operator
from collections.abc import Callable
from typing import Any, final

import numpy as np
from llvmlite import ir
from numba import extending, types
from numba.core import cgutils
from numba.extending import models, overload, register_model
from numpy.typing import NDArray

from starcast.engines.compiled import FAST

intrinsic: Any = extending.intrinsic  # whose type would have callers give the typing context too

VECTOR = (
    8  # floats; half a cache line, which every processor with vectors holds in a register or two
)
_CACHE_LINE = 64  # bytes
FLOAT, INT, BYTE = ir.FloatType(), ir.IntType(32), ir.IntType(8)

Table = NDArray[np.void]
"""Rows of parts of lanes: a structured array (n_rows,) with one field, "parts"."""


def zeros(n_rows: int, width: int, planes: int = 1) -> Table:
    """A table of zeros whose rows start where cache lines do, as far as their size allows.

    Args:
        n_rows: rows.
        width: floats that a row has at least; padded to 8 or to a multiple of 16.
        planes: how many such runs of floats a row has, one after the other.
    Returns: (n_rows,), field "parts" float32 (planes · parts per plane, lanes).
    """
    lanes = 8 if width <= 8 else 16
    row = np.dtype([("parts", np.float32, (planes * -(-width // lanes), lanes))])
    room = np.zeros(n_rows * row.itemsize + _CACHE_LINE, np.uint8)
    skipped = -room.ctypes.data % _CACHE_LINE
    return room[skipped : skipped + n_rows * row.itemsize].view(row)


def n_parts(table: Table) -> int:
    """Parts of a row of a table; in compiled code a constant."""
    return int(table.dtype["parts"].shape[0])


def n_lanes(table: Table) -> int:
    """Floats of a part of a row of a table; in compiled code a constant."""
    return int(table.dtype["parts"].shape[1])


@overload(n_parts, strict=False)
def _n_parts(table: Any) -> Callable[..., int]:
    n = shape(table)[0]
    return lambda table: n


@overload(n_lanes, strict=False)
def _n_lanes(table: Any) -> Callable[..., int]:
    n = shape(table)[1]
    return lambda table: n


@final
class Lanes(types.Type):
    """Numba's type of n floats that travel side by side."""

    def __init__(self, n: int) -> None:
        self.n = n
        super().__init__(name=f"Lanes({n})")


@register_model(Lanes)
class _Model(models.PrimitiveModel):
    def __init__(self, manager: Any, lanes: Lanes) -> None:
        super().__init__(manager, lanes, _vector(lanes.n))


def _vector(n: int) -> Any:
    return ir.VectorType(FLOAT, n)


def shape(table: Any) -> Any:
    """(parts, lanes) of a row of a table's type."""
    return table.dtype.fields["parts"].type.shape


def address(context: Any, builder: Any, kinds: Any, values: Any) -> Any:
    """Where a part of a row lies, of (table, row, part)."""
    data = context.make_array(kinds[0])(context, builder, values[0]).data
    row, part = (context.cast(builder, values[n], kinds[n], types.uintp) for n in (1, 2))
    lanes = _vector(shape(kinds[0])[1]).as_pointer()
    return builder.gep(builder.bitcast(builder.gep(data, [row]), lanes), [part])


def spread(builder: Any, single: Any, n: int) -> Any:
    """A float in each of n lanes."""
    nothing = ir.Constant(_vector(n), ir.Undefined)
    first = builder.insert_element(nothing, single, INT(0))
    return builder.shuffle_vector(first, nothing, ir.Constant(ir.VectorType(INT, n), None))


@intrinsic
def load(typing: Any, table: Any, row: Any, part: Any) -> Any:
    """A part of a row."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.load(address(context, builder, signature.args, arguments), align=4)

    return Lanes(shape(table)[1])(table, row, part), generate


@intrinsic
def store(typing: Any, table: Any, row: Any, part: Any, value: Any) -> Any:
    """Write a part of a row."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        place = address(context, builder, signature.args, arguments)
        builder.store(arguments[3], place, align=4)
        return context.get_dummy_value()

    return types.void(table, row, part, value), generate


def _fetch(builder: Any, place: Any) -> None:
    """Have what lies at a place fetched into the first-level cache while other work goes on."""
    kind = ir.FunctionType(ir.VoidType(), [BYTE.as_pointer(), INT, INT, INT])
    fetch = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0i8")
    for_reading, keep, data = INT(0), INT(3), INT(1)
    builder.call(fetch, [builder.bitcast(place, BYTE.as_pointer()), for_reading, keep, data])


@intrinsic
def prefetch(typing: Any, table: Any, row: Any, part: Any) -> Any:
    """Ask for what `load` will load soon."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        _fetch(builder, address(context, builder, signature.args, arguments))
        return context.get_dummy_value()

    return types.void(table, row, part), generate


def _address_of(context: Any, builder: Any, kinds: Any, values: Any) -> Any:
    """Where a vector lies, of (array, vector)."""
    data = context.make_array(kinds[0])(context, builder, values[0]).data
    at = context.cast(builder, values[1], kinds[1], types.uintp)
    return builder.gep(builder.bitcast(data, _vector(VECTOR).as_pointer()), [at])


@intrinsic
def load_vector(typing: Any, array: Any, at: Any) -> Any:
    """`VECTOR` floats of a contiguous float32 array of any shape, the at-th such run of it."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.load(_address_of(context, builder, signature.args, arguments), align=4)

    return Lanes(VECTOR)(array, at), generate


@intrinsic
def prefetch_vector(typing: Any, array: Any, at: Any) -> Any:
    """Ask for what `load_vector` will load soon."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        _fetch(builder, _address_of(context, builder, signature.args, arguments))
        return context.get_dummy_value()

    return types.void(array, at), generate


@intrinsic
def store_vector(typing: Any, array: Any, at: Any, value: Any) -> Any:
    """Write what `load_vector` would load."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        place = _address_of(context, builder, signature.args, arguments)
        builder.store(arguments[2], place, align=4)
        return context.get_dummy_value()

    return types.void(array, at, value), generate


@intrinsic
def zero(typing: Any, table: Any) -> Any:
    """Zeros, as many as a part of the table has lanes."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return ir.Constant(_vector(signature.return_type.n), None)

    return Lanes(shape(table)[1])(table), generate


@intrinsic
def total(typing: Any, value: Any) -> Any:
    """The sum over the lanes, float32."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kind = ir.FunctionType(FLOAT, [FLOAT, _vector(value.n)])
        name = f"llvm.vector.reduce.fadd.v{value.n}f32"
        add = cgutils.get_or_insert_function(builder.module, kind, name)
        return builder.call(add, [ir.Constant(FLOAT, -0.0), *arguments], fastmath=FAST)

    return types.float32(value), generate


@intrinsic
def _root(typing: Any, value: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kind = ir.FunctionType(_vector(value.n), [_vector(value.n)])
        name = f"llvm.sqrt.v{value.n}f32"
        root = cgutils.get_or_insert_function(builder.module, kind, name)
        return builder.call(root, arguments, fastmath=FAST)

    return value(value), generate


@overload(math.sqrt, strict=False)
def _typed_root(value: Any) -> Callable[..., Any] | None:
    return (lambda value: _root(value)) if isinstance(value, Lanes) else None


def _define(operation: Callable[..., Any], instruction: str) -> None:
    """Arithmetic between lanes, and between lanes and a number, which then is in every lane."""

    @intrinsic
    def apply(typing: Any, left: Any, right: Any) -> Any:
        lanes = left if isinstance(left, Lanes) else right

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            both = [
                value
                if kind == lanes
                else spread(builder, context.cast(builder, value, kind, types.float32), lanes.n)
                for kind, value in zip(signature.args, arguments, strict=True)
            ]
            return getattr(builder, instruction)(*both, flags=FAST)

        return lanes(left, right), generate

    @overload(operation, strict=False)
    def typed(left: Any, right: Any) -> Callable[..., Any] | None:
        if isinstance(left, Lanes) or isinstance(right, Lanes):
            return lambda left, right: apply(left, right)
        return None


for _operation, _instruction in (
    (operator.add, "fadd"),
    (operator.sub, "fsub"),
    (operator.mul, "fmul"),
    (operator.truediv, "fdiv"),
):
    _define(_operation, _instruction)
