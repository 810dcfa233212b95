"""The gradient of a chunk of ratings: up through the network, and back down to the table rows."""

from typing import Any

import numpy as np

from starcast.engines.compiled import serial
from starcast.engines.networks.backpropagation import backward, forward, matrix
from starcast.engines.simd import VECTOR, load_vector, prefetch_vector, store_vector, total

_AHEAD = 8  # ratings; so far ahead memory is asked for the rows they need
PER_LINE = 2  # vectors that memory hands out at once


@serial
def chunk_gradient(
    user: Any, item: Any, users: Any, items: Any, stars: Any, visits: Any, vectors: Any,
    n_factors: Any, stack: Any, weights: Any, dropout: Any, seed: Any, of_users: Any,
    of_items: Any, of_weights: Any,
) -> Any:  # fmt: skip
    """Gradient of ½·Σ error² over n ratings.

    Args:
        user, item: tables, float32 (n_rows, 3, n_vectors, VECTOR), weights first.
        users, items, stars: the ratings.
        visits: int32 (n,), which of them.
        vectors, n_factors, stack: a `Layout`'s.
        weights: float32 (n_dense,), the dense weights.
        dropout, seed: as in `hidden.forward`.
        of_users, of_items: float32 (n, n_vectors, VECTOR); take each rating's own gradient.
        of_weights: float32 (n_dense,); takes the sum over the ratings.
    Returns: Σ error², before any update.
    """
    n, deep, n_vectors = len(visits), vectors[0], user.shape[2]
    row = 3 * n_vectors
    # Arrays of its own: views of shared ones would have the threads queue for a reference count.
    dense, of_dense = weights.copy(), np.zeros_like(weights)
    values = np.empty(n * stack.sum(), np.float32)
    slopes = np.empty_like(values)
    users_here, items_here = users[visits], items[visits]
    for r in range(n):
        ahead = min(r + _AHEAD, n - 1)
        for vector in range(0, n_vectors, PER_LINE):
            prefetch_vector(user, users_here[ahead] * row + vector)
            prefetch_vector(item, items_here[ahead] * row + vector)
        u, i, place = users_here[r] * row, items_here[r] * row, r * 2 * deep
        for vector in range(deep):
            store_vector(values, place + vector, load_vector(user, u + vector))
            store_vector(values, place + deep + vector, load_vector(item, i + vector))
    at, head = forward(stack, dense, values, n, dropout, seed)
    hidden, of_hidden = matrix(values, at, n, stack[-1]), matrix(slopes, at, n, stack[-1])
    squared_error = _head(
        user, item, users_here, items_here, stars[visits], vectors, n_factors, dense[head:],
        hidden, of_hidden, of_users, of_items, of_dense[head:],
    )  # fmt: skip
    backward(stack, dense, values, slopes, of_dense, n, dropout)
    for r in range(n):
        own, place = r * n_vectors, r * 2 * deep
        for vector in range(deep):
            store_vector(of_users, own + vector, load_vector(slopes, place + vector))
            store_vector(of_items, own + vector, load_vector(slopes, place + deep + vector))
    of_weights[:] = of_dense
    return squared_error


@serial
def _head(
    user: Any, item: Any, users: Any, items: Any, stars: Any, vectors: Any, n_factors: Any,
    kernel: Any, hidden: Any, of_hidden: Any, of_users: Any, of_items: Any, of_kernel: Any,
) -> Any:  # fmt: skip
    """The output layer over both branches: errors, and the slopes of all that made them."""
    start = n_factors + 2 * vectors[2]  # where the kernel meets the hidden layer
    stop = start + hidden.shape[1]  # and the output bias
    errors = np.dot(hidden, kernel[start:stop])
    for r in range(len(stars)):
        errors[r] += kernel[stop] - stars[r]
    if n_factors:
        _factor_branch(
            user, item, users, items, vectors, n_factors, kernel, errors, of_users, of_items,
            of_kernel,
        )  # fmt: skip
    np.dot(hidden.T, errors, of_kernel[start:stop])
    squared_error = 0.0
    for r in range(len(stars)):
        of_kernel[stop] += errors[r]
        squared_error += errors[r] * errors[r]
        for f in range(hidden.shape[1]):
            of_hidden[r, f] = errors[r] * kernel[start + f]
    return squared_error


@serial
def _factor_branch(
    user: Any, item: Any, users: Any, items: Any, vectors: Any, n_factors: Any, kernel: Any,
    errors: Any, of_users: Any, of_items: Any, of_kernel: Any,
) -> None:  # fmt: skip
    """Add p ⊙ q and the biases to the errors; the slopes of these columns and their kernel."""
    deep, n_vectors, bias = vectors[0], vectors[1], vectors[0] + vectors[1]
    weight = np.zeros((n_vectors, VECTOR), np.float32)
    of_weight = np.zeros_like(weight)
    weight.ravel()[:n_factors] = kernel[:n_factors]
    of_user_bias, of_item_bias = kernel[n_factors], kernel[n_factors + 1]
    width = user.shape[2]
    for r in range(len(errors)):
        u, i, product = users[r], items[r], np.float32(0)
        first_p, first_q = u * 3 * width + deep, i * 3 * width + deep
        for vector in range(n_vectors):
            p, q = load_vector(user, first_p + vector), load_vector(item, first_q + vector)
            product += total(load_vector(weight, vector) * p * q)
        user_bias, item_bias = user[u, 0, bias, 0], item[i, 0, bias, 0]
        error = errors[r] + product + of_user_bias * user_bias + of_item_bias * item_bias
        errors[r] = error
        for vector in range(n_vectors):
            p, q = load_vector(user, first_p + vector), load_vector(item, first_q + vector)
            slope = error * load_vector(weight, vector)
            so_far = load_vector(of_weight, vector)
            store_vector(of_weight, vector, so_far + error * p * q)
            store_vector(of_users, r * width + deep + vector, slope * q)
            store_vector(of_items, r * width + deep + vector, slope * p)
        of_users[r, bias, 0], of_items[r, bias, 0] = error * of_user_bias, error * of_item_bias
        of_kernel[n_factors] += error * user_bias
        of_kernel[n_factors + 1] += error * item_bias
    of_kernel[:n_factors] = of_weight.ravel()[:n_factors]
