"""Tables whose rows are made of such values: loaded, stored, and asked for ahead."""

# mypy: disable-error-code="untyped-decorator, no-untyped-call, import-untyped"

from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import overload
from numpy.typing import NDArray

from starcast.engines.compiled import inlined
from starcast.engines.simd.values import INT, Lanes, intrinsic, vector

_CACHE_LINE = 64  # bytes
_BYTE = ir.IntType(8)

VectorTable = NDArray[np.void]
"""Rows of parts of lanes: a structured array (n_rows,) with one field, "parts"."""


def zeros(n_rows: int, width: int, planes: int = 1) -> VectorTable:
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


def n_parts(table: VectorTable) -> int:
    """Parts of a row of a table; in compiled code a constant."""
    return int(table.dtype["parts"].shape[0])


def n_lanes(table: VectorTable) -> int:
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


def shape(table: Any) -> Any:
    """(parts, lanes) of a row of a table's type."""
    return table.dtype.fields["parts"].type.shape


def address(context: Any, builder: Any, kinds: Any, values: Any) -> Any:
    """Where a part of a row lies, of (table, row, part)."""
    data = context.make_array(kinds[0])(context, builder, values[0]).data
    row, part = (context.cast(builder, values[n], kinds[n], types.uintp) for n in (1, 2))
    lanes = vector(shape(kinds[0])[1]).as_pointer()
    return builder.gep(builder.bitcast(builder.gep(data, [row]), lanes), [part])


@intrinsic
def zero(typing: Any, table: Any) -> Any:
    """Zeros, as many as a part of the table has lanes."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return ir.Constant(vector(signature.return_type.n), None)

    return Lanes(shape(table)[1])(table), generate


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


def fetch(builder: Any, place: Any) -> None:
    """Have what lies at a place fetched into the first-level cache while other work goes on."""
    kind = ir.FunctionType(ir.VoidType(), [_BYTE.as_pointer(), INT, INT, INT])
    fetch = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0i8")
    for_reading, keep, data = INT(0), INT(3), INT(1)
    builder.call(fetch, [builder.bitcast(place, _BYTE.as_pointer()), for_reading, keep, data])


@intrinsic
def prefetch(typing: Any, table: Any, row: Any, part: Any) -> Any:
    """Ask for what `load` will load soon."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        fetch(builder, address(context, builder, signature.args, arguments))
        return context.get_dummy_value()

    return types.void(table, row, part), generate


@inlined
def prefetch_row(table: Any, row: Any) -> None:
    """Ask for all the parts of a row."""
    for part in range(n_parts(table)):
        prefetch(table, row, part)
