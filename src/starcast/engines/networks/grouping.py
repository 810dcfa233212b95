"""Which ratings of a mini-batch belong to which row of a table, found for many batches at once."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from starcast.engines.compiled import serial


class Groups(NamedTuple):
    """The visits of batches by row of one table.

    Batch b's distinct rows, in order of appearance, are `distinct[b, :d]`, and the m-th is that of
    the visits `members[b, starts[b, m]:starts[b, m + 1]]`, counted within the batch. d itself
    stands in `starts[b, batch_size + 1]`.

    Attributes:
        distinct, members: int32 (n_batches, batch_size).
        starts: int32 (n_batches, batch_size + 2).
    """

    distinct: NDArray[np.int32]
    starts: NDArray[np.int32]
    members: NDArray[np.int32]


@serial
def group_visits(rows: Any, n_rows: int, visits: Any, task: int, n_tasks: int, groups: Any) -> None:
    """Group the visits by row, in every n_tasks-th batch.

    Args:
        rows: int32 (n,), the row of each rating.
        n_rows: size of the table.
        visits: int32 (n_visits,), ratings in the order of visits; every batch_size are a batch.
        task: which batches: task, task + n_tasks, …
        groups: Groups, filled in.
    """
    distinct, starts, members = groups
    batch_size = distinct.shape[1]
    slot_of = np.zeros(n_rows, np.int32)
    before = 1  # slots below it are of earlier batches: nothing has to be cleared in between
    for batch in range(task, len(distinct), n_tasks):
        mine = visits[batch * batch_size : (batch + 1) * batch_size]
        before += _group(
            rows, mine, slot_of, before, distinct[batch], starts[batch], members[batch]
        )


@serial
def _group(
    rows: Any, visits: Any, slot_of: Any, before: Any, distinct: Any, starts: Any, members: Any
) -> Any:
    """Group one batch and return how many distinct rows it has.

    Args:
        slot_of: int32 (n_rows,), in which slot each row was last; changed.
        before: what slots of this batch are counted from.
        distinct, starts, members: this batch's in `Groups`.
    """
    n_distinct = 0
    starts[0] = 0
    for n in range(len(visits)):
        row = rows[visits[n]]
        if slot_of[row] < before:
            slot_of[row] = before + n_distinct
            distinct[n_distinct] = row
            n_distinct += 1
            starts[n_distinct] = 0
        starts[slot_of[row] - before + 1] += 1
    for slot in range(n_distinct):
        starts[slot + 1] += starts[slot]
    # Backwards, every visit takes the last free place of its row, until the ends are starts.
    for n in range(len(visits) - 1, -1, -1):
        slot = slot_of[rows[visits[n]]] - before
        starts[slot + 1] -= 1
        members[starts[slot + 1]] = n
    for slot in range(n_distinct):
        starts[slot] = starts[slot + 1]
    starts[n_distinct] = len(visits)
    starts[-1] = n_distinct
    return n_distinct
