"""How compiled loops share the processor: matrix products inside them start no threads."""

from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from threadpoolctl import ThreadpoolController


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
