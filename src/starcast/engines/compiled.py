"""How loops are compiled: the one place for the compiler's flags.

Machine code is kept beside the module it comes from ("cache"), which Numba trusts as long as that
very file does not change. What it takes from other files, constants and functions, changes unseen,
so these are made part of what must be as it was. Divisions by zero give what IEEE 754 says instead
of an exception.

Loops compute the same to the bit whatever was compiled or called before them: each has its own copy
of what it calls.
"""

import fcntl
import inspect
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from types import CodeType
from typing import Any, final

import numba
import numpy as np
from numba.core import event
from numba.core.codegen import JITCodeLibrary, JITCPUCodegen
from numba.core.dispatcher import Dispatcher

FAST = ("reassoc", "contract", "arcp", "nsz")
"""What LLVM may do to sums and products: reorder and fuse them, multiply by a reciprocal, and lose
the sign of a zero. It must not forget that a NaN or an infinity may occur: these end a run."""

_FAST = set(FAST)
_LOCK = ".starcast-lock"  # beside the machine code

_COPY = "linkonce_odr"  # how Numba binds the copies of loops that others call

_CONSTANTS = (bool, int, float, str, tuple, np.generic, np.dtype)


@final
class _OwnCopies(JITCodeLibrary):
    """Machine code of a loop, which calls its own copies of other loops and no others.

    Numba puts into each loop a copy of those that it calls, optimized once more as part of it, so
    that sums may be cut in another way. By default such a copy gives way to machine code of the
    same name that the process has already: where the called loop was compiled, and not where the
    caller was read from the cache; so that a first run would differ from the next in the last bit.
    """

    def _finalize_final_module(self) -> None:
        copies = [one for one in self._final_module.functions if _is_copy(one)]
        self._copies = [one.name for one in copies]
        for one in copies:
            one.linkage = "internal"
        super()._finalize_final_module()  # type: ignore[no-untyped-call]

    def _get_module_for_linking(self) -> Any:
        """What callers take: one copy serves all loops in them, as by default."""
        is_made = self._shared_module is not None
        module = super()._get_module_for_linking()  # type: ignore[no-untyped-call]
        for name in [] if is_made else self._copies:
            module.get_function(name).linkage = _COPY
        return module


def _is_copy(function: Any) -> bool:
    return not function.is_declaration and function.linkage.name == _COPY


JITCPUCodegen._library_class = _OwnCopies


def _compiled(**flags: Any) -> Callable[[Callable[..., Any]], Any]:
    """A decorator that compiles a function when it is first called, and keeps the machine code."""
    jit = numba.njit(fastmath=_FAST, error_model="numpy", cache=True, **flags)

    def decorated(function: Callable[..., Any]) -> Any:
        made = jit(function)
        kept = getattr(getattr(made, "_cache", None), "_cache_file", None)
        if kept is not None:  # there is none where nothing can be kept, or nothing is compiled
            kept._source_stamp = kept._source_stamp, _state_of(_compiled), *_taken(function)
            kept.load, kept.save = (_alone(kept, step) for step in (kept.load, kept.save))
        return made

    return decorated


def kept_in() -> Path | None:
    """The folder that machine code of this package is kept in; None where nothing is kept.

    Raises: RuntimeError: there is no folder that could keep it.
    """
    kept = getattr(serial(_names), "_cache", None)
    return None if kept is None else Path(kept.cache_path)


def is_nothing_kept() -> bool:
    """Whether this is a first run: machine code could be kept, and none of an engine's is."""
    try:
        folder = kept_in()
    except RuntimeError:
        return False
    return folder is not None and not any(folder.parent.rglob("*.nbi"))


@contextmanager
def told_of_compiling(tell: Callable[[bool], None]) -> Iterator[None]:
    """A context in which `tell` hears when this process begins to compile, and when it is done."""
    with event.install_listener("numba:compile", _Compiling(tell)):
        yield


@final
class _Compiling(event.Listener):
    """Loops that are compiled while others are make no difference."""

    def __init__(self, tell: Callable[[bool], None]) -> None:
        self._tell, self._depth = tell, 0

    def on_start(self, event: Any) -> None:
        self._depth += 1
        if self._depth == 1:
            self._tell(True)

    def on_end(self, event: Any) -> None:
        self._depth -= 1
        if self._depth == 0:
            self._tell(False)


def _alone(kept: Any, step: Callable[..., Any]) -> Callable[..., Any]:
    """A step of Numba's cache which one process at a time takes, where the system knows locks.

    Numba writes an index, and then the machine code that it speaks of: of two processes that
    compile a loop for different types, one would find the other's code in the place of its own.
    """

    def taken(*arguments: Any) -> Any:
        with ExitStack() as held, suppress(OSError):
            lock = os.open(Path(kept._cache_path, _LOCK), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC)
            held.callback(os.close, lock)
            fcntl.flock(lock, fcntl.LOCK_EX)
            return step(*arguments)
        return step(*arguments)

    return taken


def n_threads() -> int:
    """How many threads the loops of this process take."""
    return int(numba.get_num_threads())


@contextmanager
def one_thread() -> Iterator[None]:
    """Parallel loops run on the thread that calls them, while the context lasts."""
    before = n_threads()
    numba.set_num_threads(1)
    try:
        yield
    finally:
        numba.set_num_threads(before)


def _taken(function: Callable[..., Any], met: set[str] | None = None) -> Iterator[str]:
    """What tells one state from another of all that a function takes from its module's names.

    These are constants, compiled functions, and Numba's intrinsics, which have a `_defn`.
    """
    met = set() if met is None else met
    for name in sorted(_names(function.__code__)):
        value = function.__globals__.get(name)
        if isinstance(value, _CONSTANTS):
            yield f"{name}={value!r}"
            continue
        source = value.py_func if isinstance(value, Dispatcher) else getattr(value, "_defn", None)
        if source is None or source.__module__ + source.__qualname__ in met:
            continue
        met.add(source.__module__ + source.__qualname__)
        yield f"{name}={_state_of(source)}"
        if isinstance(value, Dispatcher):
            yield from _taken(source, met)


def _names(code: CodeType) -> set[str]:
    """The names in a function and in those that it defines."""
    within = (one for one in code.co_consts if isinstance(one, CodeType))
    return set(code.co_names).union(*map(_names, within))


def _state_of(function: Callable[..., Any]) -> tuple[int, int]:
    """When the file of a function was changed, and its size."""
    found = Path(inspect.getfile(function)).stat()
    return found.st_mtime_ns, found.st_size


serial = _compiled(nogil=True)
"""A loop on one thread; other threads of Python run beside it."""

inlined = _compiled(forceinline=True)
"""A loop that becomes part of its callers, where the compiler sees how often it turns."""

parallel = _compiled(parallel=True)
"""A loop over `numba.prange`, whose turns are shared out among threads. Each turn writes to a place
of its own, and the caller sums up: a sum in here would be cut by how many threads there are. Arrays
that turns write to have names of their own: Numba 0.68 loses what is written to `pair.array[n]`."""
