"""What users have rated, and who has rated items, pooled: every row, in every step.

Sums are over all that were rated in training, whichever ratings a batch has, and so they cost the
same for a batch of any size.
"""

from typing import Any, NamedTuple, Self, final

import numpy as np
from keras import ops

from starcast.engines.pools import Pooling

Tensor = Any


@final
class Pool(NamedTuple):
    """Of one side: what each of its rows pools; of Keras's backend, or of NumPy.

    Attributes:
        rows: int32 (n,), whose each entry is, ascending.
        columns: int32 (n,), rows of the other side.
        shares: float32 (n_rows + 1,), as of `Pooling`; the last is of nobody.
    """

    rows: Tensor
    columns: Tensor
    shares: Tensor

    @classmethod
    def of(cls, pooling: Pooling) -> Self:
        """The same in NumPy."""
        numbers = np.arange(len(pooling.shares), dtype=np.int32)
        rows = np.repeat(numbers, np.diff(pooling.offsets))
        return cls(rows, pooling.columns, np.append(pooling.shares, np.float32(0)))

    def pooled(self, table: Tensor) -> Tensor:
        """What every row pools of a table (n, width); float32 (n_rows + 1, width)."""
        entries = ops.take(table, self.columns, axis=0)
        sums = ops.segment_sum(entries, self.rows, num_segments=self.shares.shape[0])
        return sums * self.shares[:, None]
