"""An epoch over mini-batches: gradients of chunks side by side, then updates of rows side by side.

Chunks of a batch and parts of a table are cut by their size alone and added up in order, so that
the result does not depend on how many threads there are.
"""

from typing import Any, NamedTuple, Self

import numba
import numpy as np
from numpy.typing import NDArray

from starcast.engines.compiled import parallel, serial
from starcast.engines.networks.chunks import CHUNK, cut, mixed, parts
from starcast.engines.networks.gradient import Slopes, Tables, chunk_gradient
from starcast.engines.networks.grouping import Groups, group_visits
from starcast.engines.optimizers import step_rate, update
from starcast.engines.simd import VECTOR, load_vector, prefetch_vectors, store_vector, total

_PARTS = 4  # of the rows of a side, updated side by side
_NOTHING = np.float32(1e-25)  # far below what moves a weight, far above the subnormal numbers
_AHEAD = 4  # rows; so far ahead memory is asked for them
_GROUPED = 1 << 16  # ratings whose rows are found at once: little memory, few interruptions


class Workspace(NamedTuple):
    """Arrays that an epoch fills again and again.

    Attributes:
        of_users, of_items: float32 (batch_size, n_vectors, VECTOR), a rating's own gradients.
        of_dense: float32 (n_chunks, n_dense_vectors, VECTOR), gradients of chunks.
        summed: float32 (2 · _PARTS, most rows of a part, n_vectors, VECTOR), gradients of rows.
        distinct, starts, members: int32 (2, n_batches, …), the `Groups` of users and of items.
    """

    of_users: NDArray[np.float32]
    of_items: NDArray[np.float32]
    of_dense: NDArray[np.float32]
    summed: NDArray[np.float32]
    distinct: NDArray[np.int32]
    starts: NDArray[np.int32]
    members: NDArray[np.int32]

    @classmethod
    def of(cls, tables: Tables, batch_size: int) -> Self:
        """Arrays for batches of so many ratings, or fewer."""
        row, dense = tables.user.shape[2:], tables.dense.shape[2:]
        n_batches = -(-_GROUPED // batch_size)
        return cls(
            np.zeros((batch_size, *row), np.float32),
            np.zeros((batch_size, *row), np.float32),
            np.zeros((-(-batch_size // CHUNK), *dense), np.float32),
            np.empty((2 * _PARTS, -(-batch_size // _PARTS), *row), np.float32),
            np.empty((2, n_batches, batch_size), np.int32),
            np.empty((2, n_batches, batch_size + 2), np.int32),
            np.empty((2, n_batches, batch_size), np.int32),
        )


@serial
def run_epoch(
    tables: Any, rated: Any, order: Any, widths: Any, descent: Any, space: Any, seed: Any, step: Any
) -> Any:
    """Visit every rating once, one step per batch.

    Args:
        tables: Tables; changed.
        rated: Rated, the ratings.
        order: int32 (n,), the order of visits.
        widths: Widths of the network.
        descent: Descent.
        space: Workspace.
        seed: uint32, of the dropout of this epoch.
        step: steps taken so far.
    Returns: Σ error² and Σ of the squared norms, seen on the way; and the steps taken now.
    """
    batch_size, n_grouped = len(space.of_users), space.distinct.shape[1]
    squared_error = norms = 0.0
    for batch in range(parts(len(order), batch_size)):
        now = batch % n_grouped
        if now == 0:
            _silence(tables.dense)
            ahead = order[batch * batch_size : (batch + n_grouped) * batch_size]
            _group(tables, rated, ahead, parts(len(ahead), batch_size), space)
        visits = order[batch * batch_size : (batch + 1) * batch_size]
        n_chunks = parts(len(visits), CHUNK)
        errors = _gradients(tables, rated, visits, widths, space, n_chunks, seed, batch)
        step += 1
        rate = step_rate(descent.rule, descent.learning_rate, step)
        squared_error += _total(errors)
        norms += _total(_move(tables, space, now, n_chunks, descent, rate))
    return squared_error, norms, step


@parallel
def _group(tables: Any, rated: Any, ahead: Any, n_batches: Any, space: Any) -> None:
    """Find out which visits of the next batches belong to which row."""
    for task in numba.prange(2 * _PARTS):
        side = task // _PARTS
        group_visits(
            rated.items if side else rated.users,
            len(tables.item) if side else len(tables.user),
            ahead,
            task % _PARTS,
            _PARTS,
            Groups(
                space.distinct[side, :n_batches],
                space.starts[side, :n_batches],
                space.members[side, :n_batches],
            ),
        )


@parallel
def _gradients(
    tables: Any, rated: Any, visits: Any, widths: Any, space: Any, n_chunks: Any, seed: Any,
    batch: Any,
) -> Any:  # fmt: skip
    """Fill in the gradients of a batch, chunk by chunk; Σ error² of each chunk, (n_chunks,)."""
    errors = np.zeros(n_chunks)
    for chunk in numba.prange(n_chunks):
        begin, end = cut(chunk, n_chunks, len(visits))
        slopes = Slopes(
            space.of_users[begin:end], space.of_items[begin:end], space.of_dense[chunk].ravel()
        )
        errors[chunk] = chunk_gradient(
            tables, rated, visits[begin:end], widths, mixed(seed, batch, chunk), slopes
        )
    return errors


@parallel
def _move(tables: Any, space: Any, batch: Any, n_chunks: Any, descent: Any, rate: Any) -> Any:
    """Move the rows of a batch and the dense weights; Σ squared norms of each part's rows."""
    norms = np.zeros(2 * _PARTS)
    for task in numba.prange(2 * _PARTS + 1):
        if task == 2 * _PARTS:
            _update_dense(tables.dense, space.of_dense[:n_chunks], descent.rule, rate)
        else:
            side = task // _PARTS
            groups = Groups(
                space.distinct[side, batch], space.starts[side, batch], space.members[side, batch]
            )
            norms[task] = _update_rows(
                tables.item if side else tables.user,
                groups,
                space.of_items if side else space.of_users,
                space.summed[task],
                task % _PARTS,
                descent,
                rate,
            )
    return norms


@serial
def _silence(dense: Any) -> None:
    """Zero the moments that are as good as zero.

    Those of a unit that no longer fires only decay, and what they decay into, subnormal numbers,
    costs the processor a hundred times as much as others: half as long again for an epoch.
    """
    moments = dense[0, 1:].ravel()
    for n in range(len(moments)):
        if abs(moments[n]) < _NOTHING:
            moments[n] = 0


@serial
def _update_rows(
    table: Any, groups: Any, gradients: Any, summed: Any, part: Any, descent: Any, rate: Any
) -> Any:
    """Sum up the gradients of each row of one part, in the order of visits, and move the rows.

    Every visit also adds λ times the row itself; Σ of the squared norms is returned.
    """
    distinct, starts, members = groups
    begin, end = cut(part, _PARTS, starts[-1])
    n_vectors, norms = gradients.shape[1], 0.0
    for slot in range(begin, end):
        prefetch_vectors(
            table, distinct[min(slot + _AHEAD, end - 1)] * 3 * n_vectors, 3 * n_vectors
        )
        count = np.float32(starts[slot + 1] - starts[slot])
        for vector in range(n_vectors):
            weight = load_vector(table, distinct[slot] * 3 * n_vectors + vector)
            norms += count * total(weight * weight)
            gradient = count * descent.penalty * weight
            for n in range(starts[slot], starts[slot + 1]):
                gradient = gradient + load_vector(gradients, members[n] * n_vectors + vector)
            store_vector(summed, (slot - begin) * n_vectors + vector, gradient)
    update(descent.rule, table, distinct[begin:end], summed, rate)
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
