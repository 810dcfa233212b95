"""What Keras has no word for, in JAX."""

from collections.abc import Callable
from typing import Any

import jax


def with_gradient(function: Callable[..., tuple[Any, Any]], *of: Any) -> tuple[Any, Any]:
    """What a function gives beside its value, and the gradients of the value."""
    places = tuple(range(len(of)))
    (_, beside), slopes = jax.value_and_grad(function, places, has_aux=True)(*of)
    return beside, slopes


def compiled(function: Callable[..., Any], *, by_xla: bool) -> Callable[..., Any]:
    """The function as one program; its first argument is used up."""
    return jax.jit(function, donate_argnums=0)
