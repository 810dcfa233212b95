"""The gradient of a chunk of ratings: up through the network, and back down to the table rows."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from starcast.engines.batches import Rated
from starcast.engines.compiled import serial
from starcast.engines.networks.backpropagation import backward, forward, matrix
from starcast.engines.simd import VECTOR, load_vector, prefetch_vectors, store_vector, total

_AHEAD = 8  # ratings; so far ahead memory is asked for the rows they need


class Tables(NamedTuple):
    """All the weights of a network, each beside its two moments.

    Attributes:
        user, item: float32 (n_rows, 3, n_vectors, VECTOR), weights first.
        dense: float32 (1, 3, n_dense_vectors, VECTOR), likewise.
    """

    user: NDArray[np.float32]
    item: NDArray[np.float32]
    dense: NDArray[np.float32]


class Slopes(NamedTuple):
    """The gradient of a chunk of n ratings.

    Attributes:
        users, items: float32 (n, n_vectors, VECTOR), each rating's own.
        dense: float32 (n_dense,), summed over the ratings.
    """

    users: NDArray[np.float32]
    items: NDArray[np.float32]
    dense: NDArray[np.float32]


@serial
def chunk_gradient(
    tables: Any, rated: Any, visits: Any, widths: Any, seed: Any, slopes: Any
) -> Any:
    """Gradient of ½·Σ error² over n ratings.

    Args:
        tables: Tables.
        rated: Rated, all the ratings.
        visits: int32 (n,), which of them.
        widths: Widths of the network.
        seed: uint32, of this chunk's dropout.
        slopes: Slopes, filled in.
    Returns: Σ error², before any update.
    """
    n, stack = len(visits), widths.stack
    # Arrays of its own: views of shared ones would have the threads queue for a reference count.
    dense = tables.dense[0, 0].copy().ravel()
    of_dense = np.zeros_like(dense)
    values = np.empty(n * stack.sum(), np.float32)
    of_values = np.empty_like(values)
    here = _visited(rated, visits)
    _gather(tables, here, widths.vectors[0], values)
    at, head = forward(stack, dense, values, n, widths.dropout, seed)
    hidden, of_hidden = matrix(values, at, n, stack[-1]), matrix(of_values, at, n, stack[-1])
    squared_error = _head(
        tables, here, widths, dense[head:], hidden, of_hidden, slopes, of_dense[head:]
    )
    backward(stack, dense, values, of_values, of_dense, n, widths.dropout)
    _scatter(of_values, widths.vectors[0], slopes)
    _copy(of_dense, slopes.dense, len(of_dense))
    return squared_error


@serial
def _visited(rated: Any, visits: Any) -> Any:
    """The ratings that are visited, as Rated."""
    n = len(visits)
    users, items, stars = np.empty(n, np.int32), np.empty(n, np.int32), np.empty(n, np.float32)
    for place in range(n):
        visit = visits[place]
        users[place], items[place] = rated.users[visit], rated.items[visit]
        stars[place] = rated.stars[visit]
    return Rated(users, items, stars)


@serial
def _copy(source: Any, target: Any, n: int) -> None:
    """The first n numbers; of `target[:] = source` Numba makes ten times the machine code."""
    for place in range(n):
        target[place] = source[place]


@serial
def _gather(tables: Any, rated: Any, deep: Any, values: Any) -> None:
    """Lay the embeddings of each rating's user and item side by side: h_0.

    Args:
        deep: vectors of an embedding.
        values: float32, 2 · deep vectors for each rating, filled in.
    """
    user, item, _ = tables
    users, items, _ = rated
    n_vectors = user.shape[2]
    row = 3 * n_vectors
    for r in range(len(users)):
        ahead = min(r + _AHEAD, len(users) - 1)
        prefetch_vectors(user, users[ahead] * row, n_vectors)
        prefetch_vectors(item, items[ahead] * row, n_vectors)
        u, i, place = users[r] * row, items[r] * row, r * 2 * deep
        for vector in range(deep):
            store_vector(values, place + vector, load_vector(user, u + vector))
            store_vector(values, place + deep + vector, load_vector(item, i + vector))


@serial
def _scatter(of_values: Any, deep: Any, slopes: Any) -> None:
    """Hand the slope of h_0 on to the rows that it was made of."""
    of_users, of_items, _ = slopes
    for r in range(len(of_users)):
        own, place = r * of_users.shape[1], r * 2 * deep
        for vector in range(deep):
            store_vector(of_users, own + vector, load_vector(of_values, place + vector))
            store_vector(of_items, own + vector, load_vector(of_values, place + deep + vector))


@serial
def _head(
    tables: Any, rated: Any, widths: Any, kernel: Any, hidden: Any, of_hidden: Any, slopes: Any,
    of_kernel: Any,
) -> Any:  # fmt: skip
    """The output layer over both branches: errors, and the slopes of all that made them.

    Args:
        rated: Rated, of this chunk.
        kernel: float32 (≥ inputs + 1,), its weights, then its bias.
        hidden: float32 (n, width), the last hidden layer.
        of_hidden, of_kernel: float32, as these, filled in.
    """
    n_factors, stars = widths.n_factors, rated.stars
    start = n_factors + 2 * widths.vectors[2]  # where the kernel meets the hidden layer
    stop = start + hidden.shape[1]  # and the output bias
    errors = np.dot(hidden, kernel[start:stop])
    for r in range(len(stars)):
        errors[r] += kernel[stop] - stars[r]
    if n_factors:
        _factor_branch(tables, rated, widths, kernel, errors, slopes, of_kernel)
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
    tables: Any, rated: Any, widths: Any, kernel: Any, errors: Any, slopes: Any, of_kernel: Any
) -> None:
    """Add p ⊙ q and the biases to the errors; the slopes of these columns and their kernel."""
    (user, item, _), (users, items, _), (of_users, of_items, _) = tables, rated, slopes
    vectors, n_factors = widths.vectors, widths.n_factors
    deep, n_vectors, bias = vectors[0], vectors[1], vectors[0] + vectors[1]
    weight = np.zeros((n_vectors, VECTOR), np.float32)
    of_weight = np.zeros_like(weight)
    _copy(kernel, weight.ravel(), n_factors)
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
    _copy(of_weight.ravel(), of_kernel, n_factors)
