"""An epoch over mini-batches: gradients of chunks side by side, then updates of rows side by side.

Chunks of a batch and parts of a table are cut by their size alone and added up in order, so that
the result does not depend on how many threads there are.
"""

from typing import Any

import numba
import numpy as np

from starcast.engines.compiled import parallel, serial
from starcast.engines.networks.gradient import PER_LINE, chunk_gradient
from starcast.engines.networks.grouping import group
from starcast.engines.optimizers import step_rate, update
from starcast.engines.simd import VECTOR, load_vector, prefetch_vector, store_vector, total

_CHUNK = 256  # ratings: the values of a chunk stay in the second-level cache
_PARTS = 4  # of the rows of a side, updated side by side
_NOTHING = np.float32(1e-25)  # far below what moves a weight, far above the subnormal numbers
_AHEAD = 4  # rows; so far ahead memory is asked for them
_GROUPED = 1 << 16  # ratings whose rows are found at once: little memory, few interruptions


@parallel
def run_epoch(
    user: Any, item: Any, users: Any, items: Any, stars: Any, order: Any, batch_size: Any,
    vectors: Any, n_factors: Any, stack: Any, dense: Any, rule: Any, learning_rate: Any,
    penalty: Any, dropout: Any, seed: Any, step: Any,
) -> Any:  # fmt: skip
    """Visit every rating once, one step per batch.

    Args:
        user, item: float32 (n_rows, 3, n_vectors, VECTOR), weights and two moments; changed.
        users, items, stars: (n,), the ratings.
        order: int32 (n,), the order of visits.
        vectors, n_factors, stack: a `Layout`'s.
        dense: float32 (1, 3, n_vectors, VECTOR), weights and two moments; changed.
        rule: of `optimizers.RULES`.
        penalty, dropout: λ and the dropout rate, float32.
        seed: uint32, of the dropout of this epoch.
        step: steps taken so far.
    Returns: Σ error² and Σ of the squared norms, seen on the way; and the steps taken now.
    """
    n_chunks = _parts(batch_size, _CHUNK)
    n_vectors = user.shape[2]
    of_users = np.zeros((batch_size, n_vectors, VECTOR), np.float32)
    of_items = np.zeros((batch_size, n_vectors, VECTOR), np.float32)
    summed = np.empty((2 * _PARTS, _parts(batch_size, _PARTS), n_vectors, VECTOR), np.float32)
    of_dense = np.zeros((n_chunks, dense.shape[2], VECTOR), np.float32)
    weights = dense[0, 0].ravel()
    n_grouped = _parts(_GROUPED, batch_size)
    distinct = np.empty((2, n_grouped, batch_size), np.int32)
    members = np.empty((2, n_grouped, batch_size), np.int32)
    starts = np.empty((2, n_grouped, batch_size + 2), np.int32)
    squared_errors, norms, totals = np.zeros(n_chunks), np.zeros(2 * _PARTS), np.zeros(2)
    for batch in range(_parts(len(order), batch_size)):
        if batch % n_grouped == 0:
            _silence(dense)
            ahead = order[batch * batch_size : (batch + n_grouped) * batch_size]
            n_ahead = _parts(len(ahead), batch_size)
            for lane in numba.prange(2 * _PARTS):
                side = lane // _PARTS
                group(
                    items if side else users, ahead, batch_size, lane % _PARTS, _PARTS,
                    len(item) if side else len(user), distinct[side, :n_ahead],
                    starts[side, :n_ahead], members[side, :n_ahead],
                )  # fmt: skip
        visits = order[batch * batch_size : (batch + 1) * batch_size]
        n_chunks = _parts(len(visits), _CHUNK)
        for chunk in numba.prange(n_chunks):
            begin, end = _cut(chunk, n_chunks, len(visits))
            squared_errors[chunk] = chunk_gradient(
                user, item, users, items, stars, visits[begin:end], vectors, n_factors, stack,
                weights, dropout, _mixed(seed, batch, chunk), of_users[begin:end],
                of_items[begin:end], of_dense[chunk].ravel(),
            )  # fmt: skip
        step += 1
        rate, now = step_rate(rule, learning_rate, step), batch % n_grouped
        for lane in numba.prange(2 * _PARTS + 1):
            if lane == 2 * _PARTS:
                _update_dense(dense, of_dense[:n_chunks], rule, rate)
            else:
                side = lane // _PARTS
                norms[lane] = _update_rows(
                    item if side else user, distinct[side, now], starts[side, now],
                    members[side, now], of_items if side else of_users, summed[lane],
                    lane % _PARTS, penalty, rule, rate,
                )  # fmt: skip
        totals[0] += _total(squared_errors[:n_chunks])
        totals[1] += _total(norms)
    return totals[0], totals[1], step


@serial
def _silence(dense: Any) -> None:
    """Zero the moments that are as good as zero.

    Those of a unit that no longer fires only decay, and what they decay into, subnormal numbers,
    costs the processor a hundred times as much as others: half as long again for an epoch.
    """
    for plane in range(1, 3):
        for vector in range(dense.shape[2]):
            for lane in range(VECTOR):
                if abs(dense[0, plane, vector, lane]) < _NOTHING:
                    dense[0, plane, vector, lane] = 0


@serial
def _parts(n: Any, size: Any) -> Any:
    """How many parts of a size n makes, the last perhaps smaller."""
    return (n + size - 1) // size


@serial
def _cut(part: Any, n_parts: Any, n: Any) -> Any:
    """The bounds of one of n_parts near-equal parts of n."""
    return part * n // n_parts, (part + 1) * n // n_parts


@serial
def _mixed(seed: Any, batch: Any, chunk: Any) -> Any:
    """A seed of its own for every chunk, far from the others."""
    return np.uint32(seed + np.uint32(batch * 0x85EBCA6B) + np.uint32(chunk * 0xC2B2AE35))


@serial
def _update_rows(
    table: Any, distinct: Any, starts: Any, members: Any, gradients: Any, summed: Any, part: Any,
    penalty: Any, rule: Any, rate: Any,
) -> Any:  # fmt: skip
    """Sum up the gradients of each row of one part, in the order of visits, and move the rows.

    Every visit also adds λ times the row itself; Σ of the squared norms is returned.
    """
    begin, end = _cut(part, _PARTS, starts[-1])
    n_vectors, norms = gradients.shape[1], 0.0
    for slot in range(begin, end):
        ahead = distinct[min(slot + _AHEAD, end - 1)] * 3 * n_vectors
        for vector in range(0, 3 * n_vectors, PER_LINE):
            prefetch_vector(table, ahead + vector)
        count = np.float32(starts[slot + 1] - starts[slot])
        for vector in range(n_vectors):
            weight = load_vector(table, distinct[slot] * 3 * n_vectors + vector)
            norms += count * total(weight * weight)
            gradient = count * penalty * weight
            for n in range(starts[slot], starts[slot + 1]):
                gradient = gradient + load_vector(gradients, members[n] * n_vectors + vector)
            store_vector(summed, (slot - begin) * n_vectors + vector, gradient)
    update(rule, table, distinct[begin:end], summed, rate)
    return norms


@serial
def _update_dense(dense: Any, gradients: Any, rule: Any, rate: Any) -> None:
    """Add up the chunks' gradients, then move the dense weights once."""
    for chunk in range(1, len(gradients)):
        for vector in range(gradients.shape[1]):
            for lane in range(VECTOR):
                gradients[0, vector, lane] += gradients[chunk, vector, lane]
    update(rule, dense, np.zeros(1, np.int32), gradients, rate)


@serial
def _total(parts: Any) -> Any:
    """Their sum, in order."""
    total = 0.0
    for part in parts:
        total += part
    return total
