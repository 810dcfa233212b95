"""How loops are compiled: the one place for the compiler's flags.

Machine code is kept beside the module it comes from ("cache"), which Numba trusts as long as that
very module does not change. Divisions by zero give what IEEE 754 says instead of an exception.
"""

import numba

FAST = ("reassoc", "contract", "arcp", "nsz")
"""What LLVM may do to sums and products: reorder and fuse them, multiply by a reciprocal, and lose
the sign of a zero. It must not forget that a NaN or an infinity may occur: these end a run."""

_FAST = set(FAST)

serial = numba.njit(fastmath=_FAST, error_model="numpy", cache=True, nogil=True)
"""A loop on one thread; other threads of Python run beside it."""

inlined = numba.njit(fastmath=_FAST, error_model="numpy", cache=True, forceinline=True)
"""A loop that becomes part of its callers, where the compiler sees how often it turns."""

parallel = numba.njit(fastmath=_FAST, error_model="numpy", cache=True, parallel=True)
"""A loop over `numba.prange`, whose turns are shared out among threads. Each turn writes to a place
of its own, and the caller sums up: a sum in here would be cut by how many threads there are. Arrays
that turns write to have names of their own: Numba 0.68 loses what is written to `pair.array[n]`."""
