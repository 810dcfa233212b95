"""Squares of lanes, for outer products: as many values as each has lanes."""

# mypy: disable-error-code="untyped-decorator, no-untyped-call, import-untyped"

from typing import Any

from llvmlite import ir
from numba import types

from starcast.engines.compiled import FAST
from starcast.engines.simd.tables import address, shape
from starcast.engines.simd.values import FLOAT, INT, Lanes, broadcast, intrinsic


@intrinsic
def load_tile(typing: Any, table: Any, row: Any, part: Any) -> Any:
    """One part of as many rows as it has lanes, `row` being the first."""
    n_parts_of_row, n = shape(table)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        tile = ir.Constant(context.get_value_type(signature.return_type), ir.Undefined)
        place = address(context, builder, signature.args, arguments)
        for k in range(n):
            below = builder.gep(place, [INT(k * n_parts_of_row)])
            tile = builder.insert_value(tile, builder.load(below, align=4), k)
        return tile

    return types.UniTuple(Lanes(n), n)(table, row, part), generate


@intrinsic
def add_outer(typing: Any, tile: Any, table: Any, row: Any, part: Any, value: Any) -> Any:
    """tile + x · valueᵀ, where x is a part of a row: its floats, each loaded into all lanes."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        tile, right = arguments[0], arguments[4]
        place = address(context, builder, signature.args[1:4], arguments[1:4])
        first = builder.bitcast(place, FLOAT.as_pointer())
        for n in range(value.n):
            left = broadcast(builder, builder.load(builder.gep(first, [INT(n)])), value.n)
            product = builder.fmul(left, right, flags=FAST)
            line = builder.fadd(builder.extract_value(tile, n), product, flags=FAST)
            tile = builder.insert_value(tile, line, n)
        return tile

    return tile(tile, table, row, part, value), generate


@intrinsic
def store_tile(typing: Any, table: Any, row: Any, part: Any, tile: Any) -> Any:
    """Write a tile into one part of as many rows as it has, `row` being the first."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        n_parts_of_row = shape(table)[0]
        place = address(context, builder, signature.args, arguments)
        for n in range(len(tile)):
            below = builder.gep(place, [INT(n * n_parts_of_row)])
            builder.store(builder.extract_value(arguments[3], n), below, align=4)
        return context.get_dummy_value()

    return types.void(table, row, part, tile), generate
