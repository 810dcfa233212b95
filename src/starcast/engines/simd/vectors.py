"""Runs of floats of any contiguous array as values: vectors of one width, and no table."""

# mypy: disable-error-code="untyped-decorator, no-untyped-call, import-untyped"

from typing import Any

from numba import types

from starcast.engines.compiled import inlined
from starcast.engines.simd.tables import fetch
from starcast.engines.simd.values import Lanes, intrinsic, vector

VECTOR = 8  # floats: half a cache line, which every processor with vectors holds in two registers
_PER_LINE = 2  # vectors that memory hands out at once


def _address_of(context: Any, builder: Any, kinds: Any, values: Any) -> Any:
    """Where a vector lies, of (array, vector)."""
    data = context.make_array(kinds[0])(context, builder, values[0]).data
    at = context.cast(builder, values[1], kinds[1], types.uintp)
    return builder.gep(builder.bitcast(data, vector(VECTOR).as_pointer()), [at])


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
        fetch(builder, _address_of(context, builder, signature.args, arguments))
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


@inlined
def prefetch_vectors(array: Any, at: Any, n: Any) -> None:
    """Ask for n vectors side by side, from the at-th on."""
    for ahead in range(0, n, _PER_LINE):
        prefetch_vector(array, at + ahead)
