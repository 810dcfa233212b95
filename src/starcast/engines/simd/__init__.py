"""Rows of floats as single values, for compiled loops.

A compiler turns a loop over eight or sixteen floats into vector instructions only sometimes, and
with checks that cost more than the work. Here a part of a table's row is one value of a type of
its own, `Lanes`, which is a vector to LLVM. Such values are loaded, added, multiplied and stored
as wholes; how wide they are is part of a table's type, so it is a constant to the compiler:

    p, q = load(user, u, 0), load(item, i, 0)
    error = stars - total(p * q)
    store(user, u, 0, p + rate * error * q)

Rows and parts are not checked, and do not count from the end.
"""

from starcast.engines.simd.tables import (
    VectorTable,
    load,
    n_lanes,
    n_parts,
    prefetch,
    prefetch_row,
    store,
    zero,
    zeros,
)
from starcast.engines.simd.tiles import add_outer, load_tile, store_tile
from starcast.engines.simd.values import Lanes, total
from starcast.engines.simd.vectors import (
    VECTOR,
    load_vector,
    prefetch_vector,
    prefetch_vectors,
    store_vector,
)

__all__ = [
    "VECTOR",
    "Lanes",
    "VectorTable",
    "add_outer",
    "load",
    "load_tile",
    "load_vector",
    "n_lanes",
    "n_parts",
    "prefetch",
    "prefetch_row",
    "prefetch_vector",
    "prefetch_vectors",
    "store",
    "store_tile",
    "store_vector",
    "total",
    "zero",
    "zeros",
]
