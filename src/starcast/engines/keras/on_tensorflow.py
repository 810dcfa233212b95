"""What Keras has no word for, in TensorFlow."""

from collections.abc import Callable
from typing import Any

import tensorflow as tf


def with_gradient(function: Callable[..., tuple[Any, Any]], *of: Any) -> tuple[Any, Any]:
    """What a function gives beside its value, and the gradients of the value."""
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(of)
        value, beside = function(*of)
    zero = tf.UnconnectedGradients.ZERO
    return beside, tape.gradient(value, of, unconnected_gradients=zero)


def compiled(function: Callable[..., Any], *, by_xla: bool) -> Callable[..., Any]:
    """The function as one graph, perhaps compiled by XLA, for arguments like the first."""
    graph = tf.function(function, jit_compile=by_xla, autograph=False)
    traced: list[Callable[..., Any]] = []

    def run(*given: Any) -> Any:
        # Called by itself, the graph would warn that so many engines of a process have one each.
        if not traced:
            traced.append(graph.get_concrete_function(*given))
        return traced[0](*given)

    return run
