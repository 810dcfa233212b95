"""Which ratings of a mini-batch belong to which row of a table, found for many batches at once."""

from typing import Any

import numpy as np

from starcast.engines.compiled import serial


@serial
def group(
    rows: Any, visits: Any, batch_size: int, lane: int, n_lanes: int, n_rows: int,
    distinct: Any, starts: Any, members: Any,
) -> None:  # fmt: skip
    """Group the visits of every n_lanes-th batch by row.

    Batch b's distinct rows, in order of appearance, are `distinct[b, :d]`, and the m-th is that of
    the visits `members[b, starts[b, m]:starts[b, m + 1]]`, counted within the batch. d itself
    stands in `starts[b, batch_size + 1]`.

    Args:
        rows: int32 (n,), the row of each rating.
        visits: int32 (n_visits,), ratings in the order of visits; every batch_size are a batch.
        lane: which batches: lane, lane + n_lanes, …
        n_rows: size of the table.
        distinct, members: int32 (n_batches, batch_size), filled in.
        starts: int32 (n_batches, batch_size + 2), filled in.
    """
    slot_of = np.zeros(n_rows, np.int32)
    before = 1  # slots below it are of earlier batches: nothing has to be cleared in between
    for batch in range(lane, len(distinct), n_lanes):
        mine = visits[batch * batch_size : (batch + 1) * batch_size]
        n_distinct, ends = 0, starts[batch]
        ends[0] = 0
        for n in range(len(mine)):
            row = rows[mine[n]]
            if slot_of[row] < before:
                slot_of[row] = before + n_distinct
                distinct[batch, n_distinct] = row
                n_distinct += 1
                ends[n_distinct] = 0
            ends[slot_of[row] - before + 1] += 1
        for slot in range(n_distinct):
            ends[slot + 1] += ends[slot]
        # Backwards, every visit takes the last free place of its row, until the ends are starts.
        for n in range(len(mine) - 1, -1, -1):
            slot = slot_of[rows[mine[n]]] - before
            ends[slot + 1] -= 1
            members[batch, ends[slot + 1]] = n
        for slot in range(n_distinct):
            ends[slot] = ends[slot + 1]
        ends[n_distinct] = len(mine)
        ends[batch_size + 1] = n_distinct
        before += n_distinct
