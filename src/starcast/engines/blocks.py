"""Blocks of rows, worked through on all cores."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

Progress = Callable[[int, int], None]
"""Told of the rows done and of all there are."""


def in_blocks(
    work: Callable[[slice], None], n: int, size: int, on_progress: Progress | None = None
) -> None:
    """Call `work` for every block of at most `size` of `n` rows.

    The blocks do not depend on the number of threads (that of Numba, NUMBA_NUM_THREADS), and each
    writes rows of its own, so neither do results. Threads of Python rather than of Numba: these may
    be started by many threads at once, as a server does.

    Args:
        work: fills in the rows of a block; to run beside others it has to release the lock.
        n: rows.
        size: rows of a block.
        on_progress: called after each block, in order.
    """
    import numba

    blocks = [slice(start, min(start + size, n)) for start in range(0, n, size)]
    n_threads = numba.config.NUMBA_NUM_THREADS  # type: ignore[attr-defined]  # set as it loads
    pool = ThreadPoolExecutor(n_threads)
    try:
        # A single block is not worth the start of a thread.
        done = map(work, blocks) if len(blocks) == 1 else pool.map(work, blocks)
        for block, _ in zip(blocks, done, strict=True):
            if on_progress:
                on_progress(block.stop, n)
    finally:
        pool.shutdown(cancel_futures=True)  # Ctrl-C does not wait for what has not begun
