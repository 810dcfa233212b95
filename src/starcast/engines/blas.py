"""How compiled loops share the processor: matrix products inside them start no threads."""

import os
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from threadpoolctl import ThreadpoolController


def spin_briefly() -> None:
    """Let OpenMP's threads sleep soon while they wait for each other; unless somebody set it.

    By default they spin for milliseconds. Beside another busy program that is time taken from the
    very thread that is waited for: an epoch of a network took 12 times as long. Some microseconds
    bridge the gap between two loops: 3 times as long, and as quick as ever on an idle machine.
    Read once, when OpenMP is first loaded; a program's environment is changed by those who run
    training for it (the command line, the verbs), not by an import.
    """
    os.environ.setdefault("GOMP_SPINCOUNT", "3000")


def blas_on_one_thread() -> Any:
    """A context in which matrix products do not start threads: the loops around them have.

    SciPy's BLAS is the one that Numba's np.dot calls.
    """
    return _controller().limit(limits=1, user_api="blas")


@cache
def _controller() -> "ThreadpoolController":
    import scipy.linalg.cython_blas  # noqa: F401  # loads the BLAS that is to be limited
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()
